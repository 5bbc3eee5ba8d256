// One run of a fleet: takes whatever happens next, a failure or something set in motion before, and adds up what
// lasted until then. Each pool and delivery draws from a stream named after it, so that another site, another row or
// another order of the rows leaves every other draw as it was.

import Estimator

/// A fleet at one moment, node by node counted; all figures are nodes.
package struct FleetCensus: Hashable, Sendable {
  package let days: Double
  package let delivered: Int
  package let accepting: Int
  /// In a domain: working, restarting, being swapped in, or dead on arrival.
  package let present: Int
  package let usable: Int
  package let spare: Int
  /// In repair, in a depot or on the road.
  package let inRepair: Int
  package let retired: Int
  /// Present + spare + away of every pool recounted from its domains equals what it was sent.
  package let poolsBalance: Bool
  package let hardFailures: Int
}

/// The state of one run.
struct FleetRun {
  private let starts: [Double]
  private let demand: [Double]
  private let regionsLost: Int
  private let regions: Int
  private let skus: [SimulatedSKU]
  private let step: Int

  private(set) var pools: [FleetPool] = []
  private var batches: [FleetBatch] = []
  private var depots: [FleetDepotState] = []
  private let depotNodes: Int
  private var events = FleetEvents()

  private var now = 0.0
  private var month = 0
  private var usable = FleetLevel()
  private var installed = FleetLevel()
  private var accepting = FleetLevel()
  private var replicas = FleetLevel()
  /// 1 while anything is installed, and 1 while that is all whole.
  private var inService = FleetLevel()
  private var whole = FleetLevel()
  private var unserved = FleetLevel()
  private var unservedWithRegionsLost = FleetLevel()
  private var poolsInService = 0
  private var poolsNotWhole = 0
  /// Replicas by region and SKU: region · SKUs + SKU.
  private var replicasBy: [Int]
  private var capacity = 0.0
  private var capacityWithRegionsLost = 0.0

  private(set) var months: [FleetMonthTally]
  private(set) var tallies: [FleetPoolTally] = []
  /// When each pool's tally was last brought up to date.
  private var counted: [Double] = []

  /// - Parameter input: checked, its rows sorted.
  init(_ input: FleetSimulationInput, seed: UInt64, run: Int) {
    starts = input.monthDays.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
    demand = input.demand
    regionsLost = input.regionsLost
    skus = input.skus
    let names = Set(input.sites.map(\.region)).sorted()
    regions = names.count
    step = input.acceleratorStep
    depotNodes = input.depots.reduce(0) { $0 + $1.nodes }
    replicasBy = Array(repeating: 0, count: max(1, names.count * input.skus.count))
    months = Array(repeating: FleetMonthTally(), count: input.monthDays.count)
    func stream(_ name: String) -> SeededRandom {
      SeededRandom(seed: seed, stream: fleetStream("\(run)/\(name)"))
    }
    for depot in input.depots {
      guard let sku = skus.firstIndex(where: { $0.name == depot.sku }) else { continue }
      depots.append(FleetDepotState(sku: sku, depot: depot, random: stream("depot/\(depot.sku)")))
    }
    for (s, site) in input.sites.enumerated() {
      for (k, sku) in skus.enumerated() {
        let rows = input.deliveries.filter { $0.site == site.name && $0.sku == sku.name }
        guard !rows.isEmpty else { continue }
        let name = "\(site.name)/\(sku.name)"
        pools.append(
          FleetPool(
            site: s, sku: k, region: names.firstIndex(of: site.region) ?? 0, hardware: sku,
            depot: depots.firstIndex { $0.sku == k }, failures: stream("failures/\(name)"),
            durations: stream("durations/\(name)")))
        // Rows of one pool and month are told apart by their number among these.
        var seen: [Int: Int] = [:]
        for row in rows {
          let copy = seen[row.month, default: 0]
          seen[row.month] = copy + 1
          let own = "\(name)/\(row.month)/\(copy)"
          var slip = stream("slip/\(own)")
          let arrival = time(ofMonth: Double(row.month) + row.slip.months(&slip))
          let dead = stream("dead/\(own)")
          batches.append(FleetBatch(row, pool: pools.count - 1, hardware: sku, random: dead))
          events.push(.arrived, at: arrival, owner: pools.count - 1, index: batches.count - 1)
        }
      }
    }
    setUnserved()
    tallies = Array(repeating: FleetPoolTally(), count: pools.count)
    counted = Array(repeating: 0, count: pools.count)
  }

