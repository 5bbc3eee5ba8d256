// The statistics of timings, kept to what the protocol uses. Timings are skewed and come in processes:
// medians and intervals of medians, with the process as the unit that is resampled.

import Glibc

/// A small, fast, seedable generator (SplitMix64): same seed, same intervals, on every machine.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64
  /// A generator that starts at the seed.
  public init(seed: UInt64) { state = seed }
  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  /// An index below `count` (count > 0); the bias of 2^-64·count is nothing here.
  @inline(__always) mutating func index(below count: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(count)).high)
  }
}

/// Functions of samples; each returns nil where the samples are too few to answer.
public enum Statistics {
  /// The quantile p in 0...1 by linear interpolation between order statistics.
  public static func quantile(_ values: [Double], _ p: Double) -> Double? {
    quantile(sorted: values.sorted(), p)
  }

  static func quantile(sorted: [Double], _ p: Double) -> Double? {
    guard let last = sorted.indices.last else { return nil }
    let position = min(1, max(0, p)) * Double(last)
    let below = Int(position)
    let above = min(last, below + 1)
    return sorted[below] + (sorted[above] - sorted[below]) * (position - Double(below))
  }

  /// The middle value.
  public static func median(_ values: [Double]) -> Double? { quantile(values, 0.5) }

  /// The arithmetic mean.
  public static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The standard deviation with n - 1.
  public static func standardDeviation(_ values: [Double]) -> Double? {
    guard values.count > 1, let mean = mean(values) else { return nil }
    return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
  }

  /// The median distance from the median.
  public static func medianAbsoluteDeviation(_ values: [Double]) -> Double? {
    guard let middle = median(values) else { return nil }
    return median(values.map { abs($0 - middle) })
  }

  /// The geometric mean of positive numbers.
  public static func geometricMean(_ values: [Double]) -> Double? {
    guard !values.isEmpty, values.allSatisfy({ $0 > 0 }) else { return nil }
    return exp(values.reduce(0) { $0 + log($1) } / Double(values.count))
  }

  /// k such that the k-th smallest and k-th largest of n samples enclose the median with 95 %; nil below 6.
  public static func medianIntervalRank(_ n: Int) -> Int? {
    guard n >= 6 else { return nil }
    // Coverage of (k-th smallest, k-th largest) is 1 - 2·P(Binomial(n, 1/2) < k).
    var term = exp(-Double(n) * log(2.0))
    var tail = 0.0
    var k = 0
    while 2 * (tail + term) <= 0.05 {
      tail += term
      term *= Double(n - k) / Double(k + 1)
      k += 1
    }
    return k > 0 ? k : nil
  }

  /// The order-statistic 95 % interval of the median; nil below 6 samples.
  public static func medianInterval(_ values: [Double]) -> (low: Double, high: Double)? {
    guard let k = medianIntervalRank(values.count) else { return nil }
    let sorted = values.sorted()
    return (sorted[k - 1], sorted[sorted.count - k])
  }
}
