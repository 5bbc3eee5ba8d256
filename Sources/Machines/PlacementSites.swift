// The sites of a machine: one for each way in which cores share something.

/// What one placement rule found.
enum Candidate {
  /// A site.
  case site(Site)
  /// Nothing, and why.
  case absent(name: String, reason: String)
}

extension UsableView {
  /// The sites of the rules, smallest first, independent workers last.
  func candidates() -> [Candidate] {
    singleCores() + [
      l2.width > 1 ? first(l2) : .absent(name: "l2_0", reason: "no L2 cache is shared by two usable cores"),
      lastCache.domains.isEmpty
        ? .absent(
          name: "l3_0",
          reason: machine.caches.isEmpty ? "no cache is reported" : "no usable cores share a cache")
        : first(lastCache),
      numa.domains.isEmpty
        ? .absent(name: "numa0", reason: "no NUMA node with usable CPUs is reported") : first(numa),
      package.domains.isEmpty ? .absent(name: "package0", reason: "no package is reported") : first(package),
    ] + wholeKinds() + [.site(whole)] + [
      replicas(of: lastCache, "L3 domain"), replicas(of: numa, "NUMA node"),
    ]
  }

  /// All usable cores.
  var whole: Site { Site(name: "machine", kind: "machine", teams: [sets(compactOrder())]) }

  /// The site with this name, whatever its number; nil for none.
  func site(named name: String) -> Site? {
    for (prefix, order) in [("compact", compactOrder), ("scatter", scatterOrder)] {
      if let size = number(name, after: prefix) {
        let cores = order()
        return size > 0 && size <= cores.count
          ? Site(name: name, kind: "sweep", teams: [sets(Array(cores.prefix(size)))]) : nil
      }
    }
    for (prefix, level) in [("l2_", l2), ("l3_", lastCache), ("numa", numa), ("package", package)] {
      if let index = number(name, after: prefix) {
        return level.domains.indices.contains(index) ? domain(name, level, index) : nil
      }
    }
    return core(named: name)
  }

  /// The sites of a sweep: `compact` or `scatter`, as far as the quota feeds them.
  func sweep(_ name: String) -> [Site] {
    let order = name == "scatter" ? scatterOrder() : compactOrder()
    let sizes = name == "scatter" ? scatterSizes(order) : compactSizes(order)
    return sizes.filter { $0 <= threadCap }.map { size in
      Site(name: "\(name)\(size)", kind: "sweep", teams: [sets(Array(order.prefix(size)))])
    }
  }

  private func sets(_ members: [Int]) -> [CPUSet] { members.map { cores[$0] } }

  private func number(_ name: String, after prefix: String) -> Int? {
    guard name.hasPrefix(prefix) else { return nil }
    let digits = name.dropFirst(prefix.count)
    guard digits.allSatisfy({ $0.isASCII && $0.isNumber }), digits.first != "0" || digits.count == 1 else {
      return nil
    }
    return Int(digits)
  }

  /// One core of each kind, the fastest kind first.
  private func singleCores() -> [Candidate] {
    guard !machine.kinds.isEmpty else { return core(named: "core0").map { [.site($0)] } ?? [] }
    return machine.kinds.reversed().map { kind in
      let name = "core0:\(kind.name)"
      return core(named: name).map { .site($0) } ?? .absent(name: name, reason: noCPU)
    }
  }

  /// `core3` or, where there are kinds, `core3:P`, counted in the compact order: CPU 0, which serves most
  /// interrupts, does not come first where another core is near.
  private func core(named name: String) -> Site? {
    let parts = name.split(separator: ":", maxSplits: 1).map(String.init)
    guard let index = parts.first.flatMap({ number($0, after: "core") }) else { return nil }
    var members = compactOrder()
    if parts.count == 2 {
      guard let kind = machine.kinds.first(where: { $0.name == parts[1] }) else { return nil }
      members = members.filter { cores[$0].cpus.first.map(kind.cpus.contains) ?? false }
      members = quietFirst(members)
    } else if machine.kinds.isEmpty {
      members = quietFirst(members)
    }
    guard members.indices.contains(index) else { return nil }
    return Site(name: name, kind: "core", teams: [[cores[members[index]]]])
  }

  /// The same cores, not beginning with CPU 0 where there is another.
  private func quietFirst(_ members: [Int]) -> [Int] {
    guard let first = members.first, members.count > 1, cores[first].contains(0) else { return members }
    return [members[1], first] + members.dropFirst(2)
  }

  private func first(_ level: Level) -> Candidate {
    .site(domain("\(level.kind)\(level.kind.hasPrefix("l") ? "_" : "")0", level, 0))
  }

  /// A domain's usable cores. A first domain of one core is measured on the quiet core of the same kind, so that
  /// it becomes an alias: guests report one L3 or one package for each CPU, and those tell nothing new.
  private func domain(_ name: String, _ level: Level, _ index: Int) -> Site {
    let inside = Set(level.domains[index])
    guard inside.count == 1, index == 0 else {
      return Site(name: name, kind: level.kind, teams: [sets(compactOrder().filter(inside.contains))])
    }
    let kind = inside.first.flatMap { core in
      machine.kinds.first { !$0.cpus.intersection(cores[core]).isEmpty }
    }
    let quiet = core(named: kind.map { "core0:\($0.name)" } ?? "core0")
    return Site(name: name, kind: level.kind, teams: quiet?.teams ?? [sets(Array(inside))])
  }

  private func wholeKinds() -> [Candidate] {
    machine.kinds.map { kind in
      let members = compactOrder().filter { cores[$0].cpus.first.map(kind.cpus.contains) ?? false }
      let name = "kind:\(kind.name)"
      guard !members.isEmpty else { return .absent(name: name, reason: noCPU) }
      return .site(Site(name: name, kind: "kind", teams: [sets(members)]))
    }
  }

  /// One independent worker for each domain, at the same time.
  private func replicas(of level: Level, _ noun: String) -> Candidate {
    let name = "\(level.kind)_replicas"
    guard level.domains.count > 1 else {
      return .absent(name: name, reason: "there is no second \(noun) with usable CPUs")
    }
    guard level.width > 1 else {
      return .absent(name: name, reason: "each \(noun) has one core, which is a core by itself")
    }
    let order = compactOrder()
    var position = [Int](repeating: 0, count: cores.count)
    for (place, core) in order.enumerated() { position[core] = place }
    return .site(
      Site(
        name: name, kind: "replicas", otherNames: ["per_\(name)"],
        teams: level.domains.map { sets($0.sorted { position[$0] < position[$1] }) }))
  }

  private var noCPU: String { "this process may use none of its CPUs" }
}
