// Programs from seeds: small, of every kind of limit, many of them degenerate, infeasible or unbounded.

import LinearPrograms

/// SplitMix64.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// A program of up to `columns` variables and `rows` rows.
func randomProgram(_ seed: Int, columns: Int = 14, rows: Int = 12, integers: Bool = false) -> LinearModel {
  var random = Seeded(seed)
  var model = LinearModel("random\(seed)")
  // Small whole numbers in every other program: ties and degenerate corners.
  let isCoarse = seed % 2 == 0
  func number(_ range: ClosedRange<Double>) -> Double {
    let value = Double.random(in: range, using: &random)
    return isCoarse ? value.rounded() : value
  }
  let variables = (0..<Int.random(in: 1...columns, using: &random)).map { index in
    let kind = Int.random(in: 0..<10, using: &random)
    let lower = number(-4...4)
    let isInteger = integers && Bool.random(using: &random)
    let limits: (Double, Double) =
      switch kind {
      case 0 where !integers: (-.infinity, .infinity)
      case 1 where !integers: (-.infinity, lower)
      case 2: (lower, lower)
      case 3, 4, 5: (lower.rounded(), lower.rounded() + abs(number(0...6)).rounded())
      default: integers ? (0, 6) : (0, .infinity)
      }
    return model.variable(
      "x\(index)", lower: limits.0, upper: limits.1, cost: number(-3...6), isInteger: isInteger)
  }
  for index in 0..<Int.random(in: 1...rows, using: &random) {
    var terms: [(LinearModel.VariableID, Double)] = []
    for variable in variables where Int.random(in: 0..<10, using: &random) < 4 {
      terms.append((variable, number(-5...9)))
    }
    let level = number(-8...20)
    switch Int.random(in: 0..<8, using: &random) {
    case 0: model.row("r\(index)", terms, lower: level, upper: level)
    case 1: model.row("r\(index)", terms, lower: level, upper: level + abs(number(0...9)))
    case 2, 3: model.row("r\(index)", terms, lower: level)
    default: model.row("r\(index)", terms, upper: level)
    }
  }
  return model
}

/// Branch and bound over our own simplex, depth first: a second opinion on small mixed programs.
func enumerated(_ model: LinearModel) throws -> Double? {
  var best: Double?
  var open = [model]
  while let node = open.popLast() {
    let relaxed = try BoundedSimplex().solveRelaxed(node)
    guard relaxed.status == .optimal, let bound = relaxed.objective, bound < (best ?? .infinity) - 1e-9 else {
      continue
    }
    let broken = node.variables.indices.first {
      node.variables[$0].isInteger && abs(relaxed.values[$0] - relaxed.values[$0].rounded()) > 1e-7
    }
    guard let broken else {
      best = bound
      continue
    }
    let value = relaxed.values[broken]
    let variable = node.variableIDs[broken]
    var (below, above) = (node, node)
    below.setLimits(of: variable, lower: node.variables[broken].lower, upper: value.rounded(.down))
    above.setLimits(of: variable, lower: value.rounded(.up), upper: node.variables[broken].upper)
    open += [below, above]
  }
  return best
}
