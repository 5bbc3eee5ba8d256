// Two scenarios side by side: which inputs differ, what each of them does to the headline, and what is left. An
// input's share is the mean of two orders of change (first to last and last to first), so that the shares add up to
// the whole difference whatever the inputs do to each other.

import Quantities
import Tables

/// What a plan answers, as a few numbers that can be subtracted.
public struct HeadlineMetrics: Sendable, Hashable {
  /// Name with unit and value, always the same names in the same order; nil where the plan does not know it.
  public let values: [Metric]

  /// A named value.
  public struct Metric: Sendable, Hashable {
    /// Name, unit included.
    public let name: String
    /// The value.
    public let value: Double?
  }

  /// The headline of a plan; all values nil for an infeasible one.
  public init(_ plan: Plan) {
    let option = plan.leading.flatMap { plan.option($0) }
    let portfolio = plan.portfolio
    let served = plan.headline.map { plan.served(by: $0) } ?? []
    values = [
      Metric(name: "accelerators", value: option?.accelerators ?? portfolio?.accelerators),
      Metric(name: "power_mw", value: option?.megawatts ?? portfolio?.megawatts),
      Metric(name: "accelerator_cost_usd", value: option?.cost ?? portfolio?.cost),
      Metric(name: "npv_usd", value: option?.netPresentValue ?? portfolio?.netPresentValue),
      Metric(name: "users", value: served.first?.users.value),
      Metric(name: "decode_tokens_s", value: served.first?.decodeTokensPerSecond.value),
      Metric(name: "usd_per_mtok_total", value: served.first?.usdPerMtokTotal.value),
      Metric(name: "training_runs", value: option?.trainingRuns ?? portfolio?.trainingRuns),
    ]
  }
}

/// One input that differs between two scenarios.
public struct InputDifference: Sendable, Hashable {
  /// Key of the input; `offers`, `models` or `rates` for a whole table.
  public let key: String
  /// Value in the first scenario, empty where it is not set.
  public let before: String
  /// Value in the second scenario.
  public let after: String
  /// What it contributes to each headline metric, in the order of `HeadlineMetrics`; nil where one plan has none.
  public let contributions: [Double?]
}

/// What changed between two scenarios, and why the answer did.
public struct PlanDifference: Sendable {
  /// The first plan's headline.
  public let before: HeadlineMetrics
  /// The second plan's headline.
  public let after: HeadlineMetrics
  /// Inputs that differ, in the order of the inputs' definition.
  public let inputs: [InputDifference]

  /// Compares two scenarios.
  ///
  /// - Parameter plan: plans a scenario with the same evidence for both.
  /// - Complexity: 2 n plans for n inputs that differ.
  public init(_ first: Scenario, _ second: Scenario, plan: (Scenario) throws -> Plan) throws {
    let changes = ScenarioChange.between(first, second)
    func metrics(_ scenario: Scenario) throws -> HeadlineMetrics { HeadlineMetrics(try plan(scenario)) }
    let (start, end) = (try metrics(first), try metrics(second))
    /// Contributions of the changes applied in an order.
    func walk(_ order: [Int]) throws -> [Int: [Double?]] {
      var found: [Int: [Double?]] = [:]
      var scenario = first
      var last = start
      for (position, index) in order.enumerated() {
        scenario = changes[index].applied(to: scenario, from: second)
        // The last step arrives at the second scenario, which is planned already.
        let next = position == order.count - 1 ? end : ((try? metrics(scenario)) ?? last)
        found[index] = zip(last.values, next.values).map { old, new in
          old.value.flatMap { a in new.value.map { $0 - a } }
        }
        last = next
      }
      return found
    }
    (before, after) = (start, end)
    let order = Array(changes.indices)
    let (forward, backward) = (try walk(order), try walk(order.reversed()))
    inputs = changes.enumerated().map { index, change in
      InputDifference(
        key: change.key, before: change.before, after: change.after,
        contributions: zip(forward[index] ?? [], backward[index] ?? []).map { a, b in
          a.flatMap { a in b.map { (a + $0) / 2 } }
        })
    }
  }
}

/// One difference between two scenarios that can be applied.
struct ScenarioChange {
  let key: String
  let before: String
  let after: String

  static func between(_ first: Scenario, _ second: Scenario) -> [ScenarioChange] {
    var changes = InputKey.all.compactMap { key -> ScenarioChange? in
      let (old, new) = (first.text(key.name), second.text(key.name))
      return old == new ? nil : ScenarioChange(key: key.name, before: old, after: new)
    }
    func names(_ scenario: Scenario) -> String { scenario.offers.map(\.id).joined(separator: " ") }
    if first.offers.map({ $0.withoutPlace }) != second.offers.map({ $0.withoutPlace }) {
      changes.append(ScenarioChange(key: "offers", before: names(first), after: names(second)))
    }
    if first.standIns != second.standIns {
      func models(_ scenario: Scenario) -> String {
        scenario.standIns.map(\.model).joined(separator: " ")
      }
      changes.append(ScenarioChange(key: "models", before: models(first), after: models(second)))
    }
    if first.statedRates != second.statedRates {
      func rates(_ scenario: Scenario) -> String {
        scenario.statedRates.keys.sorted().compactMap { key in
          scenario.statedRates[key].map { "\(key)=\($0.usdPerHour)" }
        }.joined(separator: " ")
      }
      changes.append(ScenarioChange(key: "rates", before: rates(first), after: rates(second)))
    }
    return changes
  }

  func applied(to scenario: Scenario, from other: Scenario) -> Scenario {
    switch key {
    case "offers": scenario.with(offers: other.offers)
    case "models": scenario.with(standIns: other.standIns)
    case "rates": scenario.with(statedRates: other.statedRates)
    default: scenario.with(input: key, from: other)
    }
  }
}

extension Offer {
  fileprivate var withoutPlace: Offer {
    var copy = self
    copy.place = ""
    return copy
  }
}

extension Scenario {
  /// The same with some parts exchanged.
  func with(
    inputs: [ScenarioInput]? = nil, offers: [Offer]? = nil, standIns: [StandIn]? = nil,
    statedRates: [String: Rate]? = nil, fleet: FleetInput? = nil
  ) -> Scenario {
    Scenario(
      name: name, title: title, summary: summary, inputs: inputs ?? self.inputs,
      offers: offers ?? self.offers,
      standIns: standIns ?? self.standIns, statedRates: statedRates ?? self.statedRates, supply: supply,
      fleet: fleet ?? self.fleet)
  }

  /// The same with some providers gone: without their offers, and without what is delivered at their sites.
  public func without(providers: [String]) -> Scenario {
    guard !providers.isEmpty else { return self }
    let gone = Set(providers)
    let kept = offers.filter { !gone.contains($0.provider) }
    var input = fleet
    input.deliveries = input.deliveries.filter { row in kept.contains { $0.id == row.offer } }
    return with(offers: kept, fleet: input)
  }

  /// The same with one number set as on the command line.
  func with(number key: String, _ value: Double) -> Scenario {
    with(
      inputs: inputs.map { input in
        guard input.key.name == key else { return input }
        return ScenarioInput(
          key: input.key,
          chain: input.chain + [Setting(layer: .commandLine, place: "", text: decimalText(value))])
      })
  }

  /// The same with one input as another scenario sets it; unset where the other does not set it.
  func with(input key: String, from other: Scenario) -> Scenario {
    let taken = other.input(key)
    return with(
      inputs: InputKey.all.compactMap { $0.name == key ? taken : input($0.name) })
  }
}
