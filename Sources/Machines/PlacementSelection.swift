// Which of a machine's placements a run takes: a few by default, any by name, list or sweep.

import Quantities

/// What the options of a run ask of the placements.
public struct PlacementSelection: Hashable, Sendable, Codable {
  /// Whether a place has one thread per core or one per PU.
  public enum SMT: String, Hashable, Sendable, Codable, CaseIterable {
    case off, on, both
  }

  /// Names or aliases of placements, or `all`, `replicas`, `sweep:compact`, `sweep:scatter`; empty = a core, the
  /// machine and what lies between.
  public var names: [String]
  /// Threads at each place: its first so many CPUs; without names, so many cores of the compact sweep. Empty = as
  /// many as the place has.
  public var threads: [Int]
  /// Threads per core; nil = as the names say.
  public var smt: SMT?
  /// Where memory lies; nil = as the names say.
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

extension PlacementPlan {
  /// The placements that a selection asks for, each once, in the order of the names.
  ///
  /// - Parameter limit: most places of the default choice.
  /// - Throws: `PlacementSelectionError` for an unknown name, a thread count that no place has, SMT or memory
  ///   nodes that the machine lacks.
  public func select(
    _ selection: PlacementSelection, limit: Int = 3
  ) throws(PlacementSelectionError) -> [Placement] {
    guard !used.isEmpty else {
      throw PlacementSelectionError("this process may use no CPU of the machine; see 'plimsoll topology'")
    }
    var chosen: [Placement] = []
    for name in selection.names { chosen += try named(name) }
    if selection.names.isEmpty { chosen = choosePlacements(used, limit: limit) }
    return chosen.reduce(into: []) { list, place in
      if !list.contains(place) { list.append(place) }
    }
  }

  private func named(_ name: String) throws(PlacementSelectionError) -> [Placement] {
    guard let place = placement(named: name) else {
      let near = nearestNames(to: name, among: names)
      let hint = near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?"
      throw PlacementSelectionError("unknown placement '\(name)'\(hint) (plimsoll placements shows all)")
    }
    return [name == "machine" ? namedMachine(place) : place]
  }
}

/// The placement under the name `machine` where it is the whole machine.
public func namedMachine(_ place: Placement) -> Placement {
  guard place.name != "machine", place.aliases.contains("machine") else { return place }
  return place.with(
    name: "machine", kind: "machine", aliases: place.aliases.filter { $0 != "machine" } + [place.name])
}

/// Where a suite runs: one core, the whole machine, and the largest places between them.
///
/// Every placement costs its share of the time, so at most `limit` are taken: the ends first.
/// All PUs together go by the name `machine`, whatever smaller thing they also are: on another host `l3_0`
/// may be an eighth of it, and rows of the two must not be taken for the same.
public func choosePlacements(_ all: [Placement], limit: Int) -> [Placement] {
  var chosen: [Placement] = []
  let core = all.first { $0.kind == "core" && $0.smt == "off" } ?? all.min { $0.threads < $1.threads }
  let machine =
    all.first { ($0.name == "machine" || $0.aliases.contains("machine")) && $0.smt == "off" }
    ?? all.max { $0.threads < $1.threads }
  let between = all.filter { $0.smt == "off" }.sorted { $0.threads > $1.threads }
  for place in [core, machine.map(namedMachine)].compactMap({ $0 }) + between
  where chosen.count < max(1, limit) && !chosen.contains(where: { $0.cpus == place.cpus }) {
    // One placement of a kind: the others are its twins.
    if chosen.contains(where: { $0.kind == place.kind }) { continue }
    chosen.append(place)
  }
  return chosen.sorted { $0.threads < $1.threads }
}
