// What a run says about its host, in the few numbers that the plan wing needs: two ceilings and how
// much of the roofline each operation reached.

/// The ceilings and efficiencies of one machine, from the `ok` rows of one result file.
public struct HostSummary: Hashable, Sendable {
  /// One measured kernel as a share of what the ceilings allow.
  public struct EfficiencyPoint: Hashable, Sendable {
    /// Row that it came from.
    public let rowKey: String
    /// `gemm`, `attention_prefill` or `attention_decode`.
    public let kernel: String
    /// `swift` or `openblas`.
    public let impl: String
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
  public let machineLabel: String
  public let cpuModelName: String
  /// Placement that the numbers belong to: the one with most threads.
  public let placement: String
  public let threads: Int?
  /// Run that measured them.
  public let runId: String
  /// Measured multiply-add peak; nil when the run has no such row.
  public let peakGflops: Double?
  /// Measured read bandwidth of the largest array; nil when the run has no such row.
  public let readGbytesPerSecond: Double?
  /// FLOP per byte at which both ceilings meet.
  public var ridgeFlopPerByte: Double? {
    guard let peakGflops, let readGbytesPerSecond, readGbytesPerSecond > 0 else { return nil }
    return peakGflops / readGbytesPerSecond
  }
  /// Kernel rows, empty when a ceiling is missing.
  public let points: [EfficiencyPoint]

  /// Summarises the rows of one machine at the placement with most threads (or the one named).
  ///
  /// Nil when no row is `ok`, or when rows of several machines are mixed.
  public init?(_ rows: [ResultRow], placement wanted: String? = nil) {
    let usable = rows.filter { $0.status == .ok && (wanted == nil || $0.placement == wanted) }
    guard let widest = usable.max(by: { ($0.threads ?? 0) < ($1.threads ?? 0) }),
      usable.allSatisfy({ $0.machineId == widest.machineId })
    else { return nil }
    let here = usable.filter { $0.placement == widest.placement }
    machineId = widest.machineId
    machineLabel = widest.machineLabel
    cpuModelName = widest.cpuModelName
    placement = widest.placement
    threads = widest.threads
    runId = widest.runId
    let peak = here.filter { $0.kernel == "fma_peak" }.compactMap(\.gflopsMedian).max()
    let read = here.filter { $0.kernel == "memory_read" }
      .max { ($0.arrayBytes ?? 0) < ($1.arrayBytes ?? 0) }?.gbytesPerSecondMedian
    peakGflops = peak
    readGbytesPerSecond = read
    guard let peak, let read, peak > 0, read > 0 else {
      points = []
      return
    }
    points = here.compactMap { row in
      guard let gflops = row.gflopsMedian, let intensity = row.arithmeticIntensityFlopPerByte,
        row.phase != "ceiling", intensity > 0, row.isPlainFloat
      else { return nil }
      let allowed = min(peak, intensity * read)
      return EfficiencyPoint(
        rowKey: row.rowKey, kernel: row.kernel, impl: row.impl, m: row.m, n: row.n, k: row.k,
        seqKv: row.seqKv, cacheMode: row.cacheMode, intensityOverRidge: intensity * read / peak,
        shareOfRoofline: gflops / allowed, shareOfPeak: gflops / peak)
    }
  }
}
