// The append-only journal of a run, in two files. Before the samples of a row and process are written, a line in
// `.reports.jsonl` says what else is known of them and how many there are; then all samples go out with one write.
// Each write is on the disk before the next. So a record is whole exactly when as many samples follow as its line
// announces, a row without samples (failed, skipped, mismatch) is whole with its line, and a crash costs at most
// the row under way. The control rows of a process stand in `.reports.jsonl` too, in a line of their own.

import Foundation
public import Measurement
public import Tables

/// What a process says of a row, without its samples.
public struct JournalRecord: Codable, Sendable {
  /// Run that it belongs to.
  public var runID: String
  /// Row of the result file.
  public var rowKey: String
  /// Samples that follow in the other file.
  public var samples: Int
  /// The worker's words about itself.
  public var worker: WorkerFacts?
  /// How the row ended, its samples taken out.
  public var report: CaseReport

  /// A record from a report.
  public init(_ report: CaseReport, rowKey: String, runID: String, worker: WorkerFacts?) {
    self.runID = runID
    self.rowKey = rowKey
    self.worker = worker
    samples = report.samples.count
    self.report = report
    self.report.samples = []
  }
}

/// What a process says of the control rows at both of its ends.
public struct ControlRecord: Codable, Sendable {
  /// Run that it belongs to.
  public var runID: String
  /// Name of the placement.
  public var placement: String
  /// Number of the process, from 0.
  public var process: Int
  /// The samples of both ends.
  public var control: ControlReport
}

/// The lines beside a samples file, in the order in which they were written.
public struct JournalReports: Sendable {
  /// Rows.
  public var rows: [JournalRecord] = []
  /// Control rows; none in journals of before they were kept.
  public var controls: [ControlRecord] = []
}

/// An open journal; its run holds the lock (see `RunLock`), so there is one writer.
public final class Journal {
  /// Path of the samples file.
  public let path: String
  /// Bytes that a crash left unfinished; they were moved to the `.log` beside the file. 0 for a sound journal.
  public private(set) var tornBytes = 0
  private let samples: Int32
  private let reports: Int32
  private let witness: Int32?

  /// Opens or makes the journal; what a crash left unfinished is moved to the log, nothing else is changed.
  ///
  /// - Parameter witness: a descriptor that is told `row_key process` of each record once it is on the disk.
  /// - Throws: `FileError` when a file cannot be opened or mended.
  public init(_ path: String, witness: Int32? = nil) throws(FileError) {
    self.path = path
    self.witness = witness
    samples = try Journal.open(path)
    reports = try Journal.open(Journal.reportsPath(of: path))
    try mendLines(of: reports, Journal.reportsPath(of: path))
    try mendLines(of: samples, path)
    try mendLastRecord()
    if (FileManager.default.contents(atPath: path) ?? Data()).isEmpty {
      try Journal.append(CSVWriter.line(SampleRow.schema.header), to: samples, named: path)
    }
  }

  deinit {
    close(samples)
    close(reports)
  }

  /// Appends what one process says of one row; it is on the disk when this returns.
  public func append(
    _ report: CaseReport, rowKey: String, runID: String, worker: WorkerFacts? = nil
  ) throws(FileError) {
    try announce(JournalRecord(report, rowKey: rowKey, runID: runID, worker: worker))
    var text = ""
    for (index, sample) in report.samples.enumerated() {
      text += CSVWriter.line(
        SampleRow.schema.cells(
          SampleRow(sample, index: index, of: report, rowKey: rowKey, runID: runID)))
    }
    if !text.isEmpty { try Journal.append(text, to: samples, named: path) }
    if let witness {
      try? WholeFile.writeAll(Array("\(rowKey) \(report.process)\n".utf8), to: witness, named: "")
    }
  }

  /// Appends what one process says of its control rows; it is on the disk when this returns.
  public func append(
    _ control: ControlReport, placement: String, process: Int, runID: String
  ) throws(FileError) {
    try announce(ControlRecord(runID: runID, placement: placement, process: process, control: control))
  }

  private func announce(_ record: some Encodable) throws(FileError) {
    let name = Journal.reportsPath(of: path)
    do {
      try Journal.append(
        String(decoding: try Journal.encoder.encode(record), as: UTF8.self) + "\n", to: reports, named: name)
    } catch let error as FileError {
      throw error
    } catch {
      throw FileError(path: name, reason: "\(error)")
    }
  }

  /// Reads the samples; a torn last line is left out, because the writer may still be at it.
  ///
  /// - Throws: `InputError` for anything else that is not a journal.
  public static func read(_ path: String) throws(InputError) -> [SampleRow] {
    let bytes = try ResultFile.bytes(path)
    let document = try CSVDocument(Array(bytes[..<wholeLines(bytes)]), file: path)
    return try SampleRow.schema.rows(document, empty: SampleRow())
  }

