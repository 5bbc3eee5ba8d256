// The estimator: catalogue rows in, operating points with intervals out. It looks up what the pure arithmetic
// needs, searches deployments, and says what is missing where it cannot answer.

public import Catalog
public import Quantities
public import Tables

/// Estimates what accelerators do for a model.
public struct Estimator: Sendable {
  /// Constants of the step model.
  public internal(set) var constants: EngineConstants
  /// This host's measured curves; nil = no result rows were given. No calibrated figure reads it.
  public let host: HostCalibration?

  /// How wrong predictions of each kind are.
  public internal(set) var pointErrors: PointErrors

  /// What measured rows of the calibration split say about predictions of the same cell.
  var anchors: Anchors

  let shares: KernelShares
  private let accelerators: [String: Accelerator]
  let acceleratorIDs: [String]
  let hostSizes: [String: Int]
  let calibratedVendors: Set<String>
  /// Error of the transferred estimate on published runs; nil = not scored.
  public internal(set) var transferError: HeldOutError?
  /// Its scores by split; empty = not scored.
  public internal(set) var transferScores: [ScoreLine] = []

  /// An estimator over a catalogue.
  ///
  /// - Throws: `InputError` where the table of engine constants is incomplete.
  public init(catalog: Catalog, host: HostCalibration? = nil) throws(InputError) {
    constants = try EngineConstants(catalog.engineConstants)
    pointErrors = try PointErrors(catalog.engineConstants)
    anchors = Anchors(catalog.engineConstants)
    accelerators = Dictionary(
      catalog.accelerators.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    let shares = try KernelShares(catalog.engineConstants)
    let ids = catalog.accelerators.map(\.id)
    self.shares = shares
    acceleratorIDs = ids
    self.host = host
    var sizes: [String: Int] = [:]
    for instance in catalog.instances where instance.kind == "instance" {
      sizes[instance.accelerator] = max(sizes[instance.accelerator] ?? 1, instance.acceleratorCount ?? 1)
    }
    hostSizes = sizes
    calibratedVendors = Set(
      catalog.accelerators.filter { shares.entry(for: $0.id, among: ids).isPublished }.map(\.vendor))
  }

  /// Rates of a chip, or the datum that its row lacks.
  public func rates(of accelerator: Accelerator) -> Known<ChipRates> {
    func gap(_ missing: String, _ remedy: String = "add a sourced value to accelerators.csv") -> Gap {
      Gap("performance of \(accelerator.id)", missing: missing, remedy: remedy)
    }
    guard let peak = accelerator.peak(.bf16) ?? accelerator.peak(.fp16) else {
      let unstated = accelerator.unstatedDensityTflops
      return .failure(
        unstated.isEmpty
          ? gap("no dense bf16 peak")
          : gap("no dense bf16 peak: the vendor gives \(unstated) TFLOP/s without saying dense or sparse"))
    }
    guard let bandwidth = accelerator.memoryBandwidth else { return .failure(gap("no memory bandwidth")) }
    guard let memory = accelerator.visibleMemory ?? accelerator.marketingMemory else {
      return .failure(gap("no memory capacity"))
    }
    let entry = shares.entry(for: accelerator.id, among: acceleratorIDs)
    var rates = ChipRates(
      name: accelerator.id, bf16Peak: peak, fp8Peak: accelerator.peak(.fp8),
      fp4Peak: accelerator.peak(.fp4), memoryBandwidth: bandwidth,
      scaleUpBandwidth: accelerator.scaleUpOneWay, memory: memory,
      gemmShare: entry.shares, scaleUpDomain: Double(scaleUpSpan(of: accelerator)),
      scaleOutBandwidth: accelerator.scaleOutOneWay)
    rates.measured = entry.measured
    return .success(rates)
  }

  func catalogRow(_ id: String) -> Accelerator? { accelerators[id] }

  /// How much wider than its kind's errors a prediction's interval is, as a factor on the logarithms.
  ///
  /// Another vendor's software stack than any calibrated one, a pair of chip and model of which no run took part in
  /// a fit, offline runs of mixtures, and a network without measured runs widen; the product is held below twice.
  func widening(
    of accelerator: Accelerator?, model: ModelArchitecture, deployment: Deployment, _ kind: ErrorClass
  ) -> Double {
    guard let accelerator else { return 2 }
    let isOffline = kind == .offline || kind == .submission || kind == .limited || kind == .phase
    var factor = 1.0
    if !hasMeasuredKernels(accelerator) {
      factor *= calibratedVendors.contains(accelerator.vendor) ? (isOffline ? 1.3 : 1.1) : 1.5
    }
    if !ServedPair.served.contains(ServedPair(accelerator: accelerator.id, model: model)) { factor *= 1.3 }
    if (kind == .offline || kind == .submission) && model.kind == "moe" { factor *= mixtureScatter }
    if deployment.pipelineParallel > 1
      || Double(deployment.accelerators) > Double(accelerator.scaleupDomain ?? 1)
    {
      factor *= 1.2
    }
    return min(factor, 1.9)
  }

  /// Measured where a run of this program measured the chip's kernels, calibrated where others published them, data
  /// sheet otherwise.
  public func trust(in accelerator: Accelerator) -> Trust {
    let entry = shares.entry(for: accelerator.id, among: acceleratorIDs)
    return !entry.run.isEmpty ? .measured : entry.isPublished ? .calibrated : .datasheet
  }

  /// True where kernels of the chip were measured, by whomever: what the class errors of other chips are not for.
  private func hasMeasuredKernels(_ accelerator: Accelerator) -> Bool {
    trust(in: accelerator) <= .calibrated
  }

  /// Most accelerators that one replica may span: the scale-up domain, or a server where the chip has no
  /// scale-up network but links over PCIe; 1 where the link is unknown.
  public func replicaLimit(of accelerator: Accelerator) -> Int {
    guard accelerator.scaleupUnidirectionalGBps != nil else { return 1 }
    return scaleUpSpan(of: accelerator)
  }

  /// Accelerators that share one network faster than scale-out: a scale-up domain or a server.
  private func scaleUpSpan(of accelerator: Accelerator) -> Int {
    let domain = accelerator.scaleupDomain ?? 1
    return domain > 1 ? domain : max(1, hostSizes[accelerator.id] ?? 1)
  }

  /// Engines with fitted constants that run on a chip, in the order in which ties are settled.
  public func engines(on accelerator: Accelerator) -> [Engine] {
    [.vllm, .sglang] + (accelerator.vendor == "NVIDIA" ? [.tensorRTLLM] : [])
  }

  /// The operating point for a workload: of `deployment`, or of the one with most output tokens/s per accelerator.
  ///
  /// Without `precision` the usual format of model and chip is taken, and without `engine` that of `deployment`
  /// or the best of `engines(on:)`. The batch is the largest that keeps the limits and fits the memory, or the
  /// workload's concurrency. With `speculation` every step verifies drafts; its errors are those of such runs.
  /// - Complexity: O(deployments · log batch); some milliseconds.
  public func serve(
    model: ModelArchitecture, on accelerator: Accelerator, workload: Workload, precision: Precision? = nil,
    deployment: Deployment? = nil, engine: Engine? = nil, speculation: Speculation? = nil
  ) -> Known<ServingEstimate> {
    let able = engines(on: accelerator)
    if let asked = engine ?? deployment?.engine, !able.contains(asked) {
      return .failure(
        Gap(
          "\(model.model) on \(accelerator.id)", missing: "\(asked.rawValue) runs on NVIDIA chips only",
          remedy: "use \(able.map(\.rawValue).joined(separator: " or "))"))
    }
    return rates(of: accelerator).flatMap { chip in
      ModelShape.from(model).flatMap { shape in
        let format =
          (precision ?? deployment?.precision)?.resolved(for: model) ?? .usual(for: model, on: chip)
        let search = DeploymentSearch(
          model: shape, chip: chip, constants: constants, workload: workload,
          replicaLimit: replicaLimit(of: accelerator), engines: engine.map { [$0] } ?? able,
          anchors: anchorShifts(
            of: accelerator, model: model, precision: format, isSpeculative: speculation != nil),
          speculation: speculation)
        let best =
          deployment.map { search.point(of: $0.with(precision: format, engine: engine ?? $0.engine)) }
          ?? search.best(format)
        return best.map { point in
          let error = error(
            of: accelerator, model: model, deployment: point.model.deployment,
            isSpeculative: speculation != nil)
          return ServingEstimate(
            point, workload: workload,
            evidence: Evidence(
              trust: trust(in: accelerator), error: error.error.anchored(point.anchors),
              sources: sources(model: model, accelerator: accelerator) + error.reasons
                + point.model.speculationNotes))
        }
      }
    }
  }

  /// The operators behind an estimate of `serve`, for its deployment and batch.
  public func walk(
    model: ModelArchitecture, on accelerator: Accelerator, workload: Workload, estimate: ServingEstimate,
    speculation: Speculation? = nil
  ) -> Known<OperatorWalk> {
    rates(of: accelerator).flatMap { chip in
      ModelShape.from(model).map { shape in
        StepModel(
          model: shape, chip: chip, deployment: estimate.deployment, constants: constants,
          speculation: speculation
        ).walk(
          concurrency: Double(estimate.batch), workload: workload,
          anchors: anchorShift(
            of: accelerator, model: model, precision: estimate.deployment.precision,
            engine: estimate.deployment.engine, isSpeculative: speculation != nil))
      }
    }
  }

  /// Work and accelerator-time of a training run: 6·N·D at an assumed share of the dense bf16 peak.
  public func training(
    parameters: Double, tokens: Double, on accelerator: Accelerator, mfu: Double
  ) -> Known<TrainingEstimate> {
    guard mfu > 0, mfu <= 1 else {
      return .failure(
        Gap(
          "training on \(accelerator.id)", missing: "a share of peak between 0 and 1 (got \(mfu))",
          remedy: "published large runs report 0.35 to 0.45"))
    }
    guard let peak = accelerator.peak(.bf16) else {
      return .failure(
        Gap(
          "training on \(accelerator.id)", missing: "no dense bf16 peak",
          remedy: "add a sourced value to accelerators.csv"))
    }
    let work = FLOP(6 * parameters * tokens)
    let seconds = work / (peak * mfu)
    return .success(
      TrainingEstimate(
        work: work,
        acceleratorSeconds: Figure(
          seconds.value, Seconds.symbol, trust: .assumed,
          sources: ["accelerators.csv: \(accelerator.id)", "assumed share of peak \(mfu)"]),
        mfu: mfu))
  }

  // The quantiles hold for pairs of chip and model that the fit saw, in the layouts that it saw. The classes of
  // chips without measured kernels are meant for unseen pairs already; no class is meant for unseen layouts.
  func error(
    of accelerator: Accelerator, model: ModelArchitecture, deployment: Deployment, isSpeculative: Bool = false
  ) -> ExtrapolatedError {
    let isCalibrated = hasMeasuredKernels(accelerator)
    let served = isSpeculative ? speculativeError : servedError
    var result = ExtrapolatedError(
      isCalibrated
        ? served : calibratedVendors.contains(accelerator.vendor) ? served.dataSheet : served.otherVendor)
    let ranks = deployment.accelerators
    let domain = accelerator.scaleupDomain ?? 1
    let pair = ServedPair(accelerator: accelerator.id, model: model)
    let isUnserved = isCalibrated && !ServedPair.served.contains(pair)
    let isWide = domain > serverRanks && (isUnserved || ranks > serverRanks)
    if isWide {
      result.widen(by: 2, "no served run on a scale-up domain of more than \(serverRanks) is in the fit")
    } else if isUnserved {
      result.widen(by: 1.5, "no served run of \(pair.name) is in the fit")
    }
    if deployment.pipelineParallel > 1 {
      result.widen(by: 1.5, "no pipeline is in the fit")
    } else if ranks > domain || ranks > 16 && !isWide {
      result.widen(by: 1.5, "no replica on \(ranks) accelerators of such a network is in the fit")
    }
    if deployment.contextParallel > 1 {
      result.widen(by: 1.5, "no published run with context parallelism calibrates this")
    }
    return result
  }

  func sources(model: ModelArchitecture, accelerator: Accelerator) -> [String] {
    let entry = shares.entry(for: accelerator.id, among: acceleratorIDs)
    let kernels =
      !entry.run.isEmpty
      ? "\(Estimator.measuredMark)\(entry.run) on \(accelerator.id)"
      : entry.isPublished
        ? "engine_constants.csv: measured kernels of \(accelerator.id)"
        : "engine_constants.csv: class prior, no kernels of \(accelerator.id) published"
    return [
      model.hfId.isEmpty ? model.source : "models.csv: \(model.model)", "accelerators.csv: \(accelerator.id)",
      kernels, "engine_constants.csv: fit on published serving points",
    ] + remarks(model: model, accelerator: accelerator)
  }
}

extension Estimator {
  /// What the source of a figure that rests on device rows of this program begins with.
  public static let measuredMark = "device rows of run "

