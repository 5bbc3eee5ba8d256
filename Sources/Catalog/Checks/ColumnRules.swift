// The rules of `TableRules` applied to a file's cells.

import Quantities
import Tables

extension Findings {
  /// Checks what every row must obey on its own: cells, key, dates, words.
  mutating func structure<Row: CatalogRow>(of sheet: Sheet<Row>, today: CalendarDay?) {
    let rules = TableRules.of(Row.fileName)
    let document = sheet.document
    let columns = ColumnIndex(document)
    let required = columns.places(rules.required)
    let positive = columns.places(rules.positive)
    let notNegative = columns.places(rules.notNegative)
    let worded = columns.places(rules.words.keys.sorted())
    let dates = columns.places(rules.dates)
    let periods = columns.places(rules.periods)
    for (index, record) in document.records.enumerated() {
      cleanCells(document, index, record)
      for (name, place) in required where record.fields[place].isEmpty {
        error(document.fault(index, name, "empty", advice: requiredAdvice(name)))
      }
      for (name, place) in positive { sign(document, index, name, record.fields[place], zero: false) }
      for (name, place) in notNegative { sign(document, index, name, record.fields[place], zero: true) }
      for (name, place) in worded { word(document, index, name, record.fields[place], rules.words[name]) }
      for (name, place) in dates { date(document, index, name, record.fields[place], today) }
      for (name, place) in periods { period(document, index, name, record.fields[place], today) }
      trustMark(document, index, columns, record)
    }
    uniqueKeys(sheet, columns)
  }

  private mutating func cleanCells(_ document: CSVDocument, _ index: Int, _ record: CSVRecord) {
    for (place, cell) in record.fields.enumerated() {
      let bytes = cell.utf8
      if bytes.first == 0x20 || bytes.last == 0x20 || bytes.first == 0x09 || bytes.last == 0x09 {
        error(document.fault(index, document.header[place], "space at an end", advice: "remove it"))
      }
      if bytes.contains(0x2F), namesMachinePath(cell) {
        error(
          document.fault(
            index, document.header[place], "path of a machine", advice: "name the public source instead"))
      }
    }
  }

  private mutating func sign(
    _ document: CSVDocument, _ index: Int, _ name: String, _ cell: String, zero: Bool
  ) {
    guard !cell.isEmpty, let value = Double(cell) else { return }
    if value < 0 || (value == 0 && !zero) {
      error(
        document.fault(
          index, name, "\(cell) is not \(zero ? "zero or more" : "positive")",
          advice: "leave an unknown value empty"))
    }
  }

  private mutating func word(
    _ document: CSVDocument, _ index: Int, _ name: String, _ cell: String, _ words: [String]?
  ) {
    guard let words, !words.contains(cell), !cell.isEmpty else { return }
    let near = nearestNames(to: cell, among: words.filter { !$0.isEmpty })
    let known = near.isEmpty ? words.filter { !$0.isEmpty } : near
    error(
      document.fault(
        index, name, "unknown word '\(cell.prefix(40))'",
        advice: "use \(known.prefix(6).joined(separator: ", "))\(known.count > 6 ? " ..." : "")"))
  }

  private mutating func date(
    _ document: CSVDocument, _ index: Int, _ name: String, _ cell: String, _ today: CalendarDay?
  ) {
    guard !cell.isEmpty else { return }
    guard let first = CalendarDay(firstOf: cell) else {
      error(
        document.fault(
          index, name, "'\(cell.prefix(40))' is not a date", advice: "write YYYY, YYYY-MM or YYYY-MM-DD"))
      return
    }
    future(document, index, name, cell, first, today)
  }

  private mutating func period(
    _ document: CSVDocument, _ index: Int, _ name: String, _ cell: String, _ today: CalendarDay?
  ) {
    guard !cell.isEmpty else { return }
    guard isPeriod(cell) else {
      error(
        document.fault(
          index, name, "'\(cell.prefix(40))' is not a period",
          advice: "write a date, 2025-H1, 2025-Q3 or 2023-2024"))
      return
    }
    if let first = CalendarDay(firstOf: cell) { future(document, index, name, cell, first, today) }
  }

  private mutating func future(
    _ document: CSVDocument, _ index: Int, _ name: String, _ cell: String, _ first: CalendarDay,
    _ today: CalendarDay?
  ) {
    if let today, first > today {
      error(
        document.fault(
          index, name, "\(cell) is in the future", advice: "evidence cannot be later than \(today)"))
    }
  }

  /// A source from memory must carry the confidence that says so.
  private mutating func trustMark(
    _ document: CSVDocument, _ index: Int, _ columns: ColumnIndex, _ record: CSVRecord
  ) {
    guard columns.has("confidence"), columns.cell("confidence", record) != "unverified" else { return }
    for name in ["source", "condition"] where columns.cell(name, record).contains("unverified (from memory)")
    {
      error(
        document.fault(
          index, name, "says unverified, but the confidence does not",
          advice: "set the confidence to unverified"))
    }
  }

  private mutating func uniqueKeys<Row: CatalogRow>(_ sheet: Sheet<Row>, _ columns: ColumnIndex) {
    var seen: [[String]: Int] = [:]
    for (index, record) in sheet.document.records.enumerated() {
      let key = Row.key.map { columns.cell($0, record) }
      if let first = seen.updateValue(record.line, forKey: key) {
        error(
          sheet.fault(
            index, Row.key[0],
            "'\(key.filter { !$0.isEmpty }.joined(separator: ", "))' repeats line \(first)",
            advice: "remove one of the two lines or tell them apart"))
      }
    }
  }
}

/// Cells of a record by column name.
struct ColumnIndex {
  private let places: [String: Int]

  init(_ document: CSVDocument) {
    places = Dictionary(uniqueKeysWithValues: document.header.enumerated().map { ($1, $0) })
  }

  /// Names with their places; names that the file lacks are left out.
  func places(_ names: [String]) -> [(name: String, place: Int)] {
    names.compactMap { name in places[name].map { (name, $0) } }
  }

  func has(_ name: String) -> Bool { places[name] != nil }
  func cell(_ name: String, _ record: CSVRecord) -> String { places[name].map { record.fields[$0] } ?? "" }
}

private func requiredAdvice(_ column: String) -> String {
  switch column {
  case "source": "say where the number was read"
  case "as_of", "as_of_date", "date": "say when the evidence was published"
  case "unit": "a number without a unit cannot be used"
  case "price_basis", "basis": "a price counts only with its basis"
  default: "this column must be filled"
  }
}

private func namesMachinePath(_ cell: String) -> Bool {
  for root in ["/tmp/", "/root/", "/home/", "/Users/", "/private/"] {
    var rest = cell[...]
    while let range = rest.firstRange(of: root) {
      let before = rest[..<range.lowerBound].last
      if before.map({ !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }) ?? true { return true }
      rest = rest[range.upperBound...]
    }
  }
  return false
}
