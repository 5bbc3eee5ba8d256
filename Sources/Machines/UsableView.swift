// A machine cut down to the PUs that this process may use: its domains, and its cores in the order in which
// threads take them.

/// The usable part of a machine.
struct UsableView: Hashable, Sendable {
  /// A way in which cores share something: the domains of one kind, each as positions in `cores`.
  struct Level: Hashable, Sendable {
    /// `l2`, `l3`, `numa` or `package`.
    let kind: String
    /// Cores of each domain that has any, in the machine's order.
    let domains: [[Int]]
    /// Most cores in one domain.
    var width: Int { domains.map(\.count).max() ?? 0 }
  }

  let machine: Machine
  /// Usable PUs.
  let usable: CPUSet
  /// Usable PUs of each core that has any, in the machine's order.
  let cores: [CPUSet]
  /// Most threads that the quota feeds.
  let threadCap: Int
  let l2: Level
  /// The L3 (or L4) domains; where none is reported, those of the highest cache that cores share.
  let lastCache: Level
  let numa: Level
  let package: Level
  /// Memories that pages may lie on: those next to usable CPUs first; `remote1` is the second of them.
  let memories: [Machine.NUMANode]

  init(_ machine: Machine) {
    self.machine = machine
    usable = machine.allowed
    let known = machine.coreSets.map { $0.intersection(machine.allowed) }.filter { !$0.isEmpty }
    let inCores = Set(known.flatMap(\.cpus))
    // A PU that belongs to no reported core stands for a core of its own.
    cores = known + machine.allowed.cpus.filter { !inCores.contains($0) }.map { CPUSet([$0]) }
    // Rounded down: a thread that gets half a CPU makes the others wait.
    threadCap = machine.quotaCPUs.map { $0 < 1 ? 1 : Int(min($0, 1e6)) } ?? Int.max

    var coreOf: [Int: Int] = [:]
    for (index, core) in cores.enumerated() {
      for cpu in core.cpus { coreOf[cpu] = index }
    }
    func level(_ kind: String, _ sets: [CPUSet], atLeast: Int = 1) -> Level {
      let domains = sets.map { set in Set(set.cpus.compactMap { coreOf[$0] }).sorted() }
      return Level(kind: kind, domains: domains.filter { $0.count >= atLeast })
    }
    func caches(_ level: Int) -> [CPUSet] { machine.caches.filter { $0.level == level }.map(\.sharedBy) }
    l2 = level("l2", caches(2), atLeast: 2)
    // Below the third level a cache counts only where cores share it.
    lastCache =
      Set(machine.caches.map(\.level)).sorted(by: >).lazy
      .map { number in level("l3", caches(number), atLeast: number >= 3 ? 1 : 2) }
      .first { !$0.domains.isEmpty } ?? Level(kind: "l3", domains: [])
    numa = level("numa", machine.memoryNodes.map(\.cpus))
    package = level("package", machine.packageSets)

    // A node that reports no byte where others do has no memory.
    let tellsSizes = machine.memoryNodes.contains { $0.bytes > 0 }
    let reachable = machine.memoryNodes.filter {
      ($0.bytes > 0 || !tellsSizes)
        && (machine.allowedNodes.isEmpty || machine.allowedNodes.contains($0.number))
    }
    let isNear = reachable.map { node in node.cpus.cpus.contains { coreOf[$0] != nil } }
    memories =
      zip(reachable, isNear).filter(\.1).map(\.0) + zip(reachable, isNear).filter { !$0.1 }.map(\.0)
  }

  /// True when some core has two usable PUs.
  var hasSMT: Bool { cores.contains { $0.count > 1 } }

  /// Numbers of the NUMA nodes next to a set of PUs.
  func nodes(of cpus: CPUSet) -> CPUSet {
    CPUSet(machine.memoryNodes.filter { !$0.cpus.intersection(cpus).isEmpty }.map(\.number))
  }

  /// Names of the kinds of cores in a set of PUs, slowest first.
  func kinds(of cpus: CPUSet) -> [String] {
    machine.kinds.filter { !$0.cpus.intersection(cpus).isEmpty }.map(\.name)
  }

  // MARK: The order of cores

  /// Levels that tell something, largest domains first; a level of single cores tells nothing.
  private func tellingLevels(_ levels: [Level]) -> [Level] {
    levels.filter { $0.width > 1 }.enumerated()
      .sorted { ($0.element.width, -$0.offset) > ($1.element.width, -$1.offset) }.map(\.element)
  }

