// Programs solved by hand, then the two solvers against each other.

import LinearPrograms
import Testing

/// max 3x + 5y, x ≤ 4, 2y ≤ 12, 3x + 2y ≤ 18: (2, 6), 36, and a unit more of the limits is worth 0, 1.5 and 1.
private func plants() -> LinearModel {
  var model = LinearModel("plants")
  let x = model.variable("x", cost: -3)
  let y = model.variable("y", cost: -5)
  model.row("plant 1", [(x, 1)], upper: 4)
  model.row("plant 2", [(y, 2)], upper: 12)
  model.row("plant 3", [(x, 3), (y, 2)], upper: 18)
  return model
}

/// Beale's program, on which a careless simplex runs in a circle: −1.25.
private func circle() -> LinearModel {
  var model = LinearModel("circle")
  let x = [-0.75, 20, -0.5, 6].enumerated().map { model.variable("x\($0.offset)", cost: $0.element) }
  model.row("a", [(x[0], 0.25), (x[1], -8), (x[2], -1), (x[3], 9)], upper: 0)
  model.row("b", [(x[0], 0.5), (x[1], -12), (x[2], -0.5), (x[3], 3)], upper: 0)
  model.row("c", [(x[2], 1)], upper: 1)
  return model
}

/// A site that costs 10 to open and carries 5; 2 a unit; 3 are needed.
private func site(need: Double = 3) -> LinearModel {
  var model = LinearModel("site")
  let open = model.decision("open", cost: 10)
  let units = model.variable("units", cost: 2)
  model.row("need", [(units, 1)], lower: need)
  model.row("room", [(units, 1), (open, -5)], upper: 0)
  return model
}

@Suite struct SolveTests {
  private let solvers: [any RelaxationSolver]
  private let coin: CoinSolver

  init() throws {
    coin = try CoinSolver()
    solvers = [coin, BoundedSimplex()]
  }

  @Test("a linear program solved by hand: cost, values, duals, reduced costs")
  func byHand() throws {
    for solver in solvers {
      let solution = try solver.solveRelaxed(plants())
      #expect(solution.status == .optimal)
      #expect(try abs(#require(solution.objective) + 36) < 1e-9)
      #expect(zip(solution.values, [2, 6]).allSatisfy { abs($0 - $1) < 1e-9 })
      #expect(zip(solution.duals, [0, -1.5, -1]).allSatisfy { abs($0 - $1) < 1e-9 })
      #expect(solution.reducedCosts.allSatisfy { abs($0) < 1e-9 })
    }
  }

  @Test("a dual is what a unit more of the limit changes; a reduced cost is what a forced unit costs")
  func meaning() throws {
    for solver in solvers {
      var model = plants()
      let dear = model.variable("dear", cost: -1)
      let held = model.row("held", [(dear, 1), (model.variableIDs[0], 1)], upper: 1.5)
      let first = try solver.solveRelaxed(model)
      #expect(abs(first.duals[held.index] + 3) < 1e-9)
      model.setLimits(of: held, lower: -.infinity, upper: 1.75)
      let second = try solver.solveRelaxed(model)
      let change = try #require(second.objective) - #require(first.objective)
      #expect(abs(change - first.duals[held.index] * 0.25) < 1e-9)
      model.setLimits(of: held, lower: -.infinity, upper: 1.5)
      model.setLimits(of: dear, lower: 0.25, upper: .infinity)
      let forced = try solver.solveRelaxed(model)
      let cost = try #require(forced.objective) - #require(first.objective)
      #expect(abs(cost - 0.5) < 1e-9)
      #expect(abs(cost - first.reducedCosts[dear.index] * 0.25) < 1e-9)
    }
  }

  @Test("degenerate corners end; a program without rows goes to its limits")
  func degenerate() throws {
    for solver in solvers {
      #expect(try abs(#require(solver.solveRelaxed(circle()).objective) + 1.25) < 1e-9)
      var bare = LinearModel("bare")
      bare.variable("up", upper: 3, cost: -2)
      bare.variable("down", lower: -1, cost: 1)
      #expect(try solver.solveRelaxed(bare).values == [3, -1])
    }
  }

