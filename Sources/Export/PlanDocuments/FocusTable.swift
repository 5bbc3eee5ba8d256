// The plan's payments as a forecast in FOCUS 1.2, the FinOps Foundation's billing format: one row a charge. Columns
// of our own begin with `x_`. Costs are products of quantised prices and quantities and hold digit for digit.

import Planner
import Quantities
public import Tables

extension PlanTables {
  /// Columns that the workbook shows; focus_forecast.csv has all of them.
  static let focusColumns = [
    "ChargePeriodStart", "ProviderName", "RegionId", "ServiceName", "ChargeCategory", "x_Stream",
    "PricingQuantity",
    "PricingUnit", "ListUnitPrice", "ContractedUnitPrice", "ListCost", "ContractedCost", "EffectiveCost",
    "BilledCost", "CommitmentDiscountId", "CommitmentDiscountStatus",
  ]

  /// Version of FOCUS that the columns follow.
  public static let focusVersion = "1.2"

  /// One row a charge: month, holding, stream.
  public var focusForecast: ReportTable {
    var table = ReportTable(
      "Forecast in FOCUS \(PlanTables.focusVersion)", FocusColumn.all.map { .init($0.name) })
    let ledger = plan.ledger
    let periods = FocusPeriods(ledger.months)
    for row in ledger.rows where row.stream.isCash {
      guard let index = row.holding, ledger.holdings.indices.contains(index) else { continue }
      let charge = FocusCharge(
        row: row, holding: ledger.holdings[index], month: ledger.months[row.month], periods: periods,
        plan: plan, planID: planID)
      table.append(FocusColumn.all.map { Cell.charge($0.value(charge)) })
    }
    return table
  }
}

extension Cell {
  /// A FOCUS value as it stands; empty = null. Amounts are exact decimal text, a leading minus is theirs.
  fileprivate static func charge(_ value: FocusValue) -> Cell {
    switch value {
    case .words(let text): .words(text)
    case .amount(let text): text.isEmpty ? .empty : .text(text)
    }
  }
}

/// A value of a charge.
enum FocusValue {
  case words(String)
  case amount(String)
}

/// Starts of months as FOCUS writes them.
struct FocusPeriods {
  private let starts: [String]
  init(_ months: [PlanMonth]) {
    starts = (months.map(\.label) + [months.last.map { FocusPeriods.next($0.label) } ?? ""]).map {
      "\($0)-01T00:00:00Z"
    }
  }
  func start(_ month: Int) -> String { starts[month] }
  func end(_ month: Int) -> String { starts[month + 1] }

  /// The month after `2025-12`: `2026-01`.
  private static func next(_ label: String) -> String {
    let parts = label.split(separator: "-").compactMap { Int($0) }
    guard parts.count == 2 else { return label }
    let (year, month) = parts[1] == 12 ? (parts[0] + 1, 1) : (parts[0], parts[1] + 1)
    return "\(year)-\(month < 10 ? "0" : "")\(month)"
  }
}

/// One charge with what its columns need.
struct FocusCharge {
  let row: LedgerRow
  let holding: Holding
  let month: PlanMonth
  let periods: FocusPeriods
  let plan: Plan
  let planID: String

  var isPurchase: Bool { row.stream == .upfront }
  var isOwned: Bool { holding.contract.kind == .own }
  /// Hours of accelerators, as against CPUs, network and storage beside them.
  var isAcceleratorTime: Bool {
    switch row.stream {
    case .rent, .paidNotUsable, .unusedCommitment: true
    default: false
    }
  }
  var isCommitted: Bool { holding.contract.isCommitment && !isOwned && (isAcceleratorTime || isPurchase) }

  /// The negotiated price of the charge; of a purchase what is due for it.
  var contractedPrice: UnitPrice { isPurchase ? row.billedPrice : row.effectivePrice }
  /// List price, at least the contracted one; where none is published, the contracted one.
  var listPrice: UnitPrice { max(row.listPrice ?? contractedPrice, contractedPrice) }
  func cost(_ price: UnitPrice) -> String {
    let amount = price * row.quantity
    return (row.sign < 0 ? -amount : amount).text
  }

  var description: String {
    let what = row.stream.rawValue.replacing("_", with: " ")
    return "\(holding.offer.title), \(holding.contract.kind.rawValue.replacing("_", with: " ")): \(what)"
  }

  var serviceCategory: String {
    switch row.stream {
    case .cpu: "Compute"
    case .network, .egress: "Networking"
    case .storage: "Storage"
    default: "AI and Machine Learning"
    }
  }

  var serviceName: String {
    switch row.stream {
    case .cpu: "CPU hosts"
    case .network: "Network between sites"
    case .storage: "Storage"
    default: "\(holding.offer.accelerator) capacity"
    }
  }

  var chargeCategory: String {
    if isPurchase { return "Purchase" }
    return row.sign < 0 ? "Adjustment" : isOwned && row.stream == .capital ? "Purchase" : "Usage"
  }
}

/// A column of FOCUS with how a charge fills it.
struct FocusColumn: Sendable {
  let name: String
  let value: @Sendable (FocusCharge) -> FocusValue

  private init(_ name: String, _ value: @escaping @Sendable (FocusCharge) -> FocusValue) {
    self.name = name
    self.value = value
  }

