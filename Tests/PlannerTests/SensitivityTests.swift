// Tornado, Sobol indices and the stress list.

import Foundation
import Planner
import Tables
import Testing

@Suite struct TornadoTests {
  private func variables() throws -> [Variable] {
    [
      Variable("small", try Distribution("uniform(low=0;high=1)")),
      Variable("large", try Distribution("uniform(low=0;high=10)")),
      Variable("falls", try Distribution("uniform(low=0;high=2)")),
      Variable("never", try Distribution("fixed(value=3)")),
    ]
  }

  @Test("each input at P10 and P90 with the others at P50, the widest swing first")
  func bars() throws {
    let tornado = try Tornado(variables(), by: .cost) {
      Outcome(costUSD: $0[0] + $0[1] - 2 * $0[2] + $0[3], usdPerMtok: $0[0] * $0[1], shortage: 0)
    }
    #expect(abs(tornado.base.costUSD - (0.5 + 5 - 2 + 3)) < 1e-12)
    #expect(tornado.bars.map(\.variable.name) == ["large", "falls", "small"])
    let large = try #require(tornado.bars.first)
    #expect(large.low == 1)
    #expect(large.high == 9)
    #expect(abs(large.swing(.cost) - 8) < 1e-12)
    #expect(abs(large.swing(.usdPerMtok) - 4) < 1e-12)
    // A higher input that lowers the cost has a negative swing, and sorts by its width.
    #expect(abs(tornado.bars[1].swing(.cost) + 3.2) < 1e-12)
  }

  @Test("another metric sorts otherwise, and only the widest are kept")
  func top() throws {
    let tornado = try Tornado(variables(), by: .shortage, top: 1) {
      Outcome(costUSD: $0[1], usdPerMtok: 0, shortage: $0[2])
    }
    #expect(tornado.bars.map(\.variable.name) == ["falls"])
  }

  @Test("twelve bars unless told otherwise; equal ones in the order of their names")
  func twelve() throws {
    let many = try (0..<15).map {
      Variable("v\(($0 * 7 + 10) % 15 + 10)", try Distribution("uniform(low=0;high=1)"))
    }
    let tornado = try Tornado(many, by: .cost) { x in
      Outcome(costUSD: (0..<15).reduce(0) { $0 + x[$1] * 4 }, usdPerMtok: 0, shortage: 0)
    }
    #expect(tornado.bars.map(\.variable.name) == (10..<22).map { "v\($0)" })
  }
}

@Suite struct SobolTests {
  private func ishigami() throws -> [Variable] {
    try ["x1", "x2", "x3"].map { Variable($0, try Distribution(.uniform(low: -.pi, high: .pi))) }
  }

  private static let function: @Sendable (Sample) -> Double = { x in
    let (a, b) = (sin(x[0]), sin(x[1]))
    return a + 7 * b * b + 0.1 * x[2] * x[2] * x[2] * x[2] * a
  }

