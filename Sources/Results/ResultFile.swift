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
    try rows(of: bytes(path), file: path)
  }

  /// Reads a result file and holds its medians against the samples of its journal.
  ///
  /// - Throws: `InputError`, also where a median is not that of its samples.
  public static func read(_ path: String, checkedBy samples: [SampleRow]) throws(InputError) -> [ResultRow] {
    try rows(of: bytes(path), file: path, samples: samples)
  }

  /// Parses the bytes of a result file; see `read`.
  public static func rows(
    of bytes: [UInt8], file: String, samples: [SampleRow] = []
  ) throws(InputError) -> [ResultRow] {
    // Asked first: a torn last line is usually ragged too, and "torn" is the fact that helps.
    if let last = bytes.last, last != UInt8(ascii: "\n") {
      throw InputError(
        file: file, line: bytes.count { $0 == UInt8(ascii: "\n") } + 1,
        "the last line is torn (no newline at its end)",
        advice: "the writer was interrupted; run it again or remove the last line")
    }
    let document = try CSVDocument(bytes, file: file)
    if document.index(of: "row_key") == nil || document.index(of: "run_id") == nil {
      throw InputError(
        file: file, line: 1, column: 1, "this is a CSV file, but not a result file",
        advice: "result files are written by 'plimsoll run'")
    }
    if document.index(of: "sample_index") != nil {
      throw InputError(
        file: file, line: 1, column: 1, "this is the journal of samples, not the result file",
        advice: "give the .csv file with the same name but without .samples")
    }
    let rows = try schema(of: document).rows(document, empty: ResultRow())
    let journal = Dictionary(grouping: samples) { $0.runId + "|" + $0.rowKey }
    var lines: [String: Int] = [:]
    for (row, record) in zip(rows, document.records) {
      try check(row, record, file: file)
      try checkNumbers(row, record, file: file)
      if let samples = journal[row.runId + "|" + row.rowKey] {
        try checkMedian(row, samples, record, file: file)
      }
      if let first = lines.updateValue(record.line, forKey: row.runId + "|" + row.rowKey) {
        throw InputError(
          file: file, line: record.line, column: 1, "the same run and row_key as line \(first)",
          advice: "remove one of the two rows")
      }
    }
    return rows
  }

  /// The schema that the file's first row names; a file without rows has the present one.
  private static func schema(of document: CSVDocument) throws(InputError) -> Schema<ResultRow> {
    guard let column = document.index(of: "schema_version"), let first = document.records.first else {
      return ResultRow.schema
    }
    guard let schema = Int(first.fields[column]).flatMap({ ResultRow.schema(version: $0) }) else {
      throw InputError(
        file: document.file, line: first.line, column: first.columns[column],
        "schema version '\(first.fields[column].prefix(20))' where this program reads 1 to"
          + " \(ResultRow.schemaVersion)", advice: "read it with the version of plimsoll that wrote it")
    }
    // Rows of an older version may have been put under a newer header: the header decides.
    return document.header.count == ResultRow.schema.columns.count ? ResultRow.schema : schema
  }

  /// Replaces the file by these rows: temporary name in the same folder, sync, rename.
  public static func write(_ rows: [ResultRow], to path: String) throws {
    try WholeFile.write(ResultRow.schema.csv(rows), to: path)
  }

  /// The bytes of a file of at most 2 GiB.
  static func bytes(_ path: String) throws(InputError) -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError(file: path, "the file cannot be read", advice: "check the path and its permissions")
    }
    return Array(data)
  }

  /// What a cell-by-cell decoder cannot see: rules that join columns.
  private static func check(_ row: ResultRow, _ record: CSVRecord, file: String) throws(InputError) {
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
    for (index, cell) in record.fields.enumerated() where looksLikeFormula(cell) && Double(cell) == nil {
      throw InputError(
        file: file, line: record.line, column: record.columns[index],
        "'\(cell.prefix(20))' would be a formula in a spreadsheet",
        advice: "text cells start with a letter or a digit")
    }
  }
}
