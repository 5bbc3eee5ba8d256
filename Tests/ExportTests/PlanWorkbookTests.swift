// The workbook of a plan against the plan: what another spreadsheet program computes from its cells is what
// the planner computed, before and after an input is changed.

import Catalog
import Export
import Foundation
import Planner
import Quantities
import Tables
import Testing

/// Throughput that a test sees through: tokens/s by kind of model, replicas of eight.
func throughput(decode: Double) -> ThroughputSource {
  ThroughputSource { standIn, offer, _ in
    let slow = standIn.kind == "dense" ? 1.0 : 2.0
    let own = offer.id == "aws-gb200" && standIn.kind == "mla" ? decode : 1000 * slow
    return .success(
      Throughput(
        prefill: Figure(10_000 * slow, "tokens/s", interval: Interval(8000, 25_000), trust: .calibrated),
        decode: Figure(own, "tokens/s", interval: Interval(own * 0.8, own * 1.25), trust: .calibrated),
        replica: 16, decodeBound: 20_000, prefillBound: 40_000, deployment: "TP16"))
  }
}

func makePlan(_ name: String, _ settings: [String] = [], decode: Double = 2000) throws -> Plan {
  let evidence = PlanEvidence(catalog: try Catalog.embedded(), throughput: throughput(decode: decode))
  return try Plan(try Scenario.load(name, set: settings), evidence: evidence)
}

/// An input of the workbook and the same change of a fresh run; the program's own test changes five more.
struct ChangedInput: Sendable {
  let cell: String
  let value: Double
  let setting: String?

  static let all = [
    ChangedInput(cell: "pools", value: 96, setting: "pools=96"),
    ChangedInput(cell: "utilisation_policy", value: 0.72, setting: "utilisation_policy=0.72"),
    ChangedInput(cell: "hours_per_month", value: 700, setting: "hours_per_month=700"),
    ChangedInput(cell: "discount_rate", value: 0.06, setting: "discount_rate=0.06"),
    ChangedInput(cell: "decode_tok_s_aws_gb200_deepseek_v3", value: 1500, setting: nil),
  ]

  func freshPlan() throws -> Plan {
    try makePlan("openai-aws-38b", setting.map { [$0] } ?? [], decode: setting == nil ? value : 2000)
  }
}

@Suite("The workbook of a plan")
struct PlanWorkbookTests {
  @Test("every scenario's workbook holds the plan's own figures", arguments: Scenario.bundledNames)
  func figures(scenario: String) throws {
    let plan = try makePlan(scenario)
    let differences = PlanFigures(plan).differences(from: PlanWorkbook.make(plan).evaluated)
    #expect(differences == [])
  }

  @Test("a plan that starts from demand has a workbook too")
  func demand() throws {
    let plan = try makePlan("openai-aws-38b", ["budget_usd=", "demand_users=7e8"])
    #expect(plan.acceleratorMoney == nil)
    #expect(PlanFigures(plan).differences(from: PlanWorkbook.make(plan).evaluated) == [])
  }

  @Test("a budget that buys nothing gives a workbook without division by zero")
  func poor() throws {
    let plan = try makePlan("openai-aws-38b", ["budget_usd=1000"])
    #expect(plan.options.allSatisfy { $0.accelerators == 0 })
    let folder = try TemporaryFolder()
    try XLSXFormat.write(PlanWorkbook.make(plan), to: folder.path + "/poor.xlsx")
  }

  @Test(
    "LibreOffice shows the plan's figures, from the stored values and from its own recalculation",
    .enabled(if: LibreOffice.program != nil, "\(LibreOffice.isMissing)"))
  func recalculated() throws {
    let folder = try TemporaryFolder()
    var files: [String] = []
    var plans: [Plan] = []
    for scenario in ["openai-aws-38b", "multi-cloud-scarce"] {
      let plan = try makePlan(scenario)
      plans.append(plan)
      files.append("\(folder.path)/\(scenario).xlsx")
      try XLSXFormat.write(PlanWorkbook.make(plan), to: files[files.count - 1])
    }
    for recalculating in [false, true] {
      for (plan, read) in zip(plans, try LibreOffice.read(files, recalculating: recalculating)) {
        let agreement = Agreement(of: PlanWorkbook.make(plan), with: read)
        #expect(agreement.differences == [])
        #expect(agreement.formulas > 1000)
        #expect(PlanFigures(plan).differences(from: read) == [])
      }
    }
  }

