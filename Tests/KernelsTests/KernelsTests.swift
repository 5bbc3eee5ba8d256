// Every kernel of every instruction set against its Double oracle, on shapes whose edges differ from the
// register tile's in each direction.

import Kernels
import Machines
import Measurement
import Quantities
import Testing

private let runnable = InstructionSet.allCases.filter { Kernels.supports($0) }

private struct Variant: CustomTestStringConvertible, Sendable {
  let implementation: Implementation
  let isa: InstructionSet
  var testDescription: String { implementation == .swift ? isa.rawValue : "openblas" }
  static let all =
    runnable.map { Variant(implementation: .swift, isa: $0) }
    + [Variant(implementation: .openblas, isa: .baseline)]
}

private func check(
  _ operation: Operation, _ shape: Shape, _ variant: Variant, threads: Int = 1, magnitude: Float = 1
) throws -> Verification {
  let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(threads)))
  let kernel = try Kernels.prepare(
    operation, shape: shape, implementation: variant.implementation, isa: variant.isa, team: team,
    operandSets: 2, seed: 11, queryMagnitude: magnitude)
  kernel.rotate()
  return kernel.verify(seed: 5)
}

@Suite("GEMM") struct GEMMTests {
  // Around the tiles 6 x 64, 6 x 16, 6 x 8; below one vector; across the blocks of 512, 192 and 1024.
  static let shapes = [
    (1, 1, 1), (5, 7, 3), (6, 64, 16), (7, 65, 17), (13, 15, 1), (12, 33, 513), (193, 48, 40), (3, 1100, 20),
    (64, 64, 64), (200, 130, 1030),
  ]

  @Test("agrees with the double oracle at every edge", arguments: Variant.all, shapes)
  fileprivate func edges(variant: Variant, shape: (Int, Int, Int)) throws {
    let result = try check(.gemm, .gemm(m: shape.0, n: shape.1, k: shape.2), variant)
    #expect(result.passed, "\(result)")
  }

  @Test(
    "shares columns, or rows where C is tall, among threads", arguments: runnable,
    [(40, 300, 20), (300, 40, 20), (1, 5, 9)])
  func threads(isa: InstructionSet, shape: (Int, Int, Int)) throws {
    let variant = Variant(implementation: .swift, isa: isa)
    let result = try check(.gemm, .gemm(m: shape.0, n: shape.1, k: shape.2), variant, threads: 3)
    #expect(result.passed, "\(result)")
  }

  @Test("one wrong element of a large product is found by the Freivalds check")
  func freivalds() {
    let n = 300
    var a = [Float](repeating: 0, count: n * n)
    for i in a.indices { a[i] = Float((i &* 7919) % 257) / 128 - 1 }
    var c = [Float](repeating: 0, count: n * n)
    for i in 0..<n {
      for p in 0..<n { for j in 0..<n { c[i * n + j] += a[i * n + p] * a[p * n + j] } }
    }
    #expect(checkGEMM(m: n, n: n, k: n, a: a, b: a, c: c, seed: 1).passed)
    // Every row in turn: most are not among the 16 that are compared element by element.
    for row in stride(from: 0, to: n, by: 23) {
      let kept = c[row * n + 17]
      c[row * n + 17] += 1
      #expect(!checkGEMM(m: n, n: n, k: n, a: a, b: a, c: c, seed: 1).passed)
      c[row * n + 17] = .nan
      #expect(!checkGEMM(m: n, n: n, k: n, a: a, b: a, c: c, seed: 1).passed)
      c[row * n + 17] = kept
    }
  }
}

@Suite("Attention") struct AttentionTests {
  // Groups that do not divide the tile, sequences across blocks of 512 keys, prefixes, head dims from 16.
  static let prefill: [Shape] = [
    .attention(batch: 1, headsQ: 1, headsKV: 1, headDim: 16, seqQ: 1, seqKV: 1, causal: true),
    .attention(batch: 2, headsQ: 6, headsKV: 2, headDim: 48, seqQ: 37, seqKV: 37, causal: true),
    .attention(batch: 1, headsQ: 7, headsKV: 1, headDim: 80, seqQ: 5, seqKV: 530, causal: true),
    .attention(batch: 1, headsQ: 2, headsKV: 2, headDim: 128, seqQ: 110, seqKV: 600, causal: true),
    .attention(batch: 1, headsQ: 4, headsKV: 1, headDim: 64, seqQ: 70, seqKV: 70, causal: true),
    .attention(batch: 1, headsQ: 3, headsKV: 1, headDim: 64, seqQ: 30, seqKV: 700, causal: false),
  ]
  static let decode: [Shape] = [
    .attention(batch: 1, headsQ: 1, headsKV: 1, headDim: 16, seqQ: 1, seqKV: 1, causal: false),
    .attention(batch: 2, headsQ: 6, headsKV: 2, headDim: 48, seqQ: 1, seqKV: 67, causal: false),
    .attention(batch: 1, headsQ: 7, headsKV: 1, headDim: 80, seqQ: 1, seqKV: 1000, causal: true),
    .attention(batch: 1, headsQ: 12, headsKV: 3, headDim: 128, seqQ: 1, seqKV: 1030, causal: false),
  ]

