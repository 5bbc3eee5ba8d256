// The same operators as the step model, timed by rooflines and efficiency curves alone: no constant of the fit
// enters, so no launch, scheduler or link overhead does either. Its error against published runs is its interval.

import Quantities

/// Step times of a deployment from a chip's ceilings and a machine's curves.
struct RooflineModel {
  /// Model, chip and deployment; only its shapes, rates and byte counts are read.
  let step: StepModel
  let curves: EfficiencyCurves

  func decode(batch: Double, context: Double) -> StepModel.Decode {
    let group = batch / step.sharding.pipeline
    let rank = group / step.sharding.data
    return StepModel.Decode(
      products: products(rankTokens: rank, groupTokens: group, sampled: rank),
      attention: time(
        work: step.decodeAttentionWork(sequences: rank, context: context),
        bytes: step.kvTraffic(sequences: rank, context: context), type: .bf16, curves.decodeAttention),
      communication: link(rankTokens: rank), overhead: .zero, requests: .zero)
  }

  func prefill(tokens: Double, prefix: Double) -> StepModel.Prefill {
    let products = products(rankTokens: tokens / step.sharding.context, groupTokens: tokens, sampled: 1)
    let model = step.model
    let heads = 2 * (model.queryHeads + model.kvHeads) * model.headDim / step.sharding.tensor
    let bytes = tokens * heads * ElementType.bf16.bytes * (model.layers - model.linearLayers)
    let attention = time(
      work: step.prefillAttentionWork(tokens: tokens, prefix: prefix), bytes: bytes, type: .bf16,
      curves.prefillAttention)
    return StepModel.Prefill(
      products: products, productArithmetic: products, attention: attention,
      transfer: link(rankTokens: tokens), latency: .zero)
  }

  func operate(concurrency: Double, batchLimit: Double, workload: Workload) -> OperatingPoint {
    let batch = min(concurrency, batchLimit)
    let decode = decode(batch: batch, context: workload.meanContext)
    let prefill = prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens)
    let added = prefill.total / (step.sharding.data * step.sharding.pipeline)
    let tpot = decode.total + added * (max(0, batch - 1) / workload.outputTokens)
    let waiting = tpot * (max(0, concurrency - batch) / max(batch, 1) * workload.outputTokens)
    var queue = Seconds.zero
    if workload.arrivals == .poisson {
      let busy = batch * added.value
      let load = busy / (busy + workload.outputTokens * decode.total.value)
      queue = prefill.total * (load / (1 - load) / 2)
    }
    let ttft = prefill.total + decode.total * 0.5 + queue + waiting
    let rate = concurrency / (ttft.value + tpot.value * (workload.outputTokens - 1))
    return OperatingPoint(
      concurrency: concurrency, batch: batch, decode: decode, prefill: prefill, marginalPrefill: added,
      decodePerToken: decode.total, tpot: tpot, ttft: ttft, requestsPerSecond: rate,
      outputTokensPerSecond: TokensPerSecond(rate * workload.outputTokens))
  }

  private func products(rankTokens: Double, groupTokens: Double, sampled: Double) -> Seconds {
    var total = Seconds.zero
    step.forEachProduct(rankTokens: rankTokens, groupTokens: groupTokens, sampled: sampled) {
      product, rows, held in
      let work = 2 * rows * product.n * product.k
      let bytes =
        held * product.n * product.k * product.type.bytes + step.activationBytes(product, rows: rows)
      total = total + time(work: work, bytes: bytes, type: product.type, curves.products) * product.count
    }
    return total
  }

  /// Links at their full bandwidth: a host measures none.
  private func link(rankTokens: Double) -> Seconds {
    guard let bandwidth = step.chip.scaleUpBandwidth else { return .zero }
    return Bytes(step.collectives(rankTokens: rankTokens).scaleUp) / bandwidth
  }

  private func time(work: Double, bytes: Double, type: ElementType, _ curve: EfficiencyCurve) -> Seconds {
    Roofs(peak: step.chip.peak(type), bandwidth: step.chip.memoryBandwidth)
      .time(work: work, bytes: bytes, curve)
  }
}
