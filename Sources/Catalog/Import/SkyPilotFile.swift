// The SkyPilot catalogue: catalogs/v8/CLOUD/vms.csv. Columns stand in any order and some clouds lack some:
// InstanceType, AcceleratorName, AcceleratorCount, vCPUs, MemoryGiB, GpuInfo, Price, SpotPrice, Region,
// AvailabilityZone. A row has a list price and a spot price; no date and no cloud stand in the file.

import Quantities
import Tables

extension PriceImport {
  mutating func readSkyPilot(_ path: String) throws(InputError) {
    let cloud = try skyPilotCloud(path)
    let day = try statedDay(path)
    try checkOnce(day, path)
    var reader = try CSVReader(path: path)
    let columns = try ImportColumns(
      reader.header, file: path, line: 1,
      needs: ["InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "Region"], format: format)
    let price = columns["Price"]
    let spot = columns["SpotPrice"]
    while try next(&reader, path) {
      var offer = PublicOffer(place: place(reader, path, price))
      offer.provider = cloud
      offer.instanceType = reader.trimmed(columns["InstanceType"])
      offer.acceleratorName = reader.trimmed(columns["AcceleratorName"])
      offer.acceleratorCount =
        offer.acceleratorName.isEmpty ? nil : reader.number(columns["AcceleratorCount"])
      offer.acceleratorGigabytes = SkyPilotMemory.gigabytes(reader.trimmed(columns["GpuInfo"]))
      // The catalogue's plain A100 is the 40 GB one; the other is A100-80GB there.
      if offer.acceleratorName == "A100", offer.acceleratorGigabytes ?? 0 <= 0 {
        offer.acceleratorGigabytes = 40
      }
      offer.region = reader.trimmed(columns["Region"])
      offer.zone = reader.trimmed(columns["AvailabilityZone"])
      offer.vcpu = reader.number(columns["vCPUs"])
      offer.hostMemory = reader.number(columns["MemoryGiB"])
      offer.hostMemoryUnit = offer.hostMemory == nil ? "" : "GiB"
      offer.asOf = day
      offer.price = reader.trimmed(price)
      let spotText = reader.trimmed(spot)
      // Spot-only machines have no list price; that is no fault of the row.
      if !(offer.price.isEmpty && !spotText.isEmpty) { take(offer) }
      guard !spotText.isEmpty else { continue }
      var spotOffer = offer
      spotOffer = PublicOffer(copying: offer, at: place(reader, path, spot))
      spotOffer.basis = "spot"
      spotOffer.price = spotText
      take(spotOffer)
    }
  }

  /// The cloud of a file: said, or the folder in which the catalogue keeps it.
  private func skyPilotCloud(_ path: String) throws(InputError) -> String {
    if !provider.isEmpty { return provider }
    let folder = path.split(separator: "/").dropLast().last.map { PriceImport.known(provider: String($0)) }
    let clouds = Set(catalog.instances.map(\.provider))
    if let folder, clouds.contains(folder) { return folder }
    throw InputError(
      file: path, "a \(format.title) does not say of which cloud it is",
      advice: "give --provider, e.g. \(clouds.sorted().prefix(3).joined(separator: ", "))")
  }

  /// Checks the date of an undated file, which was given for all.
  mutating func checkOnce(_ day: String, _ path: String) throws(InputError) {
    if CalendarDay(firstOf: day) == nil { try check(day: day, file: path, line: nil) }
  }
}

extension PublicOffer {
  /// The same offer at another cell.
  init(copying offer: PublicOffer, at place: Place) {
    self.init(
      place: place, provider: offer.provider, instanceType: offer.instanceType,
      acceleratorName: offer.acceleratorName, acceleratorCount: offer.acceleratorCount,
      acceleratorGigabytes: offer.acceleratorGigabytes, region: offer.region, zone: offer.zone,
      basis: offer.basis,
      terms: offer.terms, price: offer.price, currency: offer.currency, vcpu: offer.vcpu,
      hostMemory: offer.hostMemory, hostMemoryUnit: offer.hostMemoryUnit, asOf: offer.asOf,
      repairs: offer.repairs)
  }
}

/// The memory of one accelerator in the catalogue's GpuInfo cell, a dictionary as Python prints it.
enum SkyPilotMemory {
  /// GB of one accelerator; nil where the cell states none.
  static func gigabytes(_ cell: String) -> Double? {
    guard let mark = cell.firstRange(of: "SizeInMiB") else { return nil }
    let digits = cell[mark.upperBound...].drop { !$0.isNumber && $0 != "}" }.prefix {
      $0.isNumber || $0 == "."
    }
    guard let mebibytes = Double(digits), mebibytes.isFinite else { return nil }
    return Unit.gigabyte.fromBase(Unit.mebibyte.toBase(mebibytes))
  }
}
