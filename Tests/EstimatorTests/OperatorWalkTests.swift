// Figures walked back to operators.

import Catalog
import Estimator
import Quantities
import Testing

@Suite("The walk back to operators")
struct OperatorWalkTests {
  @Test(
    "its lines add up to the decode step and to the prompt, and the formulas name the figures",
    arguments: [
      ("Llama-3.1-70B", "H100", Deployment(tensorParallel: 4, precision: .fp8)),
      ("DeepSeek-V3", "B200", Deployment(expertParallel: 8, dataParallel: 8, precision: .fp8Block)),
      ("DeepSeek-V3.2", "H200", Deployment(tensorParallel: 8, expertParallel: 8, precision: .fp8Block)),
      ("Llama-3.1-405B", "H200", Deployment(tensorParallel: 4, pipelineParallel: 2, precision: .fp8)),
    ])
  func sums(name: String, id: String, deployment: Deployment) throws {
    let (catalog, estimator) = (try Bundled.shared.get().catalog, try Bundled.shared.get().estimator)
    let model = try #require(catalog.model(name))
    let chip = try #require(catalog.accelerator(id))
    let workload = Workload(inputTokens: 2048, outputTokens: 512, concurrency: 32)
    let estimate = try estimator.serve(model: model, on: chip, workload: workload, deployment: deployment)
      .get()
    let walk = try estimator.walk(model: model, on: chip, workload: workload, estimate: estimate).get()
    let step = StepModel(
      model: try ModelShape.from(model).get(), chip: try estimator.rates(of: chip).get(),
      deployment: estimate.deployment, constants: estimator.constants)
    let decode = step.decode(batch: 32, context: workload.meanContext).total.value
    let prefill = step.prefill(tokens: 2048).total.value
    #expect(abs(walk.decode.reduce(0) { $0 + $1.seconds.value } / decode - 1) < 1e-9)
    #expect(abs(walk.prefill.reduce(0) { $0 + $1.seconds.value } / prefill - 1) < 1e-9)
    // Three formulas, and for a pair with measured runs a line for each shift and one for what comes out.
    let shifts = estimate.tpot.sources.count { $0.contains("anchored") }
    #expect(walk.formulas.count == (shifts > 0 ? 4 + shifts : 3))
    #expect(walk.formulas[0].hasPrefix("Time per output token"))
    #expect(walk.decode.contains { $0.part == "head" } && walk.decode.allSatisfy { !$0.source.isEmpty })
    #expect(walk.decode.contains { $0.part == "expert product" } == (model.kind == "moe"))
  }
}
