// A workbook as plain values: sheets of cells, names, charts. Nothing here knows a file format; a writer
// walks these values. Inputs, calculations and outputs differ by style, and units stand in number formats.

/// What a cell holds.
public enum CellContent: Hashable, Sendable {
  /// A constant number.
  case number(Double)
  /// Words, never read as a formula.
  case text(String)
  /// A live formula; its value is computed by `WorkbookValues`.
  case formula(Formula)
}

/// The role of a cell; a writer turns it into colour, weight and borders.
public enum CellStyle: String, Hashable, Sendable, CaseIterable {
  case title, heading, label, input, calculation, output, note, check
}

/// How a number is shown: a spreadsheet number format, unit included.
public struct NumberFormat: Hashable, Sendable {
  /// The format code, e.g. `#,##0.0" MW"`.
  public let code: String
  /// A format from its code.
  public init(_ code: String) { self.code = code }

  /// As the program likes it.
  public static let general = NumberFormat("General")
  /// 1,234
  public static let whole = NumberFormat("#,##0")
  /// 1,234.57
  public static let decimal = NumberFormat("#,##0.00")
  /// 1,234.5679
  public static let fine = NumberFormat("#,##0.0000")
  /// 12.3%
  public static let percent = NumberFormat("0.0%")
  /// 2026-11-30, of a day number
  public static let date = NumberFormat("yyyy-mm-dd")
  /// 1 is TRUE, 0 is FALSE
  public static let truth = NumberFormat("\"TRUE\";;\"FALSE\"")

  /// A number with decimals and a unit behind it.
  public static func with(unit: String, decimals: Int = 0) -> NumberFormat {
    let digits = decimals > 0 ? "." + String(repeating: "0", count: decimals) : ""
    return NumberFormat("#,##0\(digits)\" \(unit.filter { $0 != "\"" })\"")
  }
}

/// What an input cell accepts.
public enum CellRule: Hashable, Sendable {
  /// A number of at least this.
  case atLeast(Double)
  /// A number between two bounds, both included.
  case between(Double, Double)
  /// A whole number between two bounds, both included.
  case wholeBetween(Int, Int)
  /// One of these words, from a list.
  case choice([String])
}

/// One cell.
public struct SheetCell: Hashable, Sendable {
  /// What it holds.
  public var content: CellContent
  /// Its role.
  public var style: CellStyle
  /// How a number is shown.
  public var format: NumberFormat
  /// What it accepts, for inputs.
  public var rule: CellRule?
}

/// A position on a sheet, ordered row by row.
public struct CellPosition: Hashable, Comparable, Sendable {
  /// Zero-based row.
  public let row: Int
  /// Zero-based column.
  public let column: Int
  public static func < (left: CellPosition, right: CellPosition) -> Bool {
    (left.row, left.column) < (right.row, right.column)
  }
}

/// One sheet.
public struct Sheet: Sendable {
  /// Its name: letters and digits, below 31 characters.
  public let name: String
  /// Its cells.
  public private(set) var cells: [CellPosition: SheetCell] = [:]
  /// Column widths in characters, by zero-based column.
  public var widths: [Int: Double] = [:]
  /// Rows and columns that stay in view.
  public var frozen: (rows: Int, columns: Int) = (0, 0)
  /// Pages that a print may be wide; frozen rows and columns are repeated on each.
  public var pagesWide = 1
  /// The charts on it.
  public var charts: [Chart] = []

  /// An empty sheet.
  public init(_ name: String) { self.name = name }

  /// Stores a cell and answers its address; empty words leave the cell empty.
  @discardableResult
  public mutating func put(
    _ content: CellContent, row: Int, column: Int, style: CellStyle = .calculation,
    format: NumberFormat = .general, rule: CellRule? = nil
  ) -> CellAddress {
    if content == .text("") { return CellAddress(name, row: row, column: column) }
    cells[CellPosition(row: row, column: column)] = SheetCell(
      content: content, style: style, format: format, rule: rule)
    return CellAddress(name, row: row, column: column)
  }

  /// Stores words in neighbouring cells of one row, from `column` on.
  public mutating func put(_ texts: [String], row: Int, column: Int = 0, style: CellStyle) {
    for (offset, text) in texts.enumerated() where !text.isEmpty {
      put(.text(text), row: row, column: column + offset, style: style)
    }
  }

  /// The address of a position on this sheet.
  public func address(row: Int, column: Int) -> CellAddress {
    CellAddress(name, row: row, column: column)
  }

