// C (m, n) = A (m, k) · B (k, n) in fp32; the text of the product is Product.swift's.

/// fp32 by fp32.
enum FloatProduct: Product {
  typealias Step = FloatStep
  typealias Left = Floats
  typealias Right = Floats
  /// A panel of 256 KiB and a block of A of 192 KiB share half of a 1 MiB second-level cache. Depths 256 to 1024
  /// lie within 3 % on Zen 5.
  @inline(__always) static var depth: Int { 1024 }
}

/// Floats of workspace that one thread's GEMM needs, whatever its shape.
public func gemmWorkspace() -> Int { Products<FloatProduct>.workspaceBytes / 4 }

/// Columns that a thread's share of C should be a multiple of.
public func gemmColumnStep() -> Int { tileColumns }

/// Rows that a thread's share of C should be a multiple of.
public func gemmRowStep() -> Int { tileRows }

/// C = A·B on the calling thread, all row-major; `workspace` holds `gemmWorkspace()` floats.
@inline(never)
public func gemm(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, b: UnsafePointer<Float>, bStride: Int,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutablePointer<Float>
) {
  gemmOperands(
    m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: false, b: b, bStride: bStride, bTransposed: false,
    c: c, cStride: cStride, workspace: workspace)
}

/// C = A·B; a transposed operand is stored as (k, m) or (n, k), its rows `aStride` or `bStride` apart.
@inline(never)
public func gemmOperands(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, aTransposed: Bool, b: UnsafePointer<Float>,
  bStride: Int, bTransposed: Bool, c: UnsafeMutablePointer<Float>, cStride: Int,
  workspace: UnsafeMutableRawPointer
) {
  Products<FloatProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: b, bStride: bStride,
      bTransposed: bTransposed, panels: nil, c: c, cStride: cStride), workspace)
}

/// Bytes of B (k, n) packed ahead.
public func packedWeights(n: Int, k: Int) -> Int { Products<FloatProduct>.packedBytes(n, k) }

/// B (k, n), or stored transposed as (n, k), once into panels for `gemmPacked`: panel p holds columns
/// p·tileColumns … of all k rows at float p·tileColumns·k, zero padded.
@inline(never)
public func packWeights(
  n: Int, k: Int, b: UnsafePointer<Float>, bStride: Int, bTransposed: Bool, panels: UnsafeMutableRawPointer
) {
  Products<FloatProduct>.pack(n, k, b, bStride, bTransposed, panels)
}

/// C = A·B with B packed ahead.
@inline(never)
public func gemmPacked(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, aStride: Int, aTransposed: Bool, panels: UnsafeRawPointer,
  c: UnsafeMutablePointer<Float>, cStride: Int, workspace: UnsafeMutableRawPointer
) {
  Products<FloatProduct>.multiply(
    ProductCall(
      m: m, n: n, k: k, a: a, aStride: aStride, aTransposed: aTransposed, b: nil, bStride: 0,
      bTransposed: false, panels: panels, c: c, cStride: cStride), workspace)
}
