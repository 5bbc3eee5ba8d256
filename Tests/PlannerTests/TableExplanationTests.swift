// `explain` of cells of tables and of distributions: what is shown is what is in force, with where it comes from.

import Planner
import Quantities
import Tables
import Testing

@Suite("Cells and distributions explained")
struct TableExplanationTests {
  private func evidence() throws -> PlanEvidence {
    var evidence = try plainEvidence.get()
    evidence.plansFleet = false
    return evidence
  }

  @Test("a cell shows value, layer, line and source of the row in force, and what it replaced")
  func cells() throws {
    let folder = try ScenarioFolder([
      "scenario.toml": "based_on = \"frontier-lab-fleet\"\n",
      "contracts.csv": """
      contract,kind,basis,term_months,upfront_share,committed_share,price_factor,billing_start,minimum_accelerators,signature_every_months,spares_included,source
      mine,reserved,contracted,24,0.1,1,1,acceptance,0,1,0,an offer
      reserved-3y,reserved,contracted,36,0.4,1,1,delivery,2048,3,0,letter of intent

      """,
    ])
    let plan = try Plan(Scenario.load(folder.path), evidence: evidence())
    let cells = try ScenarioCells(of: folder.path)
    let lines = try #require(cells.explanation(of: "contract.reserved-3y.upfront_share", in: plan))
    #expect(lines.count == 4)
    #expect(
      lines[0] == "contract.reserved-3y.upfront_share = 0.4: share of the term's price due at the signature")
    #expect(
      lines[1].hasPrefix("  set by folder: ") && lines[1].hasSuffix("/contracts.csv:3; letter of intent"))
    #expect(lines[2].hasPrefix("  over bundled: 0.25 at frontier-lab-fleet/contracts.csv:4; surveyed"))
    #expect(lines[3] == "moves what is due at the signature: NPV, exposure")
    // The folder's table replaces the bundled one whole.
    #expect(cells.explanation(of: "contract.on-demand.term_months", in: plan) == nil)
    #expect(cells.names.contains("contract.mine.term_months"))
    #expect(!cells.names.contains("contract.reserved-5y.term_months"))
  }

  @Test("a site's power is all its steps; a row is all its cells; every named cell has lines")
  func rows() throws {
    let plan = try Plan(Scenario.load("frontier-lab-fleet"), evidence: evidence())
    let cells = try ScenarioCells(of: "frontier-lab-fleet")
    let power = try #require(cells.explanation(of: "site.aws-us-central.max_mw", in: plan))
    let steps = plan.scenario.fleet.power.filter { $0.site == "aws-us-central" }
    #expect(steps.count == 3)
    for step in steps {
      let megawatts = decimalText(try #require(step.megawatts))
      #expect(power.contains { $0.hasPrefix("  power.aws-us-central.\(step.month).mw = \(megawatts): ") })
    }
    let demand = try #require(cells.explanation(of: "demand.chat.requests_per_day", in: plan))
    #expect(demand[0].hasPrefix("demand.chat.requests_per_day = 4.2e9: ") && demand[1].hasSuffix("(2026-11)"))
    let row = try #require(cells.explanation(of: "delivery.aws-us-east.aws-gb200", in: plan))
    #expect(
      row.count { $0.hasPrefix("delivery.aws-us-east.aws-gb200.20") }
        == plan.scenario.fleet.deliveries.count {
          $0.site == "aws-us-east" && $0.offer == "aws-gb200"
        })
    #expect(cells.names.count > 200 && Set(cells.names).count == cells.names.count)
    for name in cells.names { #expect(cells.explanation(of: name, in: plan) != nil, "\(name)") }
    for wrong in ["site.aws-us-centrl.max_mw", "site", "site.aws-us", "power.", ""] {
      #expect(cells.explanation(of: wrong, in: plan) == nil, "\(wrong)")
    }
    #expect(
      nearestNames(to: "site.aws-us-centrl.max_mw", among: cells.names).first == "site.aws-us-central.max_mw")
  }

  @Test("an uncertain input shows form, percentiles and the name that seeds it")
  func distributions() throws {
    let folder = try ScenarioFolder([
      "scenario.toml": "based_on = \"openai-aws-38b\"\nseed = 7\n",
      "assumptions.csv": """
      key,value,low,high,unit,source,as_of,distribution
      demand_factor,1,,,ratio,x,2026,uniform(low=0.8;high=1.2)

      """,
    ])
    let plan = try Plan(Scenario.load(folder.path), evidence: evidence())
    let stated = try #require(plan.distribution(of: "distribution.demand_factor"))
    #expect(stated[0].hasPrefix("uncertain: uniform(low=0.8;high=1.2), as stated at "))
    #expect(
      stated[1].hasPrefix("P10 0.84000, P50 1.000, P90 1.160 ratio; mean 1.000, standard deviation 0.11547"))
    #expect(
      stated.contains { $0.hasPrefix("drawn by Latin hypercube: seed 7 with the name 'demand_factor'") })
    let price = try #require(plan.distribution(of: "price_factor"))
    #expect(price[0].hasPrefix("uncertain: pert(low=0.75;mode=1;high=1.25), from the range 0.75 to 1.25 at "))
    #expect(plan.explanation(of: "price_factor")?.contains { $0.contains(price[1]) } == true)
    let slip = try #require(plan.explanation(of: "delivery_slip_months"))
    #expect(slip[1] == "  uncertain: lognormal(p10=0.25;p90=4), from slip_months and slip_months_p90")
    #expect(plan.distribution(of: "budget_usd") == nil && plan.distribution(of: "distribution.x") == nil)
    #expect(plan.explainableNames.contains("delivery_slip_months"))
    #expect(plan.uncertainNames.contains { $0.hasPrefix("throughput_factor:") })
  }
}
