// Costs beside the accelerators' own: support, software, set-up, migration and traffic on the bill, and what failures
// destroy beside it. Each is a stream of the ledger with its quantity and price.

import Quantities
import Tables

/// Prices of what is paid beside accelerators; all 0 asks for no row.
public struct SideCosts: Sendable, Hashable {
  /// Support as a share of what is rented.
  public var supportShare = 0.0
  /// Software licences, USD per accelerator and year.
  public var softwarePerYear = 0.0
  /// Set-up of what is delivered, USD per accelerator.
  public var setupEach = 0.0
  /// Months for which what leaves at the end of a commitment and what replaces it both run.
  public var migrationMonths = 0.0
  /// Traffic out of a provider, USD per GB.
  public var egressPerGigabyte = 0.0
  /// GB out by holding and month; empty = none.
  public var gigabytes: [[Double]] = []
  /// Share of the time in which work is done that is not lost, by holding; empty = all of it.
  public var goodput: [Double] = []
  /// Nothing.
  public init() {}

  /// The prices that a scenario states.
  init(_ numbers: PlanNumbers) throws(InputError) {
    supportShare = try numbers.number("support_share")
    softwarePerYear = try numbers.number("software_usd_per_accelerator_year")
    setupEach = try numbers.number("setup_usd_per_accelerator")
    migrationMonths = try numbers.number("migration_months")
    egressPerGigabyte = try numbers.number("egress_usd_per_gb")
  }

  /// GB that leave a provider for some generated tokens.
  static func gigabytes(tokens: Double, bytesPerToken: Double) -> Double {
    Unit.gigabyte.fromBase(tokens * bytesPerToken)
  }

  /// Rows of one holding.
  ///
  /// - Parameter paid: the holding's own rows.
  /// - Complexity: O(months + rows).
  func rows(_ holding: Holding, _ index: Int, _ months: [PlanMonth], paid: [LedgerRow]) -> [LedgerRow] {
    var rows: [LedgerRow] = []
    func add(
      _ month: Int, _ stream: CostStream, _ quantity: Double, _ unit: String, _ price: UnitPrice,
      atStart: Bool = false
    ) {
      guard price.micros > 0 else { return }
      rows.append(
        LedgerRow(
          month: month, holding: index, stream: stream, quantity: LedgerQuantity(quantity), unit: unit,
          listPrice: nil, effectivePrice: price, billedPrice: price, sign: 1, isDueAtStart: atStart))
    }
    for row in paid where [.rent, .upfront, .unusedCommitment, .paidNotUsable].contains(row.stream) {
      add(
        row.month, .support, row.billed.usd, "USD", UnitPrice(usd: supportShare), atStart: row.isDueAtStart)
    }
    if let share = goodput.indices.contains(index) ? goodput[index] : nil, share < 1 {
      for row in paid where row.stream == .rent {
        add(
          row.month, .goodputLoss, row.quantity.value, row.unit,
          UnitPrice(usd: row.effectivePrice.usd * (1 - share)))
      }
    }
    for month in months {
      let at = month.index
      let before = at == 0 ? 0 : holding.delivered[at - 1]
      add(at, .setup, holding.delivered[at] - before, "accelerator", UnitPrice(usd: setupEach), atStart: true)
      add(
        at, .software, holding.delivered[at], "accelerator-month",
        UnitPrice(usd: softwarePerYear / Double(monthsPerYear)))
      if at > 0, holding.contract.isCommitment {
        let left = max(0, holding.accepted[at - 1] - holding.accepted[at])
        add(
          at, .migration, left * month.hours * migrationMonths, Ledger.acceleratorHour,
          UnitPrice(usd: holding.rate.usdPerHour))
      }
      if gigabytes.indices.contains(index) {
        add(at, .egress, gigabytes[index][at], "GB", UnitPrice(usd: egressPerGigabyte))
      }
    }
    return rows
  }
}
