// plimsoll plan: scenario to capacity and cost of a fleet.

import ArgumentParser
import Catalog
import Estimator
import Export
import Foundation
import Planner
import Quantities
import Tables

/// Scenario, layers and catalogue: what `plan` and `explain` share.
struct ScenarioOptions: ParsableArguments {
  @Option(
    name: .customLong("set"), help: "Sets an input: --set budget_usd=1e10 --set rate.aws-gb200.own.deal=2.0")
  var settings: [String] = []

  @Option(
    name: .customLong("private"),
    help: "File of key = value lines that overrides the scenario, kept out of exports.")
  var privateFile: String?

  /// Loads the scenario with its layers.
  func scenario(_ name: String) throws -> Scenario {
    do { return try Scenario.load(name, set: settings, privateFile: privateFile) } catch let error
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
      Exit status: 0 done, 7 infeasible, 8 a hard check failed, 64 usage, 65 bad data,
      74 a folder that cannot be written.
      """)

  @Argument(help: "A bundled scenario (--list shows them) or the path of a scenario folder.")
  var name: String?

  @Flag(help: "Lists the bundled scenarios.")
  var list = false

  @Option(help: "Prints one table: \(Plan.tableNames.joined(separator: ", ")).")
  var table: String?

  @Option(help: "Folder whose CSV files replace those of the catalogue.")
  var catalog: String?

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "Folder for plan.xlsx and the CSV tables; made where it is missing.")
  var folder: String?

  @OptionGroup var scenarios: ScenarioOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    if list { return try showList() }
    guard let name else {
      throw CommandFailure(.usage, "name a scenario, e.g. plimsoll plan openai-aws-38b (--list shows all)")
    }
    let scenario = try scenarios.scenario(name)
    let facts = try catalog.map { try Catalog.load(directory: $0) } ?? Catalog.embedded()
    let evidence = PlanEvidence(
      catalog: facts, throughput: .estimator(try Estimator(catalog: facts), catalog: facts))
    let plan = try Plan(scenario, evidence: evidence)
    if let folder {
      let names = try PlanDocuments.write(plan, to: folder)
      StandardError.write("\(folder): \(names.joined(separator: ", "))")
    }
    try show(plan)
    try judge(plan)
  }

  private func show(_ plan: Plan) throws {
    if let table {
      guard let found = plan.table(table) else {
        throw CommandFailure.unknown(
          "table", table, nearest: nearestNames(to: table, among: Plan.tableNames),
          list: "plimsoll plan --help")
      }
      return try output.show([found])
    }
    guard output.format == .table else { return try output.show([plan.table("options")].compactMap { $0 }) }
    try StandardOutput.write(PlanReport(plan, width: output.width).text)
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
