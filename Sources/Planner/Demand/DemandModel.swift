// How much is asked, where and when: requests a day become a mean, a peak and a need by class, month and region.
//
// A region peaks in its own evening. With freedom to route, the peak is the largest hour of the sum over regions;
// without it, the sum of each region's largest hour. Both are carried, since the difference is a decision. Work that may wait
// leaves the peak, but what arrives on a day is done on that day.

import Quantities

/// Mean, peak and need of some demand, in one unit (requests/s, tokens/s, or replicas kept busy).
public struct DemandLevel: Sendable, Hashable {
  /// Mean over the week.
  public let average: Double
  /// Busiest minute of the week.
  public let peak: Double
  /// What capacity must do once work that may wait has left the peak; between `average` and `peak`.
  public let need: Double

  /// A level from its parts.
  public init(average: Double, peak: Double, need: Double) {
    self.average = average
    self.peak = peak
    self.need = need
  }

  /// Nothing.
  static let zero = DemandLevel(average: 0, peak: 0, need: 0)

  static func + (a: DemandLevel, b: DemandLevel) -> DemandLevel {
    DemandLevel(average: a.average + b.average, peak: a.peak + b.peak, need: a.need + b.need)
  }

  static func * (a: DemandLevel, factor: Double) -> DemandLevel {
    DemandLevel(average: a.average * factor, peak: a.peak * factor, need: a.need * factor)
  }
}

/// Demand of one class in one month.
public struct ClassDemand: Sendable, Hashable {
  /// Key of the class.
  public let workload: String
  /// 0 for the first month.
  public let month: Int
  /// Requests/s by region, in the order of `DemandModel.regions`.
  public let regions: [DemandLevel]
  /// Requests/s of all regions where each serves its own: the sum of their peaks.
  public let apart: DemandLevel
  /// Requests/s of all regions where any may serve any: the peak of their sum.
  public let routed: DemandLevel
  /// Prompt tokens of one request that must be computed.
  public let freshInputTokens: Double
  /// Generated tokens of one request.
  public let outputTokens: Double

  /// Prompt tokens/s that must be computed, λ · I · (1 - cached), of a level in requests/s.
  public func inputTokensPerSecond(_ requests: DemandLevel) -> DemandLevel { requests * freshInputTokens }
  /// Generated tokens/s, λ · O, of a level in requests/s.
  public func outputTokensPerSecond(_ requests: DemandLevel) -> DemandLevel { requests * outputTokens }
}

/// Demand of several classes over months and regions.
public struct DemandModel: Sendable {
  /// The classes.
  public let workloads: [WorkloadClass]
  /// The regions; one without a name where none were given.
  public let regions: [DemandRegion]
  /// Months from the start.
  public let months: Int
  /// Hours of the local week by class, mean 1.
  private let profiles: [[Double]]
  /// Share of class w in region g: [w][g].
  private let shares: [[Double]]

  /// A demand from the scenario's tables.
  ///
  /// - Throws: the first class that names an unknown region or profile, whose shares do not sum to 1, or that has a
  ///   number without sense.
  public init(
    workloads: [WorkloadClass], regions: [DemandRegion] = [], profiles: [WeeklyProfile] = [], months: Int
  ) throws(DemandError) {
    guard months > 0 else { throw DemandError.months(months) }
    self.workloads = workloads
    self.regions = regions.isEmpty ? [DemandRegion(id: "", utcOffset: 0)] : regions
    self.months = months
    var hours: [[Double]] = []
    var parts: [[Double]] = []
    for workload in workloads {
      try workload.check()
      hours.append(try workload.hours(of: profiles))
      parts.append(try workload.shares(of: self.regions))
    }
    self.profiles = hours
    shares = parts
  }

  /// Mean requests/s of a class in a month: Q0 · growth / seconds of a day.
  public func averageRequests(workload: Int, month: Int) -> Double {
    let own = workloads[workload]
    return own.requestsPerDay * own.growthFactor(month: month) / Unit.day.toBase(1)
  }

