// plimsoll compare: result files side by side with a verdict for each matched row.

import ArgumentParser
import Foundation
import Quantities
import Results
import Tables

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compares result files row by row; the first is the reference.",
    discussion: """
      A verdict of faster or slower needs a 95 % interval of the time ratio (bootstrap of processes, then \
      samples) outside 1 ± threshold, and a test on process medians that survives correction for the \
      number of rows; same needs an interval inside; all else is inconclusive, with the number of \
      processes that would settle it. The threshold is never below the A/A floor of the runs. Where \
      fma_peak of the same placement differs, or core cycles do not show the difference, the host \
      changed and not the code: such rows are inconclusive. Medians are checked against the samples \
      beside the files.
      Files of one type of machine match by row_key. Files of two types match by kernel, shape, \
      implementation and kind of placement; rows that differ in cache_mode, page_mode, dtype_acc or \
      blas_corename are listed, not compared, unless --allow names the column.
      Exit status: 3 with --fail-on slower, 4 nothing comparable, 5 a wrong result in an input, \
      6 with --fail-on inconclusive.
      Example: plimsoll compare before.csv after.csv --fail-on slower
      Example: plimsoll compare base=a.csv new=b.csv other=c.csv --by kernel,placement
      """)

  @Argument(help: "Result files, the reference first; label=path names one.")
  var inputs: [String]

  @OptionGroup(title: "Comparing") var comparing: ComparingOptions

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard inputs.count >= 2 else {
      throw ValidationError("compare takes two inputs or more: the reference first")
    }
    try comparing.check()
  }

  func run() throws {
    let options = try comparing.options()
    let files = inputs.map(CompareFile.init)
    let read = try CompareFile.read(files)
    let comparisons = read.dropFirst().map { Comparison(read[0], $0, options: options) }
    let report = CompareReport(
      comparisons: Array(comparisons), files: files, comparing: comparing, output: output)
    try report.show()
    try report.judge()
  }
}

/// A result file that was named on the command line.
struct CompareFile: Sendable {
  let label: String
  let path: String

  /// `path` or `label=path`; a path that exists wins over a label.
  init(_ argument: String) {
    if let equals = argument.firstIndex(of: "="), !FileManager.default.fileExists(atPath: argument),
      equals > argument.startIndex
    {
      label = String(argument[..<equals])
      path = String(argument[argument.index(after: equals)...])
    } else {
      label = (argument as NSString).lastPathComponent
      path = argument
    }
  }

  /// Reads files with the journals beside them, several at a time.
  static func read(_ files: [CompareFile]) throws -> [ComparisonInput] {
    var results = [Result<ComparisonInput, any Error>?](repeating: nil, count: files.count)
    results.withUnsafeMutableBufferPointer { buffer in
      // Each index is written by one thread only.
      nonisolated(unsafe) let slots = buffer
      DispatchQueue.concurrentPerform(iterations: files.count) { index in
        slots[index] = Result { try files[index].read() }
      }
    }
    return try results.compactMap { try $0?.get() }
  }

  private func read() throws -> ComparisonInput {
    let journal = Journal.path(besides: path)
    let samples = RowSamples(
      FileManager.default.fileExists(atPath: journal)
        ? try SampleColumns(journal: journal) : SampleColumns())
    let rows = try ResultFile.read(path, checkedBy: samples.seconds)
    return ComparisonInput(name: label, rows: rows, samples: samples)
  }
}
