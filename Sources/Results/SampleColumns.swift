// The samples of a journal as columns: what a comparison or a histogram reads of 300,000 samples, without a row
// value or a text for each.

import Foundation
public import Tables

/// Identity of a result row: which run, which problem.
public struct RowIdentity: Hashable, Sendable, Comparable {
  /// Run that measured the row.
  public let runId: String
  /// Key of problem, implementation and placement.
  public let rowKey: String
  /// An identity from its parts.
  public init(runId: String, rowKey: String) {
    self.runId = runId
    self.rowKey = rowKey
  }
  /// The identity of a row.
  public init(_ row: ResultRow) { self.init(runId: row.runId, rowKey: row.rowKey) }
  /// By run, then by key.
  public static func < (a: RowIdentity, b: RowIdentity) -> Bool { (a.runId, a.rowKey) < (b.runId, b.rowKey) }
}

/// Samples in the order of the journal; the arrays have one element a sample.
public struct SampleColumns: Sendable {
  /// Rows that have samples, in order of their first one.
  public private(set) var rows: [RowIdentity] = []
  /// Index into `rows`.
  public private(set) var row: [Int32] = []
  /// Process that took the sample.
  public private(set) var process: [Int32] = []
  /// Place of the sample among those of its row and process.
  public private(set) var sample: [Int32] = []
  /// Time of one execution in seconds, positive.
  public private(set) var seconds: [Double] = []
  /// Start since the process began to measure, in seconds; NaN where unknown.
  public private(set) var started: [Double] = []
  /// Core cycles of one execution; NaN where unknown.
  public private(set) var cycles: [Double] = []
  /// Bytes of a torn last line that were left out.
  public private(set) var tornBytes = 0

  private var places: [RowIdentity: Int32] = [:]

  /// No samples.
  public init() {}

  /// Number of samples.
  public var count: Int { seconds.count }

  /// Reads a journal; a torn last line is left out, because the writer may still be at it.
  ///
  /// - Throws: `InputError` with file, line and column for anything else that is not a journal: a time that is
  ///   not positive, a process or a sample without a number, a sample that is there twice.
  /// - Complexity: O(bytes), about 30 bytes of memory a sample.
  public init(journal path: String) throws(InputError) {
    let reader = try CSVReader(path: path, tornLine: .drop)
    try self.init(reader)
  }

  /// Parses the bytes of a journal.
  public init(_ bytes: [UInt8], file: String) throws(InputError) {
    let reader = try CSVReader(bytes, file: file, tornLine: .drop)
    try self.init(reader)
  }

  private init(_ source: consuming CSVReader) throws(InputError) {
    var reader = source
    let schema = SampleRow.schema
    try schema.check(header: reader.header, columns: reader.headerColumns, file: reader.file)
    let check = CellCheck(schema)
    let places = schema.header
    guard let run = places.firstIndex(of: "run_id"), let key = places.firstIndex(of: "row_key"),
      let process = places.firstIndex(of: "process_index"), let seconds = places.firstIndex(of: "seconds"),
      let sample = places.firstIndex(of: "sample_index"),
      let started = places.firstIndex(of: "started_offset_seconds"),
      let cycles = places.firstIndex(of: "cycles")
    else { return }
    var last: Int32 = -1
    var order = SampleOrder()
    while try reader.next() {
      if !check.isPlain(reader) {
        _ = try schema.row(try reader.record(), file: reader.file, empty: SampleRow())
      }
      if last < 0 || !reader.cell(key).spells(rows[Int(last)].rowKey)
        || !reader.cell(run).spells(rows[Int(last)].runId)
      {
        last = place(RowIdentity(runId: reader.text(run), rowKey: reader.text(key)))
      }
      row.append(last)
      guard let number = SampleColumns.number(reader, process, below: SampleColumns.processLimit) else {
        throw SampleColumns.fault(reader, process, "not the number of a process")
      }
      guard let index = SampleColumns.number(reader, sample, below: Int32.max) else {
        throw SampleColumns.fault(reader, sample, "not the number of a sample")
      }
      guard let time = NumberBytes.value(reader.cell(seconds)), time > 0, time <= SampleColumns.longest else {
        throw SampleColumns.fault(reader, seconds, "not a positive time")
      }
      guard order.isNew(row: last, process: number, sample: index, among: self) else {
        throw SampleColumns.fault(
          reader, sample, "the same sample of this row and process as an earlier line")
      }
      self.process.append(number)
      self.sample.append(index)
      self.seconds.append(time)
      self.started.append(NumberBytes.value(reader.cell(started)) ?? .nan)
      self.cycles.append(NumberBytes.value(reader.cell(cycles)) ?? .nan)
    }
    tornBytes = reader.tornBytes
  }