  /// The rectangle between two positions of this sheet, both included.
  public func range(rows: ClosedRange<Int>, columns: ClosedRange<Int>) -> CellRange {
    CellRange(
      address(row: rows.lowerBound, column: columns.lowerBound),
      address(row: rows.upperBound, column: columns.upperBound))
  }

  /// Replaces the content of a cell and keeps its style; false where there is no such cell.
  @discardableResult
  public mutating func replace(row: Int, column: Int, with content: CellContent) -> Bool {
    let position = CellPosition(row: row, column: column)
    guard cells[position] != nil else { return false }
    cells[position]?.content = content
    return true
  }
}

/// A native chart.
public struct Chart: Hashable, Sendable {
  /// How the series are drawn.
  public enum Kind: String, Hashable, Sendable { case column, columnStacked, bar, line, areaStacked }
  /// One series.
  public struct Series: Hashable, Sendable {
    /// Name in the legend.
    public let name: String
    /// The labels of the points.
    public let categories: CellRange
    /// The values.
    public let values: CellRange
    /// A series from its parts.
    public init(_ name: String, categories: CellRange, values: CellRange) {
      self.name = name
      self.categories = categories
      self.values = values
    }
  }

  /// How it is drawn.
  public let kind: Kind
  /// Title, with what and when.
  public let title: String
  /// Name of the category axis.
  public let categoryAxis: String
  /// Name of the value axis, unit included.
  public let valueAxis: String
  /// Number format of the value axis.
  public let valueFormat: String
  /// The series.
  public let series: [Series]
  /// The cell under its upper left corner.
  public let anchor: CellPosition
  /// Width and height in pixels.
  public let size: (width: Int, height: Int)

  /// A chart from its parts.
  public init(
    _ kind: Kind, title: String, categoryAxis: String, valueAxis: String, valueFormat: String = "#,##0",
    series: [Series],
    row: Int, column: Int, width: Int = 620, height: Int = 320
  ) {
    self.kind = kind
    self.title = title
    self.categoryAxis = categoryAxis
    self.valueAxis = valueAxis
    self.valueFormat = valueFormat
    self.series = series
    anchor = CellPosition(row: row, column: column)
    size = (width, height)
  }

  public static func == (left: Chart, right: Chart) -> Bool {
    left.kind == right.kind && left.title == right.title && left.series == right.series
      && left.anchor == right.anchor && left.size == right.size
      && left.categoryAxis == right.categoryAxis && left.valueAxis == right.valueAxis
  }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(title)
    hasher.combine(series)
  }
}

/// Sheets in order and the names of cells.
public struct Workbook: Sendable {
  /// Title in the file's properties.
  public let title: String
  /// The sheets in order.
  public var sheets: [Sheet] = []
  /// Defined names, each for one cell; unit in the name.
  public private(set) var names: [String: CellAddress] = [:]

  /// An empty workbook.
  public init(title: String) { self.title = title }

  /// Gives a cell a name.
  /// - Precondition: the name is not taken and cannot be read as a cell address.
  public mutating func define(_ name: String, as address: CellAddress) {
    precondition(names[name] == nil, "the name \(name) is defined twice")
    precondition(Workbook.isName(name), "\(name) is not a name of a cell")
    names[name] = address
  }

  /// The cell at an address.
  public func cell(at address: CellAddress) -> SheetCell? {
    sheets.first { $0.name == address.sheet }?
      .cells[CellPosition(row: address.row, column: address.column)]
  }

  /// The same workbook with another number in the named cell; nil where the name is unknown.
  public func setting(_ name: String, to value: Double) -> Workbook? {
    guard let address = names[name], let sheet = sheets.firstIndex(where: { $0.name == address.sheet })
    else { return nil }
    var copy = self
    guard copy.sheets[sheet].replace(row: address.row, column: address.column, with: .number(value))
    else { return nil }
    return copy
  }

  /// True for lower-case words joined by underscores that no program reads as a cell address.
  public static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, (0x61...0x7A).contains(first) else { return false }
    // Letters and then digits could be a cell (`gb200`), one or two letters a row or column (`r`, `c`).
    guard text.contains("_") || (text.utf8.count > 3 && !text.contains { $0.isNumber }) else { return false }
    return text.utf8.count < 200
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F }
  }

  /// Any label as such a name: other characters become underscores.
  public static func nameText(_ label: String) -> String {
    var out = ""
    for byte in label.lowercased().utf8 {
      let keeps = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
      if keeps { out.unicodeScalars.append(UnicodeScalar(byte)) } else if out.last != "_" { out += "_" }
    }
    if let first = out.utf8.first, !(0x61...0x7A).contains(first) { out = "x_" + out }
    return Workbook.isName(out) ? out : out + "_"
  }
}
