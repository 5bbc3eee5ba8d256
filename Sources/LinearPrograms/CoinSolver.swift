// COIN-OR's CBC and Clp on models of this room. CBC's incumbents come back through presolve and carry its tolerances,
// so every solution is solved once more by Clp with its integers fixed at whole numbers: integers are exact, and the
// continuous part is a vertex. The bound stays CBC's.

import CCbc

/// The solver's libraries are not on this host.
public struct SolverUnavailable: Error, Hashable, CustomStringConvertible {
  /// The library or function that is missing.
  public let missing: String

  /// Names what is missing.
  public init(missing: String) { self.missing = missing }

  /// One sentence that says what to install.
  public var description: String {
    "the solver COIN-OR CBC is not here (\(missing) is missing); on Debian install coinor-libcbc-dev, "
      + "or coinor-libcbc3 to run only"
  }
}

/// CBC for mixed-integer programs and Clp for linear ones; one thread, silent, the same answer each run unless a limit
/// of seconds ends it.
public struct CoinSolver: RelaxationSolver, Sendable {
  private let solverLibrary: String?
  let simplexLibrary: String?

  /// Opens Debian's libraries.
  public init() throws(SolverUnavailable) {
    try self.init(solverLibrary: nil, simplexLibrary: nil)
  }

  /// Libraries by other names; nil for Debian's.
  package init(solverLibrary: String?, simplexLibrary: String?) throws(SolverUnavailable) {
    if let missing = ccbc_missing(solverLibrary, simplexLibrary) {
      throw SolverUnavailable(missing: String(cString: missing))
    }
    self.solverLibrary = solverLibrary
    self.simplexLibrary = simplexLibrary
  }

  /// Least cost of a mixed-integer program, or what is known when a limit ends the search.
  public func solve(_ model: LinearModel, _ limits: SolveLimits = SolveLimits()) throws -> MixedSolution {
    guard model.hasIntegers else {
      return MixedSolution(try solveRelaxed(model, seconds: limits.seconds))
    }
    try model.validate()
    let packed = PackedModel(model)
    guard !packed.contradicts else {
      return MixedSolution(status: .infeasible, objective: nil, bound: nil, values: [])
    }
    var values = [Double](repeating: 0, count: model.variables.count)
    var objective = 0.0
    var bound = 0.0
    let start = limits.start.flatMap { $0.count == values.count ? $0 : nil }
    let code = packed.withProblem(integers: true) { problem in
      func run(_ start: UnsafePointer<Double>?) -> Int32 {
        ccbc_solve(
          solverLibrary, problem, limits.seconds, limits.relativeGap, Int32(clamping: limits.nodes ?? -1),
          start,
          &values, &objective, &bound)
      }
      return start.map { $0.withUnsafeBufferPointer { run($0.baseAddress) } } ?? run(nil)
    }
    let known = bound.isFinite && abs(bound) < 1e49 ? bound : nil
    switch Int(code) {
    case CCBC_OPTIMAL, CCBC_FEASIBLE:
      return try polished(model, values, objective, bound: known, isProved: Int(code) == CCBC_OPTIMAL, limits)
    default:
      // CBC confuses the two below in its presolve; the relaxation settles them.
      let relaxed = try solveRelaxed(model, seconds: limits.seconds)
      let status: MixedStatus =
        switch (relaxed.status, Int(code)) {
        case (.infeasible, _): .infeasible
        case (.unbounded, _): .unbounded
        case (_, CCBC_INFEASIBLE): .infeasible
        default: .limit
        }
      return MixedSolution(
        status: status, objective: nil, bound: status == .limit ? known ?? relaxed.objective : nil, values: []
      )
    }
  }

  private func polished(
    _ model: LinearModel, _ values: [Double], _ objective: Double, bound: Double?, isProved: Bool,
    _ limits: SolveLimits
  ) throws -> MixedSolution {
    let fixed = try solveRelaxed(model.fixingIntegers(at: values))
    var solution = MixedSolution(
      status: .optimal, objective: fixed.objective ?? objective, bound: bound,
      values: fixed.status == .optimal ? fixed.values : values)
    // A proof within the gap can leave CBC's bound a rounding above the cost.
    if let least = solution.objective, let bound, bound > least { solution.bound = least }
    if !isProved {
      let gap = solution.gap ?? .infinity
      solution.status = gap <= limits.relativeGap ? .optimal : .feasible(gap: gap)
    }
    return solution
  }

  /// Least cost without the whole-number rule, with duals and reduced costs.
  public func solveRelaxed(_ model: LinearModel, seconds: Double) throws -> RelaxedSolution {
    try model.validate()
    let packed = PackedModel(model)
    guard !packed.contradicts else { return RelaxedSolution(.infeasible) }
    let solution = relaxed(packed, seconds)
    guard solution.status == .infeasible else { return solution }
    // Clp's "no optimum" has two causes: without costs only the limits can be one, and a direction that lowers the
    // cost for ever is found among directions of limited length.
    if relaxed(packed.withoutCosts, seconds).status == .infeasible { return solution }
    let directions = relaxed(PackedModel(model.directions), seconds)
    let falls = (directions.objective ?? 0) < -1e-9
    return RelaxedSolution(falls ? .unbounded : .limit)
  }

  private func relaxed(_ packed: PackedModel, _ seconds: Double) -> RelaxedSolution {
    var values = [Double](repeating: 0, count: packed.cost.count)
    var reducedCosts = values
    var duals = [Double](repeating: 0, count: packed.rowLower.count)
    var objective = 0.0
    let code = packed.withProblem(integers: false) {
      ccbc_relax(simplexLibrary, $0, seconds, &values, &duals, &reducedCosts, &objective)
    }
    switch Int(code) {
    case CCBC_OPTIMAL:
      return RelaxedSolution(objective: objective, values: values, duals: duals, reducedCosts: reducedCosts)
    case CCBC_INFEASIBLE: return RelaxedSolution(.infeasible)
    default: return RelaxedSolution(.limit)
    }
  }
}

extension LinearModel {
  /// Directions in which every limit can be kept for ever, each step at most 1.
  fileprivate var directions: LinearModel {
    var copy = relaxed()
    for index in copy.variables.indices {
      copy.variables[index].lower = variables[index].lower.isFinite ? 0 : -1
      copy.variables[index].upper = variables[index].upper.isFinite ? 0 : 1
    }
    for index in copy.rows.indices {
      copy.rows[index].lower = rows[index].lower.isFinite ? 0 : -.infinity
      copy.rows[index].upper = rows[index].upper.isFinite ? 0 : .infinity
    }
    return copy
  }
}

extension MixedSolution {
  /// A linear program's solution as that of a mixed one.
  public init(_ relaxed: RelaxedSolution) {
    let status: MixedStatus =
      switch relaxed.status {
      case .optimal: .optimal
      case .infeasible: .infeasible
      case .unbounded: .unbounded
      case .limit: .limit
      }
    self.init(
      status: status, objective: relaxed.objective, bound: relaxed.objective, values: relaxed.values)
  }
}
