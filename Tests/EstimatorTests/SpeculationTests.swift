// Speculative decoding in estimates and searches: what a draft costs, what it yields, and what is said of it.

import Catalog
import Estimator
import Foundation
import Quantities
import Testing

@Suite("Speculative decoding")
struct SpeculationTests {
  let catalog: Catalog
  let estimator: Estimator
  let layout = Deployment(tensorParallel: 8, expertParallel: 8, engine: .sglang, precision: .fp8Block)
  let chat = Workload(inputTokens: 2048, outputTokens: 512, concurrency: 8)

  init() throws {
    (catalog, estimator) = (try Bundled.shared.get().catalog, try Bundled.shared.get().estimator)
  }

  @Test("a depth alone takes the yield with which three drafts give 2.4 tokens")
  func yield() {
    #expect(abs(Speculation(depth: 3).accepted - Speculation.typical.accepted) < 1e-3)
    #expect(abs(Speculation(depth: 1).accepted - 1.6645) < 1e-9)
    #expect(Speculation(depth: 16).accepted < 1 / (1 - 0.6645))
  }

  @Test("a step of four tokens a sequence and three drafts is shared by the tokens that it yields")
  func price() throws {
    let model = try #require(catalog.model("DeepSeek-V3"))
    let chip = try #require(catalog.accelerator("H200"))
    func step(_ speculation: Speculation?) throws -> StepModel {
      StepModel(
        model: try ModelShape.from(model).get(), chip: try estimator.rates(of: chip).get(),
        deployment: layout, constants: estimator.constants, speculation: speculation)
    }
    let plain = try step(nil)
    let one = plain.decode(batch: 8, context: 2304).total.value
    let four = plain.decode(batch: 8, context: 2304, tokensPerSequence: 4).total.value
    let drafted = try step(.typical).decodeTime(batch: 8, context: 2304).value
    #expect(abs(drafted / ((four + 3 * 1.5 / 61 * one) / 2.4) - 1) < 1e-12)
    #expect(plain.decodeTime(batch: 8, context: 2304).value == one)

    func serve(_ speculation: Speculation?) throws -> ServingEstimate {
      try estimator.serve(
        model: model, on: chip, workload: chat, deployment: layout, speculation: speculation
      ).get()
    }
    let (slow, fast) = (try serve(nil), try serve(Speculation(depth: 3, accepted: 2.4)))
    #expect(fast.tpot.value < slow.tpot.value)
    #expect(fast.tpot.sources.contains { $0.contains("assumed: 3.0 drafted tokens") })
    #expect(!slow.tpot.sources.contains { $0.contains("drafted") })
    // Errors of runs with drafts, not those of plain ones.
    let (wide, narrow) = (try #require(fast.tpot.interval), try #require(slow.tpot.interval))
    #expect(wide.high / fast.tpot.value > narrow.high / slow.tpot.value)
    let few = try serve(Speculation(depth: 3, accepted: 1))
    #expect(few.tpot.value > slow.tpot.value)
    let walk = try estimator.walk(
      model: model, on: chip, workload: chat, estimate: fast, speculation: .typical
    ).get()
    #expect(walk.formulas[0].contains("tokens a sequence") && walk.formulas[0].contains("/ 2.4 tokens kept"))
  }

  @Test("a search with drafts gives what an estimate gives, and names the assumption")
  func searched() throws {
    let model = try #require(catalog.model("DeepSeek-V3"))
    let chip = try #require(catalog.accelerator("H200"))
    let result = try estimator.search(
      model: model, on: chip,
      SearchQuery(
        workload: Workload(inputTokens: 2048, outputTokens: 512), precisions: [.fp8], engines: [.sglang],
        speculation: .typical)
    ).get()
    let point = try #require(result.frontier.first)
    var workload = Workload(inputTokens: 2048, outputTokens: 512)
    workload.concurrency = point.batch
    let estimate = try estimator.serve(
      model: model, on: chip, workload: workload, deployment: result.deployments[point.deployment],
      speculation: .typical
    ).get()
    #expect(abs(estimate.tpot.value / point.tpot.value - 1) < 1e-12)
    #expect(result.sources.contains { $0.contains("assumed: 3.0 drafted tokens") })
  }
}
