// Attention of every instruction set and every kind of cache against the Double oracle: shapes of models, and
// shapes drawn at random around the edges of tiles, panels and blocks.

import Kernels
import Machines
import Measurement
import Quantities
import Testing

private let runnable = InstructionSet.allCases.filter { Kernels.supports($0) }

private func verify(
  _ operation: Operation, _ shape: Shape, _ implementation: Implementation, _ isa: InstructionSet,
  threads: Int = 1, seed: UInt64 = 11, magnitude: Float = 1
) throws -> Verification {
  let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(threads)))
  let kernel = try Kernels.prepare(
    operation, shape: shape, implementation: implementation, isa: isa, team: team, operandSets: 1, seed: seed,
    queryMagnitude: magnitude)
  return kernel.verify(seed: seed)
}

private func shape(
  _ headsQ: Int, _ headsKV: Int, _ headDim: Int, _ seqQ: Int, _ seqKV: Int, causal: Bool = true,
  batch: Int = 1,
  _ change: (inout Shape) -> Void = { _ in }
) -> Shape {
  var shape = Shape.attention(
    batch: batch, headsQ: headsQ, headsKV: headsKV, headDim: headDim, seqQ: seqQ, seqKV: seqKV, causal: causal
  )
  change(&shape)
  return shape
}

@Suite("Attention of models' shapes") struct AttentionShapesTests {
  static let prefill: [(String, Shape)] =
    [64, 80, 96, 128, 192, 256].flatMap { headDim in
      [
        ("MHA \(headDim)", shape(2, 2, headDim, 37, 37)),
        ("GQA \(headDim)", shape(6, 2, headDim, 33, 97, causal: false)),
        ("MQA \(headDim)", shape(5, 1, headDim, 19, 83)),
      ]
    } + [
      ("window", shape(4, 2, 64, 300, 300) { $0.window = 70 }),
      ("window of one", shape(2, 1, 32, 150, 150) { $0.window = 1 }),
      ("window after a prefix", shape(2, 1, 64, 90, 1300) { $0.window = 600 }),
      ("window longer than the sequence", shape(2, 1, 64, 50, 60) { $0.window = 100 }),
      ("MLA, not absorbed", shape(2, 2, 192, 70, 130) { $0.headDimV = 128 }),
      ("values wider than keys", shape(2, 1, 32, 20, 40) { $0.headDimV = 80 }),
    ]

  static let decode: [(String, Shape)] =
    [DataType.f32, .bf16, .f16, .i8].flatMap { (type: DataType) -> [(String, Shape)] in
      [
        ("rows", shape(8, 2, 128, 1, 301, batch: 2) { $0.cacheType = type }),
        ("one head", shape(1, 1, 64, 1, 5) { $0.cacheType = type }),
        ("blocks of 16", shape(4, 2, 96, 1, 517) { ($0.cacheType, $0.blockKeys) = (type, 16) }),
        ("blocks of 64", shape(7, 1, 80, 1, 640) { ($0.cacheType, $0.blockKeys) = (type, 64) }),
        (
          "turned blocks of 32",
          shape(6, 3, 64, 1, 1000, batch: 2) {
            ($0.cacheType, $0.blockKeys, $0.keysTurned) = (type, 32, true)
          }
        ),
        (
          "window over turned blocks",
          shape(12, 1, 128, 1, 700) {
            ($0.cacheType, $0.blockKeys, $0.keysTurned, $0.window) = (type, 16, true, 333)
          }
        ),
        ("window over rows", shape(4, 1, 64, 1, 900) { ($0.cacheType, $0.window) = (type, 100) }),
      ].map { ("\(type.rawValue) \($0.0)", $0.1) }
    } + [
      ("latent", shape(16, 1, 576, 1, 150, causal: false) { ($0.headDimV, $0.latent) = (512, true) }),
      ("latent, two sequences", shape(7, 1, 96, 1, 65, batch: 2) { ($0.headDimV, $0.latent) = (64, true) }),
      (
        "latent, bf16 in blocks",
        shape(20, 1, 80, 1, 611) {
          ($0.headDimV, $0.latent, $0.cacheType, $0.blockKeys) = (64, true, .bf16, 16)
        }
      ),
      (
        "latent in blocks",
        shape(13, 1, 144, 1, 700) { ($0.headDimV, $0.latent, $0.blockKeys, $0.window) = (128, true, 32, 500) }
      ),
    ]

  @Test("prefill agrees with the double oracle", arguments: runnable, prefill)
  func prefills(isa: InstructionSet, named: (String, Shape)) throws {
    for threads in [1, 2] {
      let result = try verify(.attentionPrefill, named.1, .swift, isa, threads: threads)
      #expect(result.passed, "\(named.0): \(result)")
    }
  }

  @Test("decode agrees with the double oracle", arguments: runnable, decode)
  func decodes(isa: InstructionSet, named: (String, Shape)) throws {
    for threads in [1, 3] {
      let result = try verify(.attentionDecode, named.1, .swift, isa, threads: threads)
      #expect(result.passed, "\(named.0): \(result)")
    }
  }