  @Test(
    "a changed input cell gives what a fresh run with that input gives",
    .enabled(if: LibreOffice.program != nil, "\(LibreOffice.isMissing)"))
  func changed() throws {
    let folder = try TemporaryFolder()
    let base = PlanWorkbook.make(try makePlan("openai-aws-38b"))
    let old = WorkbookValues(base)
    var files: [String] = []
    for input in ChangedInput.all {
      let book = try #require(base.setting(input.cell, to: input.value), "no cell \(input.cell)")
      files.append("\(folder.path)/\(input.cell).xlsx")
      try XLSXFormat.write(book, values: old, to: files[files.count - 1])
    }
    let recalculated = try LibreOffice.read(files, recalculating: true)
    let before = base.evaluated
    for (index, input) in ChangedInput.all.enumerated() {
      let figures = PlanFigures(try input.freshPlan())
      #expect(!figures.differences(from: before).isEmpty, "\(input.cell) changes nothing")
      #expect(figures.differences(from: recalculated[index]) == [], "\(input.cell)")
      #expect(!recalculated[index].values.contains { $0.values.contains(.error) })
    }
  }
}

/// The selector of the assumptions, and the sheets that other runs fill.
@Suite("The workbook's cases")
struct PlanCasesTests {
  private func selecting(_ word: String, in book: Workbook) throws -> Workbook {
    var copy = book
    let place = try #require(book.names["scenario_case"])
    let sheet = try #require(copy.sheets.firstIndex { $0.name == place.sheet })
    let isThere = copy.sheets[sheet].replace(row: place.row, column: place.column, with: .text(word))
    #expect(isThere)
    return copy
  }

  private func plan(at end: RangeEnd) throws -> Plan {
    let evidence = PlanEvidence(catalog: try Catalog.embedded(), throughput: throughput(decode: 2000))
    return try Plan(try Scenario.load("openai-aws-38b").at(end), evidence: evidence)
  }

  @Test(
    "the selector gives what a fresh run at that end of the ranges gives", arguments: [RangeEnd.low, .high])
  func ends(end: RangeEnd) throws {
    let base = PlanWorkbook.make(try plan(at: .base))
    let book = try selecting(end.rawValue.capitalized, in: base)
    let figures = PlanFigures(try plan(at: end))
    #expect(!figures.differences(from: base.evaluated).isEmpty, "the ends differ from the base")
    #expect(figures.differences(from: book.evaluated) == [])
  }

  @Test(
    "LibreOffice follows the selector",
    .enabled(if: LibreOffice.program != nil, "\(LibreOffice.isMissing)"))
  func foreign() throws {
    let folder = try TemporaryFolder()
    let base = PlanWorkbook.make(try plan(at: .base))
    let file = folder.path + "/high.xlsx"
    try XLSXFormat.write(selecting("High", in: base), values: WorkbookValues(base), to: file)
    let read = try LibreOffice.read([file], recalculating: true)[0]
    #expect(PlanFigures(try plan(at: .high)).differences(from: read) == [])
    #expect(!read.values.contains { $0.values.contains(.error) })
  }

