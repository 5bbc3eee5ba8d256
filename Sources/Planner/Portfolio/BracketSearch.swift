// Branch and bound over spend brackets. A relaxation gives every provider the discount of its highest bracket, however
// little is spent, and a general search spends itself on other decisions first; here only brackets are branched on, each
// node a warm linear program. Signatures stay relaxed in the bounds and are rounded for solutions.

import LinearPrograms

struct BracketSearch {
  let model: PortfolioModel
  let session: RelaxedSession
  let relativeGap: Double
  let seconds: Double

  /// Allowed steps of each ladder, and the relaxation's answer.
  private struct Node {
    var low: [Int]
    var high: [Int]
    var bound: Double
    var values: [Double]
  }

  /// The best solution, a bound, and whether every bracket is decided in it. `round` turns a relaxation's values into a solution of the whole program.
  ///
  /// Ends when the two are near enough, or after 3000 nodes, or the seconds.
  func run(
    from values: [Double], bound: Double, best start: MixedSolution?, round: ([Double]) -> MixedSolution?
  ) -> (best: MixedSolution?, bound: Double, isClosed: Bool) {
    let clock = ContinuousClock()
    let begin = clock.now
    var best = start
    let ladders = model.ladders
    var open = [
      Node(
        low: ladders.map { _ in 0 }, high: ladders.map { $0.count - 1 }, bound: bound, values: values)
    ]
    // Nodes whose brackets fit their spend: only their signatures are still relaxed.
    var closed = Double.infinity
    func isWorse(_ bound: Double) -> Bool {
      guard let cost = best?.objective else { return false }
      return bound >= cost - relativeGap * abs(cost)
    }
    var pruned = Double.infinity
    for number in 0..<3000 {
      guard let index = open.indices.min(by: { (open[$0].bound, $0) < (open[$1].bound, $1) }) else { break }
      if isWorse(min(open[index].bound, closed)) || clock.now - begin > .seconds(seconds) { break }
      let node = open.remove(at: index)
      if number < 20 || number % 8 == 0, let found = round(node.values),
        found.objective ?? .infinity < best?.objective ?? .infinity
      {
        best = found
      }
      guard let (ladder, step) = widest(node.values) else {
        if let found = round(node.values), found.objective ?? .infinity < best?.objective ?? .infinity {
          best = found
        }
        closed = min(closed, node.bound)
        continue
      }
      for isAbove in [false, true] {
        var child = node
        if isAbove { child.low[ladder] = step + 1 } else { child.high[ladder] = step }
        guard child.low[ladder] <= child.high[ladder] else { continue }
        let solved = solve(child)
        guard solved.status == .optimal, let cost = solved.objective else { continue }
        child.bound = max(node.bound, cost)
        child.values = solved.values
        if isWorse(child.bound) { pruned = min(pruned, child.bound) } else { open.append(child) }
      }
    }
    let least = min(closed, pruned, open.map(\.bound).min() ?? .infinity)
    let cost = best?.objective ?? .infinity
    return (best, max(bound, min(least, cost)), open.isEmpty)
  }

  private func solve(_ node: Node) -> RelaxedSolution {
    let lower = model.linear.variables.map(\.lower)
    var upper = model.linear.variables.map(\.upper)
    for (index, ladder) in model.ladders.enumerated() {
      for (step, item) in ladder.enumerated() where step < node.low[index] || step > node.high[index] {
        upper[item.tier.index] = 0
      }
    }
    return session.solve(lower: lower, upper: upper)
  }

  /// The ladder whose rebate is furthest above what its spend earns, and the step that the spend has reached; nil where
  /// all fit.
  private func widest(_ values: [Double]) -> (ladder: Int, step: Int)? {
    var widest: (ladder: Int, step: Int)?
    var most = 1e-6
    for (index, ladder) in model.ladders.enumerated() {
      let spend = ladder.reduce(0) { $0 + values[$1.inside.index] }
      guard let step = ladder.lastIndex(where: { spend >= $0.from - 1e-9 }), step + 1 < ladder.count else {
        continue
      }
      let costs = ladder.map { model.linear.variables[$0.inside.index].cost }
      let rebate = zip(ladder, costs).reduce(0) { $0 - $1.1 * values[$1.0.inside.index] }
      let excess = rebate + costs[step] * spend
      if excess > most { (widest, most) = ((index, step), excess) }
    }
    return widest
  }
}
