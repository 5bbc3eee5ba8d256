// What one replica does for a workload, every number with its interval, trust and sources.

public import Quantities

/// What keeps the batch from growing.
public enum Binding: String, Sendable, Hashable, Codable {
  /// The KV cache fills the memory.
  case memory
  /// The limit on time per output token.
  case tpot = "TPOT limit"
  /// The limit on time to first token.
  case ttft = "TTFT limit"
  /// The concurrency that was asked for.
  case concurrency
  /// The largest batch that engines run (2,048 a rank).
  case engine = "engine batch limit"
}

/// The operating point of one replica.
public struct ServingEstimate: Sendable, Hashable {
  /// Ranks, engine, format.
  public let deployment: Deployment
  /// Requests in flight in the replica.
  public let batch: Int
  /// Most requests that the memory holds.
  public let batchLimit: Double
  /// Weights of one rank in bytes.
  public let weightBytesPerRank: Bytes
  /// Mean time to first token in seconds.
  public let ttft: Figure
  /// Mean time per output token in seconds.
  public let tpot: Figure
  /// Output tokens/s of one accelerator of the replica, prefill included.
  public let outputTokensPerSecondPerAccelerator: Figure
  /// Prompt tokens/s (cached part included) of one accelerator at the same point.
  public let inputTokensPerSecondPerAccelerator: Figure
  /// Replica-seconds that the prompt of one request occupies.
  public let prefillSecondsPerRequest: Figure
  /// Replica-seconds that the decode of one request occupies at this batch.
  public let decodeSecondsPerRequest: Figure
  /// Fresh prompt tokens/s of one accelerator that does prefill only.
  public let prefillTokensPerSecondPerAccelerator: Figure
  /// Output tokens/s of one accelerator that does decode only at this batch.
  public let decodeTokensPerSecondPerAccelerator: Figure
  /// What keeps the batch from growing.
  public let binding: Binding
  /// Share of the KV memory that is still free, 0 = saturated.
  public let distanceToSaturation: Double

  /// `binding` as text.
  public var limitedBy: String { binding.rawValue }
}

/// The cost of one training run.
public struct TrainingEstimate: Sendable, Hashable {
  /// 6 x parameters x tokens.
  public let work: FLOP
  /// Seconds of one accelerator; divide by the fleet's size for the duration.
  public let acceleratorSeconds: Figure
  /// Share of the dense peak that was assumed.
  public let mfu: Double
}

extension ServingEstimate {
  /// Every figure with its name, in the order in which people ask.
  public var figures: [(name: String, figure: Figure)] {
    [
      ("output rate per accelerator", outputTokensPerSecondPerAccelerator),
      ("input rate per accelerator", inputTokensPerSecondPerAccelerator),
      ("time to first token", ttft), ("time per output token", tpot),
      ("prefill time of a request", prefillSecondsPerRequest),
      ("decode time of a request", decodeSecondsPerRequest),
      ("prefill-only rate per acc.", prefillTokensPerSecondPerAccelerator),
      ("decode-only rate per acc.", decodeTokensPerSecondPerAccelerator),
    ]
  }
}
