// A plan as plain values: what the sheets show, computed once. Every number is a formula of `Formulas` over the
// inputs listed in the same plan; what has no price or no measurement is a Gap and never a zero.

public import Quantities

/// Whose price: what a stranger pays, what a large contract pays, what the hardware costs its owner.
public enum PriceBasis: String, Sendable, Hashable, Codable, CaseIterable {
  /// A published price without negotiation.
  case list
  /// A price reported or estimated for long, large commitments.
  case contracted
  /// What an accelerator-hour costs its owner: an upper bound of chips, not a buyer's price.
  case own
}

/// When a price is read.
public enum PriceDate: String, Sendable, Hashable, Codable, CaseIterable {
  /// The newest price on or before the month of the deal.
  case deal
  /// The newest price known.
  case latest
}

/// USD per accelerator-hour with its date and source.
public struct Rate: Sendable, Hashable, Codable {
  /// USD per accelerator-hour.
  public let usdPerHour: Double
  /// ISO date or month.
  public let asOf: String
  /// Where it was read.
  public let source: String
  /// `published`, or `assumed` where the price is younger than the date that it stands for.
  public let trust: Trust
  /// What a reader should know beside it; empty for nothing.
  public let note: String
  /// A rate from its parts.
  public init(usdPerHour: Double, asOf: String, source: String, trust: Trust, note: String = "") {
    self.usdPerHour = usdPerHour
    self.asOf = asOf
    self.source = source
    self.trust = trust
    self.note = note
  }
}

/// Power of one accelerator with its share of host and network.
public struct PowerEach: Sendable, Hashable, Codable {
  /// Kilowatts per accelerator on the plan's basis.
  public let kilowatts: Double
  /// Where it was read.
  public let source: String
  /// Power from its parts.
  public init(kilowatts: Double, source: String) {
    self.kilowatts = kilowatts
    self.source = source
  }
}

/// One offer bought with all the money, on one price basis, at one date.
public struct PlanOption: Sendable, Hashable {
  /// `aws-gb200/contracted/latest`.
  public let id: String
  /// What is bought.
  public let offer: Offer
  /// Whose price.
  public let basis: PriceBasis
  /// When the price was read.
  public let date: PriceDate
  /// The price.
  public let rate: Rate
  /// Money for accelerators, USD.
  public let money: Double
  /// Before rounding to saleable units.
  public let rawAccelerators: Double
  /// Whole saleable units.
  public let accelerators: Double
  /// accelerators · paid hours · rate.
  public let cost: Double
  /// money - cost.
  public let unspent: Double
  /// Racks; nil where the offer does not say how many accelerators a rack holds.
  public let racks: Double?
  /// Megawatts on the plan's basis; nil where no all-in power is published.
  public let megawatts: Double?
  /// Kilowatts of one accelerator.
  public let power: PowerEach?
  /// Spare nodes over all nodes of a pool.
  public let spareShare: Double
  /// Accelerators without the spares.
  public let usable: Double
  /// Accelerators that one training run needs; nil without a published peak.
  public let acceleratorsPerRun: Double?
  /// Training runs at once.
  public let trainingRuns: Double?
  /// Net present value of what is paid, accelerators and their share of CPUs, network and storage.
  public let netPresentValue: Double
  /// Limits of the scenario that it breaks, as sentences.
  public let brokenLimits: [String]
}

/// What the estimator says of one model on one accelerator.
public struct Throughput: Sendable, Hashable {
  /// Prompt tokens/s of one accelerator that does nothing else.
  public let prefill: Figure
  /// Generated tokens/s of one accelerator that does nothing else, inside the service limits.
  public let decode: Figure
  /// Accelerators of a replica.
  public let replica: Int
  /// The roofline's bound of `decode`; nil where it is not known.
  public let decodeBound: Double?
  /// The roofline's bound of `prefill`; nil where it is not known.
  public let prefillBound: Double?
  /// Number format and deployment, e.g. `fp8, TP8`.
  public let deployment: String
  /// Mean time to first token at that point; nil where it is not known.
  public let ttft: Figure?
  /// Mean time per output token at that point; nil where it is not known.
  public let tpot: Figure?
  /// Throughput from its parts.
  public init(
    prefill: Figure, decode: Figure, replica: Int, decodeBound: Double? = nil, prefillBound: Double? = nil,
    deployment: String = "", ttft: Figure? = nil, tpot: Figure? = nil
  ) {
    self.prefill = prefill
    self.decode = decode
    self.replica = replica
    self.decodeBound = decodeBound
    self.prefillBound = prefillBound
    self.deployment = deployment
    self.ttft = ttft
    self.tpot = tpot
  }
}

