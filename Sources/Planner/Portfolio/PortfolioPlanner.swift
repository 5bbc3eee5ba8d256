// The door of the portfolio: a case in, a checked plan with its reasons out. With COIN-OR CBC the plan comes from the
// mixed program; without it from the greedy search, with its distance to a proven bound.

import LinearPrograms

/// How long and how well to search.
public struct PortfolioOptions: Sendable, Hashable {
  /// Processor seconds for the mixed program.
  public var seconds = 25.0
  /// Distance of cost and bound that counts as proved.
  public var relativeGap = 2e-4
  /// False to plan as on a host without the solver.
  public var usesSolver = true
  /// Usual options.
  public init() {}
}

/// A case that cannot be planned: lists that do not fit one another, or figures that are none.
public struct PortfolioError: Error, Hashable, CustomStringConvertible {
  /// One sentence that says what to change.
  public let description: String
}

/// A plan with its reasons.
public struct PortfolioAnswer: Sendable, Hashable {
  /// The plan; nil where the limits contradict each other.
  public let plan: PortfolioPlan?
  /// What the checker holds against the plan; empty for every plan that may be used.
  public let violations: [PortfolioViolation]
  /// Discounted cost and penalty of the best plan of continuous blocks, USD; nil for a greedy plan.
  public let continuousUSD: Double?
  /// (cost + penalty − bound) / (cost + penalty) of the plan; nil without a plan or a bound.
  public let gap: Double?
  /// What one unit more of each limit that binds is worth, most first.
  public let worths: [LimitWorth]
  /// Price rows that are not used, and why.
  public let rejections: [PortfolioRejection]
  /// The smallest set of limits to move where there is no plan.
  public let relaxations: [PortfolioRelaxation]
  /// Sentences about how the plan was found.
  public let notes: [String]
}

/// Plans portfolios.
public enum PortfolioPlanner {
  /// The least discounted cost and penalty that keeps every limit.
  ///
  /// Throws `PortfolioError` for a case whose lists do not fit. The same case gives the same answer unless the limit of
  /// seconds ends the search.
  public static func plan(
    _ portfolio: PortfolioCase, _ options: PortfolioOptions = PortfolioOptions()
  ) throws -> PortfolioAnswer {
    if let fault = portfolio.faults().first { throw PortfolioError(description: fault) }
    // In one order of rows, so that an order in which a table was typed decides no tie.
    let sorted = SortedPortfolio(portfolio)
    return sorted.restore(try answer(sorted.portfolio, options))
  }

  private static func answer(_ portfolio: PortfolioCase, _ options: PortfolioOptions) throws
    -> PortfolioAnswer
  {
    guard options.usesSolver else {
      return try greedy(portfolio, note: "planned by the greedy search, as asked", solver: nil)
    }
    do {
      return try solved(portfolio, options, CoinSolver())
    } catch let absent as SolverUnavailable {
      return try greedy(portfolio, note: "planned by the greedy search: \(absent)", solver: nil)
    }
  }

  /// What whole blocks may cost above continuous ones before another way of rounding is tried.
  private static let closeEnough = 0.0025

  private static func solved(
    _ portfolio: PortfolioCase, _ options: PortfolioOptions, _ solver: CoinSolver
  ) throws -> PortfolioAnswer {
    let model = PortfolioModel(portfolio)
    let search = try PortfolioSearch(model: model, solver: solver)
    let limits = SolveLimits(seconds: options.seconds, relativeGap: options.relativeGap)
    let found = try search.solve(limits).solution
    guard let objective = found.objective else {
      if found.status == .infeasible {
        let moves = try PortfolioRelaxation.smallest(model, solver)
        return PortfolioAnswer(
          plan: nil, violations: [], continuousUSD: nil, gap: nil, worths: [], rejections: [],
          relaxations: moves,
          notes: ["no plan keeps every limit"])
      }
      return try greedy(
        portfolio, note: "planned by the greedy search: the solver found nothing in time", solver: solver)
    }
    var best: (whole: Whole, rounded: (totals: PortfolioTotals, steps: [PortfolioTotals.Step]))?
    func keep(_ rounded: (totals: PortfolioTotals, steps: [PortfolioTotals.Step])) throws {
      let other = try whole(search, found, rounded.totals)
      if let known = best?.whole, (known.violations.count, known.sum) <= (other.violations.count, other.sum) {
        return
      }
      best = (other, rounded)
    }
    let near = (1 + closeEnough) * objective * PortfolioModel.money
    for way in RoundingWay.all {
      if let best = best?.whole, best.violations.isEmpty, best.sum <= near { break }
      try keep(search.rounded(found.values, way))
    }
    // Exchanges of blocks look at pairs and are slow, so only the best way gets them.
    if let rounded = best?.rounded {
      rounded.totals.improve(rounded.steps, sizes: [1], exchanges: 8)
      try keep(rounded)
    }
    guard let plan = best?.whole else { throw PortfolioError(description: "there is no way of rounding") }
    let duals = try PortfolioDuals(model, solver, at: found.values)
    var notes: [String] = []
    if case .feasible(let gap) = found.status {
      notes.append("the search ended \(percent(gap)) above its bound")
    }
    return PortfolioAnswer(
      plan: plan.plan, violations: plan.violations,
      continuousUSD: objective * PortfolioModel.money, gap: gap(plan.plan), worths: duals.worths(),
      rejections: duals.rejections(), relaxations: [], notes: notes)
  }

