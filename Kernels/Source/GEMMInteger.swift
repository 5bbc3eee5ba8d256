// C (m, n) = A (m, k) · B (k, n) of bytes, sums and C in 32 bits, exact while |C| < 2^31 (any k up to 65,793). With
// VNNI four bytes along k are multiplied at once by `vpdpbusd`, which takes A unsigned: signed A is raised by
// 128 while it is packed, and 128 x the column sums of B are taken off C. Elsewhere bytes are widened to 16 bits.

#if ISA_BF16
/// Unsigned by signed bytes.
enum OctetProduct: Product {
  typealias Step = ByteStep
  typealias Left = Quads
  typealias Right = Quads
  @inline(__always) static var depth: Int { 1024 }
}

/// Signed by signed bytes.
enum SignedProduct: Product {
  typealias Step = ByteStep
  typealias Left = RaisedQuads
  typealias Right = Quads
  @inline(__always) static var depth: Int { 1024 }
  @inline(__always) static var raised: Bool { true }
}
#else
/// Unsigned by signed bytes, widened.
enum OctetProduct: Product {
  typealias Step = ShortStep
  typealias Left = WideOctets
  typealias Right = WideSigned
  @inline(__always) static var depth: Int { 1024 }
}

/// Signed by signed bytes, widened.
enum SignedProduct: Product {
  typealias Step = ShortStep
  typealias Left = WideSigned
  typealias Right = WideSigned
  @inline(__always) static var depth: Int { 1024 }
}
#endif

/// Bytes of workspace that one thread's `gemmU8` needs, whatever its shape.
public func gemmU8Workspace() -> Int { Products<OctetProduct>.workspaceBytes }

/// C = A·B of unsigned by signed bytes (B holds the bits of Int8); a transposed operand is stored as (k, m) or (n, k). Strides in elements.
@inline(never)
public func gemmU8(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt8>, aStride: Int, aTransposed: Bool, b: UnsafePointer<UInt8>,
  bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Int32>, cStride: Int,
  workspace: UnsafeMutableRawPointer
) {
  Products<OctetProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: b, bStride: bStride,
      bTransposed: bTransposed, panels: nil, c: c, cStride: cStride), workspace)
}

/// Bytes of B (k, n) packed ahead for `gemmU8Packed`.
public func packedWeightsU8(n: Int, k: Int) -> Int { Products<OctetProduct>.packedBytes(n, k) }

/// B (k, n), or stored transposed as (n, k), once into panels of as many columns as a tile.
@inline(never)
public func packWeightsU8(
  n: Int, k: Int, b: UnsafePointer<UInt8>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  Products<OctetProduct>.pack(n, k, b, bStride, bTransposed, panels)
}

/// The same with B packed ahead.
@inline(never)
public func gemmU8Packed(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt8>, aStride: Int, aTransposed: Bool, panels: UnsafeRawPointer,
  c: UnsafeMutablePointer<Int32>, cStride: Int, workspace: UnsafeMutableRawPointer
) {
  Products<OctetProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: nil, bStride: 0,
      bTransposed: false, panels: panels, c: c, cStride: cStride), workspace)
}

/// Bytes of workspace that one thread's `gemmS8` needs, whatever its shape.
public func gemmS8Workspace() -> Int { Products<SignedProduct>.workspaceBytes }

/// C = A·B of signed bytes (both hold the bits of Int8); a transposed operand is stored as (k, m) or (n, k). Strides in elements.
@inline(never)
public func gemmS8(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt8>, aStride: Int, aTransposed: Bool, b: UnsafePointer<UInt8>,
  bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Int32>, cStride: Int,
  workspace: UnsafeMutableRawPointer
) {
  Products<SignedProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: b, bStride: bStride,
      bTransposed: bTransposed, panels: nil, c: c, cStride: cStride), workspace)
}

/// Bytes of B (k, n) packed ahead for `gemmS8Packed`.
public func packedWeightsS8(n: Int, k: Int) -> Int { Products<SignedProduct>.packedBytes(n, k) }

/// B (k, n), or stored transposed as (n, k), once into panels of as many columns as a tile.
@inline(never)
public func packWeightsS8(
  n: Int, k: Int, b: UnsafePointer<UInt8>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  Products<SignedProduct>.pack(n, k, b, bStride, bTransposed, panels)
}

/// The same with B packed ahead.
@inline(never)
public func gemmS8Packed(
  m: Int, n: Int, k: Int, a: UnsafePointer<UInt8>, aStride: Int, aTransposed: Bool, panels: UnsafeRawPointer,
  c: UnsafeMutablePointer<Int32>, cStride: Int, workspace: UnsafeMutableRawPointer
) {
  Products<SignedProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: nil, bStride: 0,
      bTransposed: false, panels: panels, c: c, cStride: cStride), workspace)
}
