// Where a run measures.

import ArgumentParser
import Machines
import Measurement
import Quantities
import Suites

/// The options that choose placements.
struct PlaceOptions: ParsableArguments {
  @Option(help: "Only these placements, e.g. core0,machine; 'plimsoll placements' lists them.")
  var placement: [String] = []

  @Option(help: "Threads at each place, e.g. 1-64*2; without --placement: so many cores.")
  var threads: String?

  @Option(help: "Threads per core: off = one, on = all, both.")
  var smt: PlacementSelection.SMT?

  @Option(help: "Where memory lies: local, interleave or remote.")
  var numa: MemoryPolicy?

  @Option(help: "Pages of operands: default, huge or never.")
  var pages: PageMode?

  /// The options that were given, by name.
  var settings: [String: String] {
    var all: [String: String] = [:]
    all["placement"] = placement.isEmpty ? nil : placement.joined(separator: ",")
    all["threads"] = threads
    all["smt"] = smt?.rawValue
    all["numa"] = numa?.rawValue
    all["pages"] = pages?.rawValue
    return all
  }

  /// The placements that were asked for, else a core, the machine and what lies between.
  ///
  /// - Throws: `PlacementSelectionError` for what the machine lacks, `CommandFailure` (64) for a list that is none.
  func select(_ all: PlacementPlan) throws -> [Placement] {
    try all.select(
      PlacementSelection(
        names: placement.flatMap { $0.split(separator: ",").map(String.init) }, threads: try threadCounts(),
        smt: smt, numa: numa))
  }

  private func threadCounts() throws -> [Int] {
    guard let threads else { return [] }
    do throws(NumberList.Fault) {
      let counts = try NumberList(threads).values
      guard !counts.contains(0) else {
        throw NumberList.Fault(what: "0 threads compute nothing", position: 0)
      }
      return counts
    } catch {
      throw CommandFailure(.usage, "--threads: \(error.what); write e.g. 1-64*2 or 1,2,4")
    }
  }
}

extension PlacementSelection.SMT: ExpressibleByArgument {}
extension PageMode: ExpressibleByArgument {}
extension MemoryPolicy: ExpressibleByArgument {}
