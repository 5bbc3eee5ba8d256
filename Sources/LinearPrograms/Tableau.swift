// The state of our own simplex: the basis, its inverse, the values, and the step from one corner to the next.

/// State of one solve.
final class Tableau {
  private enum Place { case basic, lower, upper, free }

  private let feasibility = 1e-9
  private let optimality = 1e-9
  private let pivotLimit = 1e-8
  private let columns: Int
  private let rows: Int
  /// Columns of A, scaled; column columns + i is −e_i.
  private var starts: [Int]
  private var entries: [(row: Int, value: Double)]
  private let scaling: Scaling
  private var lower: [Double]
  private var upper: [Double]
  private var cost: [Double]
  private var weight: [Double]
  private var value: [Double]
  private var place: [Place]
  /// Variable of each basis place.
  private var basis: [Int]
  /// Inverse of the basis by columns: entry (i, k) at k·rows + i.
  private let inverse: UnsafeMutablePointer<Double>
  private var direction: [Double]
  private var prices: [Double]
  private var pivotsSinceFresh = 0

  init(_ model: LinearModel, scaling: Scaling) {
    (columns, rows) = (model.variables.count, model.rows.count)
    self.scaling = scaling
    var counts = [Int](repeating: 0, count: columns + 1)
    for row in model.rows { for term in row.terms { counts[term.variable.index + 1] += 1 } }
    for index in counts.indices.dropFirst() { counts[index] += counts[index - 1] }
    starts = counts
    entries = [(row: Int, value: Double)](repeating: (0, 0), count: counts.last ?? 0)
    for (index, row) in model.rows.enumerated() {
      for term in row.terms {
        let column = term.variable.index
        entries[counts[column]] = (index, term.coefficient * scaling.rows[index] * scaling.columns[column])
        counts[column] += 1
      }
    }
    lower = zip(model.variables, scaling.columns).map { $0.lower / $1 }
    upper = zip(model.variables, scaling.columns).map { $0.upper / $1 }
    cost = zip(model.variables, scaling.columns).map { $0.cost * $1 }
    lower += zip(model.rows, scaling.rows).map { $0.lower * $1 }
    upper += zip(model.rows, scaling.rows).map { $0.upper * $1 }
    // Costs of one size too: their tolerance is absolute.
    let size = cost.lazy.map { abs($0) }.max() ?? 0
    let unit = size > 0 ? Double(sign: .plus, exponent: size.exponent, significand: 1) : 1
    cost = cost.map { $0 / unit } + [Double](repeating: 0, count: rows)
    costUnit = unit
    weight = [Double](repeating: 1, count: columns + rows)
    for column in 0..<columns {
      let square = entries[starts[column]..<starts[column + 1]].reduce(1) { $0 + $1.value * $1.value }
      weight[column] = 1 / square.squareRoot()
    }
    value = [Double](repeating: 0, count: columns + rows)
    place = [Place](repeating: .basic, count: columns + rows)
    basis = Array(columns..<columns + rows)
    inverse = .allocate(capacity: max(1, rows * rows))
    direction = [Double](repeating: 0, count: rows)
    prices = direction
    for column in 0..<columns {
      let nearest = abs(lower[column]) <= abs(upper[column]) ? Place.lower : .upper
      place[column] = lower[column].isInfinite && upper[column].isInfinite ? .free : nearest
      value[column] = place[column] == .free ? 0 : place[column] == .lower ? lower[column] : upper[column]
    }
    refresh()
  }

  deinit { inverse.deallocate() }

  private let costUnit: Double

  private func forEntries(of column: Int, _ body: (Int, Double) -> Void) {
    if column >= columns { return body(column - columns, -1) }
    for index in starts[column]..<starts[column + 1] { body(entries[index].row, entries[index].value) }
  }

  /// direction = B⁻¹·(column).
  private func direct(_ column: Int) {
    let rows = rows
    direction.withUnsafeMutableBufferPointer { direction in
      for row in 0..<rows { direction[row] = 0 }
      forEntries(of: column) { k, factor in
        let from = inverse + k * rows
        for row in 0..<rows { direction[row] += factor * from[row] }
      }
    }
  }

  /// Takes `direction`'s column into basis place `pivot`.
  private func pivot(at pivot: Int) {
    let rows = rows
    let touched = (0..<rows).filter { direction[$0] != 0 && $0 != pivot }
    let divisor = direction[pivot]
    direction.withUnsafeBufferPointer { direction in
      touched.withUnsafeBufferPointer { touched in
        for k in 0..<rows {
          let column = inverse + k * rows
          guard column[pivot] != 0 else { continue }
          let factor = column[pivot] / divisor
          column[pivot] = factor
          for row in touched { column[row] -= factor * direction[row] }
        }
      }
    }
  }

