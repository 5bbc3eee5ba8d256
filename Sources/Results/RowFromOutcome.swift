// Crossing the door: an outcome of the bench becomes a row of the file.

import Foundation
public import Machines
public import Measurement
import Quantities

extension ResultRow {
  /// The row of an outcome; ceilings are added later, when the whole placement is known.
  public init(_ outcome: Outcome, run: RunInfo) {
    self = run.emptyRow()
    fillProblem(outcome.subject)
    fillPlacement(outcome.placement, outcome.worker)
    fillImplementation(outcome, run)
    fillDevice(outcome)
    rowKey = ResultRow.key(outcome.subject, outcome.placement)
    fillStatus(outcome)
    if status == .ok, !run.verifies {
      (status, statusDetail) = (.unverified, "not compared with the oracle, as the run was told")
    }
    fillReports(outcome)
    if status.hasTimes { fillTimes(outcome) }
  }

  /// Hash of problem, implementation, placement, cache mode and page mode.
  public static func key(_ subject: Case, _ placement: Placement) -> String {
    let s = subject.shape
    let numbers = [s.batch, s.m, s.n, s.k, s.headsQ, s.headsKV, s.headDim, s.seqQ, s.seqKV, s.bytes]
      .map { $0.map(String.init) ?? "" }
    let parts =
      [subject.operation.rawValue] + numbers + [s.causal.map { $0 ? "causal" : "full" } ?? ""]
      + [subject.implementation.rawValue, subject.dataType.rawValue, placement.name, placement.smt]
      + [String(placement.threads), subject.cacheMode.rawValue, subject.pageMode.rawValue]
      + (subject.layout == .rowMajor ? [] : [subject.layout.rawValue])
      + (s.transposesA == true ? ["trans_a"] : []) + (s.transposesB == true ? ["trans_b"] : [])
      + s.forms
      + (s.layer.map { [$0.name, s.layerPart.map(String.init) ?? "all"] } ?? [])
      // A shape that two layers share is measured for each: rows of a pass must add up.
      + (subject.use.map { [$0.model, $0.layer, $0.pass] } ?? [])
    let digits = String(stableHash(parts.joined(separator: "|")), radix: 16)
    // A letter first: a spreadsheet would read 12e45678 as a number.
    return "k" + String(repeating: "0", count: 16 - digits.count) + digits
  }

  private mutating func fillProblem(_ subject: Case) {
    let shape = subject.shape
    kernel = subject.operation.rawValue
    phase = subject.phase.rawValue
    shapeId = subject.shapeID
    cacheMode = subject.cacheMode.rawValue
    pageMode = subject.pageMode.rawValue
    model = subject.use?.model ?? ""
    layer = subject.use?.layer ?? ""
    pass = subject.use?.pass ?? ""
    callsPerPass = subject.use?.callsPerPass
    m = shape.m
    n = shape.n
    k = shape.k
    headsQ = shape.headsQ
    headsKv = shape.headsKV
    headDimQk = shape.headDim
    headDimV = shape.headDimV ?? shape.headDim
    seqQ = shape.seqQ
    seqKv = shape.seqKV
    causal = shape.causal
    window = shape.window
    blockKeys = shape.blockKeys
    arrayBytes = shape.bytes
    let type = subject.implementation.isOfDevice ? subject.dataType.namesOnDevice : subject.dataType.names
    (dtypeA, dtypeAcc, dtypeOut) = (type.a, type.accumulator, type.out)
    switch subject.operation {
    case .gemm, .groupedGEMM:
      (batch, dtypeB, layout) = (shape.batch, type.b, subject.layout.rawValue)
      (transA, transB) = (shape.transposesA ?? false, shape.transposesB ?? false)
    case .attentionPrefill, .attentionDecode:
      (batch, dtypeB, layout) = (shape.batch, shape.cacheType?.rawValue ?? type.b, shape.cacheLayout)
    case .fmaPeak, .typePeak, .memoryRead, .memoryCopy, .memoryTriad, .launchLatency, .graphReplay,
      .hostToDevice,
      .deviceToHost, .peerCopy:
      break
    case .decoderLayer:
      (batch, dtypeB, layout, groups) = (
        shape.batch, type.b, "row_major", shape.layer.flatMap { $0.experts > 0 ? $0.experts : nil }
      )
    default: fillElementwise(subject)
    }
  }

