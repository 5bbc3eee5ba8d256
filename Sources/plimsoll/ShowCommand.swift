// plimsoll show: rows of result files as a table that a person can read.

import ArgumentParser
import Export
import Foundation
import Quantities
import Results
import Tables

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows rows of result files: core columns, sorted, filtered, grouped.",
    discussion: """
      Short names of columns: shape, cache, dtype, time, gflops, gbs, roofline, machine, host, run, key.
      Example: plimsoll show results/*.csv --filter 'kernel:gemm -impl:openblas' --sort gflops,desc
      Example: plimsoll show fleet.csv --group-by kernel,impl,placement
      Example: plimsoll show fleet.csv --nodes
      Example: plimsoll show results/peers.csv --peers --format csv
      Example: plimsoll show results/layers.csv --layers
      """)

  @Argument(help: "Result files.") var files: [String]
  @OptionGroup var rows: RowOptions

  @Option(
    help: ArgumentHelp("One line for each value of these columns, comma-separated.", valueName: "names"))
  var groupBy: String?

  @Flag(help: "Hold the nodes of each type of machine against each other.") var nodes = false

  @Flag(help: "Hold our kernels against every other implementation of the run, shape by shape.") var peers =
    false

  @Flag(help: "Decoder layers by their operators, and their sum against the layer's own time.") var layers =
    false

  @Option(
    help: "With --nodes: percent within which two times count as the same; outliers differ by twice that.")
  var threshold = 1.0

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("name at least one result file") }
    guard threshold > 0, threshold < 100 else { throw ValidationError("--threshold takes 0 to 100 percent") }
    if nodes, groupBy != nil { throw ValidationError("--nodes and --group-by are two tables: ask for one") }
    if nodes, !rows.filter.isEmpty || rows.columns != nil || rows.sort != nil {
      throw ValidationError("--nodes compares whole files: it takes no --filter, --columns or --sort")
    }
    if peers, nodes || groupBy != nil || !rows.filter.isEmpty || rows.columns != nil || rows.sort != nil {
      throw ValidationError(
        "--peers has columns and an order of its own: no --nodes, --group-by, --filter, --columns or --sort")
    }
    if layers, nodes || peers || groupBy != nil || rows.columns != nil || rows.sort != nil {
      throw ValidationError(
        "--layers has columns and an order of its own: no --nodes, --peers, --group-by, --columns or --sort")
    }
    if groupBy != nil, rows.columns != nil || rows.sort != nil {
      throw ValidationError("--group-by has columns and an order of its own: no --columns, no --sort")
    }
  }

  func run() throws {
    if nodes {
      let merge = try Merge(try MergeInputs(files))
      let spread = NodeSpread(merge.times, delta: Unit.percent.toBase(threshold))
      try MergeReport(merge, spread, output: nil).show(output)
    } else if peers {
      let table = PeerTable(try files.flatMap { try ResultFile.read($0) })
      try output.show(output.format.isForPeople ? table.tables() : [table.records()])
    } else if layers {
      let table = LayerTable(try files.flatMap { try ResultFile.read($0) })
      if table.layers.isEmpty { StandardError.write("no row is of a decoder layer") }
      try output.show(output.format.isForPeople ? table.tables() : [table.records()])
    } else if let groupBy {
      try output.show([try grouped(groupBy)])
    } else {
      try showRows()
    }
  }

  private func showRows() throws {
    let table = try rows.table(files, preset: ResultTable.coreColumns)
    if table.heldBack > 0, table.rows.isEmpty { StandardError.write("no row passes the filter") }
    guard output.format == .table, rows.columns == nil else {
      try output.show([table.report()])
      return
    }
    let layout = RowLayout(table, width: output.width)
    try StandardOutput.write(layout.head(width: output.width))
    try output.show([layout.table])
  }

  private func grouped(_ names: String) throws -> ReportTable {
    let keys = try names.split(separator: ",").map { try rows.column(String($0)) }
    let measures = ["status", "time_median_seconds", "gflops_median", "pct_of_roofline"]
    let table = try ResultTable(files, columns: keys + measures, filter: try rows.rowFilter())
    var report = ReportTable(
      "",
      keys.map { ReportTable.Column($0) } + [
        .init("rows"), .init("rows_ok", "ok"), .init("time_median_seconds", "median s"),
        .init("gflops_geomean", "GFLOP/s"), .init("pct_of_roofline_median", "roofline %"),
      ])
    var order: [[String]] = []
    var groups: [[String]: [[String]]] = [:]
    for row in table.rows {
      let key = Array(row.prefix(keys.count))
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(row)
    }
    for key in order {
      let members = groups[key] ?? []
      func values(_ place: Int) -> [Double] { members.compactMap { Double($0[keys.count + place]) } }
      let cells = zip(key, table.isNumeric).map { ResultTable.cell($0, isNumeric: $1) }
      report.append(
        cells + [
          .integer(members.count), .integer(members.count { $0[keys.count] == "ok" }),
          middle(values(1)), geomean(values(2)), middle(values(3)),
        ])
    }
    report.notes = ["median s, roofline %: median of the group's rows; GFLOP/s: geometric mean of its rows."]
    return report
  }

  private func middle(_ values: [Double]) -> Cell {
    let sorted = values.sorted()
    guard let upper = sorted.dropFirst(sorted.count / 2).first else { return .empty }
    let lower = sorted[(sorted.count - 1) / 2]
    return ResultTable.cell(decimalText((lower + upper) / 2), isNumeric: true)
  }

  private func geomean(_ values: [Double]) -> Cell {
    let positive = values.filter { $0 > 0 }
    guard !positive.isEmpty else { return .empty }
    let mean = Foundation.exp(positive.reduce(0) { $0 + Foundation.log($1) } / Double(positive.count))
    return ResultTable.cell(decimalText(mean), isNumeric: true)
  }
}

