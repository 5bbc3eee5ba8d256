// Which pairs of chip and model the fit saw, what is widened where it did not, and which engine serves.

import Catalog
import Estimator
import Foundation
import Quantities
import Testing

@Suite("Outside the fit")
struct CoverageTests {
  let catalog: Catalog
  let estimator: Estimator
  let chat = Workload(inputTokens: 1024, outputTokens: 512, tpotLimit: Seconds(0.05))

  init() throws {
    (catalog, estimator) = (try Bundled.shared.get().catalog, try Bundled.shared.get().estimator)
  }

  private func serve(
    _ name: String, _ id: String, precision: Precision? = nil, deployment: Deployment? = nil,
    engine: Engine? = nil, workload: Workload? = nil
  ) throws -> Known<ServingEstimate> {
    estimator.serve(
      model: try #require(catalog.model(name)), on: try #require(catalog.accelerator(id)),
      workload: workload ?? chat, precision: precision, deployment: deployment, engine: engine)
  }

  private func gap(_ answer: Known<ServingEstimate>) throws -> Gap {
    guard case .failure(let gap) = answer else { throw Gap("a gap", missing: "an estimate was given") }
    return gap
  }

  @Test("the pairs that count as served are those with kept runs in the calibration split")
  func pairs() throws {
    let runs = try Bundled.shared.get().published.runs.filter { $0.split == "calibration" }
    let found = Set(runs.map { ServedPair(accelerator: $0.accelerator, model: $0.model) })
    #expect(found == ServedPair.served)
    // No run on more than a server's accelerators: what a wide domain does is not in the fit.
    #expect(runs.allSatisfy { $0.ranks <= 8 })
  }

  @Test(
    "the logarithms of an interval are 1.5 times as wide for an unseen pair and twice on a wide domain",
    arguments: [
      // Runs of this very pair under this engine anchor it.
      ("Llama-3.1-70B", "H100", 0.83),
      ("Llama-3.3-70B", "H100", 1), ("DeepSeek-V3", "H200", 1), ("DeepSeek-V3", "B200", 1),
      ("Qwen3-235B-A22B", "B200", 1.5), ("Llama-3.1-8B", "A100-80GB", 1.5), ("DeepSeek-V3", "GB200", 2),
      ("DeepSeek-V3", "GB300", 2), ("Llama-3.1-70B", "GB200", 2),
    ])
  func widened(name: String, id: String, factor: Double) throws {
    let tp = name == "Llama-3.1-8B" ? 1 : 8
    let layout = Deployment(tensorParallel: tp, expertParallel: name.hasPrefix("L") ? 1 : tp, precision: .fp8)
    let figure = try serve(name, id, deployment: layout).get().tpot
    let high = log(try #require(figure.interval).high / figure.value)
    #expect(abs(high / log(estimator.servedError.tpot.high) - factor) < 1e-9)
    let reasons = figure.sources.filter { $0.contains("times as wide") }
    #expect(reasons.count == (factor > 1 ? 1 : 0))
    #expect(reasons.allSatisfy { $0.contains("\(factor) times") })
  }

  @Test("the engine that is asked for serves, and without one the best does", arguments: Engine.allCases)
  func engines(engine: Engine) throws {
    let asked = try serve("Llama-3.1-70B", "H100", engine: engine).get()
    #expect(asked.deployment.engine == engine && asked.deployment.summary.hasSuffix(engine.rawValue))
    let best = try serve("Llama-3.1-70B", "H100").get().outputTokensPerSecondPerAccelerator.value
    #expect(asked.outputTokensPerSecondPerAccelerator.value <= best)
    let others = try Engine.allCases.filter { $0 != engine }.map {
      try serve("Llama-3.1-70B", "H100", engine: $0).get().ttft.value
    }
    #expect(!others.contains(asked.ttft.value))
    let layout = Deployment(tensorParallel: 4, engine: .vllm, precision: .fp8)
    let fixed = try serve("Llama-3.1-70B", "H100", deployment: layout, engine: engine).get()
    #expect(fixed.deployment.engine == engine && fixed.deployment.tensorParallel == 4)
  }

  @Test("an engine that does not run on a chip is a gap that names those that do")
  func wrongEngine() throws {
    let gap = try gap(serve("Llama-3.1-8B", "MI300X", engine: .tensorRTLLM))
    #expect(gap.missing.contains("trtllm") && gap.remedy.contains("vllm or sglang"))
    #expect(try serve("Llama-3.1-8B", "MI300X").get().deployment.engine != .tensorRTLLM)
  }

  @Test("a chip without a published one-way link is estimated alone, and the gap names the link")
  func link() throws {
    let alone = try serve("Llama-3.1-8B", "GH200").get()
    #expect(alone.deployment.accelerators == 1)
    #expect(alone.tpot.sources.contains { $0.contains("one-way scale-up bandwidth of GH200") })
    let layout = Deployment(tensorParallel: 8, precision: .fp8)
    for answer in [
      try serve("DeepSeek-V3", "GH200"), try serve("Llama-3.1-8B", "GH200", deployment: layout),
    ] {
      let gap = try gap(answer)
      #expect(gap.missing.hasPrefix("the one-way scale-up bandwidth of GH200 is not published"))
      #expect(gap.remedy.contains("accelerators.csv") && gap.subject.contains("several GH200"))
    }
    let both = try gap(serve("DeepSeek-V3", "GH200")).missing
    #expect(both.contains("one alone lacks") && both.contains("weights take 627.7 of 89.4 GiB"))
  }

  @Test("where the prompt's cache is what does not fit, the gap says so and not the weights")
  func cache() throws {
    let layout = Deployment(precision: .fp8)
    let long = Workload(inputTokens: 900_000, outputTokens: 1024)
    let text = try gap(serve("Llama-3.1-8B", "L40S", deployment: layout, workload: long)).missing
    // 900,512 tokens of 65,536 bytes: 55.0 GiB.
    #expect(text.contains("KV cache of one request of 900512 tokens takes 55.0 GiB"))
    #expect(!text.contains("weights take"))
  }

  @Test(
    "sparse attention is said to come from its definition",
    arguments: ["DeepSeek-V3.2", "GLM-5", "DeepSeek-V3"])
  func sparse(name: String) throws {
    let sources = try serve(name, "H200").get().tpot.sources
    #expect(
      sources.contains { $0.contains("sparse attention from its definition") } == (name != "DeepSeek-V3"))
  }
}
