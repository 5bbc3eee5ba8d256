// C (m, n) = A (m, k) · B (k, n) for few rows of A, all row-major, nothing packed: B is read once, in runs as long as
// its rows, because a walk down its columns would defeat the hardware's prefetching. The sums of a block of columns
// stay in the caches and take several rows of B at a time, so that they are loaded and stored once for all of
// those; meanwhile what is read next is asked for.
// Work: 2·m·n·k FLOP, 4·k·n bytes of weights.

import CInstructions

private enum Block {
  /// Columns of a block: its sums stay in the second-level cache.
  @inline(__always) static var columns: Int { 16384 }
  /// Columns up to which the first-level cache holds the sums of one row of A.
  @inline(__always) static var rowColumns: Int { 8192 }
  /// Rows of A up to which reading B, not arithmetic, sets the pace.
  @inline(__always) static var fewRows: Int { 8 }
  /// Floats between a read and its prefetch, over all rows that are read at once: 8 KiB.
  @inline(__always) static var ahead: Int { 2048 }
}

// Rows of B by registers of each that a step holds, beside a sum or more and 1 of A. More rows load the sums less
// often, more registers the factors of A. On Zen 5, 14336 x 4096, as shares of the read bandwidth: at 4 rows of A,
// 12 x 1 gives 83 %, 16 x 1 70 %, 8 x 2 74 %; at 12 rows of A, 8 x 2 gives 89 %, 12 x 1 69 %, 4 x 4 61 %.
#if ISA_AVX512 || ISA_NEON
private typealias RowStep = SkinnyStep<1, 4>
private typealias SquareStep = SkinnyStep<4, 4>
private typealias DeepStep = SkinnyStep<12, 1>
private typealias WideStep = SkinnyStep<8, 2>
#else
private typealias RowStep = SkinnyStep<1, 2>
private typealias SquareStep = SkinnyStep<4, 2>
private typealias DeepStep = SkinnyStep<8, 1>
private typealias WideStep = SkinnyStep<4, 2>
#endif

/// Floats of workspace of one thread's `skinny`.
public func skinnyWorkspace(m: Int) -> Int { m * (Block.columns + 16) + tileColumns }

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
    let block = SkinnyBlock(
      m: m, width: width, k: k, a: a, aStride: aStride, b: b + left, bStride: bStride, c: c + left,
      cStride: cStride)
    if m == 1 && width <= Block.rowColumns {
      block.multiply(RowStep.self, workspace)
    } else if m == 1 {
      block.multiply(SquareStep.self, workspace)
    } else if m <= Block.fewRows {
      block.multiply(DeepStep.self, workspace)
    } else {
      block.multiply(WideStep.self, workspace)
    }
    left += width
  }
  if left < n {
    multiplyEdge(m, n - left, k, a, aStride, b + left, bStride, c + left, cStride, workspace)
  }
}

/// `width` columns, a multiple of the tile's.
private struct SkinnyBlock {
  let m: Int, width: Int, k: Int
  let a: UnsafePointer<Float>, aStride: Int
  let b: UnsafePointer<Float>, bStride: Int
  let c: UnsafeMutablePointer<Float>, cStride: Int

  @inline(__always) func multiply<let R: Int, let V: Int>(
    _ step: SkinnyStep<R, V>.Type, _ workspace: UnsafeMutablePointer<Float>
  ) {
    let sums = workspace
    let left = workspace + m * width
    for i in 0..<m * width { sums[i] = 0 }
    var cursor = Cursor(b, width, bStride, R, Block.ahead / R)
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
    let registers = V * lanes
    for column in 0..<width / registers {
      for i in 0..<m {
        copySums(registers, sums + (column * m + i) * registers, c + i * cStride + column * registers)
      }
    }
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
  var cursor = Cursor(padded, tileColumns, 0, 1, 0)
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

/// Walks over a block of B ahead of the reads, as many rows at once.
private struct Cursor {
  var next: UnsafePointer<Float>
  var remaining: Int
  let width: Int, stride: Int
  /// From the end of some rows' part in the block to the beginning of the next rows'.
  let gap: Int

  /// `ahead` columns from the block's beginning, or as many in the rows after the first `rows`.
  @inline(__always)
  init(_ b: UnsafePointer<Float>, _ width: Int, _ stride: Int, _ rows: Int, _ ahead: Int) {
    (self.width, self.stride) = (width, stride)
    gap = rows * stride - width
    next = b + ahead / width * rows * stride + ahead % width
    remaining = width - ahead % width
  }

  /// Asks for the next `count` registers of each of `rows` rows.
  @inline(__always) mutating func prefetch(_ rows: Int, _ count: Int) {
    for row in 0..<rows {
      for i in 0..<count { instruction_prefetch(next + row * stride + i * lanes) }
    }
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
      ahead.prefetch(R, V)
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
