// Walks a figure or an input back to its sources: the formula with its numbers in it, each operand in turn, and for
// an input every layer that set it.

import Quantities
import Tables

/// A figure of a plan with its formula.
public struct FigureDefinition: Sendable {
  /// Column name.
  public let name: String
  /// Unit.
  public let unit: String
  /// The formula over operands.
  public let formula: String
  /// Figures and inputs that the formula reads.
  public let operands: [String]
  let value: @Sendable (Plan, PlanOption, PlanCapacity?) -> Double?

  init(
    _ name: String, _ unit: String, _ formula: String, _ operands: [String],
    _ value: @escaping @Sendable (Plan, PlanOption, PlanCapacity?) -> Double?
  ) {
    self.name = name
    self.unit = unit
    self.formula = formula
    self.operands = operands
    self.value = value
  }

  /// Every figure that can be explained.
  public static let all: [FigureDefinition] = chips + serving

  private static let chips: [FigureDefinition] = [
    FigureDefinition(
      "accelerator_share", "share", "1 - cpu_share - network_share - storage_share",
      ["cpu_share", "network_share", "storage_share"], { plan, _, _ in plan.acceleratorShare }),
    FigureDefinition(
      "accelerator_money_usd", "USD", "budget_usd * accelerator_share", ["budget_usd", "accelerator_share"],
      { _, option, _ in option.money }),
    FigureDefinition(
      "paid_hours", "h", "sum over months of min(1, (month + 0.5) / ramp_months) * hours",
      ["term_months", "ramp_months", "hours_basis", "hours_per_month"], { plan, _, _ in plan.paidHours }),
    FigureDefinition(
      "usd_per_accelerator_hour", "USD/h", "a price of the catalogue or of the scenario", [],
      { _, option, _ in option.rate.usdPerHour }),
    FigureDefinition(
      "accelerators_raw", "count", "accelerator_money_usd / (paid_hours * usd_per_accelerator_hour)",
      ["accelerator_money_usd", "paid_hours", "usd_per_accelerator_hour"],
      { _, option, _ in option.rawAccelerators }),
    FigureDefinition(
      "accelerators", "count", "floor(accelerators_raw / unit_accelerators) * unit_accelerators",
      ["accelerators_raw", "unit_accelerators"], { _, option, _ in option.accelerators }),
    FigureDefinition(
      "unit_accelerators", "count", "offers.csv", [], { _, option, _ in option.offer.unit.map(Double.init) }),
    FigureDefinition(
      "unspent_usd", "USD", "accelerator_money_usd - accelerators * paid_hours * usd_per_accelerator_hour",
      ["accelerator_money_usd", "accelerators", "paid_hours", "usd_per_accelerator_hour"],
      { _, option, _ in option.unspent }),
    FigureDefinition(
      "power_mw", "MW", "accelerators * kw_per_accelerator / 1000", ["accelerators", "kw_per_accelerator"],
      { _, option, _ in option.megawatts }),
    FigureDefinition(
      "kw_per_accelerator", "kW", "the catalogue's all-in power on power_basis", ["power_basis"],
      { _, option, _ in option.power?.kilowatts }),
    FigureDefinition(
      "spare_share", "share", "s / (n + s), s the fewest spares that keep n nodes whole at spare_confidence",
      ["failures_per_accelerator_year", "repair_days", "spare_confidence", "spare_pool_nodes"],
      { _, option, _ in option.spareShare }),
    FigureDefinition(
      "usable_accelerators", "count", "accelerators * (1 - spare_share)", ["accelerators", "spare_share"],
      { _, option, _ in option.usable }),
    FigureDefinition(
      "accelerators_per_training_run", "count", "6 * N * D / (training_days * bf16 peak * training_mfu)",
      ["training_active_parameters", "training_tokens", "training_days", "training_mfu"],
      { _, option, _ in option.acceleratorsPerRun }),
    FigureDefinition(
      "training_runs", "count", "usable_accelerators / accelerators_per_training_run",
      ["usable_accelerators", "accelerators_per_training_run"], { _, option, _ in option.trainingRuns }),
    FigureDefinition(
      "npv_usd", "USD",
      "sum of monthly spend / accelerator_share * (1 + discount_rate)^-((month + 0.5) / 12)",
      ["accelerators", "usd_per_accelerator_hour", "accelerator_share", "discount_rate", "payment_timing"],
      { _, option, _ in option.netPresentValue }),
  ]

