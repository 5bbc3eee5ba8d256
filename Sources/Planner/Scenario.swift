// A scenario as values: every input with its unit, source and the chain of layers that set it.

import Tables

/// Where a value was set; a later layer wins.
public enum Layer: String, Sendable, Hashable, CaseIterable, Comparable {
  /// The values that the program ships for every scenario.
  case defaults
  /// A scenario that the program ships.
  case bundled
  /// The user's folder.
  case folder
  /// The user's private file.
  case `private`
  /// `--set key=value`.
  case commandLine = "command line"

  /// Earlier layers are smaller.
  public static func < (left: Layer, right: Layer) -> Bool { left.rank < right.rank }
  private var rank: Int { Layer.allCases.firstIndex(of: self) ?? 0 }
}

/// One setting of one input in one layer.
public struct Setting: Sendable, Hashable {
  /// Who set it.
  public let layer: Layer
  /// File and line, or the command line.
  public let place: String
  /// The value as written.
  public let text: String
  /// Low end of its range as given, nil for none.
  public let low: Double?
  /// High end of its range as given, nil for none.
  public let high: Double?
  /// Its distribution as given, nil for none; `variables(of:)` says what a range implies.
  public let distribution: Distribution?
  /// Where the value comes from.
  public let source: String
  /// Date of the source.
  public let asOf: String
  /// A setting from its parts.
  public init(
    layer: Layer, place: String, text: String, low: Double? = nil, high: Double? = nil,
    distribution: Distribution? = nil, source: String = "", asOf: String = ""
  ) {
    self.layer = layer
    self.place = place
    self.text = text
    self.low = low
    self.high = high
    self.distribution = distribution
    self.source = source
    self.asOf = asOf
  }
}

/// One input with every layer that set it; the last wins.
public struct ScenarioInput: Sendable, Hashable {
  /// Its definition.
  public let key: InputKey
  /// Oldest layer first, never empty.
  public let chain: [Setting]

  /// The setting in force.
  public var active: Setting? { chain.last }
  /// The number in force, nil for text and for empty.
  public var number: Double? { active.flatMap { Double($0.text) } }
}

/// A scenario ready to plan.
public struct Scenario: Sendable {
  /// Key, e.g. `openai-aws-38b`.
  public let name: String
  /// One line for people.
  public let title: String
  /// A few sentences.
  public let summary: String
  /// Inputs by key, in the order of `InputKey.all`.
  public let inputs: [ScenarioInput]
  /// Offers, sorted by role, provider and id, so that the order of rows in a file changes nothing.
  public let offers: [Offer]
  /// Stand-in models: dense, mixture of experts, latent attention.
  public let standIns: [StandIn]
  /// Prices that the scenario states itself, by option id.
  public let statedRates: [String: Rate]
  /// Public totals to compare shares of supply with.
  public let supply: [SupplyTotal]
  /// Demand, places, supply and contracts for a plan over time; empty where the scenario has none.
  public let fleet: FleetInput

  /// The input of a key.
  public func input(_ key: String) -> ScenarioInput? { inputs.first { $0.key.name == key } }

  /// The text in force, empty where nothing set it.
  public func text(_ key: String) -> String { input(key)?.active?.text ?? "" }

  /// The number in force, nil where nothing set it.
  public func number(_ key: String) -> Double? { input(key)?.number }

  /// The same with every input that a workbook follows at one end of its range; an input without a range stays.
  public func at(_ end: RangeEnd) -> Scenario {
    guard end != .base else { return self }
    return with(
      inputs: inputs.map { input in
        guard input.key.isLive, let active = input.active, let value = end == .low ? active.low : active.high
        else { return input }
        let setting = Setting(
          layer: active.layer, place: active.place, text: decimalText(value), low: active.low,
          high: active.high, source: active.source, asOf: active.asOf)
        return ScenarioInput(key: input.key, chain: input.chain + [setting])
      })
  }
}

