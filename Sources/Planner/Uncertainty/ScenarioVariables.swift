// The uncertain inputs of a scenario: what assumptions.csv states, or what its ranges imply.

import Quantities
import Tables

/// The uncertain inputs of a scenario, in the order of `InputKey.all`.
///
/// An input is uncertain where the setting in force has a distribution, or a low end below a high end; the others are
/// fixed and left out. The distribution is
///
/// 1. the one in the column `distribution`, where there is one;
/// 2. for shares and ratios, PERT(low, value, high): the ends are the most that can be;
/// 3. else, where low > 0 and high/low > 3, the lognormal with P10 = low and P90 = high: what may be off by a factor
///    has no ends, and its value is not used;
/// 4. else PERT(low, value, high).
///
/// Draws stay in what the input accepts, and whole inputs are rounded.
public func variables(of scenario: Scenario) -> [Variable] {
  scenario.inputs.compactMap { input in
    guard let setting = input.active, let distribution = setting.distribution ?? implied(input, setting),
      !distribution.isFixed
    else { return nil }
    return Variable(
      input.key.name, unit: input.key.unit, distribution, accepted: input.key.accepted,
      isWhole: input.key.isWhole)
  }
}

/// The ratio of high to low above which a positive range is taken as a factor.
private let factorRange = 3.0

private func implied(_ input: ScenarioInput, _ setting: Setting) -> Distribution? {
  guard let low = setting.low, let high = setting.high, low < high, let value = input.number else {
    return nil
  }
  let isShare = ["share", "ratio"].contains(input.key.unit)
  // The reader has made sure that low ≤ value ≤ high; a scenario made otherwise has no distribution where it is not.
  return !isShare && low > 0 && high / low > factorRange
    ? try? Distribution(.lognormal(p10: low, p90: high))
    : try? Distribution(.pert(low: low, mode: value, high: high))
}

extension InputKey {
  /// The numbers that it accepts; nil for months and choices.
  var accepted: ClosedRange<Double>? {
    switch kind {
    case .number(let low, let high): low...high
    case .whole(let low, let high): Double(low)...Double(high)
    case .month, .choice: nil
    }
  }

  var isWhole: Bool {
    if case .whole = kind { return true }
    return false
  }

  /// The distribution that a cell states for this input; nil for an empty cell.
  ///
  /// - Throws: `CellFault` for text that is no distribution, an input that is no number, or a distribution with more
  ///   than 1 % of its draws below or above what the input accepts.
  func distribution(_ text: String) throws(CellFault) -> Distribution? {
    guard !text.isEmpty else { return nil }
    guard let accepted else {
      throw CellFault("a \(unit) has no distribution", advice: "leave the cell empty")
    }
    let distribution = try Distribution(text)
    for end in [0.01, 0.99].map(distribution.quantile) where !accepted.contains(end) {
      throw CellFault(
        "1 % of \(text.prefix(60)) lies beyond \(decimalText(end)), outside \(decimalText(accepted.lowerBound)) to "
          + "\(decimalText(accepted.upperBound)) \(unit)",
        advice: "choose one that stays inside")
    }
    return distribution
  }
}
