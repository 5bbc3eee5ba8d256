// Which OpenBLAS kernels the workers get, and what the user is told about it. A peer at half its speed makes
// every ratio worthless, so a bad choice is named loudly, whoever made it.

import Foundation
import Machines
import Measurement
import Quantities
import Results
import Suites
import Tables

/// The environment of the workers with the core type of their BLAS.
struct BLASSetup {
  /// Variables of the workers.
  let environment: [String: String]
  /// OPENBLAS_CORETYPE of the workers; nil = left to the library.
  let coretype: String?
  /// True where it is set and the library heeds it.
  var isForced: Bool {
    guard let coretype, let used = candidates.first(where: { $0.requested == coretype }) else { return false }
    return used.corename.lowercased() == coretype.lowercased()
  }
  /// What the probe found, in the order of its candidates.
  let candidates: [RunMeta.CoreType]
  /// How the choice was made, as a phrase.
  let choice: String
  /// Sentences for the end of the run and the meta file.
  let warnings: [String]
  /// Sentence that every BLAS row carries; empty where all is well.
  let rowWarning: String
  /// Why a run should not begin unless the user allows it: generic kernels that nobody asked for; nil = it may.
  private(set) var genericRefusal: String?

  /// Chooses: `--blas-coretype NAME` wins, then OPENBLAS_CORETYPE unless `auto` is asked for, then the fastest.
  init(plan: RunPlan, machine: Machine, requested: String?) {
    let inherited = ProcessInfo.processInfo.environment
    guard plan.cases.contains(where: { $0.implementation == .openblas }), let place = plan.placements.first
    else {
      self.init(environment: inherited, coretype: nil, choice: "no BLAS row")
      return
    }
    let isAuto = requested?.lowercased() == "auto"
    let exported = inherited["OPENBLAS_CORETYPE"].flatMap { $0.isEmpty ? nil : $0 }
    let named = isAuto ? nil : requested ?? exported
    var core = place
    if let first = place.cpus.cpus.first {
      core = Placement(name: "probe", kind: "core", cpus: CPUSet([first]), threads: 1)
    }
    var names = CoreTypeChoice.names(for: machine)
    if let named, !names.contains(named) { names.append(named) }
    let probe = CoreTypeChoice.probe(
      names, plan: plan, placement: core, executable: ownExecutable, arguments: ["worker"],
      environment: inherited, observer: ProbeObserver())
    // A cache size that was exported for another core type would spoil the chosen one.
    let chosen = named ?? probe.best?.requested
    var environment = inherited
    if named == nil || requested != nil {
      environment = environment.filter { !$0.key.hasPrefix("OPENBLAS_") }
    }
    environment["OPENBLAS_CORETYPE"] = chosen
    let used = probe.candidates.first { $0.requested == chosen }
    let warning = BLASSetup.warning(used, probe, machine, named: named, isExported: requested == nil)
    self.init(
      environment: environment, coretype: chosen,
      candidates: probe.candidates.map {
        RunMeta.CoreType(
          requested: $0.requested, corename: $0.corename, gflops: Unit.gigaflops.fromBase($0.rate))
      },
      choice: named == nil
        ? "fastest of the probe" : requested == nil ? BLASSetup.callersChoice : "--blas-coretype",
      warning: warning)
    if named == nil, let used, CoreTypeChoice.isGeneric(used.corename, on: machine) {
      genericRefusal =
        "OpenBLAS has only its generic \(used.corename) kernels here, on a CPU with "
        + "\(machine.bestInstructionSet.rawValue): ratios to it would say nothing; "
        + "--allow-generic-blas measures all the same"
    }
  }

