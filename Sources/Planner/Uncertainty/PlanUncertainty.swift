// How sure a plan is: its uncertain inputs with their distributions, candidate plans on all samples, what decides
// (tornado, Sobol), and the stress list.

public import Catalog
import Quantities
public import Tables

/// A plan under uncertainty.
public struct PlanUncertainty: Sendable {
  /// Inputs that vary.
  public let variables: [Variable]
  /// Samples.
  public let samples: Int
  /// Master seed.
  public let seed: UInt64
  /// Candidates on all samples, the headline first.
  public let result: MonteCarloResult
  /// What decides the headline's USD per million tokens.
  public let tornado: Tornado
  /// First-order and total indices of the headline's USD per million tokens.
  public let sobol: SobolIndices
  /// The stress list on the headline; nil where the plan has no such variable.
  public let stresses: [(stress: Stress, outcome: Outcome?)]
  /// Unit of `Outcome.shortage`.
  public let shortageUnit: String
  /// What the figures leave out.
  public let notes: [String]

  /// Most candidates that are judged.
  static let candidates = 6

  init(
    variables: [Variable], samples: Int, seed: UInt64, result: MonteCarloResult, tornado: Tornado,
    sobol: SobolIndices, stresses: [(stress: Stress, outcome: Outcome?)], shortageUnit: String,
    notes: [String]
  ) {
    self.variables = variables
    self.samples = samples
    self.seed = seed
    self.result = result
    self.tornado = tornado
    self.sobol = sobol
    self.stresses = stresses
    self.shortageUnit = shortageUnit
    self.notes = notes
  }
}

extension PlanUncertainty {
  /// Samples a budget plan, or a plan from demand: the headline and its alternatives on the same price basis and date
  /// with the first stand-in model; nil for a plan without a headline that has a throughput, and for a portfolio.
  ///
  /// - Parameters:
  ///   - samples: Latin hypercube samples.
  ///   - threads: threads of the sampling; the same bytes for any number.
  ///   - sobolBase: base samples of the Sobol indices, a power of two.
  /// - Throws: `InputError` for correlations that name no input or cannot be.
  /// - Complexity: O((samples · candidates + sobolBase · (inputs + 2)) · months).
  public init?(
    _ plan: Plan, catalog: Catalog, samples: Int = 1000, threads: Int = 2, sobolBase: Int = 512
  ) throws {
    guard let leading = plan.leading, let headline = plan.option(leading),
      let model = plan.scenario.standIns.first
    else { return nil }
    let options = PlanUncertainty.options(plan, headline, model)
    guard options.first?.option.id == leading else { return nil }
    let providers = options.map(\.option.offer.provider).uniqueInOrder
    let variables = PlanUncertainty.variables(plan, options, providers)
    let inputs = SampleInputs(variables, fixed: PlanUncertainty.fixedInputs(plan))
    let wanted = PlanUncertainty.wanted(plan, options[0])
    let candidates = options.map { pair in
      let evaluator = OptionEvaluator(plan, pair.option, pair.capacity, inputs, wanted: wanted)
      return Candidate(pair.option.offer.id) { evaluator.evaluate($0) }
    }
    let seed = UInt64(max(0, plan.scenario.number("seed") ?? 0))
    let known = Set(variables.map(\.name))
    let correlations = try plan.scenario.fleet.correlations.compactMap { row -> RankCorrelation? in
      let (first, second) = (PlanUncertainty.alias(row.first), PlanUncertainty.alias(row.second))
      guard known.contains(first), known.contains(second) else {
        guard InputKey.named(first) != nil, InputKey.named(second) != nil else {
          throw InputError(
            file: "correlations.csv",
            "'\(row.first.prefix(40))' and '\(row.second.prefix(40))' name no inputs",
            advice: "`plimsoll explain --list` shows them")
        }
        return nil
      }
      return RankCorrelation(first, second, row.correlation ?? 0)
    }
    // A token that is not served is bought at the headline's own price elsewhere: the least that it costs.
    let value = options[0].capacity.usdPerMtokTotal.value
    result = try MonteCarlo.run(
      variables, correlations: correlations, samples: samples, seed: seed, threads: threads,
      regret: RegretWeights(usdPerShortage: value), candidates: candidates)
    tornado = try Tornado(variables, by: .usdPerMtok) { candidates[0].evaluate($0) }
    sobol = try SobolIndices(variables, base: sobolBase, seed: seed, threads: threads) {
      candidates[0].evaluate($0).usdPerMtok
    }
    stresses = StressList.outcomes(
      StressList.standard(providers: [headline.offer.provider], regions: []), variables
    ) { candidates[0].evaluate($0) }
    self.variables = variables
    self.samples = samples
    self.seed = seed
    shortageUnit = "Mtok"
    notes = [
      "Throughput is sampled as a factor on the estimate at the scenario's own lengths; its error is common to all "
        + "accelerators of a kind and is not averaged out.",
      "Wanted: what the headline serves as planned, times demand_factor; a shortage is valued at the headline's own "
        + "USD per Mtok.",
    ]
  }

