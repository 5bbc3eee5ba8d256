// Rows of floats as int8 and back: q = round(x·127 / max|x|), scale = max|x| / 127 of each row; x = q·scale.
// 5 bytes an element. And the rows of an embedding table: copies, 8 bytes an element.

import CInstructions

#if ISA_AVX512
private typealias VectorBytes = SIMD16<Int8>
#elseif ISA_AVX2
private typealias VectorBytes = SIMD8<Int8>
#else
private typealias VectorBytes = SIMD4<Int8>
#endif

/// q (rows, columns) and one scale a row, halves rounded to even. A row of zeros has scale 0; a row with a NaN or
/// an infinity has scale NaN and q = 0, so that it comes back as NaN and not as numbers.
@inline(never)
public func quantiseRows(
  rows: Int, columns: Int, x: UnsafePointer<Float>, xStride: Int, q: UnsafeMutablePointer<Int8>,
  qStride: Int, scales: UnsafeMutablePointer<Float>
) {
  for row in 0..<rows {
    let source = x + row * xStride
    let target = q + row * qStride
    let most = largestMagnitude(columns, source)
    let isFinite = most <= Float.greatestFiniteMagnitude
    scales[row] = isFinite ? most / 127 : .nan
    // 127 / most overflows for denormal rows; a value times 127 over itself never exceeds 127.
    let isTiny = most < 1e-36
    let factor = isFinite && !isTiny ? 127 / most : 0
    if isTiny, most > 0 {
      quantiseTiny(columns, source, most, target)
    } else if isFinite {
      quantise(columns, source, Vector(repeating: factor), target)
    } else {
      for i in 0..<columns { target[i] = 0 }
    }
  }
}

/// max|x|; NaN where there is one.
@inline(always) private func largestMagnitude(_ count: Int, _ x: UnsafePointer<Float>) -> Float {
  var (most, seen) = (Four(0), Four(0))
  var i = 0
  while i + 4 * lanes <= count {
    note(load(x + i), &most.a, &seen.a)
    note(load(x + i + lanes), &most.b, &seen.b)
    note(load(x + i + 2 * lanes), &most.c, &seen.c)
    note(load(x + i + 3 * lanes), &most.d, &seen.d)
    i += 4 * lanes
  }
  while i < count {
    note(loadPart(x + i, smaller(lanes, count - i)), &most.a, &seen.a)
    i += lanes
  }
  return most.most + seen.total
}

@inline(always) private func note(_ x: Vector, _ most: inout Vector, _ seen: inout Vector) {
  most = larger(most, magnitude(x))
  seen = keepNaN(seen, x)
}

/// The rounded products as bytes.
@inline(always)
private func quantise(
  _ count: Int, _ x: UnsafePointer<Float>, _ factor: Vector, _ q: UnsafeMutablePointer<Int8>
) {
  var i = 0
  while i + lanes <= count {
    let bytes = rounded(load(x + i) * factor)
    UnsafeMutableRawPointer(q + i).storeBytes(of: bytes, as: VectorBytes.self)
    i += lanes
  }
  while i < count {
    q[i] = rounded(Vector(repeating: x[i]) * factor)[0]
    i += 1
  }
}

/// Rows below 1e-36 are lifted out of the denormals first, where 127 / most would overflow.
@inline(never)
private func quantiseTiny(
  _ count: Int, _ x: UnsafePointer<Float>, _ most: Float, _ q: UnsafeMutablePointer<Int8>
) {
  let lift: Float = 0x1p60
  for i in 0..<count { q[i] = rounded(Vector(repeating: x[i] * lift * (127 / (most * lift))))[0] }
}

/// Numbers in ±127 to the nearest integer: adding 1.5·2^23 leaves it in the low byte.
@inline(always) private func rounded(_ x: Vector) -> VectorBytes {
  let bits = unsafeBitCast(x + Vector(repeating: 12_582_912), to: VectorBits.self)
  var bytes = VectorBytes()
  for i in 0..<lanes { bytes[i] = Int8(truncatingIfNeeded: bits[i]) }
  return bytes
}

/// out = q·scale of the row.
@inline(never)
public func dequantiseRows(
  rows: Int, columns: Int, q: UnsafePointer<Int8>, qStride: Int, scales: UnsafePointer<Float>,
  out: UnsafeMutablePointer<Float>, outStride: Int, streamed: Bool
) {
  let streams = streamed && canStream(out, outStride)
  for row in 0..<rows {
    let source = q + row * qStride
    let target = out + row * outStride
    let scale = Vector(repeating: scales[row])
    var i = 0
    while i + 4 * lanes <= columns {
      for j in 0..<4 { put(widened(source + i + j * lanes) * scale, target + i + j * lanes, streams) }
      i += 4 * lanes
    }
    while i < columns {
      target[i] = Float(source[i]) * scales[row]
      i += 1
    }
  }
  if streams { instruction_stream_fence() }
}

/// A register of bytes as floats.
@inline(always) private func widened(_ q: UnsafePointer<Int8>) -> Vector {
  let bytes = UnsafeRawPointer(q).loadUnaligned(as: VectorBytes.self)
  var values = Vector()
  for j in 0..<lanes { values[j] = Float(bytes[j]) }
  return values
}

/// out row i = row ids[i] of `table` (…, columns). The caller has checked the ids.
@inline(never)
public func gatherRows(
  count: Int, columns: Int, ids: UnsafePointer<Int32>, table: UnsafePointer<Float>, tableStride: Int,
  out: UnsafeMutablePointer<Float>, outStride: Int, streamed: Bool
) {
  let streams = streamed && canStream(out, outStride)
  for row in 0..<count {
    map(columns, table + Int(ids[row]) * tableStride, out + row * outStride, streams, Itself())
  }
  if streams { instruction_stream_fence() }
}
