// Candidate plans on samples: the same on any number of threads, and what each figure is made of.

import Planner
import Tables
import Testing

@Suite struct MonteCarloTests {
  private func run(_ samples: Int, threads: Int) throws -> MonteCarloResult {
    try MonteCarlo.run(
      RampPlan.variables, correlations: RampPlan.correlations, samples: samples, seed: 20_251_103,
      threads: threads, regret: RegretWeights(usdPerShortage: 3e-6), candidates: RampPlan.candidates)
  }

  @Test("one thread, two and five give the same bytes, for samples that fill no whole number of blocks")
  func threads() throws {
    func bytes(_ result: MonteCarloResult) -> [UInt64] {
      let columns =
        result.candidates.flatMap { [$0.costs, $0.usdPerMtok, $0.shortages] } + [result.table.values]
      let summaries = result.candidates.map {
        [$0.meanCost, $0.costCVaR95, $0.regret.equivalentUSD, $0.shortage.expected]
          + $0.costPercentiles.map(\.value) + $0.usdPerMtokPercentiles.map(\.value)
      }
      return (columns + summaries).flatMap { $0.map(\.bitPattern) }
    }
    let one = try bytes(run(1001, threads: 1))
    #expect(try bytes(run(1001, threads: 2)) == one)
    #expect(try bytes(run(1001, threads: 5)) == one)
  }

  @Test("each sample is evaluated with its own row of the table, and summed as it stands")
  func rows() throws {
    let variables = [
      Variable("a", try Distribution("uniform(low=0;high=1)")),
      Variable("b", try Distribution("fixed(value=10)")),
    ]
    let result = try MonteCarlo.run(
      variables, samples: 300, seed: 7, threads: 2, regret: RegretWeights(usdPerShortage: 1),
      candidates: [
        Candidate("c") { Outcome(costUSD: $0[0] + $0[1], usdPerMtok: $0[0], shortage: $0[0] - 0.75) }
      ])
    let found = try #require(result.candidates.first)
    #expect(found.usdPerMtok == Array(result.table.column(0)))
    #expect(found.costs == result.table.column(0).map { $0 + 10 })
    // A stratified uniform has its mean within half a slice over √n; three quarters of 300 are not short.
    #expect(abs(found.meanCost - 10.5) < 1e-3)
    #expect(found.shortage.probability == 0.25)
    #expect(abs(found.costPercentiles[2].value - 10.9) < 0.005)
    #expect(abs(found.costCVaR95 - 10.975) < 0.005)
  }

  @Test("the plan of least regret spends more than the cheapest and is short less often")
  func leastRegret() throws {
    let result = try run(1000, threads: 2)
    let best = try #require(result.leastRegret)
    let cheapest = try #require(result.candidates.min { $0.meanCost < $1.meanCost })
    #expect(best.regret.equivalentUSD == result.candidates.map(\.regret.equivalentUSD).min())
    #expect(best.meanCost > cheapest.meanCost)
    #expect(best.shortage.expected < cheapest.shortage.expected)
  }

  @Test("whole inputs are rounded and draws stay in what the input accepts")
  func accepted() throws {
    let whole = Variable("n", try Distribution("uniform(low=0;high=4)"), accepted: 1...3, isWhole: true)
    let draws = Set(try MonteCarlo.draw([whole], samples: 400, seed: 1, threads: 1).values)
    #expect(draws == [1, 2, 3])
  }

  @Test("an outcome that is not finite is refused with its candidate and sample")
  func notFinite() throws {
    let variable = Variable("a", try Distribution("uniform(low=0;high=1)"))
    let bad = Candidate("breaks") { Outcome(costUSD: $0[0] > 2 ? 1 : .nan, usdPerMtok: 1, shortage: 0) }
    let error = #expect(throws: InputError.self) {
      try MonteCarlo.run(
        [variable], samples: 10, seed: 1, threads: 1, regret: RegretWeights(usdPerShortage: 1),
        candidates: [bad])
    }
    #expect(error?.fault == "candidate 'breaks': its cost in sample 1 is not finite")
    #expect(throws: InputError.self) {
      try MonteCarlo.run(
        [variable], samples: 10, seed: 1, threads: 1, regret: RegretWeights(usdPerShortage: 1), candidates: []
      )
    }
  }

  @Test("a plan without uncertain inputs has one outcome")
  func certain() throws {
    let result = try MonteCarlo.run(
      [], samples: 5, seed: 1, threads: 2, regret: RegretWeights(usdPerShortage: 1),
      candidates: [Candidate("c") { Outcome(costUSD: Double($0.count), usdPerMtok: 2, shortage: 0) }])
    #expect(result.candidates.first?.costs == [0, 0, 0, 0, 0])
  }
}
