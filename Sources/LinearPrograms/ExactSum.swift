// Sums of products without rounding: each product and each addition keeps what it rounds off as a number of its own
// (Dekker's and Knuth's two-term forms, Shewchuk's expansions). The checker compares with limits by these, so that a
// verdict depends on no order of terms and on no luck of rounding.

/// A sum whose parts do not overlap; exact while no part overflows or falls below the smallest normal number.
public struct ExactSum: Sendable {
  private var parts: [Double] = []

  /// Zero.
  public init() {}

  /// Adds a number.
  public mutating func add(_ number: Double) {
    var carry = number
    var kept = 0
    for index in parts.indices {
      let sum = carry + parts[index]
      let part = sum - carry
      let rest = (carry - (sum - part)) + (parts[index] - part)
      if rest != 0 {
        parts[kept] = rest
        kept += 1
      }
      carry = sum
    }
    parts.removeSubrange(kept...)
    parts.append(carry)
  }

  /// Adds a·b.
  public mutating func add(_ a: Double, times b: Double) {
    let product = a * b
    let rest = (-product).addingProduct(a, b)
    if rest != 0, rest.isFinite { add(rest) }
    add(product)
  }

  /// The nearest double, to a unit in the last place; its sign is that of the exact sum.
  public var rounded: Double { parts.reduce(0, +) }
}
