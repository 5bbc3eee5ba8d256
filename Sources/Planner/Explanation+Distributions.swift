// Uncertain inputs explained: the form of the distribution and where it comes from, its parameters and percentiles, and
// the name that seeds its draws.

import Quantities
import Tables

extension Plan {
  /// What the plan is sampled by: inputs with a range or a distribution, the estimate's error, late deliveries.
  public var uncertainNames: [String] { uncertain.map(\.name) }

  private var uncertain: [Variable] {
    let drawn = PlanUncertainty.drawn(self)
    let known = Set(drawn.map(\.name))
    return drawn + variables(of: scenario).filter { !known.contains($0.name) }
  }

  /// The lines of an uncertain input; nil for a name that is none. `distribution.` may stand before it.
  public func distribution(of name: String) -> [String]? {
    let name = name.hasPrefix("distribution.") ? String(name.dropFirst("distribution.".count)) : name
    guard let variable = uncertain.first(where: { $0.name == name }) else { return nil }
    let distribution = variable.distribution
    let unit = variable.unit.isEmpty ? "" : " \(variable.unit)"
    let isDrawn = PlanUncertainty.drawn(self).contains { $0.name == name }
    var lines = ["uncertain: \(distribution.text), \(origin(name))"]
    let percentiles = [0.1, 0.5, 0.9].map { share in
      "P\(Int((share * 100).rounded())) \(shown(variable.quantile(share)))"
    }
    lines.append(
      "\(percentiles.joined(separator: ", "))\(unit); mean \(shown(distribution.mean)), standard deviation "
        + "\(shown(distribution.standardDeviation))")
    if let accepted = variable.accepted {
      lines.append(
        "draws stay in \(decimalText(accepted.lowerBound)) to \(decimalText(accepted.upperBound))\(unit)"
          + (variable.isWhole ? ", rounded to whole numbers" : ""))
    }
    lines.append(
      isDrawn
        ? "drawn by Latin hypercube: seed \(scenario.text("seed")) with the name '\(name)', so that no other input "
          + "moves its draws"
        : "not drawn: this plan's samples do not read it (What decides moves it alone)")
    for row in scenario.fleet.correlations {
      let pair = [PlanUncertainty.alias(row.first), PlanUncertainty.alias(row.second)]
      guard isDrawn, pair.contains(name), let other = pair.first(where: { $0 != name }) else { continue }
      lines.append("rank correlation \(decimalText(row.correlation ?? 0)) with \(other); \(row.source)")
    }
    return lines
  }

  /// Where a distribution comes from.
  private func origin(_ name: String) -> String {
    if let input = scenario.input(name), let setting = input.active {
      guard setting.distribution == nil else { return "as stated at \(setting.place)" }
      let ends = [setting.low, setting.high].compactMap { $0 }.map(decimalText).joined(separator: " to ")
      return "from the range \(ends) at \(setting.place)"
    }
    if name == StressVariable.deliverySlip { return "from slip_months and slip_months_p90" }
    return "from the estimate's 80 % interval; common to all accelerators of a kind"
  }
}

/// Three digits or more.
private func shown(_ value: Double) -> String {
  grouped(value, decimals: abs(value) >= 1000 ? 0 : abs(value) >= 1 ? 3 : 5)
}
