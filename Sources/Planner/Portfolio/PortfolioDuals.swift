// What the limits of a solved portfolio are worth, and why unused offers are not used: from the linear program that is
// left when the decisions are fixed.

import LinearPrograms

/// What one unit more of a limit is worth.
public struct LimitWorth: Sendable, Hashable, CustomStringConvertible {
  /// The limit.
  public let limit: PortfolioLimit
  /// Its name.
  public let name: String
  /// Discounted USD that one unit more saves; for a need, that one request/s less saves.
  public let usd: Double
  /// A sentence.
  public let description: String
}

/// A price row that the plan leaves out.
public struct PortfolioRejection: Sendable, Hashable, CustomStringConvertible {
  /// Index into `PortfolioCase.prices`.
  public let price: Int
  /// The month in which it comes nearest to being used.
  public let month: Int
  /// What one block of it would add to the discounted cost then, USD.
  public let reducedCostUSD: Double
  /// The limits whose worth keeps it out, or `price` where it would be too dear without them as well.
  public let constraint: String
  /// A sentence.
  public let description: String
}

/// The linear program at fixed decisions.
struct PortfolioDuals {
  private let model: PortfolioModel
  private let duals: [Double]
  private let values: [Double]
  /// Of each variable its rows.
  private let columns: [[(row: Int, coefficient: Double)]]

  init(_ model: PortfolioModel, _ solver: CoinSolver, at values: [Double]) throws {
    self.model = model
    let fixed = try solver.solveRelaxed(model.linear.fixingIntegers(at: values))
    duals = fixed.status == .optimal ? fixed.duals : [Double](repeating: 0, count: model.linear.rows.count)
    self.values = fixed.status == .optimal ? fixed.values : values
    var columns = [[(row: Int, coefficient: Double)]](repeating: [], count: model.linear.variables.count)
    for (index, row) in model.linear.rows.enumerated() {
      for term in row.terms { columns[term.variable.index].append((index, term.coefficient)) }
    }
    self.columns = columns
  }

  /// Every limit that binds and has a unit, most worth first.
  func worths() -> [LimitWorth] {
    let portfolio = model.portfolio
    return zip(model.limits, duals).compactMap { limit, dual -> LimitWorth? in
      guard let unit = portfolio.unitMore(limit) else { return nil }
      // The model counts money in millions, also in the limits that are money.
      let usd = abs(dual) * (limit.isMoney ? 1 : PortfolioModel.money)
      guard usd > (limit.isMoney ? 1e-9 : 0.005) else { return nil }
      let amount = limit.isMoney ? "\((usd * 10_000).rounded() / 10_000)" : wholeDollars(usd)
      return LimitWorth(
        limit: limit, name: portfolio.name(limit), usd: usd, description: "\(unit) is worth \(amount) USD")
    }.sorted { ($1.usd, $0.name) < ($0.usd, $1.name) }
  }

  /// Price rows without a block, in their order.
  func rejections() -> [PortfolioRejection] {
    let portfolio = model.portfolio
    return portfolio.prices.indices.compactMap { price -> PortfolioRejection? in
      let signs = model.signed[price]
      guard signs.allSatisfy({ $0.map { values[$0.index] <= 1e-6 } ?? true }) else { return nil }
      let row = portfolio.prices[price]
      let supply = portfolio.supplies[row.supply]
      let name =
        "\(portfolio.products[supply.product].accelerator) at \(portfolio.sites[supply.site].id) under "
        + portfolio.contracts[row.contract].id
      func rejection(_ month: Int, _ cost: Double, _ constraint: String, _ why: String) -> PortfolioRejection
      {
        PortfolioRejection(
          price: price, month: month, reducedCostUSD: cost, constraint: constraint,
          description: "\(name) is not used: \(why)")
      }
      if supply.blocks.allSatisfy({ $0 < 1 }) {
        return rejection(0, 0, "supply", "nothing of it is delivered")
      }
      let candidates = signs.indices.compactMap { month in
        signs[month].map { (month: month, burden: burden(price: price, month: month, sign: $0)) }
      }
      guard let best = candidates.min(by: { ($0.burden.reduced, $0.month) < ($1.burden.reduced, $1.month) })
      else {
        return rejection(0, 0, "interruptible", "no share of the capacity may be interruptible")
      }
      let dear = max(0, best.burden.reduced) * PortfolioModel.money
      let label = portfolio.months[best.month].label
      let excess = "a block from \(label) would add \(wholeDollars(dear)) USD"
      guard let killer = best.burden.groups.max(by: { ($0.worth, $1.name) < ($1.worth, $0.name) }),
        killer.worth > 1e-9,
        best.burden.reduced - killer.worth < 0 || killer.worth > 0.5 * best.burden.reduced
      else {
        return rejection(best.month, dear, "price", "\(excess); others serve the same need for less")
      }
      return rejection(
        best.month, dear, killer.name,
        "\(excess), of which \(killer.name) takes \(wholeDollars(killer.worth * PortfolioModel.money))")
    }
  }

