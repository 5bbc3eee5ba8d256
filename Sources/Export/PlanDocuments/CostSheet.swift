// Cost: months across; hours, ramp and discount factor once, spend of each option below them, and under these
// what a million tokens costs.

import Planner
import Quantities

struct CostSheet {
  private(set) var sheet = Sheet("Cost")
  private(set) var names: [(String, CellAddress)] = []
  private let layout: PlanLayout

  /// Rows of the time line.
  enum Line {
    static let index = 2
    static let month = 3
    static let calendarHours = 4
    static let hours = 5
    static let ramp = 6
    static let discount = 7
  }

  init(_ layout: PlanLayout) {
    self.layout = layout
    sheet.put(.text("Cost"), row: 0, column: 0, style: .title)
    sheet.put(
      .text("Spend of each month in USD: accelerators with their share of CPUs, network and storage."),
      row: 1,
      column: 0, style: .note)
    for (row, text) in [
      (Line.index, "Month number"), (Line.month, "Month"),
      (Line.calendarHours, "Hours of the calendar month, h"),
      (Line.hours, "Paid hours, h"), (Line.ramp, "Share of the fleet, mid-month"),
      (Line.discount, "Discount factor"),
    ] {
      sheet.put(.text(text), row: row, column: 0, style: .label)
    }
    for month in layout.plan.months { add(month) }
    addTotals()
    sheet.put(
      ["Option", "", "Spend, USD", "Net present value, USD"], row: PlanLayout.firstOption - 1, style: .heading
    )
    for option in layout.plan.options { add(option) }
    UnitCosts.add(to: &sheet, layout)
    HeadlineMonths.add(to: &sheet, layout)
    sheet.widths = [0: 34, 1: 20, 2: 32, 3: 22, 4: 19]
    for month in layout.plan.months { sheet.widths[PlanLayout.firstMonth + month.index] = 14 }
    sheet.pagesWide = 5
    sheet.frozen = (PlanLayout.firstOption, 4)
  }

  private func address(_ row: Int, _ month: PlanMonth) -> CellAddress {
    CellAddress("Cost", row: row, column: PlanLayout.firstMonth + month.index)
  }

  private var months: ClosedRange<Int>? {
    layout.plan.months.isEmpty
      ? nil : PlanLayout.firstMonth...(PlanLayout.firstMonth + layout.plan.months.count - 1)
  }

  private mutating func add(_ month: PlanMonth) {
    let column = PlanLayout.firstMonth + month.index
    sheet.put(.number(Double(month.index)), row: Line.index, column: column, format: .whole)
    sheet.put(.text(month.label), row: Line.month, column: column, style: .heading)
    sheet.put(
      .number(CalendarMonth.hours(month.label) ?? month.hours), row: Line.calendarHours, column: column,
      format: .decimal)
    let isAverage = Formula.binary(.equal, .name("hours_basis"), .text("average"))
    sheet.put(
      .formula(.when(isAverage, layout.needed("hours_per_month"), .cell(address(Line.calendarHours, month)))),
      row: Line.hours, column: column, format: .decimal)
    let ramp = layout.needed("ramp_months")
    let index = Formula.cell(address(Line.index, month))
    sheet.put(
      .formula(
        .when(
          .binary(.greater, ramp, .number(0)),
          .call(.min, [.number(1), (index + .number(0.5)) / ramp]), .number(1))),
      row: Line.ramp, column: column, format: .percent)
    let isMid = Formula.binary(.equal, .name("payment_timing"), .text("mid-month"))
    let offset = Formula.when(isMid, index + .number(0.5), index + .number(1))
    sheet.put(
      .formula(.power(.number(1) + layout.needed("discount_rate"), .number(0) - offset / .number(12))),
      row: Line.discount, column: column, format: .fine)
  }

  private mutating func addTotals() {
    guard let months else { return }
    let hours = sheet.range(rows: Line.hours...Line.hours, columns: months)
    let ramp = sheet.range(rows: Line.ramp...Line.ramp, columns: months)
    sheet.put(.text("Paid hours of one accelerator, h"), row: Line.index, column: 2, style: .label)
    names.append(
      (
        "paid_hours_h",
        sheet.put(
          .formula(.sumProduct(hours, ramp)), row: Line.index, column: 3, style: .output, format: .decimal)
      ))
  }

