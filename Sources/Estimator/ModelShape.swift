// The numbers of a transformer that decide its work: a plain value, so that the arithmetic needs no catalogue.
// Counts are Doubles because they only ever enter products.

/// Dimensions of a decoder-only transformer; a count that a model does not have is 0.
public struct ModelShape: Sendable, Hashable {
  /// How keys and values are kept.
  public enum Attention: String, Sendable, Hashable {
    /// Grouped (or multi) heads: K and V of every KV head.
    case grouped
    /// Multi-head latent attention: one compressed vector a token, replicated on every tensor-parallel rank.
    case latent
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
  /// Inner width of the dense feed-forward network.
  public var ffn = 0.0
  /// Inner width of one expert.
  public var expertFFN = 0.0
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
  /// Tokens that a windowed layer sees.
  public var window = 0.0
  /// Layers with such a window.
  public var windowLayers = 0.0
  /// Layers with linear attention (gated delta rule) in place of attention over the context.
  public var linearLayers = 0.0
  /// Key heads of a linear layer.
  public var linearKeyHeads = 0.0
  /// Value heads of a linear layer.
  public var linearValueHeads = 0.0
  /// Elements of a head of a linear layer.
  public var linearHeadDim = 0.0
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
  /// Layers that attend over the whole context.
  public var fullContextLayers: Double { layers - linearLayers - windowLayers }
}
