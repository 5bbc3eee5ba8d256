// The tables of a scenario that is planned over time and places: demand, regions, profiles, sites, power, deliveries,
// contracts, price paths and spend brackets. Each is read strictly; every fault has its file, line and column.

import Quantities
import Tables

/// Power of a site from a month on.
public struct PowerStep: Sendable, Hashable {
  /// Key of the site.
  public var site = ""
  /// First month, `2026-07`.
  public var month = ""
  /// Megawatts that can be drawn from then on.
  public var megawatts: Double?
  /// What the megawatts count: `critical_it`, `facility` or `up_to`.
  public var kind = ""
  /// Where it comes from.
  public var source = ""
  /// An empty step to fill in.
  public init() {}
}

/// A place where capacity can stand.
public struct FleetSite: Sendable, Hashable {
  /// Key.
  public var id = ""
  /// Catalogue key of the provider.
  public var provider = ""
  /// Key of its region.
  public var region = ""
  /// Most accelerators that can be installed there in a month; nil = no limit.
  public var installPerMonth: Double?
  /// Electricity, USD per kWh; nil = the scenario's.
  public var tariff: Double?
  /// The grid that it draws from, as the catalogue names it: `aws:us-east-1`; empty = not known.
  public var grid = ""
  /// Where it comes from.
  public var source = ""
  /// File and line.
  public var place = ""
  /// An empty site to fill in.
  public init() {}
}

/// What an offer delivers at a site until a month.
public struct DeliveryRow: Sendable, Hashable {
  /// Key of the site.
  public var site = ""
  /// Key of the offer.
  public var offer = ""
  /// Month, `2026-07`.
  public var month = ""
  /// Accelerators that can have been delivered by then, cumulative.
  public var accelerators: Double?
  /// Where it comes from.
  public var source = ""
  /// An empty row to fill in.
  public init() {}
}

/// A price factor over the years.
public struct PricePath: Sendable, Hashable {
  /// Accelerator of the catalogue, `*` for all.
  public var accelerator = ""
  /// Contract kind, `*` for all.
  public var contract = ""
  /// Whole years after the start.
  public var year: Int?
  /// Price over today's.
  public var factor: Double?
  /// Where it comes from.
  public var source = ""
  /// An empty path to fill in.
  public init() {}
}

/// A discount of a provider.
public struct BracketRow: Sendable, Hashable {
  /// Catalogue key of the provider.
  public var provider = ""
  /// Spend of a year from which it holds, USD.
  public var from: Double?
  /// Share that is taken off above.
  public var discount: Double?
  /// Where it comes from.
  public var source = ""
  /// An empty bracket to fill in.
  public init() {}
}

/// Training runs that are wanted at once, beside what is served.
public struct TrainingDemand: Sendable, Hashable {
  /// Key.
  public var id = ""
  /// Active parameters of a run.
  public var activeParameters = 0.0
  /// Tokens of a run.
  public var tokens = 0.0
  /// Days that a run may take.
  public var days = 0.0
  /// Model FLOP utilisation of the bf16 peak.
  public var utilisation = 0.0
  /// Runs at once by year; the last holds on.
  public var runsAtOnce: [Double] = []
  /// What a run that cannot go on costs a month, USD.
  public var shortageUSDPerMonth = 0.0
  /// Where the figures come from.
  public var source = ""
  /// Date of the source.
  public var asOf = ""
  /// Nothing to train.
  public init() {}

  /// FLOP of a run: 6ND.
  public var compute: Double { Formulas.trainingCompute(activeParameters: activeParameters, tokens: tokens) }
  /// Runs wanted in a month.
  public func runs(month: Int) -> Double {
    runsAtOnce.isEmpty ? 0 : runsAtOnce[min(month / monthsPerYear, runsAtOnce.count - 1)]
  }
}

/// Two inputs that move together.
public struct CorrelationRow: Sendable, Hashable {
  /// One input.
  public var first = ""
  /// The other.
  public var second = ""
  /// Rank correlation, -1 to 1.
  public var correlation: Double?
  /// Where it comes from.
  public var source = ""
  /// An empty row to fill in.
  public init() {}
}

