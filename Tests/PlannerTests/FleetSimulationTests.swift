// The fleet simulation against what is known without it: closed formulas where they hold, exact statements where
// there is no chance, and books that balance after every event. A tolerance is four standard errors of the case.

import Planner
import Testing

/// A fleet of one SKU at one site, one accelerator a node, all there at the start.
func simpleFleet(
  domains: Int, nodesPerDomain: Int = 16, spareNodes: Int = 0, spareDomains: Int = 0, months: Int = 84,
  replica: Int = 1, hours: Double = 0, slip: FleetSlip = .fixed(months: 0), month: Int = 0,
  deadShare: Double = 0, replacement: FleetDuration? = nil, contract: Double? = nil, demand: [Double] = [],
  _ faults: FleetFaults
) -> FleetSimulationInput {
  FleetSimulationInput(
    monthDays: Array(repeating: 30, count: months),
    skus: [
      SimulatedSKU(
        name: "A", acceleratorsPerNode: 1, nodesPerDomain: nodesPerDomain, acceleratorsPerReplica: replica,
        servedPerReplica: 1, faults: faults, lostReplicaHoursPerInterruption: hours)
    ],
    sites: [SimulatedSite(name: "x", region: "north")],
    deliveries: [
      SimulatedDelivery(
        site: "x", sku: "A", month: month, domains: domains, spareDomains: spareDomains,
        spareNodes: spareNodes, slip: slip, deadOnArrivalShare: deadShare,
        deadOnArrivalReplacement: replacement, contractMonths: contract)
    ], demand: demand)
}

/// A fleet with everything that can happen: four regions, two SKUs, slips, dead on arrival, a depot, contracts.
func busyFleet(reversed: Bool = false, extraSite: Bool = false) -> FleetSimulationInput {
  let faults = FleetFaults(
    nodeFailuresPerDay: 0.02, softShare: 0.4, restart: .fixed(days: 0.1), swap: .exponential(meanDays: 0.2),
    repair: .lognormal(meanDays: 3, cv: 1.2), domainFailuresPerDay: 2e-3,
    domainRepair: .exponential(meanDays: 2), maintenanceEveryDays: 45, maintenanceDays: 0.5)
  var sites = (0..<4).map { SimulatedSite(name: "s\($0)", region: "r\($0)") }
  if extraSite { sites.append(SimulatedSite(name: "s9", region: "r9")) }
  let deliveries = sites.flatMap { site in
    (0..<6).flatMap { month in
      ["A", "B"].map { sku in
        SimulatedDelivery(
          site: site.name, sku: sku, month: month, domains: 3, spareDomains: month == 0 ? 1 : 0,
          spareNodes: 2,
          slip: .lognormal(p50Months: 1, p90Months: 4), acceptanceDays: 10, deadOnArrivalShare: 0.05,
          deadOnArrivalReplacement: sku == "A" ? .fixed(days: 20) : nil,
          contractMonths: month % 2 == 0 ? 9 : nil)
      }
    }
  }
  let skus = [("A", 4, 18, 16), ("B", 8, 1, 16)].map { name, each, nodes, replica in
    SimulatedSKU(
      name: name, acceleratorsPerNode: each, nodesPerDomain: nodes, acceleratorsPerReplica: replica,
      servedPerReplica: 10, faults: faults, lostReplicaHoursPerInterruption: 0.1)
  }
  return FleetSimulationInput(
    monthDays: Array(repeating: 30.4375, count: 24), skus: reversed ? skus.reversed() : skus,
    sites: reversed ? sites.reversed() : sites, deliveries: reversed ? deliveries.reversed() : deliveries,
    depots: [SimulatedDepot(sku: "B", nodes: 3, shipping: .fixed(days: 1))],
    demand: (0..<24).map { Double($0) * 40 }, regionsLost: 1)
}

@Suite struct FleetClosedFormulaTests {
  @Test(
    "with spares that never run out, the number in repair is Poisson with mean λ·n·m, however repairs vary",
    arguments: [
      FleetDuration.fixed(days: 2), .exponential(meanDays: 2), .lognormal(meanDays: 2, cv: 1.5),
    ])
  func numberInRepair(repair: FleetDuration) throws {
    let faults = FleetFaults(nodeFailuresPerDay: 6.5e-3, repair: repair, spareFailureFactor: 0)
    let input = simpleFleet(domains: 64, spareNodes: 200, months: 1200, faults)
    let pool = try FleetSimulation.run(input, seed: 11).pools[0]
    let mean = 1024 * 6.5e-3 * 2
    // Correlation lasts about a repair, so 36,000 days are some 10,000 looks at a variance of 13.3: standard errors
    // of 0.04 for the mean and 0.2 for the variance (more where single repairs are long).
    #expect(abs(pool.awayMean - mean) < 0.2)
    #expect(abs(pool.awayVariance - mean) < 1)
    #expect(abs(pool.hardFailures - 1024 * 6.5e-3 * 36_000) < 4 * (1024 * 6.5e-3 * 36_000).squareRoot())
  }

