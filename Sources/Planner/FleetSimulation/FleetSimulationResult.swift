// What came out of a fleet simulation: shares of time, counts of events, and a row for each month and each pool.

/// A simulated fleet. Shares are of time (weighted by accelerators or demand as named), between 0 and 1.
public struct FleetSimulationResult: Sendable, Hashable, Codable {
  /// Independent repetitions that the figures are averaged over.
  public let runs: Int
  /// Usable accelerator-hours over installed ones (accepted, not retired, spares on the shelf left out); nil where
  /// nothing was ever installed.
  public let availability: Double?
  /// Standard error of `availability` over the runs; nil for a single one.
  public let availabilityStandardError: Double?
  /// Share of time in which no pool misses more nodes than it has spares; nil where nothing was ever installed.
  public let wholeShare: Double?
  /// Standard error of `wholeShare` over the runs; nil for a single one.
  public let wholeShareStandardError: Double?
  /// Served over demanded; nil where no demand was given.
  public let servedShare: Double?
  /// The same with the `regionsLost` regions of the largest capacity gone at every moment.
  public let servedShareWithRegionsLost: Double?
  /// Mean replicas in service.
  public let meanReplicas: Double
  /// Failures cured by a restart, a run.
  public let softFailures: Double
  /// Failures that took a node away, a run; spares on the shelf included.
  public let hardFailures: Double
  /// Failures of whole domains, a run.
  public let domainFailures: Double
  /// Replicas that a failure stopped, a run.
  public let interruptions: Double
  /// Replica-hours of work that these lost on top of the time down, a run.
  public let lostReplicaHours: Double
  /// Month by month.
  public let months: [SimulatedMonth]
  /// One row for each site and SKU, sorted by site, then SKU.
  public let pools: [SimulatedPool]
}

/// One month of a simulated fleet.
public struct SimulatedMonth: Sendable, Hashable, Codable {
  /// 0 for the first.
  public let index: Int
  /// Mean accelerators that had arrived but not been accepted: paid, not usable.
  public let acceptingMean: Double
  /// Mean accelerators installed (accepted, not retired, in a domain).
  public let installedMean: Double
  /// Mean accelerators that could work.
  public let usableMean: Double
  /// The number of usable accelerators that 90 % of the month's time exceeds or equals.
  public let usableP10: Double
  /// Mean replicas in service.
  public let replicasMean: Double
  /// usableMean / installedMean; nil where nothing was installed.
  public let availability: Double?
  /// Share of the month in which every pool was whole; nil where nothing was installed.
  public let wholeShare: Double?
  /// Served over demanded; nil where no demand was given.
  public let servedShare: Double?
}

/// One pool (a SKU at a site) of a simulated fleet.
public struct SimulatedPool: Sendable, Hashable, Codable {
  /// The site.
  public let site: String
  /// The SKU.
  public let sku: String
  /// Usable over installed accelerator-hours; nil where nothing was installed.
  public let availability: Double?
  /// Share of its time in service in which it was whole: the nodes that it misses (waiting for a spare, dead on
  /// arrival, or in a dark domain) are no more than those of its spare domains.
  public let wholeShare: Double?
  /// Mean number of nodes away (in repair, or ordered from a depot) over its time in service.
  public let awayMean: Double
  /// Variance over time of that number.
  public let awayVariance: Double
  /// Failures cured by a restart, a run.
  public let softFailures: Double
  /// Failures that took a node away, a run.
  public let hardFailures: Double
  /// Failures of whole domains, a run.
  public let domainFailures: Double
}
