// A plan without a solver: blocks by the best gain a block, in big steps first, while shares are judged against the size
// the fleet will have; then every limit as it is, and exchanges of single blocks. And bounds that say how good it is.

import LinearPrograms

enum GreedyPortfolio {
  /// A plan by single steps; it keeps every limit that steps can keep, which the checker judges.
  /// Complexity: some hundred passes over prices · months · term.
  static func plan(_ portfolio: PortfolioCase, bound: Double?) -> PortfolioPlan {
    let blocks = portfolio.prices.indices.map { price in
      (0..<portfolio.length).map { BlockMoney(portfolio, price: price, month: $0) }
    }
    var penalty = 0.0
    for demand in portfolio.demands {
      for month in 0..<portfolio.length {
        penalty += demand.need[month] * demand.shortageUSD[month] * portfolio.discountFactors[month]
      }
    }
    let totals = PortfolioTotals(
      portfolio, blocks: blocks, mix: portfolio.usualMix, scale: 100 * max(1, penalty))
    let steps = portfolio.prices.indices.flatMap { price in
      (0..<portfolio.length).filter { portfolio.maySign(price: price, month: $0) }
        .map { PortfolioTotals.Step(price: price, month: $0) }
    }
    totals.expected = (0..<portfolio.length).map { month in
      let work = portfolio.demands.indices.reduce(0) { sum, demand in
        let rates = portfolio.products.map { $0.requestsPerSecond[demand] }.filter { $0 > 0 }
        guard !rates.isEmpty else { return sum }
        return sum + portfolio.demands[demand].need[month] / (rates.reduce(0, +) / Double(rates.count))
      }
      return work * max(1, portfolio.failureSets.isEmpty ? 1 : 1.1)
    }
    totals.improve(steps, sizes: [32, 8, 2], exchanges: 0, byMoney: true)
    // Exchanges look at pairs of steps, which is too much for many.
    totals.expected = [Double](repeating: 0, count: portfolio.length)
    totals.improve(steps, sizes: [4, 1], exchanges: steps.count <= 600 ? 24 : 0)
    return totals.plan(method: "greedy", bound: bound)
  }
}

enum PortfolioBound {
  /// No plan costs less, USD. By the relaxed program where a solver for it is at hand or the program is small enough for
  /// our own; never below the bound by prices.
  static func lower(_ portfolio: PortfolioCase, solver: (any RelaxationSolver)?) throws -> Double {
    let prices = byPrices(portfolio)
    let model = PortfolioModel(portfolio)
    guard solver != nil || model.linear.rows.count <= 1500 else { return prices }
    let relaxed = try (solver ?? BoundedSimplex()).solveRelaxed(model.linear, seconds: 60)
    guard relaxed.status == .optimal, let objective = relaxed.objective else { return prices }
    return max(prices, objective * PortfolioModel.money)
  }

  /// A request/s of a month costs at least the least that any signature over the month asks for it when its cost is
  /// spread evenly over its months: these prices leave no signature a profit, so by duality need · price is a bound.
  static func byPrices(_ portfolio: PortfolioCase) -> Double {
    let discount = portfolio.brackets.map(\.discount).max() ?? 0
    var bound = 0.0
    for (index, demand) in portfolio.demands.enumerated() {
      var least = (0..<portfolio.length).map { demand.shortageUSD[$0] * portfolio.discountFactors[$0] }
      for price in portfolio.prices.indices {
        let rate =
          portfolio.rate(index, pool: portfolio.pool(ofPrice: price))
          * portfolio.blockAccelerators(price: price)
        guard rate > 0 else { continue }
        let term = max(1, portfolio.contracts[portfolio.prices[price].contract].termMonths)
        for month in 0..<portfolio.length where portfolio.maySign(price: price, month: month) {
          let end = min(portfolio.length, month + term)
          let money = BlockMoney(portfolio, price: price, month: month)
          let rebate = discount * money.paid.reduce(0, +)
          let each = max(0, money.cost - rebate) / (rate * Double(end - month))
          for covered in month..<end { least[covered] = min(least[covered], each) }
        }
      }
      // A block serves one class at a time, so that no month of it earns more than the dearest class pays: the bounds
      // of the classes add up.
      for month in 0..<portfolio.length { bound += least[month] * demand.need[month] }
    }
    return bound
  }
}
