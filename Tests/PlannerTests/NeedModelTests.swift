// From demand to racks through the models: the chain that was worked by hand, and each step on its own.

import Planner
import Testing

/// Hardware of racks of 72 and nodes of 4 that serves classes `ids` alike.
func racks(
  _ ids: [String] = ["a"], prefill: Double = 40_000, decode: Double = 12_000, replica: Int = 8
) -> NeedHardware {
  var hardware = NeedHardware()
  hardware.accelerator = "gb200"
  hardware.domain = 72
  hardware.node = 4
  hardware.kilowattsEach = 2.1
  hardware.powerBasis = "utility_allin"
  hardware.failuresPerNodeDay = 1.894e-3
  hardware.repairDays = 2
  hardware.rates = ids.map {
    ClassRate(
      workload: $0, rate: .aggregated(prefill: prefill, decode: decode, accelerators: replica))
  }
  return hardware
}

private let four = ["n", "e", "s", "w"].map { DemandRegion(id: $0, utcOffset: 0) }
private let quarters = four.map { RegionShare(region: $0.id, share: 0.25) }

/// 2.5 billion requests a day, 1500 tokens in of which half are cached, 400 out, peak 1.6 times the mean.
private func chainDemand() throws -> DemandModel {
  try DemandModel(
    workloads: [
      workload("a", perDay: 2.5e9, input: 1500, output: 400, cached: 0.5, burst: 1.6, regions: quarters)
    ], regions: four, months: 1)
}

private func chainPolicy() -> NeedPolicy {
  var policy = NeedPolicy()
  policy.utilisation = 0.85
  policy.emergencyUtilisation = 0.85
  policy.lostRegions = 1
  policy.spareConfidence = 0.999
  return policy
}

@Suite struct NeedChainTests {
  @Test(
    "2.5 billion requests a day, four regions of which one may fail: 428 racks, 30,816 accelerators, 64.71 MW"
  )
  func chain() throws {
    let demand = try chainDemand()
    let requests = demand.demand(workload: 0, month: 0)
    #expect(abs(requests.routed.peak - 46_296.296_296) < 1e-5)
    #expect(abs(requests.apart.peak - 46_296.296_296) < 1e-5)
    let month = try NeedModel(demand, chainPolicy()).need(racks()).months[0]
    #expect(month.pools.map(\.replicas) == [946, 946, 946, 946])
    #expect(month.regions.map(\.domains) == [106, 106, 106, 106])
    #expect(month.regions.map(\.spareNodes) == [17, 17, 17, 17])
    #expect(month.regions.map(\.spareDomains) == [1, 1, 1, 1])
    #expect(month.racks == 428)
    #expect(month.accelerators == 30_816)
    #expect(abs(month.megawatts - 64.7136) < 1e-9)
    #expect(abs(try #require(month.meanUtilisation) - 0.3912) < 5e-5)

    var alone = chainPolicy()
    alone.lostRegions = 0
    alone.spareConfidence = nil
    let one = try DemandModel(
      workloads: [workload("a", perDay: 2.5e9, input: 1500, output: 400, cached: 0.5, burst: 1.6)], months: 1)
    let without = try NeedModel(one, alone).need(racks()).months[0]
    #expect(without.replicas == 2837)
    #expect(without.domains == 316)
    #expect(without.accelerators == 22_752)
  }

  @Test("its money: 68,781,312 USD in January, 0.4671 USD a million tokens, 0.4260 in and 1.4200 out")
  func money() throws {
    let demand = try chainDemand()
    let month = try NeedModel(demand, chainPolicy()).need(racks()).months[0]
    let cost = Formulas.acceleratorCost(accelerators: month.accelerators, paidHours: 744, rate: 3)
    #expect(cost == 68_781_312)
    let request = demand.workloads[0].request
    let tokens = demand.demand(workload: 0, month: 0)
    let perHour = tokens.routed.average * 3600 / month.accelerators
    let seconds = Formulas.secondsPerRequest(request: request, prefill: 40_000, decode: 12_000)
    let share = Formulas.prefillShare(request: request, prefill: 40_000, secondsPerRequest: seconds)
    func usd(_ share: Double, _ tokens: Double) -> Double {
      Formulas.perMillionTokens(
        allInRate: 3, share: share, requestsPerHour: perHour, tokensPerRequest: tokens)
    }
    #expect(abs(usd(1, request.totalTokens) - 0.4671) < 5e-5)
    #expect(abs(usd(1, request.freshInputTokens + request.outputTokens) - 0.7717) < 5e-5)
    #expect(abs(usd(share, request.freshInputTokens) - 0.4260) < 5e-5)
    #expect(abs(usd(1 - share, request.outputTokens) - 1.4200) < 5e-5)
  }

