// Allocation of a plan over time: the solver's blocks as input cells, month by month, with everything that follows
// from them live below: accelerators, money, megawatts, and the limits of power and supply beside what they hold.

import Planner
import Quantities

struct FleetAllocationSheet {
  private(set) var sheet = Sheet(FleetSheetLayout.allocation)
  private let layout: FleetSheetLayout
  private let places: FleetPlaces

  init(_ layout: FleetSheetLayout, _ places: FleetPlaces) {
    self.layout = layout
    self.places = places
    sheet.put(.text("Allocation over time"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "The program's choice as inputs: overtype blocks, prices and limits, and accelerators, money, tokens and the "
          + "checks follow here and on FleetMonths."), row: 1, column: 0, style: .note)
    sheet.put(
      .text(
        "A line is an offer at a site under a contract at one price; a price that moves has a line a year, so its "
          + "other months are empty. Terms in months and the share of classes (FleetWork) are not chosen anew."
      ),
      row: 2, column: 0, style: .note)
    addTerms()
    addLines()
    addLimits()
    addChecks()
    sheet.widths = [0: 44, 1: 12, 2: 18, 3: 14, 4: 16]
    for column in layout.columns { sheet.widths[column] = 14 }
    sheet.widths[FleetTerm.source.rawValue] = 14
    sheet.frozen = (4, 1)
    sheet.pagesWide = 4
  }

  // MARK: Terms

  private mutating func addTerms() {
    let block = places.terms
    sheet.put(.text("Terms of each line"), row: block.first - 2, column: 0, style: .label)
    sheet.put(FleetTerm.headings, row: block.first - 1, style: .heading)
    for (index, line) in layout.lines.enumerated() {
      let holding = line.holding
      let row = block.first + index
      sheet.put(
        [
          line.name, holding.offer.providerTitle, holding.site, holding.offer.accelerator,
          holding.contract.id,
        ],
        row: row, style: .label)
      func put(_ term: FleetTerm, _ value: Double, _ format: NumberFormat, _ rule: CellRule?) {
        sheet.put(
          .number(value), row: row, column: term.rawValue, style: rule == nil ? .calculation : .input,
          format: format, rule: rule)
      }
      put(.block, Double(holding.offer.unit ?? 1), .whole, .wholeBetween(1, 1_000_000))
      // What own hardware and take-or-pay cost stands among the other streams.
      put(.usd, line.isRented ? holding.rate.usdPerHour : 0, .fine, line.isRented ? .atLeast(0) : nil)
      put(.upfront, holding.contract.upfrontShare, .percent, .between(0, 1))
      put(.usable, usableShare(index), .percent, .between(0, 1))
      put(.kilowatts, holding.kilowattsEach ?? 0, NumberFormat("#,##0.000"), .atLeast(0))
      put(.term, Double(holding.contract.termMonths), .whole, nil)
      put(.ahead, Double(line.ahead), .whole, nil)
      put(.isCommitment, holding.contract.isCommitment ? 1 : 0, .whole, .wholeBetween(0, 1))
      for (term, formula) in prices(index) {
        sheet.put(.formula(formula), row: row, column: term.rawValue, format: .fine)
      }
      sheet.put(
        [holding.rate.asOf, holding.rate.source], row: row, column: FleetTerm.asOf.rawValue, style: .note)
    }
  }

  private func usableShare(_ index: Int) -> Double {
    let holding = layout.lines[index].holding
    guard let month = holding.accepted.firstIndex(where: { $0 > 0 }) else { return 1 }
    return holding.usable[month] / holding.accepted[month]
  }

  /// Prices as the ledger books them: to the millionth of a dollar, what is due later and what is due now apart.
  private func prices(_ index: Int) -> [(FleetTerm, Formula)] {
    func micro(_ value: Formula) -> Formula {
      let perDollar = Formula.number(Unit.million.toBase(1))
      return .floor(value * perDollar + .number(0.5)) / perDollar
    }
    func allIn(_ term: FleetTerm) -> Formula {
      let price = places.term(index, term)
      return ["cpu_share", "network_share", "storage_share"].reduce(price) { sum, share in
        sum + micro(price * (layout.plan.needed(share) / .name("accelerator_share")))
      }
    }
    let price = places.term(index, .usd)
    let later = micro(price * (.number(1) - places.term(index, .upfront)))
    return [
      (.monthly, later), (.signature, micro(price) - places.term(index, .monthly)),
      (.monthlyAllIn, allIn(.monthly)), (.signatureAllIn, allIn(.signature)),
    ]
  }

