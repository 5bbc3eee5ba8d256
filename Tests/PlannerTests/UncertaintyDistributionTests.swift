// Quantiles against values of high precision (scripts/planners/uncertainty_reference.py prints them), moments by hand,
// and the text form.

import Planner
import Tables
import Testing

private func close(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
  abs(a - b) <= tolerance * max(abs(a), abs(b))
}

@Suite struct QuantileTests {
  @Test(
    "quantiles of the standard normal, to 1e-14",
    arguments: [
      (1e-100, -21.273453560965324), (1e-12, -7.0344838253011319), (1e-6, -4.7534243088228989),
      (0.001, -3.0902323061678135),
      (0.025, -1.9599639845400542), (0.1, -1.2815515655446005), (0.3, -0.52440051270804078),
      (0.75, 0.67448975019608174), (0.9, 1.2815515655446005), (0.975, 1.9599639845400542),
    ])
  func normal(u: Double, z: Double) { #expect(close(normalQuantile(u), z, 1e-14)) }

  @Test("quantiles of the beta distribution, to 1e-12", arguments: betaQuantiles)
  func beta(row: [Double]) {
    let (x, y) = BetaDistribution(row[0], row[1]).quantile(row[2])
    #expect(close(x, row[3], 1e-12))
    #expect(abs(x + y - 1) < 1e-15)
  }

  @Test("the incomplete beta is the inverse of its quantile far into both tails")
  func inverse() {
    // 1e-10: with parameters of thousands the logarithm's last place counts thousands of times.
    for (a, b) in [(1.0, 1.0), (1.04, 4.96), (3, 3), (4.999, 1.001), (881, 120), (9000, 1001)] {
      let distribution = BetaDistribution(a, b)
      for u in [1e-8, 1e-3, 0.2, 0.5, 0.77, 0.999] {
        let (x, y) = distribution.quantile(u)
        #expect(close(distribution.cumulative(x, y), u, 1e-10), "\(a) \(b) \(u)")
      }
    }
  }

  @Test("PERT(0.8, 1.0, 1.5): mean, spread and the quantiles of its beta")
  func pert() throws {
    let pert = try Distribution(.pert(low: 0.8, mode: 1, high: 1.5))
    #expect(close(pert.mean, 1.05, 1e-15))
    #expect(close(pert.standardDeviation, 0.126773, 1e-5))
    #expect(close(pert.quantile(0.1), 0.8 + 0.7 * 0.12919335132897082, 1e-9))
    #expect(close(pert.quantile(0.95), 0.8 + 0.7 * 0.68198878478508934, 1e-9))
    // Close to its high end a quantile keeps its digits: the mirror image of one close to the low end.
    let mirrored = try Distribution(.pert(low: -1, mode: -0.5, high: 0)).quantile(1 - 0x1p-52)
    #expect(close(mirrored, -BetaDistribution(3, 3).quantile(0x1p-52).x, 1e-12))
  }

  @Test("lognormal with P10 0.7 and P90 1.6: parameters, mean, spread, and its own quantiles back")
  func lognormal() throws {
    let shape = try #require(Lognormal(p10: 0.7, p90: 1.6))
    #expect(close(shape.mu, 0.056664342653501587, 1e-13))
    #expect(close(shape.sigma, 0.32253035906251949, 1e-13))
    let lognormal = try Distribution(.lognormal(p10: 0.7, p90: 1.6))
    #expect(close(lognormal.mean, 1.1148024997036192, 1e-13))
    #expect(close(lognormal.standardDeviation, 0.36911432150544885, 1e-13))
    #expect(close(lognormal.quantile(0.1), 0.7, 1e-13))
    #expect(close(lognormal.quantile(0.9), 1.6, 1e-13))
  }

  @Test("uniform, triangular, normal and fixed, by hand")
  func simple() throws {
    let uniform = try Distribution(.uniform(low: 2, high: 6))
    #expect(uniform.quantile(0.25) == 3)
    #expect(uniform.mean == 4)
    #expect(close(uniform.standardDeviation, 1.1547005383792515, 1e-15))
    // Mode at a quarter of the range: F(mode) = 1/4, below it √, above it 1 - √.
    let triangular = try Distribution(.triangular(low: 0, mode: 1, high: 4))
    #expect(triangular.quantile(0.25) == 1)
    #expect(triangular.quantile(0.0625) == 0.5)
    #expect(close(triangular.quantile(0.8125), 4 - 1.5, 1e-15))
    #expect(close(triangular.mean, 5 / 3.0, 1e-15))
    #expect(close(triangular.standardDeviation, (13 / 18.0).squareRoot(), 1e-15))
    let normal = try Distribution(.normal(mean: 10, standardDeviation: 2))
    #expect(close(normal.quantile(0.975), 10 + 2 * 1.9599639845400542, 1e-14))
    #expect(try Distribution(.fixed(3)).quantile(0.2) == 3)
    #expect(try Distribution(.fixed(3)).isFixed)
  }

  @Test("discrete: each value over its share of probability, in the order of the values")
  func discrete() throws {
    let values = try Distribution("discrete(5=3;3=1;9=0)")
    #expect(values.quantile(0.25) == 3)
    #expect(values.quantile(0.2500001) == 5)
    #expect(values.quantile(1) == 5)
    #expect(values.mean == 4.5)
    #expect(close(values.standardDeviation, 0.75.squareRoot(), 1e-15))
  }

  @Test("a quantile table is linear between its levels, and its moments are those of the line")
  func table() throws {
    let table = try Distribution("quantiles(0=0;0.5=1;1=5)")
    #expect(table.quantile(0.25) == 0.5)
    #expect(table.quantile(0.75) == 3)
    #expect(close(table.mean, 1.75, 1e-15))
    // E[x²] = ½·(1/3) + ½·(1 + 5 + 25)/3 = 16/3.
    #expect(close(table.standardDeviation, (16 / 3.0 - 1.75 * 1.75).squareRoot(), 1e-14))
    let samples = try Distribution(samples: [4, 2, 8])
    #expect(samples.quantile(0.5) == 4)
    #expect(samples.quantile(0.75) == 6)
  }

  @Test(
    "moments are those of the quantile function",
    arguments: [
      "pert(low=0.8;mode=1;high=1.5)", "pert(low=1;mode=1;high=3)", "triangular(low=0;mode=1;high=4)",
      "lognormal(p10=0.7;p90=1.6)", "normal(mean=3;sd=0.5)", "uniform(low=1;high=2)",
    ])
  func moments(text: String) throws {
    let distribution = try Distribution(text)
    // The middle rule on 200,000 slices; what it cuts from the tails is below 1e-4 of these spreads.
    let n = 200_000
    let values = (0..<n).map { distribution.quantile((Double($0) + 0.5) / Double(n)) }
    let mean = values.reduce(0, +) / Double(n)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
    #expect(close(mean, distribution.mean, 1e-5))
    #expect(close(square.squareRoot(), distribution.standardDeviation, 2e-4))
  }
}

@Suite struct DistributionTextTests {
  @Test(
    "every kind is written as it is read",
    arguments: [
      "fixed(value=1)", "uniform(low=0.8;high=1.2)", "triangular(low=0.8;mode=1;high=1.5)",
      "pert(low=0.8;mode=1;high=1.5)", "lognormal(p10=0.7;p90=1.6)", "normal(mean=-1;sd=0.1)",
      "discrete(3=0.2;5=0.5;6=0.3)", "quantiles(0=0.6;0.5=1;1=1.7)",
    ])
  func roundTrip(text: String) throws { #expect(try Distribution(text).text == text) }

  @Test("arguments may come in any order")
  func order() throws {
    #expect(try Distribution("pert(high=3;low=1;mode=2)").text == "pert(low=1;mode=2;high=3)")
  }

  @Test(
    "what is not a distribution is refused with its place",
    arguments: [
      ("pert", "character 1: 'pert' is not kind(name=number;…)"),
      ("pert(low=1", "character 10: 'pert(low=1' is not kind(name=number;…)"),
      ("gamma(a=1)", "character 1: unknown distribution 'gamma'"),
      ("pert(0.8;1;1.5)", "character 6: '0.8' is not name=number"),
      ("pert(low=0.8;mode=x;high=1.5)", "character 19: 'x' is not a number"),
      ("pert(low=0.8;mode=;high=1.5)", "character 19: mode has no number"),
      ("pert(low=0.8;low=1;high=1.5)", "character 14: 'low' appears twice"),
      ("pert(low=0.8;p10=1;high=1.5)", "character 14: pert has no 'p10'"),
      ("pert(low=0.8;mode=1)", "character 20: pert lacks 'high'"),
      ("pert(low=1;mode=3;high=2)", "mode is not between low and high"),
      ("pert(low=1;mode=1;high=1)", "low equals high"), ("uniform(low=2;high=1)", "low is above high"),
      ("lognormal(p10=0;p90=1)", "p10 is not positive"), ("lognormal(p10=2;p90=1)", "p10 is above p90"),
      ("normal(mean=0;sd=-1)", "sd is negative"),
      ("normal(mean=0;sd=1e999)", "character 18: '1e999' is not a finite number"),
      ("discrete(a=1)", "character 10: 'a' is not a number"), ("discrete(1=-1)", "a weight is negative"),
      ("discrete(1=0)", "has no weight"), ("discrete(1=1;1.0=1)", "a value appears twice"),
      ("quantiles(0=1;0.5=2)", "does not go from level 0 to level 1"),
      ("quantiles(0=1;0.5=2;0.5=3;1=4)", "character 21: '0.5' appears twice"),
      ("quantiles(0=1;0.7=2;0.5=3;1=4)", "levels do not rise"),
      ("quantiles(0=2;1=1)", "values fall between levels"),
    ])
  func refused(text: String, fault: String) {
    let found = #expect(throws: CellFault.self) { try Distribution(text) }
    #expect(found?.fault == fault)
    #expect(found?.advice.isEmpty == false)
  }
}

/// a, b, u and the u-quantile of beta(a, b).
private let betaQuantiles: [[Double]] = [
  [2.1428571428571429, 3.8571428571428571, 1e-9, 2.1139157729168755e-5],
  [2.1428571428571429, 3.8571428571428571, 0.001, 0.013502990170596779],
  [2.1428571428571429, 3.8571428571428571, 0.1, 0.12919335132897082],
  [2.1428571428571429, 3.8571428571428571, 0.5, 0.34036980020289214],
  [2.1428571428571429, 3.8571428571428571, 0.9, 0.61038610662112458],
  [2.1428571428571429, 3.8571428571428571, 0.95, 0.68198878478508934],
  [2.1428571428571429, 3.8571428571428571, 0.999999, 0.98227421323474128],
  [1.0, 5.0, 1e-9, 2.0000000008e-10],
  [1.0, 5.0, 0.001, 0.00020008004803362556],
  [1.0, 5.0, 0.1, 0.02085163763902321],
  [1.0, 5.0, 0.5, 0.12944943670387586],
  [1.0, 5.0, 0.9, 0.36904265551980675],
  [1.0, 5.0, 0.95, 0.45071972834694112],
  [1.0, 5.0, 0.999999, 0.93690426555198068],
  [5.0, 1.0, 1e-9, 0.015848931924611135],
  [5.0, 1.0, 0.001, 0.25118864315095801],
  [5.0, 1.0, 0.1, 0.63095734448019325],
  [5.0, 1.0, 0.5, 0.87055056329612414],
  [5.0, 1.0, 0.9, 0.97914836236097679],
  [5.0, 1.0, 0.95, 0.9897937816869885],
  [5.0, 1.0, 0.999999, 0.99999979999992],
  [3.0, 3.0, 1e-9, 0.00046426666013100339],
  [3.0, 3.0, 0.001, 0.047551898175457673],
  [3.0, 3.0, 0.1, 0.24663645328846659],
  [3.0, 3.0, 0.5, 0.5],
  [3.0, 3.0, 0.9, 0.75336354671153341],
  [3.0, 3.0, 0.95, 0.81074462256222921],
  [3.0, 3.0, 0.999999, 0.99534758363841342],
  [1.04, 4.96, 1e-9, 4.5316831117691843e-10],
  [1.04, 4.96, 0.001, 0.00026651090435934959],
  [1.04, 4.96, 0.1, 0.02334837374623021],
  [1.04, 4.96, 0.5, 0.13670597845440401],
  [1.04, 4.96, 0.9, 0.37896787021102608],
  [1.04, 4.96, 0.95, 0.46056249841511702],
  [1.04, 4.96, 0.999999, 0.93937765837182408],
  [40.0, 961.0, 1e-9, 0.012994225846074136],
  [40.0, 961.0, 0.001, 0.023445876759338958],
  [40.0, 961.0, 0.1, 0.032250637442370578],
  [40.0, 961.0, 0.5, 0.039653935552499334],
  [40.0, 961.0, 0.9, 0.04806345542064206],
  [40.0, 961.0, 0.95, 0.050634006794887954],
  [40.0, 961.0, 0.999999, 0.076050828318761466],
]
