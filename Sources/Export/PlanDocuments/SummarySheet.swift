// Summary: the page that a reader sees first. Twelve headline cells of the leading option, the light of the
// checks, accelerators by offer and price basis, and the two charts; nothing is typed in, all of it refers.

import Planner
import Quantities

struct SummarySheet {
  private(set) var sheet = Sheet("Summary")
  private let layout: PlanLayout

  private static let firstHeadline = 5
  private static let bases: [PriceBasis] = [.own, .contracted, .list]

  init(_ layout: PlanLayout) {
    self.layout = layout
    let plan = layout.plan
    sheet.put(.text(plan.scenario.title), row: 0, column: 0, style: .title)
    sheet.put(.text(plan.scenario.summary), row: 1, column: 0, style: .note)
    sheet.put(.text("Plan \(PlanIdentity.id(of: plan))"), row: 2, column: 0, style: .note)
    let end = addFleet(row: addHeadline() + 2)
    addOffers(row: end + 3)
    sheet.widths = [0: 46, 1: 28, 2: 18, 3: 18, 4: 18, 5: 4, 6: 16]
    sheet.frozen = (4, 0)
  }

  private var leading: PlanOption? { layout.plan.leading.flatMap { layout.plan.option($0) } }

  /// The headline cells; answers the last row.
  private mutating func addHeadline() -> Int {
    guard let leading else {
      if let portfolio = layout.plan.portfolio { return add(portfolio) }
      let why =
        layout.plan.infeasible.isEmpty
        ? "No offer of this scenario has a price: see Gaps."
        : "Infeasible: \(layout.plan.infeasible.joined(separator: "; "))."
      sheet.put(.text(why), row: 4, column: 0, style: .label)
      return 5
    }
    sheet.put(
      .text(
        "\(leading.offer.providerTitle) \(leading.offer.accelerator), \(leading.basis.rawValue) price, \(leading.date.rawValue)"
      ),
      row: 4, column: 0, style: .heading)
    sheet.put(.text(leading.id), row: 4, column: 1, style: .heading)
    var row = SummarySheet.firstHeadline
    for (label, formula, format) in headlines(leading) {
      sheet.put(.text(label), row: row, column: 0, style: .label)
      sheet.put(.formula(formula), row: row, column: 1, style: .output, format: format)
      row += 1
    }
    row = addServing(leading, row: row)
    guard !layout.plan.checks.isEmpty else { return row }
    sheet.put(.text("No hard check fails"), row: row, column: 0, style: .label)
    sheet.put(
      .formula(.when(.binary(.equal, .name("checks_failing_hard"), .number(0)), .number(1), .number(0))),
      row: row,
      column: 1, style: .check, format: .truth)
    sheet.put(.text("Warnings to look at (Checks)"), row: row + 1, column: 0, style: .label)
    sheet.put(
      .formula(.name("checks_failing_warning")), row: row + 1, column: 1, style: .output, format: .whole)
    return row + 1
  }

  /// The plan over time, live from FleetMonths; answers the last row.
  private mutating func addFleet(row: Int) -> Int {
    guard let fleet = FleetSheetLayout(layout) else { return row - 2 }
    sheet.put(
      .text("Over time: \(fleet.sites.count) sites of \(fleet.providers.count) providers"), row: row,
      column: 0,
      style: .heading)
    let last = fleet.columns.upperBound
    let rows: [(String, Formula, NumberFormat)] = [
      ("Most accelerators paid at a time", FleetPlaces.month(.billed, 4), .whole),
      ("Most power", FleetPlaces.month(.megawatts, 4), .with(unit: "MW", decimals: 1)),
      ("Paid in the term", .name("fleet_paid_usd"), .with(unit: "USD")),
      ("Net present value", .name("fleet_npv_usd"), .with(unit: "USD")),
      (
        "USD per million tokens, whole term", .name("fleet_usd_per_mtok"),
        .with(unit: "USD/Mtok", decimals: 4)
      ),
      ("Served in the last month, the class served least", FleetPlaces.month(.servedShare, last), .percent),
    ]
    for (offset, (label, formula, format)) in rows.enumerated() {
      sheet.put(.text(label), row: row + 1 + offset, column: 0, style: .label)
      sheet.put(.formula(formula), row: row + 1 + offset, column: 1, style: .output, format: format)
    }
    let end = row + 1 + rows.count
    sheet.put(.text("Blocks whole, power and supply kept (Allocation)"), row: end, column: 0, style: .label)
    let checks = (0..<3).map { offset in
      Formula.cell(CellAddress(FleetSheetLayout.allocation, row: FleetPlaces.checks + offset, column: 1))
    }
    sheet.put(
      .formula(.call(.min, checks)), row: end, column: 1, style: .check, format: .truth)
    return end
  }

