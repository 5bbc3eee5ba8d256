// C (m, n) = A (m, k) · B (k, n) of 16-bit elements, sums and C in fp32. Both are widened to fp32 while packing,
// and the fp32 tile multiplies: exact storage, fp32 arithmetic, half the memory traffic.

/// bfloat16 widened to fp32.
enum WideBrainProduct: Product {
  typealias Step = FloatStep
  typealias Left = WideBrains
  typealias Right = WideBrains
  @inline(__always) static var depth: Int { 1024 }
}

/// Bytes of workspace that one thread's `gemmBF16` needs, whatever its shape.
public func gemmBF16Workspace() -> Int { Products<WideBrainProduct>.workspaceBytes }

/// C = A·B of bfloat16 bits, sums in fp32; a transposed operand is stored as (k, m) or (n, k). Strides in elements.
@inline(never)
public func gemmBF16(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt16>, aStride: Int, aTransposed: Bool, b: UnsafePointer<UInt16>,
  bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Float>, cStride: Int,
  workspace: UnsafeMutableRawPointer
) {
  Products<WideBrainProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: b, bStride: bStride,
      bTransposed: bTransposed, panels: nil, c: c, cStride: cStride), workspace)
}

/// Bytes of B (k, n) packed ahead for `gemmBF16Packed`.
public func packedWeightsBF16(n: Int, k: Int) -> Int { Products<WideBrainProduct>.packedBytes(n, k) }

/// B (k, n), or stored transposed as (n, k), once into panels of as many columns as a tile.
@inline(never)
public func packWeightsBF16(
  n: Int, k: Int, b: UnsafePointer<UInt16>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  Products<WideBrainProduct>.pack(n, k, b, bStride, bTransposed, panels)
}

/// The same with B packed ahead.
@inline(never)
public func gemmBF16Packed(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt16>, aStride: Int, aTransposed: Bool, panels: UnsafeRawPointer,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutableRawPointer
) {
  Products<WideBrainProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: nil, bStride: 0,
      bTransposed: false, panels: panels, c: c, cStride: cStride), workspace)
}

/// fp16 widened to fp32.
enum WideHalfProduct: Product {
  typealias Step = FloatStep
  typealias Left = WideHalves
  typealias Right = WideHalves
  @inline(__always) static var depth: Int { 1024 }
}

/// Bytes of workspace that one thread's `gemmF16` needs, whatever its shape.
public func gemmF16Workspace() -> Int { Products<WideHalfProduct>.workspaceBytes }

/// C = A·B of fp16 bits, sums in fp32; a transposed operand is stored as (k, m) or (n, k). Strides in elements.
@inline(never)
public func gemmF16(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt16>, aStride: Int, aTransposed: Bool, b: UnsafePointer<UInt16>,
  bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Float>, cStride: Int,
  workspace: UnsafeMutableRawPointer
) {
  Products<WideHalfProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: b, bStride: bStride,
      bTransposed: bTransposed, panels: nil, c: c, cStride: cStride), workspace)
}

/// Bytes of B (k, n) packed ahead for `gemmF16Packed`.
public func packedWeightsF16(n: Int, k: Int) -> Int { Products<WideHalfProduct>.packedBytes(n, k) }

/// B (k, n), or stored transposed as (n, k), once into panels of as many columns as a tile.
@inline(never)
public func packWeightsF16(
  n: Int, k: Int, b: UnsafePointer<UInt16>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  Products<WideHalfProduct>.pack(n, k, b, bStride, bTransposed, panels)
}

/// The same with B packed ahead.
@inline(never)
public func gemmF16Packed(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt16>, aStride: Int, aTransposed: Bool, panels: UnsafeRawPointer,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutableRawPointer
) {
  Products<WideHalfProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: nil, bStride: 0,
      bTransposed: false, panels: panels, c: c, cStride: cStride), workspace)
}
