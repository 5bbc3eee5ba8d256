// The stress list that runs with every plan, as data: named changes to variables at their P50. The evaluator
// is a closure over the same variables, so that nothing here knows how a plan is computed.

/// A change to one variable.
public struct StressChange: Sendable, Hashable {
  /// What is done to the value.
  public enum Kind: Sendable, Hashable {
    /// Multiplied.
    case scale(Double)
    /// Added to, in the variable's unit.
    case add(Double)
    /// Replaced.
    case set(Double)
  }
  /// Name of the variable.
  public let variable: String
  /// What is done to it.
  public let kind: Kind
  /// A change from its parts.
  public init(_ variable: String, _ kind: Kind) {
    self.variable = variable
    self.kind = kind
  }

  func applied(to value: Double) -> Double {
    switch kind {
    case .scale(let factor): value * factor
    case .add(let amount): value + amount
    case .set(let other): other
    }
  }
}

/// One row of the stress list.
public struct Stress: Sendable, Hashable {
  /// Name as printed, e.g. `demand × 1.5`.
  public let name: String
  /// What changes.
  public let changes: [StressChange]
  /// A stress from its parts.
  public init(_ name: String, _ changes: [StressChange]) {
    self.name = name
    self.changes = changes
  }

  /// The values with the changes made; nil where a variable is not among the names: such a plan does not know
  /// the stress, and its row says so.
  public func applied(to values: [Double], names: [String]) -> [Double]? {
    var changed = values
    for change in changes {
      guard let place = names.firstIndex(of: change.variable), place < values.count else { return nil }
      changed[place] = change.applied(to: changed[place])
    }
    return changed
  }
}

/// Names of the variables that the standard list changes; an evaluator gives them these meanings.
public enum StressVariable {
  /// Factor on the demand of every month, 1 as planned.
  public static let demand = "demand_factor"
  /// Factor on throughput, 1 as estimated.
  public static let throughput = "throughput_factor"
  /// Months by which every delivery comes late.
  public static let deliverySlip = "delivery_slip_months"
  /// Factor on every price, 1 as contracted.
  public static let price = "price_factor"
  /// Useful life of owned hardware in years.
  public static let life = "useful_life_years"
  /// Factor on the power of every site and month, 1 as energised.
  public static let power = "power_factor"
  /// 1 where a provider delivers, 0 where it is gone.
  public static func provider(_ name: String) -> String { "provider_available:\(name)" }
  /// 1 where a region runs, 0 where it is gone.
  public static func region(_ name: String) -> String { "region_available:\(name)" }
}

/// The standard list.
public enum StressList {
  /// Every stress that runs with every plan: demand × 1.5, throughput × 0.67, each provider gone, each region
  /// gone, delivery six months late, prices half as high again and half as high, a life of 3 years, power
  /// less 25 %.
  public static func standard(providers: [String], regions: [String]) -> [Stress] {
    [
      Stress("demand × 1.5", [StressChange(StressVariable.demand, .scale(1.5))]),
      Stress("throughput × 0.67", [StressChange(StressVariable.throughput, .scale(0.67))]),
    ]
      + providers.map { Stress("without \($0)", [StressChange(StressVariable.provider($0), .set(0))]) }
      + regions.map { Stress("without region \($0)", [StressChange(StressVariable.region($0), .set(0))]) }
      + [
        Stress("delivery + 6 months", [StressChange(StressVariable.deliverySlip, .add(6))]),
        Stress("price + 50 %", [StressChange(StressVariable.price, .scale(1.5))]),
        Stress("price - 50 %", [StressChange(StressVariable.price, .scale(0.5))]),
        Stress("life 3 years", [StressChange(StressVariable.life, .set(3))]),
        Stress("power - 25 %", [StressChange(StressVariable.power, .scale(0.75))]),
      ]
  }

  /// The outcome of each stress with all other variables at their P50, nil where the plan lacks its variable.
  public static func outcomes(
    _ stresses: [Stress], _ variables: [Variable], _ evaluate: (Sample) -> Outcome
  ) -> [(stress: Stress, outcome: Outcome?)] {
    let middle = variables.map { $0.quantile(0.5) }
    let names = variables.map(\.name)
    return stresses.map { stress in
      (stress, stress.applied(to: middle, names: names).map { withPoint($0, evaluate) })
    }
  }
}