  @Test("OpenBLAS takes the same shapes where it multiplies floats")
  func openBLAS() throws {
    for (name, shape) in Self.prefill {
      let result = try verify(.attentionPrefill, shape, .openblas, .baseline)
      #expect(result.passed, "\(name): \(result)")
    }
    for (name, shape) in Self.decode {
      if let type = shape.cacheType, type != .f32 {
        #expect(throws: KernelError.self) { try verify(.attentionDecode, shape, .openblas, .baseline) }
      } else {
        for threads in [1, 2] {
          let result = try verify(.attentionDecode, shape, .openblas, .baseline, threads: threads)
          #expect(result.passed, "\(name): \(result)")
        }
      }
    }
  }

  @Test("random shapes agree with the double oracle", arguments: runnable)
  func random(isa: InstructionSet) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var numbers = SystemlessGenerator(state: seed)
    for _ in 0..<300 {
      let (operation, shape) = numbers.attention()
      let result = try verify(
        operation, shape, .swift, isa, threads: Int.random(in: 1...2, using: &numbers), seed: numbers.next())
      #expect(result.passed, "seed \(seed): \(operation) \(shape) \(result)")
    }
  }

  static let refused: [(Operation, Shape)] = [
    (.attentionPrefill, shape(2, 2, 64, 4, 4, causal: false) { $0.window = 2 }),
    (.attentionPrefill, shape(2, 2, 64, 4, 4) { $0.window = 0 }),
    (.attentionPrefill, shape(2, 2, 64, 4, 4) { $0.cacheType = .bf16 }),
    (.attentionDecode, shape(2, 2, 64, 1, 4) { $0.blockKeys = 20 }),
    (.attentionDecode, shape(2, 2, 64, 1, 4) { $0.keysTurned = true }),
    (.attentionDecode, shape(2, 2, 64, 1, 4) { $0.latent = true }),
    (.attentionDecode, shape(2, 1, 64, 1, 4) { ($0.latent, $0.cacheType) = (true, .i8) }),
    (.attentionDecode, shape(2, 1, 64, 1, 4) { $0.headDimV = 20 }),
  ]

  @Test("what no kernel computes is refused", arguments: refused)
  func refusal(operation: Operation, shape: Shape) {
    #expect(throws: KernelError.self) { try verify(operation, shape, .swift, .baseline) }
  }

  @Test("work counts what a window hides and what a cache holds")
  func work() {
    // Queries 0, 1, 2 after 2 known keys see 3, then 3, then 3 of the keys.
    let window = Kernels.work(
      .attentionPrefill, shape: shape(2, 1, 16, 3, 5) { ($0.window, $0.headDimV) = (3, 32) })
    #expect(window == Work(flop: FLOP(2 * 2 * 48 * 9), bytes: Bytes(4 * (2 * 3 * 48 + 5 * 48))))
    let rising = Kernels.work(.attentionPrefill, shape: shape(1, 1, 16, 4, 4) { $0.window = 2 })
    #expect(rising.flop == FLOP(4 * 16 * (1 + 2 + 2 + 2)))
    let bytes = Kernels.work(.attentionDecode, shape: shape(4, 2, 16, 1, 10) { $0.cacheType = .i8 })
    #expect(bytes.bytes == Bytes(4 * 2 * 4 * 16 + 2 * 10 * (32 + 8)))
    let latent = Kernels.work(
      .attentionDecode, shape: shape(4, 1, 48, 1, 10) { ($0.headDimV, $0.latent) = (32, true) })
    #expect(latent == Work(flop: FLOP(2 * 4 * 80 * 10), bytes: Bytes(4 * (4 * 80 + 10 * 48))))
  }
}

/// Shapes from a seed.
private struct SystemlessGenerator: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func attention() -> (Operation, Shape) {
    let group = Int.random(in: 1...9, using: &self)
    let headsKV = Int.random(in: 1...2, using: &self)
    let headDim = 16 * Int.random(in: 1...9, using: &self)
    let keys = Int.random(in: 1...(Bool.random(using: &self) ? 40 : 600), using: &self)
    if Bool.random(using: &self) {
      let queries = Int.random(in: 1...min(keys, 90), using: &self)
      let causal = Bool.random(using: &self)
      var result = shape(group * headsKV, headsKV, headDim, queries, keys, causal: causal)
      if causal, Bool.random(using: &self) { result.window = Int.random(in: 1...keys + 5, using: &self) }
      if Bool.random(using: &self) { result.headDimV = 16 * Int.random(in: 1...9, using: &self) }
      return (.attentionPrefill, result)
    }
    var result = shape(group * headsKV, headsKV, headDim, 1, keys)
    if Bool.random(using: &self) { result.window = Int.random(in: 1...keys + 5, using: &self) }
    if Bool.random(using: &self) { result.blockKeys = 16 * Int.random(in: 1...5, using: &self) }
    if Int.random(in: 0..<4, using: &self) == 0 {
      result = shape(group, 1, headDim, 1, keys)
      result.latent = true
      result.headDimV = 16 * Int.random(in: 1...headDim / 16, using: &self)
      result.cacheType = Bool.random(using: &self) ? .bf16 : .f32
      return (.attentionDecode, result)
    }
    result.cacheType = [.f32, .bf16, .f16, .i8].randomElement(using: &self)
    result.keysTurned = result.blockKeys != nil && Bool.random(using: &self)
    if Bool.random(using: &self) { result.headDimV = 16 * Int.random(in: 1...9, using: &self) }
    return (.attentionDecode, result)
  }
}
