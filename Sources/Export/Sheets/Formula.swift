// A spreadsheet formula as a value. One tree serves two readers: Swift evaluates it for the value that the
// file carries, and it prints itself in the spreadsheet's language for the program that recalculates, so
// that the two cannot drift apart. Functions are those that Excel 2010, LibreOffice 7.4 and Gnumeric share.

import Tables

/// The place of a cell: sheet name, zero-based row and column.
public struct CellAddress: Hashable, Sendable {
  /// Name of the sheet.
  public let sheet: String
  /// Zero-based row.
  public let row: Int
  /// Zero-based column.
  public let column: Int

  /// An address from its parts.
  public init(_ sheet: String, row: Int, column: Int) {
    self.sheet = sheet
    self.row = row
    self.column = column
  }

  /// `A`, `B` … `Z`, `AA` … for a zero-based column.
  public static func letters(_ column: Int) -> String {
    var text = ""
    var rest = column + 1
    while rest > 0 {
      let (quotient, digit) = (rest - 1).quotientAndRemainder(dividingBy: 26)
      text = String(UnicodeScalar(UInt8(65 + digit))) + text
      rest = quotient
    }
    return text
  }

  /// `$B$5`, with the sheet before it.
  public var absolute: String { "\(sheet)!$\(CellAddress.letters(column))$\(row + 1)" }
}

/// A rectangle of cells on one sheet, both corners included.
public struct CellRange: Hashable, Sendable {
  /// Upper left corner.
  public let first: CellAddress
  /// Lower right corner; on the same sheet.
  public let last: CellAddress

  /// A range between two corners of one sheet.
  public init(_ first: CellAddress, _ last: CellAddress) {
    self.first = first
    self.last = last
  }

  /// Every address, row by row.
  public var addresses: [CellAddress] {
    guard first.row <= last.row, first.column <= last.column else { return [] }
    return (first.row...last.row).flatMap { row in
      (first.column...last.column).map { CellAddress(first.sheet, row: row, column: $0) }
    }
  }
}

/// The functions that formulas may use.
public enum SheetFunction: String, Sendable, CaseIterable {
  case sum = "SUM", sumProduct = "SUMPRODUCT", sumIfs = "SUMIFS"
  case index = "INDEX", match = "MATCH", `if` = "IF"
  case min = "MIN", max = "MAX", abs = "ABS"
  case roundUp = "ROUNDUP", roundDown = "ROUNDDOWN"
  case and = "AND", or = "OR"
  case exp = "EXP", ln = "LN"
}

/// The binary operators, loosest first.
public enum SheetOperator: String, Sendable, CaseIterable {
  case equal = "=", notEqual = "<>", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
  case plus = "+", minus = "-", times = "*", divide = "/", power = "^"

  var binding: Int {
    switch self {
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 1
    case .plus, .minus: 2
    case .times, .divide: 3
    case .power: 4
    }
  }
}

/// A formula as a tree.
public indirect enum Formula: Hashable, Sendable {
  /// A constant; only 0, 1 and unit factors belong into formulas, inputs belong into cells.
  case number(Double)
  /// Words.
  case text(String)
  /// Another cell.
  case cell(CellAddress)
  /// A defined name.
  case name(String)
  /// A rectangle, as argument of a function.
  case range(CellRange)
  /// Two operands.
  case binary(SheetOperator, Formula, Formula)
  /// A function call.
  case call(SheetFunction, [Formula])

  public static func + (left: Formula, right: Formula) -> Formula { .binary(.plus, left, right) }
  public static func - (left: Formula, right: Formula) -> Formula { .binary(.minus, left, right) }
  public static func * (left: Formula, right: Formula) -> Formula { .binary(.times, left, right) }
  public static func / (left: Formula, right: Formula) -> Formula { .binary(.divide, left, right) }

  /// `left` to the power of `right`.
  public static func power(_ left: Formula, _ right: Formula) -> Formula { .binary(.power, left, right) }
  /// The sum of a rectangle.
  public static func sum(_ range: CellRange) -> Formula { .call(.sum, [.range(range)]) }
  /// The sum of products of equally shaped rectangles.
  public static func sumProduct(_ ranges: CellRange...) -> Formula {
    .call(.sumProduct, ranges.map { .range($0) })
  }
  /// One of two values.
  public static func when(_ condition: Formula, _ yes: Formula, _ no: Formula) -> Formula {
    .call(.if, [condition, yes, no])
  }
  /// The largest whole number not above a value of at least 0.
  public static func floor(_ value: Formula) -> Formula { .call(.roundDown, [value, .number(0)]) }
  /// The smallest whole number not below a value of at least 0.
  public static func ceil(_ value: Formula) -> Formula { .call(.roundUp, [value, .number(0)]) }
}

extension Formula {
  /// The formula as a cell at `place` holds it, with its equals sign.
  public func text(at place: CellAddress) -> String { "=" + printed(at: place, within: 0) }

  private func printed(at place: CellAddress, within binding: Int) -> String {
    switch self {
    case .number(let value): return Formula.literal(value)
    case .text(let text):
      return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        + "\""
    case .cell(let address): return Formula.reference(address, from: place, sheet: true)
    case .name(let name): return name
    case .range(let range):
      return Formula.reference(range.first, from: place, sheet: true) + ":"
        + Formula.reference(range.last, from: place, sheet: false)
    case .binary(let symbol, let left, let right):
      // The right operand binds one tighter: a-(b-c) keeps its parentheses.
      let text =
        left.printed(at: place, within: symbol.binding) + symbol.rawValue
        + right.printed(at: place, within: symbol.binding + 1)
      return symbol.binding < binding ? "(\(text))" : text
    case .call(let function, let arguments):
      return function.rawValue + "("
        + arguments.map { $0.printed(at: place, within: 0) }.joined(separator: ",") + ")"
    }
  }

  // A negative literal is parenthesised: in a spreadsheet -2^2 is 4.
  private static func literal(_ value: Double) -> String {
    let text = decimalText(value)
    return value < 0 ? "(\(text))" : text
  }

  // Relative where a planner who fills the formula to the right or down expects it to move: the same
  // row, and the same or the previous column; fixed elsewhere.
  private static func reference(_ address: CellAddress, from place: CellAddress, sheet: Bool) -> String {
    let step = address.column - place.column
    let column = (step == 0 || step == -1 ? "" : "$") + CellAddress.letters(address.column)
    let row = (address.row == place.row ? "" : "$") + String(address.row + 1)
    return (sheet && address.sheet != place.sheet ? "\(address.sheet)!" : "") + column + row
  }
}
