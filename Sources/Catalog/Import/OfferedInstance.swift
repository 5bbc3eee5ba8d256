// What an offer prices: the instance of cloud_instances.csv that it names, or a new one where the file itself
// says which accelerators it has and how many.

import Quantities
import Tables

extension PriceImport {
  /// The instance of an offer.
  func instance(
    of offer: PublicOffer, _ repairs: inout [(rule: ImportRule, detail: String)]
  ) throws(Refusal) -> CloudInstance {
    let isSlice = ChipNames.slice(offer.acceleratorName) != nil
    // A slice is bought by its own name, whatever machine the file lists it under.
    let type = isSlice || offer.instanceType.isEmpty ? offer.acceleratorName : offer.instanceType
    let known = instances[InstanceKey(provider: offer.provider, instanceType: type)]
    if offer.acceleratorGigabytes == 0 { repairs.append((.acceleratorMemoryZero, "")) }
    if let known {
      try reconcile(offer, with: known, &repairs)
      return known
    }
    if offer.acceleratorName.isEmpty { return try unnamed(offer, &repairs) }
    var perThing = 1
    let chip = try chip(of: offer, expected: nil, perThing: &perThing, &repairs)
    let count = try count(of: offer, perThing: perThing)
    try checkCount(offer, chip, count)
    return newInstance(offer, type: type, chip: chip, count: count, isSlice: isSlice)
  }

  /// The chip that the file names.
  private func chip(
    of offer: PublicOffer, expected: String?, perThing: inout Int,
    _ repairs: inout [(rule: ImportRule, detail: String)]
  ) throws(Refusal) -> String {
    let name = offer.acceleratorName
    switch names.match(name, gigabytes: offer.acceleratorGigabytes, expected: expected) {
    case .chip(let id, let perName):
      perThing = perName
      if ChipNames.slice(name) != nil { repairs.append((.sliceCounted, "\(name) is \(perName) \(id)")) }
      return id
    case .ambiguous(let ids):
      // A superchip's memory is that of its two GPUs.
      if let size = offer.acceleratorGigabytes,
        case .chip(let id, _) = names.match(name, gigabytes: size / 2, expected: expected),
        superchipGPUs[id] == 2
      {
        perThing = 2
        repairs.append((.superchipCounted, "\(decimalText(size.rounded())) GB under one \(name)"))
        return id
      }
      let memory = offer.acceleratorGigabytes.map { " of \(decimalText($0.rounded())) GB" } ?? ""
      throw Refusal(.ambiguousAccelerator, "'\(name)'\(memory): \(ids.joined(separator: ", "))")
    case .unknown(let near):
      throw Refusal(
        .unknownAccelerator, "'\(name)'" + (near.isEmpty ? "" : ", nearest \(near.joined(separator: ", "))"))
    }
  }

  private func count(of offer: PublicOffer, perThing: Int) throws(Refusal) -> Int {
    guard let stated = offer.acceleratorCount else {
      if perThing > 1 || ChipNames.slice(offer.acceleratorName) != nil { return perThing }
      throw Refusal(.noCount, offer.acceleratorName)
    }
    guard stated == stated.rounded(), stated >= 1, stated <= 1e6 else {
      throw Refusal(.fractionalCount, decimalText(stated))
    }
    return Int(stated) * perThing
  }

  private func checkCount(_ offer: PublicOffer, _ chip: String, _ count: Int) throws(Refusal) {
    // Trays of these hold two superchips; another count may mean either, unless the memory has told.
    if let gpus = superchipGPUs[chip], gpus == 2, count % 4 != 0, (offer.acceleratorGigabytes ?? 0) <= 0 {
      throw Refusal(.superchipOrChip, "\(count) x \(chip)")
    }
    if ChipNames.slice(offer.acceleratorName) == nil, let most = largestHost[chip], count > most,
      count % most != 0
    {
      throw Refusal(.oddCount, "\(count) x \(chip), hosts hold up to \(most)")
    }
  }

