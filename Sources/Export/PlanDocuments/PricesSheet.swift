// Prices: one row an option (offer x basis x date) with its price in a named cell, and where it was read.
// Performance: one row an offer and stand-in model with the estimator's throughput in named cells.

import Planner
import Quantities

struct PricesSheet {
  private(set) var sheet = Sheet("Prices")
  private(set) var names: [(String, CellAddress)] = []

  init(_ layout: PlanLayout) {
    sheet.put(.text("Prices"), row: 0, column: 0, style: .title)
    for (row, text) in [
      "USD per accelerator-hour. list: what a stranger pays; contracted: what a large contract pays;",
      "own: what the hardware costs its owner, an upper bound of chips and not a buyer's price.",
      "deal: the newest price up to the month of the deal; latest: the newest price known.",
    ].enumerated() {
      sheet.put(.text(text), row: 1 + row, column: 0, style: .note)
    }
    sheet.put(
      [
        "Option", "Role", "Provider", "Accelerator", "Basis", "Date", "USD per accelerator-hour", "As of",
        "Trust", "Source", "Note",
      ], row: PlanLayout.firstOption - 1, style: .heading)
    for option in layout.plan.options {
      guard let row = layout.row(ofOption: option.id) else { continue }
      sheet.put([option.id], row: row, style: .label)
      sheet.put(
        [
          option.offer.role, option.offer.providerTitle, option.offer.accelerator, option.basis.rawValue,
          option.date.rawValue,
        ], row: row, column: 1, style: .calculation)
      let price = sheet.put(
        .number(option.rate.usdPerHour), row: row, column: PriceColumn.usd.rawValue, style: .input,
        format: .fine, rule: .between(0.0001, 10_000))
      names.append(("rate_" + Workbook.nameText(option.id), price))
      sheet.put(
        [option.rate.asOf, option.rate.trust.rawValue, option.rate.source, option.rate.note], row: row,
        column: PriceColumn.asOf.rawValue, style: .note)
    }
    sheet.widths = [0: 34, 1: 12, 2: 12, 3: 13, 4: 11, 5: 8, 6: 14, 7: 12, 8: 11, 9: 58, 10: 50]
    sheet.frozen = (PlanLayout.firstOption, 1)
  }
}

struct PerformanceSheet {
  private(set) var sheet = Sheet("Performance")
  private(set) var names: [(String, CellAddress)] = []

  static let first = 5

  init(_ layout: PlanLayout) {
    sheet.put(.text("Performance"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "Tokens per second of one accelerator that does nothing else, inside the service limits; 80 % intervals. "
          + "The buyer's own models are not known: three public models stand in."), row: 1, column: 0,
      style: .note)
    sheet.put(
      [
        "Offer", "Accelerator", "Stand-in model", "Kind", "Deployment", "Replica, accelerators",
        "Prefill, tokens/s", "low", "high", "Decode, tokens/s", "low", "high", "Trust",
        "Decode bound, tokens/s", "Sources",
      ], row: PerformanceSheet.first - 1, style: .heading)
    for (index, capacity) in layout.performances.enumerated() {
      add(capacity, row: PerformanceSheet.first + index, layout)
    }
    sheet.widths = [0: 18, 1: 13, 2: 20, 3: 8, 4: 30, 5: 13, 12: 11, 13: 14, 14: 70]
    for column in 6...11 { sheet.widths[column] = 12 }
    sheet.frozen = (PerformanceSheet.first, 3)
  }

  private mutating func add(_ capacity: PlanCapacity, row: Int, _ layout: PlanLayout) {
    guard let option = layout.plan.option(capacity.option) else { return }
    let name = Workbook.nameText("\(option.offer.id)-\(capacity.standIn.model)")
    let throughput = capacity.throughput
    sheet.put(
      [
        option.offer.id, option.offer.accelerator, capacity.standIn.model, capacity.standIn.kind,
        throughput.deployment,
      ],
      row: row, style: .label)
    sheet.put(
      .number(Double(throughput.replica)), row: row, column: PerformanceColumn.replica.rawValue,
      style: .input,
      format: .whole, rule: .wholeBetween(1, 100_000))
    for (label, figure, column) in [
      ("prefill", throughput.prefill, PerformanceColumn.prefill), ("decode", throughput.decode, .decode),
    ] {
      let address = sheet.put(
        .number(figure.value), row: row, column: column.rawValue, style: .input, format: .whole,
        rule: .atLeast(1e-6))
      names.append(("\(label)_tok_s_\(name)", address))
      guard let interval = figure.interval else { continue }
      sheet.put(.number(interval.low), row: row, column: column.rawValue + 1, format: .whole)
      sheet.put(.number(interval.high), row: row, column: column.rawValue + 2, format: .whole)
    }
    sheet.put(.text(throughput.decode.trust.rawValue), row: row, column: PerformanceColumn.trust.rawValue)
    if let bound = throughput.decodeBound {
      sheet.put(.number(bound), row: row, column: PerformanceColumn.decodeBound.rawValue, format: .whole)
    }
    sheet.put(
      .text(throughput.decode.sources.joined(separator: "; ")), row: row,
      column: PerformanceColumn.sources.rawValue, style: .note)
  }
}

/// How busy a pool may be: the table that replaces Erlang's recursion, which a cell cannot hold.
enum HeadroomSheet {
  static let first = 4
  static let servers = 1024

  static func sheet(_ layout: PlanLayout) -> Sheet {
    var sheet = Sheet("Headroom")
    sheet.put(.text("Headroom"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "Highest utilisation of a pool at which at most wait_probability of the requests wait (Erlang C). "
          + "Computed by the program for this wait_probability."), row: 1, column: 0, style: .note)
    sheet.put(["Replicas in a pool", "Highest utilisation"], row: first - 1, style: .heading)
    let waiting = layout.plan.scenario.number("wait_probability") ?? 0
    for count in 1...servers {
      sheet.put(.number(Double(count)), row: first + count - 1, column: 0, format: .whole)
      sheet.put(
        .number(maximumUtilisation(servers: count, waiting: waiting)), row: first + count - 1, column: 1,
        format: NumberFormat("0.00%"))
    }
    sheet.widths = [0: 20, 1: 20]
    sheet.frozen = (first, 0)
    return sheet
  }

  /// min(policy, table at `pool` servers), or the policy beyond the table's end.
  static func utilisation(pool: Formula, policy: Formula) -> Formula {
    let table = CellRange(
      CellAddress("Headroom", row: first, column: 1),
      CellAddress("Headroom", row: first + servers - 1, column: 1))
    let last = Formula.cell(CellAddress("Headroom", row: first + servers - 1, column: 0))
    return .when(
      .binary(.greater, pool, last), policy, .call(.min, [policy, .call(.index, [.range(table), pool])]))
  }
}
