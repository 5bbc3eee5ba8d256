// One row of engine_constants.csv, its columns declared once.

public import Tables

/// One constant of the serving-engine model with its prior.
public struct EngineConstant: CatalogRow {
  /// Symbol.
  public var constant: String = ""
  /// Engine or chip that it holds for, or all.
  public var engineOrChip: String = ""
  /// Value in `unit`.
  public var value: Double?
  /// Unit of `value`.
  public var unit: String = ""
  /// Median of the prior.
  public var priorMedian: Double?
  /// Lower bound.
  public var lower: Double?
  /// Upper bound.
  public var upper: Double?
  /// Standard deviation of the prior in natural logarithms.
  public var priorSdLn: Double?
  /// fitted, fixed, class prior, kernel table, library ratio (best case times what engines reach of it), held out, anchor or measured (result rows of this program).
  public var how: String = ""

  /// Published rows that informed it; empty for what was not fitted.
  public var rows: Int?
  /// Scatter of those rows around the fit, half the 16 to 84 % range of ln(measured / predicted).
  public var residualLn: Double?
  /// Day of the fit.
  public var asOf: String = ""
  /// Sources of the published rows behind an anchor, separated by commas, or the run behind a measured one; else empty.
  public var source: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "engine_constants.csv"
  public static let purpose = "One constant of the serving-engine model with its prior."
  public static let key = ["constant", "engine_or_chip"]
  /// The column `how` of what result rows of this program say of their own chip.
  public static let measured = "measured"
  public static let schema = Schema<EngineConstant>([
    .text("constant", "Symbol.", \.constant),
    .text("engine_or_chip", "Engine or chip that it holds for, or all.", \.engineOrChip),
    .number("value", "Value in `unit`.", \.value),
    .text("unit", "Unit of `value`.", \.unit),
    .number("prior_median", "Median of the prior.", \.priorMedian),
    .number("lower", "Lower bound.", \.lower),
    .number("upper", "Upper bound.", \.upper),
    .number("prior_sd_ln", "Standard deviation of the prior in natural logarithms.", \.priorSdLn),
    .text(
      "how",
      "fitted, fixed, class prior, kernel table, library ratio (best case times what engines reach of it), held out, anchor or measured (result rows of this program).",
      \.how),
    .integer("rows", "Published rows that informed it; empty for what was not fitted.", \.rows),
    .number(
      "residual_ln",
      "Scatter of those rows around the fit: half the 16 to 84 % range of ln(measured / predicted).",
      \.residualLn),
    .text("as_of", "Day of the fit.", \.asOf),
    .text(
      "source",
      "Sources of the published rows behind an anchor, or the run behind a measured one; else empty.",
      \.source),
  ])
}
