// FleetMonths: the fleet month by month, live from Allocation: accelerators, megawatts, money committed and flexible,
// what is served of each class, and USD per million tokens; the three charts of a plan over time stand below.

import Planner
import Quantities

struct FleetMonthsSheet {
  var sheet = Sheet(FleetSheetLayout.months)
  private(set) var names: [(String, CellAddress)] = []
  let layout: FleetSheetLayout
  let places: FleetPlaces
  var needs: [FleetNeed] { layout.fleet.fleetCase.needs }

  init(_ layout: FleetSheetLayout, _ places: FleetPlaces) {
    self.layout = layout
    self.places = places
    sheet.put(.text("The fleet month by month"), row: 0, column: 0, style: .title)
    sheet.put(
      .text("Live from Allocation and FleetWork; the demand is an input."), row: 1, column: 0, style: .note)
    for month in layout.portfolio.months { addTime(month) }
    addCapacity()
    addMoney()
    addClasses()
    addService()
    addTotals()
    addCharts()
    sheet.widths = [0: 46, 1: 12, 2: 4, 3: 4, 4: 18]
    for column in layout.columns { sheet.widths[column] = 14 }
    sheet.frozen = (FleetFigure.month.rawValue + 1, 1)
    sheet.pagesWide = 4
  }

  func figure(_ figure: FleetFigure, _ column: Int) -> Formula { FleetPlaces.month(figure, column) }

  mutating func add(
    _ figure: FleetFigure, _ label: String, _ unit: String, _ format: NumberFormat,
    _ formula: (Int) -> Formula?
  ) {
    sheet.put([label, unit], row: figure.rawValue, style: .label)
    for month in 0..<layout.count {
      guard let formula = formula(layout.column(month)) else { continue }
      sheet.put(.formula(formula), row: figure.rawValue, column: layout.column(month), format: format)
    }
  }

  // MARK: Time

  private mutating func addTime(_ month: PlanMonth) {
    let column = layout.column(month.index)
    for (figure, label, unit) in [
      (FleetFigure.index, "Month number", ""), (.month, "Month", ""), (.hours, "Hours", "h"),
      (.discount, "Discount factor of what is due monthly", ""),
      (.signatureDiscount, "Discount factor of signatures", ""),
    ] {
      sheet.put([label, unit], row: figure.rawValue, style: .label)
    }
    sheet.put(
      .number(Double(month.index)), row: FleetFigure.index.rawValue, column: column, format: .whole)
    sheet.put(.text(month.label), row: FleetFigure.month.rawValue, column: column, style: .heading)
    let calendar = CalendarMonth.hours(month.label) ?? month.hours
    sheet.put(
      .formula(
        .when(
          .binary(.equal, .name("hours_basis"), .text("average")), layout.plan.needed("hours_per_month"),
          .number(calendar))),
      row: FleetFigure.hours.rawValue, column: column, format: .decimal)
    let index = figure(.index, column)
    let isMid = Formula.binary(.equal, .name("payment_timing"), .text("mid-month"))
    let months = Formula.number(12)
    for (row, offset) in [
      (FleetFigure.discount, Formula.when(isMid, index + .number(0.5), index + .number(1))),
      (.signatureDiscount, index),
    ] {
      let rate = Formula.number(1) + layout.plan.needed("discount_rate")
      sheet.put(
        .formula(.power(rate, .number(0) - offset / months)), row: row.rawValue, column: column, format: .fine
      )
    }
  }

  // MARK: Accelerators and power

  private mutating func addCapacity() {
    let places = places
    for (figure, label, block) in [
      (FleetFigure.delivered, "Accelerators delivered", places.delivered),
      (.billed, "Accelerators billed", places.billed), (.accepted, "Accelerators accepted", places.accepted),
    ] {
      add(figure, label, "count", .whole) { .sum(block.column($0)) }
    }
    add(.usable, "Accelerators that serve, without own spares", "count", .whole) {
      .sumProduct(places.accepted.column($0), places.terms.column(FleetTerm.usable.rawValue))
    }
    add(.megawatts, "Power of what is delivered", "MW", .decimal) {
      .sumProduct(places.delivered.column($0), places.terms.column(FleetTerm.kilowatts.rawValue))
        / .number(Unit.kilowatt.fromBase(Unit.megawatt.toBase(1)))
    }
    add(.megawattLimit, "Power energised at sites that hold anything", "MW", .decimal) {
      .sum(places.siteLimits.column($0))
    }
  }

