// One row of fleet_facts.csv, its columns declared once.

public import Tables

/// Failures, utilisation and power of large fleets in production.
public struct FleetFact: CatalogRow {
  /// What was counted.
  public var metric: String = ""
  /// The number in `unit`.
  public var value: Double?
  /// Unit of `value`.
  public var unit: String = ""
  /// What the number refers to.
  public var basis: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Remarks.
  public var notes: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "fleet_facts.csv"
  public static let purpose = "Failures, utilisation and power of large fleets in production."
  public static let key = ["metric", "basis"]
  public static let schema = Schema<FleetFact>([
    .text("metric", "What was counted.", \.metric),
    .number("value", "The number in `unit`.", \.value),
    .text("unit", "Unit of `value`.", \.unit),
    .text("basis", "What the number refers to.", \.basis),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("notes", "Remarks.", \.notes),
  ])
}
