// What the grids emit for a fleet: facility energy of each site and month times one dated factor of its grid. Location
// based; a site whose grid has no published factor is a named gap and is left out of the sum.

import Catalog
public import Quantities
public import Tables

/// Energy and carbon of one site, month by month.
public struct SiteCarbon: Sendable, Hashable {
  /// Key of the site.
  public let site: String
  /// Its provider and region.
  public let provider: String
  /// Key of its region.
  public let region: String
  /// The grid as the catalogue names it, `aws:us-east-1`; empty where the scenario names none.
  public let grid: String
  /// g of CO2 equivalents per kWh; nil where no source gives it.
  public let gramsPerKilowattHour: Double?
  /// Year that the factor describes.
  public let period: String
  /// Where the factor comes from.
  public let source: String
  /// Facility energy by month, kWh.
  public let kilowattHours: [Double]

  /// Tonnes of CO2 equivalents by month; nil without a factor.
  public var tonnes: [Double]? {
    gramsPerKilowattHour.map { grams in kilowattHours.map { FleetCarbon.tonnes(kilowattHours: $0, grams) } }
  }
}

/// Energy and carbon of a fleet.
public struct FleetCarbon: Sendable, Hashable {
  /// Sites that hold anything.
  public let sites: [SiteCarbon]
  /// Tokens of all classes, by month.
  public let tokens: [Double]

  /// kWh · g/kWh in tonnes.
  static func tonnes(kilowattHours: Double, _ gramsPerKilowattHour: Double) -> Double {
    Unit.million.fromBase(kilowattHours * gramsPerKilowattHour)
  }

  /// Tonnes of the sites whose grid is known, by month.
  public var tonnes: [Double] {
    tokens.indices.map { month in sites.reduce(0) { $0 + ($1.tonnes?[month] ?? 0) } }
  }
  /// kWh of all sites, by month.
  public var kilowattHours: [Double] {
    tokens.indices.map { month in sites.reduce(0) { $0 + $1.kilowattHours[month] } }
  }
  /// Share of the energy whose grid has a published factor; nil without energy.
  public var knownShare: Double? {
    let all = kilowattHours.reduce(0, +)
    let known = sites.filter { $0.gramsPerKilowattHour != nil }.reduce(0) {
      $0 + $1.kilowattHours.reduce(0, +)
    }
    return all > 0 ? known / all : nil
  }
  /// g per million tokens over the plan, training's energy included; a lower bound where `knownShare` is below 1.
  public var gramsPerMtok: Double? {
    let all = tokens.reduce(0, +)
    return all > 0
      ? Unit.million.toBase(tonnes.reduce(0, +)) / Unit.millionTokens.fromBase(all) : nil
  }
  /// Sites without a factor.
  public var gaps: [Gap] {
    sites.filter { $0.gramsPerKilowattHour == nil }.map { site in
      Gap(
        "carbon of site \(site.site)",
        missing: site.grid.isEmpty
          ? "the scenario names no grid for it" : "no published grid factor for \(site.grid)",
        remedy: "name a region that `plimsoll catalog regions` lists in column grid of sites.csv")
    }
  }

  /// The carbon of what is held.
  ///
  /// - Parameters:
  ///   - facilityKilowatts: facility power of one accelerator of a holding, all in.
  ///   - meanLoad: mean draw over all-in power.
  ///   - grids: factors in the order of `places`.
  init(
    _ holdings: [Holding], places: [FleetSite], grids: [PowerFact?], months: [PlanMonth], meanLoad: Double,
    tokens: [Double], facilityKilowatts: (Holding) -> Double
  ) {
    self.tokens = tokens
    sites = zip(places, grids).compactMap { place, grid in
      let held = holdings.filter { $0.site == place.id }
      guard !held.isEmpty else { return nil }
      return SiteCarbon(
        site: place.id, provider: place.provider, region: place.region, grid: place.grid,
        gramsPerKilowattHour: grid?.value, period: grid?.period ?? "", source: grid?.source ?? "",
        kilowattHours: months.map { month in
          held.reduce(0) { $0 + $1.delivered[month.index] * facilityKilowatts($1) } * meanLoad * month.hours
        })
    }
  }
}

extension Plan {
  /// One row a site and month, then the months of all sites, then the plan; empty without a fleet.
  public var carbonTable: ReportTable {
    var table = ReportTable(
      "Carbon of the grids, location based",
      [
        .init("site"), .init("provider"), .init("region"), .init("grid"), .init("month"),
        .init("facility_mwh", "MWh"), .init("carbon_g_per_kwh", "g CO2e/kWh"), .init("carbon_period", "year"),
        .init("tco2e"), .init("g_per_mtok"), .init("known_share"), .init("carbon_source", "source"),
      ])
    guard let fleet else { return table }
    let carbon = fleet.carbon
    let labels = fleet.fleetCase.portfolio.months.map(\.label)
    func megawattHours(_ value: Double) -> Cell { .number(Unit.thousandth.toBase(value), decimals: 1) }
    for site in carbon.sites {
      for (month, energy) in site.kilowattHours.enumerated() where energy > 0 {
        table.append([
          .text(site.site), .text(site.provider), .text(site.region), .text(site.grid),
          .text(labels[month]), megawattHours(energy), .optional(site.gramsPerKilowattHour, decimals: 2),
          .text(site.period), .optional(site.tonnes?[month], decimals: 1), .empty, .empty, .text(site.source),
        ])
      }
    }
    func total(_ label: String, _ range: Range<Int>) {
      let energy = range.reduce(0) { $0 + carbon.kilowattHours[$1] }
      let known = carbon.sites.filter { $0.tonnes != nil }.reduce(0) { sum, site in
        sum + range.reduce(0) { $0 + site.kilowattHours[$1] }
      }
      let tonnes = range.reduce(0) { $0 + carbon.tonnes[$1] }
      let tokens = range.reduce(0) { $0 + carbon.tokens[$1] }
      table.append([
        .text("all"), .empty, .empty, .empty, .text(label), megawattHours(energy), .empty, .empty,
        .number(tonnes, decimals: 1),
        tokens > 0
          ? .number(Unit.million.toBase(tonnes) / Unit.millionTokens.fromBase(tokens), decimals: 3) : .empty,
        energy > 0 ? .number(known / energy, decimals: 4) : .empty, .empty,
      ])
    }
    for (month, label) in labels.enumerated() { total(label, month..<(month + 1)) }
    total("all", labels.indices)
    table.notes += carbon.gaps.map { "\($0.subject): \($0.missing)." }
    return table
  }
}

extension PlanReport {
  /// Carbon in a sentence; empty where nothing is held.
  func carbon(_ fleet: FleetPlan) -> String {
    guard let share = fleet.carbon.knownShare else { return "" }
    guard share > 0 else {
      return lines(["Carbon: no grid of its sites has a published factor (table carbon)."])
    }
    let isWhole = share > 1 - 1e-12
    let tonnes = fleet.carbon.tonnes.reduce(0, +)
    let perToken = fleet.carbon.gramsPerMtok.map { ", \(compact($0)) g per Mtok" } ?? ""
    return lines([
      "Carbon: \(isWhole ? "" : "at least ")\(grouped(tonnes, decimals: 0)) tCO2e in "
        + "\(fleet.rows.count) months\(perToken), by the grids of the sites"
        + (isWhole ? "" : "; \(fixed(share * 100, decimals: 1)) % of the energy has a published factor")
        + " (table carbon)."
    ])
  }
}
