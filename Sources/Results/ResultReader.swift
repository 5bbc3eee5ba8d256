// Result files record by record: every rule of the strict reader, at the speed of a byte scan. A record whose
// bytes are plainly sound is taken; any other is decoded and judged in full, which also phrases the fault.

import Measurement
import Quantities
package import Tables

/// A pull reader over the checked records of a result file.
package struct ResultReader: ~Copyable {
  /// The records and their places.
  package private(set) var csv: CSVReader
  /// Version of the schema that the header follows.
  package private(set) var schema = ResultRow.schema
  /// True after a fault behind which no next record can be judged.
  package var isBroken: Bool { csv.isBroken || check == nil }
  private let file: String
  private var check: PlainRecord?
  private var decoder = RowDecoder(ResultRow.schema)

  /// Opens a result file.
  ///
  /// - Throws: `InputError` when it cannot be read or is no result file.
  package init(path: String, tornLine: TornLine = .refuse) throws(InputError) {
    try self.init(CSVReader(path: path, tornLine: tornLine), file: path)
  }

  /// Reads a result file that is in memory.
  package init(_ bytes: [UInt8], file: String, tornLine: TornLine = .refuse) throws(InputError) {
    try self.init(CSVReader(bytes, file: file, tornLine: tornLine), file: file)
  }

  private init(_ reader: consuming CSVReader, file: String) throws(InputError) {
    csv = reader
    self.file = file
    if csv.index(of: "row_key") == nil || csv.index(of: "run_id") == nil {
      throw InputError(
        file: file, line: 1, column: 1, "this is a CSV file, but not a result file",
        advice: "result files are written by 'plimsoll run'")
    }
    if csv.index(of: "sample_index") != nil {
      throw InputError(
        file: file, line: 1, column: 1, "this is the journal of samples, not the result file",
        advice: "give the .csv file with the same name but without .samples")
    }
  }

  /// Moves to the next record and checks it; false at the end.
  ///
  /// - Throws: `InputError` with line and column at the first fault.
  package mutating func next() throws(InputError) -> Bool {
    let isMore = try csv.next()
    if check == nil {
      schema = isMore ? try presentSchema() : ResultRow.schema
      try schema.check(header: csv.header, columns: csv.headerColumns, file: file)
      check = PlainRecord(schema)
      decoder = RowDecoder(schema)
    }
    guard isMore else { return false }
    if check?.isSound(csv) != true {
      let record = try csv.record()
      let row = try schema.row(record, file: file, empty: ResultRow())
      try ResultFile.check(row, record, file: file)
      try ResultFile.checkNumbers(row, record, file: file)
    }
    return true
  }

  /// The present record as a row.
  package mutating func row() throws(InputError) -> ResultRow { try decoder.row(csv, empty: ResultRow()) }

  /// The schema that the first row names; rows of an older version may have been put under a newer header, and
  /// then the header decides.
  private func presentSchema() throws(InputError) -> Schema<ResultRow> {
    guard let column = csv.index(of: "schema_version") else { return ResultRow.schema }
    let text = csv.text(column)
    guard let named = Int(text).flatMap({ ResultRow.schema(version: $0) }) else {
      throw InputError(
        file: file, line: csv.line, column: try csv.record().columns[column],
        "schema version '\(text.prefix(20))' where this program reads 1 to \(ResultRow.schemaVersion)",
        advice: "read it with the version of plimsoll that wrote it")
    }
    return ResultRow.schema(columns: csv.header.count) ?? named
  }
}

/// Judges a record by its bytes; one-sided: a false answer only means that the full rules must look.
private struct PlainRecord {
  private let kinds: [ColumnKind]
  private let check: CellCheck
  private let required: [Int]
  private let drift: Int
  private let status: Int
  private let version: Int
  private let statusDetail: Int
  /// min, q1, median, q3, max.
  private let times: [Int]
  private let median: Int
  private let interval: (low: Int, high: Int)
  private let counts: (processes: Int, samples: Int)
  private let verification: (error: Int, tolerance: Int)
  private let rate: (flop: Int, gflops: Int)
  private let extremes: (least: Int, most: Int)
  private let bounds: [(index: Int, range: ClosedRange<Double>)]
  private let statuses = RowStatus.allCases.map { (text: $0.rawValue, status: $0) }

