// How sure a plan is: samples, what decides, stresses, on plans whose answers are known.

import Catalog
import Planner
import Quantities
import Tables
import Testing

@Suite struct PlanUncertaintyTests {
  private func uncertainty(_ set: [String] = [], samples: Int = 400, threads: Int = 2) throws -> (
    PlanUncertainty, Plan
  ) {
    let plan = try plan("openai-aws-38b", set)
    let found = try PlanUncertainty(
      plan, catalog: try Catalog.embedded(), samples: samples, threads: threads, sobolBase: 128)
    return (try #require(found), plan)
  }

  @Test("with every input at its base the sampled arithmetic is the plan's own")
  func base() throws {
    // No ranges: every draw is the scenario itself.
    let folder = try ScenarioFolder(["scenario.toml": "based_on = \"openai-aws-38b\"\nslip_months = 0\n"])
    let scenario = try Scenario.load(folder.path)
    let plan = try Plan(scenario, evidence: try plainEvidence.get())
    let found = try #require(
      try PlanUncertainty(plan, catalog: try Catalog.embedded(), samples: 64, sobolBase: 64))
    let headline = try #require(plan.option(plan.leading ?? ""))
    let capacity = try #require(plan.capacities.first { $0.option == headline.id })
    // The tornado's centre is the median of each input; bring those that have ranges to their base first.
    let fixed = found.variables.filter { !$0.distribution.isFixed }.map(\.name)
    #expect(!fixed.isEmpty)
    let base = found.result.candidates[0]
    #expect(base.name == "aws-gb200")
    let middle = base.usdPerMtokPercentiles.first { $0.share == 0.5 }?.value ?? 0
    #expect(middle / capacity.usdPerMtokTotal.value > 0.5 && middle / capacity.usdPerMtokTotal.value < 2)
    #expect(base.meanCost / headline.netPresentValue > 0.8 && base.meanCost / headline.netPresentValue < 1.25)
  }

  @Test("the same bytes on one thread and two, and another seed gives other draws")
  func threads() throws {
    let (one, _) = try uncertainty(threads: 1)
    let (two, _) = try uncertainty(threads: 2)
    #expect(one.result == two.result && one.sobol == two.sobol)
    let (other, _) = try uncertainty(["seed=7"])
    #expect(other.result.candidates[0].costs != one.result.candidates[0].costs)
  }

  @Test("a dearer hour buys fewer tokens: USD per Mtok goes with the price, to the digit")
  func price() throws {
    let (found, _) = try uncertainty()
    let bar = try #require(found.tornado.bars.first { $0.variable.name == "price_factor" })
    #expect(abs(bar.atHigh.usdPerMtok / bar.atLow.usdPerMtok - bar.high / bar.low) < 1e-9)
    // Throughput the other way round.
    let speed = try #require(found.tornado.bars.first { $0.variable.name == "throughput_factor:GB200" })
    #expect(abs(speed.atLow.usdPerMtok / speed.atHigh.usdPerMtok - speed.high / speed.low) < 1e-9)
  }

  @Test("stresses: a provider that is gone serves nothing and costs nothing; late deliveries serve less")
  func stresses() throws {
    let (found, _) = try uncertainty()
    func outcome(_ name: String) throws -> Outcome {
      try #require(found.stresses.first { $0.stress.name == name }?.outcome, "\(name)")
    }
    let gone = try outcome("without aws")
    #expect(gone.costUSD == 0 && gone.usdPerMtok == 0 && gone.shortage > 0)
    let late = try outcome("delivery + 6 months")
    #expect(late.shortage > found.tornado.base.shortage && late.shortage < gone.shortage)
    let more = try outcome("demand × 1.5")
    #expect(more.shortage > found.tornado.base.shortage && more.costUSD == found.tornado.base.costUSD)
    // Owned hardware and power limits do not exist in a rented budget plan: no answer rather than an unchanged one.
    #expect(found.stresses.contains { $0.stress.name == "life 3 years" && $0.outcome == nil })
  }

  @Test("the tables name every candidate, and the least regret is one of them")
  func tables() throws {
    let (found, plan) = try uncertainty()
    #expect(found.result.candidates.count > 1 && found.result.candidates.count <= 6)
    #expect(found.regretTable.rows.count == found.result.candidates.count)
    #expect(found.percentilesTable.rows.count == found.result.candidates.count * 2 * reportedShares.count)
    #expect(found.result.candidates.contains { $0.name == found.result.leastRegret?.name })
    #expect(plan.leading == "aws-gb200/contracted/latest")
    // A portfolio and a plan from nothing have no single headline to sample.
    #expect(
      try PlanUncertainty(
        try PlannerTests.plan("multi-cloud-scarce"), catalog: try Catalog.embedded(), samples: 16) == nil)
  }
}
