// What has to be served: classes of requests, where and when they come, and how they grow. Plain values; a scenario's
// demand.csv, regions.csv and profiles.csv fill them.

/// Demand of one hour of the week over its mean, hour 0 = Monday 00:00 local time.
public struct WeeklyProfile: Sendable, Hashable {
  /// Key, e.g. `office`.
  public let id: String
  /// 168 ratios with mean 1.
  public let hours: [Double]
  /// A profile from any positive weights, scaled to mean 1; nil unless there are 168 (or 24, then every day is
  /// alike), none negative, and not all are 0.
  public init?(id: String, weights: [Double]) {
    guard weights.count == 168 || weights.count == 24, weights.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
      return nil
    }
    let week = weights.count == 168 ? weights : (0..<7).flatMap { _ in weights }
    let mean = week.reduce(0, +) / Double(week.count)
    guard mean > 0 else { return nil }
    self.id = id
    hours = week.map { $0 / mean }
  }
}

/// A place where users are, with its clock. Sites of a region serve it first; a region is also what fails together.
public struct DemandRegion: Sendable, Hashable {
  /// Key, e.g. `us-east`.
  public let id: String
  /// Hours that its clock is ahead of UTC.
  public let utcOffset: Int
  /// A region from its parts.
  public init(id: String, utcOffset: Int) {
    self.id = id
    self.utcOffset = utcOffset
  }
}

/// What a region asks of a class.
public struct RegionShare: Sendable, Hashable {
  /// Key of the region.
  public let region: String
  /// Share of the class's requests.
  public let share: Double
  /// A share from its parts.
  public init(region: String, share: Double) {
    self.region = region
    self.share = share
  }
}

/// Requests of one kind: a model, lengths, service limits, and how many there are.
public struct WorkloadClass: Sendable, Hashable {
  /// Key, e.g. `chat`.
  public var id = ""
  /// Catalogue key of the model.
  public var model = ""
  /// Requests a day in the first month, all regions.
  public var requestsPerDay = 0.0
  /// Prompt tokens a request, cached ones included.
  public var inputTokens = 0.0
  /// Generated tokens a request.
  public var outputTokens = 0.0
  /// Share of the prompt found in a prefix cache.
  public var cachedShare = 0.0
  /// Effective growth a year: 1 doubles within twelve months; one entry a year, the last holds on.
  public var growthPerYear: [Double] = [0]
  /// Key of the weekly profile; empty = flat.
  public var profile = ""
  /// Busiest minute over the mean of its hour.
  public var burst = 1.0
  /// Share that may wait some hours: it leaves the peak and must fit the valleys of the same day.
  public var deferrableShare = 0.0
  /// Share of the demand by region; sums to 1.
  public var regions: [RegionShare] = []
  /// Longest time to the first token, s.
  public var ttftLimit = 0.0
  /// Longest time between tokens, s.
  public var tpotLimit = 0.0
  /// What an unserved million tokens costs, USD: lost revenue and goodwill.
  public var shortageUSDPerMtok = 0.0
  /// Where the figures come from.
  public var source = ""
  /// Date of the source.
  public var asOf = ""
  /// File and line of the row.
  public var place = ""

  /// An empty class to fill in.
  public init() {}

  /// The mean request.
  public var request: RequestShape {
    RequestShape(inputTokens: inputTokens, outputTokens: outputTokens, cachedShare: cachedShare)
  }
}
