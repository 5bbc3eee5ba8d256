import Machines
import Measurement
import Suites
import Testing

private func machine(l3 mebibytes: Int?) -> Machine {
  var machine = Machine()
  let all = CPUSet([0, 1])
  machine.caches = [
    .init(level: 1, bytes: 48 << 10, sharedBy: all), .init(level: 2, bytes: 1 << 20, sharedBy: all),
  ]
  if let mebibytes { machine.caches.append(.init(level: 3, bytes: mebibytes << 20, sharedBy: all)) }
  return machine
}

private let both = CPUSet([0, 1])

/// 96 cores: each with L1 and L2, eight to an L3 of 32 MiB, twelve of those.
private func server() -> Machine {
  var machine = Machine()
  machine.allowed = CPUSet(0..<96)
  for cpu in 0..<96 {
    machine.caches.append(.init(level: 1, bytes: 32 << 10, sharedBy: CPUSet([cpu])))
    machine.caches.append(.init(level: 2, bytes: 1 << 20, sharedBy: CPUSet([cpu])))
  }
  for die in 0..<12 {
    machine.caches.append(.init(level: 3, bytes: 32 << 20, sharedBy: CPUSet(die * 8..<die * 8 + 8)))
  }
  return machine
}

@Suite struct SuiteTests {
  @Test(
    "memory probes fill half of the caches that the placement's threads reach, and eight times the last ones",
    arguments: [
      (CPUSet(0..<1), 1, [16, 512, 16_384, 262_144]),
      (CPUSet(0..<8), 8, [128, 4_096, 16_384, 262_144]),
      (CPUSet(0..<8), 2, [32, 1_024, 16_384, 262_144]),
      (CPUSet(4..<12), 8, [128, 4_096, 32_768, 524_288]),
      (CPUSet(0..<96), 96, [1_536, 49_152, 196_608, 3_145_728]),
    ] as [(CPUSet, Int, [Int])])
  func sizes(cpus: CPUSet, threads: Int, kibibytes: [Int]) {
    let machine = server()
    let place = Placement(name: "p", kind: "machine", cpus: cpus, threads: threads)
    let other = Placement(name: "core0", kind: "core", cpus: CPUSet([0]), threads: 1)
    let cases = Suite.quick(on: machine, cpus: machine.allowed, availableMemory: nil).cases
    var plan = RunPlan(
      cases: cases, placements: [other, place], processes: 1, sampling: SamplingPlan(), seed: 1,
      isa: .baseline, lastLevelCacheBytes: 0, memoryLimit: nil)
    plan.size(on: machine, availableMemory: nil)
    let reads = plan.cases(at: 1).filter { $0.operation == .memoryRead }.compactMap(\.shape.bytes)
    #expect(reads == kibibytes.map { $0 << 10 })
    #expect(plan.sized[1].lastLevelCacheBytes == kibibytes[3] << 7)
    #expect(plan.cases(at: 0).map(\.shapeID) == plan.cases(at: 1).map(\.shapeID))
    let outcomes = plan.outcomes()
    #expect(outcomes.suffix(cases.count).map(\.subject) == plan.cases(at: 1))
    let wide = plan.cases(at: 1).filter { $0.operation == .memoryTriad }.compactMap(\.shape.bytes)
    #expect(3 * (wide.last ?? 0) > kibibytes[3] << 8, "copy and triad leave the caches behind four times")
  }

