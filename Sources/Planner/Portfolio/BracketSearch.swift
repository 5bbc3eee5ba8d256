// Branch and bound over spend brackets. A relaxation gives every provider the discount of its highest bracket, however
// little is spent, and a general search spends itself on other decisions first; here only brackets are branched on, each
// node a warm linear program. Signatures stay relaxed in the bounds and are rounded for solutions.
//
// Before the branching each bracket is tried alone: one that no plan as good as the best known can reach, or miss, is
// settled for the whole search. A provider that is too small for a discount stops receiving it in every later bound,
// which closes most of the distance.

import LinearPrograms

struct BracketSearch {
  let model: PortfolioModel
  let session: RelaxedSession
  let relativeGap: Double
  let seconds: Double

  /// Steps of each ladder that are still allowed, and the relaxation's answer.
  private struct Node {
    var low: [Int]
    var high: [Int]
    /// Decided signatures and providers, by variable.
    var decided: [(variable: Int, value: Double)] = []
    var bound: Double
    var values: [Double]
  }

  /// What the search knows while it runs.
  private struct State {
    var best: MixedSolution?
    /// Least bound of what was left out because it cannot be better than the best solution by more than the gap.
    var pruned = Double.infinity
    /// By ladder and direction (down, up) the rise of the bound so far and how often it was seen.
    var rises: [[(sum: Double, count: Double)]]
  }

  private let begin = processorSeconds()
  private var isOver: Bool { processorSeconds() - begin > seconds }

  init(model: PortfolioModel, session: RelaxedSession, relativeGap: Double, seconds: Double) {
    (self.model, self.session, self.relativeGap, self.seconds) = (model, session, relativeGap, seconds)
  }

  /// What a search found.
  struct Outcome {
    var best: MixedSolution?
    /// No solution costs less.
    var bound: Double
    /// Every bracket is decided in `bound`: other decisions are what is open.
    var isClosed: Bool
    /// Steps of each ladder, from and to, outside which no solution is better than `best` by more than the gap.
    var steps: [ClosedRange<Int>]
    /// Least bound of what `steps` leave out.
    var pruned: Double
  }

  /// The best solution, a bound, and the brackets that are still open. `round` turns a relaxation's values into a
  /// solution of the whole program.
  ///
  /// Ends when the two are near enough, or after 3000 nodes, or the seconds.
  func run(
    from values: [Double], bound: Double, best start: MixedSolution?, round: ([Double]) -> MixedSolution?
  ) -> Outcome {
    let ladders = model.ladders
    var state = State(
      best: start, rises: ladders.map { _ in [(0, 0), (0, 0)] })
    var root = Node(
      low: ladders.map { _ in 0 }, high: ladders.map { $0.count - 1 }, bound: bound, values: values)
    probe(&root, &state, round)
    let steps = zip(root.low, root.high).map { $0...max($0, $1) }
    let rootPruned = state.pruned
    var open = [root]
    // Nodes without an open decision.
    var closed = Double.infinity
    for number in 0..<3000 {
      guard let index = open.indices.min(by: { (open[$0].bound, $0) < (open[$1].bound, $1) }) else { break }
      if isWorse(min(open[index].bound, closed), state) || isOver { break }
      let node = open.remove(at: index)
      // Rounding asks for several linear programs, so not at every node.
      let isEarned = choice(node, state) == nil
      if number % 16 == 0 || isEarned && (node.decided.isEmpty || number % 4 == 0) {
        keep(round(node.values), &state)
      }
      let branches = children(node, state)
      if branches.isEmpty {
        keep(round(node.values), &state)
        closed = min(closed, node.bound)
      }
      for (child, ladder, direction) in branches {
        var child = child
        guard settle(&child, &state) else { continue }
        if let ladder {
          state.rises[ladder][direction].sum += child.bound - node.bound
          state.rises[ladder][direction].count += 1
        }
        open.append(child)
      }
    }
    let least = min(closed, state.pruned, open.map(\.bound).min() ?? .infinity)
    let cost = state.best?.objective ?? .infinity
    return Outcome(
      best: state.best, bound: max(bound, min(least, cost)), isClosed: open.isEmpty, steps: steps,
      pruned: rootPruned)
  }

  private func isWorse(_ bound: Double, _ state: State) -> Bool {
    guard let cost = state.best?.objective else { return false }
    return bound >= cost - relativeGap * abs(cost)
  }

  private func keep(_ found: MixedSolution?, _ state: inout State) {
    if let found, found.objective ?? .infinity < state.best?.objective ?? .infinity { state.best = found }
  }

  /// Solves a node's linear program; false where it has no solution, or none that is worth more branching: then `state`
  /// remembers the bound.
  private func settle(_ node: inout Node, _ state: inout State) -> Bool {
    let cost = state.best?.objective ?? .infinity
    let most = cost - relativeGap * abs(cost)
    // The solver's own limit a little higher: it moves costs by a trifle on its way.
    let solved = solve(node, most: most.isFinite ? most + 1e-4 * abs(most) : most)
    guard solved.status == .optimal, let cost = solved.objective, max(node.bound, cost) < most else {
      state.pruned = min(state.pruned, most)
      return false
    }
    node.bound = max(node.bound, cost)
    node.values = solved.values
    return true
  }

