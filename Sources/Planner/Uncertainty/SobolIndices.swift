// Which inputs the spread of an outcome comes from, interactions included: Sobol's indices from Saltelli's
// design. They assume independent inputs: with correlated ones a share of the variance has no single owner.

import Estimator
public import Tables

/// First-order and total index of one input, each with a bootstrap interval.
public struct SobolIndex: Sendable, Hashable {
  /// The input.
  public let name: String
  /// Share of the variance that vanishes when this input is known (estimator of Saltelli et al. 2010).
  public let first: SobolEstimate
  /// Share of the variance that stays when all others are known (estimator of Jansen 1999).
  public let total: SobolEstimate
}

/// An estimate with its 95 % bootstrap interval.
public struct SobolEstimate: Sendable, Hashable {
  /// The estimate.
  public let value: Double
  /// 2.5 % quantile of the resampled estimates.
  public let low: Double
  /// 97.5 % quantile.
  public let high: Double
  /// Standard deviation of the resampled estimates.
  public let standardError: Double
}

/// The indices of all inputs.
public struct SobolIndices: Sendable, Hashable {
  /// Inputs in the order of the variables; inputs that never vary are left out.
  public let inputs: [SobolIndex]
  /// Evaluations made, N(d + 2).
  public let evaluations: Int

  /// Σ S1: 1 where the outcome is a sum of functions of single inputs.
  public var sumOfFirst: Double { inputs.reduce(0) { $0 + $1.first.value } }
  /// Largest total less first index: how much an input does only together with others.
  public var largestInteraction: Double { inputs.map { $0.total.value - $0.first.value }.max() ?? 0 }
  /// True where single inputs explain all but a twentieth, so that a tornado tells the story.
  public var isTornadoEnough: Bool { sumOfFirst >= 0.95 && largestInteraction <= 0.05 }
}

/// Outcomes of Saltelli's design: two independent tables A and B, and for each input A with that column of B.
public struct SaltelliOutcomes: Sendable, Hashable {
  /// (N).
  public let a: [Double]
  /// (N).
  public let b: [Double]
  /// (d, N): A with column j of B.
  public let mixed: [[Double]]

  /// Outcomes from their parts; nil unless all have the same number, at least 2.
  public init?(a: [Double], b: [Double], mixed: [[Double]]) {
    guard a.count >= 2, b.count == a.count, mixed.allSatisfy({ $0.count == a.count }) else { return nil }
    // Centred, because the first-order estimator multiplies by B: a large mean would swamp it.
    let n = Double(a.count)
    let all = (a.reduce(0, +) + b.reduce(0, +) + mixed.reduce(0) { $0 + $1.reduce(0, +) })
    let mean = all / (n * Double(mixed.count + 2))
    self.a = a.map { $0 - mean }
    self.b = b.map { $0 - mean }
    self.mixed = mixed.map { $0.map { $0 - mean } }
  }

  /// Indices of each input over the given rows (all where nil); 0 where the outcome does not vary. O(N·d).
  public func indices(rows: [Int]? = nil) -> [(first: Double, total: Double)] {
    let rows = rows ?? Array(a.indices)
    let n = Double(rows.count)
    var sum = 0.0
    for r in rows { sum += a[r] + b[r] }
    let mean = sum / (2 * n)
    var variance = 0.0
    for r in rows { variance += (a[r] - mean) * (a[r] - mean) + (b[r] - mean) * (b[r] - mean) }
    variance /= 2 * n
    guard variance > 0 else { return mixed.map { _ in (0, 0) } }
    return mixed.map { ab in
      var first = 0.0
      var total = 0.0
      for r in rows {
        first += b[r] * (ab[r] - a[r])
        total += (a[r] - ab[r]) * (a[r] - ab[r])
      }
      return (first / n / variance, total / (2 * n) / variance)
    }
  }
}

