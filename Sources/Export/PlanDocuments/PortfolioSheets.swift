// The sheets that only some plans have: the split over providers, and the measured host beside the fleet.

import Planner
import Quantities

enum AllocationSheet {
  private static let first = 5
  enum Column: Int {
    case offer, provider, accelerator, usd, count, cost, share, megawatts, cap, holds, binding
  }

  /// nil for a plan without a portfolio.
  static func sheet(_ layout: PlanLayout) -> Sheet? {
    let rows = layout.plan.allocation
    guard !rows.isEmpty, layout.input("budget_usd") != nil else { return nil }
    var sheet = Sheet("Allocation")
    sheet.put(.text("Allocation"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "The program's split of the money, cheapest work first; overtype the accelerators and the limits answer."
      ),
      row: 1, column: 0, style: .note)
    sheet.put(
      [
        "Offer", "Provider", "Accelerator", "USD per accelerator-hour", "Accelerators", "Cost, USD",
        "Share of the money", "Power, MW", "Supply cap, accelerators", "Inside supply", "What stopped it",
      ], row: first - 1, style: .heading)
    for (index, row) in rows.enumerated() { add(row, first + index, to: &sheet, layout) }
    addTotals(rows, to: &sheet, layout)
    sheet.widths = [0: 20, 1: 14, 2: 14, 3: 14, 4: 14, 5: 18, 6: 12, 7: 12, 8: 14, 9: 10, 10: 20]
    sheet.frozen = (first, 1)
    return sheet
  }

  /// The cell of the rows' sum; nil for a plan without the sheet.
  static func total(_ layout: PlanLayout, _ column: Column) -> Formula? {
    let rows = layout.plan.allocation
    guard !rows.isEmpty, layout.input("budget_usd") != nil else { return nil }
    return .cell(CellAddress("Allocation", row: first + rows.count, column: column.rawValue))
  }

  private static func add(_ row: AllocationRow, _ at: Int, to sheet: inout Sheet, _ layout: PlanLayout) {
    func cell(_ column: Column) -> Formula {
      .cell(CellAddress("Allocation", row: at, column: column.rawValue))
    }
    sheet.put([row.offer.id, row.offer.providerTitle, row.offer.accelerator], row: at, style: .label)
    let option = layout.plan.options.first { $0.offer == row.offer && $0.rate == row.rate }
    let price = option.flatMap { layout.option($0.id, "Prices", PriceColumn.usd.rawValue) }
    sheet.put(
      price.map { .formula($0) } ?? .number(row.rate.usdPerHour), row: at, column: Column.usd.rawValue,
      format: .fine)
    sheet.put(
      .number(row.accelerators), row: at, column: Column.count.rawValue, style: .input, format: .whole,
      rule: .atLeast(0))
    sheet.put(
      .formula(cell(.count) * .name("paid_hours_h") * cell(.usd)), row: at, column: Column.cost.rawValue,
      format: .whole)
    sheet.put(
      .formula(cell(.cost) / .name("accelerator_money_usd")), row: at, column: Column.share.rawValue,
      format: .percent)
    if row.megawatts != nil, let power = layout.offer(row.offer.id, .kilowatts) {
      let kilowattsPerMegawatt = Unit.kilowatt.fromBase(Unit.megawatt.toBase(1))
      sheet.put(
        .formula(cell(.count) * power / .number(kilowattsPerMegawatt)), row: at,
        column: Column.megawatts.rawValue,
        format: .decimal)
    }
    if row.offer.supplyCap != nil, let cap = layout.offer(row.offer.id, .supplyCap) {
      sheet.put(.formula(cap), row: at, column: Column.cap.rawValue, format: .whole)
      sheet.put(
        .formula(.when(.binary(.lessOrEqual, cell(.count), cell(.cap)), .number(1), .number(0))), row: at,
        column: Column.holds.rawValue, style: .check, format: .truth)
    }
    sheet.put([row.binding], row: at, column: Column.binding.rawValue, style: .note)
  }

