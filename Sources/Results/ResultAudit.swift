// Everything that is wrong or doubtful in one result file, not only the first fault.

import Foundation
import Quantities
public import Tables

/// The faults and doubts of a result file.
public struct ResultAudit: Sendable {
  /// Most faults that are collected.
  public static let limit = 50
  /// Rows that were read.
  public private(set) var rows = 0
  /// Rows with status `ok`.
  public private(set) var ok = 0
  /// Readable names of the machines, sorted.
  public private(set) var machines: [String] = []
  /// What makes the file unusable, at most `limit`.
  public private(set) var faults: [InputError] = []
  /// What makes a row doubtful, at most `limit`.
  public private(set) var warnings: [InputError] = []

  /// Warnings beyond those.
  public private(set) var warningsBeyond = 0

  private let file: String
  private var lines: [RowIdentity: Int] = [:]
  private var timed: [RowIdentity: Int] = [:]

  /// Reads a file and the journal beside it.
  public init(_ path: String) {
    file = path
    checkName()
    var journal: SampleColumns?
    var samples: [RowIdentity: [[Double]]] = [:]
    do throws(InputError) {
      // The file is opened before the journal: of a run that goes on, the journal can then only be ahead.
      let reader = try ResultReader(path: file)
      journal = readJournal()
      samples = journal?.byRow() ?? [:]
      try checkRows(reader, samples)
    } catch {
      fault(error)
    }
    guard let journal else { return }
    for identity in timed.keys.sorted() where samples[identity] == nil {
      warn(timed[identity], "row \(identity.rowKey) has a time but no samples in the journal beside it")
    }
    for identity in journal.rows where lines[identity] == nil {
      warn(
        nil, "the journal has samples of row \(identity.rowKey), run \(identity.runId), which the file lacks")
    }
  }

  private mutating func checkRows(
    _ source: consuming ResultReader, _ samples: [RowIdentity: [[Double]]]
  ) throws(InputError) {
    var reader = source
    var names: Set<String> = []
    while faults.count < ResultAudit.limit {
      do throws(InputError) {
        guard try reader.next() else { break }
        let row = try reader.row()
        names.insert(row.machineLabel)
        try check(row, reader.csv, samples)
      } catch {
        fault(error)
        // A header that is not ours makes every row a fault; a broken quote leaves no next row.
        if reader.isBroken { break }
      }
    }
    machines = names.sorted()
  }

  private mutating func check(
    _ row: ResultRow, _ csv: borrowing CSVReader, _ samples: [RowIdentity: [[Double]]]
  ) throws(InputError) {
    rows += 1
    if row.status == .ok { ok += 1 }
    let identity = RowIdentity(row)
    if let first = lines.updateValue(csv.line, forKey: identity) {
      throw InputError(
        file: file, line: csv.line, column: 1, "the same run and row_key as line \(first)",
        advice: "remove one of the two rows")
    }
    if row.status.hasTimes { timed[identity] = csv.line }
    if let processes = samples[identity], !ResultFile.agrees(row, with: processes) {
      throw ResultFile.differs(row, from: processes, try csv.record(), file: file)
    }
    doubt(row, line: csv.line)
  }

  /// What the numbers of a row allow, and a careful reader would still ask about.
  private mutating func doubt(_ row: ResultRow, line: Int) {
    if let share = row.pctOfRoofline, share > 105 {
      warn(line, "pct_of_roofline: \(fixed(share, decimals: 1)) % is more than the ceilings allow")
    }
    if let spread = row.betweenProcessRelStddev, spread > 0.05 {
      warn(line, "between_process_rel_stddev: processes differ by \(percent(spread)) %")
    }
    if let drift = row.driftRelPerMinute, abs(drift) > 0.01, (row.elapsedSeconds ?? 0) > 10 {
      warn(line, "drift_rel_per_minute: the time moves by \(percent(drift)) % a minute")
    }
  }

  private func percent(_ value: Double) -> String { fixed(Unit.percent.fromBase(value), decimals: 1) }

  /// `<UTC time>_<machine>_<suite>_<run>.csv`; files that were merged or renamed have any name.
  private mutating func checkName() {
    let name = URL(fileURLWithPath: file).lastPathComponent
    let pattern = #/^\d{8}T\d{6}Z_.+_.+_[0-9A-Za-z]+\.csv$/#
    if name.firstMatch(of: #/^\d{8}T/#) != nil, name.firstMatch(of: pattern) == nil {
      warn(nil, "the name is not <UTC time>_<machine>_<suite>_<run>.csv")
    }
  }

  private mutating func readJournal() -> SampleColumns? {
    let path = Journal.path(besides: file)
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do throws(InputError) {
      let journal = try SampleColumns(journal: path)
      if journal.tornBytes > 0 {
        warnings.append(
          InputError(
            file: path, "the last line is torn: its \(journal.tornBytes) bytes were left out",
            advice: "the run goes on, or was stopped: 'plimsoll run --resume \(file)' mends it"))
      }
      return journal
    } catch {
      fault(error)
      return nil
    }
  }

  private mutating func fault(_ error: InputError) {
    if faults.count < ResultAudit.limit { faults.append(error) }
  }

  private mutating func warn(_ line: Int?, _ what: String) {
    guard warnings.count < ResultAudit.limit else {
      warningsBeyond += 1
      return
    }
    warnings.append(InputError(file: file, line: line, what))
  }
}
