// Why deployments and operating points are not on the frontier, counted: every one walked has exactly one reason
// or is kept.

public import Quantities

/// What a search walked and why the rest was rejected.
public struct SearchRejections: Sendable, Hashable {
  /// Deployments of several accelerators whose link is not published.
  public internal(set) var linkUnknown = 0
  /// Deployments whose weights and one request exceed the memory of a rank.
  public internal(set) var doesNotFit = 0
  /// Least memory that such a rank lacks; nil = none is too small.
  public internal(set) var leastLack: Bytes?
  /// Most memory that such a rank lacks.
  public internal(set) var mostLack: Bytes?
  /// Deployments that were operated.
  public internal(set) var operated = 0

  /// Operating points of the operated deployments.
  public internal(set) var points = 0
  /// Points over the limit on time per output token.
  public internal(set) var overTPOT = 0
  /// Shortest time per output token among them.
  public internal(set) var leastTPOT: Seconds?
  /// Points within that limit but over the limit on time to first token.
  public internal(set) var overTTFT = 0
  /// Shortest time to first token among them.
  public internal(set) var leastTTFT: Seconds?
  /// Points on the frontier.
  public internal(set) var kept = 0

  /// Every deployment walked.
  public var deployments: Int { linkUnknown + doesNotFit + operated }
  /// Points within the limits that another point beats.
  public var dominated: Int { points - overTPOT - overTTFT - kept }

  /// Counts a deployment whose ranks lack memory.
  mutating func lacks(_ bytes: Bytes) {
    doesNotFit += 1
    leastLack = min(leastLack ?? bytes, bytes)
    mostLack = max(mostLack ?? bytes, bytes)
  }

  /// Counts a point; true where it keeps the limits.
  mutating func isWithin(_ workload: Workload, _ point: SearchedPoint) -> Bool {
    points += 1
    if let limit = workload.tpotLimit, point.tpot > limit {
      overTPOT += 1
      leastTPOT = min(leastTPOT ?? point.tpot, point.tpot)
      return false
    }
    if let limit = workload.ttftLimit, point.ttft > limit {
      overTTFT += 1
      leastTTFT = min(leastTTFT ?? point.ttft, point.ttft)
      return false
    }
    return true
  }

  /// Adds what another part of the search rejected.
  mutating func add(_ other: SearchRejections) {
    func least<Value: Comparable>(_ a: Value?, _ b: Value?) -> Value? { [a, b].compactMap { $0 }.min() }
    linkUnknown += other.linkUnknown
    doesNotFit += other.doesNotFit
    leastLack = least(leastLack, other.leastLack)
    mostLack = [mostLack, other.mostLack].compactMap { $0 }.max()
    operated += other.operated
    points += other.points
    overTPOT += other.overTPOT
    leastTPOT = least(leastTPOT, other.leastTPOT)
    overTTFT += other.overTTFT
    leastTTFT = least(leastTTFT, other.leastTTFT)
  }
}
