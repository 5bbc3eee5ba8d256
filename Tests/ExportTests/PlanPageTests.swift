// The page of a plan: well-formed, offline, complete, the same twice, deaf to what its text says, and
// sensible where a plan has no headline, no power, no throughput, one offer or sixty.

import Catalog
import Export
import Foundation
import Planner
import Quantities
import Tables
import Testing

/// A scenario in a folder of its own, planned with the tests' throughput or with another.
private func plan(
  _ offers: [String], title: String = "A test", head: String = "", settings: [String] = [],
  throughput source: ThroughputSource = throughput(decode: 2000)
) throws -> Plan {
  let folder = try TemporaryFolder()
  let base = head.contains("demand_users") ? "" : "based_on = \"openai-aws-38b\"\n"
  try "title = \"\(title)\"\n\(base)\(head)"
    .write(toFile: folder.path + "/scenario.toml", atomically: true, encoding: .utf8)
  let columns =
    "offer,role,provider,accelerator,instance,region,list_basis,contracted_basis,own_basis,unit_accelerators,"
    + "domain_accelerators,node_accelerators,rack_accelerators,precision,supply_cap_accelerators,source"
  try ([columns] + offers).map { $0 + "\n" }.joined()
    .write(toFile: folder.path + "/offers.csv", atomically: true, encoding: .utf8)
  let evidence = PlanEvidence(catalog: try Catalog.embedded(), throughput: source)
  return try Plan(try Scenario.load(folder.path, set: settings), evidence: evidence)
}

private let racks =
  "u-p6e-gb200x72,us,capacity_block,rental_3y_commit,hyperscaler_own_cost,72,72,4,72,,,whole racks"

private let unknown = ThroughputSource { standIn, offer, _ in
  .failure(Gap("performance of \(offer.accelerator)", missing: "no peak of \(offer.accelerator)"))
}

/// Plans that a page must survive, by name.
private func oddPlans() throws -> [(name: String, plan: Plan)] {
  let long = String(repeating: "supercalifragilistic", count: 8)
  let hostile = "<script>alert(1)</script>&\\\"'"
  return [
    ("one offer", try plan(["aws-gb200,deal,aws,GB200,\(racks)"])),
    (
      "sixty offers",
      try plan((0..<60).map { "offer-\($0),alternative,provider\($0),GB\($0 % 2 + 2)00,\(racks)" })
    ),
    (
      "no power",
      try plan(["g,deal,gcp,TPU7x,tpu7x-standard-4t,,,rental_3y_commit,hyperscaler_own_cost,4,4,4,,,,x"])
    ),
    ("no throughput", try plan(["a,deal,aws,GB200,\(racks)"], throughput: unknown)),
    ("no price", try plan(["m,deal,meta,MTIA 400,,,,,,1,1,1,,,,x"])),
    ("infeasible", try plan(["a,deal,aws,GB200,\(racks)"], settings: ["max_mw=0.5"])),
    ("too little money", try plan(["a,deal,aws,GB200,\(racks)"], settings: ["budget_usd=1000"])),
    ("from demand", try plan(["a,deal,aws,GB200,\(racks)"], head: "demand_users = 1e8\n")),
    ("one month", try plan(["a,deal,aws,GB200,\(racks)"], settings: ["term_months=1", "ramp_months=0"])),
    ("600 months", try plan(["a,deal,aws,GB200,\(racks)"], settings: ["term_months=600"])),
    (
      "long and hostile names",
      try plan(
        ["\(long),deal,\(long)<b>,GB200,\(racks)", "b,alternative,<i>\(long),GB300,\(racks)"],
        title: "\(long) \(hostile) \(long)", head: "summary = \"\(hostile) \(long)\"\n")
    ),
  ]
}

@Suite("The page of a plan")
struct PlanPageTests {
  static let scenarios = ["openai-aws-38b", "multi-cloud-scarce", "own-silicon", "google-tpu"]