  private static let serving: [FigureDefinition] = [
    FigureDefinition(
      "prefill_tokens_s_per_accelerator", "tokens/s",
      "the estimator's prefill-only rate inside the service limits",
      ["input_tokens", "cached_share", "ttft_limit_s"], { _, _, row in row?.throughput.prefill.value }),
    FigureDefinition(
      "decode_tokens_s_per_accelerator", "tokens/s",
      "the estimator's decode-only rate inside the service limits",
      ["input_tokens", "output_tokens", "tpot_limit_s"], { _, _, row in row?.throughput.decode.value }),
    FigureDefinition(
      "ttft_s", "s", "the estimator's mean time to first token at the batch of the decode-only rate",
      ["input_tokens", "cached_share", "ttft_limit_s"], { _, _, row in row?.throughput.ttft?.value }),
    FigureDefinition(
      "tpot_s", "s", "the estimator's mean time per output token at the batch of the decode-only rate",
      ["input_tokens", "output_tokens", "tpot_limit_s"], { _, _, row in row?.throughput.tpot?.value }),
    FigureDefinition(
      "accelerator_seconds_per_request", "s",
      "input_tokens * (1 - cached_share) / prefill rate + output_tokens / decode rate",
      [
        "input_tokens", "cached_share", "output_tokens", "prefill_tokens_s_per_accelerator",
        "decode_tokens_s_per_accelerator",
      ], { _, _, row in row?.secondsPerRequest }),
    FigureDefinition(
      "utilisation", "share", "min(utilisation_policy, Erlang-C limit of a pool at wait_probability)",
      ["utilisation_policy", "wait_probability", "pools"], { _, _, row in row?.utilisation }),
    FigureDefinition(
      "derating", "share", "steady_factor * mix_factor * software_factor",
      ["steady_factor", "mix_factor", "software_factor"], { _, _, row in row?.derating }),
    FigureDefinition(
      "peak_requests_s", "requests/s",
      "usable_accelerators * (1 - stranded_share) * utilisation * derating / accelerator_seconds_per_request",
      ["usable_accelerators", "utilisation", "derating", "accelerator_seconds_per_request"],
      { _, _, row in row?.peakRequests.value }),
    FigureDefinition(
      "users", "users",
      "peak_requests_s / (daily_peak_over_mean * minute_peak_over_mean) * 86400 / requests_per_user_day",
      ["peak_requests_s", "daily_peak_over_mean", "minute_peak_over_mean", "requests_per_user_day"],
      { _, _, row in row?.users.value }),
    FigureDefinition(
      "usd_per_mtok_total", "USD/Mtok",
      "usd_per_accelerator_hour / accelerator_share / (mean requests an accelerator-hour * tokens a request / 1e6)",
      ["usd_per_accelerator_hour", "accelerator_share", "peak_requests_s", "input_tokens", "output_tokens"],
      { _, _, row in row?.usdPerMtokTotal.value }),
  ]

  /// The definition of a figure.
  public static func named(_ name: String) -> FigureDefinition? { all.first { $0.name == name } }
}

extension Plan {
  /// Names that `explain` knows: figures, inputs, options, and what is uncertain beside the inputs.
  public var explainableNames: [String] {
    (FigureDefinition.all.map(\.name) + InputKey.all.map(\.name) + options.map(\.id) + uncertainNames)
      .uniqueInOrder
  }

  /// How a figure, an input or an option came about, as lines; nil for an unknown name.
  ///
  /// Figures are those of `option` (the headline's by default) and of the stand-in `model` (the first by default).
  public func explanation(
    of name: String, option id: String? = nil, model: String? = nil
  ) -> [String]? {
    if let input = scenario.input(name) {
      return chain(input, indent: "") + (distribution(of: name) ?? []).map { "  \($0)" }
    }
    if let lines = distribution(of: name) { return [name] + lines.map { "  \($0)" } }
    if let key = InputKey.named(name) { return ["\(name) (\(key.unit)): not set; \(key.doc)"] }
    if let option = option(name) { return figures(option, model) }
    guard let figure = FigureDefinition.named(name),
      let option = explained(id)
    else {
      return nil
    }
    var seen: Set<String> = []
    return ["\(name) of \(option.id)"] + lines(figure, option, model, indent: "", seen: &seen)
  }

