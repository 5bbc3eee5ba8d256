// Capacity: what the money buys at each price, and what the fleet serves if it serves one model only. Each
// formula is the planner's formula of the same name, over cells.

import Planner
import Quantities

struct CapacitySheet {
  private(set) var sheet = Sheet("Capacity")
  private(set) var names: [(String, CellAddress)] = []
  private let layout: PlanLayout

  init(_ layout: PlanLayout) {
    self.layout = layout
    sheet.put(.text("Capacity"), row: 0, column: 0, style: .title)
    sheet.put(
      .text("What the accelerators' money buys at each price; whole saleable units, rounded down."), row: 1,
      column: 0, style: .note)
    addShares()
    sheet.put(
      [
        "Option", "Accelerator", "Basis", "USD per accelerator-hour", "Money for accelerators, USD",
        "Accelerators, unrounded", "Accelerators", "Cost of accelerators, USD", "Unspent, USD", "Racks",
        "Power, MW", "Usable accelerators (without spares)", "Accelerators per training run",
        "Training runs at once",
      ], row: PlanLayout.firstOption - 1, style: .heading)
    for option in layout.plan.options { add(option) }
    addServing()
    sheet.widths = [
      0: 34, 1: 20, 2: 12, 3: 12, 4: 17, 5: 14, 6: 13, 7: 17, 8: 15, 9: 13, 10: 14, 11: 14, 12: 16, 13: 15,
      14: 15, 15: 18,
    ]
    sheet.frozen = (PlanLayout.firstOption, 1)
  }

  private mutating func addShares() {
    let share =
      Formula.number(1) - layout.needed("cpu_share") - layout.needed("network_share")
      - layout.needed("storage_share")
    sheet.put(.text("Share of the money that buys accelerators"), row: 3, column: 0, style: .label)
    names.append(
      ("accelerator_share", sheet.put(.formula(share), row: 3, column: 1, style: .output, format: .percent)))
    sheet.put(.text("Money for accelerators, USD"), row: 4, column: 0, style: .label)
    if let budget = layout.input("budget_usd") {
      names.append(
        (
          "accelerator_money_usd",
          sheet.put(
            .formula(budget * .name("accelerator_share")), row: 4, column: 1, style: .output, format: .whole)
        ))
    }
    sheet.put(.text("Paid hours of one accelerator, h"), row: 5, column: 0, style: .label)
    sheet.put(.formula(.name("paid_hours_h")), row: 5, column: 1, style: .output, format: .decimal)
    sheet.put(.text("Compute of a training run (6ND), FLOP"), row: 6, column: 0, style: .label)
    // Two FLOP forward and four backward for each parameter and token.
    let compute =
      Formula.number(6) * layout.needed("training_active_parameters") * layout.needed("training_tokens")
    names.append(
      (
        "training_compute_flop",
        sheet.put(.formula(compute), row: 6, column: 1, style: .output, format: NumberFormat("0.00E+00"))
      ))
  }

  private mutating func add(_ option: PlanOption) {
    guard let row = layout.row(ofOption: option.id) else { return }
    let layout = layout
    let offer = option.offer.id
    sheet.put([option.id], row: row, style: .label)
    sheet.put([option.offer.accelerator, option.basis.rawValue], row: row, column: 1, style: .calculation)
    func cell(_ column: CapacityColumn) -> Formula {
      .cell(CellAddress("Capacity", row: row, column: column.rawValue))
    }
    func put(
      _ formula: Formula?, _ column: CapacityColumn, _ format: NumberFormat, style: CellStyle = .calculation
    ) {
      guard let formula else { return }
      sheet.put(.formula(formula), row: row, column: column.rawValue, style: style, format: format)
    }
    put(.cell(CellAddress("Prices", row: row, column: PriceColumn.usd.rawValue)), .usd, .fine)
    if layout.input("budget_usd") != nil {
      put(.name("accelerator_money_usd"), .money, .whole)
      put(cell(.money) / (.name("paid_hours_h") * cell(.usd)), .raw, .decimal)
      if let unit = layout.offer(offer, .unit) {
        put(.floor(cell(.raw) / unit) * unit, .accelerators, .whole, style: .output)
      }
    } else {
      // A plan from demand: the program finds the number that carries the users.
      sheet.put(
        .number(option.rawAccelerators), row: row, column: CapacityColumn.raw.rawValue, style: .input,
        format: .decimal)
      if let unit = layout.offer(offer, .unit) {
        put(.ceil(cell(.raw) / unit) * unit, .accelerators, .whole, style: .output)
      }
      put(cell(.cost), .money, .whole)
    }
    put(cell(.accelerators) * .name("paid_hours_h") * cell(.usd), .cost, .whole)
    put(cell(.money) - cell(.cost), .unspent, .whole)
    if option.racks != nil {
      put(layout.offer(offer, .rack).map { .ceil(cell(.accelerators) / $0) }, .racks, .whole)
    }
    if option.power != nil {
      let kilowattsPerMegawatt = Unit.kilowatt.fromBase(Unit.megawatt.toBase(1))
      put(
        layout.offer(offer, .kilowatts).map { cell(.accelerators) * $0 / .number(kilowattsPerMegawatt) },
        .megawatts, .decimal)
    }
    put(layout.offer(offer, .spareShare).map { cell(.accelerators) * (.number(1) - $0) }, .usable, .whole)
    if option.acceleratorsPerRun != nil, let peak = layout.offer(offer, .peak) {
      let seconds = layout.needed("training_days") * .number(Unit.day.toBase(1))
      let rate = peak * .number(Unit.teraflops.toBase(1)) * layout.needed("training_mfu")
      put(.name("training_compute_flop") / (seconds * rate), .perRun, .whole)
      put(cell(.usable) / cell(.perRun), .runs, .decimal, style: .output)
    }
  }