  /// Tries each ladder's highest steps alone and leaves out those that cannot be part of a better solution, again while
  /// that raises the bound.
  private func probe(_ root: inout Node, _ state: inout State, _ round: ([Double]) -> MixedSolution?) {
    var isSettled = false
    var isFirst = true
    while !isSettled, !isOver {
      isSettled = true
      for ladder in model.ladders.indices {
        while root.low[ladder] < root.high[ladder], !isOver {
          var child = root
          child.low[ladder] = root.high[ladder]
          if settle(&child, &state) {
            state.rises[ladder][1] = (child.bound - root.bound, 1)
            break
          }
          root.high[ladder] -= 1
          isSettled = false
        }
      }
      guard settle(&root, &state) else {
        root.bound = .infinity
        return
      }
      if isFirst || !isSettled {
        let known = state.best?.objective ?? .infinity
        dive(from: root, &state, round)
        if state.best?.objective ?? .infinity < known { isSettled = false }
      }
      isFirst = false
    }
  }

  /// A solution by going up where the spend is nearest to the next step, again and again, until all rebates are earned.
  private func dive(from start: Node, _ state: inout State, _ round: ([Double]) -> MixedSolution?) {
    var node = start
    while !isOver, let (ladder, step) = nearest(node) {
      var child = node
      child.low[ladder] = step + 1
      if settle(&child, &state) {
        node = child
        continue
      }
      node.high[ladder] = step
      guard settle(&node, &state) else { return }
    }
    keep(round(node.values), &state)
  }

  private func nearest(_ node: Node) -> (ladder: Int, step: Int)? {
    var nearest: (ladder: Int, step: Int)?
    var most = 0.0
    for (index, ladder) in model.ladders.enumerated() {
      guard let (step, _) = unearned(node, index) else { continue }
      let share = spend(node, index) / ladder[step + 1].from
      if share > most { (nearest, most) = ((index, step), share) }
    }
    return nearest
  }

  private func spend(_ node: Node, _ ladder: Int) -> Double {
    model.ladders[ladder].reduce(0) { $0 + node.values[$1.inside.index] }
  }

  /// The step that the spend of a ladder has reached, and how far its rebate is above what that earns, millions of USD;
  /// nil where it is earned.
  private func unearned(_ node: Node, _ index: Int) -> (step: Int, excess: Double)? {
    let (ladder, spend) = (model.ladders[index], spend(node, index))
    guard let step = ladder.lastIndex(where: { spend >= $0.from - 1e-6 }), step < node.high[index] else {
      return nil
    }
    let costs = ladder.map { model.linear.variables[$0.inside.index].cost }
    let rebate = zip(ladder, costs).reduce(0) { $0 - $1.1 * node.values[$1.0.inside.index] }
    let excess = rebate + costs[step] * spend
    return excess > 1e-6 ? (step, excess) : nil
  }

  private func solve(_ node: Node, most: Double) -> RelaxedSolution {
    var lower = model.linear.variables.map(\.lower)
    var upper = model.linear.variables.map(\.upper)
    for (index, ladder) in model.ladders.enumerated() {
      for (step, item) in ladder.enumerated() where step < node.low[index] || step > node.high[index] {
        upper[item.tier.index] = 0
      }
    }
    for item in node.decided { (lower[item.variable], upper[item.variable]) = (item.value, item.value) }
    return session.solve(lower: lower, upper: upper, most: most)
  }

  /// Both sides of a node's next decision: its brackets, then its providers and signatures; the node itself counts as
  /// solved where nothing is open.
  private func children(_ node: Node, _ state: State) -> [(node: Node, ladder: Int?, direction: Int)] {
    if let (ladder, step) = choice(node, state) {
      var (below, above) = (node, node)
      below.high[ladder] = step
      above.low[ladder] = step + 1
      return [(below, ladder, 0), (above, ladder, 1)].filter { $0.0.low[ladder] <= $0.0.high[ladder] }
    }
    guard let variable = decision(node) else { return [] }
    return [0, 1].map { value in
      var child = node
      child.decided.append((variable, Double(value)))
      return (child, nil, value)
    }
  }

  /// The provider, else the signature, that is furthest from being decided; nil where all are.
  private func decision(_ node: Node) -> Int? {
    func furthest(_ shares: [(share: Double, variable: Int)]) -> Int? {
      let open = shares.map { (distance: min($0.share, 1 - $0.share), variable: $0.variable) }
      return open.filter { $0.distance > 1e-6 }.max {
        ($0.distance, $1.variable) < ($1.distance, $0.variable)
      }?.variable
    }
    let taken = Set(node.decided.map(\.variable))
    // More providers than are asked for may count a little; only the last one that is needed decides.
    let uses = model.uses.map { (share: node.values[$0.index], variable: $0.index) }
      .sorted { ($1.share, $0.variable) < ($0.share, $1.variable) }
    let last = uses.prefix(model.portfolio.limits.minProviders).suffix(1)
    return furthest(last.filter { !taken.contains($0.variable) })
      ?? furthest(
        model.lots.map { lot in
          (lot.signs.reduce(0) { $0 + node.values[$1.index] } / lot.minimum, lot.open.index)
        }.filter { !taken.contains($0.1) })
  }

  /// The ladder whose branching promises the highest bounds, and the step that its spend has reached; nil where all
  /// rebates are earned.
  private func choice(_ node: Node, _ state: State) -> (ladder: Int, step: Int)? {
    var choice: (ladder: Int, step: Int)?
    var most = 0.0
    for index in model.ladders.indices {
      guard let (step, excess) = unearned(node, index) else { continue }
      let rises = state.rises[index].map { $0.count > 0 ? $0.sum / $0.count : excess }
      let score = max(rises[0], 1e-6) * max(rises[1], 1e-6)
      if score > most { (choice, most) = ((index, step), score) }
    }
    return choice
  }
}
