// A whole decoder layer against the oracle of the same operators: small layers of each kind, prompts and steps, every
// instruction set, one thread and several.

import Kernels
import Machines
import Measurement
import Quantities
import Testing

private func dense() -> DecoderLayer {
  DecoderLayer(
    name: "dense", model: "m", count: 1, hidden: 40, headsQ: 6, headsKV: 2, headDim: 16, intermediate: 52)
}

private func experts() -> DecoderLayer {
  var layer = DecoderLayer(
    name: "experts", model: "m", count: 1, hidden: 72, headsQ: 4, headsKV: 4, headDim: 32, intermediate: 33)
  (layer.experts, layer.top, layer.normsHeads) = (7, 3, true)
  return layer
}

private func latent() -> DecoderLayer {
  var layer = DecoderLayer(
    name: "latent", model: "m", count: 1, hidden: 96, headsQ: 5, headsKV: 5, headDim: 48, intermediate: 40)
  layer.valueDim = 32
  layer.latent = .init(queryRank: 56, keyRank: 64, ropeDim: 16)
  (layer.experts, layer.top, layer.sharedExperts) = (5, 2, 1)
  return layer
}

extension PageModeSuites {
  @Suite("Decoder layer") struct DecoderLayerTests {
    static let layers = [dense(), experts(), latent()]
    /// Tokens and cached keys: prompts, then steps.
    static let sizes: [(Int, Int?)] = [(1, nil), (3, nil), (4, nil), (37, nil), (1, 1), (3, 300), (19, 20)]

    @Test("agrees with the double oracle of the same operators", arguments: elementwiseISAs, layers)
    func wholeLayer(isa: InstructionSet, layer: DecoderLayer) throws {
      for threads in [1, 2, 3] {
        let team = try WorkerTeam(cpus: (0..<threads).map { CPUs.allowed[$0 % CPUs.allowed.count] })
        for (index, size) in DecoderLayerTests.sizes.enumerated() {
          let seed = UInt64(100 * threads + index)
          let kernel = try Kernels.prepare(
            .decoderLayer, shape: .decoderLayer(layer, tokens: size.0, cachedKeys: size.1),
            implementation: .swift, isa: isa, team: team, operandSets: 1, seed: seed)
          let result = kernel.verify(seed: seed)
          #expect(result.passed, "\(layer.name) \(size) \(threads) threads, seed \(seed): \(result)")
          #expect(kernel.verifyBriefly(seed: seed + 1).passed)
        }
      }
    }

    @Test("an operator is checked by the whole layer, and only it is timed", arguments: layers)
    func operators(layer: DecoderLayer) throws {
      let team = try WorkerTeam(cpus: [CPUs.allowed[0]])
      for keys in [nil, 9] {
        let whole = try Kernels.prepare(
          .decoderLayer, shape: .decoderLayer(layer, tokens: 5, cachedKeys: keys), implementation: .swift,
          isa: .baseline, team: team, operandSets: 1, seed: 3)
        #expect(whole.timedSeconds == nil)
        let names = layer.operators(isDecode: keys != nil)
        var sum = (flop: 0.0, bytes: 0.0)
        for number in 1...names.count {
          let part = try Kernels.prepare(
            .decoderLayer, shape: .decoderLayer(layer, tokens: 5, cachedKeys: keys, part: number),
            implementation: .swift, isa: .baseline, team: team, operandSets: 1, seed: 3)
          #expect(part.timedSeconds == 0)
          part.run()
          let once = try #require(part.timedSeconds)
          part.run()
          #expect(try #require(part.timedSeconds) > once)
          #expect(part.verify(seed: 1).passed)
          #expect(part.operandMemory.map(\.baseAddress) == whole.operandMemory.map(\.baseAddress))
          sum.flop += part.work.flop.value
          sum.bytes += part.work.bytes.value
        }
        #expect(abs(sum.flop / whole.work.flop.value - 1) < 1e-12)
        #expect(abs(sum.bytes / whole.work.bytes.value - 1) < 1e-12)
      }
    }

    @Test("every operator matters: without any one of them a check fails", arguments: layers)
    func everyOperator(layer: DecoderLayer) throws {
      let team = try WorkerTeam(cpus: [CPUs.allowed[0]])
      for keys in [nil, 9] {
        for number in 1...layer.operators(isDecode: keys != nil).count {
          let result = try checkWithout(
            number, .decoderLayer(layer, tokens: 5, cachedKeys: keys), isa: .baseline, team: team)
          #expect(!result.passed, "\(layer.operators(isDecode: keys != nil)[number - 1])")
        }
      }
    }

    @Test("what is no layer is refused")
    func faults() throws {
      let team = try WorkerTeam(cpus: [CPUs.allowed[0]])
      func prepare(_ shape: Shape, _ implementation: Implementation = .swift) throws {
        _ = try Kernels.prepare(
          .decoderLayer, shape: shape, implementation: implementation, isa: .baseline, team: team,
          operandSets: 1, seed: 1)
      }
      #expect(throws: KernelError.self) { try prepare(Shape()) }
      #expect(throws: KernelError.self) { try prepare(.decoderLayer(dense(), tokens: 2), .openblas) }
      #expect(throws: KernelError.self) { try prepare(.decoderLayer(dense(), tokens: 2, part: 11)) }
      #expect(throws: KernelError.self) { try prepare(.decoderLayer(dense(), tokens: 0)) }
      var many = experts()
      many.top = 8
      #expect(throws: KernelError.self) { try prepare(.decoderLayer(many, tokens: 2)) }
      var turned = latent()
      turned.latent?.ropeDim = 48
      #expect(throws: KernelError.self) { try prepare(.decoderLayer(turned, tokens: 2)) }
      #expect(Kernels.work(.decoderLayer, shape: Shape()).flop == .zero)
    }
  }
}
