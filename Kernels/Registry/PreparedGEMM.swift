// GEMM with its operands: C (m, n) = A (m, k) · B (k, n).

import KernelsBLAS
import Measurement
import Quantities
import Synchronization

final class PreparedGEMM: PreparedKernel {
  private struct Operands {
    let a: Buffer, b: Buffer, c: Buffer
  }

  let work: Work
  let residentBytes: Bytes
  private let size: Problem.GEMM
  private let team: WorkerTeam
  private let module: KernelModule?
  private let workspace: Buffer?
  private let sets: [Operands]
  private var current = 0
  private let operandSeed: UInt64

  /// `module` is nil for OpenBLAS.
  init(
    _ size: Problem.GEMM, work: Work, module: KernelModule?, team: WorkerTeam, sets count: Int,
    rotating: Rotation, seed: UInt64
  ) throws(KernelError) {
    self.size = size
    self.work = work
    self.team = team
    self.module = module
    operandSeed = seed
    if module == nil { BLAS.bindThreads(to: team.cpus) }
    let (a, b, c) = (size.m * size.k, size.k * size.n, size.m * size.n)
    try requireMemory(floats: a + b + c, sets: count)
    var sets: [Operands] = []
    for set in 0..<count {
      let weights = try OperandStore.random(b, seed: mix(seed &+ UInt64(3 * set + 1)), team: team)
      // Activations stay where only the weights rotate.
      if rotating == .weights, let first = sets.first {
        sets.append(Operands(a: first.a, b: weights, c: first.c))
        continue
      }
      sets.append(
        Operands(
          a: try OperandStore.random(a, seed: mix(seed &+ UInt64(3 * set)), team: team), b: weights,
          c: try OperandStore.output(c, number: set, team: team)))
    }
    self.sets = sets
    workspace = try module.map { module throws(KernelError) in
      try Buffer(module.gemmWorkspace * team.threadCount)
    }
    let floats = rotating == .weights ? a + c + b * count : (a + b + c) * count
    residentBytes = Bytes(Double(floats * MemoryLayout<Float>.stride))
  }

  var operandMemory: [UnsafeRawBufferPointer] { sets.flatMap { [$0.a.memory, $0.b.memory, $0.c.memory] } }

  func rotate() { current = (current + 1) % sets.count }

  func run() {
    let set = sets[current]
    let (m, n, k) = (size.m, size.n, size.k)
    guard let module, let workspace else {
      BLAS.limitThreads(team.threadCount)
      return blasGEMM(m: m, n: n, k: k, a: set.a.start, b: set.b.start, c: set.c.start)
    }
    team.run { thread, threads in
      // Each thread packs its own columns of B and reads all of A, or the other way round where C is tall.
      let byColumns = n >= m
      let rows = byColumns ? 0..<m : share(of: m, step: module.gemmRowStep, thread, threads)
      let columns = byColumns ? share(of: n, step: module.gemmColumnStep, thread, threads) : 0..<n
      guard !rows.isEmpty, !columns.isEmpty else { return }
      module.gemm(
        rows.count, columns.count, k, set.a.start + rows.lowerBound * k, k, set.b.start + columns.lowerBound,
        n, set.c.start + rows.lowerBound * n + columns.lowerBound, n,
        workspace.start + thread * module.gemmWorkspace)
    }
  }

  func verify(seed: UInt64) -> Verification {
    let set = sets[current]
    set.c.fill(.nan, team: team)
    run()
    return expectation(set, seed).check(set.c.start, team: team)
  }

  /// Kept from one implementation of a shape to the next: the numbers are the same.
  private func expectation(_ set: Operands, _ seed: UInt64) -> GEMMExpectation {
    // Where only the weights rotate, the first set's A stays.
    let setOfA = sets[current].a === sets[0].a ? 0 : current
    let key =
      [size.m, size.n, size.k, setOfA, current] + [operandSeed, seed].map(Int.init(truncatingIfNeeded:))
    return PreparedGEMM.expected.withLock { kept in
      if let kept, kept.key == key { return kept.value }
      let value = GEMMExpectation(
        m: size.m, n: size.n, k: size.k, a: set.a.start, b: set.b.start, seed: seed, team: team)
      kept = (key, value)
      return value
    }
  }

  private static let expected = Mutex<(key: [Int], value: GEMMExpectation)?>(nil)

  func verifyBriefly(seed: UInt64) -> Verification {
    let set = sets[current]
    let elements = briefElements(rows: size.m, columns: size.n, seed: seed)
    for element in elements { set.c.start[element] = .nan }
    run()
    return checkGEMM(
      elements: elements, n: size.n, k: size.k, a: set.a.start, b: set.b.start, c: set.c.start)
  }
}
