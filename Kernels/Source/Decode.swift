// Attention of one query per head over a cache of keys and values, both (keys, headDim) row-major. Memory
// bandwidth is the limit, so all query heads that share a key head are served in one pass over its cache. The
// keys may be split over threads: each split leaves (maximum, weight, sums), and those triples merge in any
// order.

import CInstructions

private enum Block {
  /// Keys between two steps of the online softmax: their K and V fit in the first-level cache.
  @inline(__always) static var keys: Int { 64 }
}

/// Floats that one split leaves behind: maxima and weights, then sums.
public func decodePartial(group: Int, headDim: Int) -> Int { group * (headDim + 2) }

/// Floats of workspace of one thread.
public func decodeWorkspace(group: Int, headDim: Int) -> Int { group * (headDim + Block.keys) }

/// One split of `keys` keys: `q` (group, headDim) against `k` and `v`, into a partial result.
@inline(never)
public func decode(
  group: Int, headDim: Int, keys: Int, scale: Float, q: UnsafePointer<Float>, k: UnsafePointer<Float>,
  v: UnsafePointer<Float>, partial: UnsafeMutablePointer<Float>, workspace: UnsafeMutablePointer<Float>
) {
  let queries = workspace
  let scores = queries + group * headDim
  let maxima = partial
  let weights = partial + group
  let sums = partial + 2 * group
  let factor = scale * 1.442_695_04
  for i in 0..<group * headDim {
    queries[i] = q[i] * factor
    sums[i] = 0
  }
  for head in 0..<group {
    maxima[head] = -Float.infinity
    weights[head] = 0
  }
  var start = 0
  while start < keys {
    let count = smaller(Block.keys, keys - start)
    scoreKeys(group, count, headDim, queries, k + start * headDim, v + start * headDim, scores)
    for head in 0..<group {
      foldRow(
        scores + head * Block.keys, count, count, headDim, maxima + head, weights + head,
        sums + head * headDim)
    }
    var head = 0
    while head < group {
      let rows = smaller(tileRows, group - head)
      addValues(
        rows, count, headDim, scores + head * Block.keys, Block.keys, v + start * headDim,
        sums + head * headDim)
      head += rows
    }
    start += count
  }
}

/// Merges the partial results of `splits` splits of one key head into `out` (group, headDim).
@inline(never)
public func decodeMerge(
  group: Int, headDim: Int, splits: Int, partials: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>
) {
  let size = decodePartial(group: group, headDim: headDim)
  for head in 0..<group {
    var most = -Float.infinity
    for split in 0..<splits {
      let maximum = partials[split * size + head]
      if maximum > most { most = maximum }
    }
    var weight: Float = 0
    let target = out + head * headDim
    for i in 0..<headDim { target[i] = 0 }
    for split in 0..<splits {
      let partial = partials + split * size
      let shrink = exp2(Vector(repeating: partial[head] - most))
      weight += partial[group + head] * shrink[0]
      let sums = partial + 2 * group + head * headDim
      var i = 0
      while i < headDim {
        store(multiplyAdd(load(sums + i), shrink, load(target + i)), target + i)
        i += lanes
      }
    }
    scaleRow(row: target, columns: headDim, factor: 1 / weight)
  }
}

/// Scores of `count` keys for every head of the group: dot products, four keys and up to four heads at once.
@inline(__always)
private func scoreKeys(
  _ group: Int, _ count: Int, _ headDim: Int, _ queries: UnsafePointer<Float>, _ k: UnsafePointer<Float>,
  _ v: UnsafePointer<Float>, _ scores: UnsafeMutablePointer<Float>
) {
  var head = 0
  while head < group {
    let heads = smaller(dotHeads, group - head)
    let q = queries + head * headDim
    let target = scores + head * Block.keys
    var key = 0
    while key + dotKeys <= count {
      let source = k + key * headDim
      if head == 0 { prefetch(source + Block.keys * headDim, v + key * headDim, dotKeys * headDim) }
      switch heads {
      case 1: Dot<1, 4>.multiply(headDim, q, source, target + key, Block.keys)
      case 2: Dot<2, 4>.multiply(headDim, q, source, target + key, Block.keys)
      #if ISA_AVX512 || ISA_NEON
      case 3: Dot<3, 4>.multiply(headDim, q, source, target + key, Block.keys)
      default: Dot<4, 4>.multiply(headDim, q, source, target + key, Block.keys)
      #else
      default: break
      #endif
      }
      key += dotKeys
    }
    while key < count {
      for i in 0..<heads {
        Dot<1, 1>.multiply(headDim, q + i * headDim, k + key * headDim, target + i * Block.keys + key, 0)
      }
      key += 1
    }
    head += heads
  }
}

/// Asks for the keys of the next block and the values of this one while this block's scores are computed.
@inline(__always)
private func prefetch(_ keys: UnsafePointer<Float>, _ values: UnsafePointer<Float>, _ count: Int) {
  var i = 0
  while i < count {
    instruction_prefetch(keys + i)
    instruction_prefetch(values + i)
    i += 16
  }
}

/// H heads by K keys of dot products along the head dim.
private enum Dot<let H: Int, let K: Int> {
  @inline(never) static func multiply(
    _ headDim: Int, _ q: UnsafePointer<Float>, _ k: UnsafePointer<Float>,
    _ scores: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    var sums = InlineArray<H, InlineArray<K, Vector>>(repeating: .init(repeating: Vector()))
    var i = 0
    while i < headDim {
      var keys = InlineArray<K, Vector>(repeating: Vector())
      for j in 0..<K { keys[j] = load(k + j * headDim + i) }
      for h in 0..<H {
        let query = load(q + h * headDim + i)
        for j in 0..<K { sums[h][j] = multiplyAdd(query, keys[j], sums[h][j]) }
      }
      i += lanes
    }
    storeSums(sums, scores, stride)
  }
}

/// Stores the sum of each register: row h, place j. As many registers as there are lanes are added up together.
@inline(__always)
private func storeSums<let H: Int, let K: Int>(
  _ sums: InlineArray<H, InlineArray<K, Vector>>, _ scores: UnsafeMutablePointer<Float>, _ stride: Int
) {
  guard K == dotKeys else {
    for h in 0..<H {
      for j in 0..<K { scores[h * stride + j] = sum(sums[h][j]) }
    }
    return
  }
  var level = InlineArray<8, Vector>(repeating: Vector())
  for i in 0..<H * K / 2 { level[i] = merge(sums[2 * i / K][2 * i % K], sums[2 * i / K][2 * i % K + 1]) }
  for i in 0..<4 { level[i] = merge(level[2 * i], level[2 * i + 1]) }
  if lanes > 4 {
    for i in 0..<2 { level[i] = merge(level[2 * i], level[2 * i + 1]) }
  }
  if lanes > 8 { level[0] = merge(level[0], level[1]) }
  for h in 0..<H {
    for j in 0..<K { scores[h * stride + j] = level[(h * K + j) / lanes][(h * K + j) % lanes] }
  }
}
