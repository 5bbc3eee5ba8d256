// How many operating points a second the search computes. Every point is another one, and each carries memory
// check, TTFT, TPOT, rate and intervals; no result of a point is used for another.

public import Catalog
import Dispatch
public import Quantities
import Synchronization

/// One figure of the benchmark.
public struct SearchSpeed: Sendable, Hashable {
  /// What changes from point to point.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The batch; deployment, prompt's prefill and weights are made ready once per deployment.
    case batches = "batch changes"
    /// Batch, prompt and answer; only the deployment is made ready beforehand.
    case lengths = "batch and both lengths change"
  }

  /// What changes.
  public let kind: Kind
  /// Threads that computed.
  public let threads: Int
  /// Points that were computed.
  public let points: Int
  /// Time for them.
  public let seconds: Seconds
  /// Points a second.
  public var rate: Double { Double(points) / seconds.value }
}

extension Estimator {
  /// The speed of the search of one model on one chip.
  ///
  /// - Parameter points: points to compute, at least; shared among the deployments.
  public func searchSpeed(
    model: ModelArchitecture, on accelerator: Accelerator, kind: SearchSpeed.Kind, threads: Int,
    points: Int
  ) -> Known<SearchSpeed> {
    rates(of: accelerator).flatMap { chip in
      ModelShape.from(model).map { shape in
        let space = SearchSpace(
          model: shape, replicaLimit: replicaLimit(of: accelerator), engines: engines(on: accelerator),
          precisions: Precision.searched(for: model, on: chip))
        let prepared = space.deployments.enumerated().map { index, deployment in
          SearchedDeployment(
            index: index,
            step: StepModel(model: shape, chip: chip, deployment: deployment, constants: constants),
            error: error(of: accelerator, model: model, deployment: deployment).error,
            anchors: anchorShift(
              of: accelerator, model: model, precision: deployment.precision, engine: deployment.engine))
        }
        let longest = Workload(inputTokens: 1024, outputTokens: 1024)
        let fitting = prepared.filter { $0.batchLimit(longest) >= 1 }
        return time(fitting, kind, threads: max(1, threads), points: points)
      }
    }
  }

  private func time(
    _ deployments: [SearchedDeployment], _ kind: SearchSpeed.Kind, threads: Int, points: Int
  ) -> SearchSpeed {
    let each = points / max(1, deployments.count) + 1
    let total = Mutex<(points: Int, sum: Double)>((0, 0))
    let start = ContinuousClock.now
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      var count = 0
      var sum = 0.0
      for index in stride(from: thread, to: deployments.count, by: threads) {
        let part =
          kind == .batches
          ? everyBatch(deployments[index], most: each) : everyLength(deployments[index], count: each)
        count += part.points
        sum += part.sum
      }
      total.withLock { $0 = ($0.points + count, $0.sum + sum) }
    }
    let elapsed = ContinuousClock.now - start
    let result = total.withLock { $0 }
    // The sum is read so that no part of a point can be left out.
    let seconds = Double(elapsed.components.attoseconds) * 1e-18 + Double(elapsed.components.seconds)
    return SearchSpeed(
      kind: kind, threads: threads, points: result.sum.isFinite ? result.points : 0, seconds: Seconds(seconds)
    )
  }

  private func everyBatch(_ deployment: SearchedDeployment, most: Int) -> (points: Int, sum: Double) {
    var count = 0
    var sum = 0.0
    var prompt = 1024.0
    // A deployment that holds few requests comes round again with a longer prompt: still another point.
    while count < most, prompt < 1e5 {
      let workload = Workload(inputTokens: prompt, outputTokens: 1024)
      let prefill = deployment.prefill(workload)
      let limit = Int(deployment.batchLimit(workload))
      guard limit >= 1 else { break }
      for batch in 1...min(limit, most - count) {
        guard let point = deployment.point(batch: batch, workload: workload, prefill: prefill) else { break }
        count += 1
        sum += point.check
      }
      prompt += 1
    }
    return (count, sum)
  }

  private func everyLength(_ deployment: SearchedDeployment, count: Int) -> (points: Int, sum: Double) {
    var done = 0
    var sum = 0.0
    var batch = 1
    for index in 0..<count {
      // Lengths that do not repeat within a deployment: a fraction grows with the index.
      let step = Double(index) / Double(count)
      let workload = Workload(
        inputTokens: 128 + Double(index * 37 % 7936) + step,
        outputTokens: 64 + Double(index * 53 % 4032) + step)
      if let point = deployment.point(batch: batch, workload: workload) {
        done += 1
        sum += point.check
        batch += 1
      } else {
        batch = 1
      }
    }
    return (done, sum)
  }
}

extension SearchedPoint {
  /// A number that depends on every figure of the point.
  fileprivate var check: Double {
    ttft.value + tpot.value + ratePerAccelerator + ttftRange.high + ttftRange.low + tpotRange.high
      + tpotRange.low + rateRange.high + rateRange.low
  }
}
