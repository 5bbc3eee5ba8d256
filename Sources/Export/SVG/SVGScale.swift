// From a value to a place on the paper, and the round values at which an axis is labelled.

import Foundation
import Tables

/// A linear or logarithmic axis.
package struct SVGScale: Sendable {
  package enum Kind: Sendable { case linear, log }

  let kind: Kind
  /// Values at the two ends, low < high; both positive where logarithmic.
  let low: Double
  let high: Double
  /// Places of the two ends.
  let start: Double
  let end: Double

  /// An axis; nil where the values are not finite, not in order, or not positive on a logarithmic axis.
  package init?(_ kind: Kind, from low: Double, to high: Double, at start: Double, _ end: Double) {
    guard low.isFinite, high.isFinite, low < high, kind == .linear || low > 0 else { return nil }
    self.kind = kind
    self.low = low
    self.high = high
    self.start = start
    self.end = end
  }

  /// The place of a value; values outside land on the nearer end.
  package func position(_ value: Double) -> Double {
    let bounded = min(high, max(low, value.isNaN ? low : value))
    let share =
      kind == .linear ? (bounded - low) / (high - low) : log(bounded / low) / log(high / low)
    return start + share * (end - start)
  }

  /// True for a value between the ends.
  func contains(_ value: Double) -> Bool { value >= low && value <= high }

  /// Round values inside the axis, at most `limit` of them where that is possible.
  package func ticks(atMost limit: Int) -> [Double] {
    let values =
      kind == .linear ? linearTicks(limit) : high / low < 4 ? narrowTicks(limit) : logTicks(limit)
    return values.filter { $0 >= low * (low > 0 ? 1 - 1e-9 : 1) && $0 <= high * (1 + 1e-9) }
  }

  /// Steps of 1, 2 or 5 times a power of ten.
  private func linearTicks(_ limit: Int) -> [Double] {
    let rough = (high - low) / Double(max(1, limit))
    let power = pow(10, floor(log10(rough)))
    let step = ([1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * (1 - 1e-9) } ?? 10 * power)
    let first = (low / step).rounded(.up)
    let last = (high / step).rounded(.down)
    guard first <= last, last - first < 1_000 else { return [] }
    // Multiplied, not added up: 0.1 + 0.2 would not print as 0.3.
    return (0...Int(last - first)).map { (first + Double($0)) * step }
  }

  /// Less than a factor of four: round steps read better than 1-2-5.
  private func narrowTicks(_ limit: Int) -> [Double] { linearTicks(limit) }

  /// The finest of 1-1.5-2-3-5-7, 1-2-5, 1-3 and 1 in each decade, or every n-th decade, that keeps to the limit.
  private func logTicks(_ limit: Int) -> [Double] {
    let decades = Int(floor(log10(low)))...Int(ceil(log10(high)))
    func ticks(_ mantissas: [Double], every step: Int = 1) -> [Double] {
      decades.filter { $0 % step == 0 }.flatMap { decade in mantissas.map { $0 * pow(10, Double(decade)) } }
        .filter { contains($0) }
    }
    for mantissas in [[1.0, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]] {
      let found = ticks(mantissas)
      if found.count <= limit, found.count > 1 { return found }
    }
    return (2...6).lazy.map { ticks([1], every: $0) }.first { $0.count <= limit } ?? ticks([1], every: 6)
  }

  /// A range that holds the values with a margin: a share of the span, or a factor where logarithmic.
  package static func range(_ values: [Double], _ kind: Kind, margin: Double) -> (low: Double, high: Double)?
  {
    let usable = values.filter { $0.isFinite && (kind == .linear || $0 > 0) }
    guard let low = usable.min(), let high = usable.max() else { return nil }
    if kind == .log { return (low / (1 + margin), high * (1 + margin)) }
    let span = high > low ? high - low : max(abs(high), 1)
    return (low - margin * span, high + margin * span)
  }
}

/// A tick's value as short as it is exact: `0.25`, `10`, `1,000`.
package func tickText(_ value: Double) -> String {
  let decimals = (0...6).first { abs(value - rounded(value, decimals: $0)) <= abs(value) * 1e-6 } ?? 6
  return grouped(value, decimals: decimals)
}

private func rounded(_ value: Double, decimals: Int) -> Double {
  let scale = pow(10, Double(decimals))
  return (value * scale).rounded() / scale
}

/// Decimals that show three significant digits.
func significantDecimals(_ value: Double) -> Int {
  guard value.isFinite, value != 0 else { return 0 }
  return min(6, max(0, 2 - Int(floor(log10(abs(value))))))
}

/// A number with three significant digits.
package func significant(_ value: Double) -> String { grouped(value, decimals: significantDecimals(value)) }