  /// The portfolio: the sums of Allocation are live, what it serves is the program's.
  private mutating func add(_ portfolio: Portfolio) -> Int {
    sheet.put(.text("Portfolio of \(portfolio.options.count) offers"), row: 4, column: 0, style: .heading)
    let rows: [(String, CellContent, NumberFormat)] = [
      (
        "Accelerators",
        AllocationSheet.total(layout, .count).map { .formula($0) } ?? .number(portfolio.accelerators), .whole
      ),
      (
        "Cost of accelerators",
        AllocationSheet.total(layout, .cost).map { .formula($0) } ?? .number(portfolio.cost),
        .with(unit: "USD")
      ),
      ("Net present value (not live)", .number(portfolio.netPresentValue), .with(unit: "USD")),
    ]
    var row = SummarySheet.firstHeadline
    for (label, content, format) in rows {
      sheet.put(.text(label), row: row, column: 0, style: .label)
      sheet.put(content, row: row, column: 1, style: .output, format: format)
      row += 1
    }
    let heads = [
      "If it serves only (not live)", "Users a day", "Prefill, tokens/s", "Decode, tokens/s",
      "USD/Mtok, all tokens",
    ]
    sheet.put(heads, row: row + 1, style: .heading)
    for (offset, served) in portfolio.served.enumerated() {
      let line = row + 2 + offset
      sheet.put(.text(served.standIn.model), row: line, column: 0, style: .label)
      let figures = [
        served.users, served.prefillTokensPerSecond, served.decodeTokensPerSecond, served.usdPerMtokTotal,
      ]
      for (column, figure) in figures.enumerated() {
        sheet.put(
          .number(figure.value), row: line, column: 1 + column, format: column == 3 ? .fine : .whole)
      }
    }
    return row + 3 + portfolio.served.count
  }

  private func headlines(_ leading: PlanOption) -> [(String, Formula, NumberFormat)] {
    var rows: [(String, Formula, NumberFormat)] = []
    func add(_ label: String, _ formula: Formula?, _ format: NumberFormat) {
      if let formula { rows.append((label, formula, format)) }
    }
    func capacity(_ column: CapacityColumn) -> Formula? {
      layout.option(leading.id, "Capacity", column.rawValue)
    }
    add("Budget", layout.input("budget_usd"), .with(unit: "USD"))
    add("Price of an accelerator-hour", capacity(.usd), .with(unit: "USD/h", decimals: 4))
    add("Accelerators", capacity(.accelerators), .whole)
    if leading.racks != nil { add("Racks", capacity(.racks), .whole) }
    if leading.megawatts != nil { add("Power", capacity(.megawatts), .with(unit: "MW", decimals: 1)) }
    add("Spend of the term", layout.option(leading.id, "Cost", CostColumn.total.rawValue), .with(unit: "USD"))
    add(
      "Net present value (\(layout.plan.scenario.text("payment_timing")) payments)",
      layout.option(leading.id, "Cost", CostColumn.presentValue.rawValue), .with(unit: "USD"))
    if leading.trainingRuns != nil {
      add("Frontier training runs at once", capacity(.runs), .with(unit: "runs", decimals: 1))
    }
    return rows
  }

