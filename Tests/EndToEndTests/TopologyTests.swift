// plimsoll topology as a user runs it.

import Foundation
import Testing

@Suite struct TopologyCommandTests {
  @Test("this host fits 80 columns and shows its placements and where they come from")
  func live() throws {
    let run = try Program.run(["topology"], environment: ["COLUMNS": "80"])
    #expect(run.status == 0)
    #expect(run.err.isEmpty)
    #expect(run.out.split(separator: "\n").allSatisfy { $0.count <= 80 })
    #expect(run.out.contains("core0"))
    #expect(run.out.contains("identity"))
    #expect(!run.out.contains(ProcessInfo.processInfo.hostName))
  }

  @Test("a described machine has fixed columns in CSV, a quoted CPU list and reasons for what is left out")
  func described() throws {
    let run = try Program.run(["topology", "--input", "pack:2 core:4 pu:2", "--format", "csv"])
    #expect(run.status == 0)
    let lines = run.out.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first == "section,name,value,unit,cpus,threads,numa_nodes,note")
    #expect(lines.contains("placement,package0,one_per_core,,\"0,2,4,6\",4,0,"))
    #expect(lines.contains("dropped,l3_0,,,,,,no cache is reported"))
    #expect(lines.contains("machine,memory,,B,,,,"))
  }

  @Test("JSON is one array of objects")
  func json() throws {
    let run = try Program.run(["topology", "--input", "core:2 pu:1", "--format", "json"])
    let rows = try JSONSerialization.jsonObject(with: Data(run.out.utf8)) as? [[String: Any]]
    #expect(rows?.contains { $0["name"] as? String == "machine_id" } == true)
  }

  @Test(
    "bad descriptions are bad data, files that are not there are input/output faults; nothing on standard output",
    arguments: [
      ("pack:2 kore:4", 65, "did you mean core?"), ("/nonexistent/a.xml", 74, "/nonexistent/a.xml"),
    ])
  func bad(input: String, status: Int, words: String) throws {
    let run = try Program.run(["topology", "--input", input])
    #expect(run.status == status)
    #expect(run.out.isEmpty)
    #expect(run.err.contains(words))
  }

  @Test("GPUs stand one by one with their place and link, other devices are counted")
  func devices() throws {
    func object(_ type: String, _ index: Int, _ attributes: String, _ inner: String = "") -> String {
      let sets = ["cpuset", "complete_cpuset", "nodeset", "complete_nodeset"].map { "\($0)=\"0x1\"" }
      let isInside = ["Bridge", "PCIDev"].contains(type)
      return "<object type=\"\(type)\" gp_index=\"\(index)\" \(attributes) "
        + (isInside ? "" : sets.joined(separator: " ")) + ">\(inner)</object>\n"
    }
    func device(_ index: Int, _ place: String, _ type: String, _ speed: String) -> String {
      object(
        "PCIDev", index, "pci_busid=\"\(place)\" pci_type=\"\(type)\" pci_link_speed=\"\(speed)\"",
        "<info name=\"PCIDevice\" value=\"D\"/>")
    }
    let bus = object(
      "Bridge", 9, "bridge_type=\"0-1\" depth=\"0\" bridge_pci=\"0000:[00-2f]\"",
      device(10, "0000:1b:00.0", "0302 [10de:2335] [10de:18be] a1", "63.015385")
        + device(11, "0000:1c:00.0", "0302 [10de:2335] [10de:18be] a1", "63.015385")
        + device(12, "0000:1d:00.0", "0200 [15b3:1021] [15b3:0041] 00", "0.000000")
        + device(13, "0000:1e:00.0", "0200 [15b3:1021] [15b3:0041] 00", "0.000000"))
    let machine = object(
      "Machine", 1, "os_index=\"0\" allowed_cpuset=\"0x1\" allowed_nodeset=\"0x1\"",
      object("NUMANode", 2, "os_index=\"0\" local_memory=\"1073741824\"")
        + object("Core", 3, "os_index=\"0\"", object("PU", 4, "os_index=\"0\"")) + bus)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).xml").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try
      ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
      + "<topology version=\"2.0\">\n" + machine + "</topology>\n")
      .write(toFile: file, atomically: false, encoding: .utf8)
    let list = try Program.run(["topology", "--input", file, "--format", "csv"])
    #expect(list.status == 0, "\(list.err)")
    let lines = list.out.split(separator: "\n").map(String.init)
    #expect(lines.contains("device,gpu,D,,,,0,0000:1c:00.0"), "\(list.out)")
    #expect(
      lines.contains { $0.hasPrefix("device_link,gpu,6301538") && $0.hasSuffix(",B/s,,,0,0000:1b:00.0") })
    #expect(!lines.contains { $0.hasPrefix("device_link,network") })
    let shown = try Program.run(["topology", "--input", file], environment: ["COLUMNS": "80"])
    let rows = shown.out.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(rows.contains(["gpu", "1", "D", "0", "0000:1b:00.0", "63.0", "GB/s"]), "\(shown.out)")
    #expect(rows.contains(["network", "2", "D", "0", "-", "-"]), "\(shown.out)")
  }

  @Test("saved XML reads back; a folder that is not there leaves nothing and ends with 74")
  func xml() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("host.xml").path
    #expect(try Program.run(["topology", "--xml", file]).status == 0)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["host.xml"])
    #expect(try Program.run(["topology", "--input", file]).out.contains("Imported"))
    let refused = try Program.run(["topology", "--xml", folder.path + "/none/host.xml"])
    #expect(refused.status == 74)
    #expect(refused.out.isEmpty)
  }
}

@Suite struct PlacementsCommandTests {
  @Test("options choose on a described machine; CSV has fixed columns")
  func described() throws {
    let run = try Program.run([
      "placements", "--input", "pack:2 [numa] l3:2 core:2 pu:1", "--placement", "numa0,l3_replicas", "--numa",
      "local", "--format", "csv",
    ])
    #expect(run.status == 0)
    #expect(
      run.out == """
        placement,kind,threads,cpus,smt,memory_policy,memory_nodes,replicas,aliases,taken
        numa0,numa,4,0-3,off,bind,0,,package0,yes
        l3_replicas,replicas,8,0-7,off,first_touch,0-1,0-1 | 2-3 | 4-5 | 6-7,per_l3_replicas,yes

        """)
  }

  @Test(
    "what the machine lacks, and an empty list, are refused with a sentence",
    arguments: [
      (["--threads", "7"], "more than the 2 cores"), (["--numa", "remote"], "no remote memory"),
      (["--smt", "on"], "leave out SMT"), (["--placement", ","], "names no place"),
    ])
  func refused(options: [String], words: String) throws {
    let run = try Program.run(["placements", "--input", "core:2 pu:1"] + options)
    #expect(run.status == 64)
    #expect(run.out.isEmpty)
    #expect(run.err.contains(words))
  }

  @Test("variables that name another machine do not replace the host")
  func variables() throws {
    let here = try Program.run(["placements", "--format", "csv"])
    let other = try Program.run(
      ["placements", "--format", "csv"], environment: ["HWLOC_SYNTHETIC": "pack:2 core:64 pu:2"])
    #expect(other.status == 0 && other.out == here.out)
  }
}
