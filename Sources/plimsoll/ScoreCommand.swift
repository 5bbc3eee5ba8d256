// plimsoll score: how far the estimator is from published serving points, by split and by what was measured.

import ArgumentParser
import Catalog
import Estimator
import Quantities
import Results
import Tables

struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score",
    abstract: "Scores the estimator on published serving points.",
    discussion: """
      The calibration split fitted the constants; no other split did. Every source, chip, model and precision \
      counts once. Errors are |predicted / measured - 1|. --format csv prints one line a row.
      Example: plimsoll score
               plimsoll score --points points.csv --format csv > scored.csv
               plimsoll score --by accelerator --split public_test
               plimsoll score --host-results results/run.csv
      """)

  /// What the second table is split by.
  enum Stratum: String, ExpressibleByArgument, CaseIterable {
    case kind, accelerator, model, architecture, precision, scenario, source
  }

  @Option(help: "A file with the columns of measured_serving.csv; left out, the bundled points.")
  var points: String?
  @Option(help: "Only rows of this split.")
  var split: String?
  @Option(help: "What the rows are grouped by: kind of figure, accelerator, model, architecture and so on.")
  var by = Stratum.kind
  @Option(help: "A result file of this host: scores the transferred estimate too.")
  var hostResults: String?
  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let tables = try catalog.load().withoutMeasured
    let host = try hostResults.map { try hostCalibration(ofFile: $0) }
    let estimator = try Estimator(catalog: tables, host: host)
    let rows = try ServingPointFile.read(points).filter { split == nil || $0.split == split }
    if let split, rows.isEmpty {
      throw CommandFailure(.usage, "no row has the split '\(split)'; leave --split out to see all")
    }
    let scored = estimator.scoredPoints(rows, catalog: tables)
    guard output.format.isForPeople else { return try output.show([rowTable(scored)]) }
    var shown = [strataTable(scored), kindNote(scored)]
    let published = PublishedRuns(rows, catalog: tables, estimator: estimator)
    if !published.runs.isEmpty {
      let lines = estimator.scoringTransfer(on: published, catalog: tables)
        .scores(on: published, catalog: tables)
      for kind in [Trust.calibrated, .transferred] {
        let part = lines.filter { $0.estimate == kind }
        if !part.isEmpty { shown.append(sweepTable("The \(kind.rawValue) estimate on whole runs", part)) }
      }
      shown.append(droppedTable(published))
    }
    if scored.contains(where: { $0.status == .abstained }) { shown.append(abstentions(scored)) }
    try output.show(shown)
  }

  // MARK: Tables

  /// One line a row, for programs.
  private func rowTable(_ scored: [ScoredPoint]) -> ReportTable {
    var table = ReportTable(
      "",
      ["id", "metric", "measured", "predicted", "p10", "p25", "p75", "p90", "trust", "status", "reason"]
        .map { .init($0) })
    func number(_ value: Double?) -> Cell { .optional(value, decimals: 3) }
    for row in scored {
      table.append([
        .text(row.point.id), .text(row.point.metric), row.measured.isFinite ? number(row.measured) : .empty,
        number(row.predicted), number(row.range80?.low), number(row.range50?.low), number(row.range50?.high),
        number(row.range80?.high), row.trust.map { .text($0.rawValue) } ?? .empty, .text(row.status.rawValue),
        .text(row.reason),
      ])
    }
    return table
  }

  private func name(_ row: ScoredPoint) -> String {
    switch by {
    case .kind: row.errorClass?.rawValue ?? "(abstained)"
    case .accelerator: row.accelerator
    case .model: row.model
    case .architecture: row.modelKind.isEmpty ? "(abstained)" : row.modelKind
    case .precision: row.point.precision.isEmpty ? "(not stated)" : row.point.precision
    case .scenario: row.point.scenario
    case .source: row.point.source
    }
  }

  private func strataTable(_ scored: [ScoredPoint]) -> ReportTable {
    var table = ReportTable(
      "Published rows by split and \(by.rawValue)",
      [
        .init("split"), .init("stratum"), .init("scored"), .init("cells"),
        .init("median_error_percent", "med %"), .init("p90_error_percent", "p90 %"),
        .init("bias_percent", "bias"), .init("coverage_80_percent", "in80"),
        .init("coverage_50_percent", "in50"), .init("ln_width_80", "width"), .init("abstained", "abst."),
      ])
    let splits = Set(scored.map(\.point.split)).sorted()
    for split in splits {
      let part = scored.filter { $0.point.split == split }
      let groups = Dictionary(grouping: part, by: name)
      let short = split.replacing("calibration", with: "calibr.").replacing("public_test", with: "public")
      for key in groups.keys.sorted() { append(&table, short, key, groups[key] ?? []) }
      append(&table, short, "all", part)
    }
    table.notes = [
      "in80, in50: share of cells inside the intervals, %. width: ln(high / low) of the 80 % interval. "
        + "Flagged rows (import checks) are predicted but not counted."
    ]
    return table
  }

  private func append(_ table: inout ReportTable, _ split: String, _ key: String, _ rows: [ScoredPoint]) {
    let found = PointStatistics(rows)
    func percent(_ share: Double?, _ decimals: Int = 0) -> Cell {
      .optional(share.map(Unit.percent.fromBase), decimals: decimals)
    }
    table.append([
      .text(split), .text(String(key.prefix(24))), .integer(found.scored), .integer(found.cells),
      percent(found.median, 1), percent(found.p90), percent(found.bias), percent(found.coverage80),
      percent(found.coverage50), .optional(found.width80, decimals: 2), .integer(found.abstained),
    ])
  }

  /// How well chips are ranked.
  private func kindNote(_ scored: [ScoredPoint]) -> ReportTable {
    var table = ReportTable(
      "Chips ranked at the same model, precision, layout and load",
      [
        .init("split"), .init("pairs"), .init("kendall_tau", "Kendall tau"),
        .init("regret_percent", "mean regret %"),
      ])
    for split in Set(scored.map(\.point.split)).sorted() {
      let ranking = ChipRanking(scored.filter { $0.point.split == split })
      table.append([
        .text(split), .integer(ranking.pairs), .optional(ranking.tau, decimals: 2),
        .optional(ranking.regret.map(Unit.percent.fromBase), decimals: 1),
      ])
    }
    return table
  }

  private func sweepTable(_ title: String, _ lines: [ScoreLine]) -> ReportTable {
    var table = ReportTable(
      title,
      [
        .init("split"), .init("measure"), .init("runs"),
        .init("median_error_percent", "median %"), .init("p90_error_percent", "p90 %"),
        .init("bias_percent", "bias %"), .init("coverage_80_percent", "in 80 %"),
        .init("measured_over_predicted_p10", "x10"), .init("measured_over_predicted_p90", "x90"),
      ])
    for line in lines {
      let percent = { (share: Double) in Cell.number(Unit.percent.fromBase(share), decimals: 1) }
      let score = line.score
      table.append([
        .text(line.split), .text(score.measure.rawValue), .integer(score.runs), percent(score.median),
        percent(score.p90), percent(score.bias), score.coverage.map(percent) ?? .empty,
        .number(score.ratio.low, decimals: 2), .number(score.ratio.high, decimals: 2),
      ])
    }
    table.notes = ["x10 and x90: 10 % and 90 % quantiles of measured / predicted."]
    return table
  }

  private func droppedTable(_ published: PublishedRuns) -> ReportTable {
    var table = ReportTable(
      "Import checks of whole runs, in order",
      [.init("rule"), .init("calibration"), .init("public_test", "public test")])
    for rule in [published.repaired] + published.dropped + [published.warmUp] {
      table.append([.text(rule.rule), .integer(rule.calibration), .integer(rule.publicTest)])
    }
    let kept = published.runs.count { $0.split == "calibration" }
    let tested = published.runs.count { $0.split == "public_test" }
    table.append([.text("kept"), .integer(kept), .integer(tested)])
    return table
  }

  private func abstentions(_ scored: [ScoredPoint]) -> ReportTable {
    var table = ReportTable("Rows without a prediction, and why", [.init("rows"), .init("reason")])
    let reasons = Dictionary(grouping: scored.filter { $0.status == .abstained }, by: \.reason)
    let order = reasons.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
    for (reason, rows) in order { table.append([.integer(rows.count), .text(reason)]) }
    return table
  }
}

/// The curves of a result file.
func hostCalibration(ofFile path: String) throws -> HostCalibration {
  guard let host = HostCalibration(try ResultFile.read(path)) else {
    throw InputError(
      file: path, "no placement of one machine with an FMA peak, a read bandwidth and a verified kernel",
      advice: "run 'plimsoll run --suite quick' to its end")
  }
  return host
}
