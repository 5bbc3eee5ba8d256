// plimsoll validate: are these files whole result or catalogue files of ours?

import ArgumentParser
import Catalog
import Foundation
import Results
import Tables

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Checks result files, journals and catalogue files: schema, keys, cells, torn ends.",
    discussion: """
      Every fault is listed, up to 50 of a file, and makes the exit status 65. Doubtful rows are warnings: \
      more than 105 % of the roofline, processes that differ by more than 5 %, drift above 1 % a minute, \
      times without samples.
      Example: plimsoll validate results/*.csv
      Example: plimsoll validate my-prices/cloud_prices.csv
      Example: plimsoll validate --columns > results/README.md
      """)

  @Argument(help: "Result files (.csv), journals (.samples.csv) and catalogue files (.csv).")
  var files: [String] = []

  @Flag(help: "Print what each column means, as results/README.md holds it.")
  var columns = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard columns || !files.isEmpty else { throw ValidationError("name at least one file, or --columns") }
  }

  func run() throws {
    if columns {
      try StandardOutput.write(ColumnDictionary.text)
      return
    }
    var table = ReportTable(
      "", [.init("file"), .init("holds"), .init("rows"), .init("rows_ok", "ok"), .init("machine")])
    var faults: [InputError] = []
    for file in files {
      let name = (file as NSString).lastPathComponent
      do throws(InputError) {
        if file.hasSuffix(".samples.csv") {
          let samples = try SampleColumns(journal: file)
          table.append([.text(name), .text("samples"), .integer(samples.count), .empty, .empty])
        } else if let bytes = catalogueBytes(file) {
          let report = try Catalog.check(file: file, bytes: bytes, today: CalendarDay.today)
          for warning in report.warnings { StandardError.write(warning.description) }
          faults += report.errors.map(\.fault)
          let rows = report.counts.map(\.rows).reduce(0, +)
          let holds = report.counts.first?.table ?? ""
          if report.errors.isEmpty {
            table.append([.text(name), .text(holds), .integer(rows), .empty, .empty])
          }
        } else {
          let audit = ResultAudit(file)
          for warning in audit.warnings { StandardError.write("warning: \(warning.description)") }
          faults += audit.faults
          guard audit.faults.isEmpty else { continue }
          table.append([
            .text(name), .text("results"), .integer(audit.rows), .integer(audit.ok),
            .text(audit.machines.joined(separator: " ")),
          ])
        }
      } catch {
        faults.append(error)
      }
    }
    if !table.rows.isEmpty { try output.show([table]) }
    if !faults.isEmpty { throw InputErrors(faults) }
  }

  /// The bytes of a file that a catalogue file's name or header marks as one, else nil.
  private func catalogueBytes(_ file: String) -> [UInt8]? {
    guard let data = FileManager.default.contents(atPath: file) else { return nil }
    let bytes = Array(data)
    let name = (file as NSString).lastPathComponent
    return Catalog.fileNames.contains(name) || Catalog.recognises(bytes) ? bytes : nil
  }
}
