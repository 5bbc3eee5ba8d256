// C (m, n) = A (m, k) · Bᵀ for few rows of A, B as models store it, (n, k): a row of B is an output's weights, and each
// element of C is the dot product of two rows. Registers run along k, and a tile of rows of B by rows of A is summed at
// a time, so that B is read from memory once, in as many streams as prefetchers follow, and A stays in the caches.
// Work: 2·m·n·k FLOP, 4·k·n bytes of weights. Blocks of k, so that a piece of B stays in the first-level cache for all
// rows of A, cost more in added sums than they save (m = 4: 0.52 of the read rate instead of 0.62, Zen 5).

import CInstructions

private enum Block {
  /// Rows of A of a tile.
  @inline(__always) static var rows: Int { 4 }
  /// Bytes between a read and its prefetch, along a row of B.
  @inline(__always) static var ahead: Int { 1024 }
}

#if ISA_AVX512 || ISA_NEON
/// Rows of B by 4 of A: 16 sums, 4 of A and 1 of B fit in 32 registers.
private typealias Strip = DotStrip<4>
#else
/// 8 sums, 4 of A and 1 of B in 16 registers.
private typealias Strip = DotStrip<2>
#endif
/// Rows of B by one of A, in more streams.
private typealias Single = DotTile<8, 1>

/// C (m, n) = A (m, k) · Bᵀ, B stored (n, k), on the calling thread, for m up to 16 or so.
@inline(never)
public func skinnyTransposed(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int
) {
  guard m > 0 else { return }
  let step = m == 1 ? Single.columns : Strip.columns
  var column = 0
  while column + step <= n {
    let weights = b + column * bStride
    if m == 1 {
      Single.multiply(k, a, aStride, weights, bStride, c + column, cStride)
    } else {
      Strip.multiply(m, k, a, aStride, weights, bStride, c + column, cStride)
    }
    column += step
  }
  while column < n {
    DotStrip<1>.multiply(m, k, a, aStride, b + column * bStride, bStride, c + column, cStride)
    column += 1
  }
}

/// R rows of B by all rows of A.
private enum DotStrip<let R: Int> {
  @inline(__always) static var columns: Int { R }

  @inline(__always) static func multiply(
    _ m: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>, _ bStride: Int,
    _ c: UnsafeMutablePointer<Float>, _ cStride: Int
  ) {
    var row = 0
    while row < m {
      let (left, target) = (a + row * aStride, c + row * cStride)
      switch m - row {
      case 1: DotTile<R, 1>.multiply(k, left, aStride, b, bStride, target, cStride)
      case 2: DotTile<R, 2>.multiply(k, left, aStride, b, bStride, target, cStride)
      case 3: DotTile<R, 3>.multiply(k, left, aStride, b, bStride, target, cStride)
      default: DotTile<R, 4>.multiply(k, left, aStride, b, bStride, target, cStride)
      }
      row += Block.rows
    }
  }
}

/// R rows of B by M rows of A.
private enum DotTile<let R: Int, let M: Int> {
  @inline(__always) static var columns: Int { R }

  /// C (M, R) = A (M, k) · Bᵀ (k, R).
  @inline(never) static func multiply(
    _ k: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>, _ bStride: Int,
    _ c: UnsafeMutablePointer<Float>, _ cStride: Int
  ) {
    var sums = InlineArray<M, InlineArray<R, Vector>>(repeating: .init(repeating: Vector()))
    var p = 0
    while p + lanes <= k {
      var left = InlineArray<M, Vector>(repeating: Vector())
      for i in 0..<M { left[i] = load(a + i * aStride + p) }
      for j in 0..<R {
        let weights = b + j * bStride + p
        instruction_prefetch(UnsafeRawPointer(weights) + Block.ahead)
        let right = load(weights)
        for i in 0..<M { sums[i][j] = multiplyAdd(left[i], right, sums[i][j]) }
      }
      p += lanes
    }
    for i in 0..<M {
      for j in 0..<R {
        var total = sum(sums[i][j])
        for rest in p..<k { total += a[i * aStride + rest] * b[j * bStride + rest] }
        c[i * cStride + j] = total
      }
    }
  }
}
