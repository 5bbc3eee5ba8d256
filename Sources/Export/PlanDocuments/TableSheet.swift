// Tables of values as sheets: what the program alone computes and no formula follows.

import Planner
import Quantities
import Tables

enum TableSheet {
  private static let first = 4

  /// A sheet of a table: numbers as numbers (exact decimal text too), words as words.
  static func sheet(_ name: String, _ table: ReportTable, note: String) -> Sheet {
    sheet(name, [table], note: note).sheet
  }

  /// A sheet of tables below each other, with the first row of each table's values.
  static func sheet(_ name: String, _ tables: [ReportTable], note: String) -> (sheet: Sheet, rows: [Int]) {
    var sheet = Sheet(name)
    sheet.put(.text(tables.first?.title ?? name), row: 0, column: 0, style: .title)
    sheet.put(.text(note), row: 1, column: 0, style: .note)
    var starts: [Int] = []
    var next = first - 1
    for (index, table) in tables.enumerated() {
      if index > 0 {
        sheet.put(.text(table.title), row: next, column: 0, style: .label)
        next += 1
      }
      sheet.put(table.columns.map(\.name), row: next, style: .heading)
      starts.append(next + 1)
      for (offset, row) in table.rows.enumerated() {
        for (column, cell) in row.enumerated() {
          put(cell, row: next + 1 + offset, column: column, to: &sheet)
        }
      }
      for column in table.columns.indices {
        let longest = table.rows.map { width($0[column]) }.max() ?? 0
        let wanted = Double(min(max(longest, table.columns[column].name.count) + 2, 60))
        sheet.widths[column] = max(sheet.widths[column] ?? 0, wanted)
      }
      next += table.rows.count + 3
      for (offset, sentence) in table.notes.enumerated() where tables.count > 1 {
        sheet.put(.text(sentence), row: next - 2 + offset, column: 0, style: .note)
      }
      if tables.count > 1 { next += table.notes.count }
    }
    sheet.frozen = (first, 1)
    sheet.pagesWide = 2
    return (sheet, starts)
  }

  private static func put(_ cell: Cell, row: Int, column: Int, to sheet: inout Sheet) {
    switch cell {
    case .text(let text):
      if let number = Double(text), number.isFinite, text.contains(where: \.isNumber) {
        sheet.put(.number(number), row: row, column: column)
      } else {
        sheet.put(.text(text), row: row, column: column)
      }
    case .number(let value, let decimals):
      sheet.put(
        .number(value), row: row, column: column,
        format: decimals == 0 ? .whole : decimals <= 2 ? .decimal : .fine)
    case .integer(let value): sheet.put(.number(Double(value)), row: row, column: column, format: .whole)
    case .empty: return
    }
  }

  private static func width(_ cell: Cell) -> Int {
    switch cell {
    case .text(let text): text.count
    case .number: 14
    case .integer: 8
    case .empty: 0
    }
  }
}

/// Uncertainty: candidates on all samples, what decides, stresses; values of the program.
enum UncertaintySheet {
  /// nil for a plan that was not sampled.
  static func sheet(_ companions: PlanCompanions) -> Sheet? {
    guard let found = companions.uncertainty else { return nil }
    let tables = [found.regretTable, found.sensitivityTable, found.stressTable, found.percentilesTable]
    var (sheet, rows) = TableSheet.sheet(
      "Uncertainty", tables, note: "Computed by the program with seed \(found.seed); not live.")
    let bars = tables[1].rows.count
    if bars > 0 {
      let lines = rows[1]...(rows[1] + bars - 1)
      let names = sheet.range(rows: lines, columns: 0...0)
      sheet.charts.append(
        Chart(
          .bar, title: "USD per Mtok of the headline with one input at its P10 and P90",
          categoryAxis: "Input",
          valueAxis: "USD per Mtok", valueFormat: "0.000",
          series: [
            Chart.Series("at P10", categories: names, values: sheet.range(rows: lines, columns: 3...3)),
            Chart.Series("at P90", categories: names, values: sheet.range(rows: lines, columns: 4...4)),
          ], row: 3, column: 13, width: 760, height: 420))
    }
    return sheet
  }
}

/// Scenarios: the headline at the ends of the ranges as the program computed it, with live differences.
enum ScenariosSheet {
  private static let first = 4

