// A mixed-integer linear program as plain values: named variables and rows in the order in which they were added, so
// that the same calls give the same model, the same file and the same solve. Nothing here knows a solver.

/// A program: minimise Σ cost·x within the limits of variables and rows.
public struct LinearModel: Sendable, Hashable {
  /// Place of a variable in its model.
  public struct VariableID: Sendable, Hashable, Comparable {
    /// Index into `variables`.
    public let index: Int
    init(_ index: Int) { self.index = index }
    /// In the order of adding.
    public static func < (a: VariableID, b: VariableID) -> Bool { a.index < b.index }
  }

  /// Place of a row in its model.
  public struct RowID: Sendable, Hashable, Comparable {
    /// Index into `rows`.
    public let index: Int
    init(_ index: Int) { self.index = index }
    /// In the order of adding.
    public static func < (a: RowID, b: RowID) -> Bool { a.index < b.index }
  }

  /// What the solver chooses.
  public struct Variable: Sendable, Hashable {
    /// One of its kind in the model.
    public var name: String
    /// Least value; -∞ for none.
    public var lower: Double
    /// Greatest value; +∞ for none.
    public var upper: Double
    /// Cost of one unit.
    public var cost: Double
    /// Whole numbers only.
    public var isInteger: Bool

    /// A variable of no model yet.
    public init(name: String, lower: Double, upper: Double, cost: Double, isInteger: Bool) {
      (self.name, self.lower, self.upper, self.cost, self.isInteger) = (name, lower, upper, cost, isInteger)
    }
  }

  /// A coefficient of a row.
  public struct Term: Sendable, Hashable {
    /// The variable.
    public var variable: VariableID
    /// Its factor; not 0.
    public var coefficient: Double
  }

  /// lower ≤ Σ coefficient·variable ≤ upper.
  public struct Row: Sendable, Hashable {
    /// One of its kind in the model.
    public var name: String
    /// By variable, each once.
    public var terms: [Term]
    /// Least value of the sum; -∞ for none.
    public var lower: Double
    /// Greatest value of the sum; +∞ for none.
    public var upper: Double
  }

  /// Name of the model, the first line of its file.
  public let name: String
  /// All variables in the order of adding.
  public internal(set) var variables: [Variable] = []
  /// All rows in the order of adding.
  public internal(set) var rows: [Row] = []

  /// An empty program.
  public init(_ name: String) { self.name = name }

  /// Adds a variable.
  @discardableResult
  public mutating func variable(
    _ name: String, lower: Double = 0, upper: Double = .infinity, cost: Double = 0, isInteger: Bool = false
  ) -> VariableID {
    variables.append(Variable(name: name, lower: lower, upper: upper, cost: cost, isInteger: isInteger))
    return VariableID(variables.count - 1)
  }

  /// Adds a decision: 0 or 1.
  @discardableResult
  public mutating func decision(_ name: String, cost: Double = 0) -> VariableID {
    variable(name, upper: 1, cost: cost, isInteger: true)
  }

  /// Adds a row. Terms of the same variable are summed, zeros dropped.
  @discardableResult
  public mutating func row(
    _ name: String, _ terms: [(VariableID, Double)], lower: Double = -.infinity, upper: Double = .infinity
  ) -> RowID {
    rows.append(Row(name: name, terms: Self.merged(terms), lower: lower, upper: upper))
    return RowID(rows.count - 1)
  }

  /// Adds to a variable's cost.
  public mutating func addCost(_ cost: Double, to variable: VariableID) {
    variables[variable.index].cost += cost
  }

  /// Sets the limits of a variable.
  public mutating func setLimits(of variable: VariableID, lower: Double, upper: Double) {
    variables[variable.index].lower = lower
    variables[variable.index].upper = upper
  }

  /// Sets the limits of a row.
  public mutating func setLimits(of row: RowID, lower: Double, upper: Double) {
    rows[row.index].lower = lower
    rows[row.index].upper = upper
  }

  /// Places of all variables in order.
  public var variableIDs: [VariableID] { variables.indices.map { VariableID($0) } }

