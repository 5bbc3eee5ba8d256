// Random draws that are the same on every machine: integers by xoshiro256** (Blackman and Vigna 2018, seeded by
// SplitMix64), reals by additions, products, quotients and square roots only. The logarithm and the exponential are
// written out because those of C libraries differ in their last bit.

/// A seeded stream of random numbers.
package struct SeededRandom: Sendable {
  private var a: UInt64
  private var b: UInt64
  private var c: UInt64
  private var d: UInt64

  /// Streams of one seed are independent: arrivals and lengths must not shift each other.
  package init(seed: UInt64, stream: UInt64 = 0) {
    var state = seed ^ (stream &* 0xD1B5_4A32_D192_ED03)
    func mixed() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    (a, b, c, d) = (mixed(), mixed(), mixed(), mixed())
  }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    let scrambled = rotated(b &* 5, 7) &* 9
    let shifted = b << 17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotated(d, 45)
    return scrambled
  }

  private func rotated(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }

  /// Uniform between 0 and 1, both excluded.
  package mutating func unit() -> Double { (Double(next() >> 12) + 0.5) * 0x1p-52 }

  /// Exponential with mean 1.
  package mutating func exponential() -> Double { -naturalLogarithm(unit()) }

  /// Standard normal (polar method of Marsaglia; the second deviate is not kept).
  package mutating func normal() -> Double {
    while true {
      let x = 2 * unit() - 1
      let y = 2 * unit() - 1
      let square = x * x + y * y
      if square < 1, square > 0 { return x * (-2 * naturalLogarithm(square) / square).squareRoot() }
    }
  }

  /// Gamma with mean 1 and coefficient of variation `cv` (Marsaglia and Tsang 2000); 1 where `cv` is 0.
  package mutating func gamma(cv: Double) -> Double {
    guard cv > 0 else { return 1 }
    let shape = 1 / (cv * cv)
    // Shapes below 1 are drawn one higher and scaled down by a power of a uniform number.
    let boost = shape < 1 ? exponential() / shape : 0
    let third = (shape < 1 ? shape + 1 : shape) - 1 / 3.0
    let scale = 1 / (9 * third).squareRoot()
    while true {
      let x = normal()
      let root = 1 + scale * x
      guard root > 0 else { continue }
      let cube = root * root * root
      let limit = 0.5 * x * x + third * (1 - cube + naturalLogarithm(cube))
      if naturalLogarithm(unit()) < limit {
        return third * cube * naturalExponential(-boost) / shape
      }
    }
  }

  /// Lognormal with mean 1 and coefficient of variation `cv`.
  package mutating func lognormal(cv: Double) -> Double {
    let variance = naturalLogarithm(1 + cv * cv)
    return naturalExponential(variance.squareRoot() * normal() - variance / 2)
  }
}

/// ln 2 in two parts: the first is exact when multiplied by an exponent.
private let ln2High = 0x1.62e42fee00000p-1
private let ln2Low = 0x1.a39ef35793c76p-33

/// ln x of a positive finite number, within 2 units of the last place.
package func naturalLogarithm(_ x: Double) -> Double {
  var exponent = Double(x.exponent)
  var m = x.significand
  if m > 1.4142135623730951 {
    m *= 0.5
    exponent += 1
  }
  // ln m = 2·artanh z with |z| at most 0.172: the next term of the series is below 2^-60.
  let z = (m - 1) / (m + 1)
  let w = z * z
  var tail = 1 / 23.0
  for odd in stride(from: 21.0, through: 3, by: -2) { tail = tail * w + 1 / odd }
  return exponent * ln2High + (2 * z + (2 * z * w * tail + exponent * ln2Low))
}

/// e to the power x, within 2 units of the last place; 0 and infinity outside the range of Double.
package func naturalExponential(_ x: Double) -> Double {
  guard x > -745 else { return 0 }
  guard x < 709.7 else { return .infinity }
  let k = (x / (ln2High + ln2Low)).rounded()
  let r = (x - k * ln2High) - k * ln2Low
  var sum = 1.0
  for n in stride(from: 16.0, through: 1, by: -1) { sum = 1 + r * sum / n }
  let half = Int(k) / 2
  return sum * Double(sign: .plus, exponent: half, significand: 1)
    * Double(sign: .plus, exponent: Int(k) - half, significand: 1)
}
