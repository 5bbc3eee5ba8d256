// One writer a run. The lock is the kernel's (flock), so it ends with its process however that dies; the file's
// text names the holder for the message that the second comer gets. (The data files themselves stay unlocked:
// a reader may look at them at any time.)

import Foundation
import Tables

/// A run's lock, held until it is released or the process ends.
public final class RunLock {
  /// The run is going on elsewhere.
  public struct Held: Error, Hashable, Sendable {
    /// Who holds it, as a phrase.
    public let holder: String
  }

  /// True where an earlier holder died without releasing it.
  public let wasStale: Bool
  private let descriptor: Int32
  private let path: String

  /// Takes the lock `path`.
  ///
  /// - Throws: `Held`, or `FileError` when the file cannot be made.
  public init(_ path: String) throws {
    self.path = path
    // A holder that releases removes the file: a lock on a removed file guards nothing, so look again.
    while true {
      let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard opened >= 0 else { throw FileError(path: path, errno: errno) }
      let text = RunLock.text(opened)
      guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
        let elsewhere = RunLock.line(opened, 1) != "boot \(RunLock.boot)" ? ", on another host" : ""
        close(opened)
        throw Held(holder: text.isEmpty ? "another process" : text + elsewhere)
      }
      var mine = stat()
      var there = stat()
      guard fstat(opened, &mine) == 0, stat(path, &there) == 0, mine.st_ino == there.st_ino else {
        close(opened)
        continue
      }
      descriptor = opened
      // Read again under the lock: the text may have been written between.
      wasStale = !RunLock.text(opened).isEmpty
      break
    }
    ftruncate(descriptor, 0)
    lseek(descriptor, 0, SEEK_SET)
    let text = "process \(getpid()) since \(utcNow())\nboot \(RunLock.boot)\n"
    try WholeFile.writeAll(Array(text.utf8), to: descriptor, named: path)
  }

  /// Releases the lock and removes its file.
  public func release() { unlink(path) }

  deinit { close(descriptor) }

  /// Tells hosts on a shared folder apart by what names none of them: a hash of the kernel's boot id.
  private static let boot = SHA256.hexadecimal(
    SHA256.digest(
      (FileManager.default.contents(atPath: "/proc/sys/kernel/random/boot_id")).map { Array($0) } ?? []),
    digits: 12)

  private static func text(_ descriptor: Int32) -> String { line(descriptor, 0) }

  private static func line(_ descriptor: Int32, _ number: Int) -> String {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let text = String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    return text.split(separator: "\n").dropFirst(number).first.map(String.init) ?? ""
  }
}
