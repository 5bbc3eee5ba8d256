// One row of models.csv, its columns declared once.

public import Tables

/// Shapes of an open model; parameters and key-value elements are recounted from them.
public struct ModelArchitecture: CatalogRow {
  /// Name.
  public var model: String = ""
  /// Identifier at the model hub.
  public var hfId: String = ""
  /// Architecture family.
  public var family: String = ""
  /// dense or moe.
  public var kind: String = ""
  /// gqa (grouped heads), mla (latent) or csa (one head: window and compressed keys).
  public var attention: String = ""
  /// Layers.
  public var layers: Int?
  /// Layers with a dense feed-forward part.
  public var denseLayers: Int?
  /// Layers with experts.
  public var moeLayers: Int?
  /// Layers that attend to earlier tokens, those with a window included.
  public var attentionLayers: Int?
  /// Hidden size D.
  public var hidden: Int?
  /// Query heads Hq.
  public var qHeads: Int?
  /// Key-value heads Hkv.
  public var kvHeads: Int?
  /// Size of one query or key head.
  public var headDim: Int?
  /// Size of one value head.
  public var vHeadDim: Int?
  /// 1: layers without a window have no value projection, their values are the keys.
  public var valuesAreKeys: Bool?
  /// 1: the output of attention is gated by one more projection.
  public var attentionGate: Bool?
  /// Inner size of the dense feed-forward part.
  public var ffn: Int?
  /// Matrices of a feed-forward part or expert: 3 with a gate, 2 without.
  public var ffnMatrices: Int?
  /// Inner size of one expert.
  public var moeFfn: Int?
  /// Width in which routed experts work, 0 for the hidden size.
  public var expertHidden: Int?
  /// Routed experts E.
  public var experts: Int?
  /// Routed experts that one token uses.
  public var topK: Int?
  /// Experts that every token uses.
  public var sharedExperts: Int?
  /// Inner size of one shared expert.
  public var sharedFfn: Int?
  /// Vocabulary V.
  public var vocab: Int?
  /// 1: input and output embeddings are one matrix.
  public var tiedEmbeddings: Bool?
  /// MLA: rank of the query projection, 0 for none.
  public var qLoraRank: Int?
  /// MLA: rank of the key-value projection.
  public var kvLoraRank: Int?
  /// MLA: head size without rotary position.
  public var qkNopeDim: Int?
  /// MLA: head size with rotary position.
  public var qkRopeDim: Int?
  /// csa: rank of each group of the output projection, 0 for none.
  public var oLoraRank: Int?
  /// csa: groups of the output projection.
  public var oGroups: Int?
  /// Tokens of a sliding window, 0 for none.
  public var window: Int?
  /// Layers with a sliding window.
  public var windowLayers: Int?
  /// 1: the window is a fixed chunk that starts anew instead of sliding.
  public var windowChunked: Bool?
  /// Key-value heads of windowed layers, 0 for as many as elsewhere.
  public var windowKvHeads: Int?
  /// Head size of windowed layers, 0 for the same as elsewhere.
  public var windowHeadDim: Int?
  /// Layers whose state does not grow with the context.
  public var linearLayers: Int?
  /// What those layers hold: gated-delta, kda or mamba2.
  public var linearKind: String = ""
  /// Key heads of those layers (mamba2: groups).
  public var linearKeyHeads: Int?
  /// Value heads of those layers.
  public var linearValueHeads: Int?
  /// Key elements of a head (mamba2: state size).
  public var linearKeyDim: Int?
  /// Value elements of a head.
  public var linearValueDim: Int?
  /// Taps of their short convolution.
  public var linearConv: Int?
  /// Tokens that sparse attention selects, 0 for dense attention.
  public var sparseTopk: Int?
  /// Layers whose attention reads only the selected keys.
  public var sparseLayers: Int?
  /// Tokens that one key of those layers stands for, 1 for none compressed.
  public var sparseRatio: Int?
  /// Layers with an index that selects; the others reuse its choice.
  public var indexLayers: Int?
  /// Query heads of the index.
  public var indexHeads: Int?
  /// Elements of an index key.
  public var indexDim: Int?
  /// csa: layers that attend to all keys of a coarse compression.
  public var coarseLayers: Int?
  /// csa: tokens that one coarse key stands for.
  public var coarseRatio: Int?
  /// Extra layers that predict further tokens; not counted in the parameters.
  public var mtpLayers: Int?
  /// Longest context, tokens.
  public var maxContext: Int?
  /// Format that the weights are published in.
  public var nativeWeights: String = ""
  /// Cached elements per token in layers without a window.
  public var kvElemsPerToken: Int?
  /// Cached elements per token in layers with a window.
  public var kvElemsPerTokenWindowed: Int?
  /// Cached bytes per token at 16 bits an element, layers without a window.
  public var kvBytesPerToken16bit: Int?
  /// Constant state of linear layers, bytes per sequence.
  public var stateBytesPerSeq: Int?
  /// Parameters recounted from the shapes, 10^9.
  public var paramsTotalB: Double?
  /// Parameters that one token uses, 10^9.
  public var paramsActiveB: Double?
  /// Parameters of the input embedding, 10^9; a decode step does not multiply them.
  public var paramsInputEmbeddingB: Double?
  /// Published number of parameters, 10^9.
  public var publishedTotalB: Double?
  /// Published active parameters, 10^9.
  public var publishedActiveB: Double?
  /// Why the recount differs from the published number, and other remarks.
  public var note: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "models.csv"
  public static let purpose =
    "Shapes of an open model; parameters and key-value elements are recounted from them."
  public static let key = ["model"]
  public static let schema = Schema<ModelArchitecture>([
    .text("model", "Name.", \.model),
    .text("hf_id", "Identifier at the model hub.", \.hfId),
    .text("family", "Architecture family.", \.family),
    .text("kind", "dense or moe.", \.kind),
    .text(
      "attention", "gqa (grouped heads), mla (latent) or csa (one head: window and compressed keys).",
      \.attention),
    .integer("layers", "Layers.", \.layers),
    .integer("dense_layers", "Layers with a dense feed-forward part.", \.denseLayers),
    .integer("moe_layers", "Layers with experts.", \.moeLayers),
    .integer(
      "attention_layers", "Layers that attend to earlier tokens, those with a window included.",
      \.attentionLayers),
    .integer("hidden", "Hidden size D.", \.hidden),
    .integer("q_heads", "Query heads Hq.", \.qHeads),
    .integer("kv_heads", "Key-value heads Hkv.", \.kvHeads),
    .integer("head_dim", "Size of one query or key head.", \.headDim),
    .integer("v_head_dim", "Size of one value head.", \.vHeadDim),
    .flag(
      "values_are_keys", "1: layers without a window have no value projection, their values are the keys.",
      \.valuesAreKeys),
    .flag("attention_gate", "1: the output of attention is gated by one more projection.", \.attentionGate),
    .integer("ffn", "Inner size of the dense feed-forward part.", \.ffn),
    .integer(
      "ffn_matrices", "Matrices of a feed-forward part or expert: 3 with a gate, 2 without.",
      \.ffnMatrices),
    .integer("moe_ffn", "Inner size of one expert.", \.moeFfn),
    .integer("expert_hidden", "Width in which routed experts work, 0 for the hidden size.", \.expertHidden),
    .integer("experts", "Routed experts E.", \.experts),
    .integer("top_k", "Routed experts that one token uses.", \.topK),
    .integer("shared_experts", "Experts that every token uses.", \.sharedExperts),
    .integer("shared_ffn", "Inner size of one shared expert.", \.sharedFfn),
    .integer("vocab", "Vocabulary V.", \.vocab),
    .flag("tied_embeddings", "1: input and output embeddings are one matrix.", \.tiedEmbeddings),
    .integer("q_lora_rank", "MLA: rank of the query projection, 0 for none.", \.qLoraRank),
    .integer("kv_lora_rank", "MLA: rank of the key-value projection.", \.kvLoraRank),
    .integer("qk_nope_dim", "MLA: head size without rotary position.", \.qkNopeDim),
    .integer("qk_rope_dim", "MLA: head size with rotary position.", \.qkRopeDim),
    .integer("o_lora_rank", "csa: rank of each group of the output projection, 0 for none.", \.oLoraRank),
    .integer("o_groups", "csa: groups of the output projection.", \.oGroups),
    .integer("window", "Tokens of a sliding window, 0 for none.", \.window),
    .integer("window_layers", "Layers with a sliding window.", \.windowLayers),
    .flag(
      "window_chunked", "1: the window is a fixed chunk that starts anew instead of sliding.",
      \.windowChunked),
    .integer(
      "window_kv_heads", "Key-value heads of windowed layers, 0 for as many as elsewhere.",
      \.windowKvHeads),
    .integer(
      "window_head_dim", "Head size of windowed layers, 0 for the same as elsewhere.",
      \.windowHeadDim),
    .integer("linear_layers", "Layers whose state does not grow with the context.", \.linearLayers),
    .text("linear_kind", "What those layers hold: gated-delta, kda or mamba2.", \.linearKind),
    .integer("linear_key_heads", "Key heads of those layers (mamba2: groups).", \.linearKeyHeads),
    .integer("linear_value_heads", "Value heads of those layers.", \.linearValueHeads),
    .integer("linear_key_dim", "Key elements of a head (mamba2: state size).", \.linearKeyDim),
    .integer("linear_value_dim", "Value elements of a head.", \.linearValueDim),
    .integer("linear_conv", "Taps of their short convolution.", \.linearConv),
    .integer("sparse_topk", "Tokens that sparse attention selects, 0 for dense attention.", \.sparseTopk),
    .integer("sparse_layers", "Layers whose attention reads only the selected keys.", \.sparseLayers),
    .integer(
      "sparse_ratio", "Tokens that one key of those layers stands for, 1 for none compressed.",
      \.sparseRatio),
    .integer(
      "index_layers", "Layers with an index that selects; the others reuse its choice.",
      \.indexLayers),
    .integer("index_heads", "Query heads of the index.", \.indexHeads),
    .integer("index_dim", "Elements of an index key.", \.indexDim),
    .integer("coarse_layers", "csa: layers that attend to all keys of a coarse compression.", \.coarseLayers),
    .integer("coarse_ratio", "csa: tokens that one coarse key stands for.", \.coarseRatio),
    .integer(
      "mtp_layers", "Extra layers that predict further tokens; not counted in the parameters.",
      \.mtpLayers),
    .integer("max_context", "Longest context, tokens.", \.maxContext),
    .text("native_weights", "Format that the weights are published in.", \.nativeWeights),
    .integer(
      "kv_elems_per_token", "Cached elements per token in layers without a window.",
      \.kvElemsPerToken),
    .integer(
      "kv_elems_per_token_windowed", "Cached elements per token in layers with a window.",
      \.kvElemsPerTokenWindowed),
    .integer(
      "kv_bytes_per_token_16bit", "Cached bytes per token at 16 bits an element, layers without a window.",
      \.kvBytesPerToken16bit),
    .integer(
      "state_bytes_per_seq", "Constant state of linear layers, bytes per sequence.",
      \.stateBytesPerSeq),
    .number("params_total_b", "Parameters recounted from the shapes, 10^9.", \.paramsTotalB),
    .number("params_active_b", "Parameters that one token uses, 10^9.", \.paramsActiveB),
    .number(
      "params_input_embedding_b",
      "Parameters of the input embedding, 10^9; a decode step does not multiply them.",
      \.paramsInputEmbeddingB),
    .number("published_total_b", "Published number of parameters, 10^9.", \.publishedTotalB),
    .number("published_active_b", "Published active parameters, 10^9.", \.publishedActiveB),
    .text("note", "Why the recount differs from the published number, and other remarks.", \.note),
    .text("source", "Publication, page or file that the row was read from.", \.source),
  ])
}
