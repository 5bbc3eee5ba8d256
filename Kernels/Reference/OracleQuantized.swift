// Symmetric quantisation in groups along k, in plain code, and the products of what it leaves.

/// W (k, n) as q · scale: `bits` 4 or 8, one fp16 scale a group of `group` rows and column.
public struct QuantizedWeights: Sendable {
  /// Columns, rows, rows of a group.
  public let n: Int, k: Int, group: Int
  /// q (k, n).
  public var q: [Int8]
  /// Bits of fp16 scales (k / group rounded up, n).
  public var scales: [UInt16]

  /// Quantises W: scale = max|w| of the group over the largest positive level, rounded to fp16; q = w / scale, rounded.
  public init(n: Int, k: Int, group: Int, bits: Int, weights: (Int, Int) -> Float) {
    self.n = n
    self.k = k
    self.group = group
    q = Array(repeating: 0, count: n * k)
    let groups = (k + group - 1) / group
    scales = Array(repeating: 0, count: groups * n)
    let top = Double(1 << (bits - 1) - 1)
    for number in 0..<groups {
      let rows = number * group..<min((number + 1) * group, k)
      for j in 0..<n {
        let most = rows.reduce(0.0) { max($0, abs(Double(weights($1, j)))) }
        let bits = min(storedHalf(Float(most / top)), 0x7BFF)
        let scale = halfValue(bits)
        scales[number * n + j] = bits
        for p in rows {
          let level = scale == 0 ? 0 : (Double(weights(p, j)) / scale).rounded()
          q[p * n + j] = Int8(min(max(level, -top - 1), top))
        }
      }
    }
  }

  /// The stored value of row p, column j.
  public func value(_ p: Int, _ j: Int) -> Double {
    Double(q[p * n + j]) * halfValue(scales[p / group * n + j])
  }
}

/// A row quantised to 8 bits in groups: scale = max|a| / 127 in fp32, levels rounded, ties to even. A group with a NaN
/// or an infinity has NaN for a scale and levels of 0.
public func oracleLevels(_ row: [Float], group: Int) -> [(scale: Float, levels: [Int])] {
  stride(from: 0, to: row.count, by: group).map { start in
    let values = row[start..<min(start + group, row.count)]
    guard values.allSatisfy(\.isFinite) else { return (.nan, values.map { _ in 0 }) }
    let most = values.reduce(0) { max($0, $1.magnitude) }
    let factor = most > 1e-36 ? 127 / most : 0
    return (most / 127, values.map { Int(($0 * factor).rounded(.toNearestOrEven)) })
  }
}
