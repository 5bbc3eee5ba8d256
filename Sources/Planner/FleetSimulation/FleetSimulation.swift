// A fleet simulated over years: deliveries that slip, nodes and domains that fail, spares, repairs, maintenance and
// contracts that end, against demand month by month. It exists to check the closed formulas of spares and
// availability, and to answer where they do not hold: ramps, few spares, shared depots, faults of whole domains.

import Estimator

/// Discrete-event simulation of a fleet.
public enum FleetSimulation {
  /// Simulates a fleet `runs` times and averages.
  ///
  /// Same input and seed give the same bytes on every machine; so does any order of the rows of the input.
  /// - Parameters:
  ///   - seed: run r of pool p draws from the stream named after r and p.
  ///   - runs: independent repetitions; two or more give standard errors.
  /// - Throws: the first thing of the input that makes no sense.
  /// - Complexity: O(e·(log q + p)) for e failures and maintenances, q of them under way and p pools; memory O(domains +
  ///   levels of usable accelerators).
  public static func run(_ input: FleetSimulationInput, seed: UInt64, runs: Int = 1)
    throws(FleetSimulationError) -> FleetSimulationResult
  {
    try input.check(runs: runs)
    let sorted = input.sorted
    var sums = FleetSums(sorted)
    for number in 0..<runs {
      var run = FleetRun(sorted, seed: seed, run: number)
      run.run()
      sums.add(run)
    }
    return sums.result(runs: runs)
  }

  /// One run that shows the fleet after every event.
  package static func walk(_ input: FleetSimulationInput, seed: UInt64, look: @escaping (FleetCensus) -> Void)
    throws(FleetSimulationError)
  {
    try input.check(runs: 1)
    var run = FleetRun(input.sorted, seed: seed, run: 0)
    run.run(look: look)
  }
}

extension FleetSimulationInput {
  /// Accelerators of one step of a level: the greatest common divisor of those of the nodes.
  var acceleratorStep: Int { max(1, skus.reduce(0) { greatestCommonDivisor($0, $1.acceleratorsPerNode) }) }

  /// The same fleet with its rows in an order of their own.
  var sorted: FleetSimulationInput {
    FleetSimulationInput(
      monthDays: monthDays, skus: skus.sorted { $0.name < $1.name },
      sites: sites.sorted { $0.name < $1.name },
      deliveries: deliveries.map { (key: $0.sortKey, row: $0) }.sorted { $0.key < $1.key }.map(\.row),
      depots: depots.sorted { $0.sku < $1.sku }, demand: demand, regionsLost: regionsLost)
  }
}

extension SimulatedDelivery {
  /// Every field, so that rows with one key are equal.
  fileprivate var sortKey: String {
    "\(site)\u{0}\(sku)\u{0}\(month) \(domains) \(spareDomains) \(spareNodes) \(slip) \(acceptanceDays) "
      + "\(deadOnArrivalShare) \(String(describing: deadOnArrivalReplacement)) "
      + String(describing: contractMonths)
  }
}

/// Sums over runs.
private struct FleetSums {
  let input: FleetSimulationInput
  var months: [FleetMonthTally]
  var pools: [FleetPoolTally] = []
  var names: [(site: String, sku: String)] = []
  var interruptions = 0
  var lostReplicaHours = 0.0
  var availability = FleetSpread()
  var whole = FleetSpread()

  init(_ input: FleetSimulationInput) {
    self.input = input
    months = Array(repeating: FleetMonthTally(), count: input.monthDays.count)
  }

  mutating func add(_ run: FleetRun) {
    for (index, month) in run.months.enumerated() { months[index].add(month) }
    availability.add(
      ratio(run.months.reduce(0) { $0 + $1.usable }, run.months.reduce(0) { $0 + $1.installed }))
    whole.add(ratio(run.months.reduce(0) { $0 + $1.whole }, run.months.reduce(0) { $0 + $1.inService }))
    if pools.isEmpty {
      pools = Array(repeating: FleetPoolTally(), count: run.pools.count)
      names = run.pools.map { (input.sites[$0.site].name, $0.hardware.name) }
    }
    for (index, pool) in run.pools.enumerated() {
      pools[index].add(run.tallies[index], pool)
      interruptions += pool.interruptions
      lostReplicaHours += Double(pool.interruptions) * pool.hardware.lostReplicaHoursPerInterruption
    }
  }

