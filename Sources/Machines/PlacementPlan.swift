// Which places of a machine a run measures, and why the others are left out.
// The idea: one candidate for each way that cores share something (a cache, a memory, a package), each with
// one PU per core and, where cores have several, with all of them; candidates with the same PUs are one.

/// A placement that a run leaves out.
public struct DroppedPlacement: Hashable, Sendable, Codable {
  /// Name that it would have had.
  public let name: String
  /// Why it is left out.
  public let reason: String
  /// A dropped placement from its parts.
  public init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }
}

/// The placements of a machine, smallest first.
public struct PlacementPlan: Hashable, Sendable, Codable {
  /// Placements with distinct PUs; other names of the same PUs are their aliases.
  public private(set) var used: [Placement] = []
  /// What was left out, in the order of the rules.
  public private(set) var dropped: [DroppedPlacement] = []
  /// What else the reader should know, e.g. that a quota caps the threads.
  public private(set) var remarks: [String] = []

  /// The placement with this name or alias, or nil.
  public func placement(named name: String) -> Placement? {
    used.first { $0.name == name } ?? used.first { $0.aliases.contains(name) }
  }

  /// Names and aliases, for messages about unknown names.
  public var names: [String] { used.flatMap { [$0.name] + $0.aliases } }

  /// Chooses placements inside the PUs that the process may use.
  ///
  /// Domains are counted among those with usable PUs: `l3_0` is the first cache that this process reaches.
  public init(_ machine: Machine) {
    let view = UsableView(machine)
    guard !view.usable.isEmpty else {
      dropped = [DroppedPlacement(name: "machine", reason: "this process may use none of its CPUs")]
      return
    }
    for rule in view.candidates() {
      switch rule {
      case .absent(let name, let reason): dropped.append(DroppedPlacement(name: name, reason: reason))
      case .domain(let name, let kind, let cpus): add(name, kind: kind, cpus: cpus, view: view)
      }
    }
    if !view.hasSMT {
      let reason = "no core shows a second CPU" + (machine.hypervisor == nil ? "" : " to this guest")
      dropped.append(DroppedPlacement(name: "machine+smt", reason: reason))
    }
    if let quota = machine.quotaCPUs, used.contains(where: { $0.threads < $0.cpus.count }) {
      remarks.append(
        "A cgroup quota of \(quota) CPUs caps every placement at \(view.threadCap) thread"
          + (view.threadCap == 1 ? "." : "s."))
    }
  }

  private mutating func add(_ name: String, kind: String, cpus: CPUSet, view: UsableView) {
    let single = view.onePerCore(cpus)
    insert(view.placement(name, kind: kind, cpus: single, smt: "off"))
    if single.count < cpus.count {
      insert(view.placement(name + "+smt", kind: kind, cpus: cpus, smt: "on"))
    }
  }

  /// Keeps a placement, or notes it as an alias of an earlier one with the same PUs.
  private mutating func insert(_ candidate: Placement) {
    guard let index = used.firstIndex(where: { $0.cpus == candidate.cpus }) else {
      used.append(candidate)
      return
    }
    used[index] = used[index].adding(alias: candidate.name)
    dropped.append(
      DroppedPlacement(name: candidate.name, reason: "the same CPUs as \(used[index].name)"))
  }
}

extension Placement {
  fileprivate func adding(alias: String) -> Placement {
    Placement(
      name: name, kind: kind, cpus: cpus, threads: threads, smt: smt, numaNodes: numaNodes,
      coreKind: coreKind, aliases: aliases + [alias])
  }
}
