// What each offer would have to be if it served all demand alone, by the need model: the one place from which a plan
// over time takes headroom, goodput, stranded capacity and spares.

import Catalog
import Quantities
import Tables

/// How much of a paid accelerator works at the peak, factor by factor.
public struct UsableShare: Sendable, Hashable {
  /// Busy share of replicas at which no more requests wait than the plan allows.
  public let utilisation: Double
  /// Share of the time that a replica is up and its work is not lost.
  public let goodput: Double
  /// Share of a domain that no whole replica fits.
  public let stranded: Double
  /// Spares over all accelerators.
  public let spares: Double
  /// A share from its factors.
  public init(utilisation: Double, goodput: Double, stranded: Double, spares: Double) {
    self.utilisation = utilisation
    self.goodput = goodput
    self.stranded = stranded
    self.spares = spares
  }
  /// All of them together.
  public var product: Double { utilisation * goodput * (1 - stranded) * (1 - spares) }
}

/// One offer sized for all demand.
public struct FleetSizing: Sendable, Hashable {
  /// The offer.
  public let offer: Offer
  /// Its hardware as the need model sees it.
  public let hardware: NeedHardware
  /// How careful the plan is.
  public let policy: NeedPolicy
  /// What it needs in the month of the greatest need.
  public let peak: NeedMonth
  /// In the order of the classes of demand; nil where the offer cannot serve one.
  public let usable: [UsableShare?]
  /// Model key of each class's pool.
  public let pools: [String]
  /// Spares over all accelerators, of training too.
  public let spareShare: Double

  /// Share of the time in which work is done that is not lost.
  public var goodput: Double { hardware.goodput }
}

/// Sizes offers.
struct FleetSizer {
  let numbers: PlanNumbers
  let input: FleetInput
  let months: Int
  private let policy: NeedPolicy

  init(_ numbers: PlanNumbers, months: Int) throws(InputError) {
    self.numbers = numbers
    self.months = months
    input = numbers.scenario.fleet
    var policy = NeedPolicy()
    policy.utilisation = try numbers.number("utilisation_policy")
    policy.waiting = try numbers.number("wait_probability")
    policy.lostRegions = min(Int(try numbers.number("lost_regions")), max(0, input.regions.count - 1))
    policy.failoverShare = try numbers.number("failover_share")
    policy.spareConfidence = try numbers.number("spare_confidence")
    // Any site may serve any region.
    policy.isRouted = true
    self.policy = policy
  }

  /// The demand with what `demand_factor` makes of it.
  ///
  /// - Parameter models: model keys of the classes; nil: those of demand.csv.
  /// - Throws: `InputError` for a class whose profile or regions do not exist.
  func demand(models: [String]? = nil) throws(InputError) -> DemandModel {
    let factor = try numbers.number("demand_factor")
    var workloads = input.workloads
    for index in workloads.indices {
      workloads[index].requestsPerDay *= factor
      if let models { workloads[index].model = models[index] }
    }
    do throws(DemandError) {
      return try DemandModel(
        workloads: workloads, regions: input.regions, profiles: input.profiles, months: months)
    } catch {
      throw InputError(file: "\(numbers.scenario.name): demand.csv", error.description)
    }
  }

  /// An offer sized for everything that it can serve.
  ///
  /// - Parameters:
  ///   - kilowatts: all-in power of one accelerator on the plan's basis.
  ///   - throughputs: by class; nil where the offer cannot serve it.
  /// - Throws: `InputError` for numbers without sense, and where no spares keep a region whole.
  /// - Complexity: that of `NeedModel.need`.
  func sizing(_ offer: Offer, kilowatts: Double, _ throughputs: [Throughput?]) throws(InputError)
    -> FleetSizing
  {
    let hardware = try hardware(offer, kilowatts: kilowatts, throughputs)
    let models = pools(throughputs)
    let need: Need
    let model: NeedModel
    do throws(NeedError) {
      model = try NeedModel(try demandFor(models), policy)
      need = try model.need(hardware)
    } catch {
      throw InputError(file: numbers.scenario.name, "\(offer.title): \(error.description)")
    }
    var peak = need.months[0]
    for month in need.months where month.accelerators > peak.accelerators { peak = month }
    let spares = try spareShare(offer, peak)
    let usable = throughputs.indices.map { index -> UsableShare? in
      guard let throughput = throughputs[index] else { return nil }
      return UsableShare(
        utilisation: model.utilisation(
          pool: models[index], replica: throughput.replica, hardware, month: peak.month),
        goodput: hardware.goodput,
        stranded: Formulas.strandedShare(domain: hardware.domain, replica: throughput.replica), spares: spares
      )
    }
    return FleetSizing(
      offer: offer, hardware: hardware, policy: policy, peak: peak, usable: usable, pools: models,
      spareShare: spares)
  }