  @Test("each reason asks for its accelerators, and together they are all")
  func reasons() throws {
    let reasons = try NeedModel(chainDemand(), chainPolicy()).need(racks()).months[0].reasons
    let load = 2.5e9 / 86_400 * 0.052_083_333_333_333_3 * 8
    #expect(abs(reasons.average - load) < 1e-6)
    #expect(abs(reasons.peak - 0.6 * load) < 1e-6)
    #expect(abs(reasons.headroom - 1.6 * load * (1 / 0.85 - 1)) < 1e-6)
    // Four regions that carry everything with three of them: a third more.
    #expect(abs(reasons.failover - 1.6 * load / 0.85 / 3) < 1e-6)
    #expect(reasons.outages == 0)
    #expect(reasons.stranded == 0)
    #expect(reasons.spares == 4 * 72)
    #expect(abs(reasons.total - 30_816) < 1e-6)
  }
}

@Suite struct NeedModelTests {
  /// Replicas of a load of `busy` replicas in one region.
  private func month(
    busy: Double, _ change: (inout NeedPolicy) -> Void = { _ in }, hardware: NeedHardware? = nil
  ) throws -> NeedMonth {
    // 1000 tokens of prompt and none out: one request keeps a replica busy for a second.
    let demand = try DemandModel(
      workloads: [workload("a", perDay: 86_400 * busy, output: 0)], months: 1)
    var policy = NeedPolicy()
    policy.utilisation = 1
    change(&policy)
    var racks = hardware ?? racks(prefill: 1000)
    racks.failuresPerNodeDay = 0
    return try NeedModel(demand, policy).need(racks).months[0]
  }

  @Test(
    "at most 5 % wait: small pools may be busy 33 %, large ones 95 %",
    arguments: [(0.330, 4.0), (0.614, 16), (0.795, 64), (0.894, 256), (0.946, 1024)])
  func erlang(utilisation: Double, servers: Double) throws {
    // The table has three digits: a load just below it fits these servers, one just above does not.
    let fits = try month(busy: (utilisation - 6e-4) * servers) { $0.waiting = 0.05 }
    let over = try month(busy: (utilisation + 6e-4) * servers) { $0.waiting = 0.05 }
    #expect(fits.replicas <= servers && fits.replicas >= servers - 1)
    #expect(over.replicas > servers && over.replicas <= servers + 2)
  }