  @Test(
    "as many spares as the binomial asks keep a fleet whole for 99.9 % of the time, and one fewer does not",
    arguments: [(128, 7, 800), (1024, 26, 300), (4096, 77, 160)])
  func spares(nodes: Int, expected: Int, months: Int) throws {
    let q = repairShare(failuresPerDay: 6.5e-3, repairDays: 2)
    #expect(spareNodes(nodes: nodes, repairShare: q, confidence: 0.999) == expected)
    let faults = FleetFaults(nodeFailuresPerDay: 6.5e-3, repair: .fixed(days: 2))
    func whole(_ spares: Int) throws -> (share: Double, error: Double) {
      let input = simpleFleet(domains: nodes / 16, spareNodes: spares, months: months, faults)
      let result = try FleetSimulation.run(input, seed: 5, runs: 16)
      return (try #require(result.wholeShare), try #require(result.wholeShareStandardError))
    }
    let enough = try whole(expected)
    let fewer = try whole(expected - 1)
    #expect(enough.error < 2e-4 && fewer.error < 2e-4)
    #expect(abs(enough.share - wholeShare(nodes: nodes, spares: expected, q)) < 4 * enough.error)
    #expect(abs(fewer.share - wholeShare(nodes: nodes, spares: expected - 1, q)) < 4 * fewer.error)
    #expect(fewer.share < enough.share)
  }

  /// P(Bin(nodes + spares, q) ≤ spares), term by term from (1 - q)^n.
  private func wholeShare(nodes: Int, spares: Int, _ q: Double) -> Double {
    let trials = nodes + spares
    var term = (0..<trials).reduce(1.0) { product, _ in product * (1 - q) }
    var sum = term
    for k in 0..<spares {
      term *= Double(trials - k) / Double(k + 1) * q / (1 - q)
      sum += term
    }
    return sum
  }

  @Test("spares that run as domains of their own keep a fleet as whole as spares on the shelf")
  func spareDomains() throws {
    let faults = FleetFaults(nodeFailuresPerDay: 6.5e-3, repair: .fixed(days: 2))
    let shelf = try FleetSimulation.run(
      simpleFleet(domains: 128, nodesPerDomain: 1, spareNodes: 3, months: 2400, faults), seed: 3, runs: 8)
    let running = try FleetSimulation.run(
      simpleFleet(domains: 128, nodesPerDomain: 1, spareDomains: 3, months: 2400, faults), seed: 4, runs: 8)
    let a = try #require(shelf.wholeShare)
    let b = try #require(running.wholeShare)
    let error = try #require(shelf.wholeShareStandardError) + #require(running.wholeShareStandardError)
    #expect(abs(a - b) < 4 * error)
    #expect(error < 2e-3)
    #expect(a > 0.85 && a < 0.95)
  }

  @Test(
    "availability is that of the closed formula within 0.1 point",
    arguments: [
      FleetFaults(
        nodeFailuresPerDay: 6.5e-3, softShare: 0.6, restart: .fixed(days: 0.02), swap: .fixed(days: 0.25),
        repair: .exponential(meanDays: 2)),
      FleetFaults(
        nodeFailuresPerDay: 0.05, softShare: 1, restart: .exponential(meanDays: 0.5), repair: .fixed(days: 0)),
      FleetFaults(
        nodeFailuresPerDay: 0, repair: .fixed(days: 1), domainFailuresPerDay: 5e-3,
        domainRepair: .lognormal(meanDays: 2, cv: 1)),
      FleetFaults(
        nodeFailuresPerDay: 0, repair: .fixed(days: 1), maintenanceEveryDays: 30, maintenanceDays: 0.25),
      FleetFaults(
        nodeFailuresPerDay: 6.5e-3, softShare: 0.5, restart: .fixed(days: 0.1), swap: .fixed(days: 0.5),
        repair: .lognormal(meanDays: 3, cv: 1), domainFailuresPerDay: 1e-3, domainRepair: .fixed(days: 1),
        maintenanceEveryDays: 90, maintenanceDays: 0.5),
    ])
  func availability(faults: FleetFaults) throws {
    let result = try FleetSimulation.run(simpleFleet(domains: 250, spareNodes: 200, faults), seed: 7)
    let availability = try #require(result.availability)
    #expect(abs(availability - faults.steadyAvailability) < 1e-3)
    // Also near in what is lost, or a fleet that never failed would pass.
    let lost = 1 - faults.steadyAvailability
    #expect(abs(1 - availability - lost) < 0.04 * lost)
  }

  @Test("every working node is as likely to fail as any other: pairs die out as e^(-2λt)")
  func pairs() throws {
    // A half-life of one month, and a repair that never ends: pairs left at t are n·4^-t.
    let halving = FleetFaults(nodeFailuresPerDay: 0.693_147_18 / 30, repair: .fixed(days: 1e6))
    let months = try FleetSimulation.run(
      simpleFleet(domains: 4000, nodesPerDomain: 2, months: 3, replica: 2, halving), seed: 6
    ).months
    for (month, quarter) in [1.0, 0.25, 0.0625].enumerated() {
      let mean = 4000 * quarter * 0.75 / 1.386_294_36
      #expect(abs(months[month].replicasMean - mean) < 4 * mean.squareRoot())
    }
  }

  @Test("one node fails, is repaired for a day and fails again: never while it is being repaired")
  func noDoubleFailures() throws {
    let faults = FleetFaults(nodeFailuresPerDay: 100_000, repair: .fixed(days: 1))
    let result = try FleetSimulation.run(simpleFleet(domains: 1, nodesPerDomain: 1, faults), seed: 1)
    // 2,520 days, each failure followed by a whole day of repair and 1e-5 day of work.
    #expect(result.hardFailures == 2520)
    #expect(result.pools[0].awayMean <= 1)
    #expect(try #require(result.availability) < 2e-5)
  }
}

@Suite struct FleetBookTests {
  @Test("every node is in acceptance, in a domain, on a shelf, in repair or retired, after every event")
  func conservation() throws {
    var events = 0
    var seen = (retired: 0, repair: 0, accepting: 0)
    var unbalanced: FleetCensus?
    try FleetSimulation.walk(busyFleet(), seed: 21) { fleet in
      events += 1
      let sum = fleet.accepting + fleet.present + fleet.spare + fleet.inRepair + fleet.retired
      if sum != fleet.delivered || !fleet.poolsBalance || fleet.usable > fleet.present {
        unbalanced = unbalanced ?? fleet
      }
      seen = (fleet.retired, max(seen.repair, fleet.inRepair), max(seen.accepting, fleet.accepting))
    }
    #expect(unbalanced == nil)
    #expect(events > 10_000)
    #expect(seen.retired > 500 && seen.repair > 20 && seen.accepting > 20)
  }

