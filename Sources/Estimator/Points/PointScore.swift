// Every row of a table of serving points with its prediction: served sweeps through the cleaning of published runs,
// all others one by one. A row is scored, flagged by an import check (it contradicts itself; its prediction is given
// all the same), or abstained from, with the reason.

public import Catalog
public import Quantities

/// A row with what the estimator says of it.
public struct ScoredPoint: Sendable {
  /// What became of a row.
  public enum Status: String, Sendable, Hashable, CaseIterable {
    /// Predicted and counted.
    case scored
    /// An import check says that the row is wrong: predicted, not counted.
    case flagged
    /// No prediction.
    case abstained
  }

  /// The row.
  public let point: ServingPoint
  /// Measured value in the unit of the row.
  public let measured: Double
  /// Predicted value in the unit of the row.
  public let predicted: Double?
  /// What the prediction is wrong like.
  public let errorClass: ErrorClass?
  /// Where measured lies with 80 % probability, in the unit of the row.
  public let range80: Interval?
  /// The same with 50 %.
  public let range50: Interval?
  /// How much the prediction rests on.
  public let trust: Trust?
  /// What became of it.
  public let status: Status
  /// Why it is flagged or abstained from, or what was assumed.
  public let reason: String
  /// Rows of one source, chip, model and precision count as one.
  public let cell: String
  /// Chip and model of the catalogue, or the published names.
  public let accelerator: String
  public let model: String
  /// dense, MoE or MLA MoE.
  public let modelKind: String
  /// Factor on the logarithms of the interval for what was never measured with this chip, model and network.
  let widening: Double
  /// Cell whose measured rows anchor a prediction.
  let anchorName: String
  /// The same for the vendor's software.
  let vendorAnchorName: String

  /// predicted / measured.
  public var ratio: Double? { predicted.map { $0 / measured } }
}

extension Estimator {
  /// All rows, in their order.
  ///
  /// - Complexity: some microseconds a row; the cleaning compares runs of one sweep pairwise.
  public func scoredPoints(_ points: [ServingPoint], catalog: Catalog) -> [ScoredPoint] {
    let names = PublishedNameTable(catalog)
    let published = PublishedRuns(points, catalog: catalog, estimator: self)
    let chips = chipRates(catalog)
    var verdicts: [String: RunVerdict] = [:]
    for run in published.runs { verdicts[run.key] = RunVerdict(run: run, flaw: nil) }
    for (run, rule) in published.refused { verdicts[run.key] = RunVerdict(run: run, flaw: rule) }
    let inconsistent = InconsistentRates(points)
    return points.map { point in
      if let verdict = verdicts[PublishedRun.configuration(of: point)], PublishedRun.isSample(point),
        verdict.run.ids.contains(point.id)
      {
        return scored(point, verdict, chips: chips)
      }
      switch ServingCase.parse(point, names: names) {
      case .failure(let gap): return abstained(point, nil, gap)
      case .success(let question):
        switch predict(question) {
        case .failure(let gap): return abstained(point, question, gap)
        case .success(let answer):
          return scored(point, question, answer, flaw: answer.flaw ?? inconsistent.flaw(of: point))
        }
      }
    }
  }

  /// What the cleaning says of a run.
  private struct RunVerdict {
    let run: PublishedRun
    let flaw: String?
  }

  private func scored(_ point: ServingPoint, _ verdict: RunVerdict, chips: [String: ChipRates]) -> ScoredPoint
  {
    let run = verdict.run
    let chip = catalogRow(run.accelerator)
    guard let rates = chips[run.accelerator], let prediction = predict(run, on: rates) else {
      let gap = Gap("row \(point.id)", missing: "no rates of \(run.accelerator)", remedy: "complete its row")
      return abstained(point, nil, gap)
    }
    let isFirstToken = point.metric == "ttft_ms"
    let value = isFirstToken ? prediction.ttft : prediction.tpot
    let kind: ErrorClass = isFirstToken ? .servedTTFT : .servedTPOT
    let warmUp =
      isFirstToken && run.hasWarmUp ? "thrice the TTFT of a run under more load: warm-up in the mean" : nil
    let flaw = verdict.flaw ?? warmUp
    return result(
      point, Unit.millisecond.fromBase(value), kind,
      width: widening(of: chip, model: run.model, deployment: run.deployment, kind),
      trust: chip.map(trust(in:)) ?? .datasheet, status: flaw == nil ? .scored : .flagged, reason: flaw ?? "",
      accelerator: run.accelerator, model: run.model, deployment: run.deployment,
      cell: "\(point.source)|\(run.cell)")
  }

