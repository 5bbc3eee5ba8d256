// Opens a BLAS by its path. Its symbols stay local and prefer themselves (RTLD_DEEPBIND): the program is linked to
// OpenBLAS, whose functions of the same names would otherwise be called from inside the peer.

import Glibc

/// Why a library cannot be used, one sentence without its folder.
struct BLASFault: Error, Hashable {
  let reason: String
  init(_ reason: String) { self.reason = reason }

  /// The last part of a path.
  static func fileName(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }
}

/// Symbols of an opened library.
struct BLASSymbols: @unchecked Sendable {
  // The handle is never closed and dlsym may be called from any thread.
  private let handle: UnsafeMutableRawPointer
  /// What stands before each name: empty, or that of a renamed build.
  let prefix: String

  init(_ handle: UnsafeMutableRawPointer, prefix: String = "") {
    self.handle = handle
    self.prefix = prefix
  }

  /// The function of a name, with the prefix or without.
  func find<Function>(_ name: String, as type: Function.Type) -> Function? {
    (dlsym(handle, prefix + name) ?? dlsym(handle, name)).map { unsafeBitCast($0, to: type) }
  }

  func has(_ name: String) -> Bool { dlsym(handle, prefix + name) != nil }
}

extension BLASLibrary {
  /// Prefixes of renamed builds.
  private static let prefixes = ["", "scipy_"]
  /// Names under which a build with 64-bit integers has its product.
  private static let wideNames = ["cblas_sgemm64_", "cblas_sgemm_64", "cblas_sgemm_64_"]

  /// Opens a library that has `cblas_sgemm` or `dnnl_sgemm`, and calls it once: some choose their kernels then.
  static func open(_ path: String) throws(BLASFault) -> BLASLibrary {
    let name = BLASFault.fileName(path)
    try checkFile(path, name)
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND) else {
      let words = dlerror().map { oneLine(String(cString: $0)) } ?? "no reason given"
      throw BLASFault("\(name) cannot be loaded: \(words.replacingFolder(of: path))")
    }
    let found = prefixes.map { BLASSymbols(handle, prefix: $0) }.first {
      $0.has("cblas_sgemm") || $0.has("dnnl_sgemm")
    }
    guard let symbols = found else {
      for prefix in prefixes {
        let wide = BLASSymbols(handle, prefix: prefix)
        if let function = wideNames.first(where: wide.has) {
          throw BLASFault("\(name) counts in 64-bit integers (\(prefix)\(function)); name its LP64 build")
        }
      }
      throw BLASFault("\(name) has neither cblas_sgemm nor dnnl_sgemm")
    }
    guard var library = symbols.has("cblas_sgemm") ? cblas(symbols) : dnnl(symbols) else {
      throw BLASFault("\(name) has neither cblas_sgemm nor dnnl_sgemm")
    }
    if symbols.countsIn64Bits {
      throw BLASFault("\(name) counts in 64-bit integers; name its LP64 build")
    }
    library.setThreads(symbols.threadsOfEnvironment)
    library.warmUp()
    library.account = symbols.account(path)
    return library
  }

  /// A product large enough for all threads.
  private func warmUp() {
    let n = 192
    let ones = [Float](repeating: 1, count: n * n)
    var product = ones
    let size = Int32(n)
    f32(
      ProductSize(m: size, n: size, k: size, aStride: size, bStride: size, cStride: size), ones, ones,
      &product)
  }

  /// What is wrong with a file before the loader sees it: its own words are of no help for most.
  private static func checkFile(_ path: String, _ name: String) throws(BLASFault) {
    guard let file = fopen(path, "rb") else {
      throw BLASFault("\(name) cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    var head = [UInt8](repeating: 0, count: 20)
    guard fread(&head, 1, head.count, file) == head.count, head[..<4] == [0x7F, 0x45, 0x4C, 0x46] else {
      throw BLASFault("\(name) is no shared library")
    }
    guard head[4] == 2 else { throw BLASFault("\(name) is a 32-bit library") }
    #if arch(arm64)
    let (own, ownName): (UInt16, String) = (183, "arm64")
    #else
    let (own, ownName): (UInt16, String) = (62, "x86-64")
    #endif
    guard UInt16(head[18]) | UInt16(head[19]) << 8 == own else {
      throw BLASFault("\(name) is built for another architecture than \(ownName)")
    }
  }
}

extension String {
  /// The text with a path in it cut down to the file's name.
  fileprivate func replacingFolder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return self }
    var (rest, result) = (self[...], "")
    let folder = path[...slash]
    while let match = rest.firstRange(of: folder) {
      result += rest[..<match.lowerBound]
      rest = rest[match.upperBound...]
    }
    return result + rest
  }
}
