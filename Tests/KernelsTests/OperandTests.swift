// Checks in brief, operands that rows share, and what rotates.

import Kernels
import Machines
import Measurement
import Quantities
import Testing

private let isa =
  [InstructionSet.avx512, .avx2, .neon, .baseline].first { Kernels.supports($0) } ?? .baseline

@Suite("Checks in brief") struct BriefCheckTests {
  @Test("pass where the full check passes", arguments: Implementation.builtIn)
  func passes(implementation: Implementation) throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(2)))
    let attention = Shape.attention(
      batch: 2, headsQ: 6, headsKV: 2, headDim: 48, seqQ: 1, seqKV: 67, causal: false)
    var prompt = attention
    prompt.seqQ = 30
    for (operation, shape) in [
      (Operation.gemm, .gemm(m: 40, n: 70, k: 90)), (.gemm, .gemm(m: 1, n: 1, k: 3)),
      (.attentionDecode, attention), (.attentionPrefill, prompt),
    ] {
      let kernel = try Kernels.prepare(
        operation, shape: shape, implementation: implementation, isa: isa, team: team, operandSets: 1, seed: 3
      )
      let check = kernel.verifyBriefly(seed: 9)
      #expect(check.passed && check.reference.contains("double oracle"), "\(operation) \(check)")
    }
  }

  @Test("pass for the memory probes", arguments: [Operation.fmaPeak, .memoryRead, .memoryCopy, .memoryTriad])
  func probes(operation: Operation) throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(2)))
    let kernel = try Kernels.prepare(
      operation, shape: .memory(bytes: 100_004), implementation: .swift, isa: isa, team: team, operandSets: 1,
      seed: 3)
    #expect(kernel.verifyBriefly(seed: 9).passed)
  }

  @Test("find a wrong element among those that they look at, and always look at the corners")
  func finds() {
    let (m, n, k) = (30, 40, 20)
    let a = [Float](repeating: 1, count: m * k)
    let b = [Float](repeating: 2, count: k * n)
    var c = [Float](repeating: 40, count: m * n)
    let elements = briefElements(rows: m, columns: n, seed: 4)
    #expect(elements.count > 40 && elements.count <= 64)
    for corner in [0, n - 1, (m - 1) * n, m * n - 1] { #expect(elements.contains(corner)) }
    func check() -> Verification {
      checkGEMM(elements: elements, n: n, k: k, c: { Double(c[$0]) }) { row, column in
        { (Double(a[row * k + $0]), Double(b[$0 * n + column])) }
      }
    }
    #expect(check().passed)
    for element in elements.prefix(5) {
      c[element] = .nan
      #expect(!check().passed)
      c[element] = 40.001
      #expect(!check().passed)
      c[element] = 40
    }
  }

  @Test("the threads of a team find the same as one", arguments: [true, false])
  func parallel(isRight: Bool) throws {
    let n = 300
    let a = [Float](repeating: 0.5, count: n * n)
    var c = [Float](repeating: 75, count: n * n)
    if !isRight { c[12_345] = 75.1 }
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(2)))
    let alone = checkGEMM(m: n, n: n, k: n, a: a, b: a, c: c, seed: 1)
    #expect(alone == checkGEMM(m: n, n: n, k: n, a: a, b: a, c: c, seed: 1, team: team))
    #expect(alone.passed == isRight)
  }
}

