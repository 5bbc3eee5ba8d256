// What the doctor looks at, as one value: read in one place, judged in another, so that a test can describe any
// host. A nil is a silence of the host, not a zero.

public import Machines

/// The facts of a host that decide whether its timings can be trusted.
public struct HostFacts: Hashable, Sendable {
  /// What OpenBLAS runs, as a worker process saw it.
  public struct BLAS: Hashable, Sendable {
    /// Name that the library gives its kernels.
    public var corename: String
    /// OPENBLAS_CORETYPE of the caller; nil = the library's own choice.
    public var requested: String?
    /// True for the fallback kernels on a CPU with wider vectors.
    public var isGeneric: Bool
    /// FLOP/s on one core; nil = not timed.
    public var rate: Double?
    /// The fastest kernels: value of OPENBLAS_CORETYPE (nil = the library's own choice), name and FLOP/s.
    public var best: Best?
    /// The fastest candidate.
    public struct Best: Hashable, Sendable {
      public var requested: String?
      public var corename: String
      public var rate: Double
      /// A candidate from its parts.
      public init(requested: String?, corename: String, rate: Double) {
        self.requested = requested
        self.corename = corename
        self.rate = rate
      }
    }
    /// What a probe found.
    public init(corename: String, requested: String?, isGeneric: Bool, rate: Double? = nil, best: Best? = nil)
    {
      self.corename = corename
      self.requested = requested
      self.isGeneric = isGeneric
      self.rate = rate
      self.best = best
    }
  }

  /// What happened between two looks at the counters of the kernel.
  public struct Sample: Hashable, Sendable {
    /// CPUs' worth of work that others did meanwhile.
    public var busyCPUs: Double?
    /// Share of the time that the hypervisor took while the CPUs were wanted.
    public var stolenShare: Double?
    /// Thermal throttle events.
    public var throttled: Int?
    /// Pages that went to or came from swap.
    public var swappedPages: Int?
    /// An empty sample to fill in.
    public init() {}
  }

  /// A folder for results.
  public struct Folder: Hashable, Sendable {
    /// True where this user may make files.
    public var isWritable: Bool
    /// Kind of the file system, e.g. `ext4` or `nfs4`; nil = unknown.
    public var fileSystem: String?
    /// Bytes that may still be written.
    public var freeBytes: Int?
    /// A folder from its parts.
    public init(isWritable: Bool, fileSystem: String?, freeBytes: Int?) {
      self.isWritable = isWritable
      self.fileSystem = fileSystem
      self.freeBytes = freeBytes
    }
  }

  // Clocks
  /// Governor of each CPU that tells it.
  public var governors: [String] = []
  /// True where turbo frequencies are allowed.
  public var turbo: Bool?
  /// File that switches turbo.
  public var turboFile: String?
  /// Clock source that the kernel uses.
  public var clockSource: String?
  /// Clock sources that it could use.
  public var clockSources: [String] = []
  /// Hottest sensor and the limit beside it, in degrees Celsius.
  public var hottest: Double?
  public var hottestLimit: Double?
  /// Thermal throttle events since boot.
  public var throttleEvents: Int?

  // CPUs
  /// CPUs that are switched on.
  public var online: CPUSet?
  /// CPUs that this process may use.
  public var allowed: CPUSet?
  /// CPUs that the control group allows, where it says so.
  public var groupCPUs: CPUSet?
  /// CPUs that the scheduler leaves alone.
  public var isolated: CPUSet?
  /// Hardware threads of each core, where told.
  public var siblings: [CPUSet] = []
  /// Word of the kernel's SMT control file.
  public var smtControl: String?
  /// CPUs' worth of quota; nil = none.
  public var quotaCPUs: Double?
  /// False where the process's control groups could not be read.
  public var knowsGroups = false
  /// Periods in which the quota stopped this group, since it was made.
  public var throttledPeriods: Int?
  /// Processes that want to run now, this one aside.
  public var runnable: Int?
  /// One-minute load average.
  public var load1: Double?
  /// Ticks stolen since boot.
  public var stolenTicks: Double?

  // Memory
  /// Word in brackets: always, madvise or never.
  public var hugePages: String?
  /// True where the kernel moves pages between nodes.
  public var numaBalancing: Bool?
  /// NUMA nodes; nil = unknown.
  public var numaNodes: Int?
  /// Bytes that can be taken without swapping, the control group's limit included.
  public var availableMemory: Int?
  /// The control group's limit in bytes; nil = none.
  public var memoryLimit: Int?
  /// Bytes that the suite would like to see free; nil = unknown.
  public var wantedMemory: Int?
  /// Bytes of swap in use.
  public var swapUsed: Int?
  /// Level of address-space randomisation.
  public var addressRandomisation: Int?

  // Surroundings
  /// Hypervisor, nil = none seen.
  public var hypervisor: String?
  /// Container engine, nil = none seen.
  public var container: String?
  /// Who started this process: openmpi, intelmpi, mpich, slurm, pmix, pbs or lsf; nil = none of them.
  public var launcher: String?
  /// Level of `perf_event_paranoid`.
  public var perfParanoid: Int?
  /// True where the kernel shows a performance unit of the core.
  public var hasCounters: Bool?
  /// True where this process is root.
  public var isRoot = false
  /// Energy counter of the package: nil = none, else readable or not.
  public var energyReadable: Bool?
  /// Signals that a batch system sends before its time limit and that would not arrive here.
  public var deafTo: [String]?
  /// Limit of CPU seconds; nil = none or unknown.
  public var cpuSecondsLimit: Int?
  /// Folder for the results; nil = not looked at.
  public var folder: Folder?
  /// The kernels of OpenBLAS; nil = not probed.
  public var blas: BLAS?
  /// What was counted over about a second.
  public var sample = Sample()

  /// A host that tells nothing.
  public init() {}
}
