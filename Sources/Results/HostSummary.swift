// What a run says about its host or about one of its devices, in the few numbers that the plan wing needs: two
// ceilings and how much of the roofline each operation reached. Rows of a device and of its host are never mixed.

/// The ceilings and efficiencies of one machine or device, from the `ok` rows of one result file.
public struct HostSummary: Hashable, Sendable {
  /// One measured kernel as a share of what the ceilings allow.
  public struct EfficiencyPoint: Hashable, Sendable {
    /// Row that it came from.
    public let rowKey: String
    /// `gemm`, `attention_prefill` or `attention_decode`.
    public let kernel: String
    /// `swift` or `openblas`; on a device `cublaslt` or `cuda`.
    public let impl: String
    /// Element type of the operands, as the column dtype_a has it.
    public let type: String
    /// GEMM sizes, nil for attention.
    public let m: Int?
    public let n: Int?
    public let k: Int?
    /// Attention: keys per sequence, nil for GEMM.
    public let seqKv: Int?
    /// `hot` or `weights_cold`.
    public let cacheMode: String
    /// Arithmetic intensity over the machine's ridge: below 1 memory limits, above 1 arithmetic.
    public let intensityOverRidge: Double
    /// min(1, intensity / ridge) x peak, as a share reached: time at the DRAM roofline over measured time.
    /// Above 1 where the working set stayed in a cache.
    public let shareOfRoofline: Double
    /// Share of the arithmetic peak reached.
    public let shareOfPeak: Double
  }

  /// Identity of the machine.
  public let machineId: String
  /// True for a device of it, whose rows alone are summarised.
  public let isDevice: Bool
  /// Name of what computed: that of the device, or the machine's label.
  public let name: String
  public let machineLabel: String
  public let cpuModelName: String
  /// Placement that the numbers belong to: of a host the one with most threads.
  public let placement: String
  public let threads: Int?
  /// Run that measured them.
  public let runId: String
  /// Element type that `peakGflops` is of: f32 on a host; on a device bf16, or f16 where bf16 has no probe.
  public let type: String
  /// Measured arithmetic peak by element type, 10^9 FLOP/s; a host's multiply-add peak is that of f32.
  public let peaks: [String: Double]
  /// Measured peak of `type`; nil when the run has no such row.
  public var peakGflops: Double? { peaks[type] }
  /// Measured read bandwidth of the largest array; nil when the run has no such row.
  public let readGbytesPerSecond: Double?
  /// FLOP per byte at which both ceilings meet.
  public var ridgeFlopPerByte: Double? {
    guard let peakGflops, let readGbytesPerSecond, readGbytesPerSecond > 0 else { return nil }
    return peakGflops / readGbytesPerSecond
  }
  /// Kernel rows, empty when a ceiling is missing.
  public let points: [EfficiencyPoint]

  /// Summarises the rows of one machine at the placement with most threads, or those of the one named, which may
  /// be a device's, e.g. `cuda:0`.
  ///
  /// Nil when no row is `ok`, or when rows of several machines or devices are mixed.
  public init?(_ rows: [ResultRow], placement wanted: String? = nil) {
    let usable = rows.filter { row in
      row.status == .ok && (wanted.map { row.placement == $0 } ?? !row.isOnDevice)
    }
    guard let widest = usable.max(by: { ($0.threads ?? 0) < ($1.threads ?? 0) }),
      usable.allSatisfy({
        $0.machineId == widest.machineId && $0.isOnDevice == widest.isOnDevice
          && (!$0.isOnDevice || $0.deviceName == widest.deviceName)
      })
    else { return nil }
    let here = usable.filter { $0.placement == widest.placement }
    machineId = widest.machineId
    machineLabel = widest.machineLabel
    cpuModelName = widest.cpuModelName
    name = widest.computerName
    placement = widest.placement
    threads = widest.threads
    runId = widest.runId
    let isDevice = widest.isOnDevice
    self.isDevice = isDevice
    var peaks: [String: Double] = [:]
    for row in here where isDevice || row.kernel == "fma_peak" {
      guard let type = row.probedType, let rate = row.gflopsMedian, rate > peaks[type] ?? 0 else { continue }
      peaks[type] = rate
    }
    self.peaks = peaks
    type = !isDevice ? "f32" : peaks["bf16"] == nil && peaks["f16"] != nil ? "f16" : "bf16"
    let read = here.filter { $0.kernel == "memory_read" }
      .max { ($0.arrayBytes ?? 0) < ($1.arrayBytes ?? 0) }?.gbytesPerSecondMedian
    readGbytesPerSecond = read
    guard let read, read > 0 else {
      points = []
      return
    }
    points = here.compactMap { row in
      let type = isDevice ? row.dtypeA : "f32"
      guard let gflops = row.gflopsMedian, let intensity = row.arithmeticIntensityFlopPerByte,
        row.phase != "ceiling", intensity > 0, isDevice || row.isPlainFloat, let peak = peaks[type]
      else { return nil }
      let allowed = min(peak, intensity * read)
      return EfficiencyPoint(
        rowKey: row.rowKey, kernel: row.kernel, impl: row.impl, type: type, m: row.m, n: row.n, k: row.k,
        seqKv: row.seqKv, cacheMode: row.cacheMode, intensityOverRidge: intensity * read / peak,
        shareOfRoofline: gflops / allowed, shareOfPeak: gflops / peak)
    }
  }

  /// Placements of the devices among rows, in the order of the file.
  public static func devices(_ rows: [ResultRow]) -> [String] {
    var names: [String] = []
    for row in rows where row.isOnDevice && !names.contains(row.placement) { names.append(row.placement) }
    return names
  }
}
