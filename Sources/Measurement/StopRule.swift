// When has a row been measured often enough? The rule looks at this row's own samples only, never at a
// comparison: whoever measures until a difference appears will find one.

/// How many processes measure a row.
public struct StopRule: Hashable, Sendable, Codable {
  /// Processes that every row gets.
  public var minimumProcesses = 5
  /// Processes that no row exceeds.
  public var maximumProcesses = 5
  /// Half width of the median's 95 % interval, relative to the median, at which a row is settled.
  public var maxNoise = 0.01
  /// True where a row whose spread has stopped changing is settled, however wide its interval.
  public var acceptsStableNoise = true
  /// Seconds that all processes together may spend on a row.
  public var rowTimeCap = Double.infinity

  /// The defaults: five processes, no more.
  public init() {}

  /// A fixed number of processes.
  public init(processes: Int) {
    minimumProcesses = processes
    maximumProcesses = processes
  }

  /// Why a row needs no further process; nil = it does.
  ///
  /// - Parameters:
  ///   - processes: samples of each process, in the order in which they were taken.
  ///   - elapsed: seconds spent on the row so far.
  public func verdict(_ processes: [[Double]], elapsed: Double) -> StopReason? {
    let measured = processes.filter { !$0.isEmpty }
    // One more process costs about as much as those before it.
    let next = measured.isEmpty ? 0 : elapsed / Double(measured.count)
    if measured.count >= minimumProcesses {
      if let noise = StopRule.noise(measured), noise <= maxNoise { return .ci }
      if measured.count >= maximumProcesses { return .maxSamples }
      if acceptsStableNoise, isStable(measured) { return .noiseStable }
    }
    return !measured.isEmpty && elapsed + next > rowTimeCap ? .timeCap : nil
  }

  /// Half width of the median's 95 % interval relative to the median; nil where the samples give none.
  public static func noise(_ processes: [[Double]]) -> Double? {
    let all = processes.flatMap { $0 }
    guard let median = Statistics.median(all), median > 0 else { return nil }
    let interval =
      processes.count > 1
      ? Statistics.hierarchicalInterval(processes, resamples: 500) : Statistics.medianInterval(all)
    return interval.map { ($0.high - $0.low) / 2 / median }
  }

  /// True where the spread between processes has stopped changing: more of them would narrow the interval like
  /// the root of their number and find nothing new.
  private func isStable(_ processes: [[Double]]) -> Bool {
    guard processes.count >= minimumProcesses + StopRule.stableSteps - 1 else { return false }
    let medians = processes.compactMap { Statistics.median($0) }
    let spreads = (0..<StopRule.stableSteps).compactMap { back -> Double? in
      let earlier = Array(medians.dropLast(back))
      guard let middle = Statistics.median(earlier), middle > 0 else { return nil }
      return Statistics.standardDeviation(earlier).map { $0 / middle }
    }
    guard spreads.count == StopRule.stableSteps, let low = spreads.min(), let high = spreads.max(), low > 0
    else { return false }
    return high / low - 1 <= StopRule.stableChange
  }

  /// Estimates of the spread that have to agree, the last one and those before it …
  private static let stableSteps = 4
  /// … within this relative difference.
  private static let stableChange = 0.10
}
