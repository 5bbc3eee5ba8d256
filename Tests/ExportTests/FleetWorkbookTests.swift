// The workbook of a plan over time against the plan: as written, recalculated by another program, and after a change.

import Export
import Foundation
import Planner
import Quantities
import Testing

@Suite("The workbook of a fleet")
struct FleetWorkbookTests {
  private static let made = Result { try makePlan("frontier-lab-fleet") }

  /// A sheet by its row labels: the numbers right of column E.
  private struct Grid {
    let sheet: Sheet
    var values: WorkbookValues

    init(_ book: Workbook, _ name: String) throws {
      sheet = try #require(book.sheets.first { $0.name == name })
      values = WorkbookValues(book)
    }

    /// Numbers of the months in the n-th row with this label; nil for words.
    mutating func months(_ label: String, _ count: Int, nth: Int = 0) throws -> [Double?] {
      let rows = sheet.cells.filter { $0.key.column == 0 && $0.value.content == .text(label) }.map(\.key.row)
        .sorted()
      let row = try #require(rows.count > nth ? rows[nth] : nil, "\(label)")
      return (0..<count).map { values.value(at: sheet.address(row: row, column: 5 + $0)).number }
    }
  }

  private func isClose(_ ours: Double?, _ theirs: Double?) -> Bool {
    guard let ours, let theirs else { return ours == nil && theirs == nil }
    return abs(ours - theirs) <= 1e-9 * max(abs(theirs), 1e-6)
  }

  @Test("every month's accelerators, power, money, service and USD per Mtok are the plan's")
  func months() throws {
    let plan = try Self.made.get()
    let fleet = try #require(plan.fleet)
    let book = PlanWorkbook.make(plan)
    var grid = try Grid(book, "FleetMonths")
    let wanted: [(String, (FleetPlanMonth) -> Double?)] = [
      ("Accelerators delivered", { $0.delivered }), ("Accelerators billed", { $0.billed }),
      ("Accelerators that serve, without own spares", { $0.usable }),
      ("Power of what is delivered", { $0.megawatts }),
      ("Power energised at sites that hold anything", { $0.megawattLimit }), ("Paid", { $0.paid }),
      ("of it for what is not accepted yet", { $0.paidNotUsable }),
      ("Share served of the class that is served least", { $0.servedShare }),
      ("USD per million tokens (-: no tokens)", { $0.usdPerMtok }),
    ]
    #expect(fleet.rows.count == 36)
    for (label, value) in wanted {
      let shown = try grid.months(label, 36)
      for (row, cell) in zip(fleet.rows, shown) {
        #expect(isClose(cell, value(row)), "\(label) \(row.month.label): \(String(describing: cell))")
      }
    }
    for (index, need) in fleet.fleetCase.needs.enumerated() {
      let capacity = try grid.months("\(need.id): what its accelerators do", 36)
      for month in 0..<36 {
        let served = capacity[month].map { min($0, need.need[month]) }
        #expect(isClose(served, fleet.plan?.served[index][month]), "\(need.id) \(month)")
      }
    }
    var values = WorkbookValues(book)
    #expect(isClose(values.value(named: "fleet_npv_usd").number, fleet.netPresentValue(plan.scenario)))
    #expect(isClose(values.value(named: "fleet_paid_usd").number, fleet.ledger.paid.usd))
    // Committed and flexible are the ledger's payments by contract; rebates and what stands beside machines have rows of
    // their own, and all together are what is paid.
    let committed = try grid.months("Paid under commitments", 36)
    for month in 0..<36 {
      let sum = fleet.ledger.rows.filter { row in
        row.month == month && row.stream.countsForRebate
          && row.holding.map { fleet.ledger.holdings[$0].contract.isCommitment } == true
      }.reduce(Money.zero) { $0 + $1.billed }
      #expect(isClose(committed[month], sum.usd), "\(month)")
    }
    #expect(committed.contains { ($0 ?? 0) > 1e6 })
    let other = try grid.months("Other streams (values of the program, not live)", 36)
    let beside = fleet.ledger.rows.filter {
      !$0.stream.countsForRebate && $0.stream.isCash && $0.stream != .spendDiscount
    }
    #expect(beside.contains { $0.stream == .egress } && beside.contains { $0.stream == .migration })
    #expect(isClose(other.reduce(0) { $0 + ($1 ?? 0) }, beside.reduce(Money.zero) { $0 + $1.billed }.usd))
  }

