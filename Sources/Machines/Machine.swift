// A machine as a plain value: no hwloc here, so that a result row can say which machine it came from.

/// What is known of a host; the Topology room fills it, every later room may hold one.
public struct Machine: Hashable, Sendable, Codable {
  /// One cache level as seen by a core.
  public struct Cache: Hashable, Sendable, Codable {
    /// 1 for L1 data, 2, 3 …
    public let level: Int
    /// Size in bytes; 0 = not reported.
    public let bytes: Int
    /// PUs that share one instance.
    public let sharedBy: CPUSet
    /// A cache from its parts.
    public init(level: Int, bytes: Int, sharedBy: CPUSet) {
      self.level = level
      self.bytes = bytes
      self.sharedBy = sharedBy
    }
  }

  /// A GPU, NIC or other device of interest.
  public struct Device: Hashable, Sendable, Codable {
    /// `gpu`, `network`, `other`.
    public let kind: String
    /// Vendor and product as the kernel names them; never a serial number.
    public let name: String
    /// NUMA node next to it, or nil.
    public let numaNode: Int?
    /// Place on the PCI bus, e.g. `0000:1b:00.0`; nil = not told.
    public let pciBusID: String?
    /// Data rate of its PCIe link in B/s each way, as it was when it was read: links of idle devices may have slowed
    /// down; nil = not told.
    public let linkBytesPerSecond: Double?
    /// A device from its parts.
    public init(
      kind: String, name: String, numaNode: Int?, pciBusID: String? = nil, linkBytesPerSecond: Double? = nil
    ) {
      self.kind = kind
      self.name = name
      self.numaNode = numaNode
      self.pciBusID = pciBusID
      self.linkBytesPerSecond = linkBytesPerSecond
    }
  }

  /// A NUMA node; one without CPUs is a memory (GPU, HBM or CXL).
  public struct NUMANode: Hashable, Sendable, Codable {
    /// Number by the operating system; numbers can have holes.
    public let number: Int
    /// PUs next to it.
    public let cpus: CPUSet
    /// Local memory in bytes; 0 = not reported.
    public let bytes: Int
    /// A node from its parts.
    public init(number: Int, cpus: CPUSet, bytes: Int) {
      self.number = number
      self.cpus = cpus
      self.bytes = bytes
    }
  }

  /// A fact that a host may keep to itself.
  public enum Unread: String, Hashable, Sendable, Codable {
    /// Quota and memory limit of the control groups.
    case limits
    /// Whether the host is a guest.
    case hypervisor
  }

  /// The cores of one kind, where a machine has several.
  public struct CoreKind: Hashable, Sendable, Codable {
    /// `P`, `E`, or `kind0` … slowest first where the machine does not name them.
    public let name: String
    /// PUs of this kind.
    public let cpus: CPUSet
    /// A kind from its parts.
    public init(name: String, cpus: CPUSet) {
      self.name = name
      self.cpus = cpus
    }
  }

  /// CPU vendor, e.g. `AuthenticAMD`.
  public var vendor = ""
  /// CPU family number as text, or empty.
  public var family = ""
  /// CPU model number as text, or empty.
  public var model = ""
  /// CPU stepping as text, or empty.
  public var stepping = ""
  /// Marketing name of the CPU.
  public var modelName = ""
  /// `x86_64` or `arm64`.
  public var architecture = ""
  /// Packages (sockets).
  public var packages = 0
  /// NUMA nodes with CPUs.
  public var numaNodes = 0
  /// Physical cores as reported.
  public var cores = 0
  /// PUs of the machine.
  public var pus = 0
  /// PUs that this process may use.
  public var allowed = CPUSet([])
  /// PUs that exist but are switched off.
  public var offline = CPUSet([])
  /// One entry per cache instance.
  public var caches: [Cache] = []
  /// Caches in front of a memory (MCDRAM as a cache, for one), outside the core's levels.
  public var memorySideCaches: [Cache] = []
  /// CPU features that matter for kernels, e.g. `avx2`, `avx512f`.
  public var features: [String] = []
  /// Kernel modules that this CPU can run, weakest first.
  public var instructionSets: [InstructionSet] = []
  /// Memory in bytes that the operating system shows; 0 = unknown.
  public var memoryBytes = 0
  /// CPUs' worth of cgroup quota; nil = none.
  public var quotaCPUs: Double?
  /// Numbers of the NUMA nodes that this process may take memory from; empty = not told.
  public var allowedNodes = CPUSet([])
  /// What this host does not let us read, so that "none" is not said of it.
  public var unread: Set<Unread> = []
  /// Memory limit of the cgroup in bytes; nil = none.
  public var memoryLimitBytes: Int?
  /// Hypervisor name when the host is a guest; nil = none seen.
  public var hypervisor: String?
  /// True for the host that the program runs on, false for a file or a synthetic description.
  public var isThisSystem = true
  /// GPUs, NICs.
  public var devices: [Device] = []
  /// Names of the kinds of cores, e.g. `P`, `E`; empty where there is one.
  public var coreKinds: [String] { kinds.map(\.name) }
  /// PUs of each package, in order; empty where packages are not reported.
  public var packageSets: [CPUSet] = []
  /// PUs of each core, in order; where cores are not reported each PU counts as one.
  public var coreSets: [CPUSet] = []
  /// NUMA nodes, those without CPUs included.
  public var memoryNodes: [NUMANode] = []
  /// The cores of each kind; empty where there is one kind.
  public var kinds: [CoreKind] = []

  /// An empty machine to fill in.
  public init() {}
}
