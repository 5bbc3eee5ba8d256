// Many rows in few numbers: geometric means over matched rows that are ok on both sides, for all of them and
// for groups, and the rows at both ends.

import Glibc
import Measurement

/// The geometric mean of the ratios of some rows.
public struct RatioSummary: Sendable {
  /// Values of the grouping columns; empty for all rows.
  public let group: [String]
  /// Rows that are ok on both sides.
  public let count: Int
  /// Matched rows that are left out because one side is not ok.
  public let leftOut: Int
  /// Geometric mean; nil without rows.
  public let geomean: Double?
  /// 95 % interval by resampling rows; nil below two.
  public let low: Double?
  public let high: Double?
  /// Rows of each verdict, all matched rows.
  public let verdicts: [Verdict: Int]

  init(_ rows: [ComparedRow], group: [String] = []) {
    self.group = group
    let fit = rows.filter { $0.a.status == .ok && $0.b.status == .ok }
    count = fit.count
    leftOut = rows.count - fit.count
    let logs = fit.map { log($0.ratio) }
    geomean = Statistics.mean(logs).map { exp($0) }
    let interval = Statistics.meanInterval(logs)
    low = interval.map { exp($0.low) }
    high = interval.map { exp($0.high) }
    verdicts = Dictionary(rows.map { ($0.verdict, 1) }, uniquingKeysWith: +)
  }
}

extension Comparison {
  /// Geometric means of the groups that the options name, in order of appearance.
  public var groups: [RatioSummary] {
    guard !options.groupBy.isEmpty else { return [] }
    var order: [[String]] = []
    var members: [[String]: [ComparedRow]] = [:]
    for row in rows {
      let key = options.groupBy.map { RowCells.text($0, row.a) }
      if members[key] == nil { order.append(key) }
      members[key, default: []].append(row)
    }
    return order.map { RatioSummary(members[$0] ?? [], group: $0) }
  }

  /// The rows with the smallest and with the largest ratio, at most this many of each and none twice.
  public func extremes(_ most: Int = 5) -> (best: [ComparedRow], worst: [ComparedRow]) {
    let sorted = rows.sorted { $0.ratio < $1.ratio }
    let each = min(most, sorted.count / 2)
    return (Array(sorted.prefix(each)), sorted.suffix(each).reversed())
  }

  /// True where the rank test decides, yet no outcome could be significant; with the processes that it takes.
  public var rankLimit: (rows: Int, smallestP: Double, processes: Int)? {
    let ranked = rows.filter { ["mwu", "signed_rank", "both"].contains($0.test) }
    let tested = rows.count { $0.p != nil }
    guard let best = ranked.map(\.smallestRankP).min(),
      options.adjustment != .none
    else { return nil }
    let factor = options.adjustment == .holm ? Double(tested) : Double(tested) / Double(ranked.count)
    guard best * factor >= VerdictRule.alpha else { return nil }
    return (
      tested, best, VerdictRule.rankProcesses(rows: tested, adjustment: .holm, isPaired: isPaired)
    )
  }
}
