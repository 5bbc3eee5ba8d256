// One row of accelerator_facts.csv, its columns declared once.

public import Tables

/// One published number about a chip; two sources that disagree are two rows.
public struct AcceleratorFact: CatalogRow {
  /// Chip, an id of accelerators.csv.
  public var accelerator: String = ""
  /// What was published, e.g. peak_bf16_dense or memory_bandwidth.
  public var quantity: String = ""
  /// The number in `unit`.
  public var value: Double?
  /// Unit of `value`; each quantity has one.
  public var unit: String = ""
  /// Under which condition the number holds, or how it was derived.
  public var condition: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).
  public var asOf: String = ""
  /// How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.
  public var confidence: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "accelerator_facts.csv"
  public static let purpose = "One published number about a chip; two sources that disagree are two rows."
  public static let key = ["accelerator", "quantity", "condition"]
  public static let schema = Schema<AcceleratorFact>([
    .text("accelerator", "Chip, an id of accelerators.csv.", \.accelerator),
    .text("quantity", "What was published, e.g. peak_bf16_dense or memory_bandwidth.", \.quantity),
    .number("value", "The number in `unit`.", \.value),
    .text("unit", "Unit of `value`; each quantity has one.", \.unit),
    .text("condition", "Under which condition the number holds, or how it was derived.", \.condition),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("as_of", "Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).", \.asOf),
    .text(
      "confidence",
      "How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.",
      \.confidence),
  ])
}