  /// What an estimate leaves out, beside its sources.
  func remarks(model: ModelArchitecture, accelerator: Accelerator) -> [String] {
    var list: [String] = []
    if (model.sparseTopk ?? 0) > 0 {
      list.append("sparse attention from its definition: no kernel of it is among the measured ones")
    }
    if accelerator.scaleUpOneWay == nil {
      list.append(
        "one accelerator a replica: the one-way scale-up bandwidth of \(accelerator.id) is not published")
    }
    return list
  }
}

/// What stands behind the figures of an estimate.
struct Evidence: Sendable {
  let trust: Trust
  /// Nil = nothing is known of the error.
  let error: HeldOutError?
  let sources: [String]
}

extension Deployment {
  /// The same ranks with another number format, and another engine if given.
  public func with(precision: Precision, engine: Engine? = nil) -> Deployment {
    Deployment(
      tensorParallel: tensorParallel, expertParallel: expertParallel, dataParallel: dataParallel,
      pipelineParallel: pipelineParallel, contextParallel: contextParallel, engine: engine ?? self.engine,
      precision: precision)
  }
}

extension ServingEstimate {
  init(_ point: DeploymentSearch.Point, workload: Workload, evidence: Evidence) {
    let operating = point.operating
    let deployment = point.model.deployment
    let chips = Double(deployment.accelerators)
    func figure(_ value: Double, _ unit: String, _ range: Interval?, _ remarks: [String]) -> Figure {
      Figure(
        value, unit, interval: range?.around(value), trust: evidence.trust,
        sources: evidence.sources + remarks)
    }
    let anchored = point.anchors.notes
    let rate = TokensPerSecond.symbol
    let error = evidence.error
    // Published throughput and TTFT mix prefill with decode and with waiting: neither bounds a prefill alone.
    let unscored =
      error != nil && error?.offline == nil ? ["no interval: no published run scores a prefill alone"] : []
    // Measured times per token are those of a decode step first of all.
    let decodeStep = operating.decodePerToken.value * point.anchors.decode
    let decodeSeconds = decodeStep * workload.outputTokens / operating.batch
    let prefillSeconds = operating.marginalPrefill.value
    self.init(
      deployment: deployment, batch: Int(operating.batch.rounded(.down)), batchLimit: point.batchLimit,
      weightBytesPerRank: point.model.weightBytesPerRank,
      ttft: figure(operating.ttft.value, Seconds.symbol, error?.ttft, anchored),
      tpot: figure(operating.tpot.value, Seconds.symbol, error?.tpot, anchored),
      outputTokensPerSecondPerAccelerator: figure(
        operating.outputTokensPerSecond.value / chips, rate, error?.throughput, anchored),
      inputTokensPerSecondPerAccelerator: figure(
        operating.requestsPerSecond * workload.inputTokens / chips, rate, error?.throughput, anchored),
      prefillSecondsPerRequest: figure(prefillSeconds, Seconds.symbol, error?.offline?.inverse, unscored),
      decodeSecondsPerRequest: figure(decodeSeconds, Seconds.symbol, error?.tpot, anchored),
      prefillTokensPerSecondPerAccelerator: figure(
        workload.freshTokens / prefillSeconds / chips, rate, error?.offline, unscored),
      decodeTokensPerSecondPerAccelerator: figure(
        operating.batch / decodeStep / chips, rate, error?.tpot.inverse, anchored),
      binding: point.binding,
      distanceToSaturation: point.batchLimit.isFinite ? max(0, 1 - operating.batch / point.batchLimit) : 1)
  }
}

/// Scatter of offline mixtures to that of dense models on the calibration rows, 80 % quantiles of |ln|: 0.17 to 0.12
/// over 5 and 18 cells of published tables, 0.29 to 0.15 over 2 and 19 of submissions.
private let mixtureScatter = 1.5
