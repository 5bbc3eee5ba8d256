// Judges a plan by the case alone: every limit, every sum and the money are computed here again, by other loops than
// those of the model, the repair and the greedy plan, so that no slip of theirs can excuse itself.

import LinearPrograms
import Quantities

/// A limit that a plan does not keep, or a figure of it that is not what its blocks give.
public struct PortfolioViolation: Sendable, Hashable, CustomStringConvertible {
  /// What is wrong: a limit's name, or `figure:` and what the figure is.
  public let name: String
  /// What the plan has.
  public let value: Double
  /// What it may have.
  public let limit: Double
  /// A sentence.
  public var description: String { "\(name): \(value) where \(limit) is the limit" }
}

/// The checker.
public final class PortfolioChecker {
  private let portfolio: PortfolioCase
  private let plan: PortfolioPlan
  private let tolerance: Double
  private var found: [PortfolioViolation] = []

  /// Everything that is wrong with a plan; empty for a plan that keeps the case.
  ///
  /// - Parameter tolerance: relative to the limit where that is above 1; blocks must be whole exactly.
  /// Complexity: price rows · months · term.
  public static func violations(
    of plan: PortfolioPlan, in portfolio: PortfolioCase, tolerance: Double = 1e-7
  ) -> [PortfolioViolation] {
    let checker = PortfolioChecker(portfolio: portfolio, plan: plan, tolerance: tolerance)
    guard checker.hasShape() else { return checker.found }
    checker.checkSignatures()
    checker.checkSites()
    checker.checkWork()
    checker.checkShares()
    checker.checkMoney()
    return checker.found
  }

  private init(portfolio: PortfolioCase, plan: PortfolioPlan, tolerance: Double) {
    (self.portfolio, self.plan, self.tolerance) = (portfolio, plan, tolerance)
  }

  private var length: Int { portfolio.months.count }

  private func label(_ month: Int) -> String { portfolio.months[month].label }

  private func most(_ name: @autoclosure () -> String, _ value: Double, _ limit: Double) {
    if !(value <= limit + tolerance * max(1, abs(limit))) {
      found.append(PortfolioViolation(name: name(), value: value, limit: limit))
    }
  }

  private func least(_ name: @autoclosure () -> String, _ value: Double, _ limit: Double) {
    if !(value >= limit - tolerance * max(1, abs(limit))) {
      found.append(PortfolioViolation(name: name(), value: value, limit: limit))
    }
  }

  private func equal(_ name: @autoclosure () -> String, _ value: Double, _ right: Double) {
    if !(abs(value - right) <= tolerance * max(1, abs(right))) {
      found.append(PortfolioViolation(name: "figure:" + name(), value: value, limit: right))
    }
  }

  private func hasShape() -> Bool {
    func isGrid(_ grid: [[Double]], _ rows: Int) -> Bool {
      grid.count == rows && grid.allSatisfy { $0.count == length && $0.allSatisfy(\.isFinite) }
    }
    let classes = portfolio.demands.count
    let isWhole =
      isGrid(plan.signed, portfolio.prices.count) && isGrid(plan.served, classes)
      && isGrid(plan.shortage, classes) && plan.given.count == classes
      && plan.given.allSatisfy { isGrid($0, 2 * portfolio.supplies.count) } && plan.cost.isFinite
      && plan.penalty.isFinite
    if !isWhole { found.append(PortfolioViolation(name: "figure:shape", value: 0, limit: 0)) }
    return isWhole
  }

  private func checkSignatures() {
    var lots = [[[Double]]](
      repeating: [[Double]](
        repeating: [Double](repeating: 0, count: length), count: portfolio.contracts.count),
      count: portfolio.sites.count)
    for (index, row) in portfolio.prices.enumerated() {
      let contract = portfolio.contracts[row.contract]
      for month in 0..<length {
        let blocks = plan.signed[index][month]
        if blocks < 0 || blocks != blocks.rounded() {
          found.append(
            PortfolioViolation(name: "whole_blocks:\(index):\(label(month))", value: blocks, limit: 0))
        }
        if blocks != 0, contract.signatureEvery > 1, month % contract.signatureEvery != 0 {
          most("signature_month:\(contract.id):\(label(month))", blocks, 0)
        }
        lots[portfolio.supplies[row.supply].site][row.contract][month] += blocks
      }
    }
    for (site, contracts) in lots.enumerated() {
      for (contract, sums) in contracts.enumerated() {
        for (month, sum) in sums.enumerated() where sum > 0 {
          least(
            portfolio.name(.minimumLot(site: site, contract: contract, month: month)), sum,
            portfolio.contracts[contract].minimumBlocks)
        }
      }
    }
  }

