// Whole decoder layers of a host's rows against the sum of what its curves say of their operators.

import Catalog
import Estimator
import Quantities
import Results
import Testing

@Suite("The composition test of a host")
struct HostCompositionTests {
  /// A host whose products reach 0.5 of the roofline, its attention of prompts 0.4 and of decode steps 0.25.
  private let host = hostRows(share: 0.5).map { row in
    var row = row
    let share = ["attention_prefill": 0.4, "attention_decode": 0.25][row.kernel] ?? 0.5
    if row.phase != "ceiling" { row.gflopsMedian = row.gflopsMedian.map { $0 * share / 0.5 } }
    return row
  }

  /// A layer (no part) or an operator of one.
  private func row(
    _ shape: String, _ part: String?, _ seconds: Double?, flop: Double = 0, bytes: Double = 0,
    phase: String = "decode", placement: String = "machine"
  ) -> ResultRow {
    var row = host[0]
    (row.kernel, row.phase, row.placement, row.gflopsMedian) = ("decoder_layer", phase, placement, nil)
    row.shapeId = shape + (part.map { "." + $0 } ?? "")
    (row.layer, row.timeMedianSeconds, row.flop, row.minBytes) = (
      part ?? "decoder_layer", seconds, flop, bytes
    )
    if seconds == nil { row.status = .failed }
    return row
  }

  /// Memory binds the product (10 ms of roofline) and the attention (4 ms); the norm has no roofline here.
  private func layer(
    _ shape: String, seconds: Double?, phase: String = "decode", placement: String = "machine"
  ) -> [ResultRow] {
    [
      row(shape, nil, seconds, flop: 2e9, bytes: 1.4e9, phase: phase, placement: placement),
      row(shape, "rmsnorm", 0.002, flop: 1, bytes: 1e6, phase: phase, placement: placement),
      row(shape, "down_proj", 0.018, flop: 1e9, bytes: 1e9, phase: phase, placement: placement),
      row(shape, "attention", 0.02, flop: 1e8, bytes: 4e8, phase: phase, placement: placement),
    ]
  }

  private func composition(_ rows: [ResultRow]) throws -> HostComposition {
    try #require(HostCalibration(host + rows)).composition
  }

  @Test("a layer is predicted as its products and attention by their own curves, and no more")
  func prediction() throws {
    let found = try composition(layer("a", seconds: 0.04) + layer("b", seconds: 0.05, phase: "prefill"))
    #expect(found.layers.map(\.shape) == ["a", "b"])
    // 10 / 0.5 + 4 / 0.25 ms, and 10 / 0.5 + 4 / 0.4 ms.
    #expect(abs(found.layers[0].predicted.value - 0.036) < 1e-12)
    #expect(abs(found.layers[1].predicted.value - 0.030) < 1e-12)
    #expect(abs(found.layers[0].ratio - 0.9) < 1e-12)
    #expect(abs(try #require(found.layers[0].operators).value - 0.04) < 1e-12)
    #expect(found.layers[0].leftOut?.value == 0.002)
    #expect(found.gap(file: "f") == nil)
  }

  @Test("the median error is that of the distances, so that errors of both signs do not cancel")
  func median() throws {
    let found = try composition(
      layer("a", seconds: 0.03) + layer("b", seconds: 0.036) + layer("c", seconds: 0.045))
    #expect(abs(try #require(found.medianRatio) - 1) < 1e-12)
    #expect(abs(try #require(found.medianError) - 0.2) < 1e-12)
    #expect(found.summary.contains("1.00 (median of 3 layers, 0.80 to 1.20, at machine)"))
    #expect(found.summary.contains("add up to 1.11 of it, 0.06 of it norms"))
  }

  @Test("the layers' own rows move no estimate")
  func heldOut() throws {
    let catalog = try Bundled.shared.get().catalog
    let model = try #require(catalog.model("Llama-3.1-8B"))
    let workload = Workload(inputTokens: 1024, outputTokens: 512)
    let estimates = try [host, host + layer("a", seconds: 0.001)].map { rows in
      try Estimator(catalog: catalog, host: HostCalibration(rows))
        .serveOnHost(model: model, workload: workload)
    }
    #expect(estimates[0] == estimates[1] && (try? estimates[0].get()) != nil)
  }

  @Test("without a usable layer the reason is named, and the commands that measure one")
  func unknown() throws {
    for (rows, reason) in [
      ([], "has no decoder layer"), (layer("a", seconds: 0.1, placement: "core0"), "are not at machine"),
      (layer("a", seconds: nil), "has both a time"), ([row("a", nil, 0.1)], "rows of its operators"),
    ] {
      let found = try composition(rows)
      let gap = try #require(found.gap(file: "mine.csv"))
      #expect(found.medianError == nil && gap.missing.contains(reason), "\(gap.missing)")
      #expect(gap.remedy.contains("plimsoll run --suite layers --no-ceilings --placement machine"))
      #expect(gap.remedy.contains("plimsoll merge mine.csv"))
    }
  }
}
