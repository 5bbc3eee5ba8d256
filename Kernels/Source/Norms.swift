// Norms of rows (rows, columns), row strides in floats: every element is read once and written once, 8 bytes
// (16 with a residual). A row must be read whole before its first result can be written, and is read again for
// it, from a cache. Two forms, by where the results go:
//
// * kept: row by row, read, then write. For up to 4096 columns a row, its results and the weights fill the 48 KiB
//   of a first-level cache exactly; asking for the weights while the row is read keeps them there, and results
//   are the first to be pushed out (L3, rows of 4096, Zen 5: 78 to 83 % of a copy).
// * streamed past the caches: a row is finished while the next one is read, so that memory reads and writes at
//   once (DRAM, stores not streamed, Zen 5: 84 to 92 % of a copy; streamed, 108 %).
//
// `out` may be `x`. `streamed` as in Activations.swift.

import CInstructions

/// out = x / √(mean(x²) + epsilon) · weight.
@inline(never)
public func rmsnorm(
  rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, weight: UnsafePointer<Float>,
  epsilon: Float, out: UnsafeMutablePointer<Float>, outStride: Int, streamed: Bool
) {
  guard rows > 0, columns > 0 else { return }
  guard streamed, canStream(out, outStride), columns.isMultiple(of: 4 * lanes) else {
    for row in 0..<rows {
      let source = x + row * xStride
      let factor = inverseRoot(squaresOfRow(columns, source, weight), columns, epsilon)
      let scaled = ScaledProduct(factor: Vector(repeating: factor))
      map(columns, source, weight, out + row * outStride, false, scaled)
    }
    return
  }
  var squares = sumRow(columns, x, Square())
  for row in 0..<rows {
    let factor = Vector(repeating: inverseRoot(squares, columns, epsilon))
    let (source, target) = (x + row * xStride, out + row * outStride)
    // The last row reads itself again.
    let next = x + smaller(row + 1, rows - 1) * xStride
    var sums = Four(0)
    var i = 0
    while i < columns {
      finish(i, next, source, factor, weight, target, &sums.a)
      finish(i + lanes, next, source, factor, weight, target, &sums.b)
      finish(i + 2 * lanes, next, source, factor, weight, target, &sums.c)
      finish(i + 3 * lanes, next, source, factor, weight, target, &sums.d)
      i += 4 * lanes
    }
    squares = sums.total
  }
  instruction_stream_fence()
}

/// A register of a row's results, and the squares of the next row's.
@inline(always)
private func finish(
  _ i: Int, _ next: UnsafePointer<Float>, _ source: UnsafePointer<Float>, _ factor: Vector,
  _ weight: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ squares: inout Vector
) {
  let value = load(next + i)
  squares = multiplyAdd(value, value, squares)
  instruction_stream(target + i, load(source + i) * factor * load(weight + i))
}

/// Σ x², while the weights are asked for where they have room beside a row.
@inline(always)
private func squaresOfRow(_ columns: Int, _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>) -> Float
{
  let isKept = columns <= 4096
  var sums = Four(0)
  var i = 0
  while i + 4 * lanes <= columns {
    if isKept { for j in 0..<4 { instruction_prefetch(weight + i + j * lanes) } }
    addSquare(x + i, &sums.a)
    addSquare(x + i + lanes, &sums.b)
    addSquare(x + i + 2 * lanes, &sums.c)
    addSquare(x + i + 3 * lanes, &sums.d)
    i += 4 * lanes
  }
  while i < columns {
    sums.a += Square().of(loadPart(x + i, smaller(lanes, columns - i)))
    i += lanes
  }
  return sums.total
}

@inline(always)
private func addSquare(_ x: UnsafePointer<Float>, _ sums: inout Vector) {
  let value = load(x)
  sums = multiplyAdd(value, value, sums)
}

/// sum = x + residual, out = rmsnorm(sum)·weight: what a block does between two products. `sum` may be
/// `residual` or `x`; it stays in the caches, to be read again at once.
@inline(never)
public func residualRMSNorm(
  rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, residual: UnsafePointer<Float>,
  residualStride: Int, weight: UnsafePointer<Float>, epsilon: Float, sum h: UnsafeMutablePointer<Float>,
  sumStride: Int, out: UnsafeMutablePointer<Float>, outStride: Int, streamed: Bool
) {
  guard rows > 0, columns > 0 else { return }
  let streams = streamed && canStream(out, outStride)
  let whole = columns / (4 * lanes) * (4 * lanes)
  for row in 0..<rows {
    let (a, b) = (x + row * xStride, residual + row * residualStride)
    let (added, target) = (h + row * sumStride, out + row * outStride)
    var sums = Four(0)
    var i = 0
    while i < whole {
      addSum(a + i, b + i, added + i, &sums.a)
      addSum(a + i + lanes, b + i + lanes, added + i + lanes, &sums.b)
      addSum(a + i + 2 * lanes, b + i + 2 * lanes, added + i + 2 * lanes, &sums.c)
      addSum(a + i + 3 * lanes, b + i + 3 * lanes, added + i + 3 * lanes, &sums.d)
      i += 4 * lanes
    }
    map(columns - i, a + i, b + i, added + i, false, Sum())
    let squares = sums.total + sumRow(columns - i, added + i, Square())
    let scaled = ScaledProduct(factor: Vector(repeating: inverseRoot(squares, columns, epsilon)))
    map(columns, added, weight, target, streams, scaled)
  }
  if streams { instruction_stream_fence() }
}

@inline(always)
private func addSum(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ h: UnsafeMutablePointer<Float>, _ sums: inout Vector
) {
  let added = load(a) + load(b)
  store(added, h)
  sums = multiplyAdd(added, added, sums)
}

/// out = (x - mean(x)) / √(variance(x) + epsilon) · weight + bias. The variance is taken about the mean in a
/// pass of its own over the cached row: one pass for both loses every digit of a row far from 0.
@inline(never)
public func layernorm(
  rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, weight: UnsafePointer<Float>,
  bias: UnsafePointer<Float>, epsilon: Float, out: UnsafeMutablePointer<Float>, outStride: Int,
  streamed: Bool
) {
  let streams = streamed && canStream(out, outStride)
  let whole = columns / (4 * lanes) * (4 * lanes)
  for row in 0..<rows {
    let (source, target) = (x + row * xStride, out + row * outStride)
    let mean = sumRow(columns, source, Itself()) / Float(columns)
    // Lanes beyond the row's end would not count as 0: they are added number by number.
    var squares = sumRow(whole, source, SquareAbout(mean: Vector(repeating: mean)))
    for i in whole..<columns { squares += (source[i] - mean) * (source[i] - mean) }
    let factor = inverseRoot(squares, columns, epsilon)
    let (down, scale) = (Vector(repeating: mean), Vector(repeating: factor))
    var i = 0
    while i < whole {
      for j in 0..<4 {
        let place = i + j * lanes
        let scaled = (load(source + place) - down) * scale
        put(multiplyAdd(scaled, load(weight + place), load(bias + place)), target + place, streams)
      }
      i += 4 * lanes
    }
    while i < columns {
      target[i] = (source[i] - mean) * factor * weight[i] + bias[i]
      i += 1
    }
  }
  if streams { instruction_stream_fence() }
}

private struct SquareAbout: Unary {
  let mean: Vector
  @inline(always) func of(_ x: Vector) -> Vector { (x - mean) * (x - mean) }
}

/// 1 / √(sum / count + epsilon).
@inline(always) private func inverseRoot(_ sum: Float, _ count: Int, _ epsilon: Float) -> Float {
  1 / instruction_square_root(sum / Float(count) + epsilon)
}