  /// nil where no case was planned.
  static func sheet(_ companions: PlanCompanions) -> Sheet? {
    guard let base = companions.cases[.base] else { return nil }
    var sheet = Sheet("Scenarios")
    sheet.put(.text("Scenarios"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "Runs of the program with every live input at its base, low or high end; the selector on Assumptions gives "
          + "the same."), row: 1, column: 0, style: .note)
    sheet.put(
      ["Headline", "Base", "Low", "High", "Low - base", "High - base", "Low / base", "High / base"],
      row: first - 1, style: .heading)
    for (offset, metric) in base.values.enumerated() {
      let row = first + offset
      sheet.put(.text(metric.name), row: row, column: 0, style: .label)
      var cells: [RangeEnd: CellAddress] = [:]
      for (column, end) in RangeEnd.allCases.enumerated() {
        guard let value = companions.cases[end]?.values[offset].value else { continue }
        cells[end] = sheet.put(
          .number(value), row: row, column: 1 + column, style: .calculation, format: format(value))
      }
      guard let middle = cells[.base] else { continue }
      for (column, end) in [RangeEnd.low, .high].enumerated() {
        guard let cell = cells[end] else { continue }
        sheet.put(
          .formula(.cell(cell) - .cell(middle)), row: row, column: 4 + column,
          format: format(metric.value ?? 0))
        let ratio = Formula.when(
          .binary(.equal, .cell(middle), .number(0)), .number(0), .cell(cell) / .cell(middle))
        sheet.put(.formula(ratio), row: row, column: 6 + column, format: .decimal)
      }
    }
    sheet.widths = [0: 26, 1: 20, 2: 20, 3: 20, 4: 20, 5: 20, 6: 12, 7: 12]
    sheet.frozen = (first, 1)
    return sheet
  }

  private static func format(_ value: Double) -> NumberFormat { abs(value) < 1000 ? .fine : .whole }
}

/// Compare: this plan against an earlier one, and what each input contributed.
enum CompareSheet {
  private static let first = 4

  /// nil without an earlier plan.
  static func sheet(_ companions: PlanCompanions) -> Sheet? {
    guard let difference = companions.difference else { return nil }
    var sheet = Sheet("Compare")
    sheet.put(.text("Compared with \(companions.earlier)"), row: 0, column: 0, style: .title)
    sheet.put(
      .text("Contributions are the mean of two orders of change: they add up to the difference."), row: 1,
      column: 0, style: .note)
    let names = difference.before.values.map(\.name)
    sheet.put(["Input", "Before", "After"] + names, row: first - 1, style: .heading)
    for (offset, line) in [("earlier plan", difference.before), ("this plan", difference.after)].enumerated()
    {
      sheet.put(.text(line.0), row: first + offset, column: 0, style: .label)
      for (column, metric) in line.1.values.enumerated() {
        guard let value = metric.value else { continue }
        sheet.put(.number(value), row: first + offset, column: 3 + column, format: format(value))
      }
    }
    let start = first + 2
    for (offset, input) in difference.inputs.enumerated() {
      let row = start + offset
      sheet.put([input.key], row: row, style: .label)
      sheet.put(
        [String(input.before.prefix(200)), String(input.after.prefix(200))], row: row, column: 1, style: .note
      )
      for (column, value) in input.contributions.enumerated() {
        guard let value else { continue }
        sheet.put(.number(value), row: row, column: 3 + column, format: format(value))
      }
    }
    let end = start + difference.inputs.count
    sheet.put(.text("sum of the contributions less the difference"), row: end, column: 0, style: .label)
    for (column, metric) in difference.before.values.enumerated() {
      guard metric.value != nil, difference.after.values[column].value != nil, !difference.inputs.isEmpty
      else {
        continue
      }
      let place = 3 + column
      let shares = sheet.range(rows: start...(end - 1), columns: place...place)
      let change =
        Formula.cell(sheet.address(row: first + 1, column: place))
        - .cell(sheet.address(row: first, column: place))
      sheet.put(.formula(.sum(shares) - change), row: end, column: place, style: .output, format: .fine)
    }
    sheet.widths = [0: 40, 1: 24, 2: 24]
    for column in names.indices { sheet.widths[3 + column] = 20 }
    sheet.frozen = (first, 1)
    return sheet
  }

  private static func format(_ value: Double) -> NumberFormat { abs(value) < 1000 ? .fine : .whole }
}

extension ReportTable {
  /// The columns of these names in this order, the same rows; names that the table lacks are left out.
  func keeping(_ names: [String]) -> ReportTable {
    let places = names.compactMap { name in columns.firstIndex { $0.name == name } }
    var other = ReportTable(title, places.map { columns[$0] })
    for row in rows { other.append(places.map { row[$0] }) }
    other.notes = notes
    return other
  }
}
