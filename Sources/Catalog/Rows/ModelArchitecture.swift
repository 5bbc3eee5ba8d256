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
  /// gqa or mla.
  public var attention: String = ""
  /// Layers.
  public var layers: Int?
  /// Layers with a dense feed-forward part.
  public var denseLayers: Int?
  /// Layers with experts.
  public var moeLayers: Int?
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
  /// Inner size of the dense feed-forward part.
  public var ffn: Int?
  /// Inner size of one expert.
  public var moeFfn: Int?
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
  /// Tokens of a sliding window, 0 for none.
  public var window: Int?
  /// Layers with a sliding window.
  public var windowLayers: Int?
  /// Layers whose state does not grow with the context.
  public var linearLayers: Int?
  /// Tokens that sparse attention selects, 0 for dense attention.
  public var sparseTopk: Int?
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
    .text("attention", "gqa or mla.", \.attention),
    .integer("layers", "Layers.", \.layers),
    .integer("dense_layers", "Layers with a dense feed-forward part.", \.denseLayers),
    .integer("moe_layers", "Layers with experts.", \.moeLayers),
    .integer("hidden", "Hidden size D.", \.hidden),
    .integer("q_heads", "Query heads Hq.", \.qHeads),
    .integer("kv_heads", "Key-value heads Hkv.", \.kvHeads),
    .integer("head_dim", "Size of one query or key head.", \.headDim),
    .integer("v_head_dim", "Size of one value head.", \.vHeadDim),
    .integer("ffn", "Inner size of the dense feed-forward part.", \.ffn),
    .integer("moe_ffn", "Inner size of one expert.", \.moeFfn),
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
    .integer("window", "Tokens of a sliding window, 0 for none.", \.window),
    .integer("window_layers", "Layers with a sliding window.", \.windowLayers),
    .integer("linear_layers", "Layers whose state does not grow with the context.", \.linearLayers),
    .integer("sparse_topk", "Tokens that sparse attention selects, 0 for dense attention.", \.sparseTopk),
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