  /// Inverts the basis anew and computes the basic values from the others: what rounding piled up is gone. A column
  /// that has become dependent leaves for the row's own variable.
  private func refresh() {
    for index in 0..<rows * rows { inverse[index] = 0 }
    for row in 0..<rows { inverse[row * rows + row] = -1 }
    let wanted = basis.filter { $0 < columns }
    let slacks = Set(basis.filter { $0 >= columns })
    basis = Array(columns..<columns + rows)
    for column in wanted {
      direct(column)
      var best = -1
      for row in 0..<rows where basis[row] >= columns && !slacks.contains(basis[row]) {
        if best < 0 || abs(direction[row]) > abs(direction[best]) { best = row }
      }
      if best >= 0, abs(direction[best]) > 1e-11 {
        pivot(at: best)
        basis[best] = column
      } else {
        park(column)
      }
    }
    for variable in 0..<columns + rows where place[variable] == .basic { place[variable] = .free }
    for variable in basis { place[variable] = .basic }
    for variable in 0..<columns + rows where place[variable] == .free && lower[variable] > -.infinity {
      park(variable)
    }
    for variable in 0..<columns + rows where place[variable] == .free && upper[variable] < .infinity {
      park(variable)
    }
    pivotsSinceFresh = 0
    settle()
  }

  /// Puts a variable that leaves the basis at its nearest limit.
  private func park(_ variable: Int) {
    let (low, high) = (lower[variable], upper[variable])
    if low.isInfinite && high.isInfinite {
      place[variable] = .free
    } else {
      place[variable] = abs(value[variable] - low) <= abs(value[variable] - high) ? .lower : .upper
      value[variable] = place[variable] == .lower ? low : high
    }
  }

  /// Basic values from the others.
  private func settle() {
    var sum = [Double](repeating: 0, count: rows)
    for variable in 0..<columns + rows where place[variable] != .basic && value[variable] != 0 {
      forEntries(of: variable) { sum[$0] -= $1 * value[variable] }
    }
    var basic = [Double](repeating: 0, count: rows)
    for k in 0..<rows where sum[k] != 0 {
      let column = inverse + k * rows
      for row in 0..<rows { basic[row] += sum[k] * column[row] }
    }
    for row in 0..<rows { value[basis[row]] = basic[row] }
  }

  /// prices = c_B·B⁻¹ with the costs of `costs`.
  private func price(_ costs: [(row: Int, cost: Double)]) {
    for k in 0..<rows {
      let column = inverse + k * rows
      var sum = 0.0
      for (row, cost) in costs { sum += cost * column[row] }
      prices[k] = sum
    }
  }

  private func reducedCost(_ variable: Int, _ cost: Double) -> Double {
    var sum = cost
    if variable >= columns { return cost + prices[variable - columns] }
    for index in starts[variable]..<starts[variable + 1] {
      sum -= prices[entries[index].row] * entries[index].value
    }
    return sum
  }

  private func slack(_ limit: Double) -> Double { feasibility * max(1, abs(limit)) }

  func run(seconds: Double) -> RelaxedStatus {
    let clock = ContinuousClock()
    let begin = clock.now
    var still = 0
    var last = Double.infinity
    for iteration in 0..<50 * (rows + columns) + 10_000 {
      if iteration % 64 == 63, seconds.isFinite, clock.now - begin > .seconds(seconds) { return .limit }
      if pivotsSinceFresh >= 200 + rows / 4 { refresh() }
      // Costs of this step: how far basic variables are outside their limits, else the real ones.
      var outside = 0.0
      var costs: [(row: Int, cost: Double)] = []
      for row in 0..<rows {
        let variable = basis[row]
        if value[variable] < lower[variable] - slack(lower[variable]) {
          outside += lower[variable] - value[variable]
          costs.append((row, -1))
        } else if value[variable] > upper[variable] + slack(upper[variable]) {
          outside += value[variable] - upper[variable]
          costs.append((row, 1))
        }
      }
      let isFirstPhase = !costs.isEmpty
      if !isFirstPhase {
        for row in 0..<rows where cost[basis[row]] != 0 { costs.append((row, cost[basis[row]])) }
      }
      price(costs)
      // Without progress for long, the least index enters and leaves: slow, and never in a circle.
      let progress = isFirstPhase ? 1e9 + outside : objective
      still = progress < last - 1e-12 * max(1, abs(last)) ? 0 : still + 1
      last = still == 0 ? progress : last
      let careful = still > 40 + rows / 8
      guard let (entering, step) = entering(firstPhase: isFirstPhase, careful: careful) else {
        if pivotsSinceFresh > 0 {
          refresh()
          continue
        }
        return isFirstPhase ? .infeasible : .optimal
      }
      direct(entering)
      if !advance(entering, step, careful: careful) {
        if pivotsSinceFresh > 0 {
          refresh()
          continue
        }
        return isFirstPhase ? .limit : .unbounded
      }
    }
    return .limit
  }

