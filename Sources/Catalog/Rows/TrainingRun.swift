// One row of training_runs.csv, its columns declared once.

public import Tables

/// How much of the peak a published training run reached.
public struct TrainingRun: CatalogRow {
  /// Run; rows of one run differ in scale or sequence.
  public var run: String = ""
  /// production (trained to the end) or benchmark (some steps).
  public var kind: String = ""
  /// Model that was trained.
  public var model: String = ""
  /// Chip's id in accelerators.csv.
  public var accelerator: String = ""
  /// Accelerators of the run.
  public var accelerators: Double?
  /// Number format of most products: bf16 or fp8.
  public var format: String = ""
  /// Tokens of a sequence.
  public var sequence: Double?
  /// Model TFLOP/s of one accelerator as published.
  public var tflopsPerAccelerator: Double?
  /// Model FLOP utilisation: share of the dense peak of `format`.
  public var mfu: Double?
  /// stated or derived.
  public var how: String = ""
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

  public static let fileName = "training_runs.csv"
  public static let purpose = "How much of the peak published training runs reached."
  public static let key = ["run", "accelerators", "format", "sequence"]
  public static let schema = Schema<TrainingRun>([
    .text("run", "Run; rows of one run differ in scale or sequence.", \.run),
    .text("kind", "production (trained to the end) or benchmark (some steps).", \.kind),
    .text("model", "Model that was trained.", \.model),
    .text("accelerator", "Chip's id in accelerators.csv.", \.accelerator),
    .number("accelerators", "Accelerators of the run.", \.accelerators),
    .text("format", "Number format of most products: bf16 or fp8.", \.format),
    .number("sequence", "Tokens of a sequence.", \.sequence),
    .number(
      "tflops_per_accelerator", "Model TFLOP/s of one accelerator as published.", \.tflopsPerAccelerator),
    .number("mfu", "Model FLOP utilisation: share of the dense peak of `format`.", \.mfu),
    .text("how", "stated or derived.", \.how),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("as_of", "Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).", \.asOf),
    .text(
      "confidence",
      "How far to trust the row: vendor-spec, measured, published-third-party, inferred or unverified.",
      \.confidence),
    .text("notes", "Remarks.", \.notes),
  ])
}
