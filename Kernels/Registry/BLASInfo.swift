// Which BLAS runs as the peer, and whether it is a peer at all.

import KernelsBLAS

/// The BLAS that this process has loaded.
public struct BLASInfo: Hashable, Sendable, Codable {
  /// `OpenBLAS`, `MKL` …
  public let name: String
  /// Version number, or empty where the library does not tell it.
  public let version: String
  /// Kernels in use, e.g. `SkylakeX`.
  public let corename: String
  /// Build options, as the library prints them.
  public let config: String
  /// Threads with which the library was loaded.
  public let threads: Int

  init(_ account: BLASAccount) {
    name = account.name
    version = account.version
    corename = account.corename
    config = account.config
    threads = account.threads
  }

  /// True for the fallback kernels that OpenBLAS takes on a CPU that it does not know: such a peer is several
  /// times slower than the library can be, and a comparison with it says nothing.
  public var isFallback: Bool {
    ["prescott", "generic", "core2", "unknown"].contains(corename.lowercased())
  }
}
