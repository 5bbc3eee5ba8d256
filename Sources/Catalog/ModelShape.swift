// Parameters and cache of a model recounted from its shapes: the check that a row was copied right.
// Weights of one layer, D hidden, H heads, d head size: grouped attention D·Hq·d + 2·D·Hkv·d + Hq·d·D;
// latent attention D·rq + rq·Hq·(dn+dr) + D·(rkv+dr) + rkv·Hq·(dn+dv) + Hq·dv·D; gated feed-forward 3·D·I,
// 2·D·I without a gate; each expert the same in its own width; router D·E; embeddings V·D, twice unless tied;
// one norm of D before each block and one at the end.

/// Counts that follow from a model's shapes.
public struct ShapeCount: Hashable, Sendable {
  /// All parameters.
  public let total: Double
  /// Parameters that one token multiplies, the input embedding included.
  public let active: Double
  /// Cached elements per token over the layers without a window; index keys are not in it.
  public let cacheElementsPerToken: Double
  /// Cached elements per token over the layers with a window.
  public let windowedElementsPerToken: Double
  /// Bytes of recurrent state of a sequence: 4 an element of the state, 2 of the last convolution inputs.
  public let stateBytes: Double
}

extension ModelArchitecture {
  /// The recount, or nil where a dimension that every model has is empty.
  public var shapeCount: ShapeCount? {
    guard let hidden, let layers, let vocab, qHeads != nil, kvHeads != nil, vHeadDim != nil else {
      return nil
    }
    let width = Double(hidden)
    let linear = number(linearLayers)
    let attending = attentionLayers.map(Double.init) ?? Double(layers) - linear
    let windowed = number(windowLayers)
    let dense = number(denseLayers)
    let sparse = number(moeLayers)
    let attention =
      attending > 0
      ? (attending - windowed) * attentionWeights + windowed * windowedWeights + compressorWeights : 0
    let mixing = attention + number(indexLayers) * indexWeights + linear * linearWeights
    let norms = width * (attending + linear + dense + sparse + 1)
    let embeddings = width * Double(vocab) * (tiedEmbeddings == true ? 1 : 2)
    let matrices = number(ffnMatrices ?? 3)
    let base = embeddings + mixing + norms + dense * matrices * width * number(ffn)
    let latent = number(expertHidden)
    let expert = matrices * (latent > 0 ? latent : width) * number(moeFfn)
    let beside =
      matrices * width * number(sharedFfn) * number(sharedExperts) + width * number(experts)
      + 2 * width * latent
    func total(experts count: Int?) -> Double { base + sparse * (number(count) * expert + beside) }
    return ShapeCount(
      total: total(experts: experts), active: total(experts: topK),
      cacheElementsPerToken: cacheElements(attending: attending, windowed: windowed),
      windowedElementsPerToken: windowed * windowedElements,
      stateBytes: linear * linearState)
  }

  private func number(_ value: Int?) -> Double { Double(value ?? 0) }

  /// Weights of attention in one layer without a window.
  private var attentionWeights: Double {
    let width = number(hidden)
    let heads = number(qHeads)
    let (query, key) = (number(qLoraRank), number(kvLoraRank))
    let (size, value) = (number(headDim), number(vHeadDim))
    let gate = attentionGate == true ? width * heads * value : 0
    switch attention {
    case "mla":
      let (plain, rotary) = (number(qkNopeDim), number(qkRopeDim))
      let queries =
        query > 0
        ? width * query + query * heads * (plain + rotary) + query : width * heads * (plain + rotary)
      return queries + width * (key + rotary) + key * heads * (plain + value) + heads * value * width + key
        + gate
    case "csa":
      let output = number(oLoraRank)
      return width * query + query * heads * size + width * size + heads * size * output
        + number(oGroups) * output * width + query + size
    default:
      return grouped(kvHeads: number(kvHeads), size: size, value: value, shared: valuesAreKeys == true) + gate
    }
  }

  /// The same in one layer with a window, whose heads may differ.
  private var windowedWeights: Double {
    guard attention == "gqa", number(windowKvHeads) + number(windowHeadDim) > 0 else {
      return attentionWeights
    }
    let value = windowValue
    let gate = attentionGate == true ? number(hidden) * number(qHeads) * value : 0
    return grouped(kvHeads: windowHeads, size: windowSize, value: value, shared: false) + gate
  }

  private func grouped(kvHeads: Double, size: Double, value: Double, shared: Bool) -> Double {
    let width = number(hidden)
    let heads = number(qHeads)
    return width * heads * size + width * kvHeads * (shared ? size : size + value) + heads * value * width
  }

  /// csa: the projections that make compressed keys, a value and a weight for each token; where four tokens make
  /// a key, neighbouring groups overlap and both are twice as wide.
  private var compressorWeights: Double {
    guard attention == "csa" else { return 0 }
    return 2 * number(hidden) * number(headDim) * (2 * number(sparseLayers) + number(coarseLayers))
  }

  /// Weights of one index: queries from the compressed query, one key a token, a weight a head.
  private var indexWeights: Double {
    let (heads, size, width) = (number(indexHeads), number(indexDim), number(hidden))
    let query = number(qLoraRank)
    let keys = width * size * (attention == "csa" ? 4 : 1)
    return (query > 0 ? query : width) * heads * size + keys + (attention == "gqa" ? 0 : width * heads)
  }

  /// Weights of one layer with linear attention: queries, keys, values and gate in, values out; one number a
  /// value head more for mamba2 (step), two for gated-delta (decay, rate), a decay of low rank for kda.
  private var linearWeights: Double {
    let width = number(hidden)
    let (keys, values) = (number(linearKeyHeads) * number(linearKeyDim), linearValues)
    let heads = number(linearValueHeads)
    let size = number(linearKeyDim)
    var steps = heads
    var decay = 0.0
    if linearKind == "gated-delta" { steps = 2 * heads }
    if linearKind == "kda" {
      steps = heads + size
      decay = size * keys
    }
    return width * (2 * keys + 2 * values + steps) + values * width + decay + linearChannels
      * number(linearConv)
  }

  private var linearValues: Double { number(linearValueHeads) * number(linearValueDim) }
  private var linearChannels: Double { 2 * number(linearKeyHeads) * number(linearKeyDim) + linearValues }

  private var linearState: Double {
    let matrix = linearValues * number(linearKeyDim) * 4
    return matrix + linearChannels * max(0, number(linearConv) - 1) * 2
  }

  private var windowHeads: Double { number(windowKvHeads) > 0 ? number(windowKvHeads) : number(kvHeads) }
  private var windowSize: Double { number(windowHeadDim) > 0 ? number(windowHeadDim) : number(headDim) }
  private var windowValue: Double { number(windowHeadDim) > 0 ? number(windowHeadDim) : number(vHeadDim) }

  /// Elements of one token in one windowed layer.
  private var windowedElements: Double {
    attention == "csa" ? number(headDim) : windowHeads * (windowSize + windowValue)
  }

  private func cacheElements(attending: Double, windowed: Double) -> Double {
    switch attention {
    case "mla": return attending * (number(kvLoraRank) + number(qkRopeDim))
    case "csa":
      let fine = number(sparseLayers) / max(1, number(sparseRatio))
      return number(headDim) * (fine + number(coarseLayers) / max(1, number(coarseRatio)))
    default: return (attending - windowed) * number(kvHeads) * (number(headDim) + number(vHeadDim))
    }
  }
}
