// Rows for other programs as a stream: a fleet's file is larger than its rows may be in memory.

import Foundation
public import Tables

/// What rows are written as.
public enum RowEncoding: Sendable {
  case csv, json, jsonl
}

/// Writes chosen columns of rows, one after the other, in pieces.
public struct RowExport {
  private let encoding: RowEncoding
  private let names: [[UInt8]]
  private let isNumeric: [Bool]
  private let write: ([UInt8]) throws -> Void
  private var block: [UInt8] = []
  /// Rows so far.
  public private(set) var rows = 0

  private static let piece = 1 << 20

  /// Starts a document; `write` gets its bytes in pieces of about a megabyte.
  public init(
    _ columns: [String], isNumeric: [Bool], as encoding: RowEncoding,
    to write: @escaping ([UInt8]) throws -> Void
  ) {
    self.encoding = encoding
    self.isNumeric = isNumeric
    self.write = write
    names = columns.enumerated().map { place, name in
      Array((place == 0 ? "{" : ", ").utf8) + Array(jsonText(name).utf8) + Array(": ".utf8)
    }
    block.reserveCapacity(RowExport.piece + (1 << 17))
    if encoding == .csv { block += Array(CSVWriter.line(columns).utf8) }
  }

  /// Appends a row of as many cells as columns.
  public mutating func append(_ row: [String]) throws {
    start()
    for (place, cell) in row.enumerated() {
      var cell = cell
      cell.withUTF8 { add($0, place) }
    }
    try end()
  }

  /// Appends cells of a reader's present record; nil stands for a column that the file does not have.
  package mutating func append(_ csv: borrowing CSVReader, _ places: [Int?]) throws {
    start()
    for (place, source) in places.enumerated() {
      if let source {
        add(csv.cell(source), place)
      } else {
        add(UnsafeBufferPointer(start: nil, count: 0), place)
      }
    }
    try end()
  }

  /// Ends the document.
  public mutating func finish() throws {
    if encoding == .json { block += Array((rows == 0 ? "[]\n" : "\n]\n").utf8) }
    try write(block)
    block.removeAll()
  }

  private mutating func start() {
    if encoding == .json { block += Array((rows == 0 ? "[\n  " : ",\n  ").utf8) }
    rows += 1
  }

  private mutating func end() throws {
    if encoding != .csv { block.append(UInt8(ascii: "}")) }
    if encoding != .json { block.append(UInt8(ascii: "\n")) }
    guard block.count >= RowExport.piece else { return }
    try write(block)
    block.removeAll(keepingCapacity: true)
  }

  private mutating func add(_ cell: UnsafeBufferPointer<UInt8>, _ place: Int) {
    if encoding == .csv {
      if place > 0 { block.append(0x2C) }
      return addCSV(cell, place)
    }
    block += names[place]
    if cell.isEmpty {
      block += Array("null".utf8)
    } else if isNumeric[place], RowExport.isJSONNumber(cell) {
      block += cell
    } else if isNumeric[place], let value = NumberBytes.value(cell), value.isFinite {
      block += Array(decimalText(value).utf8)
    } else if RowExport.isPlain(cell) {
      block.append(0x22)
      block += cell
      block.append(0x22)
    } else {
      block += Array(jsonText(neutralised(String(decoding: cell, as: UTF8.self))).utf8)
    }
  }

  private mutating func addCSV(_ cell: UnsafeBufferPointer<UInt8>, _ place: Int) {
    if cell.isEmpty || RowExport.isPlain(cell) || (isNumeric[place] && NumberBytes.isDecimal(cell)) {
      block += cell
      return
    }
    let text = String(decoding: cell, as: UTF8.self)
    let isNumber = isNumeric[place] && Double(text) != nil
    block += Array(CSVWriter.line([isNumber ? text : neutralised(text)]).utf8.dropLast())
  }

  /// True for ASCII that starts with a letter or digit and needs neither quotes nor escapes.
  private static func isPlain(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let first = cell.first, first | 0x20 >= 0x61 && first | 0x20 <= 0x7A || first &- 0x30 < 10 else {
      return false
    }
    for byte in cell where byte < 0x20 || byte >= 0x7F || byte == 0x22 || byte == 0x5C || byte == 0x2C {
      return false
    }
    return true
  }

  /// True for a number as JSON spells it: no leading zero before a digit.
  private static func isJSONNumber(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
    guard NumberBytes.isDecimal(cell) else { return false }
    let first = cell.first == 0x2D ? 1 : 0
    return cell[first] != 0x30 || first + 1 == cell.count || cell[first + 1] &- 0x30 >= 10
  }
}

extension ResultTable {
  /// Sends the rows of result files to an export as they are read.
  ///
  /// - Throws: `InputError` for a faulty file, and what the export throws.
  public static func stream(
    _ files: [String], columns: [String], filter: RowFilter, to export: inout RowExport
  ) throws {
    for file in files {
      var reader = try ResultReader(path: file)
      var places: [Int?] = []
      var width = -1
      while try reader.next() {
        if width < 0 {
          width = reader.schema.header.count
          places = columns.map { name in place(of: name).flatMap { $0 < width ? $0 : nil } }
        }
        let fits = filter.matches { key in
          guard let place = ResultTable.column(key).flatMap(place(of:)), place < width else { return "" }
          return reader.csv.text(place)
        }
        if fits { try export.append(reader.csv, places) }
      }
    }
  }

  /// The rows in an export.
  public func send(to export: inout RowExport) throws {
    for row in rows { try export.append(row) }
  }

  /// True where filled cells of a column are numbers.
  public static func isNumeric(_ columns: [String]) -> [Bool] {
    let known = Dictionary(
      ResultRow.schema.columns.map { ($0.name, $0.isNumeric) }, uniquingKeysWith: { first, _ in first })
    return columns.map { known[$0] ?? false }
  }
}
