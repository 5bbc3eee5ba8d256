// Weights packed ahead for products with few rows: panels `tileColumns` wide over the whole depth, the last one
// padded with zeros, so that a product reads one stream from end to end. A format says how a step of the stream
// becomes registers of floats.

/// How a panel holds its weights.
protocol PanelFormat {
  /// Rows of B in a step.
  static var rows: Int { get }
  /// Bytes of one weight.
  static var width: Int { get }
  /// Row `row` of a step, columns `vector * lanes` and on.
  static func vector(_ step: UnsafeRawPointer, _ row: Int, _ vector: Int) -> Vector
}

extension PanelFormat {
  /// Bytes of a step.
  @inline(__always) static var bytes: Int { rows * tileColumns * width }
}

/// Floats, row after row.
enum FloatPanel: PanelFormat {
  @inline(__always) static var rows: Int { 1 }
  @inline(__always) static var width: Int { 4 }
  @inline(__always) static func vector(_ step: UnsafeRawPointer, _ row: Int, _ vector: Int) -> Vector {
    step.loadUnaligned(fromByteOffset: vector * lanes * 4, as: Vector.self)
  }
}

/// bf16, two rows interleaved: a word holds a column's even row in its low half and the odd row in its high half,
/// so that widening is one shift or one mask, and a dot product of pairs may read the same words.
enum BF16Panel: PanelFormat {
  @inline(__always) static var rows: Int { 2 }
  @inline(__always) static var width: Int { 2 }
  @inline(__always) static func vector(_ step: UnsafeRawPointer, _ row: Int, _ vector: Int) -> Vector {
    let words = step.loadUnaligned(fromByteOffset: vector * lanes * 4, as: VectorBits.self)
    return unsafeBitCast(row == 0 ? words &<< 16 : words & VectorBits(repeating: -0x1_0000), to: Vector.self)
  }
}

/// fp16, row after row.
enum F16Panel: PanelFormat {
  @inline(__always) static var rows: Int { 1 }
  @inline(__always) static var width: Int { 2 }
  @inline(__always) static func vector(_ step: UnsafeRawPointer, _ row: Int, _ vector: Int) -> Vector {
    widenHalves(step + vector * lanes * 2)
  }
}

/// `lanes` fp16 numbers as floats: one conversion where there is one, integer arithmetic on the baseline of x86.
@inline(__always) func widenHalves(_ address: UnsafeRawPointer) -> Vector {
  #if ISA_BASELINE
  let halves = address.loadUnaligned(as: SIMD4<UInt16>.self)
  var words = VectorBits()
  for i in 0..<lanes { words[i] = Int32(halves[i]) }
  let magnitude = (words & 0x7FFF) &<< 13
  // The exponent moves from a bias of 15 to one of 127; infinity and NaN keep all its bits.
  let scaled = unsafeBitCast(magnitude, to: Vector.self) * Vector(repeating: 0x1p112)
  let special = unsafeBitCast(magnitude | 0x7F80_0000, to: Vector.self)
  let value = scaled.replacing(with: special, where: magnitude .>= 0x0F80_0000)
  return unsafeBitCast(unsafeBitCast(value, to: VectorBits.self) | (words & 0x8000) &<< 16, to: Vector.self)
  #else
  let halves = address.loadUnaligned(as: HalfRegister.self)
  var floats = Vector()
  for i in 0..<lanes { floats[i] = Float(halves[i]) }
  return floats
  #endif
}

#if ISA_AVX512
private typealias HalfRegister = SIMD16<Float16>
#elseif ISA_AVX2
private typealias HalfRegister = SIMD8<Float16>
#elseif !ISA_BASELINE
private typealias HalfRegister = SIMD4<Float16>
#endif

/// Columns of a packed panel.
public func skinnyPanelColumns() -> Int { tileColumns }

/// Floats of B (k, n) packed into panels.
public func skinnyPackedFloats(n: Int, k: Int) -> Int { ceilDivide(n, tileColumns) * tileColumns * k }

/// Two-byte elements of B (k, n) packed into bf16 panels, whose rows come in pairs.
public func skinnyPackedBF16(n: Int, k: Int) -> Int {
  ceilDivide(n, tileColumns) * tileColumns * ceilDivide(k, 2) * 2
}

/// Two-byte elements of B (k, n) packed into fp16 panels.
public func skinnyPackedF16(n: Int, k: Int) -> Int { skinnyPackedFloats(n: n, k: k) }

/// Packs B (k, n) into panels of floats; not timed.
@inline(never)
public func skinnyPackFloats(
  n: Int, k: Int, b: UnsafePointer<Float>, bStride: Int, panels: UnsafeMutablePointer<Float>
) {
  for column in 0..<ceilDivide(n, tileColumns) * tileColumns {
    let target = panels + column / tileColumns * tileColumns * k + column % tileColumns
    for row in 0..<k { target[row * tileColumns] = column < n ? b[row * bStride + column] : 0 }
  }
}

/// Packs the bits of bf16 B (k, n) into panels of row pairs; not timed.
@inline(never)
public func skinnyPackBF16(
  n: Int, k: Int, b: UnsafePointer<UInt16>, bStride: Int, panels: UnsafeMutablePointer<UInt16>
) {
  let rows = ceilDivide(k, 2) * 2
  for column in 0..<ceilDivide(n, tileColumns) * tileColumns {
    let target = panels + column / tileColumns * tileColumns * rows + column % tileColumns * 2
    for row in 0..<rows {
      target[row / 2 * 2 * tileColumns + row % 2] = row < k && column < n ? b[row * bStride + column] : 0
    }
  }
}

/// Packs the bits of fp16 B (k, n) into panels; not timed.
@inline(never)
public func skinnyPackF16(
  n: Int, k: Int, b: UnsafePointer<UInt16>, bStride: Int, panels: UnsafeMutablePointer<UInt16>
) {
  for column in 0..<ceilDivide(n, tileColumns) * tileColumns {
    let target = panels + column / tileColumns * tileColumns * k + column % tileColumns
    for row in 0..<k { target[row * tileColumns] = column < n ? b[row * bStride + column] : 0 }
  }
}
