// The manifest of a plan folder: what it names, what it finds, and what it refuses.

import Export
import Foundation
import Planner
import Tables
import Testing

@Suite("The manifest of a plan folder")
struct PlanFolderTests {
  /// A folder of a plan, made by a command with a word that a shell would take apart.
  private func folder(_ parent: TemporaryFolder) throws -> String {
    var companions = PlanCompanions()
    companions.run.version = "1.2.3"
    companions.run.commit = "0123abc+"
    companions.run.command = ["plan", "azure-exclusive", "--set", "it's=a b"]
    companions.run.inputs = try Scenario.sources(of: "azure-exclusive").map {
      PlanRun.Input(layer: $0.layer.rawValue, name: $0.name, $0.bytes)
    }
    let path = parent.path + "/plan"
    try PlanDocuments.write(try makePlan("azure-exclusive"), to: path, with: companions)
    return path
  }

  @Test("names every file with its digest, what was read and what made it")
  func names() throws {
    let parent = try TemporaryFolder()
    let path = try folder(parent)
    let found = try PlanFolder(path)
    #expect(found.faults() == [])
    let present = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(Set(found.files.map(\.name)) == Set(present).subtracting(["manifest.csv"]))
    #expect(found.planID.hasPrefix("azure-exclusive-") && found.fact("version") == "1.2.3")
    #expect(found.fact("commit") == "0123abc+" && found.fact("seed") == "20251103")
    #expect(found.fact("command") == "plimsoll plan azure-exclusive --set 'it'\\''s=a b'")
    #expect(found.command == ["plan", "azure-exclusive", "--set", "it's=a b"])
    #expect(found.fact("layers") == "defaults, bundled")
    let inputs = found.inputs.map { "\($0.layer) \($0.name)" }
    #expect(inputs.contains("defaults defaults/assumptions.csv"))
    #expect(inputs.contains("bundled azure-exclusive/scenario.toml"))
    // The digest is that of the bytes, by another program's reckoning of one file: SHA-256 of nothing but them.
    let gaps = try #require(found.files.first { $0.name == "gaps.csv" })
    let bytes = try #require(FileManager.default.contents(atPath: path + "/gaps.csv"))
    #expect(gaps.matches(Array(bytes)) && !gaps.matches(Array(bytes) + [10]) && !gaps.matches([]))
    let text = try String(contentsOfFile: path + "/manifest.csv", encoding: .utf8)
    #expect(text.contains(SHA256.hexadecimal(SHA256.digest(Array(bytes)))))
    #expect(!text.contains(parent.path))
  }

  @Test("tells a changed byte of the same length, a missing and an added file")
  func faults() throws {
    let parent = try TemporaryFolder()
    let path = try folder(parent)
    var bytes = try #require(FileManager.default.contents(atPath: path + "/checks.csv"))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path + "/checks.csv"))
    try FileManager.default.removeItem(atPath: path + "/plan.html")
    try "x".write(toFile: path + "/note.txt", atomically: true, encoding: .utf8)
    #expect(
      try PlanFolder(path).faults() == [.missing("plan.html"), .changed("checks.csv"), .extra("note.txt")])
    #expect(PlanFolder.Fault.changed("a").description == "changed: a")
  }

  @Test("two folders of one plan have the same files, those of another input others")
  func differences() throws {
    let parent = try TemporaryFolder()
    let first = try PlanFolder(folder(parent))
    let other = parent.path + "/other"
    try PlanDocuments.write(try makePlan("azure-exclusive"), to: other)
    #expect(try PlanFolder(other).differences(from: first) == [])
    #expect(try PlanFolder(other).command == nil)
    try PlanDocuments.write(try makePlan("azure-exclusive", ["ramp_months=20"]), to: other)
    #expect(try PlanFolder(other).differences(from: first).contains("plan_monthly.csv"))
  }

  @Test(
    "a manifest that is none is refused by line, and none leads out of the folder",
    arguments: [
      ("item,name\n", "manifest.csv:1"), ("file,../x,,1,DIGEST,r\n", "'../x' is no file of the folder"),
      ("file,x,,-,DIGEST,r\n", "manifest.csv:2"), ("file,x,,1,12,r\n", "manifest.csv:2"),
      ("fyle,x,,1,DIGEST,r\n", "is no row of a manifest"),
    ])
  func refused(row: String, says: String) throws {
    let parent = try TemporaryFolder()
    let header = "schema_version,plan_id,scenario,item,name,value,bytes,sha256,role\n"
    let isHeader = row.hasPrefix("item")
    let text =
      isHeader ? row : header + "1,p,s," + row.replacing("DIGEST", with: String(repeating: "a", count: 64))
    try text.write(toFile: parent.path + "/manifest.csv", atomically: true, encoding: .utf8)
    do {
      _ = try PlanFolder(parent.path)
      Issue.record("accepted")
    } catch { #expect(error.description.contains(says), "\(error)") }
  }

  @Test("a folder without a manifest is an error that says how to get one")
  func none() throws {
    let parent = try TemporaryFolder()
    #expect(throws: InputError.self) { try PlanFolder(parent.path) }
  }
}
