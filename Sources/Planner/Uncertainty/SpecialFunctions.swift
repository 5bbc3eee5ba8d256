// The special functions behind quantiles and intervals: the inverse normal, the incomplete beta and its
// inverse. They use additions, products, quotients, square roots and the estimator's own logarithm and
// exponential only, so that the same input gives the same bits on every machine.

import Estimator

/// The 90 % quantile of the standard normal.
let normalQuantile90 = 1.281_551_565_544_600_4

/// Quantile of the standard normal for `u` in (0, 1); infinite outside.
///
/// Rational approximations in three regions, relative error below 1e-15: M. J. Wichura, Algorithm AS 241,
/// Applied Statistics 37 (1988), 477-484.
package func normalQuantile(_ u: Double) -> Double {
  guard u > 0 else { return -.infinity }
  guard u < 1 else { return .infinity }
  let q = u - 0.5
  if abs(q) <= 0.425 {
    let r = 0.180_625 - q * q
    return q * ratio(r, Wichura.centre)
  }
  let tail = q < 0 ? u : 1 - u
  let r = (-naturalLogarithm(tail)).squareRoot()
  let z = r <= 5 ? ratio(r - 1.6, Wichura.shoulder) : ratio(r - 5, Wichura.tail)
  return q < 0 ? -z : z
}

/// Quotient of two polynomials of degree 7, lowest power first.
private func ratio(_ x: Double, _ c: (above: [Double], below: [Double])) -> Double {
  var above = c.above[7]
  var below = c.below[7]
  for k in stride(from: 6, through: 0, by: -1) {
    above = above * x + c.above[k]
    below = below * x + c.below[k]
  }
  return above / below
}

/// Coefficients of AS 241.
private enum Wichura {
  static let centre: (above: [Double], below: [Double]) = (
    [
      3.387_132_872_796_366_608_0, 1.331_416_678_917_843_774_5e2, 1.971_590_950_306_551_442_7e3,
      1.373_169_376_550_946_112_5e4, 4.592_195_393_154_987_145_7e4, 6.726_577_092_700_870_085_3e4,
      3.343_057_558_358_812_810_5e4, 2.509_080_928_730_122_672_7e3,
    ],
    [
      1, 4.231_333_070_160_091_125_2e1, 6.871_870_074_920_579_082_9e2, 5.394_196_021_424_751_107_7e3,
      2.121_379_430_158_659_586_7e4, 3.930_789_580_009_271_061_0e4, 2.872_908_573_572_194_267_4e4,
      5.226_495_278_852_854_561_0e3,
    ]
  )
  static let shoulder: (above: [Double], below: [Double]) = (
    [
      1.423_437_110_749_683_577_34, 4.630_337_846_156_545_295_90, 5.769_497_221_460_691_405_50,
      3.647_848_324_763_204_605_04, 1.270_458_252_452_368_382_58, 2.417_807_251_774_506_117_70e-1,
      2.272_384_498_926_918_458_33e-2, 7.745_450_142_783_414_076_40e-4,
    ],
    [
      1, 2.053_191_626_637_758_821_87, 1.676_384_830_183_803_849_40, 6.897_673_349_851_000_045_50e-1,
      1.481_039_764_274_800_745_90e-1, 1.519_866_656_361_645_719_66e-2, 5.475_938_084_995_344_946_00e-4,
      1.050_750_071_644_416_843_24e-9,
    ]
  )
  static let tail: (above: [Double], below: [Double]) = (
    [
      6.657_904_643_501_103_777_20, 5.463_784_911_164_114_369_90, 1.784_826_539_917_291_335_80,
      2.965_605_718_285_048_912_30e-1, 2.653_218_952_657_612_309_30e-2, 1.242_660_947_388_078_438_60e-3,
      2.711_555_568_743_487_578_15e-5, 2.010_334_399_292_288_132_65e-7,
    ],
    [
      1, 5.998_322_065_558_879_376_90e-1, 1.369_298_809_227_358_053_10e-1, 1.487_536_129_085_061_485_25e-2,
      7.868_691_311_456_132_591_00e-4, 1.846_318_317_510_054_681_80e-5, 1.421_511_758_316_445_888_70e-7,
      2.044_263_103_389_939_785_64e-15,
    ]
  )
}

/// base^exponent of a non-negative base and a positive exponent.
func realPower(_ base: Double, _ exponent: Double) -> Double {
  base > 0 ? naturalExponential(exponent * naturalLogarithm(base)) : 0
}

