// Products through the door of the kernels: every element type, layout, transposition, batch and group against the
// oracle.

import Kernels
import Machines
import Measurement
import Quantities
import Testing

private let runnable = InstructionSet.allCases.filter { Kernels.supports($0) }

@Suite("Products of every element type") struct TypedProductTests {
  private func team(_ threads: Int) throws -> WorkerTeam {
    try WorkerTeam(cpus: Array(CPUs.allowed.prefix(threads)))
  }

  /// Few rows and many, edges of tiles and groups of scales, one column, more panels than threads and fewer.
  static let sizes = [(1, 1, 1), (1, 200, 300), (5, 65, 129), (16, 40, 257), (17, 130, 70), (61, 97, 33)]

  private func prepared(
    _ operation: Operation, _ shape: Shape, _ type: DataType, _ layout: WeightLayout,
    _ isa: InstructionSet, _ team: WorkerTeam, by implementation: Implementation = .swift, sets: Int = 1
  ) throws -> (any PreparedKernel)? {
    do throws(KernelError) {
      return try Kernels.prepare(
        operation, shape: shape, implementation: implementation, isa: isa, team: team, operandSets: sets,
        rotating: .weights, seed: 5, dataType: type, layout: layout)
    } catch {
      if error.isAbsence { return nil }
      throw error
    }
  }

  @Test("agree with the oracle on one thread and two", arguments: runnable, DataType.allCases)
  func agree(isa: InstructionSet, type: DataType) throws {
    for threads in [1, 2] {
      let team = try team(threads)
      for (m, n, k) in Self.sizes {
        for layout in type.isOwn ? [.packed] : WeightLayout.allCases {
          guard let kernel = try prepared(.gemm, .gemm(m: m, n: n, k: k), type, layout, isa, team) else {
            continue
          }
          for check in [kernel.verify(seed: 1), kernel.verifyBriefly(seed: 2)] {
            #expect(check.passed, "\(m) \(n) \(k) \(layout) \(threads) threads: \(check)")
          }
        }
      }
    }
  }

  @Test("of transposed operands agree with the oracle", arguments: runnable, DataType.allCases)
  func transposed(isa: InstructionSet, type: DataType) throws {
    let team = try team(2)
    let flags: [(a: Bool, b: Bool)] =
      type.isOwn ? [(false, true)] : [(true, false), (false, true), (true, true)]
    for (transposesA, transposesB) in flags where type.quantised == nil {
      for (m, n, k) in [(1, 37, 70), (3, 150, 65), (10, 9, 40), (40, 70, 33)] {
        var shape = Shape.gemm(m: m, n: n, k: k)
        (shape.transposesA, shape.transposesB) = (transposesA, transposesB)
        for layout in type.isOwn ? [.packed] : WeightLayout.allCases {
          guard let kernel = try prepared(.gemm, shape, type, layout, isa, team) else { continue }
          let check = kernel.verify(seed: 1)
          #expect(check.passed, "\(m) \(n) \(k) \(transposesA) \(transposesB) \(layout): \(check)")
          #expect(kernel.verifyBriefly(seed: 3).passed)
        }
      }
    }
  }

  @Test("in batches, and of experts with uneven rows, agree with the oracle", arguments: DataType.allCases)
  func grouped(type: DataType) throws {
    let isa = runnable.last ?? .baseline
    for threads in [1, 2] {
      let team = try team(threads)
      for (operation, m, groups) in [
        (Operation.gemm, 7, 3), (.gemm, 30, 2), (.groupedGEMM, 40, 5), (.groupedGEMM, 3, 9),
      ] {
        var shape = Shape.gemm(m: m, n: 140, k: 96)
        shape.batch = groups
        for layout in type.isOwn ? [.packed] : WeightLayout.allCases {
          guard let kernel = try prepared(operation, shape, type, layout, isa, team) else { continue }
          let check = kernel.verify(seed: 1)
          #expect(check.passed, "\(operation) \(m) rows, \(groups) groups, \(layout), \(threads): \(check)")
          #expect(kernel.verifyBriefly(seed: 3).passed)
        }
      }
    }
  }

  @Test("by OpenBLAS agree with the oracle where it has them", arguments: DataType.allCases)
  func libraries(type: DataType) throws {
    let team = try team(1)
    var shape = Shape.gemm(m: 9, n: 40, k: 33)
    shape.transposesB = true
    var experts = Shape.gemm(m: 30, n: 40, k: 33)
    experts.batch = 4
    for (operation, shape) in [(Operation.gemm, shape), (.groupedGEMM, experts)] {
      guard let kernel = try prepared(operation, shape, type, .rowMajor, .baseline, team, by: .openblas)
      else {
        #expect(type != .f32 && type != .f64)
        continue
      }
      #expect(kernel.verify(seed: 1).passed)
    }
  }

  @Test("stay right when their weights rotate", arguments: [DataType.f32, .bf16, .i8, .q4g32])
  func rotating(type: DataType) throws {
    let team = try team(1)
    let kernel = try #require(
      try prepared(.gemm, .gemm(m: 2, n: 70, k: 64), type, .packed, runnable.last ?? .baseline, team, sets: 3)
    )
    for _ in 0..<4 {
      kernel.rotate()
      #expect(kernel.verify(seed: 1).passed)
    }
  }

  @Test("rows of experts add up, are the same each time, and may be none")
  func experts() {
    let rows = Shape.expertRows(100, experts: 64)
    #expect(rows.reduce(0, +) == 100 && rows.count == 64 && rows == Shape.expertRows(100, experts: 64))
    #expect(rows.contains(0) && rows.contains { $0 > 1 })
  }

  @Test("count the weights of experts that have rows only")
  func work() {
    var shape = Shape.gemm(m: 3, n: 10, k: 20)
    shape.batch = 50
    let work = Kernels.work(.groupedGEMM, shape: shape)
    let busy = Double(Shape.expertRows(3, experts: 50).count { $0 > 0 })
    #expect(work.flop.value == 2 * 3 * 10 * 20)
    #expect(work.bytes.value == 4 * (3 * 20 + busy * 200 + 30))
  }

  @Test("peaks of types count their rounds", arguments: runnable)
  func peaks(isa: InstructionSet) throws {
    for type in [DataType.f64, .bf16, .u8i8] {
      guard let kernel = try prepared(.typePeak, Shape(), type, .rowMajor, isa, try team(2)) else { continue }
      #expect(kernel.verify(seed: 1).passed, "\(type)")
    }
  }
}
