// Offers of public files to rows of cloud_prices.csv: each offer is judged on its own as it comes, then
// against the others when all are in. Memory grows with the prices that are kept, never with the file.

import Quantities
public import Tables

/// Reads public price files into rows of the catalogue's schema.
///
/// Offers that the catalogue's own rules would refuse never become rows, so that what comes out passes
/// `catalog check`. Nothing is fetched.
public struct PriceImport: Sendable {
  /// What happened so far; complete after `finish`.
  public internal(set) var report: ImportReport

  let format: PriceFileFormat
  let provider: String
  let asOf: String
  let today: CalendarDay?
  let catalog: Catalog
  let names: ChipNames
  let instances: [InstanceKey: CloudInstance]
  let families: [InstanceKey: String]
  /// Most accelerators of a chip in one host that the catalogue lists.
  let largestHost: [String: Int]
  var candidates: [Candidate] = []
  var places: [OfferKey: Int] = [:]
  var hosts: [PublicOffer] = []
  var bare: [PublicOffer] = []

  /// An offer that may become a row.
  struct Candidate: Sendable {
    var row: CloudPrice
    let offer: PublicOffer
    let instance: CloudInstance
    var repairs: [(rule: ImportRule, detail: String)]
    var refusal: (rule: ImportRule, detail: String)?
  }

  /// What no two rows may share.
  struct OfferKey: Hashable, Sendable {
    let instance: InstanceKey
    let region: String
    let basis: String
    let terms: String
    let asOf: String
  }

  /// An import into a catalogue.
  ///
  /// - Parameters:
  ///   - provider: cloud of the files' rows; empty where the files say it.
  ///   - asOf: date of the evidence for files that state none; YYYY, YYYY-MM or YYYY-MM-DD.
  ///   - today: the day that evidence may not be later than, and from which old evidence is told.
  ///   - sink: is told of every offer that was repaired, merged or refused, as it happens.
  /// - Throws: `InputError` for a date that is none or lies in the future.
  public init(
    into catalog: Catalog, format: PriceFileFormat, provider: String = "", asOf: String = "",
    today: CalendarDay? = nil, sink: (@Sendable (ImportNote) -> Void)? = nil
  ) throws(InputError) {
    self.format = format
    self.provider = PriceImport.known(provider: provider)
    self.asOf = asOf
    self.today = today
    self.catalog = catalog
    names = ChipNames(catalog.accelerators)
    report = ImportReport(sink: sink)
    var instances: [InstanceKey: CloudInstance] = [:]
    var families: [InstanceKey: Set<String>] = [:]
    var largestHost: [String: Int] = [:]
    for instance in catalog.instances {
      instances[InstanceKey(provider: instance.provider, instanceType: instance.instanceType)] = instance
      if instance.kind == "instance", let count = instance.acceleratorCount {
        largestHost[instance.accelerator] = max(largestHost[instance.accelerator] ?? 0, count)
      }
      if let family = PriceImport.family(of: instance.instanceType) {
        families[InstanceKey(provider: instance.provider, instanceType: family), default: []]
          .insert(instance.accelerator)
      }
    }
    self.instances = instances
    self.families = families.compactMapValues { $0.count == 1 ? $0.first : nil }.filter { $0.value != "none" }
    self.largestHost = largestHost
    if !asOf.isEmpty { try check(day: asOf, file: nil, line: nil) }
  }

  /// Reads one file.
  ///
  /// - Throws: `InputError` with file, line and column where the file is not of the format or cannot be
  ///   read on.
  /// - Complexity: O(bytes); memory of one record and of the prices that are kept.
  public mutating func read(_ path: String) throws(InputError) {
    switch format {
    case .skypilot: try readSkyPilot(path)
    case .gpuhunt: try readGpuhunt(path)
    case .karpenter: try readKarpenter(path)
    case .awsPriceList: try readAWSPriceList(path)
    }
  }