/// ln Γ(x) for x > 0: Stirling's series at x + k ≥ 12, taken back by the recurrence.
package func logGamma(_ x: Double) -> Double {
  var shifted = x
  var product = 1.0
  while shifted < 12 {
    product *= shifted
    shifted += 1
  }
  let w = 1 / (shifted * shifted)
  let series =
    ((((((1 / 156.0 * w - 691 / 360_360.0) * w + 1 / 1188.0) * w - 1 / 1680.0) * w + 1 / 1260.0) * w
      - 1 / 360.0) * w + 1 / 12.0) / shifted
  let halfLogTwoPi = 0.918_938_533_204_672_741_78
  return (shifted - 0.5) * naturalLogarithm(shifted) - shifted + halfLogTwoPi + series
    - naturalLogarithm(product)
}

/// The beta distribution on [0, 1], with what its functions share computed once.
package struct BetaDistribution: Sendable, Hashable {
  let a: Double
  let b: Double
  /// ln B(a, b).
  let logBeta: Double

  package init(_ a: Double, _ b: Double) {
    self.a = a
    self.b = b
    logBeta = logGamma(a) + logGamma(b) - logGamma(a + b)
  }

  /// The regularised incomplete beta I_x(a, b); `y` is 1 - x, given apart so that neither end loses digits.
  package func cumulative(_ x: Double, _ y: Double) -> Double {
    guard x > 0 else { return 0 }
    guard y > 0 else { return 1 }
    let front = naturalExponential(a * naturalLogarithm(x) + b * naturalLogarithm(y) - logBeta)
    return x < (a + 1) / (a + b + 2)
      ? front / a * BetaDistribution.fraction(a, b, x)
      : 1 - front / b * BetaDistribution.fraction(b, a, y)
  }

  /// Lentz's evaluation of the continued fraction DLMF 8.17.22; O(√max(a, b)) terms.
  private static func fraction(_ a: Double, _ b: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    func kept(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / kept(1 - (a + b) * x / (a + 1))
    var product = d
    for m in 1...100_000 {
      let k = Double(m)
      let even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k))
      d = 1 / kept(1 + even * d)
      c = kept(1 + even / c)
      product *= d * c
      let odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1))
      d = 1 / kept(1 + odd * d)
      c = kept(1 + odd / c)
      let step = d * c
      product *= step
      if abs(step - 1) < 1e-15 { break }
    }
    return product
  }

  /// The quantile x of `u` in (0, 1) and 1 - x.
  package func quantile(_ u: Double) -> (x: Double, y: Double) {
    guard u > 0 else { return (0, 1) }
    guard u < 1 else { return (1, 0) }
    // Solved from the lower tail; the upper one is the lower tail of the mirrored distribution.
    if u <= 0.5 {
      let x = lowerQuantile(u)
      return (x, 1 - x)
    }
    let y = BetaDistribution(mirrored: self).lowerQuantile(1 - u)
    return (1 - y, y)
  }

  private init(mirrored other: BetaDistribution) {
    a = other.b
    b = other.a
    logBeta = other.logBeta
  }

  /// Halley's method on I_x(a, b) = u, kept inside a bracket that every evaluation tightens.
  private func lowerQuantile(_ u: Double) -> Double {
    var low = 0.0
    var high = 1.0
    var x = firstGuess(u)
    for _ in 0..<200 {
      let y = 1 - x
      let miss = cumulative(x, y) - u
      if miss < 0 { low = x } else { high = x }
      let slope = naturalExponential((a - 1) * naturalLogarithm(x) + (b - 1) * naturalLogarithm(y) - logBeta)
      let newton = miss / slope
      let curvature = (a - 1) / x - (b - 1) / y
      let step = newton / max(0.5, 1 - 0.5 * newton * curvature)
      // Halley's steps shrink cubically: after one of 1e-6 the rest is below the last place, and the bracket,
      // as wide as rounding by then, has nothing more to say.
      if abs(step) <= 1e-6 * x { return min(x - step, 1) }
      var next = x - step
      if !(next > low && next < high) { next = low + (high - low) / 2 }
      if next == x { return x }
      x = next
    }
    return x
  }

  /// The leading term of the series near 0, or the normal with the same two moments, whichever applies.
  private func firstGuess(_ u: Double) -> Double {
    let leading = naturalExponential((naturalLogarithm(u * a) + logBeta) / a)
    let mean = a / (a + b)
    let deviation = (mean * (1 - mean) / (a + b + 1)).squareRoot()
    let normal = mean + normalQuantile(u) * deviation
    let guess = leading < 0.3 * mean || normal <= 0 ? leading : normal
    return min(max(guess, 1e-300), 0.999_999)
  }
}
