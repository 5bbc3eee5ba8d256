// What a demand cannot be, and how the columns of a class become numbers of a month and a region.

/// Why a demand makes no sense.
public enum DemandError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A number of a class outside its range. `place` is the file and line, empty where unknown.
  case outOfRange(workload: String, field: String, value: Double, allowed: String, place: String)
  /// A class names a profile that does not exist.
  case unknownProfile(workload: String, profile: String, place: String)
  /// A class names a region that does not exist.
  case unknownRegion(workload: String, region: String, place: String)
  /// Shares of the regions that are not a whole.
  case shares(workload: String, sum: Double, place: String)
  /// No months.
  case months(Int)

  /// The fact and what to do.
  public var description: String {
    switch self {
    case .outOfRange(let workload, let field, let value, let allowed, let place):
      "\(prefix(place))\(field) of class “\(workload)” is \(value); give a number \(allowed)"
    case .unknownProfile(let workload, let profile, let place):
      "\(prefix(place))class “\(workload)” names the profile “\(profile)”; add it to profiles.csv or leave it empty"
    case .unknownRegion(let workload, let region, let place):
      "\(prefix(place))class “\(workload)” names the region “\(region)”; add it to regions.csv"
    case .shares(let workload, let sum, let place):
      "\(prefix(place))shares of class “\(workload)” sum to \(sum); make them 1 over the regions"
    case .months(let months): "a demand over \(months) months; give at least one"
    }
  }

  private func prefix(_ place: String) -> String { place.isEmpty ? "" : "\(place): " }
}

extension WorkloadClass {
  /// Growth since the first month, Π (1 + g of the year)^(1/12), exactly 1 in the first.
  public func growthFactor(month: Int) -> Double {
    guard month > 0, let last = growthPerYear.last else { return 1 }
    let year = month / monthsPerYear
    let whole = (0..<year).reduce(1.0) { $0 * (1 + ($1 < growthPerYear.count ? growthPerYear[$1] : last)) }
    let now = year < growthPerYear.count ? growthPerYear[year] : last
    let part = month % monthsPerYear
    return part == 0 ? whole : whole * power(1 + now, Double(part) / Double(monthsPerYear))
  }

  /// Throws the first number that makes no sense.
  func check() throws(DemandError) {
    func inside(_ field: String, _ value: Double, _ range: ClosedRange<Double>, _ allowed: String)
      throws(DemandError)
    {
      guard range.contains(value) else {
        throw .outOfRange(workload: id, field: field, value: value, allowed: allowed, place: place)
      }
    }
    try inside("requests_per_day", requestsPerDay, 0...1e18, "not below 0")
    try inside("input_tokens", inputTokens, 0...1e12, "not below 0")
    try inside("output_tokens", outputTokens, 0...1e12, "not below 0")
    try inside("cached_share", cachedShare, 0...1, "from 0 to 1")
    try inside("burst", burst, 1...1e3, "not below 1")
    try inside("deferrable_share", deferrableShare, 0...1, "from 0 to 1")
    for growth in growthPerYear { try inside("growth_per_year", growth, -1...1e3, "not below -1") }
    for part in regions { try inside("share of \(part.region)", part.share, 0...1, "from 0 to 1") }
  }

  /// The 168 hours of its profile, all 1 where it names none.
  func hours(of profiles: [WeeklyProfile]) throws(DemandError) -> [Double] {
    guard !profile.isEmpty else { return Array(repeating: 1, count: 168) }
    guard let found = profiles.first(where: { $0.id == profile }) else {
      throw .unknownProfile(workload: id, profile: profile, place: place)
    }
    return found.hours
  }

  /// Its share in each region; everything in the only one where it names none.
  func shares(of all: [DemandRegion]) throws(DemandError) -> [Double] {
    guard !regions.isEmpty || all.count > 1 else { return [1] }
    for part in regions where !all.contains(where: { $0.id == part.region }) {
      throw .unknownRegion(workload: id, region: part.region, place: place)
    }
    let shares = all.map { region in
      regions.filter { $0.region == region.id }.reduce(0) { $0 + $1.share }
    }
    let sum = shares.reduce(0, +)
    guard abs(sum - 1) < 1e-6 else { throw .shares(workload: id, sum: sum, place: place) }
    return shares
  }
}