  private mutating func add(_ option: PlanOption) {
    guard let row = layout.row(ofOption: option.id), let months else { return }
    sheet.put([option.id], row: row, style: .label)
    let accelerators = Formula.cell(
      CellAddress("Capacity", row: row, column: CapacityColumn.accelerators.rawValue))
    let price = Formula.cell(CellAddress("Prices", row: row, column: PriceColumn.usd.rawValue))
    for month in layout.plan.months {
      let spend =
        accelerators * .cell(address(Line.ramp, month)) * .cell(address(Line.hours, month)) * price
        / .name("accelerator_share")
      sheet.put(
        .formula(spend), row: row, column: PlanLayout.firstMonth + month.index, format: .whole)
    }
    let spend = sheet.range(rows: row...row, columns: months)
    let factors = sheet.range(rows: Line.discount...Line.discount, columns: months)
    sheet.put(
      .formula(.sum(spend)), row: row, column: CostColumn.total.rawValue, style: .output, format: .whole)
    // What is due at the signature is not discounted.
    let ahead = layout.needed("upfront_share")
    let present =
      option.basis == .contracted
      ? ahead * .sum(spend) + (.number(1) - ahead) * .sumProduct(spend, factors)
      : .sumProduct(spend, factors)
    sheet.put(
      .formula(present), row: row, column: CostColumn.presentValue.rawValue, style: .output,
      format: .whole)
  }
}

/// USD per million tokens of each option and stand-in.
enum UnitCosts {
  static let allInRate = 2
  static let requestsPerHour = 3
  static let all = 4
  static let freshInput = 5
  static let output = 6

  static func add(to sheet: inout Sheet, _ layout: PlanLayout) {
    let head = layout.firstServing - 1
    sheet.put(
      .text("USD per million tokens at the mean load, with CPUs, network and storage"), row: head - 1,
      column: 0,
      style: .label)
    sheet.put(
      [
        "Option", "Stand-in model", "All-in USD per accelerator-hour", "Requests per accelerator-hour",
        "USD/Mtok, all tokens", "USD/Mtok, fresh input", "USD/Mtok, output",
      ], row: head, style: .heading)
    for (index, capacity) in layout.plan.capacities.enumerated() {
      guard let option = layout.plan.option(capacity.option), option.accelerators > 0 else { continue }
      add(capacity, index, to: &sheet, layout)
    }
  }

  private static func add(_ capacity: PlanCapacity, _ index: Int, to sheet: inout Sheet, _ layout: PlanLayout)
  {
    let row = layout.servingRow(index)
    sheet.put([capacity.option], row: row, style: .label)
    sheet.put([capacity.standIn.model], row: row, column: 1, style: .calculation)
    guard let price = layout.option(capacity.option, "Prices", PriceColumn.usd.rawValue),
      let accelerators = layout.option(capacity.option, "Capacity", CapacityColumn.accelerators.rawValue),
      let prefill = layout.performance(capacity, .prefill)
    else { return }
    func cell(_ column: Int) -> Formula { .cell(CellAddress("Cost", row: row, column: column)) }
    let million = Formula.number(Unit.millionTokens.toBase(1))
    let fresh = Requests.fresh(layout)
    let prefillShare = fresh / prefill / layout.serving(index, .seconds)
    let input = layout.needed("input_tokens")
    let output = layout.needed("output_tokens")
    let dollars = cell(allInRate) / cell(requestsPerHour)
    for (column, formula) in [
      (allInRate, price / .name("accelerator_share")),
      (
        requestsPerHour,
        layout.serving(index, .requests) / Requests.peakOverMean(layout) * .number(Unit.hour.toBase(1))
          / accelerators
      ),
      (all, dollars * million / (input + output)),
      (freshInput, dollars * prefillShare * million / fresh),
      (self.output, dollars * (.number(1) - prefillShare) * million / output),
    ] {
      sheet.put(
        .formula(formula), row: row, column: column, style: column >= all ? .output : .calculation,
        format: .fine)
    }
  }
}

/// Days of a month from its label.
enum CalendarMonth {
  /// Hours of `2025-11`; nil for anything else.
  static func hours(_ label: String) -> Double? {
    let parts = label.split(separator: "-").compactMap { Int($0) }
    guard parts.count == 2, (1...12).contains(parts[1]) else { return nil }
    let isLeap = (parts[0] % 4 == 0 && parts[0] % 100 != 0) || parts[0] % 400 == 0
    let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][parts[1] - 1]
    return Unit.hour.fromBase(Unit.day.toBase(Double(days)))
  }
}
