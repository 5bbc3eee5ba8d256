// A number with its unit as a type. Inside the program every quantity is one Double in its base unit
// (seconds, bytes, FLOP, watts, US dollars, tokens); text becomes a quantity in Unit.swift only.

/// A value measured in one base unit.
public protocol Quantity: Hashable, Comparable, Sendable, Codable {
  /// The number in the base unit.
  var value: Double { get }
  /// Wraps a number that is already in the base unit.
  init(_ value: Double)
  /// Symbol of the base unit as it is printed.
  static var symbol: String { get }
}

extension Quantity {
  /// Smaller value first.
  public static func < (left: Self, right: Self) -> Bool { left.value < right.value }
  /// Sum of two values of the same unit.
  public static func + (left: Self, right: Self) -> Self { Self(left.value + right.value) }
  /// Difference of two values of the same unit.
  public static func - (left: Self, right: Self) -> Self { Self(left.value - right.value) }
  /// The value scaled by a plain number.
  public static func * (left: Self, right: Double) -> Self { Self(left.value * right) }
  /// The value scaled by a plain number.
  public static func * (left: Double, right: Self) -> Self { Self(left * right.value) }
  /// The value divided by a plain number.
  public static func / (left: Self, right: Double) -> Self { Self(left.value / right) }
  /// Ratio of two values of the same unit.
  public static func / (left: Self, right: Self) -> Double { left.value / right.value }
  /// The empty amount.
  public static var zero: Self { Self(0) }
  /// True for anything but NaN and the infinities.
  public var isFinite: Bool { value.isFinite }
}

/// Time in seconds.
public struct Seconds: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "s"
}

/// Data in bytes.
public struct Bytes: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "B"
}

/// Arithmetic work in floating-point operations; one multiply-add counts two.
public struct FLOP: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "FLOP"
}

/// Arithmetic rate in FLOP per second.
public struct FLOPPerSecond: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "FLOP/s"
}

/// Bandwidth in bytes per second.
public struct BytesPerSecond: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "B/s"
}

/// Power in watts.
public struct Watts: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "W"
}

/// Money in US dollars, nominal.
public struct USD: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "USD"
}

/// A number of tokens.
public struct Tokens: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "tokens"
}

/// Token rate in tokens per second.
public struct TokensPerSecond: Quantity {
  public let value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "tokens/s"
}

/// Work done in a time.
public func / (work: FLOP, time: Seconds) -> FLOPPerSecond { FLOPPerSecond(work.value / time.value) }
/// Data moved in a time.
public func / (data: Bytes, time: Seconds) -> BytesPerSecond {
  BytesPerSecond(data.value / time.value)
}
/// Time that the work takes at the rate.
public func / (work: FLOP, rate: FLOPPerSecond) -> Seconds { Seconds(work.value / rate.value) }
/// Time that the transfer takes at the bandwidth.
public func / (data: Bytes, rate: BytesPerSecond) -> Seconds { Seconds(data.value / rate.value) }
/// Tokens made in a time.
public func / (tokens: Tokens, time: Seconds) -> TokensPerSecond {
  TokensPerSecond(tokens.value / time.value)
}
