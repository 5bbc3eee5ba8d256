// The portfolio as a mixed-integer linear program: blocks are continuous (whole ones make the search hopeless and change
// the cost by tenths of a percent), decisions are binary. Money is in millions of USD, so that coefficients are near 1.
//
// Variables
//   sign[price, month]    blocks whose term starts in the month
//   hold[supply, month]   active blocks of terms longer than a month; one variable until the next signature or end
//   give[class, pool, t]  blocks that work for a class; only where there are several classes
//   short[class, month]   requests/s that are missing
//   open[site, contract, month], use[provider], tier[provider, year, bracket]    decisions
//   inside[provider, year, bracket]   spend of the year, in its bracket, millions of USD

package import LinearPrograms
import Quantities

/// A model and the way back from its values to the case.
package struct PortfolioModel {
  package typealias Variable = LinearModel.VariableID
  package typealias Terms = [(Variable, Double)]

  /// A million: the model's unit of money in USD.
  static let money = Unit.million.toBase(1)

  let portfolio: PortfolioCase
  package private(set) var linear: LinearModel
  /// What each row is.
  package private(set) var limits: [PortfolioLimit] = []
  /// `signed[price][month]`; nil where no signature is possible.
  package private(set) var signed: [[Variable?]]
  /// `given[class][pool][month]` in blocks; empty with one class, which gets everything.
  private(set) var given: [[[Variable?]]] = []
  /// `shortage[class][month]`.
  package private(set) var shortage: [[Variable]] = []
  /// Months of each signature's term.
  private(set) var terms: [Variable: Int] = [:]
  /// Money of a block by price and month.
  let blocks: [[BlockMoney]]
  /// Decisions about signatures: open where the sum of the signs reaches the least lot.
  private(set) var lots: [(month: Int, open: Variable, signs: [Variable], minimum: Double)] = []
  /// Decisions about providers that count.
  private(set) var uses: [Variable] = []
  /// Decisions about brackets: of each provider and year the steps by threshold.
  private(set) var ladders: [[(tier: Variable, inside: Variable, from: Double)]] = []
  /// Of each pool the variables that hold its long terms, and their first months.
  private(set) var holds: [[(month: Int, hold: Variable)]] = []
  private var held: [[Terms]] = []

  /// Builds the program. Complexity: prices · months · term.
  package init(_ portfolio: PortfolioCase) {
    self.portfolio = portfolio
    linear = LinearModel("portfolio")
    blocks = portfolio.prices.indices.map { price in
      (0..<portfolio.length).map { BlockMoney(portfolio, price: price, month: $0) }
    }
    signed = [[Variable?]](
      repeating: [Variable?](repeating: nil, count: portfolio.length), count: portfolio.prices.count)
    addSignatures()
    addActive()
    addDemand()
    addSites()
    addShares()
    addLots()
    addMoney()
  }

  private mutating func add(
    _ limit: PortfolioLimit, _ terms: Terms, lower: Double = -.infinity, upper: Double = .infinity
  ) {
    // A row that nothing can break only slows the solver.
    if terms.isEmpty, lower <= 0, upper >= 0 { return }
    linear.row(portfolio.name(limit), terms, lower: lower, upper: upper)
    limits.append(limit)
  }

  private func label(_ price: Int) -> String {
    let row = portfolio.prices[price]
    let supply = portfolio.supplies[row.supply]
    return "\(portfolio.sites[supply.site].id):\(portfolio.products[supply.product].accelerator):"
      + portfolio.contracts[row.contract].id
  }

  private mutating func addSignatures() {
    for price in portfolio.prices.indices {
      for month in 0..<portfolio.length where portfolio.maySign(price: price, month: month) {
        signed[price][month] = linear.variable(
          "sign:\(label(price)):\(portfolio.months[month].label)",
          cost: blocks[price][month].cost / Self.money)
        if let sign = signed[price][month] {
          terms[sign] = max(1, portfolio.contracts[portfolio.prices[price].contract].termMonths)
        }
      }
    }
  }

  /// Active blocks of each pool and month as terms.
  private mutating func addActive() {
    held = (0..<portfolio.pools).map { _ in [Terms](repeating: [], count: portfolio.length) }
    for pool in held.indices {
      let rows = portfolio.prices.indices.filter { portfolio.pool(ofPrice: $0) == pool }
      let long = rows.filter { portfolio.contracts[portfolio.prices[$0].contract].termMonths > 1 }
      var hold: Variable?
      holds.append([])
      for month in 0..<portfolio.length {
        var change: Terms = []
        for price in long {
          let term = portfolio.contracts[portfolio.prices[price].contract].termMonths
          if let sign = signed[price][month] { change.append((sign, 1)) }
          if month >= term, let ended = signed[price][month - term] { change.append((ended, -1)) }
        }
        if !change.isEmpty {
          let kind = pool % 2 == 0 ? "hold" : "hold_interruptible"
          let next = linear.variable(
            portfolio.name(.active(supply: pool / 2, month: month)).replacingPrefix("active", kind))
          let before = hold.map { [($0, 1.0)] } ?? []
          linear.row(linear.variables[next.index].name, change + before + [(next, -1)], lower: 0, upper: 0)
          limits.append(.active(supply: pool / 2, month: month))
          hold = next
          holds[pool].append((month, next))
        }
        held[pool][month] =
          (hold.map { [($0, 1)] } ?? [])
          + rows.filter { !long.contains($0) }.compactMap { price in signed[price][month].map { ($0, 1) } }
      }
    }
  }

  /// Active blocks of a supply, firm and interruptible.
  private func active(_ supply: Int, _ month: Int) -> Terms {
    held[2 * supply][month] + held[2 * supply + 1][month]
  }

  private func accelerators(_ supply: Int) -> Double {
    Double(portfolio.products[portfolio.supplies[supply].product].blockAccelerators)
  }

  /// Requests/s of a class in a month by the supplies that `keeps` says.
  private func served(_ demand: Int, _ month: Int, where keeps: (PortfolioSupply) -> Bool = { _ in true })
    -> Terms
  {
    (0..<portfolio.pools).filter { keeps(portfolio.supplies[$0 / 2]) }.flatMap { pool -> Terms in
      let rate = portfolio.rate(demand, pool: pool) * accelerators(pool / 2)
      guard rate > 0 else { return [] }
      if given.isEmpty { return held[pool][month].map { ($0.0, $0.1 * rate) } }
      return given[demand][pool][month].map { [($0, rate)] } ?? []
    }
  }

  private mutating func addDemand() {
    let months = 0..<portfolio.length
    if portfolio.demands.count > 1 {
      given = portfolio.demands.indices.map { demand in
        (0..<portfolio.pools).map { pool in
          months.map { month in
            guard portfolio.rate(demand, pool: pool) > 0, !held[pool][month].isEmpty else { return nil }
            let name = portfolio.name(.allocation(pool: pool, month: month))
            return linear.variable("give:\(portfolio.demands[demand].id):\(name)")
          }
        }
      }
      for pool in 0..<portfolio.pools {
        for month in months {
          let gifts = portfolio.demands.indices.compactMap { given[$0][pool][month] }.map { ($0, 1.0) }
          guard !gifts.isEmpty else { continue }
          add(
            .allocation(pool: pool, month: month), gifts + held[pool][month].map { ($0.0, -$0.1) }, upper: 0)
        }
      }
    }
    for (index, demand) in portfolio.demands.enumerated() {
      shortage.append(
        months.map { month in
          linear.variable(
            "short:\(demand.id):\(portfolio.months[month].label)",
            cost: portfolio.discountFactors[month] * demand.shortageUSD[month] / Self.money)
        })
      for month in months {
        let short = (shortage[index][month], 1.0)
        add(.need(demand: index, month: month), served(index, month) + [short], lower: demand.need[month])
        for set in portfolio.failureSets {
          let regions = set.map { portfolio.regions[$0] }
          add(
            .failover(demand: index, month: month, lost: set),
            served(index, month) { !regions.contains(portfolio.sites[$0.site].region) } + [short],
            lower: portfolio.limits.failoverShare * demand.need[month])
        }
      }
    }
  }

  private mutating func addSites() {
    let months = 0..<portfolio.length
    for supply in portfolio.supplies.indices {
      for month in months {
        add(
          .supply(supply: supply, month: month), active(supply, month),
          upper: portfolio.supplies[supply].blocks[month])
      }
    }
    for (index, site) in portfolio.sites.enumerated() {
      let supplies = portfolio.supplies.indices.filter { portfolio.supplies[$0].site == index }
      for month in months {
        let draw = supplies.flatMap { supply in
          let product = portfolio.products[portfolio.supplies[supply].product]
          let megawatts = Unit.megawatt.fromBase(
            Unit.kilowatt.toBase(product.kilowattsEach * accelerators(supply)))
          return active(supply, month).map { ($0.0, $0.1 * megawatts) }
        }
        add(.power(site: index, month: month), draw, upper: site.megawatts[month])
      }
      guard let most = site.blocksPerMonth else { continue }
      for month in months {
        let grown = supplies.compactMap { supply -> (Variable, Double)? in
          let now = active(supply, month)
          guard !now.isEmpty else { return nil }
          let grown = linear.variable("grown:\(supply):\(portfolio.months[month].label)")
          let before = month == 0 ? [] : active(supply, month - 1)
          linear.row(
            "grown:\(supply):\(portfolio.months[month].label)",
            [(grown, 1)] + now.map { ($0.0, -$0.1) } + before, lower: 0)
          limits.append(.active(supply: supply, month: month))
          return (grown, 1)
        }
        add(.installs(site: index, month: month), grown, upper: most)
      }
    }
  }

  /// Accelerators in a month by the pools that `keeps` says.
  private func capacity(_ month: Int, where keeps: (Int) -> Bool) -> Terms {
    (0..<portfolio.pools).filter(keeps).flatMap { pool in
      held[pool][month].map { ($0.0, $0.1 * accelerators(pool / 2)) }
    }
  }

  private mutating func addShares() {
    let limits = portfolio.limits
    /// Σ inside ≤ share · Σ all.
    func row(_ month: Int, _ share: Double, _ keeps: (Int) -> Bool) -> Terms {
      capacity(month) { keeps($0) }.map { ($0.0, $0.1 * (1 - share)) }
        + capacity(month) { !keeps($0) }.map { ($0.0, -$0.1 * share) }
    }
    for month in max(0, min(limits.sharesFrom, portfolio.length))..<portfolio.length {
      for provider in portfolio.providers {
        guard let share = limits.maxProviderShare else { break }
        let inside = { (pool: Int) in portfolio.sites[portfolio.supplies[pool / 2].site].provider == provider
        }
        add(.providerShare(provider: provider, month: month), row(month, share, inside), upper: 0)
      }
      for vendor in portfolio.vendors {
        guard let share = limits.maxVendorShare else { break }
        let inside = { (pool: Int) in
          portfolio.products[portfolio.supplies[pool / 2].product].vendor == vendor
        }
        add(.vendorShare(vendor: vendor, month: month), row(month, share, inside), upper: 0)
      }
    }
    if limits.maxInterruptibleShare > 0, limits.maxInterruptibleShare < 1 {
      for month in 0..<portfolio.length {
        add(
          .interruptible(month: month), row(month, limits.maxInterruptibleShare) { $0 % 2 == 1 }, upper: 0)
      }
    }
    guard limits.minProviders > 0, let first = portfolio.demands.first else { return }
    let used = portfolio.providers.map { (provider: $0, use: linear.decision("use:\($0)")) }
    for (provider, use) in used {
      for month in max(0, min(limits.sharesFrom, portfolio.length))..<portfolio.length {
        let held = capacityForFirst(month) { portfolio.sites[$0.site].provider == provider }
        add(
          .providerHolds(provider: provider, month: month),
          held + [(use, -limits.minProviderShare * first.need[month])], lower: 0)
      }
    }
    uses = used.map(\.use)
    add(.providers, used.map { ($0.use, 1) }, lower: Double(limits.minProviders))
  }

  /// Requests/s of the first class if everything that can served it and nothing else.
  private func capacityForFirst(_ month: Int, where keeps: (PortfolioSupply) -> Bool) -> Terms {
    (0..<portfolio.pools).filter { keeps(portfolio.supplies[$0 / 2]) }.flatMap { pool in
      let rate = portfolio.rate(0, pool: pool) * accelerators(pool / 2)
      return rate > 0 ? held[pool][month].map { ($0.0, $0.1 * rate) } : []
    }
  }

  private mutating func addLots() {
    for (index, contract) in portfolio.contracts.enumerated() where contract.minimumBlocks > 0 {
      for site in portfolio.sites.indices {
        let rows = portfolio.prices.indices.filter {
          portfolio.prices[$0].contract == index
            && portfolio.supplies[portfolio.prices[$0].supply].site == site
        }
        for month in 0..<portfolio.length {
          let signs = rows.compactMap { price in signed[price][month].map { (price, $0) } }
          guard !signs.isEmpty else { continue }
          let open = linear.decision(
            "open:\(portfolio.sites[site].id):\(contract.id):\(portfolio.months[month].label)")
          let most = signs.reduce(0) { $0 + mostBlocks(price: $1.0, month: month) }
          let sum = signs.map { ($0.1, 1.0) }
          lots.append((month, open, signs.map(\.1), contract.minimumBlocks))
          add(
            .minimumLot(site: site, contract: index, month: month), sum + [(open, -contract.minimumBlocks)],
            lower: 0)
          add(.signature(site: site, contract: index, month: month), sum + [(open, -most)], upper: 0)
        }
      }
    }
  }

  /// Most blocks that one signature can be about: what supply and power leave in each month of its term.
  private func mostBlocks(price: Int, month: Int) -> Double {
    let row = portfolio.prices[price]
    let supply = portfolio.supplies[row.supply]
    let product = portfolio.products[supply.product]
    let block = Unit.megawatt.fromBase(
      Unit.kilowatt.toBase(product.kilowattsEach * Double(product.blockAccelerators)))
    let end = min(portfolio.length, month + max(1, portfolio.contracts[row.contract].termMonths))
    return (month..<end).reduce(.infinity) { least, month in
      let byPower = block > 0 ? portfolio.sites[supply.site].megawatts[month] / block : .infinity
      return min(least, supply.blocks[month], byPower)
    }
  }

  /// What a provider's signatures pay in a year, millions of USD.
  private func paid(_ year: Int, _ keeps: (PortfolioSite) -> Bool) -> Terms {
    let span = year * monthsPerYear...portfolio.lastMonth(ofYear: year)
    return portfolio.prices.indices.flatMap { price -> Terms in
      guard keeps(portfolio.sites[portfolio.supplies[portfolio.prices[price].supply].site]) else { return [] }
      return (0...span.upperBound).compactMap { month in
        guard let sign = signed[price][month] else { return nil }
        let sum = span.reduce(0) { $0 + blocks[price][month].paid[$1] }
        return sum > 0 ? (sign, sum / Self.money) : nil
      }
    }
  }

  private mutating func addMoney() {
    var rebates = [Terms](repeating: [], count: portfolio.years)
    for provider in portfolio.providers {
      let brackets = portfolio.brackets.filter { $0.provider == provider && $0.fromUSD >= 0 }
        .sorted { $0.fromUSD < $1.fromUSD }
      guard !brackets.isEmpty else { continue }
      for year in 0..<portfolio.years {
        let spend = paid(year) { $0.provider == provider }
        let most = mostSpend(provider: provider, year: year)
        let steps =
          [(from: 0.0, discount: 0.0)]
          + brackets.map { (from: $0.fromUSD / Self.money, discount: $0.discount) }
        var inside: Terms = []
        var tiers: Terms = []
        ladders.append([])
        for (index, step) in steps.enumerated() where step.from <= most {
          let name = "\(provider):year\(year + 1):\(index)"
          let tier = linear.decision("tier:\(name)")
          let part = linear.variable(
            "inside:\(name)", cost: -step.discount * portfolio.factor(portfolio.lastMonth(ofYear: year)))
          let upper = index + 1 < steps.count ? min(most, steps[index + 1].from) : most
          add(
            .bracket(provider: provider, year: year, bracket: 2 * index), [(part, 1), (tier, -step.from)],
            lower: 0)
          add(
            .bracket(provider: provider, year: year, bracket: 2 * index + 1), [(part, 1), (tier, -upper)],
            upper: 0)
          inside.append((part, -1))
          tiers.append((tier, 1))
          ladders[ladders.count - 1].append((tier, part, step.from))
          if step.discount != 0 { rebates[year].append((part, -step.discount)) }
        }
        add(.spend(provider: provider, year: year), spend + inside, lower: 0, upper: 0)
        linear.row("tier:\(provider):year\(year + 1)", tiers, lower: 1, upper: 1)
        limits.append(.spend(provider: provider, year: year))
      }
    }
    let all = (0..<portfolio.years).map { year in paid(year) { _ in true } + rebates[year] }
    if let most = portfolio.limits.yearlyBudgetUSD {
      for (year, terms) in all.enumerated() { add(.yearBudget(year: year), terms, upper: most / Self.money) }
    }
    if let most = portfolio.limits.budgetUSD {
      add(.budget, all.flatMap { $0 }, upper: most / Self.money)
    }
    guard let most = portfolio.limits.exposureUSD else { return }
    for month in 0..<portfolio.length {
      let owed = portfolio.prices.indices.flatMap { price in
        (0...month).compactMap { start -> (Variable, Double)? in
          guard let sign = signed[price][start], blocks[price][start].owed[month] > 0 else { return nil }
          return (sign, blocks[price][start].owed[month] / Self.money)
        }
      }
      add(.exposure(month: month), owed, upper: most / Self.money)
    }
  }

  /// A provider cannot be paid more than this in a year, millions of USD.
  private func mostSpend(provider: String, year: Int) -> Double {
    let span = year * monthsPerYear...portfolio.lastMonth(ofYear: year)
    var sum = 0.0
    for (index, supply) in portfolio.supplies.enumerated()
    where portfolio.sites[supply.site].provider == provider {
      let rows = portfolio.prices.indices.filter { portfolio.prices[$0].supply == index }
      for month in span {
        let rent = rows.flatMap { row in (0...month).map { portfolio.prices[row].usdPerHour[$0] } }.max() ?? 0
        sum += supply.blocks[month] * rent * accelerators(index) * portfolio.hours(month)
      }
      // A block's place can be signed again only when its term is over.
      let upfront = rows.map { row -> Double in
        let term = max(1, portfolio.contracts[portfolio.prices[row].contract].termMonths)
        let share = portfolio.contracts[portfolio.prices[row].contract].upfrontShare
        guard share > 0 else { return 0 }
        let dearest = span.map { blocks[row][$0].paid[$0] }.max() ?? 0
        return dearest * Double((monthsPerYear + term - 1) / term)
      }
      sum += (upfront.max() ?? 0) * (span.map { supply.blocks[$0] }.max() ?? 0)
    }
    return sum / Self.money
  }
}

extension String {
  /// The text with another beginning.
  fileprivate func replacingPrefix(_ prefix: String, _ other: String) -> String {
    other + dropFirst(prefix.count)
  }
}
