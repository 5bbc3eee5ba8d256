// Powers of two and the softmax of a row. Attention works in base 2, e^x = 2^(x·log2 e), with the factor
// folded into the queries; a row by itself keeps base e.

/// Adding it rounds to a whole number and leaves that, plus the exponent's bias of 127, in the low bits.
@inline(__always) private var shifter: Vector { Vector(repeating: 12_582_912 + 127) }

/// 2^n of the n that was added to `shifter`.
@inline(__always) private func scaleOf(_ shifted: Vector) -> Vector {
  unsafeBitCast(
    unsafeBitCast(shifted, to: VectorBits.self) &<< VectorBits(repeating: 23), to: Vector.self)
}

/// 2^x in each lane for x < 127.5, within 2 ulp; exactly 1 at 0 and exactly 0 below -126, so that a masked
/// probability (-∞) adds no denormal to the product with V (each would cost an assist). NaN gives NaN.
@inline(__always) func exp2(_ x: Vector) -> Vector {
  let lowest = Vector(repeating: -126)
  let clamped = larger(x, lowest)
  let shifted = clamped + shifter
  let f = clamped - (shifted - shifter)
  // Minimax polynomial of 2^f on [-1/2, 1/2], found by the Remez exchange with the constant held at 1, so
  // that 2^0 is 1: relative error 2.0e-9 before rounding.
  var p = Vector(repeating: 0.000_153_264_714_8)
  p = multiplyAdd(p, f, Vector(repeating: 0.001_339_080_743_5))
  p = multiplyAdd(p, f, Vector(repeating: 0.009_618_505_835_5))
  p = multiplyAdd(p, f, Vector(repeating: 0.055_503_599_345_7))
  p = multiplyAdd(p, f, Vector(repeating: 0.240_226_477_384_6))
  p = multiplyAdd(p, f, Vector(repeating: 0.693_147_182_464_6))
  p = multiplyAdd(p, f, Vector(repeating: 1))
  // A factor, not an addition to the exponent's bits: NaN stays NaN.
  let power = p * scaleOf(shifted)
  return power.replacing(with: Vector(), where: x .< lowest)
}

/// Largest of `count` floats, a positive multiple of `lanes`; NaN is passed over.
@inline(__always) func largest(_ row: UnsafePointer<Float>, _ count: Int) -> Float {
  var (a, b) = (Vector(repeating: -.infinity), Vector(repeating: -.infinity))
  var (c, d) = (a, b)
  var i = 0
  while i + 4 * lanes <= count {
    a = larger(a, load(row + i))
    b = larger(b, load(row + i + lanes))
    c = larger(c, load(row + i + 2 * lanes))
    d = larger(d, load(row + i + 3 * lanes))
    i += 4 * lanes
  }
  while i < count {
    a = larger(a, load(row + i))
    i += lanes
  }
  return largest(larger(larger(a, b), larger(c, d)))
}

/// Replaces x by 2^(x - shift) in `count` floats, a multiple of `lanes`; returns their sum.
@inline(__always)
func exponentiate(_ row: UnsafeMutablePointer<Float>, _ count: Int, _ shift: Float) -> Float {
  var total = Vector()
  let down = Vector(repeating: shift)
  var i = 0
  while i < count {
    let p = exp2(load(row + i) - down)
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
  let whole = visible / lanes * lanes
  var most = whole > 0 ? largest(row, whole) : -Float.infinity
  for i in whole..<visible where row[i] > most { most = row[i] }
  let (down, factor) = (Vector(repeating: most), Vector(repeating: scale))
  var sums = Vector()
  var i = 0
  while i < whole {
    let p = exponential((load(row + i) - down) * factor)
    sums += p
    store(p, row + i)
    i += lanes
  }
  var total = sum(sums)
  for i in whole..<visible {
    let p = exponential(Vector(repeating: (row[i] - most) * scale))[0]
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

/// 2^x of `count` numbers, a multiple of 16, for measuring the error.
@inline(never)
public func powersOfTwo(count: Int, x: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>) {
  var i = 0
  while i < count {
    store(exp2(load(x + i)), out + i)
    i += lanes
  }
}
