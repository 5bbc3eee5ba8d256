// A fleet over time: the case, the answer of the portfolio search, what is held, and each month in figures.

import LinearPrograms
import Quantities
import Tables

/// One month of a fleet.
public struct FleetPlanMonth: Sendable, Hashable {
  /// The month.
  public let month: PlanMonth
  /// Accelerators delivered.
  public let delivered: Double
  /// Accelerators that are paid.
  public let billed: Double
  /// Accelerators that serve.
  public let usable: Double
  /// Megawatts of what is delivered.
  public let megawatts: Double
  /// Megawatts that can be drawn at the sites that hold anything.
  public let megawattLimit: Double
  /// Paid, USD.
  public let paid: Double
  /// Of it for what is not usable yet, USD.
  public let paidNotUsable: Double
  /// Share of the need that is served, the smallest of the classes.
  public let servedShare: Double
  /// USD per million tokens of all classes, training's share left out by accelerators; nil in a month without tokens.
  public let usdPerMtok: Double?
}

/// A fleet over time and places.
public struct FleetPlan: Sendable {
  /// What was chosen from.
  public let fleetCase: FleetCase
  /// What was chosen, and why.
  public let answer: PortfolioAnswer
  /// What is held, by price row and price level.
  public let holdings: [Holding]
  /// Every payment.
  public let ledger: Ledger
  /// Month by month; empty without a plan.
  public let rows: [FleetPlanMonth]

  /// The chosen plan.
  public var plan: PortfolioPlan? { answer.plan }

  /// Plans the fleet of a scenario that has places; nil for one that has none.
  ///
  /// - Throws: `InputError` for input that contradicts itself, `PortfolioError` for a case whose lists do not fit.
  public static func make(
    _ scenario: Scenario, evidence: PlanEvidence, options: PortfolioOptions = PortfolioOptions()
  ) throws -> FleetPlan? {
    guard scenario.fleet.isPlannable else { return nil }
    let numbers = PlanNumbers(scenario)
    let fleet = try FleetCaseBuilder(numbers, evidence).fleetCase()
    return try FleetPlan(numbers, fleet, PortfolioPlanner.plan(fleet.portfolio, options))
  }

  init(_ numbers: PlanNumbers, _ fleet: FleetCase, _ answer: PortfolioAnswer) throws(InputError) {
    fleetCase = fleet
    self.answer = answer
    let months = fleet.portfolio.months
    let shares = try OverheadShares(
      cpu: numbers.number("cpu_share"), network: numbers.number("network_share"),
      storage: numbers.number("storage_share"))
    let acceptance = Int(try numbers.number("acceptance_months").rounded(.up))
    holdings = answer.plan.map { FleetPlan.holdings($0, fleet, acceptance: acceptance) } ?? []
    ledger = Ledger(holdings, months: months, shares: shares).rebated(fleet.portfolio.brackets)
    rows = answer.plan.map { [holdings, ledger] in FleetPlan.rows($0, fleet, holdings, ledger) } ?? []
  }

