// A stopped run goes on: what its journal holds becomes reports again, and only the rest is measured.

public import Measurement
public import Tables

/// What a run left behind.
public struct StoppedRun: Sendable {
  /// Its settings and identity.
  public let meta: RunMeta
  /// Its files without their endings.
  public let stem: String
  private let records: [String: [JournalRecord]]

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
    records = try StoppedRun.whole(Journal.path(besides: resultFile), run: meta.runId)
  }

  /// The whole records by row, in order of process.
  ///
  /// A record that was announced again was left unfinished the first time: the last one counts.
  private static func whole(_ path: String, run: String) throws(InputError) -> [String: [JournalRecord]] {
    var samples: [String: [SampleRow]] = [:]
    for row in try Journal.read(path) where row.runId == run {
      samples["\(row.rowKey) \(row.processIndex ?? 0)", default: []].append(row)
    }
    var last: [String: JournalRecord] = [:]
    for record in try Journal.readReports(besides: path) where record.runID == run {
      last["\(record.rowKey) \(record.report.process)"] = record
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

  /// The outcome with the report of each process that the journal holds whole.
  public func restored(_ outcome: Outcome) -> Outcome {
    var outcome = outcome
    let known = records[ResultRow.key(outcome.subject, outcome.placement)] ?? []
    outcome.reports = known.map(\.report)
    outcome.worker = known.first { $0.worker != nil }?.worker
    return outcome
  }
}
