// plimsoll calibrate --results: what the device rows of a result file say of their chips, as tables, and as the two
// files of a catalogue folder that carry it.

import Catalog
import Estimator
import Foundation
import Quantities
import Results
import Tables

/// The device rows of a result file as a part of a catalogue.
struct ResultCalibration {
  let measured: MeasuredCatalog
  private let tables: KernelTables

  init(_ measured: MeasuredCatalog) {
    self.measured = measured
    tables = KernelTables(measured.kernels, catalog: measured.catalog)
  }

  /// Writes measured_kernels.csv and engine_constants.csv of a catalogue folder, which is made where it is not there.
  ///
  /// - Throws: `CommandFailure` where it cannot be made.
  func write(folder: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CommandFailure(.inputOutput, "\(folder) cannot be made: \(error.localizedDescription)")
    }
    try WholeFile.write(
      MeasuredKernel.schema.csv(measured.kernels), to: "\(folder)/\(MeasuredKernel.fileName)")
    try WholeFile.write(
      EngineConstant.schema.csv(measured.catalog.engineConstants), to: "\(folder)/\(EngineConstant.fileName)")
  }

  /// Devices, shares and kernel tables, for people.
  var report: [ReportTable] { [devices, constants] + measured.chips.map(kernels) }

  private var devices: ReportTable {
    var table = ReportTable(
      "Devices of the run",
      [
        .init("placement", "place"), .init("device"), .init("accelerator", "chip"), .init("run"),
        .init("day"),
        .init("kernels"),
      ])
    for device in measured.run.devices {
      table.append([
        .text(device.placement), .text(device.name), .text(device.accelerator), .text(device.run),
        .text(device.day), .integer(measured.run.kernels.count { $0.accelerator == device.accelerator }),
      ])
    }
    table.notes = measured.run.left.map { "\($0.rows) rows are no kernel row: \($0.reason)." }
    return table
  }

  /// The constants that the estimator takes from the run; the table for programs.
  var constants: ReportTable {
    var table = ReportTable(
      "Constants from the run (how = measured)",
      [
        .init("constant"), .init("engine_or_chip", "of"), .init("value"), .init("rows"),
        .init("residual_ln", "scatter"), .init("as_of"), .init("source"),
      ])
    for row in measured.chips.flatMap(\.constants) {
      table.append([
        .text(row.constant), .text(row.engineOrChip), .optional(row.value, decimals: 3),
        .integer(row.rows ?? 0), .optional(row.residualLn, decimals: 2), .text(row.asOf), .text(row.source),
      ])
    }
    table.notes = measured.chips.flatMap { chip in chip.notTaken.map { "Not taken: \($0)." } }
    return table
  }

  private func kernels(_ chip: MeasuredChip) -> ReportTable {
    var table = ReportTable(
      "Kernel tables of \(chip.accelerator)", [.init("operation"), .init("calls"), .init("trust")])
    for key in tables.keys(of: chip.accelerator) {
      guard let own = tables.table(key, chip: chip.accelerator) else { continue }
      table.append([.text(key.name), .integer(own.count), .text(own.trust.rawValue)])
    }
    table.notes = [
      "measured: the calls of the run alone, no published row joins them. published: the run has no such call."
    ]
    return table
  }
}
