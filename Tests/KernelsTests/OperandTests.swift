// Checks in brief, operands that rows share, and what rotates.

import Kernels
import Machines
import Measurement
import Quantities
import Testing

private let isa =
  [InstructionSet.avx512, .avx2, .neon, .baseline].first { Kernels.supports($0) } ?? .baseline

@Suite("Checks in brief") struct BriefCheckTests {
  @Test("pass where the full check passes", arguments: Implementation.allCases)
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
    #expect(checkGEMM(elements: elements, n: n, k: k, a: a, b: b, c: c).passed)
    for element in elements.prefix(5) {
      c[element] = .nan
      #expect(!checkGEMM(elements: elements, n: n, k: k, a: a, b: b, c: c).passed)
      c[element] = 40.001
      #expect(!checkGEMM(elements: elements, n: n, k: k, a: a, b: b, c: c).passed)
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

  @Test("each rotated set is verified like the first", arguments: Implementation.allCases)
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
}
