// Predictions of runs by constants that never saw their model, or their chip: what the intervals and the scores of a
// calibration rest on.

import Catalog
import Quantities

/// A run with its prediction.
struct HeldOutRun {
  let run: PublishedRun
  let tpot: Double
  let ttft: Double

  var scored: ScoredRun { ScoredRun(run: run, tpot: tpot, ttft: ttft) }
}

extension CalibrationFit {
  /// Every calibration run predicted by a fit without the runs that share its key.
  func heldOut(by key: (PublishedRun) -> String) -> [HeldOutRun] {
    let calibration = rows.filter { $0.run.split == "calibration" }
    var result: [HeldOutRun] = []
    for group in Set(calibration.map { key($0.run) }).sorted() {
      let constants = fit { key($0) != group }
      for row in calibration where key(row.run) == group { result.append(row.predicted(constants)) }
    }
    return result
  }

  /// Runs of a split predicted by given constants.
  func predicted(_ constants: EngineConstants, split: String) -> [HeldOutRun] {
    rows.filter { $0.run.split == split }.map { $0.predicted(constants) }
  }
}

extension CalibrationFit.Row {
  fileprivate func predicted(_ constants: EngineConstants) -> HeldOutRun {
    let point = point(constants)
    return HeldOutRun(run: run, tpot: point.tpot.value, ttft: point.ttft.value)
  }
}
