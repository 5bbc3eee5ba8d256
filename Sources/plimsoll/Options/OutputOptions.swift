// --format and the writer of standard output, shared by every verb that prints a table.

import ArgumentParser
import Foundation
import Tables

extension TableFormat: ExpressibleByArgument {}

/// How a verb prints its tables.
struct OutputOptions: ParsableArguments {
  @Option(help: "How tables are printed: table, md or html for people; csv, json or jsonl for programs.")
  var format: TableFormat = .table

  /// Columns of a line: what COLUMNS says, else those of the terminal, else 80.
  var width: Int { OutputOptions.width }
  private static var width: Int { min(200, max(60, columns ?? 80)) }

  /// Columns that were asked for or that the terminal has; nil for a pipe or a file, where nothing needs cutting.
  private static let columns: Int? = {
    if let asked = ProcessInfo.processInfo.environment["COLUMNS"].flatMap({ Int($0) }), asked > 0 {
      return asked
    }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }()

  /// Prints tables to standard output.
  func show(_ tables: [ReportTable]) throws { try OutputOptions.show(tables, as: format) }

  /// The same for a verb whose `--format` is that of its input.
  static func show(_ tables: [ReportTable], as format: TableFormat) throws {
    if format == .html {
      try StandardOutput.write(ReportTable.page(tables, title: tables.first?.title ?? "plimsoll"))
      return
    }
    let texts = tables.map { $0.render(format, width: width, isCut: OutputOptions.columns != nil) }
    try StandardOutput.write(texts.joined(separator: format.isForPeople ? "\n" : ""))
  }
}

/// Standard output that reports a full disk instead of losing text.
enum StandardOutput {
  static func write(_ text: String) throws { try write(Array(text.utf8)) }

  static func write(_ bytes: [UInt8]) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(bytes))
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
