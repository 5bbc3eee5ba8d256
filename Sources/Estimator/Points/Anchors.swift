// Anchors: what measured rows of the same model, chip and format say about a prediction. The error of one model on one
// chip is common to all its rows, so one measured row is worth almost as much as four; the shift is shrunk by the
// ratio of the scatter within such a cell to that between cells.
// Served rows speak for their own engine only: on calibration rows of other lengths than the anchor's the median error
// of the time per token falls from 9.0 to 5.9 % by engine and to 7.8 % over all engines, and where only another
// engine was measured its anchor would raise it from 10.7 to 19.2 %.

import Catalog
import Quantities

/// Mean logarithms of measured / predicted by kind of figure, model, chip and format, from the calibration split.
struct Anchors: Sendable {
  /// Mean ln(measured / predicted) of a cell and its rows.
  struct Anchor: Sendable, Hashable {
    let meanLogarithm: Double
    let rows: Int
    /// Where the rows were published, or "" where the table of constants does not say.
    var source = ""
    /// True where other chips and models of the vendor stand for this one: they count as a single row.
    var isOfVendor = false

    /// Factor on a prediction of the same cell: the mean shrunk by k / (k + 0.43), at most four rows counting.
    var factor: Double {
      let k = isOfVendor ? 1 : Double(min(rows, 4))
      return exponential(meanLogarithm * k / (k + withinOverBetween))
    }
  }

  private let byName: [String: Anchor]

  /// The rows `anchor` of engine_constants.csv.
  init(_ rows: [EngineConstant]) {
    var found: [String: Anchor] = [:]
    for row in rows where row.constant == Anchors.constant {
      guard let value = row.value, value > 0 else { continue }
      found[row.engineOrChip] = Anchor(
        meanLogarithm: logarithm(value), rows: row.rows ?? 1, source: row.source)
    }
    byName = found
  }

  static let constant = "anchor"

  /// The anchor of a cell, or that of the vendor's software.
  func anchor(_ cell: String, vendor: String) -> Anchor? {
    if let own = byName[cell] { return own }
    var common = byName[vendor]
    common?.isOfVendor = true
    return common
  }

  /// Name of a cell: kind, statistic of a tail, model, chip and format, and the engine of served rows.
  static func name(
    _ kind: ErrorClass, isTime: Bool, isTail: Bool, model: String, accelerator: String, precision: Precision,
    engine: Engine
  ) -> String {
    let isServed = kind == .servedTPOT || kind == .servedThroughput || kind == .servedTTFT
    return "\(label(kind, isTime: isTime, isTail: isTail)): \(model) on \(accelerator) \(precision.rawValue)"
      + (isServed ? " \(engine.rawValue)" : "")
  }

  /// Name of what all chips of a vendor have in common: its software.
  static func name(_ kind: ErrorClass, isTime: Bool, isTail: Bool, vendor: String) -> String {
    // A draft changes a step, not the stack under it.
    let plain: ErrorClass = kind == .speculative ? (isTime ? .servedTPOT : .servedThroughput) : kind
    return "\(label(plain, isTime: isTime, isTail: isTail)): \(vendor)"
  }

  private static func label(_ kind: ErrorClass, isTime: Bool, isTail: Bool) -> String {
    let unit = kind == .speculative ? (isTime ? " time" : " rate") : ""
    return kind.rawValue + unit + (isTail ? " p99" : "")
  }
}

/// (scatter within cells / scatter between cells)², in natural logarithms, of the fitted runs.
private let withinOverBetween = 0.43

/// How much narrower an interval with an anchor is, as a factor on the logarithms: left-out models with one anchor
/// each had 0.35 of width where 0.42 was without.
let anchoredWidth = 0.83
