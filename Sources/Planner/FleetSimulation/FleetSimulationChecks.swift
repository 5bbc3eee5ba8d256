// What a fleet cannot be. Every number of an input is looked at once, before the first event; after that nothing in
// the simulation can trap or run for ever.

/// Why a fleet cannot be simulated.
public enum FleetSimulationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A number outside its range, or not a number.
  case outOfRange(field: String, value: Double, allowed: String)
  /// A delivery or a depot names something that is not in the input.
  case unknown(field: String, name: String)
  /// Two rows of one name.
  case duplicate(field: String, name: String)
  /// More regions lost than a fleet can lose and still stand.
  case regionsLost(lost: Int, regions: Int)
  /// Demand for another number of months than the simulation has.
  case demandMonths(given: Int, months: Int)
  /// No months at all.
  case noMonths
  /// Rates so high that the simulation would not end in reasonable time.
  case tooManyEvents(expected: Double, limit: Double)

  /// The fact and what to do.
  public var description: String {
    switch self {
    case .outOfRange(let field, let value, let allowed):
      "\(field) is \(value); give a number \(allowed)"
    case .unknown(let field, let name):
      "\(field) names “\(name)”, which the fleet does not have; add it or correct the name"
    case .duplicate(let field, let name): "\(field) “\(name)” stands twice; keep one row"
    case .regionsLost(let lost, let regions):
      "\(lost) of \(regions) regions lost leaves none; lose at most \(max(0, regions - 1))"
    case .demandMonths(let given, let months):
      "demand has \(given) months and the simulation \(months); give one value for each month, or none"
    case .noMonths: "the simulation has no months; give the days of at least one"
    case .tooManyEvents(let expected, let limit):
      "about \(expected) failures are expected, more than \(limit); lower the rates, the runs or the fleet"
    }
  }
}

extension FleetSimulationInput {
  /// The most failures that one call may be expected to simulate: some minutes of one core.
  static let eventLimit = 1e9
  /// The most accelerators of a fleet.
  static let acceleratorLimit = 10_000_000.0

  /// Throws the first thing that makes no sense.
  func check(runs: Int) throws(FleetSimulationError) {
    guard !monthDays.isEmpty else { throw .noMonths }
    try inside("runs", Double(runs), 1...1e6, "from 1 to a million")
    for (month, days) in monthDays.enumerated() {
      try inside("monthDays[\(month)]", days, 0x1p-20...1e6, "of days above 0")
    }
    try unique("sku", skus.map(\.name))
    try unique("site", sites.map(\.name))
    try unique("depot", depots.map(\.sku))
    for sku in skus { try check(sku) }
    for depot in depots {
      guard skus.contains(where: { $0.name == depot.sku }) else {
        throw .unknown(field: "depot.sku", name: depot.sku)
      }
      try notNegative("depot.nodes of \(depot.sku)", Double(depot.nodes))
      try check("depot.shipping of \(depot.sku)", depot.shipping)
    }
    for delivery in deliveries { try check(delivery) }
    let regions = Set(sites.map(\.region)).count
    guard regionsLost == 0 || (0..<max(1, regions)).contains(regionsLost) else {
      throw .regionsLost(lost: regionsLost, regions: regions)
    }
    guard demand.isEmpty || demand.count == monthDays.count else {
      throw .demandMonths(given: demand.count, months: monthDays.count)
    }
    for (month, value) in demand.enumerated() { try notNegative("demand[\(month)]", value) }
    try checkSize(runs: runs)
  }

  private func check(_ sku: SimulatedSKU) throws(FleetSimulationError) {
    let name = sku.name
    let most = Self.acceleratorLimit
    for (field, value) in [
      ("acceleratorsPerNode", sku.acceleratorsPerNode), ("nodesPerDomain", sku.nodesPerDomain),
      ("acceleratorsPerReplica", sku.acceleratorsPerReplica),
    ] {
      try inside("\(field) of \(name)", Double(value), 1...65_536, "from 1 to 65,536")
    }
    try notNegative("servedPerReplica of \(name)", sku.servedPerReplica)
    try notNegative("lostReplicaHoursPerInterruption of \(name)", sku.lostReplicaHoursPerInterruption)
    let faults = sku.faults
    try notNegative("nodeFailuresPerDay of \(name)", faults.nodeFailuresPerDay)
    try notNegative("domainFailuresPerDay of \(name)", faults.domainFailuresPerDay)
    try inside("softShare of \(name)", faults.softShare, 0...1, "from 0 to 1")
    try inside("spareFailureFactor of \(name)", faults.spareFailureFactor, 0...most, "not below 0")
    try check("restart of \(name)", faults.restart)
    try check("swap of \(name)", faults.swap)
    try check("repair of \(name)", faults.repair)
    try check("domainRepair of \(name)", faults.domainRepair)
    if let every = faults.maintenanceEveryDays {
      try inside("maintenanceEveryDays of \(name)", every, 0.01...1e9, "of days, at least 0.01")
      try inside(
        "maintenanceDays of \(name)", faults.maintenanceDays, 0...every, "from 0 to the interval of \(every)")
    }
  }

