// C (m, n) = A (m, k) · B (k, n), row-major, after Goto: B is packed into panels as wide as the register
// tile, blocks of A and a panel stay in the second-level cache, and A is read in place, because six rows do
// not fight for a cache set and packing A costs more than it gains. One thread; a team gives each thread its
// own columns (or rows) of C.

import CInstructions

/// Block sizes: `depth` x tile columns of B and `rows` x `depth` of A share half of a 1 MiB second-level cache.
/// The best of a sweep over depths 256 to 1024 and rows 48 to 192 on Zen 5, where all lie within 3 %; few rows
/// keep the block of A cached at power-of-two strides.
private enum Block {
  @inline(__always) static var depth: Int { 1024 }
  @inline(__always) static var rows: Int { 48 }
  @inline(__always) static var columns: Int { 512 }
}

/// Floats of workspace that one thread's GEMM needs, whatever its shape.
public func gemmWorkspace() -> Int { Block.depth * Block.columns + tileRows * tileColumns }

/// Columns that a thread's share of C should be a multiple of.
public func gemmColumnStep() -> Int { tileColumns }

/// Rows that a thread's share of C should be a multiple of.
public func gemmRowStep() -> Int { tileRows }

/// C = A·B on the calling thread; `workspace` holds `gemmWorkspace()` floats.
@inline(never)
public func gemm(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  let edge = workspace + Block.depth * Block.columns
  var left = 0
  while left < n {
    let columns = smaller(Block.columns, n - left)
    var start = 0
    while start < k {
      let depth = smaller(Block.depth, k - start)
      packPanels(depth, columns, b + start * bStride + left, bStride, workspace)
      var top = 0
      while top < m {
        let rows = smaller(Block.rows, m - top)
        multiplyBlock(
          rows, columns, depth, a + top * aStride + start, aStride, workspace, c + top * cStride + left,
          cStride, start > 0, edge)
        top += rows
      }
      start += depth
    }
    left += columns
  }
}

/// Rows of A by all packed panels: each panel is read for strip after strip of six rows.
@inline(__always)
private func multiplyBlock(
  _ rows: Int, _ columns: Int, _ depth: Int, _ a: UnsafePointer<Float>, _ aStride: Int,
  _ panels: UnsafeMutablePointer<Float>, _ c: UnsafeMutablePointer<Float>, _ cStride: Int,
  _ accumulate: Bool, _ edge: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column < columns {
    let width = smaller(tileColumns, columns - column)
    let vectors = ceilDivide(width, lanes)
    let panel = UnsafePointer(panels + column * depth)
    var row = 0
    while row < rows {
      let height = smaller(tileRows, rows - row)
      let target = c + row * cStride + column
      if width == vectors * lanes {
        multiplyTile(
          rows: height, vectors: vectors, depth: depth, a: a + row * aStride, aStride: aStride, b: panel,
          bStride: vectors * lanes, c: target, cStride: cStride, accumulate: accumulate)
      } else {
        multiplyTile(
          rows: height, vectors: vectors, depth: depth, a: a + row * aStride, aStride: aStride, b: panel,
          bStride: vectors * lanes, c: edge, cStride: tileColumns, accumulate: false)
        copyEdge(height, width, edge, target, cStride, accumulate)
      }
      row += height
    }
    column += width
  }
}

/// The columns of a padded tile that exist.
@inline(never)
private func copyEdge(
  _ rows: Int, _ width: Int, _ edge: UnsafeMutablePointer<Float>, _ c: UnsafeMutablePointer<Float>,
  _ cStride: Int, _ accumulate: Bool
) {
  for i in 0..<rows {
    for j in 0..<width {
      let value = edge[i * tileColumns + j]
      c[i * cStride + j] = accumulate ? c[i * cStride + j] + value : value
    }
  }
}

/// Copies `depth` rows of B into panels of tile width; the last one is as many vectors wide as it needs and
/// padded with zeros.
@inline(never)
private func packPanels(
  _ depth: Int, _ columns: Int, _ b: UnsafePointer<Float>, _ bStride: Int,
  _ panels: UnsafeMutablePointer<Float>
) {
  var column = 0
  while column + tileColumns <= columns {
    var source = b + column
    var target = panels + column * depth
    for _ in 0..<depth {
      for j in 0..<tileVectors {
        instruction_prefetch(source + 8 * bStride + j * lanes)
        store(load(source + j * lanes), target + j * lanes)
      }
      source += bStride
      target += tileColumns
    }
    column += tileColumns
  }
  let width = columns - column
  guard width > 0 else { return }
  let padded = ceilDivide(width, lanes) * lanes
  var source = b + column
  var target = panels + column * depth
  for _ in 0..<depth {
    for j in 0..<width { target[j] = source[j] }
    for j in width..<padded { target[j] = 0 }
    source += bStride
    target += padded
  }
}