  /// All usable cores, neighbours together: the fast before the slow, and the core with CPU 0, which serves most
  /// interrupts, last in the innermost domain.
  func compactOrder() -> [Int] {
    order(tellingLevels([package, numa, lastCache, l2])) { Array($0.joined()) }
  }

  /// All usable cores, spread: one of each package, node and cache domain before the second of any.
  func scatterOrder() -> [Int] {
    order(tellingLevels([package, numa, lastCache])) { groups in
      (0..<(groups.map(\.count).max() ?? 0)).flatMap { turn in
        groups.compactMap { turn < $0.count ? $0[turn] : nil }
      }
    }
  }

  private func order(_ levels: [Level], _ join: @escaping ([[Int]]) -> [Int]) -> [Int] {
    let fastestFirst = machine.kinds.reversed().map(\.cpus)
    let rank = cores.map { core in
      fastestFirst.firstIndex { kind in core.cpus.first.map(kind.contains) ?? false } ?? fastestFirst.count
    }
    let owner = levels.map { level in
      var owners = [Int](repeating: -1, count: cores.count)
      for (domain, members) in level.domains.enumerated() { for core in members { owners[core] = domain } }
      return owners
    }
    func ordered(_ members: [Int], _ depth: Int) -> [Int] {
      guard depth < levels.count else {
        return stable(members) { rank[$0] * 2 + (cores[$0].contains(0) ? 1 : 0) }
      }
      var groups: [Int: [Int]] = [:]
      var seen: [Int] = []
      for core in members {
        let domain = owner[depth][core]
        if groups[domain] == nil { seen.append(domain) }
        groups[domain, default: []].append(core)
      }
      let parts = seen.map { ordered(groups[$0] ?? [], depth + 1) }
      return join(stable(parts) { $0.first.map { rank[$0] } ?? 0 })
    }
    return ordered(Array(cores.indices), 0)
  }

  private func stable<T>(_ items: [T], by key: (T) -> Int) -> [T] {
    items.enumerated().map { ($0.offset, key($0.element), $0.element) }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.2)
  }

  // MARK: Sizes of sweeps

  /// Numbers of cores of the compact sweep: 1, 2, 4 … inside the first cache domain, then whole domains, nodes
  /// and packages, each level by doubling.
  func compactSizes(_ order: [Int]) -> [Int] {
    var sizes: Set<Int> = []
    var units = order.map { _ in 1 }
    for level in tellingLevels([package, numa, lastCache]).reversed() + [nil] {
      let inside = level.map { prefixCounts(order, $0) } ?? [order.count]
      let end = inside.first ?? order.count
      sizes.formUnion(doublings(of: units, upTo: end))
      units = inside
    }
    return sizes.sorted()
  }

  /// Numbers of cores of the scattered sweep: 1, 2, 4 … domains with one core each, then two, four … in each.
  func scatterSizes(_ order: [Int]) -> [Int] {
    let domains = max(1, tellingLevels([package, numa, lastCache]).last?.domains.count ?? 1)
    let ones = doublings(of: order.map { _ in 1 }, upTo: min(domains, order.count))
    let more = sequence(first: 2 * domains) { $0 * 2 }.prefix { $0 < order.count }
    return Set(ones + more + [order.count]).sorted()
  }

  /// Cores in each run of the order that lies in one domain.
  private func prefixCounts(_ order: [Int], _ level: Level) -> [Int] {
    var owners = [Int](repeating: -1, count: cores.count)
    for (domain, members) in level.domains.enumerated() { for core in members { owners[core] = domain } }
    var counts: [Int] = []
    var last: Int?
    for core in order {
      if owners[core] == last { counts[counts.count - 1] += 1 } else { counts.append(1) }
      last = owners[core]
    }
    return counts
  }

  /// The sums of the first 1, 2, 4 … units, and all of them, as far as `end`.
  private func doublings(of units: [Int], upTo end: Int) -> [Int] {
    var sums: [Int] = []
    var sum = 0
    var wanted = 1
    for (index, unit) in units.enumerated() where sum < end {
      sum += unit
      guard index + 1 == wanted else { continue }
      sums.append(sum)
      wanted *= 2
    }
    return sums.filter { $0 < end } + [end]
  }
}
