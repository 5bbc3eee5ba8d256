// What a user can say about a comparison, shared by files and by two builds in turn.

import ArgumentParser
import Quantities
import Results
import Tables

extension Adjustment: ExpressibleByArgument {}
extension TestChoice: ExpressibleByArgument {}
extension Normalisation: ExpressibleByArgument {}
extension Verdict: ExpressibleByArgument {}
extension ComparisonPart: ExpressibleByArgument {}

/// What makes `compare` end with a status of its own.
enum FailOn: String, CaseIterable, ExpressibleByArgument {
  case slower, inconclusive
}

struct ComparingOptions: ParsableArguments {
  @Option(help: "Percent within which two times count as the same.")
  var threshold = 1.0

  @Option(help: "Correction for the number of rows: holm (strict), bh (share of false verdicts) or none.")
  var adjust: Adjustment = .holm

  @Option(
    help: "Test on process medians: welch, mwu, both, or auto: mwu from 8 processes a side, else welch.")
  var test: TestChoice = .auto

  @Option(
    help: ArgumentHelp("Columns that partners have in common, instead of row_key.", valueName: "col,col"))
  var match = ""

  @Option(
    help: ArgumentHelp("Summarise by these columns, e.g. kernel,phase,dtype,placement.", valueName: "col,col")
  )
  var by = ""

  @Option(
    help:
      "Divide times by what the machines have: none, per-core, per-thread, per-ghz, roofline, machine-total.")
  var normalize: Normalisation = .none

  @Option(help: "Let partners of two types of machine differ in this column; may be repeated.")
  var allow: [String] = []

  @Option(help: "Show only rows of this verdict; may be repeated.")
  var only: [Verdict] = []

  @Option(help: "What csv, json and jsonl hold: rows, groups, models, summary, or unmatched rows.")
  var part: ComparisonPart = .rows

  @Option(help: "End with a status of its own on: slower (3), inconclusive (6); may be repeated.")
  var failOn: [FailOn] = []

  func check() throws {
    guard threshold > 0, threshold < 100 else { throw ValidationError("--threshold takes 0 to 100 percent") }
  }

  /// The options as the comparison takes them.
  ///
  /// - Throws: `CommandFailure` (64) for a column that result files do not have.
  func options() throws -> ComparisonOptions {
    var options = ComparisonOptions()
    options.threshold = Unit.percent.toBase(threshold)
    options.adjustment = adjust
    options.test = test
    options.normalisation = normalize
    options.match = try columns(match)
    options.groupBy = try columns(by)
    for name in allow {
      guard Comparison.blocking.contains(name) else {
        throw CommandFailure.unknown(
          "column for --allow", name, nearest: nearestNames(to: name, among: Comparison.blocking),
          list: "plimsoll compare --help")
      }
    }
    options.allow = Set(allow)
    return options
  }

  private func columns(_ list: String) throws -> [String] {
    try list.split(separator: ",").map { part in
      let known = ResultRow.schema.header
      guard let name = ResultTable.column(String(part)), known.contains(name) else {
        throw CommandFailure.unknown(
          "column", String(part), nearest: nearestNames(to: String(part), among: known),
          list: "plimsoll validate --columns")
      }
      return name
    }
  }
}
