// Cells of a scenario's tables by name, `site.aws-us-central.install_per_month`: value, place, source and date of every
// layer that has the row, what the cell moves, and what one unit more of it is worth where the plan over time says so.

import Tables

/// A table of a scenario as `explain` names its cells.
struct ExplainedTable: Sendable {
  /// First word of a cell's name.
  let prefix: String
  let file: String
  /// Columns whose words make the row's key.
  let keys: [String]
  /// Meaning by column.
  let docs: [String: String]
  /// What a column moves; the table's own where a column has none.
  let moves: [String: String]
  let movesByDefault: String
  /// Names of the plan's limits that a cell stands behind, by column; `%` is the first key, `@` the second's accelerator.
  let limits: [String: String]

  init<Row>(
    _ prefix: String, _ file: String, keys: [String], _ schema: Schema<Row>, moves: String,
    _ special: [String: String] = [:], limits: [String: String] = [:]
  ) {
    self.prefix = prefix
    self.file = file
    self.keys = keys
    docs = Dictionary(schema.columns.map { ($0.name, $0.doc) }, uniquingKeysWith: { first, _ in first })
    self.moves = special
    movesByDefault = moves
    self.limits = limits
  }

  static let all: [ExplainedTable] = [
    ExplainedTable(
      "site", "sites.csv", keys: ["site"], FleetSite.schema, moves: "where blocks may be signed",
      [
        "install_per_month": "how fast blocks can be added there, so usable accelerators and served share",
        "tariff_usd_per_kwh": "the energy of own hardware there",
        "region": "which regions fail together, and failover",
      ], limits: ["install_per_month": "installs:%:"]),
    ExplainedTable(
      "power", "power.csv", keys: ["site", "month"], PowerStep.schema,
      moves: "megawatts there, so how many accelerators fit; usable accelerators, served share, cost",
      limits: ["mw": "power:%:"]),
    ExplainedTable(
      "delivery", "deliveries.csv", keys: ["site", "offer", "month"], DeliveryRow.schema,
      moves:
        "blocks that can be signed there: usable accelerators (after acceptance and slip), served share, cost",
      limits: ["accelerators": "supply:%:@:"]),
    ExplainedTable(
      "contract", "contracts.csv", keys: ["contract"], ContractRow.schema,
      moves: "the price and terms of every block under it: NPV, USD per Mtok, exposure",
      [
        "term_months": "how long a signature is paid and used: NPV, exposure, what can be given back",
        "upfront_share": "what is due at the signature: NPV, exposure",
        "billing_start": "months that are paid before use: paid_not_usable_usd",
        "minimum_accelerators": "the least lot of a signature",
        "spares_included": "usable accelerators: without it the buyer's spares come off",
      ]),
    ExplainedTable(
      "demand", "demand.csv", keys: ["class"], WorkloadRow.schema,
      moves: "what the class needs, so accelerators, cost and served share",
      [
        "shortage_usd_per_mtok": "which demand is left unserved where supply is short",
        "ttft_limit_s": "the rate at which an accelerator can serve the class",
        "tpot_limit_s": "the rate at which an accelerator can serve the class",
      ], limits: ["requests_per_day": "need:%:"]),
    ExplainedTable(
      "training", "training.csv", keys: ["class"], TrainingRow.schema,
      moves: "accelerators that training takes beside serving, so cost and USD per Mtok",
      limits: ["runs_at_once": "need:%:"]),
  ]
}

/// The cells of a scenario's tables.
public struct ScenarioCells: Sendable {
  private struct Row: Sendable {
    let table: ExplainedTable
    let keys: [String]
    let cells: [String: String]
    let header: [String]
    let layer: Layer
    let place: String
  }

  /// Rows of every layer, oldest first.
  private let rows: [Row]

  /// Reads the tables of a scenario's layers.
  ///
  /// - Throws: as `Scenario.sources(of:)`, and `InputError` for a table that is no CSV.
  public init(of nameOrPath: String) throws {
    var rows: [Row] = []
    for source in try Scenario.sources(of: nameOrPath) {
      guard let table = ExplainedTable.all.first(where: { source.name.hasSuffix("/" + $0.file) }) else {
        continue
      }
      let document = try CSVDocument(source.bytes, file: source.name)
      for record in document.records {
        let cells = Dictionary(zip(document.header, record.fields), uniquingKeysWith: { first, _ in first })
        rows.append(
          Row(
            table: table, keys: table.keys.map { cells[$0] ?? "" }, cells: cells, header: document.header,
            layer: source.layer, place: "\(source.name):\(record.line)"))
      }
    }
    self.rows = rows
  }