  @Test("points of the sequence, first dimensions and last (scipy 1.17.1, plain Sobol)")
  func points() {
    let columns = SobolSequence(dimensions: 80).uniforms(1024)
    let half = 0x1p-33
    for (dimension, sixth, last) in [
      (0, 0.875, 0.2197265625), (1, 0.875, 0.0966796875), (2, 0.125, 0.5185546875), (10, 0.375, 0.0849609375),
      (40, 0.375, 0.9130859375), (79, 0.375, 0.1201171875),
    ] {
      #expect(columns[dimension][5] == sixth + half)
      #expect(columns[dimension][1000] == last + half)
    }
    for column in columns { #expect(column.map { Int($0 * 1024) }.sorted() == Array(0..<1024)) }
  }

  @Test(
    "Ishigami(7, 0.1) on the plain sequence: the indices that SALib 1.6.0 finds, to 1e-9",
    arguments: [64, 1024])
  func salib(base: Int) throws {
    // scripts/planners/uncertainty_reference.py prints these.
    let first =
      base == 64
      ? [0.29279252168542286, 0.6089431305279063, -0.024099800428328936]
      : [0.332955075203446, 0.4413139385461684, 0.018578412974733758]
    let total =
      base == 64
      ? [0.5759383393975789, 0.46052746925391214, 0.1928011098600758]
      : [0.5581790457112, 0.44328458402858145, 0.24214937334017256]
    let found = try SobolIndices(
      ishigami(), base: base, seed: nil, threads: 2, resamples: 0, Self.function)
    #expect(found.evaluations == base * 5)
    for k in 0..<3 {
      #expect(abs(found.inputs[k].first.value - first[k]) < 1e-9)
      #expect(abs(found.inputs[k].total.value - total[k]) < 1e-9)
    }
  }

  @Test("Ishigami(7, 0.1) shifted: within three standard errors of the exact indices", arguments: [1, 2, 3])
  func exact(seed: UInt64) throws {
    // V = a²/8 + bπ⁴/5 + b²π⁸/18 + 1/2, V1 = (1 + bπ⁴/5)²/2, V2 = a²/8, V13 = 8b²π⁸/225.
    let (a, b) = (7.0, 0.1)
    let pi4 = Double.pi * .pi * .pi * .pi
    let variance = a * a / 8 + b * pi4 / 5 + b * b * pi4 * pi4 / 18 + 0.5
    let (v1, v2, v13) = ((1 + b * pi4 / 5) * (1 + b * pi4 / 5) / 2, a * a / 8, 8 * b * b * pi4 * pi4 / 225)
    let first = [v1 / variance, v2 / variance, 0]
    let total = [(v1 + v13) / variance, v2 / variance, v13 / variance]
    for (found, published) in zip(first + total, [0.3139, 0.4424, 0, 0.5576, 0.4424, 0.2437]) {
      #expect(abs(found - published) < 5e-5)
    }
    let found = try SobolIndices(
      ishigami(), base: 4096, seed: seed, threads: 2, resamples: 200, Self.function)
    for k in 0..<3 {
      let index = found.inputs[k]
      #expect(abs(index.first.value - first[k]) < 3 * index.first.standardError)
      #expect(abs(index.total.value - total[k]) < 3 * index.total.standardError)
      #expect(index.first.low < index.first.value && index.first.value < index.first.high)
      #expect(index.first.standardError < 0.05)
    }
    #expect(abs(found.sumOfFirst - 0.7563) < 0.08)
    #expect(abs(found.largestInteraction - 0.2437) < 0.08)
    #expect(!found.isTornadoEnough)
  }

  @Test("a sum has no interactions: the tornado is enough, and shares follow the variances")
  func additive() throws {
    let variables = [
      Variable("a", try Distribution("uniform(low=0;high=1)")),
      Variable("f", try Distribution("fixed(value=2)")),
      Variable("b", try Distribution("uniform(low=0;high=2)")),
    ]
    let found = try SobolIndices(variables, base: 1024, seed: 5, threads: 2, resamples: 50) {
      $0[0] + $0[1] + $0[2]
    }
    #expect(found.inputs.map(\.name) == ["a", "b"])
    #expect(abs(found.inputs[0].first.value - 0.2) < 0.02)
    #expect(abs(found.inputs[1].total.value - 0.8) < 0.02)
    #expect(found.isTornadoEnough)
  }

  @Test("one thread and three give the same bits")
  func threads() throws {
    let one = try SobolIndices(ishigami(), base: 200, seed: 9, threads: 1, resamples: 20, Self.function)
    #expect(try SobolIndices(ishigami(), base: 200, seed: 9, threads: 3, resamples: 20, Self.function) == one)
  }

  @Test("more inputs than the sequence has, a base out of range and a broken outcome are refused")
  func refused() throws {
    let uniform = try Distribution("uniform(low=0;high=1)")
    let many = (0..<41).map { Variable("v\($0)", uniform) }
    #expect(throws: InputError.self) { try SobolIndices(many, base: 8, seed: 1, threads: 1) { $0[0] } }
    let one = [Variable("v", uniform)]
    #expect(throws: InputError.self) { try SobolIndices(one, base: 1, seed: 1, threads: 1) { $0[0] } }
    #expect(throws: InputError.self) {
      try SobolIndices(one, base: 8, seed: 1, threads: 1) { _ in .infinity }
    }
    let still = try SobolIndices(one, base: 8, seed: 1, threads: 1) { _ in 4 }
    #expect(still.inputs.map(\.total.value) == [0])
  }
}

@Suite struct StressTests {
  @Test("the standard list, in its order")
  func names() {
    #expect(
      StressList.standard(providers: ["Alpha", "Beta"], regions: ["east"]).map(\.name) == [
        "demand × 1.5", "throughput × 0.67", "without Alpha", "without Beta", "without region east",
        "delivery + 6 months", "price + 50 %", "price - 50 %", "life 3 years", "power - 25 %",
      ])
  }

  @Test("each stress changes what it names and leaves the rest")
  func changes() throws {
    let names = [
      StressVariable.demand, StressVariable.throughput, StressVariable.provider("Alpha"),
      StressVariable.region("east"), StressVariable.deliverySlip, StressVariable.price, StressVariable.life,
      StressVariable.power,
    ]
    let values: [Double] = [2, 1, 1, 1, 3, 4, 5, 1]
    let expected: [(Int, Double)] = [
      (0, 3), (1, 0.67), (2, 0), (3, 0), (4, 9), (5, 6), (5, 2), (6, 3), (7, 0.75),
    ]
    let list = StressList.standard(providers: ["Alpha"], regions: ["east"])
    for (stress, (place, value)) in zip(list, expected) {
      var wanted = values
      wanted[place] = value
      #expect(stress.applied(to: values, names: names) == wanted)
    }
    #expect(list.count == expected.count)
  }

  @Test(
    "a stress on a plan: without its only provider it serves nothing, and an unknown region has no outcome")
  func plan() throws {
    let candidate = RampPlan.candidates[1]
    let list = StressList.standard(providers: ["Alpha"], regions: ["east"])
    let rows = StressList.outcomes(list, RampPlan.variables, candidate.evaluate)
    let base = try Tornado(RampPlan.variables, by: .cost, candidate.evaluate).base
    func outcome(_ name: String) -> Outcome? { rows.first { $0.stress.name == name }?.outcome }
    #expect(outcome("without Alpha")?.costUSD == 0)
    #expect(try #require(outcome("demand × 1.5")).shortage > base.shortage)
    #expect(try #require(outcome("price + 50 %")).costUSD > base.costUSD)
    #expect(try #require(outcome("price - 50 %")).costUSD < base.costUSD)
    #expect(rows.first { $0.stress.name == "without region east" }?.outcome == nil)
  }
}
