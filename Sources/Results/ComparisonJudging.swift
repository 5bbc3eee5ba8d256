// The judgement. A difference needs two witnesses: an interval that lies wholly outside the band of
// indifference, and a test that survives correction for the number of rows. Sameness needs an interval wholly
// inside the band. Everything else is open, and says what would settle it.

import Glibc
import Measurement

/// The rule of the house, for anything that has a ratio, an interval and a corrected p-value.
public enum VerdictRule {
  /// Level of the tests.
  public static let alpha = 0.05

  /// The verdict on a ratio.
  ///
  /// - Parameters:
  ///   - threshold: a difference must lie outside 1/(1 + threshold) ... 1 + threshold, wholly.
  ///   - band: sameness must lie inside 1/(1 + band) ... 1 + band; what the user calls the same, whatever the host
  ///     does to itself: a noisy host must not make a regression the same.
  public static func verdict(
    low: Double?, high: Double?, adjustedP: Double?, threshold: Double, band: Double
  ) -> Verdict {
    guard let low, let high else { return .inconclusive }
    let border = 1 + threshold
    if low > 1 / (1 + band), high < 1 + band { return .same }
    guard let adjustedP, adjustedP < alpha else { return .inconclusive }
    if low > border { return .slower }
    if high < 1 / border { return .faster }
    return .inconclusive
  }

  /// Further units a side that settle a row in four of five cases, if its ratio is what it seems to be.
  ///
  /// n = (z₁ + z₂)²·variance / distance² for the sum of the sides' relative variances of process means; z₁ is the
  /// normal quantile of the level that correction leaves a row at worst, z₂ = 0.84 that of a power of 80 %, distance
  /// that of the ratio from the nearer border of the band. Nil where the ratio is too near the border to tell.
  public static func more(
    ratio: Double, threshold: Double, variance: Double, units: Int, atLeast: Int, tests: Int
  ) -> Int? {
    let distance = abs(abs(log(ratio)) - log1p(threshold))
    guard distance > 0, variance >= 0 else { return nil }
    let reach = normalQuantile(tail: alpha / Double(2 * max(1, tests))) + normalQuantile(tail: 0.2)
    let wanted = (reach * reach * variance / (distance * distance)).rounded(.up)
    guard wanted.isFinite, wanted <= 1_000 else { return nil }
    return max(1, max(Int(wanted), atLeast) - units)
  }

  /// The z beyond which the standard normal distribution has this share, 0 < share <= 1/2.
  static func normalQuantile(tail: Double) -> Double {
    var (low, high) = (0.0, 40.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if erfc(middle / 2.0.squareRoot()) / 2 > tail { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// Fewest values a side at which a rank test of `rows` rows can reach the level under this correction.
  public static func rankProcesses(rows: Int, adjustment: Adjustment, isPaired: Bool = false) -> Int {
    let tests = adjustment == .holm ? Double(rows) : 1
    return (ComparedRow.minimumProcesses...40).first { count in
      let smallest =
        isPaired ? Statistics.smallestSignedRankP(count) : Statistics.smallestRankP(count, count)
      return smallest * tests < alpha
    } ?? 40
  }
}

extension Comparison {
  /// Corrects the p-values, then judges each row.
  mutating func judge() {
    let tested = rows.indices.filter { rows[$0].p != nil }
    for (index, p) in zip(tested, options.adjustment.apply(tested.compactMap { rows[$0].p })) {
      rows[index].adjustedP = p
    }
    // Two builds in turn had the same host.
    if isSameMachine, !isPaired {
      hostSpeeds = rows.filter {
        $0.a.kernel == Operation.fmaPeak.rawValue && abs($0.ratio - 1) > $0.threshold
      }
      .map { ($0.a.placement, $0.ratio) }
    }
    let leastRank = VerdictRule.rankProcesses(
      rows: tested.count, adjustment: options.adjustment, isPaired: isPaired)
    // Taken out, so that no change of a row copies all of them.
    var judged = rows
    rows = []
    for index in judged.indices { judge(&judged[index], leastRank: leastRank, tests: tested.count) }
    rows = judged
  }

  private func judge(_ row: inout ComparedRow, leastRank: Int, tests: Int) {
    row.verdict = VerdictRule.verdict(
      low: row.low, high: row.high, adjustedP: row.adjustedP, threshold: row.threshold,
      band: options.threshold)
    var notes: [String] = []
    var isExplained = false  // more processes would change nothing
    let least = min(row.processesA, row.processesB)
    if least < ComparedRow.minimumProcesses {
      row.verdict = .inconclusive
      notes.append("fewer than \(ComparedRow.minimumProcesses) processes a side prove nothing")
    }
    if row.verdict == .faster || row.verdict == .slower, isSameMachine {
      if followsHost(row) {
        notes.append("the host itself ran at another speed")
        (row.verdict, isExplained) = (.inconclusive, true)
      } else if isOnlyTheClock(row) {
        notes.append("the clock changed, not the work: \(percentText((row.cycleRatio ?? 1) - 1)) cycles")
        (row.verdict, isExplained) = (.inconclusive, true)
      }
    }
    if row.isApproximate { notes.append("approx: no samples beside the file") }
    if row.low == nil { notes.append("no interval: too few samples") }
    for side in [row.a, row.b] where side.status != .ok { notes.append("status \(side.status.rawValue)") }
    if row.threshold > options.threshold { notes.append("A/A floor \(percentText(row.threshold))") }
    if row.verdict == .inconclusive, !isExplained {
      let choice =
        row.isPaired
        ? options.test.resolvedForTurns
        : options.test.resolved(processes: max(least, ComparedRow.minimumProcesses))
      let needed = choice != .welch ? leastRank : ComparedRow.minimumProcesses
      if let variance = row.variance {
        row.moreProcesses = VerdictRule.more(
          ratio: row.ratio, threshold: row.threshold, variance: variance, units: least, atLeast: needed,
          tests: options.adjustment == .holm ? tests : 1)
      } else if least < needed {
        row.moreProcesses = needed - least
      }
      if let more = row.moreProcesses { notes.append("about \(more) more processes a side needed") }
    }
    row.note = notes.joined(separator: "; ")
  }

  /// True for a difference of a compute-bound row that the speed of the host explains.
  private func followsHost(_ row: ComparedRow) -> Bool {
    guard row.a.kernel == Operation.fmaPeak.rawValue || row.a.boundBy == "compute", let low = row.low,
      let high = row.high, let host = hostSpeeds.first(where: { $0.placement == row.a.placement })
    else { return false }
    let border = 1 + row.threshold
    return row.verdict == .slower ? low / host.ratio <= border : high / host.ratio >= 1 / border
  }

  /// True where core cycles are known on both sides and do not show the difference that the times show: then
  /// the frequency changed, not the code.
  private func isOnlyTheClock(_ row: ComparedRow) -> Bool {
    guard let ratio = row.cycleRatio else { return false }
    let (low, high) = row.cycleInterval ?? (ratio, ratio)
    let border = 1 + row.threshold
    return row.verdict == .slower ? low <= border : high >= 1 / border
  }
}
