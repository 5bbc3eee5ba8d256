// A portfolio small enough to be solved by hand, and what the answer says about it.

import LinearPrograms
import Planner
import Testing

/// Two sites of one provider each, one product of 10 accelerators a block and 1 request/s each, six months of 100 hours.
private func hand(need: Double = 40, _ change: (inout PortfolioCase) -> Void = { _ in }) -> PortfolioCase {
  var portfolio = PortfolioCase()
  portfolio.months = (0..<6).map { PlanMonth(index: $0, label: "2027-0\($0 + 1)", hours: 100, rampShare: 1) }
  portfolio.discountFactors = [Double](repeating: 1, count: 6)
  portfolio.signatureFactors = portfolio.discountFactors
  var demand = PortfolioDemand()
  demand.id = "chat"
  demand.need = [Double](repeating: need, count: 6)
  demand.shortageUSD = [Double](repeating: 5000, count: 6)
  portfolio.demands = [demand]
  var product = PortfolioProduct()
  (product.accelerator, product.blockAccelerators, product.kilowattsEach) = ("chip", 10, 100)
  (product.requestsPerSecond, product.vendor) = ([1], "maker")
  portfolio.products = [product]
  portfolio.contracts = PortfolioCase.contracts(minimum: 0)
  portfolio.contracts[1].termMonths = 6
  for (index, usd) in [2.0, 3].enumerated() {
    var site = PortfolioSite()
    (site.id, site.provider, site.region) = (["east", "west"][index], ["a", "b"][index], ["e", "w"][index])
    site.megawatts = [Double](repeating: 3, count: 6)
    portfolio.sites.append(site)
    var supply = PortfolioSupply()
    supply.site = index
    supply.blocks = [Double](repeating: 10, count: 6)
    portfolio.supplies.append(supply)
    for (contract, ratio) in [(0, 1.0), (1, 0.5)] {
      var price = PortfolioPrice()
      (price.supply, price.contract) = (index, contract)
      price.usdPerHour = [Double](repeating: usd * ratio, count: 6)
      portfolio.prices.append(price)
    }
  }
  change(&portfolio)
  return portfolio
}