  // MARK: Classes

  private mutating func addClasses() {
    for (index, need) in needs.enumerated() {
      let labels: [(FleetClassRow, String, String)] = [
        (.need, "\(need.id): needed at the peak", need.unit), (.mean, "\(need.id): mean", need.unit),
        (.capacity, "\(need.id): what its accelerators do", need.unit),
        (.served, "\(need.id): share served", "share"),
        (.accelerators, "\(need.id): accelerators at work", "count"),
      ]
      for (row, label, unit) in labels {
        sheet.put([label, unit], row: FleetPlaces.row(of: index, row), style: .label)
      }
      if let tokens = need.totalTokens {
        sheet.put(
          .number(tokens), row: FleetPlaces.row(of: index, .mean), column: 4, style: .input,
          format: .with(unit: "tokens", decimals: 1), rule: .atLeast(0))
      }
      for month in 0..<layout.count { add(need, index, month) }
    }
    let brackets = layout.portfolio.brackets
    guard !brackets.isEmpty else { return }
    sheet.put(
      ["Rebate of a provider", "from USD a year", "", "", "share"], row: bracketRow, style: .heading)
    for (offset, bracket) in brackets.enumerated() {
      let row = bracketRow + 1 + offset
      sheet.put(.text(bracket.provider), row: row, column: 0, style: .label)
      sheet.put(
        .number(bracket.fromUSD), row: row, column: 1, style: .input, format: .whole, rule: .atLeast(0))
      sheet.put(
        .number(bracket.discount), row: row, column: 4, style: .input, format: .percent, rule: .between(0, 1))
    }
  }

  private mutating func add(_ need: FleetNeed, _ index: Int, _ month: Int) {
    let column = layout.column(month)
    let count = NumberFormat("#,##0.0")
    for (row, value) in [(FleetClassRow.need, need.need[month]), (.mean, need.mean[month])] {
      sheet.put(
        .number(value), row: FleetPlaces.row(of: index, row), column: column, style: .input, format: count,
        rule: .atLeast(0))
    }
    let mix = places.mixes[index]
    let work = Formula.sumProduct(
      places.pools.column(column), mix.column(column), mix.column(FleetPlaces.rate))
    let needed = FleetPlaces.month(of: index, .need, column)
    let capacity = FleetPlaces.month(of: index, .capacity, column)
    let share = Formula.when(
      .binary(.greater, needed, .number(0)), .call(.min, [.number(1), capacity / needed]), .number(1))
    for (row, formula, format) in [
      (FleetClassRow.capacity, work, count), (.served, share, .percent),
      (.accelerators, .sumProduct(places.pools.column(column), mix.column(column)), .whole),
    ] {
      sheet.put(
        .formula(formula), row: FleetPlaces.row(of: index, row), column: column,
        style: row == .served ? .output : .calculation, format: format)
    }
  }

  // MARK: Service

  private mutating func addService() {
    let needs = needs
    add(.servedShare, "Share served of the class that is served least", "share", .percent) { column in
      .call(.min, needs.indices.map { FleetPlaces.month(of: $0, .served, column) })
    }
    add(.tokens, "Tokens", "million", .whole) { [self] column in
      let second = Formula.number(Unit.hour.toBase(1))
      let sums = needs.indices.filter { needs[$0].totalTokens != nil }.map { index in
        FleetPlaces.month(of: index, .served, column) * FleetPlaces.month(of: index, .mean, column)
          * FleetPlaces.month(of: index, .mean, 4)
      }
      guard let first = sums.first else { return .number(0) }
      return sums.dropFirst().reduce(first, +) * figure(.hours, column) * second
        / .number(Unit.millionTokens.toBase(1))
    }
    add(.servingShare, "Share of the working accelerators that serve tokens", "share", .percent) { column in
      func sum(_ chosen: [Int]) -> Formula {
        .call(.sum, chosen.map { FleetPlaces.month(of: $0, .accelerators, column) })
      }
      let all = sum(Array(needs.indices))
      let serving = needs.indices.filter { needs[$0].totalTokens != nil }
      guard !serving.isEmpty else { return .number(0) }
      return .when(.binary(.greater, all, .number(0)), sum(serving) / all, .number(1))
    }
    addOwnCost()
    add(.usdPerMtok, "USD per million tokens (-: no tokens)", "USD/Mtok", .fine) { [self] column in
      .when(
        .binary(.greater, figure(.tokens, column), .number(0)),
        (figure(.paid, column) + figure(.ownCost, column)) * figure(.servingShare, column)
          / figure(.tokens, column), .text("-"))
    }
  }

