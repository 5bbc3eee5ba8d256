// Pictures and tables of a fleet over time: the ramp month by month with power and service, and the money of each year by
// stream, by provider, and by whether it is committed.

import Planner
import Quantities
import Tables

struct PlanOverTimeFigures {
  let plan: Plan
  let fleet: FleetPlan

  private var months: [String] { fleet.rows.map(\.month.label) }

  // MARK: Tiles

  /// The figures that a reader takes away.
  var tiles: [(String, String, String)] {
    guard let most = fleet.rows.max(by: { $0.billed < $1.billed }), let last = fleet.rows.last,
      let drawn = fleet.rows.max(by: { $0.megawatts < $1.megawatts })
    else { return [] }
    let sites = firstUses(fleet.holdings.map(\.site)).count
    let providers = firstUses(fleet.holdings.map(\.offer.provider)).count
    return [
      (
        "Accelerators", PlanWords.count(most.billed),
        "most at a time, \(most.month.label); \(counted(sites, "site")) of \(counted(providers, "provider"))"
      ),
      (
        "Power", "\(grouped(drawn.megawatts, decimals: 0)) MW",
        "most, \(drawn.month.label); \(grouped(drawn.megawattLimit, decimals: 0)) MW energised"
      ),
      (
        "Paid in the term", PlanWords.shortMoney(fleet.ledger.paid.usd), "CPUs, network and storage included"
      ),
      (
        "Net present value", PlanWords.shortMoney(fleet.netPresentValue(plan.scenario)),
        "at \(percentText(plan.scenario.number("discount_rate") ?? 0)) a year"
      ),
      (
        "USD per Mtok", last.usdPerMtok.map { PlanWords.price($0) } ?? "no tokens",
        "all classes, in \(last.month.label)"
      ),
      (
        "Demand served", percentText(last.servedShare, decimals: 1),
        "of the class served least, in \(last.month.label)"
      ),
    ]
  }

  // MARK: The ramp

  var ramp: Markup {
    let accelerators = SVGMonthChart.Panel(
      axis: "Accelerators",
      lines: [
        .init(name: "serving", series: 2, isBroken: true, values: fleet.rows.map(\.usable)),
        .init(name: "paid", series: 0, isFilled: true, values: fleet.rows.map(\.billed)),
      ])
    let power = SVGMonthChart.Panel(
      axis: "Power, MW",
      lines: [
        .init(name: "energised", series: 3, isBroken: true, values: fleet.rows.map(\.megawattLimit)),
        .init(name: "drawn", series: 1, isFilled: true, values: fleet.rows.map(\.megawatts)),
      ])
    let served = SVGMonthChart.Panel(
      axis: "Demand served, % of the class served least",
      lines: [
        .init(
          name: "served", series: 4, isFilled: true,
          values: fleet.rows.map { Unit.percent.fromBase($0.servedShare) })
      ], figure: { grouped($0, decimals: 1) })
    let chart = figure(
      "The fleet month by month: accelerators, power, demand served",
      "Paid but not serving: delivered and not accepted yet, spares, and what has no power or work.",
      key: markKey([
        (0, "accelerators paid", false), (2, "serving (broken line)", false), (1, "MW drawn", false),
        (3, "MW energised at its sites (broken line)", false), (4, "demand served", false),
      ]), source: "fleet_monthly.csv."
    ) {
      SVGMonthChart(
        months: months, panels: [accelerators, power, served], width: $0,
        label:
          "Accelerators, megawatts and share of demand served over the months; the table below has figures"
      ).markup()
    }
    return chart ?? Markup()
  }

  // MARK: The money

  var money: Markup {
    let streams = PlanPageExtras.Stream.booked(fleet.ledger)
    return .tag("h3", [:], "What is paid, and to whom") + (bars(streams) ?? Markup())
      + .tag("div", ["class": "many"], table(streams).markup)
      + .tag("div", ["class": "some"], providers.markup)
      + .tag(
        "p", ["class": "note"],
        "Nominal dollars. Committed: signed for longer than a month, so owed whatever comes; flexible: ends within a "
          + "month. Source: fleet_allocation.csv, fleet_monthly.csv; live in plan.xlsx, sheet FleetMonths.")
  }

