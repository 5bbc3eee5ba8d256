// Rules of instances and prices: the traps that public price files are known for.

import Quantities
import Tables

/// Name of an instance at a provider.
struct InstanceKey: Hashable {
  let provider: String
  let instanceType: String
}

private struct OfferKey: Hashable {
  let instance: InstanceKey
  let region: String
}

/// Public catalogues write this many dollars an hour where a region has no price.
let sentinelPrice = 700.0

extension Findings {
  /// Rules of cloud_instances.csv.
  mutating func instances(_ sheet: Sheet<CloudInstance>, chips: Set<String>) {
    for (row, instance) in sheet.numbered {
      if (instance.hostMem == nil) != instance.hostMemUnit.isEmpty {
        error(
          sheet.fault(
            row, "host_mem_unit", "host memory and its unit must stand together",
            advice: "write GiB or GB: clouds differ"))
      }
      if instance.accelerator != "none" { unknownChip(sheet, row, instance.accelerator, chips) }
      if (instance.accelerator == "none") != (instance.acceleratorCount == 0) {
        error(
          sheet.fault(
            row, "accelerator_count", "accelerator and count disagree",
            advice: "a CPU host has accelerator 'none' and count 0"))
      }
      unknownChip(sheet, row, instance.processor, chips, column: "processor")
    }
  }

  /// Rules of cloud_prices.csv.
  mutating func prices(_ sheet: Sheet<CloudPrice>, instances: Sheet<CloudInstance>) {
    var known: [InstanceKey: Int] = [:]
    for (row, instance) in instances.numbered {
      known[InstanceKey(provider: instance.provider, instanceType: instance.instanceType)] = row
    }
    let names = Set(instances.rows.map(\.instanceType)).sorted()
    for (row, price) in sheet.numbered {
      let key = InstanceKey(provider: price.provider, instanceType: price.instanceType)
      if let place = known[key] {
        count(sheet, row, price, instances, place)
      } else {
        let near = nearestNames(to: price.instanceType, among: names)
        error(
          sheet.fault(
            row, "instance_type",
            "no instance '\(price.instanceType.prefix(40))' of '\(price.provider.prefix(40))'",
            advice: near.isEmpty
              ? "add it to cloud_instances.csv" : "did you mean \(near.joined(separator: ", "))?"))
      }
      amount(
        sheet, row, hour: price.usdPerHour, each: price.usdPerAcceleratorHour,
        count: price.acceleratorCount)
    }
    spot(sheet)
  }

  private mutating func count(
    _ sheet: Sheet<CloudPrice>, _ row: Int, _ price: CloudPrice, _ instances: Sheet<CloudInstance>,
    _ place: Int
  ) {
    let instance = instances.rows[place]
    let where_ = "line \(instances.line(place)) of cloud_instances.csv"
    if price.accelerator != instance.accelerator {
      error(
        sheet.fault(
          row, "accelerator", "\(price.accelerator) where \(where_) has \(instance.accelerator)",
          advice: "correct one of them"))
    }
    if price.acceleratorCount != instance.acceleratorCount {
      error(
        sheet.fault(
          row, "accelerator_count",
          "\(price.acceleratorCount.map(String.init) ?? "none") where \(where_) has "
            + "\(instance.acceleratorCount.map(String.init) ?? "none")", advice: "correct one of them"))
    }
  }

  private mutating func amount(
    _ sheet: Sheet<CloudPrice>, _ row: Int, hour: Double?, each: Double?, count: Int?
  ) {
    if hour == sentinelPrice {
      error(
        sheet.fault(
          row, "usd_per_hour", "700.0 marks a region without a price, it is no price",
          advice: "remove the row"))
    }
    guard let count, count > 0 else {
      if each != nil {
        error(
          sheet.fault(
            row, "usd_per_accelerator_hour", "a price per accelerator without an accelerator",
            advice: "leave it empty for CPU hosts"))
      }
      return
    }
    guard let each else {
      error(
        sheet.fault(
          row, "usd_per_accelerator_hour", "empty", advice: "write usd_per_hour / accelerator_count"))
      return
    }
    if let hour, abs(hour / Double(count) - each) > 0.002 * each + 1e-4 {
      error(
        sheet.fault(
          row, "usd_per_accelerator_hour", "\(hour) / \(count) is not \(each)",
          advice: "check the count: some files price a host and its accelerators apart"))
    }
    if !(0.04 < each && each < 60) {
      warning(
        sheet.fault(
          row, "usd_per_accelerator_hour", "\(each) USD per accelerator-hour is implausible",
          advice: "expected 0.04 to 60"))
    }
  }

  /// Spot against the on-demand list price of the same instance and region.
  private mutating func spot(_ sheet: Sheet<CloudPrice>) {
    var list: [OfferKey: (line: Int, price: Double)] = [:]
    for (row, price) in sheet.numbered where price.priceBasis == "list_on_demand" {
      guard let hour = price.usdPerHour else { continue }
      list[offer(price, region: price.region)] = (sheet.line(row), hour)
    }
    for (row, price) in sheet.numbered where price.priceBasis == "spot" {
      let region = String(price.region.prefix { $0 != "/" })
      guard let base = list[offer(price, region: region)], let hour = price.usdPerHour else { continue }
      let ratio = hour / base.price
      if ratio > 1 {
        error(
          sheet.fault(
            row, "usd_per_hour",
            "spot is \(fixed(ratio, decimals: 2)) of the on-demand price in line \(base.line)",
            advice: "a spot price above list is a fault of the source"))
      } else if ratio >= 0.8 || abs(ratio - 0.1) < 0.002, price.flag.isEmpty {
        warning(
          sheet.fault(
            row, "usd_per_hour",
            "spot is \(fixed(ratio, decimals: 3)) of the on-demand price in line \(base.line), without a flag",
            advice: "sources fill empty zones with the list price or a tenth of it; say so in flag"))
      }
    }
  }

  private func offer(_ price: CloudPrice, region: String) -> OfferKey {
    OfferKey(
      instance: InstanceKey(provider: price.provider, instanceType: price.instanceType), region: region)
  }

  /// Rules of price_history.csv and accelerator_rates.csv.
  mutating func moves(_ sheet: Sheet<PriceMove>, chips: Set<String>) {
    for (row, move) in sheet.numbered where move.accelerator != "none" {
      unknownChip(sheet, row, move.accelerator, chips)
      if move.usdPerHour == sentinelPrice {
        error(
          sheet.fault(
            row, "usd_per_hour", "700.0 marks a region without a price, it is no price",
            advice: "remove the row"))
      }
      if let hour = move.usdPerHour, let each = move.usdPerAcceleratorHour, each > hour * 1.002 + 1e-4 {
        error(
          sheet.fault(
            row, "usd_per_accelerator_hour", "\(each) is more than the \(hour) of the whole instance",
            advice: "divide by the number of accelerators"))
      }
    }
  }

  /// Rules of accelerator_rates.csv.
  mutating func rates(_ sheet: Sheet<AcceleratorRate>, chips: Set<String>) {
    for (row, rate) in sheet.numbered { unknownChip(sheet, row, rate.accelerator, chips) }
  }
}
