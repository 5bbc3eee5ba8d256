// Errors over a set of scored rows: every cell (source, chip, model, precision) counts once, abstentions are counted
// and never dropped. And how well chips are ranked: what a buyer takes from such a table.

import Catalog
import Quantities

/// Errors of one stratum.
public struct PointStatistics: Sendable {
  /// Rows of the stratum, those scored, flagged and abstained from.
  public let rows, scored, flagged, abstained: Int
  /// Cells among the scored rows.
  public let cells: Int
  /// Median and 90 % quantile of |predicted / measured − 1|; nil = nothing was scored.
  public let median, p90: Double?
  /// Median of predicted / measured − 1.
  public let bias: Double?
  /// Share of the weight inside the 80 and 50 % intervals.
  public let coverage80, coverage50: Double?
  /// Median ln(high / low) of the 80 % intervals.
  public let width80: Double?

  /// The statistics of rows.
  public init(_ rows: [ScoredPoint]) {
    self.rows = rows.count
    flagged = rows.count { $0.status == .flagged }
    abstained = rows.count { $0.status == .abstained }
    let counted = rows.filter { $0.status == .scored }
    scored = counted.count
    let counts = Dictionary(grouping: counted, by: \.cell).mapValues { Double($0.count) }
    cells = counts.count
    func weighted(_ value: (ScoredPoint) -> Double?) -> [Weighted] {
      counted.compactMap { row in
        guard let value = value(row), let count = counts[row.cell] else { return nil }
        return Weighted(value: value, weight: 1 / count)
      }
    }
    func share(_ range: (ScoredPoint) -> Interval?) -> Double? {
      let inside = weighted { row in
        range(row).map { $0.low <= row.measured && row.measured <= $0.high ? 1 : 0 }
      }
      let all = inside.reduce(0) { $0 + $1.weight }
      return all > 0 ? inside.reduce(0) { $0 + $1.value * $1.weight } / all : nil
    }
    func quantileOrNil(_ values: [Weighted], _ q: Double) -> Double? {
      values.isEmpty ? nil : quantile(values, q)
    }
    let signed = weighted { row in row.ratio.map { $0 - 1 } }
    let absolute = signed.map { Weighted(value: abs($0.value), weight: $0.weight) }
    median = quantileOrNil(absolute, 0.5)
    p90 = quantileOrNil(absolute, 0.9)
    bias = quantileOrNil(signed, 0.5)
    coverage80 = share(\.range80)
    coverage50 = share(\.range50)
    width80 = quantileOrNil(weighted { row in row.range80.map { logarithm($0.high / $0.low) } }, 0.5)
  }
}

/// Whether chips stand in the right order where several ran the same thing.
public struct ChipRanking: Sendable {
  /// Pairs of rows that differ in the chip alone.
  public let pairs: Int
  /// Kendall's tau: share of pairs in the right order minus share in the wrong one; nil without pairs.
  public let tau: Double?
  /// Mean loss of the chip chosen by prediction against the best one measured; nil without choices.
  public let regret: Double?

  /// The ranking of chips by time per token or rate, at the same model, precision, layout, lengths and load.
  ///
  /// - Complexity: O(n²) within one configuration.
  public init(_ rows: [ScoredPoint]) {
    let comparable = rows.filter { $0.status == .scored && $0.point.metric != "ttft_ms" }
    let groups = Dictionary(grouping: comparable) { row in
      let point = row.point
      return [
        row.model, point.precision, point.parallelism, point.scenario, point.isl, "\(point.osl ?? 0)",
        point.batchOrConcurrency, point.metric, point.valueBasis, "\(point.count ?? 0)",
      ].joined(separator: "|")
    }
    var (agree, against, choices, loss) = (0, 0, 0, 0.0)
    for name in groups.keys.sorted() {
      let group = groups[name] ?? []
      // One value a chip: the mean of its logarithms over engines and repeats.
      let chips = Dictionary(grouping: group, by: \.accelerator).mapValues { same in
        let n = Double(same.count)
        return (
          measured: same.reduce(0) { $0 + logarithm($1.measured) } / n,
          predicted: same.reduce(0) { $0 + logarithm($1.predicted ?? 1) } / n
        )
      }
      guard chips.count > 1, let metric = group.first?.point.metric else { continue }
      let sign: Double = metric.hasSuffix("_ms") ? -1 : 1
      let values = chips.keys.sorted().compactMap { chips[$0] }
      for (index, one) in values.enumerated() {
        for other in values[(index + 1)...] {
          let product = (one.measured - other.measured) * (one.predicted - other.predicted)
          if product > 0 { agree += 1 } else if product < 0 { against += 1 }
        }
      }
      let best = values.map { sign * $0.measured }.max() ?? 0
      let chosen = values.max { sign * $0.predicted < sign * $1.predicted }
      choices += 1
      loss += 1 - exponential(sign * (chosen?.measured ?? 0) - best)
    }
    pairs = agree + against
    tau = pairs > 0 ? Double(agree - against) / Double(pairs) : nil
    regret = choices > 0 ? loss / Double(choices) : nil
  }
}
