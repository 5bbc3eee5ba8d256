// A fleet over time in one sample: what it holds is decided, demand, speed, prices, delays, power and who is there
// are not. Sums over sites and months; no search inside.

import Quantities

/// Evaluates one fleet plan.
struct FleetEvaluator: Sendable {
  private let months: Int
  private let sites: Int
  /// (class, site, month): work/s that the site's share for the class does as planned.
  private let capacity: [Double]
  /// (class, month): sizing need, mean, and penalty of a missing unit for the month.
  private let need: [Double]
  private let mean: [Double]
  private let penalty: [Double]
  /// (class): tokens of a request in millions; 0 for training.
  private let megatokens: [Double]
  /// (class): 1 where throughput errors act on it; training has its own utilisation.
  private let isServing: [Bool]
  /// (site, month): paid, and megawatts limit over megawatts used.
  private let paid: [Double]
  private let headroom: [Double]
  private let secondsOfMonth: [Double]
  private let factors: [Double]
  private let servingShare: [Double]
  private let slipMedian: Double
  private let slip, demand, price, speed, power: SampleInput
  private let software, steady, mix: SampleInput
  private let baseSpeed: Double
  private let provider: [SampleInput]
  private let region: [SampleInput]

  init(_ fleet: FleetPlan, _ scenario: Scenario, _ inputs: SampleInputs) {
    let portfolio = fleet.fleetCase.portfolio
    let length = portfolio.months.count
    let count = portfolio.sites.count
    months = length
    sites = count
    var capacity = [Double](repeating: 0, count: portfolio.demands.count * count * length)
    var used = [Double](repeating: 0, count: count * length)
    var (serving, working) = ([Double](repeating: 0, count: length), [Double](repeating: 0, count: length))
    if let plan = fleet.plan {
      for (index, rows) in plan.given.enumerated() {
        for (pool, given) in rows.enumerated() {
          let site = portfolio.supplies[pool / 2].site
          let rate = portfolio.rate(index, pool: pool)
          for month in 0..<length {
            capacity[(index * count + site) * length + month] += given[month] * rate
            working[month] += given[month]
            if fleet.fleetCase.needs[index].totalTokens != nil { serving[month] += given[month] }
          }
        }
      }
    }
    self.capacity = capacity
    servingShare = zip(serving, working).map { $1 > 0 ? $0 / $1 : 1 }
    let places = Dictionary(
      portfolio.sites.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    var paid = [Double](repeating: 0, count: count * length)
    for row in fleet.ledger.rows where row.stream.isCash {
      guard let holding = row.holding, let site = places[fleet.holdings[holding].site] else { continue }
      paid[site * length + row.month] += row.billed.usd
    }
    self.paid = paid
    for holding in fleet.holdings {
      guard let site = places[holding.site], let megawatts = holding.megawatts else { continue }
      for month in 0..<length { used[site * length + month] += megawatts[month] }
    }
    headroom = (0..<count * length).map { place in
      let limit = portfolio.sites[place / length].megawatts[place % length]
      return used[place] > 0 ? limit / used[place] : 1e9
    }
    need = fleet.fleetCase.needs.flatMap(\.need)
    mean = fleet.fleetCase.needs.flatMap(\.mean)
    penalty = portfolio.demands.flatMap(\.shortageUSD)
    megatokens = fleet.fleetCase.needs.map { Unit.millionTokens.fromBase($0.totalTokens ?? 0) }
    isServing = fleet.fleetCase.needs.map { $0.totalTokens != nil }
    secondsOfMonth = portfolio.months.map { Unit.hour.toBase($0.hours) }
    factors = portfolio.discountFactors
    slipMedian = scenario.number("slip_months") ?? 0
    slip = inputs.reader(StressVariable.deliverySlip, otherwise: slipMedian)
    demand = inputs.reader("demand_factor")
    price = inputs.reader("price_factor")
    speed = inputs.reader(StressVariable.throughput)
    power = inputs.reader(StressVariable.power)
    software = inputs.reader("software_factor")
    steady = inputs.reader("steady_factor")
    mix = inputs.reader("mix_factor")
    baseSpeed =
      (scenario.number("software_factor") ?? 1) * (scenario.number("steady_factor") ?? 1)
      * (scenario.number("mix_factor") ?? 1)
    provider = portfolio.sites.map { inputs.reader(StressVariable.provider($0.provider)) }
    region = portfolio.sites.map { inputs.reader(StressVariable.region($0.region)) }
  }

  /// The fleet in a sample; demand and prices relative to the planned ones.
  ///
  /// - Parameters:
  ///   - demandBase, priceBase: values of the factors that the plan was made with.
  /// - Complexity: O(classes · sites · months).
  func evaluate(_ sample: Sample, demandBase: Double, priceBase: Double) -> Outcome {
    let wants = demand(sample) / demandBase
    let dear = price(sample) / priceBase
    let fast = speed(sample) * software(sample) * steady(sample) * mix(sample) / baseSpeed
    let late = slip(sample) - slipMedian
    let volts = power(sample)
    var (present, cash, tokens, short) = (0.0, 0.0, 0.0, 0.0)
    for month in 0..<months {
      for site in 0..<sites {
        let place = site * months + month
        let there = provider[site](sample) * region[site](sample)
        let amount = paid[place] * dear * there
        present += amount * factors[month]
        cash += amount * servingShare[month]
      }
      for index in megatokens.indices {
        var able = 0.0
        for site in 0..<sites {
          let there = provider[site](sample) * region[site](sample)
          let row = (index * sites + site) * months
          able += delayed(row, month, late) * there * min(1, volts * headroom[site * months + month])
        }
        if isServing[index] { able *= fast }
        let at = index * months + month
        let wanted = need[at] * (isServing[index] ? wants : 1)
        let share = wanted > 0 ? min(1, able / wanted) : 1
        let hours = secondsOfMonth[month]
        tokens += share * mean[at] * (isServing[index] ? wants : 1) * hours * megatokens[index]
        short += (1 - share) * wanted * penalty[at] * factors[month]
      }
    }
    return Outcome(costUSD: present, usdPerMtok: tokens > 0 ? cash / tokens : 0, shortage: short)
  }

  /// Capacity of a row in a month when everything comes `late` months later, between months linearly.
  @inline(__always) private func delayed(_ row: Int, _ month: Int, _ late: Double) -> Double {
    let moment = Double(month) - late
    guard moment > 0 else { return moment > -1 ? capacity[row] * (1 + moment) : 0 }
    let whole = min(Int(moment), months - 1)
    guard whole < months - 1 else { return capacity[row + months - 1] }
    let part = moment - Double(whole)
    return capacity[row + whole] * (1 - part) + capacity[row + whole + 1] * part
  }
}

extension PlanUncertainty {
  /// Samples a fleet over time against other plans for the same scenario: for a fifth more demand, with commitments
  /// only, without any, and without the largest provider; nil for a plan without a fleet. Each other plan is searched
  /// for `options.seconds` at most.
  ///
  /// - Throws: as the budget plan's.
  public init?(
    fleetOf plan: Plan, evidence: PlanEvidence, samples: Int = 1000, threads: Int = 2, sobolBase: Int = 512,
    options: PortfolioOptions = PortfolioOptions()
  ) throws {
    guard let fleet = plan.fleet, fleet.plan != nil else { return nil }
    let scenario = plan.scenario
    let sites = fleet.fleetCase.portfolio.sites
    let providers = sites.map(\.provider).uniqueInOrder
    let regions = sites.map(\.region).uniqueInOrder
    var variables = PlanUncertainty.drawn(scenario, fleet)
    let one =
      [StressVariable.power] + providers.map { StressVariable.provider($0) }
      + regions.map { StressVariable.region($0) }
    for name in one {
      if let fixed = try? Distribution(.fixed(1)) { variables.append(Variable(name, unit: "ratio", fixed)) }
    }
    let inputs = SampleInputs(variables, fixed: PlanUncertainty.fixedInputs(plan))
    let priceBase = scenario.number("price_factor") ?? 1
    let demandBase = scenario.number("demand_factor") ?? 1
    var judged: [(String, FleetPlan, Double)] = [("as planned", fleet, demandBase)]
    for (name, other, base) in try PlanUncertainty.others(scenario, fleet) {
      guard let found = try FleetPlan.make(other, evidence: evidence, options: options), found.plan != nil
      else {
        continue
      }
      judged.append((name, found, base))
    }
    let candidates = judged.map { name, found, _ in
      let evaluator = FleetEvaluator(found, scenario, inputs)
      // Every candidate meets the scenario's own demand, whatever it was planned for.
      let planned = found.fleetCase.needs.first?.need.first ?? 1
      let own = fleet.fleetCase.needs.first?.need.first ?? 1
      let base = demandBase * (own > 0 ? planned / own : 1)
      return Candidate(name) { evaluator.evaluate($0, demandBase: base, priceBase: priceBase) }
    }
    let known = Set(variables.map(\.name))
    let correlations = scenario.fleet.correlations.compactMap { row -> RankCorrelation? in
      let (first, second) = (PlanUncertainty.alias(row.first), PlanUncertainty.alias(row.second))
      guard known.contains(first), known.contains(second) else { return nil }
      return RankCorrelation(first, second, row.correlation ?? 0)
    }
    let seed = UInt64(max(0, scenario.number("seed") ?? 0))
    let result = try MonteCarlo.run(
      variables, correlations: correlations, samples: samples, seed: seed, threads: threads,
      regret: RegretWeights(usdPerShortage: 1), candidates: candidates)
    let tornado = try Tornado(variables, by: .cost) { candidates[0].evaluate($0) }
    let sobol = try SobolIndices(variables, base: sobolBase, seed: seed, threads: threads) {
      let outcome = candidates[0].evaluate($0)
      return outcome.costUSD + outcome.shortage
    }
    self.init(
      variables: variables, samples: samples, seed: seed, result: result, tornado: tornado, sobol: sobol,
      stresses: StressList.outcomes(StressList.standard(providers: providers, regions: regions), variables) {
        candidates[0].evaluate($0)
      },
      shortageUnit: "USD of penalty",
      notes: [
        "What is held is decided and lives through every sample; shortage in USD of the scenario's own penalties, "
          + "discounted.",
        "Each other plan was searched anew for its own scenario and meets the same samples.",
      ])
  }

