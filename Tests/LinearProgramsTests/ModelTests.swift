// The model's file, the checker and the smallest relaxation.

import LinearPrograms
import Testing

private func mixture() -> LinearModel {
  var model = LinearModel("one of each")
  let blocks = model.variable("blocks, site A", upper: 40, cost: 0.1 + 0.2)
  let open = model.decision("open?", cost: 1e6)
  let free = model.variable("free", lower: -.infinity, cost: -1.0 / 3)
  let below = model.variable("below", lower: -.infinity, upper: -2)
  let count = model.variable("count", lower: 1, isInteger: true)
  model.variable("RHS", lower: 7, upper: 7)
  model.row("open_", [(blocks, 1), (open, -40)], upper: 0)
  model.row("open?", [(blocks, 1), (free, 2)], lower: 1.5)
  model.row("equal", [(free, 1), (below, -1), (free, 0.25)], lower: 3, upper: 3)
  model.row("between", [(count, 2), (blocks, 1)], lower: 4, upper: 9)
  model.row("odd width", [(count, 1)], lower: 1.2, upper: 3.4)
  model.row("free", [(count, 1)])
  return model
}

@Suite struct ModelTests {
  @Test("the file is written as other solvers read it, letter by letter")
  func golden() throws {
    #expect(
      try mixture().mps() == """
        NAME one_of_each
        ROWS
         N COST
         L open_
         G open_#2
         E equal
         L between
         G odd_width
         L odd_width#2
         N free
        COLUMNS
         blocks,_site_A COST 0.30000000000000004
         blocks,_site_A open_ 1.0
         blocks,_site_A open_#2 1.0
         blocks,_site_A between 1.0
         MARKER0 'MARKER' 'INTORG'
         open_ COST 1000000.0
         open_ open_ -40.0
         MARKER1 'MARKER' 'INTEND'
         free COST -0.3333333333333333
         free open_#2 2.0
         free equal 1.25
         below equal -1.0
         MARKER2 'MARKER' 'INTORG'
         count between 2.0
         count odd_width 1.0
         count odd_width#2 1.0
         count free 1.0
         MARKER3 'MARKER' 'INTEND'
         _RHS COST 0.0
        RHS
         RHS open_#2 1.5
         RHS equal 3.0
         RHS between 9.0
         RHS odd_width 1.2
         RHS odd_width#2 3.4
        RANGES
         RANGES between 5.0
        BOUNDS
         UP BOUND blocks,_site_A 40.0
         UP BOUND open_ 1.0
         FR BOUND free
         UP BOUND below -2.0
         MI BOUND below
         PL BOUND count
         LO BOUND count 1.0
         FX BOUND _RHS 7.0
        ENDATA

        """)
  }

  @Test("random models come back from their file with every number as it was")
  func roundTrip() throws {
    for seed in 0..<200 {
      let model = randomProgram(seed, integers: seed % 3 == 0)
      let read = try #require(readMPS(model.mps()))
      #expect(read == model.withoutSplitRows, "seed \(seed)")
    }
  }

  @Test("terms of one variable are summed in their order, zeros go")
  func terms() {
    var model = LinearModel("m")
    let (a, b) = (model.variable("a"), model.variable("b"))
    model.row("r", [(b, 0.1), (a, 1), (b, 0.2), (a, -1)])
    #expect(model.rows[0].terms.map(\.variable) == [b])
    #expect(model.rows[0].terms.map(\.coefficient) == [0.1 + 0.2])
  }

  @Test("the checker names what is not kept and by how much, without rounding")
  func violations() {
    var model = LinearModel("m")
    let a = model.variable("a", upper: 2, cost: 3)
    let b = model.variable("b", cost: 1, isInteger: true)
    // 1e16 + 1 − 1e16 is 0 in doubles from left to right and 1 without rounding.
    model.row("exact", [(a, 1e16), (b, 1)], lower: 1e16 + 2, upper: 1e16 + 2)
    #expect(model.violations(of: [1, 2], objective: 5, tolerance: 0).isEmpty)
    #expect(
      model.violations(of: [1, 3], tolerance: 0) == [Violation(kind: .row, name: "exact", amount: 1)])
    #expect(
      model.violations(of: [3, 0.5], objective: 9, tolerance: 1e-9) == [
        Violation(kind: .limit, name: "a", amount: 1),
        Violation(kind: .integer, name: "b", amount: -0.5),
        Violation(kind: .row, name: "exact", amount: 2e16 - 1.5),
        Violation(kind: .objective, name: "m", amount: -0.5),
      ])
    var thirds = LinearModel("m")
    let third = thirds.variable("third")
    thirds.row("whole", [(third, 3)], upper: 0.3)
    // 2⁻⁵⁵ is what 3 times the double 0.1 has above the double 0.3; the rounded product has twice that.
    #expect(thirds.violations(of: [0.1], tolerance: 0).map(\.amount) == [0x1p-55])
    #expect(model.violations(of: [-1, 2]).first == Violation(kind: .limit, name: "a", amount: -1))
    #expect(model.violations(of: [1]).map(\.kind) == [.value])
    #expect(model.violations(of: [1, .nan]).map(\.name) == ["b"])
    #expect(
      Violation(kind: .row, name: "power", amount: -2).description == "power is 2.0 below its lower limit")
  }

  @Test("100 seeded changes of one value of a solution are each found")
  func corruptions() throws {
    let solver = try CoinSolver()
    var caught = 0
    var seed = 0
    var random = Seeded(11)
    while caught < 100 {
      seed += 1
      var model = randomProgram(seed, integers: true)
      // Without a cost a variable may have slack on all sides, and its change is no fault.
      for variable in model.variableIDs where model.variables[variable.index].cost == 0 {
        model.addCost(0.5, to: variable)
      }
      let solution = try solver.solve(model)
      guard solution.status == .optimal else { continue }
      #expect(model.violations(of: solution.values, objective: solution.objective).isEmpty)
      var values = solution.values
      let place = Int.random(in: 0..<values.count, using: &random)
      let step = Double.random(in: 0.001...3, using: &random) * (Bool.random(using: &random) ? 1 : -1)
      values[place] += step
      let found = model.violations(of: values, objective: solution.objective)
      #expect(!found.isEmpty, "seed \(seed), \(model.variables[place].name) by \(step)")
      caught += 1
    }
  }

  @Test("the smallest relaxation names the cheapest rows to move and by how much")
  func relaxation() throws {
    let coin = try CoinSolver()
    var model = LinearModel("short")
    let open = model.decision("open")
    let units = model.variable("units")
    let need = model.row("need", [(units, 1)], lower: 10)
    let supply = model.row("supply", [(units, 1)], upper: 6)
    let room = model.row("room", [(units, 1), (open, -8)], upper: 0)
    func answer(_ weights: [Double]) throws -> [Relaxation]? {
      try coin.smallestRelaxation(
        of: model, rows: zip([need, supply, room], weights).map { ElasticRow($0, weight: $1) })
    }
    #expect(try answer([1, 3, 3]) == [Relaxation(row: "need", amount: -4)])
    #expect(
      try answer([9, 1, 2]) == [Relaxation(row: "supply", amount: 4), Relaxation(row: "room", amount: 2)])
    #expect(
      try coin.smallestRelaxation(of: model, rows: [ElasticRow(supply)]) == nil, "room stands in the way too")
    model.setLimits(of: need, lower: 5, upper: .infinity)
    #expect(try answer([1, 1, 1]) == [])
    model.setLimits(of: need, lower: 10, upper: .infinity)
    #expect(
      try BoundedSimplex().smallestRelaxedRelaxation(
        of: model, rows: [ElasticRow(need), ElasticRow(supply, weight: 3)])
        == [Relaxation(row: "need", amount: -4)])
  }
}