  /// A small table: what the leading option serves, by stand-in.
  private mutating func addServing(_ leading: PlanOption, row: Int) -> Int {
    let rows = layout.plan.capacities.enumerated().filter { $0.element.option == leading.id }
    guard !rows.isEmpty else { return row }
    sheet.put(
      ["If it serves only", "Users a day", "Prefill, tokens/s", "Decode, tokens/s", "USD/Mtok, all tokens"],
      row: row + 1, style: .heading)
    for (offset, (index, capacity)) in rows.enumerated() {
      let line = row + 2 + offset
      sheet.put(.text(capacity.standIn.model), row: line, column: 0, style: .label)
      for (column, source) in [(1, ServingColumn.users), (2, .prefill), (3, .decode)] {
        sheet.put(
          .formula(layout.serving(index, source)), row: line, column: column, style: .output, format: .whole)
      }
      guard leading.accelerators > 0 else { continue }
      sheet.put(
        .formula(.cell(CellAddress("Cost", row: layout.servingRow(index), column: UnitCosts.all))), row: line,
        column: 4, style: .output, format: .fine)
    }
    return row + 3 + rows.count
  }

  /// Accelerators by offer and basis, and the charts beside.
  private mutating func addOffers(row: Int) {
    let date = leading?.date ?? .latest
    sheet.put(
      .text("Accelerators by offer and price basis, \(date.rawValue) prices (empty: no price, see Gaps)"),
      row: row,
      column: 0, style: .label)
    sheet.put(["Offer"] + SummarySheet.bases.map(\.rawValue), row: row + 1, style: .heading)
    let offers = layout.offers
    for (index, offer) in offers.enumerated() {
      sheet.put(.text(offer.id), row: row + 2 + index, column: 0, style: .label)
      for (column, basis) in SummarySheet.bases.enumerated() {
        guard let option = layout.plan.option(offer, basis, date),
          let count = layout.option(option.id, "Capacity", CapacityColumn.accelerators.rawValue)
        else { continue }
        sheet.put(.formula(count), row: row + 2 + index, column: 1 + column, format: .whole)
      }
    }
    addCharts(offers: row + 2, count: offers.count, date: date)
  }

  private mutating func addCharts(offers first: Int, count: Int, date: PriceDate) {
    guard count > 0 else { return }
    let rows = first...(first + count - 1)
    let labels = sheet.range(rows: rows, columns: 0...0)
    let series = SummarySheet.bases.enumerated().map { column, basis in
      Chart.Series(
        basis.rawValue, categories: labels,
        values: sheet.range(rows: rows, columns: (1 + column)...(1 + column)))
    }
    sheet.charts.append(
      Chart(
        .column, title: "Accelerators for the whole budget, by price basis (\(date.rawValue) prices)",
        categoryAxis: "Offer", valueAxis: "Accelerators", valueFormat: "#,##0", series: series, row: 4,
        column: 6,
        width: 760, height: 400))
    guard let leading, let line = layout.row(ofOption: leading.id), !layout.plan.months.isEmpty else {
      return
    }
    let last = PlanLayout.firstMonth + layout.plan.months.count - 1
    func months(_ row: Int) -> CellRange {
      CellRange(
        CellAddress("Cost", row: row, column: PlanLayout.firstMonth),
        CellAddress("Cost", row: row, column: last))
    }
    sheet.charts.append(
      Chart(
        .areaStacked, title: "Spend by month, \(leading.id)", categoryAxis: "Month", valueAxis: "Million USD",
        valueFormat: "#,##0,,",
        series: [.init("spend", categories: months(CostSheet.Line.month), values: months(line))], row: 23,
        column: 6,
        width: 760, height: 320))
  }
}
