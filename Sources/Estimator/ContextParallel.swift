// Context parallelism: what the ranks that share a sequence tell each other. A prompt is cut into equal parts, and each
// rank gathers the keys and values of the others before it attends; a decode step reads each part of the cache where
// it lies, and the partial outputs are added by their weights. No published run calibrates either.

import Quantities

extension StepModel {
  /// Adds the collectives of a prompt of `tokens` tokens behind `prefix` cached ones.
  ///
  /// A layer's keys and values are all-gathered: (n - 1)/n of the cache that a rank would hold alone. Experts lie on
  /// all ranks that share the sequence: their tokens are gathered and their sums scattered.
  func addContext(prompt tokens: Double, prefix: Double, sequences: Double, to traffic: inout Traffic) {
    let ranks = sharding.context
    let share = Collective.allGather.busFactor(ranks: ranks)
    // Of a windowed layer only the window before each part is missing.
    let window = windowBytes(context: tokens + prefix) * ranks
    traffic.scaleUp += sequences * share * ((tokens + prefix) * gatheredBytesPerToken + window)
    traffic.latency = traffic.latency + constants.allGatherLatency * model.attentionLayers
    // The recurrent state goes from part to part.
    traffic.scaleUp += sequences * (ranks - 1) * model.stateBytes / sharding.tensor
    guard model.isMoE, sharding.data == 1 else { return }
    let row = model.hidden * ElementType.bf16.bytes
    traffic.scaleUp += model.moeLayers * 2 * (ranks - 1) * tokens * sequences / ranks * row
    traffic.latency = traffic.latency + constants.allGatherLatency * (2 * model.moeLayers)
  }

  /// Adds the collectives of a decode step of `tokens` tokens of a rank.
  ///
  /// Every rank has all queries of its heads; the outputs over its part of the cache, in the latent where heads share
  /// one, and a weight a head are all-reduced. Sums of experts are reduced over all ranks that hold them.
  func addContext(decoding tokens: Double, to traffic: inout Traffic) {
    let ranks = sharding.context
    let heads = model.queryHeads / sharding.tensor
    let size =
      model.attention == .latent
      ? model.kvRank : model.attention == .compressed ? model.headDim : model.valueHeadDim
    let output = heads * (size * ElementType.bf16.bytes + weightBytes)
    let reduce = Collective.allReduce.busFactor(ranks: ranks)
    traffic.scaleUp += model.attentionLayers * reduce * tokens * output
    traffic.latency = traffic.latency + constants.allReduceLatency * model.attentionLayers
    guard model.isMoE, sharding.data == 1 else { return }
    let wide = Collective.allReduce.busFactor(ranks: ranks * sharding.tensor)
    let narrow = Collective.allReduce.busFactor(ranks: sharding.tensor)
    traffic.scaleUp +=
      model.moeLayers * (wide - narrow) * tokens * model.hidden * ElementType.bf16.bytes
    if sharding.tensor == 1 {
      traffic.latency = traffic.latency + constants.allReduceLatency * model.moeLayers
    }
  }
}

/// Logarithm of the sum of exponentials of a head, in FP32.
private let weightBytes = 4.0
