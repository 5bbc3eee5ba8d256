// The program as a user runs it, for the suites that look at its output.

import Foundation

/// A finished run of the program.
struct ProgramRun {
  let status: Int32
  let out: String
  let err: String
}

/// Runs the program beside the test bundle; output goes through files, which cannot fill up.
func plimsoll(_ arguments: [String], in folder: URL) throws -> ProgramRun {
  let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
  let process = Process()
  process.executableURL = bundle.deletingLastPathComponent().appendingPathComponent("plimsoll")
  process.arguments = arguments
  let files = ["out", "err"].map { folder.appendingPathComponent($0) }
  for file in files { try Data().write(to: file) }
  process.standardOutput = try FileHandle(forWritingTo: files[0])
  process.standardError = try FileHandle(forWritingTo: files[1])
  try process.run()
  process.waitUntilExit()
  let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
  return ProgramRun(status: process.terminationStatus, out: texts[0], err: texts[1])
}

/// A folder that is gone afterwards.
func inFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plimsoll-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}