  /// Names of clouds as the catalogue writes them.
  static func known(provider: String) -> String {
    let name = provider.lowercased()
    let aliases = ["lambdalabs": "lambda", "google": "gcp", "oracle": "oci", "amazon": "aws"]
    return aliases[name] ?? name
  }

  /// The part of an instance type before its size, `p5` of `p5.48xlarge`; nil where there is no such part.
  static func family(of instanceType: String) -> String? {
    instanceType.firstIndex(of: ".").map { String(instanceType[..<$0]) }
  }

  /// The date of a file: checked against today, with a warning where it has grown old.
  mutating func check(day text: String, file: String?, line: Int?) throws(InputError) {
    guard let day = CalendarDay(firstOf: text) else {
      throw InputError(
        file: file, line: line, "'\(text.prefix(40))' is not a date",
        advice: "write YYYY, YYYY-MM or YYYY-MM-DD")
    }
    guard let today else { return }
    if day > today {
      throw InputError(
        file: file, line: line, "\(text) is in the future", advice: "evidence cannot be later than \(today)")
    }
    let age = today.daysSinceEpoch - day.daysSinceEpoch
    if age > oldEvidenceDays {
      report.warnings.append(
        InputError(
          file: file, line: line, "prices of \(text) are \(age) days old, more than \(oldEvidenceDays)",
          advice: "import a newer file"))
    }
  }

  /// The date that the rows of an undated file carry.
  func statedDay(_ path: String) throws(InputError) -> String {
    guard !asOf.isEmpty else {
      throw InputError(
        file: path, "a \(format.title) does not say of which day its prices are",
        advice: "give --as-of with the day on which it was published")
    }
    return asOf
  }

  // MARK: One offer

  /// Judges an offer; what may become a row waits for `finish`.
  mutating func take(_ offer: PublicOffer) {
    var offer = offer
    offer.provider = PriceImport.known(provider: offer.provider)
    var repairs = offer.repairs.map { (rule: $0, detail: "") }
    do throws(Refusal) {
      try checkText(offer)
      if format == .skypilot, isSplit(offer) { return }
      let instance = try instance(of: offer, &repairs)
      let price = try price(of: offer, instance)
      keep(offer, instance, price, repairs)
    } catch {
      let place = error.isOfPrice ? offer.place : Place(file: offer.place.file, line: offer.place.line)
      report.decide(error.rule.outcome)
      report.apply(error.rule, place, offer.subject, error.detail)
    }
  }

  /// Why an offer becomes no row.
  struct Refusal: Error {
    let rule: ImportRule
    var detail = ""
    var isOfPrice = false
    init(_ rule: ImportRule, _ detail: String = "", isOfPrice: Bool = false) {
      (self.rule, self.detail, self.isOfPrice) = (rule, detail, isOfPrice)
    }
  }

  private func checkText(_ offer: PublicOffer) throws(Refusal) {
    for text in [offer.provider, offer.instanceType, offer.acceleratorName, offer.region, offer.zone] {
      guard text.utf8.count <= 120, !looksLikeFormula(text), printable(text) == text, text.utf8.first != 0x20,
        text.utf8.last != 0x20
      else { throw Refusal(.badText, "'\(text.prefix(40))'") }
    }
    if offer.instanceType.isEmpty, offer.acceleratorName.isEmpty { throw Refusal(.noInstance) }
    if offer.region.isEmpty { throw Refusal(.noRegion) }
  }

