// The hierarchical bootstrap of a median, without drawing: processes are resampled, then the samples inside
// each, and the distribution of the resampled median is computed exactly. It is what 10,000 seeded draws
// approach, costs less than a thousand of them, and is the same on every machine and number of threads.
//
// Every drawn process adds, independently of the others, (samples <= x) - (samples > x) to a balance whose
// sign says on which side of x the median falls: one drawn process has a mixture of shifted binomials, n of
// them its n-fold convolution. A balance of 0 (even counts) gives half to either middle value.

import Glibc

/// A discrete distribution.
public struct DiscreteDistribution: Hashable, Sendable {
  /// Ascending values.
  public let values: [Double]
  /// Probability of each value.
  public let weights: [Double]

  /// The quantile p: the smallest value at which more than p lies at or below.
  public func quantile(_ p: Double) -> Double? {
    var sum = 0.0
    for (value, weight) in zip(values, weights) {
      sum += weight
      if sum > p { return value }
    }
    return values.last
  }

  /// The interval that leaves at most (1 - level) / 2 outside on each side.
  public func interval(level: Double) -> (low: Double, high: Double)? {
    let tail = (1 - level) / 2
    guard let low = quantile(tail) else { return nil }
    var sum = 0.0
    for (value, weight) in zip(values, weights).reversed() {
      sum += weight
      if sum > tail { return (low, value) }
    }
    return (low, low)
  }
}

extension Statistics {
  /// Level of every interval of the house.
  public static let confidence = 0.95

  /// The distribution of the median when processes, and samples inside each, are drawn with replacement.
  ///
  /// - Parameter processes: samples of each process; nil below two processes with samples.
  /// - Complexity: O(N²·log n) for N samples of n processes; O(N·n) above 60 processes, where the balance of so
  ///   many independent draws is taken as normal. Beyond 600 samples each process is thinned to its quantiles.
  public static func bootstrapMedian(_ processes: [[Double]]) -> DiscreteDistribution? {
    let groups = processes.filter { !$0.isEmpty }.map { thinned($0.sorted(), among: processes.count) }
    guard groups.count > 1 else { return nil }
    var values = groups.flatMap { $0 }.sorted()
    var last = Double.nan
    values.removeAll { value in
      defer { last = value }
      return value == last
    }
    var balance = Balance(groups)
    // The distribution function rises with x: look for the two ends of its rise, and compute only between.
    func firstIndex(above p: Double) -> Int {
      var (low, high) = (0, values.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if balance.share(atOrBelow: values[middle]) > p { high = middle } else { low = middle + 1 }
      }
      return low
    }
    let negligible = 1e-9
    let few = values.count <= 40
    let from = few ? 0 : firstIndex(above: negligible)
    let to = few ? values.count - 1 : firstIndex(above: 1 - negligible)
    var below = 0.0
    var weights: [Double] = []
    weights.reserveCapacity(to - from + 1)
    for index in from...max(from, to) {
      let share = index == values.count - 1 ? 1 : max(below, balance.share(atOrBelow: values[index]))
      weights.append(share - below)
      below = share
    }
    return DiscreteDistribution(values: Array(values[from...max(from, to)]), weights: weights)
  }

  /// The 95 % interval of the median by resampling processes and then samples inside each.
  ///
  /// - Parameter processes: samples of each process; nil below two processes with samples.
  public static func hierarchicalInterval(_ processes: [[Double]]) -> (low: Double, high: Double)? {
    bootstrapMedian(processes)?.interval(level: confidence)
  }

  /// The same: a distribution that is computed needs no number of draws.
  public static func hierarchicalInterval(
    _ processes: [[Double]], resamples: Int
  ) -> (low: Double, high: Double)? {
    hierarchicalInterval(processes)
  }

  /// The 95 % interval of median(b) / median(a), both sides resampled as in `hierarchicalInterval`; swapping the
  /// sides gives the reciprocal interval.
  public static func ratioInterval(_ a: [[Double]], _ b: [[Double]]) -> (low: Double, high: Double)? {
    guard let left = bootstrapMedian(a), let right = bootstrapMedian(b) else { return nil }
    return ratioInterval(left, right)
  }

  /// The 95 % interval of b / a for independent positive a and b; nil for anything else.
  ///
  /// - Complexity: some 50 passes over both lists of values.
  public static func ratioInterval(
    _ a: DiscreteDistribution, _ b: DiscreteDistribution
  ) -> (low: Double, high: Double)? {
    guard let minA = a.values.first, let maxA = a.values.last, let minB = b.values.first,
      let maxB = b.values.last, minA > 0, minB > 0
    else { return nil }
    let tail = (1 - confidence) / 2
    let (least, most) = (minB / maxA, maxB / minA)
    guard most.isFinite else { return nil }
    // Lowest r with more than the tail at or below it; and the same from above.
    let low = bisect(from: least, to: most) { atOrBelow($0, a, b) > tail }
    let high = bisect(from: least, to: most) { 1 - below($0, a, b) <= tail }
    return (low, high)
  }

  /// The 95 % interval of the mean by resampling values 2,000 times with a fixed seed; nil below two values.
  public static func meanInterval(_ values: [Double]) -> (low: Double, high: Double)? {
    guard values.count > 1 else { return nil }
    var generator = SeededGenerator(seed: 1)
    let means = (0..<2_000).map { _ in
      var sum = 0.0
      for _ in values.indices { sum += values[generator.index(below: values.count)] }
      return sum / Double(values.count)
    }.sorted()
    let tail = (1 - confidence) / 2
    guard let low = quantile(sorted: means, tail), let high = quantile(sorted: means, 1 - tail) else {
      return nil
    }
    return (low, high)
  }

