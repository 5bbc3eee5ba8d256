// One row of measured_kernels.csv, its columns declared once.

public import Tables

/// One published kernel measurement.
public struct MeasuredKernel: CatalogRow {
  /// Short name.
  public var id: String = ""
  /// Publication, page or file that the row was read from.
  public var source: String = ""
  /// Where the number lies.
  public var sourceUrlOrRepoPath: String = ""
  /// When it was published or measured.
  public var date: String = ""
  /// Accelerator as the source names it.
  public var accelerator: String = ""
  /// Kernel.
  public var kernel: String = ""
  /// Number format.
  public var dtype: String = ""
  /// Rows of a GEMM.
  public var m: Int?
  /// Columns of a GEMM.
  public var n: Int?
  /// Inner size of a GEMM.
  public var k: Int?
  /// Sequences in the batch.
  public var batch: Int?
  /// Tokens a sequence.
  public var seqlen: Int?
  /// Query heads.
  public var heads: Int?
  /// Key-value heads.
  public var kvHeads: Int?
  /// Head size; key/value where they differ.
  public var headDim: String = ""
  /// Accelerators in a collective.
  public var numGpus: Int?
  /// Message size, bytes.
  public var bytes: Int?
  /// tflops, latency, bandwidth or busbw.
  public var metric: String = ""
  /// The number in `unit`.
  public var value: Double?
  /// Unit of `value`.
  public var unit: String = ""
  /// Remarks.
  public var notes: String = ""
  /// calibration or public_test: test rows never fit a constant; measured: a run of this program, of its own chip alone.
  public var split: String = ""
  /// 1: in the curated selection.
  public var curated: Bool?

  /// A row of which nothing is known.
  public init() {}

  public static let fileName = "measured_kernels.csv"
  public static let purpose = "One published kernel measurement."
  public static let key = ["id"]
  public static let schema = Schema<MeasuredKernel>([
    .text("id", "Short name.", \.id),
    .text("source", "Publication, page or file that the row was read from.", \.source),
    .text("source_url_or_repo_path", "Where the number lies.", \.sourceUrlOrRepoPath),
    .text("date", "When it was published or measured.", \.date),
    .text("accelerator", "Accelerator as the source names it.", \.accelerator),
    .text("kernel", "Kernel.", \.kernel),
    .text("dtype", "Number format.", \.dtype),
    .integer("m", "Rows of a GEMM.", \.m),
    .integer("n", "Columns of a GEMM.", \.n),
    .integer("k", "Inner size of a GEMM.", \.k),
    .integer("batch", "Sequences in the batch.", \.batch),
    .integer("seqlen", "Tokens a sequence.", \.seqlen),
    .integer("heads", "Query heads.", \.heads),
    .integer("kv_heads", "Key-value heads.", \.kvHeads),
    .text("head_dim", "Head size; key/value where they differ.", \.headDim),
    .integer("num_gpus", "Accelerators in a collective.", \.numGpus),
    .integer("bytes", "Message size, bytes.", \.bytes),
    .text("metric", "tflops, latency, bandwidth or busbw.", \.metric),
    .number("value", "The number in `unit`.", \.value),
    .text("unit", "Unit of `value`.", \.unit),
    .text("notes", "Remarks.", \.notes),
    .text(
      "split",
      "calibration or public_test: test rows never fit a constant; measured: a run of this program, of its own chip alone.",
      \.split),
    .flag("curated", "1: in the curated selection.", \.curated),
  ])
}
