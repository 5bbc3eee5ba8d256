// A plan as tables: the same values for every text format. Each table opens with the three key columns, units
// stand in the column names, and what is not known is an empty cell.

public import Planner
import Quantities
public import Tables

/// The tables of one plan.
public struct PlanTables: Sendable {
  /// The plan.
  public let plan: Plan
  /// The plan's id, the same in every table.
  public let planID: String

  /// Version of the columns below.
  public static let schemaVersion = 1

  /// The tables of a plan.
  public init(_ plan: Plan) {
    self.plan = plan
    planID = PlanIdentity.id(of: plan)
  }

  /// File name (without folder) and table, in the order in which a reader wants them.
  public var files: [(name: String, table: ReportTable)] {
    [
      ("plan_summary.csv", summary), ("plan_capacity.csv", capacity), ("plan_monthly.csv", monthly),
      ("plan_allocation.csv", allocation), ("cost_streams.csv", costStreams),
      ("assumptions_used.csv", assumptions), ("sensitivity.csv", sensitivity), ("checks.csv", checks),
      ("gaps.csv", gaps), ("focus_forecast.csv", focusForecast), ("contracts.csv", contracts),
      ("deals_review.csv", deals), ("ledger.csv", ledger),
    ] + fleetFiles
  }

  /// What changed since an earlier plan, and what each input did to the headline.
  public func changes(_ difference: PlanDifference) -> ReportTable {
    var table = keyed(
      "Changes",
      ["input", "old", "new"].map { .init($0) }
        + difference.before.values.map { .init("effect_on_\($0.name)") })
    for input in difference.inputs {
      append(
        [.words(input.key), Cell.value(input.before), Cell.value(input.after)]
          + input.contributions.map { .exact($0) }, to: &table)
    }
    return table
  }

  /// Tables that only a sampled plan has.
  public func files(of uncertainty: PlanUncertainty) -> [(name: String, table: ReportTable)] {
    [
      ("uncertainty.csv", keyed(uncertainty.percentilesTable)),
      ("regret.csv", keyed(uncertainty.regretTable)),
      ("uncertainty_inputs.csv", keyed(uncertainty.sensitivityTable)),
      ("stresses.csv", keyed(uncertainty.stressTable)),
    ]
  }

  /// Tables that only a plan over time has.
  private var fleetFiles: [(name: String, table: ReportTable)] {
    guard plan.fleet != nil else { return [] }
    return [
      ("fleet_monthly.csv", keyed(plan.fleetTable)),
      ("fleet_allocation.csv", keyed(plan.fleetAllocationTable)),
      ("fleet_limits.csv", keyed(plan.fleetLimitsTable)),
      ("rejections.csv", keyed(plan.fleetRejectionsTable)),
      ("fleet_need.csv", keyed(plan.needTable)), ("fleet_ledger.csv", keyed(plan.fleetLedgerTable)),
      ("fleet_carbon.csv", keyed(plan.carbonTable)),
    ]
  }

  /// One row an option: what the money buys.
  public var summary: ReportTable {
    var table = keyed(
      "What the money buys",
      [
        .init("option"), .init("is_leading"), .init("offer"), .init("role"), .init("provider"),
        .init("accelerator"), .init("price_basis"), .init("price_date"),
        .init("usd_per_accelerator_hour"), .init("price_as_of"), .init("price_source"),
        .init("price_trust"), .init("accelerator_money_usd"), .init("paid_hours_per_accelerator_h"),
        .init("accelerators_unrounded"), .init("accelerators"), .init("accelerator_cost_usd"),
        .init("unspent_usd"), .init("racks"), .init("power_mw"), .init("kw_per_accelerator"),
        .init("spare_share"), .init("usable_accelerators"), .init("accelerators_per_training_run"),
        .init("training_runs_at_once"), .init("npv_usd"), .init("broken_limits"),
      ])
    for option in plan.options {
      append(
        [
          .words(option.id), .integer(option.id == plan.headline ? 1 : 0), .words(option.offer.id),
          .words(option.offer.role), .words(option.offer.provider), .words(option.offer.accelerator),
          .words(option.basis.rawValue), .words(option.date.rawValue), .exact(option.rate.usdPerHour),
          .words(option.rate.asOf), .words(option.rate.source), .words(option.rate.trust.rawValue),
          .exact(option.money), .exact(plan.paidHours), .exact(option.rawAccelerators),
          .exact(option.accelerators), .exact(option.cost), .exact(option.unspent),
          .exact(option.racks), .exact(option.megawatts), .exact(option.power?.kilowatts),
          .exact(option.spareShare), .exact(option.usable), .exact(option.acceleratorsPerRun),
          .exact(option.trainingRuns), .exact(option.netPresentValue),
          .words(option.brokenLimits.joined(separator: "; ")),
        ], to: &table)
    }
    if let portfolio = plan.portfolio { append(row(portfolio), to: &table) }
    return table
  }

