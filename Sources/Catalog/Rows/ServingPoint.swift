// One row of measured_serving.csv, its columns declared once.

public import Tables

/// One published serving measurement.
public struct ServingPoint: CatalogRow {
  /// Short name.
  public var id: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Where the number lies.
  public var sourceUrlOrRepoPath: String = ""
  /// When it was published or measured.
  public var date: String = ""
  /// Model as the source names it.
  public var model: String = ""
  /// Number format of the weights.
  public var precision: String = ""
  /// Accelerator as the source names it.
  public var accelerator: String = ""
  /// Accelerators of the deployment; 0 or empty where the source does not say.
  public var count: Int?
  /// How the model is split.
  public var parallelism: String = ""
  /// prefill, decode, mixed, offline, server or interactive.
  public var scenario: String = ""
  /// Input tokens per request, in the words of the source.
  public var isl: String = ""
  /// Output tokens per request.
  public var osl: Double?
  /// Batch or concurrent requests, in the words of the source.
  public var batchOrConcurrency: String = ""
  /// output_tok_s, input_tok_s, total_tok_s, samples_s, tpot_ms, ttft_ms or e2e_ms.
  public var metric: String = ""
  /// The number in the unit of `metric`.
  public var value: Double?
  /// Remarks.
  public var notes: String = ""
  /// What the number is divided by: system, per_accelerator, per_8gpu_node, per_request ...
  public var valueBasis: String = ""
  /// A, B or C: how complete the conditions are.
  public var grade: String = ""
  /// calibration or public_test: test rows never fit a constant.
  public var split: String = ""
  /// 1: in the curated selection.
  public var curated: Bool?

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "measured_serving.csv"
  public static let purpose = "One published serving measurement."
  public static let key = ["id"]
  public static let schema = Schema<ServingPoint>([
    .text("id", "Short name.", \.id),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("source_url_or_repo_path", "Where the number lies.", \.sourceUrlOrRepoPath),
    .text("date", "When it was published or measured.", \.date),
    .text("model", "Model as the source names it.", \.model),
    .text("precision", "Number format of the weights.", \.precision),
    .text("accelerator", "Accelerator as the source names it.", \.accelerator),
    .integer("count", "Accelerators of the deployment; 0 or empty where the source does not say.", \.count),
    .text("parallelism", "How the model is split.", \.parallelism),
    .text("scenario", "prefill, decode, mixed, offline, server or interactive.", \.scenario),
    .text("isl", "Input tokens per request, in the words of the source.", \.isl),
    .number("osl", "Output tokens per request.", \.osl),
    .text(
      "batch_or_concurrency", "Batch or concurrent requests, in the words of the source.",
      \.batchOrConcurrency),
    .text(
      "metric", "output_tok_s, input_tok_s, total_tok_s, samples_s, tpot_ms, ttft_ms or e2e_ms.",
      \.metric),
    .number("value", "The number in the unit of `metric`.", \.value),
    .text("notes", "Remarks.", \.notes),
    .text(
      "value_basis",
      "What the number is divided by: system, per_accelerator, per_8gpu_node, per_request ...",
      \.valueBasis),
    .text("grade", "A, B or C: how complete the conditions are.", \.grade),
    .text("split", "calibration or public_test: test rows never fit a constant.", \.split),
    .flag("curated", "1: in the curated selection.", \.curated),
  ])
}
