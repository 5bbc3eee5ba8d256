// Karpenter's price tables: Go source that its generator writes, a map of regions to maps of instance types
// to prices. The repositories hold no other form (the generator asks the cloud and prints Go), so the Go text
// is what is read, by a scanner that knows strings, numbers, braces and comments and nothing else of the
// language. A comment says when the table was generated; the variable's name says of which cloud. List prices
// on demand only.

import Tables

extension PriceImport {
  mutating func readKarpenter(_ path: String) throws(InputError) {
    guard let bytes = WholeFile.bytes(of: path) else {
      throw InputError(file: path, "the file cannot be read", advice: "check the path and its permissions")
    }
    guard bytes.count <= 1 << 26 else {
      throw InputError(
        file: path, "a \(format.title) of \(bytes.count) bytes", advice: "give one generated Go file")
    }
    var scanner = GoScanner(bytes, file: path)
    var words: [String] = []
    var region: String?
    var depth = 0
    var pending: (text: String, place: Place)?
    var cloud = provider
    var currency = "USD"
    var day = ""
    var prices = 0
    while let token = try scanner.next() {
      switch token.kind {
      case .comment(let text):
        guard let stamp = text.firstRange(of: "generated at ") else { continue }
        day = String(text[stamp.upperBound...].prefix(10))
        try check(day: day, file: path, line: token.place.line)
      case .word(let text):
        if text == "var" { words = [] }
        words.append(text)
        if text.hasSuffix("CN") { currency = "CNY" } else if text.contains("Prices") { currency = "USD" }
        if provider.isEmpty, let named = KarpenterTable.cloud(of: text) { cloud = named }
      case .open:
        depth += 1
        if depth == 2, let name = pending { region = name.text }
        pending = nil
      case .close:
        depth -= 1
        if depth < 0 { throw scanner.fault("a closing brace without an opening one", at: token.place) }
        if depth < 2 { region = nil }
        pending = nil
      case .string(let text): pending = (text, token.place)
      case .number(let text):
        guard depth == 2, let region, let name = pending else { continue }
        pending = nil
        prices += 1
        report.rows += 1
        guard !cloud.isEmpty else {
          throw InputError(
            file: path, line: token.place.line, "nothing in the file says of which cloud it is",
            advice: "give --provider")
        }
        guard !day.isEmpty || !asOf.isEmpty else {
          throw InputError(
            file: path, line: token.place.line, "no comment says when the table was generated",
            advice: "give --as-of")
        }
        take(
          PublicOffer(
            place: token.place, provider: cloud, instanceType: name.text, region: region, price: text,
            // China's regions are billed in yuan whatever the variable is called.
            currency: region.hasPrefix("cn-") ? "CNY" : currency, asOf: day.isEmpty ? asOf : day))
      case .other: continue
      }
    }
    guard depth == 0 else {
      throw InputError(
        file: path, line: scanner.line, column: scanner.column, "\(depth) braces are never closed",
        advice: "the file is cut off; give it whole")
    }
    guard prices > 0 else {
      throw InputError(
        file: path, line: 1, column: 1, "no table of regions, instance types and prices stands in the file",
        advice: "give a generated pricing file of a Karpenter provider")
    }
  }
}

enum KarpenterTable {
  /// The cloud that a variable of prices is of.
  static func cloud(of word: String) -> String? {
    guard word.contains("Price") || word.contains("price") else { return nil }
    for (ending, cloud) in [
      ("AWS", "aws"), ("USGov", "aws"), ("CN", "aws"), ("US", "aws"), ("Azure", "azure"),
    ]
    where word.hasSuffix(ending) { return cloud }
    return nil
  }
}

/// Tokens of Go's composite literals.
struct GoScanner {
  enum Kind {
    case comment(String), word(String), string(String), number(String), open, close, other
  }

  struct Token {
    let kind: Kind
    let place: Place
  }

  private let bytes: [UInt8]
  private let file: String
  private var position = 0
  private var lineStart = 0
  private(set) var line = 1
  var column: Int { position - lineStart + 1 }

  init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
      position = 3
      lineStart = 3
    }
  }

  func fault(_ what: String, at place: Place? = nil) -> InputError {
    InputError(
      file: file, line: place?.line ?? line, column: place?.column ?? column, what,
      advice: "give a generated pricing file of a Karpenter provider")
  }

  /// The next token, or nil at the end.
  mutating func next() throws(InputError) -> Token? {
    skipBlanks()
    guard position < bytes.count else { return nil }
    let place = Place(file: file, line: line, column: column)
    let byte = bytes[position]
    switch byte {
    case 0: throw fault("a NUL byte")
    case 0x22: return Token(kind: .string(try string()), place: place)
    case 0x7B:
      position += 1
      return Token(kind: .open, place: place)
    case 0x7D:
      position += 1
      return Token(kind: .close, place: place)
    case 0x2F
    where position + 1 < bytes.count && (bytes[position + 1] == 0x2F || bytes[position + 1] == 0x2A):
      return Token(kind: .comment(try comment()), place: place)
    case 0x30...0x39, 0x2D, 0x2B, 0x2E:
      return Token(
        kind: .number(
          take { (0x30...0x39).contains($0) || [0x2D, 0x2B, 0x2E].contains($0) || ($0 | 0x20) == 0x65 }),
        place: place)
    case 0x41...0x5A, 0x61...0x7A, 0x5F:
      return Token(
        kind: .word(
          take {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
              || $0 == 0x5F
          }), place: place)
    default:
      position += 1
      return Token(kind: .other, place: place)
    }
  }

  private mutating func skipBlanks() {
    while position < bytes.count,
      bytes[position] == 0x20 || bytes[position] >= 0x09 && bytes[position] <= 0x0D
    {
      position += 1
      if bytes[position - 1] == 0x0A {
        line += 1
        lineStart = position
      }
    }
  }

  private mutating func take(while isPart: (UInt8) -> Bool) -> String {
    let start = position
    repeat { position += 1 } while position < bytes.count && isPart(bytes[position])
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func string() throws(InputError) -> String {
    let start = position + 1
    var end = start
    while end < bytes.count, bytes[end] != 0x22 {
      // The generator escapes nothing, so that an escape means another kind of file.
      if bytes[end] == 0x0A || bytes[end] == 0x5C || bytes[end] == 0 {
        throw fault("a string that no table holds")
      }
      end += 1
    }
    guard end < bytes.count else { throw fault("a string is never closed") }
    guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
      throw fault("bytes that are not UTF-8")
    }
    position = end + 1
    return text
  }

  private mutating func comment() throws(InputError) -> String {
    let isBlock = bytes[position + 1] == 0x2A
    let start = position
    position += 2
    while position < bytes.count {
      let byte = bytes[position]
      if !isBlock, byte == 0x0A { break }
      position += 1
      if byte == 0x0A {
        line += 1
        lineStart = position
      }
      if isBlock, byte == 0x2A, position < bytes.count, bytes[position] == 0x2F {
        position += 1
        return String(decoding: bytes[start..<position], as: UTF8.self)
      }
    }
    if isBlock { throw fault("a comment is never closed") }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }
}
