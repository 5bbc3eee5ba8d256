// Estimates that rest on this host's result rows: the host as an accelerator, and its curves on other chips.

public import Catalog
public import Quantities
import Results

extension Estimator {
  /// What this host does for a model by its own measured curves; weights are stored in `precision` and
  /// multiplied in fp32. Engine overheads and the speed of conversion are not in it.
  public func serveOnHost(
    model: ModelArchitecture, workload: Workload, precision: Precision = .bf16
  ) -> Known<ServingEstimate> {
    guard let host else { return .failure(noHost("\(model.model) on this host")) }
    guard let memory = host.memory else {
      return .failure(
        Gap(
          "\(model.model) on \(host.summary.machineLabel)", missing: "no memory size in the result rows",
          remedy: "measure again with 'plimsoll run'"))
    }
    return ModelShape.from(model).flatMap { shape in
      let search = DeploymentSearch(
        model: shape, chip: host.rates(memory), constants: constants, workload: workload, replicaLimit: 1,
        curves: host.curves)
      return search.best(precision).map {
        ServingEstimate(
          $0, workload: workload,
          evidence: Evidence(
            trust: .measured, error: nil,
            sources: [
              host.source, "models.csv: \(model.model)",
              "weights \(precision.rawValue), arithmetic fp32, no engine overhead",
            ]))
      }
    }
  }

  /// The host's curves scaled to a chip's dense peaks and bandwidth, for the deployment and batch of `serve`.
  ///
  /// Its intervals are the errors on published runs of the calibration split, none before `scoringTransfer`; the
  /// decode-only rate has that of the time per token, the prefill-only rate none, as no run scores it.
  public func transferred(
    model: ModelArchitecture, on accelerator: Accelerator, workload: Workload, precision: Precision? = nil,
    deployment: Deployment? = nil, engine: Engine? = nil
  ) -> Known<ServingEstimate> {
    guard let host else { return .failure(noHost("transferred estimate of \(model.model)")) }
    let served = serve(
      model: model, on: accelerator, workload: workload, precision: precision, deployment: deployment,
      engine: engine)
    return served.flatMap { leading in
      rates(of: accelerator).flatMap { chip in
        ModelShape.from(model).map { shape in
          let step = StepModel(
            model: shape, chip: chip, deployment: leading.deployment, constants: constants)
          let concurrency = workload.concurrency.map(Double.init) ?? Double(leading.batch)
          let operating = RooflineModel(step: step, curves: host.curves).operate(
            concurrency: concurrency, batchLimit: leading.batchLimit, workload: workload)
          let point = DeploymentSearch.Point(
            model: step, operating: operating, batchLimit: leading.batchLimit, binding: leading.binding)
          return ServingEstimate(
            point, workload: workload,
            evidence: Evidence(
              trust: .transferred, error: transferError,
              sources: [
                host.source, "accelerators.csv: \(accelerator.id)", "models.csv: \(model.model)",
                "no engine overhead, links at full bandwidth",
              ] + remarks(model: model, accelerator: accelerator)))
        }
      }
    }
  }

  /// The same estimator with its transferred estimate scored on published runs, which gives it intervals.
  public func scoringTransfer(on published: PublishedRuns, catalog: Catalog) -> Estimator {
    guard let host else { return self }
    let chips = chipRates(catalog)
    func predicted(_ split: String) -> [ScoredRun] {
      published.runs.filter { $0.split == split }.compactMap { run in
        chips[run.accelerator].flatMap { predictTransferred(run, on: $0, host: host) }
      }
    }
    let fitted = score(predicted("calibration"), error: nil)
    func range(_ measure: Score.Measure) -> Interval? { fitted.first { $0.measure == measure }?.ratio }
    var copy = self
    if let tpot = range(.tpot), let throughput = range(.throughput), let ttft = range(.ttft) {
      copy.transferError = HeldOutError(tpot: tpot, throughput: throughput, ttft: ttft, offline: nil)
    }
    copy.transferScores =
      fitted.map { ScoreLine(estimate: .transferred, split: "calibration", score: $0) }
      + score(predicted("public_test"), error: copy.transferError).map {
        ScoreLine(estimate: .transferred, split: "public_test", score: $0)
      }
    return copy
  }

  /// The score of the transferred estimate as a sentence; nil before `scoringTransfer`.
  public var transferSummary: String? {
    let parts = transferScores.filter { $0.split == "public_test" }.map { line in
      let percent = { (share: Double) in tenths(Unit.percent.fromBase(share)) }
      return "\(line.score.measure.rawValue) median error \(percent(line.score.median)) %, "
        + "bias \(percent(line.score.bias)) %"
    }
    guard let runs = transferScores.last?.score.runs, !parts.isEmpty else { return nil }
    return "on \(runs) published runs of the public test: " + parts.joined(separator: "; ")
  }

  private func predictTransferred(_ run: PublishedRun, on chip: ChipRates, host: HostCalibration)
    -> ScoredRun?
  {
    guard let step = stepModel(of: run, on: chip) else { return nil }
    let point = RooflineModel(step: step, curves: host.curves).operate(
      concurrency: run.concurrency, batchLimit: batchLimit(of: run, step), workload: run.workload)
    return ScoredRun(run: run, tpot: point.tpot.value, ttft: point.ttft.value)
  }

  private func noHost(_ subject: String) -> Gap {
    Gap(
      subject, missing: "no result rows of a host",
      remedy: "measure this host with 'plimsoll run' and give the file as --host-results")
  }
}
