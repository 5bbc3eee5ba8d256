// What decides: one input at a time at the two ends of its range, largest effect first.

import Planner
import Quantities
import Tables

struct PlanDecides {
  let plan: Plan
  let headline: PlanHeadline?

  /// Bars of one figure; the rest stand in sensitivity.csv.
  private static let mostBars = 10

  var markup: Markup {
    let metrics = firstUses(plan.swings.map(\.metric))
    let figures = metrics.compactMap(tornado)
    guard !figures.isEmpty else {
      return .tag(
        "p", [:],
        headline == nil
          ? "There is no headline whose inputs could be moved."
          : "No input has a range, so nothing was moved: give `low` and `high` in assumptions.csv."
      )
    }
    return .joined(figures) + table
  }

  private func tornado(_ metric: String) -> Markup? {
    let swings = plan.swings.filter { $0.metric == metric }
    let isUsers = metric == "users"
    let scale: (Double) -> Double = { isUsers ? Unit.million.fromBase($0) : $0 }
    let planned = isUsers ? headline?.served.first?.users.value : headline?.accelerators
    guard let planned, planned > 0, !swings.isEmpty else { return nil }
    let axis = isUsers ? "Users a day, million" : "Accelerators"
    let who = headline?.served.first.map { " of \($0.standIn.model)" } ?? ""
    let rest =
      swings.count > PlanDecides.mostBars
      ? " The \(PlanDecides.mostBars) largest of \(swings.count) are drawn; sensitivity.csv has all." : ""
    return figure(
      isUsers ? "What decides how many users\(who) can be served" : "What decides how many accelerators",
      "Each bar moves one input to the ends of its range, the others stay. The broken line is the plan:"
        + " \(isUsers ? PlanWords.many(planned) + " users" : PlanWords.count(planned))." + rest,
      source: "sensitivity.csv; the ranges stand under Assumptions."
    ) {
      SVGTornado(
        rows: swings.prefix(PlanDecides.mostBars).map { swing in
          .init(
            name: PlanWords.input(swing.input),
            low: (PlanWords.setting(swing.low), scale(swing.valueAtLow)),
            high: (PlanWords.setting(swing.high), scale(swing.valueAtHigh)),
            title: "\(PlanWords.input(swing.input)): \(significant(scale(swing.valueAtLow))) at"
              + " \(PlanWords.setting(swing.low)), \(significant(scale(swing.valueAtHigh))) at"
              + " \(PlanWords.setting(swing.high))")
        }, base: scale(planned), axis: axis, width: $0,
        label: "\(axis) when one input moves; the table below has the figures"
      ).markup()
    }
  }

  private var table: Markup {
    var table = HTMLTable(
      "One input at a time",
      [
        .init(heading: "input"), .init(heading: "from"), .init(heading: "to"),
        .init(heading: "lowest", isNumber: true), .init(heading: "highest", isNumber: true),
        .init(heading: "swing, % of the plan", isNumber: true),
      ])
    for metric in firstUses(plan.swings.map(\.metric)) {
      let isUsers = metric == "users"
      table.head(isUsers ? "users a day, million" : metric)
      for swing in plan.swings.filter({ $0.metric == metric }).prefix(PlanDecides.mostBars) {
        func cell(_ value: Double) -> HTMLCell {
          .number(isUsers ? Unit.million.fromBase(value) : value, decimals: 0)
        }
        table.append([
          .text(PlanWords.input(swing.input)), .text(PlanWords.setting(swing.low)),
          .text(PlanWords.setting(swing.high)), cell(swing.valueAtLow), cell(swing.valueAtHigh),
          .number(Unit.percent.fromBase(swing.relativeSwing), decimals: 0),
        ])
      }
    }
    return .tag("div", ["class": "some"], table.markup)
  }
}
