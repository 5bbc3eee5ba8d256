// What a column of outcomes says: percentiles with rank intervals, the mean of the worst cases, how often and
// by how much a plan is short, and the regret of plans against the best of each sample. All sums run in
// sample order.

/// A quantile of a sample with its 95 % rank interval.
public struct Percentile: Sendable, Hashable {
  /// Share of outcomes below, e.g. 0.9.
  public let share: Double
  /// The quantile, linear between neighbouring order statistics ((n - 1)·share from the lowest).
  public let value: Double
  /// The outcome that the true quantile is not below, with 97.5 %; nil where the sample is too small to say.
  public let low: Double?
  /// The outcome that the true quantile is not above, with 97.5 %; nil where the sample is too small to say.
  public let high: Double?
  /// Half the width of the rank interval in points of probability: about 1.9 for P90 of 1,000 samples.
  public let halfWidthPoints: Double
}

/// Shares that every report shows.
public let reportedShares = [0.1, 0.5, 0.9, 0.95]

/// Percentiles of outcomes with 95 % rank intervals: the number of outcomes below the true quantile is
/// binomial, so two order statistics enclose it whatever the distribution. O(n log n). Empty for no outcomes.
public func percentiles(_ outcomes: [Double], at shares: [Double] = reportedShares) -> [Percentile] {
  let sorted = outcomes.sorted()
  guard !sorted.isEmpty else { return [] }
  return shares.map { share in
    let (low, high) = rankInterval(samples: sorted.count, share: share)
    let n = Double(sorted.count)
    return Percentile(
      share: share, value: quantile(ofSorted: sorted, share), low: low.map { sorted[$0 - 1] },
      high: high.map { sorted[$0 - 1] },
      halfWidthPoints: 100 * (Double(high ?? sorted.count) - Double(low ?? 0)) / (2 * n))
  }
}

/// The 1-based ranks of the order statistics that enclose the quantile with at least 95 %, each side with
/// 97.5 %.
func rankInterval(samples n: Int, share p: Double) -> (low: Int?, high: Int?) {
  /// Probability that at least k of n draws lie below the quantile.
  func atLeast(_ k: Int) -> Double {
    k <= 0 ? 1 : k > n ? 0 : BetaDistribution(Double(k), Double(n - k + 1)).cumulative(p, 1 - p)
  }
  /// The first k for which fewer than `limit` of all samples have at least k draws below.
  func first(_ limit: Double) -> Int {
    var low = 0
    var high = n + 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if atLeast(middle) <= limit { high = middle } else { low = middle }
    }
    return high
  }
  // P(X_low > ξ) = P(fewer than low below) = 1 - atLeast(low) ≤ 2.5 %.
  let low = first(0.975) - 1
  // P(X_high < ξ) = P(at least high below) ≤ 2.5 %.
  let high = first(0.025)
  return (low >= 1 ? low : nil, high <= n ? high : nil)
}

