// From demand to hardware, as a planner does it by hand and a sheet can repeat: replicas that are busy, headroom by
// the size of the pool, regions that may be lost, whole replicas in whole domains, spares, racks and megawatts.
//
// A region gets the larger of what its normal day needs and its part of everything with regions lost, never their
// sum: what stands ready for the one also serves the other. The part is the same for every region that is left, so
// that any set of regions may be the one that is gone.

import Estimator

/// Sizes a fleet of one hardware for a demand.
public struct NeedModel: Sendable {
  /// The demand.
  public let demand: DemandModel
  /// How careful the plan is.
  public let policy: NeedPolicy

  /// A model of a demand under a policy.
  ///
  /// - Throws: the first number of the policy without sense; more regions lost than there are.
  public init(_ demand: DemandModel, _ policy: NeedPolicy) throws(NeedError) {
    try policy.check(regions: demand.regions.count)
    self.demand = demand
    self.policy = policy
  }

  /// What the demand needs, if all of it were served by this hardware. Classes of one model share a pool.
  ///
  /// - Throws: the first number of the hardware without sense; spares that cannot keep a region whole.
  /// - Complexity: O(months · pools · regions · (hours of a week · classes + replicas)).
  public func need(_ hardware: NeedHardware) throws(NeedError) -> Need {
    try hardware.check()
    let pools = try pools(hardware)
    var spares = SpareTable(hardware: hardware, confidence: policy.spareConfidence)
    var months: [NeedMonth] = []
    for month in 0..<demand.months {
      months.append(try need(hardware, pools, month: month, spares: &spares))
    }
    return Need(
      accelerator: hardware.accelerator,
      unserved: demand.workloads.map(\.id).filter { hardware.rate(of: $0) == nil }, months: months)
  }

  /// Classes that one set of replicas serves: seconds of a replica for a request, by class of the demand.
  private struct Pool {
    let model: String
    let stage: String
    let accelerators: Int
    var seconds: [Double]
  }

  private func pools(_ hardware: NeedHardware) throws(NeedError) -> [Pool] {
    var pools: [Pool] = []
    for (index, workload) in demand.workloads.enumerated() {
      guard let rate = hardware.rate(of: workload.id) else { continue }
      for stage in rate.stages(workload.request) {
        if let known = pools.firstIndex(where: { $0.model == workload.model && $0.stage == stage.name }) {
          guard pools[known].accelerators == stage.accelerators else {
            throw .replicaSizes(accelerator: hardware.accelerator, model: workload.model)
          }
          pools[known].seconds[index] = stage.seconds
        } else {
          var seconds = Array(repeating: 0.0, count: demand.workloads.count)
          seconds[index] = stage.seconds
          pools.append(
            Pool(
              model: workload.model, stage: stage.name, accelerators: stage.accelerators, seconds: seconds))
        }
      }
    }
    return pools.sorted { ($0.model, $0.stage) < ($1.model, $1.stage) }
  }

  private func need(
    _ hardware: NeedHardware, _ pools: [Pool], month: Int, spares: inout SpareTable
  ) throws(NeedError) -> NeedMonth {
    var rows: [NeedPool] = []
    var reasons = NeedReasons()
    for pool in pools { size(pool, hardware, month: month, &rows, &reasons) }
    var regions: [NeedRegion] = []
    for region in demand.regions {
      let own = rows.filter { $0.region == region.id }
      let domains = own.reduce(0) { $0 + $1.domains }
      let nodesPerDomain = (Double(hardware.domain) / Double(hardware.node)).rounded(.up)
      let nodes = domains * nodesPerDomain
      try inRange("nodes needed of \(hardware.accelerator) in one region", nodes, 0...1e9, "up to a billion")
      guard let spareNodes = spares.nodes(for: Int(nodes)) else {
        throw .noSpares(accelerator: hardware.accelerator, region: region.id)
      }
      let spareDomains = (Double(spareNodes) / nodesPerDomain).rounded(.up)
      let accelerators = (domains + spareDomains) * Double(hardware.domain)
      reasons.spares += spareDomains * Double(hardware.domain)
      regions.append(
        NeedRegion(
          region: region.id, replicas: own.reduce(0) { $0 + $1.replicas }, domains: domains,
          spareNodes: spareNodes, spareDomains: spareDomains,
          racks: ((domains + spareDomains) * hardware.racksPerDomain).rounded(.up),
          accelerators: accelerators,
          megawatts: Formulas.megawatts(accelerators: accelerators, kilowattsEach: hardware.kilowattsEach)))
    }
    return NeedMonth(month: month, pools: rows, regions: regions, reasons: reasons)
  }

