// Result rows of a host: its curves estimate the host itself and a second opinion for other chips, and nothing else.

import Catalog
import Estimator
import Quantities
import Results
import Testing

/// Rows of a host of 1 TFLOP/s and 100 GB/s (ridge 10 FLOP/B) whose kernels all reach `share` of the roofline.
func hostRows(share: Double, memoryGiB: Double = 512) -> [ResultRow] {
  func row(_ kernel: String, _ change: (inout ResultRow) -> Void) -> ResultRow {
    var row = ResultRow()
    row.runId = "r1"
    row.machineId = "m1"
    row.machineLabel = "test host"
    row.kernel = kernel
    row.impl = "swift"
    row.placement = "machine"
    row.threads = 8
    row.status = .ok
    row.memTotalBytes = Int(Unit.gibibyte.toBase(memoryGiB))
    change(&row)
    return row
  }
  let peak = row("fma_peak") {
    $0.phase = "ceiling"
    $0.gflopsMedian = 1000
  }
  let read = row("memory_read") {
    $0.phase = "ceiling"
    $0.arrayBytes = 1 << 30
    $0.gbytesPerSecondMedian = 100
  }
  let kernels = ["gemm", "attention_prefill", "attention_decode"].flatMap { kernel in
    [0.5, 2, 8, 40, 200].map { intensity in
      row(kernel) {
        $0.phase = "decode"
        $0.rowKey = "\(kernel)\(intensity)"
        $0.arithmeticIntensityFlopPerByte = intensity
        $0.gflopsMedian = share * min(1000, 100 * intensity)
      }
    }
  }
  return [peak, read] + kernels
}

@Suite("A host's result rows")
struct HostTests {
  let catalog: Catalog
  let plain: Estimator
  let chat = Workload(inputTokens: 1024, outputTokens: 512, tpotLimit: Seconds(0.05))

  init() throws {
    (catalog, plain) = (try Bundled.shared.get().catalog, try Bundled.shared.get().estimator)
  }

