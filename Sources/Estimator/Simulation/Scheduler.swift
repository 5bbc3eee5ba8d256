// How a serving engine fills its steps.

/// The scheduler of a replica.
public struct Scheduler: Sendable, Hashable {
  /// True where prompts run in steps of their own while decoding waits (SGLang); false where a step carries both
  /// (vLLM, TensorRT-LLM).
  public var isPrefillFirst = false
  /// Tokens of one step, decoded ones included: 4,096 where steps are mixed, 8,192 where prompts go first.
  ///
  /// With identical lengths, whole steps of prompts end together and come back together. With 8,192 in mixed steps
  /// these cohorts are larger than those of the calibration runs (mean TTFT off by 24 % instead of 21 %, median);
  /// 2,048 fits them as well but starves prompts eight times as long as answers from 256 sequences on.
  public var tokenBudget = 4096
  /// Tokens of one step where prompts go first.
  public static let prefillFirstBudget = 8192
  /// Most sequences that run at once.
  public var maxRunning = 2048
  /// Tokens of a KV block.
  public var blockTokens = 16
  /// Share of every prompt that a prefix cache supplies; it is kept and read, but not computed.
  public var cachedShare = 0.0

  /// vLLM's defaults.
  public init() {}

  /// The scheduler of a deployment; every rank of attention-DP has a token budget of its own.
  public init(_ deployment: Deployment, cachedShare: Double = 0) {
    isPrefillFirst = deployment.engine == .sglang
    tokenBudget = (isPrefillFirst ? Scheduler.prefillFirstBudget : tokenBudget) * deployment.dataParallel
    maxRunning *= deployment.dataParallel * deployment.pipelineParallel
    self.cachedShare = cachedShare
  }
}
