// What anchors do to an estimate: the shift of its times and rate, the narrowing of their intervals, and the words
// that name the published rows behind both. Looked up once for a model, chip, format and engine, never per point.

import Catalog
import Quantities

/// Anchors of a model on a chip in a format under an engine, by figure; nil = nothing was measured of it.
struct AnchorShift: Sendable, Hashable {
  /// Anchor of the time per output token.
  var tpot: Anchors.Anchor?
  /// Anchor of the time to first token.
  var ttft: Anchors.Anchor?
  /// Anchor of the rate; without one the rate follows from the two times by Little's law.
  var rate: Anchors.Anchor?

  /// Nothing is shifted.
  static let none = AnchorShift()

  /// True where a figure is shifted.
  var isAnchored: Bool { tpot != nil || ttft != nil || rate != nil }
  /// Factor on decode times.
  var decode: Double { tpot?.factor ?? 1 }

  /// What is shifted, by how much and by which rows; a sentence a figure.
  var notes: [String] {
    func note(_ what: String, _ anchor: Anchors.Anchor?) -> String? {
      anchor.map { "\(what) x \(thousandths($0.factor)): \($0.words)" }
    }
    let own = [
      note("time per output token", tpot), note("time to first token", ttft), note("output rate", rate),
    ].compactMap { $0 }
    return rate == nil && isAnchored ? own + ["output rate from the anchored times by Little's law"] : own
  }
}

extension Anchors.Anchor {
  /// The rows behind it in words.
  fileprivate var words: String {
    let published = source.isEmpty ? "" : " of \(source)"
    let place = isOfVendor ? "chips of the same vendor" : "this model, chip and engine"
    return "anchored by \(rows) run\(rows == 1 ? "" : "s")\(published) on \(place), measured / predicted "
      + thousandths(exponential(meanLogarithm))
  }
}

extension Estimator {
  /// What published rows of the calibration split say about estimates of a model on a chip in a format under an
  /// engine.
  func anchorShift(
    of accelerator: Accelerator, model: ModelArchitecture, precision: Precision, engine: Engine,
    isSpeculative: Bool = false
  ) -> AnchorShift {
    func anchor(_ kind: ErrorClass, isTime: Bool) -> Anchors.Anchor? {
      let kind = isSpeculative ? .speculative : kind
      return anchors.anchor(
        Anchors.name(
          kind, isTime: isTime, isTail: false, model: model.model, accelerator: accelerator.id,
          precision: precision, engine: engine),
        vendor: Anchors.name(kind, isTime: isTime, isTail: false, vendor: accelerator.vendor))
    }
    return AnchorShift(
      tpot: anchor(.servedTPOT, isTime: true),
      // Rows with drafts count their times together: both figures would take the same rows.
      ttft: isSpeculative ? nil : anchor(.servedTTFT, isTime: true),
      rate: anchor(.servedThroughput, isTime: false))
  }
}

extension Estimator {
  /// The same for every engine.
  func anchorShifts(
    of accelerator: Accelerator, model: ModelArchitecture, precision: Precision, isSpeculative: Bool = false
  ) -> [Engine: AnchorShift] {
    Dictionary(
      uniqueKeysWithValues: Engine.allCases.map {
        (
          $0,
          anchorShift(
            of: accelerator, model: model, precision: precision, engine: $0, isSpeculative: isSpeculative)
        )
      })
  }
}

extension OperatingPoint {
  /// The point with its times and its rate shifted; itself where nothing was measured.
  func anchored(_ shift: AnchorShift, outputTokens: Double) -> OperatingPoint {
    guard shift.isAnchored else { return self }
    let tpot = self.tpot * shift.decode
    let ttft = self.ttft * (shift.ttft?.factor ?? 1)
    let requests: Double
    if let rate = shift.rate {
      requests = requestsPerSecond * rate.factor
    } else {
      requests = concurrency / (ttft.value + tpot.value * (outputTokens - 1))
    }
    return OperatingPoint(
      concurrency: concurrency, batch: batch, decode: decode, prefill: prefill,
      marginalPrefill: marginalPrefill, decodePerToken: decodePerToken, tpot: tpot, ttft: ttft,
      requestsPerSecond: requests,
      outputTokensPerSecond: TokensPerSecond(requests * outputTokens))
  }
}

extension HeldOutError {
  /// Intervals of anchored figures are narrower; that of a rate also where it follows from an anchored time.
  func anchored(_ shift: AnchorShift) -> HeldOutError {
    func narrow(_ range: Interval, _ isAnchored: Bool) -> Interval {
      guard isAnchored else { return range }
      return Interval(power(range.low, anchoredWidth), power(range.high, anchoredWidth))
    }
    return HeldOutError(
      tpot: narrow(tpot, shift.tpot != nil),
      throughput: narrow(throughput, shift.rate != nil || shift.tpot != nil),
      ttft: narrow(ttft, shift.ttft != nil), offline: offline)
  }
}

/// A factor with three decimals.
private func thousandths(_ value: Double) -> String {
  guard value.isFinite, value < 1e6 else { return "\(value)" }
  let scaled = Int64((value * 1000).rounded())
  let digits = String(scaled % 1000)
  return "\(scaled / 1000)." + String(repeating: "0", count: 3 - digits.count) + digits
}