  func result(runs: Int) -> FleetSimulationResult {
    let count = Double(runs)
    let days = input.monthDays.reduce(0, +)
    let demanded = zip(input.demand, input.monthDays).reduce(0) { $0 + $1.0 * $1.1 } * count
    func sum(_ value: (FleetMonthTally) -> Double) -> Double { months.reduce(0) { $0 + value($1) } }
    func mean(_ value: (FleetPoolTally) -> Int) -> Double {
      Double(pools.reduce(0) { $0 + value($1) }) / count
    }
    return FleetSimulationResult(
      runs: runs, availability: ratio(sum(\.usable), sum(\.installed)),
      availabilityStandardError: availability.standardError,
      wholeShare: ratio(sum(\.whole), sum(\.inService)), wholeShareStandardError: whole.standardError,
      servedShare: servedShare(sum(\.unserved), of: demanded),
      servedShareWithRegionsLost: servedShare(sum(\.unservedWithRegionsLost), of: demanded),
      meanReplicas: sum(\.replicas) / (days * count), softFailures: mean(\.soft), hardFailures: mean(\.hard),
      domainFailures: mean(\.domain), interruptions: Double(interruptions) / count,
      lostReplicaHours: lostReplicaHours / count,
      months: months.indices.map { month($0, runs: count) },
      pools: pools.indices.map { pool($0, runs: count) })
  }

  private func month(_ index: Int, runs: Double) -> SimulatedMonth {
    let tally = months[index]
    let days = input.monthDays[index] * runs
    let demanded = input.demand.isEmpty ? 0 : input.demand[index] * days
    return SimulatedMonth(
      index: index, acceptingMean: tally.accepting / days, installedMean: tally.installed / days,
      usableMean: tally.usable / days, usableP10: Double(tally.levels.quantile(0.1) * input.acceleratorStep),
      replicasMean: tally.replicas / days, availability: ratio(tally.usable, tally.installed),
      wholeShare: ratio(tally.whole, tally.inService), servedShare: servedShare(tally.unserved, of: demanded))
  }

  private func pool(_ index: Int, runs: Double) -> SimulatedPool {
    let tally = pools[index]
    let mean = ratio(tally.away, tally.inService) ?? 0
    return SimulatedPool(
      site: names[index].site, sku: names[index].sku, availability: ratio(tally.usable, tally.installed),
      wholeShare: ratio(tally.whole, tally.inService), awayMean: mean,
      awayVariance: max(0, (ratio(tally.awaySquared, tally.inService) ?? 0) - mean * mean),
      softFailures: Double(tally.soft) / runs, hardFailures: Double(tally.hard) / runs,
      domainFailures: Double(tally.domain) / runs)
  }
}

extension FleetMonthTally {
  /// Adds the month of another run.
  fileprivate mutating func add(_ other: FleetMonthTally) {
    accepting += other.accepting
    installed += other.installed
    usable += other.usable
    replicas += other.replicas
    inService += other.inService
    whole += other.whole
    unserved += other.unserved
    unservedWithRegionsLost += other.unservedWithRegionsLost
    levels.add(other.levels)
  }
}

extension FleetPoolTally {
  /// Adds the pool of another run.
  fileprivate mutating func add(_ other: FleetPoolTally, _ pool: FleetPool) {
    installed += other.installed
    usable += other.usable
    inService += other.inService
    whole += other.whole
    away += other.away
    awaySquared += other.awaySquared
    soft += pool.softFailures
    hard += pool.hardFailures
    domain += pool.domainFailures
  }
}

private func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

/// The share of a demand that is not unserved; nil where nothing was demanded.
private func servedShare(_ unserved: Double, of demanded: Double) -> Double? {
  ratio(unserved, demanded).map { max(0, 1 - $0) }
}

/// a/b, nil where b is 0: a share of nothing is unknown.
private func ratio(_ a: Double, _ b: Double) -> Double? { b > 0 ? a / b : nil }
