// scenario.toml: name, title and inputs as flat `key = value` lines. TOMLKit parses; this file finds the place of
// each key in the text, so that every fault has its line and column.

import Quantities
import TOMLKit
import Tables

/// The contents of one scenario.toml or private.toml.
struct ScenarioHead {
  var title = ""
  var summary = ""
  var basedOn = ""
  /// Settings by input key.
  var settings: [(key: InputKey, setting: Setting)] = []

  private static let words = ["title", "summary", "based_on"]

  /// Reads a head file.
  ///
  /// - Throws: `InputError` for text that is not TOML, an unknown key, a table, a value of the wrong kind or out of
  ///   its range.
  init(_ bytes: [UInt8], file: String, layer: Layer) throws(InputError) {
    guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
      throw InputError(file: file, "is not UTF-8 text", advice: "save the file as UTF-8")
    }
    let table: TOMLTable
    do { table = try TOMLTable(string: text) } catch let error as TOMLParseError {
      throw InputError(
        file: file, line: error.source.begin.line, column: error.source.begin.column,
        firstSentence(error.description), advice: "write key = value, text in \"quotes\"")
    } catch { throw InputError(file: file, "is not TOML: \(error)") }
    let places = KeyPlaces(text)
    for key in table.keys.sorted(by: { places.order($0) < places.order($1) }) {
      let place = places[key]
      func fault(_ what: String, _ advice: String) -> InputError {
        InputError(file: file, line: place.line, column: place.column, what, advice: advice)
      }
      guard let value = table[key] else { continue }
      if ScenarioHead.words.contains(key) {
        guard let word = value.string else { throw fault("\(key) is not text", "write \(key) = \"…\"") }
        guard word.utf8.count <= 2000, !word.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" })
        else {
          throw fault("\(key) is too long or holds control characters", "write one or two sentences")
        }
        set(key, word)
        continue
      }
      guard let definition = InputKey.named(key) else {
        let near = nearestNames(to: key, among: InputKey.all.map(\.name) + ScenarioHead.words)
        throw fault(
          "unknown key '\(key.prefix(60))'",
          near.isEmpty ? "`plimsoll explain` lists the keys" : "did you mean \(near.joined(separator: ", "))?"
        )
      }
      guard let written = ScenarioHead.scalar(value) else {
        throw fault("\(key) is neither a finite number nor text", "write \(key) = 1.5 or \(key) = \"text\"")
      }
      do { try definition.check(written) } catch { throw fault("\(key): \(error.fault)", error.advice) }
      settings.append((definition, Setting(layer: layer, place: "\(file):\(place.line)", text: written)))
    }
  }

  private mutating func set(_ key: String, _ value: String) {
    switch key {
    case "title": title = value
    case "summary": summary = value
    default: basedOn = value
    }
  }

  private static func scalar(_ value: any TOMLValueConvertible) -> String? {
    switch value.type {
    case .string: value.string
    case .int: value.int.map { decimalText(Double($0)) }
    case .double: value.double.flatMap { $0.isFinite ? decimalText($0) : nil }
    default: nil
    }
  }
}

private func firstSentence(_ text: String) -> String {
  String(text.split(separator: "\n").first ?? "is not TOML").trimmingPrefix("Error while parsing ")
    .description
}

/// Line and column of each top-level key.
private struct KeyPlaces {
  private var places: [String: (line: Int, column: Int)] = [:]

  init(_ text: String) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let start = line.firstIndex { $0 != " " && $0 != "\t" } ?? line.endIndex
      var rest = line[start...]
      let column = line.distance(from: line.startIndex, to: start) + 1
      while let first = rest.first, first == "[" || first == "\"" || first == "'" || first == " " {
        rest = rest.dropFirst()
      }
      let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" })
      if !name.isEmpty, places[name] == nil { places[name] = (index + 1, column) }
    }
  }

  subscript(key: String) -> (line: Int, column: Int) { places[key] ?? (1, 1) }
  func order(_ key: String) -> Int { self[key].line }
}

extension InputKey {
  /// Throws what is wrong with a value's text.
  func check(_ text: String) throws(CellFault) {
    switch kind {
    case .number(let low, let high):
      guard let value = try parseNumber(text) else {
        throw CellFault("no value", advice: "write a number in \(unit)")
      }
      guard value >= low, value <= high else {
        throw CellFault(
          "\(text.prefix(40)) is outside \(decimalText(low)) to \(decimalText(high)) \(unit)", advice: doc)
      }
    case .whole(let low, let high):
      guard let value = try parseNumber(text) else {
        throw CellFault("no value", advice: "write a whole number")
      }
      guard value == value.rounded(), value >= Double(low), value <= Double(high) else {
        throw CellFault("\(text.prefix(40)) is not a whole number from \(low) to \(high)", advice: doc)
      }
    case .month:
      guard PlanCalendar(text) != nil else {
        throw CellFault("'\(text.prefix(40))' is not a month", advice: "write it like 2025-11")
      }
    case .choice(let choices):
      guard choices.contains(text) else {
        throw CellFault(
          "'\(text.prefix(40))' is not a choice", advice: "write \(choices.joined(separator: " or "))")
      }
    }
  }
}

/// A month of the calendar.
struct PlanCalendar {
  let year: Int
  let month: Int

  /// `2025-11`; years 2000 to 2200.
  init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2,
      let year = Int(parts[0]), let month = Int(parts[1]), (2000...2200).contains(year),
      (1...12).contains(month)
    else { return nil }
    self.year = year
    self.month = month
  }

  /// `months` later as text and its number of days.
  func advanced(by months: Int) -> (label: String, days: Int) {
    let index = year * monthsPerYear + month - 1 + months
    let year = index / monthsPerYear
    let month = index % monthsPerYear + 1
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let days = month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    return ("\(year)-\(month < 10 ? "0" : "")\(month)", days)
  }
}