/// Everything that a plan over time and places is made from.
public struct FleetInput: Sendable, Hashable {
  /// What is to be served.
  public var workloads: [WorkloadClass] = []
  /// What is to be trained.
  public var training: [TrainingDemand] = []
  /// Where users are, and what fails together.
  public var regions: [DemandRegion] = []
  /// Weekly profiles.
  public var profiles: [WeeklyProfile] = []
  /// Where capacity can stand.
  public var sites: [FleetSite] = []
  /// Power by site and month.
  public var power: [PowerStep] = []
  /// Supply by site, offer and month.
  public var deliveries: [DeliveryRow] = []
  /// What own accelerators cost.
  public var builds: [OwnBuildRow] = []
  /// Ways to pay.
  public var contracts: [Contract] = []
  /// Price factors by year.
  public var pricePaths: [PricePath] = []
  /// Discounts.
  public var brackets: [BracketRow] = []
  /// Rank correlations between inputs.
  public var correlations: [CorrelationRow] = []

  /// Nothing.
  public init() {}

  /// True where there are places and something to serve: the plan can go month by month.
  public var isPlannable: Bool { !workloads.isEmpty && !sites.isEmpty && !contracts.isEmpty }
}

// MARK: Columns

/// A row of demand.csv before its lists are read.
struct WorkloadRow {
  var id = ""
  var model = ""
  var requests: Double?
  var input: Double?
  var output: Double?
  var cached: Double?
  var growth = ""
  var profile = ""
  var burst: Double?
  var deferrable: Double?
  var regions = ""
  var ttft: Double?
  var tpot: Double?
  var shortage: Double?
  var source = ""
  var asOf = ""

  static let schema = Schema<WorkloadRow>([
    .text("class", "key", \.id),
    .text("model", "model of the catalogue", \.model),
    .number("requests_per_day", "requests a day in the first month, all regions", \.requests),
    .number("input_tokens", "prompt tokens a request, cached ones included", \.input),
    .number("output_tokens", "generated tokens a request", \.output),
    .number("cached_share", "share of the prompt found in a prefix cache", \.cached),
    .text("growth_per_year", "effective growth of each year, `0.8;0.5`; the last holds on", \.growth),
    .text("profile", "weekly profile of profiles.csv; empty = flat", \.profile),
    .number("burst", "busiest minute over its hour", \.burst),
    .number("deferrable_share", "share that may wait some hours", \.deferrable),
    .text("regions", "shares by region, `us:0.6;eu:0.4`; empty = the only region", \.regions),
    .number("ttft_limit_s", "longest time to the first token", \.ttft),
    .number("tpot_limit_s", "longest time between tokens", \.tpot),
    .number("shortage_usd_per_mtok", "what an unserved million tokens costs", \.shortage),
    .text("source", "where the figures come from", \.source),
    .text("as_of", "date of the source", \.asOf),
  ])
}

struct TrainingRow {
  var id = ""
  var parameters: Double?
  var tokens: Double?
  var days: Double?
  var utilisation: Double?
  var runs = ""
  var shortage: Double?
  var source = ""
  var asOf = ""
  static let schema = Schema<TrainingRow>([
    .text("class", "key", \.id),
    .number("active_parameters", "active parameters of a run", \.parameters),
    .number("tokens", "tokens of a run", \.tokens),
    .number("days", "days that a run may take", \.days),
    .number("mfu", "model FLOP utilisation of the bf16 peak", \.utilisation),
    .text("runs_at_once", "runs at once in each year, `2;3;4`; the last holds on", \.runs),
    .number("shortage_usd_per_run_month", "what a run that cannot go on costs a month", \.shortage),
    .text("source", "where the figures come from", \.source),
    .text("as_of", "date of the source", \.asOf),
  ])
}

struct RegionRow {
  var id = ""
  var offset: Int?
  static let schema = Schema<RegionRow>([
    .text("region", "key", \.id),
    .integer("utc_offset_h", "hours that its clock is ahead of UTC", \.offset),
  ])
}

