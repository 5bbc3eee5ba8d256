// Result files in and out: the strict reader of other rooms, and the writer that never leaves half a file.

import Foundation
public import Tables

/// A result file on disk.
public enum ResultFile {
  /// Reads every row of a result file.
  ///
  /// - Throws: `InputError` with file, line and column for anything that is not a whole result file of
  ///   this schema version; a file that cannot be opened is one of these.
  /// - Complexity: O(bytes).
  public static func read(_ path: String) throws(InputError) -> [ResultRow] {
    try rows(ResultReader(path: path), samples: [:])
  }

  /// Reads a result file and holds its medians against the samples of its journal.
  ///
  /// Samples read before the call may be behind a run that goes on; `readBesideJournal` never is.
  ///
  /// - Throws: `InputError`, also where a median is not that of its samples.
  public static func read(_ path: String, checkedBy samples: [SampleRow]) throws(InputError) -> [ResultRow] {
    try rows(ResultReader(path: path), samples: seconds(samples))
  }

  /// Reads a result file and holds its medians against the samples of its journal.
  ///
  /// - Throws: `InputError`, also where a median is not that of its samples.
  public static func read(
    _ path: String, checkedBy samples: [RowIdentity: [[Double]]]
  ) throws(InputError) -> [ResultRow] {
    try rows(ResultReader(path: path), samples: samples)
  }

  /// Reads a result file and, where it exists, the journal beside it, and holds the one against the other.
  ///
  /// Safe while the run goes on: the file is opened before the journal, and a run writes the journal first, so
  /// that the samples can only be ahead of the rows.
  ///
  /// - Throws: `InputError`, also where a median is not that of its samples.
  public static func readBesideJournal(
    _ path: String
  ) throws(InputError) -> (rows: [ResultRow], samples: RowSamples) {
    let reader = try ResultReader(path: path)
    let journal = Journal.path(besides: path)
    let isThere = FileManager.default.fileExists(atPath: journal)
    let samples = RowSamples(isThere ? try SampleColumns(journal: journal) : SampleColumns())
    return (try rows(reader, samples: samples.seconds), samples)
  }

  /// Parses the bytes of a result file; see `read`.
  public static func rows(
    of bytes: [UInt8], file: String, samples: [SampleRow] = []
  ) throws(InputError) -> [ResultRow] {
    try rows(ResultReader(bytes, file: file), samples: seconds(samples))
  }

  /// The times of each row, one list a process in order of number.
  private static func seconds(_ samples: [SampleRow]) -> [RowIdentity: [[Double]]] {
    var seconds: [RowIdentity: [Int: [Double]]] = [:]
    for sample in samples {
      guard let time = sample.seconds else { continue }
      let identity = RowIdentity(runId: sample.runId, rowKey: sample.rowKey)
      seconds[identity, default: [:]][sample.processIndex ?? -1, default: []].append(time)
    }
    return seconds.mapValues { $0.sorted { $0.key < $1.key }.map(\.value) }
  }

  private static func rows(
    _ source: consuming ResultReader, samples: [RowIdentity: [[Double]]]
  ) throws(InputError) -> [ResultRow] {
    var reader = source
    var rows: [ResultRow] = []
    var lines: [RowIdentity: Int] = [:]
    while try reader.next() {
      let row = try reader.row()
      let identity = RowIdentity(row)
      if let processes = samples[identity], !agrees(row, with: processes) {
        throw differs(row, from: processes, try reader.csv.record(), file: reader.csv.file ?? "")
      }
      if let first = lines.updateValue(reader.csv.line, forKey: identity) {
        throw InputError(
          file: reader.csv.file, line: reader.csv.line, column: 1,
          "the same run and row_key as line \(first)",
          advice: "remove one of the two rows")
      }
      rows.append(row)
    }
    return rows
  }

  /// Replaces the file by these rows: temporary name in the same folder, sync, rename.
  ///
  /// Texts of workers and of the system may hold anything; they are written so that `read` takes them.
  public static func write(_ rows: [ResultRow], to path: String) throws {
    var writer = CSVWriter()
    writer.append(ResultRow.schema.header)
    for row in rows {
      writer.append(
        ResultRow.schema.columns.map { column in
          let cell = column.encode(row)
          return column.kind == .text ? neutralised(printable(cell)) : cell
        })
    }
    try WholeFile.write(writer.text, to: path)
  }

  /// The bytes of a regular file.
  static func bytes(_ path: String) throws(InputError) -> [UInt8] {
    guard let bytes = WholeFile.bytes(of: path) else {
      throw InputError(
        file: path, "this is no file that can be read", advice: "check the path and its permissions")
    }
    return bytes
  }

  /// What a cell-by-cell decoder cannot see: rules that join columns.
  static func check(_ row: ResultRow, _ record: CSVRecord, file: String) throws(InputError) {
    func fault(_ column: String, _ what: String, _ advice: String) -> InputError {
      let index = ResultRow.schema.header.firstIndex(of: column) ?? 0
      return InputError(
        file: file, line: record.line, column: record.columns[index], "\(column): \(what)", advice: advice)
    }
    guard let version = row.schemaVersion, (1...ResultRow.schemaVersion).contains(version) else {
      throw fault(
        "schema_version", "this program reads 1 to \(ResultRow.schemaVersion)",
        "read the file with the version of plimsoll that wrote it")
    }
    for (name, value) in [
      ("row_key", row.rowKey), ("run_id", row.runId), ("kernel", row.kernel), ("impl", row.impl),
      ("placement", row.placement), ("machine_id", row.machineId),
    ] where value.isEmpty {
      throw fault(name, "empty, but every row has one", "the file was edited or is not ours")
    }
    if row.status.hasTimes {
      guard let median = row.timeMedianSeconds, median > 0 else {
        throw fault(
          "time_median_seconds", "a row with status \(row.status.rawValue) needs a positive time",
          "the file was edited or is not ours")
      }
      if let low = row.timeMedianCiLowSeconds, let high = row.timeMedianCiHighSeconds, low > high {
        throw fault(
          "time_median_ci_low_seconds", "above the upper end of the interval",
          "the file was edited or is not ours")
      }
    } else if row.timeMedianSeconds != nil {
      throw fault(
        "time_median_seconds", "a row with status \(row.status.rawValue) has no time",
        "the file was edited or is not ours")
    }
    if row.status == .failed || row.status == .skipped, row.statusDetail.isEmpty {
      throw fault(
        "status_detail", "a row that is not ok needs its reason", "the file was edited or is not ours")
    }
    for (index, cell) in record.fields.enumerated()
    where cell.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
      throw InputError(
        file: file, line: record.line, column: record.columns[index],
        "\(ResultRow.schema.header[index]): a control character",
        advice: "terminals would act on it: remove it")
    }
    for (index, cell) in record.fields.enumerated() where looksLikeFormula(cell) && Double(cell) == nil {
      throw InputError(
        file: file, line: record.line, column: record.columns[index],
        "'\(cell.prefix(20))' would be a formula in a spreadsheet",
        advice: "text cells start with a letter or a digit")
    }
  }
}
