// Kinds of attention, states, experts and weight formats that the constants were not fitted on: bytes and FLOP
// against values worked out by hand from the published dimensions.

import Catalog
import Estimator
import Quantities
import Testing

/// Two to one between FP8 and bf16, so that FP8 scores count half.
private func chip(fp4: Bool = false) -> ChipRates {
  func peak(_ value: Double) -> FLOPPerSecond { FLOPPerSecond(Unit.teraflops.toBase(value)) }
  return ChipRates(
    name: "test", bf16Peak: peak(1000), fp8Peak: peak(2000), fp4Peak: fp4 ? peak(4000) : nil,
    memoryBandwidth: BytesPerSecond(Unit.terabytePerSecond.toBase(4)),
    scaleUpBandwidth: BytesPerSecond(Unit.gigabytePerSecond.toBase(400)),
    memory: Bytes(Unit.gibibyte.toBase(100)),
    gemmShare: ChipRates.GEMMShare(bf16: 0.7, fp8: 0.6, fp4: 0.5))
}

@Suite("Kinds of attention and weights")
struct AttentionKindsTests {
  let catalog: Catalog
  let constants: EngineConstants

  init() throws {
    catalog = try Catalog.embedded()
    constants = try EngineConstants(catalog.engineConstants)
  }

  private func shape(_ name: String) throws -> ModelShape {
    try ModelShape.from(try #require(catalog.model(name))).get()
  }

  private func step(
    _ name: String, _ precision: Precision = .bf16, tensor: Int = 1, kv: Double? = nil, fp4: Bool = false
  ) throws -> StepModel {
    StepModel(
      model: try shape(name), chip: chip(fp4: fp4),
      deployment: Deployment(tensorParallel: tensor, precision: precision), constants: constants,
      kvBytesPerElement: kv)
  }

  private func same(_ value: Double, _ expected: Double) -> Bool { abs(value / expected - 1) < 1e-12 }

  @Test("sparse attention reads the selected entries and every index key")
  func indexed() throws {
    let model = try self.step("DeepSeek-V3.2", .fp8Block)
    // 61 layers; an entry is 512 + 64 elements, an index key 128 and a scale of 4 bytes.
    #expect(same(model.kvTraffic(sequences: 1, context: 32768), 61 * (2048 * 576 + 32768 * 132)))
    #expect(same(model.kvTraffic(sequences: 3, context: 1000), 3 * 61 * 1000 * (576 + 132)))
    #expect(same(model.bytesPerSequence(context: 32768).value, 61 * 32768 * (576 + 132)))
    // Scores and sums in the latent, 2·128·(2·512 + 64) a key; the index 2·64·128 a token at half the price.
    let step: Double = 61 * (278_528 * 2048 + 16384 * 32768 / 2)
    #expect(same(model.decodeAttentionWork(sequences: 1, context: 32768), step))
    // A short prompt multiplies all pairs (2·128·320 each), a long one min(i, 2048) of them in the latent.
    let short = model.prefillAttentionWork(tokens: 4096, prefix: 0)
    #expect(same(short, 61 * (81920 + 16384 / 2) * 8_388_608))
    let long = model.prefillAttentionWork(tokens: 32768, prefix: 0)
    #expect(same(long, 61 * (278_528 * 65_011_712 + 16384 / 2 * 536_870_912)))
    // Index queries 1536 x 64·128, keys 7168 x 128, weights 7168 x 64 in each of 61 layers.
    let index = try linearWeightsRead(of: shape("DeepSeek-V3.2"), tokens: 1e12)
    let without = try linearWeightsRead(of: shape("DeepSeek-V3"), tokens: 1e12)
    #expect(same(index - without, 61 * 13_959_168))
    // Four kernels a layer more.
    #expect(try model.kernelCount == self.step("DeepSeek-V3", .fp8Block).kernelCount + 4 * 61)
  }

  @Test("layers that reuse an index keep no index keys")
  func reused() throws {
    let model = try step("GLM-5.2", .fp8)
    #expect(
      same(model.kvTraffic(sequences: 1, context: 10000), 78 * 2048 * 576 + 21 * 10000 * 132))
  }

  @Test("sparse layers with grouped heads share their entries over ranks, not their index keys")
  func groupedIndex() throws {
    let model = try step("MiniMax-M3", .fp8, tensor: 4)
    let entries = Double(3 * 32768 + 57 * 2048) * 1024 / 4
    #expect(same(model.kvTraffic(sequences: 1, context: 32768), entries + 57 * 32768 * 132))
    // 16 query heads a rank, K and V of 128; one index head a rank.
    let core = 2.0 * 16 * 256 * Double(3 * 32768 + 57 * 2048)
    let index: Double = 57 * 2 * 128 * 32768 / 2
    #expect(same(model.decodeAttentionWork(sequences: 1, context: 32768), core + index))
  }