/// Which column of the assumptions a plan takes.
public enum RangeEnd: String, Sendable, Hashable, CaseIterable {
  case base, low, high
}

/// A public total that a plan's accelerators are compared with.
public struct SupplyTotal: Sendable, Hashable {
  /// Catalogue key of the accelerator.
  public var accelerator = ""
  /// Accelerators made or installed.
  public var total: Double?
  /// The period that the total is of.
  public var period = ""
  /// Where it was read.
  public var source = ""
  /// An empty total to fill in.
  public init() {}
}

/// The definition of an input: name, unit, accepted range and meaning, declared once.
public struct InputKey: Sendable, Hashable {
  /// What the value is.
  public enum Kind: Sendable, Hashable {
    case number(low: Double, high: Double)
    case whole(low: Int, high: Int)
    case month
    case choice([String])
  }
  /// Name in files and on the command line; the unit is part of it.
  public let name: String
  /// Unit as printed.
  public let unit: String
  /// What is accepted.
  public let kind: Kind
  /// Meaning.
  public let doc: String
  /// True where a scenario may leave it unset.
  public let optional: Bool

  init(_ name: String, _ unit: String, _ kind: Kind, _ doc: String, optional: Bool = false) {
    self.name = name
    self.unit = unit
    self.kind = kind
    self.doc = doc
    self.optional = optional
  }

  /// Every input, in the order in which sheets show them.
  public static let all: [InputKey] = money + service + reliability + training + limits

  private static let share = Kind.number(low: 0, high: 1)
  private static let positive = Kind.number(low: 1e-12, high: 1e18)
  private static let nonNegative = Kind.number(low: 0, high: 1e18)

  private static let money = [
    InputKey(
      "budget_usd", "USD", positive, "money of the whole term; leave unset to plan from demand",
      optional: true),
    InputKey(
      "demand_users", "users", positive, "users to serve with the first stand-in; instead of a budget",
      optional: true),
    InputKey("cpu_share", "share", share, "share of the money that buys CPUs"),
    InputKey(
      "network_share", "share", share, "share of the money that buys network beyond the accelerators' own"),
    InputKey("storage_share", "share", share, "share of the money that buys storage"),
    InputKey("start_month", "month", .month, "first month of payment, YYYY-MM"),
    InputKey("deal_month", "month", .month, "month of the deal: `deal` prices are the newest up to here"),
    InputKey("term_months", "months", .whole(low: 1, high: 600), "length of the contract"),
    InputKey(
      "ramp_months", "months", .number(low: 0, high: 600), "months until all accelerators are there, linear"),
    InputKey(
      "acceptance_months", "months", .number(low: 0, high: 60),
      "burn-in and acceptance tests between delivery and use"),
    InputKey(
      "billing_start", "basis", .choice(BillingStart.allCases.map(\.rawValue)),
      "what the ramp counts and the bill follows: deliveries, or accepted accelerators"),
    InputKey("upfront_share", "share", share, "share of the contracted price that is due at the signature"),
    InputKey("lead_months", "months", .number(low: 0, high: 120), "months from order to delivery"),
    InputKey(
      "slip_months", "months", .number(low: 0, high: 60), "months that deliveries come late, the median"),
    InputKey(
      "slip_months_p90", "months", .number(low: 0, high: 120),
      "months that deliveries come late, exceeded by one in ten"),
    InputKey(
      "hours_basis", "basis", .choice(["average", "calendar"]),
      "average: hours_per_month each month; calendar: 24 h a day"),
    InputKey("hours_per_month", "h", .number(low: 1, high: 744), "hours of an average month"),
    InputKey("support_share", "share", share, "support, as a share of what is rented"),
    InputKey(
      "software_usd_per_accelerator_year", "USD/year", nonNegative, "software licences of one accelerator"),
    InputKey("setup_usd_per_accelerator", "USD", nonNegative, "set-up of an accelerator at its delivery"),
    InputKey(
      "migration_months", "months", .number(low: 0, high: 24),
      "months for which what leaves a commitment and what replaces it both run"),
    InputKey("egress_usd_per_gb", "USD/GB", .number(low: 0, high: 10), "traffic out of a provider"),
    InputKey("egress_bytes_per_token", "B", nonNegative, "bytes that leave for a generated token"),
    InputKey(
      "own_life_months", "months", .whole(low: 12, high: 120), "useful life of hardware of one's own"),
    InputKey(
      "own_residual_share", "share", .number(low: 0, high: 0.9), "share of its purchase left after that life"),
    InputKey(
      "own_colocation_usd_per_kw_month", "USD/kW-month", nonNegative,
      "space, cooling and power distribution of own hardware"),
    InputKey(
      "own_repair_share_per_year", "share", share, "parts and repair of own hardware over its purchase"),
    InputKey("own_staff_usd_per_mw_year", "USD/MW-year", nonNegative, "people who run own hardware"),
    InputKey("mean_load", "share", .number(low: 0.01, high: 1), "mean draw over all-in power"),
    InputKey("discount_rate", "per year", .number(low: 0, high: 1), "effective yearly rate of the NPV"),
    InputKey(
      "payment_timing", "basis", .choice(["mid-month", "month-end"]),
      "when in its month a payment is discounted"),
    InputKey(
      "lead_basis", "basis", .choice(PriceBasis.allCases.map(\.rawValue)), "price basis of the headline"),
    InputKey("lead_date", "basis", .choice(PriceDate.allCases.map(\.rawValue)), "price date of the headline"),
  ]

