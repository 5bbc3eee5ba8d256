// One line of a suite, and what a worker process says of it.

public import Machines
public import Quantities

/// Where the operands are when the kernel starts.
public enum CacheMode: String, Hashable, Sendable, Codable, CaseIterable {
  /// The same buffers each time.
  case hot
  /// All operands rotate through twice the last-level caches at least.
  case cold
  /// Weights (B, keys and values) rotate through four times the last-level caches; activations stay.
  case weightsCold = "weights_cold"
}

/// What the row stands for in a model's pass.
public enum Phase: String, Hashable, Sendable, Codable {
  case square, prefill, decode, training, ceiling
}

/// One operation on one shape by one implementation: a suite's row before it meets a placement.
public struct Case: Hashable, Sendable, Codable {
  /// What is computed.
  public let operation: Operation
  /// On what size.
  public var shape: Shape
  /// Readable name of operation and size, shared by all implementations.
  public let shapeID: String
  /// What it stands for.
  public let phase: Phase
  /// Who computes.
  public let implementation: Implementation
  /// Where the operands are.
  public var cacheMode: CacheMode
  /// Element types of its operands.
  public var dataType = DataType.f32
  /// How the weights of a product lie.
  public var layout = WeightLayout.rowMajor
  /// Pages that its operands ask for.
  public var pageMode = PageMode.default
  /// The model's use of the shape; nil for synthetic shapes.
  public var use: ModelUse?
  /// Collection of shapes that it comes from, or empty.
  public var collection = ""

  /// A case from its parts.
  public init(
    _ operation: Operation, _ shape: Shape, id: String, phase: Phase, by implementation: Implementation,
    cacheMode: CacheMode = .hot
  ) {
    self.operation = operation
    self.shape = shape
    shapeID = id
    self.phase = phase
    self.implementation = implementation
    self.cacheMode = cacheMode
  }

  /// True for the ceilings that a roofline is made of.
  public var isRoofline: Bool {
    operation == .fmaPeak || operation == .typePeak || operation == .memoryRead
  }
}

/// The part that a shape plays in a model.
public struct ModelUse: Hashable, Sendable, Codable {
  /// Name of the model.
  public var model: String
  /// Layer that runs the shape.
  public var layer: String
  /// Pass that the row is a part of, or empty: all rows of a model and pass together are the whole pass.
  public var pass: String
  /// Times that one pass runs the shape; nil = unknown.
  public var callsPerPass: Double?
  /// A use from its parts.
  public init(model: String, layer: String = "", pass: String = "", callsPerPass: Double? = nil) {
    self.model = model
    self.layer = layer
    self.pass = pass
    self.callsPerPass = callsPerPass
  }
}

/// How a case ended in one process.
public enum CaseStatus: String, Hashable, Sendable, Codable {
  case ok, mismatch, failed, timeout, skipped, interrupted
}

/// What happened to the process while the case ran.
public struct Interference: Hashable, Sendable, Codable {
  /// One-minute load average before.
  public var load1Before: Double?
  /// Times that the scheduler took the CPU away.
  public var involuntarySwitches: Int?
  /// Page faults that read from disk.
  public var majorFaults: Int?
  /// Page faults served from memory.
  public var minorFaults: Int?
  /// Share of the machine's CPU time that the hypervisor gave to others.
  public var stealFraction: Double?
  /// Mean clock while timing, in hertz.
  public var clock: Double?
  /// Times that heat or power slowed the CPUs down.
  public var throttleEvents: Int?
  /// Energy of the packages in joules.
  public var packageEnergy: Double?
  /// Highest temperature of a package in degrees Celsius.
  public var temperature: Double?
  /// Core cycles inside samples, in user mode.
  public var cycles: Double?
  /// Instructions inside samples, in user mode.
  public var instructions: Double?
  /// Where the two came from; nil where nobody counted.
  public var countersSource: String?
  /// Mean power of a device while timing, in watts.
  public var power: Double?
  /// Seconds in which `packageEnergy` was burnt where they are more than those inside samples; nil = they are those.
  public var watched: Double?
  /// Mean clock of a device's memory while timing, in hertz.
  public var memoryClock: Double?
  /// What held a device's clock down while timing, in its driver's words; nil = not told.
  public var clockLimits: String?
  /// Nothing known.
  public init() {}
}

