// The BLAS of this process: OpenBLAS, to which the program is linked, or a library that is given by its path. Never
// two of them in use. Kernels and threads are chosen when a library loads: variables such as OPENBLAS_CORETYPE and
// OPENBLAS_NUM_THREADS must be in the environment before the process starts.

import Glibc
import Synchronization

/// The library's own account of itself, and its threads.
public enum BLAS {
  private static let path = Mutex<String?>(nil)

  /// Names the library that this process uses, and opens it. Only before anything else here is called, and while
  /// the caller may still run on every CPU of its placement: the library's threads inherit the mask.
  ///
  /// - Returns: why it cannot be used; every later call is then to the linked OpenBLAS, and `fault` says so.
  @discardableResult public static func use(_ path: String) -> String? {
    self.path.withLock { $0 = path }
    return fault
  }

  private static let opened: (library: BLASLibrary, fault: String?) = {
    guard let path = path.withLock({ $0 }) else { return (.linked, nil) }
    do throws(BLASFault) {
      return (try BLASLibrary.open(path), nil)
    } catch {
      var none = BLASLibrary.linked
      none.account = BLASAccount(name: BLASFault.fileName(path))
      return (none, error.reason)
    }
  }()

  /// True where a library was named.
  public static var isNamed: Bool { path.withLock { $0 != nil } }
  /// Why the named library cannot be used, one sentence; nil where it can, or none was named.
  public static var fault: String? { opened.fault }
  /// The table in use.
  static var library: BLASLibrary { opened.library }
  /// What the library says of itself.
  public static var account: BLASAccount { library.account }
  /// Kernels in use, e.g. `SkylakeX`.
  public static var corename: String { account.corename }
  /// Version and build options.
  public static var config: String { account.config }
  /// Threads with which the library was loaded: read once, before anything lowers the count.
  public static var threads: Int { account.threads }

  /// Lets the next calls use up to `count` threads, never more than were loaded: threads made later would
  /// inherit the CPU mask of the bound thread that makes them.
  public static func limitThreads(_ count: Int) {
    let library = library
    library.setThreads(max(1, min(count, library.account.threads)))
  }

  /// Binds the library's threads beside the caller, which is bound to the first CPU: an unbound one may share
  /// the caller's CPU for a while, and the peer would then be timed at half its speed.
  public static func bindThreads(to cpus: [Int]) {
    // Numbers are relative to the active threads: with fewer, the caller's own could be one of them.
    limitThreads(threads)
    for (index, cpu) in cpus.dropFirst().prefix(threads - 1).enumerated() {
      // The library numbers its own threads from 0; the caller is the last. Refusal leaves a thread unbound.
      library.bindThread?(index, cpu)
    }
  }

  static func mask(of cpu: Int) -> cpu_set_t {
    var set = cpu_set_t()
    withUnsafeMutableBytes(of: &set) { bytes in
      let (byte, bit) = cpu.quotientAndRemainder(dividingBy: UInt8.bitWidth)
      if bytes.indices.contains(byte) { bytes[byte] = 1 << UInt8(bit) }
    }
    return set
  }
}

/// Row-major C = A·B, or A·Bᵀ, with row strides.
func sgemm(
  _ m: Int, _ n: Int, _ k: Int, _ a: UnsafePointer<Float>, _ aStride: Int, transposed: Bool,
  _ b: UnsafePointer<Float>, _ bStride: Int, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
) {
  BLAS.library.f32(
    ProductSize(
      m: Int32(m), n: Int32(n), k: Int32(k), aStride: Int32(aStride), bStride: Int32(bStride),
      cStride: Int32(cStride), transposesB: transposed), a, b, c)
}
