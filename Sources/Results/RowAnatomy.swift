// One row in depth: its samples by process, where the spread lies, and how many processes a tight interval needs.

import Measurement
import Quantities

/// What the samples of one row say.
public struct RowAnatomy: Sendable {
  /// One process of the row.
  public struct Process: Hashable, Sendable {
    /// Number of the process, from 0.
    public let number: Int
    /// Place in time among the row's processes, from 1: by the first sample's position in the journal.
    public let order: Int
    public let samples: Int
    public let medianSeconds: Double
    /// Standard deviation inside the process, relative to its median; nil for one sample.
    public let relStddev: Double?
    /// Median of the process over the median of all samples.
    public let ratio: Double
  }

  /// A range of times and how many samples lie in it.
  public struct Bin: Hashable, Sendable {
    public let from: Double
    public let to: Double
    public let count: Int
  }

  /// All samples in seconds, sorted.
  public let sorted: [Double]
  /// Processes in the order in which they first gave a sample.
  public let processes: [Process]
  public let q1: Double
  public let median: Double
  public let q3: Double
  /// 95 % interval of the median: by processes where there are two, else by order statistics; nil for fewer than 6
  /// samples of one process.
  public let interval: (low: Double, high: Double)?
  /// Standard deviation of process medians, and pooled inside processes; both relative to the median.
  public let betweenRelStddev: Double?
  public let withinRelStddev: Double?
  /// Slope of time against start per minute, relative to the median; nil where starts are unknown.
  public let driftPerMinute: Double?
  /// Samples more than 1.5, and more than 3, interquartile ranges outside the quartiles (Tukey).
  public let outliersMild: Int
  public let outliersSevere: Int

  /// Processes that a journal has of a row.
  public static func processes(of identity: RowIdentity, in journal: SampleColumns) -> Int {
    guard let place = journal.rows.firstIndex(of: identity) else { return 0 }
    return Set(journal.process.indices.filter { journal.row[$0] == Int32(place) }.map { journal.process[$0] })
      .count
  }

  /// The samples of one row of a journal; nil when it has none.
  ///
  /// - Parameter counted: processes to take, the first by number; a journal may be ahead of its row.
  public init?(_ journal: SampleColumns, row identity: RowIdentity, processes counted: Int? = nil) {
    guard let place = journal.rows.firstIndex(of: identity) else { return nil }
    let all = journal.seconds.indices.filter { journal.row[$0] == Int32(place) }
    let numbers = Set(all.map { journal.process[$0] }).sorted()
    let taken = Set(numbers.prefix(counted ?? numbers.count))
    let mine = all.filter { taken.contains(journal.process[$0]) }
    var byProcess: [(number: Int32, seconds: [Double])] = []
    for index in mine {
      if let known = byProcess.firstIndex(where: { $0.number == journal.process[index] }) {
        byProcess[known].seconds.append(journal.seconds[index])
      } else {
        byProcess.append((journal.process[index], [journal.seconds[index]]))
      }
    }
    let sorted = mine.map { journal.seconds[$0] }.sorted()
    guard let q1 = Statistics.quantile(sorted, 0.25), let median = Statistics.median(sorted),
      let q3 = Statistics.quantile(sorted, 0.75)
    else { return nil }
    (self.sorted, self.q1, self.median, self.q3) = (sorted, q1, median, q3)
    processes = byProcess.enumerated().compactMap { order, process in
      guard let middle = Statistics.median(process.seconds) else { return nil }
      return Process(
        number: Int(process.number), order: order + 1, samples: process.seconds.count, medianSeconds: middle,
        relStddev: Statistics.standardDeviation(process.seconds).map { $0 / middle }, ratio: middle / median)
    }
    let groups = byProcess.map(\.seconds)
    interval =
      Statistics.hierarchicalInterval(groups) ?? (groups.count == 1 ? Statistics.medianInterval(sorted) : nil)
    betweenRelStddev = Statistics.standardDeviation(processes.map(\.medianSeconds)).map { $0 / median }
    let variances = groups.compactMap { Statistics.standardDeviation($0).map { $0 * $0 } }
    withinRelStddev = Statistics.mean(variances).map { $0.squareRoot() / median }
    driftPerMinute = RowAnatomy.slope(mine.map { (journal.started[$0], journal.seconds[$0]) })
      .map { $0 * Unit.minute.toBase(1) / median }
    let outside = sorted.map { max(q1 - $0, $0 - q3) }
    outliersMild = outside.count { $0 > 1.5 * (q3 - q1) }
    outliersSevere = outside.count { $0 > 3 * (q3 - q1) }
  }

  /// Processes whose mean median is known within `error` (relative, half-width) with 95 %: (1.96 s / error)²,
  /// as pyperf counts runs; nil below two processes.
  public func processesNeeded(error: Double = 0.01) -> Int? {
    guard let spread = betweenRelStddev, error > 0 else { return nil }
    let root = 1.96 * spread / error
    let wanted = (root * root).rounded(.up)
    return wanted < 1e9 ? max(2, Int(wanted)) : nil
  }

  /// Equal ranges from the fastest to the slowest sample; the slowest `outliersSevere` fall into the last one.
  public func histogram(bins: Int = 12) -> [Bin] {
    guard let low = sorted.first, let high = sorted.last, bins > 0 else { return [] }
    // One range for equal samples; severe outliers would otherwise leave everything else in a single range.
    let top = min(high, q3 + 3 * (q3 - q1))
    guard top > low else { return [Bin(from: low, to: high, count: sorted.count)] }
    let width = (top - low) / Double(bins)
    var counts = Array(repeating: 0, count: bins)
    for value in sorted { counts[min(bins - 1, max(0, Int((value - low) / width)))] += 1 }
    return counts.enumerated().map { place, count in
      Bin(
        from: low + width * Double(place), to: place == bins - 1 ? high : low + width * Double(place + 1),
        count: count)
    }
  }

  private static func slope(_ points: [(start: Double, time: Double)]) -> Double? {
    let known = points.filter { $0.start.isFinite }
    guard let meanStart = Statistics.mean(known.map(\.start)),
      let meanTime = Statistics.mean(known.map(\.time))
    else { return nil }
    let spread = known.reduce(0) { $0 + ($1.start - meanStart) * ($1.start - meanStart) }
    guard spread > 0 else { return nil }
    return known.reduce(0) { $0 + ($1.start - meanStart) * ($1.time - meanTime) } / spread
  }
}