  @Test("every product and attention stands in both implementations side by side")
  func pairs() {
    let cases = Suite.quick(on: machine(l3: 32), cpus: both, availableMemory: nil).cases.filter {
      $0.phase != .ceiling && !$0.operation.isElementwise && $0.dataType == .f32 && $0.layout == .rowMajor
    }
    for (first, second) in zip(cases, cases.dropFirst()) where first.implementation == .swift {
      #expect(
        second.implementation == .openblas && second.shapeID == first.shapeID && second.shape == first.shape)
    }
    #expect(Set(cases.map(\.operation)) == [.gemm, .attentionPrefill, .attentionDecode])
    #expect(Set(cases.map(\.shapeID)).count == cases.count / 2)
    #expect(cases.filter { $0.phase == .decode }.allSatisfy { $0.cacheMode == .weightsCold })
  }

  @Test("element-wise rows stand once: OpenBLAS has none")
  func elementwise() throws {
    let here = machine(l3: 32)
    for name in Suite.names where name != "layers" {
      let suite = try #require(try Suite.named(name, on: here, cpus: both, availableMemory: nil))
      let rows = suite.cases.filter(\.operation.isElementwise)
      #expect(rows.allSatisfy { $0.implementation == .swift && $0.cacheMode != .weightsCold })
      #expect(Set(rows.map(\.shapeID)).count == rows.count)
      #expect(name == "quick" ? rows.count == 4 : Set(rows.map(\.operation)) == Set(Operation.elementwise))
    }
  }

  @Test(
    "the bandwidth ladder ends at eight times the last cache, or at a quarter of the free memory",
    arguments: [
      (32, nil, 256), (32, 256, 64), (nil, nil, 128), (260, nil, 2080), (4, nil, 128),
    ] as [(Int?, Int?, Int)])
  func ladder(l3: Int?, free: Int?, largest: Int) {
    let cases = Suite.quick(on: machine(l3: l3), cpus: both, availableMemory: free.map { $0 << 20 }).cases
    let reads = cases.filter { $0.operation == .memoryRead }.compactMap(\.shape.bytes)
    #expect(reads.first == 24 << 10)
    #expect(reads == reads.sorted())
    #expect(reads.last == largest << 20)
  }

  @Test("a core, the machine and the largest place between are chosen; the whole is called machine")
  func placements() {
    let core = Placement(name: "core0", kind: "core", cpus: CPUSet([0]), threads: 1)
    let twin = Placement(name: "core1", kind: "core", cpus: CPUSet([1]), threads: 1)
    let cache = Placement(name: "l3_0", kind: "l3", cpus: CPUSet(0..<4), threads: 4)
    let node = Placement(name: "numa0", kind: "numa", cpus: CPUSet(0..<8), threads: 8)
    let all = Placement(
      name: "package0", kind: "package", cpus: CPUSet(0..<16), threads: 16, aliases: ["machine"])
    let chosen = choosePlacements([core, twin, cache, node, all], limit: 3)
    #expect(chosen.map(\.name) == ["core0", "numa0", "machine"])
    #expect(chosen.last?.kind == "machine" && chosen.last?.aliases == ["package0"])
    #expect(choosePlacements([core, all], limit: 3).map(\.name) == ["core0", "machine"])
    #expect(choosePlacements([core], limit: 3).map(\.name) == ["core0"])
  }

  @Test("core types suit the CPU, and a generic one is known by its name only where the CPU has more")
  func coreTypes() {
    var modern = Machine()
    modern.instructionSets = [.baseline, .avx2, .avx512]
    #expect(CoreTypeChoice.names(for: modern).contains("SkylakeX"))
    #expect(CoreTypeChoice.names(for: Machine()) == [nil])
    #expect(CoreTypeChoice.isGeneric("Prescott", on: modern))
    #expect(!CoreTypeChoice.isGeneric("Haswell", on: modern))
    #expect(!CoreTypeChoice.isGeneric("Prescott", on: Machine()))
  }
}

@Suite("Element types in suites") struct TypedSuiteTests {
  @Test("quick shows each type once, and weights packed ahead beside those as they lie")
  func types() {
    let cases = Suite.quick(on: machine(l3: 32), cpus: both, availableMemory: nil).cases
    let squares = cases.filter { $0.shapeID == "square_1024" && $0.implementation == .swift }
    #expect(Set(squares.map(\.dataType)) == [.f32, .f64, .bf16, .f16, .u8i8, .i8])
    let packed = cases.filter { $0.layout == .packed }
    #expect(packed.allSatisfy { $0.implementation == .swift && $0.cacheMode == .weightsCold })
    for row in packed where row.dataType == .f32 {
      #expect(
        cases.contains { $0.shape == row.shape && $0.layout == .rowMajor && $0.implementation == .openblas })
    }
  }

  @Test("each type brings the peak that it is held against, once")
  func peaks() {
    #expect(Suite.typePeaks([.f32, .f16, .q4g32]).isEmpty)
    #expect(Suite.typePeaks([.i8, .u8i8, .q8g32Bytes]).map(\.dataType) == [.u8i8])
    #expect(Suite.typePeaks([.bf16, .f64]).map(\.shapeID) == ["peak_f64", "peak_bf16"])
  }
}
