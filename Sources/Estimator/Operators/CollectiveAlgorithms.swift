// The algorithms that a communication library may run a collective with, as times on one or two tiers of
// network, and the choice among them. Every time names the algorithm that it belongs to: a ring over eight
// ranks and an addition in the switch differ fourfold on small messages.
// The formulas are those of a fault-free network without contention; measured calls are in `KernelTables`.

public import Quantities

/// Ways to run a collective.
public enum CollectiveAlgorithm: String, Sendable, Hashable, CaseIterable {
  /// Neighbours in a circle.
  case ring
  /// Up and down a binary tree.
  case tree
  /// Every rank sends to every other at once.
  case oneShot = "one-shot"
  /// The switch adds on the way (NVLS, SHARP).
  case inSwitch = "in-switch"
  /// Inside each group, then across the groups.
  case hierarchical
}

/// Links of one tier of a network as one rank sees them.
public struct LinkTier: Sendable, Hashable {
  /// Latency of a hop, or of the one call of algorithms that have no hops.
  public let latency: Seconds
  /// Bandwidth of one rank in one direction.
  public let bandwidth: BytesPerSecond
  /// Fewest ranks for which the switch adds; nil = it never does.
  public let fewestInSwitch: Int?

  /// A tier; without `fewestInSwitch` its switch only forwards.
  public init(latency: Seconds, bandwidth: BytesPerSecond, fewestInSwitch: Int? = nil) {
    self.latency = latency
    self.bandwidth = bandwidth
    self.fewestInSwitch = fewestInSwitch
  }
}

/// How long a collective takes and with what.
public struct CollectiveTime: Sendable, Hashable {
  /// Time of the call.
  public let time: Seconds
  /// The algorithm that the time belongs to.
  public let algorithm: CollectiveAlgorithm
  /// The algorithm with its group sizes, e.g. `ring` or `hierarchical 8x4`.
  public let name: String

  init(_ time: Seconds, _ algorithm: CollectiveAlgorithm, name: String? = nil) {
    self.time = time
    self.algorithm = algorithm
    self.name = name ?? algorithm.rawValue
  }

  static let nothing = CollectiveTime(.zero, .oneShot, name: "one rank")
}

extension Collective {
  /// Time of one algorithm on one tier, or nil where the algorithm cannot run this collective there.
  ///
  /// n ranks; S is the all-reduced buffer, the gathered or scattered total, or what a rank holds before
  /// an all-to-all; a is the tier's latency and w its bandwidth:
  /// - ring: 2(n - 1)a + 2(n - 1)/n·S/w (all-reduce), (n - 1)a + (n - 1)/n·S/w (the others, and an
  ///   all-to-all in n - 1 rounds of pairs)
  /// - tree: 2·log2(n)·a + 2·S/w (all-reduce)
  /// - one-shot: a + (n - 1)·S/w (all-reduce), a + (n - 1)/n·S/w (the others)
  /// - in-switch: a + (n + 1)/n·S/w (all-reduce)
  ///
  /// - Complexity: O(1).
  public func time(
    _ algorithm: CollectiveAlgorithm, ranks n: Int, bytes: Bytes, on tier: LinkTier
  ) -> Seconds? {
    guard n > 1 else { return .zero }
    let count = Double(n)
    let stream = bytes / tier.bandwidth
    switch (algorithm, self) {
    case (.ring, _):
      return ring(ranks: count, bytes: bytes, perHop: tier.latency, bandwidth: tier.bandwidth)
    case (.tree, .allReduce):
      return Collective.treeAllReduce(
        ranks: count, bytes: bytes, perHop: tier.latency, bandwidth: tier.bandwidth)
    case (.oneShot, .allReduce): return tier.latency + stream * (count - 1)
    case (.oneShot, _): return tier.latency + stream * busFactor(ranks: count)
    case (.inSwitch, .allReduce):
      guard let fewest = tier.fewestInSwitch, n >= fewest else { return nil }
      return tier.latency + stream * ((count + 1) / count)
    case (.tree, _), (.inSwitch, _), (.hierarchical, _): return nil
    }
  }

