// Which of a machine's placements a run takes: a few by default, any by name, list or sweep.

import Quantities

/// What the options of a run ask of the placements.
public struct PlacementSelection: Hashable, Sendable, Codable {
  /// Whether a place has one thread per core or one per PU.
  public enum SMT: String, Hashable, Sendable, Codable, CaseIterable {
    case off, on, both
  }

  /// Names or aliases of placements, or `all`, `replicas`, `sweep:compact`, `sweep:scatter`; empty = a core of
  /// each kind, the machine and what lies between.
  public var names: [String]
  /// Threads of each worker of each place: its first so many CPUs; without names, so many cores of the compact
  /// sweep. Empty = as many as the place has.
  public var threads: [Int]
  /// Threads per core; nil = as the names say.
  public var smt: SMT?
  /// Where memory lies; nil = as the names say. Remote is the first memory that is not next to the CPUs.
  public var numa: MemoryPolicy?

  /// A selection from its parts; without any, the default choice.
  public init(
    names: [String] = [], threads: [Int] = [], smt: SMT? = nil, numa: MemoryPolicy? = nil
  ) {
    self.names = names
    self.threads = threads
    self.smt = smt
    self.numa = numa
  }
}

/// Why a selection cannot be served: one sentence with the next step.
public struct PlacementSelectionError: Error, Hashable, CustomStringConvertible {
  /// The sentence.
  public let reason: String
  /// An error with its sentence.
  public init(_ reason: String) { self.reason = reason }
  public var description: String { reason }
}

/// The placements of a selection.
public struct PlacementChoice: Hashable, Sendable {
  /// Each once, in the order of the names.
  public internal(set) var places: [Placement] = []
  /// What was merged into another, or does not exist for one of several places, and why.
  public internal(set) var leftOut: [DroppedPlacement] = []
}

extension PlacementPlan {
  /// The placements that a selection asks for, each once, in the order of the names.
  ///
  /// - Parameter limit: most places of the default choice, further kinds of cores not counted.
  /// - Throws: `PlacementSelectionError` for an unknown name, a thread count that no place has, SMT or memory
  ///   nodes that the machine lacks.
  public func select(
    _ selection: PlacementSelection, limit: Int = 3
  ) throws(PlacementSelectionError) -> [Placement] {
    try choose(selection, limit: limit).places
  }

  /// The placements that a selection asks for, and what it leaves out.
  ///
  /// A place goes by the name that it was asked by; its other names are its aliases.
  /// - Throws: as `select`.
  public func choose(
    _ selection: PlacementSelection, limit: Int = 3
  ) throws(PlacementSelectionError) -> PlacementChoice {
    guard !used.isEmpty else {
      throw PlacementSelectionError("this process may use no CPU of the machine; see 'plimsoll topology'")
    }
    var choice = PlacementChoice()
    var refusals: [PlacementSelectionError] = []
    var served: Set<Int> = []
    for wish in try wishes(selection, limit: limit) {
      for variant in try variants(of: wish, selection) {
        do throws(PlacementSelectionError) {
          let place = try view.fit(variant)
          if let threads = variant.threads { served.insert(threads) }
          if selection.names.isEmpty { served.formUnion(selection.threads) }
          choice.add(place.with(aliases: aliases(of: place)))
        } catch {
          // A place that was asked for by name must exist; of a group, what exists is taken. Thread counts are
          // for the places that have them.
          if wish.isNamed && (selection.threads.isEmpty || selection.names.isEmpty) { throw error }
          refusals.append(error)
          choice.leftOut.append(DroppedPlacement(name: variant.name, reason: error.reason))
        }
      }
    }
    if let lacking = selection.threads.first(where: { !served.contains($0) }) {
      throw refusals.first { $0.reason.contains(" \(lacking) threads") } ?? refusals.first
        ?? PlacementSelectionError("no place runs \(lacking) threads; see 'plimsoll placements'")
    }
    guard !choice.places.isEmpty else {
      throw refusals.first ?? PlacementSelectionError("nothing is left to measure; see 'plimsoll placements'")
    }
    return choice
  }

