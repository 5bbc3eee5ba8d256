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