  /// The fastest algorithm on one tier; ties go to the first of `CollectiveAlgorithm.allCases`.
  public func fastest(ranks n: Int, bytes: Bytes, on tier: LinkTier) -> CollectiveTime {
    guard n > 1 else { return .nothing }
    let candidates = CollectiveAlgorithm.allCases.compactMap { algorithm in
      time(algorithm, ranks: n, bytes: bytes, on: tier).map { CollectiveTime($0, algorithm) }
    }
    return candidates.min { $0.time < $1.time } ?? .nothing
  }

  /// `groups` groups of `size` ranks: inside the groups on `inner`, across them on `outer`.
  ///
  /// All-reduce: reduce-scatter of S inside, all-reduce of S/size across, all-gather of S inside. All-gather:
  /// of S/size across, then of S inside; reduce-scatter the reverse. All-to-all: what leaves the group
  /// crosses once, the rest moves inside. Each stage takes the fastest algorithm of its tier.
  public func hierarchical(
    size: Int, groups: Int, bytes: Bytes, inner: LinkTier, outer: LinkTier
  ) -> CollectiveTime {
    guard size > 1 else { return fastest(ranks: groups, bytes: bytes, on: outer) }
    guard groups > 1 else { return fastest(ranks: size, bytes: bytes, on: inner) }
    func stage(_ collective: Collective, _ ranks: Int, _ bytes: Bytes, _ tier: LinkTier) -> Seconds {
      collective.fastest(ranks: ranks, bytes: bytes, on: tier).time
    }
    let share = bytes / Double(size)
    let total: Seconds =
      switch self {
      case .allReduce:
        stage(.reduceScatter, size, bytes, inner) + stage(.allReduce, groups, share, outer)
          + stage(.allGather, size, bytes, inner)
      case .allGather, .reduceScatter:
        stage(self, groups, share, outer) + stage(self, size, bytes, inner)
      case .allToAll: stage(self, groups, bytes, outer) + stage(self, size, bytes, inner)
      }
    return CollectiveTime(total, .hierarchical, name: "hierarchical \(size)x\(groups)")
  }
}

/// The network between the ranks of one replica: a scale-up domain, and what joins domains.
public struct RankNetwork: Sendable, Hashable {
  /// Links inside a domain.
  public let scaleUp: LinkTier
  /// Ranks of a domain.
  public let domain: Int
  /// Links between domains; nil = nothing is known of them.
  public let scaleOut: LinkTier?

  /// A network; a domain below one rank counts as one.
  public init(scaleUp: LinkTier, domain: Int, scaleOut: LinkTier?) {
    self.scaleUp = scaleUp
    self.domain = max(1, domain)
    self.scaleOut = scaleOut
  }

  /// Time of a collective with the fastest feasible algorithm, and which that is.
  ///
  /// Inside a domain every algorithm of the tier is tried. Across domains the hierarchical one with the
  /// largest group that divides the ranks, and a flat ring at the bandwidth of the slower tier.
  /// - Complexity: O(ranks) to find the group.
  public func time(_ collective: Collective, ranks: Int, bytes: Bytes) -> Known<CollectiveTime> {
    guard ranks > domain else {
      return .success(collective.fastest(ranks: ranks, bytes: bytes, on: scaleUp))
    }
    guard let scaleOut else {
      return .failure(
        Gap(
          "collectives over \(ranks) ranks", missing: "no bandwidth between scale-up domains of \(domain)",
          remedy: "give scaleout_gbit_per_chip in accelerators.csv, or keep to \(domain) ranks"))
    }
    let size = (1...domain).last { ranks.isMultiple(of: $0) } ?? 1
    let layered = collective.hierarchical(
      size: size, groups: ranks / size, bytes: bytes, inner: scaleUp, outer: scaleOut)
    let slowest = LinkTier(
      latency: max(scaleUp.latency, scaleOut.latency), bandwidth: min(scaleUp.bandwidth, scaleOut.bandwidth))
    guard let flat = collective.time(.ring, ranks: ranks, bytes: bytes, on: slowest), flat < layered.time
    else { return .success(layered) }
    return .success(CollectiveTime(flat, .ring))
  }
}