  @Test("Demand multiplies out: users of the headline times requests and tokens of a user's day")
  func demand() throws {
    let plan = try plan(at: .base)
    let book = PlanWorkbook.make(plan).evaluated
    let capacity = try #require(plan.capacities.first { $0.option == plan.leading })
    let numbers = (book["Demand"] ?? [:]).values.compactMap { cell -> Double? in
      if case .number(let value) = cell { return value }
      return nil
    }
    func shows(_ value: Double) -> Bool { numbers.contains { abs($0 / value - 1) < 1e-9 } }
    #expect(shows(capacity.users.value) && shows(capacity.peakRequests.value))
    #expect(shows(capacity.prefillTokensPerSecond.value) && shows(capacity.decodeTokensPerSecond.value))
    let day = 3.71 * (1154.7 + 211.1)
    #expect(shows(day) && shows(capacity.users.value * day) && shows(capacity.users.value * 3.71 / 86_400))
  }

  @Test("custom values follow the base until one is written")
  func custom() throws {
    let base = PlanWorkbook.make(try plan(at: .base))
    let book = try selecting("Custom", in: base)
    #expect(PlanFigures(try plan(at: .base)).differences(from: book.evaluated) == [])
  }

  @Test("sheets of other runs stand where there are such runs")
  func companions() throws {
    let evidence = PlanEvidence(catalog: try Catalog.embedded(), throughput: throughput(decode: 2000))
    let scenario = try Scenario.load("openai-aws-38b")
    let plan = try Plan(scenario, evidence: evidence)
    var companions = PlanCompanions(scenario, base: plan) { try Plan($0, evidence: evidence) }
    companions.uncertainty = try PlanUncertainty(
      plan, catalog: evidence.catalog, samples: 64, sobolBase: 16)
    companions.earlier = "azure-exclusive"
    companions.difference = try PlanDifference(Scenario.load("azure-exclusive"), scenario) {
      try Plan($0, evidence: evidence)
    }
    let names = PlanWorkbook.make(plan, with: companions).sheets.map(\.name)
    for name in ["Supply", "Scenarios", "Uncertainty", "Compare", "Deals", "Focus"] {
      #expect(names.contains(name))
    }
    let bare = PlanWorkbook.make(plan).sheets.map(\.name)
    #expect(!bare.contains("Scenarios") && !bare.contains("Uncertainty") && bare.contains("Supply"))
  }
}

/// Many inputs, each changed in a file of its own.
@Suite("The workbook's inputs")
struct PlanInputsTests {
  /// Inputs that the workbook follows and that have a range, with a value inside it that is neither end nor base.
  private static func changes() throws -> [(key: String, value: Double)] {
    let scenario = try Scenario.load("openai-aws-38b")
    return scenario.inputs.compactMap { input in
      guard input.key.isLive, let low = input.active?.low, let high = input.active?.high, low < high else {
        return nil
      }
      let value = low + 0.37 * (high - low)
      if case .whole = input.key.kind { return (input.key.name, value.rounded()) }
      // As many digits as a cell and a command line carry alike.
      return (input.key.name, (value * 1e6).rounded() / 1e6)
    }
  }

  @Test(
    "every input with a range, changed alone, gives in LibreOffice what a fresh run with that input gives",
    .enabled(if: LibreOffice.program != nil, "\(LibreOffice.isMissing)"))
  func foreign() throws {
    let folder = try TemporaryFolder()
    let base = PlanWorkbook.make(try makePlan("openai-aws-38b"))
    let old = WorkbookValues(base)
    let changes = try Self.changes()
    #expect(changes.count >= 18)
    let files = try changes.map { key, value in
      let book = try #require(base.setting(Workbook.nameText(key), to: value), "no cell \(key)")
      let file = "\(folder.path)/\(key).xlsx"
      try XLSXFormat.write(book, values: old, to: file)
      return file
    }
    for (change, read) in zip(changes, try LibreOffice.read(files, recalculating: true)) {
      let fresh = try makePlan("openai-aws-38b", ["\(change.key)=\(change.value)"])
      #expect(PlanFigures(fresh).differences(from: read) == [], "\(change.key) = \(change.value)")
      #expect(!read.values.contains { $0.values.contains(.error) }, "\(change.key)")
    }
  }
}

