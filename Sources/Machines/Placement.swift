// Where a worker runs and where its memory lies: named sets of PUs and NUMA nodes, derived from the topology.

/// Where pages are asked to be, seen from the CPUs of a placement.
public enum MemoryPolicy: String, Hashable, Sendable, Codable, CaseIterable {
  /// On the nodes of the CPUs: bound to them where the placement names nodes, else by first touch.
  case local
  /// Page by page in turn on the nodes that the placement names.
  case interleave
  /// On nodes that are not those of the CPUs.
  case remote
}

/// A named place on the machine with its threads.
///
/// A worker applies it in this order: CPU mask, memory policy (`MemoryBinding.apply`), threads, buffers.
public struct Placement: Hashable, Sendable, Codable {
  /// Portable name by kind and index, e.g. `core0`, `l3_0`, `machine+smt`, `numa0+remote1`, `compact4`.
  public let name: String
  /// The kind: core, l2, l3, numa, package, kind, machine, sweep, replicas, device.
  public let kind: String
  /// One PU per thread, no more: a quota or a thread count cuts the set. Of a placement with replicas the PUs of
  /// all.
  public let cpus: CPUSet
  /// Threads that run here, those of all replicas together: at most `cpus.count`.
  public let threads: Int
  /// `off` = one PU per core, `on` = all PUs.
  public let smt: String
  /// NUMA nodes of the PUs, list form.
  public let numaNodes: String
  /// Kind of cores here when the machine has several, else empty.
  public let coreKind: String
  /// Other names that denote the same PUs.
  public let aliases: [String]
  /// Where pages are asked to be.
  public let memoryPolicy: MemoryPolicy
  /// Nodes that the policy binds or interleaves pages to, by number of the operating system; empty = by first
  /// touch.
  public let memoryNodes: CPUSet
  /// PUs of each independent worker that runs here at the same time; empty = one worker on all of `cpus`.
  public let replicaSets: [CPUSet]

  /// The PUs that have a thread.
  public var usedCPUs: CPUSet { CPUSet(cpus.cpus.prefix(max(threads, 1))) }

  /// A placement from its parts.
  public init(
    name: String, kind: String, cpus: CPUSet, threads: Int, smt: String = "off",
    numaNodes: String = "", coreKind: String = "", aliases: [String] = [],
    memoryPolicy: MemoryPolicy = .local, memoryNodes: CPUSet = CPUSet([]), replicaSets: [CPUSet] = []
  ) {
    self.name = name
    self.kind = kind
    self.cpus = cpus
    self.threads = threads
    self.smt = smt
    self.numaNodes = numaNodes
    self.coreKind = coreKind
    self.aliases = aliases
    self.memoryPolicy = memoryPolicy
    self.memoryNodes = memoryNodes
    self.replicaSets = replicaSets
  }

  /// What the column `memory_policy` says: `first_touch`, `bind` or `interleave`.
  public var memoryPolicyName: String {
    switch memoryPolicy {
    case .interleave: "interleave"
    case .local, .remote: memoryNodes.isEmpty ? "first_touch" : "bind"
    }
  }

  /// Nodes where pages should be found after touching; nil where the machine reports no node.
  public var expectedNodes: CPUSet? {
    if !memoryNodes.isEmpty { return memoryNodes }
    return CPUSet(list: numaNodes).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// True where all pages lie on one node, whichever thread touches them first.
  public var hasOneMemoryNode: Bool {
    guard memoryPolicy != .interleave else { return false }
    return threads <= 1 || expectedNodes?.count == 1
  }

  /// A device, driven by one thread on the CPUs next to it.
  ///
  /// - Parameters:
  ///   - ordinal: its number by the driver: `cuda:0` is the first that the driver shows.
  ///   - cpus: CPUs next to it that may be used.
  ///   - numaNodes: their nodes, list form.
  public static func device(_ ordinal: Int, cpus: CPUSet, numaNodes: String) -> Placement {
    Placement(name: "cuda:\(ordinal)", kind: deviceKind, cpus: cpus, threads: 1, numaNodes: numaNodes)
  }

  private static let deviceKind = "device"

  /// The number of the device that a placement is; nil for places of the host.
  public var deviceOrdinal: Int? {
    guard kind == Placement.deviceKind else { return nil }
    return name.split(separator: ":").last.flatMap { Int($0) }
  }

  /// Workers that run here at the same time, at least 1.
  public var replicaCount: Int { max(1, replicaSets.count) }

  /// The placement of each worker: this one where there is one worker, else one for each replica, of the same
  /// name, a thread for each of its PUs.
  public var workers: [Placement] {
    guard !replicaSets.isEmpty else { return [self] }
    return replicaSets.map { set in with(cpus: set, threads: set.count, replicaSets: []) }
  }

  /// The same placement under another name, with other aliases or parts.
  func with(
    name: String? = nil, kind: String? = nil, cpus: CPUSet? = nil, threads: Int? = nil,
    aliases: [String]? = nil,
    memoryPolicy: MemoryPolicy? = nil, memoryNodes: CPUSet? = nil, replicaSets: [CPUSet]? = nil
  ) -> Placement {
    Placement(
      name: name ?? self.name, kind: kind ?? self.kind, cpus: cpus ?? self.cpus,
      threads: threads ?? self.threads, smt: smt, numaNodes: numaNodes, coreKind: coreKind,
      aliases: aliases ?? self.aliases, memoryPolicy: memoryPolicy ?? self.memoryPolicy,
      memoryNodes: memoryNodes ?? self.memoryNodes, replicaSets: replicaSets ?? self.replicaSets)
  }
}
