// One operating point of a search: a deployment at a batch, with its memory check, its times, its rate and the
// 80 % interval of each. This is the inner loop: plain arithmetic, no allocation, no look-up.

public import Quantities

/// A deployment at a batch.
public struct SearchedPoint: Sendable, Hashable {
  /// Place of the deployment in the result's list.
  public let deployment: Int
  /// Requests in flight in the replica.
  public let batch: Int
  /// Accelerators of the replica.
  public let accelerators: Int
  /// Mean time to first token.
  public let ttft: Seconds
  /// Mean time per output token.
  public let tpot: Seconds
  /// Output tokens/s of one accelerator.
  public let ratePerAccelerator: Double
  /// 80 % interval of `ttft`, in seconds.
  public let ttftRange: Interval
  /// 80 % interval of `tpot`, in seconds.
  public let tpotRange: Interval
  /// 80 % interval of `ratePerAccelerator`.
  public let rateRange: Interval

  /// Tokens/s that one user sees: 1 / TPOT.
  public var ratePerUser: Double { 1 / tpot.value }
}

/// One deployment made ready: what is the same at every batch and every length.
///
/// Made once per deployment: the products' coefficients, overheads and weights of `StepModel`, the engine's
/// constants, and the factors of the interval. Nothing in it depends on batch, prompt or answer.
final class SearchedDeployment: Sendable {
  let index: Int
  let step: StepModel
  let error: HeldOutError
  /// Of the decode side of a disaggregated pair: no such run is in the fit.
  let pairError: HeldOutError
  /// What measured rows of the model on the chip say.
  let anchors: AnchorShift

  init(index: Int, step: StepModel, error: HeldOutError, anchors: AnchorShift = .none) {
    self.index = index
    self.step = step
    self.error = error.anchored(anchors)
    // Anchors are of whole replicas: pairs are neither shifted nor narrowed by them.
    pairError = error.widened(by: 1.5)
    self.anchors = anchors
  }

  var deployment: Deployment { step.deployment }

  /// Largest batch to try: what engines run and what the memory holds; below 1 = does not fit.
  func batchLimit(_ workload: Workload) -> Double {
    min(
      Double(engineBatchLimit * deployment.dataParallel * deployment.pipelineParallel),
      step.batchLimit(context: workload.meanContext))
  }

  /// Bytes that a rank lacks for its weights and one sequence; nil = fits.
  func missingMemory(_ workload: Workload) -> Bytes? {
    let lack = step.bytesPerSequence(context: workload.meanContext) - step.servingMemory
    return lack.value > 0 ? lack : nil
  }

  /// The prefill of the workload's prompt, which no batch changes.
  func prefill(_ workload: Workload) -> StepModel.Prefill {
    step.prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens)
  }

  /// The point at a batch; nil where the memory does not hold it.
  ///
  /// - Parameter prefill: that of the workload's prompt if known; it is computed otherwise.
  /// - Complexity: O(products of a pass), at most 14, and as many again for the prefill.
  func point(batch: Int, workload: Workload, prefill: StepModel.Prefill? = nil) -> SearchedPoint? {
    let limit = step.batchLimit(context: workload.meanContext)
    guard Double(batch) <= limit else { return nil }
    let operating = step.operate(
      concurrency: Double(batch), batchLimit: limit, workload: workload, prefill: prefill
    ).anchored(anchors, outputTokens: workload.outputTokens)
    let rate = operating.outputTokensPerSecond.value / Double(deployment.accelerators)
    return SearchedPoint(
      deployment: index, batch: batch, accelerators: deployment.accelerators, ttft: operating.ttft,
      tpot: operating.tpot, ratePerAccelerator: rate, ttftRange: error.ttft.around(operating.ttft.value),
      tpotRange: error.tpot.around(operating.tpot.value), rateRange: error.throughput.around(rate))
  }
}

/// Sequences that an engine runs at once on a rank.
private let engineBatchLimit = 2048
