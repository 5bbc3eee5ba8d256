// plimsoll validate: are these files whole result files of ours?

import ArgumentParser
import Foundation
import Results
import Tables

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Checks result files and journals: schema, keys, cells, torn ends.",
    discussion: """
      Example: plimsoll validate results/*.csv
      Example: plimsoll validate --columns > results/README.md
      """)

  @Argument(help: "Result files (.csv) and journals (.samples.csv).")
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
          let samples = try Journal.read(file)
          table.append([.text(name), .text("samples"), .integer(samples.count), .empty, .empty])
        } else {
          let rows = try ResultFile.read(file)
          let machines = Set(rows.map(\.machineLabel)).sorted().joined(separator: " ")
          table.append([
            .text(name), .text("results"), .integer(rows.count), .integer(rows.count { $0.status == .ok }),
            .text(machines),
          ])
        }
      } catch {
        faults.append(error)
      }
    }
    if !table.rows.isEmpty { try output.show([table]) }
    if !faults.isEmpty { throw InputErrors(faults) }
  }
}
