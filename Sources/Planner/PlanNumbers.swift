// The scenario's inputs as numbers, read once. `replacing` gives the same numbers with one changed: what decides
// is found by planning again with each input at its low and high end.

public import Quantities
import Estimator
import Tables

/// What the arithmetic of a plan needs.
struct PlanNumbers {
  let scenario: Scenario
  private var changed: [String: Double] = [:]

  init(_ scenario: Scenario) { self.scenario = scenario }

  /// The same with one input changed.
  func replacing(_ key: String, with value: Double) -> PlanNumbers {
    var copy = self
    copy.changed[key] = value
    return copy
  }

  /// A required number; the reader has made sure that it is set.
  func number(_ key: String) throws(InputError) -> Double {
    guard let value = optional(key) else {
      throw InputError(file: scenario.name, "\(key) is not set", advice: "add it to scenario.toml")
    }
    return value
  }

  /// A number that may be unset.
  func optional(_ key: String) -> Double? { changed[key] ?? scenario.number(key) }

  var acceleratorShare: Double {
    get throws(InputError) {
      try Formulas.acceleratorShare(
        cpu: number("cpu_share"), network: number("network_share"), storage: number("storage_share"))
    }
  }

  /// Money for accelerators; nil for a plan that starts from demand.
  var acceleratorMoney: Double? {
    get throws(InputError) {
      guard let budget = optional("budget_usd") else { return nil }
      return try Formulas.acceleratorMoney(budget: budget, acceleratorShare: acceleratorShare)
    }
  }

  var months: [PlanMonth] {
    get throws(InputError) {
      let start = scenario.text("start_month")
      guard let calendar = PlanCalendar(start) else {
        throw InputError(
          file: scenario.name, "start_month '\(start)' is not a month", advice: "write it like 2025-11")
      }
      let ramp = try number("ramp_months")
      let average = try number("hours_per_month")
      let acceptance = try number("acceptance_months")
      let billsDelivery = scenario.text("billing_start") == BillingStart.delivery.rawValue
      let isCalendar = scenario.text("hours_basis") == "calendar"
      return (0..<Int(try number("term_months"))).map { index in
        let month = calendar.advanced(by: index)
        let hours = isCalendar ? Double(month.days) * Unit.hour.fromBase(Unit.day.toBase(1)) : average
        return PlanMonth(
          index: index, label: month.label, hours: hours,
          rampShare: Formulas.rampShare(month: index, rampMonths: ramp),
          deliveredShare: billsDelivery
            ? nil : Formulas.rampShare(month: index, rampMonths: ramp, shift: acceptance),
          acceptedShare: billsDelivery
            ? Formulas.rampShare(month: index, rampMonths: ramp, shift: -acceptance) : nil)
      }
    }
  }

  var service: ServiceLevel {
    get throws(InputError) {
      try ServiceLevel(
        request: RequestShape(
          inputTokens: number("input_tokens"), outputTokens: number("output_tokens"),
          cachedShare: number("cached_share")),
        ttftLimit: Seconds(number("ttft_limit_s")), tpotLimit: Seconds(number("tpot_limit_s")))
    }
  }

  var peakOverMean: Double {
    get throws(InputError) { try number("daily_peak_over_mean") * number("minute_peak_over_mean") }
  }

  var derating: Double {
    get throws(InputError) { try number("steady_factor") * number("mix_factor") * number("software_factor") }
  }

  var timing: PaymentTiming { PaymentTiming(rawValue: scenario.text("payment_timing")) ?? .midMonth }
  var leadBasis: PriceBasis { PriceBasis(rawValue: scenario.text("lead_basis")) ?? .contracted }
  var leadDate: PriceDate { PriceDate(rawValue: scenario.text("lead_date")) ?? .latest }

  /// Spares over all nodes of a pool of nodes with this many accelerators.
  func spareShare(perNode: Int) throws(InputError) -> Double {
    let pool = Int(try number("spare_pool_nodes"))
    let perDay = try number("failures_per_accelerator_year") / daysPerYear * Double(perNode)
    let q = repairShare(failuresPerDay: perDay, repairDays: try number("repair_days"))
    guard let spares = spareNodes(nodes: pool, repairShare: q, confidence: try number("spare_confidence"))
    else {
      throw InputError(
        file: scenario.name, "no number of spares keeps a pool of \(pool) nodes whole at this failure rate",
        advice: "check failures_per_accelerator_year and repair_days")
    }
    return Double(spares) / Double(pool + spares)
  }

  /// Highest share of the time that `replicas` in equal pools may be busy: the policy, or Erlang's limit below it.
  func utilisation(replicas: Double) throws(InputError) -> Double {
    let policy = try number("utilisation_policy")
    let waiting = try number("wait_probability")
    let perPool = (replicas / (try number("pools"))).rounded(.down)
    let servers = Int(min(max(1, perPool), 65_536))
    guard erlangC(servers: servers, load: policy * Double(servers)) > waiting else { return policy }
    return min(policy, maximumUtilisation(servers: servers, waiting: waiting))
  }
}

/// Days of a mean year.
let daysPerYear = 365.25

/// What every replica must keep, and for which requests.
public struct ServiceLevel: Sendable, Hashable {
  /// The mean request.
  public let request: RequestShape
  /// Longest time to the first token.
  public let ttftLimit: Seconds
  /// Longest time between tokens.
  public let tpotLimit: Seconds
  /// A service level from its parts.
  public init(request: RequestShape, ttftLimit: Seconds, tpotLimit: Seconds) {
    self.request = request
    self.ttftLimit = ttftLimit
    self.tpotLimit = tpotLimit
  }
}