  /// Days from the start at a month, fractions included; the last month's length goes on after the end.
  private func time(ofMonth month: Double) -> Double {
    let whole = min(Int(min(month, 1e6)), starts.count - 2)
    return starts[whole] + (month - Double(whole)) * (starts[whole + 1] - starts[whole])
  }

  /// The month, fractions included, of a time; the inverse of `time(ofMonth:)`.
  private func month(ofTime time: Double) -> Double {
    let whole = max(0, min((starts.firstIndex { $0 > time } ?? starts.count) - 1, starts.count - 2))
    return Double(whole) + (time - starts[whole]) / (starts[whole + 1] - starts[whole])
  }

  /// Runs to the end of the last month.
  ///
  /// - Parameter look: sees the fleet after every event; nil in earnest, since counting costs more than the event.
  mutating func run(look: ((FleetCensus) -> Void)? = nil) {
    let end = starts[starts.count - 1]
    while true {
      var pool = -1
      var next = events.nextTime
      for index in pools.indices where pools[index].nextFailure < next {
        next = pools[index].nextFailure
        pool = index
      }
      guard next < end else { break }
      advance(to: next)
      if pool >= 0 {
        change(pool, failed: true) { run in
          run.pools[pool].fail(at: next, events: &run.events, depots: &run.depots, pool: pool)
        }
      } else {
        apply(events.pop())
      }
      look?(census)
    }
    advance(to: end)
    closeMonth()
    for index in pools.indices { bringUpToDate(index) }
  }

  private mutating func apply(_ event: FleetEvent) {
    let owner = Int(event.owner)
    let index = Int(event.index)
    if event.kind == .repairedAtDepot { return depots[owner].repaired(at: event.time, events: &events) }
    change(owner, failed: false) { run in
      switch event.kind {
      case .arrived:
        run.pools[owner].arrive(run.batches[index])
        let delivery = run.batches[index].delivery
        let accepted = event.time + delivery.acceptanceDays
        run.events.push(.accepted, at: accepted, owner: owner, index: index)
        if let months = delivery.contractMonths {
          let ends = run.time(ofMonth: run.month(ofTime: event.time) + months)
          run.events.push(.contractEnded, at: max(ends, accepted), owner: owner, index: index)
        }
      case .accepted:
        run.pools[owner].accept(
          &run.batches[index], number: index, at: event.time, events: &run.events, pool: owner)
      case .contractEnded: run.pools[owner].retire(run.batches[index], number: index)
      case .repaired: run.pools[owner].receiveNode(at: event.time, events: &run.events, pool: owner)
      case .shipped:
        if let depot = run.pools[owner].depot { run.depots[depot].arrivedAtSite() }
        run.pools[owner].receiveNode(at: event.time, events: &run.events, pool: owner)
      default: run.pools[owner].happen(event, events: &run.events, pool: owner)
      }
    }
  }

  // MARK: Adding up

  /// Changes one pool and what the fleet has of it.
  private mutating func change(_ index: Int, failed: Bool, _ body: (inout FleetRun) -> Void) {
    bringUpToDate(index)
    let (usableBefore, installedBefore) = (pools[index].usableNodes, pools[index].installedNodes)
    let (replicasBefore, wholeBefore) = (pools[index].replicas, pools[index].isWhole)
    let acceptingBefore = pools[index].accepting
    body(&self)
    let each = pools[index].hardware.acceleratorsPerNode
    let installedNow = pools[index].installedNodes
    setUsable(usable.value + Double((pools[index].usableNodes - usableBefore) * each))
    months[month].installed += installed.set(
      installed.value + Double((installedNow - installedBefore) * each), at: now)
    months[month].accepting += accepting.set(
      accepting.value + Double((pools[index].accepting - acceptingBefore) * each), at: now)
    poolsInService += (installedNow > 0 ? 1 : 0) - (installedBefore > 0 ? 1 : 0)
    poolsNotWhole += (pools[index].isWhole ? 0 : 1) - (wholeBefore ? 0 : 1)
    months[month].inService += inService.set(poolsInService > 0 ? 1 : 0, at: now)
    months[month].whole += whole.set(poolsInService > 0 && poolsNotWhole == 0 ? 1 : 0, at: now)
    let gained = pools[index].replicas - replicasBefore
    if gained != 0 {
      months[month].replicas += replicas.set(replicas.value + Double(gained), at: now)
      replicasBy[pools[index].region * skus.count + pools[index].sku] += gained
      countCapacity()
      setUnserved()
    }
    pools[index].reschedule(at: now, force: failed)
  }