  /// The price in US dollars an hour of the instance.
  private func price(of offer: PublicOffer, _ instance: CloudInstance) throws(Refusal) -> Double {
    let text = offer.price
    if offer.currency != "USD" { throw Refusal(.foreignCurrency, offer.currency, isOfPrice: true) }
    if text.isEmpty { throw Refusal(.noPrice, isOfPrice: true) }
    let parsed: Double?
    do throws(CellFault) { parsed = try parseNumber(text) } catch {
      throw Refusal(.notANumber, error.fault, isOfPrice: true)
    }
    guard let hour = parsed else { throw Refusal(.noPrice, isOfPrice: true) }
    if hour < 0 { throw Refusal(.negativePrice, text, isOfPrice: true) }
    if hour == 0 { throw Refusal(.zeroPrice, isOfPrice: true) }
    if hour == sentinelPrice { throw Refusal(.sentinelPrice, isOfPrice: true) }
    guard let count = instance.acceleratorCount, count > 0 else {
      guard hour < 1e4 else { throw Refusal(.implausiblePrice, "\(text) for a host", isOfPrice: true) }
      return hour
    }
    let each = hour / Double(count)
    guard each > 0.04, each < 60 else {
      throw Refusal(.implausiblePrice, "\(text) / \(count) = \(decimalText(rounded(each)))", isOfPrice: true)
    }
    return hour
  }

  private mutating func keep(
    _ offer: PublicOffer, _ instance: CloudInstance, _ hour: Double,
    _ repairs: [(rule: ImportRule, detail: String)]
  ) {
    var repairs = repairs
    var row = CloudPrice()
    row.provider = offer.provider
    row.instanceType = instance.instanceType
    row.accelerator = instance.accelerator
    row.acceleratorCount = instance.acceleratorCount
    let isZonal = offer.basis == "spot" && !offer.zone.isEmpty
    row.region = isZonal ? "\(offer.region)/\(offer.zone)" : offer.region
    row.priceBasis = offer.basis
    row.terms = offer.terms
    row.usdPerHour = hour
    if let count = instance.acceleratorCount, count > 0 {
      row.usdPerAcceleratorHour = rounded(hour / Double(count))
    }
    row.asOfDate = offer.asOf
    row.dateBasis = format.isDated ? "stated" : "given at import"
    let file = offer.place.file.split(separator: "/").last.map(String.init) ?? offer.place.file
    row.source = "\(format.title), \(printable(file).filter { $0 != "\u{FFFD}" })"
    if isEstimate(row) {
      row.priceBasis = "estimate"
      row.flag = "estimated by the source"
      repairs.append((.estimatedRate, "\(row.accelerator) at \(decimalText(hour))"))
    }
    merge(Candidate(row: row, offer: offer, instance: instance, repairs: repairs))
  }

  /// The catalogue knows some sources' own guesses; the same figure from the same provider is that guess
  /// again.
  private func isEstimate(_ row: CloudPrice) -> Bool {
    catalog.prices.contains { known in
      known.priceBasis == "estimate" && known.provider == row.provider && known.accelerator == row.accelerator
        && known.usdPerAcceleratorHour.map { abs($0 - (row.usdPerAcceleratorHour ?? -1)) < 5e-5 } ?? false
    }
  }

  /// Puts a candidate among the others; one price a key.
  mutating func merge(_ candidate: Candidate) {
    let row = candidate.row
    let key = OfferKey(
      instance: InstanceKey(provider: row.provider, instanceType: row.instanceType), region: row.region,
      basis: row.priceBasis, terms: row.terms, asOf: row.asOfDate)
    guard let at = places[key] else {
      places[key] = candidates.count
      candidates.append(candidate)
      return
    }
    let first = candidates[at]
    let isSame = row.usdPerHour == first.row.usdPerHour
    let rule: ImportRule = isSame ? .duplicate : .conflict
    let earlier = "line \(first.offer.place.line) has \(first.row.usdPerHour.map(decimalText) ?? "")"
    report.decide(rule.outcome)
    report.apply(
      rule, candidate.offer.place, candidate.offer.subject,
      isSame ? "as line \(first.offer.place.line)" : "\(row.usdPerHour.map(decimalText) ?? ""), \(earlier)")
  }

  /// Prices per accelerator to the millionth of a dollar.
  func rounded(_ value: Double) -> Double {
    let scale = 1e6
    return value < 1e9 ? (value * scale).rounded() / scale : value
  }
}
