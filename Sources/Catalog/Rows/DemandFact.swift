// One row of demand_facts.csv, its columns declared once.

public import Tables

/// Users, messages, tokens, request shapes and cache hits of known services.
public struct DemandFact: CatalogRow {
  /// What was counted.
  public var metric: String = ""
  /// Service, company or trace.
  public var entity: String = ""
  /// The number in `unit`.
  public var value: Double?
  /// Unit of `value`.
  public var unit: String = ""
  /// Period that the number describes.
  public var period: String = ""
  /// stated, measured, derived or estimated.
  public var kind: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).
  public var asOf: String = ""
  /// How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.
  public var confidence: String = ""
  /// Remarks.
  public var notes: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "demand_facts.csv"
  public static let purpose = "Users, messages, tokens, request shapes and cache hits of known services."
  public static let key = ["metric", "entity", "period", "source"]
  public static let schema = Schema<DemandFact>([
    .text("metric", "What was counted.", \.metric),
    .text("entity", "Service, company or trace.", \.entity),
    .number("value", "The number in `unit`.", \.value),
    .text("unit", "Unit of `value`.", \.unit),
    .text("period", "Period that the number describes.", \.period),
    .text("kind", "stated, measured, derived or estimated.", \.kind),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("as_of", "Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).", \.asOf),
    .text(
      "confidence",
      "How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.",
      \.confidence),
    .text("notes", "Remarks.", \.notes),
  ])
}
