// A fleet over time as tables: months, what is held where, what limits are worth, what was turned down and why.

import Quantities
public import Tables

extension Plan {
  /// One row a month; empty without a fleet.
  public var fleetTable: ReportTable {
    let needs = fleet?.fleetCase.needs ?? []
    var table = ReportTable(
      "The fleet month by month",
      [
        .init("month"), .init("delivered_accelerators", "delivered"), .init("billed_accelerators", "billed"),
        .init("usable_accelerators", "usable"), .init("power_mw", "MW"), .init("power_limit_mw", "MW limit"),
        .init("served_share", "served"), .init("paid_usd", "USD paid"),
        .init("paid_not_usable_usd", "not usable"), .init("usd_per_mtok", "USD/Mtok"),
      ]
        + needs.flatMap { need -> [ReportTable.Column] in
          let unit = need.unit == "runs" ? "runs" : "requests_s"
          return ["need", "served", "shortage"].map { .init("\(need.id)_\($0)_\(unit)") }
        })
    for row in fleet?.rows ?? [] {
      let at = row.month.index
      table.append(
        [
          .text(row.month.label), .number(row.delivered, decimals: 0), .number(row.billed, decimals: 0),
          .number(row.usable, decimals: 0), .number(row.megawatts, decimals: 1),
          .number(row.megawattLimit, decimals: 1), .number(row.servedShare, decimals: 4),
          .number(row.paid, decimals: 0), .number(row.paidNotUsable, decimals: 0),
          .optional(row.usdPerMtok, decimals: 4),
        ]
          + needs.indices.flatMap { index -> [Cell] in
            guard let plan = fleet?.plan else { return [.empty, .empty, .empty] }
            return [
              .number(needs[index].need[at], decimals: 1), .number(plan.served[index][at], decimals: 1),
              .number(plan.shortage[index][at], decimals: 1),
            ]
          })
    }
    return table
  }

  /// One row a holding and month with accelerators in it.
  public var fleetAllocationTable: ReportTable {
    var table = ReportTable(
      "What the fleet holds",
      [
        .init("provider"), .init("region"), .init("site"), .init("accelerator"), .init("contract"),
        .init("month"),
        .init("blocks_signed"), .init("accelerators_billed"), .init("accelerators_usable"), .init("racks"),
        .init("power_mw"), .init("order_by_months_before_start"), .init("usd_per_accelerator_hour"),
        .init("price_source"), .init("price_as_of"),
      ])
    let hours = { (month: PlanMonth) in month.hours }
    for holding in fleet?.holdings ?? [] {
      let unit = Double(holding.offer.unit ?? 1)
      for month in fleet?.fleetCase.portfolio.months ?? [] where holding.billed[month.index] > 0 {
        let signed = holding.signatures.filter { $0.month == month.index }
        let before = month.index == 0 ? 0 : holding.accepted[month.index - 1]
        let blocks = signed.isEmpty ? 0 : max(0, holding.accepted[month.index] - before) / unit
        table.append([
          .text(holding.offer.providerTitle), .text(holding.region), .text(holding.site),
          .text(holding.offer.accelerator), .text(holding.contract.id), .text(month.label),
          .number(hours(month) > 0 ? blocks : 0, decimals: 0),
          .number(holding.billed[month.index], decimals: 0),
          .number(holding.usable[month.index], decimals: 0),
          holding.offer.perRack.map {
            .number(Formulas.racks(accelerators: holding.delivered[month.index], perRack: $0), decimals: 0)
          } ?? .empty,
          .optional(holding.megawatts?[month.index], decimals: 1),
          .optional(acceptance.map { -$0.orderBy(neededAt: 0) }, decimals: 1),
          .number(holding.rate.usdPerHour, decimals: 2), .text(holding.rate.source), .text(holding.rate.asOf),
        ])
      }
    }
    return table
  }

