// How busy a pool of replicas may be before requests wait: Erlang's C formula and its inverse.
// Headroom is a matter of pool size: 16 servers may be 61 % busy, 256 servers 89 %, for the same 5 % that wait.

/// Probability that an arrival waits, for `servers` exponential servers offered `load` erlangs.
///
/// The inverse recursion of Erlang's B, 1/B ← 1 + (1/B)·j/A for j = 1…c, then C = B / (1 - ρ(1 - B));
/// nothing overflows, because 1/B beyond the range of Double means B = 0.
/// - Returns: 1 where the load is not below the number of servers; 0 without load.
/// - Complexity: O(servers).
public func erlangC(servers: Int, load: Double) -> Double {
  guard servers > 0, load < Double(servers) else { return 1 }
  guard load > 0 else { return 0 }
  var inverseB = 1.0
  for j in 1...servers { inverseB = 1 + inverseB * Double(j) / load }
  guard inverseB.isFinite else { return 0 }
  let b = 1 / inverseB
  return b / (1 - load / Double(servers) * (1 - b))
}

/// The highest utilisation at which at most `waiting` of the arrivals wait.
///
/// - Complexity: O(servers · 50) by bisection; `servers` is capped at 65,536, where headroom is below 1 %.
public func maximumUtilisation(servers: Int, waiting: Double) -> Double {
  let count = min(servers, 65_536)
  guard count > 0, waiting > 0 else { return 0 }
  guard waiting < 1 else { return 1 }
  var low = 0.0
  var high = 1.0
  for _ in 0..<50 {
    let middle = (low + high) / 2
    if erlangC(servers: count, load: middle * Double(count)) <= waiting {
      low = middle
    } else {
      high = middle
    }
  }
  return low
}
