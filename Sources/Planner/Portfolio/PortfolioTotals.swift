// A plan of whole blocks under way: its totals, what a step of some blocks would change, and the search over such steps.
// Rounding, repair and the greedy plan are this search from different beginnings. A broken limit counts as a price far
// above the plan's cost, so that the search first mends and then saves; the penalty of shortage counts as it is.

import Quantities

/// Blocks by price row and month with all that follows from them.
package final class PortfolioTotals {
  /// A step: so many blocks more or less.
  package struct Step: Hashable {
    let price: Int
    let month: Int
  }

  let portfolio: PortfolioCase
  private(set) var signed: [[Double]]
  /// `mix[class][pool][month]`: share of a pool's accelerators that works for a class; sums to 1 over the classes that
  /// may use the pool.
  let mix: [[[Double]]]
  /// What one broken limit costs at least, USD.
  private let wrong: Double
  /// Accelerators by month that shares are judged against at least, while a plan is still being built up.
  var expected: [Double]

  private let length: Int
  private let blocks: [[BlockMoney]]
  private let rates: [[Double]]
  private let megawatts: [Double]
  private let siteOf: [Int], providerOf: [Int], vendorOf: [Int], regionOf: [Int], poolOf: [Int], termOf: [Int]
  private let size: [Double]
  private let supplyOf: [Int]
  private let suppliesOfSite: [[Int]]
  private let rowsOfLot: [[Int]]
  private let sets: [[Int]]
  private let ladders: [[(from: Double, discount: Double)]]
  private var active: [[Double]]
  private var power: [[Double]]
  private var byProvider: [[Double]]
  private var byVendor: [[Double]]
  private var all: [Double]
  private var interruptible: [Double]
  private var capacity: [[Double]]
  private var byRegion: [[[Double]]]
  private var held: [[Double]]
  private var lacking: [Double]
  private var spend: [[Double]]
  private var owed: [Double]
  private var gross = 0.0

  /// No blocks yet.
  init(_ portfolio: PortfolioCase, blocks: [[BlockMoney]], mix: [[[Double]]], scale: Double) {
    self.portfolio = portfolio
    self.blocks = blocks
    self.mix = mix
    wrong = max(1, scale)
    length = portfolio.length
    let (supplies, rows) = (portfolio.supplies, portfolio.prices)
    let (providers, vendors, regions) = (portfolio.providers, portfolio.vendors, portfolio.regions)
    supplyOf = rows.map(\.supply)
    siteOf = rows.map { supplies[$0.supply].site }
    providerOf = rows.map {
      providers.firstIndex(of: portfolio.sites[supplies[$0.supply].site].provider) ?? 0
    }
    vendorOf = rows.map {
      vendors.firstIndex(of: portfolio.products[supplies[$0.supply].product].vendor) ?? 0
    }
    regionOf = rows.map { regions.firstIndex(of: portfolio.sites[supplies[$0.supply].site].region) ?? 0 }
    poolOf = rows.indices.map { portfolio.pool(ofPrice: $0) }
    termOf = rows.map { max(1, portfolio.contracts[$0.contract].termMonths) }
    size = rows.indices.map { portfolio.blockAccelerators(price: $0) }
    megawatts = rows.map {
      let product = portfolio.products[supplies[$0.supply].product]
      return Unit.megawatt.fromBase(
        Unit.kilowatt.toBase(product.kilowattsEach * Double(product.blockAccelerators)))
    }
    rates = portfolio.demands.indices.map { demand in
      (0..<portfolio.pools).map { portfolio.rate(demand, pool: $0) }
    }
    suppliesOfSite = portfolio.sites.indices.map { site in
      supplies.indices.filter { supplies[$0].site == site }
    }
    rowsOfLot = rows.indices.map { row in
      rows.indices.filter {
        rows[$0].contract == rows[row].contract
          && supplies[rows[$0].supply].site == supplies[rows[row].supply].site
      }
    }
    sets = portfolio.failureSets
    ladders = providers.map { provider in
      portfolio.brackets.filter { $0.provider == provider && $0.fromUSD >= 0 }
        .sorted { $0.fromUSD < $1.fromUSD }.map { ($0.fromUSD, $0.discount) }
    }
    let (count, classes) = (length, portfolio.demands.count)
    func grid(_ rows: Int) -> [[Double]] {
      [[Double]](repeating: [Double](repeating: 0, count: count), count: rows)
    }
    signed = grid(rows.count)
    active = grid(portfolio.pools)
    power = grid(portfolio.sites.count)
    byProvider = grid(providers.count)
    byVendor = grid(vendors.count)
    (all, interruptible, owed, expected) = (grid(1)[0], grid(1)[0], grid(1)[0], grid(1)[0])
    capacity = grid(classes)
    byRegion = [[[Double]]](repeating: grid(regions.count), count: classes)
    held = grid(providers.count)
    lacking = [Double](repeating: 0, count: providers.count)
    spend = [[Double]](
      repeating: [Double](repeating: 0, count: portfolio.years), count: providers.count)
    for provider in providers.indices { settleProvider(provider) }
  }

  /// Blocks that a step changes at once: at the least one, for a new signature the least lot.
  private func lot(_ step: Step, _ change: Double) -> Double {
    let least = portfolio.contracts[portfolio.prices[step.price].contract].minimumBlocks.rounded(.up)
    guard least > 1 else { return change }
    let now = rowsOfLot[step.price].reduce(0) { $0 + signed[$1][step.month] }
    if change > 0, now == 0 { return max(change, least) }
    if change < 0, now + change < least, signed[step.price][step.month] == now { return -now }
    return change
  }

  /// Adds blocks, or takes them away.
  func apply(_ step: Step, _ change: Double) {
    let (price, pool) = (step.price, poolOf[step.price])
    signed[price][step.month] += change
    let accelerators = change * size[price]
    for month in step.month..<min(length, step.month + termOf[price]) {
      active[pool][month] += change
      power[siteOf[price]][month] += change * megawatts[price]
      byProvider[providerOf[price]][month] += accelerators
      byVendor[vendorOf[price]][month] += accelerators
      all[month] += accelerators
      if pool % 2 == 1 { interruptible[month] += accelerators }
      for demand in rates.indices where rates[demand][pool] > 0 {
        let work = accelerators * rates[demand][pool] * mix[demand][pool][month]
        capacity[demand][month] += work
        byRegion[demand][regionOf[price]][month] += work
      }
      if let first = rates.first { held[providerOf[price]][month] += accelerators * first[pool] }
    }
    let money = blocks[price][step.month]
    gross += change * money.cost
    for month in step.month..<length {
      spend[providerOf[price]][month / monthsPerYear] += change * money.paid[month]
      owed[month] += change * money.owed[month]
    }
    settleProvider(providerOf[price])
  }

  private func settleProvider(_ provider: Int) {
    guard portfolio.limits.minProviders > 0, let need = portfolio.demands.first?.need else { return }
    var sum = 0.0
    for month in max(0, portfolio.limits.sharesFrom)..<max(length, portfolio.limits.sharesFrom) {
      sum += excess(portfolio.limits.minProviderShare * need[month], held[provider][month])
    }
    lacking[provider] = sum
  }

  /// How far a value is above its limit, relative to it, with a fixed part, so that no breach is small.
  private func excess(_ value: Double, _ limit: Double) -> Double {
    let over = value - limit
    return over > 1e-9 * max(1, abs(limit)) ? 0.01 + over / max(abs(limit), 1) : 0
  }

  /// Missing requests/s of a class.
  func shortage(_ demand: Int, _ month: Int) -> Double {
    let need = portfolio.demands[demand].need[month]
    var short = max(0, need - capacity[demand][month])
    for set in sets {
      let left = set.reduce(capacity[demand][month]) { $0 - byRegion[demand][$1][month] }
      short = max(short, portfolio.limits.failoverShare * need - left)
    }
    return short
  }

  /// Rebates of a provider, discounted and not, over the years.
  private func rebate(_ provider: Int, _ year: Int) -> Double {
    let paid = spend[provider][year]
    return paid * (ladders[provider].last { paid >= $0.from && paid > 0 }?.discount ?? 0)
  }

  /// Everything of the merit that a step at a price row can touch, USD.
  private func merit(_ step: Step) -> Double {
    let limits = portfolio.limits
    let (price, supply, site) = (step.price, supplyOf[step.price], siteOf[step.price])
    var broken = 0.0
    var money = 0.0
    let end = min(length, step.month + termOf[price])
    for month in step.month..<end {
      let blocks = active[2 * supply][month] + active[2 * supply + 1][month]
      broken += excess(blocks, portfolio.supplies[supply].blocks[month])
      broken += excess(power[site][month], portfolio.sites[site].megawatts[month])
      let whole = max(all[month], expected[month])
      broken += excess(interruptible[month], max(0, limits.maxInterruptibleShare) * whole)
      if month >= limits.sharesFrom {
        if let share = limits.maxProviderShare {
          for provider in byProvider.indices { broken += excess(byProvider[provider][month], share * whole) }
        }
        if let share = limits.maxVendorShare {
          for vendor in byVendor.indices { broken += excess(byVendor[vendor][month], share * whole) }
        }
      }
      for demand in rates.indices {
        money +=
          shortage(demand, month) * portfolio.demands[demand].shortageUSD[month]
          * portfolio.discountFactors[month]
      }
    }
    if let rate = portfolio.sites[site].blocksPerMonth {
      for month in step.month..<min(length, end + 1) { broken += excess(installs(site, month), rate) }
    }
    if limits.minProviders > 0 {
      broken += lacking.sorted().prefix(limits.minProviders).reduce(0, +)
      broken += Double(max(0, limits.minProviders - lacking.count))
    }
    let least = portfolio.contracts[portfolio.prices[price].contract].minimumBlocks
    let sum = rowsOfLot[price].reduce(0) { $0 + signed[$1][step.month] }
    if sum > 0 { broken += excess(least, sum) }
    if let most = limits.exposureUSD {
      for month in step.month..<length { broken += excess(owed[month], most) }
    }
    return money + broken * wrong + moneyMerit(providerOf[price])
  }

  private func moneyMerit(_ provider: Int) -> Double {
    let limits = portfolio.limits
    var money = gross
    for year in 0..<portfolio.years where !ladders[provider].isEmpty {
      money -= rebate(provider, year) * portfolio.factor(portfolio.lastMonth(ofYear: year))
    }
    guard limits.yearlyBudgetUSD != nil || limits.budgetUSD != nil else { return money }
    var total = 0.0
    for year in 0..<portfolio.years {
      let paid = spend.indices.reduce(0) { $0 + spend[$1][year] - rebate($1, year) }
      if let most = limits.yearlyBudgetUSD { money += wrong * excess(paid, most) }
      total += paid
    }
    if let most = limits.budgetUSD { money += wrong * excess(total, most) }
    return money
  }

  private func installs(_ site: Int, _ month: Int) -> Double {
    suppliesOfSite[site].reduce(0) { sum, supply in
      let now = active[2 * supply][month] + active[2 * supply + 1][month]
      let before = month == 0 ? 0 : active[2 * supply][month - 1] + active[2 * supply + 1][month - 1]
      return sum + max(0, now - before)
    }
  }

  /// What a step would change in merit, USD; nil where it is none.
  private func gain(_ step: Step, _ change: Double) -> Double? {
    guard change != 0, signed[step.price][step.month] + change >= 0 else { return nil }
    let before = merit(step)
    apply(step, change)
    let after = merit(step)
    apply(step, -change)
    return after - before
  }

  /// Takes the best step of the sizes, each in turn, until none helps; then the best exchanges of one block for another.
  ///
  /// - Parameter byMoney: true to take the steps that mend most for each dollar first; a plan that is built from nothing
  ///   must not begin with what is merely big.
  func improve(_ steps: [Step], sizes: [Double], exchanges: Int, byMoney: Bool = false) {
    for size in sizes {
      while let best = best(steps, [size, -size], byMoney: byMoney) { apply(best.step, best.change) }
    }
    for _ in 0..<exchanges {
      guard exchange(steps) else { return }
      while let best = best(steps, [1, -1]) { apply(best.step, best.change) }
    }
  }

  private var threshold: Double { -1e-11 * wrong }

  /// Active blocks of a pool.
  func activeBlocks(_ pool: Int, _ month: Int) -> Double { active[pool][month] }

  /// Discounted cost less rebates, USD.
  var cost: Double {
    var cost = gross
    for provider in ladders.indices {
      for year in 0..<portfolio.years {
        cost -= rebate(provider, year) * portfolio.factor(portfolio.lastMonth(ofYear: year))
      }
    }
    return cost
  }

  private func best(
    _ steps: [Step], _ changes: [Double], byMoney: Bool = false
  ) -> (step: Step, change: Double, gain: Double)? {
    var best: (step: Step, change: Double, gain: Double)?
    var most = 0.0
    for step in steps {
      for change in changes {
        let change = lot(step, max(change, -signed[step.price][step.month]))
        guard let gain = gain(step, change), gain < threshold else { continue }
        let cost = change * blocks[step.price][step.month].cost
        let score = byMoney && cost > 0 ? -gain / cost : -gain / abs(change)
        if score > most { (best, most) = ((step, change, gain), score) }
      }
    }
    return best
  }

  /// Takes one block away where that costs least, and puts one where it helps most, if both together help.
  private func exchange(_ steps: [Step]) -> Bool {
    let removals = steps.compactMap { step in
      gain(step, lot(step, -min(1, signed[step.price][step.month]))).map { (step, $0) }
    }.sorted { ($0.1, $0.0.price, $0.0.month) < ($1.1, $1.0.price, $1.0.month) }
    for (removal, loss) in removals.prefix(12) {
      let change = lot(removal, -1)
      apply(removal, change)
      if let best = best(steps.filter { $0 != removal }, [1]), best.gain + loss < threshold {
        apply(best.step, best.change)
        return true
      }
      apply(removal, -change)
    }
    return false
  }
}

