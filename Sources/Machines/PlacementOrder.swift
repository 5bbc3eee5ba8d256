// What a placement's name says: a site, and how many threads, which PUs and which memory there.
// `numa0x4+smt+remote1` = the first four CPUs of the first NUMA node, all PUs of a core, memory on the second.

/// A part of the machine before threads, SMT and memory are chosen.
struct Site: Hashable, Sendable {
  let name: String
  let kind: String
  /// Other names of the same thing.
  var otherNames: [String] = []
  /// Usable cores of each worker that runs here, in the order in which its threads take them.
  let teams: [[CPUSet]]
}

/// Where a placement's pages are asked to be.
enum MemoryChoice: Hashable, Sendable {
  /// By first touch; a NUMA node's own memory is bound.
  case plain
  /// Bound to the node of the CPUs, where they have one.
  case local
  /// In turn on all memories next to usable CPUs.
  case interleaved
  /// On one memory, by its position in `UsableView.memories`; nil = the first that is not next to the CPUs.
  case remote(Int?)

  /// The end of a placement's name.
  var suffix: String {
    switch self {
    case .plain, .local: ""
    case .interleaved: "+interleave"
    case .remote(let index): "+remote\(index.map(String.init) ?? "")"
    }
  }
}

/// A site with its choices.
struct PlacementOrder: Hashable, Sendable {
  var site: Site
  /// Threads of each worker; nil = as many as fit.
  var threads: Int?
  /// All PUs of a core instead of one.
  var hasSMT = false
  var memory = MemoryChoice.plain

  /// The name as it was asked for, without the thread count that only fitting can tell.
  var name: String {
    site.name + (threads.map { "x\($0)" } ?? "") + (hasSMT ? "+smt" : "") + memory.suffix
  }
}

extension UsableView {
  /// The placement that an order describes.
  ///
  /// - Throws: `PlacementSelectionError` for threads, SMT or memory that the site lacks.
  func fit(_ order: PlacementOrder) throws(PlacementSelectionError) -> Placement {
    let site = order.site
    let teams = site.teams.map { $0.flatMap { order.hasSMT ? $0.cpus : Array($0.cpus.prefix(1)) } }
    if order.hasSMT, teams.map(\.count) == site.teams.map(\.count) {
      throw PlacementSelectionError(
        "no core of '\(site.name)' shows a second CPU\(machine.hypervisor == nil ? "" : " to this guest"); leave out SMT"
      )
    }
    let fed = threadCap / max(1, teams.count)
    let widest = teams.map(\.count).max() ?? 0
    guard fed > 0 else {
      throw PlacementSelectionError(
        "the quota feeds \(threadCap) threads, '\(site.name)' has \(teams.count) workers; ask for fewer")
    }
    if let threads = order.threads, threads > min(widest, fed) {
      let limit = fed < widest ? "the quota feeds" : "it has"
      throw PlacementSelectionError(
        "'\(site.name)' cannot run \(threads) threads: \(limit) \(min(widest, fed)); ask for at most that")
    }
    let sets = teams.map { CPUSet($0.prefix(min(order.threads ?? Int.max, fed))) }
    let cpus = CPUSet(sets.flatMap(\.cpus))
    // A quota of one CPU leaves no sibling.
    let sharesCores =
      order.hasSMT && site.teams.joined().contains { $0.count > 1 && $0.intersection(cpus).count > 1 }
    let nodes = nodes(of: cpus)
    let (policy, memory, suffix) = try place(order.memory, site: site, near: nodes)
    let cut = order.threads.flatMap { $0 < widest ? "x\($0)" : nil } ?? ""
    return Placement(
      name: site.name + cut + (order.hasSMT ? "+smt" : "") + suffix, kind: site.kind, cpus: cpus,
      threads: cpus.count, smt: sharesCores ? "on" : "off", numaNodes: nodes.description,
      coreKind: kinds(of: cpus).joined(separator: "+"), memoryPolicy: policy, memoryNodes: memory,
      replicaSets: sets.count > 1 ? sets : [])
  }

  /// Policy, nodes and the end of the name.
  private func place(
    _ choice: MemoryChoice, site: Site, near nodes: CPUSet
  ) throws(PlacementSelectionError) -> (MemoryPolicy, CPUSet, String) {
    switch choice {
    case .plain, .local:
      // With one memory there is nothing to bind to; with CPUs of several nodes first touch is local.
      let isBound = (site.kind == "numa" || choice == .local) && nodes.count == 1 && memories.count > 1
      let hasMemory = memories.contains { nodes.contains($0.number) }
      return (.local, isBound && hasMemory ? nodes : CPUSet([]), "")
    case .interleaved:
      let shared = CPUSet(memories.map(\.number)).intersection(self.nodes(of: usable))
      guard shared.count > 1 else {
        throw PlacementSelectionError(
          "this process has one memory node, nothing to interleave; leave out the interleaving")
      }
      return (.interleave, shared, choice.suffix)
    case .remote(let wanted):
      let index = wanted ?? memories.firstIndex { !nodes.contains($0.number) }
      guard let index, memories.indices.contains(index) else {
        let what =
          memories.count > 1
          ? "memories 0 to \(memories.count - 1)" : "one memory node"
        throw PlacementSelectionError(
          "'\(site.name)' has no remote memory\(wanted.map { " \($0)" } ?? ""): "
            + (wanted == nil && memories.count > 1
              ? "its CPUs are next to every node; ask for numa0"
              : "this process has \(what); see 'plimsoll placements'")
        )
      }
      guard !nodes.contains(memories[index].number) else {
        throw PlacementSelectionError(
          "memory \(index) is next to the CPUs of '\(site.name)'; ask for another node or a smaller place")
      }
      return (.remote, CPUSet([memories[index].number]), MemoryChoice.remote(index).suffix)
    }
  }
}
