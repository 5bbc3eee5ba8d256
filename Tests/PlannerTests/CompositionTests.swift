// The composition test of the measured host among the plan's checks.

import Catalog
import Estimator
import Planner
import Quantities
import Testing

@Suite struct CompositionTests {
  private func host(_ composition: HostComposition?) -> HostSource {
    HostSource(
      file: "results/mine.csv", machine: "my host",
      transferred: ThroughputSource { _, _, _ in .failure(Gap("x", missing: "y")) },
      host: { _, _ in .failure(Gap("x", missing: "y")) }, score: "scored", instanceRate: nil,
      composition: composition)
  }

  private func layers(_ ratios: [Double]) -> HostComposition {
    HostComposition(
      layers: ratios.map {
        HostComposition.Layer(shape: "a", predicted: Seconds($0), measured: Seconds(1))
      }, placement: "machine", machine: "my host")
  }

  private func plan(_ composition: HostComposition?) throws -> Plan {
    try Plan(
      try Scenario.load("openai-aws-38b"),
      evidence: PlanEvidence(
        catalog: try plainEvidence.get().catalog, throughput: plainThroughput, host: host(composition)))
  }

  @Test(
    "a median error within 15 % passes and one beyond is a warning, whatever side the layers lie on",
    arguments: [
      ([0.9, 1.14, 0.95], CheckResult.pass, 0.1), ([0.8, 0.84, 1], .fail, 0.16),
      ([0.8, 1.2], .fail, 0.2),
    ])
  func bound(ratios: [Double], result: CheckResult, error: Double) throws {
    let plan = try plan(layers(ratios))
    let check = try #require(plan.checks.first { $0.name == "decoder_layer_composition" })
    #expect(check.result == result && check.severity == .warning && check.subject == "my host")
    #expect(abs(try #require(check.value) - error) < 1e-12 && check.high == 0.15)
    #expect(check.note.contains("median of \(ratios.count) layers"))
    #expect(plan.passes)
    let text = PlanReport(plan).text
    #expect(text.contains("decoder_layer_composition") && text.contains("Composition test: predicted over"))
    #expect(text.contains("Look at decoder_layer_composition") == (result == .fail))
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }

  @Test("without layer rows it is unknown, and the plan says why and which commands measure them")
  func unknown() throws {
    let plan = try plan(
      HostComposition(
        layers: [], placement: "core0", machine: "my host", missing: "the file has no decoder layer"))
    let check = try #require(plan.checks.first { $0.name == "decoder_layer_composition" })
    #expect(check.result == .unknown && check.value == nil)
    let text = PlanReport(plan).text.split(separator: "\n").joined(separator: " ")
    for part in [
      "the file has no decoder layer", "--suite layers --no-ceilings --placement core0",
      "plimsoll merge results/mine.csv",
    ] { #expect(check.note.contains(part) && text.contains(part), "\(part)") }
    #expect(try self.plan(nil).checks.allSatisfy { $0.name != "decoder_layer_composition" })
  }
}
