// One matched pair of rows: the ratio, its interval, the tests. The judgement comes later, when all rows
// of the table are known.

import Glibc
import Measurement

/// One matched pair of rows.
public struct ComparedRow: Sendable {
  /// The row of A and of B.
  public let a: ResultRow
  public let b: ResultRow
  /// Time of B over time of A, after normalisation: above 1, B is slower.
  public let ratio: Double
  /// 95 % interval of the ratio; nil where neither samples nor row intervals are known.
  public let low: Double?
  public let high: Double?
  /// True where the interval comes from the two rows' own intervals, for want of samples.
  public let isApproximate: Bool
  /// p-value of Welch's test and of the rank test; nil below `minimumProcesses` a side or without samples.
  public let pWelch: Double?
  public let pRank: Double?
  /// False where the rank test used the normal form.
  public let isRankExact: Bool
  /// p-value of the chosen test, before and after correction.
  public let p: Double?
  public internal(set) var adjustedP: Double?
  /// The test that gave `p`: `welch`, `mwu`, `both`, `approx`, for two builds in turn `paired_t`,
  /// `signed_rank` or `both`, or empty.
  public let test: String
  /// True where the two sides took turns: ratio, interval and tests rest on quotients of neighbouring samples.
  public let isPaired: Bool
  /// Processes of each side.
  public let processesA: Int
  public let processesB: Int
  /// Half-width of the row's band of indifference: the option, or the A/A floor where that is larger.
  public let threshold: Double
  /// Ratio of core cycles with its 95 % interval; nil where one side has none.
  public let cycleRatio: Double?
  let cycleInterval: (low: Double, high: Double)?
  /// Relative variance of the ratio that one process a side leaves; nil where it is unknown.
  let variance: Double?
  /// The judgement.
  public internal(set) var verdict = Verdict.inconclusive
  /// Further processes a side that would about settle an inconclusive row; nil where no count can be told.
  public internal(set) var moreProcesses: Int?
  /// What would settle an inconclusive row, or what is doubtful.
  public internal(set) var note = ""

  /// Fewest processes a side on which a verdict can stand.
  public static let minimumProcesses = 4
  /// Processes a side from which `auto` takes the rank test.
  public static let rankProcesses = 8

  /// Compares two rows; nil where one of them has no usable time or lacks what the normalisation needs.
  ///
  /// - Parameter isPaired: true where the two inputs took turns, process by process.
  init?(
    _ a: ResultRow, _ b: ResultRow, _ inputA: ComparisonInput, _ inputB: ComparisonInput,
    _ options: ComparisonOptions, isPaired: Bool = false
  ) {
    guard a.status.hasTimes, b.status.hasTimes, let timeA = a.timeMedianSeconds,
      let timeB = b.timeMedianSeconds,
      let factorA = options.normalisation.factor(a), let factorB = options.normalisation.factor(b)
    else { return nil }
    let samplesA = inputA.processes(of: a)
    let samplesB = inputB.processes(of: b)
    let scale = factorB / factorA
    let turns = isPaired ? TurnRatios(samplesA, samplesB, scale: scale) : nil
    let ratio = turns?.ratio ?? timeB / timeA * scale
    guard timeA > 0, timeB > 0, ratio.isFinite, ratio > 0 else { return nil }
    self.a = a
    self.b = b
    self.ratio = ratio
    self.isPaired = turns?.ratio != nil
    let mediansA = samplesA.compactMap { Statistics.median($0.seconds) }
    let mediansB = samplesB.compactMap { Statistics.median($0.seconds) }.map { $0 * scale }
    let cyclesA = ComparedRow.cycles(samplesA)
    let cyclesB = ComparedRow.cycles(samplesB)
    if let all = Statistics.median(cyclesA.flatMap { $0 }),
      let other = Statistics.median(cyclesB.flatMap { $0 }), all > 0
    {
      cycleRatio = other / all
      cycleInterval = Statistics.ratioInterval(cyclesA, cyclesB)
    } else {
      cycleRatio = a.cycles.flatMap { all in b.cycles.flatMap { all > 0 && $0 > 0 ? $0 / all : nil } }
      cycleInterval = nil
    }
    if let turns, turns.ratio != nil {
      // What drifts within a process drifts for both sides: the A/A floor of either does not apply.
      threshold = options.threshold
      (processesA, processesB) = (turns.byProcess.count, turns.byProcess.count)
      (low, high) = (turns.interval?.low, turns.interval?.high)
      isApproximate = false
      (pWelch, pRank, isRankExact) = (turns.pStudent, turns.pRank, turns.byProcess.count <= 60)
      variance = turns.spread.map { $0 * $0 }
      (p, test) = ComparedRow.chosen(options.test.resolvedForTurns, pWelch, pRank, "paired_t", "signed_rank")
      return
    }
    processesA = samplesA.isEmpty ? a.nProcesses ?? 0 : mediansA.count
    processesB = samplesB.isEmpty ? b.nProcesses ?? 0 : mediansB.count
    threshold = max(options.threshold, inputA.floor(of: a) ?? 0, inputB.floor(of: b) ?? 0)
    let exact = Statistics.ratioInterval(samplesA.map(\.seconds), samplesB.map(\.seconds))
    let outer = exact == nil ? ComparedRow.outerInterval(a, b) : nil
    low = (exact?.low ?? outer?.low).map { $0 * scale }
    high = (exact?.high ?? outer?.high).map { $0 * scale }
    isApproximate = exact == nil && outer != nil
    if min(processesA, processesB) < ComparedRow.minimumProcesses {
      (pWelch, pRank, isRankExact) = (nil, nil, true)
    } else if isApproximate {
      (pWelch, pRank, isRankExact) = (ComparedRow.approximateP(a, b, ratio: ratio), nil, true)
    } else {
      let rank = Statistics.mannWhitney(mediansA, mediansB)
      pWelch = Statistics.welchOnLogs(mediansA, mediansB)
      (pRank, isRankExact) = (rank?.p, rank?.isExact ?? true)
    }
    let choice = options.test.resolved(processes: min(processesA, processesB))
    (p, test) = ComparedRow.chosen(choice, pWelch, pRank, isApproximate ? "approx" : "welch", "mwu")
    let spreadA = ComparedRow.spread(samplesA) ?? a.betweenProcessRelStddev
    let spreadB = ComparedRow.spread(samplesB) ?? b.betweenProcessRelStddev
    variance = spreadA.flatMap { left in spreadB.map { left * left + $0 * $0 } }
  }

