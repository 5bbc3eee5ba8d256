// Attention of one query per head over a cache: O (group, valueDim) = softmax(Q (group, headDim)·Kᵀ·scale)·V.
// Work: 2·(headDim + valueDim) FLOP per head and key; traffic: every byte of K and V once. Memory bandwidth
// is the limit, so all query heads that share a key head are served in one pass over its cache, and each tile
// prefetches what lies one step ahead. The keys may be split over threads: each split leaves (maximum,
// weight, sums), and those triples merge in any order.
//
// The cache lies in blocks of `blockKeys` keys that a table puts in order (none: block after block), K as
// (keys, headDim) or turned (headDim, keys) inside a block, V as (keys, valueDim). Elements are float, bf16,
// f16, or bytes with a factor for each key and head.

private enum Step {
  /// Keys between two steps of the online softmax: 2,048 for up to four heads. Long runs of keys and then of
  /// values keep memory busy, while the scores should not fill the first-level cache. A cache of 8,192 keys in
  /// f32 with 32/8 heads was read at 0.90 of a plain read with 512 keys, and at 0.94 with 2,048 (Zen 5).
  @inline(__always) static func keys(_ group: Int) -> Int {
    let share = 8192 / group / lanes * lanes
    return share > 2048 ? 2048 : share < 512 ? 512 : share
  }
  /// Floats between the scores of two heads: whole vectors of keys may end beyond the last.
  @inline(__always) static func stride(_ group: Int) -> Int { keys(group) + 16 }
  /// Keys over whose values all heads and columns pass at once. The first pass waits for memory and the others
  /// do not ask it for anything: short runs bring the next wait closer. The same cache was read at 0.88 with 16
  /// keys, and at 0.94 with 8. Bytes, wide values and many heads are bound by arithmetic, which long runs cost
  /// less.
  @inline(__always) static func valueKeys<E: CacheElement>(_ cache: DecodeCache<E>, _ group: Int) -> Int {
    group > 8 || cache.valueDim > 128 ? 64 : MemoryLayout<E.Stored>.stride > 1 ? 8 : 16
  }
}

/// Floats that one split leaves behind: maxima and weights, then sums.
public func decodePartial(group: Int, valueDim: Int) -> Int { group * (valueDim + 2) }

/// Floats of workspace of one thread.
public func decodeWorkspace(group: Int, headDim: Int, valueDim: Int) -> Int {
  group * (headDim + Step.stride(group))
}

/// One split: the online softmax over steps of keys.
@inline(__always)
func decode<E: CacheElement>(
  _ cache: DecodeCache<E>, _ group: Int, _ first: Int, _ last: Int, _ scale: Float, _ q: UnsafePointer<Float>,
  _ partial: UnsafeMutablePointer<Float>, _ workspace: UnsafeMutablePointer<Float>
) {
  let queries = workspace
  let scores = queries + group * cache.headDim
  let (maxima, weights, sums) = (partial, partial + group, partial + 2 * group)
  let factor = scale * 1.442_695_04
  for i in 0..<group * cache.headDim { queries[i] = q[i] * factor }
  for i in 0..<group * cache.valueDim { sums[i] = 0 }
  for head in 0..<group {
    maxima[head] = -Float.infinity
    weights[head] = 0
  }
  var start = first
  while start < last {
    let count = smaller(Step.keys(group), last - start)
    scoreKeys(cache, group, start, count, queries, scores)
    let padded = ceilDivide(count, lanes) * lanes
    for head in 0..<group {
      let row = scores + head * Step.stride(group)
      hideScores(row, 0, count, padded)
      foldRow(
        row, padded, start == first, maxima + head, weights + head, sums + head * cache.valueDim,
        cache.valueDim)
    }
    weighKeys(cache, group, start, count, last, scores, sums)
    start += count
  }
}

