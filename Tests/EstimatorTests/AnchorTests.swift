// Estimates beside measured runs of the same model, chip, format and engine: shifted, narrowed and named as scores are.

import Catalog
import Estimator
import Foundation
import Quantities
import Testing

@Suite("An estimate with measured runs of its own")
struct AnchorTests {
  let catalog: Catalog
  let estimator: Estimator
  let layout = Deployment(tensorParallel: 4, engine: .vllm, precision: .fp8)
  let chat = Workload(inputTokens: 2048, outputTokens: 512, concurrency: 32)

  init() throws {
    (catalog, estimator) = (try Bundled.shared.get().catalog, try Bundled.shared.get().estimator)
  }

  private func serve(_ layout: Deployment, _ workload: Workload) throws -> ServingEstimate {
    try estimator.serve(
      model: try #require(catalog.model("Llama-3.1-70B")), on: try #require(catalog.accelerator("H100")),
      workload: workload, deployment: layout
    ).get()
  }

  private func plain(_ layout: Deployment) throws -> OperatingPoint {
    let step = StepModel(
      model: try ModelShape.from(try #require(catalog.model("Llama-3.1-70B"))).get(),
      chip: try estimator.rates(of: try #require(catalog.accelerator("H100"))).get(), deployment: layout,
      constants: estimator.constants)
    return step.operate(
      concurrency: 32, batchLimit: step.batchLimit(context: chat.meanContext), workload: chat)
  }

  /// Factor of the bundled anchor of a kind, by its definition: the mean logarithm times k / (k + 0.43), k at most 4.
  private func factor(_ kind: String) throws -> (value: Double, rows: Int) {
    let name = "\(kind): Llama-3.1-70B on H100 fp8 vllm"
    let row = try #require(
      catalog.engineConstants.first { $0.constant == "anchor" && $0.engineOrChip == name })
    let (value, rows) = (try #require(row.value), try #require(row.rows))
    let k = Double(min(rows, 4))
    return (exp(log(value) * k / (k + 0.43)), rows)
  }

  @Test("has its times shifted as scores are, its rate by Little's law, and its prefill as computed")
  func shifted() throws {
    let (estimate, raw) = (try serve(layout, chat), try plain(layout))
    let (tpot, ttft) = (try factor("served TPOT"), try factor("served TTFT"))
    #expect(abs(estimate.tpot.value / raw.tpot.value / tpot.value - 1) < 1e-9)
    #expect(abs(estimate.ttft.value / raw.ttft.value / ttft.value - 1) < 1e-9)
    #expect(tpot.value > 1.05 && ttft.value < 0.95)
    let rate = 32 * 512 / (estimate.ttft.value + 511 * estimate.tpot.value) / 4
    #expect(abs(estimate.outputTokensPerSecondPerAccelerator.value / rate - 1) < 1e-9)
    let decode = 32 / raw.decode.total.value / 4 / tpot.value
    #expect(abs(estimate.decodeTokensPerSecondPerAccelerator.value / decode - 1) < 1e-9)
    #expect(estimate.prefillSecondsPerRequest.value == raw.marginalPrefill.value)
  }

  @Test("has narrower intervals where it is anchored, and names the runs")
  func narrowed() throws {
    let (estimate, error) = (try serve(layout, chat), estimator.servedError)
    for (figure, range) in [
      (estimate.tpot, error.tpot), (estimate.ttft, error.ttft),
      (estimate.outputTokensPerSecondPerAccelerator, error.throughput),
    ] {
      let interval = try #require(figure.interval)
      #expect(abs(log(interval.high / figure.value) / log(range.high) - 0.83) < 1e-9)
      #expect(abs(log(interval.low / figure.value) / log(range.low) - 0.83) < 1e-9)
    }
    let rows = try factor("served TPOT").rows
    let words = "anchored by \(rows) runs of aiconfigurator silicon_sample on this model, chip and engine"
    #expect(estimate.tpot.sources.contains { $0.contains(words) })
    #expect(!estimate.prefillTokensPerSecondPerAccelerator.sources.contains { $0.contains("anchored") })
    let walk = try estimator.walk(
      model: try #require(catalog.model("Llama-3.1-70B")), on: try #require(catalog.accelerator("H100")),
      workload: chat, estimate: estimate
    ).get()
    #expect(walk.formulas.contains { $0.contains(words) })
    let last = try #require(walk.formulas.last)
    #expect(
      last.contains("Anchored: time per output token \(String(format: "%.1f", estimate.tpot.value * 1e3)) ms")
    )
  }

  @Test("under an engine that was not measured stays as computed")
  func otherEngine() throws {
    let other = Deployment(tensorParallel: 4, engine: .sglang, precision: .fp8)
    let (estimate, raw) = (try serve(other, chat), try plain(other))
    #expect(estimate.tpot.value == raw.tpot.value && estimate.ttft.value == raw.ttft.value)
    #expect(
      try #require(estimate.tpot.interval).high == estimate.tpot.value * estimator.servedError.tpot.high)
    #expect(!estimate.tpot.sources.contains { $0.contains("anchored") })
  }

  @Test("keeps a limit by the shifted time")
  func limit() throws {
    var workload = Workload(inputTokens: 2048, outputTokens: 512, tpotLimit: Seconds(0.03))
    let best = try serve(layout, workload)
    #expect(best.tpot.value <= 0.03 && best.binding == .tpot)
    workload.tpotLimit = nil
    workload.concurrency = best.batch + 1
    #expect(try serve(layout, workload).tpot.value > 0.03)
  }
}
