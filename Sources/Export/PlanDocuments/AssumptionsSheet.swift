// Assumptions: every input in its own named cell with unit, range, source and date. Inputs that only the program can follow (they steer the estimator) are shown, not offered.

import Planner
import Quantities
import Tables

struct AssumptionsSheet {
  private(set) var sheet = Sheet("Assumptions")
  private(set) var names: [(String, CellAddress)] = []

  static let firstInput = 4

  /// Columns.
  private enum Column {
    static let name = 0
    static let active = 1
    static let base = 2
    static let low = 3
    static let high = 4
    static let custom = 5
    static let unit = 6
    static let isLive = 7
    static let setBy = 8
    static let meaning = 11
  }

  /// Row of the headings, which the selector's words are looked up in, and of the selector.
  private static let headings = 3
  private static let selector = 2

  init(_ layout: PlanLayout) {
    sheet.put(.text("Assumptions"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "Yellow cells are inputs: change a Base value, or write Custom ones, choose the column, and everything follows."
      ),
      row: 1, column: 0, style: .note)
    sheet.put(.text("Column in force"), row: AssumptionsSheet.selector, column: Column.name, style: .label)
    names.append(
      (
        "scenario_case",
        sheet.put(
          .text("Base"), row: AssumptionsSheet.selector, column: Column.active, style: .input,
          rule: .choice(["Base", "Low", "High", "Custom"]))
      ))
    sheet.put(
      [
        "Name", "Active", "Base", "Low", "High", "Custom", "Unit", "Live here", "Set by", "Source", "As of",
        "Meaning",
      ], row: AssumptionsSheet.headings, style: .heading)
    for (index, input) in layout.plan.scenario.inputs.enumerated() {
      add(input, row: AssumptionsSheet.firstInput + index, demand: layout.plan.acceleratorMoney == nil)
    }
    sheet.widths = [
      0: 30, 1: 20, 2: 20, 3: 20, 4: 20, 5: 20, 6: 14, 7: 10, 8: 22, 9: 88, 10: 12, 11: 70,
    ]
    sheet.frozen = (4, 2)
  }

  private mutating func add(_ input: ScenarioInput, row: Int, demand: Bool) {
    guard let setting = input.active else {
      sheet.put(.text(input.key.name), row: row, column: Column.name, style: .label)
      sheet.put(.text("not set"), row: row, column: Column.active, style: .note)
      sheet.put(.text(input.key.doc), row: row, column: Column.meaning, style: .note)
      return
    }
    let isLive = input.key.isLive && !(demand && input.key.name == "budget_usd")
    let format = AssumptionsSheet.format(input)
    let rule = isLive ? AssumptionsSheet.rule(input.key) : nil
    let style: CellStyle = isLive ? .input : .calculation
    sheet.put(.text(input.key.name), row: row, column: Column.name, style: .label)
    if let number = input.number, isLive {
      let base = sheet.put(
        .number(number), row: row, column: Column.base, style: .input, format: format, rule: rule)
      for (column, end) in [(Column.low, setting.low), (Column.high, setting.high)] {
        sheet.put(
          end.map { .number($0) } ?? .formula(.cell(base)), row: row, column: column,
          style: end == nil ? .calculation : .input, format: format, rule: end == nil ? nil : rule)
      }
      sheet.put(
        .formula(.cell(base)), row: row, column: Column.custom, style: .input, format: format, rule: rule)
      let values = sheet.range(rows: row...row, columns: Column.base...Column.custom)
      let words = sheet.range(
        rows: AssumptionsSheet.headings...AssumptionsSheet.headings, columns: Column.base...Column.custom)
      let place = Formula.call(.match, [.name("scenario_case"), .range(words), .number(0)])
      names.append(
        (
          Workbook.nameText(input.key.name),
          sheet.put(
            .formula(.call(.index, [.range(values), .number(1), place])), row: row, column: Column.active,
            format: format)
        ))
    } else {
      let content: CellContent = input.number.map { .number($0) } ?? .text(setting.text)
      names.append(
        (
          Workbook.nameText(input.key.name),
          sheet.put(content, row: row, column: Column.active, style: style, format: format, rule: rule)
        ))
      for (column, end) in [(Column.low, setting.low), (Column.high, setting.high)] {
        guard let end else { continue }
        sheet.put(.number(end), row: row, column: column, format: format)
      }
    }
    sheet.put(.text(input.key.unit), row: row, column: Column.unit, style: .calculation)
    sheet.put(.text(isLive ? "yes" : "no"), row: row, column: Column.isLive)
    sheet.put(
      [
        "\(setting.layer.rawValue), \(PlanTables.shortPlace(setting.place))", setting.source, setting.asOf,
        input.key.doc,
      ], row: row, column: Column.setBy, style: .note)
  }

  private static func format(_ input: ScenarioInput) -> NumberFormat {
    switch input.key.unit {
    case "USD", "users",
      "tokens" where (input.number ?? 0) >= 1000:
      .whole
    case "count", "nodes", "months", "days": NumberFormat("#,##0.###")
    case "parameters": NumberFormat("0.00E+00")
    case "share", "per year": NumberFormat("0.0##%")
    case "USD/kWh": .fine
    default: .general
    }
  }

  private static func rule(_ key: InputKey) -> CellRule? {
    // The headroom table reaches to 1,024 servers a pool; a policy above its end cannot be followed here.
    if key.name == "utilisation_policy" { return .between(0.01, 0.94) }
    switch key.kind {
    case .number(let low, let high): return .between(low, high)
    case .whole(let low, let high): return .wholeBetween(low, high)
    case .choice(let words): return .choice(words)
    case .month: return nil
    }
  }
}
