// Weights packed ahead for products with few rows: panels `tileColumns` wide over the whole depth, the last one
// padded with zeros, so that a product reads one stream from end to end. A format says how a step of the stream
// becomes registers of floats. Panels of floats are those that `packWeights` makes.

/// How a panel holds its weights.
protocol PanelFormat {
  /// Rows of B in a step.
  static var rows: Int { get }
  /// Rows of A whose sums fit in registers beside a step's weights and what decodes them.
  static var tileRows: Int { get }
  /// Bytes of one weight.
  static var width: Int { get }
  /// Row `row` of a step, columns `vector * lanes` and on.
  static func vector(_ step: UnsafeRawPointer, _ row: Int, _ vector: Int) -> Vector
}

extension PanelFormat {
  /// As many as of any product, where weights need no decoding.
  @inline(__always) static var tileRows: Int { 6 }
  /// Bytes of a step.
  @inline(__always) static var bytes: Int { rows * tileColumns * width }
}

/// Floats, row after row.
enum FloatWeights: PanelFormat {
  @inline(__always) static var rows: Int { 1 }
  @inline(__always) static var width: Int { 4 }
  @inline(__always) static func vector(_ step: UnsafeRawPointer, _ row: Int, _ vector: Int) -> Vector {
    step.loadUnaligned(fromByteOffset: vector * lanes * 4, as: Vector.self)
  }
}

/// bf16, two rows interleaved: a word holds a column's even row in its low half and the odd row in its high half,
/// so that widening is one shift or one mask, and a dot product of pairs may read the same words.
enum BrainWeights: PanelFormat {
  #if ISA_BASELINE
  @inline(__always) static var tileRows: Int { 3 }
  #elseif ISA_AVX2 || ISA_NEON
  @inline(__always) static var tileRows: Int { 5 }
  #endif
  @inline(__always) static var rows: Int { 2 }
  @inline(__always) static var width: Int { 2 }
  @inline(__always) static func vector(_ step: UnsafeRawPointer, _ row: Int, _ vector: Int) -> Vector {
    let words = step.loadUnaligned(fromByteOffset: vector * lanes * 4, as: VectorBits.self)
    return unsafeBitCast(row == 0 ? words &<< 16 : words & VectorBits(repeating: -0x1_0000), to: Vector.self)
  }
}

/// fp16, row after row.
enum HalfWeights: PanelFormat {
  #if ISA_BASELINE
  @inline(__always) static var tileRows: Int { 4 }
  #endif
  @inline(__always) static var rows: Int { 1 }
  @inline(__always) static var width: Int { 2 }
  @inline(__always) static func vector(_ step: UnsafeRawPointer, _ row: Int, _ vector: Int) -> Vector {
    widenHalves(step + vector * lanes * 2)
  }
}

/// `lanes` fp16 numbers as floats.
@inline(__always) func widenHalves(_ address: UnsafeRawPointer) -> Vector {
  widenHalves(address.loadUnaligned(as: Halves.self))
}

/// Columns of a packed panel.
public func skinnyPanelColumns() -> Int { tileColumns }

/// Bytes of B (k, n) packed into bf16 panels, whose rows come in pairs.
public func skinnyPackedBF16(n: Int, k: Int) -> Int {
  ceilDivide(n, tileColumns) * ceilDivide(k, 2) * BrainWeights.bytes
}

/// Bytes of B (k, n) packed into fp16 panels.
public func skinnyPackedF16(n: Int, k: Int) -> Int { ceilDivide(n, tileColumns) * k * HalfWeights.bytes }

/// Packs the bits of bf16 B (k, n), or of its transpose as stored, into panels of row pairs; not timed.
@inline(never)
public func skinnyPackBF16(
  n: Int, k: Int, b: UnsafePointer<UInt16>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  var panel = panels.assumingMemoryBound(to: Int32.self)
  var column = 0
  while column < n {
    let source = b + (bTransposed ? column * bStride : column)
    PanelPacking<Pairs>.pack(
      k, smaller(tileColumns, n - column), source, bStride, bTransposed, panel, tileColumns)
    panel += ceilDivide(k, 2) * tileColumns
    column += tileColumns
  }
}

/// Packs the bits of fp16 B (k, n), or of its transpose as stored, into panels; not timed.
@inline(never)
public func skinnyPackF16(
  n: Int, k: Int, b: UnsafePointer<UInt16>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  let (down, across) = bTransposed ? (1, bStride) : (bStride, 1)
  var target = panels.assumingMemoryBound(to: UInt16.self)
  var left = 0
  while left < n {
    for row in 0..<k {
      let source = b + row * down + left * across
      for column in 0..<tileColumns { target[column] = left + column < n ? source[column * across] : 0 }
      target += tileColumns
    }
    left += tileColumns
  }
}
