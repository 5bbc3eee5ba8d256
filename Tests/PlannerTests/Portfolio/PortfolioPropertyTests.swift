// Properties that hold for every case, tried on 500 small ones each: on the optimum of the linear program, where they
// hold without a tolerance for rounding. And the checker against plans with one changed cell.

import LinearPrograms
import Planner
import Testing

@Suite struct PortfolioPropertyTests {
  private let solver: CoinSolver
  init() throws { solver = try CoinSolver() }

  /// Least cost and penalty of the relaxed program, millions of USD; nil without a plan.
  private func optimum(_ portfolio: PortfolioCase) throws -> Double? {
    #expect(portfolio.faults().isEmpty)
    return try solver.solveRelaxed(PortfolioModel(portfolio).linear).objective
  }

  /// Compares the optima of 500 cases with those of changed ones; a quarter of them with brackets where `brackets` says
  /// so.
  private func holds(
    brackets: Bool = false, _ change: (inout PortfolioCase, inout PortfolioSeed) -> Void,
    _ claim: (_ before: Double, _ after: Double) -> Bool
  ) throws -> Int {
    var compared = 0
    for seed in 0..<500 {
      let portfolio =
        brackets && seed % 4 == 1 ? PortfolioCase.smallWithBrackets(seed) : PortfolioCase.small(seed)
      var changed = portfolio
      var random = PortfolioSeed(seed + 10_000)
      change(&changed, &random)
      guard let before = try optimum(portfolio) else { continue }
      // A change may take the last plan away; that is dearer than any.
      let after = try optimum(changed) ?? .infinity
      // Clp keeps rows to 1e-7 of their coefficients, which are a bracket's greatest spend.
      let offsets = portfolio.brackets.isEmpty ? 0...0 : -10...10
      let holds = offsets.contains { claim(before * (1 + Double($0) * 1e-7), after) }
      #expect(holds, "seed \(seed): \(before), \(after)")
      compared += 1
    }
    return compared
  }

  // Clp's tolerance of 1e-7 on limits and reduced costs, relative.
  private func rises(_ before: Double, _ after: Double) -> Bool { after >= before * (1 - 1e-7) - 1e-9 }
  private func falls(_ before: Double, _ after: Double) -> Bool { after <= before * (1 + 1e-7) + 1e-9 }
  private func stays(_ before: Double, _ after: Double) -> Bool {
    rises(before, after) && falls(before, after)
  }

  @Test("more demand never costs less")
  func demand() throws {
    let compared = try holds(
      brackets: true,
      { portfolio, random in
        let index = Int.random(in: 0..<portfolio.demands.count, using: &random)
        let month = Int.random(in: 0..<portfolio.months.count, using: &random)
        portfolio.demands[index].need[month] *= random.number(1...2)
      }, rises)
    #expect(compared >= 450)
  }

  @Test("a higher price never costs less")
  func price() throws {
    let compared = try holds(
      { portfolio, random in
        // From a month on, as prices rise: an end value that rises alone would make its contract cheaper.
        let index = Int.random(in: 0..<portfolio.prices.count, using: &random)
        let factor = random.number(1...3)
        portfolio.prices[index].usdPerHour = portfolio.prices[index].usdPerHour.map { $0 * factor }
      }, rises)
    #expect(compared >= 450)
  }

  @Test("a limit that is taken away never costs more")
  func removed() throws {
    let compared = try holds(
      brackets: true,
      { portfolio, random in
        switch Int.random(in: 0..<8, using: &random) {
        case 0: portfolio.limits.maxProviderShare = nil
        case 1: portfolio.limits.maxVendorShare = nil
        case 2: portfolio.limits.minProviders = 0
        case 3: portfolio.limits.lostRegions = 0
        case 4: (portfolio.limits.yearlyBudgetUSD, portfolio.limits.budgetUSD) = (nil, nil)
        case 5: portfolio.limits.exposureUSD = nil
        case 6: portfolio.sites[0].megawatts = portfolio.sites[0].megawatts.map { $0 + 5 }
        default: for index in portfolio.sites.indices { portfolio.sites[index].blocksPerMonth = nil }
        }
      }, falls)
    #expect(compared >= 450)
  }

  @Test("an added offer never costs more")
  func added() throws {
    var compared = 0
    for seed in 0..<500 {
      let all = seed % 4 == 1 ? PortfolioCase.smallWithBrackets(seed) : PortfolioCase.small(seed)
      var fewer = all
      fewer.prices.remove(at: seed % all.prices.count)
      guard let before = try optimum(fewer) else { continue }
      let slack = all.brackets.isEmpty ? 0 : 1e-6
      #expect(falls(before * (1 + slack), try optimum(all) ?? .infinity), "seed \(seed)")
      compared += 1
    }
    #expect(compared >= 450)
  }

