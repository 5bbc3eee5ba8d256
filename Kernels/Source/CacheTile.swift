// The register tiles of a decode step. Sums stay in registers as in `Tile`; the right-hand side is widened
// from the cache's element type as it is loaded, and lines that lie ahead are asked for on the way: the
// arithmetic fills the reorder buffer, so that too few reads would be under way without.

import CInstructions

/// R heads by C vectors: C (R, columns) (+)= A (R, depth) · B (depth, columns), B in the cache. Serves P·V
/// with B = V (keys, valueDim), and Q·Kᵀ with B = a block of keys that is stored (headDim, keys).
enum CacheTile<E: CacheElement, let R: Int, let C: Int> {
  /// For each row of B, `askedBytes` are prefetched from `ahead` on, whose rows lie as those of B.
  @inline(never) static func multiply(
    _ depth: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<E.Stored>, _ bStride: Int,
    _ ahead: UnsafePointer<E.Stored>, _ askedBytes: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
    _ accumulate: Bool
  ) {
    var sums = InlineArray<R, InlineArray<C, Vector>>(repeating: .init(repeating: Vector()))
    var column = a
    var row = b
    var later = ahead
    for _ in 0..<depth {
      var right = InlineArray<C, Vector>(repeating: Vector())
      for j in 0..<C { right[j] = E.load(row + j * lanes) }
      var asked = 0
      while asked < askedBytes {
        instruction_prefetch(UnsafeRawPointer(later) + asked)
        asked += 64
      }
      for i in 0..<R {
        let left = Vector(repeating: column[i * aStride])
        for j in 0..<C { sums[i][j] = multiplyAdd(left, right[j], sums[i][j]) }
      }
      column += 1
      row += bStride
      later += bStride
    }
    if accumulate {
      for i in 0..<R {
        for j in 0..<C {
          let place = c + i * cStride + j * lanes
          store(load(place) + sums[i][j], place)
        }
      }
    } else {
      for i in 0..<R {
        for j in 0..<C { store(sums[i][j], c + i * cStride + j * lanes) }
      }
    }
  }
}

/// A tile of any `rows` in 1...tileRows and `vectors` in 1...tileVectors.
@inline(__always)
func multiplyCacheTile<E: CacheElement>(
  _: E.Type, rows: Int, vectors: Int, depth: Int, a: UnsafePointer<Float>, aStride: Int,
  b: UnsafePointer<E.Stored>, bStride: Int, ahead: UnsafePointer<E.Stored>, askedBytes: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, accumulate: Bool
) {
  switch vectors {
  case 1:
    CacheTileRow<E, 1>.multiply(
      rows, depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
  case 2:
    CacheTileRow<E, 2>.multiply(
      rows, depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
  #if ISA_AVX512 || ISA_NEON
  case 3:
    CacheTileRow<E, 3>.multiply(
      rows, depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
  default:
    CacheTileRow<E, 4>.multiply(
      rows, depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
  #else
  default: break
  #endif
  }
}

private enum CacheTileRow<E: CacheElement, let C: Int> {
  @inline(__always) static func multiply(
    _ rows: Int, _ depth: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<E.Stored>,
    _ bStride: Int, _ ahead: UnsafePointer<E.Stored>, _ askedBytes: Int, _ c: UnsafeMutablePointer<Float>,
    _ cStride: Int, _ accumulate: Bool
  ) {
    switch rows {
    case 1:
      CacheTile<E, 1, C>.multiply(depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
    case 2:
      CacheTile<E, 2, C>.multiply(depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
    case 3:
      CacheTile<E, 3, C>.multiply(depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
    case 4:
      CacheTile<E, 4, C>.multiply(depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
    case 5:
      CacheTile<E, 5, C>.multiply(depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
    default:
      CacheTile<E, 6, C>.multiply(depth, a, aStride, b, bStride, ahead, askedBytes, c, cStride, accumulate)
    }
  }
}

/// H heads by K keys of dot products along the head dim, keys stored (keys, headDim). The K·headDim elements
/// from `ahead` on are prefetched in the order of their addresses. In a copy of this loop in C, memory gave
/// 39 GB/s so, and 28 where lines were asked for in the order of the products, across K rows (Zen 5).
enum CacheDot<E: CacheElement, let H: Int, let K: Int> {
  @inline(never) static func multiply(
    _ headDim: Int, _ q: UnsafePointer<Float>, _ k: UnsafePointer<E.Stored>, _ ahead: UnsafePointer<E.Stored>,
    _ scores: UnsafeMutablePointer<Float>, _ stride: Int
  ) {
    var sums = InlineArray<H, InlineArray<K, Vector>>(repeating: .init(repeating: Vector()))
    let step = K * lanes * MemoryLayout<E.Stored>.stride
    var asked = UnsafeRawPointer(ahead)
    var i = 0
    while i < headDim {
      var keys = InlineArray<K, Vector>(repeating: Vector())
      for j in 0..<K { keys[j] = E.load(k + j * headDim + i) }
      for j in 0..<ceilDivide(step, 64) { instruction_prefetch(asked + 64 * j) }
      asked += step
      for h in 0..<H {
        let query = load(q + h * headDim + i)
        for j in 0..<K { sums[h][j] = multiplyAdd(query, keys[j], sums[h][j]) }
      }
      i += lanes
    }
    storeSums(sums, scores, stride)
  }
}

/// Dot products of `dotKeys` keys with `heads` in 1...dotHeads.
@inline(__always)
func multiplyDots<E: CacheElement>(
  _: E.Type, heads: Int, headDim: Int, q: UnsafePointer<Float>, k: UnsafePointer<E.Stored>,
  ahead: UnsafePointer<E.Stored>, scores: UnsafeMutablePointer<Float>, stride: Int
) {
  switch heads {
  case 1: CacheDot<E, 1, 4>.multiply(headDim, q, k, ahead, scores, stride)
  case 2: CacheDot<E, 2, 4>.multiply(headDim, q, k, ahead, scores, stride)
  #if ISA_AVX512 || ISA_NEON
  case 3: CacheDot<E, 3, 4>.multiply(headDim, q, k, ahead, scores, stride)
  default: CacheDot<E, 4, 4>.multiply(headDim, q, k, ahead, scores, stride)
  #else
  default: break
  #endif
  }
}

/// Stores the sum of each register: row h, place j. As many registers as there are lanes are added up
/// together.
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
