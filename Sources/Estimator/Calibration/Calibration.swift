// A calibration: constants fitted on rows of the calibration split, scored on models and chips left out of the fit and
// on every other split, with the quantiles of their errors. Everything that `plimsoll calibrate` prints and writes.

public import Catalog
import Quantities
public import Tables

/// A fit with its scores and the table to keep.
public struct Calibration: Sendable {
  /// How runs were predicted.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case inSample = "in sample"
    case modelHeldOut = "model held out"
    case chipHeldOut = "chip held out"
    case publicTest = "public test"
  }

  /// Errors of one quantity of runs predicted one way.
  public struct Line: Sendable {
    /// How they were predicted.
    public let kind: Kind
    /// Their errors.
    public let score: Score
  }

  /// A held-out prediction of one row, for programs that compare estimators.
  public struct HeldOutValue: Sendable {
    /// Id of the row.
    public let id: String
    /// Left out: the model or the chip.
    public let kind: Kind
    /// Metric of the row.
    public let metric: String
    /// Predicted value in the row's unit, ms.
    public let predicted: Double
  }

  /// Scores.
  public let lines: [Line]
  /// The table of constants with the fitted values, the errors, the rows used and the day.
  public let constants: [EngineConstant]
  /// Predictions by fits without the row's model, and without its chip.
  public let heldOut: [HeldOutValue]
  /// Runs of the calibration split that entered the fit.
  public let runs: Int
}

extension Estimator {
  /// Fits the constants of steps, then of the first token; only rows with `split` = calibration are read for it.
  ///
  /// - Parameter day: the day to write into the table.
  /// - Complexity: some seconds: one fit, and one without each model and each chip.
  public func calibrate(
    _ points: [ServingPoint], catalog: Catalog, day: String
  ) throws(InputError) -> Calibration {
    let published = PublishedRuns(points, catalog: catalog, estimator: self)
    let fit = CalibrationFit(published.runs, chips: chipRates(catalog), base: constants)
    let usable = fit.rows.count { $0.run.split == "calibration" }
    guard usable >= fewestRuns else {
      throw InputError(
        file: ServingPoint.fileName,
        "\(usable) usable runs with split = calibration; a fit takes at least \(fewestRuns)",
        advice: "give rows of both times of a configuration, or leave --points out for the bundled ones")
    }
    let fitted = fit.fit()
    let inSample = fit.predicted(fitted, split: "calibration")
    let models = fit.heldOut { $0.architecture }
    let chips = fit.heldOut { $0.accelerator }
    let test = fit.predicted(fitted, split: "public_test")
    let sets: [(Calibration.Kind, [HeldOutRun])] = [
      (.inSample, inSample), (.modelHeldOut, models), (.chipHeldOut, chips), (.publicTest, test),
    ]

    var table = ConstantsTable(catalog.engineConstants, day: day)
    table.set(FitParameter.steps, from: fitted, runs: inSample) { $0.run.tpot / $0.tpot }
    table.set(FitParameter.firstToken, from: fitted, runs: inSample.filter { !$0.run.hasWarmUp }) {
      $0.run.ttft / $0.ttft
    }
    for (kind, measure) in [
      (ErrorClass.servedTPOT, Score.Measure.tpot), (.servedThroughput, .throughput), (.servedTTFT, .ttft),
    ] {
      table.set(kind, ErrorSample(heldOut: models + chips, measure))
    }
    var refitted = self
    refitted.constants = fitted
    let learned = points.filter { $0.split == "calibration" }
    let scored = refitted.scoredPoints(learned, catalog: catalog).filter { $0.status == .scored }
    table.setAnchors(scored)
    let byKind = Dictionary(grouping: scored) { $0.errorClass }
    // Their errors come from fits without the row's model or chip.
    let heldOutKinds: [ErrorClass] = [.servedTPOT, .servedThroughput, .servedTTFT]
    for kind in ErrorClass.allCases where !heldOutKinds.contains(kind) {
      table.set(kind, ErrorSample(byKind[kind] ?? [], areUnseen: unfittedKinds.contains(kind)))
    }
    table.setPhaseFromOffline()

    refitted.pointErrors = try PointErrors(table.rows)
    let lines = sets.flatMap { kind, runs in
      score(runs.map(\.scored), error: refitted.servedError).map { Calibration.Line(kind: kind, score: $0) }
    }
    func values(_ kind: Calibration.Kind, _ runs: [HeldOutRun]) -> [Calibration.HeldOutValue] {
      runs.flatMap { run in
        zip(run.run.ids, [("tpot_ms", run.tpot), ("ttft_ms", run.ttft)]).map { id, value in
          Calibration.HeldOutValue(
            id: id, kind: kind, metric: value.0, predicted: Unit.millisecond.fromBase(value.1))
        }
      }
    }
    return Calibration(
      lines: lines, constants: table.rows,
      heldOut: values(.modelHeldOut, models) + values(.chipHeldOut, chips), runs: inSample.count)
  }
}