  /// Blocks whose term covers a month, by a supply and whether they are interruptible.
  private func active(_ supply: Int, interruptible: Bool?, _ month: Int) -> Double {
    guard month >= 0 else { return 0 }
    var sum = 0.0
    for (index, row) in portfolio.prices.enumerated() where row.supply == supply {
      let contract = portfolio.contracts[row.contract]
      if let interruptible, contract.isInterruptible != interruptible { continue }
      for start in 0...month where month - start < max(1, contract.termMonths) {
        sum += plan.signed[index][start]
      }
    }
    return sum
  }

  private func accelerators(_ supply: Int, interruptible: Bool?, _ month: Int) -> Double {
    active(supply, interruptible: interruptible, month)
      * Double(portfolio.products[portfolio.supplies[supply].product].blockAccelerators)
  }

  private func checkSites() {
    for month in 0..<length {
      for (index, site) in portfolio.sites.enumerated() {
        var watts = ExactSum()
        var installs = 0.0
        for (number, supply) in portfolio.supplies.enumerated() where supply.site == index {
          let blocks = active(number, interruptible: nil, month)
          most(portfolio.name(.supply(supply: number, month: month)), blocks, supply.blocks[month])
          let product = portfolio.products[supply.product]
          watts.add(
            blocks * Double(product.blockAccelerators), times: Unit.kilowatt.toBase(product.kilowattsEach))
          installs += max(0, blocks - active(number, interruptible: nil, month - 1))
        }
        most(
          portfolio.name(.power(site: index, month: month)), Unit.megawatt.fromBase(watts.rounded),
          site.megawatts[month])
        if let rate = site.blocksPerMonth {
          most(portfolio.name(.installs(site: index, month: month)), installs, rate)
        }
      }
    }
  }

  private func checkWork() {
    for month in 0..<length {
      for (number, supply) in portfolio.supplies.enumerated() {
        for isInterruptible in [false, true] {
          let pool = 2 * number + (isInterruptible ? 1 : 0)
          let name = portfolio.name(.allocation(pool: pool, month: month))
          var sum = 0.0
          var mayServe = false
          for (index, demand) in portfolio.demands.enumerated() {
            let given = plan.given[index][pool][month]
            let rate = portfolio.products[supply.product].requestsPerSecond[index]
            let may = rate > 0 && (!isInterruptible || demand.isDeferrable)
            mayServe = mayServe || may
            least("given:\(name)", given, 0)
            if !may { most("given:\(demand.id):\(name)", given, 0) }
            sum += given
          }
          // What is spare counts as given too, so that each cell is pinned.
          let has = accelerators(number, interruptible: isInterruptible, month)
          if mayServe { equal(name, sum, has) } else { most(name, sum, 0) }
        }
      }
      for (index, demand) in portfolio.demands.enumerated() {
        func work(without lost: Set<String>) -> Double {
          var sum = ExactSum()
          for (number, supply) in portfolio.supplies.enumerated()
          where !lost.contains(portfolio.sites[supply.site].region) {
            for pool in [2 * number, 2 * number + 1] {
              sum.add(
                plan.given[index][pool][month],
                times: portfolio.products[supply.product].requestsPerSecond[index])
            }
          }
          return sum.rounded
        }
        let capacity = work(without: [])
        var short = max(0, demand.need[month] - capacity)
        for lost in portfolio.failureSets {
          let left = work(without: Set(lost.map { portfolio.regions[$0] }))
          short = max(short, portfolio.limits.failoverShare * demand.need[month] - left)
        }
        equal("shortage:\(demand.id):\(label(month))", plan.shortage[index][month], short)
        equal(
          "served:\(demand.id):\(label(month))", plan.served[index][month], min(demand.need[month], capacity))
      }
    }
  }

