// A comparison as printed tables: for people in 80 columns, for programs with everything that is known.

public import Tables

/// Which part of a comparison is shown.
public enum ComparisonPart: String, Sendable, CaseIterable {
  case rows, groups, models, summary
  /// Rows that were not compared, each with the reason.
  case unmatched
}

extension Comparison {
  /// The matched rows for people: in 80 columns, with threads of both sides on two types of machine.
  public func shortTable(only: Set<Verdict>? = nil) -> ReportTable {
    var columns: [ReportTable.Column] = [.init("shape"), .init("impl"), .init("placement", "place")]
    if !isSameMachine { columns.append(.init("threads", "thr")) }
    columns += [
      .init("ratio", "B/A"), .init("interval", "95 %"), .init("verdict"), .init("more_processes", "more"),
    ]
    var table = ReportTable("", columns)
    for row in shown(only) {
      var cells: [Cell] = [.text(row.b.shapeId), .text(row.b.impl), .text(places(row))]
      if !isSameMachine { cells.append(.text("\(count(row.a.threads)):\(count(row.b.threads))")) }
      cells += [
        .number(row.ratio, decimals: 3), interval(row.low, row.high, row.isApproximate),
        .text(row.verdict.rawValue), row.moreProcesses.map { .integer($0) } ?? .empty,
      ]
      table.append(cells)
    }
    table.notes = ["B/A: time of B over time of A. more: processes a side that would about settle it."]
    let approximate = rows.count { $0.isApproximate }
    if approximate > 0 {
      table.notes.append(
        "~ \(approximate) intervals are approximate: no samples lie beside one of the files.")
    }
    return table
  }

  /// The matched rows for programs.
  public func fullTable(only: Set<Verdict>? = nil) -> ReportTable {
    var table = ReportTable("Rows", Comparison.fullColumns.map { ReportTable.Column($0) })
    for row in shown(only) { table.append(cells(row)) }
    return table
  }

  /// Columns of the table for programs.
  private static let fullColumns = [
    "reference", "input", "row_key", "kernel", "phase", "shape_id", "impl", "dtype_a", "placement_a",
    "placement_b", "threads_a", "threads_b", "cache_mode", "page_mode", "status_a", "status_b",
    "a_median_seconds", "b_median_seconds", "normalize", "ratio", "ratio_ci_low", "ratio_ci_high",
    "is_approximate", "speedup", "test", "p_value", "p_adjusted", "adjust_method", "p_welch", "p_mwu",
    "mwu_is_exact", "threshold", "verdict", "more_processes", "n_processes_a", "n_processes_b", "cycle_ratio",
    "note",
  ]

  private func cells(_ row: ComparedRow) -> [Cell] {
    [
      .text(nameA), .text(nameB), .text(row.a.rowKey), .text(row.a.kernel), .text(row.a.phase),
      .text(row.a.shapeId), .text(row.a.impl), .text(row.a.dtypeA), .text(row.a.placement),
      .text(row.b.placement), integer(row.a.threads), integer(row.b.threads), .text(row.a.cacheMode),
      .text(row.a.pageMode), .text(row.a.status.rawValue), .text(row.b.status.rawValue),
      .optional(row.a.timeMedianSeconds, decimals: 9), .optional(row.b.timeMedianSeconds, decimals: 9),
      .text(options.normalisation.rawValue), .number(row.ratio, decimals: 4),
      .optional(row.low, decimals: 4), .optional(row.high, decimals: 4), .integer(row.isApproximate ? 1 : 0),
      .number(1 / row.ratio, decimals: 4), .text(row.test), .optional(row.p, decimals: 4),
      .optional(row.adjustedP, decimals: 4), .text(options.adjustment.rawValue),
      .optional(row.pWelch, decimals: 4), .optional(row.pRank, decimals: 4),
      row.pRank == nil ? .empty : .integer(row.isRankExact ? 1 : 0), .number(row.threshold, decimals: 4),
      .text(row.verdict.rawValue), integer(row.moreProcesses), .integer(row.processesA),
      .integer(row.processesB), .optional(row.cycleRatio, decimals: 4), .text(row.note),
    ]
  }

  /// The groups of the options' columns with geometric means and verdicts, for people.
  public func groupTable() -> ReportTable { groupTable(named: false) }

  /// The same with the names of the inputs and of the columns, for programs.
  public func fullGroupTable() -> ReportTable { groupTable(named: true) }

  private func groupTable(named: Bool) -> ReportTable {
    var columns: [ReportTable.Column] = named ? [.init("reference"), .init("input")] : []
    columns += options.groupBy.map { ReportTable.Column($0) }
    columns += [.init("rows", "n"), .init("geomean", "B/A")]
    columns += [.init("geomean_ci_low", "low"), .init("geomean_ci_high", "high")]
    columns += Verdict.allCases.map { .init($0.rawValue, $0 == .inconclusive ? "open" : nil) }
    var table = ReportTable("Geometric means by group", columns)
    for group in groups {
      table.append(
        (named ? [.text(nameA), .text(nameB)] : []) + group.group.map { .text($0) } + cells(group))
    }
    return table
  }

