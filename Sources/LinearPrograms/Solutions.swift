// What a solve gives back, whichever solver ran.

/// When a solve may stop before it has proved its answer.
public struct SolveLimits: Sendable, Hashable {
  /// Seconds of the processor; ∞ for none. A run that stops here may differ from the next.
  public var seconds: Double
  /// Nodes of the search tree; nil for no limit. Stops every run at the same place.
  public var nodes: Int?
  /// Distance of cost and bound, relative to the cost, that counts as proved.
  public var relativeGap: Double
  /// A solution to begin from; nil for none. One value a variable.
  public var start: [Double]?

  /// Limits; by default the proof goes to 1e-6 without limits of time.
  public init(
    seconds: Double = .infinity, nodes: Int? = nil, relativeGap: Double = 1e-6, start: [Double]? = nil
  ) {
    self.seconds = seconds
    self.nodes = nodes
    self.relativeGap = relativeGap
    self.start = start
  }
}

/// How the solve of a mixed-integer program ended.
public enum MixedStatus: Sendable, Hashable {
  /// Proved within the gap that was asked for.
  case optimal
  /// Stopped at a limit with a solution, `gap` of its cost above the bound.
  case feasible(gap: Double)
  /// Proved to have no solution.
  case infeasible
  /// The cost falls without end.
  case unbounded
  /// Stopped at a limit without a solution.
  case limit
}

/// Solution of a mixed-integer program.
public struct MixedSolution: Sendable, Hashable {
  /// How the solve ended.
  public var status: MixedStatus
  /// Cost of `values`; nil without a solution.
  public var objective: Double?
  /// No solution costs less; nil where nothing is known.
  public var bound: Double?
  /// One a variable; empty without a solution. Integers are whole.
  public var values: [Double]

  /// A solution from its parts.
  public init(status: MixedStatus, objective: Double?, bound: Double?, values: [Double]) {
    (self.status, self.objective, self.bound, self.values) = (status, objective, bound, values)
  }

  /// (objective − bound) / |objective|, not below 0; nil where one of them is missing.
  public var gap: Double? {
    guard let objective, let bound else { return nil }
    return max(0, objective - bound) / max(abs(objective), 1e-9)
  }
}

/// How the solve of a linear program ended.
public enum RelaxedStatus: Sendable, Hashable {
  /// Proved.
  case optimal
  /// Proved to have no solution.
  case infeasible
  /// The cost falls without end.
  case unbounded
  /// Stopped at a limit.
  case limit
}

/// Solution of a linear program.
public struct RelaxedSolution: Sendable, Hashable {
  /// How the solve ended.
  public var status: RelaxedStatus
  /// Least cost; nil without a solution.
  public var objective: Double?
  /// One a variable; empty without a solution.
  public var values: [Double]
  /// One a row: change of the least cost for each unit that the row's binding limit rises; 0 where none binds.
  public var duals: [Double]
  /// One a variable: change of the least cost for each unit that the variable is forced up from its limit.
  public var reducedCosts: [Double]

  init(_ status: RelaxedStatus) {
    (self.status, objective, values, duals, reducedCosts) = (status, nil, [], [], [])
  }

  init(objective: Double, values: [Double], duals: [Double], reducedCosts: [Double]) {
    self.status = .optimal
    self.objective = objective
    self.values = values
    self.duals = duals
    self.reducedCosts = reducedCosts
  }
}

/// Whatever solves a linear program.
public protocol RelaxationSolver: Sendable {
  /// Solves without the whole-number rule. Throws a model that cannot be asked about.
  func solveRelaxed(_ model: LinearModel, seconds: Double) throws -> RelaxedSolution
}

extension RelaxationSolver {
  /// Without a limit of time.
  public func solveRelaxed(_ model: LinearModel) throws -> RelaxedSolution {
    try solveRelaxed(model, seconds: .infinity)
  }
}
