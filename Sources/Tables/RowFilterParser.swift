// The parser of RowFilter: recursive descent over characters, with a bound on depth so that no text can exhaust
// the stack.

import Foundation

/// Reads one filter text.
struct RowFilterParser {
  private let characters: [Character]
  private var position = 0
  private var depth = 0
  private static let deepest = 64
  private static let special: Set<Character> = ["(", ")", ":", "\"", "<", ">"]

  init(_ text: String) { characters = Array(text) }

  mutating func filter() throws(InputError) -> RowFilter {
    skipSpace()
    if position == characters.count { return .everything }
    let filter = try anyOf()
    skipSpace()
    guard position == characters.count else { throw fault("')' without '('", "remove it or open a bracket") }
    return filter
  }

  private mutating func anyOf() throws(InputError) -> RowFilter {
    var parts = [try allOf()]
    while takeWord("OR") { parts.append(try allOf()) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func allOf() throws(InputError) -> RowFilter {
    var parts = [try part()]
    while true {
      skipSpace()
      if position == characters.count || characters[position] == ")" || peeksWord("OR") { break }
      _ = takeWord("AND")
      parts.append(try part())
    }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func part() throws(InputError) -> RowFilter {
    depth += 1
    defer { depth -= 1 }
    guard depth <= RowFilterParser.deepest else {
      throw fault("more than \(RowFilterParser.deepest) brackets inside each other", "write it flatter")
    }
    skipSpace()
    if take("-") { return .not(try part()) }
    if take("(") {
      let inner = try anyOf()
      skipSpace()
      guard take(")") else { throw fault("a bracket that is never closed", "add ')'") }
      return inner
    }
    let key = RowFilter.Key(
      name: try word("a key", "write key:value, for example kernel:gemm"), column: column)
    guard take(":") else {
      throw fault("'\(key.name)' has no value", "write \(key.name):value, for example kernel:gemm")
    }
    return try values(key.name, at: key.column - key.name.count)
  }

  private mutating func values(_ name: String, at column: Int) throws(InputError) -> RowFilter {
    let key = RowFilter.Key(name: name, column: column)
    guard take("(") else { return .test(key: key, try value()) }
    var tests: [RowFilter] = []
    repeat {
      skipSpace()
      tests.append(.test(key: key, try value()))
    } while takeWord("OR")
    skipSpace()
    guard take(")") else { throw fault("a list of values that is never closed", "write \(name):(a OR b)") }
    return .any(tests)
  }

  private mutating func value() throws(InputError) -> RowFilter.Value {
    if take("/") { return .expression(try expression()) }
    for comparison in [RowFilter.Comparison.atMost, .atLeast, .below, .above] where take(comparison.rawValue)
    {
      let text = try word("a number", "write for example m:>1024")
      guard let number = Double(text), number.isFinite else {
        throw fault("'\(text)' is not a number", "write for example m:>1024")
      }
      return .number(comparison, number)
    }
    return .text(try word("a value", "write key:value, or key:\"\" for an empty cell"))
  }

  private mutating func expression() throws(InputError) -> NSRegularExpression {
    var text = ""
    while position < characters.count, characters[position] != "/" {
      if characters[position] == "\\", position + 1 < characters.count, characters[position + 1] == "/" {
        position += 1
      }
      text.append(characters[position])
      position += 1
    }
    guard take("/") else { throw fault("a regular expression that is never closed", "end it with '/'") }
    do {
      return try NSRegularExpression(pattern: text)
    } catch {
      throw fault("'/\(text)/' is not a regular expression", "escape special characters with a backslash")
    }
  }

  private mutating func word(_ what: String, _ advice: String) throws(InputError) -> String {
    if take("\"") {
      let start = position
      while position < characters.count, characters[position] != "\"" { position += 1 }
      let text = String(characters[start..<position])
      guard take("\"") else { throw fault("a quote that is never closed", "add '\"'") }
      return text
    }
    let start = position
    while position < characters.count, !characters[position].isWhitespace,
      !RowFilterParser.special.contains(characters[position])
    {
      position += 1
    }
    guard position > start else { throw fault("\(what) is missing", advice) }
    return String(characters[start..<position])
  }

  private var column: Int { position + 1 }

  private func fault(_ what: String, _ advice: String) -> InputError {
    InputError(column: column, "filter: \(what)", advice: advice)
  }

  private mutating func skipSpace() {
    while position < characters.count, characters[position].isWhitespace { position += 1 }
  }

  private mutating func take(_ text: String) -> Bool {
    let wanted = Array(text)
    guard position + wanted.count <= characters.count,
      Array(characters[position..<(position + wanted.count)]) == wanted
    else { return false }
    position += wanted.count
    return true
  }

  /// A word of the language stands alone: `ORDER:1` is a key.
  private func peeksWord(_ text: String) -> Bool {
    let end = position + text.count
    guard end <= characters.count, String(characters[position..<end]) == text else { return false }
    return end == characters.count || characters[end].isWhitespace || characters[end] == "("
  }

  private mutating func takeWord(_ text: String) -> Bool {
    skipSpace()
    guard peeksWord(text) else { return false }
    position += text.count
    return true
  }
}
