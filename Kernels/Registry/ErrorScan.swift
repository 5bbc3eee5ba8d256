// Gathers the errors of a result against its oracle.

package import Measurement

/// Running maxima of the errors; a NaN or an infinity anywhere fails the check for good.
package struct ErrorScan {
  /// Multiply-adds up to which every element is checked: a fraction of a second in Double.
  static let fullCheckLimit = 2.5e7
  /// Rows checked of a larger problem.
  static let sampledRows = 64
  /// Multiply-adds that the oracle spends on sampled rows.
  static let sampledProducts = 1e9

  package let tolerance: Double
  private var maxAbsError = 0.0
  private var maxRelError = 0.0
  private var allFinite = true
  private var checked = 0

  package init(tolerance: Double) { self.tolerance = tolerance }

  package mutating func add(_ found: Double, _ expected: Double, scale: Double) {
    checked += 1
    let error = abs(found - expected)
    guard error.isFinite else { return allFinite = false }
    maxAbsError = max(maxAbsError, error)
    // A scale of 0 means that every product is 0: then the result must be exactly 0.
    maxRelError = max(maxRelError, scale > 0 ? error / scale : (error > 0 ? .infinity : 0))
  }

  package func verification(_ reference: String) -> Verification {
    Verification(
      reference: reference, maxAbsError: allFinite ? maxAbsError : .nan,
      maxRelError: allFinite ? maxRelError : .nan, tolerance: tolerance,
      passed: allFinite && checked > 0 && maxRelError <= tolerance)
  }

  /// Up to `count` different numbers below `limit`, the last one always among them: edges live there.
  package static func sample(_ count: Int, of limit: Int, seed: UInt64) -> [Int] {
    guard limit > count else { return Array(0..<limit) }
    var chosen: Set<Int> = [limit - 1]
    var counter = seed
    while chosen.count < count {
      chosen.insert(Int(mix(counter) % UInt64(limit)))
      counter &+= 1
    }
    return chosen.sorted()
  }
}