extension LinearModel {
  /// As the file holds it: a row whose range would not give both limits back is two rows.
  fileprivate var withoutSplitRows: LinearModel {
    var copy = LinearModel(name)
    for variable in variables {
      copy.variable(
        variable.name, lower: variable.lower, upper: variable.upper, cost: variable.cost,
        isInteger: variable.isInteger)
    }
    for row in rows {
      let terms = row.terms.map { ($0.variable, $0.coefficient) }
      let width = row.upper - row.lower
      if width.isFinite, row.upper - width != row.lower, row.lower + width != row.upper {
        copy.row(row.name, terms, lower: row.lower)
        copy.row("\(row.name)#2", terms, upper: row.upper)
      } else {
        copy.row(row.name, terms, lower: row.lower, upper: row.upper)
      }
    }
    return copy
  }
}

/// Reads what `mps()` writes, by the format's own rules; nil for anything else.
private func readMPS(_ text: String) -> LinearModel? {
  struct Draft {
    var kind: String
    var terms: [(Int, Double)] = []
    var rightSide = 0.0
    var range: Double?
  }
  var section = ""
  var name = ""
  var rows: [(name: String, draft: Draft)] = []
  var places: [String: Int] = [:]
  var columns: [LinearModel.Variable] = []
  var columnPlaces: [String: Int] = [:]
  var isInteger = false
  for line in text.split(separator: "\n") {
    let words = line.split(separator: " ").map(String.init)
    if !line.hasPrefix(" ") {
      section = words[0]
      if section == "NAME" { name = words[1] }
      continue
    }
    switch section {
    case "ROWS":
      places[words[1]] = rows.count
      rows.append((words[1], Draft(kind: words[0])))
    case "COLUMNS" where words[1] == "'MARKER'": isInteger = words[2] == "'INTORG'"
    case "COLUMNS":
      guard let value = Double(words[2]), let place = places[words[1]] else { return nil }
      if columnPlaces[words[0]] == nil {
        columnPlaces[words[0]] = columns.count
        columns.append(.init(name: words[0], lower: 0, upper: .infinity, cost: 0, isInteger: isInteger))
      }
      if words[1] == "COST" {
        columns[columns.count - 1].cost = value
      } else {
        rows[place].draft.terms.append((columns.count - 1, value))
      }
    case "RHS":
      guard let place = places[words[1]], let value = Double(words[2]) else { return nil }
      rows[place].draft.rightSide = value
    case "RANGES":
      guard let place = places[words[1]], let value = Double(words[2]) else { return nil }
      rows[place].draft.range = value
    case "BOUNDS":
      guard let place = columnPlaces[words[2]] else { return nil }
      let value = words.count > 3 ? Double(words[3]) ?? .nan : .nan
      switch words[0] {
      case "UP": columns[place].upper = value
      case "LO": columns[place].lower = value
      case "FX": (columns[place].lower, columns[place].upper) = (value, value)
      case "FR": (columns[place].lower, columns[place].upper) = (-.infinity, .infinity)
      case "MI": columns[place].lower = -.infinity
      case "PL": columns[place].upper = .infinity
      default: return nil
      }
    default: return nil
    }
  }
  var model = LinearModel(name)
  for column in columns {
    model.variable(
      column.name, lower: column.lower, upper: column.upper, cost: column.cost, isInteger: column.isInteger)
  }
  let variables = model.variableIDs
  for (name, draft) in rows where name != "COST" {
    let limits: (Double, Double) =
      switch (draft.kind, draft.range) {
      case ("E", _): (draft.rightSide, draft.rightSide)
      case ("L", let range): (range.map { draft.rightSide - $0 } ?? -.infinity, draft.rightSide)
      case ("G", let range): (draft.rightSide, range.map { draft.rightSide + $0 } ?? .infinity)
      default: (-.infinity, .infinity)
      }
    model.row(name, draft.terms.map { (variables[$0.0], $0.1) }, lower: limits.0, upper: limits.1)
  }
  return model
}
