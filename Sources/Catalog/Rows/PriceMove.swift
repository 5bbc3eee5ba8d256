// One row of price_history.csv, its columns declared once.

public import Tables

/// One dated price of a main chip: list, capacity block, rental index or contract estimate.
public struct PriceMove: CatalogRow {
  /// Chip, an id of accelerators.csv, or none.
  public var accelerator: String = ""
  /// Cloud, (index) or (market).
  public var provider: String = ""
  /// Instance type or name of the index.
  public var instanceType: String = ""
  /// Region or (all).
  public var region: String = ""
  /// Basis as in cloud_prices.csv.
  public var priceBasis: String = ""
  /// Since when the price holds, or when it was seen.
  public var date: String = ""
  /// US dollars per hour of the instance.
  public var usdPerHour: Double?
  /// US dollars per hour and accelerator.
  public var usdPerAcceleratorHour: Double?
  /// What changed.
  public var event: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.
  public var confidence: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "price_history.csv"
  public static let purpose =
    "One dated price of a main chip: list, capacity block, rental index or contract estimate."
  public static let key = ["accelerator", "provider", "instance_type", "region", "price_basis", "date"]
  public static let schema = Schema<PriceMove>([
    .text("accelerator", "Chip, an id of accelerators.csv, or none.", \.accelerator),
    .text("provider", "Cloud, (index) or (market).", \.provider),
    .text("instance_type", "Instance type or name of the index.", \.instanceType),
    .text("region", "Region or (all).", \.region),
    .text("price_basis", "Basis as in cloud_prices.csv.", \.priceBasis),
    .text("date", "Since when the price holds, or when it was seen.", \.date),
    .number("usd_per_hour", "US dollars per hour of the instance.", \.usdPerHour),
    .number("usd_per_accelerator_hour", "US dollars per hour and accelerator.", \.usdPerAcceleratorHour),
    .text("event", "What changed.", \.event),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text(
      "confidence",
      "How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.",
      \.confidence),
  ])
}
