// Memory policies and the proof of where pages are, as far as this kernel tells.

import Glibc
import Machines
import Measurement
import Testing

private func place(_ policy: MemoryPolicy, nodes: [Int], of cpus: String = "0") -> Placement {
  Placement(
    name: "p", kind: "numa", cpus: CPUSet([0]), threads: 1, numaNodes: cpus, memoryPolicy: policy,
    memoryNodes: CPUSet(nodes))
}

@Suite(.serialized) struct MemoryPolicyTests {
  @Test("what the column memory_policy says follows from policy and nodes")
  func names() {
    #expect(place(.local, nodes: []).memoryPolicyName == "first_touch")
    #expect(place(.local, nodes: [0]).memoryPolicyName == "bind")
    #expect(place(.remote, nodes: [1]).memoryPolicyName == "bind")
    #expect(place(.interleave, nodes: [0, 1]).memoryPolicyName == "interleave")
  }

  @Test("a policy that the kernel takes reads back with its nodes; a reset leaves first touch")
  func applied() throws {
    #expect(MemoryBinding.apply(place(.local, nodes: [])) == .unneeded)
    for (policy, name) in [(MemoryPolicy.local, "bind"), (.interleave, "interleave")] {
      guard MemoryBinding.apply(place(policy, nodes: [0])) == .applied else { return }
      let found = try #require(MemoryBinding.current())
      #expect(found.policy == name)
      #expect(found.nodes == CPUSet([0]))
    }
    #expect(MemoryBinding.reset())
    #expect(MemoryBinding.current()?.policy == "first_touch")
  }

  @Test("a node that does not exist is refused with a reason, not a failure", arguments: [900, 5_000])
  func missingNode(node: Int) {
    guard case .refused(let reason) = MemoryBinding.apply(place(.remote, nodes: [node])) else {
      Issue.record("a node that does not exist was accepted")
      return
    }
    #expect(!reason.isEmpty)
  }
}

@Test(
  "pages are where they were asked to be when all are, and interleaved ones on every node",
  arguments: [
    (MemoryPolicy.local, [], [0: 9], true), (.local, [], [0: 8, 1: 1], false),
    (.remote, [1], [1: 9], true), (.remote, [1], [0: 1, 1: 8], false),
    (.interleave, [0, 1], [0: 40, 1: 40], true), (.interleave, [0, 1], [0: 80], false),
  ] as [(MemoryPolicy, [Int], [Int: Int], Bool)])
func whereAsked(policy: MemoryPolicy, nodes: [Int], pages: [Int: Int], expected: Bool) {
  let found = MemoryLocation(hugePageFraction: nil, pagesOnNode: pages)
  #expect(found.isWhereAsked(place(policy, nodes: nodes)) == expected)
}

@Test("without pages or nodes the answer is unknown")
func unknownLocation() {
  #expect(
    MemoryLocation(hugePageFraction: nil, pagesOnNode: nil).isWhereAsked(place(.local, nodes: [])) == nil)
  #expect(
    MemoryLocation(hugePageFraction: nil, pagesOnNode: [0: 1]).isWhereAsked(place(.local, nodes: [], of: ""))
      == nil)
}

@Test("the huge share is read from the mappings that hold the memory, each by its own share")
func hugeShare() {
  let memory = [(0x20_0000, 0x20_0000), (0x80_0000, 0x10_0000)].map { start, count in
    UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: start), count: count)
  }
  let maps = """
    00200000-00400000 rw-p 00000000 00:00 0
    Rss:                2048 kB
    AnonHugePages:      2048 kB
    00800000-00a00000 rw-p 00000000 00:00 0
    Rss:                1024 kB
    AnonHugePages:         0 kB
    00c00000-00e00000 rw-p 00000000 00:00 0
    AnonHugePages:      2048 kB
    VmFlags: rd wr
    """
  // Two of three MiB lie in the first mapping, which is huge; the third mapping is someone else's.
  #expect(MemoryLocation.hugePages(memory) { maps }.map { ($0 * 300).rounded() } == 200)
  #expect(MemoryLocation.hugePages(memory) { nil } == nil)
  #expect(MemoryLocation.hugePages(memory) { "00c00000-00e00000 rw-p 0 00:00 0\nAnonHugePages: 8 kB" } == nil)
  #expect(MemoryLocation.hugePages([]) { maps } == nil)
}

@Test("touched memory of this process lies on nodes that exist, where the kernel tells")
func ownMemory() {
  let bytes = [UInt8](repeating: 1, count: 1 << 20)
  let found = bytes.withUnsafeBytes { MemoryLocation(of: [$0], pages: 64) }
  if let fraction = found.hugePageFraction { #expect((0...1).contains(fraction)) }
  guard let pages = found.pagesOnNode else { return }
  #expect(pages.keys.allSatisfy { access("/sys/devices/system/node/node\($0)", F_OK) == 0 })
  #expect((32...80).contains(pages.values.reduce(0, +)))
}
