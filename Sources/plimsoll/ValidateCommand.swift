// plimsoll validate: are these files whole result or catalogue files of ours?

import ArgumentParser
import Catalog
import Foundation
import Results
import Tables

/// What `validate` writes for programs.
enum ValidatePart: String, CaseIterable, ExpressibleByArgument {
  case files, findings
}

struct ValidateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Checks result files, journals and catalogue files: schema, keys, cells, torn ends.",
    discussion: """
      Every fault is listed, up to 50 of a file, and makes the exit status 65. Doubtful rows are warnings: \
      more than 105 % of the roofline, processes that differ by more than 5 %, drift above 1 % a minute, \
      times without samples. Folders are searched through.
      Example: plimsoll validate results/*.csv
      Example: plimsoll validate my-prices/cloud_prices.csv
      Example: plimsoll validate --columns > results/README.md
      """)

  @Argument(help: "Result files (.csv), journals (.samples.csv), catalogue files (.csv), and folders.")
  var files: [String] = []

  @Flag(help: "Print what each column means, as results/README.md holds it.")
  var columns = false

  @Option(help: "What csv, json and jsonl hold: files, or findings with their places.")
  var part: ValidatePart = .files

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard columns || !files.isEmpty else { throw ValidationError("name at least one file, or --columns") }
  }

  func run() throws {
    if columns {
      try StandardOutput.write(ColumnDictionary.text)
      return
    }
    var checked: [CheckedFile] = []
    for file in try searched() { checked.append(check(file)) }
    for file in checked {
      for warning in file.warnings { StandardError.write(warning) }
      if file.warningsBeyond > 0 {
        StandardError.write("warning: \(file.path): and \(file.warningsBeyond) more warnings")
      }
    }
    if part == .findings, !output.format.isForPeople {
      try output.show([findings(checked)])
    } else if checked.contains(where: { $0.faults.isEmpty }) || !output.format.isForPeople {
      try output.show([files(checked)])
    }
    let faults = checked.flatMap(\.faults)
    if !faults.isEmpty { throw InputErrors(faults) }
  }

  /// One file and what was found.
  private struct CheckedFile {
    let path: String
    var holds = ""
    var rows: Int?
    var ok: Int?
    var machines: [String] = []
    var faults: [InputError] = []
    var warnings: [String] = []
    var warningsBeyond = 0
  }

  /// The files as named, and every table and journal in the folders.
  private func searched() throws -> [String] {
    try files.flatMap { argument -> [String] in
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder), isFolder.boolValue
      else {
        return [argument]
      }
      let found = MergeInputs.tables(below: argument, journals: true).sorted()
      guard !found.isEmpty else {
        throw InputError(
          file: argument, "no CSV file is in this folder", advice: "name files or another folder")
      }
      return found
    }
  }

  private func check(_ file: String) -> CheckedFile {
    var checked = CheckedFile(path: file)
    do throws(InputError) {
      if file.hasSuffix(".samples.csv") {
        checked.holds = "samples"
        let samples = try SampleColumns(journal: file)
        checked.rows = samples.count
        if samples.tornBytes > 0 {
          checked.warnings.append(
            "warning: \(file): the last line is torn: its \(samples.tornBytes) bytes were left out")
        }
      } else if let bytes = catalogueBytes(file) {
        let report = try Catalog.check(file: file, bytes: bytes, today: CalendarDay.today)
        checked.warnings = report.warnings.map(\.description)
        checked.faults = report.errors.map(\.fault)
        checked.rows = report.counts.map(\.rows).reduce(0, +)
        checked.holds = report.counts.first?.table ?? ""
      } else {
        checked.holds = "results"
        let audit = ResultAudit(file)
        checked.warnings = audit.warnings.map { "warning: \($0.description)" }
        checked.warningsBeyond = audit.warningsBeyond
        checked.faults = audit.faults
        (checked.rows, checked.ok, checked.machines) = (audit.rows, audit.ok, audit.machines)
      }
    } catch {
      checked.faults.append(error)
    }
    return checked
  }

  /// One line a file; people find the faulty ones among the messages.
  private func files(_ checked: [CheckedFile]) -> ReportTable {
    var table = ReportTable(
      "",
      [
        .init("file"), .init("holds"), .init("rows"), .init("rows_ok", "ok"), .init("machine"),
        .init("faults"), .init("warnings"),
      ])
    for file in checked where file.faults.isEmpty || !output.format.isForPeople {
      table.append([
        .text((file.path as NSString).lastPathComponent), .text(file.holds),
        file.rows.map { .integer($0) } ?? .empty, file.ok.map { .integer($0) } ?? .empty,
        file.machines.isEmpty ? .empty : .text(file.machines.joined(separator: " ")),
        .integer(file.faults.count), .integer(file.warnings.count + file.warningsBeyond),
      ])
    }
    return table
  }

  private func findings(_ checked: [CheckedFile]) -> ReportTable {
    var table = ReportTable(
      "", [.init("file"), .init("level"), .init("line"), .init("column"), .init("message"), .init("advice")])
    for file in checked {
      for fault in file.faults {
        table.append([
          .text(fault.file ?? file.path), .text("fault"), fault.line.map { .integer($0) } ?? .empty,
          fault.column.map { .integer($0) } ?? .empty, .text(fault.fault),
          fault.advice.isEmpty ? .empty : .text(fault.advice),
        ])
      }
      for warning in file.warnings {
        let text = warning.hasPrefix("warning: ") ? String(warning.dropFirst(9)) : warning
        table.append([.text(file.path), .text("warning"), .empty, .empty, .text(text), .empty])
      }
    }
    return table
  }

  /// The bytes of a file that a catalogue file's name or header marks as one, else nil.
  private func catalogueBytes(_ file: String) -> [UInt8]? {
    guard let bytes = WholeFile.bytes(of: file) else { return nil }
    let name = (file as NSString).lastPathComponent
    return Catalog.fileNames.contains(name) || Catalog.recognises(bytes) ? bytes : nil
  }
}
