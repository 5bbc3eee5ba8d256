// A run's files while it goes on: the journal after each case, the result file after each replicate.

import Foundation
import Machines
import Measurement
import Results
import Suites
import Tables
import Topology

/// The observer that writes what a run measures.
final class RunSession: RunObserver {
  /// Name of the files without the endings.
  let stem: String
  private let run: RunInfo
  private(set) var meta: RunMeta
  private let lock: RunLock
  private let journal: Journal
  private let progress: RunProgress
  private let planned: Int
  private let deadline: Double?
  private var workers: [String: WorkerFacts] = [:]
  /// Seconds of warm-up and samples until now.
  private var measuring = 0.0
  /// True once a row was finished after the wish to end early.
  private var endedEarly = false
  private(set) var failure: (any Error)?

  /// What a session needs besides the run.
  struct Manner {
    /// Folder of the files.
    var folder: String
    /// The machine as XML.
    var topologyXML: String
    /// The suite file, kept beside the results.
    var suiteFile: [UInt8]?
    /// Seconds after which the rest is left out.
    var deadline: Double?
    /// True = progress on standard error.
    var showsProgress: Bool
    /// The lock of a run that goes on; nil = to be taken.
    var lock: RunLock?
  }

  /// The lock of a stopped run, by its result file; nil where no run lies there.
  ///
  /// - Throws: `CommandFailure` (74) while the run goes on elsewhere.
  static func lock(goingOn resultFile: String) throws -> RunLock? {
    guard resultFile.hasSuffix(".csv"),
      FileManager.default.fileExists(atPath: RunMeta.path(besides: resultFile))
    else { return nil }
    return try lock(String(resultFile.dropLast(4)))
  }

  private static func lock(_ stem: String) throws -> RunLock {
    do {
      return try RunLock(stem + ".lock")
    } catch let held as RunLock.Held {
      throw CommandFailure(
        .inputOutput, "\(stem).csv is being measured by \(held.holder); wait for it or end it")
    }
  }

  /// Opens the files of a run in a folder, which is made where it does not exist.
  ///
  /// - Throws: `CommandFailure` (74) when the folder cannot be written or the run goes on elsewhere: before
  ///   anything is measured.
  init(_ run: RunInfo, meta: RunMeta, manner: Manner, outcomes: [Outcome]) throws {
    self.run = run
    self.meta = meta
    deadline = manner.deadline
    stem = manner.folder + "/" + run.stem
    planned = outcomes.map(\.processesWanted).min() ?? 0
    do {
      try FileManager.default.createDirectory(atPath: manner.folder, withIntermediateDirectories: true)
      lock = try manner.lock ?? RunSession.lock(stem)
      journal = try Journal(stem + ".samples.csv", witness: RunSession.witness)
      if let suite = manner.suiteFile { try WholeFile.write(suite, to: RunSettings.suiteCopy(stem)) }
      try WholeFile.write(manner.topologyXML, to: stem + ".topology.xml")
      try meta.write(to: stem + ".meta.json")
      // Complete from the first moment: a run that is killed can be resumed.
      try ResultFile.write(rowsWithCeilings(outcomes, run: run), to: stem + ".csv")
    } catch let failure as CommandFailure {
      throw failure
    } catch let error as FileError {
      throw CommandFailure(.inputOutput, "\(error); choose another folder with -o")
    } catch {
      throw CommandFailure(
        .inputOutput,
        "\(manner.folder) cannot be made: \(error.localizedDescription); choose another folder with -o")
    }
    progress = RunProgress(
      open: Dictionary(
        outcomes.map {
          (ResultRow.key($0.subject, $0.placement), max(0, $0.processesWanted - $0.reports.count))
        }, uniquingKeysWith: +),
      isShown: manner.showsProgress)
  }

  /// A descriptor that tests hand down to learn which records are safely on the disk.
  private static let witness: Int32? = {
    guard let text = ProcessInfo.processInfo.environment["PLIMSOLL_WITNESS_FD"], let number = Int32(text),
      fcntl(number, F_GETFD) >= 0
    else { return nil }
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    return number
  }()