  @Test("compressed attention reads a window, selected fine keys and every coarse key")
  func compressed() throws {
    let model = try step("DeepSeek-V4-Flash", .mxfp4)
    // 43 layers of window 128, 21 with 512 of 2048 fine keys and their index, 20 with 64 coarse keys.
    let keys = Double(43 * 128 + 21 * 512 + 20 * 64)
    #expect(same(model.kvTraffic(sequences: 1, context: 8192), keys * 512 + 21 * 2048 * 132))
    let scores: Double = 21 * 2 * 64 * 128 * 2048 / 2
    #expect(
      same(model.decodeAttentionWork(sequences: 1, context: 8192), 4 * 64 * 512 * keys + scores))
    let kept = Double(43 * 128 + 21 * 2048 + 20 * 64) * 512
    #expect(same(model.bytesPerSequence(context: 8192).value, kept + 21 * 2048 * 132))
    // 2048 tokens reach every fine key, so both halves of a prompt cost what a triangle does.
    let window = 128.0 * 2048 - 8192
    let pairs = 2048.0 * 2048 / 2
    let core: Double = 4 * 64 * 512 * (43 * window + 21 * pairs / 4 + 20 * pairs / 128)
    let index: Double = 21 * 16384 * pairs / 4 / 2
    #expect(same(model.prefillAttentionWork(tokens: 2048, prefix: 0), core + index))
  }

  @Test("windows count their own heads, chunks half their length")
  func windows() throws {
    // 10 layers of 4 heads x 512, 50 of 16 heads x 256 that see 1024 tokens.
    let gemma = try step("Gemma-4-31B", kv: 2)
    let both: Double = 2 * (10 * 4096 * 2 * 4 * 512 + 50 * 1024 * 2 * 16 * 256)
    #expect(same(gemma.kvTraffic(sequences: 1, context: 4096), both))
    let scores: Double = 4 * 32 * (512 * 10 * 4096 + 256 * 50 * 1024)
    #expect(same(gemma.decodeAttentionWork(sequences: 1, context: 4096), scores))
    // 12 layers see all, 36 the chunk of 8192 that they are in.
    let scout = try step("Llama-4-Scout-17B-16E", kv: 2)
    let perKey: Double = 2 * 2 * 8 * 128
    let read: Double = 12 * 16384 + 36 * 4096
    let kept: Double = 12 * 16384 + 36 * 8192
    #expect(same(scout.kvTraffic(sequences: 1, context: 16384), perKey * read))
    #expect(same(scout.bytesPerSequence(context: 16384).value, perKey * kept))
    let chunks: Double = (8192 * 8192 + 4096 * 4096) / 2
    let all: Double = 12288 * 12288 / 2
    let work = scout.prefillAttentionWork(tokens: 12288, prefix: 0)
    #expect(same(work, 4 * 40 * 128 * (12 * all + 36 * chunks)))
  }

  @Test("layers with a state read and write it and keep no keys")
  func recurrent() throws {
    // 69 layers of 96 matrices 128 x 128 in fp32, and 3 inputs of a convolution over 3·96·128 channels.
    let kimi = try step("Kimi-K3", kv: 1)
    let state: Double = 69 * (96 * 128 * 128 * 4 + 3 * 96 * 128 * 3 * 2)
    #expect(same(kimi.kvTraffic(sequences: 1, context: 1000), 24 * 1000 * 576 + 2 * state))
    // 23 Mamba-2 blocks (z, x, B, C, one step a head), 6 of attention, 23 of experts without gate.
    #expect(
      same(
        activeLinearWeights(of: try shape("Nemotron-3-Nano-30B-A3B")),
        hybrid(hidden: 2688, stateHeads: 64, blocks: (23, 6, 23), experts: (6, 1856, 3712, 128), width: 0)))
    // In a latent width of 1024 an expert is 2·1024·2688, and a token goes in and out of it once.
    #expect(
      same(
        activeLinearWeights(of: try shape("Nemotron-3-Super-120B-A12B")),
        hybrid(
          hidden: 4096, stateHeads: 128, blocks: (40, 8, 40), experts: (22, 2688, 5376, 512), width: 1024)))
    let kernels: Double = 23 * 8 + 6 * 5 + 23 * 13 + 3
    let nano = try step("Nemotron-3-Nano-30B-A3B")
    #expect(nano.kernelCount == kernels)
  }

  /// Active weights of a hybrid: state blocks of heads of 64 with 8 groups of state 128, attention blocks of 32
  /// query and 2 KV heads of 128, expert blocks (visited, width, shared width, experts).
  private func hybrid(
    hidden d: Double, stateHeads: Double, blocks: (state: Double, attention: Double, experts: Double),
    experts: (Double, Double, Double, Double), width: Double
  ) -> Double {
    let inner = stateHeads * 64
    let state = d * (2 * inner + 2 * 8 * 128 + stateHeads) + inner * d
    let attention = d * (32 + 2 * 2) * 128 + 32 * 128 * d
    let routed = experts.0 * 2 * (width > 0 ? width : d) * experts.1
    let beside = 2 * d * experts.2 + d * experts.3 + 2 * d * width
    return blocks.state * state + blocks.attention * attention + blocks.experts * (routed + beside)
  }

  @Test("a feed-forward part without gate has two matrices")
  func ungated() throws {
    let perLayer = 4.0 * 4096 * 4096 + 2 * 4096 * 16384
    #expect(same(activeLinearWeights(of: try shape("GPT-J-6B")), 28 * perLayer))
  }

  @Test("a format of the experts leaves the rest as published")
  func formats() throws {
    // Experts 60·384·3·7168·2048 at 0.5625 bytes, 11.72e9 other weights at 2.
    let kimi = try step("Kimi-K2.5", .int4)
    #expect(same(kimi.weightBytesPerRank.value, 570_760_888_320 + 2 * 11_721_179_136))
    #expect(kimi.quantisedCount == 0)
    // Experts 36·128·3·2880² at 0.53125 bytes; bf16 arithmetic without 4-bit units, FP8 with them.
    let oss = try step("gpt-oss-120b", .mxfp4)
    #expect(same(oss.weightBytesPerRank.value, 60_914_073_600 + 2 * 2_127_052_800))
    #expect(oss.quantisedCount == 0 && oss.kvBytesPerElement == 2)
    let blackwell = try step("gpt-oss-120b", .mxfp4, fp4: true)
    #expect(blackwell.weightBytesPerRank == oss.weightBytesPerRank && blackwell.quantisedCount == 72)
    #expect(blackwell.prefill(tokens: 8192).products < oss.prefill(tokens: 8192).products)
    // DeepSeek-V4 keeps in FP8 what its experts do not hold.
    let flash = try step("DeepSeek-V4-Flash", .mxfp4)
    #expect(flash.kvBytesPerElement == 1)
    let embeddings: Double = 2 * 129_280 * 4096
    let experts: Double = 43 * 256 * 3 * 4096 * 2048
    let inBF16: Double = 43 * (64 * 512 * 1024 + 4096 * 256) + embeddings
    let all = try linearWeightsRead(of: shape("DeepSeek-V4-Flash"), tokens: 1e12) + embeddings
    let inFP8 = all - experts - inBF16
    #expect(same(flash.weightBytesPerRank.value, experts * 0.53125 + inBF16 * 2 + inFP8))
    // A dense model in 4-bit integers of group 128: everything but embedding and head.
    let llama = try step("Llama-3.1-8B", .int4)
    let wide: Double = 2 * 2 * 128_256 * 4096
    #expect(same(llama.weightBytesPerRank.value, 6_979_321_856 * 0.515625 + wide))
  }

  @Test("a draft module is a layer of the last kind and a joining product")
  func drafts() throws {
    let joined = 2.0 * 7168 * 7168
    let layer = 187_105_280 + 257 * 44_040_192 + 7168.0 * 256
    #expect(same(draftWeights(of: try shape("DeepSeek-V3")), joined + layer))
    #expect(draftWeights(of: try shape("Llama-3.1-8B")) == 0)
    let qwen = try #require(try shape("Qwen3.5-397B-A17B").draftLayer)
    #expect(qwen.linearLayers == 0 && qwen.attentionLayers == 1 && qwen.kvElementsPerToken == 2 * 2 * 256)
  }

  @Test("published spellings of formats are understood")
  func spellings() {
    let cases: [(String, Precision?)] = [
      ("NVFP4", .fp4), ("fp4", .fp4), ("fp8", .fp8), ("fp8_block", .fp8Block), ("FP16", .bf16), ("", .bf16),
      ("int4", .int4), ("W4A16", .int4), ("mxfp4", .mxfp4), ("bf16", .bf16), ("int8", .int8),
      ("fp8/fp16", .fp8), ("fp3", nil),
    ]
    for (text, expected) in cases { #expect(Precision(published: text) == expected, "\(text)") }
  }

  @Test("every model has a shape whose products hold the parameters that its row counts")
  func totals() throws {
    #expect(catalog.models.count >= 25)
    for row in catalog.models {
      let model = try ModelShape.from(row).get()
      let embeddings = model.vocabulary * model.hidden * (model.tiedEmbeddings ? 1 : 2)
      let total = linearWeightsRead(of: model, tokens: 1e12) + embeddings
      let counted = try #require(row.shapeCount).total
      // Norms and short convolutions are no products: below 0.05 % together.
      #expect(total <= counted && total > 0.9995 * counted, "\(row.model)")
      guard let published = row.publishedTotalB.map(Unit.billion.toBase),
        abs(counted / published - 1) > 0.01
      else { continue }
      #expect(!row.note.isEmpty, "\(row.model): \(counted), published \(published), no note says why")
      print("\(row.model): counted \(counted), published \(published): \(row.note)")
    }
  }

  @Test("shares over ranks add up to the whole for every kind", arguments: ["Kimi-K3", "Qwen3.5-397B-A17B"])
  func shares(name: String) throws {
    let whole = try step(name, kv: 1)
    let half = try step(name, tensor: 2, kv: 1)
    let context = 5000.0
    #expect(
      same(
        2 * half.decodeAttentionWork(sequences: 1, context: context),
        whole.decodeAttentionWork(sequences: 1, context: context)))
    let state = try shape(name).stateBytes
    #expect(whole.kvTraffic(sequences: 1, context: 0) == 2 * state)
    #expect(half.kvTraffic(sequences: 1, context: 0) == state)
  }
}
