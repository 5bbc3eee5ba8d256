// One row of measured_power.csv, its columns declared once.

public import Tables

/// Wall power measured under a published serving benchmark.
public struct MeasuredPower: CatalogRow {
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Where the result lies.
  public var sourceUrlOrRepoPath: String = ""
  /// Accelerator as the source names it.
  public var accelerator: String = ""
  /// Accelerators in the server.
  public var count: Int?
  /// Model served.
  public var model: String = ""
  /// Benchmark scenario.
  public var scenario: String = ""
  /// Tokens per second of the server.
  public var tokS: Double?
  /// Power of the whole server at the wall, W.
  public var wallW: Double?
  /// Power per accelerator, W.
  public var wPerAccelerator: Double?
  /// Energy per token, J.
  public var jPerTokenDerived: Double?
  /// Remarks.
  public var notes: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "measured_power.csv"
  public static let purpose = "Wall power measured under a published serving benchmark."
  public static let key = ["source_url_or_repo_path"]
  public static let schema = Schema<MeasuredPower>([
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("source_url_or_repo_path", "Where the result lies.", \.sourceUrlOrRepoPath),
    .text("accelerator", "Accelerator as the source names it.", \.accelerator),
    .integer("count", "Accelerators in the server.", \.count),
    .text("model", "Model served.", \.model),
    .text("scenario", "Benchmark scenario.", \.scenario),
    .number("tok_s", "Tokens per second of the server.", \.tokS),
    .number("wall_w", "Power of the whole server at the wall, W.", \.wallW),
    .number("w_per_accelerator", "Power per accelerator, W.", \.wPerAccelerator),
    .number("j_per_token_derived", "Energy per token, J.", \.jPerTokenDerived),
    .text("notes", "Remarks.", \.notes),
  ])
}
