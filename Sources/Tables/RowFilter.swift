// A selection written as text: `kernel:gemm AND (m:>1024 OR shape:/decode/) -impl:openblas`.
// The language knows keys and values only; what a key stands for is told by whoever asks `matches`.
//
//   filter  = all { "OR" all }                 all  = part { ["AND"] part }
//   part    = [ "-" ] ( "(" filter ")" | key ":" values )
//   values  = value | "(" value { "OR" value } ")"
//   value   = word | "quoted" | /regular expression/ | ">" number | ">=" number | "<" number | "<=" number

public import Foundation

/// A parsed filter.
public indirect enum RowFilter: Sendable {
  /// Lets everything through.
  case everything
  /// The value of a key fits.
  case test(key: Key, Value)
  case not(RowFilter)
  case all([RowFilter])
  case any([RowFilter])

  /// A key with its place, for messages.
  public struct Key: Hashable, Sendable {
    /// The name as written.
    public let name: String
    /// 1-based column in the filter's text.
    public let column: Int
    /// A key from its parts.
    public init(name: String, column: Int) {
      self.name = name
      self.column = column
    }
  }

  /// What a value must be.
  public enum Value: Sendable {
    /// This text, or a number equal to it.
    case text(String)
    /// A text in which the expression is found.
    case expression(NSRegularExpression)
    /// A number on this side of the bound.
    case number(Comparison, Double)
  }

  /// The sides of a bound.
  public enum Comparison: String, Hashable, Sendable {
    case below = "<"
    case atMost = "<="
    case above = ">"
    case atLeast = ">="
  }

  /// Parses a filter; text without any word lets everything through.
  ///
  /// - Throws: `InputError` with the column in the text and the next step.
  public init(_ text: String) throws(InputError) {
    var parser = RowFilterParser(text)
    self = try parser.filter()
  }

  /// Several filters that must all hold.
  public init(_ texts: [String]) throws(InputError) {
    var filters: [RowFilter] = []
    for text in texts { filters.append(try RowFilter(text)) }
    self = filters.count == 1 ? filters[0] : .all(filters)
  }

  /// Every key that the filter names, in order.
  public var keys: [Key] {
    switch self {
    case .everything: []
    case .test(let key, _): [key]
    case .not(let filter): filter.keys
    case .all(let filters), .any(let filters): filters.flatMap(\.keys)
    }
  }

  /// Every plain text that the filter asks of a key, for "did you mean".
  public var texts: [(key: Key, text: String)] {
    switch self {
    case .everything: []
    case .test(let key, .text(let text)): [(key, text)]
    case .test: []
    case .not(let filter): filter.texts
    case .all(let filters), .any(let filters): filters.flatMap(\.texts)
    }
  }

  /// True where the filter lets a thing through whose values `value` tells; an unknown value is the empty text.
  public func matches(_ value: (_ key: String) -> String) -> Bool {
    switch self {
    case .everything: true
    case .test(let key, let wanted): wanted.fits(value(key.name))
    case .not(let filter): !filter.matches(value)
    case .all(let filters): filters.allSatisfy { $0.matches(value) }
    case .any(let filters): filters.contains { $0.matches(value) }
    }
  }
}

extension RowFilter.Value {
  /// True for a value that fits; an empty one fits no number.
  public func fits(_ cell: String) -> Bool {
    switch self {
    case .text(let text):
      if cell == text { return true }
      guard let left = Double(cell), let right = Double(text) else { return false }
      return left == right
    case .expression(let expression):
      return expression.firstMatch(in: cell, range: NSRange(cell.startIndex..., in: cell)) != nil
    case .number(let comparison, let bound):
      guard let number = Double(cell) else { return false }
      return switch comparison {
      case .below: number < bound
      case .atMost: number <= bound
      case .above: number > bound
      case .atLeast: number >= bound
      }
    }
  }
}
