// Disaggregated serving: x workers that only prefill beside y workers that only decode, their rates matched.
// An upper envelope: it takes both sides as busy as they can be, while published pairs mostly wait for decode.

public import Quantities

/// A pair of prefill and decode workers, xPyD.
public struct DisaggregatedPoint: Sendable, Hashable {
  /// Place of the prefill workers' deployment in the result's list.
  public let prefill: Int
  /// Place of the decode workers' deployment.
  public let decode: Int
  /// Prefill workers.
  public let prefillWorkers: Int
  /// Decode workers.
  public let decodeWorkers: Int
  /// Prompts of one prefill pass.
  public let promptsPerPass: Int
  /// Requests in flight in each decode worker.
  public let batch: Int
  /// Accelerators of all workers.
  public let accelerators: Int
  /// Mean time to first token: queue, prefill, transfer of the KV cache and the first decode step.
  public let ttft: Seconds
  /// Mean time per output token.
  public let tpot: Seconds
  /// Time of moving the KV cache of one request, part of `ttft`.
  public let transfer: Seconds
  /// Output tokens/s of one accelerator, prefill workers counted.
  public let ratePerAccelerator: Double
  /// 80 % interval of `ttft`, in seconds.
  public let ttftRange: Interval
  /// 80 % interval of `tpot`, in seconds.
  public let tpotRange: Interval
  /// 80 % interval of `ratePerAccelerator`, around the envelope.
  public let rateRange: Interval

  /// Tokens/s that one user sees: 1 / TPOT.
  public var ratePerUser: Double { 1 / tpot.value }
  /// Short form, e.g. `2P1D`.
  public var label: String { "\(prefillWorkers)P\(decodeWorkers)D" }
}

extension DisaggregatedPoint: FrontierPoint {
  var tieOrder: [Int] {
    [accelerators, prefill, decode, promptsPerPass, prefillWorkers, decodeWorkers, batch]
  }
}

/// Matches prefill workers with decode workers of the same engine and number format.
struct DisaggregatedSearch {
  let deployments: [SearchedDeployment]
  let workload: Workload
  let batches: SearchedBatches
  /// Accelerators of the scale-up network that holds a pair; the KV cache moves over it.
  let domain: Int

  /// A worker that only prefills.
  struct PrefillWorker {
    let deployment: SearchedDeployment
    let prompts: Int
    /// One pass over its prompts.
    let pass: Double
    /// Prompts/s at the share of `prefillShare`.
    let rate: Double
    /// Prompts/s that its links carry away.
    let egress: Double
    /// KV bytes of a prompt on one rank.
    let cache: Double
    var accelerators: Int { deployment.deployment.accelerators }
    /// Prompts/s that it hands on.
    var supply: Double { min(rate, egress) }
    /// Accelerator-seconds of a prompt.
    var cost: Double { Double(accelerators) / supply }
  }

  /// A worker that only decodes, at a batch.
  struct DecodeWorker {
    let deployment: SearchedDeployment
    let batch: Int
    let step: Double
    /// Finished requests/s at the share of `decodeShare`, or what its links can take in.
    let rate: Double
    let cache: Double
    let format: Deployment.Format
    var accelerators: Int { deployment.deployment.accelerators }
  }

  /// The frontier, and how many pairs of workers were considered.
  ///
  /// Decode workers come fastest first, so a pair whose rate could not exceed one already found is beaten in
  /// both rates and is not worked out: its bound is that of matching without whole numbers of workers.
  /// - Complexity: O(pairs), and O(accelerators of the network) for those that are worked out.
  func frontier() -> (frontier: [DisaggregatedPoint], count: Int) {
    var prefills: [Deployment.Format: [PrefillWorker]] = [:]
    for (format, group) in Dictionary(grouping: deployments, by: { $0.deployment.format }) {
      prefills[format] = useful(group.flatMap(prefillWorkers))
    }
    let decodes = deployments.flatMap(decodeWorkers).sorted {
      ($0.step, $0.deployment.index, $0.batch) < ($1.step, $1.deployment.index, $1.batch)
    }
    // The bounds alone: the inner loop then touches no deployment.
    let costs = prefills.mapValues { $0.map(\.cost) }
    var found = ParetoFrontier<DisaggregatedPoint>()
    var most = 0.0
    var count = 0
    for decode in decodes {
      let own = Double(decode.accelerators) / decode.rate
      let costs = costs[decode.format] ?? []
      count += costs.count
      for index in costs.indices where workload.outputTokens >= most * (own + costs[index]) * (1 - 1e-12) {
        guard let prefill = prefills[decode.format]?[index], let best = best(prefill, decode) else {
          continue
        }
        found.add(best)
        most = max(most, best.ratePerAccelerator)
      }
    }
    return (found.points, count)
  }

  /// Workers that hold their weights and the prompts of a pass: one prompt, or as many as fill a chunk.
  func prefillWorkers(_ deployment: SearchedDeployment) -> [PrefillWorker] {
    let step = deployment.step
    guard let link = link(step), deployment.deployment.accelerators < domain else { return [] }
    let tokens = workload.freshTokens
    let cache = step.bytesPerSequence(context: workload.inputTokens).value
    let most = max(1, Int(min(prefillTokens / tokens, 256)))
    return Set([1, most]).sorted().compactMap { prompts -> PrefillWorker? in
      guard Double(prompts) * cache <= step.servingMemory.value else { return nil }
      let parallel = Double(deployment.deployment.dataParallel * deployment.deployment.pipelineParallel)
      let pass = step.prefill(prompts: Double(prompts), of: workload).value
      return PrefillWorker(
        deployment: deployment, prompts: prompts, pass: pass,
        rate: prefillShare * Double(prompts) * parallel / pass, egress: parallel * link / cache, cache: cache)
    }
  }

