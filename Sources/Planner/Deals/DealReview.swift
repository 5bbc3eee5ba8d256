// Announced deals held against the plan's arithmetic: what money, power and chips imply of each other, and whether
// that lies between what a chip costs its owner and what a stranger pays for it.

public import Catalog
import Quantities

/// One announced deal and what it implies.
public struct DealReview: Sendable, Hashable {
  /// Id in deals.csv.
  public let deal: String
  /// Who buys.
  public let buyer: String
  /// Who sells.
  public let seller: String
  /// Date of the announcement.
  public let date: String
  /// compute_contract, chip_purchase, …
  public let kind: String
  /// Announced money, USD.
  public let usd: Double?
  /// Years of the contract.
  public let years: Double?
  /// Announced power, MW.
  public let megawatts: Double?
  /// What the power counts.
  public let powerKind: String
  /// Announced accelerators.
  public let announced: Double?
  /// Catalogue key of the accelerator that the arithmetic uses.
  public let accelerator: String
  /// True where the announcement names no accelerator of the catalogue and the plan's own stands in.
  public let acceleratorIsAssumed: Bool
  /// Kilowatts of one accelerator on the announcement's basis.
  public let kilowattsEach: Double?
  /// Newest contracted price of the accelerator, USD per hour.
  public let contractedRate: Double?
  /// Owner's cost of an hour, USD.
  public let ownRate: Double?
  /// Announced money over contracted price and hours of the term.
  public let acceleratorsByMoney: Double?
  /// Announced power over kilowatts each.
  public let acceleratorsByPower: Double?
  /// Money over the hours of the announced accelerators, or of those that the power feeds.
  public let usdPerAcceleratorHour: Double?
  /// Millions of USD per MW and year.
  public let musdPerMegawattYear: Double?
  /// True where money or power is only a bound (up to, more than): a ratio of two bounds is no price.
  public let isBound: Bool
  /// Rows that count the same money.
  public let overlaps: String
  /// What a reader may conclude.
  public let verdict: String
}

/// Reviews the deals of a catalogue.
public struct DealReviewer {
  let catalog: Catalog
  /// Accelerator that stands in where none is named.
  let standIn: String
  /// Lowest and highest USD per MW and year of contracts that state both money and power, in millions.
  public let usual: ClosedRange<Double>?

  /// A reviewer.
  ///
  /// - Parameter standIn: catalogue key of the accelerator of the plan's headline.
  public init(_ catalog: Catalog, standIn: String) {
    self.catalog = catalog
    self.standIn = standIn
    let known = catalog.deals.compactMap(\.impliedMusdPerMwYear)
    usual = known.min().flatMap { low in known.max().map { low...$0 } }
  }

  /// Every deal that states money, power or accelerators, by date.
  ///
  /// - Complexity: O(deals · accelerators).
  public func reviews() -> [DealReview] {
    catalog.deals.filter { $0.usdBillion != nil || $0.gw != nil || $0.accelerators != nil }
      .sorted { ($0.date, $0.id) < ($1.date, $1.id) }.map(review)
  }

