// Rows of an invented run on an H200: round numbers that no card has, in the schema of a result file.

import Quantities
import Results

/// A run of a device whose products reach a share of the data sheet's peak, and whose reads a share of its bandwidth.
struct InventedRun {
  /// Share of 989.4 TFLOP/s that every large bf16 product reaches, and of 1979 that fp8 reaches.
  var products = 0.8
  /// Share of 4.8 TB/s that small products and attention over the cache reach.
  var reads = 0.9
  /// The driver's name.
  var device = "NVIDIA H200"

  static let peaks = ["bf16": 989.4e12, "f8_e4m3": 1979e12]
  static let bandwidth = 4.8e12

  func row(
    _ kernel: String, _ shape: String, type: String = "bf16", by impl: String = "cublaslt", seconds: Double,
    flop: Double? = nil, bytes: Double? = nil, _ change: (inout ResultRow) -> Void = { _ in }
  ) -> ResultRow {
    var row = ResultRow()
    (row.rowKey, row.runId, row.runStartedUtc) = (
      "k|\(kernel)|\(shape)|\(type)|\(impl)", "invented1", "2026-11-30T10:00:00Z"
    )
    (row.machineId, row.machineLabel, row.status) = ("m1", "test host", .ok)
    (row.deviceKind, row.deviceName, row.deviceCount) = ("gpu", device, 1)
    (row.placement, row.placementKind, row.impl, row.implIsaPath) = (
      "cuda:0", "device", impl, "sm_90 algorithm 1"
    )
    (row.kernel, row.shapeId, row.dtypeA, row.dtypeB) = (kernel, shape, type, type)
    (row.cacheMode, row.timeMedianSeconds, row.flop, row.minBytes) = ("hot", seconds, flop, bytes)
    row.gflopsMedian = flop.map { Unit.gigaflops.fromBase($0 / seconds) }
    row.gbytesPerSecondMedian = bytes.map { Unit.gigabytePerSecond.fromBase($0 / seconds) }
    if let flop, let bytes { row.arithmeticIntensityFlopPerByte = flop / bytes }
    change(&row)
    return row
  }

  /// A product at its share of the roofline.
  func product(
    _ m: Int, _ n: Int, _ k: Int, type: String = "bf16", by impl: String = "cublaslt", cache: String = "hot",
    slower: Double = 1
  ) -> ResultRow {
    let flop = 2 * Double(m) * Double(n) * Double(k)
    let element = type == "bf16" ? 2.0 : 1.0
    let bytes = Double(n * k) * element + Double(m) * (2 * Double(n) + element * Double(k))
    let arithmetic = flop / (InventedRun.peaks[type] ?? 1) / products
    let seconds = slower * max(arithmetic, bytes / InventedRun.bandwidth / reads)
    return row(
      "gemm", "m\(m)_n\(n)_k\(k)_\(cache)", type: type, by: impl, seconds: seconds, flop: flop, bytes: bytes
    ) {
      ($0.m, $0.n, $0.k, $0.batch, $0.cacheMode, $0.phase) = (
        m, n, k, 1, cache, m < 256 ? "decode" : "prefill"
      )
    }
  }

  /// Attention of one token over a cache, by this program's own kernel.
  func decode(batch: Int, keys: Int, share: Double? = nil) -> ResultRow {
    let bytes = 2.0 * Double(batch * keys) * 8 * 128 * 2
    let flop = 4.0 * Double(batch * keys) * 32 * 128
    let seconds = bytes / InventedRun.bandwidth / (share ?? reads)
    return row(
      "attention_decode", "b\(batch)_s\(keys)", by: "cuda", seconds: seconds, flop: flop, bytes: bytes
    ) {
      ($0.batch, $0.seqQ, $0.seqKv, $0.headsQ, $0.headsKv) = (batch, 1, keys, 32, 8)
      ($0.headDimQk, $0.headDimV, $0.cacheMode, $0.phase) = (128, 128, "cold", "decode")
    }
  }

  /// Causal attention over prompts, by this program's own kernel.
  func prefill(tokens: Int, share: Double) -> ResultRow {
    let flop = 2.0 * 32 * 128 * Double(tokens) * Double(tokens)
    let bytes = Double(tokens) * 128 * 2 * 2 * 40
    let seconds = flop / 989.4e12 / share
    return row("attention_prefill", "s\(tokens)", by: "cuda", seconds: seconds, flop: flop, bytes: bytes) {
      ($0.batch, $0.seqQ, $0.seqKv, $0.headsQ, $0.headsKv) = (1, tokens, tokens, 32, 8)
      ($0.headDimQk, $0.headDimV, $0.causal, $0.phase) = (128, 128, true, "prefill")
    }
  }

  /// A read of an array.
  func read(_ bytes: Int, share: Double) -> ResultRow {
    row(
      "memory_read", "read_\(bytes)", type: "f32", by: "cuda",
      seconds: Double(bytes) / InventedRun.bandwidth / share, bytes: Double(bytes)
    ) { ($0.arrayBytes, $0.phase) = (bytes, "ceiling") }
  }

  /// The peak of a type as its probe reached it.
  func peak(_ type: String, share: Double) -> ResultRow {
    let rate = (InventedRun.peaks[type] ?? 1) * share
    return row("type_peak", "peak_\(type)", type: type, seconds: 1, flop: rate) { $0.phase = "ceiling" }
  }

  /// A whole run: peaks, reads of two levels, large and small products, attention, and what is no kernel row.
  var rows: [ResultRow] {
    [
      peak("bf16", share: 0.85), peak("f8_e4m3", share: 0.8), read(1 << 25, share: 2),
      read(1 << 33, share: 0.92),
      product(4096, 8192, 8192), product(8192, 8192, 8192), product(4096, 8192, 8192, type: "f8_e4m3"),
      product(8, 28672, 8192, cache: "weights_cold"), product(16, 28672, 8192, cache: "weights_cold"),
      decode(batch: 64, keys: 8192), decode(batch: 32, keys: 8192), prefill(tokens: 4096, share: 0.4),
      prefill(tokens: 16384, share: 0.42),
      row("launch_latency", "launch", by: "cuda", seconds: 4e-6),
    ]
  }
}
