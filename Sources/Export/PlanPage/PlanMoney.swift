// The money: what is spent in each year on what, and what the same fleet costs on a list price, on a
// contracted one and at its owner's cost.

import Planner
import Quantities
import Tables

struct PlanMoney {
  let plan: Plan
  let headline: PlanHeadline?
  let streams: [PlanPageExtras.Stream]

  /// Streams that get a colour of their own; the smaller ones share the last.
  private static let mostStreams = 5

  var markup: Markup {
    guard let headline, !headline.months.isEmpty else {
      return .tag("p", [:], "There is no headline, so there is no spend to show.") + bases
    }
    return (chart(headline) ?? Markup()) + table(headline) + bases
  }

  // MARK: Spend by year and stream

  /// Given streams, else those of the plan's ledger where they add up to its spend, else the shares.
  private func parts(_ headline: PlanHeadline) -> [PlanPageExtras.Stream] {
    let given = streams.filter { $0.usd.count == headline.months.count }
    guard given.isEmpty else { return given }
    let booked = PlanPageExtras.Stream.booked(plan.ledger)
    let sum = booked.reduce(0) { $0 + $1.usd.reduce(0, +) }
    if !booked.isEmpty, abs(sum - headline.spend) < 1e-6 * headline.spend { return booked }
    let shares = [("CPUs", "cpu_share"), ("network", "network_share"), ("storage", "storage_share")]
    return [.init("accelerators", usd: headline.months.map(\.acceleratorSpend))]
      + shares.compactMap { name, key in
        let share = plan.scenario.number(key) ?? 0
        return share > 0 ? .init(name, usd: headline.months.map { $0.spend * share }) : nil
      }
  }

  /// The largest parts with the rest as one, and their sums in each block of twelve months.
  private func yearly(_ headline: PlanHeadline) -> [(name: String, years: [Double])] {
    var parts = parts(headline).map { stream in
      (
        name: stream.name,
        years: stride(from: 0, to: stream.usd.count, by: 12).map { start in
          stream.usd[start..<min(start + 12, stream.usd.count)].reduce(0, +)
        }
      )
    }
    guard parts.count > PlanMoney.mostStreams + 1 else { return parts }
    let sizes = parts.indices.sorted {
      (total(parts[$1].years), $0) < (total(parts[$0].years), $1)
    }
    let kept = sizes.prefix(PlanMoney.mostStreams).sorted()
    let others = sizes.dropFirst(PlanMoney.mostStreams)
    let rest = headline.years.indices.map { year in others.reduce(0) { $0 + parts[$1].years[year] } }
    parts = kept.map { parts[$0] } + [(name: "\(others.count) smaller streams", years: rest)]
    return parts
  }

  private func total(_ years: [Double]) -> Double { years.reduce(0) { $0 + abs($1) } }

  private func chart(_ headline: PlanHeadline) -> Markup? {
    let parts = yearly(headline)
    let starts = headline.years.compactMap(\.first?.month.label)
    let coloured = parts.enumerated().map { index, part in
      (name: part.name, series: index < PlanMoney.mostStreams ? index : -1)
    }
    return figure(
      "Spend by year and stream, billion USD",
      "Each bar is twelve months from the month below it; the figure above is their sum."
        + " Nominal dollars, not discounted.",
      key: markKey(coloured.map { ($0.series, $0.name, false) }),
      source: "cost_streams.csv, rows \(headline.id)."
    ) {
      SVGStackedBars(
        parts: coloured,
        bars: starts.enumerated().map { index, start in
          .init(label: start, values: parts.map { Unit.billionUSD.fromBase($0.years[index]) })
        },
        axis: "Billion USD", labels: "twelve months from", figure: { grouped($0, decimals: 2) }, width: $0,
        label: "Spend by year and stream; the table below has the figures"
      ).markup()
    }
  }

  private func table(_ headline: PlanHeadline) -> Markup {
    let parts = parts(headline)
    var table = HTMLTable(
      "Spend in million USD",
      [.init(heading: "from", isWhole: true)] + parts.map { .init(heading: $0.name, isNumber: true) }
        + [
          .init(heading: "all", isNumber: true), .init(heading: "since the start", isNumber: true),
          .init(heading: "discounted", isNumber: true),
        ])
    func millions(_ usd: Double) -> HTMLCell { .number(Unit.millionUSD.fromBase(usd), decimals: 1) }
    var (soFar, start) = (0.0, 0)
    for year in headline.years {
      let spend = year.reduce(0) { $0 + $1.spend }
      soFar += spend
      table.append(
        [.text(year.first?.month.label ?? "")]
          + parts.map { millions($0.usd[start..<(start + year.count)].reduce(0, +)) }
          + [millions(spend), millions(soFar), millions(year.reduce(0) { $0 + $1.discountedSpend })])
      start += year.count
    }
    table.append(
      [.text("the term")] + parts.map { millions($0.usd.reduce(0, +)) }
        + [millions(headline.spend), .empty, millions(headline.months.reduce(0) { $0 + $1.discountedSpend })])
    let rate = tickText(Unit.percent.fromBase(plan.scenario.number("discount_rate") ?? 0))
    let note =
      "The net present value is \(PlanWords.money(headline.netPresentValue)): discounted at \(rate) % a year,"
      + " \(plan.scenario.text("payment_timing")) payments"
      + ((plan.scenario.number("upfront_share") ?? 0) > 0 ? ", what is due at the signature in full." : ".")
    return .tag("div", ["class": "many"], table.markup) + .tag("p", ["class": "note"], note)
  }

