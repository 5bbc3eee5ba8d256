// Where nodes come from: the batches that are delivered, and the depots that hold spares for all sites.

import Estimator

/// A delivery on its way, in service or gone.
struct FleetBatch {
  let delivery: SimulatedDelivery
  let pool: Int
  /// Domains installed, spare ones included.
  let domains: Int
  /// All nodes, those of the shelf included.
  let nodes: Int
  private var random: SeededRandom
  /// Nodes that are healthy before the next dead one.
  private var healthy = 0.0

  init(_ delivery: SimulatedDelivery, pool: Int, hardware: SimulatedSKU, random: SeededRandom) {
    self.delivery = delivery
    self.pool = pool
    self.random = random
    domains = delivery.domains + delivery.spareDomains
    nodes = domains * hardware.nodesPerDomain + delivery.spareNodes
    skip()
  }

  /// Whether the next node that is unpacked is dead: independent, with the delivery's share.
  mutating func isDeadOnArrival() -> Bool {
    guard healthy < 1 else {
      healthy -= 1
      return false
    }
    skip()
    return true
  }

  /// Draws how many healthy ones come first: geometric, one draw for each dead node instead of one for each node.
  private mutating func skip() {
    let share = delivery.deadOnArrivalShare
    guard share > 0 else { return healthy = .infinity }
    guard share < 1 else { return healthy = 0 }
    healthy = (naturalLogarithm(random.unit()) / naturalLogarithm(1 - share)).rounded(.down)
  }
}

extension FleetSlip {
  /// Months of one delivery.
  func months(_ random: inout SeededRandom) -> Double {
    switch self {
    case .fixed(let months): return months
    case .lognormal(let p50, let p90):
      // 1.2815515655: the 90 % quantile of the standard normal.
      let sigma = naturalLogarithm(p90 / p50) / 1.281_551_565_5
      return p50 * naturalExponential(sigma * random.normal())
    }
  }
}

/// A central stock: base-stock policy, one order for each node that a site loses, first come first served.
struct FleetDepotState {
  let sku: Int
  let shipping: FleetDuration
  private(set) var stock: Int
  /// Nodes in repair for this depot.
  private(set) var inRepair = 0
  /// Nodes on their way to a site.
  private(set) var inTransit = 0
  private var orders = FleetLine()
  private var random: SeededRandom

  init(sku: Int, depot: SimulatedDepot, random: SeededRandom) {
    self.sku = sku
    self.random = random
    shipping = depot.shipping
    stock = depot.nodes
  }

  /// A failed node comes in and is healthy at `time`.
  mutating func receive(until time: Double, number: Int, events: inout FleetEvents) {
    inRepair += 1
    events.push(.repairedAtDepot, at: time, owner: number)
  }

  /// A site asks for one node.
  mutating func order(for pool: Int, at time: Double, events: inout FleetEvents) {
    orders.append(pool)
    serve(at: time, events: &events)
  }

  /// A repair is done.
  mutating func repaired(at time: Double, events: inout FleetEvents) {
    inRepair -= 1
    stock += 1
    serve(at: time, events: &events)
  }

  /// A shipment has reached its site.
  mutating func arrivedAtSite() { inTransit -= 1 }

  private mutating func serve(at time: Double, events: inout FleetEvents) {
    while stock > 0, let pool = orders.popFirst() {
      stock -= 1
      inTransit += 1
      events.push(.shipped, at: time + random.draw(shipping), owner: pool)
    }
  }
}