  private mutating func addServing() {
    let head = layout.firstServing - 1
    sheet.put(
      .text("What the fleet serves at the busiest minute if it serves one stand-in model only"),
      row: head - 1,
      column: 0, style: .label)
    sheet.put(
      [
        "Option", "Stand-in model", "Usable accelerators", "Replica, accelerators",
        "Stranded share of a domain",
        "Replicas in a pool", "Utilisation", "Steady x mix x software", "Accelerator-seconds per request",
        "Requests/s", "Prefill, tokens/s", "Decode, tokens/s", "Users a day", "Users, low", "Users, high",
        "Users by this host's curves (transferred, not live)",
      ], row: head, style: .heading)
    for (index, capacity) in layout.plan.capacities.enumerated() { add(capacity, index) }
  }

  private mutating func add(_ capacity: PlanCapacity, _ index: Int) {
    let row = layout.servingRow(index)
    let layout = layout
    sheet.put([capacity.option], row: row, style: .label)
    sheet.put([capacity.standIn.model], row: row, column: 1, style: .calculation)
    guard let usable = layout.option(capacity.option, "Capacity", CapacityColumn.usable.rawValue),
      let replica = layout.performance(capacity, .replica),
      let prefill = layout.performance(capacity, .prefill),
      let decode = layout.performance(capacity, .decode),
      let offer = layout.plan.option(capacity.option)?.offer.id, let domain = layout.offer(offer, .domain)
    else { return }
    func cell(_ column: ServingColumn) -> Formula { layout.serving(index, column) }
    func put(
      _ formula: Formula, _ column: ServingColumn, _ format: NumberFormat, style: CellStyle = .calculation
    ) {
      sheet.put(.formula(formula), row: row, column: column.rawValue, style: style, format: format)
    }
    put(usable, .usable, .whole)
    put(replica, .replica, .whole)
    put(
      .when(
        .binary(.lessOrEqual, cell(.replica), domain),
        .number(1) - .floor(domain / cell(.replica)) * cell(.replica) / domain, .number(0)), .stranded,
      .percent)
    put(
      .call(
        .max,
        [
          .number(1),
          .floor(cell(.usable) * (.number(1) - cell(.stranded)) / cell(.replica) / layout.needed("pools")),
        ]), .servers, .whole)
    put(
      HeadroomSheet.utilisation(pool: cell(.servers), policy: layout.needed("utilisation_policy")),
      .utilisation,
      .percent)
    put(
      layout.needed("steady_factor") * layout.needed("mix_factor") * layout.needed("software_factor"),
      .derating,
      .percent)
    put(Requests.fresh(layout) / prefill + layout.needed("output_tokens") / decode, .seconds, .fine)
    put(
      cell(.usable) * (.number(1) - cell(.stranded)) * cell(.utilisation) * cell(.derating) / cell(.seconds),
      .requests, .whole)
    put(cell(.requests) * Requests.fresh(layout), .prefill, .whole)
    put(cell(.requests) * layout.needed("output_tokens"), .decode, .whole)
    put(
      cell(.requests) / Requests.peakOverMean(layout) * .number(Unit.day.toBase(1))
        / layout.needed("requests_per_user_day"), .users, .whole, style: .output)
    // Both phases at their low ends together, and both at their high ends.
    for (column, low, high) in [
      (ServingColumn.usersLow, PerformanceColumn.prefillLow, PerformanceColumn.decodeLow),
      (.usersHigh, .prefillHigh, .decodeHigh),
    ] {
      guard capacity.throughput.prefill.interval != nil, capacity.throughput.decode.interval != nil,
        let prefill = layout.performance(capacity, low), let decode = layout.performance(capacity, high)
      else { continue }
      let seconds = Requests.fresh(layout) / prefill + layout.needed("output_tokens") / decode
      put(cell(.users) * cell(.seconds) / seconds, column, .whole)
    }
    guard let transferred = capacity.transferredUsers else { return }
    sheet.put(
      .number(transferred.value), row: row, column: ServingColumn.usersTransferred.rawValue, style: .note,
      format: .whole)
  }
}

/// Formulas of the request's shape, used by Capacity and Cost.
enum Requests {
  /// Prompt tokens that must be computed.
  static func fresh(_ layout: PlanLayout) -> Formula {
    layout.needed("input_tokens") * (.number(1) - layout.needed("cached_share"))
  }
  /// Busiest minute over the mean of the day.
  static func peakOverMean(_ layout: PlanLayout) -> Formula {
    layout.needed("daily_peak_over_mean") * layout.needed("minute_peak_over_mean")
  }
}
