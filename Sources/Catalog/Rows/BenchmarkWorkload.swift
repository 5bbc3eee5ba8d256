// One row of benchmark_workloads.csv, its columns declared once.

public import Tables

/// What a named benchmark asks of a server: request lengths and service limits, no results.
public struct BenchmarkWorkload: CatalogRow {
  /// Benchmark, as the sources of measured_serving.csv begin.
  public var benchmark: String = ""
  /// Model as the benchmark names it without its accuracy target, or any.
  public var model: String = ""
  /// offline, server, interactive or mixed.
  public var scenario: String = ""
  /// First round that the row holds for, e.g. v5.1; empty for a benchmark without rounds.
  public var validFrom: String = ""
  /// Requests: data set, or nominal lengths of random text.
  public var dataset: String = ""
  /// Requests in the data set.
  public var samples: Int?
  /// Mean input tokens per request.
  public var inputMean: Double?
  /// Most input tokens of a request.
  public var inputMax: Int?
  /// Mean output tokens per request.
  public var outputMean: Double?
  /// Most output tokens that a request may have.
  public var outputMax: Int?
  /// Sequences decoded per request: 1, or the width of a beam search.
  public var beams: Int?
  /// Limit on the 99th percentile of the time to the first token, ms.
  public var ttftP99Ms: Double?
  /// Limit on the 99th percentile of a request's mean time per output token, ms.
  public var tpotP99Ms: Double?
  /// Limit on the 99th percentile of the time of the whole request, ms.
  public var e2eP99Ms: Double?
  /// Publication, page or file that the lengths were read from.
  public var source: String = ""
  /// Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).
  public var asOf: String = ""
  /// How far to trust the lengths.
  public var confidence: String = ""
  /// File of the benchmark that sets the limits.
  public var limitsSource: String = ""
  /// Remarks.
  public var notes: String = ""

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "benchmark_workloads.csv"
  public static let purpose =
    "Request lengths and service limits of a named benchmark's scenario; descriptions, no results."
  public static let key = ["benchmark", "model", "scenario", "valid_from", "dataset"]
  public static let schema = Schema<BenchmarkWorkload>([
    .text("benchmark", "Benchmark, as the sources of measured_serving.csv begin.", \.benchmark),
    .text("model", "Model as the benchmark names it without its accuracy target, or any.", \.model),
    .text("scenario", "offline, server, interactive or mixed.", \.scenario),
    .text(
      "valid_from", "First round that the row holds for, e.g. v5.1; empty for a benchmark without rounds.",
      \.validFrom),
    .text("dataset", "Requests: data set, or nominal lengths of random text.", \.dataset),
    .integer("samples", "Requests in the data set.", \.samples),
    .number("input_mean", "Mean input tokens per request.", \.inputMean),
    .integer("input_max", "Most input tokens of a request.", \.inputMax),
    .number("output_mean", "Mean output tokens per request.", \.outputMean),
    .integer("output_max", "Most output tokens that a request may have.", \.outputMax),
    .integer("beams", "Sequences decoded per request: 1, or the width of a beam search.", \.beams),
    .number(
      "ttft_p99_ms", "Limit on the 99th percentile of the time to the first token, ms.", \.ttftP99Ms),
    .number(
      "tpot_p99_ms", "Limit on the 99th percentile of a request's mean time per output token, ms.",
      \.tpotP99Ms),
    .number(
      "e2e_p99_ms", "Limit on the 99th percentile of the time of the whole request, ms.", \.e2eP99Ms),
    .text("source", "Publication, page or file that the lengths were read from.", \.source),
    .text("as_of", "Date of the evidence (YYYY, YYYY-MM or YYYY-MM-DD).", \.asOf),
    .text(
      "confidence",
      "How far to trust the lengths: vendor-spec, measured, published-third-party, inferred or unverified.",
      \.confidence),
    .text("limits_source", "File of the benchmark that sets the limits.", \.limitsSource),
    .text("notes", "Remarks.", \.notes),
  ])

  /// True where the scenario bounds latencies.
  public var hasLimits: Bool { ttftP99Ms != nil || tpotP99Ms != nil || e2eP99Ms != nil }

  /// The model that stands for every model of a benchmark.
  public static let anyModel = "any"
}
