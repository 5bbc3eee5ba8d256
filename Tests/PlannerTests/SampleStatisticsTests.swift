// Percentiles, the worst cases, shortage and regret, each by hand or against the binomial distribution.

import Planner
import Tables
import Testing

private func close(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
  guard let a else { return false }
  return abs(a - b) <= tolerance * max(abs(a), abs(b))
}

@Suite struct PercentileTests {
  @Test("a quantile lies between its neighbours, linearly")
  func values() throws {
    let found = percentiles([40, 10, 30, 20], at: [0, 0.5, 0.9, 1]).map(\.value)
    #expect(found[0] == 10)
    #expect(found[1] == 25)
    #expect(close(found[2], 37))
    #expect(found[3] == 40)
    #expect(percentiles([]).isEmpty)
  }

  @Test(
    "the 95 % rank interval of P90: 1.9 points at 1,000 samples, 0.6 at 10,000",
    arguments: [(1000, 881, 919), (10_000, 8941, 9059)])
  func ranks(samples: Int, low: Int, high: Int) throws {
    // Ranks by the binomial distribution of scipy 1.17.1: the largest l with P(B < l) ≤ 2.5 %, the smallest h
    // with P(B ≥ h) ≤ 2.5 %.
    let found = try #require(percentiles((1...samples).map(Double.init), at: [0.9]).first)
    #expect(found.low == Double(low))
    #expect(found.high == Double(high))
    #expect(close(found.halfWidthPoints, 50 * Double(high - low) / Double(samples)))
    #expect(abs(found.halfWidthPoints - (samples == 1000 ? 1.9 : 0.6)) < 0.05)
  }

  @Test("too small a sample says nothing about its end")
  func small() throws {
    // 0.9^20 = 12 %: the largest of 20 is below P90 too often.
    let found = try #require(percentiles((1...20).map(Double.init), at: [0.9]).first)
    #expect(found.high == nil)
    #expect(found.low != nil)
  }

  @Test("the mean of the worst 5 %, with a fraction of the order statistic at the border")
  func worst() {
    // 5 of 100: 96 … 100.
    #expect(close(conditionalValueAtRisk((1...100).map(Double.init)), 98))
    // 1.5 of 30: 30 and half of 29.
    #expect(close(conditionalValueAtRisk((1...30).map(Double.init)), (30 + 0.5 * 29) / 1.5))
    // Half of one: the worst.
    #expect(close(conditionalValueAtRisk((1...10).map(Double.init)), 10))
    #expect(close(conditionalValueAtRisk([7, 1], share: 0), 4))
    #expect(conditionalValueAtRisk([]) == nil)
  }
}

@Suite struct ShortageTests {
  @Test("probability with its interval, mean over all and over the short samples")
  func risk() throws {
    let risk = try #require(ShortageRisk([0, 0, 6, 2, 4] + [Double](repeating: 0, count: 95)))
    #expect(risk.probability == 0.03)
    // Clopper and Pearson for 3 of 100, scipy 1.17.1: beta.ppf(0.025, 3, 98), beta.ppf(0.975, 4, 97).
    #expect(close(risk.probabilityLow, 0.006229971538306395, 1e-10))
    #expect(close(risk.probabilityHigh, 0.08517605297428002, 1e-10))
    #expect(close(risk.expected, 0.12))
    #expect(risk.expectedWhenShort == 4)
  }

  @Test("never and always short")
  func ends() throws {
    let never = try #require(ShortageRisk([0, 0]))
    #expect(never.probabilityLow == 0)
    #expect(never.expectedWhenShort == nil)
    // (1 - p)² = 2.5 %.
    #expect(close(never.probabilityHigh, 1 - 0.025.squareRoot(), 1e-12))
    #expect(ShortageRisk([1, 1])?.probabilityHigh == 1)
    #expect(ShortageRisk([]) == nil)
  }
}

@Suite struct RegretTests {
  @Test("overspending counts 1.0, the value of a shortage 1.25, both to the power 1.2")
  func byHand() throws {
    // Sample 1: A costs 100 and serves all, B costs 60 and lacks 10, worth 3 each: 100 against 90, B is best.
    //   A: (100 - 60)^1.2; B: 0.
    // Sample 2: A as before, B lacks 20: 100 against 120, A is best. B: (1.25 · 3 · 20)^1.2; cheaper is no
    // regret.
    let found = regrets(
      costs: [[100, 100], [60, 60]], shortages: [[0, 0], [10, 20]], RegretWeights(usdPerShortage: 3))
    // The mean of x^1.2 and 0 to the power 1/1.2 is x · 2^(-1/1.2).
    let half = 0.5612310241546865
    #expect(close(found[0].equivalentUSD, 40 * half, 1e-12))
    #expect(close(found[1].equivalentUSD, 75 * half, 1e-12))
    #expect(found.map(\.shareBest) == [0.5, 0.5])
  }

  @Test("one large regret counts more than two of half its size")
  func exponent() {
    let found = regrets(
      costs: [[0, 0], [20, 0], [10, 10]], shortages: [[0, 0], [0, 0], [0, 0]],
      RegretWeights(usdPerShortage: 1))
    #expect(found[0].equivalentUSD == 0)
    #expect(found[1].equivalentUSD > found[2].equivalentUSD)
    #expect(close(found[2].equivalentUSD, 10))
  }

  @Test("all money times seven is all regret times seven")
  func scale() {
    let costs = [[3.0, 9, 4], [5, 2, 8]]
    let shortages = [[0.0, 1, 2], [1, 0, 0]]
    let once = regrets(costs: costs, shortages: shortages, RegretWeights(usdPerShortage: 2))
    let seven = regrets(
      costs: costs.map { $0.map { $0 * 7 } }, shortages: shortages, RegretWeights(usdPerShortage: 14))
    for (a, b) in zip(once, seven) {
      #expect(close(b.equivalentUSD, 7 * a.equivalentUSD))
      #expect(a.shareBest == b.shareBest)
    }
  }
}
