// Our own simplex: a bound on the least cost where no solver is installed, and a second opinion on the solver's.
// Primal method on bounded variables, two phases in one loop, explicit inverse of the basis kept by columns. Chosen
// for being short and exact enough; a factorised basis would be faster beyond some thousand rows.
// Rows become A·x − s = 0 with limits on s, so each row's s is a variable like any other and the first basis is −I.

/// Solves linear programs without any library. Memory: 8·rows² bytes. Time: some rows + columns pivots of at most
/// 2·rows² operations each, less where the inverse is sparse.
public struct BoundedSimplex: RelaxationSolver, Sendable {
  /// A solver; it holds no state.
  public init() {}

  /// Least cost without the whole-number rule, with duals and reduced costs.
  public func solveRelaxed(_ model: LinearModel, seconds: Double) throws -> RelaxedSolution {
    try model.validate()
    if model.variables.contains(where: { $0.lower > $0.upper })
      || model.rows.contains(where: { $0.lower > $0.upper })
    {
      return RelaxedSolution(.infeasible)
    }
    let tableau = Tableau(model, scaling: Scaling(model))
    let status = tableau.run(seconds: seconds)
    return status == .optimal ? tableau.solution(of: model) : RelaxedSolution(status)
  }
}
