// What happens to a pool's nodes and domains: a failure strikes one of them, and what it set in motion ends later.

import Estimator

extension FleetPool {
  /// The failure that was due: of a node in service, of a spare, or of a domain, in proportion to their rates.
  mutating func fail(at time: Double, events: inout FleetEvents, depots: inout [FleetDepotState], pool: Int) {
    let faults = hardware.faults
    let chosen = failures.unit() * rate
    let nodes = Double(usableNodes) * faults.nodeFailuresPerDay
    let spares = Double(shelf) * faults.hardFailuresPerDay * faults.spareFailureFactor
    if chosen < nodes, usableNodes > 0 {
      failNode(at: time, events: &events, depots: &depots, pool: pool)
    } else if chosen < nodes + spares, shelf > 0 {
      shelf -= 1
      sendAway(at: time, events: &events, depots: &depots, pool: pool)
    } else if upDomains > 0 {
      failDomain(at: time, events: &events, pool: pool)
    }
  }

  mutating func failNode(
    at time: Double, events: inout FleetEvents, depots: inout [FleetDepotState], pool: Int
  ) {
    // A domain with w of its n nodes working is taken with probability w/n, so that nodes are equally likely.
    var number = 0
    repeat {
      number = Int(active[below(active.count)])
    } while domains[number].condition != .up
      || below(hardware.nodesPerDomain) >= Int(domains[number].working)
    interrupt(domains[number])
    changeWorking(of: number, by: -1)
    if failures.unit() < hardware.faults.softShare {
      softFailures += 1
      domains[number].restarting += 1
      comingNodes += 1
      push(.restarted, after: hardware.faults.restart, at: time, &events, pool, number)
    } else {
      domains[number].vacant += 1
      waitingNodes += 1
      waiting.append(number)
      sendAway(at: time, events: &events, depots: &depots, pool: pool)
      fillPlaces(at: time, events: &events, pool: pool)
    }
  }

  mutating func failDomain(at time: Double, events: inout FleetEvents, pool: Int) {
    var number = 0
    repeat { number = Int(active[below(active.count)]) } while domains[number].condition != .up
    domainFailures += 1
    let lost = Int(parts[Int(domains[number].working)])
    interruptions += domainsPerReplica == 1 ? lost : (lost > 0 && partIsInUse() ? 1 : 0)
    setCondition(.dark, of: number)
    push(.domainRepaired, after: hardware.faults.domainRepair, at: time, &events, pool, number)
  }

  /// Counts the replicas that the failure of one working node of a domain stops.
  mutating func interrupt(_ domain: Domain) {
    let inDomain = Int(parts[Int(domain.working)])
    guard inDomain > 0 else { return }
    let each = hardware.acceleratorsPerNode
    let replica = hardware.acceleratorsPerReplica
    if domainsPerReplica > 1 {
      if partIsInUse() { interruptions += 1 }
    } else if replica <= each {
      interruptions += each / replica
    } else if below(Int(domain.working) * each) < inDomain * replica {
      // Nodes that are left over beside whole replicas stop nothing.
      interruptions += 1
    }
  }

  /// Whether a complete domain belongs to a replica of several, and is not left over.
  mutating func partIsInUse() -> Bool { below(replicaParts) < replicas * domainsPerReplica }

  mutating func sendAway(
    at time: Double, events: inout FleetEvents, depots: inout [FleetDepotState], pool: Int
  ) {
    hardFailures += 1
    away += 1
    let back = time + durations.draw(hardware.faults.repair)
    if let depot {
      depots[depot].receive(until: back, number: depot, events: &events)
      depots[depot].order(for: pool, at: time, events: &events)
    } else {
      events.push(.repaired, at: back, owner: pool)
    }
  }

  // MARK: What was set in motion

  /// A node comes back from repair or from the depot.
  mutating func receiveNode(at time: Double, events: inout FleetEvents, pool: Int) {
    away -= 1
    if owed > 0 {
      owed -= 1
      retired += 1
    } else {
      shelf += 1
      fillPlaces(at: time, events: &events, pool: pool)
    }
  }

  /// Puts spares into the places that wait longest.
  mutating func fillPlaces(at time: Double, events: inout FleetEvents, pool: Int) {
    while shelf > 0, let number = waiting.popFirst() {
      guard domains[number].condition != .retired else { continue }
      shelf -= 1
      waitingNodes -= 1
      domains[number].vacant -= 1
      domains[number].swapping += 1
      if domains[number].condition == .up { comingNodes += 1 }
      push(.swapped, after: hardware.faults.swap, at: time, &events, pool, number)
    }
  }

  /// An event of one domain; those of a domain that has retired in the meantime have nothing left to change.
  mutating func happen(_ event: FleetEvent, events: inout FleetEvents, pool: Int) {
    let number = Int(event.index)
    if number < 0 {
      // The contract of a dead spare may have ended before the vendor came.
      guard deadSpares > 0 else { return }
      deadSpares -= 1
      shelf += 1
      return fillPlaces(at: event.time, events: &events, pool: pool)
    }
    guard domains[number].condition != .retired else { return }
    switch event.kind {
    case .restarted:
      domains[number].restarting -= 1
      if domains[number].condition == .up { comingNodes -= 1 }
      changeWorking(of: number, by: 1)
    case .swapped:
      domains[number].swapping -= 1
      if domains[number].condition == .up { comingNodes -= 1 }
      changeWorking(of: number, by: 1)
    case .replacedByVendor:
      domains[number].dead -= 1
      changeWorking(of: number, by: 1)
    case .domainRepaired, .maintained: setCondition(.up, of: number)
    case .maintenanceDue:
      guard let every = hardware.faults.maintenanceEveryDays else { return }
      events.push(.maintenanceDue, at: event.time + every, owner: pool, index: number)
      // A domain that is dark is looked after while it is open.
      guard domains[number].condition == .up else { return }
      setCondition(.maintained, of: number)
      events.push(
        .maintained, at: event.time + hardware.faults.maintenanceDays, owner: pool, index: number)
    default: break
    }
  }
}

extension SeededRandom {
  /// One duration in days.
  mutating func draw(_ duration: FleetDuration) -> Double {
    switch duration {
    case .fixed(let days): days
    case .exponential(let mean): mean * exponential()
    case .lognormal(let mean, let cv): mean * lognormal(cv: cv)
    }
  }
}
