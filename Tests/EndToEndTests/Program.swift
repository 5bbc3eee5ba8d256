// Runs the program as a user does: arguments in; status, standard output and standard error out.

import Foundation

/// What one run of the program left behind.
struct Run {
  let status: Int32
  let out: String
  let err: String
}

enum Program {
  /// The executable lies beside the test bundle in the build folder.
  static let path: String = {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
    return bundle.deletingLastPathComponent().appendingPathComponent("plimsoll").path
  }()

  /// Runs `plimsoll` with arguments; extra environment variables win over the inherited ones.
  static func run(
    _ arguments: [String], in directory: String? = nil, executable: String = path,
    environment: [String: String] = [:]
  ) throws -> Run {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // Files instead of pipes: a pipe that nobody drains would stop a program that prints much.
    let outPath = folder + "/out"
    let errPath = folder + "/err"
    for file in [outPath, errPath] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: outPath)
    process.standardError = FileHandle(forWritingAtPath: errPath)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    let out = String(decoding: try Data(contentsOf: URL(fileURLWithPath: outPath)), as: UTF8.self)
    let err = String(decoding: try Data(contentsOf: URL(fileURLWithPath: errPath)), as: UTF8.self)
    let signalled = process.terminationReason == .uncaughtSignal
    let status = signalled ? 128 + process.terminationStatus : process.terminationStatus
    return Run(status: status, out: out, err: err)
  }

  /// A fresh empty folder.
  static func temporaryFolder() throws -> String {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("plimsoll-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
  }
}
