// C (m, n) = A (m, k) · B (k, n) of fp16 with fp16 sums: 32 multiply-adds an instruction, twice the fp32 rate, at
// the price of rounding each sum to 11 bits. Sums run over at most 256 elements and are then added into C, fp32,
// so that the error does not grow with k. Not run where it was written, which has no such CPU: its object code is
// checked.

#if ISA_FP16
/// fp16 by fp16 in fp16.
enum HalfProduct: Product {
  typealias Step = HalfStep
  typealias Left = TwiceHalves
  typealias Right = Pairs
  @inline(__always) static var depth: Int { 256 }
  @inline(__always) static var groupDepth: Int { 1 }

  /// Groups of B are neighbouring columns of one row.
  @inline(__always) static func packPanel(
    _ k: Int, _ columns: Int, _ b: UnsafePointer<UInt16>, _ stride: Int, _ transposed: Bool,
    _ panel: UnsafeMutableRawPointer
  ) {
    ColumnPairPacking.pack(
      k, columns, b, stride, transposed, panel.assumingMemoryBound(to: Int32.self), panelGroups)
  }
}

/// Bytes of workspace that one thread's `gemmF16Sums` needs, whatever its shape.
public func gemmF16SumsWorkspace() -> Int { Products<HalfProduct>.workspaceBytes }

/// C = A·B of fp16 bits, sums of 256 elements in fp16; a transposed operand is stored as (k, m) or (n, k). Strides in elements.
@inline(never)
public func gemmF16Sums(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt16>, aStride: Int, aTransposed: Bool, b: UnsafePointer<UInt16>,
  bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Float>, cStride: Int,
  workspace: UnsafeMutableRawPointer
) {
  Products<HalfProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: b, bStride: bStride,
      bTransposed: bTransposed, panels: nil, c: c, cStride: cStride), workspace)
}

/// Bytes of B (k, n) packed ahead for `gemmF16SumsPacked`.
public func packedWeightsF16Sums(n: Int, k: Int) -> Int { Products<HalfProduct>.packedBytes(n, k) }

/// B (k, n), or stored transposed as (n, k), once into panels of as many columns as a tile.
@inline(never)
public func packWeightsF16Sums(
  n: Int, k: Int, b: UnsafePointer<UInt16>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  Products<HalfProduct>.pack(n, k, b, bStride, bTransposed, panels)
}

/// The same with B packed ahead.
@inline(never)
public func gemmF16SumsPacked(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt16>, aStride: Int, aTransposed: Bool, panels: UnsafeRawPointer,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutableRawPointer
) {
  Products<HalfProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: nil, bStride: 0,
      bTransposed: false, panels: panels, c: c, cStride: cStride), workspace)
}
#endif
