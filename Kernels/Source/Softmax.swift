// Exponentials and the softmax of a row, in base 2: e^x = 2^(x·log2 e), and the factor is folded into the
// scores before.

/// 2^x in each lane for x <= 127: relative error below 3e-7; exactly 0 below -126, so that a masked
/// probability adds no denormal to the product with V (each would cost an assist).
@inline(__always) func exp2(_ x: Vector) -> Vector {
  let lowest = Vector(repeating: -126)
  let clamped = larger(x, lowest)
  // Adding 1.5·2^23 rounds to an integer and leaves it in the low bits.
  let shifter = Vector(repeating: 12_582_912)
  let shifted = clamped + shifter
  let f = clamped - (shifted - shifter)
  // Minimax polynomial of 2^f on [-1/2, 1/2], found by the Remez exchange: relative error 7.5e-8.
  var p = Vector(repeating: 0.001_327_647_2)
  p = multiplyAdd(p, f, Vector(repeating: 0.009_675_541_3))
  p = multiplyAdd(p, f, Vector(repeating: 0.055_507_133))
  p = multiplyAdd(p, f, Vector(repeating: 0.240_221_2))
  p = multiplyAdd(p, f, Vector(repeating: 0.693_146_97))
  p = multiplyAdd(p, f, Vector(repeating: 1.000_000_07))
  let exponent = unsafeBitCast(shifted, to: VectorBits.self) &<< VectorBits(repeating: 23)
  let power = unsafeBitCast(unsafeBitCast(p, to: VectorBits.self) &+ exponent, to: Vector.self)
  return power.replacing(with: Vector(), where: x .< lowest)
}

/// Largest of `count` floats, a positive multiple of `lanes`.
@inline(__always) func largest(_ row: UnsafeMutablePointer<Float>, _ count: Int) -> Float {
  var most = load(row)
  var i = lanes
  while i < count {
    most = larger(most, load(row + i))
    i += lanes
  }
  return largest(most)
}

/// Replaces x by 2^(x·scale - shift) in `count` floats, a multiple of `lanes`; returns their sum.
@inline(__always)
func exponentiate(_ row: UnsafeMutablePointer<Float>, _ count: Int, _ scale: Float, _ shift: Float) -> Float {
  var total = Vector()
  let factor = Vector(repeating: scale)
  let down = Vector(repeating: -shift)
  var i = 0
  while i < count {
    let p = exp2(multiplyAdd(load(row + i), factor, down))
    total += p
    store(p, row + i)
    i += lanes
  }
  return sum(total)
}

/// Softmax of one row before its division: x becomes e^(scale·(x - largest)), the places from `visible` up to
/// `columns` become 0; returns the sum, by which the consumer divides. For attention composed of GEMM calls.
@inline(never)
public func softmaxRow(row: UnsafeMutablePointer<Float>, visible: Int, columns: Int, scale: Float) -> Float {
  let log2E: Float = 1.442_695_04
  let whole = visible / lanes * lanes
  var most = -Float.infinity
  if whole > 0 { most = largest(row, whole) }
  for i in whole..<visible where row[i] > most { most = row[i] }
  let factor = scale * log2E
  var total = exponentiate(row, whole, factor, most * factor)
  for i in whole..<visible {
    let p = exp2(Vector(repeating: row[i] * factor - most * factor))[0]
    row[i] = p
    total += p
  }
  for i in visible..<columns { row[i] = 0 }
  return total
}

/// Multiplies a row by a number.
@inline(never)
public func scaleRow(row: UnsafeMutablePointer<Float>, columns: Int, factor: Float) {
  let vector = Vector(repeating: factor)
  let whole = columns / lanes * lanes
  var i = 0
  while i < whole {
    store(load(row + i) * vector, row + i)
    i += lanes
  }
  for i in whole..<columns { row[i] *= factor }
}
