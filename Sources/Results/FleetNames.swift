// What a host is called in result files and folders. Its own name is written only where the user asks for it;
// otherwise it is a pseudonym: a hash keyed with a secret that the fleet shares. Without the secret a pseudonym
// cannot be traced back by trying the few thousand names that a cluster is likely to use, so an empty or short
// secret is refused rather than used.

import Foundation
public import Tables

/// The secret of a fleet's pseudonyms.
public struct HostSalt: Sendable {
  /// Fewest characters of a secret: 128 bits in hexadecimal digits.
  public static let fewestCharacters = 32
  private let key: [UInt8]

  /// Reads the secret from a file: its text without white space at the ends.
  ///
  /// - Throws: `InputError` for a file that is missing, or whose secret is too short to keep anything.
  public init(file path: String) throws(InputError) {
    let bytes = try ResultFile.bytes(path)
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let start = bytes.firstIndex { !blanks.contains($0) } ?? bytes.endIndex
    let end = bytes.lastIndex { !blanks.contains($0) }.map { $0 + 1 } ?? start
    key = Array(bytes[start..<end])
    guard key.count >= HostSalt.fewestCharacters else {
      throw InputError(
        file: path, "a salt of \(key.count) characters hides no name",
        advice:
          "give a file with at least \(HostSalt.fewestCharacters) random characters, or a path where none"
          + " is yet: the run then makes one")
    }
  }

  /// Reads the secret, after making a random one where there is no file yet.
  ///
  /// Hosts that start together may all try; the file appears whole and one of them wins, for all.
  ///
  /// - Throws: `FileError` when it cannot be made, `InputError` when it is no secret.
  public static func readOrMake(_ path: String) throws -> HostSalt {
    if access(path, F_OK) != 0 { try make(path) }
    return try HostSalt(file: path)
  }

  /// The name of a node in a fleet whose secret this is: `h` and 12 hexadecimal digits.
  ///
  /// 48 bits: two of 100,000 hosts share a name with a chance of 2 in 100,000.
  public func pseudonym(of node: String) -> String {
    let digest = SHA256.keyedDigest(Array(FleetNames.canonical(node).utf8), key: key)
    return "h" + SHA256.hexadecimal(digest, digits: 12)
  }

  private static func make(_ path: String) throws(FileError) {
    if let slash = path.lastIndex(of: "/") {
      try? FileManager.default.createDirectory(
        atPath: String(path[..<slash]), withIntermediateDirectories: true)
    }
    var generator = SystemRandomNumberGenerator()
    let random = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let text = Array((SHA256.hexadecimal(random) + "\n").utf8)
    let temporary = WholeFile.temporaryName(for: path) + "." + SHA256.hexadecimal(random, digits: 8)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(path: path, errno: errno) }
    defer {
      close(descriptor)
      unlink(temporary)
    }
    try WholeFile.writeAll(text, to: descriptor, named: path)
    guard fsync(descriptor) == 0 else { throw FileError(path: path, errno: errno) }
    // A link never replaces: the first host's secret stays.
    guard link(temporary, path) == 0 || errno == EEXIST else { throw FileError(path: path, errno: errno) }
  }
}

/// Names of hosts, and of the folders that hold their results.
public enum FleetNames {
  /// How a user asks for this host's own name as its label.
  public static let automatic = "auto"
  /// How a user asks for a pseudonym as its label.
  public static let pseudonym = "pseudonym"

  /// The one spelling of a node's name: names of hosts do not differ by case or a final dot.
  public static func canonical(_ node: String) -> String {
    let name = node.lowercased()
    return name.hasSuffix(".") ? String(name.dropLast()) : name
  }

  /// A label as a part of a path: what a file name may not hold everywhere becomes `-`; empty when nothing is left.
  public static func folderName(_ label: String) -> String {
    let safe = label.map { character in
      character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character))
        ? character : "-"
    }
    return String(safe.drop { ".-".contains($0) })
  }

  /// Where a host's files lie below the folder of a fleet: `label`, or `3f/a2/label` in a large one, because
  /// some file systems are slow with thousands of entries in one folder.
  ///
  /// - Parameters:
  ///   - label: the host's label, or the run's id where it has none.
  ///   - hosts: hosts of the job, nil where unknown.
  public static func subfolder(_ label: String, hosts: Int?) -> String {
    let name = folderName(label)
    guard let hosts, hosts > 1_000 else { return name }
    let digits = SHA256.hexadecimal(SHA256.digest(Array(name.utf8)), digits: 4)
    return "\(digits.prefix(2))/\(digits.suffix(2))/\(name)"
  }
}
