// Google's hosts and accelerators are priced in separate rows of the SkyPilot catalogue. Where both rows are
// there the sum is the instance's price; one of them alone is none.

import Quantities
import Tables

extension PriceImport {
  /// Keeps back a half of a price; true where the offer was one.
  mutating func isSplit(_ offer: PublicOffer) -> Bool {
    if offer.instanceType.isEmpty, ChipNames.slice(offer.acceleratorName) == nil {
      bare.append(offer)
      return true
    }
    guard offer.acceleratorName.isEmpty,
      let known = instances[InstanceKey(provider: offer.provider, instanceType: offer.instanceType)],
      known.acceleratorCount ?? 0 > 0
    else { return false }
    hosts.append(offer)
    return true
  }

  private struct HalfKey: Hashable {
    let chip: String
    let count: Int
    let zone: String
    let basis: String
    let isMega: Bool
  }

  /// Adds each host's price to that of its accelerators in the same zone.
  mutating func joinHalves() {
    var offered: [HalfKey: (index: Int, hour: Double)] = [:]
    var isUsed = [Bool](repeating: false, count: bare.count)
    for (index, offer) in bare.enumerated() {
      guard let key = key(of: offer), let hour = dollars(offer) else { continue }
      if offered[key] == nil { offered[key] = (index, hour) }
    }
    for offer in hosts {
      let known = instances[InstanceKey(provider: offer.provider, instanceType: offer.instanceType)]
      guard let known, let count = known.acceleratorCount,
        // Nobody says whose rate the edge series pays.
        !known.instanceType.contains("edge"),
        let half = offered[
          HalfKey(
            chip: known.accelerator, count: count, zone: offer.zone.isEmpty ? offer.region : offer.zone,
            basis: offer.basis, isMega: known.instanceType.contains("mega"))],
        let hour = dollars(offer)
      else {
        refuse(offer, .hostAlone, offer.price)
        continue
      }
      isUsed[half.index] = true
      var whole = offer
      whole.acceleratorName = bare[half.index].acceleratorName
      whole.acceleratorCount = Double(count)
      whole.acceleratorGigabytes = bare[half.index].acceleratorGigabytes
      whole.price = decimalText(rounded(hour + half.hour))
      whole.repairs.append(.hostAndAcceleratorAdded)
      take(whole)
    }
    for (index, offer) in bare.enumerated() {
      if isUsed[index] {
        report.decide(.merged)
        report.apply(.addedToHost, offer.place, offer.subject, offer.price)
      } else {
        refuseHalf(offer)
      }
    }
    hosts = []
    bare = []
  }

  private func key(of offer: PublicOffer) -> HalfKey? {
    guard case .chip(let id, 1) = names.match(offer.acceleratorName, gigabytes: offer.acceleratorGigabytes),
      let count = offer.acceleratorCount, count == count.rounded(), (1...1e6).contains(count)
    else { return nil }
    return HalfKey(
      chip: id, count: Int(count), zone: offer.zone.isEmpty ? offer.region : offer.zone, basis: offer.basis,
      isMega: offer.acceleratorName.lowercased().contains("mega"))
  }

  private func dollars(_ offer: PublicOffer) -> Double? {
    guard let value = Double(offer.price), value > 0, value < 1e9, value != sentinelPrice else { return nil }
    return value
  }

  /// A half that found no other says first what is wrong with itself.
  private mutating func refuseHalf(_ offer: PublicOffer) {
    if case .unknown(let near) = names.match(offer.acceleratorName, gigabytes: offer.acceleratorGigabytes) {
      let hint = near.isEmpty ? "" : ", nearest \(near.joined(separator: ", "))"
      refuse(offer, .unknownAccelerator, "'\(offer.acceleratorName)'\(hint)")
    } else if Double(offer.price) == sentinelPrice {
      refuse(offer, .sentinelPrice, "")
    } else {
      refuse(offer, .acceleratorAlone, offer.price)
    }
  }

  mutating func refuse(_ offer: PublicOffer, _ rule: ImportRule, _ detail: String) {
    report.decide(rule.outcome)
    report.apply(rule, offer.place, offer.subject, detail)
  }
}