  @Test("the policy's utilisation decides where Erlang's is higher, and goodput asks for more of both")
  func policy() throws {
    #expect(
      try month(busy: 512) {
        $0.waiting = 0.05; $0.utilisation = 0.5
      }.replicas == 1024)
    var lossy = racks(prefill: 1000)
    lossy.goodput = 0.5
    let month = try month(busy: 100, hardware: lossy)
    #expect(month.replicas == 200)
    #expect(month.reasons.outages == 800)
  }

  @Test("one routed pool needs fewer replicas than a pool in each region, spread evenly, after goodput")
  func routed() throws {
    let regions = [DemandRegion(id: "big", utcOffset: 0), DemandRegion(id: "small", utcOffset: 0)]
    let own = workload(
      "a", perDay: 86_400 * 100, output: 0,
      regions: [RegionShare(region: "big", share: 0.75), RegionShare(region: "small", share: 0.25)])
    let demand = try DemandModel(workloads: [own], regions: regions, months: 1)
    var hardware = racks(prefill: 1000)
    hardware.goodput = 0.5
    func replicas(_ change: (inout NeedPolicy) -> Void) throws -> [Double] {
      var policy = NeedPolicy()
      policy.utilisation = 1
      policy.isRouted = true
      change(&policy)
      return try NeedModel(demand, policy).need(hardware).months[0].pools.map(\.replicas)
    }
    #expect(try replicas { _ in } == [100, 100])
    #expect(try replicas { $0.isRouted = false } == [150, 50])
    #expect(
      try replicas {
        $0.lostRegions = 1; $0.emergencyUtilisation = 0.8
      } == [250, 250])
    let together = try replicas { $0.waiting = 0.05 }
    let apart = try replicas {
      $0.waiting = 0.05; $0.isRouted = false
    }
    #expect(together[0] + together[1] < apart[0] + apart[1])
  }

  @Test("replicas of 16 leave 8 of 72 accelerators of a domain, larger ones take whole domains")
  func stranded() throws {
    let sixteen = try month(busy: 8, hardware: racks(prefill: 1000, replica: 16))
    #expect(sixteen.domains == 2)
    #expect(sixteen.reasons.stranded == 16)
    #expect(sixteen.reasons.rounding == 0)
    let large = try month(busy: 2, hardware: racks(prefill: 1000, replica: 100))
    #expect(large.domains == 4)
    #expect(large.reasons.stranded == 88)
    #expect(large.accelerators == 288)
  }

  @Test("prefill and decode apart: each stage its own replicas, rounded on its own")
  func disaggregated() throws {
    let demand = try DemandModel(
      workloads: [workload("a", perDay: 8_640_000, input: 1000, output: 200)], months: 1)
    var hardware = racks()
    hardware.failuresPerNodeDay = 0
    hardware.rates = [
      ClassRate(
        workload: "a",
        rate: .disaggregated(
          prefill: 20_000, prefillAccelerators: 4, decode: 1000, decodeAccelerators: 36))
    ]
    var policy = NeedPolicy()
    policy.utilisation = 0.5
    let month = try NeedModel(demand, policy).need(hardware).months[0]
    #expect(month.pools.map(\.stage) == ["decode", "prefill"])
    #expect(month.pools.map(\.replicas) == [40, 10])
    #expect(month.pools.map(\.domains) == [20, 1])
  }

  @Test("better software serves the installed base too, up to its cap")
  func software() throws {
    let demand = try DemandModel(workloads: [workload("a", output: 0)], months: 37)
    var policy = NeedPolicy()
    policy.utilisation = 1
    policy.softwareGrowthPerYear = 1
    policy.softwareGrowthCap = 4
    let months = try NeedModel(demand, policy).need(racks(prefill: 1000)).months
    #expect([0, 12, 24, 36].map { months[$0].replicas } == [1000, 500, 250, 250])
  }

  @Test("lost regions ask for the larger of a normal day and an emergency, not for both")
  func failover() throws {
    func replicas(_ regions: Int, lost: Int, emergency: Double, share: Double = 1) throws -> Double {
      let all = (0..<regions).map { DemandRegion(id: "r\($0)", utcOffset: 0) }
      let own = workload(
        "a", perDay: 86_400 * 1200, output: 0,
        regions: all.map { RegionShare(region: $0.id, share: 1 / Double(regions)) })
      var policy = NeedPolicy()
      policy.utilisation = 0.5
      policy.emergencyUtilisation = emergency
      policy.lostRegions = lost
      policy.failoverShare = share
      let demand = try DemandModel(workloads: [own], regions: all, months: 1)
      return try NeedModel(demand, policy).need(racks(prefill: 1000)).months[0].replicas
    }
    #expect(try replicas(4, lost: 0, emergency: 0.5) == 2400)
    #expect(try [2, 3, 4, 6].map { try replicas($0, lost: 1, emergency: 0.5) } == [4800, 3600, 3200, 2880])
    #expect(try replicas(4, lost: 1, emergency: 1) == 2400)
    #expect(try replicas(4, lost: 2, emergency: 0.5, share: 0.5) == 2400)
    #expect(try replicas(4, lost: 3, emergency: 1) == 4800)
  }

  @Test("hardware without a rate of a class says so and needs nothing for it")
  func unserved() throws {
    let demand = try DemandModel(
      workloads: [workload("a"), workload("b", model: "n")], months: 1)
    let need = try NeedModel(demand, NeedPolicy()).need(racks(["a"]))
    #expect(need.unserved == ["b"])
    #expect(need.months[0].pools.map(\.model) == ["m"])
  }

  @Test("a policy or hardware without sense is refused by name")
  func errors() throws {
    let demand = try chainDemand()
    func error(_ change: (inout NeedPolicy, inout NeedHardware) -> Void) -> NeedError? {
      var policy = chainPolicy()
      var hardware = racks()
      change(&policy, &hardware)
      do throws(NeedError) {
        _ = try NeedModel(demand, policy).need(hardware)
        return nil
      } catch {
        return error
      }
    }
    #expect(error { _, _ in } == nil)
    #expect(error { policy, _ in policy.lostRegions = 4 } == .regionsLost(lost: 4, regions: 4))
    #expect(error { policy, _ in policy.lostRegions = -1 } == .regionsLost(lost: -1, regions: 4))
    #expect(error { policy, _ in policy.utilisation = 0 } != nil)
    #expect(error { policy, _ in policy.emergencyUtilisation = .nan } != nil)
    #expect(error { policy, _ in policy.spareConfidence = 1 } != nil)
    #expect(error { _, hardware in hardware.node = 0 } != nil)
    #expect(error { _, hardware in hardware.goodput = 0 } != nil)
    #expect(error { _, hardware in hardware.failuresPerNodeDay = -1 } != nil)
    #expect(error { _, hardware in hardware = racks(prefill: 0) } != nil)
    #expect(error { _, hardware in hardware = racks(prefill: 1e-9) } != nil)
    #expect(
      error { _, hardware in hardware.failuresPerNodeDay = 10 }
        == .noSpares(accelerator: "gb200", region: "n"))
    let two = try DemandModel(workloads: [workload("a"), workload("b")], months: 1)
    var uneven = racks(["a"])
    uneven.rates.append(
      ClassRate(workload: "b", rate: .aggregated(prefill: 1, decode: 1, accelerators: 4)))
    #expect(throws: NeedError.replicaSizes(accelerator: "gb200", model: "m")) {
      try NeedModel(two, NeedPolicy()).need(uneven)
    }
  }
}