  /// A plan of whole blocks near continuous ones, and what the checker says of it.
  private struct Whole {
    let plan: PortfolioPlan
    let violations: [PortfolioViolation]
    var sum: Double { plan.cost + plan.penalty }
  }

  private static func whole(_ search: PortfolioSearch, _ found: MixedSolution, _ totals: PortfolioTotals)
    throws -> Whole
  {
    let bound = found.bound.map { $0 * PortfolioModel.money }
    var plan = totals.plan(method: "mip", bound: bound)
    if let mix = try search.shared(totals) {
      let other = totals.plan(mix: mix, method: "mip", bound: bound)
      if other.cost + other.penalty <= plan.cost + plan.penalty { plan = other }
    }
    return Whole(plan: plan, violations: PortfolioChecker.violations(of: plan, in: search.model.portfolio))
  }

  private static func greedy(
    _ portfolio: PortfolioCase, note: String, solver: (any RelaxationSolver)?
  ) throws -> PortfolioAnswer {
    let bound = try PortfolioBound.lower(portfolio, solver: solver)
    let plan = GreedyPortfolio.plan(portfolio, bound: bound)
    let violations = PortfolioChecker.violations(of: plan, in: portfolio)
    return PortfolioAnswer(
      plan: plan, violations: violations, continuousUSD: nil, gap: gap(plan), worths: [], rejections: [],
      relaxations: [], notes: [note])
  }

  private static func gap(_ plan: PortfolioPlan) -> Double? {
    let sum = plan.cost + plan.penalty
    return plan.bound.map { sum > 0 ? max(0, sum - $0) / sum : 0 }
  }

  private static func percent(_ share: Double) -> String {
    let tenths = (share * 1000).rounded() / 10
    return "\(tenths) %"
  }
}

extension PortfolioCase {
  /// What keeps a case from being planned, one sentence each; empty for a sound one.
  public func faults() -> [String] {
    let count = months.count
    guard count > 0 else { return ["the portfolio has no months; give its term"] }
    var faults: [String] = []
    func series(_ values: [Double], _ name: String, mayBeNegative: Bool = false) {
      if values.count != count {
        faults.append("\(name) has \(values.count) months where the term has \(count)")
      } else if let month = values.firstIndex(where: { !$0.isFinite || ($0 < 0 && !mayBeNegative) }) {
        faults.append("\(name) is \(values[month]) in \(months[month].label); give a number of at least 0")
      }
    }
    func index(_ value: Int, _ count: Int, _ name: String) {
      if value < 0 || value >= count { faults.append("\(name) refers to row \(value) of \(count)") }
    }
    series(discountFactors, "discountFactors")
    series(signatureFactors, "signatureFactors")
    if months.contains(where: { !($0.hours > 0 && $0.hours.isFinite) }) {
      faults.append("a month has no hours")
    }
    if discountFactors.contains(0) { faults.append("a discount factor is 0") }
    for demand in demands {
      series(demand.need, "need of \(demand.id)")
      series(demand.shortageUSD, "shortage cost of \(demand.id)")
    }
    for site in sites { series(site.megawatts, "power of \(site.id)") }
    for product in products {
      if product.requestsPerSecond.count != demands.count {
        faults.append(
          "\(product.accelerator) has rates for \(product.requestsPerSecond.count) of \(demands.count) classes"
        )
      }
      if product.blockAccelerators < 1 {
        faults.append("a block of \(product.accelerator) has no accelerators")
      }
      if !([product.kilowattsEach] + product.requestsPerSecond).allSatisfy({ $0.isFinite && $0 >= 0 }) {
        faults.append("\(product.accelerator) has a power or rate that is no number of at least 0")
      }
    }
    for supply in supplies {
      index(supply.site, sites.count, "a supply")
      index(supply.product, products.count, "a supply")
      series(supply.blocks, "a supply")
    }
    for contract in contracts {
      if !(0...1).contains(contract.upfrontShare) || contract.termMonths < 1 || !(contract.minimumBlocks >= 0)
      {
        faults.append("contract \(contract.id) has a term, upfront share or least lot out of range")
      }
    }
    var seen: Set<[Int]> = []
    for price in prices {
      index(price.supply, supplies.count, "a price")
      index(price.contract, contracts.count, "a price")
      series(price.usdPerHour, "a price")
      if !seen.insert([price.supply, price.contract]).inserted {
        faults.append("supply \(price.supply) has two prices under contract \(price.contract)")
      }
    }
    if !(0...1).contains(endValueShare) { faults.append("endValueShare is not between 0 and 1") }
    for (name, ids) in [
      ("class", demands.map(\.id)), ("site", sites.map(\.id)), ("contract", contracts.map(\.id)),
      ("month", months.map(\.label)), ("supply", supplies.map { "\($0.site) \($0.product)" }),
    ] where Set(ids).count != ids.count {
      faults.append("a \(name) stands twice")
    }
    return faults
  }
}
