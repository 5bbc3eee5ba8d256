// plimsoll compare: result files, or two builds that take turns, side by side with a verdict for each matched row.

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
      --pair measures first: the inputs are two builds of plimsoll (or scripts that start one, with other \
      variables), whose workers take turns on the same rows, one at a time, round by round. What the host \
      does meanwhile hits both, so that much smaller differences show. With one build, the other is this \
      program. All options under "Measuring" are those of 'run'.
      Exit status: 3 with --fail-on slower, 4 nothing comparable, 5 a wrong result in an input, \
      6 with --fail-on inconclusive.
      Example: plimsoll compare before.csv after.csv --fail-on slower
      Example: plimsoll compare base=a.csv new=b.csv other=c.csv --by kernel,placement
      Example: plimsoll compare --pair old=/opt/old/plimsoll --suite quick --placement core0
      """)

  @Argument(help: "Result files, or builds with --pair; the reference first; label=path names one.")
  var inputs: [String]

  @Flag(help: "Measure two builds in turn and compare them.")
  var pair = false

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: "With --pair: folder for both sides' result files.")
  var folder: String?

  @OptionGroup(title: "Comparing") var comparing: ComparingOptions

  @OptionGroup(title: "Measuring, with --pair") var measure: MeasureOptions
  @OptionGroup(title: "Measuring: what is printed") var session: SessionOptions

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard inputs.count >= (pair ? 1 : 2), !pair || inputs.count <= 2 else {
      throw ValidationError(
        pair
          ? "compare --pair takes one build or two: the reference first"
          : "compare takes two inputs or more: the reference first")
    }
    if !pair {
      let nothing = MeasureOptions.of([:])?.settings ?? [:]
      let given = measure.settings.filter { nothing[$0.key] != $0.value }.keys.sorted()
      if let name = given.first ?? (folder == nil ? nil : "output") {
        throw ValidationError("--\(name) is for 'compare --pair', which measures, and for 'run'")
      }
    }
    try comparing.check()
  }

  func run() throws {
    let options = try comparing.options()
    let named = try (pair ? inputs : RowOptions.results(inputs)).map(CompareFile.init)
    guard pair || named.count >= 2 else {
      throw CommandFailure(.usage, "compare takes two result files or more: journals are read beside them")
    }
    let files =
      pair
      ? try PairRun(named, measure, folder: folder ?? "results", session: session).run() : named
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

  /// A file under a name.
  init(label: String, path: String) {
    self.label = label
    self.path = path
  }

  /// `path` or `label=path`; a path that exists wins over a label.
  ///
  /// - Throws: `CommandFailure` (64) for a label that a spreadsheet or a terminal would act on.
  init(_ argument: String) throws {
    if let equals = argument.firstIndex(of: "="), !FileManager.default.fileExists(atPath: argument),
      equals > argument.startIndex
    {
      label = String(argument[..<equals])
      guard let first = label.first, first.isLetter || first.isNumber, printable(label) == label else {
        throw CommandFailure(.usage, "a label starts with a letter or digit: '\(printable(label))'")
      }
      path = String(argument[argument.index(after: equals)...])
    } else {
      label = printable((argument as NSString).lastPathComponent)
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
    let (rows, samples) = try ResultFile.readBesideJournal(path)
    var input = ComparisonInput(name: label, rows: rows, samples: samples)
    let meta = RunMeta.path(besides: path)
    if FileManager.default.fileExists(atPath: meta) { input.partner = try? RunMeta.read(meta).pairedWith }
    return input
  }
}
