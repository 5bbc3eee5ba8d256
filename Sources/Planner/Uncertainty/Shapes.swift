// The two distributions that planners state by a few numbers and that need more than a line of arithmetic:
// PERT and the lognormal. Logarithms and exponentials are the estimator's own, so that a draw has the same
// bits everywhere.

import Estimator

/// PERT from the lowest, most likely and highest value: a beta distribution on [low, high].
public struct PERT: Sendable, Hashable {
  /// Lowest value.
  public let low: Double
  /// Highest value.
  public let high: Double
  /// First shape parameter, 1 + 4(mode - low)/(high - low).
  public let alpha: Double
  /// Second shape parameter, 1 + 4(high - mode)/(high - low).
  public let beta: Double
  /// (low + 4·mode + high) / 6.
  public let mean: Double
  /// Standard deviation of the beta distribution over the range.
  public let standardDeviation: Double
  private let unit: BetaDistribution

  /// nil unless low ≤ mode ≤ high and low < high.
  public init?(low: Double, mode: Double, high: Double) {
    guard low <= mode, mode <= high, low < high else { return nil }
    let range = high - low
    self.low = low
    self.high = high
    alpha = 1 + 4 * (mode - low) / range
    beta = 1 + 4 * (high - mode) / range
    mean = (low + 4 * mode + high) / 6
    let sum = alpha + beta
    standardDeviation = range * (alpha * beta / (sum * sum * (sum + 1))).squareRoot()
    unit = BetaDistribution(alpha, beta)
  }

  /// The value below which a share `u` of the draws lies; `u` in (0, 1).
  public func quantile(_ u: Double) -> Double {
    let (x, y) = unit.quantile(u)
    // From the nearer end, so that values close to it keep their digits.
    return x <= y ? low + x * (high - low) : high - y * (high - low)
  }
}

/// A lognormal from its 10 % and 90 % quantiles.
public struct Lognormal: Sendable, Hashable {
  /// Mean of the logarithm.
  public let mu: Double
  /// Standard deviation of the logarithm.
  public let sigma: Double

  /// nil unless 0 < p10 ≤ p90.
  public init?(p10: Double, p90: Double) {
    guard p10 > 0, p10 <= p90 else { return nil }
    mu = (naturalLogarithm(p10) + naturalLogarithm(p90)) / 2
    sigma = (naturalLogarithm(p90) - naturalLogarithm(p10)) / (2 * normalQuantile90)
  }

  /// exp(μ + σ²/2).
  public var mean: Double { naturalExponential(mu + sigma * sigma / 2) }

  /// mean · √(exp(σ²) - 1).
  public var standardDeviation: Double {
    let variance = sigma * sigma
    // Below 1e-5 the difference to 1 would lose the digits that two terms of the series keep.
    let excess = variance < 1e-5 ? variance + variance * variance / 2 : naturalExponential(variance) - 1
    return mean * excess.squareRoot()
  }

  /// The value below which a share `u` of the draws lies; `u` in (0, 1).
  public func quantile(_ u: Double) -> Double { naturalExponential(mu + sigma * normalQuantile(u)) }
}
