// The search against brute force: the same deployments and batches through `serve`, compared pair by pair.

import Catalog
import Estimator
import Quantities
import Testing

/// A point of the brute force.
private struct Plain {
  let deployment: Deployment
  let batch: Int
  let user: Double
  let rate: Double
  let ttft: Double

  /// True where this one is no worse in both rates and better in one.
  func beats(user other: Double, rate otherRate: Double) -> Bool {
    user >= other && rate >= otherRate && (user > other || rate > otherRate)
  }
}

@Suite("A search")
struct SearchTests {
  let catalog: Catalog
  let estimator: Estimator
  let chat = Workload(inputTokens: 900, outputTokens: 300)

  init() throws {
    catalog = try Catalog.embedded()
    estimator = try Estimator(catalog: catalog)
  }

  private func model(_ name: String) throws -> ModelArchitecture { try #require(catalog.model(name)) }
  private func chip(_ id: String) throws -> Accelerator { try #require(catalog.accelerator(id)) }
  private func search(_ name: String, _ id: String, _ query: SearchQuery) throws -> SearchResult {
    try estimator.search(model: model(name), on: chip(id), query).get()
  }

  /// Every deployment of the result at every batch that the memory holds, through `serve`.
  private func bruteForce(_ name: String, _ id: String, _ result: SearchResult) throws -> [Plain] {
    let (model, chip) = (try model(name), try chip(id))
    return result.deployments.flatMap { deployment in
      batches.compactMap { batch in
        var workload = chat
        workload.concurrency = batch
        let answer = estimator.serve(model: model, on: chip, workload: workload, deployment: deployment)
        guard case .success(let estimate) = answer, Double(batch) <= estimate.batchLimit else { return nil }
        return Plain(
          deployment: deployment, batch: batch, user: 1 / estimate.tpot.value,
          rate: estimate.outputTokensPerSecondPerAccelerator.value, ttft: estimate.ttft.value)
      }
    }
  }
  private let batches = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512]

  @Test(
    "keeps exactly what nothing else beats",
    arguments: [("Llama-3.1-70B", "H100"), ("Qwen3-235B-A22B", "H200"), ("DeepSeek-V3", "B200")])
  func frontier(name: String, id: String) throws {
    let result = try search(name, id, SearchQuery(workload: chat))
    let plain = try bruteForce(name, id, result)
    try #require(plain.count > 100 && result.frontier.count > 5)
    for point in result.frontier {
      #expect(!plain.contains { $0.beats(user: point.ratePerUser, rate: point.ratePerAccelerator) })
    }
    // Complete: whatever brute force finds is on the frontier or beaten (or equalled) by a point of it.
    for one in plain {
      #expect(
        result.frontier.contains { $0.ratePerUser >= one.user && $0.ratePerAccelerator >= one.rate },
        "\(one.deployment.summary), batch \(one.batch)")
    }
    // Along a frontier one rate falls and the other rises.
    for (fast, slow) in zip(result.frontier, result.frontier.dropFirst()) {
      #expect(fast.ratePerUser > slow.ratePerUser && fast.ratePerAccelerator < slow.ratePerAccelerator)
    }
  }

  @Test("gives each point the figures and intervals of the estimate of its deployment and batch")
  func equalsEstimate() throws {
    let (model, chip) = (try model("DeepSeek-V3"), try chip("GB200"))
    let result = try search("DeepSeek-V3", "GB200", SearchQuery(workload: chat))
    try #require(result.frontier.count > 5)
    for point in result.frontier {
      var workload = chat
      workload.concurrency = point.batch
      let estimate = try estimator.serve(
        model: model, on: chip, workload: workload, deployment: result.deployments[point.deployment]
      ).get()
      let rate = estimate.outputTokensPerSecondPerAccelerator
      #expect(point.tpot.value == estimate.tpot.value && point.tpotRange == estimate.tpot.interval)
      #expect(point.ttft.value == estimate.ttft.value && point.ttftRange == estimate.ttft.interval)
      #expect(point.ratePerAccelerator == rate.value && point.rateRange == rate.interval)
      #expect(result.trust == rate.trust)
    }
  }

