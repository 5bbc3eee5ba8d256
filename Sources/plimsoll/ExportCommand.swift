// plimsoll export: rows of result files for other programs.

import ArgumentParser
import Foundation
import Results
import Tables

/// What `export` writes.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
  case md, html, json, jsonl, sql, csv
}

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes rows of result files as Markdown, HTML, JSON, JSON lines, SQL or CSV.",
    discussion: """
      Texts that a spreadsheet would read as a formula get an apostrophe before them; numbers are untouched. \
      --share leaves out every column that could name a host, a user or a job.
      Example: plimsoll export results/run.csv --to sql | sqlite3 results.db
      Example: plimsoll export fleet.csv --to csv --share --columns all -o public.csv
      """)

  @Argument(help: "Result files.") var files: [String]
  @Option(help: "What to write: md, html, json, jsonl, sql or csv.") var to: ExportFormat
  @OptionGroup var rows: RowOptions
  @Flag(help: "Only columns that may be given to strangers.") var share = false
  @Option(help: ArgumentHelp("Name of the SQL table.", valueName: "name")) var table = "results"
  @Option(
    name: .shortAndLong, help: ArgumentHelp("File to write; standard output without it.", valueName: "file"))
  var output: String?

  func validate() throws {
    guard !files.isEmpty else { throw ValidationError("name at least one result file") }
    if let output {
      let own = files.flatMap { [$0, Journal.path(besides: $0)] }
      if let clash = own.first(where: { $0 == output || WholeFile.isSame($0, output) }) {
        throw ValidationError("-o would replace \(clash), from which the rows come")
      }
      guard !output.hasSuffix(".samples.csv") else {
        throw ValidationError("-o takes another name: .samples.csv is that of a journal")
      }
    }
    guard !table.isEmpty else { throw ValidationError("--table needs a name") }
  }

  func run() throws {
    let isForPeople = to == .md || to == .html
    let preset = isForPeople ? ResultTable.coreColumns : ResultTable.allColumns
    let allowed = share ? ResultTable.shareableColumns : nil
    let chosen = try rows.table(files, preset: preset, allowed: allowed)
    guard !chosen.columns.isEmpty else {
      throw CommandFailure(.usage, "--share leaves none of these columns")
    }
    let text = try render(chosen)
    if let output {
      try WholeFile.write(text, to: output)
      StandardError.write("\(output): \(chosen.rows.count) rows, \(chosen.columns.count) columns")
    } else {
      try StandardOutput.write(text)
    }
  }

  private func render(_ chosen: ResultTable) throws -> String {
    if to == .sql { return SQLText.dump(chosen, name: table) }
    if to == .csv { return chosen.csv() }
    guard let format = TableFormat(rawValue: to.rawValue) else {
      throw CommandFailure(.usage, "--to \(to.rawValue) is not available")
    }
    return chosen.neutralised().report().render(format)
  }
}
