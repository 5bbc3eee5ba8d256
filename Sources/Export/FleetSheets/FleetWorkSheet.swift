// FleetWork: what the accelerators of each site do. Accelerators by offer and site are live; how many requests one does
// of each class is the estimator's, and which share of them works for a class is the solver's, both as inputs.

import Planner

enum FleetWorkSheet {
  static func sheet(_ layout: FleetSheetLayout, _ places: FleetPlaces) -> Sheet {
    var sheet = Sheet(FleetSheetLayout.work)
    sheet.put(.text("What the fleet's accelerators do"), row: 0, column: 0, style: .title)
    sheet.put(
      .text(
        "Requests/s (training: runs) of one accepted accelerator after derating, headroom, stranded capacity and "
          + "spares; the shares of a month add up to 1 where all work."), row: 1, column: 0, style: .note)
    func head(_ block: FleetBlock, _ title: String, _ rate: String) {
      sheet.put(.text(title), row: block.first - 2, column: 0, style: .label)
      sheet.put(["Accelerators", "", "", rate], row: block.first - 1, style: .heading)
      for month in layout.portfolio.months {
        sheet.put(
          .text(month.label), row: block.first - 1, column: layout.column(month.index), style: .heading)
      }
    }
    head(places.pools, "Accelerators accepted", "")
    for (index, pool) in layout.pools.enumerated() {
      sheet.put(.text(pool.name), row: places.pools.first + index, column: 0, style: .label)
      for column in layout.columns {
        sheet.put(
          .formula(places.accepted.sum(pool.lines, column)), row: places.pools.first + index, column: column,
          format: .whole)
      }
    }
    for (index, need) in layout.fleet.fleetCase.needs.enumerated() {
      let block = places.mixes[index]
      head(block, "Share that works for \(need.id) (inputs)", "\(need.unit) of one")
      for (line, pool) in layout.pools.enumerated() {
        let number = layout.pool(pool.lines)
        let row = block.first + line
        sheet.put(.text(pool.name), row: row, column: 0, style: .label)
        sheet.put(
          .number(layout.portfolio.rate(index, pool: number)), row: row, column: FleetPlaces.rate,
          style: .input,
          format: need.unit == "runs" ? NumberFormat("0.00E+00") : .fine, rule: .atLeast(0))
        for (month, share) in shares(index, number, pool.lines, layout).enumerated() {
          sheet.put(
            .number(share), row: row, column: layout.column(month), style: .input, format: .percent,
            rule: .between(0, 1))
        }
      }
    }
    sheet.widths = [0: 34, 1: 4, 2: 4, 3: 16, 4: 4]
    for column in layout.columns { sheet.widths[column] = 11 }
    sheet.frozen = (4, 1)
    sheet.pagesWide = 4
    return sheet
  }

  /// Share of a pool for a class by month; a month in which the pool is empty takes the nearest one before, else behind,
  /// so that blocks which are put there work.
  private static func shares(
    _ need: Int, _ pool: Int, _ lines: [Int], _ layout: FleetSheetLayout
  ) -> [Double] {
    guard let given = layout.fleet.plan?.given else { return [] }
    let known = (0..<layout.count).map { month -> Double? in
      let has = lines.reduce(0) { $0 + layout.lines[$1].holding.accepted[month] }
      return has > 0 ? given[need][pool][month] / has : nil
    }
    var last = known.compactMap { $0 }.first ?? 0
    return known.map { share in
      last = share ?? last
      return last
    }
  }
}
