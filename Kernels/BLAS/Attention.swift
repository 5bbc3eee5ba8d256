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

/// Attention of query rows `first..<last` of one head: q and out (seqQ, headDim),
/// k and v (keys, headDim); `scores` holds (last - first)·keys floats. Row i sees keys 0 ... i + offset where
/// causal.
public func blasPrefill(
  first: Int, last: Int, headDim: Int, keys: Int, causal: Bool, offset: Int, scale: Float,
  q: UnsafePointer<Float>, k: UnsafePointer<Float>, v: UnsafePointer<Float>,
  out: UnsafeMutablePointer<Float>, scores: UnsafeMutablePointer<Float>, rows: RowFunctions
) {
  let count = last - first
  let reach = causal ? min(keys, last + offset) : keys
  let target = out + first * headDim
  sgemm(count, reach, headDim, q + first * headDim, headDim, transposed: true, k, headDim, scores, reach)
  withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { inverse in
    for row in 0..<count {
      let visible = causal ? min(reach, first + row + offset + 1) : reach
      inverse[row] = 1 / rows.softmax(scores + row * reach, visible, reach, scale)
    }
    sgemm(count, headDim, reach, scores, reach, transposed: false, v, headDim, target, headDim)
    for row in 0..<count { rows.scale(target + row * headDim, headDim, inverse[row]) }
  }
}

/// Attention of one query per head over a cache: q and out (group, headDim), k and v (keys, headDim);
/// `scores` holds group·keys floats. Matrix-vector products per head over short blocks of keys, so that memory
/// is read once for the group: 1.4 times faster than whole vectors, 1.5 times faster than sgemm with the group
/// as rows (OpenBLAS 0.3.21, Zen 5).
public func blasDecode(
  group: Int, headDim: Int, keys: Int, scale: Float, q: UnsafePointer<Float>, k: UnsafePointer<Float>,
  v: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>, scores: UnsafeMutablePointer<Float>,
  rows: RowFunctions
) {
  let d = Int32(headDim)
  for first in stride(from: 0, to: keys, by: blasDecodeKeys) {
    let n = Int32(min(blasDecodeKeys, keys - first))
    for head in 0..<group {
      cblas_sgemv(
        CblasRowMajor, CblasNoTrans, n, d, 1, k + first * headDim, d, q + head * headDim, 1, 0,
        scores + head * keys + first, 1)
    }
  }
  withUnsafeTemporaryAllocation(of: Float.self, capacity: group) { inverses in
    for head in 0..<group { inverses[head] = 1 / rows.softmax(scores + head * keys, keys, keys, scale) }
    for first in stride(from: 0, to: keys, by: blasDecodeKeys) {
      let n = Int32(min(blasDecodeKeys, keys - first))
      for head in 0..<group {
        cblas_sgemv(
          CblasRowMajor, CblasTrans, n, d, inverses[head], v + first * headDim, d,
          scores + head * keys + first, 1,
          first > 0 ? 1 : 0, out + head * headDim, 1)
      }
    }
  }
}

/// Keys that pass through the first-level cache for all heads of a group: the fastest of 32, 128, 512 and all.
let blasDecodeKeys = 32
