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
      heading, overTime, allocation, serving, years, prices, rates, fleet, tokens, host, checks, decides,
      gaps,
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
    if let fleet = plan.fleet { sentences += answer(fleet) }
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
    if let portfolio = plan.portfolio {
      sentences.append(headline(portfolio))
    } else if let option = plan.leading.flatMap({ plan.option($0) }) {
      sentences.append(
        "Headline (\(option.basis.rawValue), \(option.date.rawValue) price): "
          + "\(grouped(option.accelerators, decimals: 0)) \(option.offer.accelerator) at "
          + "\(option.offer.providerTitle) for \(fixed(option.rate.usdPerHour, decimals: 2)) USD an hour "
          + "(\(option.rate.asOf.isEmpty ? "set by --set" : option.rate.asOf)).")
    }
    let headlines = Set(plan.portfolio?.options.map(\.id) ?? [plan.leading].compactMap { $0 })
    for check in plan.checks
    where check.name == "deal check" && check.result == .fail && headlines.contains(check.subject) {
      let isLow = (check.value ?? 0) < (check.low ?? 0)
      sentences.append(
        "Warning: the rate of \(check.subject) is \(compact(check.value ?? 0)) USD/h, "
          + (isLow
            ? "below the electricity that the chip burns (\(compact(check.low ?? 0)))."
            : "above the list price (\(compact(check.high ?? 0)))."))
    }
    sentences += plan.infeasible.map { "Infeasible, so no headline: \($0)." }
    return lines(sentences)
  }

  private func headline(_ portfolio: Portfolio) -> String {
    var shares: [(provider: String, cost: Double)] = []
    for option in portfolio.options {
      if let index = shares.firstIndex(where: { $0.provider == option.offer.providerTitle }) {
        shares[index].cost += option.cost
      } else {
        shares.append((option.offer.providerTitle, option.cost))
      }
    }
    let parts = shares.map { "\($0.provider) \(grouped($0.cost / portfolio.money * 100, decimals: 1)) %" }
    let unknown =
      portfolio.withoutPower.isEmpty ? "" : " without \(portfolio.withoutPower.joined(separator: ", "))"
    var text =
      "Headline (portfolio, \(plan.scenario.text("lead_basis")), \(plan.scenario.text("lead_date")) price): "
      + "\(grouped(portfolio.accelerators, decimals: 0)) accelerators; of the money "
      + "\(parts.joined(separator: ", "))"
    if let megawatts = portfolio.megawatts { text += "; \(grouped(megawatts, decimals: 1)) MW\(unknown)" }
    if let runs = portfolio.trainingRuns {
      text += "; \(grouped(runs, decimals: 1)) frontier training runs at once instead of serving"
    }
    return text + "; NPV \(billions(portfolio.netPresentValue)) B USD."
  }

  private var bases: [(PriceBasis, PriceDate)] {
    PriceBasis.allCases.flatMap { basis in PriceDate.allCases.map { (basis, $0) } }
  }

  private var prices: String {
    let single = plan.portfolio == nil && plan.allocation.isEmpty
    var table = ReportTable(
      "Accelerators that all the money buys\(single ? "" : " of one offer"), by price and its date",
      [.init("offer")] + bases.map { .init("\($0.rawValue)_\($1.rawValue)", heading($0, $1)) })
    for offer in plan.scenario.offers {
      let options = bases.map { plan.option(offer, $0, $1) }
      guard options.contains(where: { $0 != nil }) else { continue }
      let breaks = options.contains { $0?.brokenLimits.isEmpty == false }
      table.append(
        [.text(title(offer) + (breaks ? " !" : ""))]
          + options.map { .optional($0?.accelerators, decimals: 0) })
    }
    table.notes = [
      "D: newest price up to \(plan.scenario.text("deal_month")), the deal. L: latest known. contr: contracted."
        + (plan.scenario.offers.contains { $0.role != "deal" } ? " *: alternative to the deal." : ""),
      "Own cost is an upper bound of chips, not a buyer's price.",
    ]
    if plan.options.contains(where: { !$0.brokenLimits.isEmpty }) {
      table.notes.append(
        "!: at some price it breaks a limit of the scenario (table options, broken_limits): no answer alone.")
    }
    return table.render(.table, width: width)
  }

  /// Prices, one row for all who ask the same contracted price and have the same cost.
  private var rates: String {
    var groups: [[Offer]] = []
    func fixedRates(_ offer: Offer) -> [Double?] {
      bases.filter { $0.0 != .list }.map { plan.option(offer, $0, $1)?.rate.usdPerHour }
    }
    for offer in plan.scenario.offers where bases.contains(where: { plan.option(offer, $0, $1) != nil }) {
      let same = groups.firstIndex {
        $0[0].accelerator == offer.accelerator && fixedRates($0[0]) == fixedRates(offer)
      }
      if let same { groups[same].append(offer) } else { groups.append([offer]) }
    }
    var table = ReportTable(
      "USD per accelerator-hour",
      [.init("chip"), .init("list L")]
        + bases.filter { $0.0 != .list }.map { .init(heading($0, $1)) } + [.init("from")])
    for group in groups {
      let list = [PriceDate.latest].map { date -> Cell in
        let prices = group.compactMap { plan.option($0, .list, date)?.rate.usdPerHour }
        guard let low = prices.min(), let high = prices.max() else { return .empty }
        return low == high
          ? .number(low, decimals: 2) : .text("\(fixed(low, decimals: 1))-\(fixed(high, decimals: 1))")
      }
      table.append(
        [.text(group[0].accelerator)] + list
          + fixedRates(group[0]).map { .optional($0, decimals: 2) }
          + [.text(group.map { short($0) }.joined(separator: " "))])
    }
    let contracted = plan.options.filter { $0.basis == .contracted }
    let surveyed = contracted.filter { $0.rate.note.contains(surveyNote) }
    let own = contracted.filter {
      !$0.rate.note.contains(surveyNote) && $0.rate.source.hasPrefix("cloud_prices")
    }
    if !surveyed.isEmpty {
      table.notes.append(
        "contr of \(listed(surveyed.map(\.offer.accelerator))): \(surveyNote); trust assumed.")
    }
    if !own.isEmpty {
      table.notes.append(
        "contr of \(listed(own.map(\.offer.title))): the provider's own price, another basis.")
    }
    let late = plan.options.filter { $0.rate.note.hasPrefix("first known") }
    if !late.isEmpty {
      let chips = PriceBasis.allCases.compactMap { basis -> String? in
        let names = late.filter { $0.basis == basis }.map(\.offer.title)
        return names.isEmpty ? nil : "\(listed(names)) (\(basis.rawValue))"
      }
      table.notes.append(
        "D of \(chips.joined(separator: "; ")): nothing published by then, the first known price.")
    }
    return table.render(.table, width: width)
  }

  private func short(_ offer: Offer) -> String { offer.providerTitle + (offer.role == "deal" ? "" : "*") }

  private func heading(_ basis: PriceBasis, _ date: PriceDate) -> String {
    let short = basis == .contracted ? "contr" : basis.rawValue
    return "\(short) \(date == .deal ? "D" : "L")"
  }

  private var allocation: String {
    guard !plan.allocation.isEmpty else { return "" }
    var table = ReportTable(
      "Portfolio: cheapest USD per Mtok of \(plan.rankingModel) first, inside the limits",
      [
        .init("offer"), .init("USD/h"), .init("trust"), .init("per Mtok"), .init("chips"), .init("B USD"),
        .init("%"), .init("MW"), .init("limit"),
      ])
    for row in plan.allocation where row.accelerators > 0 {
      table.append([
        .text(row.offer.title), .number(row.rate.usdPerHour, decimals: 2), .text(row.rate.trust.rawValue),
        .optional(row.usdPerMtok, decimals: 3), .number(row.accelerators, decimals: 0),
        .number(Unit.billionUSD.fromBase(row.cost), decimals: 2), .number(row.moneyShare * 100, decimals: 1),
        .optional(row.megawatts, decimals: 1), .text(row.binding),
      ])
    }
    let left = plan.allocation.filter { $0.accelerators == 0 }.map(\.offer.title)
    let chips = plan.allocation.reduce(0) { $0 + $1.accelerators }
    let share = grouped((plan.scenario.number("max_provider_share") ?? 1) * 100, decimals: 0)
    table.notes = [
      "Together \(grouped(chips, decimals: 0)) accelerators; limit: what stopped a row; supply caps are the scenario's, at most "
        + "\(share) % of the money with one provider."
    ]
    if !left.isEmpty { table.notes.append("Nothing of \(listed(left)): dearer work, or no money left.") }
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
    "\(option.offer.accelerator) \(option.basis == .contracted ? "contr" : option.basis.rawValue)"
  }

  private var fleet: String {
    guard !shown.isEmpty else { return "" }
    let isFacility = plan.scenario.text("power_basis") == "allin_facility"
    var table = ReportTable(
      "Fleets at \(shown[0].option.date.rawValue) prices, each for all the money",
      [
        .init("chip"), .init("USD/h"), .init("chips"), .init("racks"), .init("MW"), .init("runs"),
        .init("dense"), .init("MoE"), .init("MLA"),
      ])
    for (option, _) in shown {
      table.append(
        [
          .text(chip(option)), .number(option.rate.usdPerHour, decimals: 2),
          .number(option.accelerators, decimals: 0), .optional(option.racks, decimals: 0),
          .optional(option.megawatts, decimals: 1), .optional(option.trainingRuns, decimals: 1),
        ]
          + Plan.kinds.map { kind in
            .optional(
              plan.served(by: option.id).first { $0.standIn.kind == kind }?.usdPerMtokTotal.value, decimals: 3
            )
          })
    }
    let compute = Formulas.trainingCompute(
      activeParameters: plan.scenario.number("training_active_parameters") ?? 0,
      tokens: plan.scenario.number("training_tokens") ?? 0)
    table.notes = [
      isFacility
        ? "MW: facility, all in (chip, host, network, cooling; PUE 1.15 inside, never multiplied again)."
        : "MW: IT, all in (chip, host, network), before PUE.",
      "dense, MoE, MLA: USD per million tokens, all money included. runs: frontier training runs at once, instead of serving: \(scientific(compute)) FLOP (6ND) in "
        + "\(plan.scenario.text("training_days")) days at MFU \(plan.scenario.text("training_mfu")) of the bf16 peak. "
        + "NPV \(spread(shown.map { Unit.billionUSD.fromBase($0.option.netPresentValue) })) B USD at \(decimalText((plan.scenario.number("discount_rate") ?? 0) * 100)) % a year, "
        + "\(plan.scenario.text("payment_timing")), CPUs, network and storage included.",
    ]
    return table.render(.table, width: width)
  }

  /// The headline in blocks of twelve months.
  private var years: String {
    guard let headline = plan.headline else { return "" }
    let rows = plan.schedule.filter { $0.option == headline }
    let served = Plan.kinds.map { kind in
      plan.served(by: headline).first { $0.standIn.kind == kind }
    }
    var table = ReportTable(
      "The headline year by year (table schedule has the months)",
      [.init("from"), .init("chips at end"), .init("MW at end"), .init("B USD")]
        + ["dense", "MoE", "MLA"].map { .init("\($0) Mtok/s") })
    for start in stride(from: 0, to: rows.count, by: monthsPerYear) {
      let year = rows[start..<min(start + monthsPerYear, rows.count)]
      guard let first = year.first, let last = year.last else { continue }
      table.append(
        [
          .text(first.month.label), .number(last.accelerators, decimals: 0),
          .optional(last.megawatts, decimals: 1),
          .number(Unit.billionUSD.fromBase(year.reduce(0) { $0 + $1.spend }), decimals: 2),
        ]
          + served.map { model in
            .optional(
              model.map {
                Unit.millionTokens.fromBase($0.decodeTokensPerSecond.value * last.month.rampShare)
              }, decimals: 1)
          })
    }
    table.notes = ["Mtok/s: generated in the busiest minute of the year's last month, \(standIns)."]
    return table.render(.table, width: width)
  }

  /// `dense Llama-3.1-70B, MoE ..., MLA ...`.
  private var standIns: String {
    zip(Plan.kinds, ["dense", "MoE", "MLA"]).compactMap { kind, name in
      plan.scenario.standIns.first { $0.kind == kind }.map { "\(name) \($0.model)" }
    }.joined(separator: ", ")
  }

  /// The headline on each stand-in.
  private var serving: String {
    let served = plan.headline.map { plan.served(by: $0) } ?? []
    guard !served.isEmpty else { return "" }
    let hasHost = served.contains { $0.transferredDecode != nil }
    var table = ReportTable(
      "The headline on one stand-in model: Mtokens/s at peak, users, USD per Mtok",
      [
        .init("stand-in"), .init("prefill"), .init("decode"), .init("80 % range"),
      ] + (hasHost ? [.init("transf.")] : []) + [
        .init("users M"), .init("all"), .init("out"),
      ])
    for row in served {
      func rate(_ figure: Figure) -> Double { Unit.millionTokens.fromBase(figure.value) }
      let range = row.decodeTokensPerSecond.interval.map {
        "\(grouped(Unit.millionTokens.fromBase($0.low), decimals: 0))-"
          + grouped(Unit.millionTokens.fromBase($0.high), decimals: 0)
      }
      table.append(
        [
          .text(row.standIn.model), .number(rate(row.prefillTokensPerSecond), decimals: 1),
          .number(rate(row.decodeTokensPerSecond), decimals: 1), range.map { .text($0) } ?? .empty,
        ] + (hasHost ? [.optional(row.transferredDecode.map(rate), decimals: 1)] : []) + [
          .number(Unit.million.fromBase(row.users.value), decimals: 0),
          .number(row.usdPerMtokTotal.value, decimals: 3),
          .number(row.usdPerMtokOutput.value, decimals: 3),
        ])
    }
    table.notes = notes(served)
    if hasHost, let host = plan.host {
      table.notes.append("transf.: decode by this host's curves; \(host.transferredScore)")
    }
    return table.render(.table, width: width)
  }

  private func notes(_ served: [ServedModel]) -> [String] {
    let scenario = plan.scenario
    let input = scenario.number("input_tokens") ?? 0
    let output = scenario.number("output_tokens") ?? 0
    var notes = [
      served.map { row in
        let without = row.without.isEmpty ? "" : ", without \(row.without.joined(separator: ", "))"
        return "\(row.standIn.model): \(row.deployments.joined(separator: ", ")), "
          + "\(row.decodeTokensPerSecond.trust.rawValue)\(without)"
      }.joined(separator: "; ") + ".",
      "The buyer's models are not known, these stand in. A request: \(decimalText(input)) tokens in, "
        + "\(decimalText(output)) out, TTFT \(scenario.text("ttft_limit_s")) s, TPOT "
        + "\(scenario.text("tpot_limit_s")) s. all: USD per Mtok of prompt (cached too) and output; out: of output.",
    ]
    let perDay = scenario.number("requests_per_user_day") ?? 0
    var user =
      "A user: \(decimalText(perDay)) requests, \(grouped(perDay * (input + output), decimals: 0)) tokens a day."
    let most = served.map { Unit.billion.fromBase($0.users.value) }.max() ?? 0
    if most > mankind {
      user +=
        " Above \(grouped(Unit.million.fromBase(Unit.billion.toBase(mankind)), decimals: 0)) M users exceed mankind: "
        + "such a fleet is for heavier use than this one."
    }
    notes.append(user)
    return notes
  }

  /// Rates of every shown chip, a column a stand-in.
  private var tokens: String {
    let rows = shown.filter { shown in plan.capacities.contains { $0.option == shown.option.id } }
    guard !rows.isEmpty else { return "" }
    let kinds = ["dense", "MoE", "MLA"]
    let hasHost = plan.capacities.contains { $0.transferredDecodeTokensPerSecond != nil }
    var table = ReportTable(
      "Generated Mtokens/s of the whole fleet on one stand-in model, busiest minute",
      [.init("chip")] + kinds.map { .init($0) } + (hasHost ? kinds.map { .init("t \($0)") } : [])
        + [.init("trust")])
    for (option, _) in rows {
      let served = Plan.kinds.map { kind in plan.served(by: option.id).first { $0.standIn.kind == kind } }
      func cell(_ figure: Figure?) -> Cell {
        .optional(figure.map { Unit.millionTokens.fromBase($0.value) }, decimals: 1)
      }
      let trust = served.compactMap { $0?.decodeTokensPerSecond.trust }.max()
      table.append(
        [.text(chip(option))] + served.map { cell($0?.decodeTokensPerSecond) }
          + (hasHost ? served.map { cell($0?.transferredDecode) } : [])
          + [trust.map { .text($0.rawValue) } ?? .empty])
    }
    let input =
      (plan.scenario.number("input_tokens") ?? 0) * (1 - (plan.scenario.number("cached_share") ?? 0))
    let ratio = input / (plan.scenario.number("output_tokens") ?? 1)
    table.notes = [
      "Prefill: \(compact(ratio)) times as many fresh prompt tokens. \(standIns)."
        + (hasHost ? " t: this host's curves scaled to the chip (error above)." : "")
    ]
    table.notes += rows.filter { $0.sellers.contains(",") }.map { "\(chip($0.option)): \($0.sellers)." }
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
    let fresh =
      (plan.scenario.number("input_tokens") ?? 0) * (1 - (plan.scenario.number("cached_share") ?? 0))
    let waits = host.fleet.map {
      "\($0.standIn.model) \($0.throughput.replica) hosts, "
        + "\(compact(fresh / $0.throughput.prefill.value)) s a prompt"
    }
    table.notes = [
      "A yardstick of work, not a service: TTFT and TPOT limits are dropped, the model is split over n hosts "
        + "in stages of layers, fp8 weights are computed in fp32. Of one line: \(waits.joined(separator: "; ")).",
      "Results: \(host.file).",
    ]
    if let composition = host.composition {
      table.notes.append("Composition test: \(composition).")
    }
    if !host.figuresThatChange.isEmpty {
      table.notes.append(
        "Without that file these figures would go: \(host.figuresThatChange.joined(separator: "; ")). "
          + "All others stay: no figure of this host enters a calibrated one.")
    }
    return table.render(.table, width: width)
  }

  /// Every input with its whole name and value; notes fold.
  public var inputs: String {
    plan.scenario.inputs.map { input in
      let setting = input.active
      let range =
        setting?.low.flatMap { low in
          setting?.high.map { " [\(decimalText(low)) to \(decimalText($0))]" }
        } ?? ""
      let date = setting?.asOf ?? ""
      let head = "\(input.key.name) = \(setting?.text ?? "") \(input.key.unit)\(range)"
      let source = [setting?.source ?? "", date].filter { !$0.isEmpty }.joined(separator: ", ")
      return lines([head])
        + lines(
          [
            "\(setting?.layer.rawValue ?? ""), \(setting?.place ?? "")"
              + (source.isEmpty ? "" : ": \(source)")
          ],
          indent: "    ")
    }.joined()
  }
}
