// Saved XML says what the machine is, not which one it is or whose.

import Machines
import Testing
import Topology

@Test("host name, serials, UUIDs, addresses, tags and GUIDs go; product and processor stay")
func scrubbing() {
  let secret = [
    "HostName", "DMIProductSerial", "DMIProductUUID", "DMIChassisAssetTag", "SerialNumber", "Address",
    "NodeGUID",
    "SysImageGUID", "Port1GID0", "Port2LID", "NVIDIAUUID", "LinuxCgroup",
  ]
  let open = ["DMIProductName", "CPUModel", "Backend", "PortCount", "PCIDevice"]
  let xml =
    "<object>\n"
    + (secret + open).map { "  <info name=\"\($0)\" value=\"value of \($0) &gt; 1\"/>\n" }.joined()
    + "  <object type=\"PU\"/>\n</object>\n"
  let text = scrubbed(xml)
  for name in secret { #expect(!text.contains(name), "\(name) is still there") }
  for name in open {
    #expect(text.contains("  <info name=\"\(name)\" value=\"value of \(name) &gt; 1\"/>\n"))
  }
  #expect(text.hasSuffix("/>\n  <object type=\"PU\"/>\n</object>\n"))
  #expect(!text.contains("\n\n"))
}

@Test("private lines side by side on one line, and XML that ends inside a tag, do not break it")
func oddLayout() {
  #expect(
    scrubbed("<a><info name=\"HostName\" value=\"x\"/><info name=\"UUID\" value=\"y\"/></a>") == "<a></a>")
  #expect(scrubbed("<a><info name=\"HostName") == "<a><info name=\"HostName")
}

@Test("XML of this host holds no host name and reads back as the same machine, imported")
func roundTrip() throws {
  let topology = try Topology.live()
  let here = topology.machine()
  let xml = try topology.scrubbedXML()
  #expect(!xml.contains("HostName"))
  #expect(!xml.contains("Address"))
  let back = try withFile(xml) { try Topology(input: $0).machine() }
  #expect(back.topologyTrust == .imported)
  #expect(back.coreSets == here.coreSets)
  #expect(back.caches == here.caches)
  #expect(back.modelName == here.modelName)
}
