// Price references to prices: which catalogue row an offer's price is read from, at the deal's date and at the latest.

import Catalog
import Quantities

/// What a surveyed rate is, and is not.
let surveyNote = "one market survey of 3-year commitments, not the provider's own quote"

/// Finds the price of an offer.
struct PriceBook {
  let catalog: Catalog
  let stated: [String: Rate]
  let dealMonth: String

  /// One dated price of the catalogue.
  private struct Quote {
    let usd: Double
    let asOf: String
    let source: String
    let note: String
    let trust: Trust

    func noting(_ text: String, trust: Trust? = nil) -> Quote {
      Quote(
        usd: usd, asOf: asOf, source: source, note: note.isEmpty ? text : "\(text); \(note)",
        trust: trust ?? self.trust)
    }
  }

  /// The price of an offer, or the gap that its absence leaves.
  func rate(_ offer: Offer, _ basis: PriceBasis, _ date: PriceDate) -> Known<Rate> {
    if let rate = stated[Offer.optionID(offer.id, basis, date)] { return .success(rate) }
    let quotes = quotes(offer, basis)
    guard let newest = quotes.max(by: isOlder) else { return .failure(gap(offer, basis)) }
    guard date == .deal else { return .success(rate(newest, note: newest.note, trust: newest.trust)) }
    let before = quotes.filter { $0.asOf.prefix(dealMonth.count) <= dealMonth }
    if let known = before.max(by: isOlder) {
      return .success(rate(known, note: known.note, trust: known.trust))
    }
    // Nothing was published by then: the first price after it is the best stand-in, and it says so.
    let first = quotes.min(by: isOlder) ?? newest
    let note = "first known price, younger than the deal"
    return .success(
      rate(first, note: first.note.isEmpty ? note : "\(note); \(first.note)", trust: .assumed))
  }

  /// Older date first; among prices of one day the higher one counts as older, so that ties go to the lower price.
  private func isOlder(_ a: Quote, _ b: Quote) -> Bool {
    (a.asOf, -a.usd, a.source) < (b.asOf, -b.usd, b.source)
  }

  private func rate(_ quote: Quote, note: String, trust: Trust) -> Rate {
    Rate(usdPerHour: quote.usd, asOf: quote.asOf, source: quote.source, trust: trust, note: note)
  }

  private func quotes(_ offer: Offer, _ basis: PriceBasis) -> [Quote] {
    switch basis {
    case .list: listed(offer, offer.listBasis)
    case .contracted:
      offer.contractedBasis.hasPrefix("price:")
        ? listed(offer, String(offer.contractedBasis.dropFirst("price:".count))).map {
          $0.noting("the provider's own price, not the survey's")
        }
        // One rate of the chip for whoever sells it: no provider has quoted it, so it is only assumed of each.
        : rated(offer, offer.contractedBasis).map { $0.noting(surveyNote, trust: .assumed) }
    case .own: rated(offer, offer.ownBasis)
    }
  }

  private func listed(_ offer: Offer, _ basis: String) -> [Quote] {
    let instances = offer.instance.split(separator: "|").map(String.init)
    guard !basis.isEmpty else { return [] }
    return catalog.prices.compactMap { row in
      guard row.provider == offer.provider, row.accelerator == offer.accelerator, row.priceBasis == basis,
        instances.contains(row.instanceType), offer.region.isEmpty || row.region == offer.region,
        let usd = row.usdPerAcceleratorHour, usd > 0, !row.flag.hasPrefix("trap")
      else { return nil }
      return Quote(
        usd: usd, asOf: row.asOfDate,
        source: "cloud_prices.csv: \(row.instanceType), \(row.region), \(basis)",
        note: row.flag, trust: .published)
    }
  }

  private func rated(_ offer: Offer, _ basis: String) -> [Quote] {
    guard !basis.isEmpty else { return [] }
    return catalog.rates.compactMap { row in
      guard row.accelerator == offer.accelerator, row.basis == basis, let usd = row.usdPerAcceleratorHour,
        usd > 0
      else { return nil }
      return Quote(
        usd: usd, asOf: row.asOf, source: "accelerator_rates.csv: \(row.accelerator), \(basis)",
        note: row.notes,
        trust: row.confidence == "inferred" ? .assumed : .published)
    }
  }

  private func gap(_ offer: Offer, _ basis: PriceBasis) -> Gap {
    let what =
      switch basis {
      case .list:
        "no list price of \(offer.instance.isEmpty ? offer.accelerator : offer.instance) is published"
      case .contracted: "no contracted rate of \(offer.accelerator) is published"
      case .own: "no owner's cost of \(offer.accelerator) is published"
      }
    return Gap(
      "\(basis.rawValue) price of \(offer.accelerator) at \(offer.providerTitle)", missing: what,
      remedy: "state one with date and source in the scenario's rates.csv")
  }
}
