// Checks: each rule as a live formula, its bounds beside it, and TRUE or FALSE. A rule whose value only the
// program can compute keeps that value; one with nothing to check says so.

import Planner
import Quantities

struct ChecksSheet {
  private(set) var sheet = Sheet("Checks")
  private(set) var names: [(String, CellAddress)] = []
  private let layout: PlanLayout

  static let first = 5
  private enum Column: Int { case rule, subject, value, low, high, unit, result, severity, reference, note }

  init(_ layout: PlanLayout) {
    self.layout = layout
    sheet.put(.text("Checks"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "A failing hard check means that the plan contradicts itself or physics; a warning is worth a look."),
      row: 1, column: 0, style: .note)
    sheet.put(
      ["Rule", "Subject", "Value", "Lowest", "Highest", "Unit", "Result", "Severity", "Reference", "Why"],
      row: ChecksSheet.first - 1, style: .heading)
    for (index, check) in layout.plan.checks.enumerated() { add(check, row: ChecksSheet.first + index) }
    addCounts()
    sheet.widths = [0: 28, 1: 38, 2: 16, 3: 13, 4: 13, 5: 15, 6: 10, 7: 10, 8: 14, 9: 80]
    sheet.frozen = (ChecksSheet.first, 2)
  }

  private func cell(_ row: Int, _ column: Column) -> Formula {
    .cell(CellAddress("Checks", row: row, column: column.rawValue))
  }

  private mutating func add(_ check: PlanCheck, row: Int) {
    sheet.put([check.name, check.subject], row: row, style: .label)
    sheet.put(.text(check.unit), row: row, column: Column.unit.rawValue)
    sheet.put([check.severity.rawValue], row: row, column: Column.severity.rawValue, style: .calculation)
    sheet.put([check.note], row: row, column: Column.note.rawValue, style: .note)
    guard let value = check.value, value.isFinite else {
      sheet.put(.text("unknown"), row: row, column: Column.result.rawValue, style: .note)
      return
    }
    let live = CheckFormulas(layout: layout, check: check, row: row)
    if let reference = live.reference {
      sheet.put(
        .number(reference), row: row, column: Column.reference.rawValue, style: .input, format: .whole)
    }
    let digits = ChecksSheet.format(check)
    sheet.put(
      live.value.map { .formula($0) } ?? .number(value), row: row, column: Column.value.rawValue,
      format: digits)
    var conditions: [Formula] = []
    if let low = check.low {
      sheet.put(
        live.low.map { .formula($0) } ?? .number(low), row: row, column: Column.low.rawValue, format: digits)
      conditions.append(.binary(.greaterOrEqual, cell(row, .value), cell(row, .low)))
    }
    if let high = check.high {
      sheet.put(
        live.high.map { .formula($0) } ?? .number(high), row: row, column: Column.high.rawValue,
        format: digits)
      conditions.append(.binary(.lessOrEqual, cell(row, .value), cell(row, .high)))
    }
    let holds: Formula = conditions.count == 1 ? conditions[0] : .call(.and, conditions)
    sheet.put(
      conditions.isEmpty ? .text("unknown") : .formula(.when(holds, .number(1), .number(0))), row: row,
      column: Column.result.rawValue, style: .check, format: .truth)
  }

  /// Digits that show both the value and its bounds.
  private static func format(_ check: PlanCheck) -> NumberFormat {
    let sizes = [check.value, check.low, check.high].compactMap { $0 }.map { abs($0) }
    guard let bound = check.high, bound > 0, bound < 1e-6 else {
      return (sizes.max() ?? 0) >= 1000 ? .whole : NumberFormat("0.0###")
    }
    return NumberFormat("0.0E+00")  // rounding errors against a rounding bound
  }

  private mutating func addCounts() {
    let checks = layout.plan.checks
    guard !checks.isEmpty else { return }
    let rows = ChecksSheet.first...(ChecksSheet.first + checks.count - 1)
    let results = sheet.range(rows: rows, columns: Column.result.rawValue...Column.result.rawValue)
    let severities = sheet.range(rows: rows, columns: Column.severity.rawValue...Column.severity.rawValue)
    // Rules with an answer, less those that hold: counted by summing, so that words count for nothing.
    for (offset, severity) in [CheckSeverity.hard, .warning].enumerated() {
      let column = Column.value.rawValue + 2 * offset
      let asked = checks.count {
        $0.severity == severity && ($0.value?.isFinite ?? false) && ($0.low ?? $0.high) != nil
      }
      let holding = Formula.call(.sumIfs, [.range(results), .range(severities), .text(severity.rawValue)])
      sheet.put(.text("failing, \(severity.rawValue)"), row: 2, column: column - 1, style: .label)
      names.append(
        (
          "checks_failing_\(severity.rawValue)",
          sheet.put(
            .formula(.number(Double(asked)) - holding), row: 2, column: column, style: .output, format: .whole
          )
        ))
    }
  }
}