  /// The smallest r, to 12 digits, from which `isReached` holds.
  private static func bisect(from least: Double, to most: Double, _ isReached: (Double) -> Bool) -> Double {
    // The ends stand for atoms whose quotient was rounded.
    var low = least * (1 - 1e-12)
    var high = most * (1 + 1e-12)
    for _ in 0..<200 where high - low > 1e-12 * high {
      let middle = (low + high) / 2
      if isReached(middle) { high = middle } else { low = middle }
    }
    return (low + high) / 2
  }

  /// P(b / a <= r).
  private static func atOrBelow(_ r: Double, _ a: DiscreteDistribution, _ b: DiscreteDistribution) -> Double {
    var total = 0.0
    var sum = 0.0
    var next = 0
    for index in a.values.indices {
      let limit = r * a.values[index]
      while next < b.values.count, b.values[next] <= limit {
        sum += b.weights[next]
        next += 1
      }
      total += a.weights[index] * sum
    }
    return total
  }

  /// P(b / a < r).
  private static func below(_ r: Double, _ a: DiscreteDistribution, _ b: DiscreteDistribution) -> Double {
    var total = 0.0
    var sum = 0.0
    var next = 0
    for index in a.values.indices {
      let limit = r * a.values[index]
      while next < b.values.count, b.values[next] < limit {
        sum += b.weights[next]
        next += 1
      }
      total += a.weights[index] * sum
    }
    return total
  }

  private static func thinned(_ sorted: [Double], among processes: Int) -> [Double] {
    let most = processes > Balance.normalFrom ? Int.max : max(6, 600 / processes)
    guard sorted.count > most else { return sorted }
    return (0..<most).compactMap { quantile(sorted: sorted, (Double($0) + 0.5) / Double(most)) }
  }
}

/// The sum of (samples <= x) - (samples > x) over processes drawn with replacement.
private struct Balance {
  /// Processes from which the sum counts as normal.
  static let normalFrom = 60

  private let groups: [[Double]]
  /// Most samples of one process; where all have as many, every second value of the balance is impossible.
  private let largest: Int
  private let isEven: Bool
  private var one: [Double]
  private var power: [Double] = []
  private var base: [Double] = []
  private var product: [Double] = []

  init(_ groups: [[Double]]) {
    self.groups = groups
    largest = groups.map(\.count).max() ?? 0
    isEven = groups.allSatisfy { [largest] in $0.count == largest }
    one = Array(repeating: 0, count: isEven ? largest + 1 : 2 * largest + 1)
  }

  /// Probability that the resampled median is at or below x; a tie of the two middle values counts half.
  mutating func share(atOrBelow x: Double) -> Double {
    groups.count > Balance.normalFrom ? normalShare(x) : exactShare(x)
  }

  private mutating func exactShare(_ x: Double) -> Double {
    for index in one.indices { one[index] = 0 }
    for group in groups { addBinomial(group, x) }
    raise(to: groups.count)
    let centre = groups.count * (one.count - 1)  // twice the index of a balance of 0
    var sum = 0.0
    for index in (centre + 1) / 2..<power.count {
      sum += 2 * index == centre ? power[index] / 2 : power[index]
    }
    return min(1, sum)
  }

  /// Adds the share of one process to the distribution of a single draw.
  private mutating func addBinomial(_ group: [Double], _ x: Double) {
    let count = group.count
    let low = group.count { $0 <= x }
    let step = isEven ? 1 : 2
    let offset = isEven ? 0 : largest - count
    let weight = 1 / Double(groups.count)
    guard low > 0, low < count else {
      one[offset + step * low] += weight
      return
    }
    let share = Double(low) / Double(count)
    // From the likelier end, so that the first term cannot vanish.
    let (rare, isMirrored) = share <= 0.5 ? (share, false) : (1 - share, true)
    var term = weight * pow(1 - rare, Double(count))
    for hits in 0...count {
      one[offset + step * (isMirrored ? count - hits : hits)] += term
      term *= Double(count - hits) / Double(hits + 1) * rare / (1 - rare)
    }
  }

  /// power = one convolved with itself `count` times.
  private mutating func raise(to count: Int) {
    power = [1]
    base = one
    var left = count
    while left > 0 {
      if left & 1 == 1 {
        convolve(power, base)
        swap(&power, &product)
      }
      left >>= 1
      if left > 0 {
        convolve(base, base)
        swap(&base, &product)
      }
    }
  }

  private mutating func convolve(_ left: [Double], _ right: [Double]) {
    product.removeAll(keepingCapacity: true)
    product.append(contentsOf: repeatElement(0, count: left.count + right.count - 1))
    product.withUnsafeMutableBufferPointer { out in
      left.withUnsafeBufferPointer { left in
        right.withUnsafeBufferPointer { right in
          for i in left.indices where left[i] > 0 {
            let factor = left[i]
            for j in right.indices { out[i + j] += factor * right[j] }
          }
        }
      }
    }
  }

  private func normalShare(_ x: Double) -> Double {
    var mean = 0.0
    var square = 0.0
    for group in groups {
      let count = Double(group.count)
      let share = Double(group.count { $0 <= x }) / count
      let centre = count * (2 * share - 1)
      mean += centre
      square += centre * centre + 4 * count * share * (1 - share)
    }
    let n = Double(groups.count)
    mean /= n
    let variance = square / n - mean * mean
    guard variance > 0 else { return mean > 0 ? 1 : mean < 0 ? 0 : 0.5 }
    return 0.5 * erfc(-mean * n.squareRoot() / (2 * variance).squareRoot())
  }
}
