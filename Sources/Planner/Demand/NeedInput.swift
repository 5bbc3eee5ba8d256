// What turns demand into hardware: what a replica does, what the hardware is made of, and how careful the plan is.

/// What one replica does of one class, inside the service limits, after every derating.
public enum ReplicaRate: Sendable, Hashable {
  /// Prefill and decode on the same accelerators; tokens/s of a replica that does nothing else.
  case aggregated(prefill: Double, decode: Double, accelerators: Int)
  /// Prefill and decode on replicas of their own, sized apart.
  case disaggregated(
    prefill: Double, prefillAccelerators: Int, decode: Double, decodeAccelerators: Int)

  /// What each stage asks of a replica for one request, in seconds, and the accelerators of such a replica.
  func stages(_ request: RequestShape) -> [(name: String, seconds: Double, accelerators: Int)] {
    switch self {
    case .aggregated(let prefill, let decode, let accelerators):
      let seconds = Formulas.secondsPerRequest(request: request, prefill: prefill, decode: decode)
      return [("serve", seconds, accelerators)]
    case .disaggregated(let prefill, let prefillAccelerators, let decode, let decodeAccelerators):
      return [
        ("prefill", request.freshInputTokens / prefill, prefillAccelerators),
        ("decode", request.outputTokens / decode, decodeAccelerators),
      ]
    }
  }

  /// Every number as the checks name it.
  var parts: [(field: String, value: Double)] {
    switch self {
    case .aggregated(let prefill, let decode, let accelerators):
      [("prefill", prefill), ("decode", decode), ("accelerators", Double(accelerators))]
    case .disaggregated(let prefill, let prefillAccelerators, let decode, let decodeAccelerators):
      [
        ("prefill", prefill), ("accelerators of prefill", Double(prefillAccelerators)), ("decode", decode),
        ("accelerators of decode", Double(decodeAccelerators)),
      ]
    }
  }
}

/// The rate of one class on one hardware.
public struct ClassRate: Sendable, Hashable {
  /// Key of the class.
  public let workload: String
  /// What a replica does of it.
  public let rate: ReplicaRate
  /// A rate from its parts.
  public init(workload: String, rate: ReplicaRate) {
    self.workload = workload
    self.rate = rate
  }
}

/// Hardware that a need is expressed in.
public struct NeedHardware: Sendable, Hashable {
  /// Catalogue key of the accelerator.
  public var accelerator = ""
  /// Accelerators of a scale-up domain: the unit that is bought.
  public var domain = 1
  /// Accelerators of a node: the unit that fails.
  public var node = 1
  /// Racks of a domain.
  public var racksPerDomain = 1.0
  /// Kilowatts of one accelerator, all in, on the basis named by `powerBasis`; no PUE comes on top.
  public var kilowattsEach = 0.0
  /// What `kilowattsEach` counts, e.g. `utility_allin` or `it`.
  public var powerBasis = ""
  /// Hard failures of one node per day; 0 asks for no spares.
  public var failuresPerNodeDay = 0.0
  /// Days of a repair.
  public var repairDays = 0.0
  /// Share of the time that a replica is up and its work is not lost.
  public var goodput = 1.0
  /// What a replica does, by class.
  public var rates: [ClassRate] = []
  /// Hardware to fill in.
  public init() {}

  /// The rate of a class; nil where the hardware cannot serve it.
  func rate(of workload: String) -> ReplicaRate? { rates.first { $0.workload == workload }?.rate }
}

/// How careful a plan is.
public struct NeedPolicy: Sendable, Hashable {
  /// Highest utilisation at the peak on a normal day.
  public var utilisation = 0.85
  /// Share of requests that may wait for a replica; nil leaves `utilisation` alone to decide.
  public var waiting: Double?
  /// Highest utilisation with regions lost.
  public var emergencyUtilisation = 0.95
  /// Regions that may be lost at once.
  public var lostRegions = 0
  /// Share of the need that is served with them gone.
  public var failoverShare = 1.0
  /// Whether any region may serve any other on a normal day; with regions lost, it always may.
  public var isRouted = false
  /// Share of the time that the spares of a region suffice; nil for no spares.
  public var spareConfidence: Double?
  /// Growth of what a replica does by better software, a year.
  public var softwareGrowthPerYear = 0.0
  /// What this growth never exceeds, as a factor.
  public var softwareGrowthCap = 1.0
  /// The least careful plan.
  public init() {}

