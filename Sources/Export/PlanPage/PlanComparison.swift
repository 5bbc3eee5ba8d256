// The clouds compared: every offer of the scenario keeps its row, also where a price, a power or a
// throughput is not published; what is missing stands in the row by name.

import Planner
import Quantities
import Tables

struct PlanComparison {
  let plan: Plan
  let headline: PlanHeadline?

  /// Offers that a chart draws; all stand in the table.
  private static let mostDrawn = 30

  var markup: Markup {
    guard !plan.scenario.offers.isEmpty else {
      return .tag("p", [:], "The scenario names no offer, so there is nothing to compare.")
    }
    return (fleets ?? Markup()) + (costs ?? Markup()) + table
  }

  private var offers: [Offer] { plan.scenario.offers }
  private var drawn: ArraySlice<Offer> { offers.prefix(PlanComparison.mostDrawn) }
  private var date: PriceDate { PriceDate(rawValue: plan.scenario.text("lead_date")) ?? .latest }
  private var basis: PriceBasis { PriceBasis(rawValue: plan.scenario.text("lead_basis")) ?? .contracted }
  private var isFromDemand: Bool { plan.acceleratorMoney == nil }
  private var model: StandIn? { plan.scenario.standIns.first }

  private var cut: String {
    offers.count > PlanComparison.mostDrawn
      ? " The first \(PlanComparison.mostDrawn) of \(offers.count) offers are drawn; all stand in the table."
      : ""
  }

  /// The option on the headline's basis, else on the nearest that has a price.
  private func shown(_ offer: Offer) -> PlanOption? {
    ([basis] + [.contracted, .list, .own]).lazy.compactMap { plan.option(offer, $0, date) }.first
  }

  private func title(_ offer: Offer) -> String {
    offer.title + (hasAlternatives && offer.role != "deal" ? "\u{a0}*" : "")
  }

  private var hasAlternatives: Bool {
    offers.contains { $0.role == "deal" } && offers.contains { $0.role != "deal" }
  }

  private var alternatives: String { hasAlternatives ? " *: an alternative to the deal." : "" }

  // MARK: Charts

  /// Accelerators for all the money, a mark a price basis.
  private var fleets: Markup? {
    let rows = drawn.map { offer -> SVGDotRow in
      let options = PriceBasis.allCases.compactMap { plan.option(offer, $0, date) }
      var row = SVGDotRow(name: title(offer))
      row.title = "\(offer.title) (\(offer.id))"
      row.marks = options.map { option in
        .init(
          value: option.accelerators, series: series(option.basis),
          title: "\(offer.title), \(PlanWords.basis(option.basis)):"
            + " \(PlanWords.count(option.accelerators)) accelerators")
      }
      let counts = options.map(\.accelerators)
      if let low = counts.min(), let high = counts.max(), low < high { row.band = (low, high) }
      row.value = shown(offer).map { PlanWords.count($0.accelerators) } ?? "no price published"
      return row
    }
    let highest = rows.flatMap { $0.marks.map(\.value) }.max() ?? 0
    guard highest > 0 else { return nil }
    return figure(
      "Accelerators that \(isFromDemand ? "the demand takes" : "all the money buys") of one offer,"
        + " by price basis (\(date.rawValue) prices)",
      "The further a grey band reaches, the more the price basis decides."
        + " An accelerator of one kind does not do the work of one of another: see the next figure."
        + alternatives + cut,
      key: markKey(PriceBasis.allCases.map { (series($0), PlanWords.basis($0), false) }),
      source: "plan_summary.csv; dates and sources of the prices under Where it comes from."
    ) {
      SVGDotChart(
        groups: [.init(heading: "", rows: rows)], kind: .linear, low: 0, high: highest * 1.04,
        axis: "accelerators", valueHeading: "at \(basis.rawValue) or nearest", width: $0,
        label: "Accelerators of each offer by price basis; the table below has the figures"
      ).markup()
    }
  }

  private func series(_ basis: PriceBasis) -> Int {
    PriceBasis.allCases.firstIndex(of: basis) ?? 0
  }

  /// USD per million tokens of the first stand-in, with its interval.
  private var costs: Markup? {
    guard let model else { return nil }
    var ends: [Double] = []
    let rows = drawn.map { offer -> SVGDotRow in
      var row = SVGDotRow(name: title(offer))
      row.title = "\(offer.title) (\(offer.id))"
      guard let option = shown(offer) else {
        row.value = "no price"
        return row
      }
      guard let served = plan.served(by: option.id).first(where: { $0.standIn == model }) else {
        row.value = "no throughput"
        return row
      }
      let cost = served.usdPerMtokTotal
      ends += [cost.value, cost.interval?.low, cost.interval?.high].compactMap { $0 }
      row.marks = [
        .init(
          value: cost.value, low: cost.interval?.low, high: cost.interval?.high, series: series(option.basis),
          isOpen: cost.trust >= .datasheet,
          title:
            "\(offer.title), \(PlanWords.basis(option.basis)): \(PlanWords.price(cost.value)) USD per Mtok,"
            + " \(cost.trust.rawValue)")
      ]
      row.value = PlanWords.price(cost.value)
      return row
    }
    guard let highest = ends.max(), let lowest = ends.min(), lowest > 0 else { return nil }
    let isWide = highest > 40 * lowest
    return figure(
      "USD per million tokens of \(model.model), prompt and output together",
      "The bar is the 80 % interval of the throughput. An open mark has no measurement of the chip behind it."
        + " The colour is the price basis: an owner's cost is no offer to buy at." + alternatives + cut,
      key: markKey(
        PriceBasis.allCases.filter { basis in drawn.contains { shown($0)?.basis == basis } }.map {
          (series($0), PlanWords.basis($0), false)
        }), source: "plan_capacity.csv, column usd_per_mtok_all_tokens."
    ) {
      SVGDotChart(
        groups: [.init(heading: "", rows: rows)], kind: isWide ? .log : .linear,
        low: isWide ? lowest / 1.2 : 0, high: highest * (isWide ? 1.2 : 1.04),
        axis: "USD per million tokens", valueHeading: "USD per Mtok", width: $0,
        label: "USD per million tokens of each offer; the table below has the figures"
      ).markup()
    }
  }

