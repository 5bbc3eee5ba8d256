// Assumptions: every input in its own named cell with unit, range, source and date; then what the catalogue
// says of each offer. Inputs that only the program can follow (they steer the estimator) are shown, not offered.

import Planner
import Quantities
import Tables

struct AssumptionsSheet {
  private(set) var sheet = Sheet("Assumptions")
  private(set) var names: [(String, CellAddress)] = []

  static let firstInput = 4

  /// Inputs whose change the formulas follow; the others need a run of the program.
  static let live: Set<String> = [
    "budget_usd", "cpu_share", "network_share", "storage_share", "ramp_months", "hours_basis",
    "hours_per_month",
    "discount_rate", "payment_timing", "requests_per_user_day", "daily_peak_over_mean",
    "minute_peak_over_mean",
    "utilisation_policy", "pools", "steady_factor", "mix_factor", "software_factor",
    "training_active_parameters", "training_tokens", "training_days", "training_mfu",
    "expected_low", "expected_high", "electricity_usd_per_kwh", "max_provider_share",
    "host_kw",
  ]

  init(_ layout: PlanLayout) {
    sheet.put(.text("Assumptions"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "Yellow cells are inputs: change one and everything follows. The others need a run of the program."),
      row: 1, column: 0, style: .note)
    sheet.put(
      ["Name", "Value", "Unit", "Low", "High", "Live here", "Set by", "Source", "As of", "Meaning"], row: 3,
      style: .heading)
    for (index, input) in layout.plan.scenario.inputs.enumerated() {
      add(input, row: AssumptionsSheet.firstInput + index, demand: layout.plan.acceleratorMoney == nil)
    }
    addOffers(layout)
    sheet.widths = [0: 30, 1: 16, 2: 14, 3: 13, 4: 13, 5: 10, 6: 22, 7: 46, 8: 12, 9: 60, 10: 14, 11: 60]
    sheet.frozen = (4, 1)
  }

  private mutating func add(_ input: ScenarioInput, row: Int, demand: Bool) {
    guard let setting = input.active else {
      sheet.put(.text(input.key.name), row: row, column: 0, style: .label)
      sheet.put(.text("not set"), row: row, column: 1, style: .note)
      sheet.put(.text(input.key.doc), row: row, column: 9, style: .note)
      return
    }
    let isLive = AssumptionsSheet.live.contains(input.key.name) && !(demand && input.key.name == "budget_usd")
    let style: CellStyle = isLive ? .input : .calculation
    let content: CellContent = input.number.map { .number($0) } ?? .text(setting.text)
    let address = sheet.put(
      content, row: row, column: 1, style: style, format: AssumptionsSheet.format(input),
      rule: isLive ? AssumptionsSheet.rule(input.key) : nil)
    names.append((Workbook.nameText(input.key.name), address))
    sheet.put(.text(input.key.name), row: row, column: 0, style: .label)
    sheet.put(.text(input.key.unit), row: row, column: 2, style: .calculation)
    for (column, end) in [(3, setting.low), (4, setting.high)] {
      guard let end else { continue }
      sheet.put(.number(end), row: row, column: column, format: AssumptionsSheet.format(input))
    }
    sheet.put(.text(isLive ? "yes" : "no"), row: row, column: 5)
    sheet.put(
      .text("\(setting.layer.rawValue), \(PlanTables.shortPlace(setting.place))"), row: row, column: 6,
      style: .note)
    sheet.put(["", setting.source, setting.asOf, input.key.doc], row: row, column: 6, style: .note)
  }

  private mutating func addOffers(_ layout: PlanLayout) {
    let head = layout.firstOffer - 1
    sheet.put(.text("What one accelerator of each offer is"), row: head - 1, column: 0, style: .label)
    sheet.put(
      [
        "Offer", "Provider", "Accelerator", "Smallest unit, accelerators", "Scale-up domain, accelerators",
        "Node, accelerators", "Rack, accelerators", "Power of one accelerator, kW", "Spare share of nodes",
        "Peak of one accelerator, TFLOP/s bf16 dense", "Supply cap, accelerators", "Source",
      ], row: head, style: .heading)
    for (index, offer) in layout.offers.enumerated() {
      guard let option = layout.plan.options.first(where: { $0.offer.id == offer.id }) else { continue }
      add(offer, option, row: layout.firstOffer + index, layout)
    }
  }

  private mutating func add(_ offer: Offer, _ option: PlanOption, row: Int, _ layout: PlanLayout) {
    let name = Workbook.nameText(offer.id)
    sheet.put([offer.id, offer.providerTitle, offer.accelerator], row: row, style: .label)
    func put(_ value: Double?, _ column: OfferColumn, _ label: String?, _ format: NumberFormat) {
      guard let value else { return }
      let address = sheet.put(
        .number(value), row: row, column: column.rawValue, style: .input, format: format, rule: .atLeast(0))
      if let label { names.append(("\(label)_\(name)", address)) }
    }
    put(Double(offer.unit ?? 1), .unit, "unit", .whole)
    put(Double(offer.domain ?? 1), .domain, nil, .whole)
    put(offer.perNode.map(Double.init), .node, nil, .whole)
    put(offer.perRack.map(Double.init), .rack, nil, .whole)
    put(option.power?.kilowatts, .kilowatts, "kw", .decimal)
    put(option.spareShare, .spareShare, "spare_share", NumberFormat("0.00%"))
    put(AssumptionsSheet.peak(option, layout.plan.scenario), .peak, "peak_tflops", .whole)
    put(offer.supplyCap, .supplyCap, nil, .whole)
    let sources = [offer.source, option.power?.source ?? ""].filter { !$0.isEmpty }
    sheet.put(
      .text(sources.joined(separator: "; ")), row: row, column: OfferColumn.source.rawValue, style: .note)
  }

  /// The peak that the plan's training figure rests on: 6ND / (days · MFU · accelerators of a run), TFLOP/s.
  private static func peak(_ option: PlanOption, _ scenario: Scenario) -> Double? {
    guard let perRun = option.acceleratorsPerRun, perRun > 0,
      let parameters = scenario.number("training_active_parameters"),
      let tokens = scenario.number("training_tokens"), let days = scenario.number("training_days"),
      let utilisation = scenario.number("training_mfu")
    else { return nil }
    let compute = Formulas.trainingCompute(activeParameters: parameters, tokens: tokens)
    return Unit.teraflops.fromBase(compute / (Unit.day.toBase(days) * utilisation * perRun))
  }

  private static func format(_ input: ScenarioInput) -> NumberFormat {
    switch input.key.unit {
    case "USD", "users",
      "tokens" where (input.number ?? 0) >= 1000:
      .whole
    case "count", "nodes", "months", "days": NumberFormat("#,##0.###")
    case "parameters": NumberFormat("0.00E+00")
    case "share", "per year": NumberFormat("0.0##%")
    case "USD/kWh": .fine
    default: .general
    }
  }

  private static func rule(_ key: InputKey) -> CellRule? {
    // The headroom table reaches to 1,024 servers a pool; a policy above its end cannot be followed here.
    if key.name == "utilisation_policy" { return .between(0.01, 0.94) }
    switch key.kind {
    case .number(let low, let high): return .between(low, high)
    case .whole(let low, let high): return .wholeBetween(low, high)
    case .choice(let words): return .choice(words)
    case .month: return nil
    }
  }
}