  /// What one unit more of each limit is worth.
  public var fleetLimitsTable: ReportTable {
    var table = ReportTable(
      "What the limits cost", [.init("limit"), .init("usd_per_unit", "USD per unit"), .init("sentence")])
    for worth in fleet?.answer.worths ?? [] {
      table.append([.text(worth.name), .number(worth.usd, decimals: 2), .text(worth.description)])
    }
    return table
  }

  /// Price rows that are not used.
  public var fleetRejectionsTable: ReportTable {
    var table = ReportTable(
      "What was not bought, and why",
      [
        .init("offer"), .init("site"), .init("contract"), .init("month"), .init("constraint"),
        .init("reduced_cost_usd", "USD a block too dear"), .init("reason"),
      ])
    for rejection in fleet?.answer.rejections ?? [] {
      guard let fleet else { continue }
      let row = fleet.fleetCase.prices[rejection.price]
      table.append([
        .text(row.offer.id), .text(row.site.id), .text(row.contract.id),
        .text(fleet.fleetCase.portfolio.months[rejection.month].label), .text(rejection.constraint),
        .number(rejection.reducedCostUSD, decimals: 0), .text(rejection.description),
      ])
    }
    for gap in fleet?.fleetCase.gaps ?? [] {
      table.append([
        .text(gap.subject), .empty, .empty, .empty, .text("missing fact"), .empty,
        .text("\(gap.missing); \(gap.remedy)"),
      ])
    }
    return table
  }
}

extension PlanReport {
  /// The fleet over time in a screenful; empty for a scenario without places.
  var overTime: String {
    guard let fleet = plan.fleet else { return "" }
    guard fleet.plan != nil else {
      return lines(
        ["No plan over time keeps every limit. The smallest changes that would allow one:"]
          + fleet.answer.relaxations.map { "- \($0)" })
    }
    var table = ReportTable(
      "The fleet over time",
      [
        .init("month"), .init("chips"), .init("usable"), .init("MW"), .init("of MW"), .init("served %"),
        .init("M USD"), .init("idle M USD"), .init("USD/Mtok"),
      ])
    for (index, row) in fleet.rows.enumerated() where index % 3 == 2 || index == 0 {
      table.append([
        .text(row.month.label), .number(row.billed, decimals: 0), .number(row.usable, decimals: 0),
        .number(row.megawatts, decimals: 0), .number(row.megawattLimit, decimals: 0),
        .number(row.servedShare * 100, decimals: 1), .number(Unit.millionUSD.fromBase(row.paid), decimals: 0),
        .number(Unit.millionUSD.fromBase(row.paidNotUsable), decimals: 1),
        .optional(row.usdPerMtok, decimals: 3),
      ])
    }
    table.notes = [summary(fleet)]
    return table.render(.table, width: width) + held(fleet) + carbon(fleet) + needed(fleet) + reasons(fleet)
  }

  /// The fleet in a sentence; empty for a scenario without places.
  public var fleetAnswer: String { plan.fleet.flatMap { answer($0).first } ?? "" }

  /// The fleet in two sentences, before what all the money would buy at each offer.
  func answer(_ fleet: FleetPlan) -> [String] {
    guard fleet.plan != nil, let most = fleet.rows.max(by: { $0.billed < $1.billed }) else {
      return ["No plan over time keeps every limit (below)."]
    }
    let providers = Set(fleet.holdings.map(\.offer.provider)).count
    let sites = Set(fleet.holdings.map(\.site)).count
    let whole = fleet.rows.first { row in
      fleet.rows.suffix(from: row.month.index).allSatisfy { $0.servedShare > 0.999 }
    }
    let served =
      whole.map { "all demand is served from \($0.month.label) on" }
      ?? "in the last month the class served least gets \(fixed((fleet.rows.last?.servedShare ?? 0) * 100, decimals: 1)) %"
    return [
      "Over time: up to \(grouped(most.billed, decimals: 0)) accelerators (\(most.month.label)) at \(sites) sites of "
        + "\(providers) providers, up to \(grouped(fleet.rows.map(\.megawatts).max() ?? 0, decimals: 0)) MW; \(served); "
        + "\(billions(fleet.ledger.paid.usd)) B USD paid in \(fleet.rows.count) months\(leftOver(fleet)), NPV "
        + "\(billions(fleet.netPresentValue(plan.scenario))) B USD.",
      "For comparison, each offer for all of budget_usd:",
    ]
  }

