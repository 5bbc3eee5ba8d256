// Rows of products whose weights are stored in fewer bits, taken exactly as they are stored.

/// The value of bf16 bits.
public func bfloat16Value(_ bits: UInt16) -> Double { Double(Float(bitPattern: UInt32(bits) << 16)) }

/// The value of fp16 bits: sign, five bits of exponent with a bias of 15, ten of fraction.
public func float16Value(_ bits: UInt16) -> Double {
  let fraction = Double(bits & 0x3FF)
  let size =
    switch bits >> 10 & 0x1F {
    case 0: fraction * 0x1p-24
    case 31: fraction == 0 ? Double.infinity : .nan
    case let exponent:
      (1 + fraction * 0x1p-10) * Double(sign: .plus, exponent: Int(exponent) - 15, significand: 1)
    }
  return bits & 0x8000 == 0 ? size : -size
}

/// Row `row` of C (m, n) = A (m, k) · W, A row-major; `weight(p, j)` is the stored value of row p, column j.
public func oracleProductRow(
  _ row: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, weight: (Int, Int) -> Double
) -> OracleRow {
  var result = OracleRow(values: Array(repeating: 0, count: n), scales: Array(repeating: 0, count: n))
  for p in 0..<k {
    let left = Double(a[row * aStride + p])
    for j in 0..<n {
      let product = left * weight(p, j)
      result.values[j] += product
      result.scales[j] += abs(product)
    }
  }
  return result
}
