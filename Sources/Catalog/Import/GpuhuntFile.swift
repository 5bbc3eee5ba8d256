// gpuhunt's catalogue: one CSV a provider with instance_name, location, price, cpu, memory, gpu_count,
// gpu_name, gpu_memory, spot and, by version, disk_size, gpu_vendor, flags, cpu_arch, provider_data,
// provider. One price a row, in US dollars an hour. A location is a region or, for some providers, a zone.

import Quantities
import Tables

extension PriceImport {
  mutating func readGpuhunt(_ path: String) throws(InputError) {
    let day = try statedDay(path)
    try checkOnce(day, path)
    var reader = try CSVReader(path: path)
    let columns = try ImportColumns(
      reader.header, file: path, line: 1,
      needs: ["instance_name", "location", "price", "gpu_count", "gpu_name", "spot"], format: format)
    let cloud = try gpuhuntCloud(path, hasColumn: columns["provider"] != nil)
    let price = columns["price"]
    while try next(&reader, path) {
      var offer = PublicOffer(place: place(reader, path, price))
      let written = reader.trimmed(columns["provider"])
      offer.provider = written.isEmpty ? cloud : written
      offer.instanceType = reader.trimmed(columns["instance_name"])
      offer.acceleratorName = reader.trimmed(columns["gpu_name"])
      offer.acceleratorCount = offer.acceleratorName.isEmpty ? nil : reader.number(columns["gpu_count"])
      offer.acceleratorGigabytes = reader.number(columns["gpu_memory"])
      (offer.region, offer.zone) = PriceImport.split(location: reader.trimmed(columns["location"]))
      offer.basis = reader.trimmed(columns["spot"]).lowercased() == "true" ? "spot" : "list_on_demand"
      offer.vcpu = reader.number(columns["cpu"])
      offer.hostMemory = reader.number(columns["memory"])
      // The file's documentation says GB; AWS's figures are taken from a list in GiB.
      offer.hostMemoryUnit = offer.hostMemory == nil ? "" : offer.provider == "aws" ? "GiB" : "GB"
      offer.price = reader.trimmed(price)
      offer.asOf = day
      take(offer)
    }
  }

  private func gpuhuntCloud(_ path: String, hasColumn: Bool) throws(InputError) -> String {
    if !provider.isEmpty { return provider }
    let file = path.split(separator: "/").last.map(String.init) ?? path
    let stem = PriceImport.known(provider: String(file.prefix { $0 != "." }))
    if catalog.instances.contains(where: { $0.provider == stem }) { return stem }
    if hasColumn { return "" }
    throw InputError(
      file: path, "this \(format.title) does not say of which cloud it is",
      advice: "give --provider, or name the file as it is published, e.g. aws.csv")
  }

  /// Region and zone of a location such as `us-central1-a` or `us-east-1a`; a region has an empty zone.
  static func split(location: String) -> (region: String, zone: String) {
    guard let last = location.utf8.last, last | 0x20 >= 0x61, last | 0x20 <= 0x7A else {
      return (location, "")
    }
    let head = location.dropLast()
    if head.hasSuffix("-"), let digit = head.dropLast().last, digit.isNumber {
      return (String(head.dropLast()), location)
    }
    // Amazon's zones put the letter right behind a region that itself has a dash before its digit.
    let tail = head.split(separator: "-").last ?? ""
    if head.filter({ $0 == "-" }).count >= 2, !tail.isEmpty, tail.allSatisfy(\.isNumber) {
      return (String(head), location)
    }
    return (location, "")
  }
}
