// How a model is spread over accelerators, and what it is asked to do.

public import Quantities

/// One replica: ranks, engine, number format.
public struct Deployment: Sendable, Hashable {
  /// Accelerators of the replica: TP x CP x DP x PP.
  public let accelerators: Int
  /// Tensor-parallel degree of attention.
  public let tensorParallel: Int
  /// Groups that the experts are spread over; 1 = every rank holds a slice of every expert.
  public let expertParallel: Int
  /// Attention-data-parallel degree inside the replica.
  public let dataParallel: Int
  /// Pipeline stages.
  public let pipelineParallel: Int
  /// Ranks that share the sequence: each computes its part of a prompt against all keys, and keeps its part of the
  /// cache. Attention and dense weights are whole on each of them; the experts' grid spans them.
  public let contextParallel: Int
  /// Serving engine.
  public let engine: Engine
  /// Format of the weights.
  public let precision: Precision

  /// A replica of as many accelerators as the product of all degrees but the experts'; below 1 counts as 1.
  public init(
    tensorParallel: Int = 1, expertParallel: Int = 1, dataParallel: Int = 1, pipelineParallel: Int = 1,
    contextParallel: Int = 1, engine: Engine = .vllm, precision: Precision
  ) {
    self.tensorParallel = max(1, tensorParallel)
    self.expertParallel = max(1, expertParallel)
    self.dataParallel = max(1, dataParallel)
    self.pipelineParallel = max(1, pipelineParallel)
    self.contextParallel = max(1, contextParallel)
    self.engine = engine
    self.precision = precision
    accelerators =
      self.tensorParallel * self.dataParallel * self.pipelineParallel * self.contextParallel
  }

  /// Short form, e.g. `TP8 EP8 fp8-block vllm`.
  public var summary: String {
    var parts = ["TP\(tensorParallel)"]
    if expertParallel > 1 { parts.append("EP\(expertParallel)") }
    if dataParallel > 1 { parts.append("DP\(dataParallel)") }
    if pipelineParallel > 1 { parts.append("PP\(pipelineParallel)") }
    if contextParallel > 1 { parts.append("CP\(contextParallel)") }
    return (parts + [precision.rawValue, engine.rawValue]).joined(separator: " ")
  }
}

/// How requests reach a replica.
public enum Arrivals: String, Sendable, Hashable, Codable {
  /// As many clients as the batch, each waiting for its answer, all starting together: what benchmarks run.
  case closedLoop
  /// Independent arrivals at the rate that keeps the batch: what a fleet sees.
  case poisson
}

/// The requests that a replica serves and the limits that it must keep.
public struct Workload: Sendable, Hashable {
  /// Mean prompt length in tokens, cached part included.
  public var inputTokens: Double
  /// Mean answer length in tokens.
  public var outputTokens: Double
  /// Share of the prompt that a prefix cache supplies, 0 up to below 1.
  public var cachedShare: Double
  /// Limit on the mean time to the first token; nil = none.
  public var ttftLimit: Seconds?
  /// Limit on the mean time per output token; nil = none.
  public var tpotLimit: Seconds?
  /// Closed loop (default, what the published points are) or independent arrivals.
  public var arrivals: Arrivals
  /// Concurrent requests of a replica; nil = the most that limits and memory allow.
  public var concurrency: Int?

  /// A workload from its parts.
  public init(
    inputTokens: Double, outputTokens: Double, cachedShare: Double = 0, ttftLimit: Seconds? = nil,
    tpotLimit: Seconds? = nil, arrivals: Arrivals = .closedLoop, concurrency: Int? = nil
  ) {
    self.inputTokens = inputTokens
    self.outputTokens = outputTokens
    self.cachedShare = cachedShare
    self.ttftLimit = ttftLimit
    self.tpotLimit = tpotLimit
    self.arrivals = arrivals
    self.concurrency = concurrency
  }

  /// Prompt tokens that are computed.
  public var freshTokens: Double { inputTokens * (1 - cachedShare) }
  /// Prompt tokens that the cache supplies.
  public var cachedTokens: Double { inputTokens * cachedShare }
  /// Mean context of a decode step: the whole prompt and half the answer.
  public var meanContext: Double { inputTokens + outputTokens / 2 }
}
