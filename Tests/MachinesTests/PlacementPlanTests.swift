// Which placements a machine gets, over machines that we describe ourselves.

import Machines
import Testing

/// Two packages; per package two L3 of two cores each; two PUs per core (sibling PU = core + 8).
private func server() -> Machine {
  var machine = Machine()
  machine.coreSets = (0..<8).map { CPUSet([$0, $0 + 8]) }
  machine.caches = (0..<4).map {
    Machine.Cache(level: 3, bytes: 1, sharedBy: CPUSet([2 * $0, 2 * $0 + 1, 2 * $0 + 8, 2 * $0 + 9]))
  }
  machine.packageSets = [0, 4].map { first in
    CPUSet((first..<first + 4).flatMap { [$0, $0 + 8] })
  }
  machine.memoryNodes = zip([0, 4], machine.packageSets).map {
    Machine.NUMANode(number: $0, cpus: $1, bytes: 1)
  }
  machine.allowed = CPUSet(0..<16)
  machine.cores = 8
  return machine
}

private func lines(_ plan: PlacementPlan) -> [String] {
  plan.used.map { "\($0.name) \($0.cpus) x\($0.threads)" }
}

@Test("a server gets core, L3, node and machine, each with and without SMT; the package is the node")
func serverPlacements() {
  let plan = PlacementPlan(server())
  #expect(
    lines(plan) == [
      "core0 1 x1", "core0+smt 1,9 x2", "l3_0 0-1 x2", "l3_0+smt 0-1,8-9 x4", "numa0 0-3 x4",
      "numa0+smt 0-3,8-11 x8", "numa0+remote1 0-3 x4", "machine 0-7 x8", "machine+smt 0-15 x16",
      "machine+interleave 0-7 x8", "l3_replicas 0-7 x8", "l3_replicas+smt 0-15 x16", "numa_replicas 0-7 x8",
      "numa_replicas+smt 0-15 x16",
    ])
  #expect(plan.placement(named: "package0")?.name == "numa0")
  #expect(plan.placement(named: "machine")?.numaNodes == "0,4")
  #expect(plan.dropped.contains(.init(name: "package0", reason: "the same CPUs as numa0")))
  #expect(plan.dropped.contains(.init(name: "l2_0", reason: "no L2 cache is shared by two usable cores")))
}

@Test("a cgroup's CPUs move the first domain and drop what lies outside")
func allowedCut() {
  var machine = server()
  machine.allowed = CPUSet([6, 7, 14])
  #expect(
    lines(PlacementPlan(machine)) == [
      "core0 6 x1", "core0+smt 6,14 x2", "l3_0 6-7 x2", "l3_0+smt 6-7,14 x3",
      "numa0+remote1 6-7 x2",
    ])
  #expect(PlacementPlan(machine).placement(named: "machine+smt")?.cpus == machine.allowed)
  #expect(PlacementPlan(machine).placement(named: "machine")?.numaNodes == "4")
}

@Test("a quota caps threads, rounded down but at least one, and is said", arguments: [(2.9, 2), (0.5, 1)])
func quota(cpus: Double, cap: Int) {
  var machine = server()
  machine.quotaCPUs = cpus
  let plan = PlacementPlan(machine)
  #expect(plan.used.map(\.threads).max() == cap)
  #expect(plan.placement(named: "core0")?.threads == 1)
  #expect(plan.remarks.count == 1)
}

@Test("no usable CPU: no placement, and the reason is given")
func nothingAllowed() {
  var machine = server()
  machine.allowed = CPUSet([99]).intersection(CPUSet(0..<16))
  #expect(PlacementPlan(machine).used.isEmpty)
  #expect(PlacementPlan(machine).dropped.map(\.name) == ["machine"])
}

@Test("a guest with one L3 and one package for each CPU gets one core and the machine")
func privateCaches() {
  var machine = Machine()
  machine.coreSets = (0..<4).map { CPUSet([$0]) }
  machine.caches = (0..<4).map { Machine.Cache(level: 3, bytes: 1, sharedBy: CPUSet([$0])) }
  machine.packageSets = machine.coreSets
  machine.allowed = CPUSet(0..<4)
  machine.hypervisor = "KVM"
  let plan = PlacementPlan(machine)
  #expect(lines(plan) == ["core0 1 x1", "machine 0-3 x4"])
  #expect(plan.used.first?.aliases == ["l3_0", "package0"])
  #expect(
    plan.dropped.contains(.init(name: "machine+smt", reason: "no core shows a second CPU to this guest")))
}

@Test("fast and slow cores: a core and a set of each kind, and the L2 of the slow cluster")
func hybrid() {
  var machine = Machine()
  machine.coreSets = [CPUSet([0, 1]), CPUSet([2, 3])] + (4..<8).map { CPUSet([$0]) }
  machine.caches =
    [CPUSet(0...1), CPUSet(2...3), CPUSet(4...7)].map { .init(level: 2, bytes: 1, sharedBy: $0) }
    + [.init(level: 3, bytes: 1, sharedBy: CPUSet(0...7))]
  machine.kinds = [.init(name: "E", cpus: CPUSet(4...7)), .init(name: "P", cpus: CPUSet(0...3))]
  machine.allowed = CPUSet(0...7)
  let plan = PlacementPlan(machine)
  #expect(
    lines(plan) == [
      "core0:P 2 x1", "core0:P+smt 2-3 x2", "core0:E 4 x1", "l2_0 4-7 x4", "l3_0 0,2,4-7 x6",
      "l3_0+smt 0-7 x8", "kind:P 0,2 x2", "kind:P+smt 0-3 x4",
    ])
  #expect(plan.placement(named: "kind:E")?.name == "l2_0")
  #expect(plan.placement(named: "machine")?.coreKind == "E+P")
  #expect(plan.placement(named: "kind:P")?.coreKind == "P")
}

