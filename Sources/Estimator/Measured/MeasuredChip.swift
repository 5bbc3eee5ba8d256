// What the kernel rows of a run say of the operators of their chip: shares of its data sheet that the estimator's
// formulas take in the place of fitted or published ones. They are constants of the table of constants like any
// other, with how = `measured` and the run as their source, so that a catalogue folder can carry them.

public import Catalog
import Quantities
public import Results
public import Tables

/// A share of a chip's peak or bandwidth, measured on the chip.
public struct MeasuredShare: Sendable, Hashable {
  /// Symbol in engine_constants.csv, e.g. `einf_bf16` or `ekv`.
  public let constant: String
  /// Share of the data sheet's figure, 0 to 1.
  public let value: Double
  /// Ids of the kernel rows behind it.
  public let rows: [String]
  /// Half the 16 to 84 % range of their logarithms; nil below three rows.
  public let scatter: Double?
}

/// The operators of one chip as a run measured them.
public struct MeasuredChip: Sendable, Hashable {
  /// Id in accelerators.csv.
  public let accelerator: String
  /// Run and day.
  public let run: String
  public let day: String
  /// What the estimator takes.
  public let shares: [MeasuredShare]
  /// What was measured and is not taken, each with the reason.
  public let notTaken: [String]

  /// The rows of the table of constants.
  public var constants: [EngineConstant] {
    shares.map { share in
      var row = EngineConstant()
      row.constant = share.constant
      row.engineOrChip = "\(accelerator) (measured)"
      // Six digits, as every other constant of the table has.
      row.value = (share.value * 1e6).rounded() / 1e6
      row.unit = "1"
      row.how = EngineConstant.measured
      row.rows = share.rows.count
      row.residualLn = share.scatter
      row.asOf = day
      row.source = run
      return row
    }
  }
}

extension DeviceKernels {
  /// What the rows say of the operators of each chip.
  ///
  /// The share of large products is the median one's times what engines reach of such (`largeGEMMShares`). Shares of
  /// the bandwidth are medians over reads of at least 64 MB that began outside the caches. What only this program's
  /// own attention was measured with is a floor: an engine's kernels are not slower, so it is taken where it is
  /// above the fitted share and left out below.
  /// - Parameter published: measured_kernels.csv, for that ratio; rows of earlier runs in it are not read.
  public func chips(published: [MeasuredKernel], catalog: Catalog) -> [MeasuredChip] {
    let shares = largeGEMMShares(published.filter { !$0.isMeasured } + kernels, catalog: catalog)
    var seen: Set<String> = []
    return devices.filter { seen.insert($0.accelerator).inserted }.compactMap { device in
      guard let chip = catalog.accelerator(device.accelerator) else { return nil }
      let rows = kernels.filter { $0.accelerator == chip.id }
      var found: [MeasuredShare] = []
      var notTaken: [String] = []
      if let large = shares[chip.id] {
        for (peak, value) in [(PeakFormat.bf16, large.bf16), (.fp8, large.fp8), (.fp4, large.fp4)] {
          guard let own = large.measured[peak], let value else { continue }
          found.append(
            MeasuredShare(constant: "einf_\(peak.rawValue)", value: value, rows: own.ids, scatter: nil))
        }
      }
      for part in MeasuredOperator.all {
        switch part.share(of: rows, on: chip, fitted: catalog) {
        case .taken(let share): found.append(share)
        case .left(let reason): notTaken.append(reason)
        case .none: break
        }
      }
      return MeasuredChip(
        accelerator: chip.id, run: device.run, day: device.day, shares: found, notTaken: notTaken)
    }
  }
}

/// One operator whose share of a peak or bandwidth rows give.
private struct MeasuredOperator: Sendable {
  let constant: String
  let name: String
  /// True for a row that counts.
  let counts: @Sendable (MeasuredKernel, KernelReading) -> Bool
  /// The share that a row reached of the chip's figure.
  let share: @Sendable (KernelReading, Accelerator) -> Double?

  enum Outcome {
    case taken(MeasuredShare)
    case left(String)
    case none
  }

  /// Bytes below which launching a kernel is a visible part of its time, and caches of today's chips a visible part
  /// of its traffic.
  private static let leastBytes = Bytes(64e6)
  /// Rows of a product up to which reading its weights is nearly all of its work.
  private static let fewRows = 64.0
  /// Tokens from which attention over a prompt fills the chip.
  private static let longPrompt = 4096.0

