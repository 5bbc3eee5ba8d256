// How far estimates are from published runs: the same statistics for the calibrated model and for the transferred one.

public import Catalog
public import Quantities

/// Errors of one quantity over one split.
public struct Score: Sendable, Hashable {
  /// What is predicted.
  public enum Measure: String, Sendable, Hashable, CaseIterable {
    case tpot = "TPOT"
    case throughput
    case ttft = "TTFT"
  }

  /// What is predicted.
  public let measure: Measure
  /// Runs scored.
  public let runs: Int
  /// Median of |predicted / measured − 1|.
  public let median: Double
  /// 90 % quantile of the same.
  public let p90: Double
  /// Median of predicted / measured − 1.
  public let bias: Double
  /// Share of runs inside the 80 % interval.
  public let coverage: Double?
  /// 10 % and 90 % quantiles of measured / predicted.
  public let ratio: Interval
}

/// Predicted and measured times of one run.
public struct ScoredRun: Sendable {
  /// The run.
  public let run: PublishedRun
  /// Predicted mean time per output token, seconds.
  public let tpot: Double
  /// Predicted mean time to first token, seconds.
  public let ttft: Double

  func ratio(_ measure: Score.Measure) -> Double? {
    switch measure {
    case .tpot: return tpot / run.tpot
    case .ttft: return run.hasWarmUp ? nil : ttft / run.ttft
    case .throughput:
      guard !run.hasWarmUp else { return nil }
      let steps = run.workload.outputTokens - 1
      return (run.ttft + run.tpot * steps) / (ttft + tpot * steps)
    }
  }
}

extension Estimator {
  /// The step model of a published run, or nil where its architecture is not modelled.
  package func stepModel(of run: PublishedRun, on chip: ChipRates) -> StepModel? {
    guard case .success(let model) = ModelShape.from(run.model) else { return nil }
    return StepModel(
      model: model, chip: chip, deployment: run.deployment, constants: constants,
      kvBytesPerElement: run.kvBytesPerElement)
  }

  /// Predicts a published run from its configuration alone.
  public func predict(_ run: PublishedRun, on chip: ChipRates) -> ScoredRun? {
    guard let step = stepModel(of: run, on: chip) else { return nil }
    let workload = run.workload
    let point = step.operate(
      concurrency: run.concurrency, batchLimit: batchLimit(of: run, step), workload: workload,
      fixedLengths: run.hasFixedLengths)
    return ScoredRun(run: run, tpot: point.tpot.value, ttft: point.ttft.value)
  }
}

extension Estimator {
  /// Sequences of the run that fit, at least one a rank: the run happened.
  package func batchLimit(of run: PublishedRun, _ step: StepModel) -> Double {
    max(Double(run.data), step.batchLimit(context: run.workload.meanContext))
  }

  /// Rates of every chip of a catalogue that has them.
  package func chipRates(_ catalog: Catalog) -> [String: ChipRates] {
    Dictionary(
      catalog.accelerators.compactMap { row in (try? rates(of: row).get()).map { (row.id, $0) } },
      uniquingKeysWith: { first, _ in first })
  }
}

/// Statistics over runs in which every chip, model and precision counts once.
///
/// - Parameter error: the interval whose coverage is counted; nil = not counted.
public func score(_ runs: [ScoredRun], error: HeldOutError?) -> [Score] {
  let cells = Dictionary(grouping: runs, by: \.run.cell).mapValues { 1 / Double($0.count) }
  return Score.Measure.allCases.compactMap { measure in
    let ratios = runs.compactMap { scored -> Weighted? in
      guard let ratio = scored.ratio(measure), let weight = cells[scored.run.cell] else { return nil }
      return Weighted(value: ratio, weight: weight)
    }
    guard !ratios.isEmpty else { return nil }
    let absolute = ratios.map { Weighted(value: abs($0.value - 1), weight: $0.weight) }
    let signed = ratios.map { Weighted(value: $0.value - 1, weight: $0.weight) }
    let inverse = ratios.map { Weighted(value: 1 / $0.value, weight: $0.weight) }
    let range: Interval? =
      switch measure {
      case .tpot: error?.tpot
      case .throughput: error?.throughput
      case .ttft: error?.ttft
      }
    return Score(
      measure: measure, runs: ratios.count, median: quantile(absolute, 0.5), p90: quantile(absolute, 0.9),
      bias: quantile(signed, 0.5), coverage: range.map { coverage(inverse, $0) },
      ratio: Interval(quantile(inverse, 0.1), quantile(inverse, 0.9)))
  }
}

/// A value that counts for `weight`.
struct Weighted {
  let value: Double
  let weight: Double
}

/// The smallest value with at least a share `q` of the weight at or below it.
func quantile(_ values: [Weighted], _ q: Double) -> Double {
  let sorted = values.sorted { $0.value < $1.value }
  let wanted = q * sorted.reduce(0) { $0 + $1.weight }
  var sum = 0.0
  for entry in sorted {
    sum += entry.weight
    if sum >= wanted { return entry.value }
  }
  return sorted.last?.value ?? .nan
}

private func coverage(_ values: [Weighted], _ range: Interval) -> Double {
  let inside = values.filter { $0.value >= range.low && $0.value <= range.high }
  return inside.reduce(0) { $0 + $1.weight } / values.reduce(0) { $0 + $1.weight }
}

/// One line of a score.
public struct ScoreLine: Sendable, Hashable {
  /// Which estimate is scored.
  public let estimate: Trust
  /// `calibration` or `public_test`.
  public let split: String
  /// Its errors.
  public let score: Score
}

extension Estimator {
  /// Scores of the calibrated estimate by split, and of the transferred one where it has been scored.
  public func scores(on published: PublishedRuns, catalog: Catalog) -> [ScoreLine] {
    let chips = chipRates(catalog)
    return ["calibration", "public_test"].flatMap { split in
      let runs = published.runs.filter { $0.split == split }
      let predicted = runs.compactMap { run in chips[run.accelerator].flatMap { predict(run, on: $0) } }
      return score(predicted, error: servedError).map {
        ScoreLine(estimate: .calibrated, split: split, score: $0)
      }
    } + transferScores
  }
}