/// A plan's figures by the headings under which a sheet shows them.
struct PlanFigures {
  /// sheet, occurrence of the heading row, row label, second label, heading, value
  private var wanted: [(sheet: String, block: Int, labels: [String], heading: String, value: Double)] = []

  init(_ plan: Plan) {
    for option in plan.options {
      for (heading, value) in [
        ("Accelerators, unrounded", option.rawAccelerators), ("Accelerators", option.accelerators),
        ("Cost of accelerators, USD", option.cost), ("Money for accelerators, USD", option.money),
        ("Racks", option.racks), ("Power, MW", option.megawatts),
        ("Usable accelerators (without spares)", option.usable),
        ("Accelerators per training run", option.acceleratorsPerRun),
        ("Training runs at once", option.trainingRuns),
      ] {
        guard let value else { continue }
        wanted.append(("Capacity", 0, [option.id], heading, value))
      }
      let rows = plan.schedule.filter { $0.option == option.id }
      wanted.append(("Cost", 0, [option.id], "Spend, USD", rows.reduce(0) { $0 + $1.spend }))
      wanted.append(("Cost", 0, [option.id], "Net present value, USD", option.netPresentValue))
      for row in rows { wanted.append(("Cost", 2, [option.id], row.month.label, row.spend)) }
    }
    for capacity in plan.capacities {
      let labels = [capacity.option, capacity.standIn.model]
      for (sheet, heading, value) in [
        ("Capacity", "Utilisation", capacity.utilisation),
        ("Capacity", "Stranded share of a domain", capacity.strandedShare),
        ("Capacity", "Requests/s", capacity.peakRequests.value),
        ("Capacity", "Prefill, tokens/s", capacity.prefillTokensPerSecond.value),
        ("Capacity", "Decode, tokens/s", capacity.decodeTokensPerSecond.value),
        ("Capacity", "Users a day", capacity.users.value),
        ("Cost", "USD/Mtok, all tokens", capacity.usdPerMtokTotal.value),
        ("Cost", "USD/Mtok, fresh input", capacity.usdPerMtokFreshInput.value),
        ("Cost", "USD/Mtok, output", capacity.usdPerMtokOutput.value),
      ] {
        wanted.append((sheet, 1, labels, heading, value))
      }
    }
  }

  /// The figures of the CSV tables that the program wrote into a folder.
  init(csvFolder folder: String) throws {
    func rows(_ file: String) throws -> [[String: String]] {
      let path = "\(folder)/\(file)"
      let bytes = FileManager.default.contents(atPath: path) ?? Data()
      let document = try CSVDocument(Array(bytes), file: path)
      return document.records.map { Dictionary(uniqueKeysWithValues: zip(document.header, $0.fields)) }
    }
    func add(
      _ row: [String: String], _ labels: [String], _ sheet: String, _ block: Int, _ headings: [String: String]
    ) {
      let labels = labels.map { row[$0] ?? "" }
      for (column, heading) in headings.sorted(by: { $0.key < $1.key }) {
        guard let value = row[column].flatMap({ Double($0) }) else { continue }
        wanted.append((sheet, block, labels, heading, value))
      }
    }
    for row in try rows("plan_summary.csv") {
      add(
        row, ["option"], "Capacity", 0,
        [
          "accelerators_unrounded": "Accelerators, unrounded", "accelerators": "Accelerators",
          "accelerator_cost_usd": "Cost of accelerators, USD", "unspent_usd": "Unspent, USD",
          "racks": "Racks",
          "power_mw": "Power, MW", "usable_accelerators": "Usable accelerators (without spares)",
          "accelerators_per_training_run": "Accelerators per training run",
          "training_runs_at_once": "Training runs at once",
        ])
      add(row, ["option"], "Cost", 0, ["npv_usd": "Net present value, USD"])
    }
    for row in try rows("plan_capacity.csv") {
      add(
        row, ["option", "model"], "Capacity", 1,
        [
          "utilisation": "Utilisation", "accelerator_s_per_request": "Accelerator-seconds per request",
          "peak_requests_per_s": "Requests/s", "prefill_tokens_per_s": "Prefill, tokens/s",
          "decode_tokens_per_s": "Decode, tokens/s", "users": "Users a day", "users_low": "Users, low",
          "users_high": "Users, high",
        ])
      add(
        row, ["option", "model"], "Cost", 1,
        [
          "usd_per_mtok_all_tokens": "USD/Mtok, all tokens",
          "usd_per_mtok_fresh_input": "USD/Mtok, fresh input",
          "usd_per_mtok_output": "USD/Mtok, output",
        ])
    }
    for row in try rows("plan_monthly.csv") {
      let month = String((row["month"] ?? "").prefix(7))
      add(row, ["option"], "Cost", 2, ["spend_usd": month])
    }
  }