  /// Nil where the schema lacks one of the columns that the rules name.
  init?(_ schema: Schema<ResultRow>) {
    let places = Dictionary(
      schema.header.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
    kinds = schema.columns.map(\.kind)
    check = CellCheck(schema)
    let named = ["row_key", "run_id", "kernel", "impl", "placement", "machine_id"].compactMap { places[$0] }
    let ordered = ["min", "q1", "median", "q3", "max"].compactMap { places["time_\($0)_seconds"] }
    guard named.count == 6, ordered.count == 5, let drift = places["drift_rel_per_minute"],
      let status = places["status"], let version = places["schema_version"],
      let statusDetail = places["status_detail"], let low = places["time_median_ci_low_seconds"],
      let high = places["time_median_ci_high_seconds"], let processes = places["n_processes"],
      let samples = places["n_samples"], let error = places["verify_max_rel_error"],
      let tolerance = places["verify_tolerance"], let flop = places["flop"],
      let gflops = places["gflops_median"]
    else { return nil }
    required = named
    times = ordered
    median = ordered[2]
    self.drift = drift
    self.status = status
    self.version = version
    self.statusDetail = statusDetail
    interval = (low, high)
    counts = (processes, samples)
    verification = (error, tolerance)
    rate = (flop, gflops)
    extremes = (ordered[0], ordered[4])
    bounds = ResultFile.ranges.compactMap { name, range in places[name].map { ($0, range) } }
  }

  func isSound(_ reader: borrowing CSVReader) -> Bool {
    guard !PlainRecord.hasControl(reader.bytes), cellsAreSound(reader) else { return false }
    for bound in bounds {
      let cell = reader.cell(bound.index)
      guard cell.isEmpty || NumberBytes.value(cell).map(bound.range.contains) == true else { return false }
    }
    for index in required where reader.cell(index).isEmpty { return false }
    let cell = reader.cell(status)
    guard let status = statuses.first(where: { cell.spells($0.text) })?.status,
      let version = number(reader, version), version >= 1, version <= Double(ResultRow.schemaVersion)
    else { return false }
    if status == .failed || status == .skipped, reader.cell(statusDetail).isEmpty { return false }
    guard status.hasTimes else { return reader.cell(median).isEmpty && countsAreSound(reader, atLeast: 0) }
    return timesAreSound(reader) && countsAreSound(reader, atLeast: 1) && rateIsSound(reader)
      && (status != .ok || isVerified(reader))
  }

  /// True for a control character before the line end.
  private static func hasControl(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var count = bytes.count
    if count > 0, bytes[count - 1] == 0x0A { count -= 1 }
    if count > 0, bytes[count - 1] == 0x0D { count -= 1 }
    var found: UInt8 = 0
    // Without branches, so that many bytes go at a time.
    for index in 0..<count { found |= (bytes[index] < 0x20 ? 1 : 0) | (bytes[index] == 0x7F ? 1 : 0) }
    return found != 0
  }

  /// True for a decimal number that is surely below `ResultFile.largest`: few digits, no growing exponent.
  private static func isModest(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
    guard cell.count <= 24 else { return false }
    for index in cell.indices where cell[index] | 0x20 == 0x65 {
      return index + 1 < cell.count && cell[index + 1] == 0x2D
    }
    return true
  }

  /// Every cell decodes, none is negative (but for a drift), none would be a formula.
  private func cellsAreSound(_ reader: borrowing CSVReader) -> Bool {
    for index in kinds.indices {
      let cell = reader.cell(index)
      guard let first = cell.first else { continue }
      switch first {
      case 0x2D where index == drift: break
      case 0x2D, 0x3D, 0x2B, 0x40, 0x09, 0x20, 0x80...: return false
      default: break
      }
      guard index == status || check.isPlain(cell, kinds[index]) else { return false }
      if kinds[index] == .number, !PlainRecord.isModest(cell) { return false }
    }
    return true
  }

  private func number(_ reader: borrowing CSVReader, _ index: Int) -> Double? {
    let cell = reader.cell(index)
    return cell.isEmpty ? nil : NumberBytes.value(cell)
  }

  private func timesAreSound(_ reader: borrowing CSVReader) -> Bool {
    var last = 0.0
    for index in times {
      guard let time = number(reader, index) else {
        if index == median { return false }
        continue
      }
      guard time >= last, index != median || time > 0 else { return false }
      last = time
    }
    return ResultFile.outside(
      low: number(reader, interval.low), high: number(reader, interval.high),
      least: number(reader, extremes.least), median: number(reader, median) ?? 0,
      most: number(reader, extremes.most)) == nil
  }

  private func countsAreSound(_ reader: borrowing CSVReader, atLeast least: Double) -> Bool {
    guard let processes = number(reader, counts.processes) else { return true }
    guard processes >= least, processes <= 1_000 else { return false }
    return (number(reader, counts.samples) ?? .infinity) >= processes
  }

  private func isVerified(_ reader: borrowing CSVReader) -> Bool {
    guard let tolerance = number(reader, verification.tolerance) else { return true }
    return (number(reader, verification.error) ?? .infinity) <= tolerance
  }

  private func rateIsSound(_ reader: borrowing CSVReader) -> Bool {
    guard let gflops = number(reader, rate.gflops), let flop = number(reader, rate.flop),
      let median = number(reader, median)
    else { return true }
    let expected = Unit.gigaflops.fromBase(flop / median)
    return abs(gflops - expected) <= 1e-6 * expected
  }
}
