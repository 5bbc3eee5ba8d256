// What a chip without a table is taken to do: the same saturating curve for all of a class, fitted on the
// calibration rows of other chips, with the error that it makes on a chip that it did not see.
//   t = max( F/(P·e·x/(x + h)), Q/(BW·b) ) + t0 + t1·log2(ranks)
// Where a chip has a table, the table holds the ratio to this curve: what is left is smooth, so that it may
// be interpolated between few points (leave-one-out error of products 6.6 instead of 9.0 %, of attention 4
// instead of 7 %, against interpolating the utilisation itself).

import Catalog
import Quantities

/// Parameters of an operation in one format.
public struct ClassCurve: Sendable, Hashable {
  /// Share of the peak at many rows, e.
  public var share: Double
  /// Rows at which half of it is reached, h; 0 where rows do not matter.
  public var halfRows: Double
  /// Share of the bandwidth, b.
  public var bandwidthShare: Double
  /// Seconds of a call, t0.
  public var latency: Double
  /// Seconds for each doubling of the ranks of a collective, t1.
  public var latencyPerDoubling: Double

  /// Seconds of a call from its least times; x in rows (of an expert), ranks of a collective.
  func seconds(arithmetic: Double, memory: Double, x: Double, ranks: Double) -> Double {
    let filling = halfRows > 0 ? x / (x + halfRows) : 1
    let doublings = latencyPerDoubling > 0 ? latencyPerDoubling * logarithm2(ranks) : 0
    return max(arithmetic / (share * filling), memory / bandwidthShare) + latency + doublings
  }

  /// ln of measured over predicted time of a point.
  func residual(_ point: OperatorPoint) -> Double {
    point.logTime
      - logarithm(
        seconds(
          arithmetic: point.arithmetic, memory: point.memory, x: power(2, point.x), ranks: power(2, point.y)))
  }
}

// Where the search starts and how far it may go. The starts are the levels of published kernels.
extension ClassCurve {
  /// The start of the fit for an operation.
  static func prior(_ key: OperatorKey) -> ClassCurve {
    func microseconds(_ count: Double) -> Double { Unit.microsecond.toBase(count) }
    let share =
      switch key.format {
      case .bf16: 0.7
      case .fp8, .fp8Block: 0.55
      case .fp4: 0.4
      }
    switch key.operation {
    case .product, .groupedProduct:
      return ClassCurve(
        share: share, halfRows: 40, bandwidthShare: 0.85, latency: microseconds(5), latencyPerDoubling: 0)
    case .expertLayer:
      return ClassCurve(
        share: share / 2, halfRows: 40, bandwidthShare: 0.75, latency: microseconds(20),
        latencyPerDoubling: 0)
    case .prefillAttention:
      return ClassCurve(
        share: 0.5, halfRows: 0, bandwidthShare: 0.85, latency: microseconds(20), latencyPerDoubling: 0)
    case .decodeAttention, .latentDecode:
      return ClassCurve(
        share: 0.5, halfRows: 0, bandwidthShare: 0.85, latency: microseconds(10), latencyPerDoubling: 0)
    case .memoryStream:
      return ClassCurve(share: 1, halfRows: 0, bandwidthShare: 0.87, latency: 0, latencyPerDoubling: 0)
    case .allReduce, .allGather, .reduceScatter, .allToAll:
      return ClassCurve(
        share: 1, halfRows: 0, bandwidthShare: 0.75, latency: microseconds(5),
        latencyPerDoubling: microseconds(3))
    }
  }

  /// The curve nearest to points: mean Huber loss of the residuals and a weak pull to the prior, both in
  /// logarithms; coordinate search with shrinking steps, the same on every machine.
  ///
  /// - Complexity: O(points x 600).
  static func fitted(_ key: OperatorKey, to points: [OperatorPoint]) -> ClassCurve {
    let start = prior(key)
    guard !points.isEmpty else { return start }
    let paths: [WritableKeyPath<ClassCurve, Double>] = [
      \.share, \.halfRows, \.bandwidthShare, \.latency, \.latencyPerDoubling,
    ].filter { start[keyPath: $0] > 0 }
    func loss(_ curve: ClassCurve) -> Double {
      let misfit = points.reduce(0) { sum, point in
        let error = abs(curve.residual(point))
        return sum + (error < huberEdge ? error * error / (2 * huberEdge) : error - huberEdge / 2)
      }
      let pull = paths.reduce(0) { sum, path in
        let distance = logarithm(curve[keyPath: path] / start[keyPath: path]) / 0.7
        return sum + distance * distance
      }
      return misfit / Double(points.count) + pullWeight * pull
    }
    var best = start
    var least = loss(best)
    var steps = [Double](repeating: 0.5, count: paths.count)
    for _ in 0..<60 {
      for (index, path) in paths.enumerated() {
        var moved = false
        for direction in [1.0, -1.0] where !moved {
          var trial = best
          let value = trial[keyPath: path] * exponential(direction * steps[index])
          trial[keyPath: path] = path == \.share || path == \.bandwidthShare ? min(1, value) : value
          let found = loss(trial)
          if found < least - 1e-12 {
            (best, least, moved) = (trial, found, true)
          }
        }
        if !moved { steps[index] *= 0.6 }
      }
    }
    return best
  }
}

// Errors below 20 % count as squares, larger ones linearly: one odd engine moves no curve.
private let huberEdge = 0.2
private let pullWeight = 0.002