  private func demandFor(_ models: [String]) throws(NeedError) -> DemandModel {
    // The same classes have been read with success before; only model keys differ.
    guard let demand = try? demand(models: models) else {
      throw .outOfRange(field: "demand", value: .nan, allowed: "as demand.csv asks")
    }
    return demand
  }

  /// Classes of one model share a pool where their replicas have one size; else each size has a pool of its own.
  private func pools(_ throughputs: [Throughput?]) -> [String] {
    input.workloads.indices.map { index in
      let model = input.workloads[index].model
      let sizes = input.workloads.indices.filter { input.workloads[$0].model == model }
        .compactMap { throughputs[$0]?.replica }
      guard let own = throughputs[index]?.replica, sizes.contains(where: { $0 != own }) else { return model }
      return "\(model) on \(own)"
    }
  }

  private func hardware(_ offer: Offer, kilowatts: Double, _ throughputs: [Throughput?]) throws(InputError)
    -> NeedHardware
  {
    var hardware = NeedHardware()
    let replicas = throughputs.compactMap { $0?.replica }
    let (unit, domain) = (offer.unit ?? 1, offer.domain ?? 1)
    hardware.accelerator = offer.accelerator
    // A pod of thousands is sold in slices, each a domain of its own; a rack of which less than a replica is sold is
    // not: the rack decides what is stranded.
    hardware.domain = unit < domain && unit >= (replicas.max() ?? 1) ? unit : domain
    hardware.node = min(offer.perNode ?? 1, hardware.domain)
    hardware.racksPerDomain = offer.perRack.map { Double(hardware.domain) / Double($0) } ?? 0
    hardware.kilowattsEach = kilowatts
    hardware.powerBasis = numbers.scenario.text("power_basis")
    let perYear = try numbers.number("failures_per_accelerator_year")
    hardware.failuresPerNodeDay = perYear / daysPerYear * Double(hardware.node)
    hardware.repairDays = try numbers.number("repair_days")
    let derating = try numbers.derating
    for (workload, throughput) in zip(input.workloads, throughputs) {
      guard let throughput else { continue }
      hardware.rates.append(
        ClassRate(workload: workload.id, rate: ReplicaRate(throughput, derating: derating)))
    }
    // The largest replica fails most often, and the longest answer loses most.
    let latency = input.workloads.map { $0.ttftLimit + $0.outputTokens * $0.tpotLimit }.max() ?? 0
    hardware.goodput = try Formulas.goodput(
      failuresPerSecond: perYear * Double(replicas.max() ?? 1) / Unit.day.toBase(daysPerYear),
      restartSeconds: Unit.hour.toBase(numbers.number("replica_restart_h")),
      maintenanceShare: numbers.number("maintenance_share"), requestSeconds: latency)
    guard hardware.goodput > 0 else {
      throw InputError(
        file: numbers.scenario.name, "no replica of \(offer.title) is ever up at this failure rate",
        advice: "check failures_per_accelerator_year, replica_restart_h and maintenance_share")
    }
    return hardware
  }

  /// Spares of the peak month; hardware that only trains shares spares in pools of `spare_pool_nodes`.
  private func spareShare(_ offer: Offer, _ peak: NeedMonth) throws(InputError) -> Double {
    peak.accelerators > 0
      ? peak.reasons.spares / peak.accelerators : try numbers.spareShare(perNode: offer.perNode ?? 1)
  }
}

extension NeedModel {
  /// Busy replicas over all that a pool needs on a normal day so that requests do not wait.
  ///
  /// - Complexity: O(hours of a week · classes · regions + replicas).
  func utilisation(pool: String, replica: Int, _ hardware: NeedHardware, month: Int) -> Double {
    let seconds = demand.workloads.map { workload -> Double in
      guard workload.model == pool, let rate = hardware.rate(of: workload.id) else { return 0 }
      return rate.stages(workload.request).first { $0.accelerators == replica }?.seconds ?? 0
    }.map { $0 / policy.software(month: month) }
    let busy =
      policy.isRouted
      ? [demand.routedLevel(weights: seconds, month: month).need]
      : demand.regions.indices.map { demand.level(weights: seconds, month: month, region: $0).need }
    let up = busy.map { $0 / hardware.goodput }
    let needed = up.reduce(0) { $0 + replicas(busy: $1) }
    return needed > 0 ? up.reduce(0, +) / needed : policy.utilisation
  }
}