  @Test("blocks are inputs that hold the solver's choice, with limits and checks as cells")
  func allocation() throws {
    let plan = try Self.made.get()
    let fleet = try #require(plan.fleet)
    let book = PlanWorkbook.make(plan)
    var values = WorkbookValues(book)
    let sheet = try #require(book.sheets.first { $0.name == "Allocation" })
    let inputs = sheet.cells.values.filter { $0.rule == .wholeBetween(0, 1_000_000) }
    var blocks = 0.0
    for cell in inputs { if case .number(let value) = cell.content { blocks += value } }
    #expect(blocks == fleet.plan?.signed.joined().reduce(0, +))
    let checks = sheet.cells.filter { $0.value.style == .check }.keys.sorted()
    #expect(checks.count == 4)
    func holds(_ check: CellPosition) -> Bool {
      values.value(at: sheet.address(row: check.row, column: 1)) == .number(1)
    }
    for check in checks.prefix(3) { #expect(holds(check)) }
    #expect(holds(checks[3]) == ((fleet.rows.last?.servedShare ?? 0) >= 0.999))
    // Each check turns red when what it watches is broken.
    func broken(_ change: (CellPosition, SheetCell) -> Double?) throws -> [Int] {
      var copy = book
      let at = try #require(copy.sheets.firstIndex { $0.name == "Allocation" })
      for (place, cell) in sheet.cells.sorted(by: { $0.key < $1.key }) {
        guard let value = change(place, cell) else { continue }
        copy.sheets[at].replace(row: place.row, column: place.column, with: .number(value))
      }
      var values = WorkbookValues(copy)
      return checks.indices.filter {
        values.value(at: sheet.address(row: checks[$0].row, column: 1)) == .number(0)
      }
    }
    var isFirst = true
    let half = try broken { _, cell in
      guard isFirst, cell.rule == .wholeBetween(0, 1_000_000), case .number(let value) = cell.content,
        value > 0
      else { return nil }
      isFirst = false
      return value - 0.5
    }
    #expect(half.contains(0))
    let much = try broken { _, cell in
      guard cell.rule == .wholeBetween(0, 1_000_000), case .number(let value) = cell.content else {
        return nil
      }
      return value * 3
    }
    #expect(much.filter { $0 < 3 } == [1, 2])
    let nothing = try broken { _, cell in cell.rule == .wholeBetween(0, 1_000_000) ? 0 : nil }
    #expect(nothing == [3])
    let easy = try broken { place, _ in place.row == checks[3].row && place.column == 4 ? 0 : nil }
    #expect(easy == [])
  }

  @Test(
    "LibreOffice agrees before and after recalculation, and a changed block and price carry through to NPV and Mtok",
    .enabled(if: LibreOffice.program != nil, "\(LibreOffice.isMissing)"))
  func foreign() throws {
    let plan = try Self.made.get()
    let fleet = try #require(plan.fleet)
    let folder = try TemporaryFolder()
    let base = PlanWorkbook.make(plan)
    let old = WorkbookValues(base)
    let file = folder.path + "/base.xlsx"
    try XLSXFormat.write(base, to: file)
    try XLSXFormat.write(PlanWorkbook.make(plan), to: folder.path + "/twice.xlsx")
    #expect(
      FileManager.default.contents(atPath: file)
        == FileManager.default.contents(atPath: folder.path + "/twice.xlsx"))
    #expect(
      Agreement(of: base, with: try LibreOffice.read([file], recalculating: false)[0]).differences == [])

    let change = try Change(base, fleet)
    let changed = folder.path + "/changed.xlsx"
    try XLSXFormat.write(change.book, values: old, to: changed)
    let read = try LibreOffice.read([file, changed], recalculating: true)
    let agreement = Agreement(of: base, with: read[0])
    #expect(agreement.differences == [])
    #expect(agreement.formulas > 10_000)
    #expect(!read.contains { $0.values.contains { $0.values.contains(.error) } })
    #expect(Agreement(of: change.book, with: read[1]).differences == [])

