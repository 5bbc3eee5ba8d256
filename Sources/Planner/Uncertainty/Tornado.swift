// What decides, one input at a time: each at its P10 and at its P90 with the others at their P50.
// Correlations play no part here: an input is moved alone.

public import Tables

/// What a swing is sorted by.
public enum OutcomeMetric: String, Sendable, Hashable, CaseIterable {
  /// Net present cost.
  case cost = "cost_usd"
  /// Cost of a million tokens.
  case usdPerMtok = "usd_per_mtok"
  /// Shortage.
  case shortage = "shortage"

  /// Its number in an outcome.
  public func value(_ outcome: Outcome) -> Double {
    switch self {
    case .cost: outcome.costUSD
    case .usdPerMtok: outcome.usdPerMtok
    case .shortage: outcome.shortage
    }
  }
}

/// One bar of a tornado.
public struct TornadoBar: Sendable, Hashable {
  /// The input.
  public let variable: Variable
  /// Its P10.
  public let low: Double
  /// Its P90.
  public let high: Double
  /// The outcome at P10.
  public let atLow: Outcome
  /// The outcome at P90.
  public let atHigh: Outcome

  /// Outcome at P90 less outcome at P10: negative where a higher input lowers the metric.
  public func swing(_ metric: OutcomeMetric) -> Double { metric.value(atHigh) - metric.value(atLow) }
}

/// A tornado: the outcome with every input at its P50 and the bars, widest first.
public struct Tornado: Sendable, Hashable {
  /// The outcome with every input at its P50.
  public let base: Outcome
  /// Bars, widest first; equal ones by name.
  public let bars: [TornadoBar]

  /// 2·d + 1 evaluations. Inputs that never vary have no bar; a swing that is not a number counts as the
  /// widest, so that it is seen.
  ///
  /// - Parameters:
  ///   - metric: what the bars are sorted by.
  ///   - top: bars kept.
  /// - Throws: `InputError` for names that repeat.
  public init(
    _ variables: [Variable], by metric: OutcomeMetric, top: Int = 12, _ evaluate: (Sample) -> Outcome
  ) throws(InputError) {
    try checkNames(variables)
    let middle = variables.map { $0.quantile(0.5) }
    base = withPoint(middle, evaluate)
    var bars: [TornadoBar] = []
    for (k, variable) in variables.enumerated() where !variable.distribution.isFixed {
      func at(_ value: Double) -> Outcome {
        var point = middle
        point[k] = value
        return withPoint(point, evaluate)
      }
      let (low, high) = (variable.quantile(0.1), variable.quantile(0.9))
      bars.append(TornadoBar(variable: variable, low: low, high: high, atLow: at(low), atHigh: at(high)))
    }
    func width(_ bar: TornadoBar) -> Double {
      let swing = abs(bar.swing(metric))
      return swing.isNaN ? .infinity : swing
    }
    self.bars = Array(
      bars.sorted { (width($1), $0.variable.name) < (width($0), $1.variable.name) }.prefix(max(0, top)))
  }
}