/// Logarithms of measured / predicted, every cell counting once.
private struct ErrorSample {
  let values: [Weighted]
  let cells: Int
  /// Factor on the logarithms.
  let inflation: Double

  /// Predictions that never saw the row's model or chip.
  init(heldOut runs: [HeldOutRun], _ measure: Score.Measure) {
    let counts = Dictionary(grouping: runs, by: \.run.cell).mapValues { Double($0.count) }
    values = runs.compactMap { run in
      guard let ratio = run.scored.ratio(measure), let count = counts[run.run.cell] else { return nil }
      return Weighted(value: -logarithm(ratio), weight: 1 / count)
    }
    cells = counts.count
    inflation = 1
  }

  /// Rows of a kind, freed of the widening that their intervals get for what they are unlike. Where a few constants
  /// were chosen on them their errors are widened for it.
  init(_ rows: [ScoredPoint], areUnseen: Bool) {
    let counts = Dictionary(grouping: rows, by: \.cell).mapValues { Double($0.count) }
    values = rows.compactMap { row in
      guard let ratio = row.ratio, let count = counts[row.cell] else { return nil }
      return Weighted(value: -logarithm(ratio) / row.widening, weight: 1 / count)
    }
    cells = counts.count
    inflation = areUnseen ? 1 : ErrorSample.inflation(cells: counts.count)
  }

  /// Residual of n cells after choosing `chosenConstants` on them, to what new cells show: sqrt(n / (n - p)).
  private static func inflation(cells: Int) -> Double {
    let free = max(1, cells - chosenConstants)
    return min(1.4, max(1.001, (Double(cells) / Double(free)).squareRoot()))
  }
}

/// The table of constants while it is filled.
private struct ConstantsTable {
  private(set) var rows: [EngineConstant]
  let day: String

  init(_ rows: [EngineConstant], day: String) {
    self.rows = rows
    self.day = day
  }

  mutating func set(
    _ parameters: [FitParameter], from constants: EngineConstants, runs: [HeldOutRun],
    _ ratio: (HeldOutRun) -> Double
  ) {
    for parameter in parameters {
      let scope = parameter.engine?.rawValue ?? "all"
      guard
        let index = rows.firstIndex(where: { $0.constant == parameter.symbol && $0.engineOrChip == scope })
      else { continue }
      let informed = runs.filter { parameter.engine == nil || $0.run.engine == parameter.engine }
      let logs = informed.map { Weighted(value: logarithm(ratio($0)), weight: 1) }
      rows[index].value = rounded(parameter.value(constants))
      rows[index].rows = informed.count
      rows[index].residualLn = rounded((quantile(logs, 0.84) - quantile(logs, 0.16)) / 2)
      rows[index].asOf = day
    }
  }

