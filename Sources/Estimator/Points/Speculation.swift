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

extension Speculation {
  /// A draft of `depth` tokens, each kept with the same probability after those before it: 1 + p + ... + p^depth
  /// tokens a step. The probability is that with which three drafts yield what `typical` does.
  public init(depth: Double) {
    let all = (1 - power(keptProbability, max(0, depth) + 1)) / (1 - keptProbability)
    self.init(depth: depth, accepted: all)
  }
}

/// Probability with which a drafted token is kept: 1 + 0.6645 + 0.6645² + 0.6645³ = 2.4.
private let keptProbability = 0.6645

extension StepModel {
  /// Mean seconds per output token of a decode step, with a draft or without.
  ///
  /// Each drafted token costs one layer and the head of a plain step; verification runs all tokens of a sequence
  /// over one reading of its cache. Passes of the model's own prediction module (joining product, layer, head, cache
  /// and launches) in place of that flat price were tried: the median error of the 44 calibration rows went from 10.4
  /// to 10.6 %, p90 from 54.9 to 53.6 %.
  public func decodeTime(batch: Double, context: Double) -> Seconds {
    guard let speculation else { return decode(batch: batch, context: context).total }
    let verify = decode(batch: batch, context: context, tokensPerSequence: 1 + speculation.depth).total
    return (verify + draftTime(batch: batch, context: context, speculation)) / speculation.accepted
  }

  /// Seconds that the drafts of one step take.
  func draftTime(batch: Double, context: Double, _ speculation: Speculation) -> Seconds {
    decode(batch: batch, context: context).total * (1.5 / max(1, model.layers)) * speculation.depth
  }

  /// What is assumed of the drafts, in words; empty without any.
  var speculationNotes: [String] {
    guard let speculation else { return [] }
    return [
      "assumed: \(tenths(speculation.depth)) drafted tokens a step, of which a step yields "
        + "\(tenths(speculation.accepted)) tokens; what is kept depends on model and text",
      "drafts at 1.5 layers each, whose weights are not in the memory budget",
    ]
  }
}
