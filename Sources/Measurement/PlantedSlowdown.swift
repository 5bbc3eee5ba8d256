// A slow-down on purpose: does the harness find it? Chosen rows spin for a stated share of each execution's
// time, inside the timed region. Rows that were slowed say so.

import CProbe
import Quantities

/// Which rows are slowed, and by how much.
public struct PlantedSlowdown: Hashable, Sendable {
  /// Environment variable that plants: `square_256=1.05,prefill_s512=1.10`.
  public static let variable = "PLIMSOLL_PLANT"

  private var shares: [String: Double] = [:]

  /// Nothing is slowed.
  public init() {}

  /// Reads `shape_id=factor,…`; nil where a factor is no number of at least 1.
  public init?(_ text: String) {
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let factor = Double(sides[1]), factor >= 1, factor <= 100 else { return nil }
      shares[String(sides[0])] = factor - 1
    }
  }

  /// The extra share of a shape's time; nil where it runs as it is.
  public func share(of shapeID: String) -> Double? { shares[shapeID] }

  /// The warning of a slowed row.
  public static func warning(_ share: Double) -> String {
    "\(warningStart) of \(decimal(Unit.percent.fromBase(share))) % (\(variable))"
  }

  /// How that warning begins.
  public static let warningStart = "planted slow-down"

  private static func decimal(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}

/// Makes each execution longer by a share of its own time.
///
/// What one spin overshoots the next one owes less, so that short executions are slowed by the share on average.
public struct PlantedSpin<Time: TimeSource> {
  private let time: Time
  private let share: Double
  private var debt = 0.0

  /// - Parameter share: seconds of spinning for each second of work.
  public init(time: Time, share: Double) {
    self.time = time
    self.share = share
  }

  /// Runs the work, then spins.
  public mutating func run(_ work: () -> Void) {
    let start = time.now()
    work()
    let end = time.now()
    debt += (end - start) * share
    guard debt > 0 else { return }
    var now = end
    while now - end < debt {
      probe_pause()
      now = time.now()
    }
    debt -= now - end
  }
}
