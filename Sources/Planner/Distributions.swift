// Distributions of uncertain inputs, by the few numbers that a planner can state.

/// PERT from the lowest, most likely and highest value: a beta distribution on [low, high].
public struct PERT: Sendable, Hashable {
  /// First shape parameter, 1 + 4(mode - low)/(high - low).
  public let alpha: Double
  /// Second shape parameter, 1 + 4(high - mode)/(high - low).
  public let beta: Double
  /// (low + 4·mode + high) / 6.
  public let mean: Double
  /// Standard deviation of the beta distribution over the range.
  public let standardDeviation: Double

  /// nil unless low ≤ mode ≤ high and low < high.
  public init?(low: Double, mode: Double, high: Double) {
    guard low <= mode, mode <= high, low < high else { return nil }
    let range = high - low
    alpha = 1 + 4 * (mode - low) / range
    beta = 1 + 4 * (high - mode) / range
    mean = (low + 4 * mode + high) / 6
    let sum = alpha + beta
    standardDeviation = range * squareRoot(alpha * beta / (sum * sum * (sum + 1)))
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
    mu = (logarithm(p10) + logarithm(p90)) / 2
    // 2 · 1.2815515655: the distance between the 10 % and 90 % quantiles of the standard normal.
    sigma = (logarithm(p90) - logarithm(p10)) / 2.563_103_131_1
  }

  /// exp(μ + σ²/2).
  public var mean: Double { exponential(mu + sigma * sigma / 2) }
}
