// Speculative decoding: a draft of further tokens is verified in one step of the model, and what it accepts is one
// step's harvest.

public import Quantities

/// A draft of `depth` tokens of which a step keeps `accepted` tokens on average, the model's own included.
public struct Speculation: Sendable, Hashable {
  /// Drafted tokens a step.
  public let depth: Double
  /// Tokens that a step yields on average, at least 1.
  public let accepted: Double

  /// Depth and yield.
  public init(depth: Double, accepted: Double) {
    self.depth = max(0, depth)
    self.accepted = max(1, accepted)
  }

  /// What public engines run for models with their own prediction layer: three drafted tokens.
  public static let typical = Speculation(depth: 3, accepted: 2.4)
}

extension StepModel {
  /// Mean seconds per output token of a decode step, with a draft or without.
  ///
  /// Each drafted token costs one layer and the head of a plain step; verification runs all tokens of a sequence
  /// over one reading of its cache.
  public func decodeTime(batch: Double, context: Double, speculation: Speculation?) -> Seconds {
    let plain = decode(batch: batch, context: context)
    guard let speculation else { return plain.total }
    let verify = decode(batch: batch, context: context, tokensPerSequence: 1 + speculation.depth).total
    let draft = plain.total * (1.5 / max(1, model.layers)) * speculation.depth
    return (verify + draft) / speculation.accepted
  }
}
