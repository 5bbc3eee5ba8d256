// The sheets that are mostly words: ReadMe, Gaps, Sources.

import Planner
import Quantities

enum ReadMeSheet {
  static func sheet(_ layout: PlanLayout) -> Sheet {
    var sheet = Sheet("ReadMe")
    let plan = layout.plan
    sheet.put(.text("Plimsoll plan: \(plan.scenario.name)"), row: 0, column: 0, style: .title)
    var lines: [(String, String)] = [
      ("Question", plan.scenario.title),
      ("Scenario", plan.scenario.summary),
      ("Plan id", PlanIdentity.id(of: plan)),
      (
        "How to use it",
        "Change a yellow cell on Assumptions, Offers, Prices or Performance: Capacity, Cost, Summary and Checks follow."
      ),
      (
        "Not live here",
        "Inputs marked 'no' on Assumptions steer the estimator or the number of months; run the program with "
          + "--set key=value for those. The leading offer, the swings and the spare share stay as planned."
      ),
      (
        "Selector",
        "Assumptions, cell B3: the Base, Low, High or Custom column of every live input; Scenarios has what fresh runs of "
          + "the program say of the three."
      ),
      (
        "Not formulas",
        "Scenarios, Uncertainty, Compare, Deals, Focus and Headroom hold values that the program computed."
      ),
      ("Names", "Each input has a defined name with its unit, e.g. budget_usd, ramp_months, kw_…, rate_…"),
      (
        "Money",
        "US dollars, nominal. NPV: \(plan.scenario.text("payment_timing")), effective yearly rate on Assumptions."
      ),
      (
        "Whole units", "Accelerators are rounded down to whole saleable units; racks are rounded up."
      ),
      (
        "Power",
        "Basis \(plan.scenario.text("power_basis")); no PUE is multiplied on top of a facility figure."
      ),
      (
        "Stand-ins",
        "The buyer's own models are not known. Each capacity assumes that the whole fleet serves one model."
      ),
      (
        "Unknown", "An empty cell is unknown, never zero; what is missing and how to close it stands on Gaps."
      ),
    ]
    if plan.scenario.inputs.contains(where: { $0.active?.layer == .private }) {
      lines.insert(("Private", "This file holds values of a private file: do not pass it on."), at: 0)
    }
    for (index, (label, text)) in lines.enumerated() {
      sheet.put(.text(label), row: 2 + index, column: 0, style: .label)
      sheet.put(.text(text), row: 2 + index, column: 1)
    }
    let key = 4 + lines.count
    sheet.put(.text("Colour key"), row: key, column: 0, style: .label)
    sheet.put(.text("input: change me"), row: key, column: 1, style: .input)
    sheet.put(.text("calculation"), row: key + 1, column: 1, style: .calculation)
    sheet.put(.text("result"), row: key + 2, column: 1, style: .output)
    sheet.put(.text("note or source"), row: key + 3, column: 1, style: .note)
    for (index, sentence) in plan.infeasible.enumerated() {
      sheet.put(.text("Cannot be met"), row: key + 5 + index, column: 0, style: .label)
      sheet.put(.text(sentence), row: key + 5 + index, column: 1)
    }
    sheet.widths = [0: 18, 1: 130]
    return sheet
  }
}

enum GapsSheet {
  static func sheet(_ layout: PlanLayout) -> Sheet {
    var sheet = Sheet("Gaps")
    sheet.put(.text("Gaps"), row: 0, column: 0, style: .title)
    sheet.put(
      .text("What this plan cannot say, and the datum that would close it."), row: 1, column: 0, style: .note)
    sheet.put(["Subject", "Missing", "What would close it"], row: 3, style: .heading)
    for (index, gap) in layout.plan.gaps.enumerated() {
      sheet.put([gap.subject, gap.missing, gap.remedy], row: 4 + index, style: .calculation)
    }
    sheet.widths = [0: 50, 1: 70, 2: 60]
    sheet.frozen = (4, 0)
    return sheet
  }
}

enum SourcesSheet {
  static func sheet(_ layout: PlanLayout) -> Sheet {
    var sheet = Sheet("Sources")
    sheet.put(.text("Sources"), row: 0, column: 0, style: .title)
    sheet.put(["Source", "As of", "Used for"], row: 2, style: .heading)
    for (index, entry) in entries(layout).enumerated() {
      sheet.put(
        [entry.source, entry.asOf, entry.uses.joined(separator: ", ")], row: 3 + index, style: .calculation)
    }
    sheet.widths = [0: 90, 1: 14, 2: 80]
    sheet.frozen = (3, 0)
    return sheet
  }

  private struct Entry {
    let source: String
    let asOf: String
    var uses: [String]
  }

  /// Each source once, with what rests on it, in the order of first use.
  private static func entries(_ layout: PlanLayout) -> [Entry] {
    var entries: [Entry] = []
    var places: [String: Int] = [:]
    func use(_ source: String, _ asOf: String, for name: String) {
      guard !source.isEmpty else { return }
      let key = source + "\n" + asOf
      if let place = places[key] {
        if !entries[place].uses.contains(name) { entries[place].uses.append(name) }
      } else {
        places[key] = entries.count
        entries.append(Entry(source: source, asOf: asOf, uses: [name]))
      }
    }
    for input in layout.plan.scenario.inputs {
      guard let setting = input.active else { continue }
      use(setting.source, setting.asOf, for: input.key.name)
    }
    for option in layout.plan.options {
      use(option.rate.source, option.rate.asOf, for: option.id)
      if let power = option.power { use(power.source, "", for: "power of \(option.offer.accelerator)") }
    }
    for capacity in layout.performances {
      for source in capacity.throughput.decode.sources + capacity.throughput.prefill.sources {
        use(source, "", for: "throughput of \(capacity.standIn.model)")
      }
    }
    return entries
  }
}
