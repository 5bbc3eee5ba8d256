// The tables of the two families: CBLAS, with what MKL and newer OpenBLAS add for short types, and oneDNN's products
// in C.

/// CBLAS's words: row-major, and B as it stands or transposed.
private let rowMajor: Int32 = 101
private let plain: Int32 = 111
private let transposed: Int32 = 112
/// "One offset for all of C" of the products of bytes.
private let fixedOffset: Int32 = 173
/// The number 1 in IEEE half precision.
private let halfOne: UInt16 = 0x3C00

extension ProductSize {
  fileprivate var a: Int32 { transposesA ? transposed : plain }
  fileprivate var b: Int32 { transposesB ? transposed : plain }
  fileprivate var letterOfA: CChar { transposesA ? 0x54 : 0x4E }
  fileprivate var letterOfB: CChar { transposesB ? 0x54 : 0x4E }
}

extension BLASLibrary {
  private typealias SGEMM =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<Float>?, Int32, UnsafePointer<Float>?,
      Int32, Float, UnsafeMutablePointer<Float>?, Int32
    ) -> Void
  private typealias DGEMM =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Double, UnsafePointer<Double>?, Int32, UnsafePointer<Double>?,
      Int32, Double, UnsafeMutablePointer<Double>?, Int32
    ) -> Void
  private typealias HGEMM =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, UInt16, UnsafePointer<UInt16>?, Int32, UnsafePointer<UInt16>?,
      Int32, UInt16, UnsafeMutablePointer<UInt16>?, Int32
    ) -> Void
  private typealias ShortGEMM =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<UInt16>?, Int32, UnsafePointer<UInt16>?,
      Int32, Float, UnsafeMutablePointer<Float>?, Int32
    ) -> Void
  private typealias ByteGEMM =
    @convention(c) (
      Int32, Int32, Int32, Int32, Int32, Int32, Int32, Float, UnsafePointer<UInt8>?, Int32, Int8,
      UnsafePointer<Int8>?, Int32, Int8, Float, UnsafeMutablePointer<Int32>?, Int32, UnsafePointer<Int32>?
    ) -> Void

  /// The table of a CBLAS; nil without `cblas_sgemm`.
  static func cblas(_ symbols: BLASSymbols) -> BLASLibrary? {
    guard let sgemm = symbols.find("cblas_sgemm", as: SGEMM.self) else { return nil }
    var library = BLASLibrary(
      f32: { s, a, b, c in
        sgemm(rowMajor, s.a, s.b, s.m, s.n, s.k, 1, a, s.aStride, b, s.bStride, 0, c, s.cStride)
      }, setThreads: symbols.threadSetter)
    if let dgemm = symbols.find("cblas_dgemm", as: DGEMM.self) {
      library.f64 = { s, a, b, c in
        dgemm(rowMajor, s.a, s.b, s.m, s.n, s.k, 1, a, s.aStride, b, s.bStride, 0, c, s.cStride)
      }
    }
    if let hgemm = symbols.find("cblas_hgemm", as: HGEMM.self) {
      library.f16 = { s, a, b, c in
        hgemm(rowMajor, s.a, s.b, s.m, s.n, s.k, halfOne, a, s.aStride, b, s.bStride, 0, c, s.cStride)
      }
    }
    func short(_ name: String) -> Product<UInt16, UInt16, Float>? {
      guard let gemm = symbols.find(name, as: ShortGEMM.self) else { return nil }
      return { s, a, b, c in
        gemm(rowMajor, s.a, s.b, s.m, s.n, s.k, 1, a, s.aStride, b, s.bStride, 0, c, s.cStride)
      }
    }
    library.bf16 = short("cblas_gemm_bf16bf16f32") ?? short("cblas_sbgemm")
    library.f16f32 = short("cblas_gemm_f16f16f32")
    if let bytes = symbols.find("cblas_gemm_s8u8s32", as: ByteGEMM.self) {
      // Named for columns: by rows the operands change places, and A is the unsigned one.
      library.u8s8 = { s, a, b, c in
        var zero: Int32 = 0
        bytes(
          rowMajor, s.a, s.b, fixedOffset, s.m, s.n, s.k, 1, a, s.aStride, 0, b, s.bStride, 0, 0, c,
          s.cStride, &zero)
      }
    }
    library.bindThread = symbols.threadBinder
    return library
  }

  private typealias DNNL =
    @convention(c) (
      CChar, CChar, Int, Int, Int, Float, UnsafeRawPointer?, Int, UnsafeRawPointer?, Int, Float,
      UnsafeMutablePointer<Float>?, Int
    ) -> Int32
  // The offset of A is signed or unsigned as A is; here it is always 0.
  private typealias DNNLBytes =
    @convention(c) (
      CChar, CChar, CChar, Int, Int, Int, Float, UnsafeRawPointer?, Int, Int8, UnsafeRawPointer?, Int, Int8,
      Float, UnsafeMutablePointer<Int32>?, Int, UnsafePointer<Int32>?
    ) -> Int32
  private static let letterF: CChar = 0x46

  /// The table of oneDNN; nil without `dnnl_sgemm`. A refusal leaves C as it is, which the check against the oracle
  /// sees.
  static func dnnl(_ symbols: BLASSymbols) -> BLASLibrary? {
    func real<T>(_ name: String, _ element: T.Type) -> Product<T, T, Float>? {
      guard let gemm = symbols.find(name, as: DNNL.self) else { return nil }
      return { s, a, b, c in
        _ = gemm(
          s.letterOfA, s.letterOfB, Int(s.m), Int(s.n), Int(s.k), 1, a, Int(s.aStride), b, Int(s.bStride), 0,
          c,
          Int(s.cStride))
      }
    }
    func bytes<A>(_ name: String, _ element: A.Type) -> Product<A, Int8, Int32>? {
      guard let gemm = symbols.find(name, as: DNNLBytes.self) else { return nil }
      return { s, a, b, c in
        var none: Int32 = 0
        _ = gemm(
          s.letterOfA, s.letterOfB, letterF, Int(s.m), Int(s.n), Int(s.k), 1, a, Int(s.aStride), 0, b,
          Int(s.bStride), 0, 0, c, Int(s.cStride), &none)
      }
    }
    guard let sgemm = real("dnnl_sgemm", Float.self) else { return nil }
    var library = BLASLibrary(f32: sgemm, setThreads: symbols.threadSetter)
    library.bf16 = real("dnnl_gemm_bf16bf16f32", UInt16.self)
    library.u8s8 = bytes("dnnl_gemm_u8s8s32", UInt8.self)
    library.s8s8 = bytes("dnnl_gemm_s8s8s32", Int8.self)
    return library
  }
}
