// Hypothesis tests on process medians, and what to do when there are many of them.

import Glibc

extension Statistics {
  /// Two-sided p-value of Welch's t test on the logarithms of positive values; nil below two a side.
  ///
  /// Zero spread on both sides gives 1 for equal means and 0 for different ones.
  public static func welchOnLogs(_ a: [Double], _ b: [Double]) -> Double? {
    guard (a + b).allSatisfy({ $0 > 0 }) else { return nil }
    let left = a.map { log($0) }
    let right = b.map { log($0) }
    guard let meanA = mean(left), let meanB = mean(right), let sdA = standardDeviation(left),
      let sdB = standardDeviation(right)
    else { return nil }
    let errorA = sdA * sdA / Double(a.count)
    let errorB = sdB * sdB / Double(b.count)
    let error = errorA + errorB
    guard error > 0 else { return meanA == meanB ? 1 : 0 }
    let freedom =
      error * error
      / (errorA * errorA / Double(a.count - 1) + errorB * errorB / Double(b.count - 1))
    return studentTail(abs(meanB - meanA) / error.squareRoot(), freedom: freedom)
  }

  /// P(|T| >= t) of Student's distribution with at least one degree of freedom.
  ///
  /// With T = sqrt(v)·cot(x) the density is proportional to sin(x)^(v-1): a ratio of two integrals, so
  /// no gamma function. x = x1·u^3 takes the edge off sin(x)^(v-1) at 0; Simpson's rule does the rest.
  public static func studentTail(_ t: Double, freedom: Double) -> Double {
    func integral(to end: Double) -> Double {
      let steps = 512
      var sum = 0.0
      for step in 1...steps {
        let u = Double(step) / Double(steps)
        let weight = step == steps ? 1.0 : step % 2 == 1 ? 4.0 : 2.0
        sum += weight * pow(sin(end * u * u * u), freedom - 1) * 3 * u * u * end
      }
      return sum / (3 * Double(steps))
    }
    guard t > 0 else { return 1 }
    return min(1, integral(to: atan(freedom.squareRoot() / t)) / integral(to: Double.pi / 2))
  }

  /// Exact two-sided p-value of the Mann-Whitney test, ties included (permutation of the observed
  /// mid-ranks); nil when a side is empty or both together exceed 40 values.
  ///
  /// - Complexity: O(N²·n·N) for n of N values.
  public static func mannWhitneyExact(_ a: [Double], _ b: [Double]) -> Double? {
    let total = a.count + b.count
    guard !a.isEmpty, !b.isEmpty, total <= 40 else { return nil }
    let pooled = (a + b).sorted()
    // Twice the mid-rank, so that it is whole.
    func doubledRank(_ value: Double) -> Int {
      let below = pooled.count { $0 < value }
      let equal = pooled.count { $0 == value }
      return 2 * below + equal + 1
    }
    let ranks = pooled.map(doubledRank)
    let limit = ranks.reduce(0, +)
    // ways[j][s] = choices of j values whose doubled ranks sum to s
    var ways = Array(repeating: Array(repeating: 0.0, count: limit + 1), count: a.count + 1)
    ways[0][0] = 1
    for rank in ranks {
      for j in stride(from: a.count, through: 1, by: -1) {
        for s in stride(from: limit, through: rank, by: -1) where ways[j - 1][s - rank] > 0 {
          ways[j][s] += ways[j - 1][s - rank]
        }
      }
    }
    let observed = a.map(doubledRank).reduce(0, +)
    let centre = Double(a.count * (total + 1))
    let distance = abs(Double(observed) - centre)
    let all = ways[a.count].reduce(0, +)
    let extreme = ways[a.count].indices.filter { abs(Double($0) - centre) >= distance }
      .reduce(0.0) { $0 + ways[a.count][$1] }
    return extreme / all
  }