  @Test("all money by seven is the cost by seven")
  func money() throws {
    let compared = try holds(
      brackets: true,
      { portfolio, _ in
        for index in portfolio.prices.indices {
          portfolio.prices[index].usdPerHour = portfolio.prices[index].usdPerHour.map { $0 * 7 }
        }
        for index in portfolio.demands.indices {
          portfolio.demands[index].shortageUSD = portfolio.demands[index].shortageUSD.map { $0 * 7 }
        }
        portfolio.limits.yearlyBudgetUSD = portfolio.limits.yearlyBudgetUSD.map { $0 * 7 }
        portfolio.limits.budgetUSD = portfolio.limits.budgetUSD.map { $0 * 7 }
        portfolio.limits.exposureUSD = portfolio.limits.exposureUSD.map { $0 * 7 }
        for index in portfolio.brackets.indices { portfolio.brackets[index].fromUSD *= 7 }
      }, { stays($0 * 7, $1) })
    #expect(compared >= 450)
  }

  @Test("another first month, other names of months: the same cost")
  func shifted() throws {
    let compared = try holds(
      { portfolio, _ in
        portfolio.months = portfolio.months.map {
          PlanMonth(
            index: $0.index, label: "2031-" + $0.label.suffix(2), hours: $0.hours, rampShare: $0.rampShare)
        }
      }, { $0 == $1 })
    #expect(compared >= 450)
  }

  @Test("a site as two halves costs the same")
  func halves() throws {
    var compared = 0
    for seed in 0..<500 {
      var portfolio = PortfolioCase.small(seed)
      portfolio.contracts = PortfolioCase.contracts(minimum: 0)
      portfolio.sites[0].blocksPerMonth = nil
      var split = portfolio
      var half = portfolio.sites[0]
      half.id += "b"
      half.megawatts = half.megawatts.map { $0 / 2 }
      split.sites[0].megawatts = half.megawatts
      split.sites.append(half)
      for index in portfolio.supplies.indices where portfolio.supplies[index].site == 0 {
        split.supplies[index].blocks = portfolio.supplies[index].blocks.map { $0 / 2 }
        var other = split.supplies[index]
        other.site = split.sites.count - 1
        split.supplies.append(other)
        for price in portfolio.prices where price.supply == index {
          var copy = price
          copy.supply = split.supplies.count - 1
          split.prices.append(copy)
        }
      }
      guard let before = try optimum(portfolio) else { continue }
      #expect(stays(before, try optimum(split) ?? .infinity), "seed \(seed)")
      compared += 1
    }
    #expect(compared >= 450)
  }