  /// Short names that a correlation table may use.
  static func alias(_ name: String) -> String {
    ["demand": "demand_factor", "price": "price_factor", "throughput": StressVariable.throughput][name]
      ?? name
  }

  /// The headline first, then the other offers on the same basis and date, cheapest tokens first.
  private static func options(
    _ plan: Plan, _ headline: PlanOption, _ model: StandIn
  ) -> [(option: PlanOption, capacity: PlanCapacity)] {
    let pairs = plan.options.filter { $0.basis == headline.basis && $0.date == headline.date }.compactMap {
      option -> (option: PlanOption, capacity: PlanCapacity)? in
      plan.capacities.first { $0.option == option.id && $0.standIn == model }.flatMap {
        option.accelerators > 0 ? (option, $0) : nil
      }
    }
    // The same chip at the same price is the same candidate, whoever sells it.
    var seen: Set<String> = []
    func isNew(_ option: PlanOption) -> Bool {
      seen.insert("\(option.offer.accelerator) \(option.rate.usdPerHour)").inserted
    }
    let first = pairs.filter { $0.option.id == headline.id && isNew($0.option) }
    let others = pairs.filter { $0.option.id != headline.id }.sorted {
      ($0.capacity.usdPerMtokTotal.value, $0.option.id) < ($1.capacity.usdPerMtokTotal.value, $1.option.id)
    }
    return Array((first + others.filter { isNew($0.option) }).prefix(candidates))
  }

  /// What a plan is sampled by, without what only the stress list moves; empty for a plan that cannot be sampled.
  static func drawn(_ plan: Plan) -> [Variable] {
    if let fleet = plan.fleet, fleet.plan != nil { return drawn(plan.scenario, fleet) }
    guard let headline = plan.leading.flatMap({ plan.option($0) }), let model = plan.scenario.standIns.first
    else { return [] }
    return variables(plan, options(plan, headline, model), []).filter { !$0.distribution.isFixed }
  }

  /// Inputs of the scenario that the evaluator reads, the throughput's error by chip, the slip, and what only the stress
  /// list moves.
  private static func variables(
    _ plan: Plan, _ options: [(option: PlanOption, capacity: PlanCapacity)], _ providers: [String]
  ) -> [Variable] {
    let read: Set<String> = [
      "cpu_share", "network_share", "storage_share", "ramp_months", "discount_rate", "upfront_share",
      "input_tokens", "output_tokens", "cached_share", "daily_peak_over_mean", "minute_peak_over_mean",
      "utilisation_policy", "steady_factor", "mix_factor", "software_factor", "demand_factor", "price_factor",
    ]
    var found = Planner.variables(of: plan.scenario).filter { read.contains($0.name) }
    for accelerator in options.map(\.option.offer.accelerator).uniqueInOrder {
      guard
        let figure = options.first(where: { $0.option.offer.accelerator == accelerator })?.capacity.throughput
          .decode,
        let interval = figure.interval, figure.value > 0, interval.low > 0, interval.high > interval.low,
        let distribution = try? Distribution(
          .lognormal(p10: interval.low / figure.value, p90: interval.high / figure.value))
      else { continue }
      found.append(Variable(throughputVariable(accelerator), unit: "ratio", distribution))
    }
    found += slip(plan.scenario)
    let one = [StressVariable.throughput] + providers.map { StressVariable.provider($0) }
    for name in one {
      if let fixed = try? Distribution(.fixed(1)) { found.append(Variable(name, unit: "ratio", fixed)) }
    }
    return found
  }

  /// Months that deliveries come late: lognormal through the median and the 90 % point, so that the 10 % point lies as
  /// far below the median in logarithms.
  static func slip(_ scenario: Scenario) -> [Variable] {
    let median = scenario.number("slip_months") ?? 0
    let high = scenario.number("slip_months_p90") ?? 0
    let shape: Distribution.Shape =
      median > 0 && high > median ? .lognormal(p10: median * median / high, p90: high) : .fixed(median)
    return (try? Distribution(shape)).map { [Variable(StressVariable.deliverySlip, unit: "months", $0)] }
      ?? []
  }