/// Scores (group, count) of the keys from `start`, block by block.
@inline(__always)
private func scoreKeys<E: CacheElement>(
  _ cache: DecodeCache<E>, _ group: Int, _ start: Int, _ count: Int, _ queries: UnsafePointer<Float>,
  _ scores: UnsafeMutablePointer<Float>
) {
  var key = 0
  while key < count {
    let (before, slot) = cache.place(start + key)
    let run = smaller(cache.blockKeys - slot, count - key)
    // After the last key come the values of the first.
    let next =
      key + run < count
      ? cache.k + cache.row(start + key + run) * cache.headDim : cache.v + cache.row(start) * cache.valueDim
    if cache.isTurned {
      scoreTurned(cache, group, run, queries, cache.k + before * cache.headDim + slot, next, scores + key)
    } else {
      scoreRows(cache, group, run, queries, cache.k + (before + slot) * cache.headDim, next, scores + key)
    }
    if let scales = cache.kScales {
      for head in 0..<group {
        for i in 0..<run { scores[head * Step.stride(group) + key + i] *= scales[before + slot + i] }
      }
    }
    key += run
  }
}

/// Keys stored one after the other: dot products, four keys and up to four heads at once.
@inline(__always)
private func scoreRows<E: CacheElement>(
  _ cache: DecodeCache<E>, _ group: Int, _ run: Int, _ queries: UnsafePointer<Float>,
  _ k: UnsafePointer<E.Stored>,
  _ next: UnsafePointer<E.Stored>, _ scores: UnsafeMutablePointer<Float>
) {
  let headDim = cache.headDim
  let lead = cache.lead(headDim)
  var key = 0
  while key < run {
    let count = key + dotKeys <= run ? dotKeys : 1
    let ahead = key + lead < run ? k + (key + lead) * headDim : next + (key + lead - run) * headDim
    var head = 0
    while head < group {
      let heads = smaller(dotHeads, group - head)
      let (q, target) = (queries + head * headDim, scores + head * Step.stride(group) + key)
      if count == dotKeys {
        multiplyDots(
          E.self, heads: heads, headDim: headDim, q: q, k: k + key * headDim,
          ahead: head == 0 ? ahead : k + key * headDim, scores: target, stride: Step.stride(group))
      } else {
        for i in 0..<heads {
          CacheDot<E, 1, 1>.multiply(
            headDim, q + i * headDim, k + key * headDim, k + key * headDim, target + i * Step.stride(group), 0
          )
        }
      }
      head += heads
    }
    key += count
  }
}

/// Keys stored side by side: S (group, run) = Q (group, headDim) · Kᵀ (headDim, run), whole vectors of keys.
@inline(__always)
private func scoreTurned<E: CacheElement>(
  _ cache: DecodeCache<E>, _ group: Int, _ run: Int, _ queries: UnsafePointer<Float>,
  _ k: UnsafePointer<E.Stored>,
  _ next: UnsafePointer<E.Stored>, _ scores: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column < run {
    let vectors = smaller(tileVectors, ceilDivide(run - column, lanes))
    var head = 0
    while head < group {
      let rows = evenShare(group - head, tileRows)
      multiplyCacheTile(
        E.self, rows: rows, vectors: vectors, depth: cache.headDim, a: queries + head * cache.headDim,
        aStride: cache.headDim, b: k + column, bStride: cache.blockKeys, ahead: next + column,
        askedBytes: head == 0 ? vectors * lanes * MemoryLayout<E.Stored>.stride : 0,
        c: scores + head * Step.stride(group) + column, cStride: Step.stride(group), accumulate: false)
      head += rows
    }
    column += vectors * lanes
  }
}

/// O (group, valueDim) += P (group, count) · V, a few keys of one block at a time.
@inline(__always)
private func weighKeys<E: CacheElement>(
  _ cache: DecodeCache<E>, _ group: Int, _ start: Int, _ count: Int, _ last: Int,
  _ probabilities: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Float>
) {
  let valueDim = cache.valueDim
  let lead = cache.lead(valueDim)
  var key = 0
  while key < count {
    let (before, slot) = cache.place(start + key)
    let run = smaller(cache.blockKeys - slot, count - key)
    if let scales = cache.vScales {
      for head in 0..<group {
        for i in 0..<run { probabilities[head * Step.stride(group) + key + i] *= scales[before + slot + i] }
      }
    }
    let v = cache.v + (before + slot) * valueDim
    // After the last values come the next step's keys.
    let following = start + key + run
    let next =
      key + run < count
      ? cache.v + cache.row(following) * valueDim
      : following < last ? cache.k + cache.row(following) * cache.headDim : v
    var i = 0
    while i < run {
      let depth = smaller(Step.valueKeys(cache, group), i + lead < run ? run - lead - i : run - i)
      let ahead = i + lead < run ? v + (i + lead) * valueDim : next + (i + lead - run) * valueDim
      weighRun(cache, group, depth, probabilities + key + i, v + i * valueDim, ahead, sums)
      i += depth
    }
    key += run
  }
}

