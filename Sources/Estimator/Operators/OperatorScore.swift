// How far the tables and the class curves are off: each measured call left out of its own table, and each
// chip left out of its class. Printed by operation, so that an interval can be traced to what it stands on.

import Catalog
import Quantities

/// Errors of one operation under one way of leaving out.
public struct OperatorScore: Sendable, Hashable {
  /// What was left out.
  public enum Way: String, Sendable, Hashable, CaseIterable {
    /// A call between others of its table.
    case callInside = "call inside the table"
    /// A call at the edge of its table.
    case callOutside = "call outside the table"
    /// A calibration chip, predicted by the class of the others.
    case calibrationChip = "chip of its class"
    /// A public-test chip, predicted by the class of the calibration chips.
    case publicChip = "public-test chip"
  }

  /// The operation.
  public let key: OperatorKey
  /// What was left out.
  public let way: Way
  /// Calls that are scored.
  public let count: Int
  /// Median of |predicted/measured - 1|.
  public let median: Double
  /// The 90 % quantile of it.
  public let p90: Double
  /// Median of ln(measured/predicted).
  public let bias: Double
  /// Share of the calls inside the 80 % interval.
  public let coverage: Double
  /// Width of that interval in ln; its median where calls lie outside by different distances.
  public let width: Double

  /// `outside`: octaves by which each call lies outside, 0 where the interval is the same for all.
  init(
    _ key: OperatorKey, _ way: Way, residuals: [Double], outside: [Double] = [],
    interval: (low: Double, high: Double)
  ) {
    self.key = key
    self.way = way
    count = residuals.count
    let errors = residuals.map { abs(exponential(-$0) - 1) }.sorted()
    median = middle(errors)
    p90 = quantile(errors, 0.9)
    bias = middle(residuals.sorted())
    let margins = residuals.indices.map { outside.isEmpty ? 0 : logWideningPerOctave * outside[$0] }
    let covered = zip(residuals, margins).count { error, margin in
      interval.low - margin <= error && error <= interval.high + margin
    }
    coverage = residuals.isEmpty ? 0 : Double(covered) / Double(residuals.count)
    width = interval.high - interval.low + 2 * middle(margins.sorted())
  }
}

/// Octaves outside up to which a call counts as inside.
let nearlyInside = 0.5

extension KernelTables {
  struct LeftOut: Sendable {
    let residual: Double
    let outside: Double
    let isCalibration: Bool
  }

  /// ln of measured over estimated time of every point of an operation, its table built without it.
  func leftOut(_ key: OperatorKey) -> [LeftOut] {
    var found: [LeftOut] = []
    // A run of this program is its own chip's evidence; what published rows score stays theirs.
    for (place, table) in tables where place.key == key && table.count > 2 && !table.isMeasured {
      for point in table.points {
        let rest = table.without(point)
        let guess = rest.residual(at: point.x, point.y)
        found.append(
          LeftOut(
            residual: table.curve.residual(point) - guess.residual, outside: guess.outside,
            isCalibration: point.isCalibration))
      }
    }
    return found
  }

  /// Errors by operation and by what was left out.
  ///
  /// - Complexity: O(points²) in each table.
  public func scores() -> [OperatorScore] {
    var lines: [OperatorScore] = []
    for key in Set(tables.keys.map(\.key)).sorted(by: { $0.name < $1.name }) {
      let calls = leftOut(key)
      let interval = tables.first { $0.key.key == key }?.value.interval ?? (0, 0)
      for (way, isInside) in [(OperatorScore.Way.callInside, true), (.callOutside, false)] {
        let group = calls.filter { ($0.outside < nearlyInside) == isInside }
        if !group.isEmpty {
          lines.append(
            OperatorScore(
              key, way, residuals: group.map(\.residual), outside: group.map(\.outside), interval: interval))
        }
      }
      guard let group = classes[key] else { continue }
      let bounds = (low: group.low, high: group.high)
      if group.chips.count > 1 {
        lines.append(
          OperatorScore(key, .calibrationChip, residuals: group.residuals, interval: bounds))
      }
      let unseen = tables.filter {
        $0.key.key == key && !group.chips.contains($0.key.chip) && !$0.value.isMeasured
      }
      let residuals = unseen.values.flatMap { $0.points.map(group.curve.residual) }
      if !residuals.isEmpty {
        lines.append(OperatorScore(key, .publicChip, residuals: residuals, interval: bounds))
      }
    }
    return lines
  }
}
