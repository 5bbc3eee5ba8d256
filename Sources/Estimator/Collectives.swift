// What a collective moves and how long it takes: ring, tree and per-call forms. Which algorithms there are
// and which one is the fastest: Operators/CollectiveAlgorithms.swift.
// n ranks, S bytes per rank, alpha per hop or call, bandwidth in one direction.

import Foundation
public import Quantities

/// A collective operation over n ranks.
public enum Collective: Sendable, Hashable {
  case allReduce, allGather, reduceScatter, allToAll

  /// Bytes over a link per byte of payload (the bus-bandwidth factor of nccl-tests).
  public func busFactor(ranks n: Double) -> Double {
    guard n > 1 else { return 0 }
    return (self == .allReduce ? 2 : 1) * (n - 1) / n
  }

  /// Ring: one latency a hop; payload `bytes` (the gathered total for all-gather and reduce-scatter).
  public func ring(ranks n: Double, bytes: Bytes, perHop: Seconds, bandwidth: BytesPerSecond) -> Seconds {
    guard n > 1 else { return .zero }
    let hops = (self == .allReduce ? 2 : 1) * (n - 1)
    return perHop * hops + bytes * busFactor(ranks: n) / bandwidth
  }

  /// One call of fixed latency and the payload at the bus factor: the form that measurements are fitted with.
  public func call(ranks n: Double, bytes: Bytes, perCall: Seconds, bandwidth: BytesPerSecond) -> Seconds {
    guard n > 1 else { return .zero }
    return perCall + bytes * busFactor(ranks: n) / bandwidth
  }

  /// All-reduce along a tree: 2·log2(n) hops, the payload up and down once.
  public static func treeAllReduce(
    ranks n: Double, bytes: Bytes, perHop: Seconds, bandwidth: BytesPerSecond
  ) -> Seconds {
    guard n > 1 else { return .zero }
    return perHop * (2 * log2(n)) + bytes * 2 / bandwidth
  }
}

/// Distinct ranks that the `topK` experts of a token lie on: R·(1 − (1 − 1/R)^k).
public func expectedRanksHit(ranks: Double, topK: Double) -> Double {
  ranks > 0 ? ranks * (1 - power(1 - 1 / ranks, topK)) : 0
}

/// `base` to the power `exponent`.
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

/// e to the power `exponent`.
func exponential(_ exponent: Double) -> Double { exp(exponent) }

/// Natural logarithm.
func logarithm(_ value: Double) -> Double { log(value) }