  /// The p-value of a choice with the name of the test.
  private static func chosen(
    _ choice: TestChoice, _ student: Double?, _ rank: Double?, _ studentName: String, _ rankName: String
  ) -> (p: Double?, test: String) {
    switch (choice, rank) {
    case (.mwu, let rank?): (rank, rankName)
    case (.both, let rank?): (student.map { max($0, rank) }, "both")
    default: (student, student == nil ? "" : studentName)
    }
  }

  /// Cycles of each process, where all of its samples have them.
  private static func cycles(_ samples: [ProcessSamples]) -> [[Double]] {
    let counted = samples.filter { $0.cycles.count == $0.seconds.count }.map(\.cycles)
    return counted.count == samples.count && counted.allSatisfy { $0.allSatisfy { $0 > 0 } } ? counted : []
  }

  /// Relative standard deviation of the process means.
  private static func spread(_ samples: [ProcessSamples]) -> Double? {
    let means = samples.compactMap { Statistics.mean($0.seconds) }
    guard let mean = Statistics.mean(means), mean > 0 else { return nil }
    return Statistics.standardDeviation(means).map { $0 / mean }
  }

  /// From the lowest of B over the highest of A to the reverse.
  private static func outerInterval(_ a: ResultRow, _ b: ResultRow) -> (low: Double, high: Double)? {
    guard let lowA = a.timeMedianCiLowSeconds, let highA = a.timeMedianCiHighSeconds,
      let lowB = b.timeMedianCiLowSeconds, let highB = b.timeMedianCiHighSeconds, lowA > 0, highA > 0
    else { return nil }
    return (lowB / highA, highB / lowA)
  }

  /// A p-value of the ratio (after normalisation) from the widths of the two rows' intervals, as far as they
  /// can tell.
  private static func approximateP(_ a: ResultRow, _ b: ResultRow, ratio: Double) -> Double? {
    func error(_ row: ResultRow) -> Double? {
      guard let low = row.timeMedianCiLowSeconds, let high = row.timeMedianCiHighSeconds, low > 0,
        let median = row.timeMedianSeconds, median > 0, let processes = row.nProcesses
      else { return nil }
      // The row's spread is a better witness than an interval of few processes, where it is known.
      let fromSpread = (row.betweenProcessRelStddev ?? 0) / Double(processes).squareRoot()
      return max(log(high / low) / (2 * 1.96), fromSpread)
    }
    guard let errorA = error(a), let errorB = error(b), let n = a.nProcesses, let m = b.nProcesses,
      n + m > 2
    else { return nil }
    let both = (errorA * errorA + errorB * errorB).squareRoot()
    let shift = abs(log(ratio))
    guard both > 0 else { return shift == 0 ? 1 : nil }
    return Statistics.studentTail(shift / both, freedom: Double(min(n, m) - 1))
  }
}

extension ComparedRow {
  /// The smallest p-value that the row's rank test can give.
  var smallestRankP: Double {
    isPaired
      ? Statistics.smallestSignedRankP(processesA) : Statistics.smallestRankP(processesA, processesB)
  }
}

extension TestChoice {
  /// The test of quotients: ranks of n differences cannot fall below 2 / 2^n, which a table of rows soon asks
  /// for, so `auto` is Student's.
  var resolvedForTurns: TestChoice { self == .auto ? .welch : self }

  /// The test of a row with this many processes on its smaller side.
  func resolved(processes: Int) -> TestChoice {
    self == .auto ? (processes >= ComparedRow.rankProcesses ? .mwu : .welch) : self
  }
}
