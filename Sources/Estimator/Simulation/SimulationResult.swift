// From the times of single requests to what one says of a service: means, quantiles, rates, shares inside limits.
// A replica that gets more than it can do has no steady wait: it is called saturated and its wait is not printed.

import Quantities

/// A quantity over requests.
public struct Distribution: Sendable, Hashable {
  /// Arithmetic mean.
  public let mean: Double
  /// Half of the requests stay at or below it.
  public let p50: Double
  /// Nine tenths stay at or below it.
  public let p90: Double
  /// All but a hundredth stay at or below it.
  public let p99: Double

  /// Mean and quantiles by rank (no interpolation: each is the value of some request); nil without values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    func quantile(_ share: Double) -> Double {
      sorted[min(sorted.count - 1, max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1))]
    }
    mean = values.reduce(0, +) / Double(values.count)
    (p50, p90, p99) = (quantile(0.5), quantile(0.9), quantile(0.99))
  }
}

/// More arrivals than the replica can serve: the queue grows without bound.
public struct Saturation: Sendable, Hashable {
  /// Arrivals in requests/s.
  public let arrivalRate: Double
  /// Most that the replica ends, in requests/s.
  public let capacity: Double

  /// Both rates in requests/s.
  package init(arrivalRate: Double, capacity: Double) {
    self.arrivalRate = arrivalRate
    self.capacity = capacity
  }
}

/// A finished simulation.
public struct SimulationResult: Sendable {
  /// Every request.
  public let requests: SimulatedRequests
  /// Sums over the whole run.
  public let tally: SimulationTally
  /// Most requests/s that the replica ends; nil = not computed.
  public private(set) var capacity: Double?
  /// Offered requests/s; nil in a closed loop.
  public let arrivalRate: Double?
  /// Clients of a closed loop; nil where arrivals do not wait for answers.
  public let clients: Int?
  /// True for arrivals that go on for ever.
  public let isStationary: Bool
  /// Requests at the start that do not count, so that an empty replica does not flatter an open loop.
  public var warmUp: Int

  init(requests: SimulatedRequests, tally: SimulationTally, list: RequestList) {
    self.requests = requests
    self.tally = tally
    arrivalRate = list.offeredRate ?? list.rate
    clients = list.clients
    isStationary = list.isStationary
    warmUp = list.isStationary ? list.count / 10 : 0
  }

  /// The same result, beside what the replica does at most.
  public func measured(against capacity: Double) -> SimulationResult {
    var other = self
    other.capacity = capacity
    return other
  }

  /// Set where arrivals come at or above the capacity; of a trace only where its last requests wait for it, because
  /// a few requests at once are no rate.
  public var saturation: Saturation? {
    guard let arrivalRate, let capacity, arrivalRate >= capacity, isStationary || endsInQueue else {
      return nil
    }
    return Saturation(arrivalRate: arrivalRate, capacity: capacity)
  }

  /// True where the last tenth of the requests waits for more than a tenth of its own time in the engine.
  private var endsInQueue: Bool {
    let last = requests.count - max(1, requests.count / 10)..<requests.count
    let wait = last.reduce(0) { $0 + requests.wait($1) }
    return wait > 0.1 * last.reduce(0) { $0 + requests.end[$1] - requests.admitted[$1] }
  }

  /// True where waits depend on how long one looks: saturated, and arrivals go on for ever.
  public var hasNoSteadyState: Bool { isStationary && saturation != nil }

  private var counted: Range<Int> { min(warmUp, requests.count - 1)..<requests.count }

  /// Time to first token in seconds; nil without a steady state.
  public var ttft: Distribution? { hasNoSteadyState ? nil : Distribution(counted.map(requests.ttft)) }
  /// Mean time per later token of a request, in seconds; nil where every answer is one token.
  public var tpot: Distribution? { Distribution(counted.compactMap(requests.tpot)) }
  /// From sending to the last token in seconds; nil without a steady state.
  public var latency: Distribution? {
    hasNoSteadyState ? nil : Distribution(counted.map(requests.latency))
  }
  /// Wait in the engine's queue in seconds; nil without a steady state.
  public var wait: Distribution? { hasNoSteadyState ? nil : Distribution(counted.map(requests.wait)) }

  /// Time over which rates are taken: of an open loop from the first counted arrival to the last, so that neither
  /// filling nor draining counts; otherwise everything.
  private var window: ClosedRange<Double> {
    let start = requests.arrival[isStationary ? counted.lowerBound : 0]
    let end = isStationary ? requests.arrival[requests.count - 1] : tally.end
    return start...max(start, end)
  }

  /// Ended requests/s and their output tokens/s.
  public var rates: (requests: Double, outputTokens: Double) {
    let window = window
    let length = window.upperBound - window.lowerBound
    guard length > 0 else { return (0, 0) }
    var ended = 0
    var tokens = 0
    for index in 0..<requests.count where window.contains(requests.end[index]) {
      ended += 1
      tokens += Int(requests.output[index])
    }
    return (Double(ended) / length, Double(tokens) / length)
  }

  /// Share of the time in which the engine works.
  public var utilisation: Double { tally.end > 0 ? tally.busy / tally.end : 0 }
  /// Mean number of decoding sequences in a step that decodes.
  public var meanBatch: Double {
    tally.decodeSeconds > 0 ? tally.sequenceSeconds / tally.decodeSeconds : 0
  }

  /// Share of the counted requests that keep both limits.
  public func attainment(_ limits: ServiceLimits) -> Double {
    let kept = counted.count { index in
      (limits.ttft.map { requests.ttft(index) <= $0.value } ?? true)
        && (limits.tpot.map { (requests.tpot(index) ?? 0) <= $0.value } ?? true)
    }
    return Double(kept) / Double(counted.count)
  }

  /// True where each limit is kept by its share of the requests; a limit on TTFT never without a steady state.
  public func keeps(_ limits: ServiceLimits) -> Bool {
    func isKept(_ limit: Seconds?, _ value: (Int) -> Double?) -> Bool {
      guard let limit else { return true }
      let values = counted.compactMap(value)
      let kept = values.count { $0 <= limit.value }
      return Double(kept) >= limits.share * Double(values.count)
    }
    guard limits.ttft == nil || !hasNoSteadyState else { return false }
    return isKept(limits.ttft, requests.ttft) && isKept(limits.tpot, requests.tpot)
  }
}