  /// Checks an offer against the catalogue's instance, which wins where the file only counts otherwise.
  private func reconcile(
    _ offer: PublicOffer, with known: CloudInstance, _ repairs: inout [(rule: ImportRule, detail: String)]
  ) throws(Refusal) {
    memoryUnits(offer, known, &repairs)
    guard !offer.acceleratorName.isEmpty else {
      if let stated = offer.acceleratorCount, let count = known.acceleratorCount, stated != Double(count),
        stated > 0
      {
        repairs.append((.countFromCatalogue, "\(decimalText(stated)) where the catalogue has \(count)"))
      }
      return
    }
    var perThing = 1
    let chip = try chip(of: offer, expected: known.accelerator, perThing: &perThing, &repairs)
    if chip != known.accelerator {
      guard ChipNames.areVariants(chip, known.accelerator) else {
        throw Refusal(
          .otherAccelerator, "\(offer.acceleratorName) where the catalogue has \(known.accelerator)")
      }
      repairs.append((.variantFromCatalogue, "\(offer.acceleratorName) is \(known.accelerator)"))
    }
    guard let stated = offer.acceleratorCount, let count = known.acceleratorCount else { return }
    let counted = stated * Double(perThing)
    if counted == Double(count) { return }
    if counted * 2 == Double(count), superchipGPUs[known.accelerator] == 2 {
      repairs.append((.superchipCounted, "\(decimalText(stated)) superchips are \(count) GPUs"))
    } else {
      repairs.append((.countFromCatalogue, "\(decimalText(stated)) where the catalogue has \(count)"))
    }
  }

  /// The same memory in GB and in GiB differs by a few per cent; clouds and catalogues mix the two.
  private func memoryUnits(
    _ offer: PublicOffer, _ known: CloudInstance, _ repairs: inout [(rule: ImportRule, detail: String)]
  ) {
    guard let stated = offer.hostMemory, let have = known.hostMem, stated > 0,
      let statedUnit = unit(offer.hostMemoryUnit), let knownUnit = unit(known.hostMemUnit)
    else { return }
    let ratio = statedUnit.toBase(stated) / knownUnit.toBase(have)
    let step = Unit.gibibyte.toBase(1) / Unit.gigabyte.toBase(1)
    if abs(ratio / step - 1) < 0.005 || abs(ratio * step - 1) < 0.005 {
      repairs.append(
        (
          .hostMemoryUnit,
          "\(decimalText(stated)) \(offer.hostMemoryUnit) against \(decimalText(have)) \(known.hostMemUnit)"
        ))
    }
  }

  private func unit(_ name: String) -> Unit? { name == "GiB" ? .gibibyte : name == "GB" ? .gigabyte : nil }

  /// An instance that the catalogue does not have, of a file that names no accelerator.
  private func unnamed(
    _ offer: PublicOffer, _ repairs: inout [(rule: ImportRule, detail: String)]
  ) throws(Refusal) -> CloudInstance {
    let family = PriceImport.family(of: offer.instanceType)
    let chip = family.flatMap { families[InstanceKey(provider: offer.provider, instanceType: $0)] }
    guard let chip, let family else {
      if let count = offer.acceleratorCount, count > 0 {
        throw Refusal(.unnamedAccelerator, offer.instanceType)
      }
      throw Refusal(format == .karpenter || format == .awsPriceList ? .otherInstance : .noAccelerator)
    }
    guard offer.acceleratorCount != nil else { throw Refusal(.noCount, "\(family) has \(chip)") }
    let count = try count(of: offer, perThing: 1)
    try checkCount(offer, chip, count)
    repairs.append((.familyAccelerator, "\(family) has \(chip)"))
    return newInstance(offer, type: offer.instanceType, chip: chip, count: count, isSlice: false)
  }

  private func newInstance(
    _ offer: PublicOffer, type: String, chip: String, count: Int, isSlice: Bool
  ) -> CloudInstance {
    var instance = CloudInstance()
    instance.provider = offer.provider
    instance.instanceType = type
    instance.kind = isSlice ? "price_unit" : "instance"
    instance.accelerator = chip
    instance.acceleratorCount = count
    if let cpus = offer.vcpu, cpus >= 1, cpus <= 1e6 { instance.vcpu = Int(cpus) }
    if let memory = offer.hostMemory, memory > 0, memory <= 1e7, !offer.hostMemoryUnit.isEmpty {
      instance.hostMem = memory
      instance.hostMemUnit = offer.hostMemoryUnit
    }
    let file = offer.place.file.split(separator: "/").last.map(String.init) ?? offer.place.file
    instance.source = "\(format.title), \(printable(file).filter { $0 != "\u{FFFD}" })"
    instance.notes = "as the price file describes it"
    return instance
  }
}

/// GPUs of the superchips that a price may count instead: two on a Grace Blackwell board, one beside Grace
/// Hopper.
private let superchipGPUs = ["GB200": 2, "GB300": 2, "GH200": 1, "GH200 96GB": 1, "GH200 144GB": 1]
