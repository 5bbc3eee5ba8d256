// Where imported rows go: into the tables of a catalogue, so that a folder of them stands in for the built-in
// ones and every other price stays. The tables are checked before they are handed out.

import Quantities
import Tables

/// The two tables that an import changes, as text.
public struct ImportedTables: Sendable {
  /// cloud_prices.csv: the catalogue's rows and the imported ones.
  public let prices: String
  /// cloud_instances.csv: the catalogue's rows and the new instances.
  public let instances: String
  /// Rows of the catalogue that an imported row of the same day replaced.
  public let replaced: Int
}

extension ImportedPrices {
  /// The imported rows alone, in the schema of cloud_prices.csv.
  public var csv: String { CloudPrice.schema.csv(prices) }

  /// The tables of a catalogue with these rows in them.
  ///
  /// - Throws: `InputErrors` where the result would not pass `catalog check`; that is a fault of the import.
  public func tables(into catalog: Catalog, today: CalendarDay?) throws -> ImportedTables {
    let keys = Set(prices.map(ImportedPrices.key))
    let kept = catalog.prices.filter { !keys.contains(ImportedPrices.key($0)) }
    let priceText = CloudPrice.schema.csv(sorted(kept + prices))
    let instanceText = CloudInstance.schema.csv(sorted(catalog.instances + newInstances))
    var found = Findings()
    let instances = try Sheet<CloudInstance>(Array(instanceText.utf8), file: CloudInstance.fileName)
    let prices = try Sheet<CloudPrice>(Array(priceText.utf8), file: CloudPrice.fileName)
    prices.inspect(&found, today: today)
    instances.inspect(&found, today: today)
    found.instances(instances, chips: Set(catalog.accelerators.map(\.id)))
    found.prices(prices, instances: instances)
    let errors = found.list.filter { $0.severity == .error }.map(\.fault)
    if !errors.isEmpty { throw InputErrors(errors) }
    return ImportedTables(
      prices: priceText, instances: instanceText, replaced: catalog.prices.count - kept.count)
  }

  private static func key(_ row: CloudPrice) -> [String] {
    [row.provider, row.instanceType, row.region, row.priceBasis, row.terms, row.asOfDate]
  }
}