  /// The batches of a deployment that decodes within the limit on time per output token.
  func decodeWorkers(_ deployment: SearchedDeployment) -> [DecodeWorker] {
    let step = deployment.step
    guard let link = link(step), deployment.deployment.accelerators < domain,
      deployment.missingMemory(workload) == nil
    else { return [] }
    let cache = step.bytesPerSequence(context: workload.inputTokens).value
    let parallel = Double(deployment.deployment.dataParallel * deployment.deployment.pipelineParallel)
    return batches.upTo(Int(deployment.batchLimit(workload))).compactMap { batch -> DecodeWorker? in
      let time = step.decodeTime(batch: Double(batch), context: workload.meanContext)
      if let limit = workload.tpotLimit, time > limit { return nil }
      let rate = decodeShare * Double(batch) / (workload.outputTokens * time.value)
      return DecodeWorker(
        deployment: deployment, batch: batch, step: time.value, rate: min(rate, parallel * link / cache),
        cache: cache, format: deployment.deployment.format)
    }
  }

  /// Without the workers that another replaces at no loss: no larger, no slower, no longer in a pass.
  private func useful(_ workers: [PrefillWorker]) -> [PrefillWorker] {
    func measures(_ worker: PrefillWorker) -> [Double] {
      [
        Double(worker.deployment.deployment.accelerators), -worker.rate, -worker.egress, worker.pass,
        worker.cache,
      ]
    }
    let all = workers.map(measures)
    return workers.indices.filter { index in
      !all.indices.contains { other in
        let isNoWorse = zip(all[other], all[index]).allSatisfy { $0 <= $1 }
        return isNoWorse && (all[other] != all[index] || other < index)
      }
    }.map { workers[$0] }
  }

  /// The best numbers of workers of a pair: most output of an accelerator, then fewest accelerators.
  func best(_ prefill: PrefillWorker, _ decode: DecodeWorker) -> DisaggregatedPoint? {
    let (own, other) = (prefill.accelerators, decode.accelerators)
    var best: DisaggregatedPoint?
    for y in 1...max(1, (domain - own) / other) where own + y * other <= domain {
      // Output of an accelerator rises with x up to the matched number and falls behind it; only a limit on
      // the time to first token may ask for more.
      let matched = Double(y) * decode.rate / prefill.supply
      var x = max(1, Int(min(matched, Double(domain))))
      while x * own + y * other <= domain {
        let point = point(prefill, x, decode, y)
        if let point, point.ratePerAccelerator > (best?.ratePerAccelerator ?? 0) { best = point }
        if Double(x) >= matched, point != nil { break }
        x += 1
      }
    }
    return best
  }

  /// The pair at given numbers of workers; nil where it breaks the limit on time to first token.
  func point(_ prefill: PrefillWorker, _ x: Int, _ decode: DecodeWorker, _ y: Int) -> DisaggregatedPoint? {
    let step = prefill.deployment.step
    guard let link = link(step) else { return nil }
    let requests = min(Double(x) * prefill.supply, Double(y) * decode.rate)
    let accelerators = x * prefill.accelerators + y * decode.accelerators
    // Kingman for equal service times, x workers as one of x times the speed.
    let load = requests / (Double(x) * prefill.rate / prefillShare)
    let queue = load / (1 - load) / 2 * prefill.pass / Double(x)
    // The rank with most of a request's cache decides; engines could hide part of it behind the layers.
    let transfer = max(prefill.cache, decode.cache) / link
    let server = step.server
    let launch = server.prefillLaunch.value * step.kernelCount
    let ttft = server.admission.value + queue + prefill.pass + launch + transfer + decode.step
    if let limit = workload.ttftLimit, ttft > limit.value { return nil }
    let rate = requests * workload.outputTokens / Double(accelerators)
    let error = decode.deployment.pairError
    return DisaggregatedPoint(
      prefill: prefill.deployment.index, decode: decode.deployment.index, prefillWorkers: x,
      decodeWorkers: y, promptsPerPass: prefill.prompts, batch: decode.batch, accelerators: accelerators,
      ttft: Seconds(ttft), tpot: Seconds(decode.step), transfer: Seconds(transfer), ratePerAccelerator: rate,
      ttftRange: error.ttft.around(ttft), tpotRange: error.tpot.around(decode.step),
      rateRange: error.throughput.around(rate))
  }

  /// Bytes/s of one rank's link that transfers reach.
  private func link(_ step: StepModel) -> Double? {
    step.chip.scaleUpBandwidth.map { $0.value * step.constants.scaleUpShare }
  }
}

extension Deployment {
  /// What both sides of a pair must share for one to read the other's cache.
  fileprivate var format: Format { Format(precision: precision, engine: engine) }

  /// Number format and engine.
  struct Format: Hashable {
    let precision: Precision
    let engine: Engine
  }
}

extension StepModel {
  /// One pass over `prompts` prompts of the workload on every attention rank: weights are read once, attention
  /// stays within each prompt, and the experts see the tokens of all ranks.
  func prefill(prompts: Double, of workload: Workload) -> Seconds {
    let tokens = prompts * workload.freshTokens
    let pass = prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens, sequences: prompts)
    let products = productTime(
      rankTokens: tokens / sharding.context, groupTokens: tokens * sharding.data, sampled: prompts)
    return pass.total - pass.products + Seconds(products.total)
  }
}

/// Share of its time that a prefill worker computes, and a decode worker decodes: what AIConfigurator's rate
/// matching takes (estimates of its authors, no fit of ours).
private let prefillShare = 0.90
private let decodeShare = 0.92
/// Prompt tokens that a prefill worker puts into one pass.
private let prefillTokens = 8192.0
