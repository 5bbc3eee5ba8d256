// Announced deals against the plan's arithmetic, and the difference of two plans.

import Catalog
import Planner
import Testing

@Suite struct DealTests {
  @Test("a deal with money, term, power and chips gives a price of the hour and of the MW-year")
  func review() throws {
    let reviews = DealReviewer(try Catalog.embedded(), standIn: "GB200").reviews()
    let iren = try #require(reviews.first { $0.deal == "microsoft-iren-9.7" })
    // 9.7 B over five years and 200 MW of critical IT; GB300 at 2.22 kW of IT: 90,090 chips, 2.46 an hour.
    #expect(abs((iren.musdPerMegawattYear ?? 0) - 9.7) < 1e-9)
    #expect(abs((iren.acceleratorsByPower ?? 0) - 200_000 / 2.22) < 1)
    #expect(abs((iren.usdPerAcceleratorHour ?? 0) - 9.7e9 / (5 * 8766 * 200_000 / 2.22)) < 1e-6)
    #expect(iren.accelerator == "GB300" && !iren.acceleratorIsAssumed && !iren.isBound)
    let aws = try #require(reviews.first { $0.deal == "openai-aws-38" })
    #expect(abs((aws.acceleratorsByMoney ?? 0) - 38e9 / (7 * 8766 * (aws.contractedRate ?? 0))) < 1)
    #expect(aws.usdPerAcceleratorHour == nil && aws.verdict.contains("by price only"))
  }

  @Test("a bound is no price, and a purchase is no price of an hour")
  func bounds() throws {
    let reviews = DealReviewer(try Catalog.embedded(), standIn: "GB200").reviews()
    let bound = try #require(reviews.first { $0.deal == "anthropic-aws-100" })
    #expect(bound.isBound && bound.verdict.contains("no price"))
    let purchase = try #require(reviews.first { $0.deal == "openai-amd-6gw" })
    #expect(purchase.usdPerAcceleratorHour == nil && purchase.verdict.hasPrefix("chip purchase"))
    // Every deal that states money, power or chips has its row.
    let catalog = try Catalog.embedded()
    let stating = catalog.deals.filter { $0.usdBillion != nil || $0.gw != nil || $0.accelerators != nil }
    #expect(reviews.count == stating.count && reviews.count > 20)
  }

  @Test("contributions of the inputs add up to the difference of the answers")
  func difference() throws {
    let evidence = try plainEvidence.get()
    let first = try Scenario.load("openai-aws-38b")
    let second = try Scenario.load(
      "openai-aws-38b", set: ["ramp_months=20", "cpu_share=0.06", "output_tokens=400"])
    let difference = try PlanDifference(first, second) { try Plan($0, evidence: evidence) }
    #expect(difference.inputs.map(\.key).sorted() == ["cpu_share", "output_tokens", "ramp_months"])
    for (index, metric) in difference.before.values.enumerated() {
      guard let before = metric.value, let after = difference.after.values[index].value else { continue }
      let sum = difference.inputs.reduce(0) { $0 + ($1.contributions[index] ?? 0) }
      #expect(abs(sum - (after - before)) <= 1e-9 * max(abs(before), abs(after)), "\(metric.name)")
    }
    let tokens = try #require(difference.inputs.first { $0.key == "output_tokens" })
    #expect(tokens.contributions[0] == 0, "the length of answers buys no chips")
    #expect(try PlanDifference(first, first) { try Plan($0, evidence: evidence) }.inputs.isEmpty)
  }

  @Test("an exchanged table is one difference: other offers, other prices")
  func tables() throws {
    let evidence = try plainEvidence.get()
    let first = try Scenario.load("openai-aws-38b")
    let second = try Scenario.load("openai-aws-38b", set: ["rate.aws-gb200.contracted.latest=3.0"])
    let difference = try PlanDifference(first, second) { try Plan($0, evidence: evidence) }
    #expect(difference.inputs.map(\.key) == ["rates"])
    #expect((difference.inputs[0].contributions[0] ?? 0) > 0)
  }
}
