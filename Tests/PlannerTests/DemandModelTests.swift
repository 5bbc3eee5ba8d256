// Demand by class, month and region: what a week's shape, time zones, growth and patience do to the peak.

import Planner
import Testing

/// A class with everything flat but what is given.
func workload(
  _ id: String, perDay: Double = 86_400_000, model: String = "m", input: Double = 1000, output: Double = 100,
  cached: Double = 0, growth: [Double] = [0], profile: String = "", burst: Double = 1, deferrable: Double = 0,
  regions: [RegionShare] = []
) -> WorkloadClass {
  var own = WorkloadClass()
  own.id = id
  own.model = model
  own.requestsPerDay = perDay
  own.inputTokens = input
  own.outputTokens = output
  own.cachedShare = cached
  own.growthPerYear = growth
  own.profile = profile
  own.burst = burst
  own.deferrableShare = deferrable
  own.regions = regions
  return own
}

@Suite struct DemandModelTests {
  /// Everything between 8 and 20 o'clock: twice the mean by day, nothing by night.
  private var days: WeeklyProfile {
    get throws {
      try #require(WeeklyProfile(id: "days", weights: (0..<24).map { (8..<20).contains($0) ? 1 : 0 }))
    }
  }
  private let two = [DemandRegion(id: "east", utcOffset: 12), DemandRegion(id: "west", utcOffset: 0)]
  private let halves = [RegionShare(region: "east", share: 0.5), RegionShare(region: "west", share: 0.5)]

  @Test("requests a day over the seconds of a day, times the busiest hour, times the busiest minute of it")
  func levels() throws {
    let model = try DemandModel(
      workloads: [workload("a", cached: 0.75, profile: "days", burst: 1.5)], profiles: [days], months: 1)
    let demand = try #require(model.table().first)
    #expect(demand.routed == DemandLevel(average: 1000, peak: 3000, need: 3000))
    #expect(demand.apart == demand.routed)
    #expect(demand.inputTokensPerSecond(demand.routed).peak == 750_000)
    #expect(demand.outputTokensPerSecond(demand.routed).average == 100_000)
  }

  @Test("regions on opposite sides of the globe fill each other's nights, if requests may be routed")
  func timeZones() throws {
    let model = try DemandModel(
      workloads: [workload("a", profile: "days", regions: halves)], regions: two, profiles: [days], months: 1)
    let demand = model.demand(workload: 0, month: 0)
    #expect(demand.regions.map(\.peak) == [1000, 1000])
    #expect(demand.apart.peak == 2000)
    #expect(demand.routed.peak == 1000)
    #expect(demand.routed.average == 1000)
  }

  @Test("a region ahead of UTC has its evening first, whatever the sign of its clock")
  func offsets() throws {
    let hour = try #require(WeeklyProfile(id: "x", weights: (0..<168).map { $0 == 0 ? 1 : 0 }))
    func together(_ a: Int, _ b: Int) throws -> Double {
      let regions = [DemandRegion(id: "east", utcOffset: a), DemandRegion(id: "west", utcOffset: b)]
      let model = try DemandModel(
        workloads: [workload("a", profile: "x", regions: halves)], regions: regions, profiles: [hour],
        months: 1)
      return model.demand(workload: 0, month: 0).routed.peak
    }
    #expect(try together(3, 3) == 168_000)
    #expect(try together(3, -3) == 84_000)
    #expect(try together(9, 9 - 168) == 168_000)
    // The busy hour of a clock three hours ahead is hour 165 of the week before: a class of UTC busy then meets it.
    let late = try #require(WeeklyProfile(id: "late", weights: (0..<168).map { $0 == 165 ? 1 : 0 }))
    let model = try DemandModel(
      workloads: [
        workload("a", profile: "x", regions: [RegionShare(region: "east", share: 1)]),
        workload("b", profile: "late", regions: [RegionShare(region: "west", share: 1)]),
      ], regions: [DemandRegion(id: "east", utcOffset: 3), DemandRegion(id: "west", utcOffset: 0)],
      profiles: [hour, late], months: 1)
    #expect(model.routedLevel(weights: [1, 1], month: 0).peak == 336_000)
  }

