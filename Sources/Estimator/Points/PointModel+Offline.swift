// Throughput without clients that wait: the largest rate of an offline run, of one inside limits, of one batch that
// starts together, and of one phase alone.

import Catalog
import Quantities

/// Engines of early 2024 launch every kernel from the host: a step takes the device's time at a lower share of its
/// rates, or the host's time for its launches. Fitted on the Llama-2-70B rows of the calibration split.
struct EagerEngine: Sendable {
  var share = 0.72
  var decodeLaunch = Seconds(Unit.microsecond.toBase(48))
  var prefillLaunch = Seconds(Unit.microsecond.toBase(70))

  func decode(_ device: Seconds, kernels: Double) -> Seconds { max(device / share, decodeLaunch * kernels) }
  func prefill(_ device: Seconds, kernels: Double) -> Seconds { max(device / share, prefillLaunch * kernels) }
}

/// What differs offline from serving: no stream to a client, ranks that wait for each other, tuned kernels.
struct OfflineConstants: Sendable {
  /// Per-request work of a step without a stream.
  var requestOverhead = Seconds(Unit.microsecond.toBase(3))
  /// Attention-DP: imbalance of experts and ranks that wait for the one that prefills.
  var dataParallelWait = 1.45
  /// Nearer to the peak than a general engine, for submissions.
  var computeGain = 1.0
  /// Largest batch of a rank: trtllm-bench stops there whatever memory holds (finetune_setting in
  /// tensorrt_llm/bench/build/tuning.py, NVIDIA/TensorRT-LLM@04cba88, 2025).
  var mostPerRank = 4096.0

  /// A tuned submission to a benchmark; in its first round kernels and settings are not there yet.
  static func submission(isFirstRound: Bool) -> OfflineConstants {
    OfflineConstants(
      requestOverhead: Seconds(Unit.microsecond.toBase(8)), computeGain: isFirstRound ? 0.85 : 1.12)
  }
}

extension EngineConstants {
  func offline(_ offline: OfflineConstants) -> EngineConstants {
    var copy = self
    copy.requestOverhead = offline.requestOverhead
    let gain = offline.computeGain
    copy.gemmShareFactor = ChipRates.GEMMShare(
      bf16: gemmShareFactor.bf16 * gain, fp8: gemmShareFactor.fp8 * gain, fp4: gemmShareFactor.fp4 * gain)
    return copy
  }
}

/// Share of the steady rate that is left when arrivals vary and the 99 % quantile must stay inside limits.
private let limitedShare = 0.9

extension PointModel {
  var offlineConstants: OfflineConstants {
    point.isSubmission ? .submission(isFirstRound: point.isFirstRound) : OfflineConstants()
  }

  /// Finished requests/s of one replica at a batch that is refilled at once.
  func offlineRate(_ step: StepModel, batch: Double) -> Double {
    // Stages work on as many micro-batches at once: a token takes all of them, the batch moves one at a time.
    let time = mixedStep(step, batch: batch)
    let wait = step.sharding.data > 1 ? offlineConstants.dataParallelWait : 1
    return batch * stageShare(step) / (wait * workload.outputTokens * time.value)
  }

  /// A step of `batch` requests in steady state: every beam decodes a sequence of its own, the prompt runs once.
  ///
  /// Beams keep one copy of the prompt's keys, but each reads it: the calibration rows of a beam search lie within
  /// 20 % of that, and up to 84 % off a single reading for all.
  func mixedStep(_ step: StepModel, batch: Double) -> Seconds {
    step.mixedStep(batch: batch * point.beams, prompts: batch / workload.outputTokens, workload: workload)
  }

  /// Tokens in the cache of a request with `answer` tokens: its beams share the prompt.
  private func cachedTokens(_ answer: Double) -> Double { workload.inputTokens + point.beams * answer }

  /// Stages of unequal steps wait for each other: 5 % a stage is assumed, as no fitted run has several.
  private func stageShare(_ step: StepModel) -> Double { power(0.95, step.sharding.pipeline - 1) }

