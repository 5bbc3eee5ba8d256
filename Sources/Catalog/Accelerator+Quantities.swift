// Columns of a chip as quantities: the unit in the column's name becomes a type, once, here.

public import Quantities

/// Number formats that a chip's table has peaks for.
public enum PeakFormat: String, Sendable, Hashable, CaseIterable {
  case fp64, fp32, tf32, bf16, fp16, fp8, int8, fp4
}

extension Accelerator {
  /// Peak memory bandwidth, or nil where no source gives it.
  public var memoryBandwidth: BytesPerSecond? {
    memBwTbps.map { BytesPerSecond(Unit.terabytePerSecond.toBase($0)) }
  }

  /// Memory that the driver shows; nil where nobody published it.
  public var visibleMemory: Bytes? {
    memCapacityVisibleMib.map { Bytes(Unit.mebibyte.toBase($0)) }
  }

  /// Memory as advertised; some of it is not usable, so prefer `visibleMemory`.
  public var marketingMemory: Bytes? {
    memCapacityMarketingGb.map { Bytes(Unit.gigabyte.toBase($0)) }
  }

  /// Scale-up bandwidth of one chip in one direction.
  public var scaleUpOneWay: BytesPerSecond? {
    scaleupUnidirectionalGBps.map { BytesPerSecond(Unit.gigabytePerSecond.toBase($0)) }
  }

  /// Scale-out bandwidth of one chip in one direction.
  public var scaleOutOneWay: BytesPerSecond? {
    scaleoutGbitPerChip.map { BytesPerSecond(Unit.gigabitPerSecond.toBase($0)) }
  }

  /// Thermal design power of one chip.
  public var thermalDesignPower: Watts? { tdpW.map { Watts($0) } }

  /// Chip with its share of host and network, before PUE.
  public var allInITPower: Watts? { allinItKwPerChip.map { Watts(Unit.kilowatt.toBase($0)) } }

  /// The same with a PUE of 1.15 in it; PUE must not be multiplied onto it.
  public var allInFacilityPower: Watts? { allinFacilityKwPerChip.map { Watts(Unit.kilowatt.toBase($0)) } }

  /// Dense peak of a number format; nil where no source states a dense value.
  ///
  /// fp64 is the vector peak unless only the matrix peak is known.
  public func peak(_ format: PeakFormat) -> FLOPPerSecond? {
    guard density == "dense" else { return nil }
    let published: Double? =
      switch format {
      case .fp64: fp64VectorTflops ?? fp64MatrixTflops
      case .fp32: fp32Tflops
      case .tf32: tf32Tflops
      case .bf16: bf16Tflops
      case .fp16: fp16Tflops
      case .fp8: fp8Tflops
      case .int8: int8Tops
      case .fp4: fp4Tflops
      }
    return published.map { FLOPPerSecond(Unit.teraflops.toBase($0)) }
  }
}
