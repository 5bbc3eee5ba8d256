// What the options of `run` choose, as one value that the meta file keeps and a resumed run reads back.

import Foundation
import Machines
import Measurement
import Quantities
import Suites
import Tables

/// The settings of a run.
struct RunSettings {
  var suite = "quick"
  var filters: [String] = []
  var placements: [String] = []
  var processes = 3
  var timeBudget = 150.0
  var seed: UInt64 = 1
  var blasCoretype: String?
  var hostLabel = ""
  /// Bytes that may be taken, as the run began: a run that goes on keeps its sizes.
  var availableMemory = HostState.availableMemory()

  /// The settings as the meta file holds them.
  var dictionary: [String: String] {
    [
      "suite": suite, "filter": filters.joined(separator: " "),
      "placement": placements.joined(separator: " "), "processes": String(processes),
      "time_budget": decimalText(timeBudget), "seed": String(seed), "blas_coretype": blasCoretype ?? "",
      "host_label": hostLabel, "available_memory": availableMemory.map { String($0) } ?? "",
    ]
  }

  init() {}

  /// Settings from a meta file; nil when one is missing or makes no sense.
  init?(_ dictionary: [String: String]) {
    guard let suite = dictionary["suite"], let filters = dictionary["filter"],
      let placements = dictionary["placement"], let processes = dictionary["processes"].flatMap({ Int($0) }),
      let timeBudget = dictionary["time_budget"].flatMap({ Double($0) }),
      let seed = dictionary["seed"].flatMap({ UInt64($0) }), (1...100).contains(processes), timeBudget > 0
    else { return nil }
    self.suite = suite
    self.filters = filters.split(separator: " ").map(String.init)
    self.placements = placements.split(separator: " ").map(String.init)
    self.processes = processes
    self.timeBudget = timeBudget
    self.seed = seed
    availableMemory = dictionary["available_memory"].flatMap { Int($0) }
    hostLabel = dictionary["host_label"] ?? ""
    blasCoretype = dictionary["blas_coretype"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The suite's cases that pass all filters, and the ceilings that they are held against.
  ///
  /// - Throws: `CommandFailure` (64) for a name that no case has.
  func cases(on machine: Machine) throws -> [Case] {
    guard Suite.names.contains(suite) else {
      throw CommandFailure.unknown(
        "suite", suite, nearest: nearestNames(to: suite, among: Suite.names), list: "plimsoll run --help")
    }
    let all = Suite.quick(on: machine, cpus: machine.allowed, availableMemory: nil).cases
    var chosen = CaseFilter()
    for text in filters {
      guard let colon = text.firstIndex(of: ":") else {
        throw CommandFailure(.usage, "--filter takes key:value, e.g. phase:decode, not '\(text)'")
      }
      do throws(CaseFilter.Unknown) {
        try chosen.add(String(text[..<colon]), String(text[text.index(after: colon)...]), cases: all)
      } catch {
        throw CommandFailure.unknown(
          error.what, error.name, nearest: error.nearest, list: "plimsoll run --dry-run")
      }
    }
    let cases = all.filter(chosen.matches)
    guard !cases.isEmpty else { throw CommandFailure(.usage, "no case passes all filters together") }
    // A kernel is held against the ceilings of its own run, so these come along whatever the filter says.
    let needsCeilings = cases.contains { $0.phase != .ceiling }
    return all.filter { chosen.matches($0) || (needsCeilings && $0.isRoofline) }
  }

  /// The placements that were named, else a core, the machine and what lies between.
  ///
  /// - Throws: `PlacementSelectionError` for an unknown name.
  func places(_ all: PlacementPlan) throws -> [Placement] {
    try all.select(PlacementSelection(names: placements))
  }

  /// The plan of the runner.
  func plan(_ machine: Machine, _ cases: [Case], _ places: [Placement]) -> RunPlan {
    var sampling = SamplingPlan()
    // Preparation and verification take about as long as the samples.
    let share = 0.5 * timeBudget / Double(processes * places.count * cases.count)
    sampling.rowCap = min(0.5, max(0.02, share))
    var plan = RunPlan(
      cases: cases, placements: places, processes: processes, sampling: sampling, seed: seed,
      isa: machine.bestInstructionSet, lastLevelCacheBytes: machine.lastLevelCacheBytes,
      memoryLimit: availableMemory.map { $0 / 4 })
    plan.timeBudget = timeBudget
    plan.size(on: machine, availableMemory: availableMemory)
    return plan
  }
}
