// The regions that prices stand for, each with the carbon of its grid: one dated factor a region, or a gap.

public import Tables

extension Catalog {
  /// The carbon of a region's grid by the newest year, location based; nil where no source gives it.
  ///
  /// - Parameter region: a region or region/zone, as in cloud_prices.csv.
  /// - Complexity: O(facts).
  public func gridCarbon(provider: String, region: String) -> PowerFact? {
    let place = region.prefix { $0 != "/" }
    return power.filter {
      $0.kind == "grid_carbon" && $0.quantity == "grid_carbon_location_average" && $0.subject == provider
        && $0.region == place && $0.value != nil
    }.max { ($0.period, $0.asOf) < ($1.period, $1.asOf) }
  }

  /// Every region of cloud_prices.csv with its number of prices, its newest one and its grid's carbon.
  ///
  /// The carbon is in g of CO2 equivalents per kWh; the cell is empty where no source gives it.
  public var regions: ReportTable {
    regionTable("regions: where prices stand and the carbon of their grids", of: prices)
  }

  /// The regions of some prices.
  public func regionTable(_ title: String, of prices: [CloudPrice]) -> ReportTable {
    var table = ReportTable(
      title,
      [
        .init("provider"), .init("region"), .init("prices"), .init("newest_price", "newest price"),
        .init("carbon_g_per_kwh", "g CO2e/kWh"), .init("carbon_period", "year"),
        .init("carbon_source", "source"),
      ])
    struct Place: Hashable {
      let provider: String
      let region: String
    }
    let places = Dictionary(grouping: prices) { row in
      Place(provider: row.provider, region: String(row.region.prefix { $0 != "/" }))
    }
    var missing = 0
    for (place, rows) in places.sorted(by: {
      ($0.key.provider, $0.key.region) < ($1.key.provider, $1.key.region)
    }) {
      let carbon = gridCarbon(provider: place.provider, region: place.region)
      if carbon == nil { missing += 1 }
      table.append([
        .text(place.provider), .text(place.region), .integer(rows.count),
        .text(rows.map(\.asOfDate).max() ?? ""),
        carbon?.value.map { cell(decimalText($0), isNumeric: true) } ?? .empty,
        carbon.map { .text($0.period) } ?? .empty, carbon.map { .text($0.source) } ?? .empty,
      ])
    }
    if missing > 0 {
      table.notes.append("\(missing) of \(places.count) have no published factor: a gap, not a zero.")
    }
    return table
  }
}
