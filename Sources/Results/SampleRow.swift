// One sample of the journal: the truth that the result file is made from.

public import Tables

/// One line of a `.samples.csv` file.
public struct SampleRow: Hashable, Sendable {
  public var schemaVersion: Int?
  public var runId = ""
  public var rowKey = ""
  public var processIndex: Int?
  public var sampleIndex: Int?
  public var startedOffsetSeconds: Double?
  public var iterations: Int?
  public var seconds: Double?
  public var cycles: Double?
  public var instructions: Double?
  public var cpuLastPu: Int?

  /// A sample of which nothing is known.
  public init() {}

  /// The columns of a journal.
  public static let schema = Schema<SampleRow>([
    .integer("schema_version", "Version of this table's columns", \.schemaVersion),
    .text("run_id", "Run that took the sample", \.runId),
    .text("row_key", "Row of the result file that it belongs to", \.rowKey),
    .integer("process_index", "Process that took it, from 0", \.processIndex),
    .integer("sample_index", "Place among the row's samples of that process, from 0", \.sampleIndex),
    .number("started_offset_seconds", "Start since the process began to measure", \.startedOffsetSeconds),
    .integer("iterations", "Executions in the sample", \.iterations),
    .number("seconds", "Time of one execution", \.seconds),
    .number("cycles", "Core cycles of one execution", \.cycles),
    .number("instructions", "Instructions of one execution", \.instructions),
    .integer("cpu_last_pu", "Processing unit on which the sample ended", \.cpuLastPu),
  ])
}
