// Correlations of a Gaussian copula from a table of pairs. A table that no set of variables can have is
// refused with the nearest table that can be (Higham 2002: alternating projections between matrices with unit
// diagonal and those without negative eigenvalues), rounded to what a planner can paste back.

import Tables

/// The matrix of a table of pairs and its Cholesky factor.
struct CorrelationMatrix {
  /// Names that occur in a pair, sorted.
  let names: [String]
  /// Lower triangle: mixing independent normal scores with row k gives variable k.
  let factor: [[Double]]

  /// - Throws: `InputError` for an unknown name, a pair with itself or given twice, a value outside -1 to 1, or a table
  ///   that is not positive definite, with the nearest that is.
  init(_ pairs: [RankCorrelation], among known: [String]) throws(InputError) {
    var seen: [Set<String>: RankCorrelation] = [:]
    for pair in pairs {
      for name in [pair.first, pair.second] where !known.contains(name) {
        throw InputError(
          "correlation of \(pair.label): no uncertain input '\(name.prefix(60))'",
          advice: "name an input that has a distribution, or remove the pair")
      }
      guard pair.first != pair.second else {
        throw InputError("correlation of '\(pair.first)' with itself", advice: "remove the pair")
      }
      guard pair.value >= -1, pair.value <= 1 else {
        throw InputError(
          "correlation of \(pair.label) is \(decimalText(pair.value))", advice: "write a value from -1 to 1")
      }
      guard seen.updateValue(pair, forKey: [pair.first, pair.second]) == nil else {
        throw InputError("correlation of \(pair.label) is given twice", advice: "remove one of them")
      }
    }
    let names = Set(pairs.flatMap { [$0.first, $0.second] }).sorted()
    let matrix = CorrelationMatrix.matrix(pairs, names)
    guard let factor = cholesky(matrix) else {
      throw InputError(
        "the correlations contradict each other: no inputs can have all of them at once",
        advice: "the nearest table that can be: "
          + nearest(to: matrix, names).map { "\($0.label) = \(decimalText($0.value))" }
          .joined(separator: ", "))
    }
    self.names = names
    self.factor = factor
  }

  /// True where a variable takes part of its score from another's.
  func isMoved(_ row: Int) -> Bool { factor[row].prefix(row).contains { $0 != 0 } }

  fileprivate static func matrix(_ pairs: [RankCorrelation], _ names: [String]) -> [[Double]] {
    var matrix = names.indices.map { i in names.indices.map { $0 == i ? 1.0 : 0.0 } }
    for pair in pairs {
      guard let i = names.firstIndex(of: pair.first), let j = names.firstIndex(of: pair.second) else {
        continue
      }
      matrix[i][j] = scoreCorrelation(pair.value)
      matrix[j][i] = matrix[i][j]
    }
    return matrix
  }
}

extension RankCorrelation {
  fileprivate var label: String { "\(first.prefix(60)) and \(second.prefix(60))" }
}

/// The correlation of the normal scores that has this rank correlation: 2 sin(π ρ / 6), exact for the
/// Gaussian copula.
private func scoreCorrelation(_ rank: Double) -> Double { 2 * smallSine(.pi * rank / 6) }

/// The inverse of `scoreCorrelation`, by Newton.
private func rankCorrelation(_ score: Double) -> Double {
  var rank = score
  for _ in 0..<8 {
    let sine = smallSine(.pi * rank / 6)
    let cosine = (1 - sine * sine).squareRoot()
    rank -= (2 * sine - score) / (.pi / 3 * cosine)
  }
  return rank
}

/// sin x for |x| ≤ π/6 by its series; the next term is below 2^-60.
private func smallSine(_ x: Double) -> Double {
  let w = x * x
  var sum = 1.0
  for k in stride(from: 8.0, through: 1, by: -1) { sum = 1 - sum * w / ((2 * k) * (2 * k + 1)) }
  return x * sum
}

