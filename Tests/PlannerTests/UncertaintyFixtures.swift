// A small plan over 84 months for the tests of uncertainty: demand that grows, deliveries that slip, power
// that caps, prices that move. Realistic in its arithmetic, invented in its figures.

import Planner

/// One candidate: deliveries by month and what follows from a sample.
struct RampPlan: Sendable {
  static let months = 84
  static let variables: [Variable] = [
    variable("demand_factor", .lognormal(p10: 0.7, p90: 1.6)),
    variable("growth_per_year", .pert(low: 0, mode: 0.25, high: 0.7)),
    variable("throughput_factor", .lognormal(p10: 0.75, p90: 1.25)),
    variable("price_factor", .pert(low: 0.6, mode: 1, high: 1.8)),
    variable("price_change_per_year", .normal(mean: -0.04, standardDeviation: 0.06)),
    variable("delivery_slip_months", .lognormal(p10: 0.3, p90: 4)),
    variable("dead_on_arrival", .pert(low: 0, mode: 0.01, high: 0.04)),
    variable("goodput", .pert(low: 0.9, mode: 0.96, high: 0.99)),
    variable("power_factor", .pert(low: 0.7, mode: 0.95, high: 1)),
    variable("utilisation", .triangular(low: 0.5, mode: 0.65, high: 0.8)),
    variable("kilowatt", .uniform(low: 1.8, high: 2.3)),
    variable("tariff", .pert(low: 0.05, mode: 0.07, high: 0.12)),
    variable("discount_rate", .pert(low: 0.06, mode: 0.1, high: 0.14)),
    variable(
      "acceptance_months",
      .discrete([WeightedValue(value: 1, weight: 3), WeightedValue(value: 2, weight: 1)])),
    variable("provider_available:Alpha", .fixed(1)),
  ]
  static let correlations = [RankCorrelation("demand_factor", "price_factor", 0.3)]

  /// Accelerators delivered to the end of each month, with a 0 before the first.
  let delivered: [Double]
  let megawatts: [Double]
  let usdPerHour: Double

  init(accelerators: Double, ramp: Int, usdPerHour: Double) {
    delivered = (0...Self.months).map { accelerators * min(1, Double($0) / Double(ramp)) }
    megawatts = (0..<Self.months).map { 40 + 6 * Double($0) }
    self.usdPerHour = usdPerHour
  }

  private static func variable(_ name: String, _ shape: Distribution.Shape) -> Variable {
    guard let distribution = try? Distribution(shape) else {
      preconditionFailure("\(name) is a distribution")
    }
    return Variable(name, distribution)
  }

  /// Outcome of a sample; about 30 operations a month, nothing allocated.
  func outcome(_ x: Sample) -> Outcome {
    let lag = x[5] + x[13]
    let monthly = 1 + x[1] / 12
    let priceStep = 1 + x[4] / 12
    let discountStep = 1 / (1 + x[12] / 12)
    let perAccelerator = 900.0 * x[2] * x[7] * x[9] * 730.5 * 3600
    let arriving = (1 - x[6]) * x[14]
    let hourly = 730.5 * usdPerHour * x[3]
    let energy = 730.5 * x[10] * x[11]
    var (demand, price, discount) = (3e13 * x[0], hourly, 1.0)
    var (cost, served, shortage) = (0.0, 0.0, 0.0)
    for t in 0..<Self.months {
      // Deliveries come later by the slip and the acceptance, between two months in proportion.
      let when = min(max(0, Double(t + 1) - lag), Double(Self.months))
      let below = Int(when)
      let above = min(below + 1, Self.months)
      let usable =
        (delivered[below] + (delivered[above] - delivered[below]) * (when - Double(below))) * arriving
      let powered = min(usable, megawatts[t] * 1000 * x[8] / x[10])
      let tokens = min(demand, powered * perAccelerator)
      cost += discount * (usable * price + powered * energy)
      served += tokens * discount
      shortage += demand - tokens
      demand *= monthly
      price *= priceStep
      discount *= discountStep
    }
    return Outcome(costUSD: cost, usdPerMtok: served > 0 ? cost / served * 1e6 : 0, shortage: shortage)
  }

  static let candidates: [Candidate] = [
    ("low", RampPlan(accelerators: 40_000, ramp: 14, usdPerHour: 2.9)),
    ("plan", RampPlan(accelerators: 60_000, ramp: 14, usdPerHour: 2.7)),
    ("high", RampPlan(accelerators: 80_000, ramp: 18, usdPerHour: 2.6)),
    ("fast", RampPlan(accelerators: 60_000, ramp: 8, usdPerHour: 3.1)),
    ("slow", RampPlan(accelerators: 60_000, ramp: 30, usdPerHour: 2.5)),
    ("plan + 20 %", RampPlan(accelerators: 72_000, ramp: 14, usdPerHour: 2.7)),
  ].map { name, plan in Candidate(name) { plan.outcome($0) } }
}