  /// Something that was asked for, by its own name or as one of a group.
  private struct Wish {
    let order: PlacementOrder
    let isNamed: Bool
  }

  private func wishes(
    _ selection: PlacementSelection, limit: Int
  ) throws(PlacementSelectionError) -> [Wish] {
    var wishes: [Wish] = []
    for name in selection.names {
      switch name {
      case "all": wishes += group { _ in true }
      case "replicas":
        let found = group { $0.replicaCount > 1 }
        guard !found.isEmpty else {
          let reason = dropped.first { $0.name.hasSuffix("_replicas") }?.reason ?? "no domain repeats"
          throw PlacementSelectionError("no replicas here: \(reason); leave 'replicas' out")
        }
        wishes += found
      case "sweep:compact", "sweep:scatter":
        wishes += view.sweep(String(name.dropFirst(6))).map {
          Wish(order: PlacementOrder(site: $0), isNamed: false)
        }
      default: wishes.append(Wish(order: try order(named: name), isNamed: true))
      }
    }
    guard selection.names.isEmpty else { return wishes }
    guard selection.threads.isEmpty else {
      for count in selection.threads {
        guard let site = view.site(named: "compact\(count)") else {
          throw PlacementSelectionError(
            "\(count) threads are more than the \(view.cores.count) cores that this process may use; "
              + "ask for at most that, or name a place with '--placement'")
        }
        wishes.append(Wish(order: PlacementOrder(site: site), isNamed: true))
      }
      return wishes
    }
    return choosePlacements(used, limit: limit).compactMap { place in
      orders.first { $0.name == place.name }.map { Wish(order: $0.order, isNamed: false) }
    }
  }

  private func group(_ isWanted: (Placement) -> Bool) -> [Wish] {
    used.filter(isWanted).compactMap { place in
      orders.first { $0.name == place.name }.map { Wish(order: $0.order, isNamed: false) }
    }
  }

  /// The order that a name stands for: a site, then `x` threads, `+smt`, `+interleave` or `+remote1`.
  private func order(named name: String) throws(PlacementSelectionError) -> PlacementOrder {
    if let known = orders.first(where: { $0.name == name }) { return known.order }
    if let reason = dropped.first(where: { $0.name == name })?.reason {
      throw PlacementSelectionError("there is no '\(name)': \(reason); see 'plimsoll placements'")
    }
    var parts = name.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
    var base = parts.removeFirst()
    if base == "numa_interleaved" || base == "numa_all_interleaved" {
      base = "machine"
      parts.append("interleave")
    }
    var order: PlacementOrder?
    if let site = site(base) {
      order = PlacementOrder(site: site)
    } else if let cross = base.lastIndex(of: "x"), let count = Int(base[base.index(after: cross)...]),
      count > 0, let site = site(String(base[..<cross]))
    {
      order = PlacementOrder(site: site, threads: count)
    }
    for part in parts {
      switch part {
      case "smt": order?.hasSMT = true
      case "interleave", "interleaved": order?.memory = .interleaved
      case "remote": order?.memory = .remote(nil)
      default:
        guard part.hasPrefix("remote"), let index = Int(part.dropFirst(6)), index >= 0 else {
          throw unknown(name)
        }
        order?.memory = .remote(index)
      }
    }
    guard let order else { throw unknown(name) }
    return order
  }

  private func site(_ name: String) -> Site? {
    orders.first { $0.name == name && $0.order.memory == .plain && !$0.order.hasSMT }?.order.site
      ?? view.site(named: name)
  }

  private func unknown(_ name: String) -> PlacementSelectionError {
    let groups = ["all", "replicas", "sweep:compact", "sweep:scatter"]
    let near = nearestNames(to: name, among: orders.map(\.name) + groups)
    let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?"
    return PlacementSelectionError("unknown placement '\(name)'\(hint) (plimsoll placements shows all)")
  }

