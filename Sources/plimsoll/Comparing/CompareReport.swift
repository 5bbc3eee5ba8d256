// What `compare` prints around its tables, and the status that it ends with.

import Foundation
import Quantities
import Results
import Tables

/// The comparisons of one call: every further input with the first.
struct CompareReport {
  let comparisons: [Comparison]
  let files: [CompareFile]
  let comparing: ComparingOptions
  let output: OutputOptions

  private var only: Set<Verdict>? { comparing.only.isEmpty ? nil : Set(comparing.only) }

  func show() throws {
    switch output.format {
    case .table: try showText()
    case .md, .html: try output.show([overview()] + comparisons.flatMap(peopleTables))
    case .csv, .json, .jsonl: try output.show([joined(comparisons.map(programTable))])
    }
    if output.format != .table { for line in comparisons.flatMap(warnings) { StandardError.write(line) } }
  }

  private func showText() throws {
    if comparisons.count > 1 {
      for (index, comparison) in comparisons.enumerated() {
        try StandardOutput.write(header(comparison, mark: String(index + 1)) + "\n")
      }
      try output.show([sideBySide()])
      for (index, comparison) in comparisons.enumerated() {
        try StandardOutput.write("\n[\(index + 1)] \(comparison.nameB)\n" + footer(comparison))
      }
      return
    }
    for comparison in comparisons {
      try StandardOutput.write(header(comparison, mark: "B") + "\n")
      try output.show([comparison.shortTable(only: only)])
      try StandardOutput.write(footer(comparison))
    }
  }

  private func programTable(_ comparison: Comparison) -> ReportTable {
    switch comparing.part {
    case .rows: comparison.fullTable(only: only)
    case .groups: comparison.fullGroupTable()
    case .models: comparison.fullModelTable()
    case .summary: comparison.summaryTable()
    case .unmatched: comparison.unmatchedTable()
    }
  }

  /// Tables of one kind under one header.
  private func joined(_ tables: [ReportTable]) -> ReportTable {
    var all = ReportTable(tables.first?.title ?? "", tables.first?.columns ?? [])
    for table in tables { for row in table.rows { all.append(row) } }
    return all
  }

  private func peopleTables(_ comparison: Comparison) -> [ReportTable] {
    var rows = comparison.shortTable(only: only)
    rows = rows.titled("\(comparison.nameB) against \(comparison.nameA)")
    rows.notes += sentences(comparison) + extremes(comparison) + warnings(comparison)
    var tables = [rows]
    if !comparison.options.groupBy.isEmpty { tables.append(comparison.groupTable()) }
    if !comparison.models.isEmpty { tables.append(comparison.modelTable()) }
    return tables
  }

  /// What is compared with what: the header of pages.
  private func overview() -> ReportTable {
    var table = ReportTable(
      "What is compared",
      [
        .init("input"), .init("against"), .init("rows"), .init("geomean", "B/A"),
        .init("interval", "95 % over rows"),
      ]
        + Verdict.allCases.map { .init($0.rawValue) })
    for comparison in comparisons {
      let summary = comparison.summary
      let interval = summary.low.flatMap { low in
        summary.high.map { "\(fixed(low, decimals: 3))-\(fixed($0, decimals: 3))" }
      }
      table.append(
        [
          .text(comparison.nameB), .text(comparison.nameA), .integer(comparison.rows.count),
          .optional(summary.geomean, decimals: 3), interval.map { .text($0) } ?? .empty,
        ] + Verdict.allCases.map { .integer(summary.verdicts[$0] ?? 0) })
      table.notes += [nature(comparison)] + context(comparison)
    }
    return table
  }

  /// Normalisation, and what differs between the machines, a line each.
  private func context(_ comparison: Comparison) -> [String] {
    var lines: [String] = []
    if comparison.options.normalisation != .none {
      lines.append("Times are normalised: \(comparison.options.normalisation.rawValue).")
    }
    for difference in comparison.differences {
      let sides = [difference.a, difference.b].map { $0.isEmpty ? "unknown" : $0 }
      lines.append("\(difference.column): \(sides[0]) -> \(sides[1])")
    }
    return lines
  }

  /// The best and the worst rows, a line each.
  private func extremes(_ comparison: Comparison) -> [String] {
    guard comparison.rows.count > 10 else { return [] }
    let (best, worst) = comparison.extremes()
    return [("Best", best), ("Worst", worst)].map { what, rows in
      let parts = rows.map {
        "\($0.a.shapeId) \($0.a.impl) \($0.a.placement) \(fixed($0.ratio, decimals: 3))"
      }
      return "\(what): \(parts.joined(separator: ", "))"
    }
  }

