// Draws: one in each slice, seeded by name, correlated in rank.

import Planner
import Tables
import Testing

/// Spearman's rank correlation of two columns without ties.
private func rankCorrelation(_ a: [Double], _ b: [Double]) -> Double {
  func ranks(_ values: [Double]) -> [Double] {
    var ranks = [Double](repeating: 0, count: values.count)
    for (rank, place) in values.indices.sorted(by: { values[$0] < values[$1] }).enumerated() {
      ranks[place] = Double(rank)
    }
    return ranks
  }
  let n = Double(a.count)
  let squares = zip(ranks(a), ranks(b)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  return 1 - 6 * squares / (n * (n * n - 1))
}

@Suite struct LatinHypercubeTests {
  @Test("each slice of probability holds exactly one draw, correlated or not")
  func slices() throws {
    let columns = try LatinHypercube.uniforms(
      ["a", "b", "c"], correlations: [RankCorrelation("a", "b", 0.7)], samples: 1000, seed: 1)
    for column in columns {
      #expect(column.map { Int($0 * 1000) }.sorted() == Array(0..<1000))
      #expect(column.allSatisfy { $0 > 0 && $0 < 1 })
    }
  }

  @Test("adding a variable, or changing the order, moves the draws of no other")
  func invariance() throws {
    func columns(_ names: [String], _ pairs: [RankCorrelation] = []) throws -> [String: [Double]] {
      let columns = try LatinHypercube.uniforms(names, correlations: pairs, samples: 257, seed: 20_251_103)
      return Dictionary(uniqueKeysWithValues: zip(names, columns))
    }
    let pair = RankCorrelation("demand", "price", 0.3)
    let few = try columns(["demand", "price"], [pair])
    let many = try columns(["zeta", "price", "alpha", "demand", "mid"], [pair])
    #expect(few["demand"] == many["demand"])
    #expect(few["price"] == many["price"])
    // A second pair among others does not reach the first group either.
    let other = try columns(
      ["alpha", "price", "demand", "mid"],
      [RankCorrelation("mid", "alpha", -0.5), RankCorrelation("price", "demand", 0.3)])
    #expect(other["price"] == few["price"])
    #expect(other["demand"] == few["demand"])
  }

  @Test("another seed, or another name, gives other draws")
  func seeds() throws {
    let one = try LatinHypercube.uniforms(["a", "b"], samples: 64, seed: 1)
    let two = try LatinHypercube.uniforms(["a"], samples: 64, seed: 2)
    #expect(one[0] != one[1])
    #expect(one[0] != two[0])
  }

  @Test("draws of one seed keep their bits")
  func bits() throws {
    let column = try LatinHypercube.uniforms(["demand"], samples: 4, seed: 1)[0]
    #expect(column == [0.7994267829761258, 0.4023510685599895, 0.22880436529707096, 0.6740420194593107])
  }

  @Test("rank correlations come out within three standard errors", arguments: [-0.8, -0.3, 0.3, 0.5, 0.9])
  func correlation(wanted: Double) throws {
    let n = 40_000
    let columns = try LatinHypercube.uniforms(
      ["x", "y", "z"], correlations: [RankCorrelation("x", "y", wanted), RankCorrelation("z", "y", 0.2)],
      samples: n, seed: 3)
    // Standard error of Spearman's coefficient near ρ, after Bonett and Wright (2000).
    let error = ((1 + wanted * wanted / 2) / Double(n - 3)).squareRoot() * (1 - wanted * wanted)
    #expect(abs(rankCorrelation(columns[0], columns[1]) - wanted) < 3 * error)
    #expect(abs(rankCorrelation(columns[2], columns[1]) - 0.2) < 3 * (1.02 / Double(n)).squareRoot())
    #expect(abs(rankCorrelation(columns[0], columns[2])) < 3 / Double(n).squareRoot())
  }

  @Test("correlations that contradict each other are refused with the nearest table, which is accepted")
  func contradiction() throws {
    let pairs = [
      RankCorrelation("a", "b", 0.9), RankCorrelation("b", "c", 0.9), RankCorrelation("a", "c", -0.9),
    ]
    let error = #expect(throws: InputError.self) {
      try LatinHypercube.uniforms(["a", "b", "c"], correlations: pairs, samples: 10, seed: 1)
    }
    #expect(error?.fault == "the correlations contradict each other: no inputs can have all of them at once")
    // By symmetry all three shrink alike, to a correlation of scores of 1/2: 6/π · asin(1/4) = 0.4826 in
    // ranks.
    let advice = try #require(error?.advice)
    let fixed = advice.drop { $0 != ":" }.split(separator: ",").compactMap { part -> RankCorrelation? in
      let words = part.drop { $0 == ":" || $0 == " " }.split(separator: " ")
      guard words.count == 5, let value = Double(words[4]) else { return nil }
      return RankCorrelation(String(words[0]), String(words[2]), value)
    }
    #expect(fixed.count == 3)
    #expect(fixed.allSatisfy { abs(abs($0.value) - 0.4826) < 0.002 })
    _ = try LatinHypercube.uniforms(["a", "b", "c"], correlations: fixed, samples: 10, seed: 1)
  }

  @Test("a pair that names nothing, itself, or too much is refused")
  func pairs() {
    func fault(_ pairs: [RankCorrelation]) -> String? {
      #expect(throws: InputError.self) {
        try LatinHypercube.uniforms(["a", "b"], correlations: pairs, samples: 10, seed: 1)
      }?.fault
    }
    #expect(fault([RankCorrelation("a", "x", 0.1)]) == "correlation of a and x: no uncertain input 'x'")
    #expect(fault([RankCorrelation("a", "a", 0.1)]) == "correlation of 'a' with itself")
    #expect(fault([RankCorrelation("a", "b", 1.1)]) == "correlation of a and b is 1.1")
    #expect(
      fault([RankCorrelation("a", "b", 0.1), RankCorrelation("b", "a", 0.1)])
        == "correlation of b and a is given twice")
  }

  @Test("names that repeat and samples out of range are refused", arguments: [0, 10_000_001])
  func range(samples: Int) throws {
    #expect(throws: InputError.self) { try LatinHypercube.uniforms(["a"], samples: samples, seed: 1) }
    let one = Variable("a", try Distribution(.fixed(1)))
    #expect(throws: InputError.self) { try MonteCarlo.draw([one, one], samples: 2, seed: 1, threads: 1) }
  }
}
