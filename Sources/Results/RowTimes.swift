// The samples of all processes become the row's times and rates.

import Foundation
import Measurement
import Quantities

extension ResultRow {
  /// Fills sampling, times and rates from the reports that measured the row.
  mutating func fillTimes(_ outcome: Outcome) {
    let reports = outcome.reports.filter { $0.status == .ok }
    let processes = reports.map { $0.samples.map(\.seconds) }
    let all = processes.flatMap { $0 }
    nProcesses = processes.count
    nSamples = all.count
    iterationsPerSample = reports.first?.iterations
    warmupSeconds = Statistics.mean(reports.compactMap(\.warmup))
    let ownReason = reports.contains { $0.stopReason == .timeCap } ? StopReason.timeCap : .maxSamples
    stopReason = (outcome.stopReason ?? ownReason).rawValue
    sampledSeconds = reports.reduce(0) { $0 + ($1.sampled ?? $1.samplesSeconds) }
    if reports.contains(where: { $0.roundsDropped != nil }) {
      roundsDropped = reports.reduce(0) { $0 + ($1.roundsDropped ?? 0) }
    }
    let moved = reports.reduce(0) { $0 + ($1.roundsMoved ?? 0) }
    if moved > 0 { warn("the speed of the host moved during \(moved) round\(moved == 1 ? "" : "s")") }
    aaFloor = outcome.aaFloor
    timeMinSeconds = all.min()
    timeMaxSeconds = all.max()
    timeQ1Seconds = Statistics.quantile(all, 0.25)
    timeMedianSeconds = Statistics.median(all)
    timeQ3Seconds = Statistics.quantile(all, 0.75)
    timeMeanSeconds = Statistics.mean(all)
    timeStddevSeconds = Statistics.standardDeviation(all)
    timeMadSeconds = Statistics.medianAbsoluteDeviation(all)
    fillInterval(processes, all)
    fillSpread(processes, reports)
    fillRates()
  }

  private mutating func fillInterval(_ processes: [[Double]], _ all: [Double]) {
    if let interval = Statistics.hierarchicalInterval(processes) {
      (timeMedianCiLowSeconds, timeMedianCiHighSeconds) = (interval.low, interval.high)
      ciMethod = "hierarchical_bootstrap"
    } else if processes.count == 1, let interval = Statistics.medianInterval(all) {
      (timeMedianCiLowSeconds, timeMedianCiHighSeconds) = (interval.low, interval.high)
      ciMethod = "order_statistic"
    }
    if !ciMethod.isEmpty { ciLevel = 0.95 }
  }

  private mutating func fillSpread(_ processes: [[Double]], _ reports: [CaseReport]) {
    guard let median = timeMedianSeconds, median > 0 else { return }
    let medians = processes.compactMap { Statistics.median($0) }
    betweenProcessRelStddev = Statistics.standardDeviation(medians).map { $0 / median }
    let variances = processes.compactMap { Statistics.standardDeviation($0).map { $0 * $0 } }
    withinProcessRelStddev = Statistics.mean(variances).map { $0.squareRoot() / median }
    if let q1 = timeQ1Seconds, let q3 = timeQ3Seconds {
      // Tukey's fences.
      let outside = processes.flatMap { $0 }.map { max(q1 - $0, $0 - q3) }
      outliersMild = outside.count { $0 > 1.5 * (q3 - q1) }
      outliersSevere = outside.count { $0 > 3 * (q3 - q1) }
    }
    fillDrift(reports, median: median)
    if let spread = betweenProcessRelStddev, spread > ResultRow.noisyProcesses {
      warn("processes differ by \(Int((100 * spread).rounded())) %")
    }
  }

  /// Above this relative standard deviation between processes a row carries a warning.
  private static let noisyProcesses = 0.05

  /// Above this drift per minute a row carries a warning, if the drift is more than chance.
  private static let largestDrift = 0.01

  /// Adds a warning behind the others.
  mutating func warn(_ text: String) { warnings += (warnings.isEmpty ? "" : "; ") + text }

  /// The trend over the whole run: the processes' medians against the times at which the processes came to the
  /// row. Inside a process the caches and clocks of its beginning would pass for one.
  private mutating func fillDrift(_ reports: [CaseReport], median: Double) {
    let points = reports.compactMap { report -> Sample? in
      guard let end = report.secondsAtEnd, let seconds = Statistics.median(report.samples.map(\.seconds))
      else { return nil }
      return Sample(start: end, seconds: seconds)
    }
    guard let slope = slope(points) else { return }
    let drift = slope * Unit.minute.toBase(1) / median
    driftRelPerMinute = drift
    if abs(drift) > ResultRow.largestDrift, isFirm(slope, points) {
      warn("times drift by \(Int(Unit.percent.fromBase(drift).rounded())) % a minute")
    }
  }

  /// Least-squares slope of seconds against start; nil where all starts coincide.
  private func slope(_ points: [Sample]) -> Double? {
    guard let meanStart = Statistics.mean(points.map(\.start)),
      let meanTime = Statistics.mean(points.map(\.seconds))
    else { return nil }
    let spread = points.reduce(0) { $0 + ($1.start - meanStart) * ($1.start - meanStart) }
    guard spread > 0 else { return nil }
    return points.reduce(0) { $0 + ($1.start - meanStart) * ($1.seconds - meanTime) } / spread
  }

  /// True where the slope stands out from the scatter by three standard errors: a slope of noise over a few
  /// seconds is large per minute.
  private func isFirm(_ slope: Double, _ points: [Sample]) -> Bool {
    guard points.count >= 5, let middle = Statistics.mean(points.map(\.start)),
      let mean = Statistics.mean(points.map(\.seconds))
    else { return false }
    let spread = points.reduce(0) { $0 + ($1.start - middle) * ($1.start - middle) }
    let scatter = points.reduce(0) { sum, point in
      let rest = point.seconds - mean - slope * (point.start - middle)
      return sum + rest * rest
    }
    return spread > 0 && abs(slope) > 3 * (scatter / Double(points.count - 2) / spread).squareRoot()
  }

  private mutating func fillRates() {
    if let flop {
      func rate(_ seconds: Double?) -> Double? { seconds.map { Unit.gigaflops.fromBase(flop / $0) } }
      gflopsMedian = rate(timeMedianSeconds)
      gflopsCiLow = rate(timeMedianCiHighSeconds)
      gflopsCiHigh = rate(timeMedianCiLowSeconds)
      gflopsBest = rate(timeMinSeconds)
    }
    if let minBytes, let median = timeMedianSeconds {
      gbytesPerSecondMedian = Unit.gigabytePerSecond.fromBase(minBytes / median)
    }
  }
}

extension CaseReport {
  /// When the process had measured the row, in seconds; nil where it did not say.
  fileprivate var secondsAtEnd: Double? {
    (try? Date(finished, strategy: .iso8601))?.timeIntervalSinceReferenceDate
  }

  /// Seconds inside the samples that were kept.
  fileprivate var samplesSeconds: Double {
    samples.reduce(0) { $0 + $1.seconds } * Double(iterations ?? 1)
  }
}
