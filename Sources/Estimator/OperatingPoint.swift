// From step times to what a client sees: time per token with prefill interference, time to first token,
// throughput, and how many sequences the memory holds.

public import Quantities

/// A replica under a constant number of requests in flight.
public struct OperatingPoint: Sendable, Hashable {
  /// Requests that clients keep in flight.
  public let concurrency: Double
  /// Requests that run at once: the concurrency or what memory holds.
  public let batch: Double
  /// A decode step at this batch.
  public let decode: StepModel.Decode
  /// The prefill of one prompt alone.
  public let prefill: StepModel.Prefill
  /// What one prefill adds to the replica while it decodes.
  public let marginalPrefill: Seconds
  /// Decode time of one token of a sequence: the step, or with drafts its share of what a step yields.
  public let decodePerToken: Seconds
  /// Mean time per output token.
  public let tpot: Seconds
  /// Mean time to first token.
  public let ttft: Seconds
  /// Finished requests per second of the replica.
  public let requestsPerSecond: Double
  /// Output tokens/s of the replica.
  public let outputTokensPerSecond: TokensPerSecond
}

extension StepModel {
  /// The operating point at a concurrency; `batchLimit` is how many sequences the memory holds.
  ///
  /// TPOT = T_dec(B) + φ·(B − 1)/OSL·T_marg: while a request makes its tokens, the others' prompts interfere.
  public func operate(
    concurrency: Double, batchLimit: Double, workload: Workload, fixedLengths: Bool = false,
    prefill known: Prefill? = nil
  ) -> OperatingPoint {
    let batch = min(concurrency, batchLimit)
    let step = decode(batch: batch, context: workload.meanContext)
    let prompt = known ?? prefill(tokens: workload.freshTokens, prefix: workload.cachedTokens)
    let added = marginal(prompt)
    let others = max(0, batch - 1)
    let lockStep = fixedLengths ? server.lockStep : 1
    let interference = lockStep * constants.interference * others / workload.outputTokens
    let perToken =
      speculation == nil ? step.total : decodeTime(batch: batch, context: workload.meanContext)
    let tpot = perToken + added * interference

    let launch = server.prefillLaunch * kernelCount
    // Launches of a long prompt repeat with each chunk of 8,192 tokens; a shorter one shares its chunk.
    let turn = prompt.total / sharding.data + launch * min(1, workload.freshTokens / prefillChunk)
    let queue: Seconds
    switch workload.arrivals {
    case .closedLoop:
      let share = fixedLengths ? server.burstFixedLengths : server.burst
      queue = turn * (share * others / 2)
    case .poisson:
      // Kingman for one prefill server with equal service times: ρ/(1 − ρ)·½·s.
      let busy = batch * added.value
      let load = busy / (busy + workload.outputTokens * perToken.value)
      queue = turn * (load / (1 - load) / 2)
    }
    let waiting = tpot * (max(0, concurrency - batch) / max(batch, 1) * workload.outputTokens)
    let ttft = server.admission + prompt.total + launch + step.total * 0.5 + queue + waiting
    let rate = concurrency / (ttft.value + tpot.value * (workload.outputTokens - 1))
    return OperatingPoint(
      concurrency: concurrency, batch: batch, decode: step, prefill: prompt, marginalPrefill: added,
      decodePerToken: perToken, tpot: tpot, ttft: ttft, requestsPerSecond: rate,
      outputTokensPerSecond: TokensPerSecond(rate * workload.outputTokens))
  }

  // MARK: Memory

  /// KV and state bytes of one sequence of `context` tokens on one rank.
  public func bytesPerSequence(context: Double) -> Bytes {
    let all =
      context * kvBytesPerToken + windowBytes(context: context) + model.stateBytes / sharding.tensor
    return Bytes(all / sharding.pipeline)
  }

  /// Memory of one rank that is left for sequences in a serving engine; negative where weights do not fit.
  ///
  /// vLLM and SGLang take 0.90 of the whole, TensorRT-LLM 0.95; 1.5 GiB of activations and 1.05 GiB of
  /// communication buffers (0.25 on one rank) go off; never less than 0.9 of what loading leaves.
  public var servingMemory: Bytes {
    let share = deployment.engine == .tensorRTLLM ? 0.95 : 0.90
    let buffers = Unit.gibibyte.toBase(sharding.ranks > 1 ? 1.05 : 0.25)
    let whole =
      share * chip.memory.value - weightBytesPerRank.value - Unit.gibibyte.toBase(1.5) - buffers
    let free = 0.9 * (chip.memory.value - weightBytesPerRank.value - Unit.gibibyte.toBase(3))
    return Bytes(max(whole, free))
  }

  /// Sequences of mean length `context` that fit into the replica while it serves; below 1 = does not fit.
  public func batchLimit(context: Double) -> Double {
    limit(servingMemory, bytesPerSequence(context: context))
  }

  /// Sequences that fit when every one reserves its full length, as an offline run without eviction does.
  public func reservedBatchLimit(tokens: Double) -> Double {
    let buffers = Unit.gibibyte.toBase(sharding.ranks > 1 ? 3.5 : 2.5)
    let memory = 0.9 * (chip.memory.value - weightBytesPerRank.value - buffers)
    return limit(Bytes(memory), bytesPerSequence(context: tokens))
  }

  private func limit(_ memory: Bytes, _ each: Bytes) -> Double {
    each.value > 0 ? max(0, memory / each) * sharding.data : memory.value > 0 ? .infinity : 0
  }
}

/// Prompt tokens that engines put into one step.
private let prefillChunk = 8192.0
