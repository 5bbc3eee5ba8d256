// HTML and SVG as values that are escaped by construction: names of elements and attributes are literals of
// this program, everything else is text. What is built here is also well-formed XML: every element is closed,
// every attribute quoted.

/// A piece of HTML or SVG.
package struct Markup: Sendable {
  /// The piece as it stands in the file.
  package private(set) var source: String

  /// Nothing.
  init() { source = "" }

  /// Text; no part of it can become markup.
  package init(_ text: String) { source = Markup.escaped(text) }

  /// Text in which a browser may break identifiers behind their underscores.
  static func breakable(_ text: String) -> Markup {
    let parts = text.split(separator: "_", omittingEmptySubsequences: false)
    return Markup(source: parts.map { escaped(String($0)) }.joined(separator: "_<wbr />"))
  }

  private init(source: String) { self.source = source }

  /// An element with attributes and children.
  static func tag(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], _ children: [Markup]
  ) -> Markup {
    var out = "<\(name)"
    for (key, value) in attributes { out += " \(key)=\"\(escaped(value))\"" }
    guard !children.isEmpty || !void.contains("\(name)") else { return Markup(source: out + " />") }
    out += ">"
    for child in children { out += child.source }
    return Markup(source: out + "</\(name)>")
  }

  /// An element that holds markup.
  static func tag(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], _ children: Markup...
  ) -> Markup { tag(name, attributes, children) }

  /// An element that holds text.
  static func tag(
    _ name: StaticString, _ attributes: KeyValuePairs<StaticString, String> = [:], _ text: String
  ) -> Markup { tag(name, attributes, [Markup(text)]) }

  /// The page's style sheet, which is this program's own text.
  static func style(_ sheet: StaticString) -> Markup { Markup(source: "<style>\(sheet)</style>") }

  /// A whole document with its root element.
  static func document(_ root: Markup) -> String { "<!DOCTYPE html>\n" + root.source + "\n" }

  /// One piece behind another.
  static func + (left: Markup, right: Markup) -> Markup { Markup(source: left.source + right.source) }

  /// Adds a piece.
  static func += (left: inout Markup, right: Markup) { left.source += right.source }

  /// Pieces one behind another.
  static func joined(_ pieces: [Markup]) -> Markup { Markup(source: pieces.map(\.source).joined()) }

  /// Elements that never have content: HTML's and the marks of SVG.
  private static let void: Set<String> = [
    "meta", "br", "hr", "wbr", "line", "path", "rect", "circle", "polyline", "polygon",
  ]

  /// Text with everything that XML or HTML could read as markup replaced.
  ///
  /// Control characters that XML forbids, and those that turn the direction of the text around, become U+FFFD.
  private static func escaped(_ text: String) -> String {
    var out = ""
    out.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "&": out += "&amp;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      case "\n", "\t": out.unicodeScalars.append(scalar)
      case _ where isForbidden(scalar.value): out += "\u{FFFD}"
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  private static func isForbidden(_ value: UInt32) -> Bool {
    value < 0x20 || (0x7f...0x9f).contains(value) || (0x202a...0x202e).contains(value)
      || (0x2066...0x2069).contains(value) || value & 0xfffe == 0xfffe
  }
}
