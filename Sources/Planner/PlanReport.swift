// A plan for a terminal of 80 columns: the answer first, then what it does, what it draws, what it costs, how far
// it can be believed, what decides, and what is missing.

import Quantities
import Tables

/// The printed report of a plan.
public struct PlanReport: Sendable {
  let plan: Plan
  let width: Int

  /// A report of at most `width` characters a line.
  public init(_ plan: Plan, width: Int = 80) {
    self.plan = plan
    self.width = width
  }

  /// The whole text.
  public var text: String {
    let parts = [
      heading, prices(chips: true), prices(chips: false), allocation, fleet, years, capacity, unitCosts,
      host, checks, decides, gaps,
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  func lines(_ sentences: [String], indent: String = "") -> String {
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
        "D: newest price up to \(plan.scenario.text("deal_month")), the deal. L: latest known. contr: contracted. "
          + "*: alternative to the deal.",
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
    let short = basis == .contracted ? "contr" : basis.rawValue
    return "\(short) \(date == .deal ? "D" : "L")"
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

  /// The headline's options, one for each chip at each price, with all who sell it so.
  private var shown: [(option: PlanOption, sellers: String)] {
    guard let lead = plan.leading.flatMap({ plan.option($0) }) else { return [] }
    let options = plan.scenario.offers.compactMap { offer in
      plan.option(offer, lead.basis, lead.date) ?? plan.option(offer, .list, lead.date)
        ?? plan.option(offer, .own, lead.date)
    }
    var groups: [[PlanOption]] = []
    for option in options {
      let same = groups.firstIndex { group in
        group[0].offer.accelerator == option.offer.accelerator && group[0].accelerators == option.accelerators
          && group[0].basis == option.basis
      }
      if let same { groups[same].append(option) } else { groups.append([option]) }
    }
    return groups.map { group in
      (
        group[0],
        group.map { $0.offer.providerTitle + ($0.offer.role == "deal" ? "" : "*") }.joined(separator: ", ")
      )
    }
  }

  func title(_ offer: Offer) -> String {
    "\(offer.providerTitle) \(offer.accelerator)\(offer.role == "deal" ? "" : "*")"
  }

  private func chip(_ option: PlanOption) -> String {
    let basis = option.basis == .contracted ? "contr" : option.basis.rawValue
    return "\(option.offer.accelerator) \(basis) \(fixed(option.rate.usdPerHour, decimals: 2))"
  }

  private var fleet: String {
    guard !shown.isEmpty else { return "" }
    let isFacility = plan.scenario.text("power_basis") == "allin_facility"
    var table = ReportTable(
      "The fleet at \(shown[0].option.date.rawValue) prices",
      [
        .init("chip, price"), .init("chips"), .init("racks"), .init("MW"), .init("spare%"), .init("runs"),
        .init("from"),
      ])
    for (option, sellers) in shown {
      table.append([
        .text(chip(option)), .number(option.accelerators, decimals: 0), .optional(option.racks, decimals: 0),
        .optional(option.megawatts, decimals: 1), .number(option.spareShare * 100, decimals: 2),
        .optional(option.trainingRuns, decimals: 1),
        .text(sellers),
      ])
    }
    let compute = Formulas.trainingCompute(
      activeParameters: plan.scenario.number("training_active_parameters") ?? 0,
      tokens: plan.scenario.number("training_tokens") ?? 0)
    table.notes = [
      isFacility
        ? "MW: facility, all in (chip, host, network, cooling; PUE 1.15 inside, never multiplied again)."
        : "MW: IT, all in (chip, host, network), before PUE.",
      "runs: frontier training runs at once, instead of serving: \(scientific(compute)) FLOP (6ND) in "
        + "\(plan.scenario.text("training_days")) days at MFU \(plan.scenario.text("training_mfu")) of the bf16 peak.",
      "NPV \(spread(shown.map { Unit.billionUSD.fromBase($0.option.netPresentValue) })) B USD at "
        + "\(decimalText((plan.scenario.number("discount_rate") ?? 0) * 100)) % a year, payments "
        + "\(plan.scenario.text("payment_timing")), CPUs, network and storage included.",
    ]
    return table.render(.table, width: width)
  }

  /// The headline's option in blocks of twelve months.
  private var years: String {
    guard let lead = plan.leading.flatMap({ plan.option($0) }) else { return "" }
    let rows = plan.schedule.filter { $0.option == lead.id }
    let capacity = plan.capacities.first { $0.option == lead.id }
    var table = ReportTable(
      "Year by year: \(title(lead.offer)), \(lead.basis.rawValue) (table schedule has the months)",
      [
        .init("from"), .init("chips at end"), .init("MW at end"), .init("B USD spent"),
        .init("prefill Mtok/s"),
        .init("decode Mtok/s"),
      ])
    for start in stride(from: 0, to: rows.count, by: monthsPerYear) {
      let year = rows[start..<min(start + monthsPerYear, rows.count)]
      guard let first = year.first, let last = year.last else { continue }
      func rate(_ figure: Figure?) -> Cell {
        .optional(
          figure.map { Unit.millionTokens.fromBase($0.value * last.month.rampShare) }, decimals: 1)
      }
      table.append([
        .text(first.month.label), .number(last.accelerators, decimals: 0),
        .optional(last.megawatts, decimals: 1),
        .number(Unit.billionUSD.fromBase(year.reduce(0) { $0 + $1.spend }), decimals: 2),
        rate(capacity?.prefillTokensPerSecond), rate(capacity?.decodeTokensPerSecond),
      ])
    }
    if let capacity {
      table.notes = ["Mtok/s in the busiest minute of the last month, on \(capacity.standIn.model)."]
    }
    return table.render(.table, width: width)
  }

  /// Capacities of the shown options.
  private var rows: [(option: PlanOption, capacity: PlanCapacity)] {
    shown.flatMap { shown in
      plan.capacities.filter { $0.option == shown.option.id }.map { (shown.option, $0) }
    }
  }

  private var capacity: String {
    guard !rows.isEmpty else { return "" }
    let hasHost = rows.contains { $0.capacity.transferredUsers != nil }
    var columns: [ReportTable.Column] = [
      .init("chip"), .init("stand-in"), .init("prefill"), .init("decode"), .init("users M"),
      .init("80 % range"),
    ]
    if hasHost { columns.append(.init("transf. M")) }
    var table = ReportTable(
      "The whole fleet on one stand-in model: Mtokens/s in the busiest minute, users", columns)
    for (option, row) in rows {
      let range = row.users.interval.map { "\(millions($0.low))-\(millions($0.high))" } ?? "-"
      var cells: [Cell] = [
        .text(option.offer.accelerator), .text(row.standIn.model),
        .number(Unit.millionTokens.fromBase(row.prefillTokensPerSecond.value), decimals: 1),
        .number(Unit.millionTokens.fromBase(row.decodeTokensPerSecond.value), decimals: 1),
        .number(Unit.million.fromBase(row.users.value), decimals: 0), .text(range),
      ]
      if hasHost {
        cells.append(.optional(row.transferredUsers.map { Unit.million.fromBase($0.value) }, decimals: 0))
      }
      table.append(cells)
    }
    table.notes = [
      "The buyer's models are not known: dense, mixture-of-experts and latent-attention stand-ins; "
        + "\(decimalText(plan.scenario.number("input_tokens") ?? 0)) tokens in, "
        + "\(decimalText(plan.scenario.number("output_tokens") ?? 0)) out, "
        + "\(plan.scenario.text("requests_per_user_day")) requests a user and day, TTFT "
        + "\(plan.scenario.text("ttft_limit_s")) s, TPOT \(plan.scenario.text("tpot_limit_s")) s."
    ]
    if hasHost, let host = plan.host { table.notes.append("transf.: \(host.transferredScore)") }
    return table.render(.table, width: width)
  }

  private var unitCosts: String {
    guard !rows.isEmpty else { return "" }
    var table = ReportTable(
      "USD per million tokens, all money included",
      [
        .init("chip, price"), .init("stand-in"), .init("all"), .init("in"), .init("out"), .init("trust"),
        .init("replica"),
      ])
    for (option, row) in rows {
      table.append([
        .text(chip(option)), .text(row.standIn.model), .number(row.usdPerMtokTotal.value, decimals: 3),
        .number(row.usdPerMtokFreshInput.value, decimals: 3),
        .number(row.usdPerMtokOutput.value, decimals: 3),
        .text(row.users.trust.rawValue), .text(row.throughput.deployment),
      ])
    }
    table.notes = [
      "all: prompt (cached tokens too) and output. in: fresh prompt, out: output, by replica time."
    ]
    return table.render(.table, width: width)
  }

  var host: String {
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
}
