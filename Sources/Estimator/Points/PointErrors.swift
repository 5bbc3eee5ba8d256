// How wrong predictions of each kind were on rows of the calibration split that their constants had not seen:
// quantiles of measured / predicted, every cell counting once. `plimsoll calibrate` writes them.

import Catalog
public import Quantities
import Tables

/// Quantiles of measured / predicted.
public struct ErrorQuantiles: Sendable, Hashable {
  /// 10, 25, 75 and 90 % quantile.
  public let q10, q25, q75, q90: Double

  /// The 80 % range with logarithms times `width`.
  public func range80(_ width: Double = 1) -> Interval { Interval(power(q10, width), power(q90, width)) }
  /// The 50 % range.
  public func range50(_ width: Double = 1) -> Interval { Interval(power(q25, width), power(q75, width)) }
}

/// Errors of all kinds of predictions.
public struct PointErrors: Sendable {
  private let byClass: [ErrorClass: ErrorQuantiles]

  /// The rows `error_q10` … `error_q90` of engine_constants.csv.
  ///
  /// - Throws: `InputError` that names the first kind without quantiles.
  init(_ rows: [EngineConstant]) throws(InputError) {
    var found: [ErrorClass: ErrorQuantiles] = [:]
    for kind in ErrorClass.allCases {
      func value(_ name: String) throws(InputError) -> Double {
        guard
          let value = rows.first(where: { $0.constant == name && $0.engineOrChip == kind.rawValue })?.value
        else {
          throw InputError(
            file: EngineConstant.fileName, "the constant '\(name)' for '\(kind.rawValue)' is missing",
            advice: "run 'plimsoll calibrate' or restore its row from the bundled table")
        }
        return value
      }
      found[kind] = ErrorQuantiles(
        q10: try value("error_q10"), q25: try value("error_q25"), q75: try value("error_q75"),
        q90: try value("error_q90"))
    }
    byClass = found
  }

  /// Errors of a kind.
  public subscript(kind: ErrorClass) -> ErrorQuantiles {
    byClass[kind] ?? ErrorQuantiles(q10: 0.5, q25: 0.7, q75: 1.4, q90: 2)
  }
}

extension Estimator {
  /// Errors of chips whose kernels were measured: 10 % and 90 % quantiles over held-out models and chips.
  public var servedError: HeldOutError {
    HeldOutError(
      tpot: pointErrors[.servedTPOT].range80(), throughput: pointErrors[.servedThroughput].range80(),
      ttft: pointErrors[.servedTTFT].range80(), offline: HeldOutError.symmetric(halfWidth: 0.35))
  }

  /// The same for runs that verify drafts: times and rates share one distribution.
  var speculativeError: HeldOutError {
    let range = pointErrors[.speculative].range80()
    return HeldOutError(
      tpot: range, throughput: range, ttft: pointErrors[.servedTTFT].range80(),
      offline: HeldOutError.symmetric(halfWidth: 0.35))
  }
}
