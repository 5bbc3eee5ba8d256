// What the options of `run` choose, resolved: the meta file keeps it and a resumed run reads it back.

import Foundation
import Machines
import Measurement
import Quantities
import Results
import Suites
import Tables

/// The settings of a run.
struct RunSettings {
  let options: MeasureOptions
  /// Bytes that may be taken, as the run began: a run that goes on keeps its sizes.
  let availableMemory: Int?
  /// What is measured besides, as the user named it.
  private(set) var peers: [Peer] = []

  /// The settings of a new run.
  init(_ options: MeasureOptions, peers: [Peer] = []) {
    self.options = options
    self.peers = peers
    availableMemory = HostState.availableMemory()
  }

  /// The settings of a stopped run; its suite file is the copy beside its results. Peers are named again: their paths
  /// are not kept.
  ///
  /// - Throws: `CommandFailure` (64) where others are named than in the run.
  init?(_ stopped: StoppedRun, peers: [Peer]) throws {
    var given = stopped.meta.settings
    let measured = given.removeValue(forKey: RunSettings.peersKey) ?? ""
    guard measured == RunSettings.labels(peers) else {
      throw CommandFailure(
        .usage,
        measured.isEmpty
          ? "the run that goes on has no peers; leave out --blas and --peer"
          : "the run that goes on has the peers \(measured.replacing("\n", with: ", ")): name them again with"
            + " --blas and --peer")
    }
    self.peers = peers
    availableMemory = given.removeValue(forKey: RunSettings.memoryKey).flatMap { Int($0) }
    let copy = RunSettings.suiteCopy(stopped.stem)
    if given["suite"]?.hasSuffix(".csv") == true { given["suite"] = copy }
    guard let options = MeasureOptions.of(given) else { return nil }
    self.options = options
  }

  /// The settings as the meta file holds them; a suite file goes by its name without folders.
  var dictionary: [String: String] {
    var all = options.settings
    if options.suite.isFile { all["suite"] = (options.suite.suite as NSString).lastPathComponent }
    all[RunSettings.memoryKey] = availableMemory.map { String($0) }
    if !peers.isEmpty { all[RunSettings.peersKey] = RunSettings.labels(peers) }
    return all
  }

  /// Where the copy of a suite file lies.
  static func suiteCopy(_ stem: String) -> String { stem + ".suite.csv" }

  private static let memoryKey = "available_memory"
  private static let peersKey = "peers"

  private static func labels(_ peers: [Peer]) -> String { peers.map(\.label).joined(separator: "\n") }

  private var isQuickSuite: Bool { options.suite.suite == "quick" && options.suite.shape == nil }

  /// How much evidence: as asked for, else what the suite promises.
  private var rigor: Rigor {
    options.sampling.rigor ?? (isQuickSuite ? .quick : .normal)
  }
  /// Worker processes of each placement.
  var processes: Int { options.sampling.processes ?? rigor.defaults.processes }
  /// Processes that a restless row may get; a number that was asked for is kept, unless noise is what counts.
  var maximumProcesses: Int {
    if options.sampling.maxNoise != nil { return 4 * processes }
    return options.sampling.processes != nil || rigor == .quick ? processes : 2 * processes
  }
  /// Samples of each process.
  var samples: Int { options.sampling.samples ?? rigor.defaults.samples }
  /// Seconds after which no further replicate begins; the quick suite promises two minutes and a half, unless
  /// more evidence is asked for than fits.
  var timeBudget: Double? {
    options.sampling.timeBudget?.seconds ?? (isQuickSuite && rigor == .quick ? 150 : nil)
  }
  /// Seconds after which rows that are not measured are left out; only where the user said so.
  var deadline: Double? { options.sampling.timeBudget?.seconds }

  /// The resolved values, for those that options leave open.
  var resolved: [String: String] {
    var all = options.settings
    all["rigor"] = rigor.rawValue
    all["processes"] = String(processes)
    all["samples"] = String(samples)
    all["max-noise"] = options.sampling.maxNoise.map(decimalText) ?? decimalText(StopRule().maxNoise)
    all["time-budget"] = timeBudget.map(decimalText) ?? "none"
    return all
  }

  /// Cases and placements that all options leave.
  func selection(_ all: PlacementPlan, on machine: Machine) throws -> (cases: [Case], placements: [Placement])
  {
    if let devices = try devices(on: machine) {
      return try options.suite.select(
        try options.suite.inDeviceTypes(try devices.cases(options.suite)), devices.placements)
    }
    return try options.suite.select(
      Peer.add(peers, to: try options.suite.allCases(on: machine)), try options.places.select(all))
  }

  /// The devices that are measured instead of the host; nil = none was asked for.
  ///
  /// - Throws: `CommandFailure`: 64 where options do not go together, 65 where this host has no such device.
  private func devices(on machine: Machine) throws -> DeviceChoice? {
    guard !options.places.device.isEmpty else { return nil }
    if options.places.isGiven || options.places.pages != nil {
      throw CommandFailure(.usage, "--device and places of the host exclude each other; make two runs")
    }
    if options.suite.isa != nil || !options.suite.weights.isEmpty {
      throw CommandFailure(
        .usage, "--isa and --weights are of the host's kernels; leave them out with --device")
    }
    return try DeviceChoice(options.places.device, on: machine)
  }

  /// The plan of the runner.
  func plan(_ machine: Machine, _ cases: [Case], _ places: [Placement]) throws -> RunPlan {
    var sampling = SamplingPlan()
    sampling.samplesPerProcess = samples
    // Operands of the models' shapes take long to lay out; samples that are worth it take longer, too.
    if rigor != .quick { (sampling.minimumSample, sampling.rowCap) = (0.025, 1) }
    if let shortest = options.sampling.minSampleTime { sampling.minimumSample = shortest.seconds }
    let cap = options.sampling.rowTimeCap?.seconds
    if let cap {
      sampling.rowCap = min(sampling.rowCap, cap / Double(processes))
    } else if let timeBudget {
      // Preparation and verification take about as long as the samples.
      let share = 0.5 * timeBudget / Double(max(1, processes * places.count * cases.count))
      sampling.rowCap = min(sampling.rowCap, max(0.02, share))
    }
    sampling.verifies = !options.sampling.noVerify
    var plan = RunPlan(
      cases: cases, placements: places, processes: processes, sampling: sampling, seed: options.sampling.seed,
      isa: try options.suite.instructionSet(on: machine), lastLevelCacheBytes: machine.lastLevelCacheBytes,
      memoryLimit: availableMemory.map { $0 / 4 })
    plan.timeBudget = timeBudget ?? .infinity
    plan.pageMode = options.places.pages ?? .default
    plan.failFast = options.sampling.failFast
    plan.stop.rowTimeCap = cap ?? .infinity
    plan.stop.maximumProcesses = maximumProcesses
    if let noise = options.sampling.maxNoise { plan.stop.maxNoise = noise }
    if let devices = try devices(on: machine) {
      (plan.lastLevelCacheBytes, plan.memoryLimit) = (devices.cacheBytes, devices.memoryLimit)
    } else {
      plan.size(on: machine, availableMemory: availableMemory)
    }
    return plan
  }
}
