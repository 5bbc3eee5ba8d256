// The fit of the step model on published runs of the calibration split, and what it predicts for runs that were left
// out. Two-level residuals: rows of one cell (model, chip, format, engine) scatter around the cell's common error,
// which counts as one observation, so that a cell that is wrong as a whole moves no constant.

import Quantities

/// Published runs with what a fit needs of them.
struct CalibrationFit {
  /// One run and how to predict it.
  struct Row: Sendable {
    let run: PublishedRun
    let chip: ChipRates
    let model: ModelShape
    /// Rows with the same index share an error.
    let cell: Int

    func point(_ constants: EngineConstants) -> OperatingPoint {
      let step = StepModel(
        model: model, chip: chip, deployment: run.deployment, constants: constants,
        kvBytesPerElement: run.kvBytesPerElement)
      let limit = max(Double(run.data), step.batchLimit(context: run.workload.meanContext))
      return step.operate(
        concurrency: run.concurrency, batchLimit: limit, workload: run.workload,
        fixedLengths: run.hasFixedLengths)
    }
  }

  let rows: [Row]
  let cells: Int
  /// Constants that are not fitted.
  let base: EngineConstants

  /// - Parameter runs: any cleaned runs; only those of the calibration split ever enter a fit.
  init(_ runs: [PublishedRun], chips: [String: ChipRates], base: EngineConstants) {
    var indices: [String: Int] = [:]
    var rows: [Row] = []
    for run in runs {
      guard let chip = chips[run.accelerator], case .success(let model) = ModelShape.from(run.model) else {
        continue
      }
      let key = "\(run.architecture)|\(run.accelerator)|\(run.precision.rawValue)|\(run.engine.rawValue)"
      let cell = indices[key] ?? indices.count
      indices[key] = cell
      rows.append(Row(run: run, chip: chip, model: model, cell: cell))
    }
    self.rows = rows
    cells = indices.count
    self.base = base
  }

  /// Constants fitted on the rows of the calibration split that `isIn` admits.
  func fit(_ isIn: (PublishedRun) -> Bool = { _ in true }) -> EngineConstants {
    let chosen = rows.filter { $0.run.split == "calibration" && isIn($0.run) }
    let steps = fit(FitParameter.steps, from: base, rows: chosen, within: 0.12, between: 0.12, most: 3) {
      $0.point($1).tpot.value / $0.run.tpot
    }
    let timed = chosen.filter { !$0.run.hasWarmUp }
    return fit(FitParameter.firstToken, from: steps, rows: timed, within: 0.3, between: 0.24, most: 1) {
      $0.point($1).ttft.value / $0.run.ttft
    }
  }

  /// - Parameters:
  ///   - within: scatter of rows around their cell, natural logarithms; at most eight rows a cell count.
  ///   - between: scatter of cells.
  ///   - most: rows from which a cell's common error counts fully.
  func fit(
    _ parameters: [FitParameter], from start: EngineConstants, rows: [Row], within: Double, between: Double,
    most: Double, _ ratio: (Row, EngineConstants) -> Double
  ) -> EngineConstants {
    func constants(_ x: [Double]) -> EngineConstants {
      var result = start
      for (parameter, value) in zip(parameters, x) { parameter.set(&result, exponential(value)) }
      return result
    }
    var counts = [Double](repeating: 0, count: cells)
    for row in rows { counts[row.cell] += 1 }
    let centre = parameters.map { logarithm($0.prior) }
    let search = LeastSquares(
      lower: parameters.map { logarithm($0.lower) }, upper: parameters.map { logarithm($0.upper) })
    let found = search.minimise(from: centre) { x in
      let candidate = constants(x)
      let logs = rows.map { logarithm(ratio($0, candidate)) }
      var means = [Double](repeating: 0, count: cells)
      for (row, value) in zip(rows, logs) { means[row.cell] += value / counts[row.cell] }
      var residuals: [Double] = []
      residuals.reserveCapacity(rows.count + cells + x.count)
      for (row, value) in zip(rows, logs) {
        let n = counts[row.cell]
        residuals.append((value - means[row.cell]) / within * (min(n, 8) / n).squareRoot())
      }
      for (mean, n) in zip(means, counts) where n > 0 {
        residuals.append(mean / between * min(n, most) / most)
      }
      for (index, parameter) in parameters.enumerated() {
        residuals.append((x[index] - centre[index]) / parameter.deviation)
      }
      return residuals
    }
    return constants(found)
  }
}
