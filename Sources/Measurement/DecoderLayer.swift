// A decoder layer of a transformer as a plain value: its sizes, and its operators in the order in which they run.

/// Sizes of one decoder layer: attention with grouped heads or over a latent vector, then one MLP or a mixture of
/// experts.
public struct DecoderLayer: Hashable, Sendable, Codable {
  /// Name in identifiers: small letters, digits and `_`.
  public var name: String
  /// Model that the layer is from.
  public var model: String
  /// Layers of the model that are like this one.
  public var count: Int
  /// How the layer differs from the model's, in a few words; empty = not at all.
  public var scaling = ""
  /// Elements of a token.
  public var hidden: Int
  /// Query heads.
  public var headsQ: Int
  /// Key and value heads; of latent attention as many as query heads.
  public var headsKV: Int
  /// Elements of a query and key head.
  public var headDim: Int
  /// Elements of a value head.
  public var valueDim: Int
  /// True where each query and key head is normalised before it is turned.
  public var normsHeads = false
  /// The latent vectors of multi-head latent attention; nil = grouped heads.
  public var latent: Latent?
  /// Columns of the gate, and of up, of an MLP or of one expert.
  public var intermediate: Int
  /// Experts that a router chooses from; 0 = one MLP for all tokens.
  public var experts = 0
  /// Experts that a token goes to.
  public var top = 0
  /// Experts that every token goes to besides.
  public var sharedExperts = 0

  /// Sizes of latent attention.
  public struct Latent: Hashable, Sendable, Codable {
    /// Elements of the queries' latent vector.
    public var queryRank: Int
    /// Elements of the latent vector of keys and values.
    public var keyRank: Int
    /// Elements of a head that are turned by position; all heads share those of the key.
    public var ropeDim: Int
    /// Sizes from their parts.
    public init(queryRank: Int, keyRank: Int, ropeDim: Int) {
      (self.queryRank, self.keyRank, self.ropeDim) = (queryRank, keyRank, ropeDim)
    }
  }

  /// A layer of grouped heads and one MLP; the rest is set afterwards.
  public init(
    name: String, model: String, count: Int, hidden: Int, headsQ: Int, headsKV: Int, headDim: Int,
    intermediate: Int
  ) {
    (self.name, self.model, self.count, self.hidden) = (name, model, count, hidden)
    (self.headsQ, self.headsKV, self.headDim, valueDim) = (headsQ, headsKV, headDim, headDim)
    self.intermediate = intermediate
  }

  /// Elements of a head that are not turned.
  public var plainDim: Int { headDim - (latent?.ropeDim ?? headDim) }

  /// The operators in the order in which they run. A decode step of latent attention never unfolds its cache: it
  /// folds the key's weights into the queries and unfolds the values of the result.
  public func operators(isDecode: Bool) -> [LayerOperator] {
    var all: [LayerOperator] = [.rmsnorm]
    if latent != nil {
      all += [.latentProjection, .latentNorm, .queryProjection]
      all += isDecode ? [.rope, .foldKeys, .attention, .unfoldValues] : [.unfoldLatent, .rope, .attention]
    } else {
      all += [.projection] + (normsHeads ? [.headNorm] : []) + [.rope, .attention]
    }
    all += [.outputProjection, .residualRMSNorm]
    all +=
      experts > 0
      ? [.router, .topK, .gather, .expertGateUp, .siluMul, .expertDown, .combine]
      : [.gateUp, .siluMul, .down]
    return all + [.residualAdd]
  }
}

/// An operator of a decoder layer, by its name in tables.
public enum LayerOperator: String, Hashable, Sendable, Codable, CaseIterable {
  /// Norm of the layer's input.
  case rmsnorm
  /// Queries, keys and values by one product.
  case projection = "qkv_proj"
  /// Norm of each query and key head.
  case headNorm = "head_norm"
  /// Latent vectors of queries and of keys, and the shared part of the keys, by one product.
  case latentProjection = "qkv_a_proj"
  /// Norms of both latent vectors.
  case latentNorm = "latent_norm"
  /// Queries from their latent vector.
  case queryProjection = "q_b_proj"
  /// Keys and values from their latent vector.
  case unfoldLatent = "kv_b_proj"
  /// Rotary positions; queries, keys and values go to where attention reads them.
  case rope
  /// The key's weights folded into the queries, head by head.
  case foldKeys = "fold_keys"
  /// Attention; its result in rows of tokens.
  case attention
  /// Values of the attended latent vectors, head by head.
  case unfoldValues = "unfold_values"
  case outputProjection = "o_proj"
  /// Residual add and the norm of the sum.
  case residualRMSNorm = "residual_rmsnorm"
  case gateUp = "gate_up_proj"
  /// Logits of the experts.
  case router
  /// Choice of the experts, and the places of their rows.
  case topK = "router_top_k"
  /// A copy of each token for each of its experts, in the order of the experts.
  case gather = "gather_rows"
  case expertGateUp = "expert_gate_up_proj"
  case siluMul = "silu_mul"
  case down = "down_proj"
  case expertDown = "expert_down_proj"
  /// The weighted sum of a token's experts.
  case combine = "combine_rows"
  case residualAdd = "residual_add"