@Suite("Operands") struct OperandTests {
  @Test("only the weights are multiplied where only they rotate")
  func rotation() throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    func bytes(_ rotating: Rotation) throws -> Double {
      try Kernels.prepare(
        .gemm, shape: .gemm(m: 4, n: 8, k: 16), implementation: .swift, isa: isa, team: team, operandSets: 3,
        rotating: rotating, seed: 1
      ).residentBytes.value
    }
    #expect(try bytes(.all) == Double(3 * 4 * (4 * 16 + 16 * 8 + 4 * 8)))
    #expect(try bytes(.weights) == Double(4 * (4 * 16 + 3 * 16 * 8 + 4 * 8)))
  }

  @Test("each rotated set is verified like the first", arguments: Implementation.builtIn)
  func rotated(implementation: Implementation) throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(2)))
    let shape = Shape.attention(
      batch: 1, headsQ: 4, headsKV: 2, headDim: 32, seqQ: 1, seqKV: 90, causal: false)
    let kernel = try Kernels.prepare(
      .attentionDecode, shape: shape, implementation: implementation, isa: isa, team: team, operandSets: 3,
      rotating: .weights, seed: 1)
    var errors: Set<Double> = []
    for _ in 0..<3 {
      let check = kernel.verify(seed: 1)
      #expect(check.passed)
      errors.insert(check.maxAbsError)
      kernel.rotate()
    }
    #expect(errors.count > 1)  // other keys and values, other rounding
  }

  @Test("operands repeat after a prime number of elements, the same for any number of threads")
  func numbers() throws {
    let count = 2_300_000
    let one = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    let two = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(2)))
    let numbers = try randomValues(count, team: one)
    #expect(numbers == (try randomValues(count, team: two)))
    #expect(numbers[5] == numbers[5 + 1_048_573] && numbers[5] != numbers[5 + 1_048_576])
    #expect(numbers.allSatisfy { abs($0) <= 1 } && Set(numbers.prefix(1_000)).count > 990)
  }

  @Test("a shorter array is the front of a longer one where sizes share memory")
  func fronts() throws {
    let whole = try #require(Buffer(upTo: 1 << 24))
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(2)))
    for (earlier, count) in [(0, 600_000), (600_000, 2_500_000)] {
      #expect(whole.grow(to: count))
      whole.fillRandom(earlier..<count, seed: 7, team: team)
    }
    #expect(!whole.grow(to: 1 << 40), "beyond the reservation")
    let alone = try Buffer(2_500_000)
    alone.fillRandom(seed: 7, team: team)
    #expect((0..<2_500_000).allSatisfy { whole.start[$0] == alone.start[$0] })
    let front = Buffer(front: 600_000, of: whole)
    #expect(front.count == 600_000 && front.start == whole.start)
  }

  @Test("kernels of one process that share operands are right whatever ran between them")
  func shared() throws {
    let cpus = CPUs.allowed.prefix(1)
    Kernels.shareOperands(atMost: 40_000_000, onOneNode: true)
    defer { Kernels.shareOperands(atMost: 0) }
    let team = try WorkerTeam(cpus: Array(cpus))
    func product(_ m: Int, _ n: Int, _ k: Int) throws -> any PreparedKernel {
      try Kernels.prepare(
        .gemm, shape: .gemm(m: m, n: n, k: k), implementation: .swift, isa: isa, team: team, operandSets: 2,
        seed: 11)
    }
    let small = try product(3, 900, 800)
    #expect(small.verify(seed: 1).passed)
    let large = try product(5, 1_700, 1_100)
    #expect(large.verify(seed: 1).passed)
    // More than may be kept: the oldest go, those in use stay valid.
    let largest = try product(2, 3_000, 3_100)
    #expect(largest.verify(seed: 1).passed)
    // Zeros would be right, too: A and B of each set hold none to speak of. C comes third.
    for (place, memory) in [small, large, largest].flatMap(\.operandMemory).enumerated() where place % 3 < 2 {
      let numbers = memory.bindMemory(to: Float.self)
      #expect(numbers.count { $0 == 0 } * 100 <= numbers.count)
    }
    for kernel in [small, large, largest] {
      kernel.rotate()
      #expect(kernel.verify(seed: 2).passed)
    }
  }
}

@Suite("Expected products") struct GEMMExpectationTests {
  @Test("are not taken from a kernel of the same sizes whose A is another")
  func rotations() throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    // Sets of a kernel that rotates its weights share A; those of a kernel that rotates everything do not.
    for rotating in [Rotation.all, .weights, .all] {
      let kernel = try Kernels.prepare(
        .gemm, shape: .gemm(m: 7, n: 40, k: 30), implementation: .swift, isa: isa, team: team, operandSets: 2,
        rotating: rotating, seed: 21)
      kernel.rotate()
      #expect(kernel.verify(seed: 4).passed)
    }
  }

  @Test("of large problems find one wrong element anywhere")
  func window() {
    // Too many products to look at all columns of the sampled rows.
    let (m, n, k) = (70, 8_000, 2_100)
    let a = (0..<m * k).map { Float($0 / k % 3 + 1) }
    let b = (0..<k * n).map { Float($0 % n % 5 + 1) }
    var c = (0..<m * n).map { Float(($0 / n % 3 + 1) * ($0 % n % 5 + 1) * k) }
    let expected = GEMMExpectation(m: m, n: n, k: k, a: a, b: b, seed: 5)
    #expect(expected.check(c).passed)
    #expect(expected.check(c).reference.contains("64 random rows (7440 columns of each)"))
    for place in [0, n - 1, 17 * n + 333, m * n - 1] {
      let right = c[place]
      c[place] = right + 100
      #expect(!expected.check(c).passed)
      c[place] = .nan
      #expect(!expected.check(c).passed)
      c[place] = right
    }
  }
}
