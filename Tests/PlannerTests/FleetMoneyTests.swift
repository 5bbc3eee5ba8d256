// Own halls beside rented racks, streams beside the accelerators' own, and the carbon of the grids.

import Catalog
import Planner
import Quantities
import Tables
import Testing

@Suite struct FleetMoneyTests {
  @Test("own hardware is bought at its price, runs at its site's tariff, and what is unknown is a gap")
  func ownBuild() throws {
    let (fleet, plan) = try smallFleet()
    let own = try #require(fleet.holdings.first { $0.site == "h" })
    let build = try #require(own.build)
    #expect(own.contract.kind == .own && build.capital == 64_380 && build.lifeMonths == 60)
    #expect(build.tariff == 0.2 && build.meanLoad == 0.8)
    #expect(fleet.holdings.allSatisfy { ($0.build != nil) == ($0.offer.provider == "own") })
    #expect(fleet.fleetCase.prices.allSatisfy { ($0.contract.kind == .own) == ($0.offer.provider == "own") })
    let chip = try #require(try plainEvidence.get().catalog.accelerator("GB300"))
    let inside = try #require(chip.allInITPower).value / 1000
    let outside = try #require(chip.allInFacilityPower).value / 1000
    // The price that the search sees is the annuity of 64,380 USD over 60 months and what it takes to run.
    let monthly = 1.1.power(1.0 / 12) - 1
    let annuity = 64_380 * monthly / (1 - (1 + monthly).power(-60))
    let running = inside * 130 + outside * 0.8 * 730.5 * 0.2 + 64_380 * 0.03 / 12 + inside * 60 / 12
    #expect(abs(own.rate.usdPerHour / ((annuity + running) / 730.5) - 1) < 1e-9)
    #expect(own.rate.asOf == "2025-11")
    let bought = try #require(own.delivered.max())
    #expect(bought > 0 && fleet.ledger.paid(.capital).usd == bought * 64_380)
    let energy = own.delivered.reduce(0, +) * outside * 0.8 * 730.5 * 0.2
    #expect(abs(fleet.ledger.paid(.energy).usd / energy - 1) < 1e-6)
    #expect(fleet.ledger.paid(.residual) < .zero)
    let gap = try #require(
      plan.gaps.first { $0.subject.contains("MTIA 300") && $0.missing.contains("price") })
    #expect(gap.remedy.contains("own_builds.csv"))
    // The lump of the purchase is no cost of one month's tokens.
    let costs = fleet.rows.compactMap(\.usdPerMtok)
    #expect(costs.allSatisfy { $0 > 0 } && (fleet.rows.last?.paid ?? 0) < 0)
  }

  @Test("a shorter life is dearer by the annuity, and the hardware is gone with it")
  func life() throws {
    let (long, _) = try smallFleet()
    let (short, _) = try smallFleet(["own_life_months=36"])
    func hourly(_ fleet: FleetPlan) throws -> Double {
      try #require(fleet.fleetCase.prices.first { $0.build != nil }).usdPerHour[0]
    }
    let monthly = 1.1.power(1.0 / 12) - 1
    func annuity(_ months: Double) -> Double { 64_380 * monthly / (1 - (1 + monthly).power(-months)) / 730.5 }
    #expect(try abs(hourly(short) - hourly(long) - (annuity(36) - annuity(60))) < 1e-9)
    #expect(short.fleetCase.prices.filter { $0.build != nil }.allSatisfy { $0.contract.termMonths == 36 })
  }

  @Test(
    "take-or-pay: what works is rent, of the rest the committed part is paid and shown",
    arguments: [0, 0.5, 0.9, 1])
  func takeOrPay(_ committed: Double) throws {
    func fleet(_ kind: String, _ share: Double) throws -> FleetPlan {
      let files = try #require(smallFleetFiles["contracts.csv"])
        .replacing("rent,reserved,contracted,12,0.25,1,", with: "rent,\(kind),contracted,12,0,\(share),")
      return try smallFleet([], ["contracts.csv": files]).0
    }
    let (plain, paid) = (try fleet("reserved", 1), try fleet("take_or_pay", committed))
    let index = try #require(paid.holdings.firstIndex { $0.contract.kind == .takeOrPay })
    let holding = paid.holdings[index]
    let working = try #require(holding.working)
    #expect(plain.holdings.map(\.accepted) == paid.holdings.map(\.accepted))
    #expect(plain.ledger.paid(.unusedCommitment) == .zero)
    // Capacity is for the busiest minute: on average a part of it works.
    for month in paid.ledger.months where holding.accepted[month.index] > 0 {
      let at = month.index
      #expect(working[at] > 0 && working[at] < holding.accepted[at])
      func hours(_ stream: CostStream) -> Double {
        paid.ledger.rows.filter { $0.holding == index && $0.month == at && $0.stream == stream }
          .reduce(0) { $0 + $1.quantity.value }
      }
      #expect(abs(hours(.rent) - working[at] * month.hours) < 1e-2)
      let due = max(0, committed * holding.accepted[at] - working[at])
      #expect(abs(hours(.unusedCommitment) - due * month.hours) < 1e-2)
    }
    let whole = plain.ledger.paid(.rent).usd
    let both = paid.ledger.paid(.rent).usd + paid.ledger.paid(.unusedCommitment).usd
    #expect(committed == 1 ? abs(both / whole - 1) < 1e-6 : both < whole)
    #expect((paid.ledger.paid(.unusedCommitment) > .zero) == (committed == 1 || due(paid, index, committed)))
  }

  /// True where the committed part is more than what works in some month.
  private func due(_ fleet: FleetPlan, _ index: Int, _ committed: Double) -> Bool {
    let holding = fleet.holdings[index]
    return zip(holding.accepted, holding.working ?? []).contains { committed * $0 > $1 + 1e-6 }
  }

  @Test("the bundled hall beside clouds buys and rents, and names what MTIA lacks")
  func bundled() throws {
    let scenario = try Scenario.load("own-build-fleet")
    #expect(scenario.fleet.builds.map(\.accelerator) == ["GB200", "GB300"])
    #expect(scenario.fleet.builds.allSatisfy { $0.low != nil && $0.high != nil && !$0.asOf.isEmpty })
    #expect(Set(scenario.fleet.sites.map(\.provider)) == ["aws", "coreweave", "own"])
    for key in [
      "own_life_months", "own_colocation_usd_per_kw_month", "own_repair_share_per_year", "mean_load",
    ] {
      let setting = try #require(scenario.input(key)?.active)
      #expect(setting.low != nil && setting.high != nil && setting.source.hasPrefix("assumed"))
    }
  }

  private func small(kind: ContractKind = .reserved) -> (Holding, [PlanMonth]) {
    var contract = Contract()
    contract.kind = kind
    contract.upfrontShare = 0.25
    let months = (0..<4).map { PlanMonth(index: $0, label: "2026-0\($0 + 1)", hours: 730, rampShare: 1) }
    let counts = [100.0, 200, 200, 50]
    return (
      Holding(
        offer: Offer(), site: "a", region: "a", contract: contract,
        rate: Rate(usdPerHour: 2, asOf: "", source: "", trust: .assumed), listRate: nil,
        signatures: [Signature(month: 0, acceleratorHours: 550 * 730)], delivered: counts, billed: counts,
        accepted: counts, usable: counts, kilowattsEach: 2), months
    )
  }

  @Test("every stream beside the rent is a row with its price, and counts in the sum and the present value")
  func streams() throws {
    let (holding, months) = small()
    let none = OverheadShares(cpu: 0, network: 0, storage: 0)
    var side = SideCosts()
    side.supportShare = 0.1
    side.softwarePerYear = 1200
    side.setupEach = 500
    side.migrationMonths = 2
    side.egressPerGigabyte = 0.05
    side.gigabytes = [[0, 1000, 2000, 0]]
    side.goodput = [0.99]
    let plain = Ledger([holding], months: months, shares: none)
    let ledger = Ledger([holding], months: months, shares: none, side: side)
    let rent = 550 * 730 * 2.0
    #expect(abs(plain.paid.usd - rent) < 1e-6)
    #expect(abs(ledger.paid(.support).usd - 0.1 * rent) < 1e-3)
    #expect(ledger.paid(.software).usd == 550 * 100)
    #expect(ledger.paid(.setup).usd == 200 * 500)
    // 150 leave in the last month, and run for two months beside their successors.
    #expect(ledger.paid(.migration).usd == 150 * 730 * 2 * 2)
    #expect(ledger.paid(.egress).usd == 150)
    #expect(abs(ledger.paid(.goodputLoss).usd - 0.01 * rent) < 1e-3)
    let added = [CostStream.support, .software, .setup, .migration, .egress].reduce(Money.zero) {
      $0 + ledger.paid($1)
    }
    #expect(ledger.paid == plain.paid + added)
    func value(_ ledger: Ledger) -> Double { ledger.netPresentValue(yearly: 0, timing: .midMonth) }
    #expect(abs(value(ledger) - value(plain) - added.usd) < 1e-6)
    let (hourly, _) = small(kind: .onDemand)
    #expect(Ledger([hourly], months: months, shares: none, side: side).paid(.migration) == .zero)
  }

  @Test("a scenario's side costs reach the ledgers of both kinds of plan; as shipped a budget has none")
  func scenarioStreams() throws {
    let (fleet, plan) = try smallFleet(
      ["support_share=0.1", "egress_usd_per_gb=0.05", "egress_bytes_per_token=4"])
    let rented = [CostStream.rent, .upfront, .paidNotUsable].reduce(0) { $0 + fleet.ledger.paid($1).usd }
    #expect(abs(fleet.ledger.paid(.support).usd / (0.1 * rented) - 1) < 1e-6)
    // 4e9 requests a day of 200 tokens: what is served of them leaves, four bytes a token, at 0.05 USD a GB.
    let most = 4e9 / 24 * 730.5 * 12 * 200 * 4 / 1e9 * 0.05
    let egress = fleet.ledger.paid(.egress).usd
    #expect(egress > 0.3 * most && egress <= most)
    let table = try #require(plan.table("fleet-ledger"))
    #expect(table.rows.contains { $0.contains(.text("support")) })
    #expect(table.rows.contains { $0.contains(.text("goodput_loss")) })
    let shipped = try Planner.Plan(try Scenario.load("google-tpu"), evidence: try plainEvidence.get())
    let dear = try Planner.Plan(
      try Scenario.load("google-tpu", set: ["support_share=0.1"]), evidence: try plainEvidence.get())
    #expect(abs(dear.ledger.paid(.support).usd / (0.1 * shipped.ledger.paid(.rent).usd) - 1) < 1e-6)
    let beside: [CostStream] = [.support, .software, .setup, .migration, .egress, .goodputLoss]
    #expect(beside.allSatisfy { shipped.ledger.paid($0) == .zero })
  }

  @Test("carbon is facility energy times the grid's factor; a site without one is named and left out")
  func carbon() throws {
    let (fleet, plan) = try smallFleet()
    let chip = try #require(try plainEvidence.get().catalog.accelerator("GB200"))
    let kilowatts = try #require(chip.allInFacilityPower).value / 1000
    let grams = try #require(
      try plainEvidence.get().catalog.gridCarbon(provider: "aws", region: "us-east-1")?.value)
    let hours = fleet.holdings.filter { $0.site == "a" }.reduce(0) { $0 + $1.delivered.reduce(0, +) } * 730.5
    let expected = hours * kilowatts * 0.8 * grams / 1e6
    #expect(expected > 0 && abs(fleet.carbon.tonnes.reduce(0, +) / expected - 1) < 1e-9)
    let share = try #require(fleet.carbon.knownShare)
    #expect(share > 0.5 && share < 1)
    #expect(fleet.carbon.gaps.map(\.subject) == ["carbon of site h"])
    #expect(plan.gaps.contains { $0.subject == "carbon of site h" })
    let tokens = fleet.carbon.tokens.reduce(0, +)
    #expect(try abs(#require(fleet.carbon.gramsPerMtok) - expected * 1e6 / (tokens / 1e6)) < 1e-6)
    let table = try #require(plan.table("carbon"))
    let last = try #require(table.rows.last)
    #expect(last[0] == .text("all") && last[4] == .text("all"))
    guard case .number(let all, _) = last[8] else {
      Issue.record("no sum")
      return
    }
    #expect(abs(all - expected) < 1e-6 * expected)
    #expect(PlanReport(plan).text.contains("Carbon: at least"))
    let sites = smallFleetFiles["sites.csv"]?.replacing("aws:us-east-1", with: "us-east-1") ?? ""
    let error = try #require(throws: (any Error).self) { try smallFleet([], ["sites.csv": sites]) }
    #expect("\(error)".contains("no provider:region"))
  }

  @Test("a purchase without a date, a price out of its range and a chip named twice are refused")
  func faults() throws {
    for (row, words) in [
      ("GB300,64380,,,x,", "without a date"), ("GB300,64380,70000,,x,2026", "low"),
      ("GB300,0,,,x,2026", "capital_usd"), ("GB300,1000,,,,2026", "source"),
      ("GB300,1000,,,x,2026\nGB300,1000,,,x,2026", "twice"),
    ] {
      let text = "accelerator,capital_usd,low,high,source,as_of\n\(row)\n"
      let error = try #require(throws: (any Error).self) { try smallFleet([], ["own_builds.csv": text]) }
      #expect("\(error)".contains(words), "\(error)")
    }
  }
}

extension Double {
  /// This number to a power, by a way of its own.
  fileprivate func power(_ exponent: Double) -> Double {
    var (low, high) = (0.0, 64.0)
    if exponent == exponent.rounded(), abs(exponent) < 1000 {
      var product = 1.0
      for _ in 0..<Int(abs(exponent)) { product *= self }
      return exponent < 0 ? 1 / product : product
    }
    // A root: the number whose whole power is this one.
    let degree = (1 / exponent).rounded()
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle.power(degree) < self { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
