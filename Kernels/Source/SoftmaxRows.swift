// Softmax of rows (rows, columns): out = e^(scale·(x - largest)) / Σ, where a causal row sees one column more
// than the row before it. A row passes through the caches three times, and through memory once: largest value,
// exponentials with their sum, division. The same steps are there one by one, so that threads can share a
// single long row. A NaN or +infinity among the visible makes its whole row NaN, -infinity is weight 0.

/// Softmax of each row; row i sees the first min(columns, visible + i·growth) columns, the rest become 0.
/// `scale` is positive; `out` may be `x`.
@inline(never)
public func softmaxRows(
  rows: Int, columns: Int, visible: Int, growth: Int, scale: Float, x: UnsafePointer<Float>, xStride: Int,
  out: UnsafeMutablePointer<Float>, outStride: Int
) {
  for row in 0..<rows {
    let (source, target) = (x + row * xStride, out + row * outStride)
    let count = smaller(columns, visible + row * growth)
    let total = rowExponentials(
      count: count, x: source, largest: rowLargest(count: count, x: source), scale: scale, out: target)
    let inverse = Vector(repeating: 1 / total)
    map(count, target, target, false, Scaled(factor: inverse))
    for i in count..<columns { target[i] = 0 }
  }
}

/// Largest of a row, NaNs left out; -infinity for none.
@inline(never)
public func rowLargest(count: Int, x: UnsafePointer<Float>) -> Float {
  var most = Four(-.infinity)
  var i = 0
  while i + 4 * lanes <= count {
    most.a = larger(most.a, load(x + i))
    most.b = larger(most.b, load(x + i + lanes))
    most.c = larger(most.c, load(x + i + 2 * lanes))
    most.d = larger(most.d, load(x + i + 3 * lanes))
    i += 4 * lanes
  }
  var result = most.most
  while i < count {
    if x[i] > result { result = x[i] }
    i += 1
  }
  return result
}

/// out = e^(scale·(x - largest)); returns the sum.
@inline(never)
public func rowExponentials(
  count: Int, x: UnsafePointer<Float>, largest: Float, scale: Float, out: UnsafeMutablePointer<Float>
) -> Float {
  let (down, factor) = (Vector(repeating: largest), Vector(repeating: scale))
  var sums = Four(0)
  var i = 0
  while i + 4 * lanes <= count {
    sums.a += rowExponential(x + i, down, factor, out + i)
    sums.b += rowExponential(x + i + lanes, down, factor, out + i + lanes)
    sums.c += rowExponential(x + i + 2 * lanes, down, factor, out + i + 2 * lanes)
    sums.d += rowExponential(x + i + 3 * lanes, down, factor, out + i + 3 * lanes)
    i += 4 * lanes
  }
  var rest: Float = 0
  while i < count {
    let part = smaller(lanes, count - i)
    storePart(exponential((loadPart(x + i, part) - down) * factor), out + i, part)
    for j in i..<i + part { rest += out[j] }
    i += lanes
  }
  return sums.total + rest
}

/// One register. The difference first: its rounding is small where the result is large.
@inline(always)
private func rowExponential(
  _ x: UnsafePointer<Float>, _ down: Vector, _ factor: Vector, _ out: UnsafeMutablePointer<Float>
) -> Vector {
  let power = exponential((load(x) - down) * factor)
  store(power, out)
  return power
}
