// What a search walks, counted by hand, and disaggregated pairs against brute force over all their numbers.

import Catalog
import Estimator
import Quantities
import Testing

@Suite("What a search walks")
struct SearchSpaceTests {
  let catalog: Catalog
  let estimator: Estimator

  init() throws {
    catalog = try Catalog.embedded()
    estimator = try Estimator(catalog: catalog)
  }

  private func result(
    _ name: String, _ id: String, _ query: SearchQuery
  ) throws -> SearchResult {
    // Looked up first: a failed requirement would print the whole catalogue.
    let (model, chip) = (catalog.model(name), catalog.accelerator(id))
    return try estimator.search(model: #require(model), on: #require(chip), query).get()
  }
  private let short = Workload(inputTokens: 512, outputTokens: 128)

  private func walked(_ name: String, _ id: String, _ precision: Precision) throws -> [String] {
    let query = SearchQuery(workload: short, precisions: [precision], engines: [.vllm])
    return try result(name, id, query).deployments.map { $0.summary }
  }

  @Test("a dense model: every split of up to eight accelerators into TP and stages")
  func dense() throws {
    let splits = [
      "TP1", "TP1 PP2", "TP2", "TP1 PP4", "TP2 PP2", "TP4", "TP1 PP8", "TP2 PP4", "TP4 PP2", "TP8",
    ]
    #expect(try walked("Llama-3.1-70B", "H100", .fp8) == splits.map { $0 + " fp8 vllm" })
  }

  @Test("a mixture: every grid of the experts under TP, all ranks under attention-DP")
  func mixture() throws {
    let four = try walked("DeepSeek-V3", "B200", .fp4).filter { !$0.contains("PP") }
    let grids = [
      "TP1", "TP1 EP2 DP2", "TP2", "TP2 EP2", "TP1 EP4 DP4", "TP2 EP4 DP2", "TP4", "TP4 EP2", "TP4 EP4",
      "TP1 EP8 DP8", "TP2 EP8 DP4", "TP4 EP8 DP2", "TP8", "TP8 EP2", "TP8 EP4", "TP8 EP8",
    ]
    #expect(four == grids.map { $0 + " fp4 vllm" })
  }

  @Test("a rack of 72 is walked to 64 ranks, and heads that TP does not divide are not cut")
  func wide() throws {
    let ranks = try walked("DeepSeek-V3", "GB200", .fp4)
    #expect(ranks.contains("TP1 EP64 DP64 fp4 vllm") && ranks.contains("TP64 EP64 fp4 vllm"))
    #expect(!ranks.contains { $0.contains("EP128") || $0.contains("TP128") })
    // Llama-4 has 40 query heads: 8 divides them, 16 does not.
    let scout = try walked("Llama-4-Scout-17B-16E", "GB200", .fp8)
    #expect(scout.contains("TP8 fp8 vllm") && !scout.contains { $0.hasPrefix("TP16") })
  }

  @Test(
    "formats are those of the checkpoint and narrower ones in which the chip computes",
    arguments: [
      ("Llama-3.1-70B", "A100-80GB", [Precision.bf16]), ("Llama-3.1-70B", "H100", [.bf16, .fp8]),
      ("Llama-3.1-70B", "B200", [.bf16, .fp8, .fp4]), ("DeepSeek-V3", "H200", [.fp8Block]),
      ("DeepSeek-V3", "B200", [.fp8Block, .fp4]),
    ])
  func formats(name: String, id: String, expected: [Precision]) throws {
    let model = try #require(catalog.model(name))
    let rates = try estimator.rates(of: #require(catalog.accelerator(id))).get()
    #expect(Precision.searched(for: model, on: rates) == expected)
  }

  @Test("engines are those that run on the chip; one that does not is a gap that names those that do")
  func engines() throws {
    let amd = try result("Llama-3.1-8B", "MI300X", SearchQuery(workload: short))
    #expect(Set(amd.deployments.map(\.engine)) == [.vllm, .sglang])
    let model = try #require(catalog.model("Llama-3.1-8B"))
    let chip = try #require(catalog.accelerator("MI300X"))
    let answer = estimator.search(
      model: model, on: chip, SearchQuery(workload: short, engines: [.tensorRTLLM]))
    guard case .failure(let gap) = answer else {
      Issue.record("TensorRT-LLM was searched on an AMD chip")
      return
    }
    #expect(gap.remedy.contains("vllm") && gap.missing.contains("trtllm"))
  }

  @Test("pairs are the best of all numbers of workers, and stay inside the scale-up network")
  func pairs() throws {
    let query = SearchQuery(workload: short, precisions: [.fp8], engines: [.vllm])
    let found = try result("Llama-3.1-8B", "H100", query)
    let (shape, rates, constants) = (
      try ModelShape.from(#require(catalog.model("Llama-3.1-8B"))).get(),
      try estimator.rates(of: #require(catalog.accelerator("H100"))).get(), estimator.constants
    )
    func step(_ index: Int) -> StepModel {
      StepModel(model: shape, chip: rates, deployment: found.deployments[index], constants: constants)
    }
    try #require(found.disaggregated.count > 3)
    for point in found.disaggregated {
      let (prefill, decode) = (step(point.prefill), step(point.decode))
      let (one, own) = (prefill.deployment.accelerators, decode.deployment.accelerators)
      let time = decode.decode(batch: Double(point.batch), context: short.meanContext).total.value
      #expect(point.tpot.value == time)
      #expect(Double(point.batch) <= decode.batchLimit(context: short.meanContext))
      #expect(point.accelerators == point.prefillWorkers * one + point.decodeWorkers * own)
      #expect(point.accelerators <= 8)
      // The same two workers in every other number make no more of an accelerator.
      let prompts = Double(point.promptsPerPass)
      let alone = prefill.prefill(tokens: short.inputTokens)
      let pass =
        prefill.prefill(tokens: prompts * short.inputTokens).total.value
        - prefill.prefill(tokens: prompts * short.inputTokens).attention.value
        + prompts * alone.attention.value
      let stages = Double(prefill.deployment.pipelineParallel)
      let prefillRate = 0.90 * prompts * stages / pass
      let decodeRate = 0.92 * Double(point.batch) / (short.outputTokens * time)
      var most = 0.0
      for x in 1...8 {
        for y in 1...8 where x * one + y * own <= 8 {
          let requests = min(Double(x) * prefillRate, Double(y) * decodeRate)
          most = max(most, requests * short.outputTokens / Double(x * one + y * own))
        }
      }
      // The pass also makes the first logits of every prompt, not of one: less than a part in 10,000.
      #expect(abs(point.ratePerAccelerator - most) <= 1e-4 * most, "\(point.label)")
      #expect(point.transfer.value > 0 && point.ttft > point.transfer)
    }
  }
}
