// Attention of many queries over one key head: O = softmax(Q·Kᵀ/√d)·V with the online softmax.
// Blocks of keys stay in the second-level cache while strips of six query rows pass over them; scores of a
// strip stay in the first-level cache. The query heads that share a key head are rows of one strip. A strip
// sees only the keys that the causal mask lets its last row see, so that the work above the diagonal is
// skipped to within one vector.

private enum Block {
  /// Keys whose K and V pass through the second-level cache together.
  @inline(__always) static var keys: Int { 512 }
}

/// Query rows (positions x grouped heads) of one work item, at most.
public func prefillRows() -> Int { 96 }

/// Floats of workspace of one thread for a head dim.
public func prefillWorkspace(headDim: Int) -> Int {
  (prefillRows() * 2 + tileRows) * headDim + prefillRows() * 2 + tileRows * Block.keys
}

/// Floats of the transposed keys of one head.
public func transposedKeys(keys: Int, headDim: Int) -> Int {
  ceilDivide(keys, tileColumns) * tileColumns * headDim
}

/// Transposes keys (keys, headDim) of one head into panels (headDim, tileColumns), zero padded: what the
/// register tile reads as B.
@inline(never)
public func transposeKeys(
  keys: Int, headDim: Int, source: UnsafePointer<Float>, target: UnsafeMutablePointer<Float>
) {
  var first = 0
  while first < keys {
    let panel = target + first * headDim
    let count = smaller(tileColumns, keys - first)
    for key in 0..<count {
      let row = source + (first + key) * headDim
      for i in 0..<headDim { panel[i * tileColumns + key] = row[i] }
    }
    for key in count..<tileColumns {
      for i in 0..<headDim { panel[i * tileColumns + key] = 0 }
    }
    first += tileColumns
  }
}

/// Attention of query positions `first..<last` of the heads that share one key head.
///
/// `q` and `out` point at the group's first head of one sequence: (group, seqQ, headDim). Position i sees the
/// keys 0 ... i + `offset` if `causal`, else all. (last - first)·group is at most `prefillRows()`.
@inline(never)
public func prefill(
  first: Int, last: Int, group: Int, seqQ: Int, headDim: Int, keys: Int, causal: Bool, offset: Int,
  scale: Float, q: UnsafePointer<Float>, keysT: UnsafePointer<Float>, v: UnsafePointer<Float>,
  out: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let rows = (last - first) * group
  let queries = workspace
  let sums = queries + prefillRows() * headDim
  let maxima = sums + prefillRows() * headDim
  let weights = maxima + prefillRows()
  let scores = weights + prefillRows()
  gatherQueries(first, last, group, seqQ, headDim, scale, q, queries)
  for i in 0..<rows * headDim { sums[i] = 0 }
  for row in 0..<rows {
    maxima[row] = -Float.infinity
    weights[row] = 0
  }
  let limit = causal ? smaller(keys, last + offset) : keys
  var start = 0
  while start < limit {
    var row = 0
    while row < rows {
      let height = smaller(tileRows, rows - row)
      let lastPosition = first + (row + height - 1) / group
      let visible = causal ? smaller(keys, lastPosition + offset + 1) : keys
      let count = smaller(visible - start, Block.keys)
      if count > 0 {
        scoreStrip(height, count, headDim, queries + row * headDim, keysT + start * headDim, scores)
        for i in 0..<height {
          let position = first + (row + i) / group
          let own = causal ? smaller(count, position + offset + 1 - start) : count
          foldRow(
            scores + i * Block.keys, own < 0 ? 0 : own, count, headDim, maxima + row + i, weights + row + i,
            sums + (row + i) * headDim)
        }
        addValues(height, count, headDim, scores, Block.keys, v + start * headDim, sums + row * headDim)
      }
      row += height
    }
    start += Block.keys
  }
  scatterRows(first, last, group, seqQ, headDim, weights, sums, out)
}

