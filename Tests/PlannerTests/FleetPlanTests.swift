// A fleet over time from the scenario's tables: limits kept, money and capacity the same in every view of it.

import Foundation
import LinearPrograms
import Planner
import Quantities
import Testing

@Suite struct FleetPlanTests {
  /// A small fleet: twelve months, two sites of two providers.
  private static let files = [
    "scenario.toml": """
    based_on = "frontier-lab-fleet"
    start_month = "2026-12"
    term_months = 12
    ramp_months = 6
    shares_from_month = 6
    max_provider_share = 0.7
    """,
    "sites.csv": """
    site,provider,region,install_per_month,tariff_usd_per_kwh,source
    a,aws,us-east,,,x
    o,oci,us-central,,,x

    """,
    "power.csv":
      "site,month,mw,kind,source\na,2026-12,40,facility,x\no,2026-12,20,facility,x\no,2027-06,60,facility,x\n",
    "deliveries.csv": """
    site,offer,month,accelerators,source
    a,aws-gb200,2026-10,7200,x
    a,aws-gb200,2027-02,21600,x
    o,oracle-gb200,2026-10,7200,x
    o,oracle-gb300,2027-03,14400,x

    """,
    "demand.csv": """
    class,model,requests_per_day,input_tokens,output_tokens,cached_share,growth_per_year,profile,burst,deferrable_share,regions,ttft_limit_s,tpot_limit_s,shortage_usd_per_mtok,source,as_of
    chat,Qwen3-235B-A22B,4e9,1000,200,0.5,1,consumer,1.2,0,us-east:0.5;eu:0.5,2,0.05,5,x,2026
    batch,Llama-3.1-70B,2e8,2000,500,0,0,,1,1,us-east:1,60,0.2,1,x,2026

    """,
    "training.csv":
      "class,active_parameters,tokens,days,mfu,runs_at_once,shortage_usd_per_run_month,source,as_of\n",
    "brackets.csv": "provider,from_usd,discount,source\n",
  ]

  private func fleet(_ set: [String] = [], _ changed: [String: String] = [:]) throws -> (FleetPlan, Scenario)
  {
    let folder = try ScenarioFolder(Self.files.merging(changed) { _, new in new })
    let scenario = try Scenario.load(folder.path, set: set)
    return (try #require(try FleetPlan.make(scenario, evidence: try plainEvidence.get())), scenario)
  }

  @Test("keeps every limit, by the checker and by hand")
  func limits() throws {
    let (fleet, scenario) = try fleet()
    let plan = try #require(fleet.plan)
    #expect(fleet.answer.violations.isEmpty)
    #expect(fleet.rows.count == 12)
    for month in fleet.rows {
      let at = month.month.index
      for site in fleet.fleetCase.portfolio.sites {
        let drawn = fleet.holdings.filter { $0.site == site.id }.reduce(0) {
          $0 + $1.accepted[at] * ($1.kilowattsEach ?? 0) / 1000
        }
        #expect(drawn <= site.megawatts[at] + 1e-6, "\(site.id) \(month.month.label)")
      }
      let all = fleet.holdings.reduce(0) { $0 + $1.accepted[at] }
      guard at >= 6, all > 0 else { continue }
      for provider in ["aws", "oci"] {
        let held = fleet.holdings.filter { $0.offer.provider == provider }.reduce(0) { $0 + $1.accepted[at] }
        #expect(held <= 0.7 * all + 1e-6)
      }
    }
    // Blocks delivered in 2027-02 are accepted and late in the median: 2027-04 is the first month with more than 7,200.
    for (offer, month, most) in [
      ("aws-gb200", 3, 7200.0), ("aws-gb200", 11, 21_600), ("oracle-gb200", 11, 7200),
    ] {
      let held = fleet.holdings.filter { $0.offer.id == offer }.reduce(0) { $0 + $1.accepted[month] }
      #expect(held <= most, "\(offer) in month \(month): \(held)")
    }
    // Nothing is usable before it is delivered, accepted and late in the median: two months after 2026-10.
    #expect(fleet.rows[0].usable > 0 && scenario.number("slip_months") == 1)
    for (index, need) in fleet.fleetCase.needs.enumerated() {
      for month in 0..<12 {
        #expect(
          abs(plan.served[index][month] + plan.shortage[index][month] - need.need[month]) <= 1e-6
            * need.need[month])
      }
    }
  }