  // MARK: Lines

  private mutating func head(_ block: FleetBlock, _ title: String, _ total: String) {
    sheet.put(.text(title), row: block.first - 2, column: 0, style: .label)
    sheet.put(["Line", "Provider", "", "", total], row: block.first - 1, style: .heading)
    for month in layout.portfolio.months {
      sheet.put(.text(month.label), row: block.first - 1, column: layout.column(month.index), style: .heading)
    }
  }

  private mutating func add(
    _ block: FleetBlock, _ title: String, total: String = "", _ formula: (Int, Int) -> Formula
  ) {
    head(block, title, total)
    for (index, line) in layout.lines.enumerated() {
      let row = block.first + index
      sheet.put([line.name, line.holding.offer.providerTitle], row: row, style: .label)
      for month in 0..<layout.count {
        sheet.put(.formula(formula(index, month)), row: row, column: layout.column(month), format: .whole)
      }
      guard !total.isEmpty else { continue }
      sheet.put(
        .formula(.sum(block.row(index, layout.columns))), row: row, column: 4, style: .output, format: .whole)
    }
  }

  private mutating func addLines() {
    addSigned()
    let last = layout.count - 1
    let hours = FleetFigure.hours.rawValue
    let acceptance = layout.lines.map(\.ahead).max() ?? 0
    // Months whose signatures count in a month: the term back, and as many ahead as are paid before use.
    let window = { [places, layout] (line: Int, month: Int, ahead: Int) -> CellRange in
      let from = max(0, month - layout.lines[line].holding.contract.termMonths + 1)
      return places.signed.row(line, layout.column(from)...layout.column(min(last, month + ahead)))
    }
    add(places.accepted, "Accelerators accepted: blocks whose term covers the month") {
      [places] line, month in
      places.term(line, .block) * .sum(window(line, month, 0))
    }
    add(places.billed, "Accelerators billed: from the delivery on where the contract says so") {
      [places, layout] line, month in
      places.term(line, .block) * .sum(window(line, month, layout.lines[line].ahead))
    }
    let wait = Int((layout.plan.plan.scenario.number("acceptance_months") ?? Double(acceptance)).rounded(.up))
    add(places.delivered, "Accelerators delivered: accepted a little later") { [places, layout] line, month in
      let coming = layout.column(month)...layout.column(min(last, month + wait))
      return .call(
        .max, [places.billed.cell(line, layout.column(month)), .range(places.accepted.row(line, coming))])
    }
    add(places.signature, "Due at the signature, USD", total: "Term, USD") { [places, layout] line, month in
      let from = max(0, month - layout.lines[line].ahead)
      let to = min(last, month + layout.lines[line].holding.contract.termMonths - 1)
      let paid = CellRange(
        CellAddress(FleetSheetLayout.months, row: hours, column: layout.column(from)),
        CellAddress(FleetSheetLayout.months, row: hours, column: layout.column(to)))
      return places.signed.cell(line, layout.column(month)) * places.term(line, .block) * .sum(paid)
        * places.term(line, .signatureAllIn)
    }
    add(places.rent, "Due monthly, USD", total: "Term, USD") { [places, layout] line, month in
      let column = layout.column(month)
      return places.billed.cell(line, column) * FleetPlaces.month(.hours, column)
        * places.term(line, .monthlyAllIn)
    }
  }

  private mutating func addSigned() {
    let block = places.signed
    head(block, "Blocks signed in each month (inputs)", "Blocks")
    for (index, line) in layout.lines.enumerated() {
      let row = block.first + index
      sheet.put([line.name, line.holding.offer.providerTitle], row: row, style: .label)
      for (month, blocks) in line.blocks.enumerated() {
        guard let blocks else { continue }
        sheet.put(
          .number(blocks), row: row, column: layout.column(month), style: .input, format: .whole,
          rule: .wholeBetween(0, 1_000_000))
      }
      sheet.put(
        .formula(.sum(block.row(index, layout.columns))), row: row, column: 4, style: .output, format: .whole)
    }
  }

  // MARK: Limits

