// Where options come from, what the verbs around a run say, and what survives kill -9.

import Foundation
import Testing

@Suite struct ConfigurationTests {
  /// The value and origin of an option as --print-config tells them.
  private func resolved(
    _ option: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> String? {
    let run = try Program.run(
      arguments + ["--print-config", "--format", "csv"], environment: environment)
    #expect(run.status == 0, "\(run.err)")
    let line = run.out.split(separator: "\n").first { $0.hasPrefix("\(option),") }
    return line.map { String($0.dropFirst(option.count + 1)) }
  }

  private func file(_ text: String) throws -> String {
    let path = try Program.temporaryFolder() + "/mine.toml"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test("command line wins over environment, environment over file, file over default")
  func precedence() throws {
    let path = try file("# mine\nprocesses = 7\nhost_label = \"rack 1\" # quoted\nquiet = true\n")
    defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
    let config = ["run", "--config", path]
    #expect(try resolved("processes", ["run"]) == "3,default")
    #expect(try resolved("processes", config) == "7,\(path):2")
    #expect(try resolved("host-label", config) == "rack 1,\(path):3")
    #expect(try resolved("quiet", config) == "1,\(path):4")
    let variable = ["PLIMSOLL_PROCESSES": "5", "PLIMSOLL_QUIET": "0"]
    #expect(try resolved("processes", config, environment: variable) == "5,PLIMSOLL_PROCESSES")
    #expect(
      try resolved("processes", config + ["--processes", "2"], environment: variable) == "2,command line")
    #expect(try resolved("time-budget", ["list", "--time-budget=10m"]) == "600,command line")
    #expect(try resolved("output", ["run", "-o", "there"]) == "there,command line")
  }

  @Test(
    "a fault in the configuration has its line and column and the nearest name",
    arguments: [
      ("suite = quick\n proceses = 3\n", ":2:2: unknown name 'proceses'; did you mean processes"),
      ("suite\n", ":1:1: 'suite' is not name = value"), ("seed = \"1\n", ":1:7: ' \"1' is not a value"),
      ("seed = 1\nseed = 2\n", ":2:1: seed stands on line 1 too"),
      ("[run]\n", ":1:1: '[run]' is not name = value"),
    ])
  func faults(text: String, words: String) throws {
    let path = try file(text)
    defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
    let run = try Program.run(["list", "--config", path])
    #expect(run.status == 65)
    #expect(run.err.contains("mine.toml" + words), "\(run.err)")
  }

  @Test("a bad value says which variable it came from")
  func origin() throws {
    let run = try Program.run(["list"], environment: ["PLIMSOLL_PROCESSES": "many"])
    #expect(run.status == 64)
    #expect(run.err.contains("--processes comes from PLIMSOLL_PROCESSES"), "\(run.err)")
    let flag = try Program.run(["list"], environment: ["PLIMSOLL_NO_VERIFY": "maybe"])
    #expect(flag.status == 64)
    #expect(flag.err.contains("PLIMSOLL_NO_VERIFY: no-verify takes 1 or 0"))
  }

  @Test("every verb has its variables, short ones are for those that measure, and a misspelt one is named")
  func variables() throws {
    let topology = ["PLIMSOLL_TOPOLOGY_FORMAT": "csv", "PLIMSOLL_FORMAT": "json"]
    let csv = try Program.run(["topology"], environment: topology).out
    #expect(csv == (try Program.run(["topology", "--format", "csv"]).out))
    let short = try Program.run(["topology"], environment: ["PLIMSOLL_FORMAT": "csv"])
    #expect(short.out == csv)
    let list = try Program.run(["catalog", "list", "clouds"])
    let other = try Program.run(["catalog", "list", "clouds"], environment: ["PLIMSOLL_FORMAT": "csv"])
    #expect(other.out == list.out)
    let wrong = try Program.run(
      ["list", "--placement", "core0", "--shape", "m=1,n=1,k=1"], environment: ["PLIMSOLL_TREADS": "2"])
    #expect(wrong.err.contains("PLIMSOLL_TREADS is no option; did you mean PLIMSOLL_THREADS"), "\(wrong.err)")
  }

  @Test("a file that is good for run is good for list, which takes what it has")
  func sharedFile() throws {
    let path = try file("quiet = true\noutput = \"there\"\nprocesses = 7\n")
    defer { try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent) }
    #expect(try resolved("processes", ["list", "--config", path]) == "7,\(path):3")
  }

  @Test("list shows what a run would measure, dry-run the same, and a lone shape needs no suite")
  func list() throws {
    let filters = ["--filter", "shape:square_256 impl:swift", "--placement", "core0", "--format", "csv"]
    let list = try Program.run(["list"] + filters)
    #expect(list.status == 0)
    #expect(list.out.split(separator: "\n").count == 1 + 6)  // one product and the ceilings that judge it
    #expect(try Program.run(["run", "--dry-run"] + filters).out == list.out)
    let shape = try Program.run(
      ["list", "--shape", "m=1-4*2,n=64,k=32", "--kernel", "gemm", "--no-ceilings", "--format", "csv"])
    #expect(shape.out.split(separator: "\n").count == 1 + 6)  // three products by two implementations
  }

  @Test("verify compares without timing and writes nothing")
  func verify() throws {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let run = try Program.run(
      ["verify", "--filter", "shape:square_256", "--placement", "core0", "--format", "csv"], in: folder)
    #expect(run.status == 0, "\(run.err)")
    #expect(run.out.split(separator: "\n").count == 3)
    #expect(run.out.contains("core0,gemm,square_256,swift,ok,"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }

  @Test("each shell gets a completion script that knows the verbs", arguments: ["bash", "zsh", "fish"])
  func completions(shell: String) throws {
    let run = try Program.run(["completions", shell])
    #expect(run.status == 0)
    #expect(run.out.contains("plimsoll") && run.out.contains("compare"))
    #expect(run.err.isEmpty)
  }

  @Test("runs killed at random moments lose no acknowledged record, double none and end as unbroken ones")
  func killed() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().path
    let run = try Program.run(
      ["6"], executable: root + "/scripts/kill-test", environment: ["PLIMSOLL": Program.path])
    #expect(run.status == 0, "\(run.err)")
    #expect(run.out.hasPrefix("6 kills in "))
    #expect(run.out.contains(" 0 lost, 0 doubled, 0 summaries different"))
  }
}
