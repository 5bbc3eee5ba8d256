// Shapes of real machines, described by us, each with the placements that its sharing gives: name, CPUs, threads
// and other names.

import Machines
import Testing
import Topology

/// One machine and what must be among its placements.
struct Shape: CustomTestStringConvertible, Sendable {
  let name: String
  let machine: @Sendable () throws -> Machine
  /// Lines like `l3_0 0-2 x3 = numa0 machine`.
  let expected: [String]
  var testDescription: String { name }

  init(
    _ name: String, _ description: String, quota: Double? = nil, allowed: CPUSet? = nil, _ expected: [String]
  ) {
    self.name = name
    self.expected = expected
    machine = {
      var machine = try Topology(input: description).machine()
      machine.quotaCPUs = quota
      if let allowed { machine.allowed = allowed }
      return machine
    }
  }

  init(_ name: String, xml: Described, _ expected: [String]) {
    self.name = name
    self.expected = expected
    let text = xml.xml
    machine = { try withFile(text) { try Topology(input: $0).machine() } }
  }
}

private func cores(_ sets: [UInt64]) -> [Node] { sets.enumerated().map { .core($1, index: $0) } }

private let hybrid = Described(
  root: Node(
    "Machine", 0xff,
    [
      Node(
        "Package", 0xff, number: 0,
        [
          .memory(0, 0xff, bytes: 1),
          .cache(
            level: 3, 0xff, bytes: 9,
            cores([0x3, 0xc]) + [.cache(level: 2, 0xf0, bytes: 2, cores([0x10, 0x20, 0x40, 0x80]))]),
        ])
    ]),
  kinds: [(0xf0, [("CoreType", "IntelAtom")]), (0x0f, [("CoreType", "IntelCore")])])

private func twoPackages(_ first: Int, _ second: Int, more: [Node] = [], nodes: [Int]) -> Described {
  Described(
    root: Node(
      "Machine", 0xf,
      more + [
        Node("Package", 0x3, number: 0, [.memory(first, 0x3, bytes: 1)] + cores([1, 2])),
        Node("Package", 0xc, number: 1, [.memory(second, 0xc, bytes: 1)] + cores([4, 8])),
      ]), nodes: nodes)
}

private let memorySide = Described(
  root: Node(
    "Machine", 0xf,
    [
      Node(
        "Package", 0xf, number: 0,
        [
          Node(
            "MemCache", 0xf,
            attributes:
              "cache_size=\"17179869184\" depth=\"1\" cache_linesize=\"64\" cache_associativity=\"1\" cache_type=\"0\"",
            [.memory(0, 0xf, bytes: 1_000)])
        ] + cores([1, 2, 4, 8]))
    ]))

private let highBandwidth = Described(
  root: Node(
    "Machine", 0xf,
    [
      Node(
        "Package", 0xf, number: 0,
        [.memory(0, 0xf, bytes: 1_000), .memory(1, 0xf, bytes: 100)] + cores([1, 2, 4, 8]))
    ]), nodes: [0, 1])

private func flat(_ sets: [UInt64], all: UInt64, allowed: UInt64? = nil, complete: UInt64? = nil) -> Described
{
  Described(
    root: Node(
      "Machine", all, [Node("Package", all, number: 0, [.memory(0, all, bytes: 1)] + cores(sets))]),
    allowed: allowed, complete: complete)
}

