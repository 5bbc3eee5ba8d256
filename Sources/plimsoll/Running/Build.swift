// Which build of the program measures, so that rows of two builds are never mixed.

import ArgumentParser
import Foundation
import Measurement
import Results

/// This program, as a child process can start it even after the file was replaced.
let ownExecutable = "/proc/self/exe"

/// Which build of the program this is.
enum Build {
  /// Hash of the program's file; empty where it cannot be read.
  static let id: String = {
    guard let file = FileManager.default.contents(atPath: ownExecutable) else { return "" }
    return String(stableHash(file), radix: 16)
  }()

  /// FNV-1a over words of eight bytes: quick, and any changed byte changes it.
  private static func stableHash(_ data: Data) -> UInt64 {
    data.withUnsafeBytes { bytes in
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      var index = 0
      while index + 8 <= bytes.count {
        hash = (hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* 0x0000_0100_0000_01b3
        hash ^= hash >> 29
        index += 8
      }
      while index < bytes.count {
        hash = (hash ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3
        index += 1
      }
      return hash
    }
  }

  /// This build, as a worker tells its parent.
  static let facts = WorkerBuildFacts(
    id: id, version: Plimsoll.configuration.version, commit: SourceRevision.ofThisBuild.commit,
    isDirty: SourceRevision.ofThisBuild.isDirty)
}
