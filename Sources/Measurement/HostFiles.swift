// The kernel's files under a root folder: "/" on a live host, a folder of copies for a synthetic one.
// Reading only; what is absent, unreadable or not text is nil.

import Glibc

/// A place to read `/proc`, `/sys` and `/etc` from.
public struct HostFiles: Hashable, Sendable {
  /// The folder that stands for `/`; empty = the live host.
  public let root: String

  /// Files under a folder; the default is the running host.
  public init(root: String = "") { self.root = root == "/" ? "" : root }

  /// At most 1 MiB of a file; a long `/proc/cpuinfo` is cut at the end, which no reader here minds.
  public func text(_ path: String) -> String? {
    guard let stream = fopen(root + path, "re") else { return nil }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < 1 << 20 {
      let count = fread(&chunk, 1, chunk.count, stream)
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    // A file of /sys that may not be read opens well and fails at the first byte.
    if ferror(stream) != 0, bytes.isEmpty { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// The first line without the spaces around it.
  public func line(_ path: String) -> String? {
    text(path)?.split(separator: "\n", omittingEmptySubsequences: false).first.map(trimmed)
  }

  /// The first line as a whole number.
  public func integer(_ path: String) -> Int? { line(path).flatMap { Int($0) } }

  /// The value behind `key` in a file of `key: value` or `key=value` lines.
  public func value(of key: String, in path: String) -> String? {
    guard let text = text(path) else { return nil }
    for line in text.split(separator: "\n") {
      guard let mark = line.firstIndex(where: { $0 == ":" || $0 == "=" }),
        trimmed(line[..<mark]) == key
      else { continue }
      return trimmed(line[line.index(after: mark)...])
    }
    return nil
  }

  /// True where the path exists, readable or not.
  public func exists(_ path: String) -> Bool { access(root + path, F_OK) == 0 }

  /// Names in a folder, sorted; nil where it cannot be listed.
  public func names(in folder: String) -> [String]? {
    guard let directory = opendir(root + folder) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  /// The numbers of `cpuN` folders.
  public var cpuFolders: [Int] {
    (names(in: "/sys/devices/system/cpu") ?? [])
      .compactMap { $0.hasPrefix("cpu") ? Int($0.dropFirst(3)) : nil }.sorted()
  }
}

/// Text without the white space around it.
func trimmed(_ text: some StringProtocol) -> String {
  let isSpace = { (character: Character) in character.isWhitespace }
  let head = text.drop(while: isSpace)
  guard let last = head.lastIndex(where: { !isSpace($0) }) else { return "" }
  return String(head[...last])
}
