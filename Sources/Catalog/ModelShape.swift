// Parameters and cache of a model recounted from its shapes: the check that a row was copied right.
// Weights of one layer, D hidden, H heads, d head size: grouped attention D·Hq·d + 2·D·Hkv·d + Hq·d·D;
// latent attention D·rq + rq·Hq·(dn+dr) + D·(rkv+dr) + rkv·Hq·(dn+dv) + Hq·dv·D; gated feed-forward 3·D·I;
// each expert 3·D·Im; router D·E; embeddings V·D, twice unless tied; two norms of D a layer, one at the end.

/// Counts that follow from a model's shapes.
public struct ShapeCount: Hashable, Sendable {
  /// All parameters.
  public let total: Double
  /// Parameters that one token multiplies, the input embedding included.
  public let active: Double
  /// Cached elements per token over all layers.
  public let cacheElementsPerToken: Double
}

/// Families whose layers differ among themselves or hold parts that no column describes; their rows
/// carry counts that were made from the full configuration.
private let irregularFamilies: Set<String> = [
  "glm_moe_dsa", "deepseek_v32", "minimax_m3", "nemotron_h", "kimi_linear", "deepseek_v4",
  "qwen3_5_text", "qwen3_5_moe_text",
]

extension ModelArchitecture {
  /// The recount, or nil for families that the columns do not describe in full.
  public var shapeCount: ShapeCount? {
    guard !irregularFamilies.contains(family), let hidden, let layers, let vocab else { return nil }
    let width = Double(hidden)
    let expert = 3 * width * Double(moeFfn ?? 0)
    let shared = 3 * width * Double(sharedFfn ?? 0) * Double(sharedExperts ?? 0)
    let dense = Double(denseLayers ?? 0) * 3 * width * Double(ffn ?? 0)
    let embeddings = width * Double(vocab) * (tiedEmbeddings == true ? 1 : 2)
    let base = embeddings + Double(layers) * (attentionWeights + 2 * width) + width + dense
    let router = width * Double(experts ?? 0)
    func total(experts count: Int?) -> Double {
      base + Double(moeLayers ?? 0) * (Double(count ?? 0) * expert + shared + router)
    }
    return ShapeCount(
      total: total(experts: experts), active: total(experts: topK),
      cacheElementsPerToken: Double(layers) * cacheElementsPerLayer)
  }

  /// Weights of one attention layer.
  private var attentionWeights: Double {
    let width = Double(hidden ?? 0)
    let heads = Double(qHeads ?? 0)
    let value = Double(vHeadDim ?? 0)
    guard attention == "mla" else { return 2 * width * (heads + Double(kvHeads ?? 0)) * value }
    let (query, key) = (Double(qLoraRank ?? 0), Double(kvLoraRank ?? 0))
    let (plain, rotary) = (Double(qkNopeDim ?? 0), Double(qkRopeDim ?? 0))
    return width * query + query * heads * (plain + rotary) + width * (key + rotary)
      + key * heads * (plain + value) + heads * value * width + query + key
  }

  private var cacheElementsPerLayer: Double {
    attention == "mla"
      ? Double(kvLoraRank ?? 0) + Double(qkRopeDim ?? 0) : 2 * Double(kvHeads ?? 0) * Double(vHeadDim ?? 0)
  }
}
