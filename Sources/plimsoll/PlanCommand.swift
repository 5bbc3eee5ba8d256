// plimsoll plan: scenario to capacity and cost of a fleet.

import ArgumentParser
import Catalog
import Estimator
import Export
import Foundation
import Planner
import Quantities
import Results
import Tables

/// Layers, catalogue and evidence: what `plan` and `explain` share.
struct PlanOptions: ParsableArguments {
  @Option(
    name: .customLong("set"), help: "Sets an input: --set budget_usd=1e10 --set rate.aws-gb200.own.deal=2.0")
  var settings: [String] = []

  @Option(
    name: .customLong("case"),
    help: "Takes the base, low or high end of every input that a workbook follows, as its selector does.")
  var end = "base"

  @Option(help: "Leaves out a provider's offers and sites, as if it were gone; may be repeated.")
  var without: [String] = []

  @Option(
    name: .customLong("private"),
    help: "File of key = value lines that overrides the scenario; -o refuses to write its values.")
  var privateFile: String?

  @Option(help: "A result file of this host; the newest CSV of ./results where it is left out.")
  var hostResults: String?

  @Flag(help: "Plans without any result file of this host.")
  var noHostResults = false

  @Option(help: "Instance type of the measured host: its list price prices the fleet of hosts.")
  var hostInstance: String?

  @OptionGroup var measured: MeasuredOptions
  @OptionGroup var catalog: CatalogOptions

  func validate() throws {
    if noHostResults, hostResults != nil {
      throw ValidationError("--no-host-results and --host-results exclude each other")
    }
  }

  /// Plans a scenario with its layers.
  func plan(_ name: String) throws -> Plan {
    let scenario = try scenario(name)
    return try Plan(scenario, evidence: evidence())
  }

  /// Catalogue, estimator and host.
  func evidence() throws -> PlanEvidence {
    let tables = try measured.load(catalog).catalog
    let bare = try Estimator(catalog: tables)
    return PlanEvidence(
      catalog: tables, throughput: .estimator(bare, catalog: tables), host: try host(tables, bare))
  }

  /// The host's part of the evidence: a named file must hold a usable host, a file that was only found need not.
  private func host(_ tables: Catalog, _ bare: Estimator) throws -> HostSource? {
    let rate = try hostInstance.map { try instanceRate($0, tables) }
    guard !noHostResults, let file = hostResults ?? newestResults() else { return nil }
    let calibration: HostCalibration
    do { calibration = try hostCalibration(ofFile: file) } catch {
      guard hostResults == nil else { throw error }
      StandardError.write("plimsoll: \(explain(error).message) (planning without this host)")
      return nil
    }
    let estimator = try Estimator(catalog: tables, host: calibration)
    let published = PublishedRuns(try Catalog.servingPoints(), catalog: tables, estimator: estimator)
    return .estimator(
      estimator.scoringTransfer(on: published, catalog: tables), catalog: tables, file: file,
      machine: calibration.summary.machineLabel, instanceRate: rate)
  }

  /// The newest result file of ./results: its name begins with the UTC time of its run.
  private func newestResults() -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "results")) ?? []
    return names.filter {
      // `20261129T071502Z_…`; other tables there begin with a day alone.
      $0.hasSuffix(".csv") && !$0.hasSuffix(".samples.csv") && $0.prefix(8).allSatisfy(\.isNumber)
        && $0.dropFirst(8).first == "T"
    }
    .max().map { "results/\($0)" }
  }

  private func instanceRate(_ type: String, _ tables: Catalog) throws -> Rate {
    let rows = tables.prices.filter { $0.instanceType == type && $0.priceBasis == "list_on_demand" }
    guard let row = rows.max(by: { ($0.asOfDate, $0.region) < ($1.asOfDate, $1.region) }),
      let usd = row.usdPerHour
    else {
      let known = tables.prices.filter { $0.accelerator == "none" }.map(\.instanceType)
      throw CommandFailure.unknown(
        "instance type", type, nearest: nearestNames(to: type, among: Array(Set(known)).sorted()),
        list: "plimsoll catalog list prices")
    }
    return Rate(
      usdPerHour: usd, asOf: row.asOfDate, source: "cloud_prices.csv: \(type), \(row.region)",
      trust: .published)
  }

  /// A scenario with its layers; `more` are settings of this one alone.
  func scenario(_ name: String, also more: [String] = []) throws -> Scenario {
    guard let range = RangeEnd(rawValue: end) else {
      throw CommandFailure(.usage, "--case \(end.prefix(20)): write base, low or high")
    }
    do {
      let scenario = try Scenario.load(name, set: settings + more, privateFile: privateFile)
      let providers = Set(scenario.offers.map(\.provider))
      for provider in without where !providers.contains(provider) {
        throw CommandFailure.unknown(
          "provider", provider, nearest: nearestNames(to: provider, among: providers.sorted()),
          list: "plimsoll plan \(name) --table options")
      }
      return scenario.without(providers: without).at(range)
    } catch let error
      as UnknownName
    {
      let list = error.what == "scenario" ? "plimsoll plan --list" : "plimsoll explain --list"
      throw CommandFailure.unknown(error.what, error.name, nearest: error.nearest, list: list)
    }
  }
}

struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Plans a fleet: accelerators, power, tokens/s and cost at list, contracted and own price.",
    discussion: """
      Example: plimsoll plan openai-aws-38b --set ramp_months=20
               plimsoll plan openai-aws-38b -o my-plan
               plimsoll plan my/scenario --table options --format csv
               plimsoll plan diff openai-aws-38b my/scenario
               plimsoll verify my-plan
      Exit status: 0 done, 7 infeasible, 8 a hard check failed, 64 usage, 65 bad data,
      74 a folder that cannot be written.
      """)

  @Argument(help: "A bundled scenario (--list shows them) or the path of a scenario folder.")
  var name: String?

  @Flag(help: "Lists the bundled scenarios.")
  var list = false

  @Option(help: "Prints one table: \((Plan.tableNames + PlanCommand.moreTables).joined(separator: ", ")).")
  var table: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "Folder for plan.xlsx and the CSV tables; made where it is missing.")
  var folder: String?

  @Option(
    help:
      "Latin hypercube samples of the uncertain inputs, 0 for none; default 1,000 with -o and --table uncertainty."
  )
  var samples: Int?

  @Option(help: "With -o: an earlier scenario (name or folder) that the workbook compares this one with.")
  var compareWith: String?

  @Flag(help: "With -o: CSV tables with semicolons, decimal commas and a byte order mark.")
  var excelLocale = false

  @Option(
    help: "Writes the mixed-integer program of a plan over time as free MPS, for HiGHS, Gurobi and others.")
  var mps: String?

  @OptionGroup var plans: PlanOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    if list { return try showList() }
    guard let name else {
      throw CommandFailure(.usage, "name a scenario, e.g. plimsoll plan openai-aws-38b (--list shows all)")
    }
    let evidence = try plans.evidence()
    let scenario = try plans.scenario(name)
    let plan = try Plan(scenario, evidence: evidence)
    let isSampled =
      folder != nil || table.map { PlanCommand.sampledTables.contains($0) } == true || samples != nil
    let count = samples ?? (isSampled ? 1000 : 0)
    let uncertainty = count > 0 ? try sampled(plan, evidence, count) : nil
    if let folder {
      guard !plan.scenario.inputs.contains(where: { $0.active?.layer == .private }) else {
        throw CommandFailure(
          .usage, "-o writes no private values: plan without the private file, or print with --table")
      }
      var companions = try companions(plan, evidence, uncertainty)
      companions.run = try recorded(name, plan)
      let names = try PlanDocuments.write(plan, to: folder, with: companions, isExcelLocale: excelLocale)
      StandardError.write("\(folder): \(names.joined(separator: ", "))")
    }
    if let mps {
      guard let fleet = plan.fleet else {
        throw CommandFailure(
          .badData, "--mps: scenario \(plan.scenario.name) has no places, so no program over time (sites.csv)"
        )
      }
      try WholeFile.write(fleet.mps(), to: mps)
      StandardError.write("\(mps): free MPS, minimise millions of USD")
    }
    try show(plan, uncertainty)
    try judge(plan)
  }

  /// The runs beside this one that its documents show.
  private func companions(
    _ plan: Plan, _ evidence: PlanEvidence, _ uncertainty: PlanUncertainty?
  ) throws -> PlanCompanions {
    var evidence = evidence
    evidence.plansFleet = false
    var found = PlanCompanions(plan.scenario, base: plan) { [evidence] in try Plan($0, evidence: evidence) }
    found.uncertainty = uncertainty
    found.simulation = try PlanSimulation(plan)
    if let compareWith {
      found.earlier = compareWith
      found.difference = try PlanDifference(try plans.scenario(compareWith), plan.scenario) { [evidence] in
        try Plan($0, evidence: evidence)
      }
    }
    return found
  }

  /// The plan on samples: the fleet over time where there is one, else the headline and its alternatives.
  private func sampled(_ plan: Plan, _ evidence: PlanEvidence, _ count: Int) throws -> PlanUncertainty? {
    var options = PortfolioOptions()
    options.seconds = 5
    options.relativeGap = 1e-2
    return try PlanUncertainty(fleetOf: plan, evidence: evidence, samples: count, options: options)
      ?? PlanUncertainty(plan, catalog: evidence.catalog, samples: count)
  }

  /// Tables that need samples.
  private static let sampledTables = ["uncertainty", "regret", "uncertainty-inputs", "stresses"]
  private static let simulationTable = "simulation"
  private static let moreTables = sampledTables + [simulationTable]

  private func sampled(_ name: String, _ uncertainty: PlanUncertainty?) throws -> ReportTable {
    guard let uncertainty else {
      throw CommandFailure(
        .badData, "nothing was sampled: the plan has no single headline with a throughput, or --samples is 0")
    }
    switch name {
    case "uncertainty": return uncertainty.percentilesTable
    case "regret": return uncertainty.regretTable
    case "stresses": return uncertainty.stressTable
    default: return uncertainty.sensitivityTable
    }
  }

  private func show(_ plan: Plan, _ uncertainty: PlanUncertainty?) throws {
    if let table {
      if PlanCommand.sampledTables.contains(table) { return try output.show([sampled(table, uncertainty)]) }
      if table == PlanCommand.simulationTable {
        guard let found = try PlanSimulation(plan) else {
          throw CommandFailure(.badData, "nothing to simulate: the plan holds nothing")
        }
        return try output.show([found.table])
      }
      guard let found = plan.table(table) else {
        throw CommandFailure.unknown(
          "table", table, nearest: nearestNames(to: table, among: Plan.tableNames + PlanCommand.moreTables),
          list: "plimsoll plan --help")
      }
      if table == "inputs", output.format == .table {
        return try StandardOutput.write(PlanReport(plan, width: output.width).inputs)
      }
      return try output.show([found])
    }
    guard output.format == .table else { return try output.show([plan.table("options")].compactMap { $0 }) }
    try StandardOutput.write(PlanReport(plan, width: output.width).text)
    if samples != nil, let uncertainty {
      try StandardOutput.write("\n")
      try output.show([uncertainty.regretTable, uncertainty.sensitivityTable, uncertainty.stressTable])
    }
  }

  private func judge(_ plan: Plan) throws {
    guard plan.infeasible.isEmpty else {
      throw CommandFailure(.infeasible, "infeasible: \(plan.infeasible.joined(separator: "; "))")
    }
    guard plan.passes else {
      let failed = plan.checks.filter { $0.severity == .hard && $0.result == .fail }.map {
        "\($0.name) (\($0.subject))"
      }
      throw CommandFailure(
        .planChecksFailed, "plan checks failed: \(failed.prefix(3).joined(separator: ", "))")
    }
  }

  private func showList() throws {
    var table = ReportTable("Bundled scenarios", [.init("scenario"), .init("title"), .init("offers")])
    for name in Scenario.bundledNames {
      let scenario = try Scenario.load(name)
      table.append([.text(name), .text(scenario.title), .integer(scenario.offers.count)])
    }
    table.notes = [
      "plimsoll plan NAME, or the path of a folder of your own (based_on = \"NAME\" in its scenario.toml)."
    ]
    try output.show([table])
  }
}
