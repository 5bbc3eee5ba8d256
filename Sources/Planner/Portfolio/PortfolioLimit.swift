// The limits of a portfolio by name: rows of the model, lines of the checker, words of the report.

/// A limit that a plan must keep; indices count in the case's lists, months from 0.
public enum PortfolioLimit: Sendable, Hashable {
  /// Work of a class is served or counted as short.
  case need(demand: Int, month: Int)
  /// The failover share is served with regions (indices of the case's regions in order of first use) gone.
  case failover(demand: Int, month: Int, lost: [Int])
  /// Classes get no more of a pool than it has.
  case allocation(pool: Int, month: Int)
  /// Blocks are active only as delivered.
  case supply(supply: Int, month: Int)
  /// Power of a site.
  case power(site: Int, month: Int)
  /// Blocks that a site can take in a month.
  case installs(site: Int, month: Int)
  /// Share of one provider.
  case providerShare(provider: String, month: Int)
  /// Share of one maker.
  case vendorShare(vendor: String, month: Int)
  /// What a provider must hold to count.
  case providerHolds(provider: String, month: Int)
  /// Number of providers that count.
  case providers
  /// Least blocks of a signature at a site.
  case minimumLot(site: Int, contract: Int, month: Int)
  /// No blocks without a signature.
  case signature(site: Int, contract: Int, month: Int)
  /// Share of interruptible capacity.
  case interruptible(month: Int)
  /// Bookkeeping of a provider's spend of a year.
  case spend(provider: String, year: Int)
  /// A bracket's limits.
  case bracket(provider: String, year: Int, bracket: Int)
  /// Money of a year.
  case yearBudget(year: Int)
  /// Money of the term.
  case budget
  /// Signed and unpaid money.
  case exposure(month: Int)
  /// Bookkeeping of active blocks.
  case active(supply: Int, month: Int)
}

extension PortfolioCase {
  /// Name of a limit, one of its kind: a kind, what it is about, the month.
  public func name(_ limit: PortfolioLimit) -> String {
    func label(_ month: Int) -> String { months[month].label }
    func supply(_ index: Int) -> String {
      "\(sites[supplies[index].site].id):\(products[supplies[index].product].accelerator)"
    }
    switch limit {
    case .need(let demand, let month): return "need:\(demands[demand].id):\(label(month))"
    case .failover(let demand, let month, let lost):
      return
        "failover:\(demands[demand].id):\(lost.map { regions[$0] }.joined(separator: "+")):\(label(month))"
    case .allocation(let pool, let month):
      return "allocation:\(supply(pool / 2)):\(pool % 2 == 0 ? "firm" : "interruptible"):\(label(month))"
    case .supply(let index, let month): return "supply:\(supply(index)):\(label(month))"
    case .power(let site, let month): return "power:\(sites[site].id):\(label(month))"
    case .installs(let site, let month): return "installs:\(sites[site].id):\(label(month))"
    case .providerShare(let provider, let month): return "provider_share:\(provider):\(label(month))"
    case .vendorShare(let vendor, let month): return "vendor_share:\(vendor):\(label(month))"
    case .providerHolds(let provider, let month): return "provider_holds:\(provider):\(label(month))"
    case .providers: return "providers"
    case .minimumLot(let site, let contract, let month):
      return "minimum_lot:\(sites[site].id):\(contracts[contract].id):\(label(month))"
    case .signature(let site, let contract, let month):
      return "signature:\(sites[site].id):\(contracts[contract].id):\(label(month))"
    case .interruptible(let month): return "interruptible:\(label(month))"
    case .spend(let provider, let year): return "spend:\(provider):year\(year + 1)"
    case .bracket(let provider, let year, let bracket):
      return "bracket:\(provider):year\(year + 1):\(bracket)"
    case .yearBudget(let year): return "budget:year\(year + 1)"
    case .budget: return "budget"
    case .exposure(let month): return "exposure:\(label(month))"
    case .active(let index, let month): return "active:\(supply(index)):\(label(month))"
    }
  }

  /// What a unit more of a limit is in words; nil for bookkeeping, and for shares, which have no unit to buy.
  func unitMore(_ limit: PortfolioLimit) -> String? {
    func label(_ month: Int) -> String { months[month].label }
    switch limit {
    case .need(let demand, let month): return "one request/s less of \(demands[demand].id) in \(label(month))"
    case .failover(let demand, let month, let lost):
      let gone = lost.map { regions[$0] }.joined(separator: " and ")
      return "one request/s less of \(demands[demand].id) to hold without \(gone) in \(label(month))"
    case .supply(let index, let month):
      let supply = supplies[index]
      return
        "one more block of \(products[supply.product].accelerator) at \(sites[supply.site].id) in \(label(month))"
    case .power(let site, let month): return "one more MW at \(sites[site].id) in \(label(month))"
    case .installs(let site, let month):
      return "one more installed block at \(sites[site].id) in \(label(month))"
    case .yearBudget(let year): return "one more USD of budget in year \(year + 1)"
    case .budget: return "one more USD of budget"
    case .exposure(let month): return "one more USD of exposure in \(label(month))"
    case .providerShare, .vendorShare, .providerHolds, .providers, .minimumLot, .signature, .interruptible,
      .spend, .bracket, .active, .allocation:
      return nil
    }
  }
}
