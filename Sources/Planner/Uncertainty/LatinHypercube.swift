// Latin hypercube samples: each variable takes exactly one value from each of n equal slices of probability,
// in an order that only its name and the master seed decide. Correlated variables are reordered, never
// redrawn, so their slices stay whole (Iman and Conover 1982, with the normal scores of a Gaussian copula and
// no correction by the sample's own correlation: that would let every variable move every other).

import Estimator
public import Tables

/// Latin hypercube draws of named variables.
public enum LatinHypercube {
  /// Most samples of one call: ten million.
  public static let sampleLimit = 10_000_000

  /// Uniform draws, a column for each name, `samples` numbers in (0, 1) each.
  ///
  /// A variable without correlation depends on its name and the seed alone: adding another moves nothing.
  /// Within a group of correlated variables the order is that of their names, so a variable that joins a
  /// group can move only members whose names come after its own. The order of `names` and of the pairs
  /// changes nothing. O(d · n log n + d³).
  ///
  /// - Throws: `InputError` for a number of samples out of range, names that repeat, or correlations that cannot be.
  public static func uniforms(
    _ names: [String], correlations: [RankCorrelation] = [], samples: Int, seed: UInt64
  ) throws(InputError) -> [[Double]] {
    guard (1...sampleLimit).contains(samples) else {
      throw InputError(
        "\(samples) samples are not 1 to 10,000,000", advice: "take 1,000, or 10,000 for a report")
    }
    var columns = names.map { column($0, samples: samples, seed: seed) }
    guard !correlations.isEmpty else { return columns }
    let matrix = try CorrelationMatrix(correlations, among: names)
    let places = matrix.names.compactMap { names.firstIndex(of: $0) }
    let scores = places.map { columns[$0].map(normalQuantile) }
    for (row, place) in places.enumerated() where matrix.isMoved(row) {
      var mixed = [Double](repeating: 0, count: samples)
      for (factor, score) in zip(matrix.factor[row], scores) where factor != 0 {
        for i in 0..<samples { mixed[i] += factor * score[i] }
      }
      // The sample with the k-th smallest mixed score takes the k-th smallest draw.
      let order = (0..<samples).sorted { (mixed[$0], $0) < (mixed[$1], $1) }
      let sorted = columns[place].sorted()
      for (rank, sample) in order.enumerated() { columns[place][sample] = sorted[rank] }
    }
    return columns
  }

  /// One variable's uncorrelated draws: a shuffle of the slices, one draw inside each.
  private static func column(_ name: String, samples: Int, seed master: UInt64) -> [Double] {
    var random = SeededRandom(seed: seed(of: name, master: master))
    var slices = Array(0..<samples)
    for i in stride(from: samples - 1, to: 0, by: -1) {
      // The high half of a 64-bit product: uniform to 2^-40 at ten million.
      let j = Int(random.next().multipliedFullWidth(by: UInt64(i + 1)).high)
      slices.swapAt(i, j)
    }
    return slices.map { (Double($0) + random.unit()) / Double(samples) }
  }
}

/// The rank correlation of two variables.
public struct RankCorrelation: Sendable, Hashable {
  /// One name.
  public let first: String
  /// The other.
  public let second: String
  /// Spearman's rank correlation, -1 to 1.
  public let value: Double
  /// A pair from its parts.
  public init(_ first: String, _ second: String, _ value: Double) {
    self.first = first
    self.second = second
    self.value = value
  }
}
