// Plausible ranges of power, site and demand facts, the order of rows, and the age of evidence.

import Quantities
import Tables

/// Evidence older than this many days is worth a new look.
public let oldEvidenceDays = 180

private let plausible: [String: ClosedRange<Double>] = [
  "pue": 1.0...2.5, "gCO2e/kWh": 1...1200, "US cents/kWh": 2...60, "EUR/kWh": 0.02...0.6, "kW": 0.1...1000,
]

extension Findings {
  /// Ranges of power_and_sites.csv.
  mutating func power(_ sheet: Sheet<PowerFact>) {
    for (row, fact) in sheet.numbered {
      let range = fact.quantity == "pue" ? plausible["pue"] : plausible[fact.unit]
      guard let range, let value = fact.value, !range.contains(value) else { continue }
      warning(
        sheet.fault(
          row, "value", "\(value) \(fact.unit) is implausible for \(fact.quantity)",
          advice: "expected \(range.lowerBound) to \(range.upperBound)"))
    }
  }

  /// Rows that stand out of order: a diff of a sorted file shows only what changed.
  mutating func order<Row: CatalogRow>(of sheet: Sheet<Row>) {
    let names = TableRules.of(Row.fileName).order ?? Row.key
    guard !names.isEmpty else { return }
    let columns = ColumnIndex(sheet.document)
    var previous: [String] = []
    for (index, record) in sheet.document.records.enumerated() {
      let key = names.map { columns.cell($0, record) }
      if precedes(key, previous) {
        warning(
          sheet.fault(
            index, names[0], "'\(key[0])' stands out of order",
            advice: "sort by \(names.joined(separator: ", "))"))
        return
      }
      previous = key
    }
  }

  /// One warning a file for evidence that has grown old.
  mutating func age<Row: CatalogRow>(of sheet: Sheet<Row>, today: CalendarDay) {
    guard let name = TableRules.of(Row.fileName).evidence else { return }
    let columns = ColumnIndex(sheet.document)
    var old: [(index: Int, day: CalendarDay)] = []
    for (index, record) in sheet.document.records.enumerated() {
      guard let day = CalendarDay(firstOf: columns.cell(name, record)) else { continue }
      if today.daysSinceEpoch - day.daysSinceEpoch > oldEvidenceDays { old.append((index, day)) }
    }
    guard let oldest = old.min(by: { $0.day < $1.day }) else { return }
    warning(
      sheet.fault(
        oldest.index, name,
        "\(old.count) of \(sheet.rows.count) rows are older than \(oldEvidenceDays) days, the oldest of "
          + columns.cell(name, sheet.document.records[oldest.index]),
        advice: "look for newer evidence"))
  }

  private func precedes(_ left: [String], _ right: [String]) -> Bool {
    for (a, b) in zip(left, right) where a != b {
      return a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars)
    }
    return false
  }
}
