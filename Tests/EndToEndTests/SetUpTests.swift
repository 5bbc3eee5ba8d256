// The set-up scripts on machines that lack something: one clear sentence, exit status 1, nothing done.

import Foundation
import Testing

@Suite struct SetUpTests {
  /// What the scripts call besides the tools under test.
  static let tools = ["bash", "env", "dirname", "basename", "sed", "head", "grep", "id"]

  @Test("no Swift is one sentence and status 1", arguments: ["run", "test"])
  func noSwift(script: String) throws {
    let result = try Self.run(script, fakes: [:])
    #expect(result.status == 1)
    #expect(
      result.err
        == "\(script): Swift is not on the PATH; install Swift 6.2 or newer from swift.org and try again.\n")
  }

  @Test("an old Swift is named with its version")
  func oldSwift() throws {
    let result = try Self.run("run", fakes: ["swift": "echo 'Swift version 5.10.1 (swift-5.10.1-RELEASE)'"])
    #expect(result.status == 1)
    #expect(result.err == "run: Swift 5.10 is too old; install Swift 6.2 or newer from swift.org.\n")
  }

  @Test("missing packages without apt-get are listed")
  func noApt() throws {
    let fakes = ["swift": "echo 'Swift version 6.3.1'", "dpkg-query": "exit 1"]
    let result = try Self.run("run", fakes: fakes)
    #expect(result.status == 1)
    #expect(result.err.hasPrefix("run: apt-get is not here; install by hand: libhwloc-dev libopenblas-dev"))
    #expect(result.err.split(separator: "\n").count == 1)
  }

  @Test("--no-install leaves the system alone and says what is missing")
  func noInstall() throws {
    let fakes = ["swift": "echo 'Swift version 6.3.1'", "dpkg-query": "exit 1", "apt-get": "exit 99"]
    let result = try Self.run("run", ["--no-install"], fakes: fakes)
    #expect(result.status == 1)
    #expect(result.err.hasPrefix("run: missing packages, and --no-install was given: libhwloc-dev"))
  }

  @Test("a network that is not there is one sentence after what was tried")
  func noNetwork() throws {
    let installs = ["swift": "echo 'Swift version 6.3.1'", "dpkg-query": "exit 1", "apt-get": "exit 100"]
      .merging(["id": "echo 0"]) { $1 }
    let packages = try Self.run("run", fakes: installs)
    #expect(packages.status == 1)
    #expect(packages.err.contains("apt-get could not install libhwloc-dev"))

    let resolve = [
      "swift": "[ \"$1\" = --version ] && echo 'Swift version 6.3.1' || exit 1",
      "dpkg-query": "echo 'install ok installed'",
    ]
    let dependencies = try Self.run("run", fakes: resolve)
    #expect(dependencies.status == 1)
    #expect(dependencies.err.contains("could not be fetched; is there a network?"))
  }

  /// Runs a script with a PATH that holds only `tools` and the given fakes.
  private static func run(_ script: String, _ arguments: [String] = [], fakes: [String: String]) throws -> Run
  {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for tool in tools where fakes[tool] == nil {
      let found = ["/usr/bin/", "/bin/"].map { $0 + tool }.first {
        FileManager.default.isExecutableFile(atPath: $0)
      }
      let source = try #require(found)
      try FileManager.default.createSymbolicLink(atPath: folder + "/" + tool, withDestinationPath: source)
    }
    for (name, body) in fakes {
      let path = folder + "/" + name
      try "#!/bin/sh\n\(body)\n".write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let process = root.appendingPathComponent("scripts/" + script).path
    return try Program.run(arguments, executable: process, environment: ["PATH": folder])
  }
}
