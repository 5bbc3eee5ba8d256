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

  @Option(help: "Go on with a stopped run: its result file. Other options but --format are taken from it.")
  var resume: String?

  @Option(
    help: "Label of this host in the rows; auto = its own name, pseudonym = a hash of it. Default: none.")
  var hostLabel = ""

  @Flag(help: "Only show the cases and placements that would be measured.")
  var dryRun = false

  @OptionGroup var fleet: FleetOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...100).contains(processes) else { throw ValidationError("--processes takes 1 to 100") }
    guard !looksLikeFormula(hostLabel), hostLabel.count <= 60 else {
      throw ValidationError("--host-label takes at most 60 characters that start with a letter or digit")
    }
    guard timeBudget >= 1, timeBudget <= Unit.day.toBase(1) else {
      throw ValidationError("--time-budget takes 1 second to one day")
    }
  }

  func run() throws {
    Interrupt.watch()
    let site = try FleetPlace(fleet)
    var asked = requested
    if !dryRun {
      site.wait()
      asked.hostLabel = try site.label(hostLabel)
    }
    let resume = self.resume ?? site.stoppedRun(in: folder, asking: asked.dictionary)
    let topology = try Topology.live()
    let machine = topology.machine()
    let stopped = try resume.map { try StoppedRun(resultFile: $0) }
    let settings = try stopped.map { try self.settings(of: $0, on: machine, file: resume ?? "") } ?? asked
    try BLASSetup.check(settings.blasCoretype, on: machine)
    let cases = try settings.cases(on: machine)
    let places = try settings.places(topology.placements(for: machine))
    if dryRun {
      try output.show([listing(cases, places)])
      return
    }
    let plan = settings.plan(machine, cases, places)
    let target =
      resume.map { ($0 as NSString).deletingLastPathComponent }.map { $0.isEmpty ? "." : $0 } ?? folder
    try checkWritable(target)
    let doctorWarnings = HostExamination.tell(machine, folder: target)
    let blas =
      stopped.map { BLASSetup(goingOn: $0.meta) }
      ?? BLASSetup(plan: plan, machine: machine, requested: settings.blasCoretype)
    var info = RunInfo(
      suite: settings.suite, suiteVersion: Suite.version, machine: machine,
      host: HostState(environment: ProcessInfo.processInfo.environment),
      programVersion: Plimsoll.configuration.version, hwlocVersion: Topology.hwlocVersion,
      seed: settings.seed,
      isCoreTypeForced: blas.isForced, id: stopped?.meta.runId, started: stopped?.meta.started,
      environment: ProcessInfo.processInfo.environment)
    info.blasWarning = blas.rowWarning
    info.hostLabel = settings.hostLabel
    var outcomes = plan.outcomes()
    if let stopped { outcomes = outcomes.map(stopped.restored) }
    let session = try RunSession(
      info, meta: meta(info, blas, settings, site, doctorWarnings), folder: target,
      topologyXML: try topology.scrubbedXML(),
      outcomes: outcomes)
    outcomes = Runner(
      plan, executable: ownExecutable, arguments: ["worker"], environment: blas.environment
    ).run(session, from: outcomes)
    let rows = try session.close(outcomes)
    let unpublished = site.publish(session.stem, info)
    if let unpublished, Interrupt.status != nil { StandardError.write("WARNING: \(unpublished.message)") }
    try report(rows, session)
    if let unpublished { throw unpublished }
  }

  /// The options of this call.
  private var requested: RunSettings {
    var settings = RunSettings()
    settings.suite = suite
    settings.filters = kernel.map { "kernel:\($0)" } + impl.map { "impl:\($0)" } + filter
    settings.placements = placement
    settings.processes = processes
    settings.timeBudget = timeBudget
    settings.seed = seed
    settings.blasCoretype = blasCoretype
    settings.hostLabel = hostLabel
    return settings
  }

  /// The options of the run that goes on.
  private func settings(
    of stopped: StoppedRun, on machine: Machine, file resume: String
  ) throws -> RunSettings {
    guard stopped.meta.machineId == machine.machineID else {
      throw InputError(
        file: resume,
        "the run was made on another type of machine (\(stopped.meta.machineId)) than this one"
          + " (\(machine.machineID))", advice: "start a new run here")
    }
    guard stopped.meta.programVersion == Plimsoll.configuration.version,
      stopped.meta.suiteVersion == Suite.version, let settings = RunSettings(stopped.meta.settings)
    else {
      throw InputError(file: resume, "another version of plimsoll made this run", advice: "start a new run")
    }
    return settings
  }

  private func meta(
    _ info: RunInfo, _ blas: BLASSetup, _ settings: RunSettings, _ site: FleetPlace, _ doctor: [String]
  ) -> RunMeta {
    var meta = RunMeta(info)
    meta.settings = settings.dictionary
    meta.launch = RunLaunch(site.environment)
    meta.environment = RunMeta.relevant(ProcessInfo.processInfo.environment)
    meta.blasCandidates = blas.candidates
    meta.blasChoice = blas.choice
    meta.blasCoretype = blas.coretype
    meta.warnings = blas.warnings + doctor
    return meta
  }

  private func report(_ rows: [ResultRow], _ session: RunSession) throws {
    for warning in session.meta.warnings where !warning.hasPrefix(HostExamination.mark) {
      StandardError.write("WARNING: \(warning)")
    }
    try output.show(RunSummary(rows: rows, blasNote: BLASSetup.note(session.meta)).tables(output.format))
    if let share = session.meta.measuredShare {
      let floor = session.meta.aaFloor.map { "; A/A floor \(fixed(100 * $0, decimals: 1)) %" } ?? ""
      StandardError.write("\(Int(100 * share)) % of the time was spent in warm-up and samples" + floor)
    }
    let files = """
      \(statusText(rows)); files (.csv, .samples.csv, .meta.json, .topology.xml):
        \(session.stem)
      """
    if output.format == .table {
      try StandardOutput.write("\n" + files + "\n")
    } else {
      StandardError.write(files)
    }
    if Interrupt.wantsEarlyEnd, rows.contains(where: { $0.status != .ok }) {
      StandardError.write(
        "ended early as SIGUSR1 asked; go on with: plimsoll run --resume \(session.stem).csv")
    }
    guard let status = Interrupt.status else { return }
    throw CommandFailure(
      status, "stopped; what was measured is kept. Go on with: plimsoll run --resume \(session.stem).csv")
  }

  /// `90 of 90 rows ok`, or `24 of 26 rows partial, 2 interrupted`.
  private func statusText(_ rows: [ResultRow]) -> String {
    let counts = RowStatus.allCases.map { status in (status, rows.count { $0.status == status }) }
      .filter { $0.1 > 0 }
    return counts.enumerated().map { index, entry in
      "\(entry.1)" + (index == 0 ? " of \(rows.count) rows" : "") + " \(entry.0.rawValue)"
    }.joined(separator: ", ")
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
    try WholeFile.write("", to: probe)
    unlink(probe)
  } catch {
    throw CommandFailure(.inputOutput, "\(folder) cannot be written; choose another folder with -o")
  }
}

/// Bytes in MiB.
func mebibytes(_ bytes: Double) -> Double { Unit.mebibyte.fromBase(bytes) }
