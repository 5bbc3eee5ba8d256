// Is C = A·B? Small problems are checked element by element, large ones in random rows and, as a whole, by
// Freivalds' product with a random vector. A brief check looks at a few elements.

import KernelsReference
package import Measurement

/// Compares C (m, n) with A (m, k) · B (k, n), all row-major, in Double.
///
/// - Parameter team: threads that share the oracle's work; nil = the caller's alone.
package func checkGEMM(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>,
  seed: UInt64, team: WorkerTeam? = nil
) -> Verification {
  let checksAll = Double(m) * Double(n) * Double(k) <= ErrorScan.fullCheckLimit
  let rows = checksAll ? Array(0..<m) : ErrorScan.sample(ErrorScan.sampledRows, of: m, seed: seed)
  // Independent rounding errors of a sum of k products grow like √k, and partial sums in lanes and blocks take
  // more than half of that away.
  var scan = ErrorScan(tolerance: gemmTolerance(k))
  let expected = inParallel(rows.count, team) { oracleGEMMRow(rows[$0], n: n, k: k, a: a, b: b) }
  for (row, expected) in zip(rows, expected) {
    for j in 0..<n { scan.add(Double(c[row * n + j]), expected.values[j], scale: expected.scales[j]) }
  }
  guard !checksAll else { return scan.verification("double oracle, all elements") }
  freivalds(m, n, k, a, b, c, seed: seed, team: team, into: &scan)
  return scan.verification("double oracle, \(rows.count) random rows, and a Freivalds check of all")
}

private func gemmTolerance(_ k: Int) -> Double { (0.4 * Double(k).squareRoot() + 3) * 0x1p-24 }

/// Elements of a brief check: the corners, and some drawn from the seed.
package func briefElements(rows: Int, columns: Int, seed: UInt64) -> [Int] {
  let corners = [0, columns - 1, (rows - 1) * columns, rows * columns - 1]
  return Set(corners + (0..<60).map { Int(mix(seed &+ UInt64($0)) % UInt64(rows * columns)) }).sorted()
}

/// Compares some elements of C with the dot products that they should be.
package func checkGEMM(
  elements: [Int], n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>
) -> Verification {
  var scan = ErrorScan(tolerance: gemmTolerance(k))
  for element in elements {
    let (row, column) = element.quotientAndRemainder(dividingBy: n)
    var (value, scale) = (0.0, 0.0)
    for p in 0..<k {
      let product = Double(a[row * k + p]) * Double(b[p * n + column])
      value += product
      scale += abs(product)
    }
    scan.add(Double(c[element]), value, scale: scale)
  }
  return scan.verification("double oracle, \(elements.count) elements")
}

/// C·x against A·(B·x) in Double for a random x of ±1 (Freivalds 1977): touches every element of C in O(n²).
/// The rounding errors of a row's n elements add up like √n, their scales like n.
private func freivalds(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
  _ c: UnsafePointer<Float>, seed: UInt64, team: WorkerTeam?, into scan: inout ErrorScan
) {
  let signs = (0..<n).map { mix(seed &+ UInt64($0)) & 1 == 0 ? 1.0 : -1.0 }
  let products = inParallel(k, team) { p in
    var (product, scale) = (0.0, 0.0)
    for j in 0..<n {
      let b = Double(b[p * n + j])
      product += b * signs[j]
      scale += abs(b)
    }
    return (product: product, scale: scale)
  }
  let shrink = 2 / Double(n).squareRoot()
  let sums = inParallel(m, team) { i in
    var (expected, found, rowScale) = (0.0, 0.0, 0.0)
    for p in 0..<k {
      let a = Double(a[i * k + p])
      expected += a * products[p].product
      rowScale += abs(a) * products[p].scale
    }
    for j in 0..<n { found += Double(c[i * n + j]) * signs[j] }
    return (expected: expected, found: found, scale: rowScale)
  }
  for sum in sums { scan.add(sum.found, sum.expected, scale: sum.scale * shrink) }
}

/// The results of `body` for 0 ..< count, each thread of the team a contiguous part of them.
func inParallel<Result>(_ count: Int, _ team: WorkerTeam?, _ body: (Int) -> Result) -> [Result] {
  guard let team, team.threadCount > 1 else { return (0..<count).map(body) }
  return [Result](unsafeUninitializedCapacity: count) { results, filled in
    let base = results.baseAddress
    team.run { thread, threads in
      for i in share(of: count, thread, threads) { base.map { ($0 + i).initialize(to: body(i)) } }
    }
    filled = count
  }
}