  /// Processes of a row and seconds of an execution beyond which a journal is not believable.
  private static let processLimit: Int32 = 1_000_000
  private static let longest = 1e9

  private static func number(_ reader: borrowing CSVReader, _ index: Int, below limit: Int32) -> Int32? {
    NumberBytes.value(reader.cell(index)).flatMap { Int32(exactly: $0) }.flatMap {
      $0 >= 0 && $0 < limit ? $0 : nil
    }
  }

  private static func fault(_ reader: borrowing CSVReader, _ index: Int, _ what: String) -> InputError {
    InputError(
      file: reader.file, line: reader.line, column: (try? reader.record())?.columns[index],
      "\(SampleRow.schema.header[index]): '\(reader.text(index).prefix(40))' is \(what)",
      advice: "the journal was edited or is not ours")
  }

  private mutating func place(_ identity: RowIdentity) -> Int32 {
    if let known = places[identity] { return known }
    let new = Int32(rows.count)
    rows.append(identity)
    places[identity] = new
    return new
  }

  /// The positive samples of every row, one array per process in the order of process numbers.
  public func byRow() -> [RowIdentity: [[Double]]] {
    var collected: [[Int32: [Double]]] = Array(repeating: [:], count: rows.count)
    for index in seconds.indices {
      collected[Int(row[index])][process[index], default: []].append(seconds[index])
    }
    var result: [RowIdentity: [[Double]]] = Dictionary(minimumCapacity: rows.count)
    for (identity, processes) in zip(rows, collected) where !processes.isEmpty {
      result[identity] = processes.sorted { $0.key < $1.key }.map(\.value)
    }
    return result
  }
}

/// Tells a sample that a journal has already. Journals are written in order, so that the greatest number of each
/// row and process is enough; only where numbers fall are the samples looked through.
private struct SampleOrder {
  private var greatest: [Int64: Int32] = [:]
  private var seen: [Int64: Set<Int32>] = [:]
  private var key: Int64 = -1
  private var latest: Int32 = -1

  mutating func isNew(row: Int32, process: Int32, sample: Int32, among columns: SampleColumns) -> Bool {
    let key = Int64(row) << 32 | Int64(process)
    if key != self.key {
      if self.key >= 0 { greatest[self.key] = latest }
      self.key = key
      latest = greatest[key] ?? -1
    }
    if sample > latest, seen[key] == nil {
      latest = sample
      return true
    }
    var known =
      seen[key]
      ?? Set(
        columns.sample.indices.filter { columns.row[$0] == row && columns.process[$0] == process }
          .map { columns.sample[$0] })
    defer { seen[key] = known }
    latest = max(latest, sample)
    return known.insert(sample).inserted
  }
}

/// Judges the cells of a record by the kinds of their columns, without decoding them.
struct CellCheck {
  private let kinds: [ColumnKind]

  init<Row>(_ schema: Schema<Row>) { kinds = schema.columns.map(\.kind) }

  /// True where every cell surely decodes; false sends the record to the exact decoders.
  func isPlain(_ reader: borrowing CSVReader) -> Bool {
    for index in kinds.indices where !isPlain(reader.cell(index), kinds[index]) { return false }
    return true
  }

  /// True where a cell surely decodes under a column of this kind.
  func isPlain(_ cell: UnsafeBufferPointer<UInt8>, _ kind: ColumnKind) -> Bool {
    switch kind {
    case .text: true
    case .number: cell.isEmpty || NumberBytes.isDecimal(cell)
    case .integer: cell.isEmpty || NumberBytes.isInteger(cell)
    case .flag: cell.isEmpty || (cell.count == 1 && cell[0] | 1 == 0x31)
    case .other: false
    }
  }
}