  /// Two-sided p-value of the Mann-Whitney test: exact up to 40 values together (ties included), beyond that by
  /// the normal form with the variance corrected for ties.
  public static func mannWhitney(_ a: [Double], _ b: [Double]) -> (p: Double, isExact: Bool)? {
    guard !a.isEmpty, !b.isEmpty else { return nil }
    if let p = mannWhitneyExact(a, b) { return (p, true) }
    let pooled = (a + b).sorted()
    let total = Double(pooled.count)
    var rankOf: [Double: Double] = [:]
    var ties = 0.0
    var start = 0
    while start < pooled.count {
      var end = start
      while end < pooled.count, pooled[end] == pooled[start] { end += 1 }
      rankOf[pooled[start]] = Double(start + end + 1) / 2
      let length = Double(end - start)
      ties += length * (length * length - 1)
      start = end
    }
    let (n, m) = (Double(a.count), Double(b.count))
    let sum = a.reduce(0) { $0 + (rankOf[$1] ?? 0) }
    let variance = n * m / 12 * (total + 1 - ties / (total * (total - 1)))
    guard variance > 0 else { return (1, false) }
    // Half a rank towards the centre: the sum is whole, the normal distribution is not.
    let distance = max(0, abs(sum - n * (total + 1) / 2) - 0.5)
    return (min(1, erfc(distance / (2 * variance).squareRoot())), false)
  }

  /// The smallest two-sided p-value that the rank test of a and b values can give: 2 / C(a + b, a).
  public static func smallestRankP(_ a: Int, _ b: Int) -> Double {
    var choices = 1.0
    for step in 0..<max(0, min(a, b)) { choices *= Double(a + b - step) / Double(step + 1) }
    return min(1, 2 / choices)
  }

  /// Two-sided p-value of Student's t test that the mean of paired differences is 0; nil below two.
  public static func pairedT(_ differences: [Double]) -> Double? {
    guard let mean = mean(differences), let sd = standardDeviation(differences) else { return nil }
    guard sd > 0 else { return mean == 0 ? 1 : 0 }
    let count = Double(differences.count)
    return studentTail(abs(mean) / (sd / count.squareRoot()), freedom: count - 1)
  }

  /// Exact two-sided p-value of Wilcoxon's signed-rank test, ties by mid-ranks, zeros left out; nil where
  /// nothing is left or more than 60 are.
  public static func signedRank(_ differences: [Double]) -> Double? {
    let kept = differences.filter { $0 != 0 }
    guard !kept.isEmpty, kept.count <= 60 else { return nil }
    let sizes = kept.map { abs($0) }
    let ranks = sizes.map { size in 2 * sizes.count { $0 < size } + sizes.count { $0 == size } + 1 }
    let limit = ranks.reduce(0, +)
    var ways = Array(repeating: 0.0, count: limit + 1)
    ways[0] = 1
    for rank in ranks {
      for sum in stride(from: limit, through: rank, by: -1) { ways[sum] += ways[sum - rank] }
    }
    let positive = zip(kept, ranks).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    let distance = abs(2 * positive - limit)
    let extreme = ways.indices.reduce(0.0) { $0 + (abs(2 * $1 - limit) >= distance ? ways[$1] : 0) }
    return extreme / ways.reduce(0, +)
  }

  /// Upper end of the one-sided 95 % interval of a share of which `hits` of `count` trials are known
  /// (Clopper and Pearson); 1 without trials.
  public static func shareUpperBound(_ hits: Int, of count: Int) -> Double {
    guard count > 0, hits < count else { return 1 }
    // P(at most `hits` of `count`) falls with the share: where it is 5 %, the share is the bound.
    func tail(_ share: Double) -> Double {
      var sum = 0.0
      for k in 0...hits {
        let ways = lgamma(Double(count) + 1) - lgamma(Double(k) + 1) - lgamma(Double(count - k) + 1)
        sum += exp(ways + Double(k) * log(share) + Double(count - k) * log1p(-share))
      }
      return sum
    }
    var (low, high) = (0.0, 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if tail(middle) > 0.05 { low = middle } else { high = middle }
    }
    return high
  }

  /// Holm's adjusted p-values, in the order given.
  public static func holm(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var adjusted = values
    var floor = 0.0
    for (place, index) in order.enumerated() {
      floor = max(floor, min(1, values[index] * Double(values.count - place)))
      adjusted[index] = floor
    }
    return adjusted
  }

  /// Benjamini's and Hochberg's adjusted p-values, in the order given: they bound the expected share of
  /// false findings among the findings.
  public static func benjaminiHochberg(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] > values[$1] }
    var adjusted = values
    var ceiling = 1.0
    for (place, index) in order.enumerated() {
      ceiling = min(ceiling, values[index] * Double(values.count) / Double(values.count - place))
      adjusted[index] = ceiling
    }
    return adjusted
  }
}
