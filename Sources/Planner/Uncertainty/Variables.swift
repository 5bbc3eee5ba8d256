// Uncertain inputs by name, and their draws: a table with one column a variable, so that a candidate plan
// reads neighbouring memory and nothing is allocated while samples are evaluated.

import Tables

/// An uncertain input.
public struct Variable: Sendable, Hashable {
  /// Name; draws are seeded by it.
  public let name: String
  /// Unit as printed.
  public let unit: String
  /// What is known about it.
  public let distribution: Distribution
  /// What the input accepts; draws beyond an end are set to it. nil: everything.
  public let accepted: ClosedRange<Double>?
  /// True where only whole numbers make sense; draws are rounded to the nearest.
  public let isWhole: Bool

  /// A variable from its parts.
  public init(
    _ name: String, unit: String = "", _ distribution: Distribution, accepted: ClosedRange<Double>? = nil,
    isWhole: Bool = false
  ) {
    self.name = name
    self.unit = unit
    self.distribution = distribution
    self.accepted = accepted
    self.isWhole = isWhole
  }

  /// The value below which a share `u` of the draws lies, `u` in (0, 1).
  public func quantile(_ u: Double) -> Double {
    var value = distribution.quantile(u)
    if isWhole { value = value.rounded() }
    guard let accepted else { return value }
    return min(max(value, accepted.lowerBound), accepted.upperBound)
  }
}

/// The values of all variables in one sample, or at one point: a view that is valid during the call that
/// receives it.
public struct Sample {
  private let first: UnsafePointer<Double>
  private let stride: Int
  /// Number of variables.
  public let count: Int

  init(_ first: UnsafePointer<Double>, stride: Int, count: Int) {
    self.first = first
    self.stride = stride
    self.count = count
  }

  /// The value of the variable at this place in the list of variables.
  public subscript(variable: Int) -> Double {
    precondition(variable >= 0 && variable < count, "no such variable")
    return first[variable * stride]
  }
}

/// Draws of all variables: column by column, `samples` numbers each.
public struct SampleTable: Sendable, Hashable {
  /// Names in column order.
  public let names: [String]
  /// Numbers in a column.
  public let samples: Int
  /// (names.count, samples), column after column.
  public let values: [Double]

  /// One variable's draws.
  public func column(_ variable: Int) -> ArraySlice<Double> {
    values[variable * samples..<(variable + 1) * samples]
  }
}

/// Calls `body` with the view of one point, a value for each variable.
func withPoint<R>(_ values: [Double], _ body: (Sample) -> R) -> R {
  // The spare number keeps a place to point at where there are no variables.
  (values + [0]).withUnsafeBufferPointer { buffer in
    body(Sample(buffer.baseAddress.unsafelyUnwrapped, stride: 1, count: values.count))
  }
}

/// A seed of a name: FNV-1a over its UTF-8 bytes, so that a variable's draws depend on nothing but the master
/// seed and its own name.
func seed(of name: String, master: UInt64) -> UInt64 {
  var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
  return master ^ hash
}

/// Throws where two variables share a name: the second would repeat the draws of the first.
func checkNames(_ variables: [Variable]) throws(InputError) {
  var seen: Set<String> = []
  for variable in variables where !seen.insert(variable.name).inserted {
    throw InputError("two uncertain inputs are named '\(variable.name.prefix(60))'", advice: "rename one")
  }
}
