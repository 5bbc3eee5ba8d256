// One row of power_and_sites.csv, its columns declared once.

public import Tables

/// Power of chips and racks, PUE, grid carbon and electricity prices.
public struct PowerFact: CatalogRow {
  /// allin_power, rack_power, pue, grid_carbon or electricity_price.
  public var kind: String = ""
  /// Chip, rack, operator, cloud or country.
  public var subject: String = ""
  /// State, country or cloud region.
  public var region: String = ""
  /// What was published.
  public var quantity: String = ""
  /// The number in `unit`.
  public var value: Double?
  /// Unit of `value`.
  public var unit: String = ""
  /// Under which condition the number holds, or how it was derived.
  public var condition: String = ""
  /// Period that the number describes.
  public var period: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).
  public var asOf: String = ""
  /// How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.
  public var confidence: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "power_and_sites.csv"
  public static let purpose = "Power of chips and racks, PUE, grid carbon and electricity prices."
  public static let key = ["kind", "subject", "region", "quantity", "condition", "period"]
  public static let schema = Schema<PowerFact>([
    .text("kind", "allin_power, rack_power, pue, grid_carbon or electricity_price.", \.kind),
    .text("subject", "Chip, rack, operator, cloud or country.", \.subject),
    .text("region", "State, country or cloud region.", \.region),
    .text("quantity", "What was published.", \.quantity),
    .number("value", "The number in `unit`.", \.value),
    .text("unit", "Unit of `value`.", \.unit),
    .text("condition", "Under which condition the number holds, or how it was derived.", \.condition),
    .text("period", "Period that the number describes.", \.period),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("as_of", "Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).", \.asOf),
    .text(
      "confidence",
      "How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.",
      \.confidence),
  ])
}
