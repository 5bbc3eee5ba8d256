// One uncertain number: the distributions that planners can state, each with its quantile, mean and standard
// deviation. A value of this type is valid: what cannot be a distribution is refused when it is made.

public import Tables

/// The distribution of an uncertain number.
public struct Distribution: Sendable, Hashable {
  /// What a distribution is stated by.
  public enum Shape: Sendable, Hashable {
    /// Always this value.
    case fixed(Double)
    /// Every value between the ends is equally likely.
    case uniform(low: Double, high: Double)
    /// Rises linearly to the mode and falls to the high end.
    case triangular(low: Double, mode: Double, high: Double)
    /// A smooth triangular: `PERT`.
    case pert(low: Double, mode: Double, high: Double)
    /// Its logarithm is normal; stated by the 10 % and 90 % quantiles.
    case lognormal(p10: Double, p90: Double)
    /// The bell curve.
    case normal(mean: Double, standardDeviation: Double)
    /// Some values with weights that need not sum to 1.
    case discrete([WeightedValue])
    /// Quantiles by level, from level 0 to level 1, linear in between: measured samples, for example.
    case quantiles([QuantileLevel])
  }

  /// How it was stated; values of `discrete` are sorted.
  public let shape: Shape
  /// Expectation.
  public let mean: Double
  /// Standard deviation.
  public let standardDeviation: Double
  private let pert: PERT?
  private let lognormal: Lognormal?

  /// A distribution from its shape.
  ///
  /// - Throws: `CellFault` for ends in the wrong order, a negative spread, weights that are negative or all 0, levels
  ///   that do not rise from 0 to 1, or a number that is not finite.
  public init(_ shape: Shape) throws(CellFault) {
    try shape.check()
    var pert: PERT?
    var lognormal: Lognormal?
    switch shape {
    case .pert(let low, let mode, let high): pert = PERT(low: low, mode: mode, high: high)
    case .lognormal(let p10, let p90): lognormal = Lognormal(p10: p10, p90: p90)
    default: break
    }
    if case .discrete(let values) = shape {
      self.shape = .discrete(values.sorted { $0.value < $1.value })
    } else {
      self.shape = shape
    }
    self.pert = pert
    self.lognormal = lognormal
    (mean, standardDeviation) = self.shape.moments(pert, lognormal)
  }

  /// The distribution that takes the samples as its quantiles, linear between neighbours.
  ///
  /// - Throws: `CellFault` for fewer than two samples or one that is not finite.
  public init(samples: [Double]) throws(CellFault) {
    guard samples.count >= 2 else {
      throw CellFault("\(samples.count) samples are no distribution", advice: "give at least two")
    }
    let last = Double(samples.count - 1)
    try self.init(
      .quantiles(
        samples.sorted().enumerated().map {
          QuantileLevel(level: Double($0.offset) / last, value: $0.element)
        }
      ))
  }

  /// True where every draw is the same.
  public var isFixed: Bool { standardDeviation == 0 }

  /// The value below which a share `u` of the draws lies, `u` in (0, 1); the inverse of the distribution
  /// function.
  ///
  /// Relative error of the normal and the beta behind PERT below 1e-9.
  public func quantile(_ u: Double) -> Double {
    switch shape {
    case .fixed(let value): return value
    case .uniform(let low, let high): return low + u * (high - low)
    case .triangular(let low, let mode, let high):
      let range = high - low
      let rising = (mode - low) / range
      return u <= rising
        ? low + (u * range * (mode - low)).squareRoot()
        : high - ((1 - u) * range * (high - mode)).squareRoot()
    case .pert: return pert?.quantile(u) ?? mean
    case .lognormal: return lognormal?.quantile(u) ?? mean
    case .normal(let mean, let deviation):
      return deviation == 0 ? mean : mean + deviation * normalQuantile(u)
    case .discrete(let values): return discreteQuantile(u, values)
    case .quantiles(let table): return tableQuantile(u, table)
    }
  }
}

/// One value of a discrete distribution.
public struct WeightedValue: Sendable, Hashable {
  /// The value.
  public let value: Double
  /// Its weight, relative to the sum of all weights.
  public let weight: Double
  /// A value with its weight.
  public init(value: Double, weight: Double) {
    self.value = value
    self.weight = weight
  }
}

/// One row of a quantile table.
public struct QuantileLevel: Sendable, Hashable {
  /// Share of draws below the value, 0 to 1.
  public let level: Double
  /// The value.
  public let value: Double
  /// A level with its value.
  public init(level: Double, value: Double) {
    self.level = level
    self.value = value
  }
}

private func discreteQuantile(_ u: Double, _ values: [WeightedValue]) -> Double {
  let target = u * values.reduce(0) { $0 + $1.weight }
  var below = 0.0
  for value in values {
    below += value.weight
    if target <= below, value.weight > 0 { return value.value }
  }
  return values.last { $0.weight > 0 }?.value ?? 0
}