/// O (group, valueDim) += P (group, depth) · V (depth, valueDim). The first pass over the rows asks for rows
/// ahead.
@inline(__always)
private func weighRun<E: CacheElement>(
  _ cache: DecodeCache<E>, _ group: Int, _ depth: Int, _ probabilities: UnsafePointer<Float>,
  _ v: UnsafePointer<E.Stored>, _ ahead: UnsafePointer<E.Stored>, _ sums: UnsafeMutablePointer<Float>
) {
  let valueDim = cache.valueDim
  #if ISA_AVX512
  if valueDim == 8 * lanes, MemoryLayout<E.Stored>.stride == 4 {
    weighWholeRows(cache, group, depth, probabilities, v, ahead, sums)
    return
  }
  #endif
  var column = 0
  while column < valueDim {
    let vectors = evenShare((valueDim - column) / lanes, tileVectors)
    var head = 0
    while head < group {
      let rows = evenShare(group - head, tileRows)
      multiplyCacheTile(
        E.self, rows: rows, vectors: vectors, depth: depth, a: probabilities + head * Step.stride(group),
        aStride: Step.stride(group), b: v + column, bStride: valueDim, ahead: ahead,
        askedBytes: column == 0 && head == 0 ? valueDim * MemoryLayout<E.Stored>.stride : 0,
        c: sums + head * valueDim + column, cStride: valueDim, accumulate: true)
      head += rows
    }
    column += vectors * lanes
  }
}

#if ISA_AVX512
/// The same for 128 floats: two heads at once over whole rows. A decode step of 16,384 keys and 32/8 heads read
/// 32.6 GB/s so, and 30.1 with four heads over halves of rows, where a plain read reached 41 (Zen 5).
@inline(__always)
private func weighWholeRows<E: CacheElement>(
  _ cache: DecodeCache<E>, _ group: Int, _ depth: Int, _ probabilities: UnsafePointer<Float>,
  _ v: UnsafePointer<E.Stored>, _ ahead: UnsafePointer<E.Stored>, _ sums: UnsafeMutablePointer<Float>
) {
  let valueDim = cache.valueDim
  var head = 0
  while head < group {
    let p = probabilities + head * Step.stride(group)
    let target = sums + head * valueDim
    let asked = head == 0 ? valueDim * MemoryLayout<E.Stored>.stride : 0
    if head + 1 < group {
      CacheTile<E, 2, 8>.multiply(
        depth, p, Step.stride(group), v, valueDim, ahead, asked, target, valueDim, true)
    } else {
      CacheTile<E, 1, 8>.multiply(
        depth, p, Step.stride(group), v, valueDim, ahead, asked, target, valueDim, true)
    }
    head += 2
  }
}
#endif

/// Merges the partial results of `splits` splits of one key head into `out` (group, valueDim).
@inline(never)
public func decodeMerge(
  group: Int, valueDim: Int, splits: Int, partials: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>
) {
  let size = decodePartial(group: group, valueDim: valueDim)
  for head in 0..<group {
    var most = -Float.infinity
    for split in 0..<splits {
      let maximum = partials[split * size + head]
      if maximum > most { most = maximum }
    }
    let base = most == -Float.infinity ? 0 : most
    var weight: Float = 0
    let target = out + head * valueDim
    for i in 0..<valueDim { target[i] = 0 }
    for split in 0..<splits {
      let partial = partials + split * size
      let shrink = exp2(Vector(repeating: partial[head] - base))
      weight += partial[group + head] * shrink[0]
      let sums = partial + 2 * group + head * valueDim
      var i = 0
      while i < valueDim {
        store(multiplyAdd(load(sums + i), shrink, load(target + i)), target + i)
        i += lanes
      }
    }
    scaleRow(row: target, columns: valueDim, factor: 1 / weight)
  }
}
