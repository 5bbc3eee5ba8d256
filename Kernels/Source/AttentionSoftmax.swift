// One step of the online softmax, shared by prefill, decode and latent attention: scores of a block of keys
// become probabilities relative to the row's running maximum, and what was summed before is rescaled.

/// The lanes' numbers: 0, 1, 2, …
@inline(__always) var laneNumbers: VectorBits {
  var numbers = VectorBits()
  for i in 0..<lanes { numbers[i] = Int32(truncatingIfNeeded: i) }
  return numbers
}

/// Hides the scores outside `low..<high` of `count` (a multiple of `lanes`): their probability will be 0.
@inline(__always)
func hideScores(_ scores: UnsafeMutablePointer<Float>, _ low: Int, _ high: Int, _ count: Int) {
  let hidden = Vector(repeating: -.infinity)
  var i = 0
  while i < low, i < count {
    let before = VectorBits(repeating: Int32(truncatingIfNeeded: low - i))
    store(load(scores + i).replacing(with: hidden, where: laneNumbers .< before), scores + i)
    i += lanes
  }
  i = high > 0 ? high / lanes * lanes : 0
  while i < count {
    let end = VectorBits(repeating: Int32(truncatingIfNeeded: high - i))
    store(load(scores + i).replacing(with: hidden, where: laneNumbers .>= end), scores + i)
    i += lanes
  }
}

/// Turns the scores of `count` keys (a multiple of `lanes`) into probabilities. The maximum follows only when
/// it grew by more than 2^11.5, so that the sums are rarely rescaled; until then probabilities above 1 are
/// exact enough in a float. The first block of a row has no sums yet.
@inline(__always)
func foldRow(
  _ scores: UnsafeMutablePointer<Float>, _ count: Int, _ isFirst: Bool,
  _ maximum: UnsafeMutablePointer<Float>,
  _ weight: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ valueDim: Int
) {
  let most = largest(scores, count)
  if isFirst {
    maximum.pointee = most
    weight.pointee = 0
  } else if most > maximum.pointee + 11.5 {
    let shrink = exp2(Vector(repeating: maximum.pointee - most))
    var i = 0
    while i < valueDim {
      store(load(sums + i) * shrink, sums + i)
      i += lanes
    }
    weight.pointee *= shrink[0]
    maximum.pointee = most
  }
  let base = maximum.pointee == -Float.infinity ? 0 : maximum.pointee
  weight.pointee += exponentiate(scores, count, base)
}

/// O (rows, valueDim) (+)= P (rows, count) · V (count, valueDim). Columns go in tiles of like width.
@inline(__always)
func addValues(
  _ rows: Int, _ count: Int, _ valueDim: Int, _ probabilities: UnsafePointer<Float>, _ stride: Int,
  _ v: UnsafePointer<Float>, _ vStride: Int, _ sums: UnsafeMutablePointer<Float>, _ accumulate: Bool
) {
  var rest = valueDim / lanes
  var column = 0
  while rest > 0 {
    let vectors = ceilDivide(rest, ceilDivide(rest, tileVectors))
    multiplyTile(
      rows: rows, vectors: vectors, depth: count, a: probabilities, aStride: stride, b: v + column,
      bStride: vStride, c: sums + column, cStride: valueDim, accumulate: accumulate)
    column += vectors * lanes
    rest -= vectors
  }
}

/// How many of `count` to take at once, at most `most` and all times nearly the same number.
@inline(__always) func evenShare(_ count: Int, _ most: Int) -> Int {
  ceilDivide(count, ceilDivide(count, most))
}
