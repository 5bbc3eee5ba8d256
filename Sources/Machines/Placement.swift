// Where a worker runs: a named set of PUs, derived from the topology.

/// A named place on the machine with its threads.
public struct Placement: Hashable, Sendable, Codable {
  /// Portable name by kind and index, e.g. `core0`, `l3_0`, `machine`.
  public let name: String
  /// The kind: core, l2, l3, numa, package, kind, machine.
  public let kind: String
  /// One PU per thread, in order.
  public let cpus: CPUSet
  /// Threads that run here (at most `cpus.count`; the quota may cut it).
  public let threads: Int
  /// `off` = one PU per core, `on` = all PUs.
  public let smt: String
  /// NUMA nodes of the PUs, list form.
  public let numaNodes: String
  /// Kind of cores here when the machine has several, else empty.
  public let coreKind: String
  /// Other names that denote the same PUs.
  public let aliases: [String]

  /// The PUs that have a thread: fewer than `cpus` under a quota.
  public var usedCPUs: CPUSet { CPUSet(cpus.cpus.prefix(max(threads, 1))) }

  /// A placement from its parts.
  public init(
    name: String, kind: String, cpus: CPUSet, threads: Int, smt: String = "off",
    numaNodes: String = "", coreKind: String = "", aliases: [String] = []
  ) {
    self.name = name
    self.kind = kind
    self.cpus = cpus
    self.threads = threads
    self.smt = smt
    self.numaNodes = numaNodes
    self.coreKind = coreKind
    self.aliases = aliases
  }
}