  /// The largest offline rate over deployments and batches.
  func offline() -> Known<PointPrediction> {
    var best: (rate: Double, deployment: Deployment)?
    for deployment in deployments() + attentionParallelTwins() {
      let step = self.step(deployment, constants.offline(offlineConstants))
      let limit = min(
        step.reservedBatchLimit(tokens: cachedTokens(workload.outputTokens)),
        offlineConstants.mostPerRank * step.sharding.data / point.beams)
      guard limit >= 1 else { continue }
      var batches = [limit.rounded(.down)]
      var batch = 1.0
      while batch < limit {
        batches.append(batch)
        batch *= 2
      }
      for batch in batches {
        let rate = offlineRate(step, batch: batch) * replicas(deployment)
        if rate > (best?.rate ?? 0) { best = (rate, deployment) }
      }
    }
    guard let best else { return .failure(doesNotFit()) }
    return .success(
      PointPrediction(
        value: rate(best.rate, accelerators(best.deployment)),
        errorClass: point.isSubmission ? .submission : .offline, deployment: best.deployment, remarks: []))
  }

  /// A table that writes TP for a mixture model may have run its attention by requests, or spread its experts.
  private func attentionParallelTwins() -> [Deployment] {
    guard let stated = point.deployment, model.isMoE, stated.dataParallel == 1, stated.tensorParallel > 1,
      !point.point.parallelism.contains("EP")
    else { return [] }
    let n = stated.tensorParallel
    return [(n, n, 1), (1, n, n)].map { tp, ep, dp in
      Deployment(
        tensorParallel: tp, expertParallel: ep, dataParallel: dp, pipelineParallel: stated.pipelineParallel,
        engine: point.engine, precision: point.precision)
    }
  }

  private func accelerators(_ deployment: Deployment) -> Double {
    Double(deployment.accelerators) * replicas(deployment)
  }

  private func doesNotFit() -> Gap {
    gap(
      "no deployment of \(model.name) fits \(point.accelerators ?? 0) x \(chip.name)",
      "check precision and count")
  }

