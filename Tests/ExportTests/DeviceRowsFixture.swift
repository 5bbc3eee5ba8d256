// Rows of an invented device beside the invented host of `reportRows`, in one file: round numbers that no card has.

import Results

/// The host's rows and those of one device at `cuda:0`: a peak for each element type, two levels of memory, and
/// products and attention at 80 % of their roofs, with a peer beside one product.
func mixedRows() -> [ResultRow] { reportRows() + deviceRows() }

/// The device's rows alone.
func deviceRows() -> [ResultRow] {
  let peaks: [(String, Double)] = [
    ("f64", 50e3), ("f32", 60e3), ("tf32", 400e3), ("bf16", 800e3), ("f16", 800e3), ("f8_e4m3", 1600e3),
    ("i8", 1600e3),
  ]
  func row(
    _ kernel: String, _ shape: String, by impl: String, type: String, flop: Double? = nil,
    bytes: Double? = nil,
    seconds: Double, array: Int? = nil
  ) -> ResultRow {
    var row = reportRow(
      kernel, shape, "cuda:0", 0, by: impl, flop: flop, bytes: bytes, seconds: seconds, array: array)
    row.rowKey += "|\(type)"
    (row.deviceKind, row.deviceName, row.deviceCount) = ("gpu", "NVIDIA H200", 1)
    (row.placementKind, row.smtMode, row.threads) = ("device", "", nil)
    (row.dtypeA, row.dtypeB, row.implIsaPath) = (type, type, "sm_90 algorithm 7")
    (row.cpuMhzMean, row.packageEnergyJoules, row.temperatureMaxCelsius) = (1500, 10, 50)
    let isCeiling = ["type_peak", "memory_read", "memory_copy", "memory_triad"].contains(kernel)
    row.phase = isCeiling ? "ceiling" : "prefill"
    (row.pctOfRoofline, row.boundBy) = isCeiling ? (nil, "") : (80, "compute")
    return row
  }
  return peaks.map { type, rate in
    row("type_peak", "peak_\(type)", by: "cublaslt", type: type, flop: rate * 1e9, seconds: 1)
  }
    + [
      row("memory_read", "read_l2", by: "cuda", type: "f32", bytes: 10_000e9, seconds: 1, array: 1 << 25),
      row("memory_read", "read_hbm", by: "cuda", type: "f32", bytes: 4_000e9, seconds: 1, array: 1 << 33),
      row("memory_copy", "copy_hbm", by: "cuda", type: "f32", bytes: 3_600e9, seconds: 1, array: 1 << 33),
      row("memory_triad", "triad_hbm", by: "cuda", type: "f32", bytes: 3_700e9, seconds: 1, array: 1 << 33),
    ]
    + peaks.map { type, rate in
      row(
        "gemm", "square_8192", by: "cublaslt", type: type, flop: 0.8 * rate * 1e9,
        bytes: 0.8 * rate * 1e9 / 2730, seconds: 1)
    }
    + [
      row(
        "gemm", "square_8192", by: "torch", type: "bf16", flop: 640_000e9, bytes: 640_000e9 / 2730,
        seconds: 1.02),
      row(
        "attention_decode", "decode_b64_s8192", by: "cuda", type: "bf16", flop: 12_800e9, bytes: 3_200e9,
        seconds: 1),
      row(
        "attention_prefill", "prefill_s4096", by: "cuda", type: "bf16", flop: 480_000e9, bytes: 480e9,
        seconds: 1),
    ]
}
