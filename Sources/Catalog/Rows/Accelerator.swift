// One row of accelerators.csv, its columns declared once.

public import Tables

/// One chip or CPU class: dense peaks, memory, bandwidths, scale-up domain and power.
public struct Accelerator: CatalogRow {
  /// Short name that other tables and scenarios use.
  public var id: String = ""
  /// Full product name.
  public var chip: String = ""
  /// Maker.
  public var vendor: String = ""
  /// gpu, tpu, asic or cpu.
  public var kind: String = ""
  /// available, ramping, announced, internal or export variant.
  public var status: String = ""
  /// Day of release or announcement (ISO).
  public var releaseDate: String = ""
  /// Dense fp64 peak of the vector units, TFLOP/s.
  public var fp64VectorTflops: Double?
  /// Dense fp64 peak of the matrix units, TFLOP/s.
  public var fp64MatrixTflops: Double?
  /// Dense fp32 peak, TFLOP/s.
  public var fp32Tflops: Double?
  /// Dense tf32 peak, TFLOP/s.
  public var tf32Tflops: Double?
  /// Dense bf16 peak, TFLOP/s.
  public var bf16Tflops: Double?
  /// Dense fp16 peak, TFLOP/s.
  public var fp16Tflops: Double?
  /// Dense fp8 peak, TFLOP/s.
  public var fp8Tflops: Double?
  /// Dense int8 peak, TOP/s.
  public var int8Tops: Double?
  /// Dense fp4 peak, TFLOP/s.
  public var fp4Tflops: Double?
  /// dense: the peaks are dense values; unstated: the vendor does not say and the peak cells stay empty.
  public var density: String = ""
  /// Published peaks whose density is not stated, as type=TFLOP/s.
  public var unstatedDensityTflops: String = ""
  /// Memory as advertised, GB (10^9 bytes).
  public var memCapacityMarketingGb: Double?
  /// Memory that the driver shows, MiB (2^20 bytes); capacity arithmetic uses this one.
  public var memCapacityVisibleMib: Double?
  /// Memory technology.
  public var memType: String = ""
  /// Peak memory bandwidth, TB/s (10^12 bytes per second).
  public var memBwTbps: Double?
  /// Last-level cache or on-chip SRAM as published (MB or MiB: see the fact).
  public var l2OrSramMb: Double?
  /// Chips that one scale-up network joins.
  public var scaleupDomain: Int?
  /// Scale-up bandwidth of one chip in one direction, GB/s.
  public var scaleupUnidirectionalGBps: Double?
  /// Scale-up bandwidth of one chip, both directions added, GB/s.
  public var scaleupBidirectionalGBps: Double?
  /// Scale-out network per chip in one direction, Gbit/s.
  public var scaleoutGbitPerChip: Double?
  /// Thermal design power of one chip, W.
  public var tdpW: Double?
  /// Chip with its share of host and network before PUE, kW.
  public var allinItKwPerChip: Double?
  /// The same times a PUE of 1.15, kW; never multiply PUE onto it again.
  public var allinFacilityKwPerChip: Double?
  /// Worst confidence among the facts of this row.
  public var lowestConfidence: String = ""
  /// Remarks.
  public var notes: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "accelerators.csv"
  public static let purpose =
    "One chip or CPU class: dense peaks, memory, bandwidths, scale-up domain and power."
  public static let key = ["id"]
  public static let schema = Schema<Accelerator>([
    .text("id", "Short name that other tables and scenarios use.", \.id),
    .text("chip", "Full product name.", \.chip),
    .text("vendor", "Maker.", \.vendor),
    .text("kind", "gpu, tpu, asic or cpu.", \.kind),
    .text("status", "available, ramping, announced, internal or export variant.", \.status),
    .text("release_date", "Day of release or announcement (ISO).", \.releaseDate),
    .number("fp64_vector_tflops", "Dense fp64 peak of the vector units, TFLOP/s.", \.fp64VectorTflops),
    .number("fp64_matrix_tflops", "Dense fp64 peak of the matrix units, TFLOP/s.", \.fp64MatrixTflops),
    .number("fp32_tflops", "Dense fp32 peak, TFLOP/s.", \.fp32Tflops),
    .number("tf32_tflops", "Dense tf32 peak, TFLOP/s.", \.tf32Tflops),
    .number("bf16_tflops", "Dense bf16 peak, TFLOP/s.", \.bf16Tflops),
    .number("fp16_tflops", "Dense fp16 peak, TFLOP/s.", \.fp16Tflops),
    .number("fp8_tflops", "Dense fp8 peak, TFLOP/s.", \.fp8Tflops),
    .number("int8_tops", "Dense int8 peak, TOP/s.", \.int8Tops),
    .number("fp4_tflops", "Dense fp4 peak, TFLOP/s.", \.fp4Tflops),
    .text(
      "density",
      "dense: the peaks are dense values; unstated: the vendor does not say and the peak cells stay "
        + "empty.",
      \.density),
    .text(
      "unstated_density_tflops", "Published peaks whose density is not stated, as type=TFLOP/s.",
      \.unstatedDensityTflops),
    .number("mem_capacity_marketing_gb", "Memory as advertised, GB (10^9 bytes).", \.memCapacityMarketingGb),
    .number(
      "mem_capacity_visible_mib",
      "Memory that the driver shows, MiB (2^20 bytes); capacity arithmetic uses this one.",
      \.memCapacityVisibleMib),
    .text("mem_type", "Memory technology.", \.memType),
    .number("mem_bw_tbps", "Peak memory bandwidth, TB/s (10^12 bytes per second).", \.memBwTbps),
    .number(
      "l2_or_sram_mb", "Last-level cache or on-chip SRAM as published (MB or MiB: see the fact).",
      \.l2OrSramMb),
    .integer("scaleup_domain", "Chips that one scale-up network joins.", \.scaleupDomain),
    .number(
      "scaleup_unidirectional_GBps", "Scale-up bandwidth of one chip in one direction, GB/s.",
      \.scaleupUnidirectionalGBps),
    .number(
      "scaleup_bidirectional_GBps", "Scale-up bandwidth of one chip, both directions added, GB/s.",
      \.scaleupBidirectionalGBps),
    .number(
      "scaleout_gbit_per_chip", "Scale-out network per chip in one direction, Gbit/s.",
      \.scaleoutGbitPerChip),
    .number("tdp_w", "Thermal design power of one chip, W.", \.tdpW),
    .number(
      "allin_it_kw_per_chip", "Chip with its share of host and network before PUE, kW.",
      \.allinItKwPerChip),
    .number(
      "allin_facility_kw_per_chip", "The same times a PUE of 1.15, kW; never multiply PUE onto it again.",
      \.allinFacilityKwPerChip),
    .text("lowest_confidence", "Worst confidence among the facts of this row.", \.lowestConfidence),
    .text("notes", "Remarks.", \.notes),
  ])
}
