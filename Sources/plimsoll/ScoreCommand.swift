// plimsoll score: how far the estimator is from published serving points, split by whether they fitted it.

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
      The calibration split fitted the constants; the public test did not. Every chip, model and \
      precision counts once. Errors are |predicted / measured - 1|.
      Example: plimsoll score
               plimsoll score --host-results results/run.csv
      """)

  @Option(help: "A result file of this host: scores the transferred estimate too.")
  var hostResults: String?
  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    let tables = try catalog.load()
    let host = try hostResults.map { try hostCalibration(ofFile: $0) }
    let estimator = try Estimator(catalog: tables, host: host)
    let published = PublishedRuns(try Catalog.servingPoints(), catalog: tables, estimator: estimator)
    let lines = estimator.scoringTransfer(on: published, catalog: tables).scores(
      on: published, catalog: tables)
    guard output.format == .table else { return try output.show([scoreTable("", lines, withEstimate: true)]) }
    let estimates = [Trust.calibrated, .transferred].map { kind in
      (kind, lines.filter { $0.estimate == kind })
    }
    try output.show(
      estimates.filter { !$0.1.isEmpty }.map { kind, lines in
        scoreTable("The \(kind.rawValue) estimate against published runs", lines, withEstimate: false)
      } + [droppedTable(published)])
  }

  private func scoreTable(_ title: String, _ lines: [ScoreLine], withEstimate: Bool) -> ReportTable {
    var table = ReportTable(
      title,
      (withEstimate ? [.init("estimate")] : []) + [
        .init("split"), .init("measure"), .init("runs"),
        .init("median_error_percent", "median %"), .init("p90_error_percent", "p90 %"),
        .init("bias_percent", "bias %"), .init("coverage_80_percent", "in 80 %"),
        .init("measured_over_predicted_p10", "x10"), .init("measured_over_predicted_p90", "x90"),
      ])
    for line in lines {
      let percent = { (share: Double) in Cell.number(Unit.percent.fromBase(share), decimals: 1) }
      let score = line.score
      table.append(
        (withEstimate ? [.text(line.estimate.rawValue)] : []) + [
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
      "Rules of cleaning, in order",
      [.init("rule"), .init("calibration"), .init("public_test", "public test")])
    for rule in [published.repaired] + published.dropped + [published.warmUp] {
      table.append([.text(rule.rule), .integer(rule.calibration), .integer(rule.publicTest)])
    }
    let kept = published.runs.count { $0.split == "calibration" }
    table.append([.text("kept"), .integer(kept), .integer(published.runs.count - kept)])
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
