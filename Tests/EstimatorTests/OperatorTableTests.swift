// Tables of measured operators: what a row becomes, what is refused, what a table says on, between and beside
// its calls, and the class curves of chips without a table.

import Catalog
import Estimator
import Foundation
import Quantities
import Tables
import Testing

@Suite("Operators from measured tables")
struct OperatorTableTests {
  private let catalog: Catalog
  private let kernels: [MeasuredKernel]
  private let tables: KernelTables

  init() throws {
    catalog = try Bundled.shared.get().catalog
    kernels = try Catalog.measuredKernels()
    tables = KernelTables(kernels, catalog: catalog)
  }

  private func reading(_ id: String) throws -> KernelReading {
    let row = try #require(kernels.first { $0.id == id })
    guard case .reading(let reading) = row.row else { throw Gap(id, missing: "a reading") }
    return reading
  }

  private func product(_ m: Double, _ n: Double, _ k: Double, _ format: KernelFormat = .bf16) -> KernelWork {
    .product(m: m, n: n, k: k, format: format, quantises: true)
  }

  private func chip(_ id: String) throws -> Accelerator { try #require(catalog.accelerator(id)) }

  @Test("work by hand: products, attention, experts, collectives")
  func work() {
    // 2 x 16 x 64 x 32 FLOP; weights 64 x 32 in 1 byte, outputs 16 x 64 x 2, inputs 16 x 32 x (2 + 1).
    #expect(product(16, 64, 32, .fp8) == KernelWork(flop: FLOP(65536), bytes: Bytes(2048 + 2048 + 1536)))
    // A library is given inputs that are quantised already.
    let library = KernelWork.product(m: 16, n: 64, k: 32, format: .fp8, quantises: false)
    #expect(library.bytes == Bytes(2048 + 2048 + 512))
    // 4 x 1 x 64 x 128 x 2048²/2.
    let prefill = KernelWork.prefillAttention(batch: 1, tokens: 2048, heads: 64, kvHeads: 8, headDim: 128)
    #expect(prefill.flop == FLOP(68_719_476_736))
    // 2 x 16 x 4095 x 8 x 128 x 2 bytes, as the published row states.
    let decode = KernelWork.decodeAttention(
      batch: 16, context: 4095, heads: 64, kvHeads: 8, headDim: 128, perElement: 2)
    #expect(decode.bytes == Bytes(268_369_920))
    // 64 sequences x 4096 x 576 bytes; 2 x 64 x 4096 x 128 x 1088 FLOP.
    let latent = KernelWork.latentDecode(
      batch: 64, context: 4096, heads: 128, rank: 512, rope: 64, perElement: 1)
    #expect(latent == KernelWork(flop: FLOP(73_014_444_032), bytes: Bytes(150_994_944)))
    // 512 pairs of 7168 x 2048: 6·rows·D·I.
    let experts = KernelWork.experts(rows: 512, touched: 32, hidden: 7168, width: 2048, format: .fp8Block)
    #expect(experts.flop == FLOP(6 * 512 * 7168 * 2048))
    #expect(experts.bytes.value > 32 * 3 * 7168 * 2048)
    #expect(
      KernelWork.collective(.allReduce, ranks: 8, payload: 800, addsInSwitch: false).bytes == Bytes(1400))
    #expect(
      KernelWork.collective(.allReduce, ranks: 8, payload: 800, addsInSwitch: true).bytes == Bytes(900))
    #expect(
      KernelWork.collective(.allToAll, ranks: 4, payload: 800, addsInSwitch: false).bytes == Bytes(600))
  }

  @Test("rates become times by the declared work")
  func conversion() throws {
    // 1024³ at 489.2 TFLOP/s: 2^31 / 489.2e12 s.
    let gemm = try reading("k-azure-0001")
    #expect(abs(Unit.microsecond.fromBase(gemm.time.value) - 4.38979) < 1e-4)
    #expect(gemm.level == .library)
    // 1 MiB over 4 ranks at 80.48 GB/s bus bandwidth: 1.5 x 1,048,576 / 80.48e9 s.
    let reduce = try reading("k-azure-0050")
    #expect(abs(Unit.microsecond.fromBase(reduce.time.value) - 19.5435) < 1e-3)
    #expect((reduce.operation, reduce.x, reduce.y) == (.allReduce, 1_048_576, 4))
    let layer = try reading("k-aicmoe-0001")
    // 64 tokens x 8 experts over 8 ranks are 64 pairs on 32 experts of the rank.
    #expect((layer.operation, layer.x, layer.level) == (.expertLayer, 2, .engine))
    #expect(layer.work.flop == FLOP(6 * 64 * 7168 * 2048))
  }

  @Test("no believed row runs faster than its machine")
  func physical() throws {
    var count = 0
    for kernel in kernels {
      guard case .reading(let reading) = kernel.row,
        let chip = acceleratorMeant(by: kernel.accelerator, among: catalog.accelerators),
        let utilisation = reading.utilisation(on: chip)
      else { continue }
      count += 1
      #expect(utilisation > 0 && utilisation <= 1 + utilisationTolerance, "\(kernel.id): \(utilisation)")
    }
    #expect(count > 1300)
  }

  @Test("a row above the machine's peak stops the check of the catalogue and is named")
  func check() throws {
    let bytes = try #require(Catalog.embeddedBytes(MeasuredKernel.fileName))
    let text = String(decoding: bytes, as: UTF8.self)
    let row = try #require(kernels.first { $0.id == "k-aicg-0001" })
    let value = try #require(row.value)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      guard line.hasPrefix("k-aicg-0001,") else { return String(line) }
      return String(line.replacing("latency,\(value),", with: "latency,0.5,"))
    }
    let broken = lines.joined(separator: "\n")
    #expect(broken != text)
    let report = try Catalog.check(file: MeasuredKernel.fileName, bytes: Array(broken.utf8))
    let first = try #require(report.errors.first)
    #expect(report.errors.count == 1)
    #expect(first.fault.fault.contains("k-aicg-0001: gemm at"))
    #expect(try Catalog.check(file: MeasuredKernel.fileName, bytes: bytes).errors.isEmpty)
  }

  @Test("rows that contradict themselves are refused with their reason")
  func refusals() throws {
    func reason(_ test: (MeasuredKernel) -> Bool) throws -> String {
      let found = kernels.first(where: test)
      let kernel = try #require(found)
      let refusal = tables.refusals.first { $0.id == kernel.id }
      return try #require(refusal).reason
    }
    #expect(
      try reason { $0.kernel == "attention decode (trtllm 1.0.0)" }.contains(
        "1.5 times the A100's memory peak"))
    #expect(
      try reason { $0.accelerator == "L40S" && $0.numGpus == 8 && $0.kernel.contains("NCCL") }
        .contains("through the host"))
    #expect(
      try reason { $0.accelerator == "L40S" && $0.kernel.contains("decode") && $0.bytes == 67_092_480 }
        .contains("cache"))
    #expect(try reason { $0.accelerator.hasPrefix("B300") && $0.kernel.contains("sglang") }.contains("copy"))
    #expect(try reason { $0.source.hasPrefix("Vidur") && $0.kernel == "all_reduce" }.contains("size column"))
    #expect(try reason { $0.kernel.contains("power_law") }.contains("power law"))
    // Nothing is dropped silently: every row is in a table or refused.
    let used = Set(tables.rowsInTables)
    #expect(used.isDisjoint(with: tables.refusals.map(\.id)))
    let both = used.union(tables.refusals.map(\.id)).union(tables.rowsBehindEngines)
    #expect(both.count == kernels.count)
  }

  @Test("a measured call gives the measured time, the median of its engines")
  func exact() throws {
    let table = try #require(tables.table(OperatorKey(.product), chip: "H100"))
    let found = table.estimate(product(8192, 8192, 8192), x: 8192, y: 8192 * 8192)
    // 1404.78, 1541.71 and 1673.01 us.
    #expect(abs(Unit.microsecond.fromBase(found.time.value) - 1541.71) < 1e-6)
    #expect(found.basis == .measured)
    #expect(found.octavesOutside == 0)
    #expect(abs(found.logSpread - log(1673.01 / 1404.78)) < 1e-9)
    // 2 x 8192³ FLOP at 989.4 TFLOP/s are 1111.29 us.
    #expect(abs(found.utilisation - 1111.29 / 1541.71) < 1e-4)
  }

  @Test("between two calls the ratio to the curve is blended, and outside the edge is held and counted")
  func between() throws {
    let table = try #require(tables.table(OperatorKey(.product, .fp4), chip: "GB300"))
    let curve = try #require(tables.classes[OperatorKey(.product, .fp4)]).curve
    let rates = (peak: 15e15, bandwidth: 8e12)
    func ratio(_ m: Double) -> Double {
      let work = product(m, 8192, 8192, .fp4)
      let fill = m / (m + curve.halfRows)
      let base =
        max(
          work.flop.value / rates.peak / (curve.share * fill),
          work.bytes.value / rates.bandwidth / curve.bandwidthShare) + curve.latency
      return log(table.estimate(work, x: m, y: 8192 * 8192).time.value / base)
    }
    #expect(abs(ratio(4096) - (ratio(2048) + ratio(8192)) / 2) < 1e-9)
    #expect(abs(ratio(32768) - ratio(8192)) < 1e-9)
    let inside = table.estimate(product(4096, 8192, 8192, .fp4), x: 4096, y: 8192 * 8192)
    let outside = table.estimate(product(32768, 8192, 8192, .fp4), x: 32768, y: 8192 * 8192)
    let wide = table.estimate(product(32768, 8192, 16384, .fp4), x: 32768, y: 8192 * 16384)
    #expect((inside.basis, inside.octavesOutside) == (.interpolated, 0))
    #expect(abs(outside.octavesOutside - 2) < 1e-9)
    #expect(abs(wide.octavesOutside - 3) < 1e-9)
    #expect(abs(outside.logHigh - inside.logHigh - 2 * log(1.15)) < 1e-9)
    #expect(abs(outside.logLow - inside.logLow + 2 * log(1.15)) < 1e-9)
  }

  @Test("a chip without a table gets the class curve and its interval, one without a peak a gap")
  func classCurve() throws {
    let key = OperatorKey(.product, .fp8)
    let work = product(4096, 8192, 8192, .fp8)
    let found = try tables.estimate(key, on: chip("MI355X"), work: work, x: 4096, y: 8192 * 8192).get()
    let group = try #require(tables.classes[key])
    #expect((found.basis, found.logLow, found.logHigh) == (.classCurve, group.low, group.high))
    #expect(group.low < 0 && group.high > 0)
    #expect(found.utilisation > 0.3 && found.utilisation < 0.7)
    guard
      case .failure(let gap) = tables.estimate(
        key, on: try chip("A100-80GB"), work: work, x: 4096, y: 8192 * 8192)
    else {
      Issue.record("FP8 on a chip without it")
      return
    }
    #expect(gap.remedy.contains("accelerators.csv"))
  }

  @Test("class curves see calibration rows only: poisoned test rows change none of them")
  func poison() throws {
    let poisoned = kernels.map { kernel in
      var copy = kernel
      if kernel.split == "public_test", kernel.metric == "latency" {
        copy.value = kernel.value.map { 3 * $0 }
      }
      return copy
    }
    let other = KernelTables(poisoned, catalog: catalog)
    #expect(other.classes == tables.classes)
    let key = OperatorKey(.product)
    let work = product(512, 8192, 8192)
    func time(_ tables: KernelTables) throws -> Double {
      try #require(tables.table(key, chip: "H200")).estimate(work, x: 512, y: 8192 * 8192).time.value
    }
    // A chip's own table is a fact about the chip, whichever split it is in.
    #expect(abs(try time(other) / time(tables) - 3) < 1e-9)
  }

  @Test("left out, calls and chips are predicted as printed")
  func scores() throws {
    let scores = tables.scores()
    func line(_ key: OperatorKey, _ way: OperatorScore.Way) throws -> OperatorScore {
      try #require(scores.first { $0.key == key && $0.way == way })
    }
    #expect(try line(OperatorKey(.product), .callInside).median < 0.06)
    #expect(try line(OperatorKey(.product), .calibrationChip).median < 0.12)
    #expect(try line(OperatorKey(.prefillAttention), .calibrationChip).median < 0.10)
    #expect(try line(OperatorKey(.decodeAttention), .publicChip).median < 0.12)
    for score in scores where score.way == .calibrationChip {
      #expect(score.coverage >= 0.7, "\(score.key.name)")
    }
  }
}
