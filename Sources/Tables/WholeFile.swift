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
  /// A link is followed and stays; a device or a pipe is written to, never replaced.
  ///
  /// - Parameter make: creates the file; it need not flush it.
  /// - Throws: `FileError`, or what `make` throws; the temporary file is removed then.
  public static func replace(
    _ path: String, make: (_ temporary: String) throws -> Void
  ) throws {
    let target = try followed(path)
    var status = stat()
    if lstat(target, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      guard status.st_mode & S_IFMT != S_IFDIR else { throw FileError(path: path, errno: EISDIR) }
      return try pass(to: target, named: path, make: make)
    }
    let temporary = temporaryName(for: target)
    do {
      try make(temporary)
      try flush(temporary, named: path)
      guard rename(temporary, target) == 0 else { throw FileError(path: path, errno: errno) }
    } catch {
      unlink(temporary)
      throw error
    }
    flushFolder(of: target)
  }

  /// Where the links that start at `path` end; that file need not exist.
  private static func followed(_ path: String) throws(FileError) -> String {
    var path = path
    // As many links as the kernel follows.
    for _ in 0..<40 {
      var target = [CChar](repeating: 0, count: Int(PATH_MAX))
      let count = readlink(path, &target, target.count)
      guard count > 0 else { return path }
      let link = String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
      path = link.hasPrefix("/") ? link : folder + link
    }
    throw FileError(path: path, errno: ELOOP)
  }

  /// Writes what `make` makes to something that is no file.
  private static func pass(
    to target: String, named path: String, make: (_ temporary: String) throws -> Void
  ) throws {
    var folder = Array((NSTemporaryDirectory() + "/plimsoll-XXXXXX").utf8CString)
    guard mkdtemp(&folder) != nil else { throw FileError(path: path, errno: errno) }
    let name = folder.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    let temporary = name + "/output"
    defer {
      unlink(temporary)
      rmdir(name)
    }
    try make(temporary)
    guard let made = FileManager.default.contents(atPath: temporary) else {
      throw FileError(path: path, errno: EIO)
    }
    let descriptor = open(target, O_WRONLY | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path: path, errno: errno) }
    defer { close(descriptor) }
    try writeAll(Array(made), to: descriptor, named: path)
  }

  /// The bytes of a regular file; nil for anything else, without waiting for the writer of a pipe.
  public static func bytes(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return (try? file.readToEnd()).map { $0.map { Array($0) } ?? [] }
  }

  /// True where two paths name one existing file, whatever links or spellings lead there.
  public static func isSame(_ a: String, _ b: String) -> Bool {
    var (left, right) = (stat(), stat())
    return stat(a, &left) == 0 && stat(b, &right) == 0 && left.st_dev == right.st_dev
      && left.st_ino == right.st_ino
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
