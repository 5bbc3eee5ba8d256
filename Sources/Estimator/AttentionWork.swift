// What attention, its index and recurrent states read, keep and compute on one rank, from the definition of each
// kind: all keys, a window, the keys that an index selects, keys that stand for several tokens, or a state.

import Quantities

extension StepModel {
  /// Part of `heads` KV heads that one rank keeps; fewer heads than ranks are replicated.
  private func share(ofHeads heads: Double) -> Double {
    guard model.attention == .grouped else { return 1 }
    return heads > 0 ? max(1, heads / sharding.tensor) / heads : 0
  }

  /// Bytes of the index keys of one token on one rank: one byte an element and a scale for each key, whole on
  /// every rank because all heads share them.
  private var indexBytesPerToken: Double {
    model.indexElementsPerToken * (ElementType.fp8.bytes + indexScaleBytes / max(1, model.indexDim))
  }

  /// KV bytes of one token on one rank, all stages, index keys included; ranks that share the sequence keep its
  /// tokens in turn.
  var kvBytesPerToken: Double { gatheredBytesPerToken / sharding.context }

  /// The same of a rank that holds every token.
  var gatheredBytesPerToken: Double {
    model.kvElementsPerToken * kvBytesPerElement * share(ofHeads: model.kvHeads) + indexBytesPerToken
  }

  /// KV bytes of one sequence in the windowed layers of one rank.
  func windowBytes(context: Double) -> Double {
    windowBytesPerToken * min(context, model.window)
  }

  private var windowBytesPerToken: Double {
    model.windowedKVElementsPerToken * kvBytesPerElement * share(ofHeads: model.windowKVHeads)
      / sharding.context
  }

  /// Tokens that a windowed layer reads behind `context` tokens; of a chunk that starts anew, half on average.
  private func windowTokens(_ context: Double) -> Double {
    model.windowIsChunk && context > model.window ? model.window / 2 : min(context, model.window)
  }

  /// Keys that a query of a sparse layer reads behind `context` tokens.
  private func selectedKeys(_ context: Double) -> Double {
    min(context / model.sparseRatio, model.sparseTopK)
  }

  /// Bytes that one rank reads (and for recurrent state writes) from the cache in one decode step.
  ///
  /// Sparse layers read the selected entries and every key of their index.
  public func kvTraffic(sequences: Double, context: Double) -> Double {
    let state = 2 * model.stateBytes / sharding.tensor  // read and written
    let sparse = model.sparseElementsPerToken
    var elements = context * (model.kvElementsPerToken - sparse)
    if sparse > 0 { elements += sparse * model.sparseRatio * selectedKeys(context) }
    let entries = elements * kvBytesPerElement * share(ofHeads: model.kvHeads)
    let window = windowBytesPerToken * windowTokens(context)
    return sequences
      * ((entries + context * indexBytesPerToken) / sharding.context + window + state)
  }

  /// FLOP of the attention scores and sums of one rank in one decode step, index scores included.
  public func decodeAttentionWork(sequences: Double, context: Double) -> Double {
    let heads = model.queryHeads / sharding.tensor
    let selected = selectedKeys(context) * model.sparseLayers
    let window = windowTokens(context) * model.windowLayers
    let core: Double
    switch model.attention {
    case .latent:  // absorbed: scores and sums run in the latent
      let keys = context * (model.attentionLayers - model.sparseLayers) + selected
      core = 2 * heads * (2 * model.kvRank + model.ropeDim) * keys
    case .compressed:
      core =
        4 * heads * model.headDim * (window + selected + context / model.coarseRatio * model.coarseLayers)
    case .grouped:
      let keys = context * (model.fullContextLayers - model.sparseLayers) + selected
      core =
        2 * heads
        * ((model.headDim + model.valueHeadDim) * keys
          + (model.windowHeadDim + model.windowValueHeadDim) * window)
    }
    return sequences * (core + indexWork(pairs: context)) / sharding.context
  }

