// Why a portfolio has no plan: the smallest set of limits to move, relative to their size.

import LinearPrograms

/// A limit that has to move for a plan to exist.
public struct PortfolioRelaxation: Sendable, Hashable, CustomStringConvertible {
  /// The limit.
  public let limit: PortfolioLimit
  /// Its name.
  public let name: String
  /// By how much: in the limit's unit (blocks, MW, accelerators, providers, USD).
  public let amount: Double
  /// A sentence.
  public let description: String

  /// The cheapest set where moving a limit by its own size costs 1; empty where even that finds no plan.
  static func smallest(_ model: PortfolioModel, _ solver: CoinSolver) throws -> [PortfolioRelaxation] {
    let portfolio = model.portfolio
    var elastic: [ElasticRow] = []
    for (row, limit) in zip(model.linear.rowIDs, model.limits) {
      guard let size = portfolio.size(limit) else { continue }
      elastic.append(ElasticRow(row, weight: 1 / max(size, 1e-6)))
    }
    let limits = Dictionary(
      zip(model.linear.rows.map(\.name), model.limits), uniquingKeysWith: { first, _ in first })
    let moves = try solver.smallestRelaxation(
      of: model.linear, rows: elastic, SolveLimits(seconds: 30, relativeGap: 1e-4))
    return (moves ?? []).compactMap { move in
      guard let limit = limits[move.row] else { return nil }
      let isMoney = limit.isInMillions
      let amount = abs(move.amount) * (isMoney ? PortfolioModel.money : 1)
      return PortfolioRelaxation(
        limit: limit, name: move.row, amount: amount,
        description:
          "\(move.row) has to move by \(isMoney ? wholeDollars(amount) + " USD" : "\(amount)") for a plan to exist"
      )
    }
  }
}

extension PortfolioLimit {
  /// Money, which the model counts in millions.
  fileprivate var isInMillions: Bool {
    switch self {
    case .yearBudget, .budget, .exposure: true
    default: false
    }
  }
}

extension PortfolioCase {
  /// What counts as the limit's own size, in the model's unit; nil for what cannot be moved: needs, bookkeeping and
  /// decisions.
  fileprivate func size(_ limit: PortfolioLimit) -> Double? {
    switch limit {
    case .supply(let supply, _): max(1, supplies[supply].blocks.max() ?? 0)
    case .power(let site, _): max(1, sites[site].megawatts.max() ?? 0)
    case .installs(let site, _): max(1, sites[site].blocksPerMonth ?? 0)
    case .providerShare, .vendorShare, .interruptible:
      Double(supplies.map { products[$0.product].blockAccelerators }.max() ?? 1) * 10
    case .providerHolds(_, let month): max(1, limits.minProviderShare * (demands.first?.need[month] ?? 0))
    case .providers: Double(max(1, limits.minProviders))
    case .yearBudget: max(1, (limits.yearlyBudgetUSD ?? 0) / PortfolioModel.money)
    case .budget: max(1, (limits.budgetUSD ?? 0) / PortfolioModel.money)
    case .exposure: max(1, (limits.exposureUSD ?? 0) / PortfolioModel.money)
    case .need, .failover, .allocation, .minimumLot, .signature, .spend, .bracket, .active: nil
    }
  }
}
