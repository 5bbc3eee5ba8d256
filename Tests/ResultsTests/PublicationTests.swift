// What arrives on a share is whole, and the result file is the last to arrive.

import Foundation
import Results
import Tables
import Testing

@Suite struct PublicationTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "/plimsoll-share-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder + "/local", withIntermediateDirectories: true)
    for name in ["a.csv", "a.samples.csv", "a.meta.json", "a.lock", "ab.csv", ".a.csv.1.tmp"] {
      try name.write(toFile: "\(folder)/local/\(name)", atomically: true, encoding: .utf8)
    }
  }

  @Test("the files of one run arrive, without its lock and its neighbours, and replace an earlier state")
  func files() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let share = folder + "/share/n1"
    try Publication(folder + "/local/a").copy(to: share)
    let names = try FileManager.default.contentsOfDirectory(atPath: share).sorted()
    #expect(names == ["a.csv", "a.meta.json", "a.samples.csv"])
    try "more".write(toFile: folder + "/local/a.csv", atomically: true, encoding: .utf8)
    try Publication(folder + "/local/a").copy(to: share)
    #expect(try String(contentsOfFile: share + "/a.csv", encoding: .utf8) == "more")
    #expect(try FileManager.default.contentsOfDirectory(atPath: share).count == 3)
  }

  @Test("where one file cannot be put in place, the result file does not appear")
  func order() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let share = folder + "/share"
    // A folder in the way, which no rename replaces; the name sorts behind the result file's.
    try FileManager.default.createDirectory(
      atPath: share + "/a.samples.csv", withIntermediateDirectories: true)
    #expect(throws: FileError.self) { try Publication(folder + "/local/a").copy(to: share) }
    let names = try FileManager.default.contentsOfDirectory(atPath: share).sorted()
    #expect(names == ["a.meta.json", "a.samples.csv"])
  }

  @Test("a share that cannot be written is an error that names it, and the local files stay")
  func unwritable() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(throws: FileError.self) { try Publication(folder + "/local/a").copy(to: "/proc/nowhere/n1") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/local").count == 6)
  }
}
