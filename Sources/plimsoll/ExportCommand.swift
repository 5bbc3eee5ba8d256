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
    let columns = try rows.names(preset: preset, allowed: allowed)
    guard !columns.isEmpty else {
      throw CommandFailure(.usage, "--share leaves none of these columns")
    }
    if let encoding { return try stream(columns, as: encoding) }
    let chosen = try rows.table(files, preset: preset, allowed: allowed)
    let text = try render(chosen)
    if let output {
      try WholeFile.write(text, to: output)
      tell(chosen.rows.count, columns.count, output)
    } else {
      try StandardOutput.write(text)
    }
  }

  /// Encodings that are written while the files are read.
  private var encoding: RowEncoding? {
    switch to {
    case .csv: .csv
    case .json: .json
    case .jsonl: .jsonl
    case .md, .html, .sql: nil
    }
  }

  private func stream(_ columns: [String], as encoding: RowEncoding) throws {
    guard let output else {
      _ = try send(columns, as: encoding) { try StandardOutput.write($0) }
      return
    }
    var count = 0
    try WholeFile.replace(output) { temporary in
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw FileError(path: output, errno: errno) }
      defer { close(descriptor) }
      count = try send(columns, as: encoding) { try WholeFile.writeAll($0, to: descriptor, named: output) }
    }
    tell(count, columns.count, output)
  }

  /// Only rows that are to be sorted are held.
  private func send(
    _ columns: [String], as encoding: RowEncoding, to write: @escaping ([UInt8]) throws -> Void
  ) throws -> Int {
    var export = RowExport(columns, isNumeric: ResultTable.isNumeric(columns), as: encoding, to: write)
    if rows.sort == nil {
      try ResultTable.stream(
        RowOptions.results(files), columns: columns, filter: try rows.rowFilter(), to: &export)
    } else {
      try rows.table(files, preset: columns).selecting(columns).send(to: &export)
    }
    try export.finish()
    return export.rows
  }

  private func tell(_ rows: Int, _ columns: Int, _ output: String) {
    StandardError.write("\(output): \(rows) rows, \(columns) columns")
  }

  private func render(_ chosen: ResultTable) throws -> String {
    if to == .sql { return SQLText.dump(chosen, name: table) }
    guard let format = TableFormat(rawValue: to.rawValue) else {
      throw CommandFailure(.usage, "--to \(to.rawValue) is not available")
    }
    return chosen.neutralised().report().render(format)
  }
}