  /// The choice of a run that goes on: rows of two core types must not stand in one file.
  init(goingOn meta: RunMeta) {
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("OPENBLAS_") }
    for (name, value) in meta.environment
    where meta.blasChoice == BLASSetup.callersChoice && name.hasPrefix("OPENBLAS_") {
      environment[name] = value
    }
    environment["OPENBLAS_CORETYPE"] = meta.blasCoretype
    self.init(
      environment: environment, coretype: meta.blasCoretype, candidates: meta.blasCandidates,
      choice: meta.blasChoice, warning: meta.warnings.first { $0.contains("OpenBLAS") })
  }

  /// Refuses a kernel set that OpenBLAS would silently ignore: the one of `--blas-coretype`, or without it that of
  /// the caller's OPENBLAS_CORETYPE.
  ///
  /// - Throws: `CommandFailure` (64) with the nearest names.
  static func check(_ requested: String?, on machine: Machine) throws(CommandFailure) {
    let known = CoreTypeChoice.known(on: machine)
    func isKnown(_ name: String, _ names: [String]) -> Bool {
      names.contains { $0.lowercased() == name.lowercased() }
    }
    func unknown(_ name: String, _ origin: String, _ names: [String]) -> CommandFailure {
      let nearest = nearestNames(to: name, among: names)
      return CommandFailure(
        .usage,
        "unknown OpenBLAS core type '\(name.prefix(40))'\(origin)"
          + (nearest.isEmpty ? "" : "; did you mean \(nearest.joined(separator: ", "))?")
          + " (--blas-coretype takes auto, \(known.joined(separator: ", ")))")
    }
    if let requested {
      guard isKnown(requested, ["auto"] + known) else { throw unknown(requested, "", ["auto"] + known) }
    } else if let exported = ProcessInfo.processInfo.environment["OPENBLAS_CORETYPE"], !exported.isEmpty {
      guard isKnown(exported, known) else { throw unknown(exported, " in OPENBLAS_CORETYPE", known) }
    }
  }

  /// The line under each table whose ratios come from a crippled peer; nil where the peer runs at its best.
  static func note(_ meta: RunMeta) -> String? {
    guard let best = meta.blasCandidates.max(by: { $0.gflops < $1.gflops }),
      let used = meta.blasCandidates.first(where: { $0.requested == meta.blasCoretype }),
      best.gflops > CoreTypeChoice.clear * used.gflops
    else { return nil }
    let cause =
      meta.blasChoice == callersChoice ? "OPENBLAS_CORETYPE is exported" : "\(meta.blasChoice) says so"
    return "* OpenBLAS runs its \(used.corename) kernels because \(cause); \(best.corename) is "
      + "\(fixed(best.gflops / used.gflops, decimals: 1)) x faster here: --blas-coretype auto"
  }

  /// How the meta file says that the caller's variables decided.
  private static let callersChoice = "OPENBLAS_CORETYPE of the caller"

  private init(
    environment: [String: String], coretype: String?, candidates: [RunMeta.CoreType] = [], choice: String,
    warning: String? = nil
  ) {
    self.environment = environment
    self.coretype = coretype
    self.candidates = candidates
    self.choice = choice
    warnings = warning.map { [$0] } ?? []
    rowWarning = warning ?? ""
  }

  private static func warning(
    _ used: CoreTypeChoice.Candidate?, _ probe: CoreTypeChoice, _ machine: Machine, named: String?,
    isExported: Bool
  ) -> String? {
    guard let used else {
      return named.map { "OpenBLAS core type \($0) was asked for, but a worker with it measured nothing" }
        ?? "no OpenBLAS kernel set could be measured"
    }
    let rate = { (value: Double) in String(Int(Unit.gigaflops.fromBase(value).rounded())) }
    var faults: [String] = []
    if CoreTypeChoice.isGeneric(used.corename, on: machine) {
      faults.append(
        "OpenBLAS runs its generic \(used.corename) kernels on a CPU with \(machine.bestInstructionSet.rawValue)"
      )
    }
    if let named, named.lowercased() != used.corename.lowercased() {
      faults.append("OpenBLAS ignores core type \(named) and runs its \(used.corename) kernels")
    }
    if let best = probe.best, best.isClearlyFaster(than: used) {
      faults.append(
        "OpenBLAS with core type \(used.corename) reaches \(rate(used.rate)) GFLOP/s on one core where "
          + "\(best.corename) reaches \(rate(best.rate))")
    }
    guard !faults.isEmpty else { return nil }
    return faults.joined(separator: ", and ")
      + (isExported ? "; unset OPENBLAS_CORETYPE or use --blas-coretype auto" : "; use --blas-coretype auto")
  }
}

/// The probe may be stopped like everything else.
final class ProbeObserver: RunObserver {
  var shouldStop: Bool { Interrupt.status != nil }
  func workerStarted(_ facts: WorkerFacts, at placement: Placement) {}
  func finished(_ report: CaseReport, subject: Case, placement: Placement) {}
  func replicateFinished(_ process: Int, outcomes: [Outcome]) {}
}
