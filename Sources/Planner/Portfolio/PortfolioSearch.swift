// From a model to a plan of whole blocks: the relaxation, decisions rounded from it, the solver's search only where those
// leave a gap, blocks rounded down and mended by single steps, the work shared out anew.

package import LinearPrograms

/// The mixed program's answer, with continuous blocks.
package struct ContinuousPlan {
  package var solution: MixedSolution
  /// Cost with every rule relaxed, millions of USD.
  package var relaxed: Double
}

/// A way of rounding; which one is best depends on the case.
package struct RoundingWay: Sendable {
  /// Long terms stay once they are whole.
  let holdsLong: Bool
  /// Fraction from which a block is rounded up.
  let upFrom: Double

  /// In the order in which they are tried.
  package static let all = [
    RoundingWay(holdsLong: true, upFrom: 0.5), RoundingWay(holdsLong: false, upFrom: 0.5),
    RoundingWay(holdsLong: true, upFrom: 0.3), RoundingWay(holdsLong: true, upFrom: 0.7),
    RoundingWay(holdsLong: false, upFrom: 0.3), RoundingWay(holdsLong: false, upFrom: 0.7),
  ]
}

package struct PortfolioSearch {
  let model: PortfolioModel
  let solver: CoinSolver
  private let session: RelaxedSession

  package init(model: PortfolioModel, solver: CoinSolver) throws {
    (self.model, self.solver) = (model, solver)
    session = try solver.session(model.linear)
  }

  /// Least cost within the limits of the search.
  package func solve(_ limits: SolveLimits) throws -> ContinuousPlan {
    let free = model.linear.variables
    var relaxed = session.solve(lower: free.map(\.lower), upper: free.map(\.upper))
    if relaxed.status != .optimal { relaxed = try solver.solveRelaxed(model.linear, seconds: limits.seconds) }
    guard relaxed.status == .optimal, let bound = relaxed.objective else {
      return ContinuousPlan(solution: MixedSolution(relaxed), relaxed: relaxed.objective ?? 0)
    }
    // Most portfolios are decided by their relaxation: a second linear program then saves the search.
    var best: MixedSolution?
    // Brackets are not: their rebates are given before they are earned, and rounding them is the bracket search's part.
    let hasBrackets = !model.ladders.isEmpty
    for share in hasBrackets ? [0.5] : [0.5, 0.3, 0.7, 0.9]
    where (best?.gap ?? .infinity) > limits.relativeGap {
      let found = fixed(decisions(from: relaxed.values, lotsFrom: share), bound: bound)
      if let found, found.objective ?? .infinity < best?.objective ?? .infinity { best = found }
    }
    if let found = best, !hasBrackets { best = closing(found, bound: bound, limits.relativeGap) }
    if let best, (best.gap ?? .infinity) <= limits.relativeGap {
      return ContinuousPlan(solution: best, relaxed: bound)
    }
    var proved = bound
    if !model.ladders.isEmpty {
      let brackets = BracketSearch(
        model: model, session: session, relativeGap: limits.relativeGap, seconds: limits.seconds)
      let outcome = brackets.run(from: relaxed.values, bound: bound, best: best) {
        settled($0, bound: bound)
      }
      (best, proved) = (outcome.best, outcome.bound)
      best?.bound = proved
      if let best, (best.gap ?? .infinity) <= limits.relativeGap * (1 + 1e-9) {
        return ContinuousPlan(solution: best, relaxed: bound)
      }
      // A general search knows no better than this one while brackets are what is open.
      if !outcome.isClosed, var best {
        best.status = .feasible(gap: best.gap ?? .infinity)
        return ContinuousPlan(solution: best, relaxed: bound)
      }
    }
    var limits = limits
    limits.start = best?.values
    var searched = try solver.solve(model.linear, limits)
    searched.bound = max(searched.bound ?? proved, proved)
    if let best, let known = best.objective, known < searched.objective ?? .infinity {
      // The search ended before it came as far as its own beginning.
      let bound = searched.bound
      searched = best
      searched.bound = bound
      let gap = searched.gap ?? .infinity
      searched.status = gap <= limits.relativeGap ? .optimal : .feasible(gap: gap)
    }
    return ContinuousPlan(solution: searched, relaxed: bound)
  }

  /// The program at some decisions; nil where they leave no solution.
  private func fixed(_ values: [Double], bound: Double) -> MixedSolution? {
    let decided = model.linear.fixingIntegers(at: values).variables
    let fixed = session.solve(lower: decided.map(\.lower), upper: decided.map(\.upper))
    guard fixed.status == .optimal, let objective = fixed.objective else { return nil }
    return MixedSolution(
      status: .optimal, objective: objective, bound: min(bound, objective), values: fixed.values)
  }

  /// The program at the brackets and providers of a relaxation, its lots decided bit by bit: those that are nearest to
  /// their least and those that are nearest to nothing first, the others by the linear program that is left; nil where
  /// that leaves no solution.
  private func settled(_ values: [Double], bound: Double) -> MixedSolution? {
    let decided = model.linear.fixingIntegers(at: decisions(from: values, lotsFrom: 0.5)).variables
    var (lower, upper) = (decided.map(\.lower), decided.map(\.upper))
    for lot in model.lots { (lower[lot.open.index], upper[lot.open.index]) = (0, 1) }
    var last = session.solve(lower: lower, upper: upper)
    while last.status == .optimal {
      let open = model.lots.compactMap { lot -> (share: Double, open: LinearModel.VariableID)? in
        guard lower[lot.open.index] < upper[lot.open.index] else { return nil }
        let share = lot.signs.reduce(0) { $0 + last.values[$1.index] } / lot.minimum
        return share > 1e-9 && share < 1 - 1e-9 ? (share, lot.open) : nil
      }.sorted { ($0.share, $0.open) < ($1.share, $1.open) }
      guard !open.isEmpty else { break }
      let count = (open.count + 3) / 4
      for item in open.suffix(count) where item.share >= 0.5 { lower[item.open.index] = 1 }
      for item in open.prefix(count) where item.share < 0.5 { upper[item.open.index] = 0 }
      last = session.solve(lower: lower, upper: upper)
    }
    guard last.status == .optimal else { return nil }
    var found = decisions(from: last.values, lotsFrom: 1 - 1e-9)
    for (index, variable) in decided.enumerated() where variable.lower == variable.upper {
      if !model.lots.contains(where: { $0.open.index == index }) { found[index] = variable.lower }
    }
    return fixed(found, bound: bound)
  }

  private func decisions(from values: [Double], lotsFrom share: Double) -> [Double] {
    var rounded = values
    for lot in model.lots {
      let sum = lot.signs.reduce(0) { $0 + values[$1.index] }
      rounded[lot.open.index] = sum >= share * lot.minimum ? 1 : 0
    }
    let ranked = model.uses.sorted { (-values[$0.index], $0.index) < (-values[$1.index], $1.index) }
    for (rank, use) in ranked.enumerated() {
      rounded[use.index] = rank < model.portfolio.limits.minProviders ? 1 : 0
    }
    for ladder in model.ladders {
      let spend = ladder.reduce(0) { $0 + values[$1.inside.index] }
      // A spend that is held at a threshold stands a rounding below it.
      let step = ladder.lastIndex { spend >= $0.from - 1e-6 } ?? 0
      for (index, item) in ladder.enumerated() { rounded[item.tier.index] = index == step ? 1 : 0 }
    }
    return rounded
  }

  /// Closes signatures that stand at their least lot only because they are open, a month's at a time.
  private func closing(_ start: MixedSolution, bound: Double, _ gap: Double) -> MixedSolution {
    var best = start
    for month in 0..<model.portfolio.length where (best.gap ?? 0) > gap {
      var values = best.values
      let forced = model.lots.filter { lot in
        lot.month == month && values[lot.open.index] > 0.5
          && lot.signs.reduce(0) { $0 + values[$1.index] } <= lot.minimum * (1 + 1e-9)
      }
      guard !forced.isEmpty else { continue }
      for lot in forced { values[lot.open.index] = 0 }
      if let next = fixed(values, bound: bound), next.objective ?? 0 < best.objective ?? 0 { best = next }
    }
    return best
  }

  /// Whole blocks near the continuous ones, and what they do; every limit kept as far as single steps can keep it.
  package func rounded(_ solution: [Double], _ way: RoundingWay) throws -> (
    totals: PortfolioTotals, steps: [PortfolioTotals.Step]
  ) {
    let portfolio = model.portfolio
    let (values, reducedCosts) = try dived(from: solution, way)
    let cost = model.linear.cost(of: solution) * PortfolioModel.money
    let totals = PortfolioTotals(portfolio, blocks: model.blocks, mix: mix(values), scale: 100 * abs(cost))
    var steps: [PortfolioTotals.Step] = []
    var others: [(reduced: Double, step: PortfolioTotals.Step)] = []
    for price in portfolio.prices.indices {
      for month in 0..<portfolio.length {
        guard let sign = model.signed[price][month] else { continue }
        let step = PortfolioTotals.Step(price: price, month: month)
        if values[sign.index] > 1e-6 {
          steps.append(step)
          totals.apply(step, (values[sign.index] + 1e-6).rounded(.down))
        } else {
          others.append((reducedCosts[sign.index] / totals.blockSize(price), step))
        }
      }
    }
    others.sort { ($0.reduced, $0.step.price, $0.step.month) < ($1.reduced, $1.step.price, $1.step.month) }
    steps += others.prefix(240).map(\.step)
    totals.improve(steps, sizes: [1], exchanges: 0)
    return (totals, steps)
  }

  /// Rounds some signatures, lets a linear program move the others, and so on: what one block is too many another makes
  /// good. Long terms first, since short ones can mend what is left; near whole numbers first; one a month at a time, since
  /// those of one month compete for the same room. Ends where all are whole, or where rounding leaves no solution: then
  /// with values that single steps have to mend.
  private func dived(from solution: [Double], _ way: RoundingWay) throws -> (
    values: [Double], reducedCosts: [Double]
  ) {
    let decided = model.linear.fixingIntegers(at: solution)
    var lower = decided.variables.map(\.lower)
    var upper = decided.variables.map(\.upper)
    let session = try solver.session(decided)
    var last = session.solve(lower: lower, upper: upper)
    guard last.status == .optimal else { return (solution, solution.map { _ in 0 }) }
    let reducedCosts = last.reducedCosts
    var stuck: Set<LinearModel.VariableID> = []
    var held = stuck
    let signs = model.signed.flatMap { $0.compactMap(\.self) }
    for _ in 0..<150 {
      var batch = fractional(last.values, without: stuck)
      guard let first = batch.first else { break }
      // Longer terms that are whole stay: a block of them must not be broken up for the sake of a month.
      let term = term(of: first)
      for sign in signs where way.holdsLong && self.term(of: sign) > term && !stuck.contains(sign) {
        guard held.insert(sign).inserted else { continue }
        (lower[sign.index], upper[sign.index]) = (
          last.values[sign.index].rounded(), last.values[sign.index].rounded()
        )
      }
      // Fewer at once where all together leave no solution, in the end one alone, then the other way.
      var isTurned = false
      while true {
        var (low, high) = (lower, upper)
        for sign in batch {
          let value = last.values[sign.index]
          let isUp = (value - value.rounded(.down) >= way.upFrom) != isTurned
          let whole = value.rounded(isUp ? .up : .down)
          (low[sign.index], high[sign.index]) = (whole, whole)
        }
        let solved = session.solve(lower: low, upper: high)
        if solved.status == .optimal {
          (lower, upper, last) = (low, high, solved)
          break
        }
        if batch.count > 1 {
          batch.removeLast((batch.count + 1) / 2)
        } else if isTurned {
          stuck.insert(batch[0])
          break
        } else {
          isTurned = true
        }
      }
    }
    return (last.values, reducedCosts)
  }

  private func term(of sign: LinearModel.VariableID) -> Int { model.terms[sign] ?? 1 }

  /// Signatures of the longest terms that are not whole, at most one a month, nearest to whole first.
  private func fractional(
    _ values: [Double], without stuck: Set<LinearModel.VariableID>
  ) -> [LinearModel.VariableID] {
    var best: [(term: Int, distance: Double, sign: LinearModel.VariableID)?] = []
    for month in 0..<model.portfolio.length {
      best.append(nil)
      for (price, row) in model.signed.enumerated() {
        guard let sign = row[month], !stuck.contains(sign) else { continue }
        let distance = abs(values[sign.index] - values[sign.index].rounded())
        guard distance > 1e-6 else { continue }
        let term = model.portfolio.contracts[model.portfolio.prices[price].contract].termMonths
        if let other = best[month], (-other.term, other.distance) <= (-term, distance) { continue }
        best[month] = (term, distance, sign)
      }
    }
    let found = best.compactMap(\.self)
    let longest = found.map(\.term).max() ?? 0
    return found.filter { $0.term == longest }.sorted { ($0.distance, $0.sign) < ($1.distance, $1.sign) }.map(
      \.sign)
  }

  /// Share of each pool that works for each class.
  private func mix(_ values: [Double]) -> [[[Double]]] {
    let usual = model.portfolio.usualMix
    guard !model.given.isEmpty else { return usual }
    var mix = usual
    for pool in 0..<model.portfolio.pools {
      for month in 0..<model.portfolio.length {
        let given = model.given.map { $0[pool][month].map { max(0, values[$0.index]) } ?? 0 }
        let sum = given.reduce(0, +)
        guard sum > 1e-7 else { continue }
        for index in given.indices { mix[index][pool][month] = given[index] / sum }
      }
    }
    return mix
  }

  /// The work of whole blocks shared out at least cost; nil where the linear program fails.
  package func shared(_ totals: PortfolioTotals) throws -> [[[Double]]]? {
    guard !model.given.isEmpty else { return nil }
    var linear = model.linear
    for (price, row) in model.signed.enumerated() {
      for (month, sign) in row.enumerated() {
        guard let sign else { continue }
        linear.setLimits(of: sign, lower: totals.signed[price][month], upper: totals.signed[price][month])
      }
    }
    let solution = try solver.solveRelaxed(linear)
    return solution.status == .optimal ? mix(solution.values) : nil
  }
}

extension PortfolioCase {
  /// Every pool shares its time as the needs ask, so that all classes are served to the same degree.
  var usualMix: [[[Double]]] {
    var mix = [[[Double]]](
      repeating: [[Double]](repeating: [Double](repeating: 0, count: length), count: pools),
      count: demands.count)
    for pool in 0..<pools {
      for month in 0..<length {
        let work = demands.indices.map { demand in
          let rate = rate(demand, pool: pool)
          return rate > 0 ? max(demands[demand].need[month], 1e-9) / rate : 0
        }
        let sum = work.reduce(0, +)
        guard sum > 0 else { continue }
        for demand in demands.indices { mix[demand][pool][month] = work[demand] / sum }
      }
    }
    return mix
  }
}
