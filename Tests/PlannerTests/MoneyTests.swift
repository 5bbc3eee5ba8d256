// The ledger: exact money, streams that add up to the plan, and own hardware.

import Planner
import Quantities
import Testing

@Suite struct MoneyTests {
  @Test(
    "price times quantity holds digit for digit",
    arguments: [
      (4.0, 720.5, "2882"), (3.300001, 0.001, "0.003300001"), (27.04, 1e9, "27040000000"),
      (0.000001, 0.001, "0.000000001"), (0, 5, "0"),
    ])
  func product(price: Double, quantity: Double, text: String) {
    let amount = UnitPrice(usd: price) * LedgerQuantity(quantity)
    #expect(amount.text == text)
    #expect(
      amount.nanos == Int128(UnitPrice(usd: price).micros) * Int128(LedgerQuantity(quantity).thousandths))
  }

  @Test("amounts are decimal text with a sign and no trailing zeros")
  func text() {
    #expect((-Money(usd: 12.5)).text == "-12.5")
    #expect(Money(nanos: 1).text == "0.000000001")
    #expect(Money(usd: 3.8e10).text == "38000000000")
    #expect(
      Money(usd: .nan) == .zero && UnitPrice(usd: -1).micros == 0
        && LedgerQuantity(.infinity).thousandths == 0)
  }

  @Test("the ledger of a plan is its money: streams add up to the spend, discounted to the NPV")
  func ledger() throws {
    for name in ["openai-aws-38b", "multi-cloud-scarce"] {
      let plan = try PlannerTests.plan(name)
      let ledger = plan.ledger
      let spend = plan.schedule.filter { $0.option == plan.headline }.reduce(0) { $0 + $1.spend }
      // Prices are quantised to a millionth of a dollar and CPUs' shares with them.
      #expect(abs(ledger.paid.usd / spend - 1) < 1e-6, "\(name)")
      let present =
        plan.leading.flatMap { plan.option($0) }?.netPresentValue ?? plan.portfolio?.netPresentValue
      let value = ledger.netPresentValue(yearly: 0.1, timing: .midMonth)
      #expect(abs(value / (try #require(present)) - 1) < 1e-6)
      let streams = CostStream.allCases.reduce(Money.zero) { $0 + ledger.paid($1) }
      #expect(streams == ledger.paid)
    }
  }

  @Test("a prepayment moves money to the start and changes no total")
  func upfront() throws {
    let (plain, ahead) = (try plan("openai-aws-38b"), try plan("openai-aws-38b", ["upfront_share=0.25"]))
    #expect(abs(ahead.ledger.paid.usd / plain.ledger.paid.usd - 1) < 1e-6)
    #expect(ahead.ledger.paid(.upfront).usd / plain.ledger.paid(.rent).usd > 0.249)
    #expect(ahead.ledger.paidByMonth[0] > 20 * plain.ledger.paidByMonth[0])
    let (before, after) = (
      try #require(plain.option(plain.leading ?? "")), try #require(ahead.option(ahead.leading ?? ""))
    )
    #expect(after.netPresentValue > before.netPresentValue)
    #expect(
      abs(ahead.ledger.netPresentValue(yearly: 0.1, timing: .midMonth) / after.netPresentValue - 1) < 1e-6)
    #expect(after.accelerators == before.accelerators)
  }

  @Test("billing from delivery on pays for what is not usable; billing from acceptance does not")
  func notUsable() throws {
    let settings = ["acceptance_months=2", "billing_start=delivery"]
    let plan = try PlannerTests.plan("openai-aws-38b", settings)
    let option = try #require(plan.option(plan.leading ?? ""))
    // Two months' deliveries stand untested throughout the ramp of 14 months.
    let expected = option.accelerators * 2 * 730.5 * option.rate.usdPerHour
    #expect(abs(plan.ledger.paid(.paidNotUsable).usd / expected - 1) < 1e-3)
    #expect(try Self.first(plan).usable == 0)
    let accepted = try PlannerTests.plan("openai-aws-38b", ["acceptance_months=2"])
    #expect(accepted.ledger.paid(.paidNotUsable) == .zero)
    #expect(try Self.first(accepted).usable > 0)
  }

  private static func first(_ plan: Plan) throws -> ScheduleRow {
    try #require(plan.schedule.first { $0.option == plan.headline })
  }

  @Test(
    "a provider pays back the share of the highest bracket that a year's spend reaches, in its last month")
  func rebates() throws {
    let plan = try PlannerTests.plan("openai-aws-38b")
    func bracket(_ provider: String, _ from: Double, _ discount: Double) -> SpendBracket {
      var bracket = SpendBracket()
      bracket.provider = provider
      bracket.fromUSD = from
      bracket.discount = discount
      return bracket
    }
    let rebated = plan.ledger.rebated([
      bracket("aws", 2e9, 0.03), bracket("aws", 5e9, 0.05), bracket("aws", 1e11, 0.5), bracket("oci", 0, 0.9),
    ])
    // The first year spends 2.5 B USD, the six others more than 5 B.
    let years = (0..<7).map { year in plan.ledger.paidByMonth[(year * 12)..<(year * 12 + 12)].reduce(0, +) }
    #expect(years[0] > 2e9 && years[0] < 5e9 && years[1...].allSatisfy { $0 > 5e9 })
    let expected = 0.03 * years[0] + 0.05 * years[1...].reduce(0, +)
    #expect(abs(-rebated.paid(.spendDiscount).usd / expected - 1) < 1e-9)
    #expect(rebated.rows.filter { $0.stream == .spendDiscount }.map(\.month) == [11, 23, 35, 47, 59, 71, 83])
    #expect(abs(rebated.paid.usd + expected - plan.ledger.paid.usd) < 1)
    #expect(plan.ledger.rebated([]).paid == plan.ledger.paid)
  }

  @Test("own hardware: annuity, running costs, and the streams of the ledger")
  func own() throws {
    var build = OwnBuild()
    build.capital = 35_000
    build.lifeMonths = 60
    build.kilowattsIT = 2
    build.facilityOverIT = 1.15
    build.meanLoad = 0.8
    build.tariff = 0.0725
    build.colocationPerKilowattMonth = 130
    build.repairShare = 0.03
    build.staffPerMegawattYear = 60_000
    #expect(abs(build.capitalPerMonth(yearly: 0.1) - 736.2453548) < 1e-6)
    #expect(abs(build.energy(hours: 730.5) - 2 * 1.15 * 0.8 * 730.5 * 0.0725) < 1e-9)
    #expect(build.colocationPerMonth == 260 && build.repairPerMonth == 87.5 && build.staffPerMonth == 10)
    var contract = Contract()
    contract.kind = .own
    let months = (0..<24).map { PlanMonth(index: $0, label: "2026-01", hours: 730, rampShare: 1) }
    let counts = (0..<24).map { $0 < 12 ? 100.0 : 200.0 }
    let holding = Holding(
      offer: Offer(), site: "a", region: "a", contract: contract,
      rate: Rate(usdPerHour: 1, asOf: "", source: "", trust: .assumed), listRate: nil, signatures: [],
      delivered: counts, billed: counts, accepted: counts, usable: counts, kilowattsEach: 2)
    let ledger = Ledger(
      [holding], months: months, shares: OverheadShares(cpu: 0, network: 0, storage: 0), build: build)
    #expect(ledger.paid(.capital).usd == 200 * 35_000)
    // Halfway through its life of 60 months after 24 and 12: 1 - 24/60 and 1 - 12/60 are left.
    #expect(abs(ledger.paid(.residual).usd + 35_000 * (100 * 0.6 + 100 * 0.8)) < 1e-6)
    #expect(abs(ledger.paid(.energy).usd - 3600 * 2 * 1.15 * 0.8 * 730 * 0.0725) < 0.01)
    #expect(ledger.paid(.rent) == .zero)
  }
}
