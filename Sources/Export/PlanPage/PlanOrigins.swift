// Where each figure comes from: every source once, with its date and what rests on it.

import Planner
import Quantities
import Tables

struct PlanOrigins {
  let plan: Plan

  /// Uses that one line names at most.
  private static let mostUses = 8

  private struct Entry {
    let source: String
    let asOf: String
    /// What kind of use the names are of, e.g. `list price of `.
    let kind: String
    var uses: [String]
  }

  var markup: Markup {
    let groups: [(String, [Entry])] = [
      ("Prices", prices), ("Power", power), ("Throughput", throughput),
    ]
    guard groups.contains(where: { !$0.1.isEmpty }) else {
      return .tag("p", [:], "No value of the plan names a source.")
    }
    var table = HTMLTable(
      "Every source once",
      [.init(heading: "source"), .init(heading: "as of", isWhole: true), .init(heading: "used for")])
    for (title, entries) in groups where !entries.isEmpty {
      table.head(title)
      for entry in entries {
        table.append([
          .text(entry.source), .words(entry.asOf),
          .text(entry.kind + PlanWords.some(entry.uses, most: PlanOrigins.mostUses)),
        ])
      }
    }
    return .tag("div", ["class": "some long"], table.markup)
      + .tag(
        "p", ["class": "note"],
        "Files named *.csv are tables of the program's catalogue (`plimsoll catalog show`), which hold the"
          + " address and date of each fact. A dash for a date: the source gives none of its own."
          + " The sources of the scenario's inputs stand under Assumptions.")
  }

  private static func entries(
    _ uses: [(source: String, asOf: String, kind: String, name: String)]
  ) -> [Entry] {
    var entries: [Entry] = []
    var places: [String: Int] = [:]
    for use in uses where !use.source.isEmpty {
      let key = [use.kind, use.source, use.asOf].joined(separator: "\n")
      if let place = places[key] {
        if !entries[place].uses.contains(use.name) { entries[place].uses.append(use.name) }
      } else {
        places[key] = entries.count
        entries.append(Entry(source: use.source, asOf: use.asOf, kind: use.kind, uses: [use.name]))
      }
    }
    return entries
  }

  private var prices: [Entry] {
    PlanOrigins.entries(
      plan.options.map {
        ($0.rate.source, $0.rate.asOf, "\(PlanWords.basis($0.basis)) of ", $0.offer.title)
      })
  }

  private var power: [Entry] {
    PlanOrigins.entries(
      plan.options.compactMap { option in
        option.power.map { ($0.source, "", "power of ", option.offer.accelerator) }
      })
  }

  private var throughput: [Entry] {
    PlanOrigins.entries(
      plan.capacities.flatMap { row in
        (row.throughput.decode.sources + row.throughput.prefill.sources).map {
          ($0, "", "throughput of ", row.standIn.model)
        }
      })
  }
}

/// The assumptions: every input in force with its range and who set it.
struct PlanAssumptions {
  let plan: Plan

  var markup: Markup {
    var table = HTMLTable(
      "Every input in force; --set KEY=VALUE changes one",
      [
        .init(heading: "input"), .init(heading: "value", isNumber: true), .init(heading: "unit"),
        .init(heading: "low", isNumber: true), .init(heading: "high", isNumber: true),
        .init(heading: "set by"), .init(heading: "as of", isWhole: true),
        .init(heading: "meaning, and source"),
      ])
    for input in plan.scenario.inputs {
      guard let setting = input.active else { continue }
      let source = setting.source.isEmpty ? "" : ". Source: \(setting.source)"
      table.append([
        .text(input.key.name), value(setting.text), .text(input.key.unit), end(setting.low),
        end(setting.high),
        .text(setting.layer.rawValue), .words(setting.asOf), .text(input.key.doc + source),
      ])
    }
    let unset = plan.scenario.inputs.filter { $0.active == nil }.map(\.key.name)
    let note = unset.isEmpty ? "" : "Not set: \(listed(unset))."
    return .tag("div", ["class": "many long"], table.markup) + .tag("p", ["class": "note"], .breakable(note))
  }

  private func value(_ text: String) -> HTMLCell {
    Double(text).map { .quantity($0, PlanWords.setting(text)) } ?? .words(text)
  }

  private func end(_ value: Double?) -> HTMLCell {
    value.map { .quantity($0, PlanWords.setting(decimalText($0))) } ?? .empty
  }
}
