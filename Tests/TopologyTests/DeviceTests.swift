// GPUs and network cards of a described machine: where they sit, and how fast their link is.

import Foundation
import Machines
import Testing
import Topology

@Suite struct DeviceTests {
  /// A server with two memories, a GPU at each, and a network card; the XML of a bridge is written out since the
  /// objects of a bus have no CPUs.
  private var xml: String {
    let described = Described(
      root: Node(
        "Machine", 0xF,
        [
          Node(
            "Package", 0x3, number: 0,
            [.memory(0, 0x3, bytes: 1 << 30), .core(0x1, index: 0), .core(0x2, index: 1)]),
          Node(
            "Package", 0xC, number: 1,
            [.memory(1, 0xC, bytes: 1 << 30), .core(0x4, index: 2), .core(0x8, index: 3)]),
        ]), nodes: [0, 1])
    func bridge(_ number: Int, _ devices: [String]) -> String {
      "<object type=\"Bridge\" gp_index=\"\(100 + 10 * number)\" bridge_type=\"0-1\" depth=\"0\" "
        + "bridge_pci=\"0000:[\(number)0-\(number)f]\">\n" + devices.joined() + "</object>\n"
    }
    func device(_ index: Int, _ place: String, _ type: String, _ speed: String, _ name: String) -> String {
      "<object type=\"PCIDev\" gp_index=\"\(index)\" pci_busid=\"\(place)\" pci_type=\"\(type)\" "
        + "pci_link_speed=\"\(speed)\">\n<info name=\"PCIVendor\" value=\"NVIDIA\"/>\n"
        + "<info name=\"PCIDevice\" value=\"\(name)\"/>\n</object>\n"
    }
    let buses = [
      bridge(
        1,
        [
          device(201, "0000:1b:00.0", "0302 [10de:2335] [10de:18be] a1", "63.015385", "H200"),
          device(202, "0000:1c:00.1", "0200 [15b3:1021] [15b3:0041] 00", "0.000000", "ConnectX-7"),
        ]),
      bridge(2, [device(203, "000a:2b:1f.7", "0302 [10de:2335] [10de:18be] a1", "3.938461", "H200")]),
    ]
    var parts = described.xml.components(separatedBy: "</object>\n  </object>\n")
    #expect(parts.count == 2)
    parts[0] += "</object>\n"
    // Each bus hangs below its package: behind the first and behind the second.
    let first = parts[0].range(of: "    <object type=\"Package\" os_index=\"1\"")
    guard let first else { return "" }
    let end = "    </object>\n"
    let head = String(parts[0][..<first.lowerBound].dropLast(end.count)) + buses[0] + end
    let tail = String(parts[0][first.lowerBound...].dropLast("</object>\n".count + 4)) + buses[1] + end
    return head + tail + "  </object>\n" + parts[1]
  }

  @Test("a GPU has its place on the bus, the speed of its link and the memory next to it")
  func places() throws {
    let machine = try withFile(xml) { try Topology(input: $0).machine() }
    #expect(
      machine.devices.map(\.pciBusID) == ["0000:1b:00.0", "0000:1c:00.1", "000a:2b:1f.7"],
      "\(machine.devices)")
    #expect(machine.devices.map(\.numaNode) == [0, 0, 1])
    #expect(machine.devices.map(\.kind) == ["gpu", "network", "gpu"])
    let speeds = machine.devices.map { $0.linkBytesPerSecond.map { ($0 / 1e6).rounded() } }
    #expect(speeds == [63_015, nil, 3938])
  }

  @Test("a device of an older file, without place and link, is read")
  func older() throws {
    let text = #"{"kind": "gpu", "name": "NVIDIA H200", "numaNode": 1}"#
    let device = try JSONDecoder().decode(Machine.Device.self, from: Data(text.utf8))
    #expect(device == Machine.Device(kind: "gpu", name: "NVIDIA H200", numaNode: 1))
  }
}
