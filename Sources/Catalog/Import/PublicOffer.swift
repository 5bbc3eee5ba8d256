// A price as a public catalogue file writes it, before any rule has looked at it: the readers of the formats
// make these, and nothing but the rules decides what becomes of them.

/// The public price files that can be imported.
public enum PriceFileFormat: String, Sendable, Hashable, CaseIterable {
  /// `vms.csv` of a cloud in the SkyPilot catalogue: a list and a spot price a row, in US dollars.
  case skypilot
  /// A provider's CSV of gpuhunt: one price a row, list or spot, in US dollars.
  case gpuhunt
  /// The generated Go tables of Karpenter's AWS and Azure providers; the repositories hold no other form of
  /// them.
  case karpenter
  /// The bulk price list of AWS for EC2 as CSV: five lines of notes, a header, one price dimension a row.
  case awsPriceList = "aws-price-list"

  /// What a row's source says of the file.
  var title: String {
    switch self {
    case .skypilot: "SkyPilot catalogue"
    case .gpuhunt: "gpuhunt catalogue"
    case .karpenter: "Karpenter price table"
    case .awsPriceList: "AWS price list"
    }
  }

  /// True where the file itself says when it was published.
  var isDated: Bool { self == .karpenter || self == .awsPriceList }
}

/// A cell's place in a file.
struct Place: Hashable, Sendable {
  let file: String
  let line: Int
  var column: Int?
}

/// One price of a public file.
struct PublicOffer: Sendable {
  let place: Place
  var provider = ""
  var instanceType = ""
  /// Name as the file writes it; empty where it names none.
  var acceleratorName = ""
  /// Count as the file writes it; nil where it states none.
  var acceleratorCount: Double?
  /// Memory of one accelerator, GB of 10^9 bytes; 0 where the file writes zero.
  var acceleratorGigabytes: Double?
  var region = ""
  /// Zone inside the region; empty where the price is the region's.
  var zone = ""
  /// A word of `Vocabulary.priceBasis`.
  var basis = "list_on_demand"
  var terms = ""
  /// The price cell's text, US dollars an hour unless `currency` says otherwise.
  var price = ""
  var currency = "USD"
  var vcpu: Double?
  var hostMemory: Double?
  /// GiB or GB; empty where the file states no memory.
  var hostMemoryUnit = ""
  /// Date of the evidence.
  var asOf = ""
  /// What the reader already had to do to state this offer.
  var repairs: [ImportRule] = []

  /// What a message calls it.
  var subject: String {
    let name = instanceType.isEmpty ? acceleratorName : instanceType
    return [provider, name, zone.isEmpty ? region : zone, basis].filter { !$0.isEmpty }
      .joined(separator: " ")
  }
}