  /// The option with this id, or the headline's.
  func explained(_ id: String?) -> PlanOption? {
    (id ?? leading ?? portfolio?.options.first?.id ?? options.first?.id).flatMap { option($0) }
  }

  /// The capacity of an option for a stand-in, the first by default.
  func row(_ option: PlanOption, _ model: String?) -> PlanCapacity? {
    capacities.first { $0.option == option.id && (model == nil || $0.standIn.model == model) }
  }

  private func figures(_ option: PlanOption, _ model: String?) -> [String] {
    var seen: Set<String> = []
    return ["\(option.id)"]
      + ["accelerators", "power_mw", "training_runs", "users"].flatMap { name in
        FigureDefinition.named(name).map { lines($0, option, model, indent: "", seen: &seen) } ?? []
      }
  }

  private func lines(
    _ figure: FigureDefinition, _ option: PlanOption, _ model: String?, indent: String,
    seen: inout Set<String>
  ) -> [String] {
    let number =
      figure.value(self, option, row(option, model)).map { "\(shown($0)) \(figure.unit)" } ?? "unknown"
    guard seen.insert(figure.name).inserted else { return ["\(indent)\(figure.name) = \(number) (above)"] }
    var lines = ["\(indent)\(figure.name) = \(number)", "\(indent)= \(figure.formula)"]
    lines += sources(figure.name, option, model).map { "\(indent)- \($0)" }
    for operand in figure.operands {
      if let next = FigureDefinition.named(operand) {
        lines += self.lines(next, option, model, indent: indent + "  ", seen: &seen)
      } else if let input = scenario.input(operand) {
        lines += seen.insert(operand).inserted ? chain(input, indent: indent + "  ") : []
      }
    }
    return lines
  }

  private func sources(_ figure: String, _ option: PlanOption, _ model: String?) -> [String] {
    switch figure {
    case "usd_per_accelerator_hour":
      let note = option.rate.note.isEmpty ? "" : "; \(option.rate.note)"
      return ["\(option.rate.trust.rawValue): \(option.rate.source), \(option.rate.asOf)\(note)"]
    case "kw_per_accelerator": return option.power.map { [$0.source] } ?? []
    case "unit_accelerators": return ["\(option.offer.place): \(option.offer.source)"]
    case let name where Plan.walkedFigures.contains(name):
      guard let row = row(option, model) else { return [] }
      let found: Figure? =
        switch name {
        case "prefill_tokens_s_per_accelerator": row.throughput.prefill
        case "decode_tokens_s_per_accelerator": row.throughput.decode
        case "ttft_s": row.throughput.ttft
        default: row.throughput.tpot
        }
      guard let found else { return [] }
      let range = found.interval.map { ", 80 % range \(shown($0.low)) to \(shown($0.high))" } ?? ""
      return ["\(row.standIn.model), \(row.throughput.deployment)", "\(found.trust.rawValue)\(range)"]
        + found.sources
    default: return []
    }
  }

  private func chain(_ input: ScenarioInput, indent: String) -> [String] {
    let head = "\(indent)\(input.key.name) = \(input.active?.text ?? "") \(input.key.unit): \(input.key.doc)"
    return [head]
      + input.chain.reversed().enumerated().map { index, setting in
        let mark = index == 0 ? "set by" : "over"
        let source = setting.source.isEmpty ? "" : "; \(setting.source)"
        let date = setting.asOf.isEmpty ? "" : " (\(setting.asOf))"
        return
          "\(indent)  \(mark) \(setting.layer.rawValue): \(setting.text) at \(setting.place)\(source)\(date)"
      }
  }

  private func shown(_ value: Double) -> String {
    grouped(value, decimals: abs(value) >= 1000 ? 1 : abs(value) >= 1 ? 3 : 6)
  }
}
