// plimsoll compare: two result files side by side, with a verdict for each matched row.

import ArgumentParser
import Foundation
import Quantities
import Results
import Tables

extension Adjustment: ExpressibleByArgument {}

/// What makes `compare` end with a status of its own.
enum FailOn: String, CaseIterable, ExpressibleByArgument {
  case slower, inconclusive
}

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares two result files row by row; B is judged against A.",
    discussion: """
      Two files of one type of machine match by row_key; files of two types match by kernel, shape, \
      implementation, kind of placement and cache mode. A verdict needs an interval of the time ratio \
      outside 1 ± threshold and a corrected test on process medians. Where fma_peak of the same \
      placement differs by more than the threshold, the host itself ran at another speed: rows bound by \
      compute are then inconclusive unless their interval stays outside the band after division by the \
      ratio of fma_peak. Medians are checked against the samples beside the files.
      Exit status: 3 with --fail-on slower, 4 nothing comparable, 5 a wrong result in an input, \
      6 with --fail-on inconclusive.
      Example: plimsoll compare before.csv after.csv --fail-on slower
      """)

  @Argument(help: "Result file of the reference.") var a: String
  @Argument(help: "Result file that is judged.") var b: String

  @Option(help: "Percent within which two times count as the same.")
  var threshold = 1.0

  @Option(help: "Correction for the number of rows: holm (strict), bh (share of false verdicts) or none.")
  var adjust: Adjustment = .holm

  @Option(help: "End with a status of its own on: slower (3), inconclusive (6); may be repeated.")
  var failOn: [FailOn] = []

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard threshold > 0, threshold < 100 else { throw ValidationError("--threshold takes 0 to 100 percent") }
  }

  func run() throws {
    let comparison = Comparison(
      try input(a), try input(b), threshold: Unit.percent.toBase(threshold), adjustment: adjust)
    if output.format == .table { try StandardOutput.write(header(comparison) + "\n") }
    try output.show([table(comparison)])
    if output.format == .table { try StandardOutput.write(footer(comparison)) }
    try judge(comparison)
  }

  private func input(_ path: String) throws -> ComparisonInput {
    let journal = Journal.path(besides: path)
    let samples = FileManager.default.fileExists(atPath: journal) ? try Journal.read(journal) : []
    let rows = try ResultFile.read(path, checkedBy: samples)
    return ComparisonInput(name: (path as NSString).lastPathComponent, rows: rows, samples: samples)
  }

  private func header(_ comparison: Comparison) -> String {
    var lines = ["A  \((a as NSString).lastPathComponent)", "B  \((b as NSString).lastPathComponent)"]
    lines.append(
      comparison.isSameMachine
        ? "Two runs of one type of machine: B slower is a regression."
        : "Two types of machine: ratios say how B does relative to A, not what regressed.")
    for difference in comparison.differences {
      lines += wrapped(
        "\(difference.column): \(difference.a.isEmpty ? "unknown" : difference.a) -> "
          + "\(difference.b.isEmpty ? "unknown" : difference.b)", width: output.width, indent: "  ")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func table(_ comparison: Comparison) -> ReportTable {
    if output.format == .table {
      var table = ReportTable(
        "",
        [
          .init("shape"), .init("impl"), .init("placement", "place"), .init("ratio", "B/A"),
          .init("interval", "95 %"), .init("verdict"), .init("processes_needed", "need"),
        ])
      for row in comparison.rows {
        let interval = row.low.flatMap { low in
          row.high.map { "\(fixed(low, decimals: 2))-\(fixed($0, decimals: 2))" }
        }
        table.append([
          .text(row.b.shapeId), .text(row.b.impl), .text(row.b.placement), .number(row.ratio, decimals: 3),
          .text(interval ?? "-"), .text(row.verdict.rawValue),
          row.processesNeeded.map { .integer($0) } ?? .empty,
        ])
      }
      table.notes = [
        "B/A: time of B over time of A. need: processes a side that would settle an inconclusive row."
      ]
      let approximate = comparison.rows.count { $0.isApproximate }
      if approximate > 0 {
        table.notes.append(
          "\(approximate) intervals are approximate: no samples lie beside one of the files.")
      }
      return table
    }
    var table = ReportTable(
      "",
      [
        "kernel", "shape_id", "impl", "placement_a", "placement_b", "cache_mode", "a_median_seconds",
        "b_median_seconds", "ratio", "ratio_ci_low", "ratio_ci_high", "p_value", "p_adjusted",
        "adjust_method", "verdict", "n_processes_a", "n_processes_b", "note",
      ].map { ReportTable.Column($0) })
    for row in comparison.rows {
      table.append([
        .text(row.a.kernel), .text(row.a.shapeId), .text(row.a.impl), .text(row.a.placement),
        .text(row.b.placement), .text(row.a.cacheMode), .optional(row.a.timeMedianSeconds, decimals: 9),
        .optional(row.b.timeMedianSeconds, decimals: 9), .number(row.ratio, decimals: 4),
        .optional(row.low, decimals: 4), .optional(row.high, decimals: 4), .optional(row.p, decimals: 4),
        .optional(row.adjustedP, decimals: 4), .text(adjust.rawValue), .text(row.verdict.rawValue),
        .integer(row.processesA), .integer(row.processesB), .text(row.note),
      ])
    }
    return table
  }

  private func footer(_ comparison: Comparison) -> String {
    var lines: [String] = []
    if let geomean = comparison.geomean {
      var text = "Geometric mean of B/A time over \(comparison.rows.count) matched rows: "
      text += fixed(geomean, decimals: 3)
      if let low = comparison.geomeanLow, let high = comparison.geomeanHigh {
        text += " (95 % over rows \(fixed(low, decimals: 3)) to \(fixed(high, decimals: 3)))"
      }
      lines += wrapped(text, width: output.width)
    }
    let counts = Verdict.allCases.map { verdict in
      "\(comparison.rows.count { $0.verdict == verdict }) \(verdict.rawValue)"
    }
    lines.append(counts.joined(separator: ", ") + ".")
    for speed in comparison.hostSpeeds {
      lines += wrapped(
        "The host itself ran at another speed: fma_peak at \(speed.placement) took "
          + "\(fixed(speed.ratio, decimals: 3)) x the time in B; rows bound by compute are judged against that.",
        width: output.width)
    }
    let least = comparison.rows.map { min($0.processesA, $0.processesB) }.min() ?? 0
    if least < 8, !comparison.rows.isEmpty {
      lines += wrapped(
        "With \(least) processes a side only large differences show; 'plimsoll run --processes 8' on both "
          + "sides finds small ones.", width: output.width)
    }
    lines += list("Only in A", comparison.onlyA) + list("Only in B", comparison.onlyB)
    lines += list("Without a time on one side", comparison.untimed.map(\.a))
    lines += list("Repeated in one file, first of each compared", comparison.repeated)
    lines += list("Wrong results", comparison.mismatches)
    return lines.joined(separator: "\n") + "\n"
  }

  private func list(_ what: String, _ rows: [ResultRow]) -> [String] {
    guard !rows.isEmpty else { return [] }
    let names = rows.prefix(8).map { "\($0.shapeId) \($0.impl) \($0.placement)" }
    let more = rows.count > 8 ? ", and \(rows.count - 8) more" : ""
    return wrapped("\(what) (\(rows.count)): \(names.joined(separator: ", "))\(more)", width: output.width)
  }

  private func judge(_ comparison: Comparison) throws {
    if let wrong = comparison.mismatches.first {
      throw CommandFailure(
        .verificationMismatch,
        "\(comparison.mismatches.count) rows have wrong results, first \(wrong.shapeId) \(wrong.impl)")
    }
    guard !comparison.rows.isEmpty else {
      throw CommandFailure(.nothingComparable, "no row of \(b) can be compared with one of \(a)")
    }
    let slower = comparison.rows.count { $0.verdict == .slower }
    if failOn.contains(.slower), slower > 0 {
      throw CommandFailure(.slower, "\(slower) of \(comparison.rows.count) rows are slower")
    }
    let open = comparison.rows.count { $0.verdict == .inconclusive }
    if failOn.contains(.inconclusive), open > 0 {
      throw CommandFailure(.inconclusive, "\(open) of \(comparison.rows.count) rows are inconclusive")
    }
  }
}