@Suite struct PortfolioByHandTests {
  @Test("by hand: three blocks where power ends, the fourth at the dearer site, both for the term")
  func byHand() throws {
    let answer = try PortfolioPlanner.plan(hand())
    let plan = try #require(answer.plan)
    // East: 3 blocks · 10 · 600 h · 1 USD; west: 1 block · 10 · 600 h · 1.5 USD.
    #expect(plan.cost == 27_000)
    #expect(plan.penalty == 0)
    #expect(
      plan.signed == [[0, 0, 0, 0, 0, 0], [3, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]])
    #expect(plan.served == [[40, 40, 40, 40, 40, 40]])
    #expect(answer.violations.isEmpty)
    #expect(answer.notes.isEmpty)
    #expect(try #require(answer.gap) < 1e-6)
    // A MW more at the cheap site carries one block for the term: 10 · 600 h · 0.5 USD, spread over its six months.
    let power = answer.worths.filter { $0.name.hasPrefix("power:east") }
    #expect(abs(power.reduce(0) { $0 + $1.usd } - 3000) < 1e-6)
    #expect(power.allSatisfy { $0.description.hasPrefix("one more MW at east in 2027-0") })
    // A request/s less in each month saves a tenth of the west block's 9000 USD.
    let need = answer.worths.filter { $0.name.hasPrefix("need:") }
    #expect(abs(need.reduce(0) { $0 + $1.usd } - 900) < 1e-6)
    #expect(answer.rejections.map(\.price) == [0, 2])
    #expect(answer.rejections[1].description.hasPrefix("chip at west under on_demand is not used"))
  }

  @Test("an upfront share falls due at the signature, and months beyond the term keep their value")
  func beyond() throws {
    let long = hand(need: 10) {
      $0.contracts[1].termMonths = 9
      $0.contracts[1].upfrontShare = 0.5
      $0.discountFactors = [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]
      $0.endValueShare = 0.5
    }
    let plan = try #require(PortfolioPlanner.plan(long).plan)
    // 1000 USD a month: half of nine months at once, half month by month with 2^-t, and half the value of months 6 to 8.
    let factors = (0..<9).map { 1 / Double(1 << $0) }
    let expected = 4500 + factors.reduce(0) { $0 + 500 * $1 } - factors[6...].reduce(0) { $0 + 500 * $1 }
    let monthly = factors[..<6].reduce(0) { $0 + 2000 * $1 }
    #expect(monthly < expected, "so the month-by-month contract is the cheaper one")
    #expect(abs(plan.cost - monthly) < 1e-6)
    var only = long
    only.prices.removeAll { $0.contract == 0 }
    let forced = try #require(PortfolioPlanner.plan(only).plan)
    #expect(abs(forced.cost - expected) < 1e-6)
  }

  @Test("a least lot, a quarter, a share and a lost region each change the plan as they should")
  func limits() throws {
    func plan(_ change: (inout PortfolioCase) -> Void) throws -> PortfolioPlan {
      let answer = try PortfolioPlanner.plan(hand(change))
      #expect(answer.violations.isEmpty)
      return try #require(answer.plan)
    }
    let lots = try plan { $0.contracts[1].minimumBlocks = 2 }
    #expect(lots.signed[3][0] == 0 || lots.signed[3][0] >= 2)
    #expect(lots.cost == 2 * 6000 + 2 * 9000)
    let quarters = try plan {
      $0.demands[0].need = [0, 40, 40, 40, 40, 40]
      $0.contracts[1].signatureEvery = 3
    }
    #expect(quarters.signed[1][1] == 0 && quarters.signed[1][2] == 0)
    let shares = try plan { $0.limits.maxProviderShare = 0.5 }
    #expect(shares.cost == 2 * 6000 + 2 * 9000)
    let lost = try plan { ($0.limits.lostRegions, $0.limits.failoverShare) = (1, 0.5) }
    #expect(lost.cost == 2 * 6000 + 2 * 9000)
    #expect(lost.shortage == [[0, 0, 0, 0, 0, 0]])
    let alone = PortfolioModel(hand { ($0.limits.lostRegions, $0.limits.failoverShare) = (1, 0.5) })
    let optimum = try #require(CoinSolver().solve(alone.linear).objective)
    #expect(abs(optimum - 0.03) < 1e-9, "the model knows it too, not the repair alone")
    let counted = try plan { ($0.limits.minProviders, $0.limits.minProviderShare) = (2, 0.4) }
    #expect(counted.cost == 2 * 6000 + 2 * 9000)
    let short = try plan { $0.demands[0].shortageUSD = [Double](repeating: 120, count: 6) }
    #expect(short.penalty == 10 * 120 * 6, "a shortage that costs less than a block is left")
    let bracket = try plan {
      var bracket = SpendBracket()
      (bracket.provider, bracket.fromUSD, bracket.discount) = ("b", 30_000, 0.6)
      $0.brackets = [bracket]
      $0.sites[1].megawatts = [Double](repeating: 4, count: 6)
    }
    #expect(abs(bracket.cost - 36_000 * 0.4) < 1e-6, "four blocks in the west reach the bracket")
  }

  @Test("budget and exposure leave what they do not pay for short")
  func money() throws {
    let budget = try #require(PortfolioPlanner.plan(hand { $0.limits.budgetUSD = 20_000 }).plan)
    #expect(budget.cost <= 20_000)
    #expect(budget.signed[1][0] == 3)
    #expect(budget.penalty > 0)
    // Of 1000 USD a month and block 5 months are unpaid after the first.
    let exposure = try PortfolioPlanner.plan(hand { $0.limits.exposureUSD = 10_000 })
    let plan = try #require(exposure.plan)
    #expect(plan.signed[1][0] == 2)
    #expect(exposure.violations.isEmpty)
    #expect(plan.penalty == 0, "the rest is bought by the month")
  }

  @Test("interruptible capacity serves what may wait, up to its share")
  func interruptible() throws {
    let spot = hand {
      for supply in 0..<2 {
        var price = PortfolioPrice()
        (price.supply, price.contract, price.usdPerHour) = (supply, 3, [Double](repeating: 0.1, count: 6))
        $0.prices.append(price)
      }
    }
    func blocks(_ change: (inout PortfolioCase) -> Void) throws -> Double {
      var portfolio = spot
      change(&portfolio)
      let answer = try PortfolioPlanner.plan(portfolio)
      #expect(answer.violations.isEmpty)
      return try #require(answer.plan).signed[4...5].joined().reduce(0, +)
    }
    #expect(try blocks { $0.limits.maxInterruptibleShare = 0.5 } == 0, "chat may not wait")
    #expect(try blocks { $0.demands[0].isDeferrable = true } == 0, "no share")
    let both: (inout PortfolioCase) -> Void = {
      $0.demands[0].isDeferrable = true
      $0.limits.maxInterruptibleShare = 0.5
    }
    #expect(try blocks(both) == 12, "two of four blocks in each of six months")
  }

  @Test("limits that contradict each other name the smallest move that gives a plan")
  func infeasible() throws {
    let answer = try PortfolioPlanner.plan(
      hand {
        ($0.limits.minProviders, $0.limits.minProviderShare) = (2, 0.5)
        $0.sites[1].megawatts = [3, 3, 1, 3, 3, 3]
      })
    #expect(answer.plan == nil)
    #expect(answer.relaxations.map(\.name) == ["power:west:2027-03"])
    #expect(try abs(#require(answer.relaxations.first).amount - 1) < 1e-6)
    #expect(
      answer.relaxations.first?.description == "power:west:2027-03 has to move by 1.0 for a plan to exist")
  }

  @Test("a host without the solver gets a checked plan and its distance to a bound")
  func greedy() throws {
    var options = PortfolioOptions()
    options.usesSolver = false
    let answer = try PortfolioPlanner.plan(hand(), options)
    let plan = try #require(answer.plan)
    #expect(plan.method == "greedy")
    #expect(answer.violations.isEmpty)
    #expect(plan.cost + plan.penalty == 27_000, "here the greedy plan is the best one")
    #expect(try #require(answer.gap) < 1e-6)
    for seed in 0..<40 {
      let portfolio = PortfolioCase.small(seed)
      let greedy = try PortfolioPlanner.plan(portfolio, options)
      let best = try PortfolioPlanner.plan(portfolio)
      guard let plan = greedy.plan, let least = best.plan?.bound, greedy.violations.isEmpty else { continue }
      #expect(plan.cost + plan.penalty >= least * (1 - 1e-6), "seed \(seed)")
      #expect(try #require(plan.bound) <= (plan.cost + plan.penalty) * (1 + 1e-9), "seed \(seed)")
    }
  }

  @Test("lists that do not fit are refused with a sentence")
  func faults() {
    func refuses(_ text: String, _ change: (inout PortfolioCase) -> Void) {
      #expect { try PortfolioPlanner.plan(hand(change)) } throws: { "\($0)".contains(text) }
    }
    refuses("no months") { $0.months = [] }
    refuses("5 months where the term has 6") { $0.demands[0].need.removeLast() }
    refuses("is -1.0 in 2027-01") { $0.sites[0].megawatts[0] = -1 }
    refuses("refers to row 7") { $0.prices[0].supply = 7 }
    refuses("rates for 0 of 1 classes") { $0.products[0].requestsPerSecond = [] }
    refuses("stands twice") { $0.sites[1].id = "east" }
    refuses("two prices") { $0.prices.append($0.prices[0]) }
    refuses("out of range") { $0.contracts[0].upfrontShare = 2 }
    refuses("endValueShare") { $0.endValueShare = 2 }
    refuses("has no hours") {
      $0.months[1] = PlanMonth(index: 1, label: "2027-02", hours: 0, rampShare: 1)
    }
  }
}