  @Test("agrees with the double oracle, prefill", arguments: Variant.all, prefill)
  fileprivate func prefills(variant: Variant, shape: Shape) throws {
    for threads in [1, 2] {
      let result = try check(.attentionPrefill, shape, variant, threads: threads)
      #expect(result.passed, "\(result)")
    }
  }

  @Test("agrees with the double oracle, decode", arguments: Variant.all, decode)
  fileprivate func decodes(variant: Variant, shape: Shape) throws {
    for threads in [1, 2] {
      let result = try check(.attentionDecode, shape, variant, threads: threads)
      #expect(result.passed, "\(result)")
    }
  }

  @Test("a sharp softmax, whose running maximum moves, stays exact", arguments: Variant.all)
  fileprivate func sharp(variant: Variant) throws {
    let shape = Shape.attention(
      batch: 1, headsQ: 2, headsKV: 1, headDim: 64, seqQ: 40, seqKV: 1200, causal: true)
    var one = shape
    one.seqQ = 1
    for (operation, shape) in [(Operation.attentionPrefill, shape), (.attentionDecode, one)] {
      let result = try check(operation, shape, variant, magnitude: 100)
      // Scores reach about 100: their rounding alone moves a probability by 1e-5.
      #expect(result.maxRelError < 1e-4, "\(result)")
    }
  }
}

@Suite("Ceilings") struct CeilingTests {
  @Test(
    "compute what they time", arguments: runnable,
    [Operation.fmaPeak, .memoryRead, .memoryCopy, .memoryTriad])
  func ceilings(isa: InstructionSet, operation: Operation) throws {
    for bytes in [4, 1000, 4096, 100_004] {
      let variant = Variant(implementation: .swift, isa: isa)
      let result = try check(operation, .memory(bytes: bytes), variant, threads: 2)
      #expect(result.passed, "\(operation) \(bytes) \(result)")
    }
  }
}

@Suite("What the ceilings' checks see") struct CeilingCheckTests {
  @Test("a read that left out a part, read it twice or read nothing fails", arguments: [1 << 12, 1 << 26])
  func reads(count: Int) {
    // Numbers 1 to 16 have a mean of 8.5.
    let sum = 8.5 * Double(count)
    let parts = 64
    func passes(_ share: Double) -> Bool {
      let lane = Float(sum * share / Double(parts))
      return checkRead(Array(repeating: lane, count: parts), sum: sum, count: count, partialSums: parts)
        .passed
    }
    #expect(passes(1))
    for share in [0, 0.5, 0.999, 1.001, 2] { #expect(!passes(share), "\(share) of \(count)") }
  }

  @Test("the array of a read rises, so that one half cannot stand for the other", arguments: [100, 1 << 16])
  func rising(count: Int) throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    let values = try risingValues(count, team: team).map { Double($0) }
    #expect(values.allSatisfy { $0 >= 1 && $0 == $0.rounded() })
    let first = values.prefix(count / 2).reduce(0, +)
    #expect(
      !checkRead([Float(2 * first)], sum: values.reduce(0, +), count: count, partialSums: 32).passed)
  }

  @Test("a peak that ran one round more or less fails", arguments: [1000, 312_500, 1_250_000])
  func peak(rounds: Int) {
    let sum = { (count: Int) in Double(12 * count + 78) }
    let lanes = { (count: Int) in Array(repeating: sum(count), count: 16) }
    #expect(checkPeak(lanes(rounds), expected: sum(rounds)).passed)
    #expect(!checkPeak(lanes(rounds - 1), expected: sum(rounds)).passed)
    #expect(!checkPeak(lanes(rounds + 1), expected: sum(rounds)).passed)
    #expect(Double(12 * rounds + 78) < 0x1p24, "whole numbers stay exact")
  }

  @Test("attention is checked at both ends of a head and elsewhere by seed")
  func positions() {
    let samples = (0..<20).map { attentionPositions(1000, seed: UInt64($0)) }
    #expect(samples.allSatisfy { $0.first == 0 && $0.last == 999 })
    #expect(Set(samples).count > 10)
    #expect(attentionPositions(1, seed: 3) == [0])
  }
}

