// What a simulated fleet adds up over time: integrals over each month, and how long each level of usable
// accelerators lasted, which a mean cannot tell.

/// How long each level lasted: `weights[i]` days at level `lowest + i`.
struct FleetLevels {
  private(set) var lowest = 0
  private(set) var weights: [Double] = []

  mutating func add(_ weight: Double, at level: Int) {
    guard weight > 0 else { return }
    if weights.isEmpty { lowest = level }
    if level < lowest {
      // Grows by at least its own size, so that a falling level costs O(1) a step over time.
      let more = max(lowest - level, min(weights.count, lowest))
      weights.insert(contentsOf: repeatElement(0, count: more), at: 0)
      lowest -= more
    }
    let index = level - lowest
    if index >= weights.count {
      weights.append(contentsOf: repeatElement(0, count: index - weights.count + 1))
    }
    weights[index] += weight
  }

  /// Adds the levels of another run.
  mutating func add(_ other: FleetLevels) {
    for (index, weight) in other.weights.enumerated() { add(weight, at: other.lowest + index) }
  }

  /// The smallest level that is not exceeded for at least `share` of the time; 0 where nothing was added.
  func quantile(_ share: Double) -> Int {
    let target = share * weights.reduce(0, +)
    var sum = 0.0
    for (index, weight) in weights.enumerated() where weight > 0 {
      sum += weight
      if sum >= target { return lowest + index }
    }
    return lowest + max(0, weights.count - 1)
  }
}

/// A count that lasts until it changes; its integral grows only then, so that a constant one keeps every digit.
struct FleetLevel {
  private(set) var value = 0.0
  private(set) var since = 0.0

  /// Value times days since it was last closed.
  mutating func close(at time: Double) -> Double {
    let area = value * (time - since)
    since = time
    return area
  }

  /// Changes the value and returns the area until now; 0 where nothing changes.
  mutating func set(_ new: Double, at time: Double) -> Double {
    guard new != value else { return 0 }
    let area = close(at: time)
    value = new
    return area
  }
}

/// Integrals over one month, in days times what is counted.
struct FleetMonthTally {
  var accepting = 0.0
  var installed = 0.0
  var usable = 0.0
  var replicas = 0.0
  /// Days with anything installed, and those of them in which every pool was whole.
  var inService = 0.0
  var whole = 0.0
  // What is not served, rather than what is: a fleet that is never short then serves exactly all.
  var unserved = 0.0
  var unservedWithRegionsLost = 0.0
  var levels = FleetLevels()
}

/// Integrals of one pool.
struct FleetPoolTally {
  var installed = 0.0
  var usable = 0.0
  var inService = 0.0
  var whole = 0.0
  var away = 0.0
  var awaySquared = 0.0
  var soft = 0
  var hard = 0
  var domain = 0

  /// Adds `days` in which the pool stood as it stands.
  mutating func add(_ days: Double, _ pool: FleetPool) {
    guard pool.installedNodes > 0 else { return }
    installed += days * Double(pool.installedNodes)
    usable += days * Double(pool.usableNodes)
    inService += days
    if pool.isWhole { whole += days }
    let away = Double(pool.away)
    self.away += days * away
    awaySquared += days * away * away
  }
}

/// Mean of a sum over runs and its standard error.
struct FleetSpread {
  private var values: [Double] = []
  mutating func add(_ value: Double?) { if let value { values.append(value) } }

  /// Standard deviation of the runs over √runs; nil for fewer than two.
  var standardError: Double? {
    guard values.count > 1 else { return nil }
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / (count - 1) / count).squareRoot()
  }
}
