// Properties that hold between two plans: what must not happen when one input changes.

import Catalog
import Planner
import Quantities
import Tables
import Testing

/// A small generator with a fixed sequence, so that failures repeat.
private struct Draws: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

@Suite struct MetamorphicTests {
  private func settings(_ draws: inout Draws) -> [String] {
    [
      "budget_usd=\(Double.random(in: 1e9...4e11, using: &draws))",
      "ramp_months=\(Double.random(in: 0...40, using: &draws))",
      "term_months=\(Int.random(in: 41...120, using: &draws))",
      "cpu_share=\(Double.random(in: 0...0.3, using: &draws))",
      "discount_rate=\(Double.random(in: 0...0.3, using: &draws))",
      "utilisation_policy=\(Double.random(in: 0.3...0.9, using: &draws))",
      "hours_basis=\(Bool.random(using: &draws) ? "average" : "calendar")",
    ]
  }

  @Test("more money never buys fewer chips, serves fewer users or lowers what is paid", arguments: 0..<12)
  func moreMoney(seed: Int) throws {
    var draws = Draws(state: UInt64(seed))
    let settings = settings(&draws)
    let less = try plan("google-tpu", settings)
    let budget = try #require(less.scenario.number("budget_usd"))
    let more = try plan(
      "google-tpu", settings + ["budget_usd=\(budget * Double.random(in: 1...2, using: &draws))"])
    for (a, b) in zip(less.options, more.options) {
      #expect(a.id == b.id)
      #expect(a.accelerators <= b.accelerators)
      #expect(a.cost <= b.cost)
    }
    for (a, b) in zip(less.capacities, more.capacities) {
      #expect(a.users.value <= b.users.value * (1 + 1e-12))
    }
  }

  @Test("a higher price never buys more chips", arguments: 0..<12)
  func higherPrice(seed: Int) throws {
    var draws = Draws(state: UInt64(100 + seed))
    let settings = settings(&draws)
    let price = Double.random(in: 0.5...20, using: &draws)
    let higher = price * Double.random(in: 1...3, using: &draws)
    func chips(_ usd: Double) throws -> Double {
      try #require(
        try plan("google-tpu", settings + ["rate.google-tpu7x.own.latest=\(usd)"]).option(
          "google-tpu7x/own/latest")
      ).accelerators
    }
    #expect(try chips(higher) <= chips(price))
  }

  @Test("seven times the money at seven times the price buys the same chips for seven times the NPV")
  func scaling() throws {
    func option(_ factor: Double) throws -> PlanOption {
      let settings = ["budget_usd=\(38e9 * factor)", "rate.google-tpu7x.own.latest=\(1.25 * factor)"]
      return try #require(try plan("google-tpu", settings).option("google-tpu7x/own/latest"))
    }
    let one = try option(1)
    let seven = try option(7)
    #expect(one.accelerators == seven.accelerators)
    #expect(abs(seven.netPresentValue / one.netPresentValue - 7) < 1e-12)
  }

  @Test(
    "without interest the NPV is the sum of the months, and the months are the total",
    arguments: ["average", "calendar"])
  func sums(basis: String) throws {
    let plan = try plan("second-tier-chips", ["discount_rate=0", "hours_basis=\(basis)"])
    for option in plan.options {
      let rows = plan.schedule.filter { $0.option == option.id }
      #expect(rows.count == plan.months.count)
      let spend = rows.reduce(0) { $0 + $1.spend }
      #expect(abs(spend / option.netPresentValue - 1) < 1e-12)
      #expect(abs(rows.reduce(0) { $0 + $1.acceleratorSpend } / option.cost - 1) < 1e-12)
      #expect(abs(rows.reduce(0) { $0 + $1.discountedSpend } / option.netPresentValue - 1) < 1e-12)
    }
  }

  @Test("a shifted start shifts the months and leaves the plan")
  func shift() throws {
    let early = try plan("google-tpu", ["start_month=2025-11"])
    let late = try plan("google-tpu", ["start_month=2027-02"])
    #expect(early.options == late.options)
    #expect(late.months.first?.label == "2027-02")
    #expect(early.months[14].label == "2027-01")
  }

  @Test("permuted rows give the same bytes; so does the same scenario twice")
  func permutation() throws {
    let offers = """
      offer,role,provider,accelerator,instance,region,list_basis,contracted_basis,own_basis,unit_accelerators,\
      domain_accelerators,node_accelerators,rack_accelerators,precision,supply_cap_accelerators,source
      b,deal,aws,GB200,u-p6e-gb200x72,us,capacity_block,rental_3y_commit,hyperscaler_own_cost,72,72,4,72,,,x
      a,deal,oci,GB300,BM.GPU.GB300.4,(all),list_on_demand,rental_3y_commit,,72,72,4,72,,,x
      c,alternative,azure,MI300X,,,,rental_3y_commit,,8,8,8,,,,x

      """
    let models = "model,kind\nDeepSeek-V3,mla\nLlama-3.1-70B,dense\nQwen3-235B-A22B,moe\n"
    let head = "title = \"t\"\nbudget_usd = 1e10\n"
    let one = try ScenarioFolder(["scenario.toml": head, "offers.csv": offers, "models.csv": models])
    let other = try ScenarioFolder([
      "scenario.toml": "budget_usd = 10000000000\ntitle = \"t\"\n", "offers.csv": reversedRows(offers),
      "models.csv": reversedRows(models),
    ])
    for name in ["options", "capacity", "schedule", "checks", "swings", "gaps"] {
      let tables = try [one, one, other].map { folder in
        try #require(
          try Plan(try Scenario.load(folder.path), evidence: try plainEvidence.get()).table(name)
        ).render(.csv)
      }
      #expect(tables[0] == tables[1])
      #expect(tables[0] == tables[2], "\(name)")
    }
  }

  @Test("users follow a demand: the fleet that the demand asks for serves it, and hardly more")
  func demand() throws {
    let plan = try plan("google-tpu", ["demand_users=500e6"])
    #expect(plan.acceleratorMoney == nil)
    let lead = try #require(plan.leading.flatMap { plan.option($0) })
    let capacity = try #require(plan.capacities.first { $0.option == lead.id && $0.standIn.kind == "dense" })
    #expect(capacity.users.value >= 500e6 * (1 - 1e-9))
    #expect(capacity.users.value < 500e6 * 1.01)
    #expect(lead.unspent == 0)
  }
}