private func tableQuantile(_ u: Double, _ table: [QuantileLevel]) -> Double {
  guard u > 0 else { return table[0].value }
  // The first row at or above u.
  var low = 0
  var high = table.count - 1
  while low < high {
    let middle = (low + high) / 2
    if table[middle].level < u { low = middle + 1 } else { high = middle }
  }
  let (a, b) = (table[max(0, low - 1)], table[low])
  guard b.level > a.level else { return b.value }
  return a.value + (b.value - a.value) * min(1, (u - a.level) / (b.level - a.level))
}

extension Distribution.Shape {
  /// Every number that the shape is stated by.
  private var numbers: [Double] {
    switch self {
    case .fixed(let a): [a]
    case .uniform(let a, let b), .lognormal(let a, let b), .normal(let a, let b): [a, b]
    case .triangular(let a, let b, let c), .pert(let a, let b, let c): [a, b, c]
    case .discrete(let values): values.flatMap { [$0.value, $0.weight] }
    case .quantiles(let table): table.flatMap { [$0.level, $0.value] }
    }
  }

  fileprivate func check() throws(CellFault) {
    guard numbers.allSatisfy(\.isFinite) else {
      throw CellFault("holds a number that is not finite", advice: "write finite numbers")
    }
    switch self {
    case .fixed: break
    case .uniform(let low, let high):
      guard low <= high else { throw CellFault("low is above high", advice: "exchange them") }
    case .triangular(let low, let mode, let high), .pert(let low, let mode, let high):
      guard low <= mode, mode <= high else {
        throw CellFault("mode is not between low and high", advice: "write low ≤ mode ≤ high")
      }
      guard low < high else { throw CellFault("low equals high", advice: "write fixed(value=…)") }
    case .lognormal(let p10, let p90):
      guard p10 > 0 else { throw CellFault("p10 is not positive", advice: "write a positive value") }
      guard p10 <= p90 else { throw CellFault("p10 is above p90", advice: "exchange them") }
    case .normal(_, let deviation):
      guard deviation >= 0 else { throw CellFault("sd is negative", advice: "write 0 or more") }
    case .discrete(let values):
      guard values.allSatisfy({ $0.weight >= 0 }) else {
        throw CellFault("a weight is negative", advice: "write 0 or more")
      }
      guard values.contains(where: { $0.weight > 0 }) else {
        throw CellFault("has no weight", advice: "give at least one value a positive weight")
      }
      let distinct = Set(values.map(\.value))
      guard distinct.count == values.count else {
        throw CellFault("a value appears twice", advice: "add their weights")
      }
    case .quantiles(let table): try Self.check(table)
    }
  }

  private static func check(_ table: [QuantileLevel]) throws(CellFault) {
    guard let first = table.first, let last = table.last, table.count >= 2, first.level == 0, last.level == 1
    else {
      throw CellFault("does not go from level 0 to level 1", advice: "state the lowest and the highest value")
    }
    for (a, b) in zip(table, table.dropFirst()) {
      guard a.level < b.level else { throw CellFault("levels do not rise", advice: "sort them") }
      guard a.value <= b.value else {
        throw CellFault("values fall between levels", advice: "a quantile cannot fall as its level rises")
      }
    }
  }

  /// Mean and standard deviation.
  fileprivate func moments(_ pert: PERT?, _ lognormal: Lognormal?) -> (Double, Double) {
    switch self {
    case .fixed(let value): return (value, 0)
    case .uniform(let low, let high): return ((low + high) / 2, (high - low) / 12.0.squareRoot())
    case .triangular(let a, let m, let b):
      let sum = (m - a) * (m - a) + (b - a) * (b - m)
      return ((a + m + b) / 3, (sum / 18).squareRoot())
    case .pert: return (pert?.mean ?? 0, pert?.standardDeviation ?? 0)
    case .lognormal: return (lognormal?.mean ?? 0, lognormal?.standardDeviation ?? 0)
    case .normal(let mean, let deviation): return (mean, deviation)
    case .discrete(let values):
      let total = values.reduce(0) { $0 + $1.weight }
      let mean = values.reduce(0) { $0 + $1.weight * $1.value } / total
      let square = values.reduce(0) { $0 + $1.weight * ($1.value - mean) * ($1.value - mean) } / total
      return (mean, square.squareRoot())
    case .quantiles(let table):
      var mean = 0.0
      for (a, b) in zip(table, table.dropFirst()) { mean += (b.level - a.level) * (a.value + b.value) / 2 }
      var square = 0.0
      for (a, b) in zip(table, table.dropFirst()) {
        let (x, y) = (a.value - mean, b.value - mean)
        square += (b.level - a.level) * (x * x + x * y + y * y) / 3
      }
      return (mean, square.squareRoot())
    }
  }
}
