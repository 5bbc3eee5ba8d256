// Collectives by algorithm: each time by hand, the choice among them, and what expert parallelism moves.

import Estimator
import Quantities
import Testing

@Suite("Collectives by algorithm")
struct OperatorCollectiveTests {
  /// 1 us a hop, 450 GB/s in one direction, a switch that adds from five ranks on.
  private let tier = LinkTier(
    latency: Seconds(Unit.microsecond.toBase(1)),
    bandwidth: BytesPerSecond(Unit.gigabytePerSecond.toBase(450)), fewestInSwitch: 5)
  private let slow = LinkTier(
    latency: Seconds(Unit.microsecond.toBase(5)),
    bandwidth: BytesPerSecond(Unit.gigabytePerSecond.toBase(50)))
  private let mebibyte = Bytes(Unit.mebibyte.toBase(1))

  private func microseconds(
    _ collective: Collective, _ algorithm: CollectiveAlgorithm, _ ranks: Int
  ) -> Double? {
    collective.time(algorithm, ranks: ranks, bytes: mebibyte, on: tier).map {
      Unit.microsecond.fromBase($0.value)
    }
  }

  // 1 MiB at 450 GB/s streams in 2.330169 us.
  @Test(
    "each algorithm takes the time of its formula on 1 MiB",
    arguments: [
      (Collective.allReduce, CollectiveAlgorithm.ring, 8, 18.0778),  // 14 hops + 1.75 streams
      (.allReduce, .tree, 16, 12.6603),  // 8 hops + 2 streams
      (.allReduce, .oneShot, 8, 17.3112),  // 1 + 7 streams
      (.allReduce, .inSwitch, 8, 3.6214),  // 1 + 9/8 streams
      (.allGather, .ring, 8, 9.0389),  // 7 hops + 7/8 streams
      (.reduceScatter, .ring, 8, 9.0389),
      (.allGather, .oneShot, 8, 3.0389),  // 1 + 7/8 streams
      (.allToAll, .ring, 4, 4.7476),  // 3 rounds + 3/4 streams
      (.allToAll, .oneShot, 8, 3.0389),
    ] as [(Collective, CollectiveAlgorithm, Int, Double)])
  func formulas(_ collective: Collective, _ algorithm: CollectiveAlgorithm, _ ranks: Int, _ time: Double)
    throws
  {
    let found = try #require(microseconds(collective, algorithm, ranks))
    #expect(abs(found - time) < 1e-4)
  }

  @Test("an algorithm that cannot run a collective has no time")
  func infeasible() {
    #expect(microseconds(.allGather, .tree, 8) == nil)
    #expect(microseconds(.allToAll, .inSwitch, 8) == nil)
    // The switch of this tier adds for five ranks and more, and that of the slow one never.
    #expect(microseconds(.allReduce, .inSwitch, 4) == nil)
    #expect(microseconds(.allReduce, .inSwitch, 5) != nil)
    #expect(Collective.allReduce.time(.inSwitch, ranks: 8, bytes: mebibyte, on: slow) == nil)
    #expect(microseconds(.allReduce, .ring, 1) == 0)
  }

  @Test("the fastest feasible algorithm is taken and named")
  func choice() {
    func name(_ ranks: Int, _ bytes: Int, _ tier: LinkTier) -> String {
      Collective.allReduce.fastest(ranks: ranks, bytes: Bytes(Double(bytes)), on: tier).name
    }
    #expect(name(8, 1 << 20, tier) == "in-switch")
    // Without the switch: one call for 16 KiB, logarithmic hops in between, the ring's fewer bytes for 1 GiB.
    #expect(name(8, 1 << 14, slow) == "one-shot")
    #expect(name(64, 1 << 20, slow) == "tree")
    #expect(name(8, 1 << 30, slow) == "ring")
    #expect(name(1, 1 << 30, slow) == "one rank")
  }

  @Test("across domains the stages add up, and a missing network is a gap")
  func hierarchy() throws {
    let network = RankNetwork(scaleUp: tier, domain: 8, scaleOut: slow)
    let found = try network.time(.allReduce, ranks: 32, bytes: mebibyte).get()
    // Reduce-scatter and all-gather over 8: 3.0389 us each. All-reduce of 128 KiB over 4 at 50 GB/s: one
    // call of 5 us and three streams of 2.62144 us.
    #expect(found.name == "hierarchical 8x4")
    #expect(found.algorithm == .hierarchical)
    #expect(abs(Unit.microsecond.fromBase(found.time.value) - (2 * 3.0389 + 5 + 3 * 2.62144)) < 1e-3)
    // 12 ranks on domains of 8 are two groups of 6: the largest group that divides them.
    #expect(try network.time(.allReduce, ranks: 12, bytes: mebibyte).get().name == "hierarchical 6x2")
    #expect(try network.time(.allReduce, ranks: 8, bytes: mebibyte).get().name == "in-switch")
    let alone = RankNetwork(scaleUp: tier, domain: 8, scaleOut: nil)
    guard case .failure(let gap) = alone.time(.allGather, ranks: 16, bytes: mebibyte) else {
      Issue.record("a time over an unknown network")
      return
    }
    #expect(gap.remedy.contains("scaleout_gbit_per_chip"))
  }

  @Test("a gather across domains moves the shares of a group outside and the total inside")
  func gather() {
    let bytes = Bytes(Unit.mebibyte.toBase(64))
    let found = Collective.allGather.hierarchical(size: 8, groups: 2, bytes: bytes, inner: tier, outer: slow)
    // Outside: 5 us + half of 8 MiB at 50 GB/s = 88.886 us. Inside: 1 us + 7/8 of 64 MiB at 450 GB/s =
    // 131.489 us.
    #expect(abs(Unit.microsecond.fromBase(found.time.value) - 220.376) < 0.01)
  }

  @Test("dispatch and combine of 128 tokens over 32 ranks")
  func experts() {
    let traffic = ExpertTraffic(tokens: 128, hidden: 7168, topK: 8, ranks: 32, ranksPerNode: 8)
    #expect(abs(traffic.ranksHit - 7.18) < 0.005)
    // 128 x 8 x 7168 bytes x 31/32, and twice that in bf16.
    #expect(traffic.dispatch(perElement: 1, merging: false) == Bytes(7_110_656))
    #expect(traffic.combine(merging: false) == Bytes(14_221_312))
    #expect(traffic.dispatch(perElement: 1).value / 7_110_656 == traffic.ranksHit / 8)
    // 4 x (1 - (3/4)^8) = 3.5996 of four nodes; three quarters of the copies cross.
    #expect(abs(traffic.nodesHit - 3.5996) < 1e-4)
    #expect(abs(traffic.betweenNodes(perElement: 1).value - 128 * 3.5996 * 7168 * 0.75) < 100)
  }

  @Test("a router that bounds the nodes of a token bounds the copies")
  func nodeLimit() {
    let limited = ExpertTraffic(
      tokens: 128, hidden: 7168, topK: 8, ranks: 64, ranksPerNode: 8, nodeLimit: 4)
    #expect(limited.nodesHit == 4)
    // Eight experts on the 32 ranks of four nodes.
    #expect(abs(limited.ranksHit - 7.18) < 0.005)
    let one = ExpertTraffic(tokens: 128, hidden: 7168, topK: 8, ranks: 8, ranksPerNode: 8, nodeLimit: 4)
    #expect(one.betweenNodes(perElement: 1) == .zero)
  }
}
