// Where a run measures.

import ArgumentParser
import Foundation
import Machines
import Measurement
import Quantities
import Suites

/// The options that choose placements.
struct PlaceOptions: ParsableArguments {
  @Option(help: "Only these placements, e.g. core0,machine; 'plimsoll placements' lists them.")
  var placement: [String] = []

  @Option(
    help: ArgumentHelp(
      "Measure GPUs instead of the host: cuda:0, cuda:0,cuda:1 or all.", valueName: "device"))
  var device: [String] = []

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
    all["device"] = device.isEmpty ? nil : device.joined(separator: ",")
    all["threads"] = threads
    all["smt"] = smt?.rawValue
    all["numa"] = numa?.rawValue
    all["pages"] = pages?.rawValue
    return all
  }

  /// True where an option chooses among the placements.
  var isGiven: Bool { !placement.isEmpty || threads != nil || smt != nil || numa != nil }

  /// The placements that were asked for, else a core of each kind, the machine and what lies between.
  ///
  /// - Throws: `PlacementSelectionError` for what the machine lacks, `CommandFailure` (64) for a list that is none.
  func select(_ all: PlacementPlan) throws -> [Placement] { try choose(all).places }

  /// The placements that were asked for, and what was left out of them.
  ///
  /// - Throws: as `select`.
  func choose(_ all: PlacementPlan) throws -> PlacementChoice {
    let names = placement.flatMap { $0.split(separator: ",").map(String.init) }
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard placement.isEmpty || !names.isEmpty else {
      throw CommandFailure(.usage, "--placement names no place; 'plimsoll placements' lists them")
    }
    return try all.choose(
      PlacementSelection(names: names, threads: try threadCounts(), smt: smt, numa: numa))
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
