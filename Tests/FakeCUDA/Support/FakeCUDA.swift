// Four fake libraries of CUDA for a test: compiled once for a process, copied for each host that a test makes
// up, so that every host has devices, failures and a lost context of its own.

import Foundation

/// A host with fake devices; its folder goes with its last use.
public final class FakeCUDA: Sendable {
  /// Where its libraries lie.
  public let folder: String

  /// The driver library.
  public var driver: String { folder + "/fake_driver.so" }
  /// The compiler library.
  public var compiler: String { folder + "/fake_nvrtc.so" }
  /// The library of matrix products.
  public var products: String { folder + "/fake_cublaslt.so" }
  /// The management library.
  public var management: String { folder + "/fake_nvml.so" }

  /// What makes a child process use them.
  public var environment: [String: String] {
    [
      "PLIMSOLL_CUDA_DRIVER": driver, "PLIMSOLL_CUDA_NVRTC": compiler, "PLIMSOLL_CUDA_CUBLASLT": products,
      "PLIMSOLL_CUDA_NVML": management,
    ]
  }

  /// A C++ compiler for the libraries and for the kernels that they run; nil = such tests cannot run here.
  public static let clang: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return (folders + ["/opt/swift/usr/bin", "/usr/bin"]).map { $0 + "/clang++" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// A host by its settings.
  ///
  /// - Parameter settings: e.g. `["DEVICES": "2"]`; `fake_common.h` lists them, here without `FAKE_CUDA_`.
  /// - Throws: what the compiler or the file system says.
  public init(_ settings: [String: String] = [:]) throws {
    let made = try FakeCUDA.made.get()
    let files = FileManager.default
    folder = files.temporaryDirectory.appending(path: "fake-cuda-\(UUID().uuidString)").path()
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let text = settings.map { "FAKE_CUDA_\($0.key)=\($0.value)\n" }.joined()
    for name in FakeCUDA.names.map({ "\($0).so" }) {
      // A copy of the file: the loader takes two names of one file for one library.
      try files.copyItem(atPath: "\(made)/\(name)", toPath: "\(folder)/\(name)")
      try text.write(toFile: "\(folder)/\(name).settings", atomically: false, encoding: .utf8)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private static let names = ["fake_driver", "fake_nvrtc", "fake_cublaslt", "fake_nvml"]

  /// The folder of the compiled libraries, or why there is none. It is kept for later processes with the same
  /// sources.
  private static let made = Result { () throws -> String in
    guard let clang else { throw Failure(description: "no clang++ on this host") }
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let headers = sources.deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Sources/CCUDA/include")
    let files = FileManager.default
    // FNV-1a over the sources and where they lie: the libraries keep that path.
    var key: UInt64 = 0xCBF2_9CE4_8422_2325
    for folder in [sources, headers] {
      for name in try files.contentsOfDirectory(atPath: folder.path()).sorted()
      where !name.hasSuffix("Support") {
        let bytes = files.contents(atPath: folder.appending(path: name).path()) ?? Data()
        for byte in Array((folder.path() + name).utf8) + bytes {
          key = (key ^ UInt64(byte)) &* 0x100_0000_01B3
        }
      }
    }
    let folder = files.temporaryDirectory.appending(path: "fake-cuda-\(getuid())-\(String(key, radix: 16))")
      .path()
    if files.fileExists(atPath: folder) { return folder }
    let own = folder + "-\(ProcessInfo.processInfo.processIdentifier)"
    try files.createDirectory(atPath: own, withIntermediateDirectories: true)
    for name in names {
      try run(
        clang,
        [
          "-std=c++20", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-I\(headers.path())",
          "-DFAKE_CUDA_SOURCES=\"\(sources.path())\"", "-DFAKE_CUDA_COMPILER=\"\(clang)\"", "-o",
          "\(own)/\(name).so", sources.appending(path: "\(name).cpp").path(),
        ])
    }
    // Another process may have been quicker; what it made is the same.
    guard (try? files.moveItem(atPath: own, toPath: folder)) == nil else { return folder }
    try? files.removeItem(atPath: own)
    return folder
  }

  private static func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let words = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: String(decoding: words.prefix(2000), as: UTF8.self))
    }
  }

  /// Why there are no fake libraries.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }
}
