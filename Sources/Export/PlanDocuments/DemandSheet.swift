// Demand: from a user's day to requests and tokens a second, live; and for a plan over time what each class needs in
// each month, as the program computed it.

import Planner
import Quantities
import Tables

enum DemandSheet {
  private static let first = 4

  static func sheet(_ layout: PlanLayout) -> Sheet {
    var sheet = Sheet("Demand")
    sheet.put(.text("Demand"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "What one user asks for, and what the headline's users ask for together. Inputs stand on Assumptions."
      ),
      row: 1, column: 0, style: .note)
    sheet.put(["Of one user", "Value", "Unit"], row: first - 1, style: .heading)
    var row = first
    var cells: [String: Formula] = [:]
    func put(_ key: String, _ label: String, _ formula: Formula, _ unit: String, _ format: NumberFormat) {
      sheet.put(.text(label), row: row, column: 0, style: .label)
      cells[key] = .cell(sheet.put(.formula(formula), row: row, column: 1, format: format))
      sheet.put(.text(unit), row: row, column: 2, style: .note)
      row += 1
    }
    let input = layout.needed("input_tokens")
    let output = layout.needed("output_tokens")
    put("requests", "Requests a day", layout.needed("requests_per_user_day"), "requests", .decimal)
    put("input", "Prompt tokens a request", input, "tokens", .decimal)
    put("fresh", "of them computed (not cached)", Requests.fresh(layout), "tokens", .decimal)
    put("output", "Generated tokens a request", output, "tokens", .decimal)
    put("day", "Tokens a day", layout.needed("requests_per_user_day") * (input + output), "tokens", .whole)
    put("peak", "Busiest minute over the mean", Requests.peakOverMean(layout), "ratio", .fine)
    if let id = layout.plan.leading {
      row += 1
      sheet.put(
        [
          "Of the headline's users, by stand-in", "Users a day", "Requests/s, mean",
          "Requests/s, busiest minute",
          "Fresh prompt tokens/s", "Generated tokens/s", "Tokens a day",
        ], row: row, style: .heading)
      row += 1
      for (index, capacity) in layout.plan.capacities.enumerated() where capacity.option == id {
        let users = layout.serving(index, .users)
        let requests = layout.serving(index, .requests)
        sheet.put(.text(capacity.standIn.model), row: row, column: 0, style: .label)
        let day = Formula.number(Unit.day.toBase(1))
        let formulas: [(Formula, NumberFormat)] = [
          (users, .whole), (users * (cells["requests"] ?? .number(0)) / day, .whole), (requests, .whole),
          (requests * (cells["fresh"] ?? .number(0)), .whole),
          (requests * (cells["output"] ?? .number(0)), .whole),
          (users * (cells["day"] ?? .number(0)), .whole),
        ]
        for (column, formula) in formulas.enumerated() {
          sheet.put(.formula(formula.0), row: row, column: 1 + column, format: formula.1)
        }
        row += 1
      }
    }
    if let fleet = layout.plan.fleet { add(fleet, row: row + 1, to: &sheet) }
    sheet.widths = [0: 40, 1: 22, 2: 22, 3: 26, 4: 22, 5: 22, 6: 24]
    sheet.frozen = (first, 1)
    return sheet
  }

  /// Months down, classes across: mean and sizing need.
  private static func add(_ fleet: FleetPlan, row start: Int, to sheet: inout Sheet) {
    let needs = fleet.fleetCase.needs
    sheet.put(.text("What each class needs (values of the program)"), row: start, column: 0, style: .label)
    sheet.put(
      ["Month"] + needs.flatMap { ["\($0.id), mean \($0.unit)", "\($0.id), sized for"] }, row: start + 1,
      style: .heading)
    for month in fleet.fleetCase.portfolio.months {
      let row = start + 2 + month.index
      sheet.put(.text(month.label), row: row, column: 0, style: .label)
      for (index, need) in needs.enumerated() {
        sheet.put(.number(need.mean[month.index]), row: row, column: 1 + 2 * index, format: .decimal)
        sheet.put(.number(need.need[month.index]), row: row, column: 2 + 2 * index, format: .decimal)
      }
    }
  }
}

enum ChangeLogSheet {
  /// What differs from the earlier plan, input by input; a sentence where there is none.
  static func sheet(_ companions: PlanCompanions) -> Sheet {
    var sheet = Sheet("ChangeLog")
    sheet.put(.text("ChangeLog"), row: 0, column: 0, style: .title)
    let inputs = companions.difference?.inputs ?? []
    let note =
      companions.difference == nil
      ? "No earlier plan: `plimsoll plan NAME -o FOLDER --compare-with EARLIER` fills this sheet and Compare."
      : inputs.isEmpty
        ? "Nothing differs from \(companions.earlier)."
        : "Inputs that differ from \(companions.earlier); Compare has what each of them did."
    sheet.put(.text(note), row: 1, column: 0, style: .note)
    sheet.put(["Input", "Before", "After", "Who changed it, when, why"], row: 3, style: .heading)
    for (offset, input) in inputs.enumerated() {
      sheet.put([input.key], row: 4 + offset, style: .label)
      sheet.put(
        [String(input.before.prefix(500)), String(input.after.prefix(500))], row: 4 + offset, column: 1,
        style: .calculation)
      sheet.put(.text(" "), row: 4 + offset, column: 3, style: .input)
    }
    sheet.widths = [0: 30, 1: 40, 2: 40, 3: 50]
    sheet.frozen = (4, 1)
    return sheet
  }
}