@Test("CPUs without reported cores or caches count as cores of their own")
func bareCPUs() {
  var machine = Machine()
  machine.allowed = CPUSet(0...1)
  let plan = PlacementPlan(machine)
  #expect(lines(plan) == ["core0 1 x1", "machine 0-1 x2"])
  #expect(plan.dropped.contains(.init(name: "l3_0", reason: "no cache is reported")))
  #expect(plan.dropped.contains(.init(name: "package0", reason: "no package is reported")))
}

@Suite struct SelectionTests {
  private func names(_ machine: Machine, _ selection: PlacementSelection) -> [String] {
    do { return try PlacementPlan(machine).select(selection).map { "\($0.name) \($0.cpus)" } } catch {
      return [error.reason]
    }
  }

  @Test("memory: a node is bound to its own, remote to another, interleaved on all")
  func memory() throws {
    let plan = PlacementPlan(server())
    let asked = PlacementSelection(names: [
      "numa0", "numa1", "numa0+remote1", "machine+interleave", "machine",
    ])
    let chosen = try plan.select(asked)
    #expect(chosen.map(\.memoryNodes.description) == ["0", "4", "4", "0,4", ""])
    #expect(chosen.map(\.memoryPolicyName) == ["bind", "bind", "bind", "interleave", "first_touch"])
    #expect(chosen[2].memoryPolicy == .remote)
  }

  @Test("replicas: one worker for each domain, its cores alone")
  func replicas() throws {
    let place = try PlacementPlan(server()).select(.init(names: ["per_l3_replicas"]))[0]
    #expect(place.name == "l3_replicas" && place.threads == 8)
    #expect(place.replicaSets.map(\.description) == ["0-1", "2-3", "4-5", "6-7"])
    #expect(place.workers.map(\.threads) == [2, 2, 2, 2])
  }

  @Test(
    "names, thread counts, SMT and memory make the places; what the machine lacks is refused",
    arguments: [
      (.init(names: ["sweep:compact"]), ["compact1 1", "compact2 0-1", "compact4 0-3", "compact8 0-7"]),
      (
        .init(names: ["sweep:scatter"]),
        ["scatter1 1", "scatter2 1,4", "scatter4 1-2,4,6", "scatter8 0-7"]
      ),
      (.init(threads: [1, 4]), ["compact1 1", "compact4 0-3"]),
      (.init(threads: [2], smt: .both), ["compact2 0-1", "compact2+smt 0-1,8-9"]),
      (.init(names: ["numa0"], threads: [1, 4]), ["numa0x1 1", "numa0 0-3"]),
      (.init(names: ["core0"], smt: .on, numa: .remote), ["core0+smt+remote1 1,9"]),
      (.init(names: ["package0"]), ["package0 0-3"]),
      (.init(names: ["machine", "numa0", "package0"]), ["machine 0-7", "numa0 0-3"]),
      (.init(names: ["numa0x2+remote1"]), ["numa0x2+remote1 0-1"]),
      (.init(numa: .remote), ["core0+remote1 1", "numa0+remote1 0-3"]),
      (
        .init(threads: [9]),
        [
          "9 threads are more than the 8 cores that this process may use; ask for at most that, or name a place "
            + "with '--placement'"
        ]
      ),
      (
        .init(names: ["machine+smt"], smt: .off),
        ["'machine+smt' says something else than --smt off; leave out one of the two"]
      ),
      (
        .init(names: ["machine+remote1"]),
        ["memory 1 is next to the CPUs of 'machine'; ask for another node or a smaller place"]
      ),
    ] as [(PlacementSelection, [String])])
  func selection(_ asked: PlacementSelection, expected: [String]) {
    #expect(names(server(), asked) == expected)
  }

  @Test("one node, no second CPU: remote, interleaved, SMT and replicas are refused", arguments: 0..<4)
  func bare(index: Int) {
    var machine = Machine()
    machine.allowed = CPUSet(0...1)
    let asked: [PlacementSelection] = [
      .init(numa: .remote), .init(numa: .interleave), .init(smt: .on), .init(names: ["replicas"]),
    ]
    #expect(throws: PlacementSelectionError.self) { try PlacementPlan(machine).select(asked[index]) }
  }

  @Test("a quota makes equal places one, and binds the worker to the CPUs that it uses")
  func quota() throws {
    var machine = server()
    machine.quotaCPUs = 2
    let choice = try PlacementPlan(machine).choose(.init(names: ["l3_0", "numa0", "machine"]))
    #expect(choice.places.map { "\($0.name) \($0.cpus)" } == ["l3_0 0-1"])
    #expect(choice.leftOut.map(\.name) == ["numa0", "machine"])
  }
}

@Test("a set of 16,384 meets another in one pass, and knows its members")
func largeSets() {
  let all = CPUSet(0..<16_384)
  #expect(all.intersection(CPUSet([5, 16_383, 20_000])) == CPUSet([5, 16_383]))
  #expect(CPUSet([5]).isSubset(of: all) && !CPUSet([16_384]).isSubset(of: all))
  #expect(CPUSet([3, 1, 3]).cpus == [1, 3] && all.contains(0) && !all.contains(-1))
}