@Suite("The door of the kernels") struct DoorTests {
  @Test("counts work by the usual formulas")
  func work() {
    let gemm = Kernels.work(.gemm, shape: .gemm(m: 2, n: 3, k: 5))
    #expect(gemm == Work(flop: FLOP(60), bytes: Bytes(4 * (10 + 15 + 6))))
    // 3 queries after 2 known keys: 3 + 4 + 5 pairs, 4·d FLOP each, 2 heads.
    let causal = Kernels.work(
      .attentionPrefill,
      shape: .attention(batch: 1, headsQ: 2, headsKV: 1, headDim: 16, seqQ: 3, seqKV: 5, causal: true))
    #expect(causal == Work(flop: FLOP(2 * 12 * 64), bytes: Bytes(4 * (2 * 2 * 3 * 16 + 2 * 5 * 16))))
    let decode = Kernels.work(
      .attentionDecode,
      shape: .attention(batch: 2, headsQ: 4, headsKV: 2, headDim: 16, seqQ: 1, seqKV: 7, causal: true))
    #expect(decode.flop == FLOP(2 * 4 * 7 * 64))
    #expect(Kernels.work(.gemm, shape: .memory(bytes: 8)) == Work(flop: .zero, bytes: .zero))
  }

  static let refused: [(Operation, Shape)] = [
    (.gemm, .memory(bytes: 64)),
    (.gemm, .gemm(m: 0, n: 4, k: 4)),
    (.gemm, .gemm(m: .max, n: .max, k: 2)),
    (.gemm, .gemm(m: 1 << 20, n: 1 << 20, k: 2)),
    (
      .attentionPrefill,
      .attention(batch: 1, headsQ: 3, headsKV: 2, headDim: 64, seqQ: 4, seqKV: 4, causal: true)
    ),
    (
      .attentionPrefill,
      .attention(batch: 1, headsQ: 2, headsKV: 2, headDim: 20, seqQ: 4, seqKV: 4, causal: true)
    ),
    (
      .attentionPrefill,
      .attention(batch: 1, headsQ: 2, headsKV: 2, headDim: 64, seqQ: 5, seqKV: 4, causal: true)
    ),
    (
      .attentionDecode,
      .attention(batch: 1, headsQ: 2, headsKV: 2, headDim: 64, seqQ: 2, seqKV: 4, causal: true)
    ),
    (.memoryRead, .memory(bytes: 6)),
  ]

  @Test("refuses what it cannot run, with a reason", arguments: refused)
  func refusal(operation: Operation, shape: Shape) throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    let error = #expect(throws: KernelError.self) {
      _ = try Kernels.prepare(
        operation, shape: shape, implementation: .swift, isa: .baseline, team: team, operandSets: 1, seed: 1)
    }
    #expect(error?.reason.isEmpty == false)
  }

  @Test("an instruction set that the CPU lacks is refused")
  func missingISA() throws {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    for isa in InstructionSet.allCases where !Kernels.supports(isa) {
      #expect(throws: KernelError.self) {
        _ = try Kernels.prepare(
          .gemm, shape: .gemm(m: 2, n: 2, k: 2), implementation: .swift, isa: isa, team: team,
          operandSets: 1, seed: 1)
      }
    }
    #expect(Kernels.supports(.baseline))
  }

  @Test("names the BLAS and its kernels")
  func blas() {
    #expect(!Kernels.blas.corename.isEmpty)
    #expect(Kernels.blas.version.first?.isNumber == true)
    #expect(Kernels.blas.threads >= 1)
    #expect(Kernels.isaPath(implementation: .openblas, isa: .avx2) == Kernels.blas.corename)
    #expect(Kernels.isaPath(implementation: .swift, isa: .avx2) == "avx2")
  }

  @Test("a check without a finite value does not pass")
  func scan() {
    #expect(!ErrorScan(tolerance: 1).verification("").passed)
    for bad in [Double.nan, .infinity] {
      var scan = ErrorScan(tolerance: 1)
      scan.add(bad, 1, scale: 1)
      scan.add(1, 1, scale: 1)
      #expect(!scan.verification("").passed)
    }
    var exact = ErrorScan(tolerance: 1)
    exact.add(1e-30, 0, scale: 0)
    #expect(!exact.verification("").passed)
  }
}