  mutating func set(_ kind: ErrorClass, _ sample: ErrorSample) {
    // Few cells say little of the tails: with fewer than four a factor of 1.4 is kept to both sides. Where constants
    // were chosen on the rows themselves, no interval is narrower than what repeats of one configuration scatter.
    let least = sample.cells < 4 ? 0.34 : (sample.inflation > 1 ? repeatScatter : 0.1)
    for (name, share, sign, part) in [
      ("error_q10", 0.1, -1.0, 1.0), ("error_q25", 0.25, -1, 0.5), ("error_q75", 0.75, 1, 0.5),
      ("error_q90", 0.9, 1, 1),
    ] {
      let found = sample.values.isEmpty ? 0 : quantile(sample.values, share) * sample.inflation
      let value = sign < 0 ? min(found, -least * part) : max(found, least * part)
      set(name, kind, exponential(value), rows: sample.values.count)
    }
  }

  /// No row of the calibration split measures a phase alone: half as wide again as offline runs.
  mutating func setPhaseFromOffline() {
    for name in ["error_q10", "error_q25", "error_q75", "error_q90"] {
      guard
        let offline = rows.first(where: {
          $0.constant == name && $0.engineOrChip == ErrorClass.offline.rawValue
        })?.value
      else { continue }
      set(name, .phase, power(offline, 1.5), rows: 0)
    }
  }

  /// One row a cell: the mean error of what was measured of a model on a chip.
  mutating func setAnchors(_ scored: [ScoredPoint]) {
    rows.removeAll { $0.constant == Anchors.constant }
    addAnchors(Dictionary(grouping: scored, by: \.anchorName))
    // Vendors whose kernels the fit has not seen: what their software does to every model.
    let foreign = scored.filter { !$0.vendorAnchorName.hasSuffix(": \(fittedVendor)") }
    addAnchors(Dictionary(grouping: foreign, by: \.vendorAnchorName))
  }

  private mutating func addAnchors(_ cells: [String: [ScoredPoint]]) {
    for name in cells.keys.sorted() {
      let logs = (cells[name] ?? []).compactMap { row in row.ratio.map { -logarithm($0) } }
      guard !logs.isEmpty else { continue }
      let mean = logs.reduce(0, +) / Double(logs.count)
      var row = EngineConstant()
      row.constant = Anchors.constant
      row.engineOrChip = name
      row.value = rounded(exponential(mean))
      row.unit = "1"
      row.how = "anchor"
      row.rows = logs.count
      row.asOf = day
      row.source = Set((cells[name] ?? []).map(\.point.source)).sorted().joined(separator: ", ")
      rows.append(row)
    }
  }

  private mutating func set(_ name: String, _ kind: ErrorClass, _ value: Double, rows count: Int) {
    guard
      let index = rows.firstIndex(where: { $0.constant == name && $0.engineOrChip == kind.rawValue })
    else { return }
    rows[index].value = rounded(value)
    rows[index].rows = count
    rows[index].asOf = day
  }
}

/// Kinds that are predicted by constants fitted elsewhere: their errors were never seen by a choice.
private let unfittedKinds: Set<ErrorClass> = [.splitTPOT, .splitThroughput, .splitTTFT]

/// Constants chosen by hand on the rows of a kind, at most (of `OfflineConstants`, `EagerEngine` and the limits).
private let chosenConstants = 3

/// 90 % quantile of |ln| between runs of one configuration more than a week apart, over 399 pairs of InferenceX.
private let repeatScatter = 0.22

/// Fewest runs of a fit: as many as it has constants, and again half of that.
private let fewestRuns = 50

/// The vendor of every chip in the fit.
private let fittedVendor = "NVIDIA"

/// Six digits: the table and the program use the same numbers.
private func rounded(_ value: Double) -> Double {
  guard value != 0, value.isFinite else { return value }
  let scale = power(10, 5 - (logarithm(abs(value)) / logarithm(10)).rounded(.down))
  return (value * scale).rounded() / scale
}
