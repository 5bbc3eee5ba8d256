// MFU by scale: a straight line of ln(MFU) over ln(accelerators) through published runs, each run as heavy as
// any other however many rows it has, and a prediction interval from the spread between runs.

public import Catalog
public import Quantities

/// Share of the dense peak that training reaches, by number of accelerators.
public struct UtilisationByScale: Sendable {
  private let slope: Double
  private let centre: (x: Double, y: Double)
  private let spreadOfX: Double
  private let deviation: Double
  private let runs: Double
  /// Runs behind the line.
  public let names: [String]
  /// Fewest and most accelerators of those runs.
  public let range: ClosedRange<Double>

  /// The line through the runs of a number format; nil with fewer than three runs.
  public init?(_ rows: [TrainingRun], format: String) {
    let used = rows.compactMap { row -> (run: String, x: Double, y: Double)? in
      guard row.format == format, let count = row.accelerators, let mfu = row.mfu, count > 0, mfu > 0
      else { return nil }
      return (row.run, logarithm(count), logarithm(mfu))
    }
    let sizes = Dictionary(grouping: used, by: \.run).mapValues { Double($0.count) }
    guard sizes.count >= 3, let least = used.map(\.x).min(), let most = used.map(\.x).max() else {
      return nil
    }
    let weighted = used.map { (x: $0.x, y: $0.y, weight: 1 / (sizes[$0.run] ?? 1)) }
    let total = Double(sizes.count)
    let centre = (
      x: weighted.reduce(0) { $0 + $1.weight * $1.x } / total,
      y: weighted.reduce(0) { $0 + $1.weight * $1.y } / total
    )
    let squares = weighted.reduce(0) { $0 + $1.weight * ($1.x - centre.x) * ($1.x - centre.x) }
    let products = weighted.reduce(0) { $0 + $1.weight * ($1.x - centre.x) * ($1.y - centre.y) }
    let slope = squares > 0 ? products / squares : 0
    let rest = weighted.reduce(0) { sum, point in
      let residual = point.y - centre.y - slope * (point.x - centre.x)
      return sum + point.weight * residual * residual
    }
    self.slope = slope
    self.centre = centre
    spreadOfX = squares
    deviation = (rest / (total - 2)).squareRoot()
    runs = total
    names = sizes.keys.sorted()
    range = exponential(least)...exponential(most)
  }

  /// MFU on `accelerators` accelerators and its 80 % prediction interval, which widens away from the runs.
  public func mfu(accelerators: Double) -> (value: Double, interval: Interval) {
    let x = logarithm(max(1, accelerators)) - centre.x
    let value = exponential(centre.y + slope * x)
    let error =
      deviation * (1 + 1 / runs + (spreadOfX > 0 ? x * x / spreadOfX : 0)).squareRoot()
      * studentQuantile90(freedom: runs - 2)
    return (
      min(1, value), Interval(min(1, value * exponential(-error)), min(1, value * exponential(error)))
    )
  }
}

/// The 90 % quantile of Student's t: exact for 1 and 2 degrees of freedom, Cornish-Fisher to the third order beyond.
func studentQuantile90(freedom: Double) -> Double {
  if freedom <= 1 { return 3.0777 }
  if freedom <= 2 { return 1.8856 }
  let z = 1.2815516
  let (z3, z5) = (z * z * z, z * z * z * z * z)
  return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom * freedom)
}
