// Names that leak no host: the same secret gives the same pseudonym everywhere, no secret gives none.

import Foundation
import Results
import Tables
import Testing

@Suite struct FleetNamesTests {
  private func temporaryFolder() throws -> String {
    let folder = NSTemporaryDirectory() + "/plimsoll-names-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }

  @Test("a pseudonym is the keyed hash of the name, so the merge can recompute it")
  func pseudonym() throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = folder + "/salt"
    try (String(repeating: "0123456789abcdef", count: 4) + "\n").write(
      toFile: file, atomically: true, encoding: .utf8)
    let salt = try HostSalt(file: file)
    // printf n1 | openssl dgst -sha256 -hmac 0123456789abcdef…
    #expect(salt.pseudonym(of: "n1") == "h457863f2724b")
    #expect(salt.pseudonym(of: "N1.") == salt.pseudonym(of: "n1"))
    #expect(salt.pseudonym(of: "n2") != salt.pseudonym(of: "n1"))
  }

  @Test("hosts that start together agree on one random secret, readable by its owner alone")
  func salt() async throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/salt"
    let names = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<16 { group.addTask { try HostSalt.readOrMake(path).pseudonym(of: "n1") } }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(names.count == 1)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["salt"])
    let other = try HostSalt.readOrMake(folder + "/other").pseudonym(of: "n1")
    #expect(!names.contains(other))
  }

  @Test("an empty or short secret is refused", arguments: ["", "\n\n", "  secret  \n", "0123456789abcdef"])
  func short(text: String) throws {
    let folder = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try text.write(toFile: folder + "/salt", atomically: true, encoding: .utf8)
    #expect(throws: InputError.self) { try HostSalt.readOrMake(folder + "/salt") }
  }

  @Test("a secret that cannot be made is an error, not an empty one")
  func unwritable() {
    #expect(throws: FileError.self) { try HostSalt.readOrMake("/proc/nowhere/salt") }
  }

  @Test(
    "a label stays inside its folder",
    arguments: [
      ("n1", "n1"), ("rack 3/n1", "rack-3-n1"), ("../../etc", "etc"), ("..", ""), ("größe", "gr--e"),
    ])
  func folderName(label: String, name: String) {
    #expect(FleetNames.folderName(label) == name)
  }

  @Test("a fleet above 1,000 hosts spreads over two levels of folders")
  func subfolder() {
    #expect(FleetNames.subfolder("n1", hosts: nil) == "n1")
    #expect(FleetNames.subfolder("n1", hosts: 1_000) == "n1")
    // printf n1 | sha256sum
    #expect(FleetNames.subfolder("n1", hosts: 1_001) == "67/6b/n1")
  }
}