  private mutating func addTotals() {
    sheet.put(.text("Term"), row: FleetFigure.month.rawValue, column: 4, style: .heading)
    for figure in [
      FleetFigure.committed, .flexible, .other, .otherDiscounted, .rebates, .paid, .idle, .discounted,
      .tokens, .ownCost,
    ] {
      let address = sheet.put(
        .formula(.sum(sheet.range(rows: figure.rawValue...figure.rawValue, columns: layout.columns))),
        row: figure.rawValue, column: 4, style: .output, format: .whole)
      if figure == .paid { names.append(("fleet_paid_usd", address)) }
      if figure == .discounted { names.append(("fleet_npv_usd", address)) }
    }
    for figure in [FleetFigure.delivered, .billed, .accepted, .usable, .megawatts] {
      sheet.put(
        .formula(
          .call(.max, [.range(sheet.range(rows: figure.rawValue...figure.rawValue, columns: layout.columns))])
        ),
        row: figure.rawValue, column: 4, style: .output, format: figure == .megawatts ? .decimal : .whole)
    }
    sheet.put(.text("most"), row: FleetFigure.delivered.rawValue - 1, column: 4, style: .note)
    sheet.put(.text("sum"), row: FleetFigure.committed.rawValue - 1, column: 4, style: .note)
    let paid = sheet.range(
      rows: FleetFigure.paid.rawValue...FleetFigure.paid.rawValue, columns: layout.columns)
    let own = sheet.range(
      rows: FleetFigure.ownCost.rawValue...FleetFigure.ownCost.rawValue, columns: layout.columns)
    let serving = sheet.range(
      rows: FleetFigure.servingShare.rawValue...FleetFigure.servingShare.rawValue, columns: layout.columns)
    let tokens = figure(.tokens, 4)
    names.append(
      (
        "fleet_usd_per_mtok",
        sheet.put(
          .formula(
            .when(
              .binary(.greater, tokens, .number(0)),
              .call(.sumProduct, [.range(paid) + .range(own), .range(serving)]) / tokens, .text("-"))),
          row: FleetFigure.usdPerMtok.rawValue, column: 4, style: .output, format: .fine)
      ))
  }

  // MARK: Charts

  private mutating func addCharts() {
    func row(_ figure: FleetFigure, from first: Int = 0) -> CellRange {
      sheet.range(
        rows: figure.rawValue...figure.rawValue, columns: layout.column(first)...layout.columns.upperBound)
    }
    func series(_ name: String, _ figure: FleetFigure, from first: Int = 0) -> Chart.Series {
      Chart.Series(name, categories: row(.month, from: first), values: row(figure, from: first))
    }
    let below = bracketRow + layout.portfolio.brackets.count + 3
    sheet.charts.append(
      Chart(
        .columnStacked, title: "Paid by month: commitments, and what ends within a month (rebates left out)",
        categoryAxis: "Month", valueAxis: "Million USD", valueFormat: "#,##0,,",
        series: [series("committed", .committed), series("flexible", .flexible)], row: below, column: 0,
        width: 760, height: 360))
    sheet.charts.append(
      Chart(
        .line, title: "Power of what is delivered, and power energised at its sites", categoryAxis: "Month",
        valueAxis: "MW",
        series: [series("delivered", .megawatts), series("energised", .megawattLimit)], row: below, column: 6,
        width: 760, height: 360))
    // From the first month with tokens on: before it a chart would draw zeros.
    guard let first = layout.fleet.rows.firstIndex(where: { $0.usdPerMtok != nil }) else { return }
    sheet.charts.append(
      Chart(
        .line, title: "USD per million tokens of all classes", categoryAxis: "Month",
        valueAxis: "USD per Mtok",
        valueFormat: "0.00", series: [series("USD per Mtok", .usdPerMtok, from: first)], row: below + 20,
        column: 0, width: 760, height: 360))
  }
}

/// Rows below the classes.
enum FleetLayoutRows {
  static func afterClasses(_ classes: Int) -> Int {
    FleetFigure.classes + classes * FleetClassRow.allCases.count + 2
  }
}