  /// Reduced cost of a signature and what each group of limits adds to it, millions of USD. Rows of active blocks are
  /// followed to the limits behind them.
  private func burden(
    price: Int, month: Int, sign: LinearModel.VariableID
  ) -> (reduced: Double, groups: [(name: String, worth: Double)]) {
    let portfolio = model.portfolio
    let term = portfolio.contracts[portfolio.prices[price].contract].termMonths
    var reduced = model.linear.variables[sign.index].cost
    var groups: [String: Double] = [:]
    var order: [String] = []
    var parts = [sign]
    if term > 1 {
      parts += model.holds[portfolio.pool(ofPrice: price)].filter {
        $0.month >= month && $0.month < month + term
      }.map(\.hold)
    }
    for part in parts {
      for (row, coefficient) in columns[part.index] where duals[row] != 0 {
        if case .active(_, _) = model.limits[row], !model.linear.rows[row].name.hasPrefix("grown") {
          continue
        }
        let worth = -duals[row] * coefficient
        reduced += worth
        guard let group = portfolio.group(model.limits[row]) else { continue }
        if groups[group] == nil { order.append(group) }
        groups[group, default: 0] += worth
      }
    }
    return (reduced, order.map { ($0, groups[$0] ?? 0) })
  }
}

extension PortfolioLimit {
  /// Whether a unit of the limit is money.
  fileprivate var isMoney: Bool {
    switch self {
    case .yearBudget, .budget, .exposure: true
    default: false
    }
  }
}

extension PortfolioCase {
  /// A limit without its month; nil for what is no limit of supply: needs and bookkeeping.
  fileprivate func group(_ limit: PortfolioLimit) -> String? {
    switch limit {
    case .need, .failover, .allocation, .active: nil
    case .supply(let index, _):
      "supply of \(products[supplies[index].product].accelerator) at \(sites[supplies[index].site].id)"
    case .power(let site, _): "power at \(sites[site].id)"
    case .installs(let site, _): "installs at \(sites[site].id)"
    case .providerShare(let provider, _): "share of \(provider)"
    case .vendorShare(let vendor, _): "share of \(vendor)"
    case .providerHolds(let provider, _): "least share of \(provider)"
    case .providers: "number of providers"
    case .minimumLot(let site, let contract, _), .signature(let site, let contract, _):
      "least lot of \(contracts[contract].id) at \(sites[site].id)"
    case .interruptible: "share of interruptible capacity"
    case .spend(let provider, _), .bracket(let provider, _, _): "brackets of \(provider)"
    case .yearBudget(let year): "budget of year \(year + 1)"
    case .budget: "budget"
    case .exposure: "exposure"
    }
  }
}

/// Whole dollars with commas.
func wholeDollars(_ usd: Double) -> String {
  guard usd.isFinite, abs(usd) < 1e15 else { return "\(usd)" }
  let digits = Array(String(Int(abs(usd).rounded())))
  var text = ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return (usd < 0 && text != "0" ? "-" : "") + text
}
