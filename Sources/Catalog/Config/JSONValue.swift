// JSON with the line of every value, so that a fault can name the place; and with NaN and Infinity, which model
// configurations hold because their writers allow them.

import Tables

/// A parsed value and the line that it begins on.
struct JSONValue {
  indirect enum Kind {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])
  }

  let line: Int
  let kind: Kind

  /// Parses a whole text; nesting is limited to 64 levels.
  ///
  /// - Throws: `InputError` with the line of the first fault.
  /// - Complexity: O(text).
  init(parsing text: String, file: String) throws(InputError) {
    var parser = JSONParser(bytes: Array(text.utf8), file: file)
    self = try parser.document()
  }

  fileprivate init(line: Int, _ kind: Kind) {
    self.line = line
    self.kind = kind
  }

  /// Members of an object; nil for any other value.
  var members: [String: JSONValue]? {
    if case .object(let members) = kind { members } else { nil }
  }
  /// Items of a list; nil for any other value.
  var items: [JSONValue]? {
    if case .list(let items) = kind { items } else { nil }
  }
  /// A text; nil for any other value.
  var text: String? {
    if case .text(let text) = kind { text } else { nil }
  }
  /// A number; nil for any other value.
  var number: Double? {
    if case .number(let number) = kind { number } else { nil }
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  let file: String
  var place = 0
  var line = 1

  mutating func document() throws(InputError) -> JSONValue {
    let value = try value(depth: 0)
    skipSpace()
    guard place == bytes.count else { throw fault("more text behind the end of the value") }
    return value
  }

  private mutating func value(depth: Int) throws(InputError) -> JSONValue {
    skipSpace()
    guard depth < 64 else { throw fault("more than 64 values inside each other") }
    guard let byte = peek else { throw fault("the text ends where a value is expected") }
    let start = line
    switch byte {
    case UInt8(ascii: "{"): return JSONValue(line: start, .object(try object(depth: depth)))
    case UInt8(ascii: "["): return JSONValue(line: start, .list(try list(depth: depth)))
    case UInt8(ascii: "\""): return JSONValue(line: start, .text(try string()))
    default: return JSONValue(line: start, try word())
    }
  }

  private mutating func object(depth: Int) throws(InputError) -> [String: JSONValue] {
    var members: [String: JSONValue] = [:]
    place += 1
    skipSpace()
    if take(UInt8(ascii: "}")) { return members }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw fault("a key in quotes is expected") }
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw fault("':' is expected behind the key '\(key.prefix(60))'") }
      members[key] = try value(depth: depth + 1)
      skipSpace()
      if take(UInt8(ascii: "}")) { return members }
      guard take(UInt8(ascii: ",")) else { throw fault("',' or '}' is expected") }
    }
  }

  private mutating func list(depth: Int) throws(InputError) -> [JSONValue] {
    var items: [JSONValue] = []
    place += 1
    skipSpace()
    if take(UInt8(ascii: "]")) { return items }
    while true {
      items.append(try value(depth: depth + 1))
      skipSpace()
      if take(UInt8(ascii: "]")) { return items }
      guard take(UInt8(ascii: ",")) else { throw fault("',' or ']' is expected") }
    }
  }

  /// Names of keys and architectures are plain text: of escapes only the two-character ones are resolved.
  private mutating func string() throws(InputError) -> String {
    var text: [UInt8] = []
    place += 1
    while let byte = peek {
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\n"): throw fault("a text in quotes does not end on its line")
      case UInt8(ascii: "\\"):
        guard let escaped = peek else { throw fault("the text ends inside quotes") }
        place += 1
        switch escaped {
        case UInt8(ascii: "n"): text.append(UInt8(ascii: "\n"))
        case UInt8(ascii: "t"): text.append(UInt8(ascii: "\t"))
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(escaped)
        default: text += [byte, escaped]
        }
      default: text.append(byte)
      }
    }
    throw fault("the text ends inside quotes")
  }

  private mutating func word() throws(InputError) -> JSONValue.Kind {
    let start = place
    while let byte = peek, !isEnd(byte) { place += 1 }
    let word = String(decoding: bytes[start..<place], as: UTF8.self)
    switch word {
    case "null": return .null
    case "true": return .flag(true)
    case "false": return .flag(false)
    case "NaN": return .number(.nan)
    case "Infinity": return .number(.infinity)
    case "-Infinity": return .number(-.infinity)
    default:
      guard let number = Double(word) else { throw fault("'\(word.prefix(40))' is no JSON value") }
      return .number(number)
    }
  }

  private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

  private func isEnd(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
      || byte == UInt8(ascii: ":")
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte <= 0x20 {
      if byte == UInt8(ascii: "\n") { line += 1 }
      place += 1
    }
  }

  private func fault(_ text: String) -> InputError {
    InputError(file: file, line: line, text, advice: "give the config.json of a model as it was published")
  }
}
