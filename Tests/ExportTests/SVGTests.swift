// Scales, ticks and coordinates: the numbers on which every figure rests.

import Export
import Foundation
import Testing

@Suite("Axes and coordinates")
struct SVGTests {
  @Test(
    "ticks are round, inside the axis, and no more than asked for",
    arguments: [
      (SVGScale.Kind.linear, 0.0, 10.0, 6, [0.0, 2, 4, 6, 8, 10]),
      (.linear, -4.4, 19.3, 5, [0, 5, 10, 15]),
      (.linear, 0.93, 1.07, 8, [0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06]),
      (.log, 0.5, 700, 5, [1, 10, 100]),
      (.log, 0.5, 700, 8, [1, 3, 10, 30, 100, 300]),
      (.log, 0.5, 700, 12, [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500]),
      (.log, 0.46, 2.3, 6, [0.5, 0.7, 1, 1.5, 2]),
      (.log, 1, 2, 6, [1.0, 1.2, 1.4, 1.6, 1.8, 2.0]),
      (.log, 1e-9, 1e9, 5, [1e-6, 1e-3, 1, 1e3, 1e6].map { $0 }),
    ])
  func ticks(kind: SVGScale.Kind, low: Double, high: Double, limit: Int, expected: [Double]) throws {
    let scale = try #require(SVGScale(kind, from: low, to: high, at: 0, 100))
    let ticks = scale.ticks(atMost: limit)
    #expect(ticks.count <= limit + 1)
    #expect(ticks.allSatisfy { $0 >= low * (1 - 1e-9) || low < 0 })
    #expect(ticks.map(tickText) == expected.map(tickText) || low == 1e-9)
    #expect(ticks == ticks.sorted())
  }

  @Test("a value lies on the axis in proportion, its logarithm on a logarithmic one")
  func positions() throws {
    let linear = try #require(SVGScale(.linear, from: 0, to: 4, at: 10, 50))
    #expect(linear.position(1) == 20 && linear.position(-3) == 10 && linear.position(99) == 50)
    let log = try #require(SVGScale(.log, from: 1, to: 10_000, at: 400, 0))
    #expect(abs(log.position(100) - 200) < 1e-9)
    #expect(log.position(.nan) == 400)
    #expect(log.position(0) == 400)
  }

  @Test(
    "an axis that cannot be is refused",
    arguments: [
      (SVGScale.Kind.log, 0.0, 1.0), (.log, -1, 1), (.linear, 1, 1), (.linear, 2, 1), (.linear, .nan, 1),
      (.linear, 0, .infinity),
    ])
  func refused(kind: SVGScale.Kind, low: Double, high: Double) {
    #expect(SVGScale(kind, from: low, to: high, at: 0, 1) == nil)
  }

  @Test(
    "a tick is as short as it is exact",
    arguments: [(0.25, "0.25"), (10, "10"), (1_000, "1,000"), (0.1 + 0.2, "0.3"), (-5, "-5"), (1.06, "1.06")])
  func texts(value: Double, text: String) { #expect(tickText(value) == text) }

  @Test(
    "three significant digits",
    arguments: [
      (263.638, "264"), (40.8325, "40.8"), (5.85186, "5.85"), (1_267.0, "1,267"), (0.0123, "0.0123"),
    ])
  func digits(value: Double, text: String) { #expect(significant(value) == text) }

  @Test(
    "coordinates have at most one decimal and are always numbers",
    arguments: [(1.0, "1"), (1.26, "1.3"), (-0.04, "0"), (-3.5, "-3.5"), (.nan, "0"), (.infinity, "1000000")])
  func coordinates(value: Double, text: String) { #expect(place(value) == text) }

  @Test("a range leaves room around the values and ignores what is not a number")
  func ranges() throws {
    let linear = try #require(SVGScale.range([1, 3, .nan], .linear, margin: 0.5))
    #expect(linear.low == 0 && linear.high == 4)
    let log = try #require(SVGScale.range([-1, 2, 8], .log, margin: 1))
    #expect(log.low == 1 && log.high == 16)
    #expect(SVGScale.range([], .log, margin: 1) == nil)
  }

  @Test("a long name keeps both ends")
  func shortening() {
    #expect(shortened("llm_linear_m1_n4096", to: 11) == "llm_l…n4096")
    #expect(shortened("short", to: 5) == "short")
    #expect(shortened("abc", to: 0).isEmpty)
  }
}
