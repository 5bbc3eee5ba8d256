// What is going to happen to a fleet, in order of time. Only what has been set in motion stands here (a repair, a
// shipment, a delivery): the next failure is drawn by each pool, since it depends on how many nodes are in service.

/// One thing that will happen.
struct FleetEvent {
  enum Kind: UInt8 {
    case arrived, accepted, contractEnded  // of a batch
    case restarted, swapped, domainRepaired, maintenanceDue, maintained, replacedByVendor  // in a domain
    case repaired, shipped  // to a pool
    case repairedAtDepot  // to a depot
  }
  /// In days from the start.
  var time: Double
  /// Breaks ties: what was set in motion first happens first.
  var order: UInt64
  var kind: Kind
  /// The pool, or the depot of a repair there.
  var owner: Int32
  /// The domain or batch; -1 for a spare of the shelf.
  var index: Int32
}

/// A binary heap of events.
struct FleetEvents {
  private var heap: [FleetEvent] = []
  private var pushed: UInt64 = 0

  /// Time of the next event, infinite where there is none.
  var nextTime: Double { heap.isEmpty ? .infinity : heap[0].time }

  /// - Complexity: O(log n).
  mutating func push(_ kind: FleetEvent.Kind, at time: Double, owner: Int, index: Int = -1) {
    pushed += 1
    let event = FleetEvent(
      time: time, order: pushed, kind: kind, owner: Int32(owner), index: Int32(index))
    heap.append(event)
    var hole = heap.count - 1
    while hole > 0 {
      let parent = (hole - 1) / 2
      guard precedes(event, heap[parent]) else { break }
      heap[hole] = heap[parent]
      hole = parent
    }
    heap[hole] = event
  }

  /// Takes the next event; only where `nextTime` is finite.
  mutating func pop() -> FleetEvent {
    let first = heap[0]
    let last = heap.removeLast()
    let count = heap.count
    guard count > 0 else { return first }
    var hole = 0
    while true {
      var child = 2 * hole + 1
      guard child < count else { break }
      if child + 1 < count, precedes(heap[child + 1], heap[child]) { child += 1 }
      guard precedes(heap[child], last) else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = last
    return first
  }

  private func precedes(_ a: FleetEvent, _ b: FleetEvent) -> Bool {
    a.time != b.time ? a.time < b.time : a.order < b.order
  }
}

/// A first-in, first-out line of small numbers.
struct FleetLine {
  private var items: [Int32] = []
  private var head = 0

  mutating func append(_ item: Int) { items.append(Int32(item)) }

  mutating func popFirst() -> Int? {
    guard head < items.count else { return nil }
    let item = items[head]
    head += 1
    // Half of the storage is spent: move the rest to the front, which costs O(1) an item over time.
    if head > 64, head * 2 > items.count {
      items.removeFirst(head)
      head = 0
    }
    return Int(item)
  }
}
