// Units of rows and columns for our own simplex.

/// Powers of two that bring coefficients near 1, so that one tolerance serves dollars and megawatts; powers of two
/// because they round nothing.
struct Scaling {
  private(set) var rows: [Double]
  private(set) var columns: [Double]

  init(_ model: LinearModel) {
    rows = [Double](repeating: 1, count: model.rows.count)
    columns = [Double](repeating: 1, count: model.variables.count)
    for _ in 0..<3 {
      var least = [Double](repeating: .infinity, count: columns.count)
      var most = [Double](repeating: 0, count: columns.count)
      for (index, row) in model.rows.enumerated() where !row.terms.isEmpty {
        let sizes = row.terms.map { abs($0.coefficient) * columns[$0.variable.index] }
        rows[index] = Self.power(1 / ((sizes.min() ?? 1) * (sizes.max() ?? 1)).squareRoot())
        for term in row.terms {
          let size = abs(term.coefficient) * rows[index]
          least[term.variable.index] = min(least[term.variable.index], size)
          most[term.variable.index] = max(most[term.variable.index], size)
        }
      }
      for index in columns.indices where most[index] > 0 {
        columns[index] = Self.power(1 / (least[index] * most[index]).squareRoot())
      }
    }
  }

  private static func power(_ value: Double) -> Double {
    guard value.isFinite, value > 0 else { return 1 }
    return Double(sign: .plus, exponent: max(-100, min(100, value.exponent)), significand: 1)
  }
}