  @Test("no solution and no end are told apart, and contradicting limits have no solution")
  func statuses() throws {
    for solver in solvers {
      var model = plants()
      model.row("more", [(model.variableIDs[0], 1)], lower: 5)
      #expect(try solver.solveRelaxed(model).status == .infeasible)
      var endless = LinearModel("endless")
      let x = endless.variable("x", cost: -1)
      let y = endless.variable("y", cost: 0)
      endless.row("r", [(x, 1), (y, -1)], upper: 1)
      #expect(try solver.solveRelaxed(endless).status == .unbounded)
      endless.setLimits(of: x, lower: 2, upper: 1)
      #expect(try solver.solveRelaxed(endless).status == .infeasible)
      #expect(try solver.solveRelaxed(plants(), seconds: 10).status == .optimal)
    }
  }

  @Test("a mixed program solved by hand, and its duals with the integers fixed")
  func mixed() throws {
    var model = LinearModel("whole")
    let x = model.variable("x", cost: -8, isInteger: true)
    let y = model.variable("y", cost: -5, isInteger: true)
    model.row("hours", [(x, 1), (y, 1)], upper: 6)
    model.row("wood", [(x, 9), (y, 5)], upper: 45)
    let solution = try coin.solve(model)
    #expect(solution.status == .optimal)
    #expect(solution.values == [5, 0])
    #expect(solution.objective == -40)
    #expect(try abs(#require(coin.solveRelaxed(model).objective) + 41.25) < 1e-9)

    let opened = try coin.solve(site())
    #expect(opened.values == [1, 3])
    #expect(opened.objective == 16)
    for solver in solvers {
      #expect(try solver.solveRelaxed(site().fixingIntegers(at: opened.values)).duals == [2, 0])
    }
    #expect(try coin.solve(site(need: 6)).status == .infeasible)
  }

  @Test("a search that must stop keeps its best solution and says how far the bound is")
  func limits() throws {
    // Market split: hard for branch and bound, so that few nodes prove nothing.
    var random = Seeded(3)
    var model = LinearModel("split")
    let x = (0..<30).map { model.decision("x\($0)") }
    for row in 0..<4 {
      let weights = x.map { _ in Double(Int.random(in: 0..<100, using: &random)) }
      let half = (weights.reduce(0, +) / 2).rounded(.down)
      let over = model.variable("over\(row)", cost: 1)
      let under = model.variable("under\(row)", cost: 1)
      model.row(
        "r\(row)", zip(x, weights).map { ($0, $1) } + [(over, -1), (under, 1)], lower: half, upper: half)
    }
    let stopped = try coin.solve(model, SolveLimits(nodes: 20))
    guard case .feasible(let gap) = stopped.status else {
      Issue.record("expected a stopped search, not \(stopped.status)")
      return
    }
    #expect(gap > 0)
    #expect(gap == stopped.gap)
    #expect(model.violations(of: stopped.values, objective: stopped.objective).isEmpty)
    #expect(try stopped == coin.solve(model, SolveLimits(nodes: 20)), "the same search twice")
    let better = try coin.solve(model, SolveLimits(nodes: 20, start: stopped.values))
    #expect(try #require(better.objective) <= #require(stopped.objective))
  }

