// The 38-billion deal: what the plan must say whatever else changes.

import Planner
import Quantities
import Tables
import Testing

@Suite struct ReferenceDealTests {
  @Test("chips x paid hours x rate + unspent is the accelerator money at every price and date")
  func identity() throws {
    let plan = try plan("openai-aws-38b")
    let money = try #require(plan.acceleratorMoney)
    #expect(abs(plan.paidHours - 56_248.5) < 1e-8)
    #expect(abs(money - 36.1e9) < 1)
    #expect(plan.options.count == 54)
    for option in plan.options {
      let sum = option.accelerators * plan.paidHours * option.rate.usdPerHour + option.unspent
      #expect(abs(sum - money) < 1e-3, "\(option.id)")
      #expect(option.unspent >= 0)
      let units = option.accelerators / Double(option.offer.unit ?? 1)
      #expect(units == units.rounded())
    }
  }

  @Test(
    "contracted and own-cost counts lie between 120,000 and 370,000; list counts stand beside them, below")
  func counts() throws {
    let plan = try plan("openai-aws-38b")
    let deals = plan.options.filter {
      $0.basis != .list && ["GB200", "GB300"].contains($0.offer.accelerator)
    }
    #expect(deals.count == 36)
    for option in deals { #expect((120_000...370_000).contains(option.accelerators), "\(option.id)") }
    let list = try #require(plan.option("aws-gb200/list/latest"))
    #expect((55_000...65_000).contains(list.accelerators))
  }

  @Test(
    "the price of the deal's date is the newest up to it, the latest is the newest of all",
    arguments: [
      ("aws-gb200/contracted/deal", 3.30, "2025-08"), ("aws-gb200/contracted/latest", 4.00, "2026-07"),
      ("aws-gb200/own/deal", 2.21, "2025-08"), ("aws-gb200/own/latest", 1.84, "2026-07-23"),
      ("aws-gb300/contracted/latest", 5.00, "2026-07"), ("azure-gb200/list/latest", 27.04, "2026-06-18"),
    ])
  func prices(option: String, usd: Double, asOf: String) throws {
    let found = try #require(try plan("openai-aws-38b").option(option))
    #expect(found.rate.usdPerHour == usd)
    #expect(found.rate.asOf == asOf)
  }

  @Test("a price younger than the deal says so and is only assumed for the deal's date")
  func younger() throws {
    let plan = try plan("openai-aws-38b")
    let deal = try #require(plan.option("aws-gb200/list/deal"))
    #expect(deal.rate.trust == .assumed)
    #expect(deal.rate.note.hasPrefix("first known price, younger than the deal"))
    #expect(try #require(plan.option("aws-gb200/list/latest")).rate.trust == .published)
  }

  @Test("a price that nobody published is a gap, not a zero")
  func gaps() throws {
    let plan = try plan("openai-aws-38b")
    #expect(plan.option("aws-gb300/list/latest") == nil)
    #expect(plan.gaps.contains { $0.subject == "list price of GB300 at AWS" })
    #expect(plan.gaps.contains { $0.subject == "power of Trainium2" })
  }

  @Test("TPU and silicon of one's own stand beside the deal, without a bound of the announcement")
  func alternatives() throws {
    let plan = try plan("openai-aws-38b")
    #expect(plan.option("google-tpu7x/contracted/latest")?.rate.usdPerHour == 2)
    #expect(plan.option("google-tpu7x/own/latest")?.rate.usdPerHour == 1.03)
    #expect(plan.option("own-gb200/own/latest")?.offer.role == "alternative")
    #expect(plan.option("own-gb200/list/latest") == nil)
    #expect(plan.gaps.contains { $0.subject == "own price of MTIA 400 at Meta" })
    #expect(plan.checks.filter { $0.name == "announced size" }.allSatisfy { $0.subject.hasPrefix("aws-gb") })
  }

  @Test("a surveyed rate is assumed of each provider and says what it is")
  func surveyed() throws {
    let rate = try #require(try plan("openai-aws-38b").option("azure-gb200/contracted/latest")).rate
    #expect(rate.trust == .assumed)
    #expect(rate.note.contains("not the provider's own quote"))
  }

  @Test("a ramp longer than the term is refused")
  func ramp() {
    #expect(throws: InputError.self) { try Scenario.load("openai-aws-38b", set: ["ramp_months=90"]) }
  }

  @Test("the months serve the month's share of the fleet")
  func served() throws {
    let plan = try plan("openai-aws-38b")
    let table = try #require(plan.table("schedule"))
    let names = table.columns.map(\.name)
    let decode = try #require(names.firstIndex(of: "dense_decode_tokens_per_s"))
    let row = try #require(table.rows.first { $0[0] == .text("aws-gb200/contracted/latest") })
    let whole = try #require(plan.capacities.first { $0.option == "aws-gb200/contracted/latest" })
    var shown = 0.0
    if case .number(let value, _) = row[decode] { shown = value }
    #expect(shown > 0)
    #expect(abs(shown - whole.decodeTokensPerSecond.value * 0.5 / 14) < 1e-6 * shown)
  }

  @Test("power is the all-in figure once: facility holds the PUE, IT does not, and 1.15 is their ratio")
  func power() throws {
    let facility = try #require(try plan("openai-aws-38b").option("aws-gb200/contracted/latest"))
    let it = try #require(
      try plan("openai-aws-38b", ["power_basis=allin_it"]).option("aws-gb200/contracted/latest"))
    #expect(abs((facility.megawatts ?? 0) - facility.accelerators * 2.168 / 1000) < 1e-9)
    #expect(abs((facility.megawatts ?? 0) / (it.megawatts ?? 1) - 1.15) < 0.001)
  }

