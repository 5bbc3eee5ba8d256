// What a reader must know before trusting a comparison's verdicts, as sentences: the same for the page and for
// a terminal.

import Measurement
import Quantities
public import Results
import Tables

/// The warnings of a comparison.
public struct ComparisonCaution {
  private let comparison: Comparison
  /// What the reader calls the two inputs.
  private let nameA: String
  private let nameB: String

  /// Warnings in the reader's names of the inputs: `A` and `B`, `file 1` and `file 2`.
  public init(_ comparison: Comparison, nameA: String = "A", nameB: String = "B") {
    self.comparison = comparison
    self.nameA = nameA
    self.nameB = nameB
  }

  /// Rows whose result was wrong, with the reason that each gives; nil where there are none.
  public var wrongResults: String? {
    list("Wrong results", comparison.mismatches, comparison.mismatches.map(\.statusDetail))
  }

  /// Everything else that weakens the verdicts, the gravest first.
  public var doubts: [String] {
    comparison.planted.map { "PLANTED: \($0)" }
      + [floor, hostSpeed, rankLimit, processes, varying].compactMap { $0 }
  }

  /// Rows that were not compared, one sentence for each reason, with the first names.
  public var leftOut: [String] {
    let blocked = comparison.blocked.map { pair in
      pair.columns.map { "\($0) \(RowCells.text($0, pair.a)):\(RowCells.text($0, pair.b))" }
        .joined(separator: " ")
    }
    return [
      list("Only in \(nameA)", comparison.onlyA), list("Only in \(nameB)", comparison.onlyB),
      list(
        "Not compared for a column that differs (--allow) or lacks", comparison.blocked.map(\.a), blocked),
      list(
        "Without a time on one side", comparison.untimed.map(\.a),
        comparison.untimed.map { "\($0.a.status)/\($0.b.status)" }),
      list("Repeated in one file, first of each compared", comparison.repeated),
    ].compactMap { $0 }
  }

  /// Processes of the side that has fewer, over all rows.
  var leastProcesses: Int? { comparison.rows.map { min($0.processesA, $0.processesB) }.min() }

  /// The widest band of indifference, where the A/A floor of the runs set it.
  var widestFloor: Double? {
    comparison.rows.map(\.threshold).filter { $0 > comparison.options.threshold }.max()
  }

  private var floor: String? {
    widestFloor.map { most in
      let wide = comparison.rows.count { $0.threshold > comparison.options.threshold }
      return "The A/A floor of the runs widens the band of \(counted(wide, "row")), to ±"
        + "\(fixed(Unit.percent.fromBase(most), decimals: 1)) % at most."
    }
  }

  private var hostSpeed: String? {
    guard !comparison.hostSpeeds.isEmpty else { return nil }
    let speeds = comparison.hostSpeeds.map { "\($0.placement) \(fixed($0.ratio, decimals: 2))" }
    return "The host itself ran at another speed: time ratio of the multiply-add peak"
      + " \(speeds.joined(separator: ", ")); rows bound by compute are judged against that."
  }

  private var rankLimit: String? {
    comparison.rankLimit.map { limit in
      let p = decimalText(Double(fixed(limit.smallestP, decimals: 6)) ?? limit.smallestP)
      return "With \(limit.rows) rows the rank test can find nothing: its smallest p is \(p); take"
        + " \(limit.processes) processes a side, or --test welch."
    }
  }

  private var processes: String? {
    guard let least = leastProcesses else { return nil }
    if least < ComparedRow.minimumProcesses {
      return
        "\(counted(least, "process")) a side prove nothing: 'plimsoll run --processes 8' on both sides, or"
        + " 'compare --pair'."
    }
    guard least < ComparedRow.rankProcesses, !comparison.isPaired else { return nil }
    return "With \(least) processes a side only large differences show; 8 or more find small ones."
  }

  private var varying: String? {
    comparison.varying.isEmpty
      ? nil
      : "Rows of one file share a key but differ in \(comparison.varying.joined(separator: ", ")): the first of"
        + " each was compared; --match with these columns tells them apart."
  }

  /// Rows that a sentence names at most.
  private static let mostNamed = 8

  private func list(_ what: String, _ rows: [ResultRow], _ reasons: [String]? = nil) -> String? {
    guard !rows.isEmpty else { return nil }
    let names = rows.prefix(ComparisonCaution.mostNamed).enumerated().map { index, row in
      let reason = reasons?[index] ?? ""
      return "\(row.shapeId) \(row.impl) \(row.placement)" + (reason.isEmpty ? "" : " (\(reason))")
    }
    let more = rows.count > names.count ? ", and \(rows.count - names.count) more" : ""
    return "\(what) (\(rows.count)): \(names.joined(separator: ", "))\(more)"
  }
}
