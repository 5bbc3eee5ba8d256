// A plan as tables with fixed columns, one name each: what `--table` prints and what files hold.

import Quantities
public import Tables

extension Plan {
  /// Names of the tables, in the order in which a reader wants them.
  public static let tableNames = [
    "options", "capacity", "schedule", "allocation", "checks", "swings", "gaps", "host", "inputs", "deals",
    "ledger", "need", "fleet", "fleet-allocation", "fleet-ledger", "fleet-limits", "fleet-rejections",
    "carbon",
  ]

  /// The table of a name; nil for an unknown name.
  public func table(_ name: String) -> ReportTable? {
    switch name {
    case "options": optionsTable
    case "capacity": capacityTable
    case "schedule": scheduleTable
    case "allocation": allocationTable
    case "checks": checksTable
    case "swings": swingsTable
    case "gaps": gapsTable
    case "host": hostTable
    case "inputs": inputsTable
    case "deals": dealsTable
    case "ledger": ledgerTable
    case "need": needTable
    case "carbon": carbonTable
    case "fleet-ledger": fleetLedgerTable
    case "fleet": fleetTable
    case "fleet-allocation": fleetAllocationTable
    case "fleet-limits": fleetLimitsTable
    case "fleet-rejections": fleetRejectionsTable
    default: nil
    }
  }

  /// Chips by offer, price basis and date.
  var optionsTable: ReportTable {
    var table = ReportTable(
      "Accelerators by price",
      [
        .init("option"), .init("role"), .init("provider"), .init("accelerator"), .init("basis"),
        .init("date"),
        .init("usd_per_accelerator_hour"), .init("price_as_of"), .init("price_trust"), .init("price_source"),
        .init("price_note"), .init("accelerator_money_usd"), .init("paid_hours"), .init("accelerators_raw"),
        .init("unit_accelerators"), .init("accelerators"), .init("accelerator_cost_usd"),
        .init("unspent_usd"),
        .init("racks"), .init("kw_per_accelerator"), .init("power_basis"), .init("power_mw"),
        .init("spare_share"),
        .init("usable_accelerators"), .init("accelerators_per_training_run"), .init("training_runs"),
        .init("npv_usd"), .init("npv_timing"), .init("broken_limits"),
      ])
    for option in options {
      table.append([
        .text(option.id), .text(option.offer.role), .text(option.offer.providerTitle),
        .text(option.offer.accelerator), .text(option.basis.rawValue), .text(option.date.rawValue),
        .number(option.rate.usdPerHour, decimals: 2), .text(option.rate.asOf),
        .text(option.rate.trust.rawValue),
        .text(option.rate.source), .text(option.rate.note), .number(option.money, decimals: 0),
        .number(paidHours, decimals: 1), .number(option.rawAccelerators, decimals: 1),
        .integer(option.offer.unit ?? 1), .number(option.accelerators, decimals: 0),
        .number(option.cost, decimals: 0), .number(option.unspent, decimals: 0),
        .optional(option.racks, decimals: 0),
        .optional(option.power?.kilowatts, decimals: 3), .text(scenario.text("power_basis")),
        .optional(option.megawatts, decimals: 1), .number(option.spareShare, decimals: 4),
        .number(option.usable, decimals: 0), .optional(option.acceleratorsPerRun, decimals: 0),
        .optional(option.trainingRuns, decimals: 1), .number(option.netPresentValue, decimals: 0),
        .text(scenario.text("payment_timing")), .text(option.brokenLimits.joined(separator: "; ")),
      ])
    }
    return table
  }

