// Keys turned on their side: (keys, headDim) -> panels (headDim, tileColumns), what the register tile reads
// as B. Blocks of lanes x lanes are transposed in registers. Taking the even lanes of registers 2i and 2i + 1
// as register i, and their odd lanes as register i + lanes/2, rotates the index (register, lane) by one bit;
// after log2(lanes) such steps the two have changed places.

/// Floats of the transposed keys of one head.
public func transposedKeys(keys: Int, headDim: Int) -> Int {
  ceilDivide(keys, tileColumns) * tileColumns * headDim
}

/// Transposes keys (keys, headDim) of one head, rows `stride` apart, into panels (headDim, tileColumns), zero
/// padded. `headDim` is a multiple of 16.
@inline(never)
public func transposeKeys(
  keys: Int, headDim: Int, source: UnsafePointer<Float>, stride: Int, target: UnsafeMutablePointer<Float>
) {
  var key = 0
  while key < ceilDivide(keys, tileColumns) * tileColumns {
    let panel = target + key / tileColumns * tileColumns * headDim + key % tileColumns
    let count = smaller(lanes, keys - key)
    var i = 0
    while i < headDim {
      let corner = source + key * stride + i
      if count == lanes {
        transposeSquare(corner, stride, lanes, panel + i * tileColumns)
      } else {
        transposeSquare(corner, stride, count < 0 ? 0 : count, panel + i * tileColumns)
      }
      i += lanes
    }
    key += lanes
  }
}

/// `lanes` columns of `rows` rows; the rows that are missing are zero.
@inline(__always)
private func transposeSquare(
  _ source: UnsafePointer<Float>, _ stride: Int, _ rows: Int, _ target: UnsafeMutablePointer<Float>
) {
  var square = InlineArray<16, Vector>(repeating: Vector())
  for i in 0..<lanes where i < rows { square[i] = load(source + i * stride) }
  turn(&square)
  turn(&square)
  if lanes > 4 { turn(&square) }
  if lanes > 8 { turn(&square) }
  for i in 0..<lanes { store(square[i], target + i * tileColumns) }
}

/// One step of the rotation.
@inline(__always) private func turn(_ square: inout InlineArray<16, Vector>) {
  let before = square
  for i in 0..<lanes / 2 {
    let (a, b) = (before[2 * i], before[2 * i + 1])
    square[i] = Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf)
    square[i + lanes / 2] = Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)
  }
}