  /// The portfolio as a row of the summary: sums where they mean something, empty elsewhere.
  private func row(_ portfolio: Portfolio) -> [Cell] {
    let scenario = plan.scenario
    return [
      .words(Portfolio.id), .integer(1), .empty, .words(Portfolio.id), .empty, .empty,
      .words(scenario.text("lead_basis")), .words(scenario.text("lead_date")), .empty, .empty, .empty, .empty,
      .exact(portfolio.money), .exact(plan.paidHours), .empty, .exact(portfolio.accelerators),
      .exact(portfolio.cost), .exact(portfolio.money - portfolio.cost), .empty, .exact(portfolio.megawatts),
      .empty, .empty, .exact(portfolio.usable), .empty, .exact(portfolio.trainingRuns),
      .exact(portfolio.netPresentValue), .empty,
    ]
  }

  /// One row an option and stand-in model: what the fleet serves if it serves nothing else.
  public var capacity: ReportTable {
    let figures = [
      "prefill_tokens_per_s_per_accelerator", "decode_tokens_per_s_per_accelerator", "peak_requests_per_s",
      "prefill_tokens_per_s", "decode_tokens_per_s", "users", "usd_per_mtok_all_tokens",
      "usd_per_mtok_fresh_input", "usd_per_mtok_output",
    ]
    var table = keyed(
      "What the fleet serves",
      [
        "option", "model", "model_kind", "deployment", "accelerators_per_replica", "stranded_share",
        "utilisation", "derating",
      ]
      .map { .init($0) }
        + figures.flatMap { [.init($0), .init("\($0)_low"), .init("\($0)_high"), .init("\($0)_trust")] }
        + [
          .init("accelerator_s_per_request"), .init("users_transferred"),
          .init("transferred_prefill_tokens_per_s"), .init("transferred_decode_tokens_per_s"),
          .init("transferred_error"), .init("throughput_sources"),
        ])
    for row in plan.capacities {
      let cells: [Figure] = [
        row.throughput.prefill, row.throughput.decode, row.peakRequests, row.prefillTokensPerSecond,
        row.decodeTokensPerSecond, row.users, row.usdPerMtokTotal, row.usdPerMtokFreshInput,
        row.usdPerMtokOutput,
      ]
      append(
        [
          .words(row.option), .words(row.standIn.model), .words(row.standIn.kind),
          .words(row.throughput.deployment), .integer(row.throughput.replica), .exact(row.strandedShare),
          .exact(row.utilisation), .exact(row.derating),
        ]
          + cells.flatMap { figure -> [Cell] in
            [
              .exact(figure.value), .exact(figure.interval?.low), .exact(figure.interval?.high),
              .words(figure.trust.rawValue),
            ]
          }
          + [
            .exact(row.secondsPerRequest), .exact(row.transferredUsers?.value),
            .exact(row.transferredPrefillTokensPerSecond?.value),
            .exact(row.transferredDecodeTokensPerSecond?.value),
            row.transferred == nil ? .empty : .words(plan.host?.transferredScore ?? ""),
            .words(row.throughput.decode.sources.joined(separator: "; ")),
          ], to: &table)
    }
    for row in plan.portfolio?.served ?? [] {
      let cells: [Figure?] = [
        nil, nil, row.peakRequests, row.prefillTokensPerSecond, row.decodeTokensPerSecond, row.users,
        row.usdPerMtokTotal, row.usdPerMtokFreshInput, row.usdPerMtokOutput,
      ]
      append(
        [
          .words(Portfolio.id), .words(row.standIn.model), .words(row.standIn.kind),
          .words(row.deployments.joined(separator: "; ")), .empty, .empty, .exact(row.utilisation), .empty,
        ]
          + cells.flatMap { figure -> [Cell] in
            [
              .exact(figure?.value), .exact(figure?.interval?.low), .exact(figure?.interval?.high),
              .words(figure?.trust.rawValue ?? ""),
            ]
          }
          + [
            .empty, .empty, .empty, .exact(row.transferredDecode?.value),
            row.transferredDecode == nil ? .empty : .words(plan.host?.transferredScore ?? ""),
            .words(row.decodeTokensPerSecond.sources.joined(separator: "; ")),
          ], to: &table)
    }
    return table
  }