  @Test("the plan says which inputs decide: the price basis first")
  func decides() throws {
    let swings = try plan("openai-aws-38b").swings
    #expect(swings.first?.input == "price basis")
    for input in ["price date", "ramp_months", "cpu_share", "throughput interval"] {
      #expect(swings.contains { $0.input == input }, "\(input)")
    }
  }

  @Test("every sanity check stands in the plan, and no hard one fails", arguments: Scenario.bundledNames)
  func checks(name: String) throws {
    let plan = try plan(name)
    #expect(plan.passes)
    #expect(plan.infeasible.isEmpty)
    let names = Set(plan.checks.map(\.name))
    for name in [
      "money adds up", "months add up", "deal check", "USD per MW-year", "MW per 1,000 accelerators",
      "decode below its roofline", "mean utilisation", "share of supply", "demand per user",
      "price age",
    ] { #expect(names.contains(name), "\(name)") }
  }

  @Test("a headline price of more than 180 days before the plan's newest one warns, and is no hard fault")
  func oldPrice() throws {
    let folder = try ScenarioFolder([
      "scenario.toml": "based_on = \"google-tpu\"\n",
      "rates.csv": "offer,basis,date,usd_per_accelerator_hour,as_of,source,note\n"
        + "google-tpu7x,contracted,both,1.5,2025-06,my contract,\n",
    ])
    let old = try Plan(try Scenario.load(folder.path), evidence: try plainEvidence.get())
    let checks = old.checks.filter { $0.name == "price age" && $0.subject.hasPrefix("google-tpu7x") }
    #expect(!checks.isEmpty && checks.allSatisfy { $0.result == .fail && $0.severity == .warning })
    #expect(old.passes)
    #expect(try plan("google-tpu").checks.filter { $0.name == "price age" }.allSatisfy { $0.result == .pass })
  }

  @Test("an estimate above its roofline fails the plan")
  func roofline() throws {
    let catalog = try plainEvidence.get().catalog
    let absurd = ThroughputSource { _, _, _ in
      .success(
        Throughput(
          prefill: Figure(1, "tokens/s", trust: .assumed),
          decode: Figure(30_000, "tokens/s", trust: .assumed),
          replica: 1, decodeBound: 20_000))
    }
    let plan = try Plan(
      try Scenario.load("openai-aws-38b"), evidence: PlanEvidence(catalog: catalog, throughput: absurd))
    #expect(!plan.passes)
    #expect(plan.checks.contains { $0.name == "prefill below its roofline" && $0.result == .unknown })
  }
}
