// What a provider sells, and where its prices stand in the catalogue.

/// One accelerator of one provider with references to its prices.
public struct Offer: Sendable, Hashable {
  /// Key, e.g. `aws-gb200`.
  public var id = ""
  /// `deal` for what the scenario is about, `alternative` for the same money elsewhere.
  public var role = "deal"
  /// Catalogue key of the provider, e.g. `aws`.
  public var provider = ""
  /// Catalogue key of the accelerator, e.g. `GB200`.
  public var accelerator = ""
  /// Catalogue key of the instance whose list price is read; empty for none.
  public var instance = ""
  /// Region of the list price.
  public var region = ""
  /// Price basis of the list price in the catalogue, e.g. `capacity_block`.
  public var listBasis = ""
  /// Basis of the contracted rate, e.g. `rental_3y_commit`; empty for none.
  public var contractedBasis = ""
  /// Basis of the owner's cost, e.g. `hyperscaler_own_cost`; empty for none.
  public var ownBasis = ""
  /// Accelerators of the smallest saleable unit.
  public var unit: Int?
  /// Accelerators of the scale-up domain.
  public var domain: Int?
  /// Accelerators of a node (the unit that fails and is swapped).
  public var perNode: Int?
  /// Accelerators of a rack; nil = not known.
  public var perRack: Int?
  /// Number format of the stand-ins here, e.g. `fp8`.
  public var precision = ""
  /// Most accelerators that can be had in the term; nil = not limited by the scenario.
  public var supplyCap: Double?
  /// Where the sizes and the cap come from.
  public var source = ""
  /// File and line of the row.
  public var place = ""

  /// An empty offer to fill in.
  public init() {}

  /// `offer/basis/date`.
  public static func optionID(_ offer: String, _ basis: PriceBasis, _ date: PriceDate) -> String {
    "\(offer)/\(basis.rawValue)/\(date.rawValue)"
  }

  /// False where nobody could ask for such a price: silicon that its owner does not sell has only a cost.
  func isSold(on basis: PriceBasis) -> Bool {
    switch basis {
    case .own: true
    case .list, .contracted: !instance.isEmpty || !contractedBasis.isEmpty
    }
  }

  /// The provider as people write it.
  public var providerTitle: String { Offer.titles[provider] ?? provider }

  /// `AWS GB200`.
  public var title: String { "\(providerTitle) \(accelerator)" }

  private static let titles = [
    "own": "Own",
    "aws": "AWS", "azure": "Azure", "gcp": "Google", "oci": "Oracle", "coreweave": "CoreWeave",
    "meta": "Meta",
    "openai": "OpenAI", "microsoft": "Microsoft", "crusoe": "Crusoe", "nebius": "Nebius", "lambda": "Lambda",
  ]
}