  /// What each option serves with each stand-in.
  var capacityTable: ReportTable {
    var columns: [ReportTable.Column] = [
      .init("option"), .init("model"), .init("kind"), .init("deployment"), .init("replica_accelerators"),
      .init("prefill_tokens_s_per_accelerator"), .init("decode_tokens_s_per_accelerator"),
      .init("stranded_share"),
      .init("utilisation"), .init("derating"), .init("accelerator_seconds_per_request"),
    ]
    let figures = [
      "peak_requests_s", "prefill_tokens_s", "decode_tokens_s", "users", "usd_per_mtok_total",
      "usd_per_mtok_fresh_input", "usd_per_mtok_output",
    ]
    for name in figures { columns += [.init(name), .init("\(name)_low"), .init("\(name)_high")] }
    columns += [
      .init("trust"), .init("transferred_prefill_tokens_s_per_accelerator"),
      .init("transferred_decode_tokens_s_per_accelerator"), .init("transferred_prefill_tokens_s"),
      .init("transferred_decode_tokens_s"), .init("transferred_users"), .init("transferred_error"),
      .init("sources"),
    ]
    var table = ReportTable("Capacity by stand-in", columns)
    for row in capacities {
      var cells: [Cell] = [
        .text(row.option), .text(row.standIn.model), .text(row.standIn.kind),
        .text(row.throughput.deployment),
        .integer(row.throughput.replica), .number(row.throughput.prefill.value, decimals: 0),
        .number(row.throughput.decode.value, decimals: 0), .number(row.strandedShare, decimals: 3),
        .number(row.utilisation, decimals: 3), .number(row.derating, decimals: 3),
        .number(row.secondsPerRequest, decimals: 4),
      ]
      let values = [
        row.peakRequests, row.prefillTokensPerSecond, row.decodeTokensPerSecond, row.users,
        row.usdPerMtokTotal,
        row.usdPerMtokFreshInput, row.usdPerMtokOutput,
      ]
      for figure in values {
        cells += [
          .number(figure.value, decimals: 2), .optional(figure.interval?.low, decimals: 2),
          .optional(figure.interval?.high, decimals: 2),
        ]
      }
      cells += [
        .text(row.users.trust.rawValue), .optional(row.transferred?.prefill.value, decimals: 0),
        .optional(row.transferred?.decode.value, decimals: 0),
        .optional(row.transferredPrefillTokensPerSecond?.value, decimals: 0),
        .optional(row.transferredDecodeTokensPerSecond?.value, decimals: 0),
        .optional(row.transferredUsers?.value, decimals: 0),
        row.transferred == nil ? .empty : .text(host?.transferredScore ?? ""),
        .text(row.users.sources.joined(separator: "; ")),
      ]
      table.append(cells)
    }
    return table
  }

  /// Columns of what a fleet serves in a month, for the first stand-in of each kind.
  static let kinds = ["dense", "moe", "mla"]

  /// Month by month; what is served is the month's usable share of the fleet times its rates.
  var scheduleTable: ReportTable {
    var table = ReportTable(
      "Month by month",
      [
        .init("option"), .init("month_index"), .init("month"), .init("hours_h"), .init("ramp_share"),
        .init("accelerators_mean"), .init("usable_accelerators_mean"), .init("power_mw"),
        .init("accelerator_spend_usd"), .init("spend_usd"), .init("discounted_spend_usd"),
        .init("training_runs_at_once"),
      ]
        + Plan.kinds.flatMap { kind -> [ReportTable.Column] in
          ["model", "prefill_tokens_per_s", "decode_tokens_per_s", "users", "usd_per_mtok_all_tokens"].map {
            .init("\(kind)_\($0)")
          }
        })
    var served: [String: [ServedModel]] = [:]
    for id in options.map(\.id) + [Portfolio.id] { served[id] = self.served(by: id) }
    for row in schedule {
      let share = row.month.rampShare
      let runs = row.option == Portfolio.id ? portfolio?.trainingRuns : option(row.option)?.trainingRuns
      var cells: [Cell] = [
        .text(row.option), .integer(row.month.index), .text(row.month.label + "-01"),
        .number(row.month.hours, decimals: 1), .number(share, decimals: 4),
        .number(row.accelerators, decimals: 0), .number(row.usable, decimals: 0),
        .optional(row.megawatts, decimals: 1), .number(row.acceleratorSpend, decimals: 0),
        .number(row.spend, decimals: 0), .number(row.discountedSpend, decimals: 0),
        .optional(runs.map { $0 * share }, decimals: 2),
      ]
      for kind in Plan.kinds {
        let model = served[row.option]?.first { $0.standIn.kind == kind }
        func rate(_ figure: KeyPath<ServedModel, Figure>) -> Cell {
          .optional(model.map { $0[keyPath: figure].value * share }, decimals: 0)
        }
        // A month's money and a month's tokens grow together: the price of a token is that of the whole term.
        cells += [
          model.map { .text($0.standIn.model) } ?? .empty, rate(\.prefillTokensPerSecond),
          rate(\.decodeTokensPerSecond), rate(\.users),
          .optional(share > 0 ? model?.usdPerMtokTotal.value : nil, decimals: 3),
        ]
      }
      table.append(cells)
    }
    return table
  }