/// One model of the scenario's mix: the buyer's real models are not known, these stand in for them.
public struct StandIn: Sendable, Hashable {
  /// Catalogue key, e.g. `DeepSeek-V3`.
  public let model: String
  /// `dense`, `moe` or `mla`.
  public let kind: String
  /// A stand-in from its parts.
  public init(model: String, kind: String) {
    self.model = model
    self.kind = kind
  }
}

/// One option serving nothing but one model.
public struct PlanCapacity: Sendable, Hashable {
  /// The option's id.
  public let option: String
  /// The model.
  public let standIn: StandIn
  /// What one accelerator does.
  public let throughput: Throughput
  /// Share of a domain that no whole replica fits.
  public let strandedShare: Double
  /// Highest share of the time that replicas may be busy.
  public let utilisation: Double
  /// Steady state, mix and software factors multiplied.
  public let derating: Double
  /// Accelerator-seconds a request.
  public let secondsPerRequest: Double
  /// Requests/s at peak.
  public let peakRequests: Figure
  /// Fresh prompt tokens/s at peak.
  public let prefillTokensPerSecond: Figure
  /// Generated tokens/s at peak.
  public let decodeTokensPerSecond: Figure
  /// Users a day.
  public let users: Figure
  /// USD per million tokens of all kinds (prompt with cached ones, and output).
  public let usdPerMtokTotal: Figure
  /// USD per million fresh prompt tokens, by replica time.
  public let usdPerMtokFreshInput: Figure
  /// USD per million generated tokens, by replica time.
  public let usdPerMtokOutput: Figure
  /// Users by the transferred estimate (this host's curves scaled to the chip); nil without it.
  public let transferredUsers: Figure?
  /// Fresh prompt tokens/s at peak by the transferred estimate; nil without it.
  public let transferredPrefillTokensPerSecond: Figure?
  /// Generated tokens/s at peak by the transferred estimate; nil without it.
  public let transferredDecodeTokensPerSecond: Figure?
  /// Throughput by the transferred estimate; nil without it.
  public let transferred: Throughput?
}

/// One option in one month.
public struct ScheduleRow: Sendable, Hashable {
  /// The option's id.
  public let option: String
  /// The month.
  public let month: PlanMonth
  /// Mean of the accelerators that are paid: accelerators · ramp_share.
  public let accelerators: Double
  /// Without spares.
  public let usable: Double
  /// Megawatts; nil where power is not known.
  public let megawatts: Double?
  /// Paid for accelerators: accelerators · hours · rate.
  public let acceleratorSpend: Double
  /// With CPUs, network and storage: accelerator_spend / accelerator_share.
  public let spend: Double
  /// spend · discount factor.
  public let discountedSpend: Double
}

/// A share of a portfolio.
public struct AllocationRow: Sendable, Hashable {
  /// The offer.
  public let offer: Offer
  /// Whose price.
  public let basis: PriceBasis
  /// The price.
  public let rate: Rate
  /// Accelerators bought.
  public let accelerators: Double
  /// accelerators · paid hours · rate.
  public let cost: Double
  /// cost / accelerator money.
  public let moneyShare: Double
  /// Megawatts, nil where power is not known.
  public let megawatts: Double?
  /// USD per million tokens of the lead model, nil where it is not known.
  public let usdPerMtok: Double?
  /// What stopped it from growing: supply, provider share, power, money.
  public let binding: String
  /// A row from its parts.
  public init(
    offer: Offer, basis: PriceBasis, rate: Rate, accelerators: Double, cost: Double, moneyShare: Double,
    megawatts: Double?,
    usdPerMtok: Double?, binding: String
  ) {
    self.offer = offer
    self.basis = basis
    self.rate = rate
    self.accelerators = accelerators
    self.cost = cost
    self.moneyShare = moneyShare
    self.megawatts = megawatts
    self.usdPerMtok = usdPerMtok
    self.binding = binding
  }
}

/// How much a check matters.
public enum CheckSeverity: String, Sendable, Hashable, CaseIterable {
  /// The plan contradicts itself or physics: exit status 8.
  case hard
  /// Worth a look.
  case warning
}

