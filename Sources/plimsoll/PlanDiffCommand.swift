// plimsoll plan diff: what changed between two plans, and which input did it.

import ArgumentParser
import Foundation
import Planner
import Quantities
import Tables

struct PlanDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan-diff",
    abstract: "Compares two scenarios: what changed in the answer, and what each input contributed.",
    discussion: """
      Example: plimsoll plan diff openai-aws-38b azure-exclusive
               plimsoll plan diff openai-aws-38b my/scenario
               plimsoll plan diff openai-aws-38b openai-aws-38b --set-b ramp_months=20
      An input's contribution is the mean of two orders of change, so that all of them add up to the difference.
      """)

  /// `plan diff …` as the verb that the parser knows: a verb whose argument may be any name cannot have verbs below it.
  static func joined(_ arguments: [String]) -> [String] {
    arguments.starts(with: ["plan", "diff"]) ? ["plan-diff"] + arguments.dropFirst(2) : arguments
  }

  @Argument(help: "The scenario before, by name or folder.")
  var first: String

  @Argument(help: "The scenario after.")
  var second: String

  @Option(name: .customLong("set-a"), help: "Sets an input of the first scenario only.")
  var firstSettings: [String] = []

  @Option(name: .customLong("set-b"), help: "Sets an input of the second scenario only.")
  var secondSettings: [String] = []

  @OptionGroup var plans: PlanOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let before = try plans.scenario(first, also: firstSettings)
    let after = try plans.scenario(second, also: secondSettings)
    var evidence = try plans.evidence()
    evidence.plansFleet = false
    let difference = try PlanDifference(before, after) { [evidence] in try Plan($0, evidence: evidence) }
    try output.show([headline(difference), contributions(difference)])
  }

  private func headline(_ difference: PlanDifference) -> ReportTable {
    var table = ReportTable(
      "\(first) -> \(second)",
      [.init("metric"), .init("before"), .init("after"), .init("difference"), .init("ratio")])
    for (old, new) in zip(difference.before.values, difference.after.values) {
      let change = old.value.flatMap { a in new.value.map { $0 - a } }
      let ratio = old.value.flatMap { a in a != 0 ? new.value.map { $0 / a } : nil }
      table.append([
        .text(old.name), amount(old.value), amount(new.value), amount(change), .optional(ratio, decimals: 3),
      ])
    }
    return table
  }

  private func contributions(_ difference: PlanDifference) -> ReportTable {
    let names = difference.before.values.map(\.name)
    guard output.format.isForPeople else {
      var table = ReportTable(
        "What each input contributed",
        [.init("input"), .init("before"), .init("after")] + names.map { .init("delta_\($0)") })
      for input in difference.inputs {
        table.append(
          [.text(input.key), .text(input.before), .text(input.after)] + input.contributions.map(amount))
      }
      return table
    }
    // What fits on a line of 80; csv and json have every metric.
    let shown: [(name: String, heading: String, unit: Double, decimals: Int)] = [
      ("accelerators", "chips", 1, 0), ("power_mw", "MW", 1, 1),
      ("npv_usd", "NPV B", Unit.billionUSD.toBase(1), 2), ("usd_per_mtok_total", "USD/Mtok", 1, 3),
    ]
    var table = ReportTable(
      "What each input contributed",
      [.init("input"), .init("before"), .init("after")] + shown.map { .init($0.name, $0.heading) })
    for input in difference.inputs {
      table.append(
        [.text(input.key), .text(short(input.before)), .text(short(input.after))]
          + shown.map { column in
            let place = names.firstIndex(of: column.name)
            return .optional(
              place.flatMap { input.contributions[$0] }.map { $0 / column.unit }, decimals: column.decimals)
          })
    }
    table.notes = [
      difference.inputs.isEmpty
        ? "No input differs." : "NPV B: billions of USD. --format csv has every metric."
    ]
    return table
  }

  private func amount(_ value: Double?) -> Cell {
    value.map { .number($0, decimals: abs($0) < 1000 ? 3 : 0) } ?? .empty
  }

  /// Whole tables are long; people see their beginning.
  private func short(_ text: String) -> String { text.count > 11 ? text.prefix(10) + "…" : text }
}
