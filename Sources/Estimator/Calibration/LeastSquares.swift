// Robust least squares for a handful of constants: Levenberg-Marquardt on reweighted residuals, forward differences,
// bounds by projection. Small enough to read; the constants that it must find are few and well scaled (logarithms).

/// Minimises the sum of the soft-L1 losses 2·(sqrt(1 + r²) − 1) of residuals.
struct LeastSquares {
  /// Bounds of each unknown.
  let lower: [Double]
  let upper: [Double]
  /// Most steps that are tried.
  var mostSteps = 60
  /// Relative gain below which it stops.
  var tolerance = 1e-9

  /// The minimiser near `start`.
  ///
  /// - Complexity: O(steps · unknowns · residuals).
  func minimise(from start: [Double], _ residuals: ([Double]) -> [Double]) -> [Double] {
    var x = clamped(start)
    var r = residuals(x)
    var cost = softCost(r)
    var damping = 1e-3
    let n = x.count
    var steps = 0
    while steps < mostSteps {
      steps += 1
      let weights = r.map { 1 / (1 + $0 * $0).squareRoot() }
      var normal = [[Double]](repeating: [Double](repeating: 0, count: n), count: n)
      var gradient = [Double](repeating: 0, count: n)
      var columns: [[Double]] = []
      for j in 0..<n {
        var moved = x
        let h = x[j] + differenceStep > upper[j] ? -differenceStep : differenceStep
        moved[j] += h
        let there = residuals(moved)
        columns.append(zip(there, r).map { ($0 - $1) / h })
      }
      for j in 0..<n {
        for i in r.indices { gradient[j] += weights[i] * columns[j][i] * r[i] }
        for k in 0...j {
          var sum = 0.0
          for i in r.indices { sum += weights[i] * columns[j][i] * columns[k][i] }
          normal[j][k] = sum
          normal[k][j] = sum
        }
      }
      var improved = false
      for _ in 0..<12 {
        var matrix = normal
        for j in 0..<n { matrix[j][j] += damping * max(normal[j][j], 1e-9) }
        guard let move = solve(matrix, gradient.map { -$0 }) else {
          damping *= 10
          continue
        }
        let next = clamped(zip(x, move).map { $0 + $1 })
        let candidate = residuals(next)
        let candidateCost = softCost(candidate)
        if candidateCost < cost {
          let gain = (cost - candidateCost) / max(cost, 1e-300)
          (x, r, cost) = (next, candidate, candidateCost)
          damping = max(damping / 5, 1e-12)
          improved = true
          if gain < tolerance { return x }
          break
        }
        damping *= 4
      }
      if !improved { break }
    }
    return x
  }

  private func clamped(_ x: [Double]) -> [Double] {
    zip(x, zip(lower, upper)).map { min(max($0, $1.0), $1.1) }
  }
}

private let differenceStep = 1e-5

private func softCost(_ residuals: [Double]) -> Double {
  residuals.reduce(0) { $0 + 2 * ((1 + $1 * $1).squareRoot() - 1) }
}

/// Solves a symmetric positive definite system by Cholesky's factors; nil where it is not definite.
func solve(_ matrix: [[Double]], _ right: [Double]) -> [Double]? {
  let n = right.count
  var factor = matrix
  for j in 0..<n {
    for k in 0..<j { factor[j][j] -= factor[j][k] * factor[j][k] }
    guard factor[j][j] > 0 else { return nil }
    factor[j][j] = factor[j][j].squareRoot()
    for i in (j + 1)..<max(n, j + 1) {
      for k in 0..<j { factor[i][j] -= factor[i][k] * factor[j][k] }
      factor[i][j] /= factor[j][j]
    }
  }
  var x = right
  for i in 0..<n {
    for k in 0..<i { x[i] -= factor[i][k] * x[k] }
    x[i] /= factor[i][i]
  }
  for i in stride(from: n - 1, through: 0, by: -1) {
    for k in (i + 1)..<max(n, i + 1) { x[i] -= factor[k][i] * x[k] }
    x[i] /= factor[i][i]
  }
  return x
}