extension SobolIndices {
  /// Evaluates Saltelli's design and estimates the indices.
  ///
  /// - Parameters:
  ///   - base: rows N of each table, a power of two for an even spread.
  ///   - seed: seed of the shifts of the sequence, by variable name, and of the bootstrap. nil: the plain sequence.
  ///   - resamples: bootstrap resamples of the rows.
  ///   - evaluate: the outcome in a sample, whose values stand in the order of the variables; from several threads.
  /// - Throws: `InputError` for more than 40 varying inputs, names that repeat, a base out of range, or an outcome
  ///   that is not finite.
  public init(
    _ variables: [Variable], base: Int = 1024, seed: UInt64?, threads: Int, resamples: Int = 500,
    _ evaluate: @Sendable (Sample) -> Double
  ) throws(InputError) {
    try checkNames(variables)
    guard (2...1 << 20).contains(base) else {
      throw InputError("a base of \(base) rows is not 2 to 1,048,576", advice: "take 1,024")
    }
    let varying = variables.indices.filter { !variables[$0].distribution.isFixed }
    let d = varying.count
    guard d <= SobolSequence.dimensionLimit / 2 else {
      throw InputError(
        "\(d) uncertain inputs are more than the \(SobolSequence.dimensionLimit / 2) of the sequence",
        advice: "fix those that a tornado shows to matter least")
    }
    let shifts = seed.map { seed in
      ["A", "B"].flatMap { table in varying.map { shift("\(table):\(variables[$0].name)", seed) } }
    }
    let points = SobolSequence(dimensions: 2 * d, shifts: shifts).uniforms(base)
    let table = SobolIndices.table(variables, varying, points, base)
    var outcomes = [Double](repeating: 0, count: table.samples)
    MonteCarlo.fill(&outcomes, from: table, threads: threads) { values, range, out in
      for i in range {
        out[i] = evaluate(Sample(values + i, stride: table.samples, count: variables.count))
      }
    }
    if let i = outcomes.firstIndex(where: { !$0.isFinite }) {
      throw InputError(
        "the outcome of evaluation \(i + 1) is not finite",
        advice: "an input reaches a value that the plan cannot take: narrow its distribution")
    }
    func rows(_ part: Int) -> [Double] { Array(outcomes[part * base..<(part + 1) * base]) }
    guard let saltelli = SaltelliOutcomes(a: rows(0), b: rows(1), mixed: (0..<d).map { rows(2 + $0) }) else {
      throw InputError("too few rows", advice: "take 1,024")
    }
    evaluations = table.samples
    inputs = SobolIndices.estimated(
      saltelli, varying.map { variables[$0].name }, resamples: resamples, seed: seed ?? 0)
  }

  /// The design as one table of N(d + 2) samples: A, B, then A with each varying column of B.
  private static func table(_ variables: [Variable], _ varying: [Int], _ points: [[Double]], _ base: Int)
    -> SampleTable
  {
    let d = varying.count
    var columns: [[Double]] = []
    for (v, variable) in variables.enumerated() {
      guard let k = varying.firstIndex(of: v) else {
        columns.append([Double](repeating: variable.quantile(0.5), count: base * (d + 2)))
        continue
      }
      let (a, b) = (points[k].map(variable.quantile), points[d + k].map(variable.quantile))
      columns.append(a + b + (0..<d).flatMap { $0 == k ? b : a })
    }
    return SampleTable(
      names: variables.map(\.name), samples: base * (d + 2), values: columns.flatMap { $0 })
  }

  private static func estimated(
    _ outcomes: SaltelliOutcomes, _ names: [String], resamples: Int, seed: UInt64
  ) -> [SobolIndex] {
    var random = SeededRandom(seed: Planner.seed(of: "bootstrap", master: seed))
    let n = outcomes.a.count
    let whole = outcomes.indices()
    var firsts = names.map { _ in [Double]() }
    var totals = firsts
    for _ in 0..<max(0, resamples) {
      let rows = (0..<n).map { _ in Int(random.next().multipliedFullWidth(by: UInt64(n)).high) }
      for (k, index) in outcomes.indices(rows: rows).enumerated() {
        firsts[k].append(index.first)
        totals[k].append(index.total)
      }
    }
    return names.indices.map { k in
      SobolIndex(
        name: names[k], first: SobolEstimate(whole[k].first, firsts[k]),
        total: SobolEstimate(whole[k].total, totals[k]))
    }
  }
}

extension SobolEstimate {
  /// An estimate with its resampled values; without any, the interval is the estimate.
  fileprivate init(_ value: Double, _ resampled: [Double]) {
    self.value = value
    guard resampled.count >= 2 else {
      (low, high, standardError) = (value, value, 0)
      return
    }
    let ends = percentiles(resampled, at: [0.025, 0.975])
    low = ends[0].value
    high = ends[1].value
    let n = Double(resampled.count)
    let mean = resampled.reduce(0, +) / n
    standardError = (resampled.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)).squareRoot()
  }
}

private func shift(_ name: String, _ master: UInt64) -> UInt32 {
  var random = SeededRandom(seed: seed(of: name, master: master))
  return UInt32(truncatingIfNeeded: random.next() >> 32)
}