struct ProfileRow {
  var id = ""
  var hour: Int?
  var weight: Double?
  static let schema = Schema<ProfileRow>([
    .text("profile", "key", \.id),
    .integer("hour", "hour of the local day (0 to 23) or week (0 to 167, 0 = Monday 00:00)", \.hour),
    .number("weight", "demand of the hour, any scale", \.weight),
  ])
}

extension FleetSite {
  static let schema = Schema<FleetSite>([
    .text("site", "key", \.id),
    .text("provider", "provider", \.provider),
    .text("region", "region of regions.csv", \.region),
    .number(
      "install_per_month", "most accelerators installed in a month; empty = no limit", \.installPerMonth),
    .number("tariff_usd_per_kwh", "electricity; empty = the scenario's", \.tariff),
    .text("source", "where it comes from", \.source),
  ])

  /// The same with the column that a folder may leave out.
  static let schemaWithGrid = Schema<FleetSite>(
    schema.columns + [
      .text("grid", "provider:region whose grid factor holds, e.g. aws:us-east-1; empty = unknown", \.grid)
    ])
}

extension PowerStep {
  static let schema = Schema<PowerStep>([
    .text("site", "site of sites.csv", \.site),
    .text("month", "first month, 2026-07", \.month),
    .number("mw", "megawatts from then on", \.megawatts),
    .text("kind", "critical_it, facility or up_to", \.kind),
    .text("source", "where it comes from", \.source),
  ])
}

extension DeliveryRow {
  static let schema = Schema<DeliveryRow>([
    .text("site", "site of sites.csv", \.site),
    .text("offer", "offer of offers.csv", \.offer),
    .text("month", "2026-07", \.month),
    .number("accelerators", "delivered by then at most, cumulative", \.accelerators),
    .text("source", "where it comes from", \.source),
  ])
}

struct ContractRow {
  var id = ""
  var kind = ""
  var basis = ""
  var term: Int?
  var upfront: Double?
  var committed: Double?
  var factor: Double?
  var billing = ""
  var minimum: Double?
  var every: Int?
  var spares: Int?
  var source = ""
  static let schema = Schema<ContractRow>([
    .text("contract", "key", \.id),
    .text("kind", ContractKind.allCases.map(\.rawValue).joined(separator: ", "), \.kind),
    .text("basis", "price basis that the price is read from: list, contracted or own", \.basis),
    .integer("term_months", "months that a signature binds", \.term),
    .number("upfront_share", "share of the term's price due at the signature", \.upfront),
    .number("committed_share", "share that is paid even where it is not used", \.committed),
    .number("price_factor", "price over that of the basis", \.factor),
    .text("billing_start", "delivery or acceptance", \.billing),
    .number("minimum_accelerators", "least of one signature; 0 = none", \.minimum),
    .integer("signature_every_months", "1 = any month, 3 = starts of quarters", \.every),
    .integer("spares_included", "1 where the provider holds the spares", \.spares),
    .text("source", "where the terms come from", \.source),
  ])
}

extension PricePath {
  static let schema = Schema<PricePath>([
    .text("accelerator", "accelerator of the catalogue, * for all", \.accelerator),
    .text("contract", "contract kind, * for all", \.contract),
    .integer("year", "whole years after the start", \.year),
    .number("factor", "price over today's", \.factor),
    .text("source", "where it comes from", \.source),
  ])
}

extension BracketRow {
  static let schema = Schema<BracketRow>([
    .text("provider", "provider", \.provider),
    .number("from_usd", "spend of a year from which it holds", \.from),
    .number("discount", "share that is taken off above", \.discount),
    .text("source", "where it comes from", \.source),
  ])
}

extension CorrelationRow {
  static let schema = Schema<CorrelationRow>([
    .text("first", "input", \.first),
    .text("second", "input", \.second),
    .number("rank_correlation", "-1 to 1", \.correlation),
    .text("source", "where it comes from", \.source),
  ])
}
