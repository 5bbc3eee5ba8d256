// The numbers of a transformer that decide its work: a plain value, so that the arithmetic needs no catalogue.
// Counts are Doubles because they only ever enter products.

/// Dimensions of a decoder-only transformer; a count that a model does not have is 0.
///
/// A layer holds attention or a recurrent state, and a dense or a routed feed-forward part, or only one of the
/// two halves; so the four counts of layers need not add up to `layers` twice.
public struct ModelShape: Sendable, Hashable {
  /// How keys and values are kept.
  public enum Attention: String, Sendable, Hashable {
    /// Grouped (or multi) heads: K and V of every KV head.
    case grouped
    /// Multi-head latent attention: one compressed vector a token, replicated on every tensor-parallel rank.
    case latent
    /// One shared key-value head whose values are the keys: a window of tokens, and keys that each stand for
    /// several tokens, at a fine ratio (an index selects) or a coarse one (all are read).
    case compressed
  }

  /// What a layer without attention keeps of the past: a matrix a value head, updated by each token.
  public enum Recurrence: String, Sendable, Hashable {
    /// Gated delta rule: decay and rate of a value head from the token.
    case gatedDelta = "gated-delta"
    /// Delta attention with a decay of each channel, made by a projection of low rank.
    case channelDelta = "kda"
    /// Mamba-2: keys and queries of a group of heads, one step width a head.
    case stateSpace = "mamba2"
  }

  /// Catalogue name.
  public var name = ""
  /// Kind of attention.
  public var attention = Attention.grouped
  /// Transformer layers.
  public var layers = 0.0
  /// Layers with a dense feed-forward network.
  public var denseLayers = 0.0
  /// Layers with routed experts.
  public var moeLayers = 0.0
  /// Layers that attend to earlier tokens, windowed ones included.
  public var attentionLayers = 0.0
  /// Width D of the residual stream.
  public var hidden = 0.0
  /// Query heads.
  public var queryHeads = 0.0
  /// Key and value heads.
  public var kvHeads = 0.0
  /// Elements of a query and key head.
  public var headDim = 0.0
  /// Elements of a value head.
  public var valueHeadDim = 0.0
  /// True where layers without a window reuse the keys as values and have no value projection.
  public var valuesAreKeys = false
  /// True where one more projection gates the output of attention.
  public var gatesAttention = false
  /// Inner width of the dense feed-forward network.
  public var ffn = 0.0
  /// Matrices of a feed-forward part or expert: gate, up and down, or up and down only.
  public var ffnMatrices = 3.0
  /// Inner width of one expert.
  public var expertFFN = 0.0
  /// Width in which routed experts work where it is not that of the residual stream; 0 = the same.
  public var expertHidden = 0.0
  /// Routed experts of a layer.
  public var experts = 0.0
  /// Experts that a token visits.
  public var topK = 0.0
  /// Shared experts of a layer.
  public var sharedExperts = 0.0
  /// Inner width of one shared expert.
  public var sharedFFN = 0.0
  /// Vocabulary.
  public var vocabulary = 0.0
  /// True where the head reuses the embedding matrix.
  public var tiedEmbeddings = false
  /// MLA: rank of the query compression; 0 = queries are not compressed.
  public var queryRank = 0.0
  /// MLA: rank of the key and value compression.
  public var kvRank = 0.0
  /// MLA: head elements without position.
  public var nopeDim = 0.0
  /// MLA: head elements with rotary position.
  public var ropeDim = 0.0
  /// Compressed attention: rank of a group of the output projection.
  public var outputRank = 0.0
  /// Compressed attention: groups of the output projection.
  public var outputGroups = 0.0
  /// Tokens that a windowed layer sees.
  public var window = 0.0
  /// Layers with such a window.
  public var windowLayers = 0.0
  /// True where the window is a chunk that starts anew, so that a token sees half of it on average.
  public var windowIsChunk = false
  /// Key and value heads of windowed layers.
  public var windowKVHeads = 0.0
  /// Elements of a query and key head of windowed layers.
  public var windowHeadDim = 0.0
  /// Elements of a value head of windowed layers.
  public var windowValueHeadDim = 0.0
  /// Layers with a recurrent state in place of attention over the context.
  public var linearLayers = 0.0
  /// What those layers compute.
  public var recurrence = Recurrence.gatedDelta
  /// Key heads of a linear layer; groups of a state-space layer.
  public var linearKeyHeads = 0.0
  /// Value heads of a linear layer.
  public var linearValueHeads = 0.0
  /// Key elements of a head of a linear layer; state size of a state-space layer.
  public var linearKeyDim = 0.0
  /// Value elements of a head of a linear layer.
  public var linearValueDim = 0.0
  /// Keys that a query of a sparse layer reads.
  public var sparseTopK = 0.0
  /// Layers that read only the keys which an index selects.
  public var sparseLayers = 0.0
  /// Tokens that one key of a sparse layer stands for.
  public var sparseRatio = 1.0
  /// Layers with an index of their own; other sparse layers reuse its choice.
  public var indexLayers = 0.0
  /// Query heads of the index.
  public var indexHeads = 0.0
  /// Elements of an index key, one key for all heads.
  public var indexDim = 0.0
  /// Compressed attention: layers that read every key of the coarse ratio.
  public var coarseLayers = 0.0
  /// Tokens that one coarse key stands for.
  public var coarseRatio = 1.0
  /// Modules that predict further tokens from the last hidden state; not part of a plain pass.
  public var draftLayers = 0.0
  /// What a checkpoint with 4-bit experts keeps its attention and other products in.
  public var typeBesideFourBit = ElementType.bf16
  /// How a checkpoint in 4-bit integers is scaled.
  public var integerType = ElementType.int4
  /// True where the engine launches one more kernel a layer to normalise queries and keys.
  public var normalisesQueriesAndKeys = false
  /// KV elements of one token over all layers with full context.
  public var kvElementsPerToken = 0.0
  /// KV elements of one token over the windowed layers.
  public var windowedKVElementsPerToken = 0.0
  /// Bytes of recurrent state of a sequence.
  public var stateBytes = 0.0

  /// An empty shape to fill in.
  public init() {}

  /// True where experts are routed.
  public var isMoE: Bool { moeLayers > 0 }
  /// Layers that attend without a window; sparse ones are among them unless attention is compressed.
  public var fullContextLayers: Double { attentionLayers - windowLayers }
  /// Halves of layers that end in a reduction over tensor-parallel ranks: attention or state, and feed-forward.
  public var blocks: Double { attentionLayers + linearLayers + denseLayers + moeLayers }

  /// KV elements that one token adds in one layer without a window, before compression.
  var elementsPerLayer: Double {
    switch attention {
    case .latent: kvRank + ropeDim
    case .compressed: headDim
    case .grouped: kvHeads * (headDim + valueHeadDim)
    }
  }
  /// KV elements of one token over the sparse layers, a part of `kvElementsPerToken`.
  var sparseElementsPerToken: Double { sparseLayers * elementsPerLayer / sparseRatio }
  /// Index keys of one token over all layers, in elements.
  var indexElementsPerToken: Double { indexLayers * indexDim / sparseRatio }
}
