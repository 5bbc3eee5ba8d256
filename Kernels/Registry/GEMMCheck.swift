// Is C = A·B? Small problems are checked element by element, large ones in random rows and, as a whole, by
// Freivalds' product with a random vector.

import KernelsReference
package import Measurement

/// Compares C (m, n) with A (m, k) · B (k, n), all row-major, in Double.
package func checkGEMM(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafePointer<Float>,
  seed: UInt64
) -> Verification {
  let checksAll = Double(m) * Double(n) * Double(k) <= ErrorScan.fullCheckLimit
  let rows = checksAll ? Array(0..<m) : ErrorScan.sample(ErrorScan.sampledRows, of: m, seed: seed)
  // Independent rounding errors of a sum of k products grow like √k, and partial sums in lanes and blocks take
  // more than half of that away.
  var scan = ErrorScan(tolerance: (0.4 * Double(k).squareRoot() + 3) * 0x1p-24)
  for row in rows {
    let expected = oracleGEMMRow(row, n: n, k: k, a: a, b: b)
    for j in 0..<n { scan.add(Double(c[row * n + j]), expected.values[j], scale: expected.scales[j]) }
  }
  guard !checksAll else { return scan.verification("double oracle, all elements") }
  freivalds(m, n, k, a, b, c, seed: seed, into: &scan)
  return scan.verification("double oracle, \(rows.count) random rows, and a Freivalds check of all")
}

/// C·x against A·(B·x) in Double for a random x of ±1 (Freivalds 1977): touches every element of C in O(n²).
/// The rounding errors of a row's n elements add up like √n, their scales like n.
private func freivalds(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
  _ c: UnsafePointer<Float>, seed: UInt64, into scan: inout ErrorScan
) {
  let signs = (0..<n).map { mix(seed &+ UInt64($0)) & 1 == 0 ? 1.0 : -1.0 }
  var product = [Double](repeating: 0, count: k)
  var scale = [Double](repeating: 0, count: k)
  for p in 0..<k {
    for j in 0..<n {
      let b = Double(b[p * n + j])
      product[p] += b * signs[j]
      scale[p] += abs(b)
    }
  }
  let shrink = 2 / Double(n).squareRoot()
  for i in 0..<m {
    var (expected, found, rowScale) = (0.0, 0.0, 0.0)
    for p in 0..<k {
      let a = Double(a[i * k + p])
      expected += a * product[p]
      rowScale += abs(a) * scale[p]
    }
    for j in 0..<n { found += Double(c[i * n + j]) * signs[j] }
    scan.add(found, expected, scale: rowScale * shrink)
  }
}