  private func review(_ deal: Deal) -> DealReview {
    let named = accelerator(in: deal.acceleratorType)
    let key = named ?? standIn
    let chip = catalog.accelerator(key)
    let watts = deal.gwKind == "critical_it" ? chip?.allInITPower : chip?.allInFacilityPower
    let each = watts.map { Unit.kilowatt.fromBase($0.value) }
    let contracted = newest(key, "rental_3y_commit")
    let own = newest(key, "hyperscaler_own_cost")
    let usd = deal.usdBillion.map { Unit.billionUSD.toBase($0) }
    let announcedWatts = deal.gw.map { Unit.billion.toBase($0) }
    let megawatts = announcedWatts.map { Unit.megawatt.fromBase($0) }
    let hours = deal.years.map { Unit.hour.fromBase(Unit.day.toBase($0 * daysPerYear)) }
    let isContract = deal.kind == "compute_contract"
    let byPower = announcedWatts.flatMap { all in each.map { Unit.kilowatt.fromBase(all) / $0 } }
    let byMoney =
      isContract ? usd.flatMap { usd in hours.flatMap { h in contracted.map { usd / (h * $0) } } } : nil
    let announced = deal.accelerators.map(Double.init)
    let chips = announced ?? byPower
    let perHour =
      isContract ? usd.flatMap { usd in hours.flatMap { h in chips.map { usd / (h * $0) } } } : nil
    let power =
      megawatts
      ?? announced.flatMap { count in each.map { Formulas.megawatts(accelerators: count, kilowattsEach: $0) }
      }
    let perMegawatt =
      isContract
      ? usd.flatMap { usd in deal.years.flatMap { y in power.map { Unit.millionUSD.fromBase(usd) / y / $0 } }
      } : nil
    let bounds = ["up_to", "more_than", "lower_bound", "target"]
    let isBound = bounds.contains(deal.usdQualifier) || bounds.contains(deal.gwKind)
    return DealReview(
      deal: deal.id, buyer: deal.buyer, seller: deal.sellerOrPartner, date: deal.date, kind: deal.kind,
      usd: usd,
      years: deal.years, megawatts: megawatts, powerKind: deal.gwKind, announced: announced, accelerator: key,
      acceleratorIsAssumed: named == nil, kilowattsEach: each, contractedRate: contracted, ownRate: own,
      acceleratorsByMoney: byMoney, acceleratorsByPower: byPower, usdPerAcceleratorHour: perHour,
      musdPerMegawattYear: perMegawatt, isBound: isBound, overlaps: deal.overlapsWith,
      verdict: verdict(
        deal, isBound: isBound, perHour: perHour, own: own, contracted: contracted, perMegawatt: perMegawatt,
        byMoney: byMoney))
  }

  private func verdict(
    _ deal: Deal, isBound: Bool, perHour: Double?, own: Double?, contracted: Double?, perMegawatt: Double?,
    byMoney: Double?
  ) -> String {
    guard deal.kind == "compute_contract" else {
      return "\(deal.kind.replacing("_", with: " ")): no price of an hour follows from it"
    }
    if isBound { return "a bound over a number is a bound: no price" }
    guard deal.usdBillion != nil else { return "no money was published" }
    guard deal.years != nil else { return "no term was published" }
    if let perMegawatt, let usual {
      let place =
        perMegawatt < usual.lowerBound * 0.999
        ? "below" : perMegawatt > usual.upperBound * 1.001 ? "above" : "inside"
      let hour = perHour.map { rate -> String in
        if let own, rate < own {
          return "; an hour below its owner's cost: fewer or later chips, or other ones"
        }
        if let contracted, rate > 2 * contracted {
          return "; an hour above twice the contracted price: it holds more than accelerators"
        }
        return "; an hour between owner's cost and twice the contracted price"
      }
      return "\(place) the usual USD per MW and year\(hour ?? "")"
    }
    return byMoney == nil
      ? "no contracted price of the accelerator"
      : "neither power nor chips were published: chips by price only"
  }

  /// The first accelerator of the catalogue that the words of an announcement name.
  private func accelerator(in words: String) -> String? {
    let names = catalog.accelerators.map(\.id)
    let tokens = words.split { !($0.isLetter || $0.isNumber) }.map(String.init)
    for token in tokens {
      if let exact = names.first(where: { $0 == token }) { return exact }
    }
    return nil
  }

  private func newest(_ accelerator: String, _ basis: String) -> Double? {
    catalog.rates.filter {
      $0.accelerator == accelerator && $0.basis == basis && ($0.usdPerAcceleratorHour ?? 0) > 0
    }
    .max { ($0.asOf, $0.source) < ($1.asOf, $1.source) }?.usdPerAcceleratorHour
  }
}
