// A plan's headline as a fleet that fails and is repaired: the closed formulas of spares and availability beside what
// a simulation of the same fleet gives.

import Quantities
public import Tables

/// A simulated plan.
public struct PlanSimulation: Sendable {
  /// What was simulated.
  public let input: FleetSimulationInput
  /// What came out.
  public let result: FleetSimulationResult
  /// Availability by the closed formula, mean over the pools by their accelerators.
  public let formulaAvailability: Double
  /// Share of time that the scenario wants the pools to be whole.
  public let wantedWholeShare: Double

  /// Largest difference of simulated and computed availability that a check accepts: a tenth of a point.
  public static let tolerance = 0.001

  /// Simulates what a plan holds; nil for a plan that holds nothing.
  ///
  /// - Parameter runs: independent repetitions.
  /// - Throws: `InputError` for rates or repair times that make no sense.
  /// - Complexity: O(runs · failures · log).
  public init?(_ plan: Plan, runs: Int = 4) throws {
    let holdings = plan.fleet.map(\.holdings) ?? plan.holdings
    guard !holdings.isEmpty else { return nil }
    let months = plan.fleet?.ledger.months ?? plan.months
    let scenario = plan.scenario
    let perDay = (scenario.number("failures_per_accelerator_year") ?? 0) / daysPerYear
    let repair = scenario.number("repair_days") ?? 0
    var skus: [String: SimulatedSKU] = [:]
    var sites: [String: SimulatedSite] = [:]
    var deliveries: [SimulatedDelivery] = []
    var weights: [(availability: Double, accelerators: Double)] = []
    for holding in holdings {
      let perNode = max(1, holding.offer.perNode ?? 1)
      // What is sold together fails and is replaced inside it: a pod of thousands is no single domain here.
      let domain = max(perNode, min(holding.offer.domain ?? perNode, holding.offer.unit ?? perNode))
      let sku = SimulatedSKU(
        name: holding.offer.id, acceleratorsPerNode: perNode, nodesPerDomain: max(1, domain / perNode),
        acceleratorsPerReplica: perNode, servedPerReplica: 1,
        faults: FleetFaults(
          nodeFailuresPerDay: perDay * Double(perNode), repair: .exponential(meanDays: repair)))
      skus[sku.name] = sku
      let site = holding.site.isEmpty ? holding.offer.provider : holding.site
      sites[site] = SimulatedSite(name: site, region: holding.region.isEmpty ? site : holding.region)
      deliveries += PlanSimulation.deliveries(holding, sku, site, months)
      // Spares run beside the rest, so a place is empty until its own node is back: 1 / (1 + λ·m).
      let up = 1 / (1 + sku.faults.nodeFailuresPerDay * repair)
      weights.append((up, holding.accepted.reduce(0, +)))
    }
    guard !deliveries.isEmpty else { return nil }
    input = FleetSimulationInput(
      monthDays: months.map { Unit.day.fromBase(Unit.hour.toBase($0.hours)) },
      skus: skus.keys.sorted().compactMap { skus[$0] }, sites: sites.keys.sorted().compactMap { sites[$0] },
      deliveries: deliveries)
    result = try FleetSimulation.run(
      input, seed: UInt64(max(0, scenario.number("seed") ?? 0)), runs: runs)
    let all = weights.reduce(0) { $0 + $1.accelerators }
    formulaAvailability = all > 0 ? weights.reduce(0) { $0 + $1.availability * $1.accelerators } / all : 1
    wantedWholeShare = scenario.number("spare_confidence") ?? 0
  }

  /// Whole domains that come in each month; the plan's share of spares is among them.
  private static func deliveries(
    _ holding: Holding, _ sku: SimulatedSKU, _ site: String, _ months: [PlanMonth]
  ) -> [SimulatedDelivery] {
    let size = Double(sku.acceleratorsPerNode * sku.nodesPerDomain)
    let usable =
      holding.accepted.max().flatMap { most in most > 0 ? (holding.usable.max() ?? 0) / most : nil } ?? 1
    var (before, spareBefore) = (0, 0)
    var found: [SimulatedDelivery] = []
    for month in months {
      let whole = Int((holding.accepted[month.index] / size).rounded(.down))
      guard whole > before else { continue }
      let spares = Int((Double(whole) * (1 - usable)).rounded(.up))
      found.append(
        SimulatedDelivery(
          site: site, sku: sku.name, month: month.index, domains: whole - before - (spares - spareBefore),
          spareDomains: spares - spareBefore))
      (before, spareBefore) = (whole, spares)
    }
    return found
  }

  /// Simulated and computed figures side by side, then the pools.
  public var table: ReportTable {
    var table = ReportTable(
      "The fleet simulated: failures and repairs by events",
      [.init("figure"), .init("simulated"), .init("standard_error"), .init("formula"), .init("unit")])
    func add(_ name: String, _ value: Double?, _ error: Double?, _ formula: Double?, _ unit: String) {
      table.append([
        .text(name), .optional(value, decimals: 5), .optional(error, decimals: 6),
        .optional(formula, decimals: 5),
        .text(unit),
      ])
    }
    add("availability", result.availability, result.availabilityStandardError, formulaAvailability, "share")
    add("pools whole", result.wholeShare, result.wholeShareStandardError, wantedWholeShare, "share of time")
    add("hard failures a run", result.hardFailures, nil, nil, "count")
    for pool in result.pools {
      add("availability \(pool.site) \(pool.sku)", pool.availability, nil, nil, "share")
      add("whole \(pool.site) \(pool.sku)", pool.wholeShare, nil, wantedWholeShare, "share of time")
    }
    table.notes = [
      "\(result.runs) runs of \(input.monthDays.count) months. Failures of nodes with exponential lifetimes and repairs; "
        + "spares stand beside what serves. The plan sizes spares for pools of spare_pool_nodes; a site that is larger "
        + "is whole more often."
    ]
    return table
  }
}