  // MARK: Tables

  private var table: Markup {
    let models = plan.scenario.standIns
    var table = HTMLTable(
      "Every offer taken alone (\(date.rawValue) prices, \(basis.rawValue) where there is one)",
      [
        .init(heading: "offer"), .init(heading: "price basis"), .init(heading: "USD/h", isNumber: true),
        .init(heading: "accelerators", isNumber: true), .init(heading: "MW", isNumber: true),
      ]
        + models.map { .init(heading: "USD/Mtok, \($0.model)", isNumber: true) }
        + [.init(heading: "training runs", isNumber: true), .init(heading: "missing or limited")])
    for offer in offers {
      let option = shown(offer)
      let served = option.map { plan.served(by: $0.id) } ?? []
      var cells: [HTMLCell] = [
        .text(title(offer)), option.map { .text($0.basis.rawValue) } ?? .empty,
        .optional(option?.rate.usdPerHour, decimals: 2), .optional(option?.accelerators, decimals: 0),
        .optional(option?.megawatts, decimals: 1),
      ]
      cells += models.map { model in
        .optional(served.first { $0.standIn == model }?.usdPerMtokTotal.value, decimals: 3)
      }
      cells += [.optional(option?.trainingRuns, decimals: 1), .words(missing(offer, option))]
      table.append(cells)
    }
    let note =
      "A dash is unknown, never zero."
      + (hasAlternatives ? " *: an alternative to the deal." : "")
      + " Training runs: frontier runs at once, instead of serving."
    return .tag("div", ["class": "many last"], table.markup) + .tag("p", ["class": "note"], note)
  }

  /// Facts that nobody publishes about an offer, and limits that it breaks, as words.
  private func missing(_ offer: Offer, _ option: PlanOption?) -> String {
    let prices = PriceBasis.allCases.filter { basis in
      plan.gaps.contains { $0.subject == "\(basis.rawValue) price of \(offer.nameInGaps)" }
    }.map { PlanWords.basis($0) }
    var words = prices.isEmpty ? [] : ["no \(prices.joined(separator: ", no "))"]
    if option == nil, prices.isEmpty { words.append("no price") }
    if let option, option.megawatts == nil { words.append("no power") }
    let served = option.map { plan.served(by: $0.id) } ?? []
    let unserved = plan.scenario.standIns.filter { model in !served.contains { $0.standIn == model } }
    if option != nil, !unserved.isEmpty {
      words.append(
        served.isEmpty ? "no throughput" : "no throughput of \(listed(unserved.map(\.model)))")
    }
    // The whole reason stands under Gaps.
    if let gap = plan.gaps.first(where: { $0.subject == "performance of \(offer.accelerator)" }) {
      words.append(String(gap.missing.prefix { $0 != ":" }))
    }
    let broken = option?.brokenLimits ?? []
    if !plan.allocation.isEmpty, !broken.isEmpty {
      // A portfolio is made because of these limits; one line an offer would say it again and again.
      words.append("alone it breaks \(counted(broken.count, "limit"))")
    } else {
      words += broken.map { "limit: \($0)" }
    }
    return words.joined(separator: "; ")
  }

  /// Prices of an accelerator-hour, a column a basis.
  var prices: Markup {
    var table = HTMLTable(
      "USD per accelerator-hour (\(date.rawValue) prices)",
      [.init(heading: "offer")]
        + PriceBasis.allCases.map { .init(heading: PlanWords.basis($0), isNumber: true) }
        + [
          .init(heading: "in the headline"), .init(heading: "price of", isWhole: true),
          .init(heading: "trust"),
        ])
    for offer in offers {
      let bought = headline?.options.first { $0.offer == offer }
      let shown = bought ?? shown(offer)
      table.append(
        [.text(title(offer))]
          + PriceBasis.allCases.map { .optional(plan.option(offer, $0, date)?.rate.usdPerHour, decimals: 2) }
          + [
            bought.map { .text("\(PlanWords.count($0.accelerators)) at \($0.basis.rawValue)") } ?? .empty,
            .words(shown?.rate.asOf ?? ""), .words(shown?.rate.trust.rawValue ?? ""),
          ])
    }
    return .tag("div", ["class": "many"], table.markup)
  }
}

extension Offer {
  /// `GB300 at AWS`, as gaps name it.
  fileprivate var nameInGaps: String { "\(accelerator) at \(providerTitle)" }
}
