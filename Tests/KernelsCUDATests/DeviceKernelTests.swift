// Every kernel of a device against its Double oracle, run on the CPU by the fake driver: the same texts, the same
// launches, small shapes with edges.

import Devices
import FakeCUDA
import Kernels
import KernelsCUDA
import Measurement
import Quantities
import Testing

extension DeviceKernels {
  /// The first device of a fake host.
  static func fake(_ host: FakeCUDA) throws -> DeviceKernels {
    var libraries = DeviceLibraries()
    (libraries.driver, libraries.compiler) = (host.driver, host.compiler)
    (libraries.products, libraries.management) = (host.products, host.management)
    return try DeviceKernels(ordinal: 0, libraries: libraries)
  }
}

/// A case of a device.
func deviceCase(
  _ operation: Operation, _ shape: Shape, _ type: DataType = .bf16, by implementation: Implementation = .cuda,
  cache: CacheMode = .hot
) -> Case {
  var subject = Case(operation, shape, id: "test", phase: .prefill, by: implementation, cacheMode: cache)
  subject.dataType = type
  return subject
}

private func product(_ m: Int, _ n: Int, _ k: Int, batch: Int = 1, _ type: DataType, turned: Bool = true)
  -> Case
{
  var shape = Shape.gemm(m: m, n: n, k: k)
  (shape.batch, shape.transposesB) = (batch, turned)
  return deviceCase(.gemm, shape, type, by: .cublasLt)
}

private func decode(
  _ batch: Int, _ headsQ: Int, _ headsKV: Int, _ dim: Int, keys: Int, page: Int, _ cache: DataType
) -> Case {
  var shape = Shape.attention(
    batch: batch, headsQ: headsQ, headsKV: headsKV, headDim: dim, seqQ: 1, seqKV: keys, causal: true)
  (shape.cacheType, shape.blockKeys) = (cache, page)
  return deviceCase(.attentionDecode, shape)
}

private func prefill(_ batch: Int, _ headsQ: Int, _ headsKV: Int, _ dim: Int, q: Int, keys: Int, causal: Bool)
  -> Case
{
  deviceCase(
    .attentionPrefill,
    .attention(
      batch: batch, headsQ: headsQ, headsKV: headsKV, headDim: dim, seqQ: q, seqKV: keys, causal: causal))
}

private func experts(_ m: Int, _ n: Int, _ k: Int, _ count: Int) -> Case {
  var shape = Shape.gemm(m: m, n: n, k: k)
  (shape.batch, shape.transposesB) = (count, true)
  return deviceCase(.groupedGEMM, shape)
}

private let cases: [Case] =
  DataType.ofDevices.map { product(33, 48, 64, $0) }
  + [
    product(16, 24, 40, batch: 3, .bf16, turned: false), product(1, 64, 128, .f16),
    decode(2, 8, 2, 128, keys: 77, page: 16, .bf16), decode(1, 8, 1, 64, keys: 700, page: 32, .bf16),
    decode(1, 16, 1, 128, keys: 300, page: 64, .f8), decode(1, 4, 4, 64, keys: 1, page: 16, .f8),
    prefill(1, 4, 2, 64, q: 130, keys: 130, causal: true),
    prefill(1, 2, 1, 128, q: 70, keys: 100, causal: true),
    prefill(2, 2, 2, 64, q: 33, keys: 65, causal: false),
    experts(150, 136, 72, 3), experts(5, 24, 40, 7),
    deviceCase(.rmsnorm, .rows(5, columns: 264)), deviceCase(.rmsnorm, .rows(3, columns: 100)),
    deviceCase(.residualRMSNorm, .rows(4, columns: 512)), deviceCase(.siluMul, .rows(6, columns: 200)),
    deviceCase(.siluMul, .rows(2, columns: 37)),
    deviceCase(.residualAdd, .rows(3, columns: 37)), deviceCase(.residualAdd, .rows(4, columns: 512)),
    deviceCase(.ropeHalf, .rope(tokens: 9, heads: 3, headDim: 64)),
    deviceCase(.memoryRead, .memory(bytes: 400_016), .f32),
    deviceCase(.memoryCopy, .memory(bytes: 40_016), .f32),
    deviceCase(.memoryTriad, .memory(bytes: 40_016), .f32),
    deviceCase(.hostToDevice, .memory(bytes: 4096), .f32),
    deviceCase(.deviceToHost, .memory(bytes: 4096), .f32),
    deviceCase(.launchLatency, Shape(), .f32), deviceCase(.graphReplay, Shape(), .f32),
  ] + DataType.ofDevices.filter { $0 != .f8 }.map { deviceCase(.typePeak, Shape(), $0) }

