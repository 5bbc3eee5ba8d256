// The register tile: C (R, 4 vectors or fewer) += A (R, depth) · B (depth, columns). Every product of this
// folder, GEMM's and attention's, ends here. R and C are value generics, so that each remainder of rows and
// columns is a kernel of its own with its sums in registers, and no edge runs scalar code.

import CInstructions

/// R rows by C vectors.
enum Tile<let R: Int, let C: Int> {
  /// A is read in place (row stride `aStride`), B row by row (row stride `bStride`).
  @inline(never) static func multiply(
    _ depth: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>, _ bStride: Int,
    _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ accumulate: Bool
  ) {
    for i in 0..<R {
      for j in 0..<C { instruction_prefetch(c + i * cStride + j * lanes) }
    }
    var sums = InlineArray<R, InlineArray<C, Vector>>(repeating: .init(repeating: Vector()))
    var column = a
    var row = b
    for _ in 0..<depth {
      var right = InlineArray<C, Vector>(repeating: Vector())
      for j in 0..<C { right[j] = load(row + j * lanes) }
      for i in 0..<R {
        let left = Vector(repeating: column[i * aStride])
        for j in 0..<C { sums[i][j] = multiplyAdd(left, right[j], sums[i][j]) }
      }
      column += 1
      row += bStride
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

/// A tile of any `rows` in 1...6 and `vectors` in 1...tileVectors.
@inline(__always) func multiplyTile(
  rows: Int, vectors: Int, depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  bStride: Int, c: UnsafeMutablePointer<Float>, cStride: Int, accumulate: Bool
) {
  switch vectors {
  case 1: TileRow<1>.multiply(rows, depth, a, aStride, b, bStride, c, cStride, accumulate)
  case 2: TileRow<2>.multiply(rows, depth, a, aStride, b, bStride, c, cStride, accumulate)
  #if ISA_AVX512 || ISA_NEON
  case 3: TileRow<3>.multiply(rows, depth, a, aStride, b, bStride, c, cStride, accumulate)
  default: TileRow<4>.multiply(rows, depth, a, aStride, b, bStride, c, cStride, accumulate)
  #else
  default: break
  #endif
  }
}

private enum TileRow<let C: Int> {
  @inline(__always) static func multiply(
    _ rows: Int, _ depth: Int, _ a: UnsafePointer<Float>, _ aStride: Int, _ b: UnsafePointer<Float>,
    _ bStride: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int, _ accumulate: Bool
  ) {
    switch rows {
    case 1: Tile<1, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate)
    case 2: Tile<2, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate)
    case 3: Tile<3, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate)
    case 4: Tile<4, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate)
    case 5: Tile<5, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate)
    default: Tile<6, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate)
    }
  }
}
