// The measured calls of one operation on one chip, and what they say of a call between them: log-bilinear on
// the ratio of measured time to the class curve, the edge held outside.

public import Catalog
public import Quantities

/// What a table or a class curve says of one call.
public struct KernelEstimate: Sendable, Hashable {
  /// Where the time comes from.
  public enum Basis: String, Sendable, Hashable {
    /// This very call was measured on the chip.
    case measured
    /// Between or beside measured calls of the chip.
    case interpolated
    /// The chip has no rows of the operation.
    case classCurve = "class curve"
  }

  /// Time of the call.
  public let time: Seconds
  /// The least time of the machine over it.
  public let utilisation: Double
  /// Where it comes from.
  public let basis: Basis
  /// Octaves between the call and the measured ones, summed over both coordinates; 0 inside.
  public let octavesOutside: Double
  /// ln of the slowest over the fastest engine at the nearest measured call; 0 for one engine or none.
  public let logSpread: Double
  /// ln of measured over estimated time that 10 % of calls stay below, widened by ln(1.15) an octave outside.
  public let logLow: Double
  /// The same for 90 %.
  public let logHigh: Double
}

/// Widening of an interval for each octave outside of a table, in ln.
public let logWideningPerOctave = logarithm(1.15)

/// Calls of one operation on one chip.
public struct KernelTable: Sendable {
  /// Calls with the same first coordinate, by the second.
  private struct Level: Sendable {
    let x: Double
    var nodes: [Node] = []
  }
  private struct Node: Sendable {
    let y: Double
    let residual: Double
    let logSpread: Double
  }

  /// Which operation.
  public let key: OperatorKey
  /// Who measured it.
  public let level: KernelReading.Level
  /// True where the rows are those of a result file of this program.
  public let isMeasured: Bool
  /// Where figures of the table come from.
  public var trust: Trust { isMeasured ? .measured : .published }
  /// Measured calls, engines merged.
  public var count: Int { points.count }
  /// Ids of the rows behind it.
  public var rows: [String] { points.flatMap(\.ids) }
  /// Quantiles of ln(measured/estimate) when a call is left out: 10 and 90 %.
  var interval = (low: 0.0, high: 0.0)

  let rates: OperatorRates
  let curve: ClassCurve
  let points: [OperatorPoint]
  private let levels: [Level]

  init(
    _ key: OperatorKey, level: KernelReading.Level, isMeasured: Bool = false, points: [OperatorPoint],
    rates: OperatorRates, curve: ClassCurve
  ) {
    self.key = key
    self.level = level
    self.isMeasured = isMeasured
    self.points = points
    self.rates = rates
    self.curve = curve
    var levels: [Level] = []
    for point in points {  // sorted by x, then y
      if levels.last.map({ point.x - $0.x > sameLevel }) ?? true { levels.append(Level(x: point.x)) }
      levels[levels.count - 1].nodes.append(
        Node(y: point.y, residual: curve.residual(point), logSpread: point.logSpread))
    }
    for index in levels.indices { levels[index].nodes.sort { $0.y < $1.y } }
    self.levels = levels
  }

  /// Time of a call of `work` at coordinates x and y (see `KernelReading`).
  ///
  /// Between two levels of x the values found along y are blended in log2 x. A measured call gives the
  /// measured time, the median of its engines.
  /// - Complexity: O(levels + nodes of two levels); no allocation.
  public func estimate(_ work: KernelWork, x: Double, y: Double) -> KernelEstimate {
    let arithmetic = work.flop.value / rates.peak
    let memory = work.bytes.value / rates.bandwidth
    let place = residual(at: logarithm2(x), logarithm2(y))
    let base = curve.seconds(arithmetic: arithmetic, memory: memory, x: x, ranks: y)
    let time = base * exponential(place.residual)
    let isMeasured = place.distance < sameLevel
    let widening = logWideningPerOctave * place.outside
    let (low, high) = isMeasured ? (-place.logSpread / 2, place.logSpread / 2) : interval
    return KernelEstimate(
      time: Seconds(time), utilisation: max(arithmetic, memory) / time,
      basis: isMeasured ? .measured : .interpolated, octavesOutside: place.outside,
      logSpread: place.logSpread, logLow: low - widening, logHigh: high + widening)
  }

  private typealias Place = (residual: Double, logSpread: Double, outside: Double, distance: Double)

  /// The ratio to the curve at a place, octaves outside, and the distance to the nearest call.
  func residual(
    at x: Double, _ y: Double
  ) -> (residual: Double, logSpread: Double, outside: Double, distance: Double) {
    guard let first = levels.first, let last = levels.last else { return (0, 0, 0, .infinity) }
    if x <= first.x + sameLevel || levels.count == 1 {
      return moved(along(first, y), by: abs(x - first.x))
    }
    if x >= last.x - sameLevel { return moved(along(last, y), by: x - last.x) }
    var upper = 1
    while levels[upper].x < x { upper += 1 }
    let (below, above) = (levels[upper - 1], levels[upper])
    let share = (x - below.x) / (above.x - below.x)
    let (a, b) = (along(below, y), along(above, y))
    return (
      a.residual + share * (b.residual - a.residual), share < 0.5 ? a.logSpread : b.logSpread,
      a.outside + share * (b.outside - a.outside),
      min(a.distance + (x - below.x), b.distance + (above.x - x))
    )
  }

  private func moved(_ place: Place, by distance: Double) -> Place {
    let octaves = max(0, distance) > sameLevel ? distance : 0
    return (place.residual, place.logSpread, place.outside + octaves, place.distance + octaves)
  }

  private func along(_ level: Level, _ y: Double) -> Place {
    let nodes = level.nodes
    let (first, last) = (nodes[0], nodes[nodes.count - 1])
    if y <= first.y {
      let gap = first.y - y > sameLevel ? first.y - y : 0
      return (first.residual, first.logSpread, gap, gap)
    }
    if y >= last.y {
      let gap = y - last.y > sameLevel ? y - last.y : 0
      return (last.residual, last.logSpread, gap, gap)
    }
    var upper = 1
    while nodes[upper].y < y { upper += 1 }
    let (below, above) = (nodes[upper - 1], nodes[upper])
    let share = (y - below.y) / (above.y - below.y)
    let distance = min(y - below.y, above.y - y)
    return (
      below.residual + share * (above.residual - below.residual),
      share < 0.5 ? below.logSpread : above.logSpread, 0, distance < 1e-9 ? 0 : distance
    )
  }

  /// The same table without one point: what it then says of that point is its error.
  func without(_ point: OperatorPoint) -> KernelTable {
    KernelTable(
      key, level: level, isMeasured: isMeasured, points: points.filter { $0 != point }, rates: rates,
      curve: curve)
  }
}

/// Points closer than this in log2 are one: the readings behind them differ by a sixteenth of an octave at
/// most.
private let sameLevel = 1.0 / 16
