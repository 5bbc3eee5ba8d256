// The fleet over time and places: the answer in a sentence, who holds what at the end of each twelve months, each
// quarter in figures, what limits are worth, and what was turned down.

import Planner
import Quantities
import Tables

struct PlanOverTime {
  let plan: Plan
  let fleet: FleetPlan

  /// Rows that a list shows at most.
  private static let most = 12

  var markup: Markup {
    guard fleet.plan != nil else {
      return .tag("p", [:], "No plan over time keeps every limit. The smallest changes that would allow one:")
        + .tag("ul", [:], fleet.answer.relaxations.map { .tag("li", [:], .breakable("\($0)")) })
    }
    return .joined([
      .tag("p", [:], answer), figures.ramp, .tag("div", ["class": "many"], quarters.markup),
      .tag("p", ["class": "note"], quality),
      holders.providers(fleet.ledger.months.map(\.label), source: "fleet_allocation.csv.") ?? Markup(),
      figures.money, .tag("h3", [:], "What limits cost"), worths,
      .tag("h3", [:], "What was not bought, and why"),
      rejections,
    ])
  }

  private var figures: PlanOverTimeFigures { PlanOverTimeFigures(plan: plan, fleet: fleet) }

  private var answer: String {
    PlanReport(plan).fleetAnswer
  }

  /// Accelerators that are billed, by provider.
  private var holders: PlanPageExtras {
    var names: [String] = []
    var sums: [String: [Double]] = [:]
    for holding in fleet.holdings {
      let name = holding.offer.providerTitle
      if sums[name] == nil { names.append(name) }
      let old = sums[name] ?? holding.billed.map { _ in 0 }
      sums[name] = zip(old, holding.billed).map { $0 + $1 }
    }
    return PlanPageExtras(
      deliveries: names.sorted().map { .init(provider: $0, accelerators: sums[$0] ?? []) })
  }

  private var quarters: HTMLTable {
    var table = HTMLTable(
      "The fleet every three months",
      [
        .init(heading: "month", isWhole: true), .init(heading: "accelerators billed", isNumber: true),
        .init(heading: "serving", isNumber: true), .init(heading: "MW", isNumber: true),
        .init(heading: "of MW", isNumber: true), .init(heading: "served, %", isNumber: true),
        .init(heading: "paid, M USD", isNumber: true), .init(heading: "of it not usable", isNumber: true),
        .init(heading: "USD per Mtok", isNumber: true),
      ])
    for (index, row) in fleet.rows.enumerated() where index % 3 == 2 || index == 0 {
      table.append([
        .text(row.month.label), .number(row.billed, decimals: 0), .number(row.usable, decimals: 0),
        .number(row.megawatts, decimals: 0), .number(row.megawattLimit, decimals: 0),
        .number(row.servedShare * 100, decimals: 1),
        .number(Unit.millionUSD.fromBase(row.paid), decimals: 0),
        .number(Unit.millionUSD.fromBase(row.paidNotUsable), decimals: 1), .rate(row.usdPerMtok),
      ])
    }
    return table
  }

  private var quality: String {
    let gap = fleet.answer.gap.map { "at most \(fixed($0 * 100, decimals: 2)) % above the best possible" }
    let method = fleet.plan?.method == "mip" ? "mixed-integer programming" : "a greedy search"
    let checked =
      fleet.answer.violations.isEmpty
      ? "a checker of its own finds no broken limit"
      : "a checker of its own finds \(fleet.answer.violations.count) broken limits: do not use this plan"
    return "Found by \(method)" + (gap.map { ", \($0)" } ?? "")
      + "; \(checked). Served: the class that is served "
      + "least. Source: fleet_monthly.csv, fleet_allocation.csv."
  }

  private var worths: Markup {
    let shown = fleet.answer.worths.filter {
      if case .need = $0.limit { return false }
      return true
    }.prefix(PlanOverTime.most)
    guard !shown.isEmpty else { return .tag("p", [:], "No limit but the demand itself binds.") }
    var table = HTMLTable(
      "What one unit more would save, discounted",
      [.init(heading: "one more"), .init(heading: "worth, USD", isNumber: true)])
    for worth in shown {
      // `one more MW at a in 2027-01 is worth 5 USD`: the figure stands in a column of its own.
      let what = worth.description.split(separator: " is worth ").first.map(String.init) ?? worth.description
      table.append([.words(what), .number(worth.usd, decimals: 0)])
    }
    return .tag("div", ["class": "some"], table.markup)
      + .tag(
        "p", ["class": "note"],
        "The limits that cost most, the demand itself left out; each alone, all else as planned. All: "
          + "fleet_limits.csv.")
  }

  private var rejections: Markup {
    guard !fleet.answer.rejections.isEmpty else { return .tag("p", [:], "Every price row is used.") }
    var table = HTMLTable(
      "Price rows without a block",
      [
        .init(heading: "offer"), .init(heading: "site"), .init(heading: "contract"),
        .init(heading: "too dear by, USD a block", isNumber: true),
        .init(heading: "what stands against it"),
      ])
    for rejection in fleet.answer.rejections.prefix(PlanOverTime.most) {
      let row = fleet.fleetCase.prices[rejection.price]
      table.append([
        .text(row.offer.title), .text(row.site.id), .text(row.contract.id),
        .number(rejection.reducedCostUSD, decimals: 0), .words(rejection.constraint),
      ])
    }
    return .tag("div", ["class": "many"], table.markup)
      + .tag("p", ["class": "note"], "All \(fleet.answer.rejections.count): rejections.csv.")
  }
}
