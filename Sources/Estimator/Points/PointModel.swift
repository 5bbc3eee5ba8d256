// Predictions for published rows of every kind: the operating point of a stated load, the largest offline rate, the
// largest rate inside limits, one phase alone, one batch that starts together. Where a row leaves the deployment
// open, the best feasible one is taken, as its submitter would.

import Catalog
public import Quantities

/// Kinds of predicted figures that are wrong alike.
public enum ErrorClass: String, Sendable, Hashable, CaseIterable {
  case servedTPOT = "served TPOT"
  case servedThroughput = "served throughput"
  case servedTTFT = "served TTFT"
  case splitTPOT = "disaggregated TPOT"
  case splitThroughput = "disaggregated throughput"
  case splitTTFT = "disaggregated TTFT"
  case speculative = "speculative"
  case offline = "offline throughput"
  case submission = "submission offline"
  case limited = "submission within limits"
  case limitedTPOT = "TPOT within limits"
  case limitedTTFT = "TTFT within limits"
  case batchDecode = "fixed-batch decode"
  case batchPrefill = "fixed-batch prefill"
  case phase = "one phase"
}

/// A predicted row.
public struct PointPrediction: Sendable {
  /// In the unit of the case: seconds, tokens/s or requests/s, divided as the row divides.
  public let value: Double
  /// What it is wrong like.
  public let errorClass: ErrorClass
  /// Deployment that was stated or found.
  public let deployment: Deployment
  /// What was assumed.
  public let remarks: [String]
  /// Why the row cannot be as it says; nil = it can.
  public var flaw: String?
}

extension Estimator {
  /// The prediction for a case, or why there is none.
  public func predict(_ point: ServingCase) -> Known<PointPrediction> {
    rates(of: point.accelerator).flatMap { chip in
      ModelShape.from(point.model).flatMap { shape in
        var rates = chip
        if point.isPowerCapped { rates = rates.scaled(compute: 0.8) }
        let answer = PointModel(estimator: self, point: point, chip: rates, model: shape).checked()
        return answer.flatMap { prediction in
          guard prediction.value.isFinite, prediction.value > 0 else {
            return .failure(
              Gap(
                "row \(point.point.id)", missing: "its figures give no finite prediction",
                remedy: "check lengths, counts and batch"))
          }
          return .success(prediction)
        }
      }
    }
  }
}

/// One case with its chip and model looked up.
struct PointModel {
  let estimator: Estimator
  let point: ServingCase
  let chip: ChipRates
  let model: ModelShape

  var constants: EngineConstants { estimator.constants }
  var workload: Workload { point.workload }

  func gap(_ missing: String, _ remedy: String = "complete the row") -> Gap {
    Gap("row \(point.point.id)", missing: missing, remedy: remedy)
  }

  /// The prediction, with what contradicts itself in the row.
  func checked() -> Known<PointPrediction> {
    predict().map { prediction in
      var checked = prediction
      let ranks = prediction.deployment.accelerators
      if let stated = point.deployment, let count = point.accelerators, stated.accelerators > count,
        !countsCores
      {
        checked.flaw = "the layout has \(stated.accelerators) ranks and the row \(count) accelerators"
      } else if point.deployment != nil, !holdsWeights(step(prediction.deployment)) {
        checked.flaw = "the weights do not fit the memory of the stated \(ranks) ranks"
      }
      return checked
    }
  }

  /// True where a source counts the cores of a chip as ranks, as those of Neuron and TPU chips do: a plain
  /// tensor-parallel degree that is a multiple of the accelerators of another vendor than the fitted one.
  var countsCores: Bool {
    guard let stated = point.deployment, let count = point.accelerators else { return false }
    return point.accelerator.vendor != "NVIDIA" && stated.tensorParallel == stated.accelerators
      && stated.accelerators % count == 0
  }

  func predict() -> Known<PointPrediction> {
    switch point.load {
    case .closed(let concurrency):
      if case .disaggregated(let prefill, let decode) = point.layout {
        return disaggregated(prefill, decode, concurrency: concurrency)
      }
      return closed(concurrency)
    case .offline: return offline()
    case .limits(let ttft, let tpot): return limited(ttft: ttft, tpot: tpot)
    case .fixedBatch(let batch): return fixedBatch(batch)
    case .arrivals(let rate, let requests): return arrivals(rate, requests)
    case .phase(let batch): return phase(batch)
    }
  }

  func step(_ deployment: Deployment, _ constants: EngineConstants? = nil) -> StepModel {
    StepModel(
      model: model, chip: chip, deployment: deployment, constants: constants ?? self.constants,
      kvBytesPerElement: point.kvBytesPerElement, speculation: point.isSpeculative ? .typical : nil)
  }

  /// Deployments to choose from: the stated one, or every way of spreading the model over the stated accelerators
  /// and over equal parts of them.
  func deployments() -> [Deployment] {
    if let stated = point.deployment {
      guard countsCores, let count = point.accelerators, stated.accelerators > count else { return [stated] }
      return [
        Deployment(tensorParallel: count, engine: point.engine, precision: point.precision)
      ]
    }
    let all = point.accelerators ?? estimator.replicaLimit(of: point.accelerator)
    let search = DeploymentSearch(
      model: model, chip: chip, constants: constants, workload: workload,
      replicaLimit: min(all, max(estimator.replicaLimit(of: point.accelerator), 1)), engines: [point.engine])
    // Whoever tunes a run cuts a model into stages only where one server cannot hold it.
    let whole = search.candidates(point.precision).filter { all % $0.accelerators == 0 }
    let unstaged = whole.filter { $0.pipelineParallel == 1 && holdsWeights(step($0)) }
    return unstaged.isEmpty ? whole : unstaged
  }

  /// Replicas of a deployment in the system of the row.
  func replicas(_ deployment: Deployment) -> Double {
    max(
      1,
      (Double(point.accelerators ?? deployment.accelerators) / Double(deployment.accelerators)).rounded(.down)
    )
  }

  func holdsWeights(_ step: StepModel) -> Bool { step.servingMemory.value > 0 }

  /// Requests/s of the system to the row's metric and basis.
  func rate(_ requestsPerSecond: Double, _ accelerators: Double) -> Double {
    let perRequest: Double =
      switch point.metric {
      case .inputRate: workload.inputTokens
      case .totalRate: workload.inputTokens + workload.outputTokens
      case .sampleRate: 1
      default: workload.outputTokens
      }
    let whole = requestsPerSecond * perRequest
    switch point.basis {
    case .perAccelerator, .perDecodeAccelerator, .perPrefillAccelerator: return whole / accelerators
    case .perNode: return whole / accelerators * Double(serverRanks)
    case .system, .perRequest: return whole
    }
  }
}

extension ChipRates {
  /// The same chip with its arithmetic rates multiplied.
  func scaled(compute factor: Double) -> ChipRates {
    var copy = self
    copy.bf16Peak = bf16Peak * factor
    copy.fp8Peak = fp8Peak.map { $0 * factor }
    copy.fp4Peak = fp4Peak.map { $0 * factor }
    return copy
  }
}
