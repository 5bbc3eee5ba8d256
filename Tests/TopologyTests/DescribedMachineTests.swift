// Real shapes of machines, described by us: what becomes of each, and which placements it gets.

import Machines
import Testing
import Topology

@Suite struct SyntheticTests {
  @Test("a described server has its counts, and is nobody's host")
  func counts() throws {
    let machine = try Topology(input: "pack:2 [numa] l3:2 l2:4 core:1 pu:2").machine()
    #expect(machine.packages == 2)
    #expect(machine.numaNodes == 2)
    #expect(machine.cores == 16)
    #expect(machine.pus == 32)
    #expect(machine.cacheCount(level: 3) == 4)
    #expect(machine.cacheCount(level: 2) == 16)
    #expect(machine.allowed.count == 32)
    #expect(machine.topologyTrust == .imported)
    #expect(machine.instructionSets.isEmpty)
    #expect(machine.quotaCPUs == nil)
  }

  @Test(
    "each shape gets the placements that its sharing gives",
    arguments: [
      (
        "pack:2 l3:2 core:3 pu:1",
        ["core0 1", "l3_0 0-2", "numa0 0-11", "package0 0-5", "l3_replicas 0-11"]
      ),
      (
        "pack:1 [numa] l3:2 l2:2 core:2 pu:2",
        [
          "core0 2", "core0+smt 2-3", "l2_0 0,2", "l2_0+smt 0-3", "l3_0 0,2,4,6", "l3_0+smt 0-7",
          "numa0 0,2,4,6,8,10,12,14", "numa0+smt 0-15",
          "l3_replicas 0,2,4,6,8,10,12,14", "l3_replicas+smt 0-15",
        ]
      ),
      ("core:4 pu:2", ["core0 2", "core0+smt 2-3", "numa0 0,2,4,6", "numa0+smt 0-7"]),
      ("pack:4 l3:1 core:1 pu:1", ["core0 1", "numa0 0-3"]),
      ("pu:1", ["core0 0"]),
    ])
  func shapes(description: String, expected: [String]) throws {
    #expect(try placements(Topology(input: description).machine()) == expected)
  }

  @Test("sizes that a description does not give stay unknown; those that it gives are read")
  func sizes() throws {
    let bare = try Topology(input: "pack:1 l3:2 core:2 pu:1").machine()
    #expect(bare.memoryBytes == 0)
    #expect(bare.caches.map(\.bytes) == [0, 0])
    #expect(bare.cacheBytes(level: 3) == nil)
    let stated = try Topology(input: "[numa(memory=8589934592)] l3:2(size=33554432) core:2 pu:1").machine()
    #expect(stated.memoryBytes == 8_589_934_592)
    #expect(stated.cacheBytes(level: 3) == 33_554_432)
  }

  @Test("two descriptions of one shape share an identity; another shape has another")
  func identity() throws {
    let first = try Topology(input: "pack:2 core:4 pu:2").machine()
    let again = try Topology(input: "package:2 core:4 pu:2").machine()
    let other = try Topology(input: "pack:2 core:4 pu:1").machine()
    #expect(first.machineID == again.machineID)
    #expect(first.machineID != other.machineID)
    #expect(first.machineSlug.hasSuffix("-2x4c"))
  }
}

@Suite struct XMLTests {
  /// One package, two core complexes of two cores with an L3 each, SMT, two kinds if asked for.
  private func desktop(kinds: [(cpus: UInt64, infos: [(String, String)])] = []) -> Described {
    let complexes = [0, 1].map { index -> Node in
      let first = UInt64(0b11) << UInt64(4 * index)
      let second = UInt64(0b1100) << UInt64(4 * index)
      return .cache(
        level: 3, first | second, bytes: 33_554_432,
        [.core(first, index: 2 * index), .core(second, index: 2 * index + 1)])
    }
    let package = Node(
      "Package", 0xff, number: 0,
      infos: [
        ("CPUVendor", "AuthenticAMD"), ("CPUFamilyNumber", "25"), ("CPUModelNumber", "33"),
        ("CPUStepping", "2"), ("CPUModel", "AMD Ryzen 9 5900X 12-Core Processor"),
      ], [.memory(0, 0xff, bytes: 1_000_000)] + complexes)
    return Described(
      root: Node(
        "Machine", 0xff, infos: [("Architecture", "x86_64"), ("HostName", "secret-host")], [package]),
      kinds: kinds)
  }

  @Test("processor, caches and memory are read")
  func identity() throws {
    let machine = try machine(desktop())
    #expect(machine.vendor == "AuthenticAMD")
    #expect([machine.family, machine.model, machine.stepping] == ["25", "33", "2"])
    #expect(machine.machineSlug == "amd-ryzen-9-5900x-1x4c")
    #expect(machine.architecture == "x86_64")
    #expect(machine.caches.map(\.bytes) == [33_554_432, 33_554_432])
    #expect(machine.memoryNodes == [.init(number: 0, cpus: CPUSet(0...7), bytes: 1_000_000)])
    #expect(machine.isThisSystem == false)
  }