  /// Rows one after the other; what is no float is said.
  private mutating func fillElementwise(_ subject: Case) {
    layout = subject.operation.isRope ? "tokens_heads_dim" : "row_major"
    switch subject.operation {
    case .quantiseRows: dtypeOut = "i8"
    case .dequantiseRows: dtypeA = "i8"
    case .argmax, .sample: dtypeOut = "i32"
    default: break
    }
  }

  private mutating func fillPlacement(_ place: Placement, _ worker: WorkerFacts?) {
    placement = place.name
    placementKind = place.kind
    coreKind = place.coreKind
    smtMode = place.smt
    threads = place.threads
    cpusetList = place.cpus.description
    numaNodesList = place.numaNodes
    memoryPolicy = place.memoryPolicyName
    memoryNodesList = place.memoryNodes.description
    replicas = place.replicaCount
    bindingVerified = worker?.isBound(to: place)
    if let outside = worker?.threadsOutside(place), !outside.isEmpty {
      warn("threads ran on CPUs \(outside), outside the placement")
    }
    clockResolutionSeconds = worker.map(\.clock.resolution)
    timerOverheadSeconds = worker.map(\.clock.overhead)
  }

  private mutating func fillImplementation(_ outcome: Outcome, _ run: RunInfo) {
    impl = outcome.subject.implementation.rawValue
    implIsaPath = outcome.reports.first { !$0.isaPath.isEmpty }?.isaPath ?? ""
    if let build = outcome.worker?.build {
      (harnessVersion, harnessCommit, harnessDirty) = (build.version, build.commit, build.isDirty)
    }
    guard outcome.subject.implementation != .swift else {
      implVersion = harnessVersion
      targetCpuFlags = InstructionSet.of(path: implIsaPath)?.compilerTarget ?? ""
      return
    }
    let isPeer = outcome.subject.implementation.isPeer
    blasCorenameForced = isPeer ? outcome.worker?.isCoreTypeForced : run.isCoreTypeForced
    if !isPeer, !outcome.subject.implementation.isOfDevice, !run.blasWarning.isEmpty { warn(run.blasWarning) }
    guard let blas = outcome.worker?.blas else { return }
    implVersion = blas.version
    blasName = blas.name
    blasVersion = blas.version
    blasCorename = blas.corename
    blasConfig = blas.config
    blasThreads = blas.threads
  }

  /// Where a device computed, what stands in the row is its own.
  private mutating func fillDevice(_ outcome: Outcome) {
    guard outcome.placement.deviceOrdinal != nil else { return }
    (deviceKind, deviceCount, timer) = ("gpu", 1, "CUDA events")
    if outcome.subject.operation == .launchLatency { timer = MonotonicTime.name }
    guard let device = outcome.worker?.device else { return deviceName = "" }
    deviceName = device.name
    implVersion =
      (outcome.subject.implementation == .cublasLt ? device.libraryVersion : device.compilerVersion) ?? ""
    targetCpuFlags = device.architecture
    (blasName, blasVersion, blasCorename, blasConfig, blasThreads) = ("", "", "", "", nil)
    (blasCorenameForced, hugePageBackingFraction) = (nil, nil)
  }

  private mutating func fillStatus(_ outcome: Outcome) {
    let reports = outcome.reports
    let good = reports.count { $0.status == .ok }
    // One wrong result is enough: a mismatch outweighs the processes that got it right.
    if let bad = reports.first(where: { $0.status == .mismatch }) {
      (status, statusDetail) = (.mismatch, bad.detail)
    } else if good > 0 {
      status = good >= outcome.processesWanted ? .ok : .partial
      if let doubt = reports.first(where: { $0.status == .ok && !$0.detail.isEmpty })?.detail { warn(doubt) }
      if status == .partial {
        let reason = reports.first { $0.status != .ok }?.detail ?? ""
        statusDetail =
          "\(good) of \(outcome.processesWanted) processes measured it"
          + (reason.isEmpty ? "" : ": \(reason)")
      }
    } else if let first = reports.first {
      status = RowStatus(rawValue: first.status.rawValue) ?? .failed
      statusDetail = first.detail
    } else {
      (status, statusDetail) = (.interrupted, "the run ended before this row")
    }
  }