  private static let service = [
    InputKey("input_tokens", "tokens", positive, "prompt tokens a request, cached ones included"),
    InputKey("output_tokens", "tokens", positive, "generated tokens a request"),
    InputKey(
      "cached_share", "share", .number(low: 0, high: 0.999), "share of the prompt found in a prefix cache"),
    InputKey("requests_per_user_day", "requests", positive, "requests of one user a day"),
    InputKey("daily_peak_over_mean", "ratio", .number(low: 1, high: 100), "busiest hour over the mean hour"),
    InputKey("minute_peak_over_mean", "ratio", .number(low: 1, high: 100), "busiest minute over its hour"),
    InputKey("ttft_limit_s", "s", positive, "longest time to the first token"),
    InputKey("tpot_limit_s", "s", positive, "longest time between tokens"),
    InputKey(
      "utilisation_policy", "share", .number(low: 0.01, high: 1),
      "highest share of time that replicas are busy"),
    InputKey("wait_probability", "share", .number(low: 1e-6, high: 0.999), "requests that may wait at peak"),
    InputKey(
      "pools", "count", .whole(low: 1, high: 1_000_000), "separate pools that the fleet is split into"),
    InputKey("steady_factor", "share", .number(low: 0.01, high: 1), "steady state over benchmark speed"),
    InputKey("mix_factor", "share", .number(low: 0.01, high: 1), "mixed lengths over equal lengths"),
    InputKey(
      "software_factor", "ratio", .number(low: 0.01, high: 10), "software speed over that of the measurements"
    ),
  ]

  private static let reliability = [
    InputKey("failures_per_accelerator_year", "1/year", nonNegative, "unplanned stops of one accelerator"),
    InputKey("repair_days", "days", nonNegative, "days until a failed node is back"),
    InputKey(
      "replica_restart_h", "h", nonNegative,
      "hours from a failure until the replica serves again on spare nodes, in a plan over time"),
    InputKey(
      "maintenance_share", "share", .number(low: 0, high: 0.9),
      "planned maintenance, share of the time, in a plan over time"),
    InputKey("spare_confidence", "share", .number(low: 0.5, high: 0.999_999), "how often the pool is whole"),
    InputKey("spare_pool_nodes", "nodes", .whole(low: 1, high: 100_000), "nodes that share their spares"),
    InputKey(
      "power_basis", "basis", .choice(["allin_facility", "allin_it"]),
      "allin_facility holds the PUE, allin_it does not; no PUE is multiplied on top"),
    InputKey("electricity_usd_per_kwh", "USD/kWh", nonNegative, "for the lower bound of a price"),
  ]

