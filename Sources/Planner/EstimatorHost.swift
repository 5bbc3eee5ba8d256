// The measured host as evidence: its curves scaled to each chip, and what hosts like it do by themselves. A model
// that one host cannot hold is cut into stages of whole layers, one host a stage.

public import Catalog
public import Estimator
import Quantities

extension HostSource {
  /// The host that an estimator was calibrated with; nil for an estimator without one.
  ///
  /// - Parameter estimator: after `scoringTransfer`, so that the transferred estimate carries its error.
  public static func estimator(
    _ estimator: Estimator, catalog: Catalog, file: String, machine: String, instanceRate: Rate?
  ) -> HostSource? {
    guard let calibration = estimator.host else { return nil }
    let memory = ThroughputMemory()
    return HostSource(
      file: file, machine: machine,
      transferred: ThroughputSource { standIn, offer, service in
        memory.answer("\(standIn.model)/\(offer.accelerator)/\(offer.precision)", service) {
          guard let model = catalog.model(standIn.model), let chip = catalog.accelerator(offer.accelerator)
          else {
            return .failure(
              Gap("tokens/s of \(standIn.model)", missing: "no \(offer.accelerator) in the catalogue"))
          }
          return estimator.transferred(
            model: model, on: chip, workload: Workload(service),
            precision: Precision(rawValue: offer.precision)
          ).map { Throughput($0, model: model, chip: chip) }
        }
      },
      host: { standIn, service in
        memory.answer("\(standIn.model)/host", service) {
          guard let model = catalog.model(standIn.model) else {
            return .failure(Gap("hosts for \(standIn.model)", missing: "no such model in the catalogue"))
          }
          return staged(model, service, estimator)
        }
      },
      score: estimator.transferSummary ?? "not scored", instanceRate: instanceRate,
      composition: calibration.composition)
  }

  /// The fewest stages, a power of two, of which each fits a host: tokens/s of one host of the line.
  private static func staged(
    _ model: ModelArchitecture, _ service: ServiceLevel, _ estimator: Estimator
  ) -> Known<Throughput> {
    // A processor keeps no limit of interactive chat with such models: the work alone is compared.
    let request = service.request
    let workload = Workload(
      inputTokens: request.inputTokens, outputTokens: request.outputTokens, cachedShare: request.cachedShare,
      arrivals: .poisson)
    let precision = Precision.fp8.resolved(for: model)
    var stages = 1
    var whole: Gap?
    while stages <= max(1, model.layers ?? 1) * 2 {
      switch estimator.serveOnHost(model: model.stage(of: stages), workload: workload, precision: precision) {
      case .success(let estimate):
        let share = 1 / Double(stages)
        return .success(
          Throughput(
            prefill: estimate.prefillTokensPerSecondPerAccelerator.scaled(by: share),
            decode: estimate.decodeTokensPerSecondPerAccelerator.scaled(by: share), replica: stages,
            deployment: "\(stages) stages, \(precision.rawValue) weights, fp32 arithmetic"))
      case .failure(let gap): whole = gap
      }
      stages *= 2
    }
    return .failure(whole ?? Gap("hosts for \(model.model)", missing: "no estimate of the host"))
  }
}

extension ModelArchitecture {
  /// One of `stages` equal stages: its share of the layers, of the cache, and of embedding and head.
  func stage(of stages: Int) -> ModelArchitecture {
    guard stages > 1 else { return self }
    var part = self
    func share(_ value: Int?) -> Int? { value.map { $0 == 0 ? 0 : ($0 - 1) / stages + 1 } }
    part.layers = share(layers)
    part.denseLayers = share(denseLayers)
    part.moeLayers = share(moeLayers)
    part.windowLayers = share(windowLayers)
    part.linearLayers = share(linearLayers)
    part.attentionLayers = share(attentionLayers)
    part.sparseLayers = share(sparseLayers)
    part.indexLayers = share(indexLayers)
    part.coarseLayers = share(coarseLayers)
    part.vocab = share(vocab)
    part.kvElemsPerToken = share(kvElemsPerToken)
    part.kvElemsPerTokenWindowed = share(kvElemsPerTokenWindowed)
    return part
  }
}
