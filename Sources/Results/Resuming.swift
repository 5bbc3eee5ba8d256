// A stopped run goes on: what its journal holds becomes reports again, and only the rest is measured.

import Machines
public import Measurement
public import Tables

/// What a run left behind.
public struct StoppedRun: Sendable {
  /// Its settings and identity.
  public let meta: RunMeta
  /// Its files without their endings.
  public let stem: String
  private let records: [String: [JournalRecord]]
  /// The control rows of each placement.
  private let controls: [String: ControlRow]

  /// Reads the files beside a result file; the result file itself is not needed, it follows from the journal.
  ///
  /// - Throws: `InputError` when one of them is missing or not ours.
  public init(resultFile: String) throws(InputError) {
    guard resultFile.hasSuffix(".csv"), !resultFile.hasSuffix(".samples.csv") else {
      throw InputError(file: resultFile, "this is no result file", advice: "give the .csv file of the run")
    }
    stem = String(resultFile.dropLast(4))
    meta = try RunMeta.read(stem + ".meta.json")
    guard meta.schemaVersion == ResultRow.schemaVersion else {
      throw InputError(
        file: resultFile,
        "the run wrote schema version \(meta.schemaVersion), this program writes"
          + " \(ResultRow.schemaVersion)", advice: "start a new run")
    }
    let run = meta.runId
    let path = Journal.path(besides: resultFile)
    let reports = try Journal.readReports(besides: path)
    records = try StoppedRun.whole(path, reports.rows.filter { $0.runID == run }, run: run)
    controls = Dictionary(grouping: reports.controls.filter { $0.runID == run }, by: \.placement)
      .mapValues { ControlRow($0.sorted { $0.process < $1.process }.map(\.control)) }
  }

  /// The whole records by row, in order of process.
  ///
  /// A record that was announced again was left unfinished the first time: the last one counts.
  ///
  /// - Throws: `InputError` where samples were never announced: their reports are lost or not ours, and the run
  ///   would measure the same again into the same file.
  private static func whole(
    _ path: String, _ announced: [JournalRecord], run: String
  ) throws(InputError) -> [String: [JournalRecord]] {
    var samples: [String: [SampleRow]] = [:]
    for row in try Journal.read(path) where row.runId == run {
      samples["\(row.rowKey) \(row.processIndex ?? 0)", default: []].append(row)
    }
    var last: [String: JournalRecord] = [:]
    for record in announced { last["\(record.rowKey) \(record.report.process)"] = record }
    let lost = samples.keys.count { last[$0] == nil }
    guard lost == 0 else {
      throw InputError(
        file: Journal.reportsPath(of: path),
        "samples of \(lost) row\(lost == 1 ? "" : "s") have no report here",
        advice: "start a new run")
    }
    var rows: [String: [JournalRecord]] = [:]
    for (key, record) in last {
      let taken = (samples[key] ?? []).sorted { ($0.sampleIndex ?? 0) < ($1.sampleIndex ?? 0) }
      guard taken.count == record.samples else { continue }
      var record = record
      record.report.samples = taken.compactMap { row in
        guard let start = row.startedOffsetSeconds, let seconds = row.seconds else { return nil }
        return Sample(start: start, seconds: seconds)
      }
      rows[record.rowKey, default: []].append(record)
    }
    return rows.mapValues { $0.sorted { $0.report.process < $1.report.process } }
  }

  /// The outcome with the report of each process that the journal holds whole, and with its control rows.
  public func restored(_ outcome: Outcome) -> Outcome {
    var outcome = outcome
    let known = records[ResultRow.key(outcome.subject, outcome.placement)] ?? []
    outcome.reports = known.map(\.report)
    outcome.worker = known.first { $0.worker != nil }?.worker
    outcome.control = controls[outcome.placement.name] ?? ControlRow()
    return outcome
  }
}
