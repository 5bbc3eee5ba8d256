// A run's kernels beside published ones of the same chip: the same problem, two rates, and how far they are apart;
// and the chip's shares of its data sheet as measured, as published, and as the estimator takes them.

public import Catalog
import Quantities
public import Tables

/// Kernels that a run measured and somebody published for the same chip.
public struct PublishedBesideMeasured: Sendable {
  /// One published row with the measured one of its problem.
  public struct Line: Sendable, Hashable {
    /// The published row.
    public let published: MeasuredKernel
    /// The row of the run.
    public let measured: MeasuredKernel
    /// Rates in `unit`.
    public let publishedRate: Double
    public let measuredRate: Double
    /// `TFLOP/s`, `GB/s`, or `1/s` where neither is known of the kernel.
    public let unit: String
    /// Measured over published rate, less 1.
    public var difference: Double { measuredRate / publishedRate - 1 }
  }

  /// Id of the chip.
  public let accelerator: String
  /// Lines in the order of the published table.
  public let lines: [Line]

  /// Matches the rows of one chip by kernel, format and sizes; rows that are not believed stay out.
  ///
  /// Half precision and bfloat16 count as one format where only one side has both.
  /// - Complexity: O(rows).
  public init(of chip: Accelerator, in kernels: [MeasuredKernel], catalog: Catalog) {
    accelerator = chip.id
    let ids = catalog.accelerators.map(\.id)
    var own: [Problem: MeasuredKernel] = [:]
    for row in kernels where row.isMeasured && row.accelerator == chip.id {
      let problem = Problem(row, accelerator: chip.id, joinsHalves: true)
      if own[problem] == nil || row.dtype == "bf16" { own[problem] = row }
    }
    lines = kernels.compactMap { row in
      guard !row.isMeasured, row.documentedDoubt == nil,
        acceleratorID(forPublishedName: row.accelerator, among: ids) == chip.id,
        let measured = own[Problem(row, accelerator: chip.id, joinsHalves: true)],
        let (theirs, unit) = row.rate, let (ours, same) = measured.rate, unit == same
      else { return nil }
      return Line(published: row, measured: measured, publishedRate: theirs, measuredRate: ours, unit: unit)
    }
  }

  /// Median of the differences with their signs; nil without a line.
  public var medianDifference: Double? { lines.isEmpty ? nil : middle(lines.map(\.difference).sorted()) }
  /// Median of the differences without their signs; nil without a line.
  public var medianDistance: Double? {
    lines.isEmpty ? nil : middle(lines.map { abs($0.difference) }.sorted())
  }

  /// For people and programs: a line a published row.
  public func table() -> ReportTable {
    var table = ReportTable(
      "Measured beside published kernels of \(accelerator)",
      [
        .init("kernel"), .init("dtype", "type"), .init("shape"), .init("published_by", "published by"),
        .init("published"), .init("measured"), .init("unit"), .init("difference_percent", "differ %"),
      ])
    for line in lines {
      table.append([
        .text(line.published.kernelName), .text(line.published.dtype), .text(line.published.shapeText),
        .text(line.published.engineName), .number(line.publishedRate, decimals: 1),
        .number(line.measuredRate, decimals: 1), .text(line.unit),
        .number(Unit.percent.fromBase(line.difference), decimals: 1),
      ])
    }
    func percent(_ value: Double) -> String { fixed(Unit.percent.fromBase(value), decimals: 1) }
    if let medianDifference, let medianDistance {
      table.notes = [
        "Median difference \(percent(medianDifference)) %, median distance \(percent(medianDistance)) % over "
          + "\(lines.count) published rows. differ %: measured over published rate, less 1. shape: m, n, k; or "
          + "sequences, keys, query and key heads."
      ]
    } else {
      table.notes = [
        "No published row of \(accelerator) has the kernel, the format and the sizes of a measured one."
      ]
    }
    return table
  }
}

extension MeasuredKernel {
  /// What the kernel reached: arithmetic for products and attention over prompts, else bytes.
  fileprivate var rate: (Double, String)? {
    if case .reading(let reading) = row, reading.operation != .memoryStream {
      switch reading.operation {
      case .product, .groupedProduct, .prefillAttention:
        return (Unit.teraflops.fromBase((reading.work.flop / reading.time).value), "TFLOP/s")
      default: return (Unit.gigabytePerSecond.fromBase((reading.work.bytes / reading.time).value), "GB/s")
      }
    }
    guard let value, value > 0 else { return nil }
    switch unit {
    case "GB/s": return (value, "GB/s")
    case "TB/s": return (Unit.gigabytePerSecond.fromBase(Unit.terabytePerSecond.toBase(value)), "GB/s")
    case "TFLOPS": return (value, "TFLOP/s")
    case "us": return (1 / Unit.microsecond.toBase(value), "1/s")
    default: return nil
    }
  }

