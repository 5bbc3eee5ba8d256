// Rules that need all prices at once: spot against list, one accelerator's price against the instance's. Then
// every candidate gets its outcome and the rows are sorted as the catalogue sorts them.

import Quantities
import Tables

/// The rows of an import.
public struct ImportedPrices: Sendable {
  /// Rows of cloud_prices.csv, sorted.
  public let prices: [CloudPrice]
  /// Instances that cloud_instances.csv does not have yet, sorted.
  public let newInstances: [CloudInstance]
}

extension PriceImport {
  /// Judges what was read together and gives the rows; the report is complete then.
  ///
  /// - Complexity: O(n log n) in the prices kept.
  public mutating func finish() -> ImportedPrices {
    joinHalves()
    judgeSpot()
    judgeScale()
    var prices: [CloudPrice] = []
    var added: [InstanceKey: CloudInstance] = [:]
    for candidate in candidates {
      let offer = candidate.offer
      if let refusal = candidate.refusal {
        report.decide(refusal.rule.outcome)
        report.apply(refusal.rule, offer.place, offer.subject, refusal.detail)
        continue
      }
      report.decide(candidate.repairs.isEmpty ? .accepted : .repaired)
      for repair in candidate.repairs { report.apply(repair.rule, offer.place, offer.subject, repair.detail) }
      prices.append(candidate.row)
      let key = InstanceKey(provider: candidate.row.provider, instanceType: candidate.row.instanceType)
      if instances[key] == nil, added[key] == nil { added[key] = candidate.instance }
    }
    candidates = []
    places = [:]
    return ImportedPrices(prices: sorted(prices), newInstances: sorted(Array(added.values)))
  }

  private struct PlaceKey: Hashable {
    let instance: InstanceKey
    let region: String
  }

  private func key(_ row: CloudPrice) -> PlaceKey {
    PlaceKey(
      instance: InstanceKey(provider: row.provider, instanceType: row.instanceType),
      region: String(row.region.prefix { $0 != "/" }))
  }

  /// Sources fill zones without a spot market with the list price or a tenth of it.
  private mutating func judgeSpot() {
    var list: [PlaceKey: Double] = [:]
    // The catalogue's newest price stands in where the file has none of its own.
    for row in catalog.prices where row.priceBasis == "list_on_demand" { list[key(row)] = row.usdPerHour }
    for candidate in candidates where candidate.row.priceBasis == "list_on_demand" {
      list[key(candidate.row)] = candidate.row.usdPerHour
    }
    for index in candidates.indices where candidates[index].row.priceBasis == "spot" {
      let row = candidates[index].row
      guard let base = list[key(row)], let hour = row.usdPerHour else { continue }
      let ratio = hour / base
      let detail = "\(decimalText(hour)) against \(decimalText(base))"
      if abs(ratio - 1) < 1e-6 {
        candidates[index].refusal = (.spotEqualsList, detail)
      } else if ratio > 1 {
        candidates[index].refusal = (.spotAboveList, detail)
      } else if abs(ratio - 0.1) < 0.0005 {
        candidates[index].refusal = (.spotIsTenthOfList, detail)
      } else if ratio >= 0.8 {
        candidates[index].row.flag = "trap: spot near on-demand (\(fixed(ratio, decimals: 2)))"
        candidates[index].repairs.append((.spotNearList, detail))
      }
    }
  }

  /// Some files write an accelerator's price where the instance's is meant, or multiply twice.
  private mutating func judgeScale() {
    struct Group: Hashable {
      let provider: String
      let chip: String
      let region: String
      let basis: String
      let terms: String
    }
    var known: [OfferKey: Double] = [:]
    for row in catalog.prices where row.acceleratorCount ?? 0 > 1 {
      known[unDated(row)] = row.usdPerHour
    }
    var smallest: [Group: (count: Int, hour: Double)] = [:]
    func group(_ row: CloudPrice) -> Group {
      Group(
        provider: row.provider, chip: row.accelerator, region: row.region, basis: row.priceBasis,
        terms: row.terms)
    }
    for candidate in candidates where candidate.refusal == nil {
      guard let count = candidate.row.acceleratorCount, count > 0, let hour = candidate.row.usdPerHour else {
        continue
      }
      let key = group(candidate.row)
      if (smallest[key]?.count ?? .max) > count { smallest[key] = (count, hour) }
    }
    for index in candidates.indices where candidates[index].refusal == nil {
      let row = candidates[index].row
      guard let count = row.acceleratorCount, count >= 4, let hour = row.usdPerHour else { continue }
      if let old = known[unDated(row)] {
        let ratio = hour / old * Double(count)
        if abs(ratio - 1) < 0.05 || abs(hour / old / Double(count) - 1) < 0.05 {
          candidates[index].refusal = (
            .pricePerAccelerator, "\(decimalText(hour)) where the catalogue has \(decimalText(old))"
          )
          continue
        }
      }
      if let one = smallest[group(row)], one.count < count, abs(hour / one.hour - 1) < 0.002 {
        candidates[index].refusal = (
          .pricePerAccelerator, "\(decimalText(hour)) for \(count) as for \(one.count)"
        )
      }
    }
  }

  private func unDated(_ row: CloudPrice) -> OfferKey {
    OfferKey(
      instance: InstanceKey(provider: row.provider, instanceType: row.instanceType), region: row.region,
      basis: row.priceBasis, terms: row.terms, asOf: "")
  }
}

/// Rows in the order that `catalog check` asks for.
func sorted<Row: CatalogRow>(_ rows: [Row]) -> [Row] {
  let names = TableRules.of(Row.fileName).order ?? Row.key
  let columns = names.compactMap { name in Row.schema.columns.first { $0.name == name } }
  return rows.map { row in (key: columns.map { $0.encode(row) }, row: row) }
    .sorted { a, b in
      for (left, right) in zip(a.key, b.key) where left != right {
        return left.unicodeScalars.lexicographicallyPrecedes(right.unicodeScalars)
      }
      return false
    }
    .map(\.row)
}
