// One row of a result file as a plain value. Every row carries the whole fingerprint of its machine, so
// that files concatenate and any single row can be understood alone. What a column means stands beside
// its name in ResultSchema*.swift. Unknown is nil or the empty text.

/// How a row ended.
public enum RowStatus: String, Hashable, Sendable, Codable, CaseIterable {
  /// Verified and timed by every process that was asked to.
  case ok
  /// Timed, but some of its processes are still missing.
  case partial
  /// Timed without a comparison with the oracle.
  case unverified
  /// The result differs from the oracle: no time is reported.
  case mismatch
  /// The worker process died or the kernel refused.
  case failed
  /// The worker process gave no answer in time.
  case timeout
  /// Not run, for the reason in `status_detail`.
  case skipped
  /// The run was stopped before the row was measured.
  case interrupted

  /// True where the row carries times that may be used.
  public var hasTimes: Bool { self == .ok || self == .partial || self == .unverified }
}

/// One suite row at one placement: the line of a result file.
public struct ResultRow: Hashable, Sendable {
  // Identity
  public var schemaVersion: Int?
  public var rowKey = ""
  public var runId = ""
  public var runStartedUtc = ""
  public var rowFinishedUtc = ""
  public var suite = ""
  public var suiteVersion: Int?
  public var tags = ""
  public var deviceKind = ""
  public var deviceName = ""
  public var deviceCount: Int?

  // Problem
  public var kernel = ""
  public var phase = ""
  public var shapeId = ""
  public var batch: Int?
  public var m: Int?
  public var n: Int?
  public var k: Int?
  public var transA: Bool?
  public var transB: Bool?
  public var groups: Int?
  public var headsQ: Int?
  public var headsKv: Int?
  public var headDimQk: Int?
  public var headDimV: Int?
  public var seqQ: Int?
  public var seqKv: Int?
  public var causal: Bool?
  public var arrayBytes: Int?
  public var dtypeA = ""
  public var dtypeB = ""
  public var dtypeAcc = ""
  public var dtypeOut = ""
  public var layout = ""
  public var flop: Double?
  public var minBytes: Double?
  public var arithmeticIntensityFlopPerByte: Double?

  // Implementation
  public var impl = ""
  public var implVersion = ""
  public var implIsaPath = ""
  public var blasName = ""
  public var blasVersion = ""
  public var blasCorename = ""
  public var blasCorenameForced: Bool?
  public var blasConfig = ""
  public var blasThreads: Int?
  public var harnessVersion = ""
  public var harnessCommit = ""
  public var harnessDirty: Bool?
  public var buildMode = ""
  public var swiftVersion = ""
  public var targetCpuFlags = ""

  // Placement
  public var placement = ""
  public var placementKind = ""
  public var coreKind = ""
  public var smtMode = ""
  public var threads: Int?
  public var cpusetList = ""
  public var numaNodesList = ""
  public var memoryPolicy = ""
  public var memoryNodesList = ""
  public var replicas: Int?
  public var cacheMode = ""
  public var pageMode = ""
  public var hugePageBackingFraction: Double?
  public var bindingVerified: Bool?
  public var memoryLocationVerified: Bool?

  // Status
  public var status: RowStatus = .skipped
  public var statusDetail = ""
  public var warnings = ""

  // Sampling
  public var timer = ""
  public var clockResolutionSeconds: Double?
  public var timerOverheadSeconds: Double?
  public var warmupSeconds: Double?
  public var nProcesses: Int?
  public var nSamples: Int?
  public var iterationsPerSample: Int?
  public var stopReason = ""
  public var elapsedSeconds: Double?
  public var seed: Int?

  // Times, per execution
  public var timeMinSeconds: Double?
  public var timeQ1Seconds: Double?
  public var timeMedianSeconds: Double?
  public var timeQ3Seconds: Double?
  public var timeMaxSeconds: Double?
  public var timeMeanSeconds: Double?
  public var timeStddevSeconds: Double?
  public var timeMadSeconds: Double?
  public var timeMedianCiLowSeconds: Double?
  public var timeMedianCiHighSeconds: Double?
  public var ciLevel: Double?
  public var ciMethod = ""
  public var betweenProcessRelStddev: Double?
  public var withinProcessRelStddev: Double?
  public var outliersMild: Int?
  public var outliersSevere: Int?
  public var driftRelPerMinute: Double?

  // Rates
  public var gflopsMedian: Double?
  public var gflopsCiLow: Double?
  public var gflopsCiHigh: Double?
  public var gflopsBest: Double?
  public var gbytesPerSecondMedian: Double?
  public var computeCeilingGflops: Double?
  public var bandwidthCeilingGbytesPerSecond: Double?
  public var pctOfRoofline: Double?
  public var boundBy = ""
  public var ceilingRunId = ""
  public var tokensPerSecond: Double?

  // Verification
  public var verifyReference = ""
  public var verifyMaxAbsError: Double?
  public var verifyMaxRelError: Double?
  public var verifyNmse: Double?
  public var verifyTolerance: Double?

  // Interference during the row
  public var load1Before: Double?
  public var involuntaryContextSwitches: Int?
  public var majorFaults: Int?
  public var minorFaults: Int?
  public var stealFraction: Double?
  public var cpuMhzMean: Double?
  public var throttleEvents: Int?
  public var packageEnergyJoules: Double?
  public var temperatureMaxCelsius: Double?
  public var cycles: Double?
  public var instructions: Double?
  public var countersSource = ""

  // Machine
  public var machineId = ""
  public var machineLabel = ""
  public var cpuVendor = ""
  public var cpuModelName = ""
  public var cpuFamily = ""
  public var cpuModel = ""
  public var cpuStepping = ""
  public var microcode = ""
  public var isaFeatures = ""
  public var packages: Int?
  public var numaNodes: Int?
  public var l3Domains: Int?
  public var l2Domains: Int?
  public var cores: Int?
  public var pus: Int?
  public var smtWidth: Int?
  public var coreKinds = ""
  public var l1dBytes: Int?
  public var l2Bytes: Int?
  public var l3Bytes: Int?
  public var l3TotalBytes: Int?
  public var topologySource = ""
  public var topologyTrust = ""
  public var hypervisor = ""
  public var container = ""
  public var usableCpusetList = ""
  public var cpuQuotaCores: Double?
  public var memTotalBytes: Int?
  public var governor = ""
  public var turbo: Bool?
  public var numaBalancing: Bool?
  public var thpMode = ""
  public var aslr: Int?
  public var mitigations = ""
  public var arch = ""
  public var osPretty = ""
  public var osKernel = ""
  public var libc = ""
  public var hwlocVersion = ""
  public var accelerators = ""

  // Fleet
  public var hostLabel = ""
  public var scheduler = ""
  public var jobId = ""
  public var nodeRank: Int?
  public var nodeCount: Int?
  public var taskRank: Int?
  public var taskCount: Int?

  // Added by version 2
  public var model = ""
  public var layer = ""
  public var pass = ""
  public var callsPerPass: Double?
  public var sampledSeconds: Double?
  public var roundsDropped: Int?
  public var aaFloor: Double?

  // Added by version 3
  public var window: Int?
  public var blockKeys: Int?

  /// A row in which everything is unknown.
  public init() {}
}
