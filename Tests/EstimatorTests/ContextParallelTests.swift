// Ranks that share a sequence: what they divide, what they add, and what is said of it.

import Catalog
import Estimator
import Foundation
import Quantities
import Testing

@Suite("Context parallelism")
struct ContextParallelTests {
  let catalog: Catalog
  let estimator: Estimator

  init() throws {
    (catalog, estimator) = (try Bundled.shared.get().catalog, try Bundled.shared.get().estimator)
  }

  private func step(_ name: String, tp: Int, ep: Int = 1, cp: Int) throws -> StepModel {
    StepModel(
      model: try ModelShape.from(try #require(catalog.model(name))).get(),
      chip: try estimator.rates(of: try #require(catalog.accelerator("H200"))).get(),
      deployment: Deployment(
        tensorParallel: tp, expertParallel: ep, contextParallel: cp, engine: .vllm, precision: .fp8),
      constants: estimator.constants)
  }

  @Test("divides cache, reads and work of attention, and keeps dense weights whole")
  func divided() throws {
    let (one, two) = (try step("Llama-3.1-70B", tp: 4, cp: 1), try step("Llama-3.1-70B", tp: 4, cp: 2))
    #expect(two.deployment.accelerators == 8 && two.deployment.summary.contains("TP4 CP2"))
    let context = 131_072.0
    #expect(two.bytesPerSequence(context: context).value * 2 == one.bytesPerSequence(context: context).value)
    #expect(
      two.kvTraffic(sequences: 4, context: context) * 2 == one.kvTraffic(sequences: 4, context: context))
    let whole = one.prefillAttentionWork(tokens: context, prefix: 0)
    #expect(two.prefillAttentionWork(tokens: context, prefix: 0) * 2 == whole)
    let decoding = one.decodeAttentionWork(sequences: 4, context: context)
    #expect(two.decodeAttentionWork(sequences: 4, context: context) * 2 == decoding)
    #expect(two.weightBytesPerRank == one.weightBytesPerRank)
    let (latent, shared) = (
      try step("DeepSeek-V3", tp: 8, ep: 8, cp: 1), try step("DeepSeek-V3", tp: 8, ep: 16, cp: 2)
    )
    // The latent is whole on every tensor-parallel rank: only sharing the sequence makes it smaller.
    #expect(shared.bytesPerSequence(context: 4096).value * 2 == latent.bytesPerSequence(context: 4096).value)
    #expect(shared.weightBytesPerRank < latent.weightBytesPerRank)
  }

  @Test(
    "shortens the prefill of 131,072 tokens, by less than its degree",
    arguments: ["Llama-3.1-70B", "DeepSeek-V3"])
  func prefill(name: String) throws {
    let times = try [1, 2, 4, 8].map {
      try step(name, tp: 8, ep: name.hasPrefix("D") ? 8 * $0 : 1, cp: $0).prefill(tokens: 131_072).total.value
    }
    for (before, after) in zip(times, times.dropFirst()) {
      #expect(after < before && after > before / 2)
    }
  }

  @Test("adds the exchange of partial outputs to a decode step, and pays where the cache is long")
  func decode() throws {
    let (one, two) = (try step("Llama-3.1-70B", tp: 8, cp: 1), try step("Llama-3.1-70B", tp: 8, cp: 2))
    let (short, shortShared) = (one.decode(batch: 1, context: 128), two.decode(batch: 1, context: 128))
    #expect(shortShared.communication > short.communication && shortShared.total > short.total)
    let (long, longShared) = (
      one.decode(batch: 16, context: 131_072), two.decode(batch: 16, context: 131_072)
    )
    #expect(longShared.total < long.total && longShared.attention.value * 2 == long.attention.value)
  }

  @Test("is named and widened in an estimate, and searched for long prompts only")
  func said() throws {
    let model = try #require(catalog.model("Llama-3.1-70B"))
    let chip = try #require(catalog.accelerator("H200"))
    func serve(_ cp: Int) throws -> Figure {
      try estimator.serve(
        model: model, on: chip, workload: Workload(inputTokens: 65_536, outputTokens: 512, concurrency: 1),
        deployment: Deployment(tensorParallel: 4, contextParallel: cp, engine: .sglang, precision: .fp8)
      ).get().ttft
    }
    let (one, two) = (try serve(1), try serve(2))
    #expect(two.sources.contains { $0.contains("no published run with context parallelism calibrates this") })
    #expect(!one.sources.contains { $0.contains("context parallelism") })
    let (narrow, wide) = (try #require(one.interval), try #require(two.interval))
    #expect(abs(log(wide.high / two.value) / log(narrow.high / one.value) - 1.5) < 1e-9)
    func degrees(_ prompt: Double) throws -> Set<Int> {
      let query = SearchQuery(workload: Workload(inputTokens: prompt, outputTokens: 512), precisions: [.fp8])
      return Set(try estimator.search(model: model, on: chip, query).get().deployments.map(\.contextParallel))
    }
    #expect(try degrees(32_767) == [1])
    #expect(try degrees(32_768) == [1, 2, 4, 8])
  }
}
