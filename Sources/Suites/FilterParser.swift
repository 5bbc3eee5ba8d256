// The grammar of filters, by recursive descent:
//   filter = and { "OR" and }     and = unary { ["AND"] unary }     unary = "-" unary | "(" filter ")" | term
//   term = key ":" ( word | "quoted words" | /pattern/ | "(" value { "OR" value } ")" )

import Quantities

/// Reads one filter text.
struct FilterParser {
  private let text: [Character]
  private var position = 0
  private var depth = 0

  /// Deepest nesting of parentheses, so that a hostile text cannot exhaust the stack.
  private static let deepest = 50
  private static let longest = 4_000

  init(_ text: String) { self.text = Array(text) }

  mutating func filter() throws(CaseFilter.Fault) -> CaseFilter.Node {
    guard text.count <= FilterParser.longest else {
      throw fault("the filter is longer than \(FilterParser.longest) characters", advice: "use a /pattern/")
    }
    let node = try either()
    skipSpace()
    if position < text.count { throw fault("a ')' that nothing opens", advice: "remove it") }
    return node
  }

  private mutating func either() throws(CaseFilter.Fault) -> CaseFilter.Node {
    depth += 1
    defer { depth -= 1 }
    guard depth <= FilterParser.deepest else {
      throw fault("more than \(FilterParser.deepest) parentheses inside each other", advice: "simplify it")
    }
    var node = try both()
    while take("OR") { node = .either(node, try both()) }
    return node
  }

  private mutating func both() throws(CaseFilter.Fault) -> CaseFilter.Node {
    var node = try unary()
    while true {
      skipSpace()
      if position == text.count || text[position] == ")" || next(is: "OR") { return node }
      _ = take("AND")
      node = .both(node, try unary())
    }
  }

  private mutating func unary() throws(CaseFilter.Fault) -> CaseFilter.Node {
    skipSpace()
    guard let first = current else {
      throw fault("a term is missing at the end", advice: "write key:value, e.g. phase:decode")
    }
    var minuses = 0
    while current == "-" {
      minuses += 1
      position += 1
    }
    let inner: CaseFilter.Node
    if current == "(" {
      let open = position
      position += 1
      inner = try either()
      guard take(")") else { throw fault("this '(' is never closed", advice: "add ')'", at: open) }
    } else if first == ")" {
      throw fault("a term is missing before ')'", advice: "write key:value, e.g. phase:decode")
    } else {
      inner = try term()
    }
    return minuses.isMultiple(of: 2) ? inner : .not(inner)
  }

  private mutating func term() throws(CaseFilter.Fault) -> CaseFilter.Node {
    let start = position
    while let next = current, next.isLetter || next == "_" { position += 1 }
    let key = String(text[start..<position])
    guard current == ":" else {
      let word = String(text[start...].prefix { !$0.isWhitespace })
      throw fault("'\(word.prefix(40))' is not key:value", advice: "e.g. phase:decode", at: start)
    }
    guard CaseFilter.keys.contains(key) else {
      let near = nearestNames(to: key, among: CaseFilter.keys)
      throw fault(
        "unknown filter key '\(key.prefix(40))'",
        advice: near.isEmpty
          ? "keys are \(CaseFilter.keys.joined(separator: ", "))"
          : "did you mean \(near.joined(separator: ", "))?", at: start)
    }
    position += 1
    guard current == "(" else { return try value(of: key) }
    let open = position
    position += 1
    var node = try value(of: key)
    while take("OR") { node = .either(node, try value(of: key)) }
    guard take(")") else {
      throw fault("this '(' is never closed", advice: "write \(key):(a OR b)", at: open)
    }
    return node
  }

  private mutating func value(of key: String) throws(CaseFilter.Fault) -> CaseFilter.Node {
    skipSpace()
    let start = position
    switch current {
    case "/": return .pattern(key: key, try pattern())
    case "\"":
      position += 1
      while let next = current, next != "\"" { position += 1 }
      guard current == "\"" else { throw fault("this quote is never closed", advice: "add \"", at: start) }
      position += 1
      return .name(key: key, value: String(text[(start + 1)..<(position - 1)]))
    default:
      while let next = current, !next.isWhitespace, next != ")", next != "(" { position += 1 }
      let word = String(text[start..<position])
      guard !word.isEmpty else {
        throw fault("\(key): has no value", advice: "write \(key):value", at: start)
      }
      guard CaseFilter.numberKeys.contains(key) else { return .name(key: key, value: word) }
      do {
        return .number(key: key, try NumberTest(word))
      } catch {
        throw fault(
          "\(key): \(error.what)", advice: "write 64, 1,8, 1-64, 1-64*2 or >=32", at: start + error.position)
      }
    }
  }

  private mutating func pattern() throws(CaseFilter.Fault) -> Regex<AnyRegexOutput> {
    let start = position
    position += 1
    var words = ""
    while let next = current, next != "/" {
      // `\/` is a slash; every other escape belongs to the pattern.
      if next == "\\", position + 1 < text.count, text[position + 1] == "/" { position += 1 }
      words.append(text[position])
      position += 1
    }
    guard current == "/" else { throw fault("this pattern is never closed", advice: "add /", at: start) }
    position += 1
    do {
      return try Regex(words)
    } catch {
      throw fault("'/\(words.prefix(40))/' is not a pattern", advice: "it is a regular expression", at: start)
    }
  }

  private var current: Character? { position < text.count ? text[position] : nil }

  private mutating func skipSpace() {
    while let next = current, next.isWhitespace { position += 1 }
  }

  /// True where this word or mark comes next; words end at a space or parenthesis.
  private func next(is word: String) -> Bool {
    guard text[position...].starts(with: word) else { return false }
    let end = position + word.count
    guard word.first?.isLetter == true, end < text.count else { return true }
    return text[end].isWhitespace || text[end] == "(" || text[end] == ")"
  }

  private mutating func take(_ word: String) -> Bool {
    skipSpace()
    guard next(is: word) else { return false }
    position += word.count
    return true
  }

  private func fault(_ what: String, advice: String, at place: Int? = nil) -> CaseFilter.Fault {
    CaseFilter.Fault(what: what, position: (place ?? position) + 1, advice: advice)
  }
}
