// Hardware of one's own as a plan over time sees it: what a chip costs to buy, where that is known, and what it takes to
// run it. What nobody has published is a gap, never a guess.

import Catalog
import Quantities
import Tables

/// What one accelerator of one's own costs.
public struct OwnBuildRow: Sendable, Hashable {
  /// Catalogue key of the accelerator.
  public var accelerator = ""
  /// Purchase with its share of hosts and network, USD.
  public var capital: Double?
  /// Low end of the range; nil where none is stated.
  public var low: Double?
  /// High end of the range; nil where none is stated.
  public var high: Double?
  /// Where it comes from; `assumed: why` for what is not published.
  public var source = ""
  /// Date of the source.
  public var asOf = ""
  /// An empty row to fill in.
  public init() {}

  static let schema = Schema<OwnBuildRow>([
    .text("accelerator", "accelerator of the catalogue", \.accelerator),
    .number("capital_usd", "purchase of one with its share of hosts and network", \.capital),
    .number("low", "low end of the range", \.low),
    .number("high", "high end of the range", \.high),
    .text("source", "where it comes from", \.source),
    .text("as_of", "date of the source", \.asOf),
  ])
}

extension FleetReader {
  static func builds(_ table: PlacedRows<OwnBuildRow>) throws(InputError) -> [OwnBuildRow] {
    var seen: [String: Int] = [:]
    for (row, place) in table.rows {
      if let first = seen[row.accelerator] {
        throw place.fault(
          column: 0, "\(row.accelerator) appears twice (also in line \(first))", "remove one")
      }
      seen[row.accelerator] = place.line
      try number(row.capital, 1...1e9, place, 1, "capital_usd")
      if row.low != nil { try number(row.low, 1...(row.capital ?? 1), place, 2, "low") }
      if row.high != nil { try number(row.high, (row.capital ?? 1)...1e9, place, 3, "high") }
      try sourced(row.source, place, 4)
      guard !row.asOf.isEmpty else {
        throw place.fault(column: 5, "a price without a date", "fill in as_of, e.g. 2026-11")
      }
    }
    return table.rows.map(\.row).sorted { $0.accelerator < $1.accelerator }
  }
}

/// Builds of one scenario.
struct OwnBuilder {
  let numbers: PlanNumbers
  let evidence: PlanEvidence
  private let input: FleetInput

  init(_ numbers: PlanNumbers, _ evidence: PlanEvidence) {
    self.numbers = numbers
    self.evidence = evidence
    input = numbers.scenario.fleet
  }

  /// Contracts with what own hardware adds: it stays until its term or its life ends, whichever comes first.
  func contracts() throws(InputError) -> [Contract] {
    var found = input.contracts
    guard !input.builds.isEmpty else { return found }
    let life = Int(try numbers.number("own_life_months"))
    for index in found.indices where found[index].kind == .own {
      found[index].termMonths = min(found[index].termMonths, life)
    }
    return found
  }

  /// Whether a contract fits an offer: where builds are stated, own hardware is bought and all else is rented.
  func fits(_ contract: Contract, _ offer: Offer) -> Bool {
    input.builds.isEmpty || (contract.kind == .own) != offer.isSold(on: .contracted)
  }

  /// The build of an offer at a site; a gap where a fact is missing.
  func build(_ offer: Offer, _ site: FleetSite) throws(InputError) -> Known<OwnBuild> {
    let subject = "\(offer.accelerator) of one's own"
    guard let row = input.builds.first(where: { $0.accelerator == offer.accelerator }),
      let capital = row.capital
    else {
      return .failure(
        Gap(
          subject, missing: "no purchase price of \(offer.accelerator) is published",
          remedy: "add a sourced row to own_builds.csv"))
    }
    guard let chip = evidence.catalog.accelerator(offer.accelerator), let inside = chip.allInITPower,
      let outside = chip.allInFacilityPower
    else {
      return .failure(
        Gap(
          subject, missing: "no all-in power of \(offer.accelerator) is published",
          remedy: "add a sourced value to accelerators.csv"))
    }
    var build = OwnBuild()
    build.capital = capital
    build.lifeMonths = Int(try numbers.number("own_life_months"))
    build.residualShare = try numbers.number("own_residual_share")
    build.colocationPerKilowattMonth = try numbers.number("own_colocation_usd_per_kw_month")
    build.kilowattsIT = Unit.kilowatt.fromBase(inside.value)
    build.facilityOverIT = outside.value / inside.value
    build.meanLoad = try numbers.number("mean_load")
    let tariff = try numbers.number("electricity_usd_per_kwh")
    build.tariff = site.tariff ?? tariff
    build.repairShare = try numbers.number("own_repair_share_per_year")
    build.staffPerMegawattYear = try numbers.number("own_staff_usd_per_mw_year")
    return .success(build)
  }

  /// The levelised cost of an accelerator-hour: the annuity of the purchase over its life, and running costs.
  func rate(_ build: OwnBuild, _ offer: Offer) throws(InputError) -> Rate {
    let hours = try numbers.number("hours_per_month")
    let row = input.builds.first { $0.accelerator == offer.accelerator }
    let monthly = try build.monthlyCost(yearly: numbers.number("discount_rate"), hours: hours)
    return Rate(
      usdPerHour: monthly / hours, asOf: row?.asOf ?? "", source: row?.source ?? "", trust: .assumed,
      note: "own build: \(decimalText(build.capital)) USD over \(build.lifeMonths) months, "
        + "\(decimalText(build.tariff)) USD/kWh")
  }
}