  @Test("600 random linear programs: both solvers agree in status, and in cost to 1e-7")
  func agreement() throws {
    var seen: [RelaxedStatus: Int] = [:]
    for seed in 0..<600 {
      let model = seed < 500 ? randomProgram(seed) : randomProgram(seed, columns: 60, rows: 50)
      let theirs = try coin.solveRelaxed(model)
      let ours = try BoundedSimplex().solveRelaxed(model)
      #expect(theirs.status == ours.status, "seed \(seed)")
      seen[ours.status, default: 0] += 1
      guard let a = theirs.objective, let b = ours.objective else { continue }
      #expect(abs(a - b) <= 1e-7 * max(1, abs(a)), "seed \(seed)")
      #expect(model.relaxed().violations(of: ours.values, objective: b).isEmpty, "seed \(seed)")
      // Costs of limits and variables together give the cost back: the duals prove the optimum.
      let fromLimits = zip(model.rows, ours.duals).reduce(0.0) { sum, item in
        item.1 == 0 ? sum : sum + item.1 * (item.1 > 0 ? item.0.lower : item.0.upper)
      }
      let proof = zip(model.variables, ours.reducedCosts).reduce(fromLimits) { sum, item in
        item.1 == 0 ? sum : sum + item.1 * (item.1 > 0 ? item.0.lower : item.0.upper)
      }
      #expect(abs(proof - b) <= 1e-6 * max(1, abs(b)), "seed \(seed)")
    }
    #expect(seen.count == 3, "every status occurs: \(seen)")
    #expect(seen.values.allSatisfy { $0 >= 20 })
  }

  @Test("200 random mixed programs: the solver finds what enumeration over our own simplex finds")
  func mixedAgreement() throws {
    var feasible = 0
    for seed in 0..<200 {
      let model = randomProgram(seed, columns: 8, rows: 5, integers: true)
      let theirs = try coin.solve(model, SolveLimits(relativeGap: 0))
      let ours = try enumerated(model)
      if let ours {
        feasible += 1
        #expect(theirs.status == .optimal, "seed \(seed)")
        #expect(try abs(#require(theirs.objective) - ours) <= 1e-6 * max(1, abs(ours)), "seed \(seed)")
        #expect(model.violations(of: theirs.values, objective: theirs.objective).isEmpty, "seed \(seed)")
      } else {
        #expect(theirs.status == .infeasible, "seed \(seed)")
      }
    }
    #expect(feasible > 60)
  }

  @Test("without the solver's libraries one sentence names the package to install")
  func absent() {
    #expect(throws: SolverUnavailable(missing: "libNoSolver.so.3")) {
      try CoinSolver(solverLibrary: "libNoSolver.so.3", simplexLibrary: nil)
    }
    let sentence = SolverUnavailable(missing: "libNoSolver.so.3").description
    #expect(sentence.contains("libNoSolver.so.3 is missing") && sentence.contains("coinor-libcbc-dev"))
    #expect(throws: SolverUnavailable(missing: "Clp_newModel")) {
      try CoinSolver(solverLibrary: nil, simplexLibrary: "libm.so.6")
    }
  }

  @Test("a model that cannot be asked about is refused by name, and never traps")
  func refused() throws {
    for solver in solvers {
      func refuses(_ error: LinearModelError, _ change: (inout LinearModel) -> Void) {
        var model = site()
        change(&model)
        #expect(throws: error) { try solver.solveRelaxed(model) }
      }
      refuses(.duplicate(name: "open")) { $0.variable("open") }
      refuses(.duplicate(name: "need")) { $0.row("need", []) }
      refuses(.unnamed(kind: "variable", index: 2)) { $0.variable("") }
      refuses(.unnamed(kind: "row", index: 2)) { $0.row("", []) }
      refuses(.notANumber(name: "a")) { $0.variable("a", cost: .nan) }
      refuses(.notANumber(name: "a")) { $0.variable("a", upper: .nan) }
      refuses(.notANumber(name: "a")) { $0.variable("a", lower: .infinity) }
      refuses(.notANumber(name: "r")) { $0.row("r", [($0.variableIDs[0], .infinity)]) }
      refuses(.notANumber(name: "r")) { $0.row("r", [], upper: -.infinity) }
      var other = LinearModel("other")
      let foreign = (0..<9).map { other.variable("o\($0)") }[8]
      refuses(.foreignVariable(row: "r")) { $0.row("r", [(foreign, 1)]) }
    }
  }
}