  static func fixedInputs(_ plan: Plan) -> [String: Double] {
    Dictionary(
      plan.scenario.inputs.compactMap { input in input.number.map { (input.key.name, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// Millions of tokens of each month that the headline serves as planned.
  private static func wanted(_ plan: Plan, _ pair: (option: PlanOption, capacity: PlanCapacity)) -> [Double] {
    let request = RequestShape(
      inputTokens: plan.scenario.number("input_tokens") ?? 0,
      outputTokens: plan.scenario.number("output_tokens") ?? 0,
      cachedShare: plan.scenario.number("cached_share") ?? 0)
    let peak =
      (plan.scenario.number("daily_peak_over_mean") ?? 1)
      * (plan.scenario.number("minute_peak_over_mean") ?? 1)
    let mean = pair.capacity.peakRequests.value / peak * request.totalTokens
    return plan.months.map {
      Unit.millionTokens.fromBase(mean * $0.acceptedShare * Unit.hour.toBase($0.hours))
    }
  }
}

// MARK: Tables

extension PlanUncertainty {
  /// Percentiles of each candidate.
  public var percentilesTable: ReportTable {
    var table = ReportTable(
      "How sure: candidates on \(samples) samples",
      [
        .init("candidate"), .init("metric"), .init("percentile"), .init("value"), .init("rank_ci_low"),
        .init("rank_ci_high"), .init("n"), .init("seed"),
      ])
    for candidate in result.candidates {
      for (metric, percentiles) in [
        ("npv_usd", candidate.costPercentiles), ("usd_per_mtok", candidate.usdPerMtokPercentiles),
      ] {
        for percentile in percentiles {
          table.append([
            .text(candidate.name), .text(metric), .text("P\(Int((percentile.share * 100).rounded()))"),
            number(percentile.value), number(percentile.low), number(percentile.high), .integer(samples),
            .integer(Int(clamping: seed)),
          ])
        }
      }
    }
    table.notes = notes
    return table
  }

  /// Cost, shortage and regret of each candidate.
  public var regretTable: ReportTable {
    var table = ReportTable(
      "Candidate plans on all samples",
      [
        .init("candidate"), .init("mean_npv_usd", "mean NPV"), .init("cvar95_npv_usd", "CVaR95"),
        .init("p_shortage", "P(short)"), .init("expected_shortage_\(shortageName)", "short, \(shortageUnit)"),
        .init("regret_usd", "regret"), .init("share_best", "best in"), .init("usd_per_mtok_p10", "P10"),
        .init("usd_per_mtok_p50", "P50"), .init("usd_per_mtok_p90", "P90"),
      ])
    for candidate in result.candidates {
      let tokens = candidate.usdPerMtokPercentiles
      func at(_ share: Double) -> Cell { number(tokens.first { $0.share == share }?.value) }
      table.append([
        .text(candidate.name), number(candidate.meanCost), number(candidate.costCVaR95),
        .number(candidate.shortage.probability, decimals: 3), number(candidate.shortage.expected),
        number(candidate.regret.equivalentUSD), .number(candidate.regret.shareBest, decimals: 3), at(0.1),
        at(0.5),
        at(0.9),
      ])
    }
    if let best = result.leastRegret { table.notes = ["Least regret: \(best.name)."] + notes }
    return table
  }

  /// What decides, with Sobol indices where they were estimated.
  public var sensitivityTable: ReportTable {
    var table = ReportTable(
      "What decides the headline's USD per Mtok",
      [
        .init("input"), .init("low"), .init("high"), .init("metric_low"), .init("metric_high"),
        .init("swing"),
        .init("s1"), .init("s1_low"), .init("s1_high"), .init("st"), .init("st_low"), .init("st_high"),
      ])
    for bar in tornado.bars {
      let index = sobol.inputs.first { $0.name == bar.variable.name }
      table.append([
        .text(bar.variable.name), number(bar.low), number(bar.high), number(bar.atLow.usdPerMtok),
        number(bar.atHigh.usdPerMtok), number(bar.swing(.usdPerMtok)),
        number(index?.first.value), number(index?.first.low), number(index?.first.high),
        number(index?.total.value), number(index?.total.low), number(index?.total.high),
      ])
    }
    let enough =
      sobol.isTornadoEnough ? "the tornado tells the whole story" : "inputs act together: read st, not swing"
    table.notes = [
      "Each input at its P10 and P90, the others at P50. Σ S1 = \(fixed(sobol.sumOfFirst, decimals: 2)), largest "
        + "ST - S1 = \(fixed(sobol.largestInteraction, decimals: 2)): \(enough)."
    ]
    return table
  }

  /// The stress list.
  public var stressTable: ReportTable {
    var table = ReportTable(
      "Stresses on the headline, everything else at P50",
      [
        .init("stress"), .init("npv_usd", "NPV"), .init("usd_per_mtok"),
        .init("shortage_\(shortageName)", "short, \(shortageUnit)"),
      ])
    let base = tornado.base
    table.append([
      .text("as planned"), number(base.costUSD), number(base.usdPerMtok), number(base.shortage),
    ])
    for (stress, outcome) in stresses {
      guard let outcome else { continue }
      table.append([
        .text(stress.name), number(outcome.costUSD), number(outcome.usdPerMtok), number(outcome.shortage),
      ])
    }
    return table
  }

  private var shortageName: String { shortageUnit == "Mtok" ? "mtok" : "usd" }

  private func number(_ value: Double?) -> Cell {
    guard let value, value.isFinite else { return .empty }
    return .number(value, decimals: abs(value) < 1000 ? 4 : 0)
  }
}
