// The same small kernel at the beginning and at the end of every process: nothing changed between the two but
// the hour, so what they differ by is what the host does to any comparison within the run.

/// Seconds of one execution of the control kernel in one process.
public struct ControlReport: Hashable, Sendable, Codable {
  /// Samples at the beginning.
  public var first: [Double]
  /// Samples at the end.
  public var last: [Double]
  /// A report from its parts.
  public init(first: [Double], last: [Double]) {
    self.first = first
    self.last = last
  }
}

/// What the control rows of a placement say together.
public struct ControlRow: Hashable, Sendable {
  /// One report a process.
  public private(set) var reports: [ControlReport] = []
  /// The A/A floor: the largest relative difference inside the 95 % interval of the ratio of the last samples to
  /// the first; of one process alone, the ratio itself. Kept, because every row of the placement asks for it.
  public private(set) var floor: Double?

  /// The processes that measured both ends; those that did not are left out.
  public init(_ reports: [ControlReport] = []) {
    self.reports = reports.filter { !$0.first.isEmpty && !$0.last.isEmpty }
    floor = measuredFloor
  }

  /// Adds a process that measured both ends.
  public mutating func add(_ report: ControlReport) { self = ControlRow(reports + [report]) }

  /// Median over the processes of last / first - 1: what happens to the speed within a process.
  public var drift: Double? { Statistics.median(reports.compactMap(ControlRow.ratio)).map { $0 - 1 } }

  private var measuredFloor: Double? {
    let interval = Statistics.ratioInterval(reports.map(\.first), reports.map(\.last))
    if let interval { return max(abs(interval.low - 1), abs(interval.high - 1)) }
    return reports.first.flatMap(ControlRow.ratio).map { abs($0 - 1) }
  }

  private static func ratio(_ report: ControlReport) -> Double? {
    guard let first = Statistics.median(report.first), let last = Statistics.median(report.last), first > 0
    else { return nil }
    return last / first
  }
}

/// Where the seconds of a worker process went.
public struct WorkerSpent: Hashable, Sendable, Codable {
  /// Warm-up: settling of the clocks and untimed executions.
  public var warmup = 0.0
  /// Inside samples, those that were dropped among them.
  public var sampled = 0.0
  /// Nothing yet.
  public init() {}
}
