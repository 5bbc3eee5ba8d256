// A printed table: one value, six encodings (table, Markdown and HTML for people; CSV, JSON and JSON lines for
// programs).

/// One cell of a printed table.
public enum Cell: Hashable, Sendable {
  /// Words.
  case text(String)
  /// A number with the decimals that a person sees; CSV and JSON carry it in full.
  case number(Double, decimals: Int)
  /// A whole number.
  case integer(Int)
  /// Unknown or not applicable.
  case empty

  /// A number, or empty for nil.
  public static func optional(_ value: Double?, decimals: Int) -> Cell {
    value.map { .number($0, decimals: decimals) } ?? .empty
  }
}

/// How a table is printed.
public enum TableFormat: String, Sendable, CaseIterable {
  case table, csv, json, jsonl, md, html

  /// True for the encodings that people read: headings, rounded numbers, notes.
  public var isForPeople: Bool { self == .table || self == .md || self == .html }
}

/// A titled table of cells; column names carry their units.
public struct ReportTable: Sendable {
  /// One column.
  public struct Column: Sendable {
    /// Name in CSV and JSON, unit included, e.g. `gflops_median`.
    public let name: String
    /// Heading for people, e.g. `GFLOP/s`.
    public let heading: String
    /// A column; the heading defaults to the name.
    public init(_ name: String, _ heading: String? = nil) {
      self.name = name
      self.heading = heading ?? name
    }
  }

  /// Title above the table.
  public let title: String
  /// Columns in order.
  public let columns: [Column]
  /// Rows of exactly `columns.count` cells.
  public private(set) var rows: [[Cell]] = []
  /// Sentences under the table (people only).
  public var notes: [String] = []

  /// An empty table.
  public init(_ title: String, _ columns: [Column]) {
    self.title = title
    self.columns = columns
  }

  /// Adds a row.
  /// - Precondition: as many cells as columns.
  public mutating func append(_ cells: [Cell]) {
    precondition(cells.count == columns.count, "\(title): \(cells.count) cells, \(columns.count) columns")
    rows.append(cells)
  }

  /// The same table under another title.
  public func titled(_ title: String) -> ReportTable {
    var other = ReportTable(title, columns)
    other.rows = rows
    other.notes = notes
    return other
  }

  /// The table as text in a format; `width` bounds the lines of the `table` format.
  ///
  /// - Parameter isCut: false for a table that a program or a file will get: lines are as long as their cells, and
  ///   only notes are broken.
  public func render(_ format: TableFormat, width: Int = 80, isCut: Bool = true) -> String {
    switch format {
    case .table: return plainText(width: width, isCut: isCut)
    case .csv:
      var writer = CSVWriter()
      writer.append(columns.map(\.name))
      for row in rows { writer.append(row.map(ReportTable.exact)) }
      return writer.text
    case .json:
      let objects = rows.map { "  " + object($0) }
      return objects.isEmpty ? "[]\n" : "[\n" + objects.joined(separator: ",\n") + "\n]\n"
    case .jsonl: return rows.map { object($0) + "\n" }.joined()
    case .md: return markdown()
    case .html: return html()
    }
  }

  private func object(_ row: [Cell]) -> String {
    "{"
      + zip(columns, row).map { "\(jsonText($0.name)): \(ReportTable.json($1))" }.joined(separator: ", ")
      + "}"
  }

  private static func exact(_ cell: Cell) -> String {
    switch cell {
    case .text(let text): Double(text) == nil ? neutralised(text) : text
    case .number(let value, _): decimalText(value)
    case .integer(let value): String(value)
    case .empty: ""
    }
  }

  private static func json(_ cell: Cell) -> String {
    switch cell {
    case .text(let text): jsonText(text)
    case .number(let value, _): value.isFinite ? decimalText(value) : "null"
    case .integer(let value): String(value)
    case .empty: "null"
    }
  }

  static func shown(_ cell: Cell) -> String {
    switch cell {
    case .text(let text): printable(text)
    case .number(let value, let decimals): grouped(value, decimals: decimals)
    case .integer(let value): grouped(Double(value), decimals: 0)
    case .empty: "-"
    }
  }

  /// True for a column of words; numbers are set flush right.
  func isTextColumn(_ index: Int) -> Bool {
    rows.contains { if case .text = $0[index] { true } else { false } }
      || rows.allSatisfy { $0[index] == .empty }
  }
}

/// A number with thousands separators and fixed decimals.
public func grouped(_ value: Double, decimals: Int) -> String {
  guard value.isFinite else { return "-" }
  var text = fixed(abs(value), decimals: decimals)
  let point = text.firstIndex(of: ".") ?? text.endIndex
  var index = point
  while let next = text.index(index, offsetBy: -3, limitedBy: text.startIndex), next > text.startIndex {
    text.insert(",", at: next)
    index = next
  }
  return (value < 0 && text.contains { ("1"..."9").contains($0) } ? "-" : "") + text
}

/// A number with fixed decimals, rounded half to even on its decimal expansion.
public func fixed(_ value: Double, decimals: Int) -> String {
  guard value.isFinite else { return "" }
  guard abs(value) < 1e15 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let scaled = (abs(value) * scale).rounded(.toNearestOrEven)
  guard scaled < 9e18 else { return "\(value)" }
  let units = UInt64(scaled)
  let divisor = UInt64(scale)
  let sign = value < 0 && units > 0 ? "-" : ""
  if decimals == 0 { return sign + String(units) }
  let fraction = String(units % divisor)
  return sign + String(units / divisor) + "."
    + String(repeating: "0", count: decimals - fraction.count) + fraction
}

/// Text as a JSON string with its quotes.
public func jsonText(_ text: String) -> String {
  var out = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": out += "\\\""
    case "\\": out += "\\\\"
    case "\n": out += "\\n"
    case "\r": out += "\\r"
    case "\t": out += "\\t"
    case _ where scalar.value < 0x20:
      let hex = String(scalar.value, radix: 16)
      out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out + "\""
}