  @Test("growth is compound within each year, and the last year's holds on")
  func growth() throws {
    let own = workload("a", growth: [1, 0.5])
    #expect(own.growthFactor(month: 0) == 1)
    #expect(abs(own.growthFactor(month: 6) - 2.0.squareRoot()) < 1e-12)
    #expect(own.growthFactor(month: 12) == 2)
    #expect(own.growthFactor(month: 24) == 3)
    #expect(own.growthFactor(month: 36) == 4.5)
    let model = try DemandModel(workloads: [own], months: 37)
    #expect(model.averageRequests(workload: 0, month: 36) == 4500)
  }

  @Test("work that may wait leaves the peak as far as the valleys of its day have room, and no further")
  func deferral() throws {
    func need(_ share: Double, burst: Double = 1) throws -> DemandLevel {
      let model = try DemandModel(
        workloads: [workload("a", profile: "days", burst: burst, deferrable: share)], profiles: [days],
        months: 1)
      return model.demand(workload: 0, month: 0).routed
    }
    #expect(try need(0.25) == DemandLevel(average: 1000, peak: 2000, need: 1500))
    #expect(try need(0.5).need == 1000)
    #expect(try need(1).need == 1000)
    #expect(try need(0.25, burst: 2).need == 3000)
    let sunday = try #require(WeeklyProfile(id: "sunday", weights: (0..<168).map { $0 < 144 ? 0 : 1 }))
    // A day is a local one, also where a clock is far from UTC.
    let far = try DemandModel(
      workloads: [workload("a", profile: "sunday", deferrable: 1)],
      regions: [DemandRegion(id: "x", utcOffset: 12)], profiles: [sunday], months: 1)
    #expect(far.demand(workload: 0, month: 0).routed.need == 7000)
    // All of the week's work on one day: it must be done on that day, not over the week.
    let model = try DemandModel(
      workloads: [workload("a", profile: "sunday", deferrable: 1)], profiles: [sunday], months: 1)
    #expect(model.demand(workload: 0, month: 0).routed == DemandLevel(average: 1000, peak: 7000, need: 7000))
  }

  @Test("a class that names what is not there, or has a number without sense, is refused at its place")
  func errors() {
    func error(_ own: WorkloadClass, months: Int = 1) -> DemandError? {
      var placed = own
      placed.place = "demand.csv:3"
      do throws(DemandError) {
        _ = try DemandModel(workloads: [placed], regions: two, months: months)
        return nil
      } catch {
        return error
      }
    }
    let good = workload("a", regions: halves)
    #expect(error(good) == nil)
    #expect(error(good, months: 0) == .months(0))
    let place = "demand.csv:3"
    #expect(
      error(workload("a", profile: "x", regions: halves))
        == .unknownProfile(workload: "a", profile: "x", place: place))
    let north = [RegionShare(region: "north", share: 1)]
    #expect(
      error(workload("a", regions: north)) == .unknownRegion(workload: "a", region: "north", place: place))
    #expect(error(workload("a")) == .shares(workload: "a", sum: 0, place: place))
    let east = [RegionShare(region: "east", share: 0.75)]
    #expect(error(workload("a", regions: east)) == .shares(workload: "a", sum: 0.75, place: place))
    for bad in [
      workload("a", perDay: -1, regions: halves), workload("a", perDay: .nan, regions: halves),
      workload("a", cached: 1.5, regions: halves), workload("a", burst: 0.5, regions: halves),
      workload("a", deferrable: -0.1, regions: halves), workload("a", growth: [-2], regions: halves),
    ] {
      guard let found = error(bad), case .outOfRange = found else {
        Issue.record("accepted \(bad)")
        continue
      }
      #expect(found.description.hasPrefix("demand.csv:3: "))
    }
  }
}
