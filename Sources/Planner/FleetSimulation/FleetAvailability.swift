// The closed formulas that a simulated fleet is held against. They hold in the steady state, for exponential
// lifetimes and spares that never run out; what they leave out is what the simulation is for.

extension FleetFaults {
  /// Availability of a node in the steady state, (1/(1 + λ·m)) · (1/(1 + λ_d·m_d)) · (1 - maintenance).
  ///
  /// λ is the failure rate of a node and m the mean time until its place works again: a restart for the soft share, a
  /// swap for the rest. λ_d and m_d are those of a domain. Each factor is the mean time up over the mean cycle of an
  /// alternating renewal process, whatever the distribution of the repair.
  public var steadyAvailability: Double {
    let out = softShare * restart.mean + (1 - softShare) * swap.mean
    let maintenance = maintenanceEveryDays.map { maintenanceDays / $0 } ?? 0
    return (1 - maintenance) / (1 + nodeFailuresPerDay * out)
      / (1 + domainFailuresPerDay * domainRepair.mean)
  }

  /// Hard failures of one node per day.
  public var hardFailuresPerDay: Double { nodeFailuresPerDay * (1 - softShare) }
}
