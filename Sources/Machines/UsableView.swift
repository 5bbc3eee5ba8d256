// A machine cut down to the PUs that this process may use, and the candidates for placements inside it.

/// What one placement rule found.
enum Candidate {
  /// A set of PUs under a name.
  case domain(name: String, kind: String, cpus: CPUSet)
  /// Nothing, and why.
  case absent(name: String, reason: String)
}

/// The usable part of a machine.
struct UsableView {
  let machine: Machine
  /// Usable PUs.
  let usable: CPUSet
  /// Usable PUs of each core that has any.
  let cores: [CPUSet]
  /// Most threads that the quota feeds.
  let threadCap: Int

  init(_ machine: Machine) {
    self.machine = machine
    usable = machine.allowed
    let known = machine.coreSets.map { $0.intersection(machine.allowed) }.filter { !$0.isEmpty }
    let inCores = Set(known.flatMap(\.cpus))
    // A PU that belongs to no reported core stands for a core of its own.
    cores = known + machine.allowed.cpus.filter { !inCores.contains($0) }.map { CPUSet([$0]) }
    // Rounded down: a thread that gets half a CPU makes the others wait.
    threadCap = machine.quotaCPUs.map { $0 < 1 ? 1 : Int(min($0, 1e6)) } ?? Int.max
  }

  /// True when some core has two usable PUs.
  var hasSMT: Bool { cores.contains { $0.count > 1 } }

  /// The first PU of each core inside the set.
  func onePerCore(_ cpus: CPUSet) -> CPUSet {
    CPUSet(cores.compactMap { $0.intersection(cpus).cpus.first })
  }

  /// The set as a placement, with threads, memory nodes and core kind filled in.
  func placement(_ name: String, kind: String, cpus: CPUSet, smt: String) -> Placement {
    let nodes = machine.memoryNodes.filter { !$0.cpus.intersection(cpus).isEmpty }.map(\.number)
    let kinds = machine.kinds.filter { !$0.cpus.intersection(cpus).isEmpty }.map(\.name)
    return Placement(
      name: name, kind: kind, cpus: cpus, threads: min(cpus.count, threadCap), smt: smt,
      numaNodes: CPUSet(nodes).description, coreKind: kinds.joined(separator: "+"))
  }

  /// Every rule's finding, smallest placement first.
  func candidates() -> [Candidate] {
    singleCores() + [sharedL2(), lastLevelCache(), memoryNode(), package()] + wholeKinds()
      + [.domain(name: "machine", kind: "machine", cpus: usable)]
  }

  /// One core, or one core of each kind.
  private func singleCores() -> [Candidate] {
    if machine.kinds.isEmpty {
      return quietCore(of: usable).map { [.domain(name: "core0", kind: "core", cpus: $0)] } ?? []
    }
    return machine.kinds.map { kind in
      let name = "core0:\(kind.name)"
      guard let core = quietCore(of: kind.cpus) else { return .absent(name: name, reason: noCPU) }
      return .domain(name: name, kind: "core", cpus: core)
    }
  }

  /// The first core without CPU 0, which serves most interrupts; the one with it where no other is free.
  private func quietCore(of cpus: CPUSet) -> CPUSet? {
    let inside = cores.map { $0.intersection(cpus) }.filter { !$0.isEmpty }
    return inside.first { !$0.cpus.contains(0) } ?? inside.first
  }

  private func sharedL2() -> Candidate {
    let shared = machine.caches.filter { $0.level == 2 }.map(\.sharedBy).first { coreCount($0) > 1 }
    guard let shared else {
      return .absent(name: "l2_0", reason: "no L2 cache is shared by two usable cores")
    }
    return domain("l2_0", kind: "l2", cpus: shared)
  }

  /// The first L3 (or L4); where none is reported, the first cache of the highest level that cores share.
  private func lastLevelCache() -> Candidate {
    for level in Set(machine.caches.map(\.level)).sorted(by: >) {
      let domains = machine.caches.filter { $0.level == level }.map(\.sharedBy)
      let enough = level >= 3 ? 1 : 2
      if let first = domains.first(where: { coreCount($0) >= enough }) {
        return domain("l3_0", kind: "l3", cpus: first)
      }
    }
    let reason = machine.caches.isEmpty ? "no cache is reported" : "no usable cores share a cache"
    return .absent(name: "l3_0", reason: reason)
  }

  private func memoryNode() -> Candidate {
    guard let node = machine.memoryNodes.first(where: { coreCount($0.cpus) > 0 }) else {
      return .absent(name: "numa0", reason: "no NUMA node with usable CPUs is reported")
    }
    return domain("numa0", kind: "numa", cpus: node.cpus)
  }

  private func package() -> Candidate {
    guard let package = machine.packageSets.first(where: { coreCount($0) > 0 }) else {
      return .absent(name: "package0", reason: "no package is reported")
    }
    return domain("package0", kind: "package", cpus: package)
  }

  private func wholeKinds() -> [Candidate] {
    machine.kinds.map { kind in
      let cpus = kind.cpus.intersection(usable)
      guard !cpus.isEmpty else { return .absent(name: "kind:\(kind.name)", reason: noCPU) }
      return .domain(name: "kind:\(kind.name)", kind: "kind", cpus: cpus)
    }
  }

  /// A domain's usable PUs. A domain of one core is measured on the quiet core of the same kind, so that it
  /// becomes an alias: guests report one L3 or one package for each CPU, and those tell nothing new.
  private func domain(_ name: String, kind: String, cpus: CPUSet) -> Candidate {
    let inside = cpus.intersection(usable)
    guard coreCount(inside) == 1 else { return .domain(name: name, kind: kind, cpus: inside) }
    let sameKind = machine.kinds.first { inside.isSubset(of: $0.cpus) }?.cpus ?? usable
    return .domain(name: name, kind: kind, cpus: quietCore(of: sameKind) ?? inside)
  }

  private func coreCount(_ cpus: CPUSet) -> Int { cores.count { !$0.intersection(cpus).isEmpty } }

  private var noCPU: String { "this process may use none of its CPUs" }
}
