// One SKU at one site as counted populations: how many nodes of each domain work, restart or are missing, how many
// spares stand on the shelf, how many are away. No node has a name, and nothing is lost by that: lifetimes are
// exponential, so among k working nodes the next failure comes after Exp(k·λ) and strikes each of them with equal
// probability, whatever happened before; a node under repair is an event in the queue with its own length; and
// nodes that do the same work may change places without changing any count. The counts therefore have exactly the
// distribution that a simulation of every node would give, at one event for each failure instead of one for each node.

import Estimator

/// The nodes of one SKU at one site.
struct FleetPool {
  enum Condition: UInt8 { case up, dark, maintained, retired }

  /// One scale-up domain. working + restarting + swapping + vacant + dead = nodes of a domain, until it retires.
  struct Domain {
    var condition = Condition.up
    /// Nodes that work, if the domain does.
    var working: Int32 = 0
    var restarting: Int32 = 0
    /// Nodes that are being put in place of failed ones.
    var swapping: Int32 = 0
    /// Places that wait for a spare.
    var vacant: Int32 = 0
    /// Places whose node was dead on arrival and is not replaced yet.
    var dead: Int32 = 0
    /// Where it stands in `active`.
    var position: Int32
    var batch: Int32
  }

  let site: Int
  let sku: Int
  let region: Int
  let hardware: SimulatedSKU
  /// Number of the depot that serves it, if any.
  let depot: Int?

  var domains: [Domain] = []
  /// Numbers of the domains that are not retired.
  var active: [Int32] = []
  /// Places that wait for a spare, first come first served; entries of retired domains are skipped.
  var waiting = FleetLine()

  /// Nodes working in domains that are up.
  var usableNodes = 0
  /// Nodes restarting or being swapped in, in domains that are up.
  var comingNodes = 0
  var upDomains = 0
  var waitingNodes = 0
  /// Nodes that the plan wants in service.
  var wantedNodes = 0
  var shelf = 0
  /// Nodes in repair, or ordered from a depot.
  var away = 0
  /// Nodes away that leave for good when they come back, since their contract has ended.
  var owed = 0
  var delivered = 0
  var retired = 0
  /// Nodes that have arrived and are not accepted.
  var accepting = 0
  /// Spares that were dead on arrival and are not replaced yet.
  var deadSpares = 0
  /// Replicas of the domains that are up; whole domains where a replica is larger than one.
  var replicaParts = 0

  /// Replicas (or, for replicas larger than a domain, 1 for a complete one) by number of working nodes.
  let parts: [Int32]
  /// Domains of one replica; 1 where it fits into one.
  let domainsPerReplica: Int

  var failures: SeededRandom
  var durations: SeededRandom
  var rate = 0.0
  /// When the next failure of this pool comes, if nothing changes before.
  var nextFailure = Double.infinity

  var softFailures = 0
  var hardFailures = 0
  var domainFailures = 0
  var interruptions = 0

  init(
    site: Int, sku: Int, region: Int, hardware: SimulatedSKU, depot: Int?, failures: SeededRandom,
    durations: SeededRandom
  ) {
    self.site = site
    self.sku = sku
    self.region = region
    self.hardware = hardware
    self.depot = depot
    self.failures = failures
    self.durations = durations
    let domain = hardware.nodesPerDomain * hardware.acceleratorsPerNode
    let replica = hardware.acceleratorsPerReplica
    let nodes = hardware.nodesPerDomain
    parts = (0...nodes).map { working in
      replica <= domain
        ? Int32(working * hardware.acceleratorsPerNode / replica) : (working == nodes ? 1 : 0)
    }
    domainsPerReplica = max(1, (replica + domain - 1) / domain)
  }

  /// Nodes that have a place in a domain.
  var installedNodes: Int { active.count * hardware.nodesPerDomain }
  /// Whole replicas in service.
  var replicas: Int { replicaParts / domainsPerReplica }
  /// No more nodes are missing than there are in spare domains. Restarts and swaps on their way are not missing.
  var isWhole: Bool { usableNodes + comingNodes >= wantedNodes }

  // MARK: Counting

  /// Draws the next failure anew if the rate has changed; exact, since a lifetime has no memory.
  mutating func reschedule(at time: Double, force: Bool) {
    let faults = hardware.faults
    let now =
      Double(usableNodes) * faults.nodeFailuresPerDay
      + Double(shelf) * faults.hardFailuresPerDay * faults.spareFailureFactor
      + Double(upDomains) * faults.domainFailuresPerDay
    guard force || now != rate else { return }
    rate = now
    nextFailure = now > 0 ? time + failures.exponential() / now : .infinity
  }

  mutating func changeWorking(of number: Int, by change: Int32) {
    let before = domains[number].working
    domains[number].working = before + change
    guard domains[number].condition == .up else { return }
    usableNodes += Int(change)
    replicaParts += Int(parts[Int(before + change)] - parts[Int(before)])
  }

  mutating func setCondition(_ condition: Condition, of number: Int) {
    let domain = domains[number]
    guard domain.condition != condition else { return }
    let sign = condition == .up ? 1 : (domain.condition == .up ? -1 : 0)
    upDomains += sign
    usableNodes += sign * Int(domain.working)
    comingNodes += sign * Int(domain.restarting + domain.swapping)
    replicaParts += sign * Int(parts[Int(domain.working)])
    domains[number].condition = condition
  }

  mutating func push(
    _ kind: FleetEvent.Kind, after duration: FleetDuration, at time: Double, _ events: inout FleetEvents,
    _ pool: Int, _ index: Int
  ) {
    events.push(kind, at: time + durations.draw(duration), owner: pool, index: index)
  }

  /// A whole number below `count`, all equally likely (to 2^-32 of the count).
  mutating func below(_ count: Int) -> Int {
    Int((UInt64(count) &* (failures.next() >> 32)) >> 32)
  }
}

extension FleetPool {
  /// Nodes counted from the domains, for a walk that checks the running counts.
  var recount: (present: Int, usable: Int, vacant: Int, evenDomains: Bool) {
    var (present, usable, vacant, even) = (0, 0, 0, true)
    for domain in domains where domain.condition != .retired {
      let here = domain.working + domain.restarting + domain.swapping + domain.dead
      present += Int(here)
      vacant += Int(domain.vacant)
      if domain.condition == .up { usable += Int(domain.working) }
      even =
        even && Int(here + domain.vacant) == hardware.nodesPerDomain && domain.working >= 0
        && domain.restarting >= 0 && domain.swapping >= 0 && domain.vacant >= 0 && domain.dead >= 0
    }
    return (present, usable, vacant, even)
  }
}