  /// Places of all rows in order.
  public var rowIDs: [RowID] { rows.indices.map { RowID($0) } }

  /// Whether any variable is an integer.
  public var hasIntegers: Bool { variables.contains(where: \.isInteger) }

  /// Number of coefficients.
  public var coefficients: Int { rows.reduce(0) { $0 + $1.terms.count } }

  /// Σ cost·value.
  public func cost(of values: [Double]) -> Double {
    zip(variables, values).reduce(0) { $0 + $1.0.cost * $1.1 }
  }

  /// The same program without its whole-number rule.
  public func relaxed() -> LinearModel {
    var copy = self
    for index in copy.variables.indices { copy.variables[index].isInteger = false }
    return copy
  }

  /// The linear program that is left when every integer keeps its value of `values`, rounded.
  public func fixingIntegers(at values: [Double]) -> LinearModel {
    var copy = self
    for (index, variable) in variables.enumerated() where variable.isInteger && index < values.count {
      let value = values[index].rounded()
      copy.variables[index].lower = value
      copy.variables[index].upper = value
      copy.variables[index].isInteger = false
    }
    return copy
  }

  /// By variable, each once, without zeros.
  static func merged(_ terms: [(VariableID, Double)]) -> [Term] {
    var sorted: [Term] = []
    sorted.reserveCapacity(terms.count)
    // Stable, so that equal variables are summed in the order in which they were given.
    for (_, term) in terms.enumerated().sorted(by: { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) })
    {
      if let last = sorted.last, last.variable == term.0 {
        sorted[sorted.count - 1].coefficient += term.1
      } else {
        sorted.append(Term(variable: term.0, coefficient: term.1))
      }
    }
    return sorted.filter { $0.coefficient != 0 }
  }
}

/// A model that no solver can be asked about.
public enum LinearModelError: Error, Hashable, CustomStringConvertible {
  /// Two variables, or two rows, of one name.
  case duplicate(name: String)
  /// A variable or row without a name.
  case unnamed(kind: String, index: Int)
  /// A cost, limit or coefficient that is no number.
  case notANumber(name: String)
  /// A coefficient of a variable that the model does not have.
  case foreignVariable(row: String)

  /// One sentence that says what to change.
  public var description: String {
    switch self {
    case .duplicate(let name): "two variables or two rows are named \(name); give each its own name"
    case .unnamed(let kind, let index): "\(kind) \(index) has no name; give it one"
    case .notANumber(let name):
      "\(name) has a cost, limit or coefficient that is no finite number; look at its inputs"
    case .foreignVariable(let row): "row \(row) has a variable of another model; add it to this one"
    }
  }
}

extension LinearModel {
  /// Throws the first fault: names that are missing or not unique, numbers that are none, variables of other models.
  /// Limits that contradict each other are no fault: such a model has no solution, and solvers say so.
  public func validate() throws(LinearModelError) {
    var names: Set<String> = []
    for (index, variable) in variables.enumerated() {
      if variable.name.isEmpty { throw .unnamed(kind: "variable", index: index) }
      if !names.insert(variable.name).inserted { throw .duplicate(name: variable.name) }
      if !variable.cost.isFinite || Self.isWrong(variable.lower, variable.upper) {
        throw .notANumber(name: variable.name)
      }
    }
    names.removeAll()
    for (index, row) in rows.enumerated() {
      if row.name.isEmpty { throw .unnamed(kind: "row", index: index) }
      if !names.insert(row.name).inserted { throw .duplicate(name: row.name) }
      if Self.isWrong(row.lower, row.upper) { throw .notANumber(name: row.name) }
      for term in row.terms {
        if !variables.indices.contains(term.variable.index) { throw .foreignVariable(row: row.name) }
        if !term.coefficient.isFinite { throw .notANumber(name: row.name) }
      }
    }
  }

  /// A lower limit of +∞ or an upper one of -∞ is a slip, as NaN is.
  private static func isWrong(_ lower: Double, _ upper: Double) -> Bool {
    lower.isNaN || upper.isNaN || lower == .infinity || upper == -.infinity
  }
}
