// Weights, FLOP and cache bytes of published architectures, collectives and queues, against worked values.

import Catalog
import Estimator
import Quantities
import Testing

/// Values at batch 64, context 4,096, bf16; millions, billions, gigabytes and teraFLOP.
struct ArchitectureVector: Sendable, CustomTestStringConvertible {
  let model: String
  let attentionM: Double
  let expertM: Double?
  let activeG: Double
  let touched: Double?
  let readG: Double
  let kvGB: Double
  let decodeT: Double
  let prefillLinearT: Double
  let prefillAttentionT: Double
  var testDescription: String { model }
}

private let architectures: [ArchitectureVector] = [
  .init(
    model: "Llama-2-70B", attentionM: 150.995, expertM: nil, activeG: 68.451, touched: nil, readG: 68.45,
    kvGB: 85.90, decodeT: 9.482, prefillLinearT: 560.8, prefillAttentionT: 22.0),
  .init(
    model: "Llama-3.1-8B", attentionM: 41.943, expertM: nil, activeG: 6.979, touched: nil, readG: 6.98,
    kvGB: 34.36, decodeT: 1.098, prefillLinearT: 57.2, prefillAttentionT: 4.4),
  .init(
    model: "Llama-3.1-405B", attentionM: 570.425, expertM: nil, activeG: 401.647, touched: nil,
    readG: 401.65, kvGB: 135.29, decodeT: 53.844, prefillLinearT: 3290.3, prefillAttentionT: 69.3),
  .init(
    model: "Mixtral-8x7B", attentionM: 41.943, expertM: 176.161, activeG: 12.618, touched: 8.0,
    readG: 46.44, kvGB: 34.36, decodeT: 1.769, prefillLinearT: 103.4, prefillAttentionT: 4.4),
  .init(
    model: "Qwen3-235B-A22B", attentionM: 71.303, expertM: 18.874, activeG: 20.945, touched: 125.9,
    readG: 230.20, kvGB: 50.47, decodeT: 3.568, prefillLinearT: 171.6, prefillAttentionT: 25.8),
  .init(
    model: "DeepSeek-V3", attentionM: 187.105, expertM: 44.040, activeG: 35.698, touched: 222.4,
    readG: 583.46, kvGB: 18.42, decodeT: 9.142, prefillLinearT: 292.4, prefillAttentionT: 41.9),
  .init(
    model: "Kimi-K2-Instruct", attentionM: 101.122, expertM: 44.040, activeG: 30.512, touched: 284.2,
    readG: 760.33, kvGB: 18.42, decodeT: 6.283, prefillLinearT: 250.0, prefillAttentionT: 21.0),
  .init(
    model: "gpt-oss-120b", attentionM: 26.542, expertM: 24.883, activeG: 4.552, touched: 111.2,
    readG: 100.60, kvGB: 9.97, decodeT: 0.737, prefillLinearT: 37.3, prefillAttentionT: 2.6),
]

/// Within 0.1 %, or half a unit of the last printed digit where that is coarser.
private func agrees(_ value: Double, _ printed: Double, digit: Double) -> Bool {
  abs(value - printed) <= max(1e-3 * printed, 0.51 * digit)
}

private let million = 1e6
private let billion = 1e9
private let trillion = 1e12