  @Test("holdings are what was signed, and the ledger pays for them")
  func ledger() throws {
    let (fleet, scenario) = try fleet()
    let plan = try #require(fleet.plan)
    for (index, row) in fleet.fleetCase.prices.enumerated() {
      let blocks = plan.signed[index].reduce(0, +)
      let unit = Double(row.offer.unit ?? 1)
      let signed = fleet.holdings.filter {
        $0.offer.id == row.offer.id && $0.site == row.site.id && $0.contract.id == row.contract.id
      }.flatMap(\.signatures)
      #expect((blocks > 0) == !signed.isEmpty)
      #expect(signed.allSatisfy { $0.acceleratorHours >= 0.99 * unit * 600 })
    }
    let paid = fleet.ledger.paid.usd
    #expect(abs(fleet.rows.reduce(0) { $0 + $1.paid } / paid - 1) < 1e-9)
    // A prepaid quarter of three years is more than the months themselves in a term of one.
    #expect(fleet.ledger.paid(.upfront) > .zero && fleet.ledger.paid(.paidNotUsable) > .zero)
    #expect(fleet.netPresentValue(scenario) < paid && fleet.netPresentValue(scenario) > 0.9 * paid)
  }

  @Test("the peak of regions in different time zones is below the sum of their peaks")
  func peak() throws {
    let (both, _) = try fleet()
    let one = Self.files["demand.csv"]?.replacing("us-east:0.5;eu:0.5", with: "us-east:1") ?? ""
    let (single, _) = try fleet([], ["demand.csv": one])
    func chat(_ fleet: FleetPlan) throws -> FleetNeed {
      try #require(fleet.fleetCase.needs.first { $0.id == "chat" })
    }
    #expect(try chat(both).need[0] < chat(single).need[0])
    #expect(try chat(both).mean == chat(single).mean)
    // Doubling within the year: the last month is eleven twelfths of the way in logarithms.
    let mean = try chat(both).mean
    #expect(abs(mean[11] / mean[0] - pow(2, 11.0 / 12)) < 1e-9)
    #expect(abs(mean[0] - 4e9 / 86_400) < 1e-6)
  }

  @Test("an unknown model, and a contract without a price, are named")
  func faults() throws {
    let wrong = Self.files["demand.csv"]?.replacing("Qwen3-235B-A22B", with: "Qwen3-235B") ?? ""
    let folder = try ScenarioFolder(Self.files.merging(["demand.csv": wrong]) { _, new in new })
    let scenario = try Scenario.load(folder.path)
    let error = try #require(throws: (any Error).self) {
      try FleetPlan.make(scenario, evidence: try plainEvidence.get())
    }
    #expect("\(error)".contains("no model 'Qwen3-235B'") && "\(error)".contains("demand.csv:2"))
    #expect(try FleetPlan.make(Scenario.load("openai-aws-38b"), evidence: try plainEvidence.get()) == nil)
  }

  @Test("a provider that is gone holds nothing, and the program as MPS names what is left")
  func without() throws {
    let folder = try ScenarioFolder(Self.files)
    // With one provider left, no rule on shares can hold.
    let scenario = try Scenario.load(folder.path, set: ["max_provider_share=1"]).without(providers: ["aws"])
    #expect(!scenario.offers.contains { $0.provider == "aws" })
    let fleet = try #require(try FleetPlan.make(scenario, evidence: try plainEvidence.get()))
    #expect(!fleet.holdings.isEmpty && fleet.holdings.allSatisfy { $0.offer.provider == "oci" })
    let text = try fleet.mps()
    #expect(
      text.contains("ROWS") && text.contains("ENDATA") && text.contains("GB200") && !text.contains("a:GB200"))
    #expect(try Scenario.load(folder.path).without(providers: []).offers.contains { $0.provider == "aws" })
  }

  @Test("less power buys less, and the report says what a megawatt is worth")
  func power() throws {
    let (full, _) = try fleet()
    let (half, _) = try fleet(["power_factor=0.3"])
    func most(_ fleet: FleetPlan) -> Double { fleet.rows.map(\.megawatts).max() ?? 0 }
    #expect(most(half) < most(full))
    #expect(half.answer.worths.contains { $0.name.hasPrefix("power:") && $0.usd > 0 })
  }
}
