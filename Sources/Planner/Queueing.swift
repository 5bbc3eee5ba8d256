// How busy a pool of replicas may be before requests wait: the inverse of Erlang's C formula.
// Headroom is a matter of pool size: 16 servers may be 61 % busy, 256 servers 89 %, for the same 5 % that wait.

import Estimator

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
