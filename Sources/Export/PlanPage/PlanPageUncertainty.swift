// The plan on samples of its uncertain inputs, as the page shows it: percentiles of each candidate.

import Planner
import Quantities
import Tables

extension PlanPageExtras {
  /// Percentiles of cost and of USD per million tokens, candidate by candidate; nothing for nil.
  init(_ uncertainty: PlanUncertainty?) {
    self.init()
    guard let uncertainty else { return }
    sampling = "\(counted(uncertainty.samples, "sample")), seed \(uncertainty.seed)"
    percentiles = uncertainty.result.candidates.flatMap { candidate in
      [
        Percentiles(
          candidate: candidate.name, metric: "cost", unit: "billion USD",
          values: candidate.costPercentiles.map {
            (Unit.percent.fromBase($0.share), Unit.billionUSD.fromBase($0.value))
          }),
        Percentiles(
          candidate: candidate.name, metric: "all tokens", unit: "USD per Mtok",
          values: candidate.usdPerMtokPercentiles.map { (Unit.percent.fromBase($0.share), $0.value) }),
      ].filter { !$0.values.isEmpty }
    }
  }
}
