// Attention composed of BLAS calls around a softmax, as a careful user of the library would write it: one
// head per thread at a time with single-threaded calls, query rows in blocks so that the scores stay in cache
// and keys above the diagonal are skipped, the division by the softmax's sum left to the result.

import COpenBLAS

/// The vectorised softmax of the caller's choice: row, visible places, places; e^(scale·(x - largest)) in
/// place, zero beyond the visible; returns the sum. And a row times a factor.
public struct RowFunctions: Sendable {
  let softmax: @Sendable (UnsafeMutablePointer<Float>, Int, Int, Float) -> Float
  let scale: @Sendable (UnsafeMutablePointer<Float>, Int, Float) -> Void
  /// Row functions from their parts.
  public init(
    softmax: @escaping @Sendable (UnsafeMutablePointer<Float>, Int, Int, Float) -> Float,
    scale: @escaping @Sendable (UnsafeMutablePointer<Float>, Int, Float) -> Void
  ) {
    self.softmax = softmax
    self.scale = scale
  }
}

/// Query rows whose scores are held at once: the fastest of 64, 128 and 256 (OpenBLAS 0.3.21, Zen 5). Short
/// causal problems lose more above the diagonal than larger products gain.
public func blasPrefillRows(causal: Bool, keys: Int) -> Int { causal && keys < 2048 ? 128 : 256 }

/// Attention of query rows `first..<last` of one head: q (seqQ, headDim), k (keys, headDim), v (keys,
/// valueDim), out (seqQ, valueDim); `scores` holds (last - first)·keys floats. Row i sees the last `window`
/// of the keys 0 ... i + offset where causal.
public func blasPrefill(
  first: Int, last: Int, headDim: Int, valueDim: Int, keys: Int, causal: Bool, offset: Int, window: Int,
  scale: Float, q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>,
  out: UnsafeMutablePointer<Float>, scores: UnsafeMutablePointer<Float>, rows: RowFunctions
) {
  let count = last - first
  let begin = causal ? max(0, first + offset + 1 - window) : 0
  let reach = (causal ? min(keys, last + offset) : keys) - begin
  let target = out + first * valueDim
  sgemm(
    count, reach, headDim, q + first * headDim, headDim, transposed: true, k + begin * headDim, headDim,
    scores, reach)
  withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { inverse in
    for row in 0..<count {
      let end = causal ? min(reach, first + row + offset + 1 - begin) : reach
      let hidden = causal ? max(0, end - window) : 0
      let start = scores + row * reach
      for i in 0..<hidden { start[i] = 0 }
      inverse[row] = 1 / rows.softmax(start + hidden, end - hidden, reach - hidden, scale)
    }
    sgemm(
      count, valueDim, reach, scores, reach, transposed: false, v + begin * valueDim, valueDim, target,
      valueDim)
    for row in 0..<count { rows.scale(target + row * valueDim, valueDim, inverse[row]) }
  }
}

/// Attention of one query per head over a cache: q (group, headDim), out (group, valueDim); keys lie in rows
/// of `k` and `v`, that of key i being `row(i)`, one after the other within blocks of `blockKeys`, or
/// (headDim, blockKeys) in a block where turned; `scores` holds group·keys floats. Matrix-vector products per
/// head over short blocks of keys, so that memory is read once for the group: 1.4 times faster than whole
/// vectors, 1.5 times faster than sgemm with the group as rows (OpenBLAS 0.3.21, Zen 5).
public func blasDecode(
  group: Int, headDim: Int, valueDim: Int, keys: Range<Int>, blockKeys: Int, isTurned: Bool, scale: Float,
  q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>, row: (Int) -> Int,
  out: UnsafeMutablePointer<Float>, scores: UnsafeMutablePointer<Float>, rows: RowFunctions
) {
  let count = keys.count
  func inBlocks(_ body: (Int, Int, Int) -> Void) {
    var key = keys.lowerBound
    while key < keys.upperBound {
      let run = min(blasDecodeKeys, keys.upperBound - key, blockKeys - key % blockKeys)
      body(key - keys.lowerBound, run, row(key))
      key += run
    }
  }
  inBlocks { place, run, row in
    for head in 0..<group {
      let (query, target) = (q + head * headDim, scores + head * count + place)
      if isTurned {
        let block = k + row / blockKeys * blockKeys * headDim + row % blockKeys
        cblas_sgemv(
          CblasRowMajor, CblasTrans, Int32(headDim), Int32(run), 1, block, Int32(blockKeys), query, 1, 0,
          target,
          1)
      } else {
        cblas_sgemv(
          CblasRowMajor, CblasNoTrans, Int32(run), Int32(headDim), 1, k + row * headDim, Int32(headDim),
          query,
          1, 0, target, 1)
      }
    }
  }
  withUnsafeTemporaryAllocation(of: Float.self, capacity: group) { inverses in
    for head in 0..<group { inverses[head] = 1 / rows.softmax(scores + head * count, count, count, scale) }
    inBlocks { place, run, row in
      for head in 0..<group {
        cblas_sgemv(
          CblasRowMajor, CblasTrans, Int32(run), Int32(valueDim), inverses[head], v + row * valueDim,
          Int32(valueDim), scores + head * count + place, 1, place > 0 ? 1 : 0, out + head * valueDim, 1)
      }
    }
  }
}

/// Absorbed latent attention of one query per head: q (heads, headDim), cache (keys, headDim), whose first
/// `valueDim` elements are the values, out (heads, valueDim); `scores` holds heads·keys floats.
public func blasLatent(
  heads: Int, headDim: Int, valueDim: Int, keys: Int, scale: Float, q: UnsafePointer<Float>,
  cache: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>, scores: UnsafeMutablePointer<Float>,
  rows: RowFunctions
) {
  sgemm(heads, keys, headDim, q, headDim, transposed: true, cache, headDim, scores, keys)
  withUnsafeTemporaryAllocation(of: Float.self, capacity: heads) { inverses in
    for head in 0..<heads { inverses[head] = 1 / rows.softmax(scores + head * keys, keys, keys, scale) }
    sgemm(heads, valueDim, keys, scores, keys, transposed: false, cache, headDim, out, valueDim)
    for head in 0..<heads { rows.scale(out + head * valueDim, valueDim, inverses[head]) }
  }
}

/// Keys that pass through the first-level cache for all heads of a group: the fastest of 32, 128, 512 and
/// all.
let blasDecodeKeys = 32
