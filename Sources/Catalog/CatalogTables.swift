// Any table of the catalogue as a printable one: every column for programs, the telling ones for people.

public import Tables

/// A catalogue table that can be listed.
public struct TableSummary: Sendable, Hashable {
  /// Name as `catalog list` takes it, e.g. `cloud_prices`.
  public let name: String
  /// What it holds.
  public let purpose: String
  /// Column names in file order.
  public let columns: [String]
  /// The column dictionary as a Markdown table.
  public let dictionary: String
}

extension Catalog {
  /// Every table with purpose and columns, in the order of reading.
  public static let summaries: [TableSummary] = tables.map { summary($0) }

  private static func summary<Row: CatalogRow>(_ type: Row.Type) -> TableSummary {
    TableSummary(
      name: Row.tableName, purpose: Row.purpose, columns: Row.schema.header,
      dictionary: Row.schema.dictionary)
  }

  /// A table by name, all columns or those that tell most in 80 characters; nil for an unknown name.
  ///
  /// - Parameters:
  ///   - directory: where the two large tables of measurements are looked for first.
  ///   - brief: only the columns that a person looks for.
  public func table(
    _ name: String, brief: Bool, directory: String? = nil
  ) throws(InputError) -> ReportTable? {
    switch name {
    case Accelerator.tableName: report(accelerators, brief)
    case AcceleratorFact.tableName: report(facts, brief)
    case AcceleratorRate.tableName: report(rates, brief)
    case CloudInstance.tableName: report(instances, brief)
    case CloudPrice.tableName: report(prices, brief)
    case PriceMove.tableName: report(priceHistory, brief)
    case Deal.tableName: report(deals, brief)
    case ModelArchitecture.tableName: report(models, brief)
    case PowerFact.tableName: report(power, brief)
    case DemandFact.tableName: report(demand, brief)
    case FleetFact.tableName: report(fleet, brief)
    case MeasuredPower.tableName: report(measuredPower, brief)
    case TrainingRun.tableName: report(trainingRuns, brief)
    case EngineConstant.tableName: report(engineConstants, brief)
    case BenchmarkWorkload.tableName: report(workloads, brief)
    case MeasuredKernel.tableName: report(try Catalog.measuredKernels(directory: directory), brief)
    case ServingPoint.tableName: report(try Catalog.servingPoints(directory: directory), brief)
    default: nil
    }
  }

  private func report<Row: CatalogRow>(_ rows: [Row], _ brief: Bool) -> ReportTable {
    let headings = brief ? briefColumns[Row.tableName] : nil
    let columns = Row.schema.columns.filter { column in
      headings?.contains { $0.name == column.name } ?? true
    }
    var table = ReportTable(
      "\(Row.tableName): \(rows.count) rows",
      columns.map { column in
        .init(column.name, headings?.first { $0.name == column.name }?.heading)
      })
    for row in rows { table.append(columns.map { cell($0.encode(row), isNumeric: $0.isNumeric) }) }
    if brief, columns.count < Row.schema.columns.count {
      table.notes.append(
        "\(columns.count) of \(Row.schema.columns.count) columns; --format csv prints all.")
    }
    return table
  }
}

/// The columns that fit a terminal with their headings there, by table.
private let briefColumns: [String: [(name: String, heading: String)]] = [
  "accelerators": [
    ("id", "id"), ("vendor", "vendor"), ("bf16_tflops", "bf16 TFLOP/s"), ("fp8_tflops", "fp8"),
    ("mem_capacity_marketing_gb", "GB"), ("mem_bw_tbps", "TB/s"), ("tdp_w", "TDP W"),
    ("lowest_confidence", "confidence"),
  ],
  "accelerator_facts": [
    ("accelerator", "accelerator"), ("quantity", "quantity"), ("value", "value"), ("unit", "unit"),
    ("as_of", "as_of"), ("confidence", "confidence"),
  ],
  "accelerator_rates": [
    ("accelerator", "accelerator"), ("basis", "basis"), ("usd_per_accelerator_hour", "USD/h each"),
    ("as_of", "as_of"), ("confidence", "confidence"),
  ],
  "cloud_instances": [
    ("provider", "provider"), ("instance_type", "instance_type"), ("kind", "kind"),
    ("accelerator", "accelerator"), ("accelerator_count", "count"),
  ],
  "cloud_prices": [
    ("provider", "provider"), ("instance_type", "instance_type"), ("region", "region"),
    ("price_basis", "price_basis"), ("usd_per_accelerator_hour", "USD/h each"), ("as_of_date", "as of"),
  ],
  "price_history": [
    ("accelerator", "accelerator"), ("instance_type", "instance_type"), ("price_basis", "price_basis"),
    ("date", "date"), ("usd_per_hour", "USD/h"),
  ],
  "deals": [
    ("id", "id"), ("date", "date"), ("buyer", "buyer"), ("usd_billion", "10^9 USD"),
    ("usd_qualifier", "qualifier"), ("gw", "GW"),
  ],
  "models": [
    ("model", "model"), ("kind", "kind"), ("attention", "attention"), ("params_total_b", "10^9 params"),
    ("params_active_b", "active"), ("max_context", "context"),
  ],
  "power_and_sites": [
    ("subject", "subject"), ("region", "region"), ("quantity", "quantity"), ("value", "value"),
    ("unit", "unit"), ("as_of", "as_of"),
  ],
  "demand_facts": [
    ("metric", "metric"), ("entity", "entity"), ("value", "value"), ("unit", "unit"), ("period", "period"),
  ],
  "fleet_facts": [("metric", "metric"), ("value", "value"), ("unit", "unit"), ("basis", "basis")],
  "measured_power": [
    ("accelerator", "accelerator"), ("model", "model"), ("scenario", "scenario"), ("tok_s", "tokens/s"),
    ("w_per_accelerator", "W each"),
  ],
  "training_runs": [
    ("run", "run"), ("accelerator", "accelerator"), ("accelerators", "accelerators"), ("format", "format"),
    ("mfu", "MFU"), ("as_of", "as of"),
  ],
  "engine_constants": [
    ("constant", "constant"), ("engine_or_chip", "engine_or_chip"), ("value", "value"), ("unit", "unit"),
    ("how", "how"),
  ],
  "benchmark_workloads": [
    ("model", "model"), ("scenario", "scenario"), ("valid_from", "since"), ("input_mean", "input"),
    ("output_mean", "output"), ("ttft_p99_ms", "TTFT ms"), ("tpot_p99_ms", "TPOT ms"),
  ],
  "measured_kernels": [
    ("accelerator", "accelerator"), ("kernel", "kernel"), ("dtype", "dtype"), ("value", "value"),
    ("unit", "unit"),
  ],
  "measured_serving": [
    ("model", "model"), ("accelerator", "accelerator"), ("scenario", "scenario"), ("metric", "metric"),
    ("value", "value"),
  ],
]

/// A cell's text as a number where its column holds numbers.
func cell(_ text: String, isNumeric: Bool) -> Cell {
  guard !text.isEmpty else { return .empty }
  guard isNumeric, let value = Double(text) else { return .text(text) }
  let decimals = decimalText(value).drop { $0 != "." }.dropFirst().count
  return .number(value, decimals: min(4, decimals))
}