    var before = WorkbookValues(base)
    var after = WorkbookValues(change.book)
    let share = plan.acceleratorShare
    let difference =
      (after.value(named: "fleet_npv_usd").number ?? 0) - (before.value(named: "fleet_npv_usd").number ?? 0)
    // By hand: the added blocks at the new price, and the other blocks of the line at the difference of prices.
    let expected = change.netPresentValue(plan.scenario) / share
    #expect(abs(difference / expected - 1) < 1e-6, "\(difference) \(expected)")
    #expect(abs(expected) > 1e6)
    let tokens = (before, after)
    var (first, second) = tokens
    #expect(first.value(named: "fleet_usd_per_mtok") != second.value(named: "fleet_usd_per_mtok"))
  }

  /// Three blocks more of a line without rebates, and a price of its own.
  private struct Change {
    let book: Workbook
    private let holding: Holding
    private let month: Int
    private let price: Double
    private let fleet: FleetPlan

    init(_ base: Workbook, _ fleet: FleetPlan) throws {
      let rebated = Set(fleet.fleetCase.portfolio.brackets.map(\.provider))
      // Billed from acceptance on and without an upfront part, so that the check by hand is one product.
      let index = try #require(
        fleet.holdings.firstIndex {
          !rebated.contains($0.offer.provider) && $0.contract.billingStart == .acceptance
            && $0.contract.upfrontShare == 0 && $0.signatures.contains { $0.month > 0 }
        })
      holding = fleet.holdings[index]
      month = try #require(holding.signatures.last).month
      price = holding.rate.usdPerHour + 0.25
      self.fleet = fleet
      var book = base
      let at = try #require(book.sheets.firstIndex { $0.name == "Allocation" })
      let sheet = book.sheets[at]
      let terms =
        try #require(sheet.cells.first { $0.value.content == .text("Terms of each line") }).key.row + 2
      let signed =
        try #require(
          sheet.cells.first { $0.value.content == .text("Blocks signed in each month (inputs)") }
        ).key.row + 2
      let column = 5 + month
      guard
        case .number(let blocks)? = book.cell(at: sheet.address(row: signed + index, column: column))?.content
      else { throw CocoaError(.coderInvalidValue) }
      book.sheets[at].replace(row: signed + index, column: column, with: .number(blocks + 3))
      book.sheets[at].replace(row: terms + index, column: 6, with: .number(price))
      self.book = book
    }

    func netPresentValue(_ scenario: Scenario) -> Double {
      let yearly = scenario.number("discount_rate") ?? 0
      let unit = Double(holding.offer.unit ?? 1)
      return fleet.fleetCase.portfolio.months.reduce(0) { sum, at in
        let isAdded = at.index >= month && at.index < month + holding.contract.termMonths
        let added = isAdded ? 3 * unit * price : 0
        let dearer = holding.billed[at.index] * (price - holding.rate.usdPerHour)
        return sum + (added + dearer) * at.hours
          * pow(1 + yearly, -(Double(at.index) + 0.5) / 12)
      }
    }
  }

  @Test("the charts of spend, power and USD per Mtok are drawn from cells with figures")
  func charts() throws {
    let plan = try Self.made.get()
    let book = PlanWorkbook.make(plan)
    let sheet = try #require(book.sheets.first { $0.name == "FleetMonths" })
    #expect(sheet.charts.count == 3)
    var values = WorkbookValues(book)
    for chart in sheet.charts {
      for series in chart.series {
        let figures = series.values.addresses.compactMap { values.value(at: $0).number }
        #expect(
          figures.count == series.values.addresses.count && figures.contains { $0 > 0 }, "\(chart.title)")
      }
      #expect(!chart.valueAxis.isEmpty && !chart.categoryAxis.isEmpty)
    }
    let budget = PlanWorkbook.make(try makePlan("openai-aws-38b"))
    let cost = try #require(budget.sheets.first { $0.name == "Cost" })
    #expect(cost.charts.count == 2)
    var spend = WorkbookValues(budget)
    for chart in cost.charts {
      let first = try #require(chart.series.first)
      #expect(first.values.addresses.compactMap { spend.value(at: $0).number }.allSatisfy { $0 > 0 })
    }
    // What is committed of the deal is all of it.
    let committed = try #require(cost.charts[0].series.first).values.addresses
    let headline = try #require(try makePlan("openai-aws-38b").headline)
    let rows = try makePlan("openai-aws-38b").schedule.filter { $0.option == headline }
    for (row, place) in zip(rows, committed) {
      #expect(isClose(spend.value(at: place).number, row.spend))
    }
  }
}