let shapes: [Shape] = [
  Shape(
    "Zen: 3 cores in each complex", "pack:1 l3:2 core:3 pu:2",
    [
      "core0 2 x1", "l3_0 0,2,4 x3", "numa0 0,2,4,6,8,10 x6 = package0 machine",
      "l3_replicas 0,2,4,6,8,10 x6 = per_l3_replicas",
    ]),
  Shape(
    "Zen, one node a package", "pack:2 [numa] l3:2 core:4 pu:1",
    [
      "l3_0 0-3 x4", "numa0 0-7 x8 = package0", "machine 0-15 x16", "numa0+remote1 0-7 x8",
      "numa_replicas 0-15 x16 = per_numa_replicas",
    ]),
  Shape(
    "NPS4", "pack:2 numa:4 l3:2 core:2 pu:1",
    ["l3_0 0-1 x2", "numa0 0-3 x4", "package0 0-15 x16", "machine 0-31 x32", "numa0+remote7 0-3 x4"]),
  Shape(
    "SNC2: a node is a cache domain", "pack:2 numa:2 l3:1 core:4 pu:1",
    [
      "l3_0 0-3 x4 = numa0", "package0 0-7 x8",
      "l3_replicas 0-15 x16 = per_l3_replicas numa_replicas per_numa_replicas",
    ]),
  Shape(
    "P and E cores", xml: hybrid,
    [
      "core0:P 2 x1", "core0:E 4 x1", "l2_0 4-7 x4 = kind:E", "l3_0 0,2,4-7 x6 = numa0 package0 machine",
      "kind:P 0,2 x2",
    ]),
  Shape(
    "sparse NUMA numbers", xml: twoPackages(0, 8, nodes: [0, 8]),
    [
      "core0 1 x1", "numa0 0-1 x2 = package0", "numa0+remote1 0-1 x2", "machine 0-3 x4",
      "machine+interleave 0-3 x4",
    ]),
  Shape("memory-side cache", xml: memorySide, ["core0 1 x1", "numa0 0-3 x4 = package0 machine"]),
  Shape(
    "HBM as a node without CPUs", xml: highBandwidth,
    ["numa0 0-3 x4 = package0 machine", "numa0+remote1 0-3 x4"]),
  Shape(
    "CXL memory beside two packages",
    xml: twoPackages(0, 1, more: [.memory(2, 0xf, bytes: 5)], nodes: [0, 1, 2]),
    ["numa0 0-1 x2 = package0", "numa0+remote1 0-1 x2", "numa0+remote2 0-1 x2"]),
  Shape("no caches", "core:4 pu:1", ["core0 1 x1", "numa0 0-3 x4 = machine"]),
  Shape("bare CPUs", "pu:2", ["core0 1 x1", "numa0 0-1 x2 = machine"]),
  Shape("one CPU", "pu:1", ["core0 0 x1 = numa0 machine"]),
  Shape(
    "offline CPUs", xml: flat([0b1, 0b1100], all: 0b1101, complete: 0b1111),
    ["core0 2 x1", "numa0 0,2 x2 = package0 machine", "numa0+smt 0,2-3 x3 = package0+smt machine+smt"]),
  Shape(
    "cgroup with half of two cores", xml: flat([0b11, 0b1100], all: 0b1111, allowed: 0b1001),
    ["core0 3 x1", "numa0 0,3 x2 = package0 machine"]),
  Shape(
    "one L3 for each CPU of a guest", "pack:4 l3:1 core:1 pu:1",
    ["core0 1 x1 = l3_0 package0", "numa0 0-3 x4 = machine"]),
  Shape(
    "Arm clusters that share an L2", "pack:1 l3:1 l2:2 core:4 pu:1",
    ["core0 1 x1", "l2_0 0-3 x4", "l3_0 0-7 x8 = numa0 package0 machine"]),
  Shape(
    "SMT4", "pack:1 l3:1 core:4 pu:4",
    [
      "core0 4 x1", "core0+smt 4-7 x4", "l3_0 0,4,8,12 x4 = numa0 package0 machine",
      "l3_0+smt 0-15 x16 = numa0+smt package0+smt machine+smt",
    ]),
  Shape(
    "L4 above L3", "pack:1 l4:2 l3:2 core:2 pu:1",
    ["l3_0 0-3 x4", "numa0 0-7 x8 = package0 machine", "l3_replicas 0-7 x8 = per_l3_replicas"]),
  Shape(
    "two packages, one memory", "pack:2 core:4 pu:2",
    ["package0 0,2,4,6 x4", "numa0 0,2,4,6,8,10,12,14 x8 = machine"]),
  Shape(
    "only an L2 is shared", "pack:1 l2:2 core:2 pu:1",
    ["l2_0 0-1 x2 = l3_0", "numa0 0-3 x4 = package0 machine"]),
  Shape(
    "quota of 2.5 CPUs", "pack:1 l3:2 core:4 pu:1", quota: 2.5,
    ["core0 1 x1", "l3_0 1-2 x2 = numa0 package0 machine"]),
  Shape(
    "a mask inside the second package", "pack:2 [numa] core:4 pu:1", allowed: CPUSet([5, 6]),
    ["core0 5 x1", "numa0 5-6 x2 = package0 machine", "numa0+remote1 5-6 x2"]),
]

@Test("each shape has its placements", arguments: shapes)
func shape(_ shape: Shape) throws {
  let lines = PlacementPlan(try shape.machine()).used.map { place in
    "\(place.name) \(place.cpus) x\(place.threads)"
      + (place.aliases.isEmpty ? "" : " = " + place.aliases.joined(separator: " "))
  }
  for line in shape.expected { #expect(lines.contains(line), "\(line) is not among \(lines)") }
}

@Test("at least 20 distinct machines are described")
func shapeCount() throws {
  #expect(Set(try shapes.map { try $0.machine() }).count >= 20)
}

@Test("a cache in front of a memory is kept, counted, and the last level")
func memorySideCache() throws {
  let machine = try machine(memorySide)
  #expect(machine.memorySideCaches == [.init(level: 1, bytes: 17_179_869_184, sharedBy: CPUSet(0...3))])
  #expect(machine.lastLevelCacheBytes == 17_179_869_184)
  #expect(machine.lastLevelCacheBytes(reachedBy: CPUSet([2])) == 17_179_869_184)
}

@Test("a default run takes a core of each kind, the fast one first")
func hybridDefault() throws {
  let places = try PlacementPlan(try machine(hybrid)).select(PlacementSelection())
  #expect(places.map(\.name) == ["core0:P", "core0:E", "l2_0", "machine"])
}
