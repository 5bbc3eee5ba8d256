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
    case EngineConstant.tableName: report(engineConstants, brief)
    case MeasuredKernel.tableName: report(try Catalog.measuredKernels(directory: directory), brief)
    case ServingPoint.tableName: report(try Catalog.servingPoints(directory: directory), brief)
    default: nil
    }
  }

  private func report<Row: CatalogRow>(_ rows: [Row], _ brief: Bool) -> ReportTable {
    let wanted = briefColumns[Row.tableName]
    let columns = Row.schema.columns.filter { !brief || wanted?.contains($0.name) ?? true }
    var table = ReportTable(
      "\(Row.tableName): \(rows.count) rows", columns.map { ReportTable.Column($0.name) })
    for row in rows { table.append(columns.map { cell($0.encode(row), isNumeric: $0.isNumeric) }) }
    if brief, columns.count < Row.schema.columns.count {
      table.notes.append(
        "\(columns.count) of \(Row.schema.columns.count) columns; --format csv prints all.")
    }
    return table
  }
}

/// The columns that fit a terminal, by table.
private let briefColumns: [String: Set<String>] = [
  "accelerators": [
    "id", "vendor", "bf16_tflops", "fp8_tflops", "mem_capacity_marketing_gb", "mem_bw_tbps", "tdp_w",
  ],
  "accelerator_facts": ["accelerator", "quantity", "value", "unit", "as_of", "confidence"],
  "accelerator_rates": ["accelerator", "basis", "usd_per_accelerator_hour", "as_of", "confidence"],
  "cloud_instances": ["provider", "instance_type", "kind", "accelerator", "accelerator_count"],
  "cloud_prices": [
    "instance_type", "region", "price_basis", "usd_per_accelerator_hour", "as_of_date",
  ],
  "price_history": ["accelerator", "instance_type", "price_basis", "date", "usd_per_hour"],
  "deals": ["id", "date", "buyer", "usd_billion", "usd_qualifier", "gw"],
  "models": ["model", "kind", "attention", "params_total_b", "params_active_b", "max_context"],
  "power_and_sites": ["subject", "region", "quantity", "value", "unit"],
  "demand_facts": ["metric", "entity", "value", "unit", "period"],
  "fleet_facts": ["metric", "value", "unit", "basis"],
  "measured_power": ["accelerator", "model", "scenario", "tok_s", "w_per_accelerator"],
  "engine_constants": ["constant", "engine_or_chip", "value", "unit", "how"],
  "measured_kernels": ["accelerator", "kernel", "dtype", "value", "unit"],
  "measured_serving": ["model", "accelerator", "scenario", "metric", "value"],
]

/// A cell's text as a number where its column holds numbers.
func cell(_ text: String, isNumeric: Bool) -> Cell {
  guard !text.isEmpty else { return .empty }
  guard isNumeric, let value = Double(text) else { return .text(text) }
  let decimals = decimalText(value).drop { $0 != "." }.dropFirst().count
  return .number(value, decimals: min(4, decimals))
}
