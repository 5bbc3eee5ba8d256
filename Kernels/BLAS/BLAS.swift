// What OpenBLAS says of itself. The core type is chosen when the library loads: OPENBLAS_CORETYPE and
// OPENBLAS_NUM_THREADS must be in the environment before the process starts.

import COpenBLAS
import Glibc

/// The library's own account of itself.
public enum BLAS {
  /// Kernels in use, e.g. `SkylakeX`.
  public static let corename = text(openblas_get_corename())
  /// Version and build options.
  public static let config = text(openblas_get_config())
  /// Threads with which the library was loaded: read once, before anything lowers the count.
  public static let threads = Int(openblas_get_num_threads())

  /// Lets the next calls use up to `count` threads, never more than were loaded: threads made later would
  /// inherit the CPU mask of the bound thread that makes them.
  public static func limitThreads(_ count: Int) {
    openblas_set_num_threads(Int32(clamping: max(1, min(count, threads))))
  }

  /// Binds the library's threads beside the caller, which is bound to the first CPU: an unbound one may share
  /// the caller's CPU for a while, and the peer would then be timed at half its speed.
  public static func bindThreads(to cpus: [Int]) {
    // Numbers are relative to the active threads: with fewer, the caller's own could be one of them.
    limitThreads(threads)
    for (index, cpu) in cpus.dropFirst().prefix(threads - 1).enumerated() {
      var set = cpu_set_t()
      withUnsafeMutableBytes(of: &set) { bytes in
        let (byte, bit) = cpu.quotientAndRemainder(dividingBy: UInt8.bitWidth)
        if bytes.indices.contains(byte) { bytes[byte] = 1 << UInt8(bit) }
      }
      // The library numbers its own threads from 0; the caller is the last. Refusal leaves a thread unbound.
      _ = openblas_setaffinity(Int32(index), MemoryLayout<cpu_set_t>.size, &set)
    }
  }

  private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
    guard let pointer else { return "" }
    return String(cString: pointer).split(separator: " ").joined(separator: " ")
  }
}

/// C (m, n) = A (m, k) · B (k, n), row-major, on OpenBLAS's own threads.
public func blasGEMM(
  m: Int, n: Int, k: Int, a: UnsafePointer<Float>, b: UnsafePointer<Float>, c: UnsafeMutablePointer<Float>
) {
  sgemm(m, n, k, a, k, transposed: false, b, n, c, n)
}

/// Row-major C = A·B, or A·Bᵀ, with row strides.
func sgemm(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aStride: Int, transposed: Bool,
  _ b: UnsafePointer<Float>, _ bStride: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
) {
  cblas_sgemm(
    CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, Int32(m), Int32(n), Int32(k), 1, a,
    Int32(aStride), b, Int32(bStride), 0, c, Int32(cStride))
}