  /// Demand of every class and month, class by class.
  ///
  /// - Complexity: O(classes · months · regions · hours of a week).
  public func table() -> [ClassDemand] {
    workloads.indices.flatMap { workload in (0..<months).map { demand(workload: workload, month: $0) } }
  }

  /// Demand of one class in one month.
  public func demand(workload: Int, month: Int) -> ClassDemand {
    let only = workloads.indices.map { $0 == workload ? 1.0 : 0 }
    let each = regions.indices.map { level(weights: only, month: month, region: $0) }
    let own = workloads[workload]
    return ClassDemand(
      workload: own.id, month: month, regions: each, apart: each.reduce(.zero, +),
      routed: routedLevel(weights: only, month: month), freshInputTokens: own.request.freshInputTokens,
      outputTokens: own.outputTokens)
  }

  /// Demand of one region, each request of class w counted `weights[w]` times: 1 gives requests/s, tokens of a
  /// request tokens/s, seconds of a replica the replicas that are busy. Classes that share a pool meet hour by hour.
  public func level(weights: [Double], month: Int, region: Int) -> DemandLevel {
    week(weights: weights, month: month, regions: region...region, aligned: false).level
  }

  /// The same for all regions together, where any region may serve any other.
  ///
  /// Never above the sum over regions: whoever may route may also leave it.
  public func routedLevel(weights: [Double], month: Int) -> DemandLevel {
    guard regions.count > 1 else { return level(weights: weights, month: month, region: 0) }
    let together = week(weights: weights, month: month, regions: 0...(regions.count - 1), aligned: true).level
    let apart = regions.indices.map { level(weights: weights, month: month, region: $0) }.reduce(.zero, +)
    return DemandLevel(
      average: apart.average, peak: min(together.peak, apart.peak), need: min(together.need, apart.need))
  }

  /// Hours of a week of some regions: in local time, or aligned to UTC.
  private func week(weights: [Double], month: Int, regions range: ClosedRange<Int>, aligned: Bool)
    -> DemandWeek
  {
    var week = DemandWeek()
    for workload in workloads.indices where weights[workload] > 0 {
      let own = workloads[workload]
      let requests = averageRequests(workload: workload, month: month) * weights[workload]
      for region in range where shares[workload][region] > 0 {
        week.add(
          requests * shares[workload][region], profile: profiles[workload],
          offset: aligned ? regions[region].utcOffset : 0, burst: own.burst, deferrable: own.deferrableShare)
      }
    }
    return week
  }
}

/// One week of demand, hour by hour.
private struct DemandWeek {
  static let hours = 168
  static let hoursOfDay = 24
  private var average = 0.0
  /// Busiest minute of each hour, of everything and of what cannot wait.
  private var all = Array(repeating: 0.0, count: DemandWeek.hours)
  private var urgent = Array(repeating: 0.0, count: DemandWeek.hours)
  /// Mean of each hour; a burst is over before the hour is.
  private var mean = Array(repeating: 0.0, count: DemandWeek.hours)

  mutating func add(_ rate: Double, profile: [Double], offset: Int, burst: Double, deferrable: Double) {
    average += rate
    let shift = (offset % DemandWeek.hours + DemandWeek.hours) % DemandWeek.hours
    for hour in 0..<DemandWeek.hours {
      let own = rate * profile[(hour + shift) % DemandWeek.hours]
      mean[hour] += own
      all[hour] += own * burst
      urgent[hour] += own * burst * (1 - deferrable)
    }
  }

  /// What waits fits into the valleys of a day exactly if capacity, all day long, does the work of that day: above
  /// the urgent peak nothing else binds, since whatever capacity is left in an hour can take work that waits.
  var level: DemandLevel {
    let fullest = stride(from: 0, to: DemandWeek.hours, by: DemandWeek.hoursOfDay).map { start in
      mean[start..<(start + DemandWeek.hoursOfDay)].reduce(0, +) / Double(DemandWeek.hoursOfDay)
    }
    let peak = all.max() ?? 0
    return DemandLevel(
      average: average, peak: peak, need: min(peak, max(urgent.max() ?? 0, fullest.max() ?? 0)))
  }
}
