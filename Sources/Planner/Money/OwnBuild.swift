// Hardware of one's own: what is bought, how long it lives, and what it takes to run it.

import Quantities

/// Costs of owning accelerators, per accelerator where nothing else is said.
public struct OwnBuild: Sendable, Hashable {
  /// Purchase with its share of hosts and network, USD.
  public var capital = 0.0
  /// Months of use.
  public var lifeMonths = 60
  /// Share of the purchase that is left at the end of the life.
  public var residualShare = 0.0
  /// Space, cooling and power distribution, USD per kW of IT and month.
  public var colocationPerKilowattMonth = 0.0
  /// Kilowatts of IT, all in.
  public var kilowattsIT = 0.0
  /// Facility power over IT power.
  public var facilityOverIT = 1.0
  /// Mean draw over all-in power.
  public var meanLoad = 1.0
  /// USD per kWh.
  public var tariff = 0.0
  /// Repair and parts a year as a share of the purchase.
  public var repairShare = 0.0
  /// People, USD per MW of IT and year.
  public var staffPerMegawattYear = 0.0
  /// A build to fill in.
  public init() {}

  /// USD of one accelerator-month: annuity of the purchase less its residual, and running costs.
  /// - Parameter yearly: effective yearly rate of the annuity.
  public func monthlyCost(yearly: Double, hours: Double) -> Double {
    capitalPerMonth(yearly: yearly) + colocationPerMonth + energy(hours: hours) + repairPerMonth
      + staffPerMonth
  }

  /// (K - S / (1 + i)^n) · i / (1 - (1 + i)^-n).
  public func capitalPerMonth(yearly: Double) -> Double {
    annuity(
      capital: capital, residual: capital * residualShare, monthly: monthlyRate(yearly: yearly),
      months: max(1, lifeMonths))
  }

  /// kW of IT · USD per kW-month.
  public var colocationPerMonth: Double { kilowattsIT * colocationPerKilowattMonth }
  /// kW of IT · facility over IT · mean load · hours · tariff: never the nameplate.
  public func energy(hours: Double) -> Double { kilowattHours(hours: hours) * tariff }
  /// kWh of `hours`.
  public func kilowattHours(hours: Double) -> Double { kilowattsIT * facilityOverIT * meanLoad * hours }
  /// A twelfth of the yearly share of the purchase.
  public var repairPerMonth: Double { capital * repairShare / Double(monthsPerYear) }
  /// A twelfth of the yearly cost of people.
  public var staffPerMonth: Double {
    Unit.megawatt.fromBase(Unit.kilowatt.toBase(kilowattsIT)) * staffPerMegawattYear / Double(monthsPerYear)
  }
}
