// What all rows of one run share: the run, the program, the machine, the system around it.

import Foundation
public import Machines
public import Measurement

/// One run of a suite on one machine.
public struct RunInfo: Sendable {
  /// 8 hexadecimal digits, new for each run.
  public var id: String
  /// Start, UTC, ISO 8601.
  public var started: String
  /// Name of the suite.
  public var suite: String
  /// Version of the suite's list of rows.
  public var suiteVersion: Int
  /// The machine.
  public var machine: Machine
  /// The system around it.
  public var host: HostState
  /// Version of this program.
  public var programVersion: String
  /// Version of hwloc, or empty.
  public var hwlocVersion: String
  /// Seed of operands and of the order of rows.
  public var seed: UInt64
  /// True where OPENBLAS_CORETYPE named the BLAS kernels.
  public var isCoreTypeForced: Bool
  /// Sentence that every BLAS row carries, or empty.
  public var blasWarning = ""
  /// Label of the host as the user gave it, or empty.
  public var hostLabel = ""
  /// Free labels of the run, or empty.
  public var tags = ""
  /// False where the user did without the comparison with the oracle.
  public var verifies = true
  /// The run's place in a fleet; nil where its launchers disagree about it.
  private let fleet: FleetEnvironment?

  /// A run that starts now, or one that goes on under its old id and start.
  public init(
    suite: String, suiteVersion: Int, machine: Machine, host: HostState, programVersion: String,
    hwlocVersion: String, seed: UInt64, isCoreTypeForced: Bool, id: String? = nil, started: String? = nil,
    environment: [String: String]
  ) {
    self.started = started ?? utcNow()
    self.id = id ?? String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16)
    self.suite = suite
    self.suiteVersion = suiteVersion
    self.machine = machine
    self.host = host
    self.programVersion = programVersion
    self.hwlocVersion = hwlocVersion
    self.seed = seed
    self.isCoreTypeForced = isCoreTypeForced
    fleet = try? FleetEnvironment(environment)
  }

  /// Name that ties the run's files together: start, machine, suite, run.
  public var stem: String {
    let stamp = started.filter { $0 != "-" && $0 != ":" }
    return "\(stamp)_\(machine.machineSlug)_\(suite)_\(id)"
  }

  /// A row that carries this run's and its machine's columns, and nothing else.
  func emptyRow() -> ResultRow {
    var row = ResultRow()
    row.schemaVersion = ResultRow.schemaVersion
    row.runId = id
    row.runStartedUtc = started
    row.suite = suite
    row.suiteVersion = suiteVersion
    row.deviceKind = "cpu"
    row.deviceName = machine.modelName
    row.deviceCount = known(machine.packages)
    row.harnessVersion = programVersion
    row.harnessCommit = SourceRevision.ofThisBuild.commit
    row.harnessDirty = SourceRevision.ofThisBuild.isDirty
    row.buildMode = RunInfo.buildMode
    row.swiftVersion = RunInfo.swiftVersion
    row.hostLabel = hostLabel
    row.tags = tags
    row.seed = Int(exactly: seed)
    row.timer = MonotonicTime.name
    fillMachine(&row)
    fillSystem(&row)
    fleet?.fill(&row)
    return row
  }

  private func fillMachine(_ row: inout ResultRow) {
    row.machineId = machine.machineID
    row.machineLabel = machine.machineSlug
    row.cpuVendor = machine.vendor
    row.cpuModelName = machine.modelName
    row.cpuFamily = machine.family
    row.cpuModel = machine.model
    row.cpuStepping = machine.stepping
    row.isaFeatures = machine.features.joined(separator: " ")
    row.packages = known(machine.packages)
    row.numaNodes = known(machine.numaNodes)
    row.l3Domains = machine.cacheCount(level: 3)
    row.l2Domains = machine.cacheCount(level: 2)
    row.cores = known(machine.cores)
    row.pus = known(machine.pus)
    row.smtWidth = machine.smtWidth
    row.coreKinds = machine.coreKinds.joined(separator: " ")
    row.l1dBytes = machine.cacheBytes(level: 1)
    row.l2Bytes = machine.cacheBytes(level: 2)
    row.l3Bytes = machine.cacheBytes(level: 3)
    let level3 = machine.caches.filter { $0.level == 3 }.map(\.bytes)
    row.l3TotalBytes = level3.isEmpty || level3.contains(0) ? nil : level3.reduce(0, +)
    row.topologySource = "hwloc"
    row.topologyTrust = machine.topologyTrust.rawValue
    row.hypervisor = machine.hypervisor ?? ""
    row.usableCpusetList = machine.allowed.description
    row.cpuQuotaCores = machine.quotaCPUs
    row.memTotalBytes = known(machine.memoryBytes)
    row.arch = machine.architecture
    row.hwlocVersion = hwlocVersion
    row.accelerators = machine.devices.filter { $0.kind == "gpu" }.map(\.name).joined(separator: "; ")
  }

  private func fillSystem(_ row: inout ResultRow) {
    row.microcode = host.microcode ?? ""
    row.container = host.container ?? ""
    row.governor = host.governor ?? ""
    row.turbo = host.turbo
    row.numaBalancing = host.numaBalancing
    row.thpMode = host.transparentHugePages ?? ""
    row.aslr = host.addressRandomisation
    row.mitigations = host.mitigations ?? ""
    row.osPretty = host.operatingSystem ?? ""
    row.osKernel = host.kernel ?? ""
    row.libc = host.libc ?? ""
  }

  /// The machine's fields hold 0 where nothing was reported.
  private func known(_ value: Int) -> Int? { value > 0 ? value : nil }

  private static var buildMode: String {
    #if DEBUG
    "debug"
    #else
    "release"
    #endif
  }

  private static var swiftVersion: String {
    #if compiler(>=6.4)
    "6.4 or newer"
    #elseif compiler(>=6.3)
    "6.3"
    #else
    "6.2"
    #endif
  }
}

/// The present moment, UTC, ISO 8601 with Z.
public func utcNow() -> String { Date().formatted(.iso8601) }
