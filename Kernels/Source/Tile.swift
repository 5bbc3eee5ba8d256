// The register tile: C (R, 4 vectors or fewer) += A (R, depth) · B (depth, columns). Every product of this
// folder, GEMM's and attention's, of any element type, ends here. R and C are value generics, so that each
// remainder of rows and columns is a kernel of its own with its sums in registers, and no edge runs scalar code.

import CInstructions

/// R rows by C vectors of steps S.
enum Tile<S: ProductStep, let R: Int, let C: Int> {
  /// A is read in place (row stride `aStride` bytes), B row by row (row stride `bStride` bytes). Each step also
  /// asks for one cache line at `ahead`, `aheadStep` bytes after the last: what the caller will need next comes
  /// out of memory while this tile computes.
  @inline(never) static func multiply(
    _ depth: Int, _ a: UnsafeRawPointer, _ aStride: Int, _ b: UnsafeRawPointer, _ bStride: Int,
    _ c: UnsafeMutablePointer<S.Scalar>, _ cStride: Int, _ accumulate: Bool, _ ahead: UnsafeRawPointer,
    _ aheadStep: Int
  ) {
    for i in 0..<R {
      for j in 0..<C { instruction_prefetch(c + i * cStride + j * S.columns) }
    }
    var sums = InlineArray<R, InlineArray<C, S.Sum>>(repeating: .init(repeating: S.Sum()))
    var column = a
    var row = b
    var next = ahead
    for _ in 0..<depth {
      var right = InlineArray<C, S.Factor>(repeating: S.Factor())
      for j in 0..<C {
        right[j] = (row + j * MemoryLayout<S.Factor>.size).loadUnaligned(as: S.Factor.self)
      }
      instruction_prefetch_far(next)
      for i in 0..<R {
        let left = S.broadcast(column + i * aStride)
        for j in 0..<C { sums[i][j] = S.step(left, right[j], sums[i][j]) }
      }
      column += MemoryLayout<S.Factor.Scalar>.size
      row += bStride
      next += aheadStep
    }
    if accumulate {
      for i in 0..<R {
        for j in 0..<C { S.write(sums[i][j], c + i * cStride + j * S.columns, true) }
      }
      for i in 0..<R {
        for j in 0..<C { S.writeRest(sums[i][j], c + i * cStride + j * S.columns, true) }
      }
    } else {
      for i in 0..<R {
        for j in 0..<C { S.write(sums[i][j], c + i * cStride + j * S.columns, false) }
      }
      for i in 0..<R {
        for j in 0..<C { S.writeRest(sums[i][j], c + i * cStride + j * S.columns, false) }
      }
    }
  }
}

/// A tile of fp32 of any `rows` in 1...6 and `vectors` in 1...tileVectors; strides in floats.
@inline(__always) func multiplyTile(
  rows: Int, vectors: Int, depth: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>,
  bStride: Int, c: UnsafeMutablePointer<Float>, cStride: Int, accumulate: Bool
) {
  Tiles<FloatStep>.multiply(
    rows, vectors, depth, a, aStride * 4, b, bStride * 4, c, cStride, accumulate, b, 0)
}

/// The tiles of a step, chosen by rows (1...6) and vectors (1...tileVectors).
enum Tiles<S: ProductStep> {
  @inline(__always) static func multiply(
    _ rows: Int, _ vectors: Int, _ depth: Int, _ a: UnsafeRawPointer, _ aStride: Int, _ b: UnsafeRawPointer,
    _ bStride: Int, _ c: UnsafeMutablePointer<S.Scalar>, _ cStride: Int, _ accumulate: Bool,
    _ ahead: UnsafeRawPointer, _ aheadStep: Int
  ) {
    switch vectors {
    case 1:
      TileRow<S, 1>.multiply(
        rows, depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    case 2:
      TileRow<S, 2>.multiply(
        rows, depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    #if ISA_AVX512 || ISA_NEON
    case 3:
      TileRow<S, 3>.multiply(
        rows, depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    default:
      TileRow<S, 4>.multiply(
        rows, depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    #else
    default: break
    #endif
    }
  }
}

private enum TileRow<S: ProductStep, let C: Int> {
  @inline(__always) static func multiply(
    _ rows: Int, _ depth: Int, _ a: UnsafeRawPointer, _ aStride: Int, _ b: UnsafeRawPointer, _ bStride: Int,
    _ c: UnsafeMutablePointer<S.Scalar>, _ cStride: Int, _ accumulate: Bool, _ ahead: UnsafeRawPointer,
    _ aheadStep: Int
  ) {
    switch rows {
    case 1: Tile<S, 1, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    case 2: Tile<S, 2, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    case 3: Tile<S, 3, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    case 4: Tile<S, 4, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    case 5: Tile<S, 5, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    default: Tile<S, 6, C>.multiply(depth, a, aStride, b, bStride, c, cStride, accumulate, ahead, aheadStep)
    }
  }
}
