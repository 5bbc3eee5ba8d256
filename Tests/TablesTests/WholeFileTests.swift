// Files appear whole under the name that was meant: links are followed, and what is no file stays what it is.

import Foundation
import Tables
import Testing

@Suite struct WholeFileTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "whole-\(UUID().uuidString)").path()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func kind(_ path: String) -> mode_t {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
  }

  private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  @Test("a link stays, and the file at its end is replaced; that file need not exist")
  func links() throws {
    try inFolder { folder in
      try FileManager.default.createDirectory(atPath: folder + "/there", withIntermediateDirectories: true)
      #expect(symlink("there/x", folder + "/near") == 0)
      #expect(symlink(folder + "/near", folder + "/far") == 0)
      for round in ["one", "two"] {
        try WholeFile.write(round, to: folder + "/far")
        #expect(kind(folder + "/far") == S_IFLNK && kind(folder + "/near") == S_IFLNK)
        #expect(text(folder + "/there/x") == round)
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["far", "near", "there"])
      }
      #expect(symlink("loop", folder + "/loop") == 0)
      #expect(throws: FileError.self) { try WholeFile.write("x", to: folder + "/loop") }
      #expect(throws: FileError.self) { try WholeFile.write("x", to: folder + "/there") }
    }
  }

  @Test("a pipe gets the bytes and stays a pipe", .timeLimit(.minutes(1)))
  func pipe() throws {
    try inFolder { folder in
      let path = folder + "/pipe"
      #expect(mkfifo(path, 0o600) == 0)
      let reader = open(path, O_RDONLY | O_NONBLOCK)
      defer { close(reader) }
      try WholeFile.write("through", to: path)
      var bytes = [UInt8](repeating: 0, count: 20)
      let count = read(reader, &bytes, bytes.count)
      #expect(String(decoding: bytes[..<max(0, count)], as: UTF8.self) == "through")
      #expect(kind(path) == S_IFIFO)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["pipe"])
    }
  }

  @Test("only regular files are read, and one file is one under every name", .timeLimit(.minutes(1)))
  func reading() throws {
    try inFolder { folder in
      try WholeFile.write("abc", to: folder + "/a")
      #expect(WholeFile.bytes(of: folder + "/a") == Array("abc".utf8))
      #expect(mkfifo(folder + "/pipe", 0o600) == 0)
      for other in ["/pipe", "", "/none"] { #expect(WholeFile.bytes(of: folder + other) == nil) }
      #expect(link(folder + "/a", folder + "/b") == 0)
      #expect(WholeFile.isSame(folder + "/a", folder + "/./b"))
      #expect(!WholeFile.isSame(folder + "/a", folder + "/pipe"))
      #expect(!WholeFile.isSame(folder + "/none", folder + "/none"))
    }
  }
}
