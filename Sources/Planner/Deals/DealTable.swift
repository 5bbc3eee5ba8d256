// Announced deals and the ledger as tables.

import Quantities
public import Tables

extension Plan {
  /// One row an announced deal: what it states, and what that implies.
  public var dealsTable: ReportTable {
    var table = ReportTable(
      "Announced deals against the plan's arithmetic",
      [
        .init("deal"), .init("date"), .init("buyer"), .init("seller"), .init("kind"),
        .init("announced_usd", "USD"),
        .init("years"), .init("announced_mw", "MW"), .init("power_kind"),
        .init("announced_accelerators", "chips said"), .init("accelerator"), .init("accelerator_is_assumed"),
        .init("kw_per_accelerator"), .init("contracted_usd_per_accelerator_hour", "USD/h paid"),
        .init("own_usd_per_accelerator_hour", "USD/h own"),
        .init("accelerators_by_money", "chips by USD"), .init("accelerators_by_power", "chips by MW"),
        .init("implied_usd_per_accelerator_hour", "USD/h"),
        .init("implied_musd_per_mw_year", "M USD/MW-year"),
        .init("is_bound"), .init("overlaps_with"), .init("verdict"),
      ])
    for row in deals {
      table.append([
        .text(row.deal), .text(row.date), .text(row.buyer), .text(row.seller), .text(row.kind),
        .optional(row.usd, decimals: 0), .optional(row.years, decimals: 1),
        .optional(row.megawatts, decimals: 0),
        .text(row.powerKind), .optional(row.announced, decimals: 0), .text(row.accelerator),
        .integer(row.acceleratorIsAssumed ? 1 : 0), .optional(row.kilowattsEach, decimals: 3),
        .optional(row.contractedRate, decimals: 2), .optional(row.ownRate, decimals: 2),
        .optional(row.acceleratorsByMoney, decimals: 0), .optional(row.acceleratorsByPower, decimals: 0),
        .optional(row.usdPerAcceleratorHour, decimals: 2), .optional(row.musdPerMegawattYear, decimals: 1),
        .integer(row.isBound ? 1 : 0), .text(row.overlaps), .text(row.verdict),
      ])
    }
    table.notes = [
      "Hours are those of the whole term without a ramp; chips by MW take the announcement's power basis.",
      "accelerator_is_assumed: the announcement names none of the catalogue, the headline's stands in.",
    ]
    return table
  }

  /// Every payment of the headline, amounts exact.
  public var ledgerTable: ReportTable { payments("Payments of the headline", ledger) }

  /// Every payment of the fleet over time; empty without one.
  public var fleetLedgerTable: ReportTable {
    payments(
      "Payments of the fleet over time",
      fleet?.ledger
        ?? Ledger([], months: months, shares: OverheadShares(cpu: 0, network: 0, storage: 0)))
  }

  private func payments(_ title: String, _ ledger: Ledger) -> ReportTable {
    var table = ReportTable(
      title,
      [
        .init("month"), .init("holding"), .init("stream"), .init("quantity"), .init("unit"),
        .init("billed_unit_price_usd"), .init("billed_usd"), .init("effective_usd"), .init("list_usd"),
        .init("discount_factor"), .init("discounted_usd"), .init("price_basis"), .init("price_as_of"),
        .init("price_source"),
      ])
    let yearly = scenario.number("discount_rate") ?? 0
    for row in ledger.rows {
      let holding = row.holding.map { ledger.holdings[$0] }
      let factor = ledger.factor(row, yearly: yearly, timing: timing)
      table.append([
        .text(ledger.months[row.month].label), .text(holding?.id ?? ""), .text(row.stream.rawValue),
        .text(row.quantity.text), .text(row.unit), .text(row.billedPrice.text), .text(row.billed.text),
        .text(row.effective.text), row.listed.map { .text($0.text) } ?? .empty, .number(factor, decimals: 4),
        .number(row.billed.usd * factor, decimals: 0), .text(holding?.contract.basis.rawValue ?? ""),
        .text(holding?.rate.asOf ?? ""), .text(holding?.rate.source ?? ""),
      ])
    }
    return table
  }
}