  private func check(_ plan: Plan, _ name: String) throws {
    let html = PlanPage(plan).html()
    let page = try ReadPage(html)
    #expect(page.fault == nil, "\(name)")
    #expect(html.utf8.count < 400_000, "\(name)")
    for word in ["http://", "https://", "<script", "javascript:", " src=", "url(", "@import", "<link"] {
      #expect(!html.contains(word), "\(name): \(word)")
    }
    for section in ["ramp", "money", "clouds", "decides", "certainty", "sources", "assumptions"] {
      #expect(page.attributes("id").contains(section), "\(name): \(section)")
    }
    for drawing in page.drawings where drawing.width > 20 {
      #expect(drawing.outside.isEmpty, "\(name), \(drawing.label): \(drawing.outside.prefix(3))")
      #expect(drawing.overlaps.isEmpty, "\(name), \(drawing.label): \(drawing.overlaps.prefix(3))")
      #expect(!drawing.label.isEmpty, "\(name)")
    }
    for word in [">nan", ">inf", ">-inf"] { #expect(!html.contains(word), "\(name)") }
  }

  @Test(
    "a bundled scenario's page is well-formed, offline, and no label leaves its drawing or covers another")
  func bundled() throws {
    for name in PlanPageTests.scenarios { try check(try makePlan(name), name) }
  }

  @Test("a plan without headline, power, throughput or price, with one offer or sixty, has a sensible page")
  func odd() throws {
    for (name, plan) in try oddPlans() { try check(plan, name) }
  }

  @Test("what cannot be met or has no price says so first, and no offer is recommended")
  func infeasible() throws {
    for (name, plan) in try oddPlans() where ["infeasible", "no price", "too little money"].contains(name) {
      let page = try ReadPage(PlanPage(plan).html())
      #expect(page.text.contains("This cannot be met: \(plan.infeasible[0])."), "\(name)")
      #expect(page.text.contains("there is no headline"), "\(name)")
      #expect(!page.text.contains("Training runs at once"), "\(name)")
    }
  }

  @Test("headings follow in order, the language is named, and tables have captions and scoped headings")
  func accessible() throws {
    let page = try ReadPage(PlanPage(try makePlan("openai-aws-38b")).html())
    let levels = page.elements.compactMap { ["h1": 1, "h2": 2, "h3": 3][$0.name] }
    #expect(levels.first == 1 && levels.count { $0 == 1 } == 1)
    #expect(zip(levels, levels.dropFirst()).allSatisfy { $1 <= $0 + 1 })
    #expect(page.elements.first?.attributes["lang"] == "en")
    let names = page.elements.map(\.name)
    #expect(names.count { $0 == "table" } == names.count { $0 == "caption" })
    #expect(names.count { $0 == "figure" } == names.count { $0 == "figcaption" })
    for head in page.elements where head.name == "th" { #expect(head.attributes["scope"] != nil) }
    let ids = page.attributes("id")
    #expect(Set(ids).count == ids.count)
    for link in page.attributes("href") { #expect(ids.contains(String(link.dropFirst()))) }
  }

  @Test("the answer holds the headline's fleet, price and power, and every offer keeps its row")
  func complete() throws {
    for name in PlanPageTests.scenarios {
      let plan = try makePlan(name)
      let page = try ReadPage(PlanPage(plan).html())
      if let option = plan.leading.flatMap(plan.option) {
        let fleet = "\(grouped(option.accelerators, decimals: 0)) \(option.offer.accelerator) at"
        #expect(page.text.contains("\(fleet) \(option.offer.providerTitle)"), "\(name)")
        #expect(
          page.text.contains("\(grouped(option.rate.usdPerHour, decimals: 2)) USD per accelerator-hour"))
      }
      for offer in plan.scenario.offers { #expect(page.text.contains(offer.title), "\(name): \(offer.id)") }
      for gap in plan.gaps where gap.subject.hasPrefix("performance") {
        #expect(page.text.contains(gap.missing), "\(name): \(gap.subject)")
      }
      for input in plan.scenario.inputs { #expect(page.text.contains(input.key.name), "\(name)") }
      for option in plan.options { #expect(page.text.contains(option.rate.source), "\(name): \(option.id)") }
    }
  }

  @Test(
    "an offer without price or throughput stands in both charts and both tables, and says what is missing")
  func everyRow() throws {
    let plan = try makePlan("openai-aws-38b")
    let page = try ReadPage(PlanPage(plan).html())
    let lines = page.text.split(separator: "\n").map { $0.replacing("\u{a0}*", with: "") }
    for offer in plan.scenario.offers {
      // Each chart is drawn at two widths.
      #expect(lines.count { $0 == offer.title } == 6, "\(offer.id)")
    }
    #expect(lines.contains { $0.contains("no owner's cost") })
    #expect(lines.count { $0 == "no price published" } == 2)
  }

  @Test("numbers of the page are those of the plan: the years' spend, the swings, the offers")
  func numbers() throws {
    let plan = try makePlan("openai-aws-38b")
    let values = Set(try ReadPage(PlanPage(plan).html()).attributes("value"))
    let lead = try #require(plan.headline)
    let months = plan.schedule.filter { $0.option == lead }
    let first = months.prefix(12).reduce(0) { $0 + $1.spend }
    #expect(values.contains(decimalText(Unit.billionUSD.fromBase(first))))
    for option in plan.options where option.date == .latest {
      #expect(values.contains(decimalText(option.rate.usdPerHour)), "\(option.id)")
    }
    let swing = try #require(plan.swings.first { $0.metric == "accelerators" })
    #expect(values.contains(decimalText(swing.valueAtLow)) && values.contains(decimalText(swing.valueAtHigh)))
  }

  @Test("what text says stays text, in the page and in its drawings")
  func escaped() throws {
    let plan = try #require(try oddPlans().first { $0.name == "long and hostile names" }).plan
    let html = PlanPage(plan).html()
    #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
    let page = try ReadPage(html)
    #expect(page.text.contains("<script>alert(1)</script>"))
    #expect(!page.elements.contains { ["script", "i", "img"].contains($0.name) })
    #expect(page.elements.count { $0.name == "b" } == page.elements.count { $0.name == "figcaption" })
  }

  @Test("no text of a scenario becomes an element or an attribute")
  func payloads() throws {
    func page(_ title: String, _ summary: String) throws -> ReadPage {
      func quoted(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
          let code = String(scalar.value, radix: 16)
          return "\\u" + String(repeating: "0", count: 4 - code.count) + code
        }.joined()
      }
      let offers = ["a,deal,aws,GB200,\(racks)"]
      let head = "summary = \"\(quoted(summary))\"\n"
      return try ReadPage(PlanPage(try plan(offers, title: quoted(title), head: head)).html())
    }
    let plain = try page("plain", "plain").elements.map(\.name).filter { $0 != "wbr" }
    // The reader of scenarios refuses control characters before a page could.
    let texts = injectionPayloads.filter { text in !text.unicodeScalars.contains { $0.value < 0x20 } }
    for index in stride(from: 0, to: texts.count, by: 2) {
      let (title, summary) = (texts[index], texts[min(index + 1, texts.count - 1)])
      let found = try page(title, summary)
      #expect(found.fault == nil, "\(title) \(summary)")
      #expect(found.elements.map(\.name).filter { $0 != "wbr" } == plain, "\(title) \(summary)")
      #expect(!found.elements.contains { $0.attributes.keys.contains { $0.hasPrefix("on") } }, "\(title)")
    }
  }

  @Test("the same plan gives the same bytes, another input other ones")
  func deterministic() throws {
    for name in PlanPageTests.scenarios {
      #expect(PlanPage(try makePlan(name)).html() == PlanPage(try makePlan(name)).html())
    }
    let other = PlanPage(try makePlan("openai-aws-38b", ["ramp_months=20"])).html()
    #expect(other != PlanPage(try makePlan("openai-aws-38b")).html())
  }

  @Test("a portfolio shows whose money it is, and names what has no power")
  func portfolio() throws {
    let plan = try makePlan("multi-cloud-scarce")
    let portfolio = try #require(plan.portfolio)
    let page = try ReadPage(PlanPage(plan).html())
    for option in portfolio.options { #expect(page.text.contains(option.offer.providerTitle)) }
    for title in portfolio.withoutPower {
      #expect(page.text.contains(title))
    }
    let all = portfolio.withoutPower.joined(separator: ", ")
    #expect(portfolio.withoutPower.count != 1 || page.text.contains("without \(all), whose power is not"))
    #expect(page.text.contains("whose power is not published") == !portfolio.withoutPower.isEmpty)
  }

  @Test("percentiles, deliveries, deals and streams appear where they are given, and only there")
  func extras() throws {
    let plan = try makePlan("openai-aws-38b")
    let months = plan.months.count
    let bare = PlanPage(plan).html()
    for words in ["All inputs at once", "Accelerators by provider", "A &amp; B"] {
      #expect(!bare.contains(words))
    }
    let extras = PlanPageExtras(
      streams: (0..<9).map {
        .init("stream \($0)", usd: Array(repeating: $0 == 8 ? -1e6 : Double($0 + 1) * 1e7, count: months))
      },
      percentiles: [
        .init(candidate: "all at <AWS>", metric: "accelerators", unit: "", values: [(10, 90_000), (90, 2e5)])
      ], sampling: "10,000 samples, seed 7",
      deliveries: (0..<7).map {
        .init(provider: "P\($0)", accelerators: (0..<months).map { Double($0) })
      },
      deals: [
        .init(
          name: "A & B", date: "2025-11-03", announced: "38 billion USD over 7 years",
          usdPerAcceleratorHour: 3.5, millionUSDPerMegawattYear: nil, verdict: "plausible")
      ])
    let html = PlanPage(plan, extras: extras).html()
    let page = try ReadPage(html)
    #expect(page.fault == nil)
    for words in [
      "All inputs at once", "all at <AWS>", "P90", "10,000 samples, seed 7", "Accelerators by provider", "P6",
      "Held against announced deals", "A & B", "stream 8", "4 smaller streams",
    ] { #expect(page.text.contains(words), "\(words)") }
    for drawing in page.drawings where drawing.width > 20 {
      #expect(drawing.outside.isEmpty && drawing.overlaps.isEmpty, "\(drawing.label)")
    }
    #expect(html == PlanPage(plan, extras: extras).html())
  }

  @Test("announced deals from which a price follows stand beside the plan's own")
  func deals() throws {
    let plan = try makePlan("openai-aws-38b")
    let page = try ReadPage(PlanPage(plan).html())
    let telling = plan.deals.filter { $0.musdPerMegawattYear != nil || $0.usdPerAcceleratorHour != nil }
    #expect(!telling.isEmpty)
    for deal in telling { #expect(page.text.contains("\(deal.buyer) at \(deal.seller)"), "\(deal.deal)") }
    let values = Set(page.attributes("value"))
    for value in telling.compactMap(\.musdPerMegawattYear) { #expect(values.contains(decimalText(value))) }
  }

  @Test("what is paid before it can be used is a stream of its own")
  func unusable() throws {
    let settings = ["acceptance_months=2", "billing_start=delivery"]
    let page = try ReadPage(PlanPage(try makePlan("openai-aws-38b", settings)).html())
    #expect(page.text.contains("paid, not usable"))
  }

  @Test("the page lies beside the workbook in the plan's folder")
  func written() throws {
    let folder = try TemporaryFolder()
    let plan = try makePlan("google-tpu")
    #expect(try PlanDocuments.write(plan, to: folder.path + "/plan").contains("plan.html"))
    let written = try String(contentsOfFile: folder.path + "/plan/plan.html", encoding: .utf8)
    #expect(written == PlanPage(plan).html())
  }
}