/// The lower factor L with L·Lᵀ = matrix; nil unless the matrix is positive definite.
private func cholesky(_ matrix: [[Double]]) -> [[Double]]? {
  let n = matrix.count
  var factor = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
  for i in 0..<n {
    for j in 0...i {
      var rest = matrix[i][j]
      for k in 0..<j { rest -= factor[i][k] * factor[j][k] }
      if i == j {
        guard rest > 1e-10 else { return nil }
        factor[i][i] = rest.squareRoot()
      } else {
        factor[i][j] = rest / factor[j][j]
      }
    }
  }
  return factor
}

/// The pairs of the nearest table that is positive definite after rounding to three digits.
private func nearest(to matrix: [[Double]], _ names: [String]) -> [RankCorrelation] {
  var closest = higham(matrix)
  // Rounding can lead out again: shrink all pairs by thousandths until the written table is one that is
  // accepted.
  for _ in 0..<1000 {
    var pairs: [RankCorrelation] = []
    for i in names.indices {
      for j in 0..<i where matrix[i][j] != 0 || abs(closest[i][j]) >= 0.0005 {
        let rank = (rankCorrelation(closest[i][j]) * 1000).rounded() / 1000
        pairs.append(RankCorrelation(names[j], names[i], rank))
      }
    }
    if cholesky(CorrelationMatrix.matrix(pairs, names)) != nil { return pairs }
    for i in names.indices {
      for j in names.indices where i != j { closest[i][j] *= 0.999 }
    }
  }
  return []
}

/// The nearest correlation matrix in the Frobenius norm, by at most 200 alternating projections.
private func higham(_ matrix: [[Double]]) -> [[Double]] {
  let n = matrix.count
  var current = matrix
  var correction = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
  for _ in 0..<200 {
    var shifted = current
    for i in 0..<n { for j in 0..<n { shifted[i][j] -= correction[i][j] } }
    let projected = withoutNegativeEigenvalues(shifted)
    var change = 0.0
    for i in 0..<n {
      for j in 0..<n {
        correction[i][j] = projected[i][j] - shifted[i][j]
        let next = i == j ? 1 : projected[i][j]
        change = max(change, abs(next - current[i][j]))
        current[i][j] = next
      }
    }
    if change < 1e-9 { break }
  }
  return current
}

/// The symmetric matrix with its negative eigenvalues set to 0.
private func withoutNegativeEigenvalues(_ matrix: [[Double]]) -> [[Double]] {
  let (values, vectors) = eigen(matrix)
  let n = matrix.count
  var result = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
  for k in 0..<n where values[k] > 0 {
    for i in 0..<n { for j in 0..<n { result[i][j] += values[k] * vectors[i][k] * vectors[j][k] } }
  }
  return result
}

/// Eigenvalues and eigenvectors (columns) of a symmetric matrix by Jacobi's rotations; O(n³) a sweep, few
/// sweeps.
private func eigen(_ matrix: [[Double]]) -> (values: [Double], vectors: [[Double]]) {
  let n = matrix.count
  var a = matrix
  var v = (0..<n).map { i in (0..<n).map { $0 == i ? 1.0 : 0.0 } }
  for _ in 0..<60 {
    var rest = 0.0
    for i in 0..<n { for j in 0..<i { rest += a[i][j] * a[i][j] } }
    if rest < 1e-28 { break }
    for p in 0..<n {
      for q in (p + 1)..<max(n, p + 1) where abs(a[p][q]) > 1e-300 {
        let theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
        let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
        let c = 1 / (t * t + 1).squareRoot()
        let s = t * c
        for k in 0..<n { (a[k][p], a[k][q]) = (c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]) }
        for k in 0..<n { (a[p][k], a[q][k]) = (c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]) }
        for k in 0..<n { (v[k][p], v[k][q]) = (c * v[k][p] - s * v[k][q], s * v[k][p] + c * v[k][q]) }
      }
    }
  }
  return ((0..<n).map { a[$0][$0] }, v)
}