  /// Every further input as a column: ratio and verdict.
  private func sideBySide() -> ReportTable {
    var columns: [ReportTable.Column] = [.init("shape"), .init("impl"), .init("placement", "place")]
    for index in comparisons.indices { columns.append(.init("ratio_\(index + 1)", "[\(index + 1)]")) }
    var table = ReportTable("", columns)
    var order: [String] = []
    var cells: [String: (row: ResultRow, ratios: [Int: String])] = [:]
    for (index, comparison) in comparisons.enumerated() {
      for row in comparison.rows where only?.contains(row.verdict) ?? true {
        let key = row.a.runId + row.a.rowKey
        if cells[key] == nil {
          order.append(key)
          cells[key] = (row.a, [:])
        }
        cells[key]?.ratios[index] = fixed(row.ratio, decimals: 3) + " " + mark(row.verdict)
      }
    }
    for key in order {
      guard let entry = cells[key] else { continue }
      table.append(
        [.text(entry.row.shapeId), .text(entry.row.impl), .text(entry.row.placement)]
          + comparisons.indices.map { .text(entry.ratios[$0] ?? "-") })
    }
    table.notes = [
      "Time of each input over time of \(comparisons.first?.nameA ?? "A"): + faster, - slower, = same, ? inconclusive."
    ]
    return table
  }

  private func mark(_ verdict: Verdict) -> String {
    switch verdict {
    case .faster: "+"
    case .slower: "-"
    case .same: "="
    case .inconclusive: "?"
    }
  }

