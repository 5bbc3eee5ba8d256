// The share of the dense peak that large products reach in a serving engine, by chip and format, computed
// from the table instead of being typed in. A library's best shape is not what a server reaches: where
// nothing else is published of a chip, its best case is scaled by what the chips with both show.

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
}

/// Fewest rows m of a product that counts as large.
private let largeRows = 2048.0

/// Shares of every chip of a catalogue that has rows, by id.
///
/// Engine rows: products of m >= 2048; the median within each engine, then over engines. The fit of the step
/// model was made with such shares. Chips with a library's best shape alone get it times the median ratio of
/// engine to best case over calibration chips.
/// - Complexity: O(rows).
public func largeGEMMShares(_ kernels: [MeasuredKernel], catalog: Catalog) -> [String: LargeProductShares] {
  var engine: [Cell: [String: [Double]]] = [:]
  var best: [Cell: Double] = [:]
  var calibrationChips: Set<String> = []
  for kernel in kernels {
    guard case .reading(let reading) = kernel.row, reading.operation == .product,
      let chip = acceleratorMeant(by: kernel.accelerator, among: catalog.accelerators),
      let peak = chip.peak(reading.format.peak)
    else { continue }
    let cell = Cell(chip: chip.id, peak: reading.format.peak)
    let share = reading.work.flop / reading.time / peak
    if reading.isCalibration { calibrationChips.insert(chip.id) }
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
  let ratios = bestCaseRatios(measured, best, chips: calibrationChips)
  var result: [String: LargeProductShares] = [:]
  for cell in Set(measured.keys).union(best.keys).sorted(by: { $0.peak.rawValue < $1.peak.rawValue }) {
    var shares = result[cell.chip] ?? LargeProductShares()
    let note: String
    if let share = measured[cell], let engines = engine[cell] {
      shares[cell.peak] = share
      let count = engines.values.reduce(0) { $0 + $1.count }
      shares.rows += count
      note = "\(cell.peak.rawValue): median of \(engines.keys.sorted().joined(separator: ", "))"
    } else if let share = best[cell], let ratio = ratios[cell.peak] {
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

/// Median over calibration chips of engine share over best case, by format.
private func bestCaseRatios(
  _ engine: [Cell: Double], _ best: [Cell: Double], chips: Set<String>
) -> [PeakFormat: Double] {
  var ratios: [PeakFormat: [Double]] = [:]
  for (cell, share) in engine where chips.contains(cell.chip) {
    if let top = best[cell] { ratios[cell.peak, default: []].append(share / top) }
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
