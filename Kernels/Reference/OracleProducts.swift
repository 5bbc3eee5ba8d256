// What matrix products of every element type should have computed, in Double, one row at a time. Operands are
// given as functions of row and column, so that transposed, strided and encoded ones read alike, and they stand
// for the stored values: what storing them in 16 bits cost is the caller's to tell, with `storedBrain` and
// `storedHalf`.

/// Row `row` of C (m, n) = A (m, k) · B (k, n).
public func oracleProductRow(
  _ row: Int, n: Int, k: Int, a: (_ row: Int, _ column: Int) -> Double,
  b: (_ row: Int, _ column: Int) -> Double
) -> OracleRow {
  var result = OracleRow(values: Array(repeating: 0, count: n), scales: Array(repeating: 0, count: n))
  for p in 0..<k {
    let left = a(row, p)
    for j in 0..<n {
      let product = left * b(p, j)
      result.values[j] += product
      result.scales[j] += abs(product)
    }
  }
  return result
}

/// Row `row` of an integer product, exactly.
public func oracleIntegerProductRow(
  _ row: Int, n: Int, k: Int, a: (_ row: Int, _ column: Int) -> Int64,
  b: (_ row: Int, _ column: Int) -> Int64
) -> [Int64] {
  var result = [Int64](repeating: 0, count: n)
  for p in 0..<k {
    let left = a(row, p)
    for j in 0..<n { result[j] += left * b(p, j) }
  }
  return result
}

/// How far a sum of k rounded products may be from the exact one, as a share of its scale: rounding errors of
/// random sign grow with the square root of their number.
public func productTolerance(k: Int, unitRoundoff: Double) -> Double {
  4 * Double(max(1, k)).squareRoot() * 2 * unitRoundoff
}

/// Half the distance between neighbours just above 1, for sums of each type.
public enum UnitRoundoff {
  public static let float = 0x1p-24
  public static let double = 0x1p-53
  public static let half = 0x1p-11
}

/// The value of bfloat16 bits: the upper half of a float's.
public func brainValue(_ bits: UInt16) -> Double { Double(Float(bitPattern: UInt32(bits) << 16)) }

/// The value of fp16 bits.
public func halfValue(_ bits: UInt16) -> Double {
  let exponent = Int(bits >> 10 & 0x1f)
  let fraction = Double(bits & 0x3ff)
  let sign = bits >> 15 == 0 ? 1.0 : -1.0
  switch exponent {
  case 0: return sign * fraction * 0x1p-24
  case 31: return fraction == 0 ? sign * .infinity : .nan
  default: return sign * (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
  }
}

/// A float rounded to bfloat16, ties to even; a NaN stays one. Off by at most 2^-8 of its value.
public func storedBrain(_ value: Float) -> UInt16 {
  if value.isNaN { return 0x7fc0 }
  let bits = value.bitPattern
  return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
}

/// A float rounded to fp16, ties to even; beyond 65,519 infinite. Off by at most 2^-11 of its value, or 2^-25.
public func storedHalf(_ value: Float) -> UInt16 {
  let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
  if value.isNaN { return 0x7e00 }
  let magnitude = Double(value.magnitude)
  if magnitude >= 65520 { return sign | 0x7c00 }
  // The spacing of halves around the value; the smallest exponent's below it.
  let exponent = magnitude < 0x1p-14 ? -14 : Int(magnitude.exponent)
  let steps = (magnitude / Double(sign: .plus, exponent: exponent - 10, significand: 1))
    .rounded(.toNearestOrEven)
  // Steps count 1024 at the exponent's first value: the carry into the next exponent comes by itself.
  return sign | UInt16(exponent + 14) << 10 &+ UInt16(steps)
}
