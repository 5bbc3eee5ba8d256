// plimsoll doctor as a user calls it: it answers on any host, and a narrowed mask is seen and named.

import Foundation
import Testing

@Suite struct DoctorTests {
  @Test("every check has an answer, a finding and a reason; nothing is written")
  func answers() throws {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let result = try Program.run(["doctor", "--quick", "--format", "json"], in: folder)
    #expect(result.status == 0)
    let parsed = try JSONSerialization.jsonObject(with: Data(result.out.utf8))
    let checks = try #require(parsed as? [[String: Any]])
    #expect(checks.count >= 20)
    for check in checks {
      #expect(["ok", "warn", "unknown"].contains(check["answer"] as? String))
      #expect((check["found"] as? String)?.isEmpty == false)
      #expect((check["why"] as? String)?.isEmpty == false)
      #expect((check["command"] as? String != nil) == (check["answer"] as? String == "warn"))
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }

  @Test("a mask of one CPU is a warning with its fix, and --fail-on warn ends with status 1")
  func mask() throws {
    let taskset = "/usr/bin/taskset"
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let list = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?.dropFirst(18)
    let cpu = list?.drop { !$0.isNumber }.prefix { $0.isNumber } ?? ""
    guard FileManager.default.isExecutableFile(atPath: taskset), !cpu.isEmpty,
      ProcessInfo.processInfo.processorCount > 1
    else { return }
    let launched = ["OMPI_COMM_WORLD_SIZE": "2", "COLUMNS": "80"]
    let arguments = ["-c", String(cpu), Program.path, "doctor", "--quick", "--fail-on", "warn"]
    let result = try Program.run(arguments, executable: taskset, environment: launched)
    #expect(result.status == 1)
    #expect(result.err.hasPrefix("plimsoll: the doctor warns of "))
    #expect(result.err.contains("cpu_mask"))
    #expect(result.out.contains("    mpirun --bind-to none"))
    #expect(result.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }
}
