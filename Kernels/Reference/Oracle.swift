// What the kernels should have computed: the formulas in Double, one row at a time, written to be read.
// Beside each value stands its scale, the same sum with absolute values: rounding errors are small relative
// to the scale, not to the value, which may cancel.

/// A row of results and the scale of each element.
public struct OracleRow {
  /// The values.
  public var values: [Double]
  /// Sum of |a·b| behind each value.
  public var scales: [Double]
}

/// Row `row` of C (m, n) = A (m, k) · B (k, n), all row-major.
public func oracleGEMMRow(
  _ row: Int, n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>
) -> OracleRow {
  var result = OracleRow(values: Array(repeating: 0, count: n), scales: Array(repeating: 0, count: n))
  for p in 0..<k {
    let left = Double(a[row * k + p])
    for j in 0..<n {
      let product = left * Double(b[p * n + j])
      result.values[j] += product
      result.scales[j] += abs(product)
    }
  }
  return result
}

/// softmax(q·Kᵀ·scale)·V of one query: q (headDim), K and V (keys, headDim) row-major, the first `visible`
/// keys counting.
public func oracleAttentionRow(
  q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>, headDim: Int, visible: Int,
  scale: Double
) -> OracleRow {
  var scores = [Double](repeating: 0, count: visible)
  for key in 0..<visible {
    var dot = 0.0
    for i in 0..<headDim { dot += Double(q[i]) * Double(k[key * headDim + i]) }
    scores[key] = dot * scale
  }
  let most = scores.max() ?? 0
  let weights = scores.map { exponential($0 - most) }
  let total = weights.reduce(0, +)
  var result = OracleRow(
    values: Array(repeating: 0, count: headDim), scales: Array(repeating: 0, count: headDim))
  for key in 0..<visible {
    let probability = weights[key] / total
    for i in 0..<headDim {
      let product = probability * Double(v[key * headDim + i])
      result.values[i] += product
      result.scales[i] += abs(product)
    }
  }
  return result
}