  /// Figures to compare.
  var count: Int { wanted.count }

  /// What a workbook shows otherwise, or does not show.
  func differences(from book: ForeignWorkbook, tolerance: Double = 1e-9) -> [String] {
    let sheets = book.mapValues { SheetGrid($0) }
    var found: [String] = []
    for figure in wanted {
      let shown = sheets[figure.sheet]?.number(figure.block, figure.labels, figure.heading)
      let name = "\(figure.sheet) \(figure.labels.joined(separator: " ")) \(figure.heading)"
      guard let shown else {
        found.append("\(name): not shown")
        continue
      }
      if abs(shown - figure.value) > tolerance * abs(figure.value) {
        found.append("\(name): plan \(figure.value), workbook \(shown)")
      }
    }
    return found
  }
}

/// A sheet read by its headings, as a person does.
private struct SheetGrid {
  private var cells: [Int: [Int: ForeignCell]] = [:]
  private var headingRows: [Int] = []
  private var labelRows: [String: [Int]] = [:]
  private var monthRow: Int?

  init(_ sheet: [String: ForeignCell]) {
    for (name, cell) in sheet {
      let letters = name.prefix { $0.isLetter }
      guard let row = Int(name.dropFirst(letters.count)) else { continue }
      let column = letters.utf8.reduce(0) { $0 * 26 + Int($1) - 64 }
      cells[row, default: [:]][column] = cell
    }
    for row in cells.keys.sorted() {
      if case .text(let label)? = cells[row]?[1] { labelRows[label, default: []].append(row) }
    }
    headingRows = cells.keys.filter { cells[$0]?[1] == .text("Option") }.sorted()
    monthRow = cells.keys.first { cells[$0]?[1] == .text("Month") }
  }

  /// The number under a heading of the block with this number (2: the row of months), in the row with these labels.
  func number(_ block: Int, _ labels: [String], _ heading: String) -> Double? {
    let from = block == 2 ? headingRows.first : (block < headingRows.count ? headingRows[block] : nil)
    guard let from, let headings = block == 2 ? monthRow : from,
      let column = cells[headings]?.first(where: { $0.value == .text(heading) })?.key
    else { return nil }
    let row = labelRows[labels[0]]?.first { row in
      row > from && labels.enumerated().allSatisfy { cells[row]?[1 + $0.offset] == .text($0.element) }
    }
    guard let row, case .number(let value)? = cells[row]?[column] else { return nil }
    return value
  }
}

extension Workbook {
  /// The workbook as another program would show it, by Swift's own evaluation.
  var evaluated: ForeignWorkbook {
    var values = WorkbookValues(self)
    var book: ForeignWorkbook = [:]
    for sheet in sheets {
      for position in sheet.cells.keys {
        let name = CellAddress.letters(position.column) + String(position.row + 1)
        let cell: ForeignCell
        switch values.value(at: sheet.address(row: position.row, column: position.column)) {
        case .number(let value): cell = .number(value)
        case .flag(let flag): cell = .number(flag ? 1 : 0)
        case .text(let text): cell = .text(text)
        case .blank: continue
        case .fault: cell = .error
        }
        book[sheet.name, default: [:]][name] = cell
      }
    }
    return book
  }
}
