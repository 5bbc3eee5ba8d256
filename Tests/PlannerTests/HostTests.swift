// The measured host beside the plan: a column of its own and a fleet of its own, and nothing else.

import Catalog
import Planner
import Quantities
import Tables
import Testing

private let host = HostSource(
  file: "results/host.csv", machine: "host",
  transferred: ThroughputSource { _, _, _ in
    .success(
      Throughput(
        prefill: Figure(20_000, "tokens/s", trust: .transferred),
        decode: Figure(2000, "tokens/s", trust: .transferred),
        replica: 8))
  },
  host: { standIn, _ in
    standIn.kind == "mla"
      ? .failure(Gap("hosts for \(standIn.model)", missing: "memory"))
      : .success(
        Throughput(
          prefill: Figure(10, "tokens/s", trust: .measured), decode: Figure(1, "tokens/s", trust: .measured),
          replica: 1))
  }, score: "scored", instanceRate: nil)

@Suite struct HostTests {
  private func plans(_ settings: [String] = []) throws -> (without: Plan, with: Plan) {
    let scenario = try Scenario.load("openai-aws-38b", set: settings)
    let catalog = try plainEvidence.get().catalog
    return (
      try Plan(scenario, evidence: PlanEvidence(catalog: catalog, throughput: plainThroughput)),
      try Plan(scenario, evidence: PlanEvidence(catalog: catalog, throughput: plainThroughput, host: host))
    )
  }

  @Test("the host's file adds a column and a fleet; every other figure is what it was")
  func separate() throws {
    let (without, with) = try plans()
    #expect(without.host == nil)
    #expect(without.options == with.options)
    #expect(without.schedule == with.schedule)
    #expect(without.checks == with.checks)
    #expect(without.swings == with.swings)
    for (a, b) in zip(without.capacities, with.capacities) {
      #expect(a.users == b.users)
      #expect(a.usdPerMtokTotal == b.usdPerMtokTotal)
      #expect(a.transferredUsers == nil)
      #expect(b.transferredUsers?.trust == .transferred)
    }
    #expect(try #require(with.host).figuresThatChange.contains { $0.hasPrefix("transferred users") })
  }

  @Test("a thousandth of the speed takes a thousand times the hosts, spares and strands aside")
  func fleet() throws {
    let (_, with) = try plans()
    let lead = try #require(with.leading.flatMap { with.option($0) })
    let row = try #require(with.host?.fleet.first { $0.standIn.kind == "dense" })
    #expect(abs(row.hosts / (lead.usable * 1000) - 1) < 1e-6)
    #expect(with.gaps.contains { $0.subject == "hosts for DeepSeek-V3" })
  }

  @Test("without price and power both are named gaps; given, they are cost and megawatts")
  func prices() throws {
    let bare = try plans().with
    #expect(bare.host?.fleet.first?.cost == nil)
    #expect(bare.gaps.contains { $0.subject == "price of hosts like host" })
    #expect(bare.gaps.contains { $0.subject == "power of hosts like host" })
    let priced = try plans(["host_usd_per_hour=0.5", "host_kw=0.2"]).with
    let row = try #require(priced.host?.fleet.first)
    #expect(abs((row.cost ?? 0) - row.hosts * priced.paidHours * 0.5) < 1)
    #expect(abs((row.megawatts ?? 0) - row.hosts * 0.2 / 1000) < 1e-6)
  }
}

@Suite struct ExplanationTests {
  @Test("a figure walks back to its prices, inputs and sources")
  func figure() throws {
    let lines = try #require(try plan("openai-aws-38b").explanation(of: "accelerators"))
    let text = lines.joined(separator: "\n")
    for part in [
      "160,416", "floor(accelerators_raw / unit_accelerators)",
      "accelerator_rates.csv: GB200, rental_3y_commit",
      "openai-aws-38b/assumptions.csv", "announcement of 2025-11-03",
    ] { #expect(text.contains(part), "\(part)") }
  }

  @Test("an input shows every layer that set it, the winner first")
  func input() throws {
    let lines = try #require(try plan("openai-aws-38b", ["ramp_months=20"]).explanation(of: "ramp_months"))
    #expect(lines[0].hasPrefix("ramp_months = 20 months"))
    #expect(lines[1].contains("set by command line"))
    #expect(lines[2].contains("over bundled"))
    #expect(lines[3].contains("over defaults"))
  }

  @Test("every figure of the list can be explained; what is unknown is nil")
  func all() throws {
    let plan = try plan("google-tpu")
    for figure in FigureDefinition.all { #expect(plan.explanation(of: figure.name) != nil, "\(figure.name)") }
    #expect(plan.explanation(of: "happiness") == nil)
  }
}

@Suite struct PlanReportTests {
  @Test("no line is wider than 80 columns, with a host and without", arguments: Scenario.bundledNames)
  func width(name: String) throws {
    let evidence = PlanEvidence(
      catalog: try plainEvidence.get().catalog, throughput: plainThroughput, host: host)
    for plan in [try plan(name), try Plan(try Scenario.load(name), evidence: evidence)] {
      #expect(PlanReport(plan).text.contains("year by year"))
      for line in PlanReport(plan).text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    }
  }

  @Test("tables have a cell for each column and unknown is empty, not zero")
  func tables() throws {
    let plan = try plan("own-silicon")
    for name in Plan.tableNames { #expect(plan.table(name) != nil) }
    #expect(plan.table("nothing") == nil)
    let csv = try #require(plan.table("options")).render(.csv)
    #expect(csv.contains("openai-jalapeno/own/latest"))
    let jalapeno = try #require(plan.option("openai-jalapeno/own/latest"))
    #expect(jalapeno.megawatts == nil && jalapeno.trainingRuns == nil && jalapeno.racks == nil)
  }
}
