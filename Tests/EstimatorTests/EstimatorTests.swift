// What must hold of any estimate: it grows and shrinks the right way, keeps its limits, and names what is missing.

import Catalog
import Estimator
import Quantities
import Testing

@Suite("An estimate")
struct EstimateTests {
  let catalog: Catalog
  let estimator: Estimator
  let chat = Workload(
    inputTokens: 1024, outputTokens: 512, ttftLimit: Seconds(2), tpotLimit: Seconds(0.05))

  init() throws {
    catalog = try Catalog.embedded()
    estimator = try Estimator(catalog: catalog)
  }

  private func model(_ name: String) throws -> ModelArchitecture { try #require(catalog.model(name)) }
  private func chip(_ id: String) throws -> Accelerator { try #require(catalog.accelerator(id)) }
  private func serve(_ name: String, _ id: String, _ workload: Workload) throws -> ServingEstimate {
    try estimator.serve(model: model(name), on: chip(id), workload: workload).get()
  }

  @Test(
    "keeps its limits, and one request more would break one", arguments: ["Llama-3.1-70B", "DeepSeek-V3"])
  func limits(name: String) throws {
    let estimate = try serve(name, "H200", chat)
    #expect(estimate.tpot.value <= 0.05 && estimate.ttft.value <= 2)
    #expect(Double(estimate.batch) <= estimate.batchLimit)
    var more = chat
    more.concurrency = estimate.batch + 1
    let next = estimator.serve(
      model: try model(name), on: try chip("H200"), workload: more, deployment: estimate.deployment)
    if estimate.binding == .memory {
      #expect(Double(estimate.batch + 1) > estimate.batchLimit)
    } else {
      guard case .failure = next else {
        Issue.record("batch \(estimate.batch + 1) keeps the limits too")
        return
      }
    }
  }

  @Test("never serves more under a tighter limit", arguments: [0.2, 0.1, 0.05, 0.03])
  func tighter(limit: Double) throws {
    var loose = chat
    loose.tpotLimit = Seconds(limit)
    var tight = chat
    tight.tpotLimit = Seconds(limit * 0.8)
    let rate = try serve("Llama-3.1-70B", "H100", loose).outputTokensPerSecondPerAccelerator.value
    let less = try serve("Llama-3.1-70B", "H100", tight).outputTokensPerSecondPerAccelerator.value
    #expect(less <= rate)
  }

  @Test("decodes no slower with more bandwidth, arithmetic or link", arguments: [1.0, 16, 256])
  func faster(batch: Double) throws {
    let shape = try ModelShape.from(model("DeepSeek-V3")).get()
    let base = try estimator.rates(of: chip("H200")).get()
    func step(_ change: (inout ChipRates) -> Void) -> Double {
      var rates = base
      change(&rates)
      let step = StepModel(
        model: shape, chip: rates,
        deployment: Deployment(tensorParallel: 8, expertParallel: 8, precision: .fp8Block),
        constants: estimator.constants)
      return step.decode(batch: batch, context: 2048).total.value
    }
    let time = step { _ in }
    #expect(step { $0.memoryBandwidth = $0.memoryBandwidth * 1.5 } < time)
    #expect(step { $0.fp8Peak = $0.fp8Peak.map { $0 * 1.5 } } <= time)
    #expect(step { $0.scaleUpBandwidth = $0.scaleUpBandwidth.map { $0 * 1.5 } } < time)
  }

  @Test("a rank holds less of the model as ranks grow, and the ranks together at least all of it")
  func sharding() throws {
    let shape = try ModelShape.from(model("Qwen3-235B-A22B")).get()
    let rates = try estimator.rates(of: chip("H200")).get()
    func weights(_ tp: Int, _ ep: Int, _ dp: Int = 1, _ pp: Int = 1) -> Double {
      StepModel(
        model: shape, chip: rates,
        deployment: Deployment(
          tensorParallel: tp, expertParallel: ep, dataParallel: dp, pipelineParallel: pp, precision: .fp8Block
        ),
        constants: estimator.constants
      ).weightBytesPerRank.value
    }
    let whole = weights(1, 1)
    #expect(weights(8, 8) == weights(8, 1))
    #expect(weights(8, 1) < whole / 7 && weights(8, 1) * 8 >= whole)
    #expect(weights(1, 8, 8) > weights(8, 8))
    #expect(weights(4, 1, 1, 2) == weights(4, 1) / 2)
  }

  @Test("a cached prefix shortens the prefill and nothing of the decode")
  func cached() throws {
    var warm = chat
    warm.cachedShare = 0.75
    warm.concurrency = 16
    var cold = chat
    cold.concurrency = 16
    let deployment = Deployment(tensorParallel: 2, precision: .fp8)
    func get(_ workload: Workload) throws -> ServingEstimate {
      try estimator.serve(
        model: model("Llama-3.1-70B"), on: chip("H100"), workload: workload, deployment: deployment
      ).get()
    }
    let (with, without) = (try get(warm), try get(cold))
    #expect(with.prefillSecondsPerRequest.value < without.prefillSecondsPerRequest.value / 3)
    #expect(with.decodeSecondsPerRequest.value == without.decodeSecondsPerRequest.value)
  }

  @Test("says calibrated only where kernels of the chip were measured, and is wider elsewhere")
  func trust() throws {
    func width(_ figure: Figure) throws -> Double {
      let interval = try #require(figure.interval)
      return interval.high / interval.low
    }
    let known = try serve("Llama-3.1-8B", "H100", chat).tpot
    let sheet = try serve("Llama-3.1-8B", "H20", chat).tpot
    let other = try serve("Llama-3.1-8B", "TPU7x", chat).tpot
    #expect(known.trust == .calibrated && sheet.trust == .datasheet && other.trust == .datasheet)
    #expect(try width(known) < width(sheet) && width(known) < width(other))
    #expect(known.sources.contains { $0.contains("accelerators.csv: H100") })
  }

  @Test("names the datum that is missing")
  func gaps() throws {
    func missing(_ name: String, _ id: String, _ workload: Workload? = nil, _ d: Deployment? = nil) throws
      -> String
    {
      let answer = estimator.serve(
        model: try model(name), on: try chip(id), workload: workload ?? chat, deployment: d)
      guard case .failure(let gap) = answer else { return "no gap" }
      return gap.missing
    }
    #expect(try missing("Llama-3.1-8B", "Maia 200").contains("without saying dense or sparse"))
    var bare = try model("Kimi-K3")
    bare.linearValueHeads = nil
    let answer = estimator.serve(model: bare, on: try chip("H100"), workload: chat)
    guard case .failure(let gap) = answer else { return #expect(Bool(false), "no gap") }
    #expect(gap.missing.contains("linear layers"))
    // 70B parameters at 2 bytes on one 80 GiB chip: 131.4 GiB of weights.
    let alone = Deployment(precision: .bf16)
    let text = try missing("Llama-3.1-70B", "H100", nil, alone)
    #expect(text.contains("GiB of memory") && text.contains("weights take 131.4 of 80.0 GiB"))
    var hard = chat
    hard.tpotLimit = Seconds(1e-5)
    #expect(try missing("Llama-3.1-8B", "H100", hard).contains("keeps the limits"))
  }

  @Test("training takes 6 FLOP per parameter and token")
  func training() throws {
    let estimate = try estimator.training(parameters: 405e9, tokens: 15.6e12, on: chip("H100"), mfu: 0.4)
      .get()
    #expect(abs(estimate.work.value / 3.7908e25 - 1) < 1e-12)
    #expect(abs(estimate.acceleratorSeconds.value * 0.4 * 989.4e12 / 3.7908e25 - 1) < 1e-12)
    guard case .failure = estimator.training(parameters: 1, tokens: 1, on: try chip("H100"), mfu: 1.5) else {
      Issue.record("a share of peak above 1 was taken")
      return
    }
  }

  @Test("the shares of peak agree with the medians of published kernels to 12 %")
  func kernelShares() throws {
    let ids = catalog.accelerators.map(\.id)
    let types = ["bf16": "bf16", "fp8": "fp8", "fp8 block": "fp8", "nvfp4": "fp4"]
    var shares: [String: [String: [Double]]] = [:]  // chip and type, then engine
    for kernel in try Catalog.measuredKernels()
    where kernel.source == "aiconfigurator op database" && kernel.kernel.hasPrefix("gemm (") {
      guard let type = types[kernel.dtype], let m = kernel.m, m >= 2048, let n = kernel.n, let k = kernel.k,
        let time = kernel.value, let id = acceleratorID(forPublishedName: kernel.accelerator, among: ids),
        let row = catalog.accelerator(id),
        let peak = row.peak(type == "bf16" ? .bf16 : type == "fp8" ? .fp8 : .fp4)
      else { continue }
      let flop = 2 * Double(m) * Double(n) * Double(k)
      let share = flop / Unit.microsecond.toBase(time) / peak.value
      shares["\(id)|\(type)", default: [:]][kernel.kernel, default: []].append(share)
    }
    func median(_ values: [Double]) -> Double {
      let sorted = values.sorted()
      let half = sorted.count / 2
      return sorted.count % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
    }
    #expect(shares.count >= 18)
    for (key, engines) in shares {
      let parts = key.split(separator: "|").map(String.init)
      let rates = try estimator.rates(of: chip(parts[0])).get()
      #expect(estimator.trust(in: try chip(parts[0])) == .calibrated)
      let used =
        parts[1] == "bf16"
        ? rates.gemmShare.bf16 : parts[1] == "fp8" ? rates.gemmShare.fp8 : rates.gemmShare.fp4
      let measured = median(engines.values.map(median))
      #expect(abs(used / measured - 1) < 0.12, "\(key): \(used) used, \(measured) measured")
    }
  }
}
