// C (m, n) = A (m, k) · B (k, n) in fp64; the text of the product is Product.swift's.

/// fp64 by fp64.
enum DoubleProduct: Product {
  typealias Step = DoubleStep
  typealias Left = DoubleElements
  typealias Right = DoubleElements
  @inline(__always) static var depth: Int { 512 }
}

/// Bytes of workspace that one thread's `gemmF64` needs, whatever its shape.
public func gemmF64Workspace() -> Int { Products<DoubleProduct>.workspaceBytes }

/// C = A·B in fp64; a transposed operand is stored as (k, m) or (n, k). Strides in elements.
@inline(never)
public func gemmF64(
  m: Int, n: Int, k: Int, a: UnsafePointer<Double>, aStride: Int, aTransposed: Bool, b: UnsafePointer<Double>,
  bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Double>, cStride: Int,
  workspace: UnsafeMutableRawPointer
) {
  Products<DoubleProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: b, bStride: bStride,
      bTransposed: bTransposed, panels: nil, c: c, cStride: cStride), workspace)
}

/// Bytes of B (k, n) packed ahead for `gemmF64Packed`.
public func packedWeightsF64(n: Int, k: Int) -> Int { Products<DoubleProduct>.packedBytes(n, k) }

/// B (k, n), or stored transposed as (n, k), once into panels of as many columns as a tile.
@inline(never)
public func packWeightsF64(
  n: Int, k: Int, b: UnsafePointer<Double>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  Products<DoubleProduct>.pack(n, k, b, bStride, bTransposed, panels)
}

/// The same with B packed ahead.
@inline(never)
public func gemmF64Packed(
  m: Int, n: Int, k: Int, a: UnsafePointer<Double>, aStride: Int, aTransposed: Bool, panels: UnsafeRawPointer,
  c: UnsafeMutablePointer<Double>, cStride: Int, workspace: UnsafeMutableRawPointer
) {
  Products<DoubleProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: nil, bStride: 0,
      bTransposed: false, panels: panels, c: c, cStride: cStride), workspace)
}
