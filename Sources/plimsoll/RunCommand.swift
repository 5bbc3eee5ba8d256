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
      mean is in results/README.md. Every option is also a variable, PLIMSOLL_TIME_BUDGET for \
      --time-budget, and a line of the file of --config. Exit status 5 when a result is wrong, 1 when a \
      row fails or times out.
      Example: plimsoll run --suite quick -o results
      Example: plimsoll run --suite default --filter 'phase:decode -impl:openblas' --time-budget 10m
      """)

  @OptionGroup var measure: MeasureOptions

  @Option(name: [.customShort("o"), .customLong("output")], help: "Folder for the result files.")
  var folder = "results"

  @Option(help: "Go on with a stopped run: its result file. What is measured is taken from it.")
  var resume: String?

  @Flag(help: "Only show the rows and placements that would be measured.")
  var dryRun = false

  @OptionGroup(title: "Peers") var peers: PeerOptions
  @OptionGroup(title: "What is printed") var session: SessionOptions
  @OptionGroup(title: "Configuration") var configuration: ConfigurationOptions
  @OptionGroup(title: "One of many hosts") var fleet: FleetOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    Interrupt.watch()
    let site = try FleetPlace(fleet)
    var asked = measure
    let isMeasuring = !dryRun && !configuration.printConfig
    if isMeasuring {
      site.wait()
      asked.labels.hostLabel = try site.label(measure.labels.hostLabel)
    }
    let named = try peers.peers()
    let new = RunSettings(asked, peers: named)
    let resume = self.resume ?? (isMeasuring ? site.stoppedRun(in: folder, asking: new.dictionary) : nil)
    let topology = try Topology.live()
    let machine = topology.machine()
    // Locked before it is read: of two that go on, the later would measure again what the other is measuring.
    let lock = try isMeasuring ? resume.flatMap(RunSession.lock(goingOn:)) : nil
    let stopped: StoppedRun?
    let settings: RunSettings
    do {
      stopped = try resume.map { try StoppedRun(resultFile: $0) }
      settings = try stopped.map { try goingOn($0, peers: named, on: machine, file: resume ?? "") } ?? new
    } catch {
      lock?.release()
      throw error
    }
    if configuration.printConfig {
      try output.show([ResolvedArguments.table(settings.resolved)])
      return
    }
    try BLASSetup.check(settings.options.blas.blasCoretype, on: machine)
    let (cases, places) = try settings.selection(topology.placements(for: machine), on: machine)
    if !named.isEmpty, let replicas = places.first(where: { $0.workers.count > 1 }) {
      throw CommandFailure(
        .usage,
        "\(replicas.name) has several workers, which leave no turns to peers; choose with --placement")
    }
    let plan = try settings.plan(machine, cases, places)
    if dryRun {
      try output.show([RunListing(plan: plan, suiteName: settings.options.suite.suiteName).table])
      return
    }
    let target = stopped.map { ($0.stem as NSString).deletingLastPathComponent }.map { $0.isEmpty ? "." : $0 }
    try checkWritable(target ?? folder)
    let doctor = HostExamination.tell(machine, folder: target ?? folder, isQuiet: session.quiet)
    let blas = try blasSetup(plan, machine, settings, stopped)
    if !named.isEmpty, session.showsProgress { StandardError.write("Timing the kernel sets of peers …") }
    let crew = PeerSetup(settings.peers, plan: plan, machine: machine)
    let facts = RunFacts(machine: machine, settings: settings, blas: blas, stopped: stopped)
    let info = facts.info()
    var outcomes = plan.outcomes()
    if let stopped { outcomes = outcomes.map(stopped.restored) }
    let run = try RunSession(
      info, meta: facts.meta(info, launch: RunLaunch(site.environment), doctor: doctor, places: places),
      manner: try facts.manner(
        folder: target ?? folder, topologyXML: try topology.scrubbedXML(),
        showsProgress: session.showsProgress, lock: lock),
      outcomes: outcomes)
    outcomes =
      Runner(
        plan,
        build: WorkerBuild(executable: ownExecutable, arguments: ["worker"], environment: blas.environment),
        peers: crew.builds
      ).run([run], from: [outcomes])[0]
    let rows = try run.close(outcomes)
    let unpublished = site.publish(run.stem, info)
    if let unpublished, Interrupt.status != nil { StandardError.write("WARNING: \(unpublished.message)") }
    try report(rows, run)
    if let unpublished { throw unpublished }
  }

  /// The settings of the run that goes on, once it is clear that this program on this machine may do so.
  private func goingOn(
    _ stopped: StoppedRun, peers: [Peer], on machine: Machine, file: String
  ) throws -> RunSettings {
    guard stopped.meta.machineId == machine.machineID else {
      throw InputError(
        file: file,
        "the run was made on another type of machine (\(stopped.meta.machineId)) than this one"
          + " (\(machine.machineID))", advice: "start a new run here")
    }
    guard stopped.meta.pairedWith == nil else {
      throw InputError(
        file: file, "this is one side of 'compare --pair'", advice: "begin that comparison again")
    }
    guard stopped.meta.programVersion == Plimsoll.configuration.version,
      stopped.meta.suiteVersion == Suite.version, stopped.meta.build == Build.id,
      let settings = try RunSettings(stopped, peers: peers)
    else {
      throw InputError(file: file, "another build of plimsoll made this run", advice: "start a new run")
    }
    return settings
  }

  private func blasSetup(
    _ plan: RunPlan, _ machine: Machine, _ settings: RunSettings, _ stopped: StoppedRun?
  ) throws -> BLASSetup {
    if let stopped { return BLASSetup(goingOn: stopped.meta) }
    if session.showsProgress { StandardError.write("Timing the kernel sets of OpenBLAS …") }
    let blas = BLASSetup(plan: plan, machine: machine, requested: settings.options.blas.blasCoretype)
    if let refusal = blas.genericRefusal, !settings.options.blas.allowGenericBlas {
      throw CommandFailure(.usage, refusal)
    }
    return blas
  }

  private func report(_ rows: [ResultRow], _ run: RunSession) throws {
    for warning in run.meta.warnings where !warning.hasPrefix(HostExamination.mark) { session.warn(warning) }
    if let share = run.meta.measuredShare, !session.quiet {
      let floor = run.meta.aaFloor.map { "; A/A floor \(fixed(100 * $0, decimals: 1)) %" } ?? ""
      StandardError.write("\(Int(100 * share)) % of the time was spent in warm-up and samples" + floor)
    }
    if session.quiet {
      try StandardOutput.write(run.stem + ".csv\n")
    } else {
      try output.show(RunSummary(rows: rows, blasNote: BLASSetup.note(run.meta)).tables(output.format))
      let files = """
        \(RunSummary.statusText(rows)); files .csv and, beside it,
        .samples.csv .reports.jsonl .meta.json .topology.xml:
          \(run.stem)
        """
      if output.format == .table {
        try StandardOutput.write("\n" + files + "\n")
      } else {
        StandardError.write(files)
      }
    }
    if Interrupt.wantsEarlyEnd, rows.contains(where: { $0.status != .ok }) {
      StandardError.write("ended early as SIGUSR1 asked; go on with: plimsoll run --resume \(run.stem).csv")
    }
    if let status = Interrupt.status {
      throw CommandFailure(
        status, "stopped; what was measured is kept. Go on with: plimsoll run --resume \(run.stem).csv")
    }
    let wrong = rows.count { $0.status == .mismatch }
    if wrong > 0 {
      throw CommandFailure(
        .verificationMismatch, "\(wrong) rows differ from the oracle; 'plimsoll verify' shows by how much")
    }
    if let failure = RunSummary.failure(rows) { throw CommandFailure(.internalError, failure) }
  }
}

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
