// --format and the writer of standard output, shared by every verb that prints a table.

import ArgumentParser
import Foundation
import Tables

extension TableFormat: ExpressibleByArgument {}

/// How a verb prints its tables.
struct OutputOptions: ParsableArguments {
  @Option(help: "How tables are printed: table, md or html for people; csv, json or jsonl for programs.")
  var format: TableFormat = .table

  /// Columns of the terminal, 80 where unknown.
  var width: Int {
    let columns = ProcessInfo.processInfo.environment["COLUMNS"].flatMap { Int($0) } ?? 80
    return min(200, max(60, columns))
  }

  /// Prints tables to standard output.
  func show(_ tables: [ReportTable]) throws {
    if format == .html {
      try StandardOutput.write(ReportTable.page(tables, title: tables.first?.title ?? "plimsoll"))
      return
    }
    let texts = tables.map { $0.render(format, width: width) }
    try StandardOutput.write(texts.joined(separator: format.isForPeople ? "\n" : ""))
  }
}

/// Standard output that reports a full disk instead of losing text.
enum StandardOutput {
  static func write(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      throw CommandFailure(.inputOutput, "standard output cannot be written: \(error.localizedDescription)")
    }
  }
}

/// Progress and warnings: standard error only, never in the way of a result.
enum StandardError {
  static func write(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
  }
}