  /// Blocks signed, by price row and price, as holdings.
  private static func holdings(_ plan: PortfolioPlan, _ fleet: FleetCase, acceptance: Int) -> [Holding] {
    let months = fleet.portfolio.months
    var found: [Holding] = []
    for (index, row) in fleet.prices.enumerated() {
      let product = fleet.portfolio.products[
        fleet.portfolio.supplies[fleet.portfolio.prices[index].supply].product]
      let spare = fleet.spareShares[fleet.portfolio.supplies[fleet.portfolio.prices[index].supply].product]
      var levels: [Double] = []
      for month in months where plan.signed[index][month.index] > 0 {
        if !levels.contains(row.usdPerHour[month.index]) { levels.append(row.usdPerHour[month.index]) }
      }
      for level in levels {
        var (accepted, billed) = (months.map { _ in 0.0 }, months.map { _ in 0.0 })
        var signatures: [Signature] = []
        for month in months where plan.signed[index][month.index] > 0 && row.usdPerHour[month.index] == level
        {
          let count = plan.signed[index][month.index] * Double(product.blockAccelerators)
          let end = min(months.count, month.index + row.contract.termMonths)
          let first = row.contract.billingStart == .delivery ? max(0, month.index - acceptance) : month.index
          for at in month.index..<end { accepted[at] += count }
          for at in first..<end { billed[at] += count }
          signatures.append(
            Signature(
              month: month.index, acceleratorHours: (first..<end).reduce(0) { $0 + count * months[$1].hours })
          )
        }
        let delivered = billed.indices.map { at in
          max(billed[at], (at...min(months.count - 1, at + acceptance)).map { accepted[$0] }.max() ?? 0)
        }
        let note = [
          row.rate.note,
          row.contract.priceFactor == 1 ? "" : "times \(decimalText(row.contract.priceFactor)) by contract",
        ]
        found.append(
          Holding(
            offer: row.offer, site: row.site.id, region: row.site.region, contract: row.contract,
            rate: Rate(
              usdPerHour: level, asOf: row.rate.asOf, source: row.rate.source, trust: row.rate.trust,
              note: note.filter { !$0.isEmpty }.joined(separator: "; ")),
            listRate: row.listRate, signatures: signatures, delivered: delivered, billed: billed,
            accepted: accepted, usable: accepted.map { $0 * (row.contract.includesSpares ? 1 : 1 - spare) },
            kilowattsEach: product.kilowattsEach))
      }
    }
    return found
  }

  private static func rows(
    _ plan: PortfolioPlan, _ fleet: FleetCase, _ holdings: [Holding], _ ledger: Ledger
  ) -> [FleetPlanMonth] {
    let paid = ledger.paidByMonth
    var idle = Array(repeating: Money.zero, count: ledger.months.count)
    for row in ledger.rows where row.stream == .paidNotUsable { idle[row.month] += row.billed }
    let used = Set(holdings.map(\.site))
    return ledger.months.map { month in
      let at = month.index
      func sum(_ value: (Holding) -> Double) -> Double { holdings.reduce(0) { $0 + value($1) } }
      var served = 1.0
      var tokens = 0.0
      for (index, need) in fleet.needs.enumerated() {
        let wanted = need.need[at]
        guard wanted > 0 else { continue }
        let share = min(1, plan.served[index][at] / wanted)
        served = min(served, share)
        if let total = need.totalTokens {
          tokens += share * need.mean[at] * Unit.hour.toBase(month.hours) * total
        }
      }
      return FleetPlanMonth(
        month: month, delivered: sum { $0.delivered[at] }, billed: sum { $0.billed[at] },
        usable: sum { $0.usable[at] }, megawatts: sum { $0.megawatts?[at] ?? 0 },
        megawattLimit: fleet.portfolio.sites.filter { used.contains($0.id) }.reduce(0) {
          $0 + $1.megawatts[at]
        },
        paid: paid[at], paidNotUsable: idle[at].usd, servedShare: served,
        usdPerMtok: tokens > 0
          ? paid[at] * servingShare(plan, fleet, at) / Unit.millionTokens.fromBase(tokens) : nil)
    }
  }

  /// Share of the working accelerators of a month that serve tokens, as against training.
  private static func servingShare(_ plan: PortfolioPlan, _ fleet: FleetCase, _ month: Int) -> Double {
    var (serving, all) = (0.0, 0.0)
    for (index, need) in fleet.needs.enumerated() {
      let given = plan.given[index].reduce(0) { $0 + $1[month] }
      all += given
      if need.totalTokens != nil { serving += given }
    }
    return all > 0 ? serving / all : 1
  }

  /// The mixed-integer program as free-format MPS, money in millions of USD.
  ///
  /// - Throws: `LinearModelError` for a model that the format cannot hold.
  public func mps() throws -> String { try PortfolioModel(fleetCase.portfolio).linear.mps() }

  /// Net present value of the payments.
  public func netPresentValue(_ scenario: Scenario) -> Double {
    ledger.netPresentValue(
      yearly: scenario.number("discount_rate") ?? 0,
      timing: PaymentTiming(rawValue: scenario.text("payment_timing")) ?? .midMonth)
  }
}