  @Test("keeps limits and memory, and says of everything else why it is out", arguments: [1, 3])
  func limits(threads: Int) throws {
    var workload = chat
    workload.ttftLimit = Seconds(0.4)
    workload.tpotLimit = Seconds(0.02)
    let query = SearchQuery(workload: workload, threads: threads)
    let result = try search("Llama-3.1-70B", "H100", query)
    let all = result.rejections
    #expect(!result.frontier.isEmpty)
    #expect(result.frontier.allSatisfy { $0.tpot.value <= 0.02 && $0.ttft.value <= 0.4 })
    #expect(result.disaggregated.allSatisfy { $0.tpot.value <= 0.02 && $0.ttft.value <= 0.4 })
    #expect(all.deployments == result.deployments.count)
    #expect(all.linkUnknown + all.doesNotFit + all.operated == result.deployments.count)
    #expect(all.overTPOT + all.overTTFT + all.dominated + all.kept == all.points)
    #expect(all.kept == result.frontier.count && all.overTPOT > 0 && all.overTTFT > 0)
    #expect(try #require(all.leastTPOT).value > 0.02 && #require(all.leastTTFT).value > 0.4)
    // Counted once more by hand: the points of the search without limits that break one.
    let free = try search("Llama-3.1-70B", "H100", SearchQuery(workload: chat, threads: threads))
    #expect(free.rejections.points == all.points && free.rejections.overTPOT == 0)
  }

  @Test("counts what does not fit and how much memory it lacks")
  func memory() throws {
    let result = try search("DeepSeek-V3", "H100", SearchQuery(workload: chat))
    #expect(result.frontier.isEmpty && result.disaggregated.isEmpty)
    #expect(result.rejections.doesNotFit == result.deployments.count)
    let shape = try ModelShape.from(model("DeepSeek-V3")).get()
    let rates = try estimator.rates(of: chip("H100")).get()
    let lacks = result.deployments.map { deployment in
      let step = StepModel(
        model: shape, chip: rates, deployment: deployment, constants: estimator.constants)
      return (step.bytesPerSequence(context: chat.meanContext) - step.servingMemory).value
    }
    #expect(result.rejections.leastLack?.value == lacks.min())
    #expect(result.rejections.mostLack?.value == lacks.max())
    #expect(lacks.allSatisfy { $0 > 0 })
  }

  @Test("rejects every replica of several accelerators where their link is not published")
  func link() throws {
    var chip = try chip("H100")
    chip.scaleupUnidirectionalGBps = nil
    let result = try estimator.search(
      model: model("Llama-3.1-8B"), on: chip, SearchQuery(workload: chat)
    ).get()
    let several = result.deployments.filter { $0.accelerators > 1 }
    #expect(!several.isEmpty && result.rejections.linkUnknown == several.count)
    #expect(!result.frontier.isEmpty && result.frontier.allSatisfy { $0.accelerators == 1 })
    #expect(result.disaggregated.isEmpty)
  }

  @Test("does not depend on how many threads share it", arguments: [2, 3, 7])
  func order(threads: Int) throws {
    let one = try search("Qwen3-235B-A22B", "B200", SearchQuery(workload: chat, threads: 1))
    let many = try search("Qwen3-235B-A22B", "B200", SearchQuery(workload: chat, threads: threads))
    #expect(one.frontier == many.frontier && one.disaggregated == many.disaggregated)
    #expect(one.rejections == many.rejections)
  }

  @Test("with every batch is nowhere below the search in steps, and keeps thousands of points")
  func exhaustive() throws {
    let steps = try search("Llama-3.1-8B", "H100", SearchQuery(workload: chat, precisions: [.fp8]))
    let every = try search(
      "Llama-3.1-8B", "H100", SearchQuery(workload: chat, precisions: [.fp8], batches: .every))
    for point in steps.frontier {
      #expect(
        every.frontier.contains {
          $0.ratePerUser >= point.ratePerUser && $0.ratePerAccelerator >= point.ratePerAccelerator
        })
    }
    #expect(every.rejections.points > 20 * steps.rejections.points)
    #expect(every.rejections.points > 10_000 && every.frontier.count > steps.frontier.count)
  }
}