  /// One pool in every region, and what each reason asks for.
  private func size(
    _ pool: Pool, _ hardware: NeedHardware, month: Int, _ rows: inout [NeedPool], _ reasons: inout NeedReasons
  ) {
    let seconds = pool.seconds.map { $0 / policy.software(month: month) }
    let count = Double(demand.regions.count)
    let routed = demand.routedLevel(weights: seconds, month: month)
    let levels = demand.regions.indices.map { demand.level(weights: seconds, month: month, region: $0) }
    // Routed capacity may stand anywhere; it is spread evenly.
    let shared = policy.isRouted ? replicas(busy: routed.need / hardware.goodput) / count : 0
    let left = count - Double(policy.lostRegions)
    let failover =
      policy.lostRegions == 0
      ? 0
      : policy.failoverShare * routed.need / hardware.goodput / policy.emergencyUtilisation / left
    let each = Double(pool.accelerators)
    let busy = policy.isRouted ? routed.need : levels.reduce(0) { $0 + $1.need }
    let average = levels.reduce(0) { $0 + $1.average }
    reasons.average += average * each
    reasons.peak += (busy - average) * each
    reasons.outages += (busy / hardware.goodput - busy) * each
    reasons.headroom -= busy / hardware.goodput * each
    for (region, level) in zip(demand.regions, levels) {
      let normal = policy.isRouted ? shared : replicas(busy: level.need / hardware.goodput)
      let wanted = max(normal, failover)
      let whole = wholeUp(wanted)
      let domains = Sizing.domains(replicas: whole, domain: hardware.domain, replica: pool.accelerators)
      let perDomain = hardware.domain / pool.accelerators
      let places = perDomain > 0 ? domains * Double(perDomain) : whole
      reasons.headroom += normal * each
      reasons.failover += (wanted - normal) * each
      reasons.rounding += (places - wanted) * each
      reasons.stranded += domains * Double(hardware.domain) - places * each
      rows.append(
        NeedPool(
          model: pool.model, stage: pool.stage, region: region.id, replicaAccelerators: pool.accelerators,
          busy: level, normalReplicas: normal, failoverReplicas: failover, replicas: whole, domains: domains))
    }
  }

  /// Replicas of a pool in which `busy` are busy: busy / utilisation, and as many as Erlang's formula asks so that
  /// no more than the policy's share of requests waits.
  func replicas(busy: Double) -> Double {
    let byPolicy = busy / policy.utilisation
    guard let waiting = policy.waiting, waiting < 1, busy > 0 else { return byPolicy }
    return max(byPolicy, erlangServers(load: busy, waiting: waiting))
  }
}

/// The smallest whole number not below `value`, which may be a rounding error above it.
private func wholeUp(_ value: Double) -> Double { (value * (1 - 1e-12)).rounded(.up) }

/// The fewest servers with which at most `waiting` of the arrivals wait, for a load in Erlang.
///
/// One pass of the blocking recursion 1/B ← 1 + (1/B)·j/A up to the answer; above 65,536 servers the utilisation of
/// that many, where headroom is below 1 %.
/// - Complexity: O(servers).
func erlangServers(load: Double, waiting: Double) -> Double {
  let most = 65_536
  var inverse = 1.0
  for servers in 1...most {
    inverse = 1 + inverse * Double(servers) / load
    guard Double(servers) > load else { continue }
    let utilisation = load / Double(servers)
    let blocking = 1 / inverse
    if blocking / (1 - utilisation * (1 - blocking)) <= waiting { return Double(servers) }
  }
  return max(Double(most), load / maximumUtilisation(servers: most, waiting: waiting))
}

/// Spare nodes by pool size, each computed once: months repeat sizes.
private struct SpareTable {
  let hardware: NeedHardware
  let confidence: Double?
  private var known: [Int: Int] = [:]

  init(hardware: NeedHardware, confidence: Double?) {
    self.hardware = hardware
    self.confidence = confidence
  }

  /// Spares that keep `nodes` whole; nil where none do.
  mutating func nodes(for nodes: Int) -> Int? {
    guard let confidence, nodes > 0 else { return 0 }
    if let spares = known[nodes] { return spares }
    let share = repairShare(
      failuresPerDay: hardware.failuresPerNodeDay, repairDays: hardware.repairDays)
    guard let spares = spareNodes(nodes: nodes, repairShare: share, confidence: confidence) else {
      return nil
    }
    known[nodes] = spares
    return spares
  }
}
