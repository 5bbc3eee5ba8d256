// The file of --config: one `name = value` a line, names as on the command line. A small part of TOML, read here so
// that every fault has its line and column.

import Foundation
import Quantities
import Tables

/// The settings of a configuration file.
struct ConfigurationFile {
  /// One line's setting.
  struct Entry {
    let name: String
    let values: [String]
    let line: Int
  }

  private(set) var entries: [Entry] = []

  private static let longest = Int(Unit.mebibyte.toBase(1))

  /// Reads a file.
  ///
  /// - Throws: `InputError` for a line that is no setting, an unknown name (with the nearest ones) or a name that
  ///   stands twice.
  init(_ path: String, names: [String]) throws(InputError) {
    guard let data = FileManager.default.contents(atPath: path), data.count <= ConfigurationFile.longest
    else {
      throw InputError(file: path, "the configuration cannot be read", advice: "check the path")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw InputError(file: path, "is not UTF-8 text", advice: "save the file as UTF-8")
    }
    for (index, content) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = content.last == "\r" ? content.dropLast() : content
      let body = line.drop { $0 == " " || $0 == "\t" }
      if body.isEmpty || body.first == "#" { continue }
      let column = line.count - body.count + 1
      func fault(_ what: String, _ advice: String, at column: Int) -> InputError {
        InputError(file: path, line: index + 1, column: column, what, advice: advice)
      }
      guard let sign = body.firstIndex(of: "=") else {
        throw fault("'\(body.prefix(40))' is not name = value", "e.g. suite = \"quick\"", at: column)
      }
      let written = body[..<sign].trimmingSuffix { $0 == " " || $0 == "\t" }
      let name = String(written).replacing("_", with: "-")
      guard names.contains(name) else {
        let near = nearestNames(to: name, among: names)
        throw fault(
          "unknown name '\(written.prefix(40))'",
          near.isEmpty ? "'plimsoll run --help' lists them" : "did you mean \(near.joined(separator: ", "))?",
          at: column)
      }
      if let first = entries.first(where: { $0.name == name }) {
        throw fault("\(name) stands on line \(first.line) too", "remove one of them", at: column)
      }
      let rest = body[body.index(after: sign)...]
      let start = column + body.distance(from: body.startIndex, to: sign) + 1
      guard let values = ConfigurationFile.values(rest) else {
        throw fault(
          "'\(rest.prefix(40))' is not a value", "write a word, a number, \"text\" or [\"a\", \"b\"]",
          at: start)
      }
      entries.append(Entry(name: name, values: values, line: index + 1))
    }
  }

  /// A bare word, a quoted text, or a list of them; a `#` outside quotes begins a comment. Nil = neither.
  private static func values(_ text: Substring) -> [String]? {
    var rest = text.drop { $0 == " " || $0 == "\t" }
    let isList = rest.first == "["
    if isList { rest = rest.dropFirst() }
    var values: [String] = []
    while true {
      rest = rest.drop { $0 == " " || $0 == "\t" }
      if isList, rest.first == "]" {
        rest = rest.dropFirst()
        break
      }
      guard let first = rest.first else { return nil }
      if first == "\"" || first == "'" {
        let body = rest.dropFirst()
        guard let end = body.firstIndex(of: first) else { return nil }
        values.append(String(body[..<end]))
        rest = body[body.index(after: end)...]
      } else {
        let ends: Set<Character> = isList ? [",", "]", "#"] : ["#"]
        let word = rest.prefix { !ends.contains($0) }
        let trimmed = word.trimmingSuffix { $0 == " " || $0 == "\t" }
        guard !trimmed.isEmpty, !trimmed.contains("\"") else { return nil }
        values.append(String(trimmed))
        rest = rest[word.endIndex...]
      }
      guard isList else { break }
      rest = rest.drop { $0 == " " || $0 == "\t" }
      if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "]" { return nil }
    }
    rest = rest.drop { $0 == " " || $0 == "\t" }
    return rest.isEmpty || rest.first == "#" ? values : nil
  }
}

extension Substring {
  fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> Substring {
    var result = self
    while let last = result.last, isTrimmed(last) { result = result.dropLast() }
    return result
  }
}
