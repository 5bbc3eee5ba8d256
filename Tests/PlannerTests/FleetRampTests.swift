// Ramps, contracts and replicas of a simulated fleet where nothing is left to chance, and inputs that make no sense.

import Planner
import Testing

@Suite struct FleetRampTests {
  private let none = FleetFaults(nodeFailuresPerDay: 0, repair: .fixed(days: 0))

  @Test("a fleet that never fails is usable, whole and served to the last digit")
  func noFailures() throws {
    let input = simpleFleet(domains: 3, demand: Array(repeating: 48, count: 84), none)
    let result = try FleetSimulation.run(input, seed: 1)
    #expect(result.availability == 1)
    #expect(result.wholeShare == 1)
    #expect(result.servedShare == 1)
    #expect(result.months.allSatisfy { $0.usableMean == 48 && $0.usableP10 == 48 && $0.servedShare == 1 })
    #expect(result.interruptions == 0)
  }

  @Test("a slip moves the ramp by its months, and a fraction of a month by that fraction")
  func slips() throws {
    let promised = try FleetSimulation.run(simpleFleet(domains: 2, month: 5, none), seed: 1)
    let late = try FleetSimulation.run(
      simpleFleet(domains: 2, slip: .fixed(months: 3), month: 5, none), seed: 1)
    #expect(promised.months.map(\.usableMean) == (0..<84).map { $0 < 5 ? 0 : 32 })
    #expect(late.months.map(\.usableMean) == (0..<84).map { $0 < 8 ? 0 : 32 })
    let half = try FleetSimulation.run(
      simpleFleet(domains: 2, slip: .fixed(months: 3.5), month: 5, none), seed: 1)
    #expect(half.months[8].usableMean == 16)
    #expect(half.months[8].usableP10 == 0)
    let never = try FleetSimulation.run(
      simpleFleet(domains: 2, slip: .fixed(months: 79), month: 5, none), seed: 1)
    #expect(never.availability == nil)
    #expect(never.meanReplicas == 0)
  }

  @Test("a random slip has the median and the 90 % quantile that it was given")
  func slipQuantiles() throws {
    let input = simpleFleet(
      domains: 1, nodesPerDomain: 1, months: 24, slip: .lognormal(p50Months: 2, p90Months: 6), none)
    let months = try FleetSimulation.run(input, seed: 9, runs: 4000).months
    // Installed at the end of month m in the runs that slipped less than m + 1: between the means of m and m + 1.
    #expect(months[1].installedMean < 0.5 && months[2].installedMean > 0.5)
    #expect(months[5].installedMean < 0.9 && months[6].installedMean > 0.9)
  }

  @Test("what is being accepted is installed only afterwards, and leaves when its contract ends")
  func acceptanceAndContract() throws {
    let input = FleetSimulationInput(
      monthDays: [31, 28, 31, 30, 31], skus: simpleFleet(domains: 1, none).skus,
      sites: [SimulatedSite(name: "x", region: "north")],
      deliveries: [
        SimulatedDelivery(
          site: "x", sku: "A", month: 1, domains: 1, spareNodes: 1, acceptanceDays: 28, contractMonths: 3)
      ])
    let months = try FleetSimulation.run(input, seed: 1).months
    #expect(months.map(\.acceptingMean) == [0, 17, 0, 0, 0])
    #expect(months.map(\.installedMean) == [0, 0, 16, 16, 0])
  }

  @Test("dead nodes stay out without the vendor, and come in when the vendor has replaced them")
  func deadOnArrival() throws {
    let out = try FleetSimulation.run(simpleFleet(domains: 1000, months: 3, deadShare: 0.1, none), seed: 2)
    #expect(abs(try #require(out.availability) - 0.9) < 4 * (0.09 / 16_000).squareRoot())
    let back = try FleetSimulation.run(
      simpleFleet(domains: 1000, months: 3, deadShare: 0.1, replacement: .fixed(days: 30), none), seed: 2)
    #expect(back.months[0].usableMean == out.months[0].usableMean)
    #expect(back.months[1].usableMean == 16_000)
    let all = try FleetSimulation.run(simpleFleet(domains: 2, months: 3, deadShare: 1, none), seed: 2)
    #expect(all.availability == 0)
  }

  @Test("replicas are whole: what is left over in a domain serves nothing, and large ones take whole domains")
  func replicas() throws {
    func replicas(_ size: Int) throws -> Double {
      try FleetSimulation.run(simpleFleet(domains: 5, nodesPerDomain: 18, replica: size, none), seed: 1)
        .meanReplicas
    }
    #expect(try replicas(4) == 20)
    #expect(try replicas(18) == 5)
    #expect(try replicas(19) == 2)
    #expect(try replicas(91) == 0)
  }

  @Test("a failure stops the replicas of its node, and each loses its hours")
  func interruptions() throws {
    let faults = FleetFaults(nodeFailuresPerDay: 0.01, softShare: 1, repair: .fixed(days: 0))
    let result = try FleetSimulation.run(simpleFleet(domains: 10, replica: 2, hours: 0.25, faults), seed: 3)
    #expect(result.softFailures > 3000)
    #expect(result.interruptions == result.softFailures)
    #expect(result.lostReplicaHours == result.interruptions * 0.25)
    // 3 nodes of 16 are left over beside one replica of 13: their failures stop nothing.
    let left = try FleetSimulation.run(simpleFleet(domains: 10, replica: 13, faults), seed: 3)
    #expect(abs(left.interruptions / left.softFailures - 13 / 16.0) < 0.03)
    let dark = FleetFaults(nodeFailuresPerDay: 0, repair: .fixed(days: 0), domainFailuresPerDay: 0.01)
    let domains = try FleetSimulation.run(simpleFleet(domains: 10, replica: 2, dark), seed: 3)
    #expect(domains.interruptions == 8 * domains.domainFailures)
  }

