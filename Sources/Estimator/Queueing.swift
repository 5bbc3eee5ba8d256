// Waiting in front of many slots: exact Erlang C and the 99 % wait of Kimura's approximation.

import Foundation

/// Probability that an arrival waits with `servers` slots and `load` Erlang (arrival rate x service time).
///
/// Stable recurrence of the blocking probability; 1 where the load is not below the servers.
/// - Complexity: O(servers).
public func erlangC(servers: Int, load: Double) -> Double {
  guard servers > 0, load > 0 else { return load > 0 ? 1 : 0 }
  guard load < Double(servers) else { return 1 }
  var blocking = 1.0
  for k in 1...servers { blocking = load * blocking / (Double(k) + load * blocking) }
  let utilisation = load / Double(servers)
  return blocking / (1 - utilisation * (1 - blocking))
}

/// The wait that 99 % of arrivals stay under, in units of time of the rates (Kimura 1994, M/G/c).
///
/// ln(100·C)·(1 + cv²)/(2·(c·mu − lambda)), 0 where fewer than 1 % wait; infinite at or above saturation.
public func wait99(servers: Int, arrivalRate: Double, serviceRate: Double, squaredCV: Double) -> Double {
  let spare = Double(servers) * serviceRate - arrivalRate
  guard serviceRate > 0, spare > 0 else { return .infinity }
  let waits = erlangC(servers: servers, load: arrivalRate / serviceRate)
  return max(0, log(100 * waits)) * (1 + squaredCV) / (2 * spare)
}
