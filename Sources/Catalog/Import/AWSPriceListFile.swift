// The bulk price list of AWS for EC2, CSV: five lines of notes with the publication date, then the header,
// then one price dimension a row. Of its millions of rows only Linux instances of shared tenancy without
// software become offers; the rest is counted by what it is, on bytes, before a String is made. A reserved
// price stands in two rows, the hourly rate and the upfront fee, which are joined at the end.

import Quantities
import Tables

extension PriceImport {
  mutating func readAWSPriceList(_ path: String) throws(InputError) {
    var limits = CSVDocument.Limits()
    limits.bytes = .max
    var reader = try CSVReader(path: path, limits: limits, preamble: AWSPriceList.notes)
    let day = try publicationDay(reader.preamble, path)
    let columns = try ImportColumns(
      reader.header, file: path, line: AWSPriceList.notes + 1, needs: AWSPriceList.needed, format: format)
    let list = AWSPriceList(columns)
    var reserved = ReservedPrices()
    while try next(&reader, path) {
      if let rule = list.outside(reader) {
        report.outside(
          rule, Place(file: path, line: reader.line),
          "aws \(reader.trimmed(list.instanceType)) \(reader.trimmed(list.region))")
        continue
      }
      var offer = PublicOffer(place: Place(file: path, line: reader.line))
      offer.provider = provider.isEmpty ? "aws" : provider
      offer.instanceType = reader.trimmed(list.instanceType)
      offer.acceleratorCount = reader.number(list.accelerators)
      offer.region = reader.trimmed(list.region)
      offer.price = reader.trimmed(list.price)
      offer.currency = reader.trimmed(list.currency)
      offer.vcpu = reader.number(list.vcpu)
      (offer.hostMemory, offer.hostMemoryUnit) = AWSPriceList.memory(reader.trimmed(list.memory))
      offer.asOf = day
      let isReserved = reader.isCell(list.termType, AWSPriceList.reserved)
      guard isReserved else {
        if isPlausible(offer) { offer = PublicOffer(copying: offer, at: place(reader, path, list.price)) }
        take(offer)
        continue
      }
      guard isPlausible(offer) else {
        take(offer)
        continue
      }
      offer = PublicOffer(copying: offer, at: place(reader, path, list.price))
      let years = reader.trimmed(list.term)
      offer.basis = years == "3yr" ? "reserved_3y" : "reserved_1y"
      offer.terms = [
        years == "3yr" ? "3 years" : "1 year", reader.trimmed(list.purchase).lowercased(),
        reader.trimmed(list.offering).lowercased(),
      ].filter { !$0.isEmpty }.joined(separator: ", ")
      let key = "\(reader.trimmed(list.sku)).\(reader.trimmed(list.offerTerm))"
      switch reserved.add(offer, key: key, isFee: !reader.isCell(list.unit, AWSPriceList.hours)) {
      case .waits: continue
      case .whole(let rate, let fee): finish(rate, fee: fee)
      case .repeats(let rule, let detail): refuse(offer, rule, detail)
      }
    }
    for part in reserved.waiting { refuse(part, .upfrontWithoutRate, part.price) }
  }

  /// True for what the rules may keep: known instances and those of a known family with accelerators.
  private func isPlausible(_ offer: PublicOffer) -> Bool {
    if instances[InstanceKey(provider: offer.provider, instanceType: offer.instanceType)] != nil {
      return true
    }
    if offer.acceleratorCount ?? 0 > 0 { return true }
    return PriceImport.family(of: offer.instanceType).map {
      families[InstanceKey(provider: offer.provider, instanceType: $0)] != nil
    } ?? false
  }

  /// A reserved price from its hourly rate and its upfront fee, where it has one.
  private mutating func finish(_ rate: PublicOffer, fee: PublicOffer?) {
    var offer = rate
    if let fee {
      report.decide(.merged)
      report.apply(.feeAddedToRate, fee.place, fee.subject, fee.price)
      // A part that is no number stays as it is, for the rules to refuse.
      if let hourly = Double(rate.price), let sum = Double(fee.price), hourly >= 0, sum > 0 {
        let hours = Unit.hour.fromBase(Unit.day.toBase(365 * (rate.basis == "reserved_3y" ? 3 : 1)))
        offer.price = decimalText(rounded(hourly + sum / hours))
        offer.repairs.append(.upfrontSpread)
      } else if Double(fee.price) != 0 {
        offer.price = fee.price
      }
    }
    take(offer)
  }

  /// The day of publication in the notes above the header.
  private mutating func publicationDay(_ notes: [CSVRecord], _ path: String) throws(InputError) -> String {
    guard let note = notes.first(where: { $0.fields.first == "Publication Date" }), note.fields.count > 1
    else {
      throw InputError(
        file: path, line: 1, column: 1, "no line 'Publication Date' stands above the header",
        advice: "check --format: an AWS price list starts with five lines of notes")
    }
    let day = String(note.fields[1].prefix(10))
    try check(day: day, file: path, line: note.line)
    return day
  }
}

