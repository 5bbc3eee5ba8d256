// What decides: the headline planned again with one input at its low and at its high end, the others as they are.

import Quantities
import Tables

/// Swings of the leading option.
struct SwingFinder {
  let numbers: PlanNumbers
  let evidence: PlanEvidence
  /// nil: the portfolio.
  let offer: Offer?
  let basis: PriceBasis
  let date: PriceDate

  private static let accelerators = "accelerators"
  private static let users = "users"

  /// Swings of accelerators and of users of the first stand-in, largest first.
  func swings() -> [Swing] {
    var found = priceSwings()
    for metric in [SwingFinder.accelerators, SwingFinder.users] {
      found += numbers.scenario.inputs.compactMap { inputSwing($0, metric) }
    }
    found += [throughputSwing()].compactMap { $0 }
    return found.filter { $0.relativeSwing > 1e-9 }
      .sorted { ($1.relativeSwing, $0.metric, $0.input) < ($0.relativeSwing, $1.metric, $1.input) }
  }

  private func portfolio(_ numbers: PlanNumbers, _ basis: PriceBasis, _ date: PriceDate) -> Portfolio? {
    let buyer = PortfolioBuilder(numbers: numbers, evidence: evidence, basis: basis, date: date)
    guard let rows = try? buyer.allocation() else { return nil }
    return try? buyer.portfolio(rows, standIns: Array(numbers.scenario.standIns.prefix(1)))
  }

  private func accelerators(_ numbers: PlanNumbers, _ basis: PriceBasis, _ date: PriceDate) -> Double? {
    guard let offer else { return portfolio(numbers, basis, date)?.accelerators }
    guard let builder = try? OptionBuilder(numbers, evidence),
      case .success(let rate) = builder.rate(offer, basis, date)
    else { return nil }
    return (try? builder.option(offer, basis, date, rate))?.accelerators
  }

  /// Users of the first stand-in.
  private func users(_ numbers: PlanNumbers) -> Figure? {
    guard let offer else { return portfolio(numbers, basis, date)?.served.first?.users }
    guard let builder = try? OptionBuilder(numbers, evidence),
      case .success(let rate) = builder.rate(offer, basis, date),
      let option = try? builder.option(offer, basis, date, rate),
      let standIn = numbers.scenario.standIns.first,
      let capacity = try? CapacityBuilder(numbers, evidence).capacity(option, standIn)
    else { return nil }
    return (try? capacity.get())?.users
  }

  private func value(_ metric: String, _ numbers: PlanNumbers) -> Double? {
    metric == SwingFinder.users ? users(numbers)?.value : accelerators(numbers, basis, date)
  }

  private func swing(_ input: String, _ metric: String, _ ends: [(String, Double?)]) -> Swing? {
    let known = ends.compactMap { end in end.1.map { (end.0, $0) } }
    guard let low = known.min(by: { $0.1 < $1.1 }), let high = known.max(by: { $0.1 < $1.1 }),
      let base = value(metric, numbers), base > 0
    else { return nil }
    return Swing(
      input: input, low: low.0, high: high.0, valueAtLow: low.1, valueAtHigh: high.1, metric: metric,
      relativeSwing: (high.1 - low.1) / base)
  }

  private func priceSwings() -> [Swing] {
    let metric = SwingFinder.accelerators
    let byBasis = PriceBasis.allCases.map { ($0.rawValue, accelerators(numbers, $0, date)) }
    let byDate = PriceDate.allCases.map { ($0.rawValue, accelerators(numbers, basis, $0)) }
    return [swing("price basis", metric, byBasis), swing("price date", metric, byDate)].compactMap { $0 }
  }

  private func inputSwing(_ input: ScenarioInput, _ metric: String) -> Swing? {
    guard let low = input.active?.low, let high = input.active?.high, low < high else { return nil }
    let key = input.key.name
    return swing(
      key, metric,
      [
        (decimalText(low), value(metric, numbers.replacing(key, with: low))),
        (decimalText(high), value(metric, numbers.replacing(key, with: high))),
      ])
  }

  private func throughputSwing() -> Swing? {
    guard let interval = users(numbers)?.interval else { return nil }
    return swing(
      "throughput interval", SwingFinder.users, [("10 %", interval.low), ("90 %", interval.high)])
  }
}
