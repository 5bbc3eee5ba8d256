// What must hold between any two demands, on random ones: 500 of each, from a fixed sequence.

import Planner
import Testing

@Suite struct NeedMetamorphicTests {
  @Test("with any k regions gone, the others carry everything, however unequal they are")
  func anyRegions() throws {
    var draws = Draws(state: 31)
    for _ in 0..<500 {
      let demand = try randomDemand(&draws)
      var policy = randomPolicy(&draws)
      policy.lostRegions = Int.random(in: 0..<demand.regions.count, using: &draws)
      let hardware = racks(demand.workloads.map(\.id))
      for month in try NeedModel(demand, policy).need(hardware).months {
        for model in ["m", "n"] {
          let seconds = demand.workloads.map {
            $0.model == model
              ? Formulas.secondsPerRequest(request: $0.request, prefill: 40_000, decode: 12_000) : 0
          }
          let routed = demand.routedLevel(weights: seconds, month: month.month).need
          let left = month.pools.filter { $0.model == model }.map(\.replicas).sorted()
            .prefix(demand.regions.count - policy.lostRegions)
          let load = policy.failoverShare * routed
          // With no region lost it is the normal day that binds.
          #expect(
            left.reduce(0, +) * (policy.lostRegions > 0 ? policy.emergencyUtilisation : 1)
              >= load * (1 - 1e-9))
        }
        #expect(abs(month.reasons.total - month.accelerators) <= 1e-9 * month.accelerators)
        #expect(month.reasons.rows.allSatisfy { $0.accelerators >= -1e-9 * month.accelerators })
      }
    }
  }

  @Test("more of any class, anywhere, never needs less of anything")
  func moreDemand() throws {
    var draws = Draws(state: 1)
    for _ in 0..<500 {
      let demand = try randomDemand(&draws)
      let policy = randomPolicy(&draws)
      let grown = try DemandModel(
        workloads: demand.workloads.map { own in
          var more = own
          if Bool.random(using: &draws) { more.requestsPerDay *= Double.random(in: 1...1.5, using: &draws) }
          return more
        }, regions: demand.regions, profiles: profiles, months: demand.months)
      let hardware = racks(
        demand.workloads.map(\.id), replica: [4, 8, 16, 100].randomElement(using: &draws) ?? 8)
      let less = try NeedModel(demand, policy).need(hardware)
      let more = try NeedModel(grown, policy).need(hardware)
      for (a, b) in zip(less.months, more.months) {
        #expect(zip(a.pools, b.pools).allSatisfy { $0.replicas <= $1.replicas && $0.domains <= $1.domains })
        #expect(
          zip(a.regions, b.regions).allSatisfy {
            $0.spareDomains <= $1.spareDomains && $0.accelerators <= $1.accelerators
          })
      }
    }
  }

  @Test("a class split into two equal halves of the same pool needs the same")
  func split() throws {
    var draws = Draws(state: 2)
    for _ in 0..<500 {
      let demand = try randomDemand(&draws)
      let policy = randomPolicy(&draws)
      var half = demand.workloads[0]
      half.requestsPerDay /= 2
      var other = half
      other.id = "other half"
      let halves = try DemandModel(
        workloads: [half, other] + demand.workloads.dropFirst(), regions: demand.regions, profiles: profiles,
        months: demand.months)
      let whole = try NeedModel(demand, policy).need(racks(demand.workloads.map(\.id)))
      let parts = try NeedModel(halves, policy).need(racks(halves.workloads.map(\.id)))
      #expect(whole.months.map(\.regions) == parts.months.map(\.regions))
    }
  }

  @Test("freedom to route never raises the peak or the need; the mean is the same")
  func routing() throws {
    var draws = Draws(state: 3)
    for _ in 0..<500 {
      let demand = try randomDemand(&draws)
      for row in demand.table() {
        #expect(row.routed.peak <= row.apart.peak)
        #expect(row.routed.need <= row.apart.need)
        #expect(row.routed.need <= row.routed.peak)
        #expect(row.routed.need >= row.routed.average * (1 - 1e-12))
        #expect(abs(row.routed.average - row.apart.average) <= 1e-12 * row.apart.average)
      }
    }
  }

  @Test("more patience never raises the need")
  func patience() throws {
    var draws = Draws(state: 4)
    for _ in 0..<500 {
      let demand = try randomDemand(&draws)
      let patient = try DemandModel(
        workloads: demand.workloads.map { own in
          var more = own
          more.deferrableShare += (1 - own.deferrableShare) * Double.random(in: 0...1, using: &draws)
          return more
        }, regions: demand.regions, profiles: profiles, months: demand.months)
      for (a, b) in zip(demand.table(), patient.table()) {
        #expect(b.routed.need <= a.routed.need * (1 + 1e-12))
        #expect(b.apart.need <= a.apart.need * (1 + 1e-12))
        #expect(b.apart.peak == a.apart.peak)
      }
    }
  }
}

/// A small generator with a fixed sequence, so that failures repeat.
private struct Draws: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// Office hours, evenings, weekends, and one hour of the week.
private let profiles = [
  WeeklyProfile(id: "office", weights: (0..<168).map { $0 < 120 && (8..<18).contains($0 % 24) ? 5 : 1 }),
  WeeklyProfile(id: "evening", weights: (0..<24).map { Double(1 + $0 * $0 % 37) }),
  WeeklyProfile(id: "weekend", weights: (0..<168).map { $0 < 120 ? 1 : 3 }),
  WeeklyProfile(id: "spike", weights: (0..<168).map { $0 == 77 ? 60 : 1 }),
].compactMap { $0 }

private func randomDemand(_ draws: inout Draws) throws -> DemandModel {
  let regions = (0..<Int.random(in: 1...5, using: &draws)).map {
    DemandRegion(id: "r\($0)", utcOffset: Int.random(in: -11...12, using: &draws))
  }
  let classes = (0..<Int.random(in: 1...3, using: &draws)).map { number in
    let weights = regions.map { _ in Double.random(in: 0.01...1, using: &draws) }
    let sum = weights.reduce(0, +)
    return workload(
      "c\(number)", perDay: Double.random(in: 1e6...5e8, using: &draws),
      model: Bool.random(using: &draws) ? "m" : "n", input: Double.random(in: 100...4000, using: &draws),
      output: Double.random(in: 10...900, using: &draws), cached: Double.random(in: 0...0.9, using: &draws),
      growth: [Double.random(in: -0.3...2, using: &draws)],
      profile: (profiles.map(\.id) + [""]).randomElement(using: &draws) ?? "",
      burst: Double.random(in: 1...2, using: &draws),
      deferrable: Bool.random(using: &draws) ? Double.random(in: 0...1, using: &draws) : 0,
      regions: zip(regions, weights).map { RegionShare(region: $0.id, share: $1 / sum) })
  }
  return try DemandModel(workloads: classes, regions: regions, profiles: profiles, months: 2)
}

private func randomPolicy(_ draws: inout Draws) -> NeedPolicy {
  var policy = NeedPolicy()
  policy.utilisation = Double.random(in: 0.4...1, using: &draws)
  policy.emergencyUtilisation = Double.random(in: 0.4...1, using: &draws)
  policy.waiting = Bool.random(using: &draws) ? Double.random(in: 0.01...0.5, using: &draws) : nil
  policy.isRouted = Bool.random(using: &draws)
  policy.failoverShare = Double.random(in: 0.5...1, using: &draws)
  policy.spareConfidence = 0.999
  return policy
}