/// What one worker process says of one case.
public struct CaseReport: Hashable, Sendable, Codable {
  /// Position of the case in the job.
  public var index: Int
  /// How it ended.
  public var status: CaseStatus
  /// Reason of anything but `ok`; of `ok`, what makes its times doubtful.
  public var detail = ""
  /// Number of the process that measured it, from 0.
  public var process = 0
  /// Instruction set of the code that ran.
  public var isaPath = ""
  /// Declared work of one execution.
  public var work: Work?
  /// Bytes of all operand sets together.
  public var residentBytes: Bytes?
  /// Comparison with the oracle.
  public var verification: Verification?
  /// Executions in each sample.
  public var iterations: Int?
  /// Seconds of untimed work before the first sample.
  public var warmup: Double?
  /// Samples; empty unless `ok`.
  public var samples: [Sample] = []
  /// Why no further sample was taken.
  public var stopReason: StopReason?
  /// Seconds spent on the case, preparation and verification included.
  public var elapsed: Double?
  /// Seconds inside samples, dropped ones among them.
  public var sampled: Double?
  /// Rounds that were taken again because the host's speed moved.
  public var roundsDropped: Int?
  /// Rounds that were kept although it moved.
  public var roundsMoved: Int?
  /// Share of the operands' memory that huge pages back; nil = unknown.
  public var hugePageShare: Double?
  /// True where the operands lie on the nodes that were asked for; nil = unknown.
  public var isMemoryWhereAsked: Bool?
  /// What happened meanwhile.
  public var interference = Interference()
  /// UTC time of the end.
  public var finished = ""

  /// A report of how a case ended.
  public init(index: Int, status: CaseStatus, detail: String = "") {
    self.index = index
    self.status = status
    self.detail = detail
  }
}

/// What the BLAS library of a worker process says of itself.
public struct BLASFacts: Hashable, Sendable, Codable {
  /// Library name.
  public var name: String
  /// Library version.
  public var version: String
  /// Kernel set that it chose.
  public var corename: String
  /// Its configuration string.
  public var config: String
  /// Threads that it uses.
  public var threads: Int
  /// Facts from their parts.
  public init(name: String, version: String, corename: String, config: String, threads: Int) {
    self.name = name
    self.version = version
    self.corename = corename
    self.config = config
    self.threads = threads
  }
}

/// What a worker process says of itself before its first case.
public struct WorkerFacts: Hashable, Sendable, Codable {
  /// Number of the process, from 0.
  public var process: Int
  /// The BLAS that was loaded.
  public var blas: BLASFacts
  /// CPU mask that the kernel reports for the process; nil = not told.
  public var mask: CPUSet?
  /// CPU on which each thread of the team was seen, in thread order; nil = one of before it was told.
  public var threadCPUs: [Int]?
  /// The clock.
  public var clock: ClockQuality
  /// Why the kernel did not take the placement's memory policy; nil = it did, or there was none to take.
  public var memoryRefusal: String?
  /// The build that the worker is of; nil = one of before it was told.
  public var build: WorkerBuildFacts?
  /// The peer that the worker measures; nil = kernels of the program and the OpenBLAS that it is linked to.
  public var peer: Implementation?
  /// True where a variable chose the peer's kernels; nil = not told.
  public var isCoreTypeForced: Bool?
  /// The device that it measures; nil = the host.
  public var device: DeviceFacts?
  /// Facts from their parts.
  public init(process: Int, blas: BLASFacts, mask: CPUSet?, clock: ClockQuality) {
    self.process = process
    self.blas = blas
    self.mask = mask
    self.clock = clock
  }

  /// True where mask and threads are where a placement wants them; nil where the kernel does not tell.
  public func isBound(to place: Placement) -> Bool? {
    if !threadsOutside(place).isEmpty { return false }
    return mask.map { $0 == place.cpus }
  }

  /// CPUs outside a placement on which threads of the team were seen.
  public func threadsOutside(_ place: Placement) -> CPUSet {
    // The kernel says -1 where it does not say.
    CPUSet(Set(threadCPUs ?? []).filter { $0 >= 0 }.subtracting(place.cpus.cpus))
  }
}

/// The build of a worker: two of them can take turns in one run.
public struct WorkerBuildFacts: Hashable, Sendable, Codable {
  /// Hash of the program's file.
  public var id: String
  /// Version of the program.
  public var version: String
  /// Source revision, hexadecimal digits; empty = unknown.
  public var commit: String
  /// True where it was built from changed sources; nil = unknown.
  public var isDirty: Bool?
  /// A build from its parts.
  public init(id: String, version: String, commit: String, isDirty: Bool?) {
    self.id = id
    self.version = version
    self.commit = commit
    self.isDirty = isDirty
  }
}

/// Everything known of one case at one placement, all processes together.
public struct Outcome: Hashable, Sendable {
  /// The case.
  public let subject: Case
  /// Where it ran.
  public let placement: Placement
  /// One report per process that came to it, in order of process.
  public var reports: [CaseReport] = []
  /// Why it got no further process; nil while it may get one.
  public var stopReason: StopReason?
  /// The control rows of its placement in this run.
  public var control = ControlRow()
  /// The A/A floor that they give.
  public var aaFloor: Double? { control.floor }
  /// Processes that were to report at least; fewer than planned where the time budget ended first.
  public var processesWanted: Int
  /// The first process's words about itself.
  public var worker: WorkerFacts?

  /// An outcome without reports yet.
  public init(_ subject: Case, at placement: Placement, processesWanted: Int) {
    self.subject = subject
    self.placement = placement
    self.processesWanted = processesWanted
  }
}