  /// The sizes as the table has them: m, n and k, e.g. `4096x8192x28672`; or sequences, keys and heads, e.g.
  /// `64x8192, 32/8`.
  fileprivate var shapeText: String {
    if let m, let n, let k { return (batch.map { "\($0)x" } ?? "") + "\(m)x\(n)x\(k)" }
    if let batch, let seqlen {
      let heads = self.heads.map { ", \($0)/\(kvHeads ?? $0)" } ?? ""
      return "\(batch)x\(seqlen)\(heads)"
    }
    return numGpus.map { "\($0) devices" } ?? ""
  }
}

extension MeasuredCatalog {
  /// The shares of a chip's data sheet: as the run measured them, as they were published or fitted, and as the
  /// estimator takes them.
  ///
  /// - Parameter before: the catalogue without the run.
  /// - Throws: `InputError` where a table of constants is incomplete.
  public func efficiencies(of chip: Accelerator, before: Catalog) throws(InputError) -> ReportTable {
    let plain = before.withoutMeasured
    let old = try Estimator(catalog: plain)
    let new = try Estimator(catalog: catalog)
    var table = ReportTable(
      "Shares of the data sheet of \(chip.id), percent",
      [
        .init("what"), .init("data_sheet", "data sheet"), .init("unit"), .init("probe_percent", "probe"),
        .init("measured_percent", "measured"), .init("published_percent", "published"),
        .init("used_percent", "used"), .init("rows"),
      ])
    guard case .success(let past) = old.rates(of: chip), case .success(let present) = new.rates(of: chip)
    else {
      table.notes = ["accelerators.csv lacks a peak or the bandwidth of \(chip.id)."]
      return table
    }
    let shares = largeGEMMShares(kernels, catalog: catalog)[chip.id]
    let own = chips.first { $0.accelerator == chip.id }
    func percent(_ value: Double?) -> Cell { .optional(value.map(Unit.percent.fromBase), decimals: 1) }
    for (type, format) in [(ElementType.bf16, PeakFormat.bf16), (.fp8, .fp8)] {
      guard let peak = chip.peak(format) else { continue }
      let probe = probed(format, on: chip).map { $0 / peak }
      table.append([
        .text("large products in \(format.rawValue)"),
        .number(Unit.teraflops.fromBase(peak.value), decimals: 1),
        .text("TFLOP/s"), percent(probe), percent(shares?.measured[format]?.median),
        percent(past.gemmShare[type]), percent(present.gemmShare[type]),
        .integer(shares?.measured[format]?.ids.count ?? 0),
      ])
    }
    let (fitted, used) = (old.constants.on(past), new.constants.on(present))
    let memory = Unit.terabytePerSecond.fromBase(present.memoryBandwidth.value)
    let arithmetic = Unit.teraflops.fromBase(present.bf16Peak.value)
    let parts: [(String, String, KeyPath<EngineConstants, Double>, Double, String, Double?)] = [
      ("reading weights", "em", \.weightBandwidthShare, memory, "TB/s", readProbe(on: chip)),
      ("reading the cache", "ekv", \.kvBandwidthShare, memory, "TB/s", readProbe(on: chip)),
      (
        "attention over prompts", "efa", \.prefillAttentionShare, arithmetic, "TFLOP/s",
        probed(.bf16, on: chip).map { $0 / present.bf16Peak }
      ),
    ]
    for (name, constant, path, sheet, unit, probe) in parts {
      let rows = measuredRows(behind: constant, of: run.kernels, on: chip)
      table.append([
        .text("\(name) (\(constant))"), .number(sheet, decimals: 1), .text(unit), percent(probe),
        percent(rows?.value), percent(fitted[keyPath: path]), percent(used[keyPath: path]),
        .integer(rows?.ids.count ?? 0),
      ])
    }
    table.notes = [
      "probe: the run's own ceiling. measured: the median of the run's rows. published: of measured_kernels.csv, or "
        + "fitted on served runs. used: what the estimate takes; of products the measured one times what engines reach "
        + "of a library's."
    ]
    table.notes += (own?.notTaken ?? []).map { "Not taken: \($0)." }
    table.notes += compositions.filter { $0.isDevice }.map {
      "Composition test: \($0.sentence(file: "FILE"))."
    }
    return table
  }

  /// The rate that a type's probe reached.
  private func probed(_ format: PeakFormat, on chip: Accelerator) -> FLOPPerSecond? {
    run.kernels.filter {
      $0.accelerator == chip.id && $0.kernelName == "type peak" && $0.dtype == format.rawValue
    }.compactMap(\.value).max().map { FLOPPerSecond(Unit.teraflops.toBase($0)) }
  }

  /// The share of the bandwidth that the read probe reached.
  private func readProbe(on chip: Accelerator) -> Double? {
    let rates = run.kernels.filter { $0.accelerator == chip.id && $0.kernelName == "hbm stream read" }
      .compactMap(\.value)
    guard let best = rates.max(), let bandwidth = chip.memoryBandwidth else { return nil }
    return Unit.gigabytePerSecond.toBase(best) / bandwidth.value
  }
}