  @Test("without a share nothing is interruptible; without discounting the cost is the sum of the bills")
  func sums() throws {
    for seed in 0..<500 {
      var portfolio = PortfolioCase.small(seed)
      portfolio.limits.maxInterruptibleShare = 0
      portfolio.limits.minProviders = 0
      portfolio.endValueShare = 0
      portfolio.contracts = PortfolioCase.contracts(minimum: 0)
      portfolio.discountFactors = portfolio.discountFactors.map { _ in 1 }
      portfolio.signatureFactors = portfolio.discountFactors
      let model = PortfolioModel(portfolio)
      let solution = try solver.solveRelaxed(model.linear)
      guard solution.status == .optimal else { continue }
      var sum = 0.0
      for (index, price) in portfolio.prices.enumerated() {
        let contract = portfolio.contracts[price.contract]
        for month in portfolio.months.indices {
          let blocks = model.signed[index][month].map { solution.values[$0.index] } ?? 0
          if contract.isInterruptible { #expect(blocks == 0) }
          let size = portfolio.products[portfolio.supplies[price.supply].product].blockAccelerators
          sum += blocks * Double(size) * 730 * Double(contract.termMonths) * price.usdPerHour[month]
        }
      }
      for (index, demand) in portfolio.demands.enumerated() {
        for month in portfolio.months.indices {
          sum += solution.values[model.shortage[index][month].index] * demand.shortageUSD[month]
        }
      }
      let cost = try #require(solution.objective) * 1e6
      #expect(abs(cost - sum) <= 1e-9 * max(1, cost), "seed \(seed)")
    }
  }

  @Test(
    "whole plans keep every limit and are never below their bound; another order of rows gives the same plan")
  func whole() throws {
    var planned = 0
    for seed in 0..<120 {
      let portfolio = PortfolioCase.small(seed)
      let answer = try PortfolioPlanner.plan(portfolio)
      guard let plan = answer.plan else {
        #expect(!answer.relaxations.isEmpty, "seed \(seed)")
        continue
      }
      planned += 1
      #expect(answer.violations.isEmpty, "seed \(seed): \(answer.violations.map(\.description))")
      #expect(try #require(plan.bound) <= plan.cost + plan.penalty, "seed \(seed)")
      var shuffled = portfolio
      shuffled.prices.reverse()
      let other = try #require(PortfolioPlanner.plan(shuffled).plan)
      #expect(Array(other.signed.reversed()) == plan.signed, "seed \(seed)")
      #expect(other.cost == plan.cost)
    }
    #expect(planned > 90)
  }

  @Test("with brackets the search's cost is the general solver's, and no solution is below its bound")
  func brackets() throws {
    var (compared, discounted) = (0, 0)
    for seed in 0..<60 {
      let model = PortfolioModel(.smallWithBrackets(seed))
      let found = try PortfolioSearch(model: model, solver: solver)
        .solve(SolveLimits(seconds: 20, relativeGap: 1e-5)).solution
      let general = try solver.solve(model.linear, SolveLimits(seconds: 20, relativeGap: 1e-6))
      guard let cost = found.objective, let other = general.objective else {
        #expect(found.objective == nil && general.objective == nil, "seed \(seed)")
        continue
      }
      guard found.status == .optimal, general.status == .optimal else { continue }
      #expect(abs(cost - other) <= 2e-5 * abs(other) + 1e-9, "seed \(seed): \(cost), \(other)")
      #expect(try #require(found.bound) <= other + 1e-6 * abs(other), "seed \(seed)")
      compared += 1
      for ladder in model.linear.variables.indices
      where model.linear.variables[ladder].name.hasPrefix("tier:")
        && !model.linear.variables[ladder].name.hasSuffix(":0") && found.values[ladder] > 0.5
      { discounted += 1 }
    }
    #expect(compared >= 50 && discounted >= 30, "\(compared), \(discounted)")
  }

  @Test("whole plans under brackets keep every limit and are never below their bound")
  func wholeUnderBrackets() throws {
    for seed in 0..<30 {
      let portfolio = PortfolioCase.smallWithBrackets(seed)
      let answer = try PortfolioPlanner.plan(portfolio)
      guard let plan = answer.plan else { continue }
      #expect(answer.violations.isEmpty, "seed \(seed): \(answer.violations.map(\.description))")
      #expect(try #require(plan.bound) <= plan.cost + plan.penalty, "seed \(seed)")
    }
  }

  @Test("100 plans with one changed cell are each found out")
  func corruptions() throws {
    let cases = [PortfolioCase.small(2), .small(3), .small(9), .synthetic(seed: 4, months: 12, sites: 4)]
    var random = PortfolioSeed(77)
    let plans = try cases.map { portfolio in
      (portfolio, try #require(PortfolioPlanner.plan(portfolio).plan))
    }
    for (portfolio, plan) in plans { #expect(PortfolioChecker.violations(of: plan, in: portfolio).isEmpty) }
    for number in 0..<100 {
      let (portfolio, plan) = plans[number % plans.count]
      var changed = plan
      func step(_ value: Double, whole: Bool) -> Double {
        let size =
          whole
          ? Double(Int.random(in: 1...3, using: &random)) : max(1, abs(value)) * random.number(0.001...0.5)
        return value - (Bool.random(using: &random) && value >= size ? size : -size)
      }
      let month = Int.random(in: 0..<portfolio.months.count, using: &random)
      let demand = Int.random(in: 0..<portfolio.demands.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0, 1:
        let price = Int.random(in: 0..<portfolio.prices.count, using: &random)
        changed.signed[price][month] = step(plan.signed[price][month], whole: true)
      case 2: changed.served[demand][month] = step(plan.served[demand][month], whole: false)
      case 3: changed.shortage[demand][month] = step(plan.shortage[demand][month], whole: false)
      case 4:
        let pool = Int.random(in: 0..<portfolio.pools, using: &random)
        changed.given[demand][pool][month] = step(plan.given[demand][pool][month], whole: false)
      default:
        if Bool.random(using: &random) {
          changed.cost = step(plan.cost, whole: false)
        } else {
          changed.penalty = step(plan.penalty, whole: false)
        }
      }
      #expect(changed != plan)
      #expect(!PortfolioChecker.violations(of: changed, in: portfolio).isEmpty, "number \(number)")
    }
  }

  @Test("the same case gives the same plan and the same file, run by run")
  func repeated() throws {
    let portfolio = PortfolioCase.small(6)
    #expect(try PortfolioPlanner.plan(portfolio) == PortfolioPlanner.plan(portfolio))
    #expect(try PortfolioModel(portfolio).linear.mps() == PortfolioModel(portfolio).linear.mps())
  }
}
