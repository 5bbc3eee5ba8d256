// Checks a solution against its model without any solver: every limit, every whole number, the stated cost.

/// A limit that values do not keep.
public struct Violation: Sendable, Hashable, CustomStringConvertible {
  /// What was not kept.
  public enum Kind: String, Sendable, Hashable {
    /// A variable below its lower or above its upper limit.
    case limit
    /// A row below its lower or above its upper limit.
    case row
    /// An integer that is not whole.
    case integer
    /// The stated cost is not that of the values.
    case objective
    /// A value that is no finite number, or too few or many values.
    case value
  }

  /// What was not kept.
  public let kind: Kind
  /// Name of the row or variable.
  public let name: String
  /// By how much: above 0 too much, below 0 too little.
  public let amount: Double

  /// A limit that is not kept by `amount`.
  public init(kind: Kind, name: String, amount: Double) {
    (self.kind, self.name, self.amount) = (kind, name, amount)
  }

  /// One sentence.
  public var description: String {
    switch kind {
    case .limit, .row: "\(name) is \(abs(amount)) \(amount > 0 ? "above its upper" : "below its lower") limit"
    case .integer: "\(name) is \(abs(amount)) away from a whole number"
    case .objective: "the stated cost is \(abs(amount)) \(amount > 0 ? "above" : "below") that of the values"
    case .value: "\(name) has no finite value"
    }
  }
}

extension LinearModel {
  /// Every limit that `values` do not keep to `tolerance`, relative to the limit where that is above 1; sums are
  /// exact (`ExactSum`). With `objective` the stated cost is checked too. Empty for a solution.
  public func violations(
    of values: [Double], objective: Double? = nil, tolerance: Double = 1e-7
  ) -> [Violation] {
    guard values.count == variables.count else {
      return [Violation(kind: .value, name: name, amount: Double(values.count - variables.count))]
    }
    let wrong = zip(variables, values).filter { !$0.1.isFinite }
    guard wrong.isEmpty else { return wrong.map { Violation(kind: .value, name: $0.0.name, amount: $0.1) } }
    var found: [Violation] = []
    func check(_ kind: Violation.Kind, _ name: String, _ sum: ExactSum, _ lower: Double, _ upper: Double) {
      for (limit, sign) in [(lower, -1.0), (upper, 1.0)] where limit.isFinite {
        var difference = sum
        difference.add(-limit)
        let amount = difference.rounded
        if amount * sign > tolerance * max(1, abs(limit)) {
          found.append(Violation(kind: kind, name: name, amount: amount))
        }
      }
    }
    for (variable, value) in zip(variables, values) {
      var sum = ExactSum()
      sum.add(value)
      check(.limit, variable.name, sum, variable.lower, variable.upper)
      let away = value - value.rounded()
      if variable.isInteger, abs(away) > tolerance {
        found.append(Violation(kind: .integer, name: variable.name, amount: away))
      }
    }
    for row in rows {
      var sum = ExactSum()
      for term in row.terms { sum.add(term.coefficient, times: values[term.variable.index]) }
      check(.row, row.name, sum, row.lower, row.upper)
    }
    if let objective {
      var sum = ExactSum()
      for (variable, value) in zip(variables, values) { sum.add(variable.cost, times: -value) }
      sum.add(objective)
      let amount = sum.rounded
      if !(abs(amount) <= tolerance * max(1, abs(objective))) {
        found.append(Violation(kind: .objective, name: name, amount: amount))
      }
    }
    return found
  }
}
