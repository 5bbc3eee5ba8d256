// plimsoll explain: from a figure or an input back to its sources.

import ArgumentParser
import Catalog
import Estimator
import Planner
import Quantities
import Tables

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Walks a figure or an input of a plan back to formula, layers and sources.",
    discussion: """
      Example: plimsoll explain accelerators --scenario openai-aws-38b
               plimsoll explain ramp_months --set ramp_months=20
               plimsoll explain aws-gb200/own/deal
               plimsoll explain decode_tokens_s_per_accelerator
               plimsoll explain site.aws-us-central.max_mw --scenario frontier-lab-fleet
               plimsoll explain distribution.delivery_slip_months --scenario frontier-lab-fleet
      """)

  @Argument(
    help: ArgumentHelp(
      "An input, a figure, an option such as aws-gb200/contracted/latest, a cell of a table such as "
        + "contract.reserved-3y.upfront_share, or an uncertain input (--list shows all)."))
  var name: String?

  @Option(help: "The scenario, by name or folder.")
  var scenario = "openai-aws-38b"

  @Option(help: "The option whose figure is explained; the headline's by default.")
  var option: String?

  @Option(help: "The stand-in whose rates are explained; the scenario's first by default.")
  var model: String?

  @Flag(help: "Lists what can be explained.")
  var list = false

  @OptionGroup var plans: PlanOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let plan = try plans.plan(scenario)
    if list { return try output.show([names(plan, ScenarioCells(of: scenario))]) }
    guard let name else {
      throw CommandFailure(
        .usage, "name a figure or an input, e.g. plimsoll explain accelerators (--list shows all)")
    }
    let options = plan.options.map(\.id)
    if let option, !options.contains(option) {
      throw CommandFailure.unknown(
        "option", option, nearest: nearestNames(to: option, among: options), list: "plimsoll explain --list")
    }
    let models = plan.scenario.standIns.map(\.model)
    if let model, !models.contains(model) {
      throw CommandFailure.unknown(
        "stand-in", model, nearest: nearestNames(to: model, among: models),
        list: "plimsoll plan \(scenario) --table capacity")
    }
    let cells = try ScenarioCells(of: scenario)
    let found = plan.explanation(of: name, option: option, model: model)
    guard let lines = found ?? cells.explanation(of: name, in: plan) else {
      throw CommandFailure.unknown(
        "name", name, nearest: nearestNames(to: name, among: plan.explainableNames + cells.names),
        list: "plimsoll explain --list --scenario \(scenario)")
    }
    let walk = Plan.walkedFigures.contains(name) ? try operators(plan) : []
    guard output.format == .table else {
      var table = ReportTable("", [.init("line")])
      for line in lines + walk.flatMap(\.lines) { table.append([.text(line)]) }
      return try output.show([table])
    }
    try StandardOutput.write(lines.flatMap { folded($0) }.map { $0 + "\n" }.joined())
    guard !walk.isEmpty else { return }
    try StandardOutput.write("\n")
    try output.show(walk)
  }

  /// Operators, constants and facts of a rate or a time; a gap is a note, as the figure itself stands without them.
  private func operators(_ plan: Plan) throws -> [ReportTable] {
    let evidence = try plans.measured.load(plans.catalog)
    let tables = evidence.catalog
    let walk = plan.walk(
      option: option, model: model, estimator: try Estimator(catalog: tables), catalog: tables,
      kernels: try evidence.kernels())
    switch walk {
    case .success(let walk): return walk
    case .failure(let gap):
      StandardError.write("plimsoll: \(gap.subject): \(gap.missing); \(gap.remedy)")
      return []
    }
  }

  /// A line in the terminal's width; what follows stands two columns further right.
  private func folded(_ line: String) -> [String] {
    let indent = String(line.prefix { $0 == " " })
    let lines = wrapped(line, width: output.width - 2, indent: indent)
    return lines.prefix(1) + lines.dropFirst().map { "  " + $0 }
  }

  private func names(_ plan: Plan, _ cells: ScenarioCells) -> ReportTable {
    var table = ReportTable(
      "What can be explained", [.init("name"), .init("kind"), .init("unit"), .init("meaning")])
    for figure in FigureDefinition.all {
      table.append([.text(figure.name), .text("figure"), .text(figure.unit), .text(figure.formula)])
    }
    for key in InputKey.all {
      table.append([.text(key.name), .text("input"), .text(key.unit), .text(key.doc)])
    }
    for option in plan.options {
      table.append([
        .text(option.id), .text("option"), .text("count"), .text("accelerators on this price and date"),
      ])
    }
    for name in plan.uncertainNames {
      table.append([
        .text("distribution.\(name)"), .text("distribution"), .empty, .text("form, percentiles, seed"),
      ])
    }
    for name in cells.names { table.append([.text(name), .text("cell"), .empty, .text("a table's cell")]) }
    return table
  }
}

extension ReportTable {
  /// Title, rows and notes as lines of words, for programs that read lines.
  fileprivate var lines: [String] {
    let header = columns.map(\.name).joined(separator: ", ")
    let cells = render(.csv).split(separator: "\n").dropFirst().map { "  \($0)" }
    return ["\(title) (\(header))"] + cells + notes
  }
}