/// Copies the queries into rows ordered by position, then head, times scale·log2 e.
@inline(__always)
private func gatherQueries(
  _ first: Int, _ last: Int, _ group: Int, _ seqQ: Int, _ headDim: Int, _ scale: Float,
  _ q: UnsafePointer<Float>, _ queries: UnsafeMutablePointer<Float>
) {
  let factor = Vector(repeating: scale * 1.442_695_04)
  var target = queries
  for position in first..<last {
    for head in 0..<group {
      let source = q + (head * seqQ + position) * headDim
      var i = 0
      while i < headDim {
        store(load(source + i) * factor, target + i)
        i += lanes
      }
      target += headDim
    }
  }
}

/// S (rows, count) = Q·Kᵀ, panel by panel, rounded up to whole vectors.
@inline(__always)
private func scoreStrip(
  _ rows: Int, _ count: Int, _ headDim: Int, _ queries: UnsafePointer<Float>, _ keysT: UnsafePointer<Float>,
  _ scores: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column < count {
    let vectors = smaller(tileVectors, ceilDivide(count - column, lanes))
    multiplyTile(
      rows: rows, vectors: vectors, depth: headDim, a: queries, aStride: headDim,
      b: keysT + column * headDim, bStride: tileColumns, c: scores + column, cStride: Block.keys,
      accumulate: false)
    column += tileColumns
  }
}

/// One step of the online softmax for one row: scores become probabilities relative to the row's running
/// maximum. The maximum follows only when it grew by more than 2^11.5, so that the sums are rarely rescaled;
/// until then probabilities above 1 are exact enough in a float.
@inline(__always)
func foldRow(
  _ scores: UnsafeMutablePointer<Float>, _ visible: Int, _ count: Int, _ headDim: Int,
  _ maximum: UnsafeMutablePointer<Float>, _ weight: UnsafeMutablePointer<Float>,
  _ sums: UnsafeMutablePointer<Float>
) {
  let padded = ceilDivide(count, lanes) * lanes
  for i in visible..<padded { scores[i] = -Float.infinity }
  let most = largest(scores, padded)
  if most > maximum.pointee + 11.5 {
    let shrink = exp2(Vector(repeating: maximum.pointee - most))
    var i = 0
    while i < headDim {
      store(load(sums + i) * shrink, sums + i)
      i += lanes
    }
    weight.pointee *= shrink[0]
    maximum.pointee = most
  }
  let base = maximum.pointee == -Float.infinity ? 0 : maximum.pointee
  weight.pointee += exponentiate(scores, padded, 1, base)
}

/// O (rows, headDim) += P (rows, count) · V (count, headDim).
@inline(__always)
func addValues(
  _ rows: Int, _ count: Int, _ headDim: Int, _ probabilities: UnsafePointer<Float>, _ stride: Int,
  _ v: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column < headDim {
    let vectors = smaller(tileVectors, (headDim - column) / lanes)
    multiplyTile(
      rows: rows, vectors: vectors, depth: count, a: probabilities, aStride: stride, b: v + column,
      bStride: headDim, c: sums + column, cStride: headDim, accumulate: true)
    column += vectors * lanes
  }
}

/// Divides each row by its weight and puts it where its head and position belong.
@inline(__always)
private func scatterRows(
  _ first: Int, _ last: Int, _ group: Int, _ seqQ: Int, _ headDim: Int,
  _ weights: UnsafePointer<Float>, _ sums: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>
) {
  var row = 0
  for position in first..<last {
    for head in 0..<group {
      let inverse = Vector(repeating: weights[row] > 0 ? 1 / weights[row] : weights[row])
      let source = sums + row * headDim
      let target = out + (head * seqQ + position) * headDim
      var i = 0
      while i < headDim {
        store(load(source + i) * inverse, target + i)
        i += lanes
      }
      row += 1
    }
  }
}
