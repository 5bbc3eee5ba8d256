// Which places a machine has, and why others are left out.
// The idea: one candidate for each way that cores share something (a cache, a memory, a package), each with
// one PU per core and, where cores have several, with all of them; then memory elsewhere, and independent workers.
// Candidates with the same CPUs, the same memory and the same workers are one placement with several names.

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
public struct PlacementPlan: Hashable, Sendable {
  /// Distinct placements; other names of the same thing are their aliases.
  public private(set) var used: [Placement] = []
  /// What was left out, in the order of the rules.
  public private(set) var dropped: [DroppedPlacement] = []
  /// What else the reader should know, e.g. that a quota caps the threads.
  public private(set) var remarks: [String] = []

  let view: UsableView
  /// The orders behind the names, in the order of the rules.
  private(set) var orders: [(name: String, order: PlacementOrder)] = []

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
    view = UsableView(machine)
    guard !view.usable.isEmpty else {
      dropped = [DroppedPlacement(name: "machine", reason: "this process may use none of its CPUs")]
      return
    }
    for candidate in view.candidates() {
      switch candidate {
      case .absent(let name, let reason): dropped.append(DroppedPlacement(name: name, reason: reason))
      case .site(let site):
        insert(PlacementOrder(site: site))
        if site.teams.joined().contains(where: { $0.count > 1 }) {
          insert(PlacementOrder(site: site, hasSMT: true))
        }
        if site.kind == "numa" { addRemote(site) }
        if site.kind == "machine" { insert(PlacementOrder(site: site, memory: .interleaved)) }
      }
    }
    if !view.hasSMT {
      let reason = "no core shows a second CPU" + (machine.hypervisor == nil ? "" : " to this guest")
      dropped.append(DroppedPlacement(name: "machine+smt", reason: reason))
    }
    let widest = orders.flatMap { $0.order.site.teams.map(\.count) }.max() ?? 0
    if let quota = machine.quotaCPUs, view.threadCap < max(widest, machine.allowed.count) {
      remarks.append(
        "A cgroup quota of \(quota) CPUs caps every placement at \(view.threadCap) thread"
          + (view.threadCap == 1 ? "." : "s."))
    }
  }

  /// The first node's CPUs with each memory that is not next to them.
  private mutating func addRemote(_ site: Site) {
    let near = view.nodes(of: CPUSet(site.teams.joined().flatMap(\.cpus)))
    let far = view.memories.indices.filter { !near.contains(view.memories[$0].number) }
    guard !far.isEmpty else {
      let reason = "no memory lies away from the CPUs of \(site.name)"
      dropped.append(DroppedPlacement(name: "\(site.name)+remote1", reason: reason))
      return
    }
    for index in far { insert(PlacementOrder(site: site, memory: .remote(index))) }
  }

  /// Keeps a placement, or notes it as an alias of an earlier one that is the same.
  private mutating func insert(_ order: PlacementOrder) {
    let candidate: Placement
    do {
      candidate = try view.fit(order)
    } catch {
      dropped.append(DroppedPlacement(name: order.name, reason: error.reason))
      return
    }
    let names = [candidate.name] + order.site.otherNames.map { $0 + (order.hasSMT ? "+smt" : "") }
    for name in names { orders.append((name, order)) }
    guard let index = used.firstIndex(where: { $0.isSame(as: candidate) }) else {
      used.append(candidate.with(aliases: Array(names.dropFirst())))
      return
    }
    used[index] = used[index].with(aliases: used[index].aliases + names)
    dropped.append(
      DroppedPlacement(name: candidate.name, reason: candidate.sameness(as: used[index].name)))
  }

  /// Every other name of a placement.
  func aliases(of place: Placement) -> [String] {
    let twin = used.first { $0.isSame(as: place) }
    return twin.map { ([$0.name] + $0.aliases).filter { $0 != place.name } } ?? []
  }

  public static func == (a: PlacementPlan, b: PlacementPlan) -> Bool { a.view == b.view }
  public func hash(into hasher: inout Hasher) { hasher.combine(view) }
}

extension Placement {
  /// True when both run the same threads on the same CPUs with pages on the same nodes. Pages bound to the one
  /// node of the CPUs lie where first touch puts them.
  func isSame(as other: Placement) -> Bool {
    usedCPUs == other.usedCPUs && memoryPolicy == other.memoryPolicy && expectedNodes == other.expectedNodes
      && Set(replicaSets) == Set(other.replicaSets)
  }

  /// Why a placement gives way to another.
  func sameness(as name: String) -> String {
    replicaSets.isEmpty ? "the same CPUs as \(name)" : "the same workers as \(name)"
  }
}
