// plimsoll verify: every case against the double-precision oracle, nothing timed, no file written.

import ArgumentParser
import Foundation
import Machines
import Measurement
import Results
import Suites
import Tables
import Topology

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Compares every kernel of a suite with its oracle; times nothing.",
    discussion: """
      Takes the options of 'plimsoll run'; one process for each placement unless --processes says more. \
      Exit status 5 when a result is wrong or a case fails.
      Example: plimsoll verify --suite default --filter 'kernel:gemm m:1-16' --placement core0
      'plimsoll verify DIR' compares a plan folder with its manifest instead.
      """)

  @OptionGroup var measure: MeasureOptions
  @OptionGroup(title: "What is printed") var session: SessionOptions
  @OptionGroup(title: "Configuration") var configuration: ConfigurationOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let topology = try Topology.live()
    let machine = topology.machine()
    let settings = RunSettings(measure)
    if configuration.printConfig {
      try output.show([ResolvedArguments.table(settings.resolved)])
      return
    }
    let (all, places) = try settings.selection(topology.placements(for: machine), on: machine)
    let cases = all.filter { $0.phase != .ceiling }
    guard !cases.isEmpty else { throw CommandFailure(.usage, "the filters leave only ceilings") }
    var plan = try settings.plan(machine, cases, places)
    plan.processes = measure.sampling.processes ?? 1
    plan.sampling.verifies = true
    plan.sampling.times = false
    plan.settleSeconds = 0
    plan.hasControl = false
    Interrupt.watch()
    let observer = Observer(plan, session)
    let outcomes = Runner(
      plan, executable: ownExecutable, arguments: ["worker"],
      environment: ProcessInfo.processInfo.environment
    ).run(observer, from: plan.outcomes())
    observer.progress.finish()
    try report(outcomes)
  }

  private func report(_ outcomes: [Outcome]) throws {
    var table = ReportTable(
      "Verification",
      [
        .init("placement"), .init("kernel"), .init("shape"), .init("impl"), .init("result"),
        .init("max_rel_error", "error/bound"), .init("reference"),
      ])
    for outcome in outcomes {
      let worst = outcome.reports.first { $0.status != .ok } ?? outcome.reports.first
      let check = worst?.verification
      table.append([
        .text(outcome.placement.name), .text(outcome.subject.operation.rawValue),
        .text(outcome.subject.shapeID), .text(outcome.subject.implementation.rawValue),
        .text(worst.map(\.status.rawValue) ?? "interrupted"),
        .optional(check.map { $0.maxRelError / $0.tolerance }, decimals: 3),
        .text(check?.reference ?? worst?.detail ?? ""),
      ])
    }
    let results = outcomes.flatMap { $0.reports.map(\.status) }
    let wrong = results.count { $0 == .mismatch }
    let failed = results.count { $0 == .failed || $0 == .timeout }
    table.notes = ["error/bound: largest relative error over the bound that it must keep; above 1 is wrong."]
    try output.show([table])
    if let status = Interrupt.status { throw CommandFailure(status, "stopped before the last case") }
    guard wrong + failed > 0 else { return }
    throw CommandFailure(
      .verificationMismatch, "\(wrong) results are wrong and \(failed) cases failed of \(results.count)")
  }

  /// Shows progress; nothing is kept.
  private final class Observer: RunObserver {
    let progress: RunProgress
    init(_ plan: RunPlan, _ session: SessionOptions) {
      progress = RunProgress(
        open: Dictionary(
          plan.outcomes().map { (ResultRow.key($0.subject, $0.placement), $0.processesWanted) },
          uniquingKeysWith: +), isShown: session.showsProgress)
    }
    var shouldStop: Bool { Interrupt.status != nil }
    func workerStarted(_ facts: WorkerFacts, at placement: Placement) {}
    func finished(_ report: CaseReport, subject: Case, placement: Placement) {
      progress.count("\(placement.name) \(subject.shapeID)", key: ResultRow.key(subject, placement), report)
    }
    func replicateFinished(_ process: Int, outcomes: [Outcome]) {}
  }
}