extension PortfolioTotals {
  /// Accelerators of a block of a price row.
  func blockSize(_ price: Int) -> Double { portfolio.blockAccelerators(price: price) }

  /// The plan as it stands, with the pools shared as `mix` says.
  package func plan(mix other: [[[Double]]]? = nil, method: String, bound: Double?) -> PortfolioPlan {
    let mix = other ?? mix
    let months = 0..<portfolio.length
    var given = portfolio.demands.map { _ in
      [[Double]](repeating: [Double](repeating: 0, count: portfolio.length), count: portfolio.pools)
    }
    for pool in 0..<portfolio.pools {
      let size = Double(portfolio.products[portfolio.supplies[pool / 2].product].blockAccelerators)
      for month in months {
        let has = activeBlocks(pool, month) * size
        // The last class gets the rest, so that nothing is lost to rounding.
        guard let last = given.indices.last(where: { mix[$0][pool][month] > 0 }) else { continue }
        var rest = has
        for index in given.indices where mix[index][pool][month] > 0 {
          given[index][pool][month] = index == last ? rest : min(rest, has * mix[index][pool][month])
          rest -= given[index][pool][month]
        }
      }
    }
    var served: [[Double]] = []
    var shortage: [[Double]] = []
    var penalty = 0.0
    for (index, demand) in portfolio.demands.enumerated() {
      func work(_ month: Int, without lost: [Int] = []) -> Double {
        (0..<portfolio.pools).reduce(0) { sum, pool in
          let region = portfolio.regions.firstIndex(
            of: portfolio.sites[portfolio.supplies[pool / 2].site].region)
          return region.map { lost.contains($0) } ?? false
            ? sum : sum + given[index][pool][month] * portfolio.rate(index, pool: pool)
        }
      }
      let capacity = months.map { work($0) }
      served.append(months.map { min(demand.need[$0], capacity[$0]) })
      shortage.append(
        months.map { month in
          portfolio.failureSets.reduce(max(0, demand.need[month] - capacity[month])) { short, lost in
            max(short, portfolio.limits.failoverShare * demand.need[month] - work(month, without: lost))
          }
        })
      for month in months {
        penalty += shortage[index][month] * demand.shortageUSD[month] * portfolio.discountFactors[month]
      }
    }
    let cost = self.cost
    return PortfolioPlan(
      signed: signed, served: served, shortage: shortage, given: given, cost: cost, penalty: penalty,
      method: method, bound: bound.map { min($0, cost + penalty) })
  }
}
