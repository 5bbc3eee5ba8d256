// A stopped run goes on: what its journal holds becomes reports again, and only the rest is measured.

import Foundation
public import Measurement
import Quantities
public import Tables

/// What a run left behind.
public struct StoppedRun: Sendable {
  /// Its settings and identity.
  public let meta: RunMeta
  private let rows: [String: ResultRow]
  private let samples: [String: [SampleRow]]

  /// Reads the files beside a result file.
  ///
  /// - Throws: `InputError` when one of them is missing or not ours.
  public init(resultFile: String) throws(InputError) {
    guard resultFile.hasSuffix(".csv"), !resultFile.hasSuffix(".samples.csv") else {
      throw InputError(file: resultFile, "this is no result file", advice: "give the .csv file of the run")
    }
    meta = try RunMeta.read(String(resultFile.dropLast(4)) + ".meta.json")
    let id = meta.runId
    rows = Dictionary(
      try ResultFile.read(resultFile).filter { $0.runId == id }.map { ($0.rowKey, $0) }
    ) { first, _ in first }
    samples = Dictionary(
      grouping: try Journal.read(Journal.path(besides: resultFile)).filter { $0.runId == id }, by: \.rowKey)
  }

  /// The outcome with a report for each process whose samples the journal holds.
  ///
  /// Only verified cases are in the journal, so its samples count as verified.
  public func restored(_ outcome: Outcome) -> Outcome {
    var outcome = outcome
    let key = ResultRow.key(outcome.subject, outcome.placement)
    let row = rows[key]
    for (process, samples) in Dictionary(grouping: samples[key] ?? [], by: \.processIndex) {
      guard let process else { continue }
      var report = CaseReport(index: 0, status: .ok)
      report.process = process
      report.isaPath = row?.implIsaPath ?? ""
      if let row, row.flop != nil || row.minBytes != nil {
        report.work = Work(flop: FLOP(row.flop ?? 0), bytes: Bytes(row.minBytes ?? 0))
      }
      if let row, let tolerance = row.verifyTolerance {
        report.verification = Verification(
          reference: row.verifyReference, maxAbsError: row.verifyMaxAbsError ?? 0,
          maxRelError: row.verifyMaxRelError ?? 0, tolerance: tolerance, passed: true)
      }
      report.detail =
        row?.warnings.components(separatedBy: "; ").first { $0.hasPrefix(PlantedSlowdown.warningStart) } ?? ""
      report.iterations = samples.first?.iterations
      report.finished = row?.rowFinishedUtc ?? ""
      report.samples = samples.sorted { ($0.sampleIndex ?? 0) < ($1.sampleIndex ?? 0) }.compactMap { sample in
        guard let start = sample.startedOffsetSeconds, let seconds = sample.seconds else { return nil }
        return Sample(start: start, seconds: seconds)
      }
      // Without its work a row would have no rate: such a case is measured again.
      if report.work != nil, !report.samples.isEmpty { outcome.reports.append(report) }
    }
    outcome.reports.sort { $0.process < $1.process }
    return outcome
  }
}