  /// One row an option and month; the columns are those of the program's table `schedule`.
  public var monthly: ReportTable { keyed("schedule") }

  /// Who gets the money; the columns are those of the program's table `allocation`.
  public var allocation: ReportTable { keyed("allocation") }

  /// A table of the plan with the key columns before it.
  private func keyed(_ name: String) -> ReportTable {
    guard let table = plan.table(name) else { return keyed(name, []) }
    var copy = keyed(table.title, table.columns)
    for row in table.rows {
      append(row.map { if case .text(let text) = $0 { Cell.words(text) } else { $0 } }, to: &copy)
    }
    return copy
  }

  /// One row an option, month and stream; the streams of a month add up to its spend.
  public var costStreams: ReportTable {
    var table = keyed(
      "Cost streams",
      [
        .init("option"), .init("month"), .init("stream"), .init("usd"), .init("discounted_usd"),
        .init("price_basis"), .init("price_date"), .init("price_as_of"),
      ])
    let shares = ["cpu", "network", "storage"].map { ($0, plan.scenario.number("\($0)_share") ?? 0) }
    let options = Dictionary(plan.options.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for row in plan.schedule {
      let option = options[row.option]
      let factor = row.spend == 0 ? 0 : row.discountedSpend / row.spend
      let streams = [("accelerators", row.acceleratorSpend)] + shares.map { ($0.0, row.spend * $0.1) }
      for (stream, usd) in streams {
        append(
          [
            .words(row.option), .words(row.month.label + "-01"), .words(stream), .exact(usd),
            .exact(usd * factor),
            .words(option?.basis.rawValue ?? plan.scenario.text("lead_basis")),
            .words(option?.date.rawValue ?? plan.scenario.text("lead_date")), .words(option?.rate.asOf ?? ""),
          ], to: &table)
      }
    }
    return table
  }

  /// One row a commitment of the headline: what it binds, until when, and what is due.
  public var contracts: ReportTable {
    var table = keyed(
      "Contracts",
      [
        "contract", "provider", "site", "accelerator", "kind", "start_month", "end_month", "term_months",
        "order_by_months_before_start", "accelerators", "usd_per_accelerator_hour", "upfront_usd",
        "mean_monthly_usd", "total_usd", "is_commitment", "terms_source", "price_source", "price_as_of",
      ].map { .init($0) })
    let ledger = plan.ledger
    for (index, holding) in ledger.holdings.enumerated() {
      let rows = ledger.rows.filter { $0.holding == index && $0.stream.isCash }
      let total = rows.reduce(Money.zero) { $0 + $1.billed }
      let upfront = rows.filter { $0.stream == .upfront }.reduce(Money.zero) { $0 + $1.billed }
      let last = plan.months.last { holding.billed[$0.index] > 0 }
      let first = plan.months.first { holding.billed[$0.index] > 0 }
      let length = Double((last?.index ?? 0) - (first?.index ?? 0) + 1)
      append(
        [
          .words(holding.id), .words(holding.offer.providerTitle), .words(holding.site),
          .words(holding.offer.accelerator), .words(holding.contract.kind.rawValue),
          .words(first?.label ?? ""), .words(last?.label ?? ""), .integer(Int(length)),
          .exact(plan.acceptance.map { -$0.orderBy(neededAt: 0) }), .exact(holding.billed.max()),
          .exact(holding.rate.usdPerHour), .text(upfront.text), .exact((total - upfront).usd / length),
          .text(total.text), .integer(holding.contract.isCommitment ? 1 : 0), .words(holding.contract.source),
          .words(holding.rate.source), .words(holding.rate.asOf),
        ], to: &table)
    }
    return table
  }

  /// Every input in force, with who set it; the keys are those that `--set` takes.
  public var assumptions: ReportTable {
    var table = keyed(
      "Assumptions used",
      ["key", "value", "unit", "low", "high", "layer", "place", "source", "as_of", "meaning"].map {
        .init($0)
      })
    for input in plan.scenario.inputs {
      guard let setting = input.active else { continue }
      append(
        [
          .words(input.key.name), Cell.value(setting.text), .words(input.key.unit), .exact(setting.low),
          .exact(setting.high), .words(setting.layer.rawValue), .words(PlanTables.shortPlace(setting.place)),
          .words(setting.source), .words(setting.asOf), .words(input.key.doc),
        ], to: &table)
    }
    for option in plan.options {
      append(
        [
          .words(PlanTables.rateKey(option)), .exact(option.rate.usdPerHour), .words("USD/h"), .empty, .empty,
          .words(option.rate.trust.rawValue), .empty, .words(option.rate.source), .words(option.rate.asOf),
          .words("price of one accelerator-hour" + (option.rate.note.isEmpty ? "" : "; \(option.rate.note)")),
        ], to: &table)
    }
    return table
  }

  /// What decides: the effect of each input on the headline.
  public var sensitivity: ReportTable {
    var table = keyed(
      "What decides",
      ["input", "low", "high", "metric", "metric_at_low", "metric_at_high", "relative_swing"].map {
        .init($0)
      })
    for swing in plan.swings {
      append(
        [
          .words(swing.input), Cell.value(swing.low), Cell.value(swing.high), .words(swing.metric),
          .exact(swing.valueAtLow), .exact(swing.valueAtHigh), .exact(swing.relativeSwing),
        ], to: &table)
    }
    return table
  }

  /// The sanity checks.
  public var checks: ReportTable {
    var table = keyed(
      "Checks",
      ["rule", "subject", "value", "low", "high", "unit", "severity", "result", "note"].map { .init($0) })
    for check in plan.checks {
      append(
        [
          .words(check.name), .words(check.subject), .exact(check.value), .exact(check.low),
          .exact(check.high), .words(check.unit), .words(check.severity.rawValue),
          .words(check.result.rawValue), .words(check.note),
        ], to: &table)
    }
    return table
  }

  /// What could not be said.
  public var gaps: ReportTable {
    var table = keyed("Gaps", ["subject", "missing", "remedy"].map { .init($0) })
    for gap in plan.gaps {
      append([.words(gap.subject), .words(gap.missing), .words(gap.remedy)], to: &table)
    }
    return table
  }

  /// One row an announced deal.
  public var deals: ReportTable { keyed(plan.dealsTable) }
  /// One row a payment.
  public var ledger: ReportTable { keyed(plan.ledgerTable) }

  /// A table of the plan with the key columns before its own, and words that no spreadsheet takes for a formula.
  func keyed(_ own: ReportTable) -> ReportTable {
    var table = keyed(own.title, own.columns)
    for row in own.rows {
      append(
        row.map { cell in
          if case .text(let text) = cell { return Double(text) == nil ? .words(text) : cell }
          if case .number(let value, _) = cell { return .exact(value) }
          return cell
        }, to: &table)
    }
    return table
  }

  /// The key of a price as `--set` takes it.
  static func rateKey(_ option: PlanOption) -> String {
    "rate.\(option.offer.id).\(option.basis.rawValue).\(option.date.rawValue)"
  }

  /// File name and line without the folder: a document that travels names no folder of its author's machine.
  static func shortPlace(_ place: String) -> String {
    place.lastIndex(of: "/").map { String(place[place.index(after: $0)...]) } ?? place
  }

  private func keyed(_ title: String, _ columns: [ReportTable.Column]) -> ReportTable {
    ReportTable(title, [.init("schema_version"), .init("plan_id"), .init("scenario")] + columns)
  }

  private func append(_ cells: [Cell], to table: inout ReportTable) {
    table.append(
      [.integer(PlanTables.schemaVersion), .words(planID), .words(plan.scenario.name)] + cells)
  }
}

extension Cell {
  /// Words that no spreadsheet takes for a formula: a leading = + - @ gets an apostrophe before it.
  static func words(_ text: String) -> Cell {
    if text.isEmpty { return .empty }
    let isFormula = looksLikeFormula(text) || text.utf8.first == 0x0D
    return .text(isFormula ? "'" + text : text)
  }

  /// A number in full, or empty.
  static func exact(_ value: Double?) -> Cell {
    guard let value, value.isFinite else { return .empty }
    return .number(value, decimals: abs(value) < 1000 ? 4 : 0)
  }

  /// Text of an input: a number where it is one.
  static func value(_ text: String) -> Cell {
    if let number = Double(text), number.isFinite { return .exact(number) }
    return .words(text)
  }
}
