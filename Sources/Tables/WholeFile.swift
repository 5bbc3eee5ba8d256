// Files appear whole or not at all: written under a temporary name in the same folder, flushed to the
// disk, renamed, and the folder flushed too. (Foundation's atomic write does not flush the folder.)

import Foundation

/// A file or folder that cannot be written or read; exit status 74.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The path as the user gave it.
  public let path: String
  /// What the system says.
  public let reason: String

  /// An error from its parts.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  /// An error with the system's words for an error number.
  public init(path: String, errno number: Int32) {
    self.init(path: path, reason: String(cString: strerror(number)))
  }

  /// `path: reason`.
  public var description: String { "\(path) cannot be written: \(reason)" }
}

/// Whole-file writing.
public enum WholeFile {
  /// Writes text under its final name; a file of that name is replaced in one step.
  ///
  /// - Throws: `FileError`; the earlier file, if any, is then untouched and nothing else is left behind.
  public static func write(_ text: String, to path: String) throws {
    try write(Array(text.utf8), to: path)
  }

  /// Writes bytes under their final name; a file of that name is replaced in one step.
  ///
  /// - Throws: `FileError`; the earlier file, if any, is then untouched and nothing else is left behind.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    try replace(path) { temporary in
      try store(bytes, at: temporary, named: path)
    }
  }

  /// Writes every byte to an open file, whatever the system takes at a time.
  public static func writeAll(_ bytes: [UInt8], to descriptor: Int32, named path: String) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError(path: path, errno: errno) }
      done += count
    }
  }

  /// Lets `make` write a file under the temporary name that it is given, then puts it in place.
  ///
  /// - Parameter make: creates the file; it need not flush it.
  /// - Throws: `FileError`, or what `make` throws; the temporary file is removed then.
  public static func replace(
    _ path: String, make: (_ temporary: String) throws -> Void
  ) throws {
    let temporary = temporaryName(for: path)
    do {
      try make(temporary)
      try flush(temporary, named: path)
      guard rename(temporary, path) == 0 else { throw FileError(path: path, errno: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    flushFolder(of: path)
  }

  /// A hidden name in the folder of `path` that no other process uses.
  public static func temporaryName(for path: String) -> String {
    let url = URL(fileURLWithPath: path)
    let name = ".\(url.lastPathComponent).\(getpid()).tmp"
    guard let slash = path.lastIndex(of: "/") else { return name }
    return String(path[...slash]) + name
  }

  private static func store(_ bytes: [UInt8], at temporary: String, named path: String) throws(FileError) {
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path: path, errno: errno) }
    defer { close(descriptor) }
    try writeAll(bytes, to: descriptor, named: path)
  }

  private static func flush(_ temporary: String, named path: String) throws(FileError) {
    let descriptor = open(temporary, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, errno: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(path: path, errno: errno) }
  }

  // The rename itself is durable only when the folder is; some file systems refuse, which is no loss of data.
  private static func flushFolder(of path: String) {
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}
