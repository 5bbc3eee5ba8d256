// How wrong estimates were on points that the fit had not seen, as factors measured / predicted. The fit was
// repeated with each model and each chip left out (split conformal, every chip-model-precision cell counts
// once); `plimsoll score` counts how often published points fall inside.

public import Quantities

/// The 80 % range of measured / predicted by kind of figure.
public struct HeldOutError: Sendable, Hashable {
  /// Time per output token.
  public let tpot: Interval
  /// Served throughput.
  public let throughput: Interval
  /// Time to first token.
  public let ttft: Interval
  /// Prefill-only and offline rates; nil = no published run tells.
  public let offline: Interval?

  /// Chips of a vendor with calibrated chips, data sheet only: half as wide again.
  var dataSheet: HeldOutError { widened(by: 1.5) }

  /// Chips of another vendor's software stack without a measured point: ln half-width 0.35 served, 0.50 offline.
  var otherVendor: HeldOutError {
    HeldOutError(
      tpot: HeldOutError.symmetric(halfWidth: 0.35), throughput: HeldOutError.symmetric(halfWidth: 0.35),
      ttft: widened(by: 1.5).ttft, offline: HeldOutError.symmetric(halfWidth: 0.50))
  }

  /// The same shape with logarithms multiplied by `factor`.
  public func widened(by factor: Double) -> HeldOutError {
    func wide(_ range: Interval) -> Interval { Interval(power(range.low, factor), power(range.high, factor)) }
    return HeldOutError(
      tpot: wide(tpot), throughput: wide(throughput), ttft: wide(ttft), offline: offline.map(wide))
  }

  /// A range of `halfWidth` in natural logarithms to both sides.
  public static func symmetric(halfWidth: Double) -> Interval {
    let factor = exponential(halfWidth)
    return Interval(1 / factor, factor)
  }
}

extension Interval {
  /// The range of a value whose measured / predicted ratio lies in this interval.
  func around(_ value: Double) -> Interval { Interval(value * low, value * high) }

  /// The range of a rate whose time has this range.
  var inverse: Interval { Interval(1 / high, 1 / low) }
}
