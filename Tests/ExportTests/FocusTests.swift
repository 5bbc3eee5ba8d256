// The forecast in FOCUS 1.2: identities that hold digit for digit, and the columns that are mandatory.

import Catalog
import Estimator
import Export
import Planner
import Tables
import Testing

@Suite struct FocusTests {
  private func forecast(_ name: String, _ settings: [String] = []) throws -> (ReportTable, Plan) {
    let catalog = try Catalog.embedded()
    let estimator = try Estimator(catalog: catalog)
    let evidence = PlanEvidence(catalog: catalog, throughput: .estimator(estimator, catalog: catalog))
    let plan = try Plan(try Scenario.load(name, set: settings), evidence: evidence)
    return (PlanTables(plan).focusForecast, plan)
  }

  /// Decimal text as billionths.
  private func nanos(_ cell: Cell) -> Int128? {
    guard case .text(let text) = cell else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let fraction =
      parts.count == 2 ? parts[1] + String(repeating: "0", count: 9 - parts[1].count) : "000000000"
    return Int128(parts[0] + fraction)
  }

  @Test(
    "mandatory columns are there and filled; costs are price times quantity to the last digit",
    arguments: ["openai-aws-38b", "multi-cloud-scarce", "own-silicon"])
  func identities(name: String) throws {
    let (table, plan) = try forecast(name, ["upfront_share=0.2"])
    let names = table.columns.map(\.name)
    let mandatory = [
      "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
      "BillingPeriodStart", "ChargeCategory", "ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart",
      "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit",
      "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
    ]
    #expect(names.contains("ChargeClass") && Set(mandatory).isSubset(of: names))
    #expect(Set(names).count == names.count)
    func column(_ name: String) throws -> Int { try #require(names.firstIndex(of: name)) }
    let (list, contracted, effective, billed) = (
      try column("ListCost"), try column("ContractedCost"), try column("EffectiveCost"),
      try column("BilledCost")
    )
    let (quantity, listPrice, contractedPrice) = (
      try column("PricingQuantity"), try column("ListUnitPrice"), try column("ContractedUnitPrice")
    )
    var (sumBilled, sumEffective) = (Int128(0), Int128(0))
    #expect(!table.rows.isEmpty)
    for row in table.rows {
      for name in mandatory { #expect(row[try column(name)] != .empty, "\(name)") }
      let (l, c, e) = (
        try #require(nanos(row[list])), try #require(nanos(row[contracted])),
        try #require(nanos(row[effective]))
      )
      #expect(e <= c && c <= l)
      let q = try #require(nanos(row[quantity]))
      #expect(l == (try #require(nanos(row[listPrice]))) * q / 1_000_000_000)
      #expect(c == (try #require(nanos(row[contractedPrice]))) * q / 1_000_000_000)
      sumBilled += try #require(nanos(row[billed]))
      sumEffective += e
    }
    #expect(sumBilled == plan.ledger.paid.nanos)
    // Spreading a prepayment changes when, not how much; overheads' prices are rounded each for itself.
    #expect(abs(Double(sumEffective) / Double(sumBilled) - 1) < 1e-5)
  }
}
