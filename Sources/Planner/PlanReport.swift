// A plan for a terminal of 80 columns: the answer first, then what it does, what it draws, what it costs, how far
// it can be believed, what decides, and what is missing.

import Quantities
import Tables

/// The printed report of a plan.
public struct PlanReport: Sendable {
  private let plan: Plan
  private let width: Int

  /// A report of at most `width` characters a line.
  public init(_ plan: Plan, width: Int = 80) {
    self.plan = plan
    self.width = width
  }

  /// The whole text.
  public var text: String {
    let parts = [
      heading, prices(chips: true), prices(chips: false), allocation, fleet, capacity, unitCosts, host,
      checks,
      decides, gaps,
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private func lines(_ sentences: [String], indent: String = "") -> String {
    sentences.flatMap { wrapped($0, width: width, indent: indent) }.map { $0 + "\n" }.joined()
  }

  // MARK: The answer

  private var heading: String {
    let scenario = plan.scenario
    var sentences = ["\(scenario.title) [\(scenario.name)]"]
    if let money = plan.acceleratorMoney {
      let share = grouped(plan.acceleratorShare * 100, decimals: 1)
      sentences.append(
        "\(billions(money)) B USD for accelerators (\(share) % of the money), "
          + "\(grouped(plan.paidHours, decimals: 1)) paid hours each.")
    } else {
      sentences.append(
        "\(grouped(scenario.number("demand_users") ?? 0, decimals: 0)) users, "
          + "\(grouped(plan.paidHours, decimals: 1)) paid hours an accelerator.")
    }
    if let option = plan.leading.flatMap({ plan.option($0) }) {
      sentences.append(
        "Headline (\(option.basis.rawValue), \(option.date.rawValue) price): "
          + "\(grouped(option.accelerators, decimals: 0)) \(option.offer.accelerator) at "
          + "\(option.offer.providerTitle) for \(fixed(option.rate.usdPerHour, decimals: 2)) USD an hour "
          + "(\(option.rate.asOf)).")
    }
    sentences += plan.infeasible.map { "Infeasible: \($0)." }
    return lines(sentences)
  }

  private func prices(chips: Bool) -> String {
    var columns: [ReportTable.Column] = [.init("offer")]
    for basis in PriceBasis.allCases {
      for date in PriceDate.allCases {
        columns.append(.init("\(basis.rawValue)_\(date.rawValue)", heading(basis, date)))
      }
    }
    var table = ReportTable(
      chips ? "Accelerators that all the money buys, by price and its date" : "USD per accelerator-hour",
      columns)
    for offer in plan.scenario.offers {
      var cells: [Cell] = [.text(title(offer))]
      for basis in PriceBasis.allCases {
        for date in PriceDate.allCases {
          let option = plan.option(offer, basis, date)
          cells.append(
            chips
              ? .optional(option?.accelerators, decimals: 0) : .optional(option?.rate.usdPerHour, decimals: 2)
          )
        }
      }
      table.append(cells)
    }
    if chips {
      table.notes = [
        "deal = newest price up to \(plan.scenario.text("deal_month")), latest = newest known; * = alternative.",
        "Own cost is an upper bound of chips, not a buyer's price.",
      ]
    } else if plan.options.contains(where: { $0.rate.note.hasPrefix("first known") }) {
      let late = plan.options.filter { $0.rate.note.hasPrefix("first known") }
      table.notes = [
        "No price was published by the deal for \(listed(late.map { "\(title($0.offer)) \($0.basis.rawValue)" })): "
          + "its first known price stands in (table options has the dates)."
      ]
    }
    return table.render(.table, width: width)
  }

  private func heading(_ basis: PriceBasis, _ date: PriceDate) -> String {
    let short = basis == .contracted ? "contr." : basis.rawValue
    return "\(short) \(date == .deal ? "deal" : "late")"
  }

  private var allocation: String {
    guard !plan.allocation.isEmpty else { return "" }
    var table = ReportTable(
      "Portfolio: cheapest work first, inside supply caps and provider shares",
      [
        .init("offer"), .init("USD/h"), .init("cap"), .init("chips"), .init("B USD"), .init("share %"),
        .init("MW"),
        .init("stopped by"),
      ])
    for row in plan.allocation {
      table.append([
        .text(title(row.offer)), .number(row.rate.usdPerHour, decimals: 2),
        .optional(row.offer.supplyCap, decimals: 0), .number(row.accelerators, decimals: 0),
        .number(Unit.billionUSD.fromBase(row.cost), decimals: 2), .number(row.moneyShare * 100, decimals: 1),
        .optional(row.megawatts, decimals: 1),
        .text(row.accelerators == 0 && row.binding == "money" ? "no money left" : row.binding),
      ])
    }
    let chips = plan.allocation.reduce(0) { $0 + $1.accelerators }
    table.notes = ["Together \(grouped(chips, decimals: 0)) accelerators."]
    return table.render(.table, width: width)
  }

  // MARK: What it does

  private var shown: [PlanOption] {
    guard let lead = plan.leading.flatMap({ plan.option($0) }) else { return [] }
    return plan.scenario.offers.compactMap { offer in
      plan.option(offer, lead.basis, lead.date) ?? plan.option(offer, .list, lead.date)
        ?? plan.option(offer, .own, lead.date)
    }
  }

  private func title(_ offer: Offer) -> String {
    "\(offer.providerTitle) \(offer.accelerator)\(offer.role == "deal" ? "" : "*")"
  }

  private func named(_ option: PlanOption) -> String { "\(title(option.offer)), \(option.basis.rawValue)" }

  private var fleet: String {
    let isFacility = plan.scenario.text("power_basis") == "allin_facility"
    var table = ReportTable(
      "The fleet at \(plan.leading.flatMap { plan.option($0)?.date.rawValue } ?? "latest") prices",
      [
        .init("offer, price"), .init("chips"), .init("racks"), .init("MW"), .init("spare %"),
        .init("training runs"),
        .init("NPV B USD"),
      ])
    for option in shown {
      table.append([
        .text(named(option)), .number(option.accelerators, decimals: 0), .optional(option.racks, decimals: 0),
        .optional(option.megawatts, decimals: 1), .number(option.spareShare * 100, decimals: 2),
        .optional(option.trainingRuns, decimals: 1),
        .number(Unit.billionUSD.fromBase(option.netPresentValue), decimals: 2),
      ])
    }
    let compute = Formulas.trainingCompute(
      activeParameters: plan.scenario.number("training_active_parameters") ?? 0,
      tokens: plan.scenario.number("training_tokens") ?? 0)
    table.notes = [
      isFacility
        ? "MW: facility, all in (chip, host, network, cooling; PUE 1.15 inside, never multiplied again)."
        : "MW: IT, all in (chip, host, network), before PUE.",
      "Training runs at once instead of serving: \(scientific(compute)) FLOP (6ND) in "
        + "\(plan.scenario.text("training_days")) days at MFU \(plan.scenario.text("training_mfu")) of the bf16 peak.",
      "NPV at \(decimalText((plan.scenario.number("discount_rate") ?? 0) * 100)) % a year, payments "
        + "\(plan.scenario.text("payment_timing")), of all the money paid.",
    ]
    return table.render(.table, width: width)
  }

  private var capacity: String {
    let rows = plan.capacities.filter { row in shown.contains { $0.id == row.option } }
    guard !rows.isEmpty else { return "" }
    let hasHost = rows.contains { $0.transferredUsers != nil }
    var columns: [ReportTable.Column] = [
      .init("offer"), .init("stand-in"), .init("prefill Mtok/s"), .init("decode Mtok/s"), .init("users M"),
      .init("80 % range"), .init("trust"),
    ]
    if hasHost { columns.append(.init("transf. M")) }
    var table = ReportTable("Serving one stand-in model with everything, busiest minute", columns)
    for row in rows {
      guard let option = plan.option(row.option) else { continue }
      let range = row.users.interval.map { "\(millions($0.low))-\(millions($0.high))" } ?? "-"
      var cells: [Cell] = [
        .text(title(option.offer)), .text(row.standIn.model),
        .number(Unit.millionTokens.fromBase(row.prefillTokensPerSecond.value), decimals: 1),
        .number(Unit.millionTokens.fromBase(row.decodeTokensPerSecond.value), decimals: 1),
        .number(Unit.million.fromBase(row.users.value), decimals: 0), .text(range),
        .text(row.users.trust.rawValue),
      ]
      if hasHost {
        cells.append(.optional(row.transferredUsers.map { Unit.million.fromBase($0.value) }, decimals: 0))
      }
      table.append(cells)
    }
    table.notes = [
      "The buyer's models are not known: dense, mixture-of-experts and latent-attention stand-ins, TTFT "
        + "\(plan.scenario.text("ttft_limit_s")) s, TPOT \(plan.scenario.text("tpot_limit_s")) s."
    ]
    if let host = plan.host { table.notes.append("transf.: \(host.transferredScore)") }
    return table.render(.table, width: width)
  }

  private var unitCosts: String {
    let rows = plan.capacities.filter { row in shown.contains { $0.id == row.option } }
    guard !rows.isEmpty else { return "" }
    var table = ReportTable(
      "USD per million tokens, all money included",
      [
        .init("offer, price"), .init("stand-in"), .init("all"), .init("fresh input"), .init("output"),
        .init("deployment"),
      ])
    for row in rows {
      guard let option = plan.option(row.option) else { continue }
      table.append([
        .text(named(option)), .text(row.standIn.model), .number(row.usdPerMtokTotal.value, decimals: 3),
        .number(row.usdPerMtokFreshInput.value, decimals: 3),
        .number(row.usdPerMtokOutput.value, decimals: 3),
        .text(row.throughput.deployment),
      ])
    }
    table.notes = ["all = prompt (cached tokens too) and output; input and output by replica time."]
    return table.render(.table, width: width)
  }

  private var host: String {
    guard let host = plan.host else {
      return lines([
        "No result file of a host: no transferred column and no fleet of hosts. `plimsoll run` makes one."
      ])
    }
    var table = ReportTable(
      "Hosts like the measured one for the same work (\(host.machine))",
      [
        .init("stand-in"), .init("prefill tok/s"), .init("decode tok/s"), .init("hosts"), .init("B USD"),
        .init("MW"),
      ])
    for row in host.fleet {
      table.append([
        .text(row.standIn.model), .number(row.throughput.prefill.value, decimals: 2),
        .number(row.throughput.decode.value, decimals: 3), .number(row.hosts, decimals: 0),
        .optional(row.cost.map { Unit.billionUSD.fromBase($0) }, decimals: 1),
        .optional(row.megawatts, decimals: 0),
      ])
    }
    table.notes = ["Results: \(host.file)."]
    if !host.figuresThatChange.isEmpty {
      table.notes.append(
        "Without that file these figures would go: \(host.figuresThatChange.joined(separator: "; ")). "
          + "All others stay: no figure of this host enters a calibrated one.")
    }
    return table.render(.table, width: width)
  }

  // MARK: How far it can be believed

  private var checks: String {
    var table = ReportTable(
      "Checks",
      [
        .init("check"), .init("pass"), .init("fail"), .init("unknown"), .init("found"), .init("accepted"),
        .init("unit"),
      ])
    var names: [String] = []
    for check in plan.checks where !names.contains(check.name) { names.append(check.name) }
    var failures: [String] = []
    for name in names {
      let rows = plan.checks.filter { $0.name == name }
      let known = rows.compactMap(\.value).filter(\.isFinite)
      let found = known.isEmpty ? "-" : spread(known)
      table.append([
        .text(name), .integer(rows.count { $0.result == .pass }), .integer(rows.count { $0.result == .fail }),
        .integer(rows.count { $0.result == .unknown }), .text(found), .text(accepted(rows)),
        .text(rows.first?.unit ?? ""),
      ])
      for row in rows where row.result == .fail {
        failures.append(
          "\(row.severity == .hard ? "FAILED" : "Look at") \(name), \(row.subject): "
            + "\(row.value.map(compact) ?? "-") \(row.unit), accepted \(accepted([row])); \(row.note).")
      }
    }
    table.notes = failures
    return table.render(.table, width: width)
  }

  private func accepted(_ rows: [PlanCheck]) -> String {
    let low = rows.compactMap(\.low).min().map(compact)
    let high = rows.compactMap(\.high).max().map(compact)
    switch (low, high) {
    case (let low?, let high?): return "\(low) to \(high)"
    case (let low?, nil): return "from \(low)"
    case (nil, let high?): return "to \(high)"
    case (nil, nil): return "-"
    }
  }

  private var decides: String {
    guard !plan.swings.isEmpty else { return "" }
    var table = ReportTable(
      "What decides (one input at a time, headline offer)",
      [
        .init("input"), .init("of"), .init("from"), .init("to"), .init("low"), .init("high"),
        .init("swing %"),
      ])
    for metric in ["accelerators", "users"] {
      for swing in plan.swings.filter({ $0.metric == metric }).prefix(6) {
        let isUsers = metric == "users"
        func cell(_ value: Double) -> Cell {
          .number(isUsers ? Unit.million.fromBase(value) : value, decimals: 0)
        }
        table.append([
          .text(swing.input), .text(isUsers ? "users M" : "chips"), .text(swing.low), .text(swing.high),
          cell(swing.valueAtLow), cell(swing.valueAtHigh), .number(swing.relativeSwing * 100, decimals: 0),
        ])
      }
    }
    return table.render(.table, width: width)
  }

  private var gaps: String {
    guard !plan.gaps.isEmpty else { return "" }
    return "Gaps\n" + lines(plan.gaps.map { "- \($0.subject): \($0.missing)." })
  }

  // MARK: Numbers as words

  private func billions(_ value: Double) -> String { grouped(Unit.billionUSD.fromBase(value), decimals: 2) }
  private func millions(_ value: Double) -> String { grouped(Unit.million.fromBase(value), decimals: 0) }
  private func listed(_ names: [String]) -> String {
    var seen: [String] = []
    for name in names where !seen.contains(name) { seen.append(name) }
    return seen.joined(separator: ", ")
  }
  private func spread(_ values: [Double]) -> String {
    guard let low = values.min(), let high = values.max() else { return "-" }
    return compact(low) == compact(high) ? compact(low) : "\(compact(low)) to \(compact(high))"
  }
  private func compact(_ value: Double) -> String {
    if value == 0 { return "0" }
    if abs(value) < 1e-3 { return scientific(value) }
    return grouped(value, decimals: abs(value) >= 1000 ? 0 : abs(value) >= 10 ? 1 : 3)
  }
  private func scientific(_ value: Double) -> String {
    guard value != 0, value.isFinite else { return "0" }
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 9.95 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 0.995 {
      mantissa *= 10
      exponent -= 1
    }
    return "\(value < 0 ? "-" : "")\(fixed(mantissa, decimals: 1))e\(exponent)"
  }
}