  /// FLOP of causal attention of one rank over `tokens` new tokens behind `prefix` cached ones, index scores
  /// included.
  public func prefillAttentionWork(tokens: Double, prefix: Double) -> Double {
    let heads = model.queryHeads / sharding.tensor
    let pairs = causalPairs(tokens: tokens, prefix: prefix, window: nil)
    let window =
      model.windowIsChunk
      ? chunkedPairs(tokens: tokens, prefix: prefix, chunk: model.window)
      : causalPairs(tokens: tokens, prefix: prefix, window: model.window)
    let reach = model.sparseTopK * model.sparseRatio
    let selected =
      model.sparseLayers > 0
      ? causalPairs(tokens: tokens, prefix: prefix, window: reach) / model.sparseRatio : 0
    let core: Double
    switch model.attention {
    case .latent:
      let each = 2 * heads * (model.headDim + model.valueHeadDim)
      // Every query selects its own keys, so kernels read them in the latent; while the prompt is short, it is
      // cheaper to multiply all pairs and to mask.
      let latent = 2 * heads * (2 * model.kvRank + model.ropeDim)
      core =
        each * pairs * (model.attentionLayers - model.sparseLayers)
        + min(each * pairs, latent * selected) * model.sparseLayers
    case .compressed:
      core =
        4 * heads * model.headDim
        * (window * model.windowLayers + selected * model.sparseLayers
          + pairs / model.coarseRatio * model.coarseLayers)
    case .grouped:
      let each = model.headDim + model.valueHeadDim
      let windowEach = model.windowHeadDim + model.windowValueHeadDim
      core =
        2 * heads
        * (each * (pairs * (model.fullContextLayers - model.sparseLayers) + selected * model.sparseLayers)
          + windowEach * window * model.windowLayers)
    }
    // Ranks that share the sequence take its early and late parts in turn: causal work is even.
    return (core + indexWork(pairs: pairs)) / sharding.context
  }

  /// FLOP of the index scores over `pairs` pairs of a query and a token, counted at the bf16 rate: they run in
  /// FP8 where the chip has it.
  private func indexWork(pairs: Double) -> Double {
    guard model.indexLayers > 0 else { return 0 }
    let isGrouped = model.attention == .grouped
    let heads = isGrouped ? max(1, model.indexHeads / sharding.tensor) : model.indexHeads
    let rate = chip.bf16Peak / chip.peak(.fp8)
    return 2 * heads * model.indexDim * pairs / model.sparseRatio * model.indexLayers * rate
  }
}

/// One scale in FP32 beside each index key.
private let indexScaleBytes = 4.0

/// Query-key pairs of `tokens` new tokens behind `prefix`, optionally inside a window; continuous form
/// (n²/2 without prefix), which differs from n(n + 1)/2 by half a token.
func causalPairs(tokens: Double, prefix: Double, window: Double?) -> Double {
  func below(_ x: Double) -> Double {
    guard let window, x > window else { return x * x / 2 }
    return window * x - window * window / 2
  }
  return below(prefix + tokens) - below(prefix)
}

/// The same where attention stays inside chunks of `chunk` tokens.
func chunkedPairs(tokens: Double, prefix: Double, chunk: Double) -> Double {
  func below(_ x: Double) -> Double {
    guard chunk > 0 else { return 0 }
    let whole = (x / chunk).rounded(.down)
    let rest = x - whole * chunk
    return (whole * chunk * chunk + rest * rest) / 2
  }
  return below(prefix + tokens) - below(prefix)
}

/// Kernels and quantised products of one pass. The counts are conventions fixed before fitting; what matters
/// is that they are the same for every engine.
///
/// A layer counts what an engine launches: attention 5 (grouped) or 9 (latent and compressed), one more where
/// queries and keys are normalised, 3 for a compressor (products, pooling, write), 4 for an index (two products,
/// scores, selection), 4 for the mixing of residual streams that models with compressed attention have, 8 for a
/// recurrent state, 4 for a dense part, 9 for experts, 4 for shared ones, 2 for products into another width.
func launches(of model: ModelShape, types: PartTypes) -> (kernels: Double, quantised: Double) {
  func flag(_ condition: Bool) -> Double { condition ? 1 : 0 }
  let isCompressed = model.attention == .compressed
  let shared = flag(model.sharedExperts > 0)
  let resized = flag(model.expertHidden > 0)
  let attention = (model.attention == .grouped ? 5.0 : 9.0) + flag(model.normalisesQueriesAndKeys)
  let compressors = isCompressed ? 3 * (model.sparseLayers + model.coarseLayers) + 4 * model.layers : 0
  let kernels =
    model.attentionLayers * attention + compressors + model.indexLayers * 4 + model.linearLayers * 8
    + model.denseLayers * 4 + model.moeLayers * (9 + 4 * shared + 2 * resized) + 3
  let attentionQuantised = flag(types.attention.isQuantised)
  let ffnQuantised = flag(types.ffn.isQuantised)
  let perLayer = model.attention == .grouped ? 2.0 : 3.0
  let mixing =
    model.attentionLayers * perLayer + (model.linearLayers + model.indexLayers) * 2
    + (isCompressed ? model.sparseLayers + model.coarseLayers : 0)
  let quantised =
    attentionQuantised * mixing + 2 * model.denseLayers * ffnQuantised
    + model.moeLayers
    * (2 * flag(types.experts.isQuantised) + (2 * shared + 2 * resized) * ffnQuantised)
  return (kernels, quantised)
}
