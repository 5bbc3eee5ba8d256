// What an accelerator can do, in base units: dense peaks, memory, links, and the share of the peaks that
// kernels reach. A plain value; the catalogue fills it.

public import Quantities

/// Rates and sizes of one accelerator.
public struct ChipRates: Sendable, Hashable {
  /// Share of the dense peak that large matrix products reach, by element type.
  public struct GEMMShare: Sendable, Hashable {
    /// bf16 operands.
    public let bf16: Double
    /// FP8 operands.
    public let fp8: Double
    /// FP4 operands.
    public let fp4: Double
    /// Shares between 0 and 1.
    public init(bf16: Double, fp8: Double, fp4: Double) {
      self.bf16 = bf16
      self.fp8 = fp8
      self.fp4 = fp4
    }
    /// The share for an element type.
    public subscript(type: ElementType) -> Double {
      switch type.rate {
      case .bf16: bf16
      case .fp8: fp8
      case .fp4: fp4
      }
    }
  }

  /// Shares that were measured on the very chip and take the place of the fitted ones; nil = the fitted one holds.
  public struct Measured: Sendable, Hashable {
    /// Share of the memory bandwidth while reading weights (`em`).
    public var weightBandwidth: Double?
    /// The same for the KV cache (`ekv`).
    public var cacheBandwidth: Double?
    /// Share of the bf16 peak in attention over prompts (`efa`).
    public var prefillAttention: Double?
    /// Nothing was measured.
    public init() {}
  }

  /// Name for messages.
  public var name: String
  /// Dense bf16 peak.
  public var bf16Peak: FLOPPerSecond
  /// Dense FP8 peak; nil = the chip has no FP8 arithmetic.
  public var fp8Peak: FLOPPerSecond?
  /// Dense FP4 peak; nil = the chip has no FP4 arithmetic.
  public var fp4Peak: FLOPPerSecond?
  /// Memory bandwidth.
  public var memoryBandwidth: BytesPerSecond
  /// Scale-up bandwidth in one direction; nil = not known, so one accelerator only.
  public var scaleUpBandwidth: BytesPerSecond?
  /// Accelerators that the scale-up network joins; nil = as many as a replica has.
  public var scaleUpDomain: Double?
  /// Scale-out bandwidth of one accelerator in one direction; nil = not known.
  public var scaleOutBandwidth: BytesPerSecond?
  /// Memory that a program can see.
  public var memory: Bytes
  /// Share of the peaks that large products reach.
  public var gemmShare: GEMMShare
  /// What a run on the chip measured beside it.
  public var measured = Measured()

  /// Rates from their parts.
  public init(
    name: String, bf16Peak: FLOPPerSecond, fp8Peak: FLOPPerSecond?, fp4Peak: FLOPPerSecond?,
    memoryBandwidth: BytesPerSecond, scaleUpBandwidth: BytesPerSecond?, memory: Bytes,
    gemmShare: GEMMShare, scaleUpDomain: Double? = nil, scaleOutBandwidth: BytesPerSecond? = nil
  ) {
    self.name = name
    self.bf16Peak = bf16Peak
    self.fp8Peak = fp8Peak
    self.fp4Peak = fp4Peak
    self.memoryBandwidth = memoryBandwidth
    self.scaleUpBandwidth = scaleUpBandwidth
    self.scaleUpDomain = scaleUpDomain
    self.scaleOutBandwidth = scaleOutBandwidth
    self.memory = memory
    self.gemmShare = gemmShare
  }

  /// Peak for an element type; where the chip lacks it, that of the next wider type.
  public func peak(_ type: ElementType) -> FLOPPerSecond {
    switch type.rate {
    case .bf16: bf16Peak
    case .fp8: fp8Peak ?? bf16Peak
    case .fp4: fp4Peak ?? fp8Peak ?? bf16Peak
    }
  }
}
