// C (m, n) = A (m, k) · B (k, n) of bfloat16, multiplied in pairs along k by `vdpbf16ps`, sums and C in fp32. Twice
// the fp32 rate on Zen 4 and later, half of it on Sapphire and Emerald Rapids: `ProductChoice` times both. The
// instruction takes denormals as 0.

#if ISA_BF16
/// Pairs of bfloat16.
enum BrainProduct: Product {
  typealias Step = BrainStep
  typealias Left = Pairs
  typealias Right = Pairs
  @inline(__always) static var depth: Int { 1024 }
}

/// Bytes of workspace that one thread's `gemmBF16Dot` needs, whatever its shape.
public func gemmBF16DotWorkspace() -> Int { Products<BrainProduct>.workspaceBytes }

/// C = A·B of bfloat16 bits by `vdpbf16ps`, sums in fp32; a transposed operand is stored as (k, m) or (n, k). Strides in elements.
@inline(never)
public func gemmBF16Dot(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt16>, aStride: Int, aTransposed: Bool, b: UnsafePointer<UInt16>,
  bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Float>, cStride: Int,
  workspace: UnsafeMutableRawPointer
) {
  Products<BrainProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: b, bStride: bStride,
      bTransposed: bTransposed, panels: nil, c: c, cStride: cStride), workspace)
}

/// Bytes of B (k, n) packed ahead for `gemmBF16DotPacked`.
public func packedWeightsBF16Dot(n: Int, k: Int) -> Int { Products<BrainProduct>.packedBytes(n, k) }

/// B (k, n), or stored transposed as (n, k), once into panels of as many columns as a tile.
@inline(never)
public func packWeightsBF16Dot(
  n: Int, k: Int, b: UnsafePointer<UInt16>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  Products<BrainProduct>.pack(n, k, b, bStride, bTransposed, panels)
}

/// The same with B packed ahead.
@inline(never)
public func gemmBF16DotPacked(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt16>, aStride: Int, aTransposed: Bool, panels: UnsafeRawPointer,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutableRawPointer
) {
  Products<BrainProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: nil, bStride: 0,
      bTransposed: false, panels: panels, c: c, cStride: cStride), workspace)
}
#endif