  /// What a fleet over time is sampled by: the scenario's inputs that it reads, the throughput's error, the slip.
  static func drawn(_ scenario: Scenario, _ fleet: FleetPlan) -> [Variable] {
    var variables = Planner.variables(of: scenario).filter {
      ["demand_factor", "price_factor", "software_factor", "steady_factor", "mix_factor"].contains($0.name)
    }
    if let width = PlanUncertainty.throughputWidth(fleet),
      let distribution = try? Distribution(.lognormal(p10: 1 / width, p90: width))
    {
      variables.append(Variable(StressVariable.throughput, unit: "ratio", distribution))
    }
    return variables + PlanUncertainty.slip(scenario)
  }

  /// Other scenarios whose best plans are worth judging.
  private static func others(
    _ scenario: Scenario, _ fleet: FleetPlan
  ) throws -> [(name: String, scenario: Scenario, base: Double)] {
    let base = scenario.number("demand_factor") ?? 1
    var found: [(name: String, scenario: Scenario, base: Double)] = [
      ("for 20 % more demand", scenario.with(number: "demand_factor", base * 1.2), base * 1.2)
    ]
    for (name, keeps) in [("commitments only", true), ("no commitments", false)] {
      var input = scenario.fleet
      input.contracts = input.contracts.filter { $0.isCommitment == keeps }
      if !input.contracts.isEmpty, input.contracts.count < scenario.fleet.contracts.count {
        found.append((name, scenario.with(fleet: input), base))
      }
    }
    var held: [String: Double] = [:]
    for holding in fleet.holdings { held[holding.offer.provider, default: 0] += holding.billed.reduce(0, +) }
    if let largest = held.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key, held.count > 1 {
      var input = scenario.fleet
      let gone = Set(input.sites.filter { $0.provider == largest }.map(\.id))
      input.deliveries = input.deliveries.filter { !gone.contains($0.site) }
      found.append(("without \(largest)", scenario.with(fleet: input), base))
    }
    return found
  }

  /// P90 over the median of the throughput's error: the mean of the classes and products in logarithms.
  private static func throughputWidth(_ fleet: FleetPlan) -> Double? {
    let widths = fleet.fleetCase.throughputs.flatMap { $0 }.compactMap { throughput -> Double? in
      guard let interval = throughput?.decode.interval, interval.low > 0, interval.high > interval.low else {
        return nil
      }
      return logarithm(interval.high / interval.low) / 2
    }
    return widths.isEmpty ? nil : exponential(widths.reduce(0, +) / Double(widths.count))
  }
}