  static let all = [
    MeasuredOperator(
      constant: "em", name: "reading weights",
      counts: { row, reading in
        reading.operation == .product && reading.x <= fewRows && reading.work.bytes >= leastBytes
          && row.isCold
      }, share: ofBandwidth),
    MeasuredOperator(
      constant: "ekv", name: "reading the cache",
      counts: { _, reading in reading.operation == .decodeAttention && reading.work.bytes >= leastBytes },
      share: ofBandwidth),
    MeasuredOperator(
      constant: "efa", name: "attention over prompts",
      counts: { _, reading in reading.operation == .prefillAttention && reading.x >= longPrompt },
      share: { reading, chip in
        chip.peak(.bf16).map { reading.work.flop / reading.time / $0 }
      }),
  ]

  @Sendable private static func ofBandwidth(_ reading: KernelReading, _ chip: Accelerator) -> Double? {
    chip.memoryBandwidth.map { reading.work.bytes / $0 / reading.time }
  }

  /// Shares of the rows that count, ascending, with their ids and whether only this program's kernels are among them.
  func values(
    of rows: [MeasuredKernel], on chip: Accelerator
  ) -> (shares: [Double], ids: [String], areOwnKernels: Bool) {
    var found: (shares: [Double], ids: [String], areOwnKernels: Bool) = ([], [], true)
    for row in rows where row.isMeasured && row.accelerator == chip.id {
      guard case .reading(let reading) = row.row, counts(row, reading), let value = share(reading, chip)
      else { continue }
      found.shares.append(value)
      found.ids.append(row.id)
      if row.engineName != "cuda" { found.areOwnKernels = false }
    }
    found.shares.sort()
    return found
  }

  func share(of rows: [MeasuredKernel], on chip: Accelerator, fitted catalog: Catalog) -> Outcome {
    let (values, ids, areOwnKernels) = values(of: rows, on: chip)
    guard !values.isEmpty else { return .none }
    let median = min(1, middle(values))
    let fitted = catalog.engineConstants.first { $0.constant == constant && $0.engineOrChip == "all" }?.value
    if areOwnKernels, let fitted, median < fitted {
      return .left(
        "\(name) (\(constant)), \(fixed(median, decimals: 2)) by this program's own kernel, below the fitted "
          + "\(fixed(fitted, decimals: 2)) that engines reach")
    }
    let logs = values.map(logarithm)
    let scatter = values.count < 3 ? nil : (quantile(logs, 0.84) - quantile(logs, 0.16)) / 2
    return .taken(MeasuredShare(constant: constant, value: median, rows: ids, scatter: scatter))
  }
}

/// The kernel rows of a run that tell a chip's share `constant`, and their median; nil where none does.
func measuredRows(
  behind constant: String, of kernels: [MeasuredKernel], on chip: Accelerator
) -> (value: Double, ids: [String])? {
  guard let part = MeasuredOperator.all.first(where: { $0.constant == constant }) else { return nil }
  let (shares, ids, _) = part.values(of: kernels, on: chip)
  return shares.isEmpty ? nil : (middle(shares), ids)
}

extension MeasuredKernel {
  /// True where a run of this program measured it with its operands outside the caches.
  fileprivate var isCold: Bool { notes.split(separator: ";").contains { $0 == " cold" || $0 == "cold" } }
}

/// A catalogue with what result rows say of their chips, and what was found on the way.
public struct MeasuredCatalog: Sendable {
  /// The catalogue with the constants of the measured chips.
  public let catalog: Catalog
  /// measured_kernels.csv with the rows of the run behind the published ones.
  public let kernels: [MeasuredKernel]
  /// The rows of the run as kernel rows.
  public let run: DeviceKernels
  /// What they say of each chip.
  public let chips: [MeasuredChip]
  /// Decoder layers of each device that has curves of its own.
  public let compositions: [HostComposition]

  /// A catalogue and the rows of a result file; `published` is its measured_kernels.csv.
  ///
  /// - Throws: `InputError` where no device row of the file is of a known chip.
  public init(
    _ rows: [ResultRow], file: String, published: [MeasuredKernel], catalog: Catalog
  ) throws(InputError) {
    let name = String(file.split(separator: "/").last ?? "")
    let run = DeviceKernels(rows, file: name, catalog: catalog)
    guard !run.kernels.isEmpty else {
      let gaps = run.gaps.map { "\($0.subject): \($0.missing); \($0.remedy)" }
      throw InputError(
        file: file,
        gaps.first
          ?? (run.devices.isEmpty
            ? "no row of a device" : "no verified kernel of \(run.devices[0].name) in its rows"),
        advice: gaps.isEmpty
          ? "measure one with 'plimsoll run --device cuda:0'" : "see 'plimsoll catalog list accelerators'")
    }
    let ids = Set(run.kernels.map(\.id))
    kernels = published.filter { !ids.contains($0.id) } + run.kernels
    chips = run.chips(published: published, catalog: catalog)
    self.catalog = catalog.adding(measured: chips.flatMap(\.constants))
    compositions = HostSummary.devices(rows).compactMap {
      HostCalibration(rows, placement: $0)?.composition
    }
    self.run = run
  }
}