  private func header(_ comparison: Comparison, mark: String) -> String {
    var lines = mark == "B" || mark == "1" ? wrapped("A  \(comparison.nameA)", width: output.width) : []
    lines += wrapped("\(mark == "B" ? "B " : "[\(mark)]") \(comparison.nameB)", width: output.width)
    lines += wrapped(nature(comparison), width: output.width)
    for line in context(comparison) {
      let words = wrapped(line, width: output.width - 2)
      lines += words.enumerated().map { ($0.offset == 0 ? "  " : "    ") + $0.element }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func nature(_ comparison: Comparison) -> String {
    if comparison.isPaired {
      return "Two builds that took turns on this host: ratios of samples taken one after the other; slower is"
        + " a regression."
    }
    return comparison.isSameMachine
      ? "Two runs of one type of machine: slower is a regression."
      : "Two types of machine: ratios say how the second does relative to A, not what regressed."
  }

  private func footer(_ comparison: Comparison) -> String {
    var text =
      sentences(comparison).flatMap { wrapped($0, width: output.width) }.joined(separator: "\n") + "\n"
    for line in extremes(comparison) {
      text += wrapped(line, width: output.width).joined(separator: "\n") + "\n"
    }
    if !comparison.options.groupBy.isEmpty {
      text += "\n" + comparison.groupTable().render(.table, width: output.width)
    }
    if !comparison.models.isEmpty {
      text += "\n" + comparison.modelTable().render(.table, width: output.width)
    }
    for warning in warnings(comparison) {
      text += wrapped(warning, width: output.width).joined(separator: "\n") + "\n"
    }
    return text
  }

  /// The outcome in words.
  private func sentences(_ comparison: Comparison) -> [String] {
    var lines: [String] = []
    let summary = comparison.summary
    if let geomean = summary.geomean {
      var text = "Geometric mean of B/A over \(summary.count) matched rows: \(fixed(geomean, decimals: 3))"
      if let low = summary.low, let high = summary.high {
        text += " (95 % over rows \(fixed(low, decimals: 3)) to \(fixed(high, decimals: 3)))"
      }
      lines.append(text)
    }
    let unmatched = comparison.onlyA.count + comparison.onlyB.count
    if unmatched + summary.leftOut > 0 {
      lines.append(
        "\(summary.geomean == nil ? "Not compared" : "Left out of it"): \(unmatched) unmatched rows, \(summary.leftOut) matched ones that are not ok."
      )
    }
    lines.append(
      Verdict.allCases.map { "\(summary.verdicts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ") + ".")
    return lines
  }

  /// What a reader must know before trusting the verdicts, and the rows that were not compared.
  private func warnings(_ comparison: Comparison) -> [String] {
    var lines: [String] = []
    for warning in comparison.planted { lines.append("PLANTED: \(warning)") }
    let wide = comparison.rows.filter { $0.threshold > comparison.options.threshold }
    if let most = wide.map(\.threshold).max() {
      lines.append(
        "The A/A floor of the runs widens the band of \(wide.count) rows, to ±"
          + "\(fixed(Unit.percent.fromBase(most), decimals: 1)) % at most.")
    }
    for speed in comparison.hostSpeeds {
      lines.append(
        "The host itself ran at another speed: fma_peak at \(speed.placement) took "
          + "\(fixed(speed.ratio, decimals: 3)) x the time in B; rows bound by compute are judged against that."
      )
    }
    if let limit = comparison.rankLimit {
      lines.append(
        "With \(limit.rows) rows the rank test can find nothing: its smallest p is \(decimalText(rounded(limit.smallestP)))"
          + "; take \(limit.processes) processes a side, or --test welch.")
    }
    let least = comparison.rows.map { min($0.processesA, $0.processesB) }.min() ?? ComparedRow.rankProcesses
    if least < ComparedRow.minimumProcesses {
      lines.append(
        "\(least) process\(least == 1 ? "" : "es") a side prove\(least == 1 ? "s" : "") nothing: 'plimsoll run --processes 8' on both sides, or 'compare --pair'."
      )
    } else if least < ComparedRow.rankProcesses, !comparison.isPaired {
      lines.append("With \(least) processes a side only large differences show; 8 or more find small ones.")
    }
    if !comparison.varying.isEmpty {
      lines.append(
        "Rows of one file share a key but differ in \(comparison.varying.joined(separator: ", ")): the first of"
          + " each was compared; --match with these columns tells them apart.")
    }
    return lines + lists(comparison)
  }

  private func rounded(_ value: Double) -> Double { Double(fixed(value, decimals: 6)) ?? value }

  private func lists(_ comparison: Comparison) -> [String] {
    let blocked = comparison.blocked.map(comparison.differing)
    return list("Only in A", comparison.onlyA) + list("Only in B", comparison.onlyB)
      + list(
        "Not compared for a column that differs (--allow) or lacks", comparison.blocked.map(\.a), blocked)
      + list(
        "Without a time on one side", comparison.untimed.map(\.a),
        comparison.untimed.map { "\($0.a.status)/\($0.b.status)" })
      + list("Repeated in one file, first of each compared", comparison.repeated)
      + list("Wrong results", comparison.mismatches)
  }

  private func list(_ what: String, _ rows: [ResultRow], _ reasons: [String]? = nil) -> [String] {
    guard !rows.isEmpty else { return [] }
    let names = rows.prefix(8).enumerated().map { index, row in
      "\(row.shapeId) \(row.impl) \(row.placement)" + (reasons.map { " (\($0[index]))" } ?? "")
    }
    let more = rows.count > 8 ? ", and \(rows.count - 8) more (--part unmatched --format csv)" : ""
    return ["\(what) (\(rows.count)): \(names.joined(separator: ", "))\(more)"]
  }

  /// The exit status.
  ///
  /// - Throws: `CommandFailure` with 3, 4, 5 or 6.
  func judge() throws {
    for comparison in comparisons {
      if let wrong = comparison.mismatches.first {
        throw CommandFailure(
          .verificationMismatch,
          "\(comparison.mismatches.count) rows have wrong results, first \(wrong.shapeId) \(wrong.impl)")
      }
      guard !comparison.rows.isEmpty else {
        throw CommandFailure(
          .nothingComparable, "no row of \(comparison.nameB) can be compared with one of \(comparison.nameA)")
      }
      if comparing.failOn.contains(.slower), !comparison.isSameMachine {
        throw CommandFailure(
          .nothingComparable,
          "\(comparison.nameA) and \(comparison.nameB) are of different types of machine, so nothing can have"
            + " regressed; leave --fail-on slower away to see the ratios")
      }
    }
    let rows = comparisons.flatMap(\.rows)
    try fail(on: .slower, .slower, .slower, rows, "slower")
    try fail(on: .inconclusive, .inconclusive, .inconclusive, rows, "inconclusive")
  }

  private func fail(
    on choice: FailOn, _ verdict: Verdict, _ status: ExitStatus, _ rows: [ComparedRow], _ word: String
  ) throws {
    let count = rows.count { $0.verdict == verdict }
    guard comparing.failOn.contains(choice), count > 0 else { return }
    throw CommandFailure(status, "\(count) of \(rows.count) rows are \(word)")
  }
}
