// How long will the rest of a run take? By what its rows took until now: a row on all cores with cold operands takes
// many times as long as a small one, so a share of reports would be wrong by as much.

/// What is still to be measured, by row, and what the rows have cost.
public struct TimeLeft: Sendable {
  private var open: [String: Int]
  private var known: [String: (seconds: Double, reports: Int)] = [:]

  /// - Parameter open: reports that each row is still to give.
  public init(open: [String: Int]) { self.open = open }

  /// Reports that are still to come.
  public var reports: Int { open.values.reduce(0) { $0 + max(0, $1) } }

  /// Takes a report of a row that took `seconds`.
  public mutating func take(_ row: String, seconds: Double) {
    open[row, default: 0] -= 1
    let before = known[row] ?? (0, 0)
    known[row] = (before.seconds + seconds, before.reports + 1)
  }

  /// Seconds until the end; nil while nothing is known.
  ///
  /// Rows that were measured cost what they cost before, others the mean of all. The time between rows, such as the
  /// start of processes, grows with them.
  ///
  /// - Parameter elapsed: seconds since the run began.
  public func estimate(elapsed: Double) -> Double? {
    let spent = known.values.reduce(0) { $0 + $1.seconds }
    let count = known.values.reduce(0) { $0 + $1.reports }
    guard count > 0, spent > 0 else { return nil }
    let rest = open.reduce(0.0) { sum, row in
      let own = known[row.key].map { $0.seconds / Double($0.reports) } ?? spent / Double(count)
      return sum + Double(max(0, row.value)) * own
    }
    return elapsed * rest / spent
  }
}
