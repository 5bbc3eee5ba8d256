// Rules of deals: what a ratio of money and power may be formed from, and whom a row overlaps.

import Quantities
import Tables

extension Findings {
  /// Rules of deals.csv.
  mutating func deals(_ sheet: Sheet<Deal>) {
    let ids = sheet.rows.map(\.id)
    for (row, deal) in sheet.numbered {
      if (deal.gw == nil) != deal.gwKind.isEmpty {
        error(
          sheet.fault(
            row, "gw_kind", "gigawatts and their kind must stand together",
            advice: "say whether IT, facility or contracted capacity is meant"))
      }
      impliedValue(sheet, row, deal)
      overlap(sheet, row, deal, ids)
    }
  }

  private mutating func impliedValue(_ sheet: Sheet<Deal>, _ row: Int, _ deal: Deal) {
    guard let implied = deal.impliedMusdPerMwYear else { return }
    guard deal.kind == "compute_contract",
      ["contracted_capacity", "critical_it", "facility"].contains(deal.gwKind)
    else {
      error(
        sheet.fault(
          row, "implied_musd_per_mw_year", "a ratio of two bounds is not a price",
          advice: "leave it empty unless money and power are both values of a compute contract"))
      return
    }
    guard let billions = deal.usdBillion, let years = deal.years, let gigawatts = deal.gw else {
      error(
        sheet.fault(
          row, "implied_musd_per_mw_year", "implied from an empty cell",
          advice: "fill usd_billion, years and gw or leave it empty"))
      return
    }
    let money = Unit.millionUSD.fromBase(Unit.billionUSD.toBase(billions))
    let power = Unit.megawatt.fromBase(Unit("GW")?.toBase(gigawatts) ?? .nan)
    let expected = money / years / power
    if !(abs(expected - implied) <= 0.06) {
      error(
        sheet.fault(
          row, "implied_musd_per_mw_year", "should be \(fixed(expected, decimals: 1))",
          advice: "10^6 USD over years and MW"))
    }
  }

  private mutating func overlap(_ sheet: Sheet<Deal>, _ row: Int, _ deal: Deal, _ ids: [String]) {
    guard !deal.overlapsWith.isEmpty, !deal.overlapsWith.hasPrefix("every ") else { return }
    for name in deal.overlapsWith.split(separator: ";") {
      let id = name.split(separator: " ").joined(separator: " ")
      guard !ids.contains(id) else { continue }
      let near = nearestNames(to: id, among: ids)
      error(
        sheet.fault(
          row, "overlaps_with", "no deal is called '\(id.prefix(40))'",
          advice: near.isEmpty ? "name an id of this file" : "did you mean \(near.joined(separator: ", "))?"))
    }
  }
}
