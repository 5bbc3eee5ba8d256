// One linear program solved again and again with other limits of its variables: each solve starts from the last basis, so
// that a step costs a few pivots instead of a whole solve.

import CCbc

/// A linear program in Clp's hands. The same steps in the same order give the same values; where several corners are
/// optimal, another order may give another.
public final class RelaxedSession {
  private let session: OpaquePointer
  private let rows: Int
  private let columns: Int

  /// Opens a session; nil where the library fails to.
  init?(_ model: LinearModel, library: String?) {
    let packed = PackedModel(model)
    guard let session = packed.withProblem(integers: false, { ccbc_session_open(library, $0) }) else {
      return nil
    }
    self.session = session
    (rows, columns) = (model.rows.count, model.variables.count)
  }

  deinit { ccbc_session_close(session) }

  /// The least cost under other limits of the variables, one of each for every variable. A program without an end counts
  /// as one without a solution, and so does one that is proved to cost more than `most`.
  public func solve(lower: [Double], upper: [Double], most: Double = .infinity) -> RelaxedSolution {
    guard lower.count == columns, upper.count == columns, zip(lower, upper).allSatisfy({ $0 <= $1 }) else {
      return RelaxedSolution(.infeasible)
    }
    var values = [Double](repeating: 0, count: columns)
    var reducedCosts = values
    var duals = [Double](repeating: 0, count: rows)
    var objective = 0.0
    let code = ccbc_session_solve(
      session, lower.map(PackedModel.limit), upper.map(PackedModel.limit), most, &values, &duals,
      &reducedCosts, &objective)
    switch Int(code) {
    case CCBC_OPTIMAL:
      return RelaxedSolution(objective: objective, values: values, duals: duals, reducedCosts: reducedCosts)
    case CCBC_INFEASIBLE: return RelaxedSolution(.infeasible)
    default: return RelaxedSolution(.limit)
    }
  }
}

extension CoinSolver {
  /// Opens a session on a model; the whole-number rule is left out. Throws a model that cannot be asked about.
  public func session(_ model: LinearModel) throws -> RelaxedSession {
    try model.validate()
    guard let session = RelaxedSession(model, library: simplexLibrary) else {
      throw SolverUnavailable(missing: "libClp")
    }
    return session
  }
}

/// Seconds that the processor has spent on this thread: what a limit of a search should count, since it does not
/// depend on what else the host does.
package func processorSeconds() -> Double { ccbc_processor_seconds() }
