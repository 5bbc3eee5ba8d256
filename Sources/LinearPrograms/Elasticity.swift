// Why a program has no solution, as the least change that gives it one: chosen rows may be missed at a price, and the
// cheapest set of misses is the answer.

/// How far one row's limit has to move.
public struct Relaxation: Sendable, Hashable {
  /// Name of the row.
  public let row: String
  /// What is added to the row's limit: above 0 to its upper one, below 0 to its lower one; in the row's unit.
  public let amount: Double

  /// A limit that has to move by `amount`.
  public init(row: String, amount: Double) { (self.row, self.amount) = (row, amount) }
}

/// A row that may be missed.
public struct ElasticRow: Sendable, Hashable {
  /// The row.
  public let row: LinearModel.RowID
  /// Price of a unit; above 0.
  public let weight: Double

  /// A row at a price.
  public init(_ row: LinearModel.RowID, weight: Double = 1) {
    (self.row, self.weight) = (row, weight)
  }
}

extension LinearModel {
  /// The same program with chosen rows elastic and their misses as the only cost.
  func elastic(
    _ elastic: [ElasticRow]
  ) -> (model: LinearModel, slacks: [(row: Int, isUpper: Bool, slack: VariableID)]) {
    var copy = self
    for index in copy.variables.indices { copy.variables[index].cost = 0 }
    var names = Set(variables.map(\.name))
    var slacks: [(row: Int, isUpper: Bool, slack: VariableID)] = []
    for item in elastic {
      let index = item.row.index
      for isUpper in [false, true] where (isUpper ? rows[index].upper : rows[index].lower).isFinite {
        var name = "\(isUpper ? "above" : "below"):\(rows[index].name)"
        while !names.insert(name).inserted { name += "'" }
        let slack = copy.variable(name, cost: item.weight)
        copy.rows[index].terms.append(Term(variable: slack, coefficient: isUpper ? -1 : 1))
        slacks.append((index, isUpper, slack))
      }
    }
    return (copy, slacks)
  }
}

extension CoinSolver {
  /// Smallest relaxation, by weight, of the chosen rows that gives the model a solution; empty where it has one
  /// already, nil where other rows, limits or whole numbers stand in the way as well, or a limit ended the search.
  public func smallestRelaxation(
    of model: LinearModel, rows: [ElasticRow], _ limits: SolveLimits = SolveLimits()
  ) throws -> [Relaxation]? {
    let (elastic, slacks) = model.elastic(rows)
    return relaxations(model, slacks, try solve(elastic, limits).values)
  }
}

extension RelaxationSolver {
  /// As `CoinSolver.smallestRelaxation`, of the program without its whole-number rule.
  public func smallestRelaxedRelaxation(of model: LinearModel, rows: [ElasticRow]) throws -> [Relaxation]? {
    let (elastic, slacks) = model.elastic(rows)
    return relaxations(model, slacks, try solveRelaxed(elastic).values)
  }

  fileprivate func relaxations(
    _ model: LinearModel, _ slacks: [(row: Int, isUpper: Bool, slack: LinearModel.VariableID)],
    _ values: [Double]
  ) -> [Relaxation]? {
    guard !values.isEmpty || slacks.isEmpty && model.variables.isEmpty else { return nil }
    return slacks.compactMap { row, isUpper, slack in
      let amount = values[slack.index]
      let limit = isUpper ? model.rows[row].upper : model.rows[row].lower
      guard amount > 1e-7 * max(1, abs(limit)) else { return nil }
      return Relaxation(row: model.rows[row].name, amount: isUpper ? amount : -amount)
    }
  }
}
