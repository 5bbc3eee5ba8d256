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
  /// Energy and carbon of what is held.
  public let carbon: FleetCarbon

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
    var side = try SideCosts(numbers)
    let held = holdings
    let served = answer.plan.map { FleetPlan.served($0, fleet) } ?? months.map { _ in ServedTokens() }
    let bytes = try numbers.number("egress_bytes_per_token")
    let usable = months.map { month in held.reduce(0) { $0 + $1.usable[month.index] } }
    side.gigabytes = held.map { holding in
      months.map { month in
        let at = month.index
        guard usable[at] > 0 else { return 0 }
        return holding.usable[at] / usable[at]
          * SideCosts.gigabytes(tokens: served[at].output, bytesPerToken: bytes)
      }
    }
    side.goodput = held.map { holding in
      fleet.sizings.first { $0.offer.id == holding.offer.id }?.goodput ?? 1
    }
    ledger = Ledger(held, months: months, shares: shares, side: side).rebated(fleet.portfolio.brackets)
    carbon = FleetCarbon(
      held, places: numbers.scenario.fleet.sites, grids: fleet.grids, months: months,
      meanLoad: try numbers.number("mean_load"), tokens: served.map(\.all)
    ) { holding in
      fleet.sizings.firstIndex { $0.offer.id == holding.offer.id }.map { fleet.facilityKilowatts[$0] } ?? 0
    }
    let yearly = try numbers.number("discount_rate")
    rows =
      answer.plan.map { [holdings, ledger] in
        FleetPlan.rows($0, fleet, holdings, ledger, yearly: yearly)
      } ?? []
  }

  /// Blocks signed, by price row and price, as holdings.
  private static func holdings(_ plan: PortfolioPlan, _ fleet: FleetCase, acceptance: Int) -> [Holding] {
    let months = fleet.portfolio.months
    var found: [Holding] = []
    for (index, row) in fleet.prices.enumerated() {
      let product = fleet.portfolio.products[
        fleet.portfolio.supplies[fleet.portfolio.prices[index].supply].product]
      let spare = fleet.sizings[fleet.portfolio.supplies[fleet.portfolio.prices[index].supply].product]
        .spareShare
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
        var holding =
          Holding(
            offer: row.offer, site: row.site.id, region: row.site.region, contract: row.contract,
            rate: Rate(
              usdPerHour: level, asOf: row.rate.asOf, source: row.rate.source, trust: row.rate.trust,
              note: note.filter { !$0.isEmpty }.joined(separator: "; ")),
            listRate: row.listRate, signatures: signatures, delivered: delivered, billed: billed,
            accepted: accepted, usable: accepted.map { $0 * (row.contract.includesSpares ? 1 : 1 - spare) },
            kilowattsEach: product.kilowattsEach, build: row.build)
        if row.contract.kind == .takeOrPay {
          let shares = workingShares(plan, fleet, supply: fleet.portfolio.prices[index].supply)
          holding.working = zip(accepted, shares).map { $0 * $1 }
        }
        found.append(holding)
      }
    }
    return found
  }

  /// Share of a supply's accelerators that have work on average, by month: of what each class is given the part that
  /// its need fills, at its mean and not at its peak. A supply without work has none.
  private static func workingShares(_ plan: PortfolioPlan, _ fleet: FleetCase, supply: Int) -> [Double] {
    let portfolio = fleet.portfolio
    // The pool of what stays and that of what may be taken away.
    let own = [2 * supply, 2 * supply + 1]
    return portfolio.months.map { month in
      let at = month.index
      var (all, busy) = (0.0, 0.0)
      for (index, need) in fleet.needs.enumerated() {
        let given = own.reduce(0) { $0 + plan.given[index][$1][at] }
        let capacity = plan.given[index].indices.reduce(0) {
          $0 + plan.given[index][$1][at] * portfolio.rate(index, pool: $1)
        }
        all += given
        if capacity > 0 { busy += given * min(1, need.mean[at] / capacity) }
      }
      return all > 0 ? busy / all : 0
    }
  }

  private static func rows(
    _ plan: PortfolioPlan, _ fleet: FleetCase, _ holdings: [Holding], _ ledger: Ledger, yearly: Double
  ) -> [FleetPlanMonth] {
    let paid = ledger.paidByMonth
    var idle = Array(repeating: Money.zero, count: ledger.months.count)
    for row in ledger.rows where row.stream == .paidNotUsable { idle[row.month] += row.billed }
    let costs = monthlyCosts(holdings, ledger, share: fleet.acceleratorShare, yearly: yearly)
    let used = Set(holdings.map(\.site))
    let fromDemand = served(plan, fleet)
    return ledger.months.map { month in
      let at = month.index
      func sum(_ value: (Holding) -> Double) -> Double { holdings.reduce(0) { $0 + value($1) } }
      let (served, tokens) = (fromDemand[at].share, fromDemand[at].all)
      return FleetPlanMonth(
        month: month, delivered: sum { $0.delivered[at] }, billed: sum { $0.billed[at] },
        usable: sum { $0.usable[at] }, megawatts: sum { $0.megawatts?[at] ?? 0 },
        megawattLimit: fleet.portfolio.sites.filter { used.contains($0.id) }.reduce(0) {
          $0 + $1.megawatts[at]
        },
        paid: paid[at], paidNotUsable: idle[at].usd, servedShare: served,
        usdPerMtok: tokens > 0
          ? costs[at] * servingShare(plan, fleet, at) / Unit.millionTokens.fromBase(tokens) : nil)
    }
  }

  /// What each month costs: its payments, with the annuity of own hardware in the place of its purchase and of what
  /// is left of it.
  ///
  /// - Parameters:
  ///   - share: accelerators' share of the money: CPUs, network and storage go with the purchase.
  ///   - yearly: effective yearly rate of the annuity.
  private static func monthlyCosts(_ holdings: [Holding], _ ledger: Ledger, share: Double, yearly: Double)
    -> [Double]
  {
    var costs = ledger.paidByMonth
    for row in ledger.rows where row.stream == .capital || row.stream == .residual {
      costs[row.month] -= row.billed.usd / (row.stream == .capital ? share : 1)
    }
    for holding in holdings {
      guard let build = holding.build else { continue }
      let each = build.capitalPerMonth(yearly: yearly) / share
      for month in ledger.months { costs[month.index] += each * holding.delivered[month.index] }
    }
    return costs
  }

  /// What is served of the demand in one month.
  struct ServedTokens {
    /// Share of the need, the smallest of the classes.
    var share = 1.0
    /// Tokens of all classes, cached ones included.
    var all = 0.0
    /// Of them generated.
    var output = 0.0
  }

  private static func served(_ plan: PortfolioPlan, _ fleet: FleetCase) -> [ServedTokens] {
    fleet.portfolio.months.map { month in
      let at = month.index
      var served = ServedTokens()
      for (index, need) in fleet.needs.enumerated() where need.need[at] > 0 {
        let share = min(1, plan.served[index][at] / need.need[at])
        served.share = min(served.share, share)
        let requests = share * need.mean[at] * Unit.hour.toBase(month.hours)
        served.all += requests * (need.totalTokens ?? 0)
        served.output += requests * (need.outputTokens ?? 0)
      }
      return served
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
