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
  private let journal: Journal
  private let progress: RunProgress
  private let planned: Int
  private(set) var failure: (any Error)?
  /// When the run began, and the seconds of warm-up and samples since.
  private let clock = MonotonicTime()
  private let began: Double
  private var measuring = 0.0
  /// True once a row was finished after the wish to end early.
  private var endedEarly = false

  /// Opens the files of a run in a folder, which is made where it does not exist.
  ///
  /// - Throws: `CommandFailure` (74) when the folder cannot be written: before anything is measured.
  init(_ run: RunInfo, meta: RunMeta, folder: String, topologyXML: String, outcomes: [Outcome]) throws {
    self.run = run
    self.meta = meta
    began = clock.now()
    stem = folder + "/" + run.stem
    planned = outcomes.map(\.processesWanted).min() ?? 0
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      journal = try Journal(stem + ".samples.csv")
      try WholeFile.write(topologyXML, to: stem + ".topology.xml")
      try meta.write(to: stem + ".meta.json")
      // Complete from the first moment: a run that is killed can be resumed.
      try ResultFile.write(rowsWithCeilings(outcomes, run: run), to: stem + ".csv")
    } catch let error as FileError {
      throw CommandFailure(.inputOutput, "\(error); choose another folder with -o")
    } catch {
      throw CommandFailure(
        .inputOutput, "\(folder) cannot be made: \(error.localizedDescription); choose another folder with -o"
      )
    }
    progress = RunProgress(total: outcomes.reduce(0) { $0 + $1.processesWanted - $1.reports.count })
  }

  var shouldStop: Bool { Interrupt.status != nil || failure != nil || endedEarly }

  func workerStarted(_ facts: WorkerFacts, at placement: Placement) {
    if meta.blas == nil { meta.blas = facts.blas }
    if let mask = facts.mask, mask != placement.cpus {
      warn("\(placement.name): the worker ran on CPUs \(mask) where \(placement.cpus) were asked for")
    }
  }

  func finished(_ report: CaseReport, subject: Case, placement: Placement) {
    keep { try journal.append(report, rowKey: ResultRow.key(subject, placement), runID: run.id) }
    endedEarly = Interrupt.wantsEarlyEnd
    progress.count("\(placement.name) \(subject.shapeID) \(subject.implementation.rawValue)")
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

  /// Writes the last state of all files and returns the rows.
  func close(_ outcomes: [Outcome]) throws -> [ResultRow] {
    progress.finish()
    if let measured = outcomes.map(\.processesWanted).min(), measured < planned {
      warn("the time budget allowed \(measured) of \(planned) processes")
    }
    let rows = rowsWithCeilings(outcomes, run: run)
    meta.finished = utcNow()
    if measuring > 0 { meta.measuredShare = measuring / (clock.now() - began) }
    meta.aaFloor = outcomes.compactMap(\.aaFloor).max()
    meta.rows = Dictionary(grouping: rows, by: \.status.rawValue).mapValues(\.count)
    keep {
      try ResultFile.write(rows, to: stem + ".csv")
      try meta.write(to: stem + ".meta.json")
    }
    if let failure { throw failure }
    return rows
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
