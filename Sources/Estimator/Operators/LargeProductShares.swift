// The share of the dense peak that large products reach in a serving engine, by chip and format, computed
// from the table instead of being typed in. A library's best shape is not what a server reaches: where
// nothing else is published of a chip, its best case is scaled by what the chips with both show. A run of this
// program on the chip comes before everything published: its median product is that of the library that engines call,
// so it is scaled by what they reach of that library's median.

public import Catalog
import Quantities

/// Shares of a chip; nil where no row of the format exists.
public struct LargeProductShares: Sendable, Hashable {
  /// bf16 operands.
  public var bf16: Double?
  /// FP8 operands, scaled by tensor or by block.
  public var fp8: Double?
  /// Four-bit operands.
  public var fp4: Double?
  /// Rows behind them.
  public var rows = 0
  /// Engines or libraries, and what was done with their rows.
  public var source = ""
  /// What a run of this program measured, by format; empty without one.
  public var measured: [PeakFormat: Own] = [:]

  /// Large products of a run of this program in one format.
  public struct Own: Sendable, Hashable {
    /// Ids of its rows.
    public let ids: [String]
    /// Their median share as it was measured.
    public let median: Double
  }
}

/// Fewest rows m of a product that counts as large.
private let largeRows = 2048.0

/// Shares of every chip of a catalogue that has rows, by id.
///
/// Engine rows: products of m >= 2048; the median within each engine, then over engines. The fit of the step
/// model was made with such shares. Chips with a library's best shape alone get it times the median ratio of
/// engine to best case over calibration chips. A chip that a run of this program measured gets that run's median,
/// whatever else is published, times the median ratio of engine to cuBLASLt over calibration chips, at most 1: what an
/// engine adds to such a call, quantising its inputs first of all, makes it no faster.
/// - Complexity: O(rows).
public func largeGEMMShares(_ kernels: [MeasuredKernel], catalog: Catalog) -> [String: LargeProductShares] {
  var engine: [Cell: [String: [Double]]] = [:]
  var best: [Cell: Double] = [:]
  var library: [Cell: [Double]] = [:]
  var own: [Cell: [(id: String, share: Double)]] = [:]
  var calibrationChips: Set<String> = []
  for kernel in kernels {
    guard case .reading(let reading) = kernel.row, reading.operation == .product,
      let chip = acceleratorMeant(by: kernel.accelerator, among: catalog.accelerators),
      let peak = chip.peak(reading.format.peak)
    else { continue }
    let cell = Cell(chip: chip.id, peak: reading.format.peak)
    let share = reading.work.flop / reading.time / peak
    if reading.isMeasured {
      if reading.x >= largeRows { own[cell, default: []].append((reading.id, share)) }
      continue
    }
    if reading.isCalibration { calibrationChips.insert(chip.id) }
    if reading.x >= largeRows, reading.engine.hasPrefix("cuBLASLt") {
      library[cell, default: []].append(share)
    }
    // DeepGEMM is the library that engines call for block-scaled FP8: its rows are engine rows.
    let isServed = reading.level == .engine || reading.engine == "DeepGEMM"
    if isServed, reading.x >= largeRows {
      // Layers of other collectors were timed in plain PyTorch; they stand in where no engine was measured.
      let isPlain = !kernel.source.hasPrefix("aiconfigurator") && reading.level == .engine
      engine[cell, default: [:]][isPlain ? plainLayers : reading.engine, default: []].append(share)
    } else if reading.engine == "torch.matmul" {
      best[cell] = max(best[cell] ?? 0, share)
    }
  }
  for (cell, engines) in engine where engines.count > 1 { engine[cell]?[plainLayers] = nil }
  let measured = engine.mapValues { engines in
    middle(engines.values.map { middle($0.sorted()) }.sorted())
  }
  let bestCases = ratios(measured, over: best, chips: calibrationChips)
  let ofLibrary = ratios(measured, over: library.mapValues { middle($0.sorted()) }, chips: calibrationChips)
  var result: [String: LargeProductShares] = [:]
  let cells = Set(measured.keys).union(best.keys).union(own.keys)
  for cell in cells.sorted(by: { $0.peak.rawValue < $1.peak.rawValue }) {
    var shares = result[cell.chip] ?? LargeProductShares()
    let note: String
    if let rows = own[cell] {
      let median = middle(rows.map(\.share).sorted())
      let ratio = min(1, ofLibrary[cell.peak] ?? 1)
      shares[cell.peak] = min(1, median * ratio)
      shares.rows += rows.count
      shares.measured[cell.peak] = .init(ids: rows.map(\.id), median: median)
      note =
        "\(cell.peak.rawValue): median of \(rows.count) measured products x \((ratio * 1000).rounded() / 1000), engine "
        + "over cuBLASLt on published chips"
    } else if let share = measured[cell], let engines = engine[cell] {
      shares[cell.peak] = share
      let count = engines.values.reduce(0) { $0 + $1.count }
      shares.rows += count
      note = "\(cell.peak.rawValue): median of \(engines.keys.sorted().joined(separator: ", "))"
    } else if let share = best[cell], let ratio = bestCases[cell.peak] {
      shares[cell.peak] = share * ratio
      shares.rows += 1
      let scale = (ratio * 1000).rounded() / 1000
      note = "\(cell.peak.rawValue): best case of torch.matmul x \(scale), engine over best case of others"
    } else {
      continue
    }
    shares.source += shares.source.isEmpty ? note : "; \(note)"
    result[cell.chip] = shares
  }
  return result
}

private let plainLayers = "PyTorch layers"

private struct Cell: Hashable {
  let chip: String
  let peak: PeakFormat
}

/// Median over calibration chips of engine share over a library's, by format.
private func ratios(
  _ engine: [Cell: Double], over library: [Cell: Double], chips: Set<String>
) -> [PeakFormat: Double] {
  var ratios: [PeakFormat: [Double]] = [:]
  for (cell, share) in engine where chips.contains(cell.chip) {
    if let other = library[cell] { ratios[cell.peak, default: []].append(share / other) }
  }
  return ratios.mapValues { middle($0.sorted()) }
}

extension LargeProductShares {
  fileprivate subscript(peak: PeakFormat) -> Double? {
    get {
      switch peak {
      case .fp8: fp8
      case .fp4: fp4
      default: bf16
      }
    }
    set {
      switch peak {
      case .fp8: fp8 = newValue
      case .fp4: fp4 = newValue
      default: bf16 = newValue
      }
    }
  }
}
