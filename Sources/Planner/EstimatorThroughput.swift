// The estimator's answers as the planner's: the best deployment of a model inside the service limits, with the
// physical bounds that no estimate may exceed.

public import Catalog
public import Estimator
import Quantities

extension ThroughputSource {
  /// Calibrated throughput of the catalogue's chips; the host's rows, if any, are not read.
  public static func estimator(_ estimator: Estimator, catalog: Catalog) -> ThroughputSource {
    let memory = ThroughputMemory()
    return ThroughputSource { standIn, offer, service in
      memory.answer("\(standIn.model)/\(offer.accelerator)/\(offer.precision)", service) {
        guard let model = catalog.model(standIn.model), let chip = catalog.accelerator(offer.accelerator)
        else {
          return .failure(
            Gap("tokens/s of \(standIn.model)", missing: "no \(offer.accelerator) in the catalogue"))
        }
        return estimator.serve(model, on: chip, offer, service).map {
          Throughput($0, model: model, chip: chip)
        }
      }
    }
  }
}

extension Estimator {
  /// The estimate of a plan: the best deployment inside the service limits, in the offer's number format.
  func serve(
    _ model: ModelArchitecture, on chip: Accelerator, _ offer: Offer, _ service: ServiceLevel
  ) -> Known<ServingEstimate> {
    serve(
      model: model, on: chip, workload: Workload(service), precision: Precision(rawValue: offer.precision))
  }
}

extension Workload {
  /// Independent arrivals of the mean request inside the limits.
  init(_ service: ServiceLevel) {
    self.init(
      inputTokens: service.request.inputTokens, outputTokens: service.request.outputTokens,
      cachedShare: service.request.cachedShare, ttftLimit: service.ttftLimit, tpotLimit: service.tpotLimit,
      arrivals: .poisson)
  }
}

extension Throughput {
  init(_ estimate: ServingEstimate, model: ModelArchitecture, chip: Accelerator) {
    // A token takes at least two FLOP per active weight, input embedding aside.
    let active = model.paramsActiveB.map { $0 - (model.paramsInputEmbeddingB ?? 0) }
    let peak = (chip.peak(PeakFormat(estimate.deployment.precision)) ?? chip.peak(.bf16))?.value
    var arithmetic: Double?
    if let active, let peak { arithmetic = peak / (2 * Unit.billion.toBase(active)) }
    self.init(
      prefill: estimate.prefillTokensPerSecondPerAccelerator,
      decode: estimate.decodeTokensPerSecondPerAccelerator,
      replica: estimate.deployment.accelerators, decodeBound: arithmetic, prefillBound: arithmetic,
      deployment: estimate.deployment.summary, ttft: estimate.ttft, tpot: estimate.tpot)
  }
}

extension PeakFormat {
  /// The format that a served precision's matrix products run in at most.
  init(_ precision: Precision) {
    switch precision {
    case .bf16, .int4: self = .bf16
    case .fp8, .fp8Block, .int8: self = .fp8
    case .fp4, .mxfp4: self = .fp4
    }
  }
}