private func quantile(ofSorted sorted: [Double], _ share: Double) -> Double {
  let place = share * Double(sorted.count - 1)
  let below = Int(place.rounded(.down))
  let above = min(below + 1, sorted.count - 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
}

/// Conditional value at risk: the mean of the worst (1 - share) of the outcomes, the largest being the worst.
///
/// Where (1 - share)·n is not whole, the order statistic at the border counts with its fraction. nil for no
/// outcomes.
public func conditionalValueAtRisk(_ outcomes: [Double], share: Double = 0.95) -> Double? {
  guard !outcomes.isEmpty, share >= 0, share < 1 else { return nil }
  let sorted = outcomes.sorted(by: >)
  // 0.05 · 100 is 5.000000000000004: what is within rounding of a whole number is that number.
  let exact = (1 - share) * Double(sorted.count)
  let wanted = abs(exact - exact.rounded()) < 1e-9 * Double(sorted.count) ? exact.rounded() : exact
  let whole = Int(wanted.rounded(.down))
  guard wanted > 0 else { return sorted[0] }
  var sum = 0.0
  for k in 0..<whole { sum += sorted[k] }
  if whole < sorted.count { sum += (wanted - Double(whole)) * sorted[whole] }
  return sum / wanted
}

/// How often and by how much a plan is short.
public struct ShortageRisk: Sendable, Hashable {
  /// Share of samples with a shortage.
  public let probability: Double
  /// Low end of its 95 % interval (Clopper and Pearson).
  public let probabilityLow: Double
  /// High end.
  public let probabilityHigh: Double
  /// Mean shortage over all samples, in the unit of the outcomes.
  public let expected: Double
  /// Mean shortage of the samples that have one; nil where none has.
  public let expectedWhenShort: Double?

  /// The risk from the shortage of each sample; nil for no samples. 0 and below is no shortage.
  public init?(_ shortages: [Double]) {
    guard !shortages.isEmpty else { return nil }
    var sum = 0.0
    var count = 0
    for shortage in shortages where shortage > 0 {
      sum += shortage
      count += 1
    }
    let (n, k) = (Double(shortages.count), Double(count))
    probability = k / n
    probabilityLow = count == 0 ? 0 : BetaDistribution(k, n - k + 1).quantile(0.025).x
    probabilityHigh = count == shortages.count ? 1 : BetaDistribution(k + 1, n - k).quantile(0.975).x
    expected = sum / n
    expectedWhenShort = count == 0 ? nil : sum / k
  }
}

/// How regret weighs money that was not needed against tokens that were missing.
public struct RegretWeights: Sendable, Hashable {
  /// Weight of spending above the best plan of the sample.
  public var overspend = 1.0
  /// Weight of the value of a shortage above that of the best plan of the sample.
  public var shortage = 1.25
  /// Exponent: above 1, one large regret counts more than many small ones.
  public var exponent = 1.2
  /// USD that one unit of shortage is worth.
  public var usdPerShortage: Double
  /// The default weights of spending, 1.0 over and 1.25 under with exponent 1.2, with a value of shortage.
  public init(usdPerShortage: Double) { self.usdPerShortage = usdPerShortage }
}

/// The regret of a candidate over all samples.
public struct Regret: Sendable, Hashable {
  /// (mean of the samples' regrets)^(1/exponent): a sum of money, so that scaling all prices scales it alike.
  public let equivalentUSD: Double
  /// Share of samples in which no candidate was better.
  public let shareBest: Double
}

/// Asymmetric regret of each candidate against the best candidate of each sample.
///
/// With cost c and shortage s of a candidate, v USD for a unit of shortage and b the candidate with the least
/// c + v·s in that sample (the first of equals), the regret of the sample is
///
///     (w_over · max(0, c - c_b))^e + (w_short · v · max(0, s - s_b))^e
///
/// with w_over = 1.0, w_short = 1.25 and e = 1.2 unless stated otherwise: what hindsight would have saved,
/// and what it would have served. The plan of least regret is the answer that is least wrong over all
/// samples. O(samples · candidates).
///
/// - Parameters:
///   - costs: (candidates, samples) in USD.
///   - shortages: (candidates, samples).
public func regrets(costs: [[Double]], shortages: [[Double]], _ weights: RegretWeights) -> [Regret] {
  let samples = min(costs.map(\.count).min() ?? 0, shortages.map(\.count).min() ?? 0)
  guard samples > 0, costs.count == shortages.count else { return [] }
  var sums = [Double](repeating: 0, count: costs.count)
  var wins = [Int](repeating: 0, count: costs.count)
  for i in 0..<samples {
    var best = 0
    var least = Double.infinity
    for k in costs.indices {
      let total = costs[k][i] + weights.usdPerShortage * shortages[k][i]
      if total < least { (best, least) = (k, total) }
    }
    for k in costs.indices {
      let over = max(0, costs[k][i] - costs[best][i])
      let short = max(0, shortages[k][i] - shortages[best][i])
      sums[k] += realPower(weights.overspend * over, weights.exponent)
      sums[k] += realPower(weights.shortage * weights.usdPerShortage * short, weights.exponent)
      if costs[k][i] + weights.usdPerShortage * shortages[k][i] <= least { wins[k] += 1 }
    }
  }
  return zip(sums, wins).map { sum, won in
    Regret(
      equivalentUSD: realPower(sum / Double(samples), 1 / weights.exponent),
      shareBest: Double(won) / Double(samples))
  }
}
