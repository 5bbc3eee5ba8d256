// Evaluates a workbook: the value of every formula, as a spreadsheet program would compute it. The writer
// stores these values beside the formulas, because a formula without one shows 0 where nothing recalculates.

/// What a formula gives.
public enum SheetValue: Hashable, Sendable {
  case number(Double)
  case text(String)
  case flag(Bool)
  /// An empty cell: 0 in arithmetic, "" in comparisons with text.
  case blank
  /// The reason why there is no value, where a spreadsheet shows #DIV/0!, #VALUE! and the like.
  case fault(String)

  /// The number, or nil.
  public var number: Double? { if case .number(let value) = self { value } else { nil } }
}

/// The values of a workbook's formulas; each is computed once.
/// - Complexity: O(size of all formulas plus cells in their ranges).
public struct WorkbookValues {
  private let workbook: Workbook
  private var sheets: [String: Int] = [:]
  private var known: [CellAddress: SheetValue] = [:]
  private var open: Set<CellAddress> = []

  /// Values of this workbook.
  public init(_ workbook: Workbook) {
    self.workbook = workbook
    for (index, sheet) in workbook.sheets.enumerated() { sheets[sheet.name] = index }
  }

  /// The value of a cell.
  public mutating func value(at address: CellAddress) -> SheetValue {
    if let value = known[address] { return value }
    guard let sheet = sheets[address.sheet] else { return .fault("no sheet \(address.sheet)") }
    guard let cell = workbook.sheets[sheet].cells[CellPosition(row: address.row, column: address.column)]
    else { return .blank }
    let value: SheetValue
    switch cell.content {
    case .number(let number): value = .number(number)
    case .text(let text): value = .text(text)
    case .formula(let formula):
      guard open.insert(address).inserted else { return .fault("\(address.absolute) depends on itself") }
      value = evaluate(formula)
      open.remove(address)
    }
    known[address] = value
    return value
  }

  /// The value of a named cell.
  public mutating func value(named name: String) -> SheetValue {
    guard let address = workbook.names[name] else { return .fault("no name \(name)") }
    return value(at: address)
  }

  /// The value of a formula.
  public mutating func evaluate(_ formula: Formula) -> SheetValue {
    switch formula {
    case .number(let value): return .number(value)
    case .text(let text): return .text(text)
    case .cell(let address): return value(at: address)
    case .name(let name): return value(named: name)
    case .range: return .fault("a range where one value is wanted")
    case .binary(let symbol, let left, let right):
      return WorkbookValues.combine(symbol, evaluate(left), evaluate(right))
    case .call(let function, let arguments): return call(function, arguments)
    }
  }

  private static func combine(_ symbol: SheetOperator, _ left: SheetValue, _ right: SheetValue) -> SheetValue
  {
    if case .fault = left { return left }
    if case .fault = right { return right }
    if symbol.binding == 1 { return compare(symbol, left, right) }
    guard let a = arithmetic(left), let b = arithmetic(right) else { return .fault("words in arithmetic") }
    switch symbol {
    case .plus: return finite(a + b)
    case .minus: return finite(a - b)
    case .times: return finite(a * b)
    case .divide: return b == 0 ? .fault("division by zero") : finite(a / b)
    default: return finite(power(a, b))
    }
  }

  private static func compare(_ symbol: SheetOperator, _ left: SheetValue, _ right: SheetValue) -> SheetValue
  {
    let order: Int
    switch (left, right) {
    case (.text(let a), .text(let b)): order = a == b ? 0 : (a < b ? -1 : 1)
    case (.text(let a), .blank): order = a.isEmpty ? 0 : 1
    case (.blank, .text(let b)): order = b.isEmpty ? 0 : -1
    case (.text, _): order = 1  // words sort after numbers
    case (_, .text): order = -1
    default:
      let a = arithmetic(left) ?? 0
      let b = arithmetic(right) ?? 0
      order = a == b ? 0 : (a < b ? -1 : 1)
    }
    switch symbol {
    case .equal: return .flag(order == 0)
    case .notEqual: return .flag(order != 0)
    case .less: return .flag(order < 0)
    case .lessOrEqual: return .flag(order <= 0)
    case .greater: return .flag(order > 0)
    default: return .flag(order >= 0)
    }
  }

