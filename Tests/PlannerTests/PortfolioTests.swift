// Splitting money over providers, and the checker that trusts nobody.

import Planner
import Quantities
import Testing

@Suite struct PortfolioTests {
  @Test("supply caps and the 60 % rule hold, and most of the money is spent")
  func rules() throws {
    let plan = try plan("multi-cloud-scarce")
    let money = try #require(plan.acceleratorMoney)
    #expect(
      violations(
        plan.allocation, money: money, paidHours: plan.paidHours, maxProviderShare: 0.6, maxMegawatts: nil)
        == [])
    for (_, rows) in Dictionary(grouping: plan.allocation, by: \.offer.provider) {
      #expect(rows.reduce(0) { $0 + $1.cost } <= 0.6 * money)
    }
    #expect(plan.allocation.reduce(0) { $0 + $1.cost } > 0.9 * money)
    #expect(plan.allocation.contains { $0.binding == "supply" })
  }

  @Test("a tighter provider share never puts more with the largest provider")
  func tighter() throws {
    func largest(_ share: Double) throws -> Double {
      let rows = try plan("multi-cloud-scarce", ["max_provider_share=\(share)"]).allocation
      return Dictionary(grouping: rows, by: \.offer.provider).values.map {
        $0.reduce(0) { $0 + $1.moneyShare }
      }.max() ?? 0
    }
    #expect(try largest(0.3) <= 0.3)
    #expect(try largest(0.3) <= largest(0.6))
  }

  @Test("the split does what the best split does, less what whole units leave over")
  func best() throws {
    for settings in [[], ["max_provider_share=0.3"], ["budget_usd=5e9"]] {
      let plan = try plan("multi-cloud-scarce", settings)
      let check = try #require(plan.checks.first { $0.name == "portfolio against the best split" })
      let share = try #require(check.value)
      #expect(share > 0.99 && share <= 1 + 1e-9 && check.result == .pass, "\(settings): \(share)")
    }
  }

  @Test("the checker finds a changed row", arguments: 0..<5)
  func corruption(index: Int) throws {
    let plan = try plan("multi-cloud-scarce")
    let money = try #require(plan.acceleratorMoney)
    var rows = plan.allocation
    let row = rows[0]
    func changed(accelerators: Double? = nil, cost: Double? = nil, share: Double? = nil) -> AllocationRow {
      AllocationRow(
        offer: row.offer, basis: row.basis, rate: row.rate, accelerators: accelerators ?? row.accelerators,
        cost: cost ?? row.cost,
        moneyShare: share ?? row.moneyShare, megawatts: row.megawatts, usdPerMtok: row.usdPerMtok,
        binding: row.binding)
    }
    switch index {
    case 0: rows[0] = changed(accelerators: row.accelerators + 1)
    case 1: rows[0] = changed(cost: row.cost * 1.001)
    case 2: rows[0] = changed(share: row.moneyShare + 0.01)
    case 3: rows[0] = changed(accelerators: -72)
    default: rows.append(contentsOf: rows)
    }
    #expect(
      !violations(rows, money: money, paidHours: plan.paidHours, maxProviderShare: 0.6, maxMegawatts: nil)
        .isEmpty)
  }

  @Test("the headline is the portfolio; one offer for all the money breaks a limit and says so")
  func headline() throws {
    let plan = try plan("multi-cloud-scarce")
    #expect(plan.headline == "portfolio" && plan.leading == nil)
    let portfolio = try #require(plan.portfolio)
    #expect(portfolio.accelerators == plan.allocation.reduce(0) { $0 + $1.accelerators })
    let single = try #require(plan.option("aws-gb200/contracted/latest"))
    #expect(single.brokenLimits.contains { $0.contains("can be had") })
    #expect(single.brokenLimits.contains { $0.contains("max_provider_share") })
    let dense = try #require(portfolio.served.first)
    let parts = try portfolio.options.map { option in
      let whole = try #require(plan.capacities.first { $0.option == option.id })
      return whole.decodeTokensPerSecond.value * option.usable / (try #require(plan.option(option.id)).usable)
    }
    #expect(abs(dense.decodeTokensPerSecond.value / parts.reduce(0, +) - 1) < 0.01)
    #expect(plan.swings.contains { $0.input == "max_provider_share" || $0.input == "price basis" })
    let months = plan.schedule.filter { $0.option == "portfolio" }
    #expect(abs(months.reduce(0) { $0 + $1.acceleratorSpend } / portfolio.cost - 1) < 1e-9)
  }

  @Test("a demand for more chips than caps allow is infeasible and says by how much")
  func infeasible() throws {
    let plan = try plan("multi-cloud-scarce", ["min_accelerators=2000000"])
    #expect(plan.infeasible.count == 1)
    #expect(plan.headline == nil && plan.portfolio == nil)
    #expect(!PlanReport(plan).text.contains("Headline ("))
    #expect(plan.infeasible.first?.contains("min_accelerators is 2,000,000") == true)
  }

  @Test("no power for any offer of the deal is infeasible")
  func power() throws {
    let plan = try plan("openai-aws-38b", ["max_mw=10"])
    #expect(plan.infeasible.contains { $0.contains("max_mw is 10.0") })
  }
}
