// Supply: what the headline has delivered, billed, accepted and usable in each month, live; the same column is the
// same month as on Cost.

import Planner
import Quantities

struct SupplySheet {
  private(set) var sheet = Sheet("Supply")
  private let layout: PlanLayout

  private enum Line {
    static let month = 3
    static let delivered = 4
    static let billed = 5
    static let accepted = 6
    static let first = 9
  }

  /// nil for a plan without a headline.
  init?(_ layout: PlanLayout) {
    guard let id = layout.plan.leading, let option = layout.plan.option(id), !layout.plan.months.isEmpty,
      let accelerators = layout.option(id, "Capacity", CapacityColumn.accelerators.rawValue)
    else { return nil }
    self.layout = layout
    sheet.put(.text("Supply"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "The headline month by month. What the bill follows is the ramp (billing_start); deliveries run ahead of "
          + "acceptance by acceptance_months."), row: 1, column: 0, style: .note)
    for (row, text) in [
      (Line.month, "Month"), (Line.delivered, "Share delivered, mid-month"), (Line.billed, "Share billed"),
      (Line.accepted, "Share accepted"),
    ] {
      sheet.put(.text(text), row: row, column: 0, style: .label)
    }
    sheet.put([id], row: Line.first - 1, style: .heading)
    let spare = layout.offer(option.offer.id, .spareShare)
    let kilowatts = option.power == nil ? nil : layout.offer(option.offer.id, .kilowatts)
    let perRack = option.racks == nil ? nil : layout.offer(option.offer.id, .rack)
    let rows: [(String, (PlanMonth) -> Formula?, NumberFormat)] = [
      ("Accelerators delivered", { accelerators * SupplySheet.cell(Line.delivered, $0) }, .whole),
      ("Accelerators billed", { accelerators * SupplySheet.cell(Line.billed, $0) }, .whole),
      ("Accelerators accepted", { accelerators * SupplySheet.cell(Line.accepted, $0) }, .whole),
      (
        "Accelerators that serve (without spares)",
        { month in spare.map { accelerators * SupplySheet.cell(Line.accepted, month) * (.number(1) - $0) } },
        .whole
      ),
      (
        "Racks delivered",
        { month in perRack.map { .ceil(accelerators * SupplySheet.cell(Line.delivered, month) / $0) } },
        .whole
      ),
      (
        "Power of what is delivered, MW",
        { month in
          kilowatts.map {
            accelerators * SupplySheet.cell(Line.delivered, month) * $0
              / .number(Unit.kilowatt.fromBase(Unit.megawatt.toBase(1)))
          }
        }, .decimal
      ),
      (
        "Paid, not usable, accelerator-hours",
        { month in
          accelerators
            * .call(
              .max,
              [.number(0), SupplySheet.cell(Line.billed, month) - SupplySheet.cell(Line.accepted, month)])
            * .cell(
              CellAddress("Cost", row: CostSheet.Line.hours, column: PlanLayout.firstMonth + month.index))
        }, .whole
      ),
    ]
    for (offset, row) in rows.enumerated() {
      sheet.put(.text(row.0), row: Line.first + offset, column: 0, style: .label)
    }
    for month in layout.plan.months {
      let column = PlanLayout.firstMonth + month.index
      sheet.put(.text(month.label), row: Line.month, column: column, style: .heading)
      addShares(month, column)
      for (offset, row) in rows.enumerated() {
        guard let formula = row.1(month) else { continue }
        sheet.put(.formula(formula), row: Line.first + offset, column: column, format: row.2)
      }
      sheet.widths[column] = 14
    }
    addChart()
    sheet.widths[0] = 40
    sheet.pagesWide = 5
    sheet.frozen = (Line.first, 1)
  }

  private static func cell(_ row: Int, _ month: PlanMonth) -> Formula {
    .cell(CellAddress("Supply", row: row, column: PlanLayout.firstMonth + month.index))
  }

  private mutating func addShares(_ month: PlanMonth, _ column: Int) {
    let index = Formula.cell(CellAddress("Cost", row: CostSheet.Line.index, column: column))
    let ramp = layout.needed("ramp_months")
    let acceptance = layout.needed("acceptance_months")
    let billed = Formula.cell(CellAddress("Cost", row: CostSheet.Line.ramp, column: column))
    func shifted(_ shift: Formula) -> Formula {
      let passed = .call(.max, [.number(0), index + .number(0.5) + shift]) as Formula
      return .when(
        .binary(.greater, ramp, .number(0)), .call(.min, [.number(1), passed / ramp]),
        .when(.binary(.greater, passed, .number(0)), .number(1), .number(0)))
    }
    let billsDelivery = Formula.binary(.equal, .name("billing_start"), .text("delivery"))
    sheet.put(
      .formula(.when(billsDelivery, billed, shifted(acceptance))), row: Line.delivered, column: column,
      format: .percent)
    sheet.put(.formula(billed), row: Line.billed, column: column, format: .percent)
    sheet.put(
      .formula(.when(billsDelivery, shifted(.number(0) - acceptance), billed)), row: Line.accepted,
      column: column, format: .percent)
  }

  private mutating func addChart() {
    let last = PlanLayout.firstMonth + layout.plan.months.count - 1
    let columns = PlanLayout.firstMonth...last
    let months = sheet.range(rows: Line.month...Line.month, columns: columns)
    sheet.charts.append(
      Chart(
        .line, title: "Accelerators of the headline by month", categoryAxis: "Month",
        valueAxis: "Accelerators",
        series: [(0, "delivered"), (2, "accepted"), (3, "serving")].map { offset, name in
          Chart.Series(
            name, categories: months,
            values: sheet.range(rows: (Line.first + offset)...(Line.first + offset), columns: columns))
        }, row: Line.first + 9, column: 0, width: 900))
  }
}