  private static func arithmetic(_ value: SheetValue) -> Double? {
    switch value {
    case .number(let number): number
    case .flag(let flag): flag ? 1 : 0
    case .blank: 0
    case .text, .fault: nil
    }
  }

  private static func finite(_ value: Double) -> SheetValue {
    value.isFinite ? .number(value) : .fault("not a finite number")
  }
}

extension WorkbookValues {
  private mutating func call(_ function: SheetFunction, _ arguments: [Formula]) -> SheetValue {
    switch function {
    case .if: return choose(arguments)
    case .and, .or: return logic(function, arguments)
    case .sum, .min, .max: return fold(function, arguments)
    case .sumProduct: return sumProduct(arguments)
    case .sumIfs: return sumIfs(arguments)
    case .index: return index(arguments)
    case .match: return match(arguments)
    case .abs, .exp, .ln: return unary(function, arguments)
    case .roundUp, .roundDown: return round(function, arguments)
    }
  }

  private mutating func choose(_ arguments: [Formula]) -> SheetValue {
    guard arguments.count == 3 else { return .fault("IF takes three arguments") }
    let condition = evaluate(arguments[0])
    if case .fault = condition { return condition }
    guard let number = WorkbookValues.arithmetic(condition) else { return .fault("words as a condition") }
    return evaluate(arguments[number != 0 ? 1 : 2])
  }

  /// The values of an argument, a range cell by cell.
  private mutating func list(_ argument: Formula) -> [SheetValue] {
    guard case .range(let range) = argument else { return [evaluate(argument)] }
    return range.addresses.map { value(at: $0) }
  }

  private mutating func logic(_ function: SheetFunction, _ arguments: [Formula]) -> SheetValue {
    var all = true
    var any = false
    for value in arguments.flatMap({ list($0) }) {
      if case .fault = value { return value }
      guard let number = WorkbookValues.arithmetic(value) else { continue }
      all = all && number != 0
      any = any || number != 0
    }
    return .flag(function == .and ? all : any)
  }

  private mutating func fold(_ function: SheetFunction, _ arguments: [Formula]) -> SheetValue {
    var numbers: [Double] = []
    for value in arguments.flatMap({ list($0) }) {
      if case .fault = value { return value }
      if case .number(let number) = value { numbers.append(number) }
    }
    switch function {
    case .min: return .number(numbers.min() ?? 0)
    case .max: return .number(numbers.max() ?? 0)
    default: return WorkbookValues.finite(numbers.reduce(0, +))
    }
  }

  private mutating func sumProduct(_ arguments: [Formula]) -> SheetValue {
    let columns = arguments.map { elements($0) }
    guard let count = columns.map(\.count).max(), columns.allSatisfy({ $0.count == count }) else {
      return .fault("SUMPRODUCT of different shapes")
    }
    var sum = 0.0
    for row in 0..<count {
      var product = 1.0
      for column in columns {
        if case .fault = column[row] { return column[row] }
        product *= column[row].number ?? 0
      }
      sum += product
    }
    return WorkbookValues.finite(sum)
  }

  /// An argument of SUMPRODUCT, cell by cell: operators and rounding go over the cells of ranges, one value goes with
  /// every cell of another operand. (Elsewhere spreadsheets do this in array formulas only.)
  private mutating func elements(_ argument: Formula) -> [SheetValue] {
    switch argument {
    case .binary(let symbol, let left, let right):
      let (a, b) = (elements(left), elements(right))
      let count = max(a.count, b.count)
      guard a.count == count || a.count == 1, b.count == count || b.count == 1 else {
        return [.fault("SUMPRODUCT of different shapes")]
      }
      return (0..<count).map { at in
        WorkbookValues.combine(symbol, a[a.count == 1 ? 0 : at], b[b.count == 1 ? 0 : at])
      }
    case .call(.abs, let inner) where inner.count == 1:
      return elements(inner[0]).map { value in
        WorkbookValues.arithmetic(value).map { .number(abs($0)) } ?? value
      }
    case .call(.roundDown, let inner) where inner.count == 2 && inner[1] == .number(0):
      return elements(inner[0]).map { value in
        WorkbookValues.arithmetic(value).map { .number($0.rounded(.towardZero)) } ?? value
      }
    default: return list(argument)
    }
  }