  /// Speed of software in a month over that of the first: min(cap, (1 + γ)^(t/12)).
  func software(month: Int) -> Double {
    guard softwareGrowthPerYear != 0, month > 0 else { return 1 }
    return min(
      max(1, softwareGrowthCap), power(1 + softwareGrowthPerYear, Double(month) / Double(monthsPerYear)))
  }
}

/// Why a need cannot be computed.
public enum NeedError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A number outside its range.
  case outOfRange(field: String, value: Double, allowed: String)
  /// More regions lost than a plan can lose and still stand.
  case regionsLost(lost: Int, regions: Int)
  /// Failures so frequent, or repairs so long, that no number of spares keeps a region whole.
  case noSpares(accelerator: String, region: String)
  /// Classes of one model on replicas of different sizes: one pool cannot have both.
  case replicaSizes(accelerator: String, model: String)

  /// The fact and what to do.
  public var description: String {
    switch self {
    case .outOfRange(let field, let value, let allowed): "\(field) is \(value); give a number \(allowed)"
    case .regionsLost(let lost, let regions):
      "\(lost) of \(regions) regions lost leaves none; lose at most \(max(0, regions - 1))"
    case .noSpares(let accelerator, let region):
      "no number of spares keeps \(accelerator) in region “\(region)” whole; check its failure rate and repair days"
    case .replicaSizes(let accelerator, let model):
      "classes of \(model) have replicas of different sizes on \(accelerator); give them one size, or two model keys"
    }
  }
}

extension NeedPolicy {
  func check(regions: Int) throws(NeedError) {
    try inRange("utilisation", utilisation, 0x1p-20...1, "above 0, at most 1")
    try inRange("emergencyUtilisation", emergencyUtilisation, 0x1p-20...1, "above 0, at most 1")
    if let waiting { try inRange("waiting", waiting, 1e-9...1, "above 0, at most 1") }
    if let spareConfidence { try inRange("spareConfidence", spareConfidence, 0...0.999_999_999, "below 1") }
    try inRange("failoverShare", failoverShare, 0...1, "from 0 to 1")
    try inRange("softwareGrowthPerYear", softwareGrowthPerYear, -0.99...1e3, "above -1")
    try inRange("softwareGrowthCap", softwareGrowthCap, 0...1e6, "not below 0")
    guard (0..<regions).contains(lostRegions) else {
      throw NeedError.regionsLost(lost: lostRegions, regions: regions)
    }
  }
}

extension NeedHardware {
  func check() throws(NeedError) {
    for (field, value) in [("domain", domain), ("node", node)] {
      try inRange("\(field) of \(accelerator)", Double(value), 1...65_536, "from 1 to 65,536")
    }
    for (field, value) in [
      ("racksPerDomain", racksPerDomain), ("kilowattsEach", kilowattsEach),
      ("failuresPerNodeDay", failuresPerNodeDay), ("repairDays", repairDays),
    ] {
      try inRange("\(field) of \(accelerator)", value, 0...1e9, "not below 0")
    }
    try inRange("goodput of \(accelerator)", goodput, 0x1p-20...1, "above 0, at most 1")
    for rate in rates {
      for part in rate.rate.parts {
        try inRange(
          "\(part.field) of \(rate.workload) on \(accelerator)", part.value, 0x1p-30...1e15, "above 0")
      }
    }
  }
}

/// Throws where a number is outside its range; not a number is outside every range.
func inRange(_ field: String, _ value: Double, _ range: ClosedRange<Double>, _ allowed: String)
  throws(NeedError)
{
  guard range.contains(value) else { throw .outOfRange(field: field, value: value, allowed: allowed) }
}