@Suite("Architectures")
struct ArchitectureTests {
  @Test("give the worked weights, FLOP and bytes", arguments: architectures)
  func worked(expected: ArchitectureVector) throws {
    let catalog = try Catalog.embedded()
    let model = try ModelShape.from(try #require(catalog.model(expected.model))).get()
    let (batch, context) = (64.0, 4096.0)
    let chip = try Estimator(catalog: catalog).rates(of: try #require(catalog.accelerator("H100"))).get()
    let step = StepModel(
      model: model, chip: chip, deployment: Deployment(precision: .bf16),
      constants: try EngineConstants(catalog.engineConstants))
    #expect(agrees(attentionWeightsPerLayer(of: model) / million, expected.attentionM, digit: 0.001))
    if let expert = expected.expertM {
      #expect(agrees(3 * model.hidden * model.expertFFN / million, expert, digit: 0.001))
    }
    #expect(agrees(activeLinearWeights(of: model) / billion, expected.activeG, digit: 0.001))
    if let touched = expected.touched {
      let got = expectedExpertsTouched(experts: model.experts, topK: model.topK, tokens: batch)
      #expect(agrees(got, touched, digit: 0.1))
    }
    #expect(agrees(linearWeightsRead(of: model, tokens: batch) / billion, expected.readG, digit: 0.01))
    #expect(agrees(step.kvTraffic(sequences: batch, context: context) / billion, expected.kvGB, digit: 0.01))
    let linear = batch * (linearWorkPerToken(of: model) + 2 * model.vocabulary * model.hidden)
    let decode = linear + step.decodeAttentionWork(sequences: batch, context: context)
    #expect(agrees(decode / trillion, expected.decodeT, digit: 0.001))
    let prefill = context * linearWorkPerToken(of: model)
    #expect(agrees(prefill / trillion, expected.prefillLinearT, digit: 0.1))
    let attention = step.prefillAttentionWork(tokens: context, prefix: 0)
    #expect(agrees(attention / trillion, expected.prefillAttentionT, digit: 0.1))
  }

  @Test("a cached prefix costs what the whole prompt costs less the prefix alone")
  func prefix() throws {
    let catalog = try Catalog.embedded()
    for name in ["Llama-3.1-8B", "gpt-oss-120b", "DeepSeek-V3"] {
      let model = try ModelShape.from(try #require(catalog.model(name))).get()
      let chip = try Estimator(catalog: catalog).rates(of: try #require(catalog.accelerator("H100"))).get()
      let step = StepModel(
        model: model, chip: chip, deployment: Deployment(precision: .bf16),
        constants: try EngineConstants(catalog.engineConstants))
      let whole = step.prefillAttentionWork(tokens: 4096, prefix: 0)
      let parts =
        step.prefillAttentionWork(tokens: 1000, prefix: 0)
        + step.prefillAttentionWork(tokens: 3096, prefix: 1000)
      #expect(abs(whole / parts - 1) < 1e-12)
    }
  }
}

@Suite("Collectives and queues")
struct CollectiveTests {
  private func microseconds(_ value: Double) -> Seconds { Seconds(Unit.microsecond.toBase(value)) }
  private func bandwidth(_ value: Double) -> BytesPerSecond {
    BytesPerSecond(Unit.gigabytePerSecond.toBase(value))
  }
  private func inMicroseconds(_ time: Seconds) -> Double { Unit.microsecond.fromBase(time.value) }

  @Test("ring, tree and per-call forms give the worked times")
  func times() {
    let mebibyte = Bytes(Unit.mebibyte.toBase(1))
    let ring = Collective.allReduce.ring(
      ranks: 8, bytes: mebibyte, perHop: microseconds(1), bandwidth: bandwidth(450))
    #expect(abs(inMicroseconds(ring) - 18.08) < 0.01)
    let tree = Collective.treeAllReduce(
      ranks: 16, bytes: mebibyte, perHop: microseconds(1), bandwidth: bandwidth(450))
    #expect(abs(inMicroseconds(tree) - 12.66) < 0.01)
    let call = Collective.allReduce.call(
      ranks: 8, bytes: Bytes(64 * 8192 * 2), perCall: microseconds(15), bandwidth: bandwidth(360))
    #expect(abs(inMicroseconds(call) - 20.10) < 0.01)
    #expect(Collective.allGather.busFactor(ranks: 8) * 2 == Collective.allReduce.busFactor(ranks: 8))
  }

  @Test("eight experts on 32 ranks hit 7.18 distinct ranks")
  func distinctRanks() { #expect(abs(expectedRanksHit(ranks: 32, topK: 8) - 7.18) < 0.005) }

  @Test("Erlang C and the 99 % wait give the worked values")
  func waits() {
    #expect(abs(erlangC(servers: 100, load: 90) - 0.2169) < 5e-5)
    #expect(abs(erlangC(servers: 10, load: 8) - 0.4092) < 5e-5)
    #expect(abs(wait99(servers: 100, arrivalRate: 90, serviceRate: 1, squaredCV: 1) - 0.3077) < 5e-5)
    #expect(erlangC(servers: 10, load: 10) == 1)
    #expect(wait99(servers: 10, arrivalRate: 10, serviceRate: 1, squaredCV: 1) == .infinity)
  }
}
