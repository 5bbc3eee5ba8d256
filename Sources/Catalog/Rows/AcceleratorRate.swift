// One row of accelerator_rates.csv, its columns declared once.

public import Tables

/// Cost of one accelerator-hour as owner or long-term renter, as a dated series.
public struct AcceleratorRate: CatalogRow {
  /// Chip, an id of accelerators.csv.
  public var accelerator: String = ""
  /// hyperscaler_own_cost, neocloud_own_cost, external_own_cost or rental_3y_commit.
  public var basis: String = ""
  /// US dollars per accelerator-hour.
  public var usdPerAcceleratorHour: Double?
  /// Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).
  public var asOf: String = ""
  /// How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.
  public var confidence: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Remarks.
  public var notes: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "accelerator_rates.csv"
  public static let purpose =
    "Cost of one accelerator-hour as owner or long-term renter, as a dated series."
  public static let key = ["accelerator", "basis", "as_of"]
  public static let schema = Schema<AcceleratorRate>([
    .text("accelerator", "Chip, an id of accelerators.csv.", \.accelerator),
    .text(
      "basis", "hyperscaler_own_cost, neocloud_own_cost, external_own_cost or rental_3y_commit.",
      \.basis),
    .number("usd_per_accelerator_hour", "US dollars per accelerator-hour.", \.usdPerAcceleratorHour),
    .text("as_of", "Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).", \.asOf),
    .text(
      "confidence",
      "How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.",
      \.confidence),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("notes", "Remarks.", \.notes),
  ])
}
