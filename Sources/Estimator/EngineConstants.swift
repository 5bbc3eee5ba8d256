// Constants of the step model, fitted on published serving points of the calibration split. One global set;
// only what depends on an engine's scheduler is kept per engine. `Estimator` reads them from the catalogue.

public import Quantities

/// Fitted constants; shares are between 0 and 1, times in seconds.
public struct EngineConstants: Sendable, Hashable {
  /// Scheduler constants of one engine.
  public struct Server: Sendable, Hashable {
    /// Prefill interference when all lengths are equal, relative to random lengths.
    public var lockStep = 1.0
    /// Time per request: tokeniser, HTTP, scheduler.
    public var admission = Seconds.zero
    /// Launch time per kernel of a prefill step, which is not graph-captured.
    public var prefillLaunch = Seconds.zero
    /// Share of requests that see the whole initial queue, random lengths.
    public var burst = 0.0
    /// The same for fixed lengths.
    public var burstFixedLengths = 0.0
    /// Constants to fill in.
    public init() {}
  }

  /// Share of memory bandwidth while reading weights (`em`).
  public var weightBandwidthShare = 1.0
  /// The same for expert weights (`emm`).
  public var expertBandwidthShare = 1.0
  /// The same for the KV cache (`ekv`).
  public var kvBandwidthShare = 1.0
  /// Efficiency of a grouped product relative to a plain one (`efm`).
  public var groupedGEMMShare = 1.0
  /// Width of an expert on a rank at which a grouped product reaches half of that (`eih`); 0 = at any width.
  public var expertHalfWidth = 0.0
  /// Share of the bf16 peak in decode attention (`ekf`).
  public var decodeAttentionShare = 1.0
  /// Share of the bf16 peak in prefill attention (`efa`).
  public var prefillAttentionShare = 1.0
  /// One all-reduce call (`al`).
  public var allReduceLatency = Seconds.zero
  /// One all-gather or reduce-scatter call of attention-DP (`al2`).
  public var allGatherLatency = Seconds.zero
  /// Share of the scale-up bandwidth (`en`).
  public var scaleUpShare = 1.0
  /// One kernel inside a captured graph (`oK`).
  public var kernelOverhead = Seconds.zero
  /// Additional kernels of one quantised product (`oQ`).
  public var quantisedOverhead = Seconds.zero
  /// The same for block-scaled FP8 (`oB`).
  public var blockScaledOverhead = Seconds.zero
  /// One step: scheduler, sampling (`oS`).
  public var stepOverhead = Seconds.zero
  /// One request in one step: streaming, detokenising (`oR`).
  public var requestOverhead = Seconds.zero
  /// Rows at which a bf16 product reaches half its rate (`mh0`).
  public var halfRateRowsBF16 = 0.0
  /// The same for quantised products (`mh1`).
  public var halfRateRowsQuantised = 0.0
  /// Padding rows of one touched expert (`pad`).
  public var expertPadding = 0.0
  /// Weight of prefill interference (`phi`).
  public var interference = 1.0
  /// Share of the other attention-DP ranks that prefill while one does (`dpf`): their tokens meet at the experts. 0 =
  /// the reference form, in which a prompt has the experts of the whole group to itself.
  public var prefillingRanks = 0.0
  /// Factors on the chip's GEMM shares by element type (`ef0`, `ef1`, `ef2`).
  public var gemmShareFactor = ChipRates.GEMMShare(bf16: 1, fp8: 1, fp4: 1)
  /// Scheduler constants by engine.
  public var servers: [Engine: Server] = [:]

  /// Constants to fill in.
  public init() {}

  /// The constants with the shares that were measured on a chip in the place of the fitted ones.
  func on(_ chip: ChipRates) -> EngineConstants {
    var own = self
    own.weightBandwidthShare = chip.measured.weightBandwidth ?? weightBandwidthShare
    own.kvBandwidthShare = chip.measured.cacheBandwidth ?? kvBandwidthShare
    own.prefillAttentionShare = chip.measured.prefillAttention ?? prefillAttentionShare
    return own
  }

  /// Constants of an engine.
  public func server(_ engine: Engine) -> Server { servers[engine] ?? Server() }
  /// Rows at half rate for an element type.
  func halfRateRows(_ type: ElementType) -> Double {
    type.isQuantised ? halfRateRowsQuantised : halfRateRowsBF16
  }
}