  @Test("two core complexes: the first L3 is a placement, the second is not")
  func complexes() throws {
    #expect(
      placements(try machine(desktop())) == [
        "core0 2", "core0+smt 2-3", "l3_0 0,2", "l3_0+smt 0-3", "numa0 0,2,4,6", "numa0+smt 0-7",
        "l3_replicas 0,2,4,6", "l3_replicas+smt 0-7",
      ])
  }

  @Test("kinds of cores get a core and a whole each")
  func hybrid() throws {
    let machine = try machine(
      desktop(kinds: [
        (0xf0, [("CoreType", "IntelAtom"), ("FrequencyMaxMHz", "3900")]),
        (0x0f, [("CoreType", "IntelCore"), ("FrequencyMaxMHz", "5200")]),
      ]))
    #expect(Set(machine.coreKinds) == ["P", "E"])
    let plan = PlacementPlan(machine)
    #expect(plan.placement(named: "core0:P")?.cpus == CPUSet([2]))
    #expect(plan.placement(named: "core0:E")?.cpus == CPUSet([4]))
    #expect(plan.placement(named: "kind:E")?.cpus == CPUSet([4, 6]))
    #expect(plan.placement(named: "kind:P")?.name == "l3_0")
  }

  @Test("kinds that differ by clock jitter only are one")
  func jitter() throws {
    let machine = try machine(
      desktop(kinds: [(0xf0, [("FrequencyMaxMHz", "4800")]), (0x0f, [("FrequencyMaxMHz", "5000")])]))
    #expect(machine.coreKinds.isEmpty)
  }

  @Test("PUs outside the cgroup are counted but not used")
  func cgroup() throws {
    var described = desktop()
    described.allowed = 0b1010_0000
    let machine = try machine(described)
    #expect(machine.pus == 8)
    #expect(machine.allowed == CPUSet([5, 7]))
    #expect(placements(machine) == ["core0 5", "l3_0 5,7"])
  }

  @Test("PUs that are switched off are named and not used")
  func offline() throws {
    let cores = [Node.core(0b1, index: 0), Node.core(0b1100, index: 1)]
    let package = Node("Package", 0b1101, number: 0, [.memory(0, 0b1101, bytes: 1)] + cores)
    let machine = try machine(Described(root: Node("Machine", 0b1101, [package]), complete: 0b1111))
    #expect(machine.offline == CPUSet([1]))
    #expect(machine.pus == 3)
    #expect(placements(machine) == ["core0 2", "core0+smt 2-3", "numa0 0,2", "numa0+smt 0,2-3"])
  }

  @Test("NUMA numbers with holes are kept; memories without CPUs are no placement")
  func sparseNUMA() throws {
    func package(_ number: Int, _ first: Int) -> Node {
      let cpus = UInt64(0b11) << UInt64(first)
      let cores = [first, first + 1].map { Node.core(1 << UInt64($0), index: $0) }
      let memories: [Node] = [.memory(number, cpus, bytes: 1), .memory(number + 1, cpus, bytes: 2)]
      return Node("Package", cpus, number: number, memories + cores)
    }
    // A third memory hangs at the top: hwloc says that all CPUs are near it.
    let root = Node("Machine", 0b1111, [.memory(20, 0b1111, bytes: 3), package(0, 0), package(8, 2)])
    let machine = try machine(Described(root: root, nodes: [0, 1, 8, 9, 20]))
    #expect(machine.memoryNodes.map(\.number) == [0, 1, 8, 9, 20])
    #expect(machine.memoryNodes.map(\.cpus.description) == ["0-1", "", "2-3", "", ""])
    #expect(machine.numaNodes == 2)
    let plan = PlacementPlan(machine)
    #expect(plan.placement(named: "numa0")?.cpus == CPUSet([0, 1]))
    #expect(plan.placement(named: "machine")?.numaNodes == "0,8")
  }

  @Test("a guest's one-CPU caches and packages are told apart from shared ones")
  func guest() throws {
    let packages = (0..<4).map { index -> Node in
      let cpus = UInt64(1) << UInt64(index)
      return Node(
        "Package", cpus, number: index,
        [.cache(level: 3, cpus, bytes: 268_435_456, [.core(cpus, index: 0)])])
    }
    let memory = Node.memory(0, 0b1111, bytes: 1)
    let root = Node("Machine", 0b1111, [memory] + packages)
    let machine = try machine(Described(root: root))
    #expect(machine.packages == 4)
    #expect(machine.cacheCount(level: 3) == 4)
    #expect(placements(machine) == ["core0 1", "numa0 0-3"])
  }
}

@Suite struct LiveTests {
  @Test("this host has PUs that it may use, inside the machine, and the identity repeats")
  func live() throws {
    let machine = try Topology.live().machine()
    #expect(machine.isThisSystem)
    #expect(machine.pus > 0)
    #expect(!machine.allowed.isEmpty)
    #expect(machine.instructionSets.first == .baseline)
    #expect(!machine.architecture.isEmpty)
    #expect(try Topology.live().machine().machineID == machine.machineID)
    #expect(!PlacementPlan(machine).used.isEmpty)
  }
}
