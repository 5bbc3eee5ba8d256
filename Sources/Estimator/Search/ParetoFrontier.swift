// The Pareto frontier of speed for one user against output of one accelerator: the points that no other point
// beats in one of the two without losing in the other.

/// A point that may lie on a frontier.
protocol FrontierPoint: Sendable {
  /// Tokens/s that one user sees.
  var ratePerUser: Double { get }
  /// Output tokens/s of one accelerator.
  var ratePerAccelerator: Double { get }
  /// What settles a tie between points of equal rates, smaller first; unequal for unequal points.
  var tieOrder: [Int] { get }
}

extension SearchedPoint: FrontierPoint {
  var tieOrder: [Int] { [accelerators, deployment, batch] }
}

/// Collects points and keeps the frontier of those seen; the result does not depend on their order.
struct ParetoFrontier<Point: FrontierPoint>: Sendable {
  private var held: [Point] = []
  private var fullAt = 4096

  /// Adds a point.
  mutating func add(_ point: Point) {
    held.append(point)
    if held.count >= fullAt { thin() }
  }

  /// Adds the points of another frontier.
  mutating func add(_ other: ParetoFrontier) { for point in other.held { add(point) } }

  /// The frontier, fastest for one user first.
  ///
  /// - Complexity: O(n log n) in the points held.
  var points: [Point] {
    var best = -Double.infinity
    let ordered = held.sorted { ParetoFrontier.precedes($0, $1) }
    return ordered.filter { point in
      guard point.ratePerAccelerator > best else { return false }
      best = point.ratePerAccelerator
      return true
    }
  }

  // A long search sees millions of points: what others already beat is dropped on the way.
  private mutating func thin() {
    held = points
    fullAt = max(4096, 2 * held.count)
  }

  private static func precedes(_ left: Point, _ right: Point) -> Bool {
    if left.ratePerUser != right.ratePerUser { return left.ratePerUser > right.ratePerUser }
    if left.ratePerAccelerator != right.ratePerAccelerator {
      return left.ratePerAccelerator > right.ratePerAccelerator
    }
    return left.tieOrder.lexicographicallyPrecedes(right.tieOrder)
  }
}
