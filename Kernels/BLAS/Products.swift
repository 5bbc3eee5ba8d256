// Products of every element type that the BLAS of this process has: C (m, n) = A (m, k) · B (k, n), each row-major or
// transposed.

/// Element types of a library's product.
public enum BLASProductType: Sendable {
  /// float; double; bfloat16 summed in float; half precision summed in float, or in half precision throughout; unsigned by
  /// signed and signed by signed bytes.
  case f32, f64, bf16, f16, f16Sums, u8s8, s8s8

  /// Bytes of an element of C.
  public var resultBytes: Int {
    switch self {
    case .f64: 8
    case .f16Sums: 2
    default: 4
    }
  }
}

extension BLAS {
  /// True where the library of this process has the product.
  public static func has(_ type: BLASProductType) -> Bool {
    switch type {
    case .f32: true
    case .f64: library.f64 != nil
    case .bf16: library.bf16 != nil
    case .f16: library.f16f32 != nil
    case .f16Sums: library.f16 != nil
    case .u8s8: library.u8s8 != nil
    case .s8s8: library.s8s8 != nil
    }
  }

  /// C = A·B; nothing happens where the library lacks it. Rows stand one after the other, without gaps.
  public static func multiply(
    _ type: BLASProductType, m: Int, n: Int, k: Int, a: UnsafeRawPointer, transposesA: Bool,
    b: UnsafeRawPointer, transposesB: Bool, c: UnsafeMutableRawPointer
  ) {
    let size = ProductSize(
      m: Int32(m), n: Int32(n), k: Int32(k), aStride: Int32(transposesA ? m : k),
      bStride: Int32(transposesB ? k : n), cStride: Int32(n), transposesA: transposesA,
      transposesB: transposesB)
    func call<A, B, C>(_ product: Product<A, B, C>?) {
      product?(
        size, a.assumingMemoryBound(to: A.self), b.assumingMemoryBound(to: B.self),
        c.assumingMemoryBound(to: C.self))
    }
    switch type {
    case .f32: call(library.f32)
    case .f64: call(library.f64)
    case .bf16: call(library.bf16)
    case .f16: call(library.f16f32)
    case .f16Sums: call(library.f16)
    case .u8s8: call(library.u8s8)
    case .s8s8: call(library.s8s8)
    }
  }
}