  @Test("one seed gives the same result in any order of the rows, another seed another")
  func determinism() throws {
    let result = try FleetSimulation.run(busyFleet(), seed: 4, runs: 2)
    #expect(try FleetSimulation.run(busyFleet(), seed: 4, runs: 2) == result)
    #expect(try FleetSimulation.run(busyFleet(reversed: true), seed: 4, runs: 2) == result)
    #expect(try FleetSimulation.run(busyFleet(), seed: 5, runs: 2) != result)
  }

  @Test("another site leaves every draw of a site that repairs its own as it was")
  func streams() throws {
    let few = try FleetSimulation.run(busyFleet(), seed: 4).pools.filter { $0.sku == "A" }
    let more = try FleetSimulation.run(busyFleet(extraSite: true), seed: 4).pools.filter { $0.sku == "A" }
    #expect(few.count == 4)
    #expect(Array(more.prefix(4)) == few)
  }

  @Test("spares that all sites share through a depot keep them whole more often than the same split up")
  func depot() throws {
    let faults = FleetFaults(nodeFailuresPerDay: 6.5e-3, repair: .fixed(days: 4))
    func whole(each: Int, central: Int, shippingDays: Double) throws -> Double {
      let one = simpleFleet(domains: 8, faults)
      let sites = (0..<6).map { SimulatedSite(name: "s\($0)", region: "r") }
      let result = try FleetSimulation.run(
        FleetSimulationInput(
          monthDays: one.monthDays, skus: one.skus, sites: sites,
          deliveries: sites.map {
            SimulatedDelivery(site: $0.name, sku: "A", month: 0, domains: 8, spareNodes: each)
          },
          depots: central == 0
            ? [] : [SimulatedDepot(sku: "A", nodes: central, shipping: .fixed(days: shippingDays))]), seed: 8)
      return try #require(result.wholeShare)
    }
    let split = try whole(each: 5, central: 0, shippingDays: 0)
    let shared = try whole(each: 1, central: 24, shippingDays: 0)
    let far = try whole(each: 1, central: 24, shippingDays: 3)
    #expect(shared > split + 0.05)
    #expect(far < shared - 0.05)
  }
}
