// plimsoll run: measures a suite on this host, each case verified before it is timed.

import ArgumentParser
import Foundation
import Machines
import Measurement
import Quantities
import Results
import Suites
import Tables
import Topology

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Measures this host: matmul, attention, peak and bandwidth.",
    discussion: """
      Each placement is measured by several worker processes, bound to its CPUs. Every case is compared \
      with a double-precision oracle before it is timed. Files go to the folder of -o; what the columns \
      mean is in results/README.md.
      Example: plimsoll run --suite quick -o results
      Example: plimsoll run --kernel gemm --placement core0 --processes 5
      """)

  @Option(help: "Name of the suite: quick.")
  var suite = "quick"

  @Option(name: [.customShort("o"), .customLong("output")], help: "Folder for the result files.")
  var folder = "results"

  @Option(help: "Only this kernel, e.g. gemm; may be repeated.")
  var kernel: [String] = []

  @Option(help: "Only this implementation: swift or openblas; may be repeated.")
  var impl: [String] = []

  @Option(help: "Only cases with key:value; keys: \(CaseFilter.keys.joined(separator: ", ")).")
  var filter: [String] = []

  @Option(help: "Only this placement, e.g. core0 or machine; may be repeated.")
  var placement: [String] = []

  @Option(help: "Worker processes for each placement; 8 or more for a verdict of compare.")
  var processes = 3

  @Option(help: "Seconds that the run should take at most.")
  var timeBudget = 150.0

  @Option(help: "Seed of operands and of the order of cases.")
  var seed: UInt64 = 1

  @Option(
    help: """
      Kernel set of OpenBLAS: a name such as SkylakeX, or auto to time the candidates and take the fastest. \
      Default: what OPENBLAS_CORETYPE says, else auto.
      """)
  var blasCoretype: String?

  @Flag(help: "Only show the cases and placements that would be measured.")
  var dryRun = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...100).contains(processes) else { throw ValidationError("--processes takes 1 to 100") }
    guard timeBudget >= 1, timeBudget <= Unit.day.toBase(1) else {
      throw ValidationError("--time-budget takes 1 second to one day")
    }
  }

  func run() throws {
    let topology = try Topology.live()
    let machine = topology.machine()
    let cases = try chosenCases(on: machine)
    let places = try chosenPlacements(topology.placements(for: machine))
    if dryRun {
      try output.show([listing(cases, places)])
      return
    }
    Interrupt.watch()
    let plan = runPlan(machine, cases, places)
    try checkWritable(folder)
    let blas = BLASSetup(plan: plan, machine: machine, requested: blasCoretype)
    var info = RunInfo(
      suite: suite, suiteVersion: 1, machine: machine, host: HostState(),
      programVersion: Plimsoll.configuration.version, hwlocVersion: Topology.hwlocVersion, seed: seed,
      isCoreTypeForced: blas.isForced, environment: ProcessInfo.processInfo.environment)
    info.blasWarning = blas.rowWarning
    let session = try RunSession(
      info, meta: meta(info, blas, places), folder: folder, topologyXML: try topology.scrubbedXML(),
      expected: cases.count * places.count * processes)
    let outcomes = Runner(
      plan, executable: ownExecutable, arguments: ["worker"], environment: blas.environment
    )
    .run(session)
    let measured = outcomes.map(\.processesWanted).min() ?? processes
    if measured < processes {
      session.warn(
        "the time budget of \(decimalText(timeBudget)) s allowed \(measured) of \(processes) processes")
    }
    let rows = try session.close(outcomes)
    try report(rows, session)
  }

  private func chosenCases(on machine: Machine) throws -> [Case] {
    guard Suite.names.contains(suite) else {
      throw CommandFailure.unknown(
        "suite", suite, nearest: nearestNames(to: suite, among: Suite.names), list: "plimsoll run --help")
    }
    let all = Suite.quick(on: machine, availableMemory: HostState.availableMemory()).cases
    var chosen = CaseFilter()
    let pairs = kernel.map { ("kernel", $0) } + impl.map { ("impl", $0) } + (try filter.map(splitFilter))
    for (key, value) in pairs {
      do throws(CaseFilter.Unknown) {
        try chosen.add(key, value, cases: all)
      } catch {
        throw CommandFailure.unknown(
          error.what, error.name, nearest: error.nearest, list: "plimsoll run --dry-run")
      }
    }
    let cases = all.filter(chosen.matches)
    guard !cases.isEmpty else { throw CommandFailure(.usage, "no case passes all filters together") }
    return cases
  }

  private func splitFilter(_ text: String) throws -> (String, String) {
    guard let colon = text.firstIndex(of: ":") else {
      throw CommandFailure(.usage, "--filter takes key:value, e.g. phase:decode, not '\(text)'")
    }
    return (String(text[..<colon]), String(text[text.index(after: colon)...]))
  }

  private func chosenPlacements(_ all: PlacementPlan) throws -> [Placement] {
    guard !all.used.isEmpty else {
      throw CommandFailure(.badData, "this process may use no CPU of the machine; see 'plimsoll topology'")
    }
    guard !placement.isEmpty else { return choosePlacements(all.used, limit: 3) }
    var chosen: [Placement] = []
    for name in placement {
      guard let place = all.placement(named: name) else {
        throw CommandFailure.unknown(
          "placement", name, nearest: nearestNames(to: name, among: all.names), list: "plimsoll topology")
      }
      let known = name == "machine" ? namedMachine(place) : place
      if !chosen.contains(known) { chosen.append(known) }
    }
    return chosen
  }

  private func runPlan(_ machine: Machine, _ cases: [Case], _ places: [Placement]) -> RunPlan {
    var sampling = SamplingPlan()
    // Preparation and verification take about as long as the samples.
    let share = 0.5 * timeBudget / Double(processes * places.count * cases.count)
    sampling.rowCap = min(0.5, max(0.02, share))
    var plan = RunPlan(
      cases: cases, placements: places, processes: processes, sampling: sampling, seed: seed,
      isa: machine.bestInstructionSet, lastLevelCacheBytes: machine.lastLevelCacheBytes,
      memoryLimit: HostState.availableMemory().map { $0 / 4 })
    plan.timeBudget = timeBudget
    return plan
  }

  private func meta(_ info: RunInfo, _ blas: BLASSetup, _ places: [Placement]) -> RunMeta {
    var meta = RunMeta(info)
    meta.settings = [
      "suite": suite, "kernel": kernel.joined(separator: " "), "impl": impl.joined(separator: " "),
      "filter": filter.joined(separator: " "), "placements": places.map(\.name).joined(separator: " "),
      "processes": String(processes), "time_budget": decimalText(timeBudget), "seed": String(seed),
      "blas_coretype": blasCoretype ?? "",
    ]
    meta.environment = RunMeta.relevant(ProcessInfo.processInfo.environment)
    meta.blasCandidates = blas.candidates
    meta.blasChoice = blas.choice
    meta.warnings = blas.warnings
    return meta
  }

  private func report(_ rows: [ResultRow], _ session: RunSession) throws {
    for warning in session.meta.warnings { StandardError.write("WARNING: \(warning)") }
    try output.show(RunSummary(rows: rows).tables(output.format))
    let good = rows.count { $0.status == .ok }
    let files =
      "\(good) of \(rows.count) rows ok; files:\n  \(session.stem).csv, .samples.csv, .meta.json, .topology.xml"
    if output.format == .table {
      try StandardOutput.write("\n" + files + "\n")
    } else {
      StandardError.write(files)
    }
    guard let status = Interrupt.status else { return }
    throw CommandFailure(
      status, "stopped; what was measured is kept. Go on with: plimsoll run --resume \(session.stem).csv")
  }

  private func listing(_ cases: [Case], _ places: [Placement]) -> ReportTable {
    var table = ReportTable(
      "Cases of \(suite)",
      [.init("kernel"), .init("shape"), .init("impl"), .init("phase"), .init("cache")])
    for subject in cases {
      table.append([
        .text(subject.operation.rawValue), .text(subject.shapeID), .text(subject.implementation.rawValue),
        .text(subject.phase.rawValue), .text(subject.cacheMode.rawValue),
      ])
    }
    table.notes = ["\(cases.count) cases at each of: \(places.map(\.name).joined(separator: ", "))."]
    return table
  }
}

/// This program, as a child process can start it even after the file was replaced.
let ownExecutable = "/proc/self/exe"

/// Refuses a folder in which no file can be made, before any time is spent.
func checkWritable(_ folder: String) throws {
  do {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let probe = "\(folder)/.plimsoll-\(getpid())"
    try replaceFile(probe, with: [])
    unlink(probe)
  } catch {
    throw CommandFailure(.inputOutput, "\(folder) cannot be written; choose another folder with -o")
  }
}

/// Bytes in MiB.
func mebibytes(_ bytes: Double) -> Double { Unit.mebibyte.fromBase(bytes) }
