// Attention of many queries over one key head: O = softmax(Q·Kᵀ/√d)·V with the online softmax.
// Q (positions, group, headDim), K (keys, headDim), V (keys, valueDim), O (positions, group, valueDim);
// work: 2·(headDim + valueDim) FLOP for each pair of a query and a key that it sees.
// Blocks of keys stay in the second-level cache while strips of six query rows pass over them; scores of a
// strip stay in the first-level cache. The query heads that share a key head are rows of one strip. A strip
// sees only the keys that the causal mask and the window let one of its rows see, so that the work outside is
// skipped to within one vector above the diagonal and one panel left of the window.

private enum Block {
  /// Keys whose K and V pass through the second-level cache together.
  @inline(__always) static var keys: Int { 512 }
}

/// Query rows (positions x grouped heads) of one work item, at most.
public func prefillRows() -> Int { 96 }

/// Floats of workspace of one thread.
public func prefillWorkspace(headDim: Int, valueDim: Int) -> Int {
  prefillRows() * (headDim + valueDim + 2) + tileRows * (Block.keys + valueDim)
}

/// Attention of query positions `first..<last` of the heads that share one key head.
///
/// `q` and `out` point at the group's first head of one sequence: (group, seqQ, headDim or valueDim).
/// Position i sees the last `window` of the keys 0 ... i + `offset` if `causal`, else all keys. (last -
/// first)·group is at most `prefillRows()`; `headDim` and `valueDim` are multiples of 16.
@inline(never)
public func prefill(
  first: Int, last: Int, group: Int, seqQ: Int, headDim: Int, valueDim: Int, keys: Int, causal: Bool,
  offset: Int, window: Int, scale: Float, q: UnsafePointer<Float>, keysT: UnsafePointer<Float>,
  v: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let rows = (last - first) * group
  let queries = workspace
  let sums = queries + prefillRows() * headDim
  let maxima = sums + prefillRows() * valueDim
  let weights = maxima + prefillRows()
  let scores = weights + prefillRows()
  gatherQueries(first, last, group, seqQ, headDim, scale, q, queries)
  let limit = causal ? smaller(keys, last + offset) : keys
  var start = causal ? firstPanel(first + offset, window) : 0
  while start < limit {
    var row = 0
    while row < rows {
      let height = smaller(tileRows, rows - row)
      let (top, bottom) = (first + row / group, first + (row + height - 1) / group)
      let seen = causal ? smaller(keys, bottom + offset + 1) : keys
      let stripStart = causal ? firstPanel(top + offset, window) : 0
      let begin = stripStart > start ? stripStart : start
      let count = smaller(seen, start + Block.keys) - begin
      if count > 0 {
        let isFirst = stripStart >= start
        let padded = ceilDivide(count, lanes) * lanes
        scoreStrip(height, count, headDim, queries + row * headDim, keysT + begin * headDim, scores)
        for i in 0..<height {
          let own = scores + i * Block.keys
          if causal {
            let end = first + (row + i) / group + offset + 1 - begin
            hideScores(own, end - window, smaller(end, count), padded)
          } else {
            hideScores(own, 0, count, padded)
          }
          foldRow(
            own, padded, isFirst, maxima + row + i, weights + row + i, sums + (row + i) * valueDim, valueDim)
        }
        addValues(
          height, count, valueDim, scores, Block.keys, v + begin * valueDim, valueDim, sums + row * valueDim,
          !isFirst)
      }
      row += height
    }
    start += Block.keys
  }
  scatterRows(first, last, group, seqQ, valueDim, weights, sums, out)
}

/// The panel of the first key that a query sees whose last key is `last`.
@inline(__always) private func firstPanel(_ last: Int, _ window: Int) -> Int {
  last < window ? 0 : (last + 1 - window) / tileColumns * tileColumns
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

/// Divides each row by its weight and puts it where its head and position belong.
@inline(__always)
private func scatterRows(
  _ first: Int, _ last: Int, _ group: Int, _ seqQ: Int, _ valueDim: Int,
  _ weights: UnsafePointer<Float>, _ sums: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>
) {
  var row = 0
  for position in first..<last {
    for head in 0..<group {
      let inverse = Vector(repeating: weights[row] > 0 ? 1 / weights[row] : weights[row])
      let source = sums + row * valueDim
      let target = out + (head * seqQ + position) * valueDim
      var i = 0
      while i < valueDim {
        store(load(source + i) * inverse, target + i)
        i += lanes
      }
      row += 1
    }
  }
}