  private func check(_ delivery: SimulatedDelivery) throws(FleetSimulationError) {
    let name = "\(delivery.sku) at \(delivery.site)"
    guard sites.contains(where: { $0.name == delivery.site }) else {
      throw .unknown(field: "delivery.site", name: delivery.site)
    }
    guard skus.contains(where: { $0.name == delivery.sku }) else {
      throw .unknown(field: "delivery.sku", name: delivery.sku)
    }
    let last = Double(monthDays.count - 1)
    try inside("month of \(name)", Double(delivery.month), 0...last, "from 0 to \(monthDays.count - 1)")
    try notNegative("domains of \(name)", Double(delivery.domains))
    try notNegative("spareDomains of \(name)", Double(delivery.spareDomains))
    try notNegative("spareNodes of \(name)", Double(delivery.spareNodes))
    try notNegative("acceptanceDays of \(name)", delivery.acceptanceDays)
    try inside("deadOnArrivalShare of \(name)", delivery.deadOnArrivalShare, 0...1, "from 0 to 1")
    if let replacement = delivery.deadOnArrivalReplacement {
      try check("deadOnArrivalReplacement of \(name)", replacement)
    }
    if let months = delivery.contractMonths { try notNegative("contractMonths of \(name)", months) }
    switch delivery.slip {
    case .fixed(let months): try notNegative("slip of \(name)", months)
    case .lognormal(let p50, let p90):
      try inside("slip p50 of \(name)", p50, 0x1p-20...1e6, "of months above 0")
      try inside("slip p90 of \(name)", p90, p50...1e6, "of months, not below p50")
    }
  }

  /// Bounds the fleet and the work: failures expected if every node and spare ran all the time.
  private func checkSize(runs: Int) throws(FleetSimulationError) {
    let days = monthDays.reduce(0, +)
    var events = 0.0
    var accelerators = 0.0
    for delivery in deliveries {
      guard let sku = skus.first(where: { $0.name == delivery.sku }) else { continue }
      let domains = Double(delivery.domains) + Double(delivery.spareDomains)
      let nodes = domains * Double(sku.nodesPerDomain) + Double(delivery.spareNodes)
      accelerators += nodes * Double(sku.acceleratorsPerNode)
      let faults = sku.faults
      events += nodes * faults.nodeFailuresPerDay * max(1, faults.spareFailureFactor) * days
      events += domains * faults.domainFailuresPerDay * days
      if let every = faults.maintenanceEveryDays { events += domains * days / every }
    }
    for depot in depots { accelerators += Double(depot.nodes) }
    try inside("accelerators of the fleet", accelerators, 0...Self.acceleratorLimit, "up to 10 million")
    guard events * Double(runs) <= Self.eventLimit else {
      throw .tooManyEvents(expected: events * Double(runs), limit: Self.eventLimit)
    }
  }

  private func check(_ field: String, _ duration: FleetDuration) throws(FleetSimulationError) {
    try notNegative(field, duration.mean)
    if case .lognormal(_, let cv) = duration { try inside("cv of \(field)", cv, 0...1e3, "from 0 to 1000") }
  }

  private func notNegative(_ field: String, _ value: Double) throws(FleetSimulationError) {
    try inside(field, value, 0...1e15, "not below 0")
  }

  private func inside(_ field: String, _ value: Double, _ range: ClosedRange<Double>, _ allowed: String)
    throws(FleetSimulationError)
  {
    guard range.contains(value) else { throw .outOfRange(field: field, value: value, allowed: allowed) }
  }

  private func unique(_ field: String, _ names: [String]) throws(FleetSimulationError) {
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted { throw .duplicate(field: field, name: name) }
  }
}