/// The live side of a check, by the check's name.
private struct CheckFormulas {
  var value: Formula?
  var low: Formula?
  var high: Formula?
  /// A number beside the formula, e.g. a public total.
  var reference: Double?

  private let layout: PlanLayout
  private let option: PlanOption?

  init(layout: PlanLayout, check: PlanCheck, row: Int) {
    self.layout = layout
    option = layout.plan.option(check.subject)
    let hours = Formula.name("paid_hours_h")
    switch check.name {
    case "money adds up":
      value = pair(.cost, .money).flatMap { _, money in
        capacity(.accelerators).flatMap { accelerators in
          price.flatMap { price in
            capacity(.unspent).map {
              .call(.abs, [accelerators * hours * price + $0 - money]) / .call(.max, [money, .number(1)])
            }
          }
        }
      }
    case "unspent below one unit":
      if let unspent = capacity(.unspent), let price, let option,
        let unit = layout.offer(option.offer.id, .unit)
      {
        value = unspent / (unit * hours * price)
      }
    case "months add up":
      if let total = cost(.total), let spent = capacity(.cost) {
        value = .call(.abs, [total * .name("accelerator_share") - spent]) / .call(.max, [spent, .number(1)])
      }
    case "deal check": dealCheck(hours)
    case "USD per MW-year":
      if let money = capacity(.money), let megawatts = capacity(.megawatts) {
        let hoursPerYear = Unit.hour.fromBase(Unit.day.toBase(365.25))
        value = money / .number(Unit.millionUSD.toBase(1)) / (megawatts * (hours / .number(hoursPerYear)))
      }
    case "MW per 1,000 accelerators": value = option.flatMap { layout.offer($0.offer.id, .kilowatts) }
    case "announced size":
      value = capacity(.accelerators)
      low = layout.input("expected_low")
      high = layout.input("expected_high")
    case "share of supply":
      let total = layout.plan.scenario.supply.first { $0.accelerator == option?.offer.accelerator }?.total
      if let total, let accelerators = capacity(.accelerators) {
        reference = total
        value = accelerators / .cell(CellAddress("Checks", row: row, column: 8))
      }
    case "demand per user":
      value =
        layout.needed("requests_per_user_day")
        * (layout.needed("input_tokens") + layout.needed("output_tokens"))
    case "peak utilisation": value = busiest
    case "mean utilisation": value = busiest.map { $0 / Requests.peakOverMean(layout) }
    default: break
    }
  }

  private var busiest: Formula? {
    guard !layout.plan.capacities.isEmpty else { return nil }
    let column = ServingColumn.utilisation.rawValue
    return .call(
      .max,
      [
        .range(
          CellRange(
            CellAddress("Capacity", row: layout.servingRow(0), column: column),
            CellAddress("Capacity", row: layout.servingRow(layout.plan.capacities.count - 1), column: column))
        )
      ])
  }

  private func capacity(_ column: CapacityColumn) -> Formula? {
    if column == .megawatts, option?.megawatts == nil { return nil }
    return option.flatMap { layout.option($0.id, "Capacity", column.rawValue) }
  }
  private func cost(_ column: CostColumn) -> Formula? {
    option.flatMap { layout.option($0.id, "Cost", column.rawValue) }
  }
  private var price: Formula? { option.flatMap { layout.option($0.id, "Prices", PriceColumn.usd.rawValue) } }
  private func pair(_ a: CapacityColumn, _ b: CapacityColumn) -> (Formula, Formula)? {
    capacity(a).flatMap { a in capacity(b).map { (a, $0) } }
  }

  private mutating func dealCheck(_ hours: Formula) {
    guard let option, let spent = capacity(.cost), let accelerators = capacity(.accelerators) else { return }
    value = spent / (accelerators * hours)
    if option.power != nil, let power = layout.offer(option.offer.id, .kilowatts) {
      low = layout.input("electricity_usd_per_kwh").map { power * $0 }
    }
    let list = layout.plan.option(option.offer, .list, option.date)
    high = list.flatMap { layout.option($0.id, "Prices", PriceColumn.usd.rawValue) }
  }
}