  /// True of products with weights.
  public var isProduct: Bool {
    switch self {
    case .projection, .latentProjection, .queryProjection, .unfoldLatent, .foldKeys, .unfoldValues,
      .outputProjection, .gateUp, .router, .expertGateUp, .down, .expertDown:
      true
    case .rmsnorm, .headNorm, .latentNorm, .rope, .attention, .residualRMSNorm, .topK, .gather, .siluMul,
      .combine, .residualAdd:
      false
    }
  }
}

extension DecoderLayer {
  /// Llama 3.1 8B: dense, 32 query heads over 8 key heads.
  public static let llama8B = DecoderLayer(
    name: "llama_3_1_8b", model: "Llama-3.1-8B", count: 32, hidden: 4096, headsQ: 32, headsKV: 8,
    headDim: 128,
    intermediate: 14_336)

  /// Mixtral 8x7B with 4 of its 8 experts; a token still goes to 2 of them. 3.0 GB of weights.
  public static let mixtral: DecoderLayer = {
    var layer = DecoderLayer(
      name: "mixtral_8x7b_e4", model: "Mixtral-8x7B", count: 32, hidden: 4096, headsQ: 32, headsKV: 8,
      headDim: 128, intermediate: 14_336)
    (layer.experts, layer.top) = (4, 2)
    layer.scaling = "4 of 8 experts"
    return layer
  }()

  /// Qwen3 30B-A3B with 64 of its 128 experts; a token still goes to 8 of them. 1.3 GB of weights.
  public static let qwen30B: DecoderLayer = {
    var layer = DecoderLayer(
      name: "qwen3_30b_a3b_e64", model: "Qwen3-30B-A3B", count: 48, hidden: 2048, headsQ: 32, headsKV: 4,
      headDim: 128, intermediate: 768)
    (layer.experts, layer.top, layer.normsHeads) = (64, 8, true)
    layer.scaling = "64 of 128 experts"
    return layer
  }()

  /// DeepSeek-V3 with 4 of its 256 routed experts, of which a token goes to 2 and not 8, and the shared one:
  /// attention alone has 0.75 GB of weights. 1.6 GB of weights.
  public static let deepSeekV3: DecoderLayer = {
    var layer = DecoderLayer(
      name: "deepseek_v3_e4", model: "DeepSeek-V3", count: 58, hidden: 7168, headsQ: 128, headsKV: 128,
      headDim: 192, intermediate: 2048)
    layer.valueDim = 128
    layer.latent = Latent(queryRank: 1536, keyRank: 512, ropeDim: 64)
    (layer.experts, layer.top, layer.sharedExperts) = (4, 2, 1)
    layer.scaling = "2 of 4 experts, not 8 of 256"
    return layer
  }()

  /// The layers of the suite `layers`.
  public static let presets = [llama8B, mixtral, qwen30B, deepSeekV3]
}

extension Shape {
  /// A decoder layer on `tokens` tokens: a prompt, or one token of each of as many sequences that have
  /// `cachedKeys` keys each.
  ///
  /// - Parameter part: 1 … for an operator of the layer, which is then what counts; nil = the whole layer.
  public static func decoderLayer(
    _ layer: DecoderLayer, tokens: Int, cachedKeys: Int? = nil, part: Int? = nil
  ) -> Shape {
    var shape = Shape()
    (shape.layer, shape.layerPart) = (layer, part)
    (shape.m, shape.n, shape.k) = (tokens, layer.hidden, layer.intermediate)
    (shape.headsQ, shape.headsKV, shape.headDim) = (layer.headsQ, layer.headsKV, layer.headDim)
    if layer.valueDim != layer.headDim { shape.headDimV = layer.valueDim }
    shape.batch = cachedKeys == nil ? 1 : tokens
    shape.seqQ = cachedKeys == nil ? tokens : 1
    shape.seqKV = cachedKeys.map { $0 + 1 } ?? tokens
    shape.causal = true
    return shape
  }
}