extension Case: CustomTestStringConvertible {
  public var testDescription: String {
    "\(operation.rawValue) \(dataType.rawValue) \(shape.m ?? shape.seqKV ?? shape.bytes ?? 0)"
  }
}

@Suite(.enabled(if: FakeCUDA.clang != nil)) struct DeviceKernelTests {
  @Test("agrees with its oracle in full and in samples, after its outputs were poisoned", arguments: cases)
  func oracle(_ subject: Case) throws {
    let host = try FakeCUDA()
    let kernel = try DeviceKernels.fake(host).prepare(subject, sets: 1, seed: 7)
    let found = kernel.verify(seed: 11)
    #expect(found.passed, "\(found)")
    #expect(kernel.verifyBriefly(seed: 12).passed)
    #expect(kernel.failure == nil)
  }

  private static let wrong: [(Case, String)] = [
    (product(33, 48, 64, .bf16), "cublasLtMatmul"),
    (decode(2, 8, 2, 128, keys: 77, page: 16, .bf16), "decode_attention_bf16_128_g8"),
    (prefill(1, 4, 2, 64, q: 130, keys: 130, causal: true), "prefill_attention_bf16_64"),
    (experts(5, 24, 40, 7), "grouped_product_bf16"),
    (deviceCase(.rmsnorm, .rows(5, columns: 264)), "rmsnorm"),
    (deviceCase(.siluMul, .rows(6, columns: 200)), "silu_mul"),
    (deviceCase(.memoryRead, .memory(bytes: 400_016), .f32), "memory_read"),
    (deviceCase(.memoryCopy, .memory(bytes: 40_016), .f32), "memory_copy"),
    (deviceCase(.typePeak, Shape(), .bf16), "peak_bf16"),
  ]

  @Test("a first result that is wrong does not pass", arguments: wrong.indices)
  func mismatch(_ index: Int) throws {
    let (subject, kernel) = DeviceKernelTests.wrong[index]
    let host = try FakeCUDA(["WRONG": kernel])
    #expect(try !DeviceKernels.fake(host).prepare(subject, sets: 1, seed: 7).verify(seed: 11).passed)
  }

  @Test("its work is that of the host's formulas with elements of two bytes")
  func work() {
    let rows = DeviceWork.of(deviceCase(.rmsnorm, .rows(10, columns: 100)))
    let host = Kernels.work(.rmsnorm, shape: .rows(10, columns: 100))
    #expect(rows.flop == host.flop && rows.bytes.value == host.bytes.value / 2)
    let gemm = DeviceWork.of(product(3, 5, 7, .f8))
    #expect(gemm.flop.value == 210 && gemm.bytes.value == 21 + 35 + 2 * 15)
    let step = DeviceWork.of(decode(2, 8, 2, 128, keys: 100, page: 16, .f8))
    #expect(step.bytes.value == 2 * 128 * (2 * 16 + 2 * 2 * 100))
    #expect(step.flop.value == 4 * 2 * 8 * 128 * 100)
    let rope = DeviceWork.of(deviceCase(.ropeHalf, .rope(tokens: 9, heads: 3, headDim: 64)))
    #expect(rope.bytes.value == 4 * 9 * 3 * 64 + 4 * 9 * 64)
  }

  @Test(
    "cold rows are timed one by one, warm ones together, and both count every execution",
    arguments: [CacheMode.hot, .cold])
  func timing(_ mode: CacheMode) throws {
    let host = try FakeCUDA()
    let subject = deviceCase(.rmsnorm, .rows(5, columns: 264), cache: mode)
    let kernel = try DeviceKernels.fake(host).prepare(subject, sets: 3, seed: 7)
    let before = try #require(kernel.timedSeconds)
    for _ in 0..<100 {
      kernel.run()
      kernel.rotate()
    }
    let middle = try #require(kernel.timedSeconds)
    #expect(before == 0 && middle > 0 && kernel.timedSeconds == middle)
    kernel.run()
    #expect(try #require(kernel.timedSeconds) > middle && kernel.failure == nil)
  }

  private func layer(_ part: Int?, cachedKeys: Int?) -> Case {
    let small = DecoderLayer(
      name: "small", model: "Small", count: 1, hidden: 128, headsQ: 4, headsKV: 2, headDim: 64,
      intermediate: 160)
    let shape = Shape.decoderLayer(small, tokens: 3, cachedKeys: cachedKeys, part: part)
    return deviceCase(.decoderLayer, shape)
  }

  @Test(
    "a layer runs its operators, and an operator counts its own time inside the layer", arguments: [nil, 40])
  func layers(_ cachedKeys: Int?) throws {
    let host = try FakeCUDA()
    let device = try DeviceKernels.fake(host)
    let whole = try device.prepare(layer(nil, cachedKeys: cachedKeys), sets: 1, seed: 7)
    #expect(whole.verify(seed: 3).passed)
    var (flop, seconds) = (0.0, 0.0)
    for part in 1...10 {
      let one = try device.prepare(layer(part, cachedKeys: cachedKeys), sets: 1, seed: 7)
      #expect(one.verifyBriefly(seed: 3).passed, "\(part)")
      one.run()
      let own = try #require(one.timedSeconds)
      #expect(own > 0 && one.failure == nil)
      flop += one.work.flop.value
      seconds += own
    }
    #expect(flop == whole.work.flop.value && seconds > 0)
    let ninth = try device.prepare(layer(9, cachedKeys: cachedKeys), sets: 1, seed: 7)
    #expect(ninth.work.flop.value == 2 * 3 * 160 * 128)
    #expect(throws: KernelError.self) {
      try device.prepare(layer(11, cachedKeys: cachedKeys), sets: 1, seed: 7)
    }
    #expect(throws: KernelError.self) {
      try device.prepare(deviceCase(.decoderLayer, .decoderLayer(.mixtral, tokens: 2)), sets: 1, seed: 7)
    }
  }

  @Test("a lost device is told once, and nothing traps")
  func lost() throws {
    let host = try FakeCUDA(["LOST": "6"])
    let device = try DeviceKernels.fake(host)
    let kernel = try device.prepare(deviceCase(.rmsnorm, .rows(5, columns: 264)), sets: 1, seed: 7)
    for _ in 0..<20 { kernel.run() }
    _ = kernel.timedSeconds
    let failure = try #require(kernel.failure)
    #expect(failure.isFatal && failure.reason.contains("719"))
    #expect(!kernel.verify(seed: 1).passed)
  }

  @Test("without a compiler or a library of products only their rows are missing")
  func missing() throws {
    let host = try FakeCUDA()
    var libraries = DeviceLibraries()
    (libraries.driver, libraries.compiler) = (host.driver, host.compiler)
    (libraries.products, libraries.management) = ("/nowhere/lib.so", "/nowhere/lib.so")
    let device = try DeviceKernels(ordinal: 0, libraries: libraries)
    #expect(device.facts.libraryVersion == nil && device.watch() == nil)
    #expect(
      try device.prepare(deviceCase(.rmsnorm, .rows(5, columns: 264)), sets: 1, seed: 7).verify(seed: 1)
        .passed)
    let error = #expect(throws: (any Error).self) {
      try device.prepare(product(8, 8, 16, .f32), sets: 1, seed: 7)
    }
    let fault = try #require(error.map { DeviceKernels.fault($0) })
    #expect(fault.isAbsence && fault.reason.contains("cuBLASLt"))
  }
}
