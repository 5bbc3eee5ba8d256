// The append-only journal of samples. All samples of one row and process go out with one write and are on
// the disk before the next row starts, so that a crash costs at most the row under way.

import Foundation
public import Measurement
public import Tables

/// An open journal, locked against a second writer.
public final class Journal {
  /// Path of the file.
  public let path: String
  /// Bytes of a torn last line that were cut off when the file was opened; 0 for a sound file.
  public let tornBytes: Int
  private let descriptor: Int32

  /// Opens or makes the journal; a last line without a newline is cut off, nothing else is changed.
  ///
  /// - Throws: `FileError` when the file cannot be opened or another process writes to it.
  public init(_ path: String) throws(FileError) {
    self.path = path
    let opened = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard opened >= 0 else { throw FileError(path: path, errno: errno) }
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      let error = FileError(path: path, errno: errno)
      close(opened)
      throw error
    }
    descriptor = opened
    let bytes = FileManager.default.contents(atPath: path) ?? Data()
    let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    tornBytes = bytes.count - whole
    if tornBytes > 0, ftruncate(descriptor, off_t(whole)) != 0 { throw FileError(path: path, errno: errno) }
    if whole == 0 { try append(CSVWriter.line(SampleRow.schema.header)) }
  }

  deinit { close(descriptor) }

  /// Appends the samples of one row and process.
  public func append(_ report: CaseReport, rowKey: String, runID: String) throws(FileError) {
    var text = ""
    for (index, sample) in report.samples.enumerated() {
      var row = SampleRow()
      row.schemaVersion = ResultRow.schemaVersion
      row.runId = runID
      row.rowKey = rowKey
      row.processIndex = report.process
      row.sampleIndex = index
      row.startedOffsetSeconds = sample.start
      row.iterations = report.iterations
      row.seconds = sample.seconds
      text += CSVWriter.line(SampleRow.schema.cells(row))
    }
    if !text.isEmpty { try append(text) }
  }

  private func append(_ text: String) throws(FileError) {
    try WholeFile.writeAll(Array(text.utf8), to: descriptor, named: path)
    guard fdatasync(descriptor) == 0 else { throw FileError(path: path, errno: errno) }
  }

  /// Reads a journal; a torn last line is left out, because the writer may still be at it.
  ///
  /// - Throws: `InputError` for anything else that is not a journal.
  public static func read(_ path: String) throws(InputError) -> [SampleRow] {
    let bytes = try ResultFile.bytes(path)
    let whole = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    let document = try CSVDocument(Array(bytes[..<whole]), file: path)
    return try SampleRow.schema.rows(document, empty: SampleRow())
  }

  /// The journal that belongs to a result file: `x.csv` -> `x.samples.csv`.
  public static func path(besides resultFile: String) -> String {
    (resultFile.hasSuffix(".csv") ? String(resultFile.dropLast(4)) : resultFile) + ".samples.csv"
  }
}
