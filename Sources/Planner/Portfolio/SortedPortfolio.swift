// A case with its rows in the order of their keys, and the way back. Ties between equal plans are decided by the order
// of rows, so the order in which somebody typed a table must not reach the solver. Classes keep their order, since the
// first one has a meaning of its own.

/// A case in the order of its keys.
struct SortedPortfolio {
  let portfolio: PortfolioCase
  private let original: PortfolioCase
  /// Places of the sorted rows in the original.
  private let sites: [Int], contracts: [Int], supplies: [Int], prices: [Int]

  init(_ original: PortfolioCase) {
    self.original = original
    func order<Key: Comparable>(_ keys: [Key]) -> [Int] {
      keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
    }
    func inverse(_ order: [Int]) -> [Int] {
      var places = order
      for (place, index) in order.enumerated() { places[index] = place }
      return places
    }
    sites = order(original.sites.map(\.id))
    let products = order(original.products.map(\.accelerator))
    contracts = order(original.contracts.map(\.id))
    let (site, product, contract) = (inverse(sites), inverse(products), inverse(contracts))
    let width = max(1, original.products.count)
    supplies = order(original.supplies.map { site[$0.site] * width + product[$0.product] })
    let supply = inverse(supplies)
    let depth = max(1, original.contracts.count)
    prices = order(original.prices.map { supply[$0.supply] * depth + contract[$0.contract] })
    var sorted = original
    sorted.sites = sites.map { original.sites[$0] }
    sorted.products = products.map { original.products[$0] }
    sorted.contracts = contracts.map { original.contracts[$0] }
    sorted.supplies = supplies.map {
      var row = original.supplies[$0]
      (row.site, row.product) = (site[row.site], product[row.product])
      return row
    }
    sorted.prices = prices.map {
      var row = original.prices[$0]
      (row.supply, row.contract) = (supply[row.supply], contract[row.contract])
      return row
    }
    sorted.brackets.sort { ($0.provider, $0.fromUSD) < ($1.provider, $1.fromUSD) }
    portfolio = sorted
  }

  /// An answer in the original's order.
  func restore(_ answer: PortfolioAnswer) -> PortfolioAnswer {
    var plan = answer.plan
    if let found = answer.plan {
      for (place, index) in prices.enumerated() { plan?.signed[index] = found.signed[place] }
      for demand in found.given.indices {
        for (place, index) in supplies.enumerated() {
          plan?.given[demand][2 * index] = found.given[demand][2 * place]
          plan?.given[demand][2 * index + 1] = found.given[demand][2 * place + 1]
        }
      }
    }
    return PortfolioAnswer(
      plan: plan, violations: answer.violations, continuousUSD: answer.continuousUSD, gap: answer.gap,
      worths: answer.worths.map {
        LimitWorth(limit: restore($0.limit), name: $0.name, usd: $0.usd, description: $0.description)
      },
      rejections: answer.rejections.map {
        PortfolioRejection(
          price: prices[$0.price], month: $0.month, reducedCostUSD: $0.reducedCostUSD,
          constraint: $0.constraint,
          description: $0.description)
      }.sorted { $0.price < $1.price },
      relaxations: answer.relaxations.map {
        PortfolioRelaxation(
          limit: restore($0.limit), name: $0.name, amount: $0.amount, description: $0.description)
      }, notes: answer.notes)
  }

  private func restore(_ limit: PortfolioLimit) -> PortfolioLimit {
    switch limit {
    case .failover(let demand, let month, let lost):
      let places = lost.compactMap { original.regions.firstIndex(of: portfolio.regions[$0]) }.sorted()
      return .failover(demand: demand, month: month, lost: places)
    case .allocation(let pool, let month):
      return .allocation(pool: 2 * supplies[pool / 2] + pool % 2, month: month)
    case .supply(let supply, let month): return .supply(supply: supplies[supply], month: month)
    case .power(let site, let month): return .power(site: sites[site], month: month)
    case .installs(let site, let month): return .installs(site: sites[site], month: month)
    case .minimumLot(let site, let contract, let month):
      return .minimumLot(site: sites[site], contract: contracts[contract], month: month)
    case .signature(let site, let contract, let month):
      return .signature(site: sites[site], contract: contracts[contract], month: month)
    case .active(let supply, let month): return .active(supply: supplies[supply], month: month)
    case .need, .providerShare, .vendorShare, .providerHolds, .providers, .interruptible, .spend, .bracket,
      .yearBudget, .budget, .exposure:
      return limit
    }
  }
}