  private var objective: Double {
    var sum = 0.0
    for variable in 0..<columns { sum += cost[variable] * value[variable] }
    return sum
  }

  /// Variable that lowers the costs, and whether it rises (1) or falls (−1).
  private func entering(firstPhase: Bool, careful: Bool) -> (Int, Double)? {
    var best = (variable: -1, step: 0.0, score: 0.0)
    for variable in 0..<columns + rows where place[variable] != .basic && lower[variable] < upper[variable] {
      let reduced = reducedCost(variable, firstPhase ? 0 : cost[variable])
      let mayRise = place[variable] != .upper && reduced < -optimality
      let mayFall = place[variable] != .lower && reduced > optimality
      guard mayRise || mayFall else { continue }
      if careful { return (variable, mayRise ? 1 : -1) }
      let score = abs(reduced) * weight[variable]
      if score > best.score { best = (variable, mayRise ? 1 : -1, score) }
    }
    return best.variable < 0 ? nil : (best.variable, best.step)
  }

  /// Moves the entering variable until a limit stops it; false where none does.
  private func advance(_ entering: Int, _ sign: Double, careful: Bool) -> Bool {
    func limit(_ row: Int) -> (bound: Double, rate: Double)? {
      let rate = -sign * direction[row]
      guard abs(rate) > pivotLimit else { return nil }
      let variable = basis[row]
      let isBelow = value[variable] < lower[variable] - slack(lower[variable])
      let isAbove = value[variable] > upper[variable] + slack(upper[variable])
      if rate > 0 {
        if isAbove { return nil }
        let bound = isBelow ? lower[variable] : upper[variable]
        return bound.isFinite ? (bound, rate) : nil
      }
      if isBelow { return nil }
      let bound = isAbove ? upper[variable] : lower[variable]
      return bound.isFinite ? (bound, rate) : nil
    }
    // Two passes (Harris): how far with a tolerance, then the largest pivot within that.
    var reach = Double.infinity
    for row in 0..<rows {
      guard let (bound, rate) = limit(row) else { continue }
      let room = abs(bound - value[basis[row]]) * ((bound - value[basis[row]]) * rate < 0 ? -1 : 1)
      reach = min(reach, (max(0, room) + (careful ? 0 : slack(bound))) / abs(rate))
    }
    var leaving = -1
    var distance = Double.infinity
    var leavingBound = 0.0
    if reach.isFinite {
      for row in 0..<rows {
        guard let (bound, rate) = limit(row) else { continue }
        let ratio = max(0, (bound - value[basis[row]]) / rate)
        guard ratio <= reach * (1 + 1e-14) else { continue }
        let isBetter =
          leaving < 0
          || (careful ? basis[row] < basis[leaving] : abs(direction[row]) > abs(direction[leaving]))
        if isBetter { (leaving, distance, leavingBound) = (row, ratio, bound) }
      }
    }
    let span = upper[entering] - lower[entering]
    guard leaving >= 0 || span.isFinite else { return false }
    let flips = span <= distance
    let length = flips ? span : distance
    for row in 0..<rows where direction[row] != 0 { value[basis[row]] -= sign * length * direction[row] }
    if flips {
      place[entering] = sign > 0 ? .upper : .lower
      value[entering] = sign > 0 ? upper[entering] : lower[entering]
      return true
    }
    value[entering] += sign * length
    let left = basis[leaving]
    value[left] = leavingBound
    place[left] = leavingBound == lower[left] ? .lower : .upper
    pivot(at: leaving)
    basis[leaving] = entering
    place[entering] = .basic
    pivotsSinceFresh += 1
    return true
  }

  func solution(of model: LinearModel) -> RelaxedSolution {
    let values = (0..<columns).map { value[$0] * scaling.columns[$0] }
    var reduced = [Double](repeating: 0, count: columns)
    for variable in 0..<columns where place[variable] != .basic {
      reduced[variable] = reducedCost(variable, cost[variable]) * costUnit / scaling.columns[variable]
    }
    let duals = (0..<rows).map { prices[$0] * scaling.rows[$0] * costUnit }
    return RelaxedSolution(
      objective: model.cost(of: values), values: values, duals: duals, reducedCosts: reduced)
  }
}
