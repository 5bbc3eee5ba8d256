// A BLAS as a table of products: row-major, without the factors alpha and beta. A library need not have them all.

import COpenBLAS

/// Sizes and row strides of a row-major product C (m, n) = A (m, k) · B (k, n), or A · Bᵀ with B (n, k). LP64: all
/// counts have 32 bits.
struct ProductSize: Sendable {
  var m: Int32, n: Int32, k: Int32
  var aStride: Int32, bStride: Int32, cStride: Int32
  var transposesA = false
  var transposesB = false
}

/// C = A · B or A · Bᵀ.
typealias Product<A, B, C> =
  @Sendable (ProductSize, UnsafePointer<A>, UnsafePointer<B>, UnsafeMutablePointer<C>) -> Void

/// What a library computes, and how its threads are asked for.
struct BLASLibrary: Sendable {
  /// Kind, version, kernels and threads, as the library tells them.
  var account = BLASAccount()
  /// float.
  let f32: Product<Float, Float, Float>
  /// double.
  var f64: Product<Double, Double, Double>?
  /// IEEE half precision throughout: bits of A, B and C.
  var f16: Product<UInt16, UInt16, UInt16>?
  /// IEEE half precision, summed in float.
  var f16f32: Product<UInt16, UInt16, Float>?
  /// bfloat16 (bits), summed in float.
  var bf16: Product<UInt16, UInt16, Float>?
  /// Unsigned times signed bytes, summed exactly.
  var u8s8: Product<UInt8, Int8, Int32>?
  /// Signed bytes, summed exactly.
  var s8s8: Product<Int8, Int8, Int32>?
  /// Lets the next calls use so many threads.
  let setThreads: @Sendable (Int) -> Void
  /// Binds the library's own thread of an index to a CPU; nil where it cannot be asked.
  var bindThread: (@Sendable (_ index: Int, _ cpu: Int) -> Void)?
}

extension BLASLibrary {
  /// The OpenBLAS that this program is linked to.
  static let linked: BLASLibrary = {
    func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
      pointer.map { oneLine(String(cString: $0)) } ?? ""
    }
    let config = text(openblas_get_config())
    var library = BLASLibrary(
      f32: { size, a, b, c in
        cblas_sgemm(
          CblasRowMajor, size.transposesA ? CblasTrans : CblasNoTrans,
          size.transposesB ? CblasTrans : CblasNoTrans, size.m, size.n, size.k,
          1, a, size.aStride, b, size.bStride, 0, c, size.cStride)
      },
      setThreads: { openblas_set_num_threads(Int32(clamping: $0)) })
    library.f64 = { size, a, b, c in
      cblas_dgemm(
        CblasRowMajor, size.transposesA ? CblasTrans : CblasNoTrans,
        size.transposesB ? CblasTrans : CblasNoTrans, size.m, size.n, size.k,
        1, a, size.aStride, b, size.bStride, 0, c, size.cStride)
    }
    library.bindThread = { index, cpu in
      var set = BLAS.mask(of: cpu)
      _ = openblas_setaffinity(Int32(index), MemoryLayout<cpu_set_t>.size, &set)
    }
    library.account = BLASAccount(
      name: "OpenBLAS", version: BLASAccount.openBLASVersion(config), corename: text(openblas_get_corename()),
      config: config, threads: Int(openblas_get_num_threads()))
    return library
  }()
}

/// What a BLAS says of itself.
public struct BLASAccount: Hashable, Sendable {
  /// `OpenBLAS`, `MKL`, `BLIS`, `oneDNN`, or `CBLAS` for one that does not tell.
  public var name = ""
  /// Version, or empty where the library does not tell it.
  public var version = ""
  /// Kernels in use, e.g. `SkylakeX`, `skx`, `avx512_core_bf16`, `mkl_avx512`; empty = not told.
  public var corename = ""
  /// Build options and the file that was opened.
  public var config = ""
  /// Threads with which the library was loaded.
  public var threads = 1

  /// The number after the name in OpenBLAS's configuration, or empty.
  static func openBLASVersion(_ config: String) -> String {
    let words = config.split(separator: " ")
    return words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : ""
  }
}

/// A text without line breaks and runs of blanks.
func oneLine(_ text: String) -> String {
  text.split { $0 == " " || $0 == "\n" || $0 == "\t" }.joined(separator: " ")
}