  private mutating func fillReports(_ outcome: Outcome) {
    let reports = outcome.reports
    rowFinishedUtc = reports.map(\.finished).max() ?? ""
    if let work = reports.compactMap(\.work).first {
      flop = work.flop.value > 0 ? work.flop.value : nil
      minBytes = work.bytes.value > 0 ? work.bytes.value : nil
      if let flop, let minBytes { arithmeticIntensityFlopPerByte = flop / minBytes }
    }
    let checks = reports.compactMap(\.verification)
    if let check = checks.first(where: { !$0.passed }) ?? checks.max(by: { $0.maxRelError < $1.maxRelError })
    {
      verifyReference = check.reference
      verifyMaxAbsError = check.maxAbsError.isFinite ? check.maxAbsError : nil
      verifyMaxRelError = check.maxRelError.isFinite ? check.maxRelError : nil
      verifyTolerance = check.tolerance
    }
    hugePageBackingFraction = Statistics.mean(reports.compactMap(\.hugePageShare))
    let locations = reports.compactMap(\.isMemoryWhereAsked)
    memoryLocationVerified = locations.isEmpty ? nil : locations.allSatisfy { $0 }
    if let reason = outcome.worker?.memoryRefusal { warn("the memory policy was refused: \(reason)") }
    elapsedSeconds = total(reports.compactMap(\.elapsed))
    load1Before = reports.compactMap(\.interference.load1Before).max()
    involuntaryContextSwitches = total(reports.compactMap(\.interference.involuntarySwitches))
    majorFaults = total(reports.compactMap(\.interference.majorFaults))
    minorFaults = total(reports.compactMap(\.interference.minorFaults))
    stealFraction = reports.compactMap(\.interference.stealFraction).max()
    cpuMhzMean = Statistics.mean(reports.compactMap(\.interference.clock)).map(Unit.megahertz.fromBase)
    throttleEvents = total(reports.compactMap(\.interference.throttleEvents))
    packageEnergyJoules = total(reports.compactMap(ResultRow.energy))
    temperatureMaxCelsius = reports.compactMap(\.interference.temperature).max()
    cycles = total(reports.compactMap(\.interference.cycles))
    instructions = total(reports.compactMap(\.interference.instructions))
    countersSource = reports.compactMap(\.interference.countersSource).first ?? ""
    let limits = Set(
      reports.flatMap { ($0.interference.clockLimits ?? "").split(separator: " ").map(String.init) })
    if !limits.isEmpty { warn("the driver held the clock down: \(limits.sorted().joined(separator: ", "))") }
  }

  /// Energy of the samples: of a device that was watched longer, their part of it.
  private static func energy(_ report: CaseReport) -> Double? {
    guard let energy = report.interference.packageEnergy else { return nil }
    guard let watched = report.interference.watched, watched > 0 else { return energy }
    return report.sampled.map { energy * min(1, $0 / watched) }
  }

  private func total<Number: AdditiveArithmetic>(_ values: [Number]) -> Number? {
    values.isEmpty ? nil : values.reduce(.zero, +)
  }
}

extension Shape {
  /// What tells an attention from one over all keys in rows of floats, for keys; nothing for the plain one.
  fileprivate var forms: [String] {
    let numbers = [("dv", headDimV), ("window", window), ("block", blockKeys)]
    return numbers.compactMap { name, value in value.map { "\(name)\($0)" } }
      + (cacheType.map { ["kv_\($0.rawValue)"] } ?? [])
      + (keysTurned == true ? ["turned"] : []) + (latent == true ? ["latent"] : [])
  }

  /// The order in which keys and values lie, slowest first.
  fileprivate var cacheLayout: String {
    switch (blockKeys != nil, latent == true) {
    case (false, false): "batch_heads_positions_dim"
    case (true, false): keysTurned == true ? "blocks_heads_dim_keys" : "blocks_heads_keys_dim"
    case (false, true): "batch_positions_latent"
    case (true, true): "blocks_keys_latent"
    }
  }
}

extension InstructionSet {
  /// The set of a path such as `avx512_bf16 dot`.
  static func of(path: String) -> InstructionSet? {
    path.split(separator: " ").first.flatMap { InstructionSet(rawValue: String($0)) }
  }

  /// The level that the module's object code is built for.
  var compilerTarget: String {
    switch self {
    case .baseline: "baseline of the architecture"
    case .avx2: "x86-64-v3"
    case .avx512: "x86-64-v4"
    case .avx512BF16: "cooperlake"
    case .avx512FP16: "cooperlake with avx512fp16"
    case .neon: "armv8-a"
    }
  }
}
