// Independent arrivals for a while: no formula says how a queue that grows for five minutes looks, so such rows are
// simulated, with the sequences that engines run at once by default.

import Quantities

extension PointModel {
  /// `requests` requests at `rate` a second, simulated once with a fixed seed.
  func arrivals(_ rate: Double, _ requests: Double) -> Known<PointPrediction> {
    let candidates = deployments().filter { holdsWeights(self.step($0)) }
    guard let deployment = candidates.first ?? point.deployment else {
      return .failure(gap("no deployment of \(model.name) fits \(point.accelerators ?? 0) x \(chip.name)"))
    }
    let step = self.step(deployment)
    let limit = step.batchLimit(context: workload.meanContext)
    let slots = min(limit, Double(defaultSequences) * step.sharding.data)
    let share = replicas(deployment)
    let simulation = Simulation(
      StepTimes(step, workload: workload, batches: max(1, Int(slots))), scheduler: Scheduler(deployment))
    return RequestList.drawn(
      max(1, Int(requests / share)), inputTokens: workload.inputTokens, outputTokens: workload.outputTokens,
      spread: .fixed, arrivals: .poisson(rate: rate / share), seed: 1
    ).flatMap { list in
      simulation.run(list).flatMap { result in
        var whole = result
        whole.warmUp = 0
        return value(whole, list, deployment).map { value in
          PointPrediction(
            value: value, errorClass: errorClass, deployment: deployment,
            remarks: ["simulated with up to \(Int(slots)) sequences at once"])
        }
      }
    }
  }

  private var errorClass: ErrorClass {
    switch point.metric {
    case .ttft: .servedTTFT
    case .tpot, .endToEnd: .servedTPOT
    default: .servedThroughput
    }
  }

  private func value(
    _ result: SimulationResult, _ list: RequestList, _ deployment: Deployment
  ) -> Known<Double> {
    let times: Distribution? =
      switch point.metric {
      case .ttft: result.ttft
      case .tpot: result.tpot
      case .endToEnd: result.latency
      default: nil
      }
    if let times {
      switch point.statistic {
      case .mean: return .success(times.mean)
      case .median: return .success(times.p50)
      case .p99: return .success(times.p99)
      }
    }
    guard !point.metric.isTime, let first = list.arrival.first, result.tally.end > first else {
      return .failure(gap("the simulation has no such time", ""))
    }
    let tokens = Double(result.tally.outputTokens) / (result.tally.end - first) * replicas(deployment)
    let accelerators = Double(deployment.accelerators) * replicas(deployment)
    return .success(rate(tokens / workload.outputTokens, accelerators))
  }
}

/// Sequences that vLLM runs at once unless it is told otherwise.
private let defaultSequences = 128