  private static let training = [
    InputKey("training_active_parameters", "parameters", positive, "active parameters of a frontier run"),
    InputKey("training_tokens", "tokens", positive, "tokens of a frontier run"),
    InputKey("training_days", "days", positive, "days that a run may take"),
    InputKey(
      "training_mfu", "share", .number(low: 0.001, high: 1), "model FLOP utilisation of the bf16 peak"),
  ]

  private static let limits = [
    InputKey(
      "allocate", "basis", .choice(["single", "portfolio"]),
      "single: all money on each offer; portfolio: split it"),
    InputKey(
      "max_provider_share", "share", .number(low: 0.01, high: 1), "most of the money with one provider"),
    InputKey("max_mw", "MW", positive, "power that can be had", optional: true),
    InputKey("min_accelerators", "count", positive, "fewest accelerators that make sense", optional: true),
    InputKey(
      "shares_from_month", "months", .whole(low: 0, high: 600),
      "month of the term from which provider shares are judged"),
    InputKey("lost_regions", "count", .whole(low: 0, high: 3), "regions that may be lost at once"),
    InputKey("failover_share", "share", share, "share of the need that must be served with them gone"),
    InputKey(
      "min_providers", "count", .whole(low: 0, high: 20), "least providers that hold min_provider_share"),
    InputKey("min_provider_share", "share", share, "what a provider must hold to count"),
    InputKey("max_interruptible_share", "share", share, "most of the capacity that may be taken away"),
    InputKey("yearly_budget_usd", "USD", positive, "most money in twelve months of the term", optional: true),
    InputKey(
      "exposure_limit_usd", "USD", positive, "most that is signed and not yet paid at a time", optional: true),
    InputKey(
      "demand_factor", "ratio", .number(low: 1e-3, high: 1e3),
      "demand over that of demand.csv or demand_users"),
    InputKey(
      "price_factor", "ratio", .number(low: 1e-3, high: 1e3), "list and contracted prices over the book's"),
    InputKey(
      "power_factor", "ratio", .number(low: 1e-3, high: 1e3), "power of the sites over that of power.csv"),
    InputKey(
      "allin_over_tdp", "ratio", .number(low: 1, high: 10),
      "all-in power over thermal design power, for chips whose all-in power nobody has published"),
    InputKey(
      "expected_low", "count", positive, "fewest accelerators that the announcement allows", optional: true),
    InputKey(
      "expected_high", "count", positive, "most accelerators that the announcement allows", optional: true),
    InputKey(
      "host_usd_per_hour", "USD/h", positive, "price of one host like the measured one", optional: true),
    InputKey("host_kw", "kW", positive, "power of one host like the measured one", optional: true),
    InputKey("seed", "count", .whole(low: 0, high: 1_000_000_000), "seed of random draws"),
  ]

  /// Inputs that a workbook's formulas follow by themselves; the others steer the estimator or the number of months
  /// and need a run of the program.
  private static let live: Set<String> = [
    "budget_usd", "cpu_share", "network_share", "storage_share", "ramp_months", "hours_basis",
    "hours_per_month", "upfront_share", "discount_rate", "payment_timing", "requests_per_user_day",
    "acceptance_months", "billing_start", "daily_peak_over_mean", "minute_peak_over_mean",
    "utilisation_policy", "pools", "steady_factor",
    "mix_factor", "software_factor", "training_active_parameters", "training_tokens", "training_days",
    "training_mfu", "expected_low", "expected_high", "electricity_usd_per_kwh", "max_provider_share",
    "host_kw",
  ]

  /// True for an input that a workbook's formulas follow.
  public var isLive: Bool { InputKey.live.contains(name) }

  /// The definition with this name.
  public static func named(_ name: String) -> InputKey? { all.first { $0.name == name } }
}