  /// Reads the reports beside a samples file; a torn last line is left out.
  ///
  /// - Throws: `InputError` for a line that is no report.
  public static func readReports(besides path: String) throws(InputError) -> JournalReports {
    let path = reportsPath(of: path)
    let bytes = try ResultFile.bytes(path)
    var found = JournalReports()
    for (index, line) in bytes[..<wholeLines(bytes)].split(separator: UInt8(ascii: "\n")).enumerated() {
      if let row = try? decoder.decode(JournalRecord.self, from: Data(line)) {
        found.rows.append(row)
      } else if let control = try? decoder.decode(ControlRecord.self, from: Data(line)) {
        found.controls.append(control)
      } else {
        throw InputError(
          file: path, line: index + 1, "this is not a report of this version", advice: "start a new run")
      }
    }
    return found
  }

  /// The journal that belongs to a result file: `x.csv` -> `x.samples.csv`.
  public static func path(besides resultFile: String) -> String {
    (resultFile.hasSuffix(".csv") ? String(resultFile.dropLast(4)) : resultFile) + ".samples.csv"
  }

  package static func reportsPath(of samplesPath: String) -> String { stem(samplesPath) + ".reports.jsonl" }

  private static func stem(_ samplesPath: String) -> String {
    samplesPath.hasSuffix(".samples.csv") ? String(samplesPath.dropLast(12)) : samplesPath
  }

  private static func open(_ path: String) throws(FileError) -> Int32 {
    let opened = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard opened >= 0 else { throw FileError(path: path, errno: errno) }
    return opened
  }

  private static func append(_ text: String, to file: Int32, named path: String) throws(FileError) {
    try WholeFile.writeAll(Array(text.utf8), to: file, named: path)
    guard fdatasync(file) == 0 else { throw FileError(path: path, errno: errno) }
  }

  /// Bytes up to the last newline.
  private static func wholeLines(_ bytes: some RandomAccessCollection<UInt8>) -> Int {
    bytes.lastIndex(of: UInt8(ascii: "\n")).map { bytes.distance(from: bytes.startIndex, to: $0) + 1 } ?? 0
  }

  private func mendLines(of file: Int32, _ path: String) throws(FileError) {
    let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
    try cut(bytes, to: Journal.wholeLines(bytes), file, path)
  }

  /// The last record may have whole lines and yet not all of them.
  private func mendLastRecord() throws(FileError) {
    let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
    guard let rows = try? Journal.read(path), let last = rows.last,
      let announced = try? Journal.readReports(besides: path).rows.last(where: { $0.isOf(last) })
    else { return }
    let tail = rows.reversed().prefix { $0.isSameRecord(as: last) }.count
    guard tail != announced.samples else { return }
    var end = bytes.count
    for _ in 0..<tail { end = Journal.wholeLines(bytes[..<max(0, end - 1)]) }
    try cut(bytes, to: end, samples, path)
  }

  /// Moves everything behind `end` to the log.
  private func cut(_ bytes: [UInt8], to end: Int, _ file: Int32, _ path: String) throws(FileError) {
    guard end < bytes.count else { return }
    tornBytes += bytes.count - end
    let log = Journal.stem(self.path) + ".log"
    let opened = try Journal.open(log)
    defer { close(opened) }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let note = "\(utcNow()) cut from the end of \(name), left unfinished by a crash:\n"
    let torn = String(decoding: bytes[end...], as: UTF8.self)
    try Journal.append(note + torn + (torn.hasSuffix("\n") ? "" : "\n"), to: opened, named: log)
    guard ftruncate(file, off_t(end)) == 0, fdatasync(file) == 0 else {
      throw FileError(path: path, errno: errno)
    }
  }

  // A wrong result may hold infinities, which plain JSON cannot say.
  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return encoder
  }

  private static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}

extension JournalRecord {
  fileprivate func isOf(_ sample: SampleRow) -> Bool {
    runID == sample.runId && rowKey == sample.rowKey && report.process == sample.processIndex
  }
}

extension SampleRow {
  /// A sample's line.
  fileprivate init(_ sample: Sample, index: Int, of report: CaseReport, rowKey: String, runID: String) {
    self.init()
    schemaVersion = ResultRow.schemaVersion
    runId = runID
    self.rowKey = rowKey
    processIndex = report.process
    sampleIndex = index
    startedOffsetSeconds = sample.start
    iterations = report.iterations
    seconds = sample.seconds
  }

  fileprivate func isSameRecord(as other: SampleRow) -> Bool {
    runId == other.runId && rowKey == other.rowKey && processIndex == other.processIndex
  }
}