/// The core columns on a line of limited width: what all rows share goes above the table, what does not fit is named.
struct RowLayout {
  /// The table without shared and hidden columns.
  private(set) var table: ReportTable
  private var shared: [(name: String, value: String)] = []
  private var hidden: [String] = []

  /// Columns in the order in which room is given to them.
  private static let priority = [
    "shape_id", "impl", "placement", "gflops_median", "pct_of_roofline", "time_median_seconds", "cache_mode",
    "status", "kernel", "gbytes_per_second_median", "threads", "machine_label", "n_samples", "dtype_a",
    "time_median_ci_low_seconds", "time_median_ci_high_seconds", "cpu_model_name", "warnings",
  ]
  private static let headings = [
    "shape_id": "shape", "gflops_median": "GFLOP/s", "pct_of_roofline": "roof %",
    "time_median_seconds": "median s",
    "gbytes_per_second_median": "GB/s", "machine_label": "machine", "n_samples": "samples",
    "dtype_a": "dtype",
    "cache_mode": "cache", "time_median_ci_low_seconds": "low s", "time_median_ci_high_seconds": "high s",
    "cpu_model_name": "cpu",
  ]

  init(_ source: ResultTable, width: Int) {
    var kept: Set<String> = []
    var room = width + 2
    var shared: [String: String] = [:]
    for (place, name) in source.columns.enumerated() {
      let values = Set(source.rows.map { $0[place] })
      if source.rows.count > 1, values.count == 1, let value = values.first { shared[name] = value }
    }
    for name in RowLayout.priority {
      guard shared[name] == nil, let place = source.columns.firstIndex(of: name) else { continue }
      let whole = RowLayout.width(source.selecting([source.columns[place]]))
      // A shape may lose its middle, so that the figures keep their place.
      let needed = name == "shape_id" ? min(whole, RowLayout.leastShape) : whole
      if needed + 2 <= room {
        kept.insert(name)
        room -= needed + 2
      } else {
        hidden.append(name)
      }
    }
    self.shared = source.columns.compactMap { name in
      shared[name].flatMap { $0.isEmpty ? nil : (RowLayout.headings[name] ?? name, $0) }
    }
    let columns = source.columns.filter { kept.contains($0) }
    let whole = source.selecting(columns).report(headings: RowLayout.headings)
    table = whole
    if let place = columns.firstIndex(of: "shape_id") {
      table = RowLayout.shortening(whole, column: place, to: RowLayout.leastShape + max(0, room))
    }
    if !hidden.isEmpty {
      table.notes.append(
        "Hidden for want of room: \(hidden.joined(separator: ", ")); --columns or --format csv shows them.")
    }
  }

  /// Columns that a shape gets at least.
  private static let leastShape = 28

  /// The table with long texts of a column shortened in the middle: both ends tell shapes apart.
  private static func shortening(_ table: ReportTable, column: Int, to most: Int) -> ReportTable {
    var other = ReportTable(table.title, table.columns)
    for row in table.rows {
      var cells = row
      if case .text(let text) = row[column] { cells[column] = .text(shortened(text, to: most)) }
      other.append(cells)
    }
    other.notes = table.notes
    return other
  }

  /// The printed width of a table of one column: that of the rule under its heading.
  private static func width(_ column: ResultTable) -> Int {
    let lines = column.report(headings: headings).render(.table, width: 10_000).split(separator: "\n")
    return lines.dropFirst().first?.count ?? 0
  }

  /// What all rows share.
  func head(width: Int) -> String {
    let text = shared.map { "\($0.name) \($0.value)" }.joined(separator: "; ")
    return text.isEmpty ? "" : wrapped("All rows: \(text).", width: width).joined(separator: "\n") + "\n\n"
  }
}

extension ResultTable {
  /// The table for printing.
  func report(title: String = "", headings: [String: String] = [:]) -> ReportTable {
    var table = ReportTable(title, columns.map { .init($0, headings[$0]) })
    for row in rows { table.append(zip(row, isNumeric).map { ResultTable.cell($0, isNumeric: $1) }) }
    return table
  }
}
