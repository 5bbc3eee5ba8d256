// Sobol's low-discrepancy sequence: points that fill the unit cube more evenly than random ones, so that an
// estimate's error falls almost with their number and not with its root.

/// A Sobol sequence of 32-bit points, in the Gray-code order of Antonov and Saleev (1979).
public struct SobolSequence: Sendable {
  /// Most dimensions: two for each of 40 inputs.
  public static let dimensionLimit = 80

  /// (dimensions, 32): direction numbers, the highest bit first.
  private let directions: [[UInt32]]
  private let shifts: [UInt32]

  /// A sequence, optionally with a digital shift for each dimension: a shift moves every point and keeps the
  /// evenness.
  ///
  /// - Parameter dimensions: 0 to 80; more are cut to 80.
  public init(dimensions: Int, shifts: [UInt32]? = nil) {
    let count = min(max(0, dimensions), SobolSequence.dimensionLimit)
    directions = (0..<count).map { $0 == 0 ? (0..<32).map { 1 << (31 - $0) } : SobolSequence.direction($0) }
    let none = [UInt32](repeating: 0, count: count)
    self.shifts = shifts.map { Array(($0 + none).prefix(count)) } ?? none
  }

  /// The first `n` points, a column for each dimension, in the middle of their cells: (x + 1/2)·2^-32 in (0,
  /// 1).
  public func uniforms(_ n: Int) -> [[Double]] {
    zip(directions, shifts).map { direction, shift in
      var x: UInt32 = 0
      return (0..<max(0, n)).map { i in
        // Point i differs from the one before in the direction of the lowest bit that counting to i has set.
        if i > 0 { x ^= direction[i.trailingZeroBitCount] }
        return (Double(x ^ shift) + 0.5) * 0x1p-32
      }
    }
  }

  /// Direction numbers from a primitive polynomial and its initial values, by the recurrence of Bratley and
  /// Fox (1988).
  private static func direction(_ dimension: Int) -> [UInt32] {
    let row = table[dimension - 1]
    let degree = row.initial.count
    var v = row.initial.enumerated().map { $0.element << UInt32(31 - $0.offset) }
    for k in degree..<32 {
      var next = v[k - degree] ^ (v[k - degree] >> UInt32(degree))
      for j in 1..<degree where (row.polynomial >> UInt32(degree - j)) & 1 == 1 { next ^= v[k - j] }
      v.append(next)
    }
    return v
  }

  /// Dimensions 2 to 80: polynomial and initial values.
  private static let table: [(polynomial: UInt32, initial: [UInt32])] = directionText.split(separator: "\n")
    .map {
      let numbers = $0.split(separator: " ").compactMap { UInt32($0) }
      return (numbers[0], Array(numbers.dropFirst()))
    }
}

/// S. Joe and F. Y. Kuo, Constructing Sobol sequences with better two-dimensional projections, SIAM J. Sci.
/// Comput. 30 (2008), 2635-2654: dimensions 2 to 80 of their table D(6), each the polynomial with all its
/// coefficients as bits, then the initial values.
private let directionText = """
  3 1
  7 1 3
  11 1 3 1
  13 1 1 1
  19 1 1 3 3
  25 1 3 5 13
  37 1 1 5 5 17
  41 1 1 5 5 5
  47 1 1 7 11 19
  55 1 1 5 1 1
  59 1 1 1 3 11
  61 1 3 5 5 31
  67 1 3 3 9 7 49
  91 1 1 1 15 21 21
  97 1 3 1 13 27 49
  103 1 1 1 15 7 5
  109 1 3 1 15 13 25
  115 1 1 5 5 19 61
  131 1 3 7 11 23 15 103
  137 1 3 7 13 13 15 69
  143 1 1 3 13 7 35 63
  145 1 3 5 9 1 25 53
  157 1 3 1 13 9 35 107
  167 1 3 1 5 27 61 31
  171 1 1 5 11 19 41 61
  185 1 3 5 3 3 13 69
  191 1 1 7 13 1 19 1
  193 1 3 7 5 13 19 59
  203 1 1 3 9 25 29 41
  211 1 3 5 13 23 1 55
  213 1 3 7 3 13 59 17
  229 1 3 1 3 5 53 69
  239 1 1 5 5 23 33 13
  241 1 1 7 7 1 61 123
  247 1 1 7 9 13 61 49
  253 1 3 3 5 3 55 33
  285 1 3 1 15 31 13 49 245
  299 1 3 5 15 31 59 63 97
  301 1 3 1 11 11 11 77 249
  333 1 3 1 11 27 43 71 9
  351 1 1 7 15 21 11 81 45
  355 1 3 7 3 25 31 65 79
  357 1 3 1 1 19 11 3 205
  361 1 1 5 9 19 21 29 157
  369 1 3 7 11 1 33 89 185
  391 1 3 3 3 15 9 79 71
  397 1 3 7 11 15 39 119 27
  425 1 1 3 1 11 31 97 225
  451 1 1 1 3 23 43 57 177
  463 1 3 7 7 17 17 37 71
  487 1 3 1 5 27 63 123 213
  501 1 1 3 5 11 43 53 133
  529 1 3 5 5 29 17 47 173 479
  539 1 3 3 11 3 1 109 9 69
  545 1 1 1 5 17 39 23 5 343
  557 1 3 1 5 25 15 31 103 499
  563 1 1 1 11 11 17 63 105 183
  601 1 1 5 11 9 29 97 231 363
  607 1 1 5 15 19 45 41 7 383
  617 1 3 7 7 31 19 83 137 221
  623 1 1 1 3 23 15 111 223 83
  631 1 1 5 13 31 15 55 25 161
  637 1 1 3 13 25 47 39 87 257
  647 1 1 1 11 21 53 125 249 293
  661 1 1 7 11 11 7 57 79 323
  675 1 1 5 5 17 13 81 3 131
  677 1 1 7 13 23 7 65 251 475
  687 1 3 5 1 9 43 3 149 11
  695 1 1 3 13 31 13 13 255 487
  701 1 3 3 1 5 63 89 91 127
  719 1 1 3 3 1 19 123 127 237
  721 1 1 5 7 23 31 37 243 289
  731 1 1 5 11 17 53 117 183 491
  757 1 1 1 5 1 13 13 209 345
  761 1 1 3 15 1 57 115 7 33
  787 1 3 1 11 7 43 81 207 175
  789 1 3 1 1 15 27 63 255 49
  799 1 3 5 3 27 61 105 171 305
  803 1 1 5 3 1 3 57 249 149
  """