  /// What the other options make of a wish: one order for each thread count and SMT mode.
  ///
  /// - Throws: `PlacementSelectionError` where the name says one thing and an option another.
  private func variants(
    of wish: Wish, _ selection: PlacementSelection
  ) throws(PlacementSelectionError) -> [PlacementOrder] {
    var order = wish.order
    func against(_ option: String) -> PlacementSelectionError {
      PlacementSelectionError("'\(order.name)' says something else than \(option); leave out one of the two")
    }
    if order.hasSMT, selection.smt == .off {
      guard wish.isNamed else { return [] }
      throw against("--smt off")
    }
    // Of a group both modes are there already.
    if order.hasSMT, selection.smt != nil, !wish.isNamed { return [] }
    if order.threads != nil, !selection.threads.isEmpty { throw against("--threads") }
    if let numa = selection.numa {
      let asked: MemoryChoice =
        switch numa {
        case .local: .local
        case .interleave: .interleaved
        case .remote: .remote(nil)
        }
      if order.memory == .plain {
        order.memory = asked
      } else if !order.memory.isOfKind(asked) {
        guard wish.isNamed else { return [] }
        throw against("--numa \(numa.rawValue)")
      }
    }
    let modes =
      switch selection.smt {
      case nil: [order.hasSMT]
      case .off: [false]
      case .on: [true]
      case .both: [false, true]
      }
    let isCompact = selection.names.isEmpty
    let counts: [Int?] = selection.threads.isEmpty || isCompact ? [order.threads] : selection.threads
    return counts.flatMap { count in
      modes.map { mode in
        var variant = order
        variant.threads = count
        variant.hasSMT = mode
        return variant
      }
    }
  }
}

extension MemoryChoice {
  fileprivate func isOfKind(_ other: MemoryChoice) -> Bool {
    switch (self, other) {
    case (.interleaved, .interleaved), (.remote, .remote), (.local, .local): true
    default: false
    }
  }
}

extension PlacementChoice {
  /// Takes a place, unless the same one was taken under another name.
  mutating func add(_ place: Placement) {
    if let same = places.first(where: { $0.isSame(as: place) }) {
      if same.name != place.name {
        leftOut.append(DroppedPlacement(name: place.name, reason: place.sameness(as: same.name)))
      }
    } else {
      places.append(place)
    }
  }
}

/// The placement under the name `machine` where it is the whole machine.
public func namedMachine(_ place: Placement) -> Placement {
  guard place.name != "machine", place.aliases.contains("machine") else { return place }
  return place.with(
    name: "machine", kind: "machine", aliases: place.aliases.filter { $0 != "machine" } + [place.name])
}

/// Where a suite runs: one core of each kind, the whole machine, and the largest places between them.
///
/// Every placement costs its share of the time, so at most `limit` are taken, a core and the machine first; the
/// cores of further kinds come on top, fastest kind first.
/// All PUs together go by the name `machine`, whatever smaller thing they also are: on another host `l3_0`
/// may be an eighth of it, and rows of the two must not be taken for the same.
public func choosePlacements(_ all: [Placement], limit: Int) -> [Placement] {
  let plain = all.filter { $0.smt == "off" && $0.memoryPolicy == .local && $0.replicaSets.isEmpty }
  var cores = plain.filter { $0.kind == "core" }.reduce(into: [Placement]()) { list, place in
    // One core of each kind: the others are its twins.
    if !list.contains(where: { $0.coreKind == place.coreKind }) { list.append(place) }
  }
  if cores.isEmpty { cores = Array(all.min { $0.threads < $1.threads }.map { [$0] } ?? []) }
  var chosen = cores
  let room = max(1, limit) - 1 + cores.count
  let machine =
    plain.first { $0.name == "machine" || $0.aliases.contains("machine") }
    ?? plain.max { $0.threads < $1.threads }
  let between = plain.sorted { $0.threads > $1.threads }
  for place in [machine.map(namedMachine)].compactMap({ $0 }) + between
  where chosen.count < room && !chosen.contains(where: { $0.cpus == place.cpus }) {
    // One placement of a kind: the others are its twins.
    if chosen.contains(where: { $0.kind == place.kind }) { continue }
    chosen.append(place)
  }
  return chosen.sorted { $0.threads < $1.threads }
}
