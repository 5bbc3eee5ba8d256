// The element-wise kernels through their door: every instruction set, shapes around its registers, several
// threads, against the Double oracles.

import Kernels
import Machines
import Measurement
import Quantities
import Testing

let elementwiseISAs = InstructionSet.allCases.filter { Kernels.supports($0) }

@Suite("Element-wise kernels") struct ElementwiseTests {
  /// Shapes of an operation: one element, below a register, around four registers of each set, several rows.
  static func shapes(_ operation: Operation) -> [Shape] {
    let sizes = [(1, 1), (1, 3), (2, 15), (3, 17), (5, 63), (1, 64), (2, 65), (7, 130), (4, 256), (3, 1000)]
    switch operation {
    case .ropeHalf, .ropeInterleaved:
      return [(1, 1, 2), (2, 3, 6), (3, 2, 32), (1, 5, 34), (5, 3, 64), (2, 8, 128), (3, 1, 256)].map {
        .rope(tokens: $0.0, heads: $0.1, headDim: $0.2)
      }
    case .softmax:
      return sizes.map { .rows($0.0, columns: $0.1) }
        + [(1, 1), (5, 5), (40, 70), (65, 65)].map { .rows($0.0, columns: $0.1, causal: true) }
        + [.rows(1, columns: 20_001)]
    case .embeddingGather: return sizes.map { .rows($0.0, columns: $0.1, top: 9) }
    case .routerTopK:
      return [(1, 1, 1), (3, 8, 2), (2, 8, 8), (5, 17, 1), (4, 128, 8), (3, 256, 8), (2, 300, 5)].map {
        .rows($0.0, columns: $0.1, top: $0.2)
      }
    case .sample:
      return [(1, 1, 1), (3, 10, 10), (5, 100, 1), (4, 1000, 50), (2, 5000, 256)].map {
        .rows($0.0, columns: $0.1, top: $0.2)
      }
    case .argmax: return sizes.map { .rows($0.0, columns: $0.1) } + [.rows(1, columns: 30_000)]
    default: return sizes.map { .rows($0.0, columns: $0.1) }
    }
  }

  @Test("agree with the double oracle at every edge", arguments: elementwiseISAs, Operation.elementwise)
  func edges(isa: InstructionSet, operation: Operation) throws {
    for threads in [1, 2, 3] {
      let team = try WorkerTeam(cpus: (0..<threads).map { CPUs.allowed[$0 % CPUs.allowed.count] })
      for (index, shape) in ElementwiseTests.shapes(operation).enumerated() {
        let kernel = try Kernels.prepare(
          operation, shape: shape, implementation: .swift, isa: isa, team: team, operandSets: 2,
          seed: UInt64(100 * threads + index))
        let first = kernel.verify(seed: 1)
        #expect(first.passed, "\(shape) \(first)")
        kernel.rotate()
        let second = kernel.verifyBriefly(seed: 2)
        #expect(second.passed, "\(shape) \(second)")
      }
    }
  }

  @Test(
    "a result that is streamed past the caches is complete", arguments: elementwiseISAs,
    [
      (Operation.rmsnorm, Shape.rows(2049, columns: 4096)), (.residualAdd, .rows(2049, columns: 4096)),
      (.siluMul, .rows(3, columns: 2_800_000)), (.ropeHalf, .rope(tokens: 2050, heads: 32, headDim: 128)),
      (.residualRMSNorm, .rows(2049, columns: 4096)),
    ])
  func streamed(isa: InstructionSet, wanted: (Operation, Shape)) throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(2)))
    let kernel = try Kernels.prepare(
      wanted.0, shape: wanted.1, implementation: .swift, isa: isa, team: team, operandSets: 1, seed: 3)
    let result = kernel.verify(seed: 1)
    #expect(result.passed, "\(result)")
  }

  @Test("count their work: every row once read and once written")
  func work() {
    let norm = Kernels.work(.rmsnorm, shape: .rows(3, columns: 10))
    #expect(norm == Work(flop: FLOP(4 * 30), bytes: Bytes(4 * (60 + 10))))
    #expect(Kernels.work(.siluMul, shape: .rows(3, columns: 10)).bytes == Bytes(4 * 90))
    // Rows of 3, 4 and 5 of 5 columns are read, all 15 are written.
    #expect(Kernels.work(.softmax, shape: .rows(3, columns: 5, causal: true)).bytes == Bytes(4 * (12 + 15)))
    #expect(Kernels.work(.quantiseRows, shape: .rows(2, columns: 8)).bytes == Bytes(4 * (16 + 4 + 2)))
    #expect(
      Kernels.work(.ropeHalf, shape: .rope(tokens: 2, heads: 3, headDim: 8)).bytes == Bytes(4 * (96 + 16)))
  }

  static let refused: [(Operation, Shape)] = [
    (.rmsnorm, .rows(0, columns: 4)), (.rmsnorm, .rows(4, columns: 0)), (.argmax, .memory(bytes: 64)),
    (.rmsnorm, .rows(.max, columns: .max)), (.ropeHalf, .rope(tokens: 2, heads: 2, headDim: 7)),
    (.ropeHalf, .rows(2, columns: 8)), (.softmax, .rows(5, columns: 4, causal: true)),
    (.routerTopK, .rows(2, columns: 8, top: 9)), (.routerTopK, .rows(2, columns: 8)),
    (.sample, .rows(1, columns: 1000, top: 257)), (.embeddingGather, .rows(2, columns: 8)),
  ]

  @Test("refuse what they cannot run, with a reason", arguments: refused)
  func refusal(operation: Operation, shape: Shape) throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    for implementation in Implementation.builtIn {
      let error = #expect(throws: KernelError.self) {
        _ = try Kernels.prepare(
          operation, shape: shape, implementation: implementation, isa: .baseline, team: team,
          operandSets: 1, seed: 1)
      }
      #expect(error?.reason.isEmpty == false)
    }
  }

  @Test("OpenBLAS has none of them, and says so", arguments: Operation.elementwise)
  func peer(operation: Operation) throws {
    #expect(operation.implementations == [.swift])
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    let shape = ElementwiseTests.shapes(operation)[3]
    let error = #expect(throws: KernelError.self) {
      _ = try Kernels.prepare(
        operation, shape: shape, implementation: .openblas, isa: .baseline, team: team, operandSets: 1,
        seed: 1)
    }
    #expect(error?.reason.contains("OpenBLAS") == true)
  }
}
