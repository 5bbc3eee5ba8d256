// What the element-wise kernels share: stores that stay in the caches or go past them, the end of a row that
// fills no register, and one-pass maps. Such kernels are as fast as memory: each element is read once and
// written once, and whatever a row needs twice is taken from the first-level cache.
//
// @inline(always) and not @inline(__always): arithmetic on vectors is a loop over lanes until late in the
// compiler, and the older attribute gives up where a function has grown by some 20 such loops. A register that
// crosses a call then falls apart into quarters.

import CInstructions

/// True where every row begins on a register's boundary, as streamed stores need it.
@inline(always) func canStream(_ out: UnsafeMutablePointer<Float>, _ stride: Int) -> Bool {
  Int(bitPattern: out) & (4 * lanes - 1) == 0 && stride & (lanes - 1) == 0
}

/// Stores a register. `streamed` goes past the caches: a result larger than they are is gone before it is read,
/// and a store that fills whole lines past the caches need not read them first.
@inline(always) func put(_ x: Vector, _ address: UnsafeMutablePointer<Float>, _ streamed: Bool) {
  if streamed { instruction_stream(address, x) } else { store(x, address) }
}

/// The first `count` <= `lanes` floats, and zeros.
@inline(always) func loadPart(_ address: UnsafePointer<Float>, _ count: Int) -> Vector {
  var vector = Vector()
  for i in 0..<count { vector[i] = address[i] }
  return vector
}

/// The first `count` <= `lanes` lanes.
@inline(always)
func storePart(_ vector: Vector, _ address: UnsafeMutablePointer<Float>, _ count: Int) {
  for i in 0..<count { address[i] = vector[i] }
}

/// A function of one register.
protocol Unary {
  func of(_ x: Vector) -> Vector
}

/// A function of two registers.
protocol Binary {
  func of(_ a: Vector, _ b: Vector) -> Vector
}

/// x.
struct Itself: Unary {
  @inline(always) func of(_ x: Vector) -> Vector { x }
}

/// x².
struct Square: Unary {
  @inline(always) func of(_ x: Vector) -> Vector { x * x }
}

/// x·factor.
struct Scaled: Unary {
  let factor: Vector
  @inline(always) func of(_ x: Vector) -> Vector { x * factor }
}

/// a·factor·b.
struct ScaledProduct: Binary {
  let factor: Vector
  @inline(always) func of(_ a: Vector, _ b: Vector) -> Vector { a * factor * b }
}

/// a + b.
struct Sum: Binary {
  @inline(always) func of(_ a: Vector, _ b: Vector) -> Vector { a + b }
}

/// out = f(a), element by element; `out` may be `a`.
@inline(always)
func map<F: Unary>(
  _ count: Int, _ a: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ streamed: Bool, _ f: F
) {
  var i = 0
  while i + 4 * lanes <= count {
    for j in 0..<4 { put(f.of(load(a + i + j * lanes)), out + i + j * lanes, streamed) }
    i += 4 * lanes
  }
  while i < count {
    let part = smaller(lanes, count - i)
    storePart(f.of(loadPart(a + i, part)), out + i, part)
    i += lanes
  }
}

/// out = f(a, b), element by element; `out` may be `a` or `b`.
@inline(always)
func map<F: Binary>(
  _ count: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>,
  _ streamed: Bool, _ f: F
) {
  var i = 0
  while i + 4 * lanes <= count {
    for j in 0..<4 {
      let place = i + j * lanes
      put(f.of(load(a + place), load(b + place)), out + place, streamed)
    }
    i += 4 * lanes
  }
  while i < count {
    let part = smaller(lanes, count - i)
    storePart(f.of(loadPart(a + i, part), loadPart(b + i, part)), out + i, part)
    i += lanes
  }
}

/// Rows of out = f(x), streamed where asked for and possible.
@inline(always)
func mapRows<F: Unary>(
  _ rows: Int, _ columns: Int, _ x: UnsafePointer<Float>, _ xStride: Int, _ out: UnsafeMutablePointer<Float>,
  _ outStride: Int, _ streamed: Bool, _ f: F
) {
  let streams = streamed && canStream(out, outStride)
  for row in 0..<rows { map(columns, x + row * xStride, out + row * outStride, streams, f) }
  if streams { instruction_stream_fence() }
}

/// Rows of out = f(a, b), streamed where asked for and possible.
@inline(always)
func mapRows<F: Binary>(
  _ rows: Int, _ columns: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>,
  _ bStride: Int, _ out: UnsafeMutablePointer<Float>, _ outStride: Int, _ streamed: Bool, _ f: F
) {
  let streams = streamed && canStream(out, outStride)
  for row in 0..<rows {
    map(columns, a + row * aStride, b + row * bStride, out + row * outStride, streams, f)
  }
  if streams { instruction_stream_fence() }
}

/// Four registers that gather sums, maxima or what else comes by.
struct Four {
  var a: Vector, b: Vector, c: Vector, d: Vector
  @inline(always) init(_ x: Float) {
    a = Vector(repeating: x)
    (b, c, d) = (a, a, a)
  }
  @inline(always) var total: Float { sum((a + b) + (c + d)) }
  @inline(always) var most: Float { largest(larger(larger(a, b), larger(c, d))) }
}

/// The sum over a row of f(x), in four registers of partial sums; f(0) must be 0.
@inline(always) func sumRow<F: Unary>(_ count: Int, _ x: UnsafePointer<Float>, _ f: F) -> Float {
  var sums = Four(0)
  var i = 0
  while i + 4 * lanes <= count {
    sums.a += f.of(load(x + i))
    sums.b += f.of(load(x + i + lanes))
    sums.c += f.of(load(x + i + 2 * lanes))
    sums.d += f.of(load(x + i + 3 * lanes))
    i += 4 * lanes
  }
  while i < count {
    sums.a += f.of(loadPart(x + i, smaller(lanes, count - i)))
    i += lanes
  }
  return sums.total
}

/// |x|.
@inline(always) func magnitude(_ x: Vector) -> Vector {
  unsafeBitCast(unsafeBitCast(x, to: VectorBits.self) & VectorBits(repeating: 0x7FFF_FFFF), to: Vector.self)
}

/// Keeps the NaNs that it meets: what was seen, or NaN in each lane where x is.
@inline(always) func keepNaN(_ seen: Vector, _ x: Vector) -> Vector {
  seen.replacing(with: x, where: x .!= x)
}
