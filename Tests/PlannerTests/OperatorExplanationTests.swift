// Rates and times of a plan walked back to operators, constants and facts.

import Catalog
import Estimator
import Planner
import Quantities
import Tables
import Testing

private let served = Result {
  let catalog = try Catalog.embedded()
  let estimator = try Estimator(catalog: catalog)
  let evidence = PlanEvidence(catalog: catalog, throughput: .estimator(estimator, catalog: catalog))
  return (catalog, estimator, try Plan(try Scenario.load("openai-aws-38b"), evidence: evidence))
}

@Suite struct OperatorExplanationTests {
  @Test("the walk ends at the plan's own rates and times")
  func ends() throws {
    let (catalog, estimator, plan) = try served.get()
    let tables = try plan.walk(estimator: estimator, catalog: catalog).get()
    let lead = try #require(plan.leading)
    let capacity = try #require(plan.capacities.first { $0.option == lead })
    #expect(tables.map { $0.title.prefix(9) } == ["One promp", "One decod", "Constants", "Facts of "])
    #expect(tables[0].notes[0].hasSuffix(", \(capacity.throughput.deployment)."))
    let notes = tables[1].notes.joined(separator: "\n")
    func near(_ head: String, _ figure: Figure, scale: Double = 1) throws {
      let rest = try #require(notes.split(separator: head + " ").dropFirst().first)
      let shown = try #require(Double(rest.prefix { $0.isNumber || $0 == "." }))
      #expect(abs(shown / (figure.value * scale) - 1) < 0.01, "\(head) \(shown) \(figure.value)")
    }
    try near("Prefill-only rate", capacity.throughput.prefill)
    try near("Decode-only rate", capacity.throughput.decode)
    try near("Time per output token", try #require(capacity.throughput.tpot), scale: 1000)
    try near("Time to first token", try #require(capacity.throughput.ttft), scale: 1000)
  }

  @Test("every constant that a line names is a row of the table, with how it came about and its day")
  func constants() throws {
    let (catalog, estimator, plan) = try served.get()
    let kernels = try Catalog.measuredKernels()
    let tables = try plan.walk(model: "DeepSeek-V3", estimator: estimator, catalog: catalog, kernels: kernels)
      .get()
    let rows = tables[2].rows.map { $0.map { if case .text(let text) = $0 { text } else { "" } } }
    let named = Set(rows.map { $0[0] })
    for name in ["em", "emm", "ekf", "ekv", "efa", "oK", "oS", "oR", "mh0", "einf_fp8", "ttft_a", "phi"] {
      #expect(named.contains(name), "\(name)")
    }
    #expect(rows.allSatisfy { !$0[3].isEmpty && ($0[3] != "fitted" || $0[5].hasPrefix("20")) })
    #expect(rows.filter { $0[0].hasPrefix("einf_") }.allSatisfy { $0[1].hasPrefix("GB200") })
    let engine = try #require(rows.first { $0[0] == "ttft_a" })
    #expect(tables[0].notes[0].hasSuffix(" \(engine[1]).") && rows.count { $0[0] == "ttft_a" } == 1)
    #expect(tables[2].notes.contains { $0.contains("rows of large products of GB200") })
    let dense = try plan.walk(estimator: estimator, catalog: catalog).get()
    #expect(dense[2].rows.allSatisfy { $0[0] != .text("emm") })
    let facts = tables[3].render(.table, width: 80, isCut: false)
    for part in ["memory_bandwidth", "peak_fp8_dense", "2026-", "ai-dynamo/aiconfigurator", "models.csv"] {
      #expect(facts.contains(part), "\(part)")
    }
    for table in tables + dense {
      for line in table.render(.table, width: 80, isCut: false).split(separator: "\n") {
        #expect(line.count <= 80 || !line.contains(" "), "\(line)")
      }
    }
  }

  @Test("a chip without kernels rests on the row of its class; an option without a rate is a gap")
  func others() throws {
    let (catalog, estimator, plan) = try served.get()
    let tables = plan.walk(option: "none", estimator: estimator, catalog: catalog)
    #expect(throws: Gap.self) { try tables.get() }
    let model = try #require(catalog.model("Llama-3.1-8B"))
    let chip = try #require(
      catalog.accelerators.first { chip in
        !catalog.engineConstants.contains {
          $0.constant == "einf_bf16"
            && acceleratorID(forPublishedName: $0.engineOrChip, among: catalog.accelerators.map(\.id))
              == chip.id
        }
          && (try? estimator.serve(
            model: model, on: chip, workload: Workload(inputTokens: 9, outputTokens: 9)
          ).get())
            != nil
      })
    let workload = Workload(inputTokens: 1024, outputTokens: 128)
    let estimate = try estimator.serve(model: model, on: chip, workload: workload).get()
    let walk = try estimator.walk(model: model, on: chip, workload: workload, estimate: estimate).get()
    let scopes = walk.constants(of: estimate.deployment, workload: workload, on: chip.id, in: catalog)
      .filter { $0.constant.hasPrefix("einf_") }.map(\.engineOrChip)
    #expect(Set(scopes) == ["class"])
  }
}
