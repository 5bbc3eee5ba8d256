// Small machines of our own making, as hwloc XML: only what a test needs.

import Foundation
import Machines
import Topology

/// One element of a described tree.
struct Node {
  let type: String
  /// PUs as a bit mask.
  let cpus: UInt64
  let number: Int?
  var attributes = ""
  var infos: [(String, String)] = []
  var children: [Node] = []

  init(
    _ type: String, _ cpus: UInt64, number: Int? = nil, attributes: String = "",
    infos: [(String, String)] = [], _ children: [Node] = []
  ) {
    self.type = type
    self.cpus = cpus
    self.number = number
    self.attributes = attributes
    self.infos = infos
    self.children = children
  }

  static func core(_ cpus: UInt64, index: Int) -> Node {
    let pus = (0..<64).filter { cpus >> UInt64($0) & 1 == 1 }.map { Node("PU", 1 << UInt64($0), number: $0) }
    return Node("Core", cpus, number: index, pus)
  }

  static func cache(level: Int, _ cpus: UInt64, bytes: Int, _ children: [Node]) -> Node {
    Node(
      "L\(level)Cache", cpus,
      attributes:
        "cache_size=\"\(bytes)\" depth=\"\(level)\" cache_linesize=\"64\" cache_associativity=\"8\" cache_type=\"0\"",
      children)
  }

  static func memory(_ number: Int, _ cpus: UInt64, bytes: Int) -> Node {
    Node("NUMANode", cpus, number: number, attributes: "local_memory=\"\(bytes)\"")
  }
}

/// A machine as hwloc 2 XML.
struct Described {
  var root: Node
  /// Numbers of all NUMA nodes.
  var nodes: [Int] = [0]
  /// PUs of a group of cores with its attributes.
  var kinds: [(cpus: UInt64, infos: [(String, String)])] = []
  var allowed: UInt64?
  /// PUs that exist, those that are switched off included.
  var complete: UInt64?
  var version = "2.0"

  var xml: String {
    var next = 0
    let tree = element(root, isRoot: true, next: &next, indent: "  ")
    let kindLines = kinds.map { kind in
      "  <cpukind cpuset=\"\(mask(kind.cpus))\">\n"
        + kind.infos.map { "    <info name=\"\($0.0)\" value=\"\($0.1)\"/>\n" }.joined() + "  </cpukind>\n"
    }
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
      + "<topology version=\"\(version)\">\n" + tree + kindLines.joined() + "</topology>\n"
  }

  private var nodeMask: String { mask(nodes.reduce(0) { $0 | 1 << UInt64($1) }) }

  private func element(_ node: Node, isRoot: Bool, next: inout Int, indent: String) -> String {
    let index = next
    next += 1
    let number = node.number.map { " os_index=\"\($0)\"" } ?? ""
    // A memory belongs to its own node only; other objects see every node: enough for a description.
    let nodeset = node.type == "NUMANode" ? mask(1 << UInt64(node.number ?? 0)) : nodeMask
    let all = isRoot ? complete ?? node.cpus : node.cpus
    let permitted =
      isRoot ? " allowed_cpuset=\"\(mask(allowed ?? node.cpus))\" allowed_nodeset=\"\(nodeMask)\"" : ""
    let head =
      "\(indent)<object type=\"\(node.type)\"\(number) cpuset=\"\(mask(node.cpus))\" "
      + "complete_cpuset=\"\(mask(all))\"\(permitted) nodeset=\"\(nodeset)\" "
      + "complete_nodeset=\"\(nodeset)\" gp_index=\"\(index + 1)\" \(node.attributes)>\n"
    let infos = node.infos.map { "\(indent)  <info name=\"\($0.0)\" value=\"\($0.1)\"/>\n" }.joined()
    let inner = node.children.map { element($0, isRoot: false, next: &next, indent: indent + "  ") }.joined()
    return head + infos + inner + "\(indent)</object>\n"
  }

  private func mask(_ bits: UInt64) -> String {
    bits >> 32 == 0
      ? "0x" + String(bits, radix: 16)
      : "0x" + String(bits >> 32, radix: 16) + ",0x" + padded(bits & 0xffff_ffff)
  }

  private func padded(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }
}

/// Writes text to a file of its own and hands its path to the body.
func withFile<T>(_ text: String, name: String = "machine.xml", _ body: (String) throws -> T) throws -> T {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let path = folder.appendingPathComponent(name).path
  try text.write(toFile: path, atomically: false, encoding: .utf8)
  return try body(path)
}

/// The machine that an XML description becomes.
func machine(_ described: Described) throws -> Machine {
  try withFile(described.xml) { try Topology(input: $0).machine() }
}

/// Placements as `name cpus`.
func placements(_ machine: Machine) -> [String] {
  PlacementPlan(machine).used.map { "\($0.name) \($0.cpus)" }
}
