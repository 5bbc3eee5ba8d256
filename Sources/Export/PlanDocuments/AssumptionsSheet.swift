// Assumptions: every input in its own named cell with unit, range, source and date. Inputs that only the program can follow (they steer the estimator) are shown, not offered.

import Planner
import Quantities
import Tables

struct AssumptionsSheet {
  private(set) var sheet = Sheet("Assumptions")
  private(set) var names: [(String, CellAddress)] = []

  static let firstInput = 4

  /// Inputs whose change the formulas follow; the others need a run of the program.
  static let live: Set<String> = [
    "budget_usd", "cpu_share", "network_share", "storage_share", "ramp_months", "hours_basis",
    "hours_per_month",
    "discount_rate", "payment_timing", "requests_per_user_day", "daily_peak_over_mean",
    "minute_peak_over_mean",
    "utilisation_policy", "pools", "steady_factor", "mix_factor", "software_factor",
    "training_active_parameters", "training_tokens", "training_days", "training_mfu",
    "expected_low", "expected_high", "electricity_usd_per_kwh", "max_provider_share",
    "host_kw",
  ]

  init(_ layout: PlanLayout) {
    sheet.put(.text("Assumptions"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "Yellow cells are inputs: change one and everything follows. The others need a run of the program."),
      row: 1, column: 0, style: .note)
    sheet.put(
      ["Name", "Value", "Unit", "Low", "High", "Live here", "Set by", "Source", "As of", "Meaning"], row: 3,
      style: .heading)
    for (index, input) in layout.plan.scenario.inputs.enumerated() {
      add(input, row: AssumptionsSheet.firstInput + index, demand: layout.plan.acceleratorMoney == nil)
    }
    sheet.widths = [0: 30, 1: 16, 2: 14, 3: 13, 4: 13, 5: 10, 6: 22, 7: 88, 8: 12, 9: 70]
    sheet.frozen = (4, 1)
  }

  private mutating func add(_ input: ScenarioInput, row: Int, demand: Bool) {
    guard let setting = input.active else {
      sheet.put(.text(input.key.name), row: row, column: 0, style: .label)
      sheet.put(.text("not set"), row: row, column: 1, style: .note)
      sheet.put(.text(input.key.doc), row: row, column: 9, style: .note)
      return
    }
    let isLive = AssumptionsSheet.live.contains(input.key.name) && !(demand && input.key.name == "budget_usd")
    let style: CellStyle = isLive ? .input : .calculation
    let content: CellContent = input.number.map { .number($0) } ?? .text(setting.text)
    let address = sheet.put(
      content, row: row, column: 1, style: style, format: AssumptionsSheet.format(input),
      rule: isLive ? AssumptionsSheet.rule(input.key) : nil)
    names.append((Workbook.nameText(input.key.name), address))
    sheet.put(.text(input.key.name), row: row, column: 0, style: .label)
    sheet.put(.text(input.key.unit), row: row, column: 2, style: .calculation)
    for (column, end) in [(3, setting.low), (4, setting.high)] {
      guard let end else { continue }
      sheet.put(.number(end), row: row, column: column, format: AssumptionsSheet.format(input))
    }
    sheet.put(.text(isLive ? "yes" : "no"), row: row, column: 5)
    sheet.put(
      .text("\(setting.layer.rawValue), \(PlanTables.shortPlace(setting.place))"), row: row, column: 6,
      style: .note)
    sheet.put(["", setting.source, setting.asOf, input.key.doc], row: row, column: 6, style: .note)
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