  private static func words(_ name: String, _ text: @escaping @Sendable (FocusCharge) -> String)
    -> FocusColumn
  {
    FocusColumn(name) { .words(text($0)) }
  }

  private static func amount(_ name: String, _ text: @escaping @Sendable (FocusCharge) -> String)
    -> FocusColumn
  {
    FocusColumn(name) { .amount(text($0)) }
  }

  /// Columns in the specification's (alphabetical) order, then ours. Issuer, provider and publisher stand under both
  /// spellings that are in use: the exports of clouds add `Name`, the FinOps Foundation's validator 1.0.0 does not.
  static let all: [FocusColumn] = [
    amount("BilledCost") { $0.row.billed.text },
    words("BillingAccountId") { $0.plan.scenario.name },
    words("BillingAccountName") { $0.plan.scenario.title },
    words("BillingCurrency") { _ in "USD" },
    words("BillingPeriodEnd") { $0.periods.end($0.month.index) },
    words("BillingPeriodStart") { $0.periods.start($0.month.index) },
    words("ChargeCategory") { $0.chargeCategory },
    words("ChargeClass") { _ in "" },
    words("ChargeDescription") { $0.description },
    words("ChargeFrequency") { $0.chargeCategory == "Usage" ? "Usage-Based" : "One-Time" },
    words("ChargePeriodEnd") { $0.periods.end($0.month.index) },
    words("ChargePeriodStart") { $0.periods.start($0.month.index) },
    words("CommitmentDiscountCategory") { $0.isCommitted ? "Usage" : "" },
    words("CommitmentDiscountId") { $0.isCommitted ? $0.holding.id : "" },
    words("CommitmentDiscountName") { $0.isCommitted ? $0.holding.id : "" },
    amount("CommitmentDiscountQuantity") { $0.isCommitted ? $0.row.quantity.text : "" },
    words("CommitmentDiscountStatus") {
      !$0.isCommitted || $0.isPurchase ? "" : $0.row.stream == .rent ? "Used" : "Unused"
    },
    words("CommitmentDiscountType") { $0.isCommitted ? $0.holding.contract.kind.rawValue : "" },
    words("CommitmentDiscountUnit") { $0.isCommitted ? $0.row.unit : "" },
    amount("ConsumedQuantity") {
      $0.chargeCategory == "Usage" && $0.row.stream != .paidNotUsable ? $0.row.quantity.text : ""
    },
    words("ConsumedUnit") {
      $0.chargeCategory == "Usage" && $0.row.stream != .paidNotUsable ? $0.row.unit : ""
    },
    amount("ContractedCost") { $0.cost($0.contractedPrice) },
    amount("ContractedUnitPrice") { $0.contractedPrice.text },
    amount("EffectiveCost") { $0.row.effective.text },
    words("InvoiceIssuer") { $0.isOwned ? $0.plan.scenario.name : $0.holding.offer.providerTitle },
    words("InvoiceIssuerName") { $0.isOwned ? $0.plan.scenario.name : $0.holding.offer.providerTitle },
    amount("ListCost") { $0.cost($0.listPrice) },
    amount("ListUnitPrice") { $0.listPrice.text },
    words("PricingCategory") {
      $0.isCommitted ? "Committed" : $0.holding.contract.kind == .spot ? "Dynamic" : "Standard"
    },
    words("PricingCurrency") { _ in "USD" },
    amount("PricingQuantity") { $0.row.quantity.text },
    words("PricingUnit") { $0.row.unit },
    words("Provider") { $0.holding.offer.providerTitle },
    words("ProviderName") { $0.holding.offer.providerTitle },
    words("Publisher") { $0.holding.offer.providerTitle },
    words("PublisherName") { $0.holding.offer.providerTitle },
    words("RegionId") { $0.holding.region },
    words("RegionName") { $0.holding.region },
    words("ResourceId") { $0.holding.id },
    words("ResourceName") { $0.holding.id },
    words("ResourceType") { $0.holding.offer.accelerator },
    words("ServiceCategory") { $0.serviceCategory },
    words("ServiceName") { $0.serviceName },
    words("SkuId") { $0.holding.offer.instance.isEmpty ? $0.holding.offer.id : $0.holding.offer.instance },
    words("SkuPriceId") { "\($0.holding.id)/\($0.row.stream.rawValue)" },
    words("SubAccountId") { $0.holding.site.isEmpty ? $0.holding.offer.provider : $0.holding.site },
    words("SubAccountName") { $0.holding.site.isEmpty ? $0.holding.offer.provider : $0.holding.site },
    words("Tags") { _ in "{}" },
    amount("x_AcceleratorHours") {
      $0.isAcceleratorTime ? $0.row.quantity.text : ""
    },
    words("x_FocusVersion") { _ in PlanTables.focusVersion },
    words("x_ListPricePublished") { $0.row.listPrice == nil ? "false" : "true" },
    words("x_Percentile") { _ in "P50" },
    words("x_PlanId") { $0.planID },
    words("x_PriceAsOf") { $0.holding.rate.asOf },
    words("x_PriceBasis") { $0.holding.contract.basis.rawValue },
    words("x_PriceSource") { $0.holding.rate.source },
    words("x_Scenario") { $0.plan.scenario.name },
    words("x_Stream") { $0.row.stream.rawValue },
  ]
}
