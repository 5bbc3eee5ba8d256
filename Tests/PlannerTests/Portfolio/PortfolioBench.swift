// Solves the cases of scripts/bench-planner and writes them where its variable says; nothing without it.

import Foundation
import LinearPrograms
import Planner
import Testing

@Suite struct PortfolioBench {
  @Test(
    "the bench's cases, written and solved",
    .enabled(if: ProcessInfo.processInfo.environment["PLIMSOLL_BENCH_PLANNER"] != nil))
  func cases() throws {
    let folder = ProcessInfo.processInfo.environment["PLIMSOLL_BENCH_PLANNER"] ?? "."
    func seconds() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
    for (name, portfolio) in [
      ("plain", PortfolioCase.synthetic(seed: 1)), ("plain3", .synthetic(seed: 3)),
      ("rich", .synthetic(seed: 1, isRich: true, withBrackets: 2)),
      ("brackets", .synthetic(seed: 1, isRich: true)),
    ] {
      let model = PortfolioModel(portfolio)
      try model.linear.mps().write(toFile: "\(folder)/\(name).mps", atomically: true, encoding: .utf8)
      for gap in [1e-3, 1e-6] {
        let begin = seconds()
        let solution = try PortfolioSearch(model: model, solver: CoinSolver())
          .solve(SolveLimits(seconds: 30, relativeGap: gap)).solution
        print(
          "case \(name), gap \(gap): \(solution.status), cost \(solution.objective ?? .nan), "
            + "bound \(solution.bound ?? .nan), \(seconds() - begin) s")
      }
      let begin = seconds()
      let answer = try PortfolioPlanner.plan(portfolio)
      let plan = try #require(answer.plan)
      let above = (plan.cost + plan.penalty) / (answer.continuousUSD ?? .nan) - 1
      print(
        "case \(name), whole blocks: \(above * 100) % above, \(answer.violations.count) violations, "
          + "\(seconds() - begin) s in all")
      #expect(answer.violations.isEmpty)
    }
  }
}