  // MARK: List, contracted, own

  private var bases: Markup {
    let title = Markup.tag("h3", [:], "List, contracted and own, side by side")
    let single = headline?.isPortfolio == false ? headline?.options.first : nil
    return allocation + title + (single.map(sideBySide) ?? Markup())
      + PlanComparison(plan: plan, headline: headline).prices
  }

  /// Who gets the money of a portfolio, and what stopped each row from growing.
  private var allocation: Markup {
    let rows = plan.allocation.filter { $0.accelerators > 0 }
    guard !rows.isEmpty else { return Markup() }
    var table = HTMLTable(
      "Who gets the money of accelerators\(headline == nil ? ", were the limits not there" : "")",
      [
        .init(heading: "offer"), .init(heading: "accelerators", isNumber: true),
        .init(heading: "USD/h", isNumber: true), .init(heading: "billion USD", isNumber: true),
        .init(heading: "% of the money", isNumber: true), .init(heading: "MW", isNumber: true),
        .init(heading: "USD per Mtok", isNumber: true), .init(heading: "stopped by"),
      ])
    for row in rows {
      table.append([
        .text(row.offer.title), .number(row.accelerators, decimals: 0),
        .number(row.rate.usdPerHour, decimals: 2),
        .number(Unit.billionUSD.fromBase(row.cost), decimals: 2),
        .number(Unit.percent.fromBase(row.moneyShare), decimals: 1), .optional(row.megawatts, decimals: 1),
        .optional(row.usdPerMtok, decimals: 3), .words(row.binding),
      ])
    }
    let left = plan.allocation.filter { $0.accelerators == 0 }.map(\.offer.title)
    let note =
      left.isEmpty
      ? "" : "Nothing goes to \(PlanWords.some(left, most: 12)): dearer work, or no money left."
    return .tag("h3", [:], "Who gets the money") + .tag("div", ["class": "many"], table.markup)
      + (note.isEmpty ? Markup() : .tag("p", ["class": "note"], note))
  }

  private func sideBySide(_ lead: PlanOption) -> Markup {
    let options = PriceBasis.allCases.map { plan.option(lead.offer, $0, lead.date) }
    var table = HTMLTable(
      "\(lead.offer.title) taken alone, by price basis (\(lead.date.rawValue) prices)",
      [.init(heading: "")]
        + PriceBasis.allCases.map {
          .init(heading: PlanWords.basis($0) + ($0 == lead.basis ? " (headline)" : ""), isNumber: true)
        })
    func add(_ name: String, _ cell: (PlanOption) -> HTMLCell) {
      let cells = options.map { $0.map(cell) ?? .empty }
      table.append([.text(name)] + cells)
    }
    func spend(_ option: PlanOption) -> Double {
      plan.schedule.reduce(0) { $1.option == option.id ? $0 + $1.spend : $0 }
    }
    add("USD per accelerator-hour") { .number($0.rate.usdPerHour, decimals: 2) }
    add("accelerators") { .number($0.accelerators, decimals: 0) }
    add("MW") { .optional($0.megawatts, decimals: 1) }
    add("spend of the term, billion USD") { .number(Unit.billionUSD.fromBase(spend($0)), decimals: 2) }
    add("net present value, billion USD") {
      .number(Unit.billionUSD.fromBase($0.netPresentValue), decimals: 2)
    }
    if let model = headline?.served.first?.standIn.model {
      add("USD per million tokens, \(model)") { option in
        .optional(
          plan.served(by: option.id).first { $0.standIn.model == model }?.usdPerMtokTotal.value, decimals: 3)
      }
    }
    add("training runs at once") { .optional($0.trainingRuns, decimals: 1) }
    add("price of") { .words($0.rate.asOf) }
    add("trust") { .text($0.rate.trust.rawValue) }
    let unknown = zip(PriceBasis.allCases, options).filter { $0.1 == nil }.map { PlanWords.basis($0.0) }
    let note =
      "A list price is what a stranger pays, a contracted one what long and large commitments pay,"
      + " the owner's cost what an hour costs whoever owns the hardware: a bound of chips, not an offer."
      + (unknown.isEmpty ? "" : " Not published: \(listed(unknown)).")
    return .tag("div", ["class": "some"], table.markup) + .tag("p", ["class": "note"], note)
  }
}
