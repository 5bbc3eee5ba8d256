// A table's columns declared once: name, unit, decode, encode, meaning. The schema reads, writes and
// documents itself, so that a column cannot be renamed in one place only.

/// How the cells of a column are spelled; the exact rule is the column's `decode`.
public enum ColumnKind: Hashable, Sendable {
  case text, number, integer, flag, other
}

/// One column of a table of `Row`.
public struct Column<Row>: Sendable {
  /// Header text; units are part of the name.
  public let name: String
  /// What the column holds, for the column dictionary.
  public let doc: String
  /// True where a filled cell is a number (a truth value is 0 or 1).
  public let isNumeric: Bool
  /// How its cells are spelled.
  public let kind: ColumnKind
  /// The cell's text; empty for unknown.
  public let encode: @Sendable (Row) -> String
  /// Stores the cell into the row; throws a sentence fragment that says what is wrong.
  public let decode: @Sendable (inout Row, String) throws(CellFault) -> Void

  /// A column from its parts.
  public init(
    _ name: String, _ doc: String, isNumeric: Bool = false, kind: ColumnKind = .other,
    encode: @escaping @Sendable (Row) -> String,
    decode: @escaping @Sendable (inout Row, String) throws(CellFault) -> Void
  ) {
    self.name = name
    self.doc = doc
    self.isNumeric = isNumeric
    self.kind = kind
    self.encode = encode
    self.decode = decode
  }
}

/// What is wrong with one cell; the reader adds file, line and column.
public struct CellFault: Error, Hashable, Sendable {
  /// The fault.
  public let fault: String
  /// The next step.
  public let advice: String
  /// A fault with advice.
  public init(_ fault: String, advice: String = "") {
    self.fault = fault
    self.advice = advice
  }
}

extension Column {
  /// A text column; empty text is the empty string.
  public static func text(_ name: String, _ doc: String, _ path: any WritableKeyPath<Row, String> & Sendable)
    -> Column
  {
    Column(
      name, doc, kind: .text, encode: { $0[keyPath: path] },
      decode: { (row, cell) throws(CellFault) in row[keyPath: path] = cell })
  }

  /// A number that may be unknown (empty cell).
  public static func number(
    _ name: String, _ doc: String, _ path: any WritableKeyPath<Row, Double?> & Sendable
  ) -> Column {
    Column(
      name, doc, isNumeric: true, kind: .number, encode: { $0[keyPath: path].map(decimalText) ?? "" },
      decode: { (row, cell) throws(CellFault) in row[keyPath: path] = try parseNumber(cell) })
  }

  /// A whole number that may be unknown (empty cell).
  public static func integer(
    _ name: String, _ doc: String, _ path: any WritableKeyPath<Row, Int?> & Sendable
  ) -> Column {
    Column(
      name, doc, isNumeric: true, kind: .integer, encode: { $0[keyPath: path].map(String.init) ?? "" },
      decode: { (row, cell) throws(CellFault) in row[keyPath: path] = try parseInteger(cell) })
  }

  /// A truth value as 0 or 1 that may be unknown (empty cell).
  public static func flag(
    _ name: String, _ doc: String, _ path: any WritableKeyPath<Row, Bool?> & Sendable
  ) -> Column {
    Column(
      name, doc, isNumeric: true, kind: .flag, encode: { $0[keyPath: path].map { $0 ? "1" : "0" } ?? "" },
      decode: { (row, cell) throws(CellFault) in
        switch cell {
        case "": row[keyPath: path] = nil
        case "0": row[keyPath: path] = false
        case "1": row[keyPath: path] = true
        default: throw CellFault("'\(cell)' is neither 0 nor 1", advice: "write 0, 1 or leave it empty")
        }
      })
  }
}

/// A finite number, or nil for an empty cell.
public func parseNumber(_ cell: String) throws(CellFault) -> Double? {
  if cell.isEmpty { return nil }
  guard let first = cell.utf8.first, let last = cell.utf8.last, first != 0x20, last != 0x20,
    let value = Double(cell),
    cell.utf8.allSatisfy({ $0 | 0x20 != 0x78 && $0 | 0x20 != 0x70 })
  else { throw CellFault("'\(cell.prefix(40))' is not a number", advice: "write a number like 1234.5") }
  guard value.isFinite else {
    throw CellFault("'\(cell.prefix(40))' is not a finite number", advice: "leave an unknown value empty")
  }
  return value
}

/// A whole number, or nil for an empty cell.
public func parseInteger(_ cell: String) throws(CellFault) -> Int? {
  if cell.isEmpty { return nil }
  guard let value = Int(cell) else {
    throw CellFault("'\(cell.prefix(40))' is not a whole number", advice: "write a number like 42")
  }
  return value
}

/// The ordered columns of a table.
public struct Schema<Row>: Sendable {
  /// Columns in file order.
  public let columns: [Column<Row>]
  /// A schema from its columns.
  public init(_ columns: [Column<Row>]) { self.columns = columns }

  /// The header record.
  public var header: [String] { columns.map(\.name) }
  /// The cells of one row.
  public func cells(_ row: Row) -> [String] { columns.map { $0.encode(row) } }

  /// A whole CSV text.
  public func csv(_ rows: [Row]) -> String {
    var writer = CSVWriter()
    writer.append(header)
    for row in rows { writer.append(cells(row)) }
    return writer.text
  }

  /// Reads rows from a document whose header must be exactly this schema's.
  ///
  /// - Throws: `InputError` at the first unknown, missing or misplaced column, or at a cell that does
  ///   not decode.
  public func rows(_ document: CSVDocument, empty: Row) throws(InputError) -> [Row] {
    try check(header: document.header, columns: document.headerColumns, file: document.file)
    var rows: [Row] = []
    rows.reserveCapacity(document.records.count)
    for record in document.records { rows.append(try row(record, file: document.file, empty: empty)) }
    return rows
  }

  /// Decodes one record, every cell of it.
  ///
  /// - Throws: `InputError` at the first cell that does not decode.
  package func row(_ record: CSVRecord, file: String?, empty: Row) throws(InputError) -> Row {
    var row = empty
    for (index, column) in columns.enumerated() {
      do throws(CellFault) {
        try column.decode(&row, record.fields[index])
      } catch {
        throw InputError(
          file: file, line: record.line, column: record.columns[index], "\(column.name): \(error.fault)",
          advice: error.advice)
      }
    }
    return row
  }

  /// The header must be this schema's.
  package func check(header found: [String], columns places: [Int], file: String?) throws(InputError) {
    let wanted = header
    for (index, name) in found.enumerated() {
      guard index < wanted.count, wanted[index] == name else {
        let expected = index < wanted.count ? "'\(wanted[index])'" : "the end of the header"
        throw InputError(
          file: file, line: 1, column: places[index],
          "column \(index + 1) is '\(name.prefix(60))' where this table has \(expected)",
          advice: "this file has another schema or another version of it")
      }
    }
    guard found.count == wanted.count else {
      throw InputError(
        file: file, line: 1, "column '\(wanted[found.count])' is missing",
        advice: "this file has another schema or another version of it")
    }
  }

  /// The column dictionary as a Markdown table.
  public var dictionary: String {
    (["| column | meaning |", "|---|---|"] + columns.map { "| `\($0.name)` | \($0.doc) |" })
      .joined(separator: "\n") + "\n"
  }
}