  @Test("with one region of four lost, the three smallest are left for the demand")
  func regionsLost() throws {
    func shares(_ demand: Double) throws -> (Double?, Double?) {
      let one = simpleFleet(domains: 1, months: 12, none)
      let sites = (0..<4).map { SimulatedSite(name: "s\($0)", region: "r\($0)") }
      let result = try FleetSimulation.run(
        FleetSimulationInput(
          monthDays: one.monthDays, skus: one.skus, sites: sites,
          deliveries: sites.map {
            SimulatedDelivery(site: $0.name, sku: "A", month: 0, domains: $0.name == "s1" ? 3 : 1)
          },
          demand: Array(repeating: demand, count: 12), regionsLost: 1), seed: 1)
      return (result.servedShare, result.servedShareWithRegionsLost)
    }
    #expect(try shares(48) == (1, 1))
    #expect(try shares(96) == (1, 0.5))
    #expect(try shares(192) == (0.5, 0.25))
  }
}

@Suite struct FleetErrorTests {
  private let none = FleetFaults(nodeFailuresPerDay: 0, repair: .fixed(days: 0))

  private func error(_ input: FleetSimulationInput, runs: Int = 1) -> FleetSimulationError? {
    do throws(FleetSimulationError) {
      _ = try FleetSimulation.run(input, seed: 1, runs: runs)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "a fault that cannot be is refused by name",
    arguments: [
      ("nodeFailuresPerDay of A", FleetFaults(nodeFailuresPerDay: -1, repair: .fixed(days: 1))),
      ("nodeFailuresPerDay of A", FleetFaults(nodeFailuresPerDay: .nan, repair: .fixed(days: 1))),
      ("softShare of A", FleetFaults(nodeFailuresPerDay: 1, softShare: 1.1, repair: .fixed(days: 1))),
      ("repair of A", FleetFaults(nodeFailuresPerDay: 1, repair: .fixed(days: -1))),
      ("repair of A", FleetFaults(nodeFailuresPerDay: 1, repair: .exponential(meanDays: .infinity))),
      ("cv of repair of A", FleetFaults(nodeFailuresPerDay: 1, repair: .lognormal(meanDays: 1, cv: -1))),
      (
        "domainFailuresPerDay of A",
        FleetFaults(nodeFailuresPerDay: 1, repair: .fixed(days: 1), domainFailuresPerDay: -1)
      ),
      (
        "maintenanceDays of A",
        FleetFaults(
          nodeFailuresPerDay: 1, repair: .fixed(days: 1), maintenanceEveryDays: 1, maintenanceDays: 2)
      ),
    ])
  func faults(field: String, faults: FleetFaults) {
    guard case .outOfRange(field, _, _) = error(simpleFleet(domains: 1, faults)) else {
      Issue.record("\(field) was accepted")
      return
    }
  }

  @Test("a repair of 0 days is allowed, and so is a fleet of nothing")
  func allowed() {
    let quick = FleetFaults(nodeFailuresPerDay: 1, repair: .fixed(days: 0))
    #expect(error(simpleFleet(domains: 2, months: 2, quick)) == nil)
    #expect(error(simpleFleet(domains: 0, none)) == nil)
  }

  @Test("names, months, regions and size are checked, and the message says what to do")
  func rest() {
    let good = simpleFleet(domains: 1, none)
    func changed(
      days: [Double]? = nil, sites: [SimulatedSite]? = nil, depots: [SimulatedDepot] = [],
      demand: [Double] = [],
      lost: Int = 0
    ) -> FleetSimulationInput {
      FleetSimulationInput(
        monthDays: days ?? good.monthDays, skus: good.skus, sites: sites ?? good.sites,
        deliveries: good.deliveries, depots: depots, demand: demand, regionsLost: lost)
    }
    let site = SimulatedSite(name: "x", region: "north")
    #expect(error(changed(days: [])) == .noMonths)
    #expect(error(changed(sites: [])) == .unknown(field: "delivery.site", name: "x"))
    #expect(error(changed(sites: [site, site])) == .duplicate(field: "site", name: "x"))
    let depot = SimulatedDepot(sku: "B", nodes: 1, shipping: .fixed(days: 1))
    #expect(error(changed(depots: [depot])) == .unknown(field: "depot.sku", name: "B"))
    #expect(error(changed(demand: [1])) == .demandMonths(given: 1, months: 84))
    #expect(error(changed(lost: 1)) == .regionsLost(lost: 1, regions: 1))
    #expect(error(changed(lost: -1)) == .regionsLost(lost: -1, regions: 1))
    #expect(error(simpleFleet(domains: -1, none)) != nil)
    #expect(error(simpleFleet(domains: .max, none)) != nil)
    #expect(error(simpleFleet(domains: 1, month: 84, none)) != nil)
    #expect(error(simpleFleet(domains: 1, slip: .fixed(months: -1), none)) != nil)
    #expect(error(simpleFleet(domains: 1, slip: .lognormal(p50Months: 2, p90Months: 1), none)) != nil)
    #expect(error(simpleFleet(domains: 1, deadShare: 2, none)) != nil)
    #expect(error(good, runs: 0) != nil)
    let mad = FleetFaults(nodeFailuresPerDay: 1e9, repair: .fixed(days: 0))
    guard case .tooManyEvents(_, let limit) = error(simpleFleet(domains: 1, mad)) else {
      Issue.record("a billion failures a day were accepted")
      return
    }
    #expect(FleetSimulationError.tooManyEvents(expected: 1, limit: limit).description.contains("lower"))
    #expect(FleetSimulationError.regionsLost(lost: 4, regions: 4).description.contains("at most 3"))
  }
}