  /// Capacity in the unit of the demand: all of it, and without the `regionsLost` largest regions.
  private mutating func countCapacity() {
    guard !demand.isEmpty else { return }
    var each: [Double] = []
    capacity = 0
    for region in 0..<regions {
      var sum = 0.0
      for sku in skus.indices {
        sum += Double(replicasBy[region * skus.count + sku]) * skus[sku].servedPerReplica
      }
      capacity += sum
      if regionsLost > 0 { each.append(sum) }
    }
    guard regionsLost > 0 else { return capacityWithRegionsLost = capacity }
    each.sort()
    capacityWithRegionsLost = each.dropLast(regionsLost).reduce(0, +)
  }

  private mutating func bringUpToDate(_ index: Int) {
    tallies[index].add(now - counted[index], pools[index])
    counted[index] = now
  }

  /// Moves to `time`; at the end of each month on the way, everything is brought up to date.
  private mutating func advance(to time: Double) {
    while time > starts[month + 1], month + 2 < starts.count {
      now = starts[month + 1]
      closeMonth()
      month += 1
      setUnserved()
    }
    now = time
  }

  private mutating func closeMonth() {
    countUsable()
    months[month].installed += installed.close(at: now)
    months[month].accepting += accepting.close(at: now)
    months[month].replicas += replicas.close(at: now)
    months[month].inService += inService.close(at: now)
    months[month].whole += whole.close(at: now)
    months[month].unserved += unserved.close(at: now)
    months[month].unservedWithRegionsLost += unservedWithRegionsLost.close(at: now)
  }

  private mutating func setUsable(_ new: Double) {
    guard new != usable.value else { return }
    countUsable()
    _ = usable.set(new, at: now)
  }

  private mutating func countUsable() {
    months[month].levels.add(now - usable.since, at: Int(usable.value) / step)
    months[month].usable += usable.close(at: now)
  }

  private mutating func setUnserved() {
    guard !demand.isEmpty else { return }
    months[month].unserved += unserved.set(max(0, demand[month] - capacity), at: now)
    months[month].unservedWithRegionsLost += unservedWithRegionsLost.set(
      max(0, demand[month] - capacityWithRegionsLost), at: now)
  }

  /// Everything counted anew from the domains.
  private var census: FleetCensus {
    var present = 0
    var usable = 0
    var balance = true
    for pool in pools {
      let counts = pool.recount
      present += counts.present
      usable += counts.usable
      balance =
        balance && counts.usable == pool.usableNodes
        && counts.present + pool.shelf + pool.deadSpares + pool.away + pool.retired + pool.accepting
          == pool.delivered
        && counts.vacant + pool.owed <= pool.away && pool.shelf >= 0 && pool.deadSpares >= 0
        && counts.evenDomains
    }
    let spare = pools.reduce(0) { $0 + $1.shelf + $1.deadSpares }
    let central = depots.reduce(0) { $0 + $1.inRepair + $1.stock + $1.inTransit } - depotNodes
    let away = pools.reduce(0) { $0 + ($1.depot == nil ? $1.away : 0) }
    return FleetCensus(
      days: now, delivered: pools.reduce(0) { $0 + $1.delivered },
      accepting: pools.reduce(0) { $0 + $1.accepting }, present: present, usable: usable, spare: spare,
      inRepair: central + away, retired: pools.reduce(0) { $0 + $1.retired }, poolsBalance: balance,
      hardFailures: pools.reduce(0) { $0 + $1.hardFailures })
  }
}

/// FNV-1a, 64 bits, over UTF-8 (offset basis and prime of its authors): a stream's number from its name.
func fleetStream(_ name: String) -> UInt64 {
  var hash: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  return hash
}
