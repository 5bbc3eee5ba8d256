// C (m, n) = A (m, k) · B (k, n) for few rows of A, all row-major, nothing packed: B is read once, in the order in
// which it lies in memory, because a walk down its columns would defeat the hardware's prefetching. The sums of a
// block of columns stay in the caches and take several rows of B at a time, so that they are loaded and stored
// once for all of those; meanwhile the rows after those are asked for, one after the other.
// Work: 2·m·n·k FLOP, 4·k·n bytes of weights.

import CInstructions

private enum Block {
  /// Columns whose rows are read as one run, while their sums stay in the second-level cache.
  @inline(__always) static func columns(_ m: Int) -> Int { m == 1 ? 16384 : m <= 4 ? 8192 : 4096 }
  /// Floats between a read and its prefetch where B is read row after row.
  @inline(__always) static var ahead: Int { 2048 }
  /// Rows of A from which on their sums, more than the first-level cache holds, are better taken two registers at a
  /// time: each is then loaded twice as often, but its factors half as often. On Zen 5, 4096 x 4096, as shares of
  /// the read bandwidth: 64 % against 53 % at 16 rows, 61 % against 74 % at 8.
  @inline(__always) static var manyRows: Int { 11 }
}

#if ISA_AVX512 || ISA_NEON
/// One row of B by a panel's width, where there is but one row of A.
private typealias RowStep = SkinnyStep<1, 4>
/// Sixteen rows of B by one register, and eight by two: 16 of B, 1 or 2 sums and 1 of A.
private typealias DeepStep = SkinnyStep<16, 1>
private typealias WideStep = SkinnyStep<8, 2>
#else
/// One row of B by a panel's width, where there is but one row of A.
private typealias RowStep = SkinnyStep<1, 2>
/// Eight rows of B by one register, and four by two: 8 of B, 1 or 2 sums and 1 of A.
private typealias DeepStep = SkinnyStep<8, 1>
private typealias WideStep = SkinnyStep<4, 2>
#endif

/// Floats of workspace of one thread's `skinny`.
public func skinnyWorkspace(m: Int) -> Int { m * (Block.columns(m) + 16) + tileColumns }

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
    let width = smaller(Block.columns(m), whole - left)
    if m == 1 {
      multiplyBlock(RowStep.self, m, width, k, a, aStride, b + left, bStride, c + left, cStride, workspace)
    } else if m < Block.manyRows {
      multiplyBlock(DeepStep.self, m, width, k, a, aStride, b + left, bStride, c + left, cStride, workspace)
    } else {
      multiplyBlock(WideStep.self, m, width, k, a, aStride, b + left, bStride, c + left, cStride, workspace)
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
  let sums = workspace
  let left = workspace + m * width
  for i in 0..<m * width { sums[i] = 0 }
  var cursor = Cursor(b, width, bStride, R == 1 ? Block.ahead : R * width)
  var row = 0
  while row + R <= k {
    copyColumns(m, R, a + row, aStride, left)
    SkinnyStep<R, V>.add(m, width, left, b + row * bStride, bStride, sums, &cursor)
    row += R
  }
  while row < k {
    copyColumns(m, 1, a + row, aStride, left)
    SkinnyStep<1, V>.add(m, width, left, b + row * bStride, bStride, sums, &cursor)
    row += 1
  }
  let step = V * lanes
  for column in 0..<width / step {
    for i in 0..<m { copySums(step, sums + (column * m + i) * step, c + i * cStride + column * step) }
  }
}

/// Fewer columns than a tile: rows of B are copied beside zeros first.
@inline(never)
private func multiplyEdge(
  _ m: Int, _ width: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>,
  _ bStride: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ workspace: UnsafeMutablePointer<Float>
) {
  let sums = workspace
  let padded = sums + m * tileColumns
  let left = padded + tileColumns
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
  /// sums (m, width) += a (m, R) · R rows of B: every row of A uses R x V registers of B. The sums of a step, m
  /// rows of V registers, lie together.
  @inline(never) static func add(
    _ m: Int, _ width: Int, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ bStride: Int,
    _ sums: UnsafeMutablePointer<Float>, _ cursor: inout Cursor
  ) {
    var ahead = cursor
    var target = sums
    var column = 0
    while column < width {
      var right = InlineArray<R, InlineArray<V, Vector>>(repeating: .init(repeating: Vector()))
      for p in 0..<R {
        for j in 0..<V { right[p][j] = load(b + p * bStride + column + j * lanes) }
      }
      ahead.prefetch(R * V)
      var left = a
      for _ in 0..<m {
        var total = InlineArray<V, Vector>(repeating: Vector())
        for j in 0..<V { total[j] = load(target + j * lanes) }
        for p in 0..<R {
          let factor = Vector(repeating: left[p])
          for j in 0..<V { total[j] = multiplyAdd(factor, right[p][j], total[j]) }
        }
        for j in 0..<V { store(total[j], target + j * lanes) }
        target += V * lanes
        left += R
      }
      column += V * lanes
    }
    cursor = ahead
  }
}