  private mutating func sumIfs(_ arguments: [Formula]) -> SheetValue {
    guard arguments.count >= 3, arguments.count % 2 == 1 else { return .fault("SUMIFS takes pairs") }
    let values = list(arguments[0])
    var chosen = Array(repeating: true, count: values.count)
    for pair in stride(from: 1, to: arguments.count, by: 2) {
      let keys = list(arguments[pair])
      let wanted = evaluate(arguments[pair + 1])
      guard keys.count == values.count else { return .fault("SUMIFS of different shapes") }
      for row in keys.indices where WorkbookValues.compare(.equal, keys[row], wanted) != .flag(true) {
        chosen[row] = false
      }
    }
    var sum = 0.0
    for row in values.indices where chosen[row] {
      if case .fault = values[row] { return values[row] }
      sum += values[row].number ?? 0
    }
    return WorkbookValues.finite(sum)
  }

  private mutating func index(_ arguments: [Formula]) -> SheetValue {
    guard arguments.count >= 2, case .range(let range) = arguments[0] else {
      return .fault("INDEX takes a range")
    }
    let places = arguments.dropFirst().map { evaluate($0) }
    for place in places { if case .fault = place { return place } }
    guard let first = places[0].number, abs(first) < 1e6 else { return .fault("INDEX without a number") }
    let rows = range.last.row - range.first.row + 1
    let columns = range.last.column - range.first.column + 1
    var row = Int(first) - 1
    var column = 0
    if places.count > 1 {
      guard let second = places[1].number, abs(second) < 1e6 else { return .fault("INDEX without a number") }
      column = Int(second) - 1
    } else if rows == 1 {
      (row, column) = (0, row)
    }
    guard (0..<rows).contains(row), (0..<columns).contains(column) else { return .fault("INDEX outside") }
    return value(
      at: CellAddress(range.first.sheet, row: range.first.row + row, column: range.first.column + column))
  }

  /// Exact match only (third argument 0).
  private mutating func match(_ arguments: [Formula]) -> SheetValue {
    guard arguments.count == 3 else { return .fault("MATCH takes three arguments") }
    let wanted = evaluate(arguments[0])
    if case .fault = wanted { return wanted }
    let found = list(arguments[1]).firstIndex { WorkbookValues.compare(.equal, $0, wanted) == .flag(true) }
    return found.map { .number(Double($0 + 1)) } ?? .fault("MATCH finds nothing")
  }

  private mutating func unary(_ function: SheetFunction, _ arguments: [Formula]) -> SheetValue {
    guard arguments.count == 1 else { return .fault("\(function.rawValue) takes one argument") }
    let value = evaluate(arguments[0])
    if case .fault = value { return value }
    guard let number = WorkbookValues.arithmetic(value) else { return .fault("words in arithmetic") }
    switch function {
    case .abs: return .number(abs(number))
    case .exp: return WorkbookValues.finite(exponential(number))
    default: return number > 0 ? .number(logarithm(number)) : .fault("the logarithm of a number not above 0")
    }
  }

  /// Toward or away from zero to whole numbers (second argument 0), the only case that formulas use.
  private mutating func round(_ function: SheetFunction, _ arguments: [Formula]) -> SheetValue {
    guard arguments.count == 2, arguments[1] == .number(0) else {
      return .fault("rounding to whole numbers only")
    }
    let value = evaluate(arguments[0])
    if case .fault = value { return value }
    guard let number = WorkbookValues.arithmetic(value) else { return .fault("words in arithmetic") }
    return .number(number.rounded(function == .roundUp ? .awayFromZero : .towardZero))
  }
}
