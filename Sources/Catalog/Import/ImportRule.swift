// The traps of public price files, each a rule with its own words and its own count; all were met in real
// files.

/// What became of an offer.
public enum ImportOutcome: String, Sendable, Hashable, CaseIterable {
  /// Became a row as it stood.
  case accepted
  /// Became a row after a correction that its row or the report names.
  case repaired
  /// Said what another row says already.
  case merged
  /// Is wrong or cannot be read with certainty; no row came of it.
  case refused
  /// Is no price of an accelerator or of a host that the catalogue lists.
  case outside
}

/// One rule of the import.
public enum ImportRule: String, Sendable, Hashable, CaseIterable {
  // Refused: the cell or the row cannot be used.
  case malformedRow, badText, noInstance, noRegion, noPrice, notANumber, negativePrice, zeroPrice
  case sentinelPrice, implausiblePrice, foreignCurrency
  // Refused: what is priced is not certain.
  case unknownAccelerator, ambiguousAccelerator, otherAccelerator, unnamedAccelerator, noCount,
    fractionalCount
  case oddCount, superchipOrChip, hostAlone, acceleratorAlone, pricePerAccelerator, upfrontWithoutRate
  // Refused: the price contradicts another.
  case spotAboveList, spotEqualsList, spotIsTenthOfList, conflict
  // Repaired.
  case countFromCatalogue, superchipCounted, sliceCounted, hostAndAcceleratorAdded, acceleratorMemoryZero
  case hostMemoryUnit, variantFromCatalogue, familyAccelerator, upfrontSpread, spotNearList, estimatedRate
  // Merged.
  case duplicate, addedToHost, feeAddedToRate
  // Outside.
  case noAccelerator, otherInstance, otherProduct, otherTerm, otherTenancy, otherSystem, otherSoftware
  case otherCapacity, otherPlace

  /// What an offer becomes when the rule applies.
  public var outcome: ImportOutcome {
    switch self {
    case .countFromCatalogue, .superchipCounted, .sliceCounted, .hostAndAcceleratorAdded,
      .acceleratorMemoryZero, .hostMemoryUnit, .variantFromCatalogue, .familyAccelerator, .upfrontSpread,
      .spotNearList, .estimatedRate:
      .repaired
    case .duplicate, .addedToHost, .feeAddedToRate: .merged
    case .noAccelerator, .otherInstance, .otherProduct, .otherTerm, .otherTenancy, .otherSystem,
      .otherSoftware, .otherCapacity, .otherPlace:
      .outside
    default: .refused
    }
  }

  /// What the rule found, for the report's line.
  public var meaning: String {
    switch self {
    case .malformedRow: "a row with too many or too few cells"
    case .badText: "a name that is too long, a formula or not plain text"
    case .noInstance: "a price without an instance type"
    case .noRegion: "a price without a region"
    case .noPrice: "no price: the type is listed but no list sells it"
    case .notANumber: "a price that is no finite number"
    case .negativePrice: "a price below zero"
    case .zeroPrice: "0 is no price: types sold only in capacity blocks are listed so"
    case .sentinelPrice: "700.0 marks a region without a price"
    case .implausiblePrice: "USD per accelerator-hour outside 0.04 to 60"
    case .foreignCurrency: "not in US dollars; no exchange rate is assumed"
    case .unknownAccelerator: "an accelerator that accelerators.csv does not list"
    case .ambiguousAccelerator: "a name that fits several chips, or none with this memory"
    case .otherAccelerator: "another accelerator than cloud_instances.csv has for the instance"
    case .unnamedAccelerator: "the file names no accelerator and the catalogue does not know the instance"
    case .noCount: "the file states no number of accelerators and the catalogue does not know the instance"
    case .fractionalCount: "a part of an accelerator"
    case .oddCount: "more accelerators than one host of this chip holds"
    case .superchipOrChip: "superchips or GPUs: the count does not say which"
    case .hostAlone: "the host's price without its accelerators', which the file lists apart"
    case .acceleratorAlone: "the accelerators' price without a host's"
    case .pricePerAccelerator: "the price of one accelerator, or twice multiplied, not of the instance"
    case .upfrontWithoutRate: "one part of a reserved price without the other"
    case .spotAboveList: "a spot price above the list price"
    case .spotEqualsList: "a spot price equal to the list price: filled in for a zone without spot"
    case .spotIsTenthOfList: "a spot price of exactly a tenth of the list price: filled in"
    case .conflict: "another price than an earlier row has for the same thing"
    case .countFromCatalogue: "the number of accelerators corrected to that of cloud_instances.csv"
    case .superchipCounted: "superchips were counted; the row counts GPUs"
    case .sliceCounted: "a TPU slice was counted as one; the row counts chips"
    case .hostAndAcceleratorAdded: "host and accelerators are priced in separate rows; added"
    case .acceleratorMemoryZero: "accelerator memory of 0 passed over"
    case .hostMemoryUnit: "host memory in GB against GiB; the catalogue's figure is kept"
    case .variantFromCatalogue: "the chip's variant taken from cloud_instances.csv"
    case .familyAccelerator: "accelerator taken from the instance family in cloud_instances.csv"
    case .upfrontSpread: "the upfront fee spread over the hours of the term"
    case .spotNearList: "spot within a fifth of the list price: flagged as a trap, plans pass over it"
    case .estimatedRate: "the source's own estimate, not a price: marked as an estimate"
    case .duplicate: "the same price again, or in another zone of the region"
    case .addedToHost: "an accelerators' price that went into a host's row"
    case .feeAddedToRate: "an upfront fee that went into its hourly rate"
    case .noAccelerator: "a host without accelerators that cloud_instances.csv does not list"
    case .otherInstance: "an instance type of no accelerator that the catalogue knows"
    case .otherProduct: "no compute instance"
    case .otherTerm: "a term other than on demand or reserved"
    case .otherTenancy: "not of shared tenancy"
    case .otherSystem: "not of Linux"
    case .otherSoftware: "with software in the price"
    case .otherCapacity: "of a capacity reservation, not of use"
    case .otherPlace: "not in a region: a local or wavelength zone"
    }
  }

  /// Name in reports: words with underscores.
  public var name: String {
    rawValue.reduce(into: "") { text, letter in
      text += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
    }
  }
}
