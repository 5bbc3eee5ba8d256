// Exact money at the ledger: prices in millionths of a dollar, quantities in thousandths, amounts in billionths, so
// that price times quantity equals the amount digit for digit. Doubles stay inside simulations.

/// An amount of US dollars, exact to 1e-9.
public struct Money: Sendable, Hashable, Comparable, AdditiveArithmetic {
  /// Billionths of a dollar.
  public let nanos: Int128
  /// An amount of billionths.
  public init(nanos: Int128) { self.nanos = nanos }
  /// The amount nearest to a number of dollars.
  /// - Parameter usd: finite and below 1e18 in size; anything else gives 0 (a ledger checks its inputs before).
  public init(usd: Double) { nanos = Money.scaled(usd, by: Money.perDollar) }

  /// Nothing.
  public static let zero = Money(nanos: 0)
  public static func + (left: Money, right: Money) -> Money { Money(nanos: left.nanos + right.nanos) }
  public static func - (left: Money, right: Money) -> Money { Money(nanos: left.nanos - right.nanos) }
  public static func < (left: Money, right: Money) -> Bool { left.nanos < right.nanos }
  /// The other sign.
  public static prefix func - (value: Money) -> Money { Money(nanos: -value.nanos) }

  /// Dollars, rounded to a double.
  public var usd: Double { Double(nanos) / Money.perDollar }
  /// Dollars as plain decimal text, exact, without trailing zeros: `12.5`.
  public var text: String { decimalText(nanos, decimals: 9) }

  /// Billionths of a dollar in a dollar.
  static let perDollar = 1e9

  static func scaled(_ value: Double, by factor: Double) -> Int128 {
    let scaled = (value * factor).rounded()
    guard scaled.isFinite, abs(scaled) < 1e36 else { return 0 }
    return Int128(scaled)
  }
}

/// A price of one unit, exact to a millionth of a dollar.
public struct UnitPrice: Sendable, Hashable, Comparable {
  /// Millionths of a dollar.
  public let micros: Int64
  /// A price of millionths.
  public init(micros: Int64) { self.micros = micros }
  /// The price nearest to a number of dollars; 0 for what is no price (negative, not finite, above 9e12).
  public init(usd: Double) {
    let scaled = (usd * 1e6).rounded()
    micros = scaled > 0 && scaled < 9e18 ? Int64(scaled) : 0
  }
  public static func < (left: UnitPrice, right: UnitPrice) -> Bool { left.micros < right.micros }
  /// Dollars, rounded to a double.
  public var usd: Double { Double(micros) / 1e6 }
  /// Dollars as plain decimal text, exact.
  public var text: String { decimalText(Int128(micros), decimals: 6) }
  /// Price times quantity, exact.
  public static func * (price: UnitPrice, quantity: LedgerQuantity) -> Money {
    Money(nanos: Int128(price.micros) * Int128(quantity.thousandths))
  }
}

/// A quantity on the ledger, exact to a thousandth of its unit.
public struct LedgerQuantity: Sendable, Hashable {
  /// Thousandths of the unit.
  public let thousandths: Int64
  /// A quantity of thousandths.
  public init(thousandths: Int64) { self.thousandths = thousandths }
  /// The quantity nearest to a value; 0 for what is none (negative, not finite, above 9e15).
  public init(_ value: Double) {
    let scaled = (value * 1e3).rounded()
    thousandths = scaled > 0 && scaled < 9e18 ? Int64(scaled) : 0
  }
  /// The value, rounded to a double.
  public var value: Double { Double(thousandths) / 1e3 }
  /// Plain decimal text, exact.
  public var text: String { decimalText(Int128(thousandths), decimals: 3) }
}

/// A scaled whole number as plain decimal text, without trailing zeros.
private func decimalText(_ scaled: Int128, decimals: Int) -> String {
  var digits = Array(String(scaled.magnitude))
  if digits.count <= decimals { digits = Array(repeating: "0", count: decimals + 1 - digits.count) + digits }
  let whole = String(digits.dropLast(decimals))
  var fraction = String(digits.suffix(decimals))
  while fraction.last == "0" { fraction.removeLast() }
  let sign = scaled < 0 ? "-" : ""
  return fraction.isEmpty ? sign + whole : "\(sign)\(whole).\(fraction)"
}
