// How a pool grows and shrinks: batches arrive, are accepted without what is dead on arrival, and leave when their
// contract ends.

extension FleetPool {
  /// Nodes stand in the hall and are being tested.
  mutating func arrive(_ batch: FleetBatch) {
    delivered += batch.nodes
    accepting += batch.nodes
  }

  /// Domains go into service and spares onto the shelf, without the dead.
  mutating func accept(
    _ batch: inout FleetBatch, number: Int, at time: Double, events: inout FleetEvents, pool: Int
  ) {
    accepting -= batch.nodes
    wantedNodes += batch.delivery.domains * hardware.nodesPerDomain
    for _ in 0..<batch.domains {
      var domain = Domain(position: Int32(active.count), batch: Int32(number))
      for _ in 0..<hardware.nodesPerDomain {
        if batch.isDeadOnArrival() { domain.dead += 1 } else { domain.working += 1 }
      }
      let index = domains.count
      domains.append(domain)
      active.append(Int32(index))
      upDomains += 1
      usableNodes += Int(domain.working)
      replicaParts += Int(parts[Int(domain.working)])
      for _ in 0..<domain.dead { replaceByVendor(batch, at: time, &events, pool, index) }
      if let every = hardware.faults.maintenanceEveryDays {
        // Steps of the golden ratio spread any number of domains evenly over the interval.
        let phase = (Double(index) + 0.5) * 0.618_033_988_749_894_8
        events.push(
          .maintenanceDue, at: time + every * (phase - phase.rounded(.down)), owner: pool, index: index)
      }
    }
    for _ in 0..<batch.delivery.spareNodes {
      if batch.isDeadOnArrival() {
        deadSpares += 1
        replaceByVendor(batch, at: time, &events, pool, -1)
      } else {
        shelf += 1
      }
    }
    fillPlaces(at: time, events: &events, pool: pool)
  }

  /// Everything of a batch leaves: what stands in its domains at once, what is away when it is back.
  mutating func retire(_ batch: FleetBatch, number: Int) {
    wantedNodes -= batch.delivery.domains * hardware.nodesPerDomain
    for index in active.map(Int.init) where domains[index].batch == Int32(number) {
      setCondition(.retired, of: index)
      let domain = domains[index]
      retired += Int(domain.working + domain.restarting + domain.swapping + domain.dead)
      owed += Int(domain.vacant)
      waitingNodes -= Int(domain.vacant)
      let position = Int(domain.position)
      active.swapAt(position, active.count - 1)
      domains[Int(active[position])].position = Int32(position)
      active.removeLast()
    }
    let spares = min(batch.delivery.spareNodes, shelf)
    shelf -= spares
    // What of its spares is not on the shelf is away, or was dead on arrival.
    let abroad = min(batch.delivery.spareNodes - spares, away - waitingNodes - owed)
    let dead = batch.delivery.spareNodes - spares - abroad
    owed += abroad
    deadSpares -= dead
    retired += spares + dead
  }

  mutating func replaceByVendor(
    _ batch: FleetBatch, at time: Double, _ events: inout FleetEvents, _ pool: Int, _ index: Int
  ) {
    guard let replacement = batch.delivery.deadOnArrivalReplacement else { return }
    push(.replacedByVendor, after: replacement, at: time, &events, pool, index)
  }
}
