// Offers: what the catalogue says of one accelerator of each offer, in cells that Capacity reads.

import Planner
import Quantities

struct OffersSheet {
  private(set) var sheet = Sheet("Offers")
  private(set) var names: [(String, CellAddress)] = []

  static let first = 4

  init(_ layout: PlanLayout) {
    let head = OffersSheet.first - 1
    sheet.put(.text("Offers"), row: 0, column: 0, style: .title)
    sheet.put(
      .text("What one accelerator of each offer is: sizes, power with host and network, spares, peak."),
      row: 1,
      column: 0, style: .note)
    sheet.put(
      [
        "Offer", "Provider", "Accelerator", "Smallest unit, accelerators", "Scale-up domain, accelerators",
        "Node, accelerators", "Rack, accelerators", "Power of one accelerator, kW", "Spare share of nodes",
        "Peak of one accelerator, TFLOP/s bf16 dense", "Supply cap, accelerators", "Source",
      ], row: head, style: .heading)
    for (index, offer) in layout.offers.enumerated() {
      guard let option = layout.plan.options.first(where: { $0.offer.id == offer.id }) else { continue }
      add(offer, option, row: OffersSheet.first + index, layout)
    }
    sheet.widths = [
      0: 18, 1: 12, 2: 13, 3: 13, 4: 14, 5: 13, 6: 13, 7: 15, 8: 13, 9: 17, 10: 14, 11: 110,
    ]
    sheet.frozen = (OffersSheet.first, 1)
  }

  private mutating func add(_ offer: Offer, _ option: PlanOption, row: Int, _ layout: PlanLayout) {
    let name = Workbook.nameText(offer.id)
    sheet.put([offer.id, offer.providerTitle, offer.accelerator], row: row, style: .label)
    func put(_ value: Double?, _ column: OfferColumn, _ label: String?, _ format: NumberFormat) {
      guard let value else { return }
      // The node's size steers the spares, which only the program finds; counts are at least one.
      let isLive = column != .node
      let isCount = format == .whole && column != .peak
      let address = sheet.put(
        .number(value), row: row, column: column.rawValue, style: isLive ? .input : .calculation,
        format: format,
        rule: isLive ? .atLeast(isCount ? 1 : 0) : nil)
      if let label { names.append(("\(label)_\(name)", address)) }
    }
    put(Double(offer.unit ?? 1), .unit, "unit", .whole)
    put(Double(offer.domain ?? 1), .domain, nil, .whole)
    put(offer.perNode.map(Double.init), .node, nil, .whole)
    put(offer.perRack.map(Double.init), .rack, nil, .whole)
    put(option.power?.kilowatts, .kilowatts, "kw", .decimal)
    put(option.spareShare, .spareShare, "spare_share", NumberFormat("0.00%"))
    put(OffersSheet.peak(option, layout.plan.scenario), .peak, "peak_tflops", .whole)
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
}
