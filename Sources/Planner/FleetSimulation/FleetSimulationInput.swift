// What a fleet simulation needs to know, as plain values: what is delivered where and when, how it fails and how
// long each repair takes, how long a contract runs, and what is asked of it month by month. Times are days unless a
// name says months or hours; a rate is per day of service of one node or one domain.

/// A fleet over the months of a plan.
public struct FleetSimulationInput: Sendable, Hashable, Codable {
  /// Days of each month; their number is the length of the simulation.
  public let monthDays: [Double]
  /// The kinds of hardware.
  public let skus: [SimulatedSKU]
  /// The places that hold a pool of spares each.
  public let sites: [SimulatedSite]
  /// What arrives, and with which terms; the order of the rows changes nothing.
  public let deliveries: [SimulatedDelivery]
  /// Central stocks; at most one a SKU. A SKU without one has its nodes repaired at their own site.
  public let depots: [SimulatedDepot]
  /// Demand of each month in the unit of `SimulatedSKU.servedPerReplica`; empty where only reliability is asked.
  public let demand: [Double]
  /// How many whole regions may be gone when `servedShareWithRegionsLost` is judged.
  public let regionsLost: Int

  /// A fleet from its parts.
  public init(
    monthDays: [Double], skus: [SimulatedSKU], sites: [SimulatedSite], deliveries: [SimulatedDelivery],
    depots: [SimulatedDepot] = [], demand: [Double] = [], regionsLost: Int = 0
  ) {
    self.monthDays = monthDays
    self.skus = skus
    self.sites = sites
    self.deliveries = deliveries
    self.depots = depots
    self.demand = demand
    self.regionsLost = regionsLost
  }
}

/// One kind of hardware, how it is cut into nodes, domains and replicas, and how it fails.
public struct SimulatedSKU: Sendable, Hashable, Codable {
  /// Its name in deliveries.
  public let name: String
  /// Accelerators of one node (the part that is swapped).
  public let acceleratorsPerNode: Int
  /// Nodes of one scale-up domain (the part that a switch tray, a coolant loop or a power shelf takes down).
  public let nodesPerDomain: Int
  /// Accelerators of one replica. More than a domain has means whole, complete domains.
  public let acceleratorsPerReplica: Int
  /// What one replica serves, in the unit of the demand (tokens/s or requests/s).
  public let servedPerReplica: Double
  /// Failures and repairs.
  public let faults: FleetFaults
  /// Work lost by each interruption of a replica on top of its time down, in replica-hours: half of the requests in
  /// flight when it serves, half a checkpoint interval when it trains.
  public let lostReplicaHoursPerInterruption: Double

  /// Hardware from its parts.
  public init(
    name: String, acceleratorsPerNode: Int, nodesPerDomain: Int, acceleratorsPerReplica: Int,
    servedPerReplica: Double, faults: FleetFaults, lostReplicaHoursPerInterruption: Double = 0
  ) {
    self.name = name
    self.acceleratorsPerNode = acceleratorsPerNode
    self.nodesPerDomain = nodesPerDomain
    self.acceleratorsPerReplica = acceleratorsPerReplica
    self.servedPerReplica = servedPerReplica
    self.faults = faults
    self.lostReplicaHoursPerInterruption = lostReplicaHoursPerInterruption
  }
}

/// How nodes and domains of one SKU fail and come back.
///
/// Lifetimes are exponential, so that a node has no age; repairs may have any distribution of `FleetDuration`.
public struct FleetFaults: Sendable, Hashable, Codable {
  /// Failures of one node in service per day, soft and hard together.
  public let nodeFailuresPerDay: Double
  /// Share of them that a restart in place cures.
  public let softShare: Double
  /// Days of a restart.
  public let restart: FleetDuration
  /// Days until a spare stands in the place of a node that failed hard, once there is a spare.
  public let swap: FleetDuration
  /// Days until a node that failed hard is healthy again, transport included.
  public let repair: FleetDuration
  /// Failure rate of a spare on the shelf over that of a node in service: 1 when spares run burn-in, 0 when off.
  public let spareFailureFactor: Double
  /// Failures of one whole domain per day (switch tray, coolant, power shelf).
  public let domainFailuresPerDay: Double
  /// Days until the domain is back; its nodes wait in place.
  public let domainRepair: FleetDuration
  /// Days between two planned maintenances of one domain; nil for none.
  public let maintenanceEveryDays: Double?
  /// Days that one maintenance takes.
  public let maintenanceDays: Double

