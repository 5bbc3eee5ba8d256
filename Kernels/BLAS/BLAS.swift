// Who OpenBLAS says it is. The core type is chosen when the library loads: OPENBLAS_CORETYPE and
// OPENBLAS_NUM_THREADS must be in the environment before the process starts.

import COpenBLAS

/// The BLAS that this process has loaded.
public struct BLASInfo: Hashable, Sendable, Codable {
  /// `OpenBLAS`.
  public let name: String
  /// Version number, or empty where the library does not tell it.
  public let version: String
  /// Kernels in use, e.g. `SkylakeX`; `Prescott` and `generic` are fallbacks for an unknown CPU.
  public let corename: String
  /// Build options, as the library prints them.
  public let config: String
  /// Threads with which the library was loaded.
  public let threads: Int

  /// True for the fallback kernels that OpenBLAS takes on a CPU that it does not know: such a peer is several
  /// times slower than the library can be, and a comparison with it says nothing.
  public var isFallback: Bool { ["prescott", "generic", "core2", "armv8"].contains(corename.lowercased()) }
}

/// The library's own account of itself.
public enum BLAS {
  /// Read once, before anything changes the thread count.
  public static let info: BLASInfo = {
    let config = text(openblas_get_config())
    let words = config.split(separator: " ")
    let version = words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : ""
    return BLASInfo(
      name: "OpenBLAS", version: version, corename: text(openblas_get_corename()), config: config,
      threads: Int(openblas_get_num_threads()))
  }()

  private static func text(_ pointer: UnsafeMutablePointer<CChar>?) -> String {
    pointer.map { String(cString: $0).trimmingSpaces } ?? ""
  }
}

extension String {
  fileprivate var trimmingSpaces: String { split(separator: " ").joined(separator: " ") }
}
