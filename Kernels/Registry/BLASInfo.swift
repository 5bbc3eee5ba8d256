// Which BLAS runs as the peer, and whether it is a peer at all.

/// The BLAS that this process has loaded.
public struct BLASInfo: Hashable, Sendable, Codable {
  /// `OpenBLAS`.
  public let name: String
  /// Version number, or empty where the library does not tell it.
  public let version: String
  /// Kernels in use, e.g. `SkylakeX`.
  public let corename: String
  /// Build options, as the library prints them.
  public let config: String
  /// Threads with which the library was loaded.
  public let threads: Int

  init(corename: String, config: String, threads: Int) {
    let words = config.split(separator: " ")
    name = "OpenBLAS"
    version = words.count > 1 && words[0] == "OpenBLAS" ? String(words[1]) : ""
    self.corename = corename
    self.config = config
    self.threads = threads
  }

  /// True for the fallback kernels that OpenBLAS takes on a CPU that it does not know: such a peer is several
  /// times slower than the library can be, and a comparison with it says nothing.
  public var isFallback: Bool {
    ["prescott", "generic", "core2", "unknown"].contains(corename.lowercased())
  }
}
