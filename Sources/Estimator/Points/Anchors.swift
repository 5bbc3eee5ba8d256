// Anchors: what measured rows of the same model, chip and format say about a prediction. The error of one model on one
// chip is common to all its rows, so one measured row is worth almost as much as four; the shift is shrunk by the
// ratio of the scatter within such a cell to that between cells.

import Catalog
import Quantities

/// Mean logarithms of measured / predicted by kind of figure, model, chip and format, from the calibration split.
struct Anchors: Sendable {
  /// Mean ln(measured / predicted) of a cell and its rows.
  struct Anchor: Sendable, Hashable {
    let logarithm: Double
    let rows: Int

    /// Factor on a prediction of the same cell: the mean shrunk by k / (k + 0.43), at most four rows counting.
    var factor: Double {
      let k = Double(min(rows, 4))
      return exponential(logarithm * k / (k + withinOverBetween))
    }
  }

  private let byName: [String: Anchor]

  /// The rows `anchor` of engine_constants.csv.
  init(_ rows: [EngineConstant]) {
    var found: [String: Anchor] = [:]
    for row in rows where row.constant == Anchors.constant {
      guard let value = row.value, value > 0 else { continue }
      found[row.engineOrChip] = Anchor(logarithm: Estimator.naturalLogarithm(value), rows: row.rows ?? 1)
    }
    byName = found
  }

  static let constant = "anchor"

  subscript(name: String) -> Anchor? { byName[name] }

  /// Name of a cell: kind, statistic of a tail, model, chip and format.
  static func name(
    _ kind: ErrorClass, isTail: Bool, model: String, accelerator: String, precision: Precision
  ) -> String {
    "\(kind.rawValue)\(isTail ? " p99" : ""): \(model) on \(accelerator) \(precision.rawValue)"
  }
}

extension Estimator {
  static func naturalLogarithm(_ value: Double) -> Double { logarithm(value) }
}

/// (scatter within cells / scatter between cells)², in natural logarithms, of the fitted runs.
private let withinOverBetween = 0.43

/// How much narrower an interval with an anchor is, as a factor on the logarithms: left-out models with one anchor
/// each had 0.35 of width where 0.42 was without.
let anchoredWidth = 0.83
