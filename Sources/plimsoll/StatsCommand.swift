// plimsoll stats: one row in depth, from the samples beside its file.

import ArgumentParser
import Foundation
import Quantities
import Results
import Tables

/// What `stats` writes for programs.
enum StatsPart: String, CaseIterable, ExpressibleByArgument {
  case processes, summary, histogram
}

struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Shows one row in depth: processes, spread, drift, outliers, a histogram.",
    discussion: """
      The row is named by its key, or by parts of its shape, implementation, placement and cache mode that \
      fit no other row.
      Example: plimsoll stats results/run.csv --row gemm_1024 swift core0
      """)

  @Argument(help: "Result file; its journal must lie beside it.") var file: String

  @Option(parsing: .upToNextOption, help: "Key of the row, or words of it.") var row: [String]

  @Option(help: "What csv, json and jsonl hold: processes, summary or histogram.")
  var part: StatsPart = .processes

  @OptionGroup var output: OutputOptions

  private static let columns = [
    "run_id", "row_key", "kernel", "shape_id", "impl", "placement", "cache_mode", "status", "warnings",
    "n_processes", "time_median_seconds",
  ]

  func run() throws {
    let table = try ResultTable([file], columns: StatsCommand.columns)
    let found = try find(table)
    let identity = RowIdentity(runId: found[0], rowKey: found[1])
    guard let anatomy = try anatomy(found, identity) else {
      throw InputError(
        file: Journal.path(besides: file), "no sample of row \(found[1])",
        advice: "its status is \(found[7]); choose a row that was measured")
    }
    switch output.format {
    case .table:
      try StandardOutput.write(head(found, anatomy))
      try output.show([processes(anatomy)])
      try StandardOutput.write("\n" + histogram(anatomy) + "\n" + advice(anatomy))
    case .md, .html:
      try output.show([
        summary(found, anatomy).titled("Row \(found[1])"), processes(anatomy).titled(StatsCommand.heading),
        bins(anatomy).titled("Histogram"),
      ])
    case .csv, .json, .jsonl:
      switch part {
      case .processes: try output.show([processes(anatomy)])
      case .summary: try output.show([summary(found, anatomy)])
      case .histogram: try output.show([bins(anatomy)])
      }
    }
  }

  private static let heading = "Processes in the order in which they ran"

  /// The row's samples: those that the row counts, held against its median.
  private func anatomy(_ row: [String], _ identity: RowIdentity) throws -> RowAnatomy? {
    let journal = try SampleColumns(journal: Journal.path(besides: file))
    let counted = Int(row[9])
    guard let anatomy = RowAnatomy(journal, row: identity, processes: counted) else { return nil }
    let known = RowAnatomy.processes(of: identity, in: journal)
    if let counted, known > counted {
      StandardError.write(
        "the journal has \(known) processes of this row, the result file \(counted): the run is not finished;"
          + " 'plimsoll run --resume \(file)' mends it")
    }
    if let median = Double(row[10]), abs(median - anatomy.median) > 1e-9 * anatomy.median {
      throw InputError(
        file: file,
        "time_median_seconds of row \(identity.rowKey): \(median) where the samples beside the file give"
          + " \(anatomy.median)", advice: "one of the two was edited, or the run is not finished")
    }
    return anatomy
  }

  private func find(_ table: ResultTable) throws -> [String] {
    let fits = table.rows.filter { cells in
      cells[1] == row.first && row.count == 1 || row.allSatisfy { word in cells[2...6].contains(word) }
    }
    // Words that are no whole cell may still be parts of one.
    let loose =
      fits.isEmpty
      ? table.rows.filter { cells in
        row.allSatisfy { word in cells[1...6].contains { $0.localizedStandardContains(word) } }
      } : fits
    if loose.count == 1, let only = loose.first { return only }
    let asked = row.joined(separator: " ")
    guard !loose.isEmpty else {
      throw CommandFailure.unknown(
        "row", asked, nearest: nearestNames(to: asked, among: Set(table.rows.map { $0[3] }).sorted()),
        list: "plimsoll show \(file) --columns shape,impl,placement,cache,key")
    }
    let names = loose.prefix(8).map { "  \($0[1])  \($0[2...6].joined(separator: " "))" }
    let more = loose.count > 8 ? "\n  and \(loose.count - 8) more" : ""
    throw CommandFailure(
      .usage, "\(loose.count) rows fit '\(asked)'; name one of them:\n" + names.joined(separator: "\n") + more
    )
  }

  private func head(_ row: [String], _ anatomy: RowAnatomy) -> String {
    var lines = ["\(row[2...6].joined(separator: " "))  (\(row[1]), run \(row[0]), \(row[7]))"]
    let times: [(String, Double?)] = [
      ("fastest", anatomy.sorted.first), ("q1", anatomy.q1), ("median", anatomy.median), ("q3", anatomy.q3),
      ("slowest", anatomy.sorted.last),
    ]
    lines.append(times.map { "\($0.0) \(microseconds($0.1))" }.joined(separator: ", ") + " us")
    if let interval = anatomy.interval {
      let half = (interval.high - interval.low) / 2 / anatomy.median
      lines.append(
        "95 % interval of the median: \(microseconds(interval.low)) to \(microseconds(interval.high)) us"
          + " (±\(percent(half)) %)")
    }
    lines.append(
      "spread between processes \(percent(anatomy.betweenRelStddev)) %, inside \(percent(anatomy.withinRelStddev)) %;"
        + " drift \(percent(anatomy.driftPerMinute)) % a minute")
    lines.append(
      "outliers: \(anatomy.outliersMild) beyond 1.5, \(anatomy.outliersSevere) beyond 3 interquartile ranges, of"
        + " \(anatomy.sorted.count) samples")
    if !row[8].isEmpty { lines.append("warnings: \(row[8])") }
    return lines.flatMap { wrapped($0, width: output.width) }.joined(separator: "\n") + "\n\n"
  }

  private func processes(_ anatomy: RowAnatomy) -> ReportTable {
    var table = ReportTable(
      output.format == .table ? StatsCommand.heading : "",
      [
        .init("order"), .init("process"), .init("samples"), .init("median_us", "median us"),
        .init("ratio_to_median", "x median"), .init("rel_stddev_pct", "spread %"),
      ])
    for process in anatomy.processes {
      table.append([
        .integer(process.order), .integer(process.number), .integer(process.samples),
        .number(Unit.microsecond.fromBase(process.medianSeconds), decimals: 3),
        .number(process.ratio, decimals: 4),
        .optional(process.relStddev.map { Unit.percent.fromBase($0) }, decimals: 2),
      ])
    }
    return table
  }

  /// The row in one line of figures.
  private func summary(_ row: [String], _ anatomy: RowAnatomy) -> ReportTable {
    let seconds: [(String, Double?)] = [
      ("time_min_seconds", anatomy.sorted.first), ("time_q1_seconds", anatomy.q1),
      ("time_median_seconds", anatomy.median), ("time_q3_seconds", anatomy.q3),
      ("time_max_seconds", anatomy.sorted.last), ("time_median_ci_low_seconds", anatomy.interval?.low),
      ("time_median_ci_high_seconds", anatomy.interval?.high),
    ]
    let shares: [(String, Double?)] = [
      ("between_process_rel_stddev", anatomy.betweenRelStddev),
      ("within_process_rel_stddev", anatomy.withinRelStddev),
      ("drift_rel_per_minute", anatomy.driftPerMinute),
    ]
    let names = StatsCommand.columns.prefix(8)
    var columns: [(name: String, cell: Cell)] = []
    for (name, text) in zip(names, row) { columns.append((name, text.isEmpty ? .empty : .text(text))) }
    columns.append(("n_processes", .integer(anatomy.processes.count)))
    columns.append(("n_samples", .integer(anatomy.sorted.count)))
    for (name, value) in seconds { columns.append((name, .optional(value, decimals: 9))) }
    for (name, value) in shares { columns.append((name, .optional(value, decimals: 4))) }
    columns.append(("outliers_mild", .integer(anatomy.outliersMild)))
    columns.append(("outliers_severe", .integer(anatomy.outliersSevere)))
    columns.append(("processes_needed", anatomy.processesNeeded().map { Cell.integer($0) } ?? .empty))
    var table = ReportTable("", columns.map { ReportTable.Column($0.name) })
    table.append(columns.map(\.cell))
    return table
  }

  private func bins(_ anatomy: RowAnatomy) -> ReportTable {
    var table = ReportTable("", [.init("from_seconds"), .init("to_seconds"), .init("samples")])
    for bin in anatomy.histogram() {
      table.append([.number(bin.from, decimals: 9), .number(bin.to, decimals: 9), .integer(bin.count)])
    }
    return table
  }

  private func histogram(_ anatomy: RowAnatomy) -> String {
    let bins = anatomy.histogram()
    let most = bins.map(\.count).max() ?? 1
    let room = max(10, output.width - 40)
    return bins.map { bin in
      let bar = String(repeating: "#", count: (bin.count * room + most - 1) / max(most, 1))
      return pad(microseconds(bin.from), 12) + " - " + pad(microseconds(bin.to), 12) + " us "
        + pad(String(bin.count), 5) + "  " + bar
    }.map { line in String(line.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n") + "\n"
  }

  private func advice(_ anatomy: RowAnatomy) -> String {
    guard let needed = anatomy.processesNeeded() else {
      return wrapped(
        "One process says nothing about the next: run at least two for an interval.", width: output.width
      ).joined(separator: "\n") + "\n"
    }
    return wrapped(
      "About \(needed) processes give the median within 1 % (95 %): (1.96 x spread between processes / 1 %)²; here"
        + " are \(anatomy.processes.count).", width: output.width
    ).joined(separator: "\n") + "\n"
  }

  private func microseconds(_ value: Double?) -> String {
    value.map { grouped(Unit.microsecond.fromBase($0), decimals: 3) } ?? "-"
  }

  private func percent(_ value: Double?) -> String {
    value.map { fixed(Unit.percent.fromBase($0), decimals: 2) } ?? "-"
  }

  private func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