  /// Rows in force: a later layer replaces a table whole.
  private var inForce: [Row] {
    rows.filter { row in !rows.contains { $0.table.file == row.table.file && $0.layer > row.layer } }
  }

  /// Rows that other rows of their table overlay.
  private func older(_ row: Row) -> [Row] {
    rows.filter { $0.table.file == row.table.file && $0.keys == row.keys && $0.layer < row.layer }
  }

  /// Every cell's name, table by table.
  public var names: [String] {
    inForce.flatMap { row in cells(row).map { name(row, $0) } } + sites.map { "site.\($0).max_mw" }
  }

  /// Columns that are neither key nor source.
  private func cells(_ row: Row) -> [String] {
    row.header.filter { !row.table.keys.contains($0) && !["source", "as_of"].contains($0) }
  }

  private func name(_ row: Row, _ column: String) -> String {
    ([row.table.prefix] + row.keys + [column]).joined(separator: ".")
  }

  private var sites: [String] { inForce.filter { $0.table.prefix == "site" }.map { $0.keys[0] } }

  /// The lines of a cell, of a row (`site.aws-us-central`) or of all rows that begin so (`power.aws-us-central`); nil for
  /// an unknown name.
  ///
  /// - Parameter plan: whose limits say what a unit more is worth.
  public func explanation(of name: String, in plan: Plan) -> [String]? {
    // What a reader looks for at a site is its power, which stands in a table of its own.
    if name.hasPrefix("site."), name.hasSuffix(".max_mw") {
      let site = String(name.dropFirst("site.".count).dropLast(".max_mw".count))
      guard sites.contains(site) else { return nil }
      let steps = explanation(of: "power.\(site)", in: plan)
      return ["\(name): megawatts that can be drawn there, by month (power.csv)"]
        + (steps.map { $0.map { "  " + $0 } } ?? ["  no row of power.csv: its power limits nothing"])
    }
    let found = inForce.flatMap { row in
      cells(row).filter { column in
        let full = self.name(row, column)
        return full == name || full.hasPrefix(name + ".")
      }.map { (row, $0) }
    }
    guard !found.isEmpty, name.contains(".") else { return nil }
    var lines: [String] = []
    for (row, column) in found {
      let doc = row.table.docs[column] ?? ""
      lines.append("\(self.name(row, column)) = \(shown(row.cells[column])): \(doc)")
      lines.append("  set by \(row.layer.rawValue): \(origin(row))")
      for other in older(row).reversed() {
        lines.append("  over \(other.layer.rawValue): \(shown(other.cells[column])) at \(origin(other))")
      }
    }
    let moved = found.map { $0.0.table.moves[$0.1] ?? $0.0.table.movesByDefault }.uniqueInOrder
    lines += moved.map { "moves \($0)" }
    return lines + worths(found, plan)
  }

  private func shown(_ text: String?) -> String { (text ?? "").isEmpty ? "(empty)" : text ?? "" }

  private func origin(_ row: Row) -> String {
    let source = row.cells["source"].map { $0.isEmpty ? "" : "; \($0)" } ?? ""
    let date = row.cells["as_of"].map { $0.isEmpty ? "" : " (\($0))" } ?? ""
    return "\(row.place)\(source)\(date)"
  }

  /// The limits behind the cells that cost the plan most, at most three.
  private func worths(_ found: [(Row, String)], _ plan: Plan) -> [String] {
    let prefixes = found.compactMap { row, column in
      row.table.limits[column]?.replacing("%", with: row.keys[0]).replacing(
        "@",
        with: plan.scenario.offers.first { row.keys.count > 1 && $0.id == row.keys[1] }?.accelerator ?? "")
    }.uniqueInOrder
    let worths = (plan.fleet?.answer.worths ?? []).filter { worth in
      prefixes.contains { worth.name.hasPrefix($0) }
    }
    guard !prefixes.isEmpty, plan.fleet != nil else { return [] }
    guard !worths.isEmpty else {
      return ["in this plan: no month in which it binds, a unit more is worth nothing"]
    }
    return worths.prefix(3).map { "in this plan: \($0.description)" }
  }
}
