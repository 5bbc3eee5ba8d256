// A model as the arrays that COIN-OR reads.

import CCbc

/// A model by columns, as COIN reads it.
struct PackedModel {
  private(set) var starts: [Int32]
  private(set) var indices: [Int32]
  private(set) var values: [Double]
  private(set) var cost: [Double]
  let rowLower: [Double]
  private let lower, upper, rowUpper: [Double]
  private let isInteger: [UInt8]
  /// A lower limit above its upper one, or a row without terms whose limits leave 0 out.
  let contradicts: Bool

  init(_ model: LinearModel) {
    let limit = Self.limit
    lower = model.variables.map { limit($0.lower) }
    upper = model.variables.map { limit($0.upper) }
    cost = model.variables.map(\.cost)
    rowLower = model.rows.map { limit($0.lower) }
    rowUpper = model.rows.map { limit($0.upper) }
    isInteger = model.variables.map { $0.isInteger ? 1 : 0 }
    contradicts =
      model.variables.contains { $0.lower > $0.upper }
      || model.rows.contains {
        $0.lower > $0.upper || ($0.terms.isEmpty && ($0.lower > 0 || $0.upper < 0))
      }
    var counts = [Int32](repeating: 0, count: model.variables.count + 1)
    for row in model.rows {
      for term in row.terms { counts[term.variable.index + 1] += 1 }
    }
    for index in counts.indices.dropFirst() { counts[index] += counts[index - 1] }
    starts = counts
    indices = [Int32](repeating: 0, count: Int(counts.last ?? 0))
    values = [Double](repeating: 0, count: indices.count)
    for (number, row) in model.rows.enumerated() {
      for term in row.terms {
        let place = Int(counts[term.variable.index])
        indices[place] = Int32(number)
        values[place] = term.coefficient
        counts[term.variable.index] += 1
      }
    }
  }

  /// COIN takes its largest number for "none".
  static func limit(_ value: Double) -> Double {
    value.isInfinite ? Double.greatestFiniteMagnitude * (value < 0 ? -1 : 1) : value
  }

  var withoutCosts: PackedModel {
    var copy = self
    copy.cost = [Double](repeating: 0, count: cost.count)
    return copy
  }

  func withProblem<Result>(integers: Bool, _ body: (UnsafePointer<ccbc_problem>) -> Result) -> Result {
    // One nested closure an array: the pointers live only inside.
    starts.withUnsafeBufferPointer { starts in
      indices.withUnsafeBufferPointer { indices in
        values.withUnsafeBufferPointer { values in
          lower.withUnsafeBufferPointer { lower in
            upper.withUnsafeBufferPointer { upper in
              cost.withUnsafeBufferPointer { cost in
                rowLower.withUnsafeBufferPointer { rowLower in
                  rowUpper.withUnsafeBufferPointer { rowUpper in
                    isInteger.withUnsafeBufferPointer { isInteger in
                      var problem = ccbc_problem(
                        columns: Int32(lower.count), rows: Int32(rowLower.count), starts: starts.baseAddress,
                        indices: indices.baseAddress, values: values.baseAddress,
                        column_lower: lower.baseAddress, column_upper: upper.baseAddress,
                        cost: cost.baseAddress, row_lower: rowLower.baseAddress,
                        row_upper: rowUpper.baseAddress,
                        is_integer: integers ? isInteger.baseAddress : nil)
                      return body(&problem)
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