  /// What own hardware is still worth at the end; empty where all is rented.
  private func leftOver(_ fleet: FleetPlan) -> String {
    let left = -fleet.ledger.paid(.residual).usd
    return left > 0 ? " (what own hardware is then worth, \(billions(left)) B, is taken off)" : ""
  }

  private func summary(_ fleet: FleetPlan) -> String {
    let gap =
      fleet.answer.gap.map { ", at most \(fixed($0 * 100, decimals: 2)) % above the best possible" } ?? ""
    let broken =
      fleet.answer.violations.isEmpty
      ? "the checker finds no broken limit"
      : "THE CHECKER FINDS \(fleet.answer.violations.count) BROKEN LIMITS"
    return
      "NPV \(billions(fleet.netPresentValue(plan.scenario))) B USD paid by \(fleet.plan?.method ?? "")\(gap); "
      + "\(broken). idle: paid while it is not accepted. served: the class that is served least."
  }

  /// By provider, accelerator and contract; sites and price levels stand in the table fleet-allocation.
  private func held(_ fleet: FleetPlan) -> String {
    struct Line {
      let holding: Holding
      var sites: [String]
      var accelerators: Double
      var megawatts: Double
      var money: Double
    }
    let last = fleet.ledger.months.count - 1
    var lines: [Line] = []
    for holding in fleet.holdings where holding.billed[last] > 0 {
      let count = holding.billed[last]
      let index = lines.firstIndex {
        $0.holding.offer.id == holding.offer.id && $0.holding.contract.id == holding.contract.id
      }
      if let index {
        if !lines[index].sites.contains(holding.site) { lines[index].sites.append(holding.site) }
        lines[index].accelerators += count
        lines[index].megawatts += holding.megawatts?[last] ?? 0
        lines[index].money += count * holding.rate.usdPerHour
      } else {
        lines.append(
          Line(
            holding: holding, sites: [holding.site], accelerators: count,
            megawatts: holding.megawatts?[last] ?? 0, money: count * holding.rate.usdPerHour))
      }
    }
    var table = ReportTable(
      "Held in the last month",
      [
        .init("provider"), .init("chip"), .init("contract"), .init("sites"), .init("chips"), .init("MW"),
        .init("USD/h"),
      ])
    for line in lines.sorted(by: {
      ($0.holding.offer.provider, $0.holding.offer.accelerator, $0.holding.contract.id)
        < ($1.holding.offer.provider, $1.holding.offer.accelerator, $1.holding.contract.id)
    }) {
      table.append([
        .text(line.holding.offer.providerTitle), .text(line.holding.offer.accelerator),
        .text(line.holding.contract.id), .integer(line.sites.count), .number(line.accelerators, decimals: 0),
        .number(line.megawatts, decimals: 1), .number(line.money / line.accelerators, decimals: 2),
      ])
    }
    table.notes = ["USD/h: mean of the prices signed, CPUs, network and storage not included."]
    return "\n" + table.render(.table, width: width)
  }

  private func reasons(_ fleet: FleetPlan) -> String {
    // That less demand is cheaper is no news; what more supply, power or room in a rule is worth decides.
    let worths = fleet.answer.worths.filter {
      if case .need = $0.limit { return false }
      return true
    }.prefix(5).map { "- \($0.description)" }
    let notes = fleet.answer.notes + fleet.answer.violations.prefix(3).map { "broken: \($0)" }
    guard !worths.isEmpty || !notes.isEmpty else { return "" }
    return "\n"
      + lines(
        (worths.isEmpty ? [] : ["What limits cost most (table fleet-limits has all):"] + worths) + notes)
  }
}