  /// Months of each twelve.
  private var years: [Range<Int>] {
    stride(from: 0, to: months.count, by: 12).map { $0..<min($0 + 12, months.count) }
  }

  private func bars(_ streams: [PlanPageExtras.Stream]) -> Markup? {
    let largest = streams.sorted { (a, b) in abs(a.usd.reduce(0, +)) > abs(b.usd.reduce(0, +)) }
    let (shown, rest) = (largest.prefix(5), largest.dropFirst(5))
    let parts =
      shown.enumerated().map { (name: $1.name, series: $0) }
      + (rest.isEmpty ? [] : [(name: "the rest", series: -1)])
    func billions(_ streams: ArraySlice<PlanPageExtras.Stream>, _ year: Range<Int>) -> [Double] {
      streams.map { Unit.billionUSD.fromBase($0.usd[year].reduce(0, +)) }
    }
    return figure(
      "Paid by year and stream, billion USD",
      "Each bar is twelve months from the month below it; the figure above is their sum.",
      key: markKey(parts.map { ($0.series, $0.name, false) }), source: "the fleet's ledger."
    ) {
      SVGStackedBars(
        parts: parts,
        bars: years.map { year in
          .init(
            label: months[year.lowerBound],
            values: billions(shown, year) + (rest.isEmpty ? [] : [billions(rest, year).reduce(0, +)]))
        }, axis: "Billion USD", labels: "twelve months from", figure: { grouped($0, decimals: 2) }, width: $0,
        label: "Paid by year and stream; the table below has the figures"
      ).markup()
    }
  }

  private func table(_ streams: [PlanPageExtras.Stream]) -> HTMLTable {
    var table = HTMLTable(
      "Paid by stream, million USD",
      [.init(heading: "from", isWhole: true)] + streams.map { .init(heading: $0.name, isNumber: true) }
        + [
          .init(heading: "all", isNumber: true), .init(heading: "committed", isNumber: true),
          .init(heading: "flexible", isNumber: true),
        ])
    let commitments = paid { $0.contract.isCommitment }
    func millions(_ usd: Double) -> HTMLCell { .number(Unit.millionUSD.fromBase(usd), decimals: 1) }
    func append(_ label: String, _ months: Range<Int>) {
      let all = streams.reduce(0) { $0 + $1.usd[months].reduce(0, +) }
      let committed = commitments[months].reduce(0, +)
      table.append(
        [.text(label)] + streams.map { millions($0.usd[months].reduce(0, +)) }
          + [millions(all), millions(committed), millions(all - committed)])
    }
    for year in years { append(months[year.lowerBound], year) }
    append("the term", 0..<months.count)
    return table
  }

  /// Payments of holdings by month.
  private func paid(_ isMeant: (Holding) -> Bool) -> [Double] {
    var sums = Array(repeating: Money.zero, count: months.count)
    for row in fleet.ledger.rows where row.stream.isCash {
      guard let holding = row.holding, isMeant(fleet.ledger.holdings[holding]) else { continue }
      sums[row.month] += row.billed
    }
    return sums.map(\.usd)
  }

  private var providers: HTMLTable {
    var table = HTMLTable(
      "Paid by provider, million USD",
      [.init(heading: "provider")] + years.map { .init(heading: months[$0.lowerBound], isNumber: true) }
        + [.init(heading: "the term", isNumber: true), .init(heading: "share, %", isNumber: true)])
    let all = fleet.ledger.paid.usd
    for provider in firstUses(fleet.holdings.map(\.offer.providerTitle)).sorted() {
      let sums = paid { $0.offer.providerTitle == provider }
      let total = sums.reduce(0, +)
      table.append(
        [.text(provider)]
          + years.map { .number(Unit.millionUSD.fromBase(sums[$0].reduce(0, +)), decimals: 1) }
          + [
            .number(Unit.millionUSD.fromBase(total), decimals: 1),
            .number(all > 0 ? Unit.percent.fromBase(total / all) : 0, decimals: 1),
          ])
    }
    return table
  }
}
