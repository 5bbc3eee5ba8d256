// plimsoll explain: from a figure or an input back to its sources.

import ArgumentParser
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
      """)

  @Argument(help: "An input, a figure or an option such as aws-gb200/contracted/latest (--list shows all).")
  var name: String?

  @Option(help: "The scenario, by name or folder.")
  var scenario = "openai-aws-38b"

  @Option(help: "The option whose figure is explained; the headline's by default.")
  var option: String?

  @Flag(help: "Lists what can be explained.")
  var list = false

  @OptionGroup var plans: PlanOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let plan = try plans.plan(scenario)
    if list { return try output.show([names(plan)]) }
    guard let name else {
      throw CommandFailure(
        .usage, "name a figure or an input, e.g. plimsoll explain accelerators (--list shows all)")
    }
    let options = plan.options.map(\.id)
    if let option, !options.contains(option) {
      throw CommandFailure.unknown(
        "option", option, nearest: nearestNames(to: option, among: options), list: "plimsoll explain --list")
    }
    guard let lines = plan.explanation(of: name, option: option) else {
      throw CommandFailure.unknown(
        "name", name, nearest: nearestNames(to: name, among: plan.explainableNames),
        list: "plimsoll explain --list")
    }
    guard output.format == .table else {
      var table = ReportTable("", [.init("line")])
      for line in lines { table.append([.text(line)]) }
      return try output.show([table])
    }
    try StandardOutput.write(lines.flatMap { folded($0) }.map { $0 + "\n" }.joined())
  }

  /// A line in the terminal's width; what follows stands two columns further right.
  private func folded(_ line: String) -> [String] {
    let indent = String(line.prefix { $0 == " " })
    let lines = wrapped(line, width: output.width - 2, indent: indent)
    return lines.prefix(1) + lines.dropFirst().map { "  " + $0 }
  }

  private func names(_ plan: Plan) -> ReportTable {
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
    return table
  }
}