  private mutating func addGroup(
    _ block: FleetBlock, _ title: String, _ groups: [(name: String, lines: [Int])], _ format: NumberFormat,
    isInput: Bool = false, _ content: (Int, Int) -> CellContent
  ) {
    sheet.put(.text(title), row: block.first - 2, column: 0, style: .label)
    sheet.put(["Where"], row: block.first - 1, style: .heading)
    for month in layout.portfolio.months {
      sheet.put(.text(month.label), row: block.first - 1, column: layout.column(month.index), style: .heading)
    }
    for (index, group) in groups.enumerated() {
      sheet.put(.text(group.name), row: block.first + index, column: 0, style: .label)
      for month in 0..<layout.count {
        sheet.put(
          content(index, month), row: block.first + index, column: layout.column(month),
          style: isInput ? .input : .calculation, format: format, rule: isInput ? .atLeast(0) : nil)
      }
    }
  }

  private mutating func addLimits() {
    let kilowatts = Formula.number(Unit.kilowatt.fromBase(Unit.megawatt.toBase(1)))
    let sites = layout.sites
    let supplies = layout.supplies
    addGroup(places.siteMegawatts, "Power of what is accepted, MW", sites, .decimal) {
      [places, layout] at, month in
      let column = layout.column(month)
      let runs = zip(
        places.accepted.runs(sites[at].lines, column),
        places.terms.runs(sites[at].lines, FleetTerm.kilowatts.rawValue))
      let sums = runs.map { Formula.sumProduct($0, $1) }
      return .formula(.call(.sum, sums) / kilowatts)
    }
    addGroup(places.siteLimits, "Power that can be drawn, MW (inputs)", sites, .decimal, isInput: true) {
      [layout] at, month in
      .number(layout.portfolio.sites[layout.supply(sites[at].lines).site].megawatts[month])
    }
    addGroup(places.supplied, "Accelerators accepted of each offer", supplies, .whole) {
      [places, layout] at, month in
      .formula(places.accepted.sum(supplies[at].lines, layout.column(month)))
    }
    addGroup(
      places.supplyLimits, "Accelerators delivered and accepted at most (inputs)", supplies, .whole,
      isInput: true
    ) { [layout] at, month in
      let supply = layout.supply(supplies[at].lines)
      return .number(
        supply.blocks[month] * Double(layout.portfolio.products[supply.product].blockAccelerators))
    }
  }

  // MARK: Checks

  private mutating func addChecks() {
    let first = FleetPlaces.checks
    sheet.put(["Check", "Holds", "Broken", "", "Bound"], row: first - 1, style: .heading)
    func above(_ value: FleetBlock, _ limit: FleetBlock, _ row: Int) -> Formula {
      let bound = Formula.cell(CellAddress(sheet.name, row: row, column: 4))
      let most = Formula.range(limit.all(layout.columns)) * (.number(1) + bound)
      return .call(
        .sumProduct, [.binary(.greater, .range(value.all(layout.columns)), most) * .number(1)])
    }
    let blocks = Formula.range(places.signed.all(layout.columns))
    let bound = Formula.cell(CellAddress(sheet.name, row: first + 3, column: 4))
    let lastServed = FleetPlaces.month(.servedShare, layout.column(layout.count - 1))
    let checks: [(String, Formula, Double, NumberFormat)] = [
      (
        "Blocks are whole", .call(.sumProduct, [.call(.abs, [blocks - .floor(blocks)])]), 0,
        NumberFormat("0.0E+00")
      ),
      (
        "Power of every site and month", above(places.siteMegawatts, places.siteLimits, first + 1), 1e-9,
        NumberFormat("0.0E+00")
      ),
      (
        "Supply of every offer and month", above(places.supplied, places.supplyLimits, first + 2), 1e-9,
        NumberFormat("0.0E+00")
      ),
      (
        "Demand of the last month is served",
        .when(.binary(.less, lastServed, bound), .number(1), .number(0)), 0.999, .percent
      ),
    ]
    for (offset, (name, broken, bound, format)) in checks.enumerated() {
      let row = first + offset
      sheet.put(.text(name), row: row, column: 0, style: .label)
      let count = sheet.put(.formula(broken), row: row, column: 2, format: .decimal)
      let holds = Formula.binary(.equal, .cell(count), .number(0))
      sheet.put(
        .formula(.when(holds, .number(1), .number(0))), row: row, column: 1, style: .check, format: .truth)
      sheet.put(.number(bound), row: row, column: 4, style: .input, format: format, rule: .between(0, 1))
    }
  }
}
