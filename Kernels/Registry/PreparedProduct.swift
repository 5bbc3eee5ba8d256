// Matrix products with their operands. What differs from type to type is a ProductCode; operands, rotation and checks
// are the same for all.

import KernelsBLAS
import KernelsReference
import Measurement
import Quantities
import Synchronization

final class PreparedProduct: PreparedKernel {
  private struct Operands {
    let a: Buffer, b: Buffer, c: Buffer
    /// What the kernel reads for B.
    let weights: Buffer
  }

  let work: Work
  let residentBytes: Bytes
  private let size: Problem.GEMM
  private let code: ProductCode
  private let team: WorkerTeam
  private let sets: [Operands]
  private var current = 0
  private let operandSeed: UInt64

  init(
    _ size: Problem.GEMM, _ code: ProductCode, work: Work, team: WorkerTeam, sets count: Int,
    rotating: Rotation, seed: UInt64
  ) throws(KernelError) {
    (self.size, self.code, self.work, self.team) = (size, code, work, team)
    operandSeed = seed
    try requireMemory(floats: Int(work.bytes.value) / MemoryLayout<Float>.stride, sets: count)
    var sets: [Operands] = []
    for set in 0..<count {
      let b = try code.makeB(mix(seed &+ UInt64(3 * set + 1)))
      let weights = try code.pack?(b) ?? b
      // Activations stay where only the weights rotate.
      if rotating == .weights, let first = sets.first {
        sets.append(Operands(a: first.a, b: b, c: first.c, weights: weights))
        continue
      }
      sets.append(
        Operands(
          a: try code.makeA(mix(seed &+ UInt64(3 * set))), b: b,
          c: try OperandStore.output(code.floatsOfC, number: set, team: team), weights: weights))
    }
    self.sets = sets
    let fixed = sets[0].a.memory.count + sets[0].c.memory.count
    let weights = sets[0].weights.memory.count
    residentBytes = Bytes(
      Double(rotating == .weights ? fixed + weights * count : (fixed + weights) * count))
  }

  var operandMemory: [UnsafeRawBufferPointer] {
    sets.flatMap { [$0.a.memory, $0.weights.memory, $0.c.memory] }
  }

  func rotate() { current = (current + 1) % sets.count }

  func run() {
    let set = sets[current]
    code.run(set.a, set.weights, set.c)
  }

  func verify(seed: UInt64) -> Verification {
    let set = sets[current]
    // Not a number in every type that has one; in whole numbers a value that no product here reaches.
    set.c.fill(.nan, team: team)
    run()
    return code.check(expectation(set, seed), set.c)
  }

  /// Kept from one implementation of a shape to the next: the numbers are the same.
  private func expectation(_ set: Operands, _ seed: UInt64) -> [GEMMExpectation] {
    // Where only the weights rotate, the first set's A stays.
    let setOfA = sets[current].a === sets[0].a ? 0 : current
    let places = [size.n, size.k, size.transposesA ? 1 : 0, size.transposesB ? 1 : 0, setOfA, current]
    let key = ExpectationKey(
      storage: code.storage,
      numbers: size.rows + places + [operandSeed, seed].map(Int.init(truncatingIfNeeded:)))
    return PreparedProduct.expected.withLock { kept in
      if let kept, kept.key == key { return kept.value }
      let value = code.expect(set.a, set.b, seed)
      kept = (key, value)
      return value
    }
  }

  private struct ExpectationKey: Hashable {
    let storage: String
    let numbers: [Int]
  }

  private static let expected = Mutex<(key: ExpectationKey, value: [GEMMExpectation])?>(nil)

  func verifyBriefly(seed: UInt64) -> Verification {
    let set = sets[current]
    let elements = briefElements(rows: size.m, columns: size.n, seed: seed)
    for element in elements { code.spoil(set.c, element) }
    run()
    return code.checkElements(elements, set.a, set.b, set.c)
  }
}
