// plimsoll report: result files as one page for a person.

import ArgumentParser
import Export
import Foundation
import Machines
import Quantities
import Results
import Tables
import Topology

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes result files as one HTML page with figures, offline and without scripts.",
    discussion: """
      The page answers which machine it was, how near its kernels came to the measured limits and to their \
      peers, and what to distrust. Samples, settings and topology are taken from the files beside each result \
      file; what is missing is said on the page. With several files the first is the reference and the others \
      are compared with it. A file that holds several runs is shown by the one with most rows.
      Example: plimsoll report results/run.csv -o report.html
      Example: plimsoll report before.csv after.csv -o change.html
      """)

  @Argument(help: "Result files; with several, the first is the reference.")
  var results: [String]

  @Option(name: [.customShort("o"), .customLong("output")], help: "The page to write.")
  var page = "report.html"

  func validate() throws {
    guard results.count <= 20 else { throw ValidationError("a page compares at most 20 files") }
    guard page.lowercased().hasSuffix(".html") || page.lowercased().hasSuffix(".htm") else {
      throw ValidationError("-o takes a name that ends in .html")
    }
  }

  func run() throws {
    let inputs = try RowOptions.results(results).map(ReportFiles.input)
    let html = HostReport(inputs).html()
    try WholeFile.write(html, to: page)
    let size = Unit.kibibyte.fromBase(Double(html.utf8.count))
    try StandardOutput.write(
      "\(page): \(inputs.count) file\(inputs.count == 1 ? "" : "s"), \(fixed(size, decimals: 0)) KiB\n")
  }
}

/// A result file with what lies beside it.
enum ReportFiles {
  /// Reads a result file and, where they exist, its journal, meta file and topology.
  ///
  /// A file beside it that cannot be read is left out with a warning: the results are still the results.
  static func input(_ path: String) throws -> ReportInput {
    // Rows first: a run that goes on writes its journal first, so that the samples can only be ahead.
    let rows = try ResultFile.readBesideJournal(path).rows
    let journal = Journal.path(besides: path)
    let samples = FileManager.default.fileExists(atPath: journal) ? try Journal.read(journal) : []
    let stem = path.hasSuffix(".csv") ? String(path.dropLast(4)) : path
    return ReportInput(
      name: (path as NSString).lastPathComponent, rows: rows, samples: samples,
      machine: besides(stem + ".topology.xml") { try Topology(input: $0).machine() },
      meta: besides(stem + ".meta.json") { try RunMeta.read($0) })
  }

  private static func besides<Value>(_ path: String, _ read: (String) throws -> Value) -> Value? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    do {
      return try read(path)
    } catch {
      StandardError.write("WARNING: left out: \(explain(error).message)")
      return nil
    }
  }
}