  var shouldStop: Bool {
    Interrupt.status != nil || failure != nil || endedEarly || isOverTime
  }

  private var isOverTime: Bool { deadline.map { progress.elapsed > $0 } ?? false }

  func workerStarted(_ facts: WorkerFacts, at placement: Placement) {
    workers[worker(of: facts.peer, at: placement)] = facts
    if meta.blas == nil, facts.peer == nil { meta.blas = facts.blas }
    if meta.build == nil, facts.peer == nil { meta.build = facts.build?.id }
    if let mask = facts.mask, mask != placement.cpus {
      warn("\(placement.name): the worker ran on CPUs \(mask) where \(placement.cpus) were asked for")
    }
  }

  func finished(_ report: CaseReport, subject: Case, placement: Placement) {
    let key = ResultRow.key(subject, placement)
    let implementation = subject.implementation
    let worker = workers[worker(of: implementation.isPeer ? implementation : nil, at: placement)]
    keep { try journal.append(report, rowKey: key, runID: run.id, worker: worker) }
    endedEarly = Interrupt.wantsEarlyEnd
    progress.count(
      "\(placement.name) \(subject.shapeID) \(subject.implementation.rawValue)", key: key, report)
  }

  private func worker(of peer: Implementation?, at placement: Placement) -> String {
    peer.map { "\(placement.name)|\($0.rawValue)" } ?? placement.name
  }

  func controlFinished(_ report: ControlReport, process: Int, at placement: Placement) {
    keep { try journal.append(report, placement: placement.name, process: process, runID: run.id) }
  }

  func replicateFinished(_ process: Int, outcomes: [Outcome]) {
    keep { try ResultFile.write(rowsWithCeilings(outcomes, run: run), to: stem + ".csv") }
  }

  func workerFinished(_ spent: WorkerSpent, seconds: Double, at placement: Placement) {
    measuring += spent.warmup + spent.sampled
  }

  /// Adds a warning once.
  func warn(_ text: String) {
    if !meta.warnings.contains(text) { meta.warnings.append(text) }
  }

  /// Writes the last state of all files, releases the run and returns the rows.
  func close(_ outcomes: [Outcome]) throws -> [ResultRow] {
    progress.finish()
    let outcomes = settled(outcomes)
    if let measured = outcomes.map(\.processesWanted).min(), measured < planned {
      warn("the time budget allowed \(measured) of \(planned) processes")
    }
    let rows = rowsWithCeilings(outcomes, run: run)
    meta.finished = utcNow()
    if measuring > 0 { meta.measuredShare = measuring / progress.elapsed }
    meta.aaFloor = outcomes.compactMap(\.aaFloor).max()
    meta.rows = Dictionary(grouping: rows, by: \.status.rawValue).mapValues(\.count)
    keep {
      try ResultFile.write(rows, to: stem + ".csv")
      try meta.write(to: stem + ".meta.json")
    }
    lock.release()
    if let failure { throw failure }
    return rows
  }

  /// What a budget that is spent makes of the rows: those with times are done, the others are named.
  private func settled(_ outcomes: [Outcome]) -> [Outcome] {
    guard isOverTime, Interrupt.status == nil, let deadline else { return outcomes }
    return outcomes.map { outcome in
      var outcome = outcome
      if outcome.reports.isEmpty {
        outcome.reports = [
          CaseReport(
            index: -1, status: .skipped,
            detail: "the time budget of \(decimalText(deadline)) s ended before this row")
        ]
      } else {
        outcome.processesWanted = min(outcome.processesWanted, outcome.reports.count)
      }
      return outcome
    }
  }

  /// A full disk ends the run; what is on the disk stays.
  private func keep(_ write: () throws -> Void) {
    do {
      try write()
    } catch {
      failure = failure ?? CommandFailure(.inputOutput, "\(error)")
    }
  }
}