  /// Faults from their parts; only the node rate and the repair have no obvious default.
  public init(
    nodeFailuresPerDay: Double, softShare: Double = 0, restart: FleetDuration = .fixed(days: 0),
    swap: FleetDuration = .fixed(days: 0), repair: FleetDuration, spareFailureFactor: Double = 1,
    domainFailuresPerDay: Double = 0, domainRepair: FleetDuration = .fixed(days: 0),
    maintenanceEveryDays: Double? = nil, maintenanceDays: Double = 0
  ) {
    self.nodeFailuresPerDay = nodeFailuresPerDay
    self.softShare = softShare
    self.restart = restart
    self.swap = swap
    self.repair = repair
    self.spareFailureFactor = spareFailureFactor
    self.domainFailuresPerDay = domainFailuresPerDay
    self.domainRepair = domainRepair
    self.maintenanceEveryDays = maintenanceEveryDays
    self.maintenanceDays = maintenanceDays
  }
}

/// How long something takes. 0 days is allowed: it is done at once.
public enum FleetDuration: Sendable, Hashable, Codable {
  /// Always the same.
  case fixed(days: Double)
  /// Exponential.
  case exponential(meanDays: Double)
  /// Lognormal with a mean and a coefficient of variation: most repairs are short, some wait for a part.
  case lognormal(meanDays: Double, cv: Double)

  /// The mean in days.
  public var mean: Double {
    switch self {
    case .fixed(let days): days
    case .exponential(let mean), .lognormal(let mean, _): mean
    }
  }
}

/// A place with its own pool of spares for each SKU.
public struct SimulatedSite: Sendable, Hashable, Codable {
  /// Its name in deliveries.
  public let name: String
  /// The region (failure domain) that it belongs to.
  public let region: String
  /// A site of a region.
  public init(name: String, region: String) {
    self.name = name
    self.region = region
  }
}

/// A central stock of one SKU: sites order from it, one node for each that fails hard, and it gets the repaired.
public struct SimulatedDepot: Sendable, Hashable, Codable {
  /// The SKU that it holds.
  public let sku: String
  /// Nodes on its shelf at the start.
  public let nodes: Int
  /// Days from the depot to a site.
  public let shipping: FleetDuration
  /// A depot of a SKU.
  public init(sku: String, nodes: Int, shipping: FleetDuration) {
    self.sku = sku
    self.nodes = nodes
    self.shipping = shipping
  }
}

/// Whole domains, and spares on the shelf, that arrive together and leave together.
public struct SimulatedDelivery: Sendable, Hashable, Codable {
  /// Where it goes.
  public let site: String
  /// What it is.
  public let sku: String
  /// The month that was promised, from 0; it arrives on the first of it unless it slips.
  public let month: Int
  /// Domains that the plan wants in service.
  public let domains: Int
  /// Domains beyond these that are installed and run as spares.
  public let spareDomains: Int
  /// Nodes on the shelf.
  public let spareNodes: Int
  /// How much later it comes.
  public let slip: FleetSlip
  /// Days from arrival to service.
  public let acceptanceDays: Double
  /// Share of nodes that are dead on arrival.
  public let deadOnArrivalShare: Double
  /// Days from acceptance until the vendor has replaced a dead one; nil where that never happens.
  public let deadOnArrivalReplacement: FleetDuration?
  /// Months from arrival to the end of the contract, when everything of it leaves; nil beyond the horizon.
  public let contractMonths: Double?

  /// A delivery from its parts.
  public init(
    site: String, sku: String, month: Int, domains: Int, spareDomains: Int = 0, spareNodes: Int = 0,
    slip: FleetSlip = .fixed(months: 0), acceptanceDays: Double = 0, deadOnArrivalShare: Double = 0,
    deadOnArrivalReplacement: FleetDuration? = nil, contractMonths: Double? = nil
  ) {
    self.site = site
    self.sku = sku
    self.month = month
    self.domains = domains
    self.spareDomains = spareDomains
    self.spareNodes = spareNodes
    self.slip = slip
    self.acceptanceDays = acceptanceDays
    self.deadOnArrivalShare = deadOnArrivalShare
    self.deadOnArrivalReplacement = deadOnArrivalReplacement
    self.contractMonths = contractMonths
  }
}

/// How many months later than promised a delivery comes.
public enum FleetSlip: Sendable, Hashable, Codable {
  /// By this much.
  case fixed(months: Double)
  /// Lognormal with this median and this 90 % quantile, drawn once for each delivery.
  case lognormal(p50Months: Double, p90Months: Double)
}