  private static func addTotals(_ rows: [AllocationRow], to sheet: inout Sheet, _ layout: PlanLayout) {
    let last = first + rows.count - 1
    let total = last + 1
    sheet.put(.text("Total"), row: total, column: 0, style: .label)
    for (column, format) in [
      (Column.count, NumberFormat.whole), (.cost, .whole), (.share, .percent), (.megawatts, .decimal),
    ] {
      let cells = sheet.range(rows: first...last, columns: column.rawValue...column.rawValue)
      sheet.put(.formula(.sum(cells)), row: total, column: column.rawValue, style: .output, format: format)
    }
    sheet.put(
      ["Provider", "Share of the money", "Highest", "Inside"], row: total + 2, style: .heading)
    var providers: [String] = []
    for row in rows where !providers.contains(row.offer.providerTitle) {
      providers.append(row.offer.providerTitle)
    }
    let names = sheet.range(rows: first...last, columns: Column.provider.rawValue...Column.provider.rawValue)
    let shares = sheet.range(rows: first...last, columns: Column.share.rawValue...Column.share.rawValue)
    for (index, provider) in providers.enumerated() {
      let at = total + 3 + index
      sheet.put(.text(provider), row: at, column: 0, style: .label)
      let share = sheet.put(
        .formula(.call(.sumIfs, [.range(shares), .range(names), .cell(sheet.address(row: at, column: 0))])),
        row: at,
        column: 1, style: .output, format: .percent)
      let limit = sheet.put(
        .formula(layout.needed("max_provider_share")), row: at, column: 2, format: .percent)
      sheet.put(
        .formula(.when(.binary(.lessOrEqual, .cell(share), .cell(limit)), .number(1), .number(0))), row: at,
        column: 3, style: .check, format: .truth)
    }
  }
}

enum HostSheet {
  /// nil for a plan without measurements of a host.
  static func sheet(_ layout: PlanLayout) -> Sheet? {
    guard let host = layout.plan.host else { return nil }
    var sheet = Sheet("Host")
    sheet.put(.text("The measured host"), row: 0, column: 0, style: .title)
    sheet.put(
      .text("\(PlanTables.shortPlace(host.file)), machine \(host.machine). \(host.transferredScore)"), row: 1,
      column: 0, style: .note)
    sheet.put(
      .text("Hosts like this one that would do the work of the leading option"), row: 3, column: 0,
      style: .label)
    sheet.put(
      [
        "Stand-in model", "Prefill of one host, tokens/s", "Decode of one host, tokens/s", "Hosts",
        "Cost of the term, USD", "Power, MW",
      ], row: 4, style: .heading)
    for (index, row) in host.fleet.enumerated() { add(row, 5 + index, to: &sheet, layout) }
    let below = 7 + host.fleet.count
    sheet.put(
      .text("Figures that change when the host's file is taken away"), row: below, column: 0, style: .label)
    for (index, name) in host.figuresThatChange.enumerated() {
      sheet.put(.text(name), row: below + 1 + index, column: 0)
    }
    sheet.widths = [0: 40, 1: 18, 2: 18, 3: 18, 4: 20, 5: 14]
    return sheet
  }

  private static func add(_ row: HostFleetRow, _ at: Int, to sheet: inout Sheet, _ layout: PlanLayout) {
    sheet.put(.text(row.standIn.model), row: at, column: 0, style: .label)
    let prefill = sheet.put(
      .number(row.throughput.prefill.value), row: at, column: 1, style: .input, format: .fine,
      rule: .atLeast(1e-9))
    let decode = sheet.put(
      .number(row.throughput.decode.value), row: at, column: 2, style: .input, format: .fine,
      rule: .atLeast(1e-9))
    let index = layout.plan.capacities.firstIndex {
      $0.option == layout.plan.leading && $0.standIn == row.standIn
    }
    if let index {
      let seconds = Requests.fresh(layout) / .cell(prefill) + layout.needed("output_tokens") / .cell(decode)
      let each = layout.serving(index, .utilisation) * layout.serving(index, .derating) / seconds
      sheet.put(
        .formula(.ceil(layout.serving(index, .requests) / each)), row: at, column: 3, style: .output,
        format: .whole)
    } else {
      sheet.put(.number(row.hosts), row: at, column: 3, format: .whole)
    }
    if let cost = row.cost, row.hosts > 0 {
      let perHost = cost / row.hosts / layout.plan.paidHours
      let rate = sheet.put(.number(perHost), row: at, column: 6, style: .input, format: .fine)
      sheet.put(.text("USD per host-hour"), row: 4, column: 6, style: .heading)
      sheet.put(
        .formula(.cell(sheet.address(row: at, column: 3)) * .name("paid_hours_h") * .cell(rate)), row: at,
        column: 4,
        format: .whole)
    }
    guard row.megawatts != nil, let power = layout.input("host_kw") else { return }
    let kilowattsPerMegawatt = Unit.kilowatt.fromBase(Unit.megawatt.toBase(1))
    sheet.put(
      .formula(.cell(sheet.address(row: at, column: 3)) * power / .number(kilowattsPerMegawatt)), row: at,
      column: 5,
      format: .decimal)
  }
}
