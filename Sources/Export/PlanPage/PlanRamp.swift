// The ramp: accelerators and megawatts over the months, and the same at the end of each year as a table.

import Planner
import Quantities
import Tables

struct PlanRamp {
  let plan: Plan
  let headline: PlanHeadline?

  var markup: Markup {
    guard let headline, !headline.months.isEmpty else {
      return .tag("p", [:], "There is no headline, so there is nothing to ramp up.")
    }
    return (chart(headline) ?? Markup()) + table(headline)
  }

  private func chart(_ headline: PlanHeadline) -> Markup? {
    let months = headline.months
    let accelerators = SVGMonthChart.Panel(
      axis: "Accelerators, mean of the month",
      lines: [
        .init(name: "usable, without spares", series: 2, isBroken: true, values: months.map(\.usable)),
        .init(name: "paid", series: 0, isFilled: true, values: months.map(\.accelerators)),
      ])
    let megawatts = months.compactMap(\.megawatts)
    let limit = plan.scenario.number("max_mw")
    let power = SVGMonthChart.Panel(
      axis: "Power, MW",
      lines: megawatts.count == months.count
        ? [.init(name: "power", series: 1, isFilled: true, values: megawatts)] : [],
      limit: limit, figure: { grouped($0, decimals: 1) })
    var key = [(series: 0, name: "paid", isOpen: false), (2, "usable: without spares (broken line)", false)]
    if headline.megawatts != nil { key.append((1, "power", false)) }
    return figure(
      "The ramp, month by month", reading(headline, limit),
      key: markKey(key), source: source(headline)
    ) {
      SVGMonthChart(
        months: months.map(\.month.label), panels: [accelerators, power], width: $0,
        label: "Accelerators and megawatts over the months; the table below has the figures"
      ).markup()
    }
  }

  private func reading(_ headline: PlanHeadline, _ limit: Double?) -> String {
    let full = headline.months.first { $0.month.rampShare >= 1 }
    var text =
      full.map { "All accelerators are paid for from \($0.month.label) on." }
      ?? "The ramp is not over at the end of the term."
    if headline.megawatts == nil {
      text += " No power is drawn: none is published for \(listed(headline.withoutPower))."
    } else if !headline.withoutPower.isEmpty {
      text += " Power leaves out \(listed(headline.withoutPower)), for which none is published."
    }
    if let limit, headline.megawatts != nil {
      text += " The broken level is the power that can be had, \(tickText(limit)) MW."
    }
    return text
  }

  private func source(_ headline: PlanHeadline) -> String {
    let power = firstUses(headline.options.compactMap(\.power?.source))
    return "plan_monthly.csv, rows \(headline.id)"
      + (power.isEmpty ? "." : "; power of an accelerator from \(PlanWords.some(power, most: 2)).")
  }

  private func table(_ headline: PlanHeadline) -> Markup {
    let lead = headline.served.first
    var table = HTMLTable(
      "At the end of each twelve months",
      [
        .init(heading: "from", isWhole: true), .init(heading: "accelerators paid", isNumber: true),
        .init(heading: "usable", isNumber: true), .init(heading: "MW", isNumber: true),
        .init(heading: "Mtokens/s generated\(lead.map { ", \($0.standIn.model)" } ?? "")", isNumber: true),
        .init(heading: "spend, billion USD", isNumber: true),
      ])
    for year in headline.years {
      guard let first = year.first, let last = year.last else { continue }
      let rate = lead.map {
        Unit.millionTokens.fromBase($0.decodeTokensPerSecond.value) * last.month.rampShare
      }
      table.append([
        .text(first.month.label), .number(last.accelerators, decimals: 0), .number(last.usable, decimals: 0),
        .optional(last.megawatts, decimals: 1), .optional(rate, decimals: 1),
        .number(Unit.billionUSD.fromBase(year.reduce(0) { $0 + $1.spend }), decimals: 2),
      ])
    }
    return .tag("div", ["class": "some"], table.markup)
  }
}