  /// Who gets the money: the portfolio and its sum, or all of it for the leading option.
  var allocationTable: ReportTable {
    var table = ReportTable(
      "Who gets the money",
      [
        .init("offer"), .init("provider"), .init("region"), .init("accelerator"), .init("price_basis"),
        .init("usd_per_accelerator_hour"), .init("price_trust"), .init("supply_cap_accelerators"),
        .init("accelerators"), .init("accelerator_cost_usd"), .init("money_share"), .init("power_mw"),
        .init("ranking_model"), .init("usd_per_mtok_all_tokens"), .init("binding_constraint"),
      ])
    func add(
      _ offer: Offer, _ basis: PriceBasis, _ rate: Rate, _ count: Double, _ cost: Double, _ share: Double,
      _ megawatts: Double?, _ usd: Double?, _ binding: String
    ) {
      table.append([
        .text(offer.id), .text(offer.provider), .text(offer.region), .text(offer.accelerator),
        .text(basis.rawValue), .number(rate.usdPerHour, decimals: 2), .text(rate.trust.rawValue),
        .optional(offer.supplyCap, decimals: 0), .number(count, decimals: 0), .number(cost, decimals: 0),
        .number(share, decimals: 3), .optional(megawatts, decimals: 1), .text(rankingModel),
        .optional(usd, decimals: 3), .text(binding),
      ])
    }
    for row in allocation {
      add(
        row.offer, row.basis, row.rate, row.accelerators, row.cost, row.moneyShare, row.megawatts,
        row.usdPerMtok, row.binding)
    }
    if let portfolio {
      table.append([
        .text(Portfolio.id), .empty, .empty, .empty, .empty, .empty, .empty, .empty,
        .number(portfolio.accelerators, decimals: 0), .number(portfolio.cost, decimals: 0),
        .number(portfolio.cost / portfolio.money, decimals: 3), .optional(portfolio.megawatts, decimals: 1),
        .text(rankingModel), .optional(portfolio.served.first?.usdPerMtokTotal.value, decimals: 3), .empty,
      ])
    } else if let option = leading.flatMap({ option($0) }) {
      add(
        option.offer, option.basis, option.rate, option.accelerators, option.cost,
        option.money > 0 ? option.cost / option.money : 0, option.megawatts,
        capacities.first { $0.option == option.id }?.usdPerMtokTotal.value, "money")
    }
    return table
  }

  /// The stand-in whose price of a token ranks the rows of a portfolio.
  var rankingModel: String { scenario.standIns.first?.model ?? "" }

  /// Every check.
  var checksTable: ReportTable {
    var table = ReportTable(
      "Checks",
      [
        .init("check"), .init("subject"), .init("value"), .init("low"), .init("high"), .init("unit"),
        .init("severity"), .init("result"), .init("note"),
      ])
    for check in checks {
      table.append([
        .text(check.name), .text(check.subject), .optional(check.value, decimals: 3),
        .optional(check.low, decimals: 3), .optional(check.high, decimals: 3), .text(check.unit),
        .text(check.severity.rawValue), .text(check.result.rawValue), .text(check.note),
      ])
    }
    return table
  }

  /// What decides.
  var swingsTable: ReportTable {
    var table = ReportTable(
      "What decides",
      [
        .init("input"), .init("metric"), .init("low_setting"), .init("high_setting"), .init("value_at_low"),
        .init("value_at_high"), .init("relative_swing"),
      ])
    for swing in swings {
      table.append([
        .text(swing.input), .text(swing.metric), .text(swing.low), .text(swing.high),
        .number(swing.valueAtLow, decimals: 0), .number(swing.valueAtHigh, decimals: 0),
        .number(swing.relativeSwing, decimals: 2),
      ])
    }
    return table
  }

  /// What could not be said.
  var gapsTable: ReportTable {
    var table = ReportTable("Gaps", [.init("subject"), .init("missing"), .init("remedy")])
    for gap in gaps { table.append([.text(gap.subject), .text(gap.missing), .text(gap.remedy)]) }
    return table
  }

  /// Hosts like the measured one for the work of the leading option.
  var hostTable: ReportTable {
    var table = ReportTable(
      "Hosts like the measured one for the same work",
      [
        .init("model"), .init("results_file"), .init("machine"),
        .init("prefill_tokens_s_per_host", "prefill tok/s"),
        .init("decode_tokens_s_per_host", "decode tok/s"), .init("hosts"), .init("cost_usd"),
        .init("power_mw"),
      ])
    for row in host?.fleet ?? [] {
      table.append([
        .text(row.standIn.model), .text(host?.file ?? ""), .text(host?.machine ?? ""),
        .number(row.throughput.prefill.value, decimals: 2), .number(row.throughput.decode.value, decimals: 3),
        .number(row.hosts, decimals: 0), .optional(row.cost, decimals: 0),
        .optional(row.megawatts, decimals: 1),
      ])
    }
    return table
  }

  /// Every input in force.
  var inputsTable: ReportTable {
    var table = ReportTable(
      "Inputs",
      [
        .init("input"), .init("value"), .init("low"), .init("high"), .init("unit"), .init("layer"),
        .init("place"),
        .init("source"), .init("as_of"), .init("meaning"),
      ])
    for input in scenario.inputs {
      guard let setting = input.active else { continue }
      table.append([
        .text(input.key.name), input.number.map { .number($0, decimals: 4) } ?? .text(setting.text),
        .optional(setting.low, decimals: 4), .optional(setting.high, decimals: 4), .text(input.key.unit),
        .text(setting.layer.rawValue), .text(setting.place), .text(setting.source), .text(setting.asOf),
        .text(input.key.doc),
      ])
    }
    return table
  }
}