/// Columns of the price list, and what of its rows is no instance price.
struct AWSPriceList {
  /// Lines above the header.
  static let notes = 5
  static let needed = [
    "SKU", "OfferTermCode", "TermType", "Unit", "PricePerUnit", "Currency", "Instance Type", "Tenancy",
    "Operating System", "Region Code",
  ]
  static let reserved = Array("Reserved".utf8)
  static let hours = Array("Hrs".utf8)
  private static let onDemand = Array("OnDemand".utf8)
  private static let shared = Array("Shared".utf8)
  private static let linux = Array("Linux".utf8)
  private static let none = Array("NA".utf8)
  private static let used = Array("Used".utf8)
  private static let region = Array("AWS Region".utf8)

  let sku: Int
  let offerTerm: Int
  let termType: Int
  let unit: Int
  let price: Int
  let currency: Int
  let instanceType: Int
  let region: Int
  let tenancy: Int
  let system: Int
  let software: Int?
  let capacity: Int?
  let placeType: Int?
  let term: Int?
  let purchase: Int?
  let offering: Int?
  let vcpu: Int?
  let memory: Int?
  let accelerators: Int?

  init(_ columns: ImportColumns) {
    // The needed ones are there: ImportColumns has refused a file without them.
    sku = columns["SKU"] ?? 0
    offerTerm = columns["OfferTermCode"] ?? 0
    termType = columns["TermType"] ?? 0
    unit = columns["Unit"] ?? 0
    price = columns["PricePerUnit"] ?? 0
    currency = columns["Currency"] ?? 0
    instanceType = columns["Instance Type"] ?? 0
    region = columns["Region Code"] ?? 0
    tenancy = columns["Tenancy"] ?? 0
    system = columns["Operating System"] ?? 0
    software = columns["Pre Installed S/W"]
    capacity = columns["CapacityStatus"]
    placeType = columns["Location Type"]
    term = columns["LeaseContractLength"]
    purchase = columns["PurchaseOption"]
    offering = columns["OfferingClass"]
    vcpu = columns["vCPU"]
    memory = columns["Memory"]
    accelerators = columns["GPU"]
  }

  /// Why a row is no price of a Linux instance of shared tenancy; nil where it is one.
  func outside(_ reader: borrowing CSVReader) -> ImportRule? {
    if reader.cell(instanceType).isEmpty { return .otherProduct }
    let isReserved = reader.isCell(termType, Self.reserved)
    if !isReserved, !reader.isCell(termType, Self.onDemand) { return .otherTerm }
    if !reader.isCell(tenancy, Self.shared) { return .otherTenancy }
    if !reader.isCell(system, Self.linux) { return .otherSystem }
    if let software, !reader.cell(software).isEmpty, !reader.isCell(software, Self.none) {
      return .otherSoftware
    }
    if let capacity, !reader.cell(capacity).isEmpty, !reader.isCell(capacity, Self.used) {
      return .otherCapacity
    }
    if let placeType, !reader.cell(placeType).isEmpty, !reader.isCell(placeType, Self.region) {
      return .otherPlace
    }
    if !isReserved, !reader.isCell(unit, Self.hours) { return .otherProduct }
    return nil
  }

  /// Memory such as `2,048 GiB` with its unit; nothing where the cell has another form.
  static func memory(_ cell: String) -> (Double?, String) {
    let parts = cell.split(separator: " ")
    guard parts.count == 2, parts[1] == "GiB" || parts[1] == "GB",
      let value = Double(parts[0].filter { $0 != "," }), value.isFinite
    else { return (nil, "") }
    return (value, String(parts[1]))
  }
}

/// Rates and fees of reserved prices until both are there.
struct ReservedPrices {
  /// What a part led to.
  enum Step {
    case waits
    case whole(rate: PublicOffer, fee: PublicOffer?)
    case repeats(ImportRule, String)
  }

  private var parts: [String: (offer: PublicOffer, isFee: Bool)] = [:]

  /// Takes a part of a price.
  mutating func add(_ offer: PublicOffer, key: String, isFee: Bool) -> Step {
    if !isFee, offer.terms.contains("no upfront") { return .whole(rate: offer, fee: nil) }
    guard let other = parts[key] else {
      parts[key] = (offer, isFee)
      return .waits
    }
    guard other.isFee != isFee else {
      return .repeats(
        other.offer.price == offer.price ? .duplicate : .conflict,
        "line \(other.offer.place.line) has \(other.offer.price)")
    }
    parts[key] = nil
    return isFee ? .whole(rate: other.offer, fee: offer) : .whole(rate: offer, fee: other.offer)
  }

  /// Parts whose other half never came, in file order.
  var waiting: [PublicOffer] {
    parts.values.map(\.offer).sorted { ($0.place.file, $0.place.line) < ($1.place.file, $1.place.line) }
  }
}
