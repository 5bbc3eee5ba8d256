// plimsoll calibrate: fits the estimator's constants on the calibration split, scores them on what the fit did not
// see, and writes the table of constants; or, from a result file, takes what a device measured of its own chip.

import ArgumentParser
import Catalog
import Estimator
import Foundation
import Quantities
import Tables

struct CalibrateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "calibrate",
    abstract: "Fits the estimator's constants on published runs, or takes a chip's from a run on it.",
    discussion: """
      Only rows with split = calibration enter a fit. Each model and each chip is left out in turn to see how far \
      estimates carry. --output writes engine_constants.csv for a catalogue folder (--catalog).
      With --results the device rows of a result file become kernel rows of their chip, and its shares of peak \
      and bandwidth; --output then is the catalogue folder for both files. Nothing is fitted then.
      Example: plimsoll calibrate
               plimsoll calibrate --output mine/engine_constants.csv
               plimsoll calibrate --results results/run.csv --output mine
               plimsoll estimate --model Llama-3.1-70B --accelerator H200 --catalog mine
      """)

  @Option(help: "A file with the columns of measured_serving.csv; left out, the bundled points.")
  var points: String?
  @Option(help: "File for the fitted table of constants; with --results the catalogue folder to write.")
  var output: String?
  @Option(help: "File for the predictions of left-out rows: id,kind,metric,predicted.")
  var heldOut: String?
  @OptionGroup var measured: MeasuredOptions
  @OptionGroup var catalog: CatalogOptions
  @Option(help: "How tables are printed: table, md or html for people; csv, json or jsonl for programs.")
  var format: TableFormat = .table

  func validate() throws {
    if measured.file != nil, points != nil || heldOut != nil {
      throw ValidationError("--results fits nothing: --points and --held-out have no meaning with it")
    }
  }

  func run() throws {
    if measured.file != nil { return try takeResults() }
    // A fit on published runs is made with published kernels, and scored with them.
    let tables = try catalog.load().withoutMeasured
    let estimator = try Estimator(catalog: tables)
    let rows = try ServingPointFile.read(points)
    let day = Date.now.formatted(.iso8601.year().month().day())
    StandardError.write("plimsoll: fitting, then once without each model and each chip")
    let found = try estimator.calibrate(rows, catalog: tables, day: day)
    if let output {
      try WholeFile.write(EngineConstant.schema.csv(found.constants), to: output)
    }
    if let heldOut { try WholeFile.write(heldOutTable(found).render(.csv), to: heldOut) }
    var options = OutputOptions()
    options.format = format
    try options.show(
      format.isForPeople ? [scoreTable(found), constantTable(found)] : [constantTable(found)])
  }

  /// What the device rows of a result file say of their chips.
  private func takeResults() throws {
    guard let found = try measured.load(catalog).measured else { return }
    let calibration = ResultCalibration(found)
    if let output { try calibration.write(folder: output) }
    var options = OutputOptions()
    options.format = format
    try options.show(format.isForPeople ? calibration.report : [calibration.constants])
  }

  private func scoreTable(_ found: Calibration) -> ReportTable {
    var table = ReportTable(
      "Fit on \(found.runs) runs of the calibration split",
      [
        .init("predicted"), .init("measure"), .init("runs"), .init("median_error_percent", "median %"),
        .init("p90_error_percent", "p90 %"), .init("bias_percent", "bias %"),
        .init("coverage_80_percent", "in 80 %"),
      ])
    for line in found.lines {
      let percent = { (share: Double) in Cell.number(Unit.percent.fromBase(share), decimals: 1) }
      table.append([
        .text(line.kind.rawValue), .text(line.score.measure.rawValue), .integer(line.score.runs),
        percent(line.score.median), percent(line.score.p90), percent(line.score.bias),
        line.score.coverage.map(percent) ?? .empty,
      ])
    }
    if let best = found.lines.first(where: { $0.kind == .inSample && $0.score.measure == .tpot })?.score
      .median,
      best < 0.05
    {
      table.notes.append(
        "Below 5 % in sample: closer than the runs repeat themselves; strengthen the priors.")
    }
    return table
  }

  private func constantTable(_ found: Calibration) -> ReportTable {
    var table = ReportTable(
      "Fitted constants",
      [
        .init("constant"), .init("engine_or_chip", "of"), .init("value"), .init("unit"),
        .init("prior_median", "prior"), .init("rows"), .init("residual_ln", "scatter"), .init("as_of"),
      ])
    for row in found.constants where row.rows != nil && (row.how != "anchor" || !format.isForPeople) {
      table.append([
        .text(row.constant), .text(row.engineOrChip), .optional(row.value, decimals: 3), .text(row.unit),
        .optional(row.priorMedian, decimals: 2), .integer(row.rows ?? 0),
        .optional(row.residualLn, decimals: 2),
        .text(row.asOf),
      ])
    }
    return table
  }

  private func heldOutTable(_ found: Calibration) -> ReportTable {
    var table = ReportTable("", ["id", "kind", "metric", "predicted"].map { .init($0) })
    for row in found.heldOut {
      table.append([
        .text(row.id), .text(row.kind.rawValue), .text(row.metric), .number(row.predicted, decimals: 3),
      ])
    }
    return table
  }
}

/// Serving points from a file, or the bundled ones.
enum ServingPointFile {
  static func read(_ path: String?) throws -> [ServingPoint] {
    guard let path else { return try Catalog.servingPoints() }
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw CommandFailure(.inputOutput, "\(path) cannot be read: \(error.localizedDescription)")
    }
    return try Catalog.servingPoints(bytes, file: path)
  }
}