/// The answer of a check.
public enum CheckResult: String, Sendable, Hashable, CaseIterable {
  case pass, fail
  /// Nothing to check it with.
  case unknown
}

/// One sanity check of the plan.
public struct PlanCheck: Sendable, Hashable {
  /// Short name, the same in every plan.
  public let name: String
  /// What it was applied to.
  public let subject: String
  /// The number found, nil where there is none.
  public let value: Double?
  /// Lowest and highest accepted; nil = open.
  public let low: Double?
  /// Highest accepted.
  public let high: Double?
  /// Unit of the three.
  public let unit: String
  /// How much it matters.
  public let severity: CheckSeverity
  /// The answer.
  public let result: CheckResult
  /// Why the bounds are what they are, with source.
  public let note: String
}

/// What one input does to the headline while the others stay.
public struct Swing: Sendable, Hashable {
  /// The input.
  public let input: String
  /// Its low setting, as text.
  public let low: String
  /// Its high setting, as text.
  public let high: String
  /// Headline at `low`.
  public let valueAtLow: Double
  /// Headline at `high`.
  public let valueAtHigh: Double
  /// What the headline is, e.g. `accelerators`.
  public let metric: String
  /// |high - low| over the base value.
  public let relativeSwing: Double
}

/// The fleet of hosts like the measured one that would do the same work.
public struct HostFleetRow: Sendable, Hashable {
  /// The model.
  public let standIn: StandIn
  /// What one host does (prompt and generated tokens/s of the host, not per core).
  public let throughput: Throughput
  /// Hosts for the capacity of the leading option.
  public let hosts: Double
  /// Their cost over the term, nil without a price.
  public let cost: Double?
  /// Their power, nil without one.
  public let megawatts: Double?
}

/// What the host's result file contributed.
public struct HostEvidence: Sendable {
  /// File name of the results.
  public let file: String
  /// The machine's name in the results.
  public let machine: String
  /// One row a model.
  public let fleet: [HostFleetRow]
  /// Names of the figures that would change without the file.
  public let figuresThatChange: [String]
  /// The scored error of the transferred estimate, as a sentence.
  public let transferredScore: String
  /// Its decoder layers against its curves, as a sentence; nil where the host is not one of result rows.
  public let composition: String?
}

/// A whole plan.
public struct Plan: Sendable {
  /// What was asked.
  public let scenario: Scenario
  /// Share of the budget that pays for accelerators.
  public let acceleratorShare: Double
  /// budget · accelerator_share; nil when the plan starts from demand.
  public let acceleratorMoney: Double?
  /// The term, month by month.
  public let months: [PlanMonth]
  /// Paid hours of one accelerator.
  public let paidHours: Double
  /// Offers × bases × dates that have a price.
  public let options: [PlanOption]
  /// The option that the headline shows; nil for a portfolio and for an infeasible plan.
  public let leading: String?
  /// Options × stand-ins that have a throughput.
  public let capacities: [PlanCapacity]
  /// Options × months.
  public let schedule: [ScheduleRow]
  /// The portfolio, for scenarios that ask for one.
  public let allocation: [AllocationRow]
  /// The bought rows together; nil without one and for an infeasible plan.
  public let portfolio: Portfolio?
  /// Sanity checks.
  public let checks: [PlanCheck]
  /// What decides, largest swing first.
  public let swings: [Swing]
  /// What could not be said, and what is missing.
  public let gaps: [Gap]
  /// The fleet over time and places; nil for a scenario without them.
  public let fleet: FleetPlan?
  /// Announced deals held against the plan's arithmetic.
  public let deals: [DealReview]
  /// The measured host, nil without a result file.
  public let host: HostEvidence?
  /// Limits that cannot be met, as sentences; not empty = infeasible.
  public let infeasible: [String]

  /// The option with this id.
  public func option(_ id: String) -> PlanOption? { options.first { $0.id == id } }
  /// The option of an offer on a basis at a date; nil where it has no price.
  public func option(_ offer: Offer, _ basis: PriceBasis, _ date: PriceDate) -> PlanOption? {
    option(Offer.optionID(offer.id, basis, date))
  }
  /// True when no hard check fails.
  public var passes: Bool { !checks.contains { $0.severity == .hard && $0.result == .fail } }
}
