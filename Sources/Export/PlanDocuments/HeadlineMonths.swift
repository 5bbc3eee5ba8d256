// The headline of a budget plan month by month at the foot of Cost: what is committed and what is flexible, and USD per
// million tokens of each stand-in, with a chart of either.

import Planner

enum HeadlineMonths {
  /// Nothing for a plan without a single headline.
  static func add(to sheet: inout Sheet, _ layout: PlanLayout) {
    let plan = layout.plan
    guard let leading = plan.leading.flatMap({ plan.option($0) }),
      let source = layout.row(ofOption: leading.id),
      !plan.months.isEmpty
    else { return }
    let columns = PlanLayout.firstMonth...(PlanLayout.firstMonth + plan.months.count - 1)
    let first = layout.firstServing + plan.capacities.count + 3
    let isCommitted = plan.ledger.holdings.contains(where: \.contract.isCommitment)
    sheet.put(.text("The headline by month: \(leading.id)"), row: first - 1, column: 0, style: .label)
    sheet.put(["Under commitments, USD", "1 = committed"], row: first, style: .label)
    let flag = sheet.put(
      .number(isCommitted ? 1 : 0), row: first, column: 2, style: .input, format: .whole,
      rule: .wholeBetween(0, 1))
    sheet.put(.text("Flexible, USD"), row: first + 1, column: 0, style: .label)
    let served = plan.capacities.enumerated().filter { $0.element.option == leading.id }
    for (offset, row) in served.enumerated() {
      sheet.put(
        ["USD per Mtok, \(row.element.standIn.model)"], row: first + 2 + offset, style: .label)
    }
    for column in columns {
      let spend = Formula.cell(CellAddress("Cost", row: source, column: column))
      let committed = sheet.put(.formula(spend * .cell(flag)), row: first, column: column, format: .whole)
      sheet.put(.formula(spend - .cell(committed)), row: first + 1, column: column, format: .whole)
      for (offset, row) in served.enumerated() where leading.accelerators > 0 {
        // Its load follows the accelerators, so that a token costs the same in every month of one price.
        let unit = CellAddress("Cost", row: layout.servingRow(row.offset), column: UnitCosts.all)
        sheet.put(.formula(.cell(unit)), row: first + 2 + offset, column: column, format: .fine)
      }
    }
    addCharts(to: &sheet, first, columns, served.map(\.element.standIn.model), leading)
  }

  private static func addCharts(
    to sheet: inout Sheet, _ first: Int, _ columns: ClosedRange<Int>, _ models: [String],
    _ leading: PlanOption
  ) {
    func series(_ name: String, _ row: Int) -> Chart.Series {
      Chart.Series(
        name, categories: sheet.range(rows: CostSheet.Line.month...CostSheet.Line.month, columns: columns),
        values: sheet.range(rows: row...row, columns: columns))
    }
    let below = first + 3 + models.count
    sheet.charts.append(
      Chart(
        .columnStacked, title: "Committed and flexible spend by month, \(leading.id)", categoryAxis: "Month",
        valueAxis: "Million USD", valueFormat: "#,##0,,",
        series: [series("committed", first), series("flexible", first + 1)], row: below, column: 0,
        width: 760,
        height: 340))
    guard !models.isEmpty, leading.accelerators > 0 else { return }
    sheet.charts.append(
      Chart(
        .line, title: "USD per million tokens by month, each model alone, \(leading.id)",
        categoryAxis: "Month",
        valueAxis: "USD per Mtok", valueFormat: "0.00",
        series: models.enumerated().map { series($0.element, first + 2 + $0.offset) }, row: below, column: 5,
        width: 760, height: 340))
  }
}