  private func estimator(share: Double, memoryGiB: Double = 512) throws -> Estimator {
    let host = try #require(HostCalibration(hostRows(share: share, memoryGiB: memoryGiB)))
    return try Estimator(catalog: catalog, host: host)
  }
  private func model(_ name: String) throws -> ModelArchitecture { try #require(catalog.model(name)) }
  private func chip(_ id: String) throws -> Accelerator { try #require(catalog.accelerator(id)) }

  @Test("leave every calibrated figure bit for bit as it is", arguments: ["H100", "GB200", "TPU7x", "L40S"])
  func calibratedUntouched(id: String) throws {
    let published = try Bundled.shared.get().published
    for share in [0.2, 0.9] {
      let with = try estimator(share: share).scoringTransfer(on: published, catalog: catalog)
      for name in ["Llama-3.1-8B", "Qwen3-235B-A22B", "DeepSeek-V3"] {
        let before = plain.serve(model: try model(name), on: try chip(id), workload: chat)
        let after = with.serve(model: try model(name), on: try chip(id), workload: chat)
        #expect(before == after)
        if case .success(let estimate) = after { #expect(estimate.hostDependentFigures.isEmpty) }
      }
    }
  }

  @Test("make every figure of the transferred estimate, for the same deployment and batch")
  func transferred() throws {
    let estimator = try estimator(share: 0.5)
    let leading = try plain.serve(model: model("Llama-3.1-70B"), on: chip("H100"), workload: chat).get()
    let second = try estimator.transferred(model: model("Llama-3.1-70B"), on: chip("H100"), workload: chat)
      .get()
    #expect(second.deployment == leading.deployment && second.batch == leading.batch)
    #expect(second.figures.allSatisfy { $0.figure.trust == .transferred && $0.figure.interval == nil })
    #expect(second.hostDependentFigures == second.figures.map(\.name))
    // Twice the share of the roofline everywhere halves every time that is not the link's.
    let alone = Deployment(precision: .fp8)
    func step(_ share: Double) throws -> Double {
      try self.estimator(share: share).transferred(
        model: model("Llama-3.1-8B"), on: chip("H100"), workload: chat, deployment: alone
      ).get().decodeSecondsPerRequest.value
    }
    #expect(abs(try step(0.4) / step(0.8) - 2) < 1e-9)
  }

  @Test("are scored on the published runs, which gives the transferred estimate its interval")
  func scored() throws {
    let published = try Bundled.shared.get().published
    let scored = try estimator(share: 0.7).scoringTransfer(on: published, catalog: catalog)
    let lines = scored.scores(on: published, catalog: catalog)
    let own = lines.filter { $0.estimate == .calibrated }
    let second = lines.filter { $0.estimate == .transferred }
    #expect(own == plain.scores(on: published, catalog: catalog))
    #expect(second.count == 6)
    let pair = zip(own, second).filter { $0.0.split == "public_test" }
    #expect(pair.allSatisfy { $0.0.score.median < $0.1.score.median })
    let estimate = try scored.transferred(model: model("Llama-3.1-70B"), on: chip("H100"), workload: chat)
      .get()
    let error = try #require(scored.transferError)
    #expect(estimate.tpot.interval?.low == estimate.tpot.value * error.tpot.low)
    #expect(try #require(scored.transferSummary).contains("TPOT median error"))
    // Decode alone has the error of the time per token; no published run scores a prefill alone.
    let decode = estimate.decodeTokensPerSecondPerAccelerator
    let slowest = try #require(decode.interval).low
    #expect(abs(slowest * error.tpot.high / decode.value - 1) < 1e-12)
    let prefill = estimate.prefillTokensPerSecondPerAccelerator
    #expect(prefill.value > 0 && prefill.interval == nil)
    #expect(prefill.sources.contains { $0.contains("no published run scores a prefill alone") })
  }

  @Test("estimate the host itself: a token of a batch of one reads every weight at the measured bandwidth")
  func hostItself() throws {
    var alone = chat
    alone.concurrency = 1
    alone.tpotLimit = nil
    let estimate = try estimator(share: 1).serveOnHost(model: model("Llama-3.1-8B"), workload: alone).get()
    #expect(estimate.tpot.trust == .measured && estimate.deployment.accelerators == 1)
    // 7.50 G parameters that a token multiplies, 2 bytes each, and the cache of 1,280 tokens at 131,072 bytes.
    let bytes = 2 * 7.504e9 + 1280 * 131_072.0
    let expected = bytes / 100e9
    #expect(abs(estimate.tpot.value / expected - 1) < 0.01)
    #expect(estimate.tpot.dependsOnHost)
  }

  @Test("say what does not fit into the host's memory, and that no host is no estimate")
  func gaps() throws {
    let small = try estimator(share: 1, memoryGiB: 16).serveOnHost(
      model: model("Llama-3.1-70B"), workload: chat)
    guard case .failure(let gap) = small else {
      Issue.record("70B parameters fit into 16 GiB")
      return
    }
    #expect(gap.missing.contains("GiB of memory") && gap.subject.contains("test host"))
    guard
      case .failure(let none) = plain.transferred(
        model: try model("Llama-3.1-8B"), on: try chip("H100"), workload: chat)
    else {
      Issue.record("a transferred estimate without a host")
      return
    }
    #expect(none.missing == "no result rows of a host")
  }

  @Test("of a run without ceilings, or of two machines, are refused")
  func incomplete() {
    #expect(HostCalibration(hostRows(share: 1).filter { $0.kernel != "fma_peak" }) == nil)
    #expect(HostCalibration(hostRows(share: 1).filter { $0.kernel != "attention_decode" }) == nil)
    var mixed = hostRows(share: 1)
    mixed[3].machineId = "m2"
    #expect(HostCalibration(mixed) == nil)
  }
}
