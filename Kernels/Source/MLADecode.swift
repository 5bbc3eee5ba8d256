// Multi-head latent attention of one query per head, absorbed: every head looks at the same cache (keys,
// headDim) of latent vectors, whose first `valueDim` elements are the values too. With Q (heads, headDim)
// already in the latent space, O (heads, valueDim) = softmax(Q·Kᵀ·scale)·K[:, ..<valueDim]. Work: 2·(headDim
// + valueDim) FLOP per head and key; traffic: the cache once. DeepSeek-V3: 128 heads, 512 latent elements and
// 64 of rope: 121 FLOP a byte in float, a product of matrices and not a stream. So a block of keys is widened
// and transposed once into the second-level cache, and all heads pass over it as rows of the register tile;
// what was summed merges over blocks and splits as in `decode`.

import CInstructions

private enum Block {
  /// Keys between two steps of the online softmax: 64 x 576 floats twice, beside the queries and sums of 128
  /// heads, is what a second-level cache of 1 MiB holds.
  @inline(__always) static var keys: Int { 64 }
}

/// Floats of workspace of one thread.
public func latentWorkspace(heads: Int, headDim: Int) -> Int {
  heads * (headDim + Block.keys) + 2 * Block.keys * headDim
}

/// Absorbed latent attention over floats: keys `first..<last` of one sequence against `q` (heads, headDim),
/// into a partial result that `decodeMerge` merges. The cache lies in blocks as that of `decode`; `headDim`
/// and `valueDim` are multiples of 16.
@inline(never)
public func latentDecode(
  heads: Int, headDim: Int, valueDim: Int, first: Int, last: Int, scale: Float, q: UnsafePointer<Float>,
  cache: UnsafePointer<Float>, table: UnsafePointer<Int32>?, blockKeys: Int,
  partial: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let latents = Latents<SingleElement>(
    start: cache, headDim: headDim, valueDim: valueDim, table: table, blockKeys: blockKeys)
  latentDecode(latents, heads, first, last, scale, q, partial, workspace)
}

/// Absorbed latent attention over bf16.
@inline(never)
public func latentDecodeBF16(
  heads: Int, headDim: Int, valueDim: Int, first: Int, last: Int, scale: Float, q: UnsafePointer<Float>,
  cache: UnsafePointer<UInt16>, table: UnsafePointer<Int32>?, blockKeys: Int,
  partial: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let latents = Latents<BrainElement>(
    start: cache, headDim: headDim, valueDim: valueDim, table: table, blockKeys: blockKeys)
  latentDecode(latents, heads, first, last, scale, q, partial, workspace)
}

/// Where the latent vectors of one sequence lie.
private struct Latents<E: CacheElement> {
  let start: UnsafePointer<E.Stored>
  let headDim: Int
  let valueDim: Int
  let table: UnsafePointer<Int32>?
  let blockKeys: Int

  @inline(__always) func row(_ key: Int) -> UnsafePointer<E.Stored> {
    let number = key / blockKeys
    let block = table.map { Int($0[number]) } ?? number
    return start + (block * blockKeys + key - number * blockKeys) * headDim
  }
}

@inline(__always)
private func latentDecode<E: CacheElement>(
  _ latents: Latents<E>, _ heads: Int, _ first: Int, _ last: Int, _ scale: Float, _ q: UnsafePointer<Float>,
  _ partial: UnsafeMutablePointer<Float>, _ workspace: UnsafeMutablePointer<Float>
) {
  let (headDim, valueDim) = (latents.headDim, latents.valueDim)
  let queries = workspace
  let scores = queries + heads * headDim
  let block = scores + heads * Block.keys
  let turned = block + Block.keys * headDim
  let (maxima, weights, sums) = (partial, partial + heads, partial + 2 * heads)
  let factor = scale * 1.442_695_04
  for i in 0..<heads * headDim { queries[i] = q[i] * factor }
  var start = first
  while start < last {
    let count = smaller(Block.keys, last - start)
    let padded = ceilDivide(count, lanes) * lanes
    for key in 0..<count {
      let row = latents.row(start + key)
      var i = 0
      while i < headDim {
        store(E.load(row + i), block + key * headDim + i)
        i += lanes
      }
    }
    transposeKeys(keys: count, headDim: headDim, source: block, stride: headDim, target: turned)
    var row = 0
    var asked = start + count
    while row < heads {
      let height = evenShare(heads - row, tileRows)
      let strip = scores + row * Block.keys
      scoreStrip(height, count, headDim, queries + row * headDim, turned, strip)
      for i in 0..<height {
        let own = strip + i * Block.keys
        hideScores(own, 0, count, padded)
        foldRow(
          own, padded, start == first, maxima + row + i, weights + row + i, sums + (row + i) * valueDim,
          valueDim)
      }
      row += height
      // The next block's share of keys, so that reading them falls among the products.
      let goal = smaller(last, start + count + Block.keys * row / heads)
      while asked < goal {
        let bytes = UnsafeRawPointer(latents.row(asked))
        var offset = 0
        while offset < headDim * MemoryLayout<E.Stored>.stride {
          instruction_prefetch(bytes + offset)
          offset += 64
        }
        asked += 1
      }
    }
    weighLatents(heads, count, headDim, valueDim, scores, block, sums, start > first)
    start += count
  }
}

/// S (rows, count) = Q·Kᵀ over the panels of a block.
@inline(__always)
private func scoreStrip(
  _ rows: Int, _ count: Int, _ headDim: Int, _ queries: UnsafePointer<Float>, _ turned: UnsafePointer<Float>,
  _ scores: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column < count {
    multiplyTile(
      rows: rows, vectors: smaller(tileVectors, ceilDivide(count - column, lanes)), depth: headDim,
      a: queries,
      aStride: headDim, b: turned + column * headDim, bStride: tileColumns, c: scores + column,
      cStride: Block.keys, accumulate: false)
    column += tileColumns
  }
}

/// O (heads, valueDim) (+)= P (heads, count) · V: a tile's width of the values stays in the first-level cache
/// while all heads pass over it.
@inline(__always)
private func weighLatents(
  _ heads: Int, _ count: Int, _ headDim: Int, _ valueDim: Int, _ probabilities: UnsafePointer<Float>,
  _ block: UnsafePointer<Float>, _ sums: UnsafeMutablePointer<Float>, _ accumulate: Bool
) {
  var column = 0
  while column < valueDim {
    let vectors = evenShare((valueDim - column) / lanes, tileVectors)
    var row = 0
    while row < heads {
      let height = evenShare(heads - row, tileRows)
      multiplyTile(
        rows: height, vectors: vectors, depth: count, a: probabilities + row * Block.keys,
        aStride: Block.keys, b: block + column, bStride: headDim, c: sums + row * valueDim + column,
        cStride: valueDim, accumulate: accumulate)
      row += height
    }
    column += vectors * lanes
  }
}