  private func scored(
    _ point: ServingPoint, _ question: ServingCase, _ answer: PointPrediction, flaw: String?
  ) -> ScoredPoint {
    let unit: Unit? = question.metric.isTime ? .millisecond : nil
    return result(
      point, unit?.fromBase(answer.value) ?? answer.value, answer.errorClass,
      width: widening(
        of: question.accelerator, model: question.model, deployment: answer.deployment, answer.errorClass),
      trust: trust(in: question.accelerator), status: flaw == nil ? .scored : .flagged,
      reason: flaw ?? answer.remarks.joined(separator: "; "), accelerator: question.accelerator.id,
      model: question.model, deployment: answer.deployment.with(precision: question.precision),
      cell: question.cell)
  }

  private func result(
    _ point: ServingPoint, _ value: Double, _ kind: ErrorClass, width: Double, trust: Trust,
    status: ScoredPoint.Status, reason: String, accelerator: String, model: ModelArchitecture,
    deployment: Deployment, cell: String
  ) -> ScoredPoint {
    let error = pointErrors[kind]
    let isTail = point.notes.hasPrefix("p99")
    let isTime = point.metric.hasSuffix("_ms")
    let name = Anchors.name(
      kind, isTime: isTime, isTail: isTail, model: model.model, accelerator: accelerator,
      precision: deployment.precision, engine: deployment.engine)
    let vendor = Anchors.name(
      kind, isTime: isTime, isTail: isTail, vendor: catalogRow(accelerator)?.vendor ?? "")
    // Rows of the calibration split made the anchors: theirs would be their own answer.
    let anchor = point.split == "calibration" ? nil : anchors.anchor(name, vendor: vendor)
    let value = value * (anchor?.factor ?? 1)
    let width = width * (anchor == nil ? 1 : anchoredWidth)
    let source = anchor.map { anchor in
      "shifted by \(anchor.rows) measured rows of the same "
        + (anchor.isOfVendor ? "vendor's chips" : "model, chip, format and engine")
    }
    return ScoredPoint(
      point: point, measured: point.value ?? .nan, predicted: value, errorClass: kind,
      range80: error.range80(width).around(value), range50: error.range50(width).around(value), trust: trust,
      status: status, reason: [reason, source ?? ""].filter { !$0.isEmpty }.joined(separator: "; "),
      cell: cell,
      accelerator: accelerator, model: model.model,
      modelKind: ServedPair(accelerator: accelerator, model: model).kind.rawValue, widening: width,
      anchorName: name,
      vendorAnchorName: vendor)
  }

  private func abstained(_ point: ServingPoint, _ question: ServingCase?, _ gap: Gap) -> ScoredPoint {
    ScoredPoint(
      point: point, measured: point.value ?? .nan, predicted: nil, errorClass: nil, range80: nil,
      range50: nil,
      trust: nil, status: .abstained, reason: gap.missing,
      cell: question?.cell ?? "\(point.source)|\(point.accelerator)|\(point.model)|\(point.precision)",
      accelerator: question?.accelerator.id ?? point.accelerator, model: question?.model.model ?? point.model,
      modelKind: "", widening: 1, anchorName: "", vendorAnchorName: "")
  }
}

/// Rates that contradict the time per token of the same configuration: more tokens than its clients could have made.
private struct InconsistentRates {
  private var times: [String: Double] = [:]

  init(_ points: [ServingPoint]) {
    for point in points where point.metric == "tpot_ms" && point.scenario == "mixed" {
      if let value = point.value { times[InconsistentRates.key(point)] = Unit.millisecond.toBase(value) }
    }
  }

  /// The reason why a rate cannot be, or nil.
  func flaw(of point: ServingPoint) -> String? {
    guard point.scenario == "mixed", point.valueBasis.hasPrefix("per_accelerator"), let value = point.value,
      let time = times[InconsistentRates.key(point)], let count = point.count, count > 0,
      let clients = Double(point.batchOrConcurrency), let output = point.osl, let input = Double(point.isl),
      point.metric == "total_tok_s" || point.metric == "output_tok_s"
    else { return nil }
    let tokens = point.metric == "total_tok_s" ? (input + output) / output : 1
    let most = clients / time * tokens / Double(count)
    return value > 1.25 * most
      ? "Little's law: \(count) accelerators cannot make this rate at the row's concurrency and time per token"
      : nil
  }

  private static func key(_ point: ServingPoint) -> String {
    [
      point.source, point.model, point.precision, point.accelerator, point.parallelism, point.isl,
      "\(point.osl ?? 0)", point.batchOrConcurrency, point.date, "\(point.count ?? 0)",
      point.notes.contains("MTP") || point.notes.contains("mtp") ? "mtp" : "",
    ].joined(separator: "|")
  }
}
