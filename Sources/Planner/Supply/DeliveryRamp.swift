// From what a provider delivers to what can be used: shapes of a ramp, slips, acceptance, dead on arrival, and the
// date by which an order must be placed.

/// How deliveries spread over time, as the share that has come by a moment.
public enum DeliveryShape: Sendable, Hashable {
  /// Evenly from the start until `months` have passed.
  case linear(months: Double)
  /// F(t) = 1 / (1 + e^((middle - t) / spread)), cut at the start.
  case logistic(middle: Double, spread: Double)
  /// All of `share` in `month`, one hall after the other; shares sum to at most 1.
  case steps([DeliveryStep])

  /// Share delivered `months` after the start.
  public func share(after months: Double) -> Double {
    guard months > 0 else { return 0 }
    switch self {
    case .linear(let length): return length > 0 ? min(1, months / length) : 1
    case .logistic(let middle, let spread):
      guard spread > 0 else { return months >= middle ? 1 : 0 }
      let start = 1 / (1 + exponential(middle / spread))
      return max(0, (1 / (1 + exponential((middle - months) / spread)) - start) / (1 - start))
    case .steps(let steps):
      return steps.filter { $0.month <= months }.reduce(0) { $0 + $1.share }
    }
  }
}

/// One hall that opens.
public struct DeliveryStep: Sendable, Hashable {
  /// Months after the start.
  public let month: Double
  /// Share of the whole.
  public let share: Double
  /// A step from its parts.
  public init(month: Double, share: Double) {
    self.month = month
    self.share = share
  }
}

/// What lies between a delivery and its use.
public struct Acceptance: Sendable, Hashable {
  /// Months of burn-in and acceptance tests.
  public var months = 0.0
  /// Months that deliveries come late: the median.
  public var slipMedian = 0.0
  /// Months that deliveries come late: exceeded by one in ten.
  public var slipHigh = 0.0
  /// Share that is dead on arrival and never counts.
  public var deadOnArrival = 0.0
  /// Months from order to delivery.
  public var leadMonths = 0.0
  /// No delay.
  public init() {}

  /// Quantile of the slip, lognormal through its median and its 90 % point; 0 without slips.
  /// - Parameter standard: the quantile as standard deviations of a normal: 0 = median, 0.8416 = 80 %, 1.2816 = 90 %.
  public func slip(standard: Double) -> Double {
    guard slipMedian > 0 else { return 0 }
    guard slipHigh > slipMedian else { return slipMedian }
    let sigma = logarithm(slipHigh / slipMedian) / Acceptance.standardAt90
    return slipMedian * exponential(sigma * standard)
  }

  /// Usable share of a total by `months` after the start: (1 - DOA) · F(t - accept - slip).
  public func usableShare(_ shape: DeliveryShape, after months: Double, slip: Double) -> Double {
    (1 - deadOnArrival) * shape.share(after: months - self.months - slip)
  }

  /// Months from the start (negative = before it) by which an order must be placed so that it is usable when it is
  /// needed with a chance of 80 %: need - lead - accept - P80(slip).
  public func orderBy(neededAt month: Double) -> Double {
    month - leadMonths - months - slip(standard: Acceptance.standardAt80)
  }

  /// The normal's 80 % and 90 % points.
  static let standardAt80 = 0.841_621_233_572_914_4
  static let standardAt90 = 1.281_551_565_544_600_4
}
