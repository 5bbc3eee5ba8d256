// What expert parallelism moves: every token goes to the ranks of its experts and comes back. A token whose
// experts share a rank is sent there once, and a router may bound the nodes that a token visits.

public import Quantities

/// Dispatch and combine of one mixture layer on one rank.
public struct ExpertTraffic: Sendable, Hashable {
  /// Tokens of the rank.
  public let tokens: Double
  /// Model width.
  public let hidden: Double
  /// Experts a token.
  public let topK: Double
  /// Ranks that hold the experts.
  public let ranks: Double
  /// Ranks of one node.
  public let ranksPerNode: Double
  /// Most nodes that a token may visit; nil = any.
  public let nodeLimit: Double?

  /// Traffic of `tokens` tokens; all counts above zero.
  public init(
    tokens: Double, hidden: Double, topK: Double, ranks: Double, ranksPerNode: Double,
    nodeLimit: Double? = nil
  ) {
    self.tokens = tokens
    self.hidden = hidden
    self.topK = topK
    self.ranks = ranks
    self.ranksPerNode = max(1, min(ranksPerNode, ranks))
    self.nodeLimit = nodeLimit
  }

  /// Nodes of the expert group.
  public var nodes: Double { ranks / ranksPerNode }

  /// Nodes that a token visits: N·(1 - (1 - 1/N)^k), at most the router's limit.
  public var nodesHit: Double { min(expectedRanksHit(ranks: nodes, topK: topK), nodeLimit ?? .infinity) }

  /// Ranks that a token visits: R·(1 - (1 - 1/R)^k), R the ranks of the nodes that it may visit.
  public var ranksHit: Double {
    expectedRanksHit(ranks: min(ranks, (nodeLimit ?? .infinity) * ranksPerNode), topK: topK)
  }

  /// Share of the copies that leave the rank: (R - 1)/R.
  private var remote: Double { ranks > 1 ? (ranks - 1) / ranks : 0 }

  /// Bytes that a rank sends in a dispatch; `perElement` bytes an element, scales included.
  ///
  /// T·R_hit·D·d·(R - 1)/R; without `merging` a token is sent once an expert (k for R_hit).
  public func dispatch(perElement: Double, merging: Bool = true) -> Bytes {
    Bytes(tokens * (merging ? ranksHit : topK) * hidden * perElement * remote)
  }

  /// Bytes that come back to a rank, in bf16 as engines send them: the dispatch at two bytes an element.
  public func combine(merging: Bool = true) -> Bytes { dispatch(perElement: 2, merging: merging) }

  /// The part of a dispatch that crosses nodes: one copy for each other node that a token visits.
  ///
  /// T·min(M, N·(1 - (1 - 1/N)^k))·D·d·(N - 1)/N; the other copies are forwarded inside the node.
  public func betweenNodes(perElement: Double) -> Bytes {
    guard nodes > 1 else { return .zero }
    return Bytes(tokens * nodesHit * hidden * perElement * (nodes - 1) / nodes)
  }
}