  private func checkShares() {
    let limits = portfolio.limits
    for month in 0..<length {
      var all = 0.0
      var interruptible = 0.0
      var byProvider: [String: Double] = [:]
      var byVendor: [String: Double] = [:]
      for (number, supply) in portfolio.supplies.enumerated() {
        let sum = accelerators(number, interruptible: nil, month)
        all += sum
        interruptible += accelerators(number, interruptible: true, month)
        byProvider[portfolio.sites[supply.site].provider, default: 0] += sum
        byVendor[portfolio.products[supply.product].vendor, default: 0] += sum
      }
      most(
        portfolio.name(.interruptible(month: month)), interruptible,
        max(0, limits.maxInterruptibleShare) * all)
      guard month >= limits.sharesFrom else { continue }
      for provider in portfolio.providers {
        guard let share = limits.maxProviderShare else { break }
        most(
          portfolio.name(.providerShare(provider: provider, month: month)), byProvider[provider] ?? 0,
          share * all)
      }
      for vendor in portfolio.vendors {
        guard let share = limits.maxVendorShare else { break }
        most(portfolio.name(.vendorShare(vendor: vendor, month: month)), byVendor[vendor] ?? 0, share * all)
      }
    }
    guard limits.minProviders > 0, !portfolio.demands.isEmpty else { return }
    let counting = portfolio.providers.filter { provider in
      (max(0, limits.sharesFrom)..<max(limits.sharesFrom, length)).allSatisfy { month in
        var holds = 0.0
        for (number, supply) in portfolio.supplies.enumerated()
        where portfolio.sites[supply.site].provider == provider {
          let rate = portfolio.products[supply.product].requestsPerSecond[0]
          holds += accelerators(number, interruptible: false, month) * rate
          if portfolio.demands[0].isDeferrable {
            holds += accelerators(number, interruptible: true, month) * rate
          }
        }
        let needed = limits.minProviderShare * portfolio.demands[0].need[month]
        return holds >= needed - tolerance * max(1, needed)
      }
    }
    least(portfolio.name(.providers), Double(counting.count), Double(limits.minProviders))
  }

  private func checkMoney() {
    var paid = [[Double]](
      repeating: [Double](repeating: 0, count: portfolio.years), count: portfolio.providers.count)
    var owed = [Double](repeating: 0, count: length)
    var cost = 0.0
    for (index, row) in portfolio.prices.enumerated() {
      let contract = portfolio.contracts[row.contract]
      let supply = portfolio.supplies[row.supply]
      let provider = portfolio.providers.firstIndex(of: portfolio.sites[supply.site].provider) ?? 0
      for start in 0..<length where plan.signed[index][start] != 0 {
        let accelerators =
          plan.signed[index][start] * Double(portfolio.products[supply.product].blockAccelerators)
        let last = start + max(1, contract.termMonths) - 1
        let price = row.usdPerHour[start]
        let total = (start...last).reduce(0) { $0 + accelerators * price * portfolio.hours($1) }
        let upfront = total * contract.upfrontShare
        cost += upfront * portfolio.signatureFactors[start]
        paid[provider][start / monthsPerYear] += upfront
        var unpaid = total - upfront
        for month in start...last {
          let due = accelerators * price * portfolio.hours(month) * (1 - contract.upfrontShare)
          unpaid -= due
          cost += due * portfolio.factor(month)
          if month < length {
            paid[provider][month / monthsPerYear] += due
            if contract.isCommitment { owed[month] += unpaid }
          } else {
            let worth = accelerators * min(price, row.usdPerHour[length - 1]) * portfolio.hours(month)
            cost -= portfolio.endValueShare * worth * portfolio.factor(month)
          }
        }
      }
    }
    var years = [Double](repeating: 0, count: portfolio.years)
    for (index, provider) in portfolio.providers.enumerated() {
      for year in years.indices {
        let spend = paid[index][year]
        // A spend at a threshold, to rounding, has reached it.
        let reached = portfolio.brackets.filter {
          $0.provider == provider && $0.fromUSD >= 0 && spend >= $0.fromUSD * (1 - 1e-9) && spend > 0
        }
        let rebate = spend * (reached.max { $0.fromUSD < $1.fromUSD }?.discount ?? 0)
        years[year] += spend - rebate
        cost -= rebate * portfolio.factor(min(length, (year + 1) * monthsPerYear) - 1)
      }
    }
    equal("cost", plan.cost, cost)
    var penalty = 0.0
    for (index, demand) in portfolio.demands.enumerated() {
      for month in 0..<length {
        penalty += plan.shortage[index][month] * demand.shortageUSD[month] * portfolio.discountFactors[month]
      }
    }
    equal("penalty", plan.penalty, penalty)
    if let bound = plan.bound { most("figure:bound", bound, plan.cost + plan.penalty) }
    let limits = portfolio.limits
    for (year, sum) in years.enumerated() {
      if let budget = limits.yearlyBudgetUSD { most(portfolio.name(.yearBudget(year: year)), sum, budget) }
    }
    if let budget = limits.budgetUSD { most(portfolio.name(.budget), years.reduce(0, +), budget) }
    for (month, sum) in owed.enumerated() {
      if let most = limits.exposureUSD { self.most(portfolio.name(.exposure(month: month)), sum, most) }
    }
  }
}
