// C (m, n) = A (m, k) · B (k, n) for few rows of A, all row-major, nothing packed: B is read once, in the order in
// which it lies in memory, because a walk down its columns would defeat the hardware's prefetching. The sums of a
// block of columns stay in the caches and take several rows of B at a time, so that they are loaded and stored
// once for all of those.
// Work: 2·m·n·k FLOP, 4·k·n bytes of weights.

import CInstructions

private enum Block {
  /// Columns whose rows are read as one run: 16 KiB.
  @inline(__always) static var columns: Int { 4096 }
  /// Sums that stay in the first-level cache.
  @inline(__always) static var sums: Int { 4096 }
  /// Floats between a read and its prefetch where B is read row after row.
  @inline(__always) static var ahead: Int { 2048 }
}

#if ISA_AVX512 || ISA_NEON
/// Eight rows of B by two registers: 16 of B, 2 sums and 1 of A.
private typealias RowsStep = SkinnyStep<8, 2>
private typealias RowStep = SkinnyStep<1, 4>
#else
/// Four rows of B by two registers: 8 of B, 2 sums and 1 of A.
private typealias RowsStep = SkinnyStep<4, 2>
private typealias RowStep = SkinnyStep<1, 2>
#endif

/// Floats of workspace of one thread's `skinny`.
public func skinnyWorkspace(m: Int) -> Int { m * (Block.columns + 8) + 8 * tileColumns }

/// C (m, n) = A (m, k) · B (k, n) on the calling thread, for m up to 16 or so; `workspace` holds
/// `skinnyWorkspace(m:)` floats.
@inline(never)
public func skinny(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  guard m > 0 else { return }
  let whole = n / tileColumns * tileColumns
  var left = 0
  while left < whole {
    let width = smaller(Block.columns, whole - left)
    if m == 1 {
      multiplyBlock(RowStep.self, m, width, k, a, aStride, b + left, bStride, c + left, cStride, workspace)
    } else {
      multiplyBlock(RowsStep.self, m, width, k, a, aStride, b + left, bStride, c + left, cStride, workspace)
    }
    left += width
  }
  if left < n {
    multiplyEdge(m, n - left, k, a, aStride, b + left, bStride, c + left, cStride, workspace)
  }
}

/// `width` columns, a multiple of the tile's.
@inline(__always)
private func multiplyBlock<let R: Int, let V: Int>(
  _ step: SkinnyStep<R, V>.Type, _ m: Int, _ width: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
  _ b: UnsafePointer<Float>, _ bStride: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
  _ workspace: UnsafeMutablePointer<Float>
) {
  let left = workspace
  let sums = workspace + 8 * m
  for i in 0..<m * width { sums[i] = 0 }
  // Columns whose sums the first-level cache holds; their sums lie together.
  let part = smaller(width, ceilDivide(Block.sums, m * tileColumns) * tileColumns)
  let ahead = R == 1 ? Block.ahead : R * width
  var cursor = Cursor(b, width, bStride, ahead)
  var row = 0
  while row < k {
    let rows = row + R <= k ? R : 1
    copyColumns(m, rows, a + row, aStride, left)
    var column = 0
    while column < width {
      let columns = smaller(part, width - column)
      let source = b + row * bStride + column
      let target = sums + column * m
      if rows == R {
        SkinnyStep<R, V>.add(m, columns, left, source, bStride, target, &cursor)
      } else {
        RowStep.add(m, columns, left, source, bStride, target, &cursor)
      }
      column += columns
    }
    row += rows
  }
  var column = 0
  while column < width {
    let columns = smaller(part, width - column)
    for i in 0..<m { copySums(columns, sums + column * m + i * columns, c + i * cStride + column) }
    column += columns
  }
}

/// Fewer columns than a tile: rows of B are copied beside zeros first.
@inline(never)
private func multiplyEdge(
  _ m: Int, _ width: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>,
  _ bStride: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ workspace: UnsafeMutablePointer<Float>
) {
  let left = workspace
  let padded = workspace + 8 * m
  let sums = padded + tileColumns
  for i in 0..<m * tileColumns { sums[i] = 0 }
  for j in width..<tileColumns { padded[j] = 0 }
  var cursor = Cursor(padded, tileColumns, 0, 0)
  for row in 0..<k {
    copyColumns(m, 1, a + row, aStride, left)
    for j in 0..<width { padded[j] = b[row * bStride + j] }
    RowStep.add(m, tileColumns, left, padded, 0, sums, &cursor)
  }
  for i in 0..<m { copySums(width, sums + i * tileColumns, c + i * cStride) }
}

/// `count` columns of A, the numbers of each row together.
@inline(__always)
private func copyColumns(
  _ m: Int, _ count: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ target: UnsafeMutablePointer<Float>
) {
  for i in 0..<m { for p in 0..<count { target[i * count + p] = a[i * aStride + p] } }
}

/// Walks over a block of B in memory order, ahead of the reads.
private struct Cursor {
  var next: UnsafePointer<Float>
  var remaining: Int
  let width: Int, gap: Int

  @inline(__always)
  init(_ b: UnsafePointer<Float>, _ width: Int, _ stride: Int, _ ahead: Int) {
    self.width = width
    gap = stride - width
    next = b + ahead / width * stride + ahead % width
    remaining = width - ahead % width
  }

  /// Asks for the next `count` registers.
  @inline(__always) mutating func prefetch(_ count: Int) {
    for i in 0..<count { instruction_prefetch(next + i * lanes) }
    next += count * lanes
    remaining -= count * lanes
    guard remaining <= 0 else { return }
    next += gap
    remaining += width
  }
}

private enum SkinnyStep<let R: Int, let V: Int> {
  /// sums (m, width) += a (m, R) · R rows of B: every row of A uses R x V registers of B.
  @inline(never) static func add(
    _ m: Int, _ width: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ bStride: Int,
    _ sums: UnsafeMutablePointer<Float>, _ cursor: inout Cursor
  ) {
    var ahead = cursor
    var column = 0
    while column < width {
      var right = InlineArray<R, InlineArray<V, Vector>>(repeating: .init(repeating: Vector()))
      for p in 0..<R {
        for j in 0..<V { right[p][j] = load(b + p * bStride + column + j * lanes) }
      }
      ahead.prefetch(R * V)
      var target = sums + column
      var left = a
      for _ in 0..<m {
        var total = InlineArray<V, Vector>(repeating: Vector())
        for j in 0..<V { total[j] = load(target + j * lanes) }
        for p in 0..<R {
          let factor = Vector(repeating: left[p])
          for j in 0..<V { total[j] = multiplyAdd(factor, right[p][j], total[j]) }
        }
        for j in 0..<V { store(total[j], target + j * lanes) }
        target += width
        left += R
      }
      column += V * lanes
    }
    cursor = ahead
  }
}