  /// Every row that was not compared, with the reason and what differs.
  public func unmatchedTable() -> ReportTable {
    let columns = [
      "reference", "input", "side", "reason", "detail", "row_key", "kernel", "shape_id", "impl", "placement",
      "cache_mode", "status",
    ]
    var table = ReportTable("Rows that were not compared", columns.map { ReportTable.Column($0) })
    func add(_ side: String, _ reason: String, _ detail: String, _ row: ResultRow) {
      table.append([
        .text(nameA), .text(nameB), .text(side), .text(reason), .text(detail), .text(row.rowKey),
        .text(row.kernel), .text(row.shapeId), .text(row.impl), .text(row.placement), .text(row.cacheMode),
        .text(row.status.rawValue),
      ])
    }
    for row in onlyA { add("A", "only_in_a", "", row) }
    for row in onlyB { add("B", "only_in_b", "", row) }
    for pair in blocked { add("both", "blocked", differing(pair), pair.a) }
    for pair in untimed { add("both", "no_time", "\(pair.a.status):\(pair.b.status)", pair.a) }
    for row in repeated { add("", "repeated", row.runId, row) }
    return table
  }

  /// The columns that keep partners apart, with both values.
  public func differing(_ pair: BlockedPair) -> String {
    pair.columns.map { "\($0) \(RowCells.text($0, pair.a)):\(RowCells.text($0, pair.b))" }
      .joined(separator: " ")
  }

  /// The comparison in one row.
  public func summaryTable() -> ReportTable {
    let columns =
      [
        "reference", "input", "matched", "only_a", "only_b", "blocked", "untimed", "repeated", "rows",
        "geomean",
      ]
      + ["geomean_ci_low", "geomean_ci_high"] + Verdict.allCases.map(\.rawValue)
    var table = ReportTable("Summary", columns.map { ReportTable.Column($0) })
    table.append(
      [
        .text(nameA), .text(nameB), .integer(rows.count), .integer(onlyA.count), .integer(onlyB.count),
        .integer(blocked.count), .integer(untimed.count), .integer(repeated.count),
      ] + cells(summary))
    return table
  }

  private func cells(_ summary: RatioSummary) -> [Cell] {
    [
      .integer(summary.count), .optional(summary.geomean, decimals: 3), .optional(summary.low, decimals: 3),
      .optional(summary.high, decimals: 3),
    ] + Verdict.allCases.map { .integer(summary.verdicts[$0] ?? 0) }
  }

  /// Times of the passes of models.
  public func modelTable() -> ReportTable {
    var table = ReportTable(
      "Time of a pass, sum of calls x median",
      [
        .init("model"), .init("pass"), .init("impl"), .init("placement", "place"),
        .init("cache_mode", "cache"),
        .init("rows", "n"), .init("missing", "lack"), .init("a_seconds", "A s"), .init("b_seconds", "B s"),
        .init("ratio", "B/A"), .init("interval", "95 %"), .init("verdict"),
      ])
    for one in models {
      let place =
        one.placementA == one.placementB ? one.placementA : "\(one.placementA):\(one.placementB)"
      table.append([
        .text(one.model), .text(one.pass), .text(one.impl), .text(place), .text(one.cacheMode),
        .integer(one.count), .integer(one.missing), .number(one.secondsA, decimals: 4),
        .number(one.secondsB, decimals: 4), .number(one.ratio, decimals: 3),
        interval(one.low, one.high, false),
        .text(one.verdict.rawValue),
      ])
    }
    return table
  }

  /// The same for programs.
  public func fullModelTable() -> ReportTable {
    let columns = [
      "reference", "input", "model", "pass", "impl", "placement_a", "placement_b", "cache_mode", "rows",
      "missing", "a_seconds", "b_seconds", "ratio", "ratio_ci_low", "ratio_ci_high", "p_value", "p_adjusted",
      "adjust_method", "threshold", "verdict", "n_processes_a", "n_processes_b",
    ]
    var table = ReportTable("Time of a pass", columns.map { ReportTable.Column($0) })
    for one in models {
      table.append([
        .text(nameA), .text(nameB), .text(one.model), .text(one.pass), .text(one.impl),
        .text(one.placementA), .text(one.placementB), .text(one.cacheMode), .integer(one.count),
        .integer(one.missing), .number(one.secondsA, decimals: 9), .number(one.secondsB, decimals: 9),
        .number(one.ratio, decimals: 4), .optional(one.low, decimals: 4), .optional(one.high, decimals: 4),
        .optional(one.p, decimals: 4), .optional(one.adjustedP, decimals: 4),
        .text(options.adjustment.rawValue), .number(one.threshold, decimals: 4), .text(one.verdict.rawValue),
        .integer(one.processesA), .integer(one.processesB),
      ])
    }
    return table
  }

  private func shown(_ only: Set<Verdict>?) -> [ComparedRow] {
    guard let only else { return rows }
    return rows.filter { only.contains($0.verdict) }
  }

  private func places(_ row: ComparedRow) -> String {
    row.a.placement == row.b.placement ? row.b.placement : "\(row.a.placement):\(row.b.placement)"
  }

  private func interval(_ low: Double?, _ high: Double?, _ isApproximate: Bool) -> Cell {
    guard let low, let high else { return .text("-") }
    return .text((isApproximate ? "~" : "") + "\(fixed(low, decimals: 3))-\(fixed(high, decimals: 3))")
  }

  private func integer(_ value: Int?) -> Cell { value.map { .integer($0) } ?? .empty }

  private func count(_ value: Int?) -> String { value.map { String($0) } ?? "?" }
}