  /// The largest rate at which mean times keep the share of the limits that submitters leave to the tail.
  func limited(ttft: Seconds, tpot: Seconds) -> Known<PointPrediction> {
    var best: (rate: Double, tpot: Double, ttft: Double, deployment: Deployment)?
    for deployment in deployments() {
      let step = self.step(deployment, constants.offline(offlineConstants))
      let limit = min(
        step.batchLimit(context: cachedTokens(workload.outputTokens / 2)),
        offlineConstants.mostPerRank * step.sharding.data / point.beams)
      guard limit >= 1 else { continue }
      let prompt = step.prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens).total.value
      let wait = step.sharding.data > 1 ? offlineConstants.dataParallelWait : 1
      func at(_ batch: Double) -> (rate: Double, tpot: Double, ttft: Double) {
        let perToken = wait * mixedStep(step, batch: batch).value
        let decode = step.decode(batch: batch * point.beams, context: workload.meanContext).total.value
        let load = min(0.97, max(0, 1 - decode / perToken))
        let first = 1.25 * (0.02 + wait * prompt + perToken + load / (1 - load) / 2 * prompt)
        return (limitedShare * stageShare(step) * batch / (workload.outputTokens * perToken), perToken, first)
      }
      func keeps(_ batch: Double) -> Bool {
        let there = at(batch)
        return there.tpot <= 0.8 * tpot.value && there.ttft <= 0.5 * ttft.value
      }
      guard keeps(1) else { continue }
      var low = 1.0
      var high = limit
      if keeps(limit) {
        low = limit
      } else {
        while high - low > max(0.5, low * 1e-3) {
          let middle = (low + high) / 2
          if keeps(middle) { low = middle } else { high = middle }
        }
      }
      // Larger batches that hardly serve more only cost time: the smallest within 1.5 % of the best rate is run.
      let most = at(low).rate
      var (least, enough) = (1.0, low)
      while enough - least > max(0.5, least * 1e-3) {
        let middle = (least + enough) / 2
        if at(middle).rate >= 0.985 * most { enough = middle } else { least = middle }
      }
      low = enough
      let found = at(low)
      let rate = found.rate * replicas(deployment)
      if rate > (best?.rate ?? 0) { best = (rate, found.tpot, found.ttft, deployment) }
    }
    guard let best else {
      return .failure(gap("no deployment keeps the limits", "check precision and count"))
    }
    let isTail = point.statistic == .p99
    switch point.metric {
    case .tpot:
      let value = isTail ? min(best.tpot * 1.15, tpot.value) : best.tpot
      return .success(
        PointPrediction(value: value, errorClass: .limitedTPOT, deployment: best.deployment, remarks: []))
    case .ttft:
      let value = isTail ? min(best.ttft * 2.5, ttft.value) : best.ttft
      return .success(
        PointPrediction(value: value, errorClass: .limitedTTFT, deployment: best.deployment, remarks: []))
    default:
      return .success(
        PointPrediction(
          value: rate(best.rate, accelerators(best.deployment)), errorClass: .limited,
          deployment: best.deployment, remarks: []))
    }
  }

  /// One batch of equal requests: its prompts in one pass, then its tokens in step.
  func fixedBatch(_ batch: Double) -> Known<PointPrediction> {
    guard let deployment = deployments().first(where: { holdsWeights(self.step($0)) }) ?? point.deployment
    else {
      return .failure(doesNotFit())
    }
    let share = max(1, batch / replicas(deployment))
    let step = self.step(deployment, constants.offline(offlineConstants))
    let rank = max(1, share / step.sharding.data)
    let prompt = step.prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens, sequences: rank)
    let isRate = !point.metric.isTime
    let decode = step.decodeTime(
      batch: share, context: workload.meanContext)
    let eager = point.isEager ? EagerEngine() : nil
    switch point.metric {
    case .ttft:
      let time = eager?.prefill(prompt.total, kernels: step.kernelCount) ?? prompt.total
      return .success(
        PointPrediction(value: time.value, errorClass: .batchPrefill, deployment: deployment, remarks: []))
    case .tpot:
      let time = eager?.decode(decode, kernels: step.kernelCount) ?? decode
      return .success(
        PointPrediction(value: time.value, errorClass: .batchDecode, deployment: deployment, remarks: []))
    default:
      let wait = step.sharding.data > 1 && isRate ? offlineConstants.dataParallelWait : 1
      let seconds =
        wait * (prompt.total.value + workload.outputTokens * decode.value) + firstLaunches(step).value
      if point.metric == .endToEnd {
        return .success(
          PointPrediction(value: seconds, errorClass: .batchDecode, deployment: deployment, remarks: []))
      }
      return .success(
        PointPrediction(
          value: rate(share * replicas(deployment) / seconds, accelerators(deployment)),
          errorClass: .offline, deployment: deployment, remarks: []))
    }
  }

  /// Host launches of the first pass, which no graph has captured: they show in a run of few steps. Engines that were
  /// compiled ahead, as TensorRT-LLM's were before 2025, launch from no interpreter.
  private func firstLaunches(_ step: StepModel) -> Seconds {
    guard point.date >= "2025" else { return .zero }
    return constants.server(point.engine).prefillLaunch * step.kernelCount
  }

  /// Prefill or decode alone at a batch per rank, or at what memory holds.
  func phase(_ batchPerRank: Double?) -> Known<PointPrediction> {
    guard point.metric == (point.isPrefillOnly ? .inputRate : .outputRate) else {
      return .failure(gap("one phase alone has no \(point.metric.rawValue)", "use its own rate"))
    }
    var candidates = deployments()
    if let count = point.accelerators, point.deployment == nil, model.isMoE {
      candidates = [
        Deployment(
          expertParallel: count, dataParallel: count, engine: point.engine, precision: point.precision)
      ]
    }
    var best: (rate: Double, deployment: Deployment)?
    for deployment in candidates {
      let step = self.step(deployment, constants.offline(offlineConstants))
      guard holdsWeights(step) else { continue }
      let wait = step.sharding.data > 1 ? offlineConstants.dataParallelWait : 1
      let rate: Double
      if point.isPrefillOnly {
        let prompts = max(1, (8192 / workload.freshTokens).rounded(.down))
        let prompt = step.prefill(tokens: workload.freshTokens, sequences: prompts)
        rate = prompts * step.sharding.data / (wait * prompt.total.value)
      } else {
        let most = min(step.batchLimit(context: workload.meanContext), 256 * step.sharding.ranks)
        let batch = batchPerRank.map { $0 * step.sharding.ranks } ?? most
        guard batch >= 1 else { continue }
        let decode = step.decode(batch: batch, context: workload.meanContext).total.value
        rate = batch / (wait * decode) / workload.outputTokens
      }
      if rate * replicas(deployment) > (best?.rate ?? 0) { best = (rate * replicas(deployment), deployment) }
    }
    guard let best else { return .failure(doesNotFit()) }
    return .success(
      PointPrediction(
        value: rate(best.rate, accelerators(best.deployment)), errorClass: .phase,
        deployment: best.deployment,
        remarks: []))
  }
}
