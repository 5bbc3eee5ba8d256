// Who asks for what and when: arrivals and lengths, drawn from a seed or read from a trace.

public import Quantities

/// How the lengths of requests spread around what was asked for.
public enum LengthSpread: Sendable, Hashable {
  /// Every request has exactly these lengths.
  case fixed
  /// Uniform from a share of the nominal length up to the whole: benchmarks draw from 0.8, with a mean of 0.9.
  case uniform(from: Double)
  /// Lognormal with the given mean and this coefficient of variation.
  case lognormal(cv: Double)
}

/// When requests come.
public enum ArrivalProcess: Sendable, Hashable {
  /// As many clients as given, each with one request in flight, all starting together.
  case closedLoop(clients: Int)
  /// Independent arrivals at a rate in requests/s.
  case poisson(rate: Double)
  /// Gamma-distributed gaps at a rate in requests/s; cv above 1 comes in bursts, 0 in even steps.
  case gamma(rate: Double, cv: Double)
  /// All at once: what a replica does at most.
  case atOnce
}

/// Requests in order of arrival; arrival in seconds, lengths in tokens.
public struct RequestList: Sendable {
  /// When each request is sent; in a closed loop 0, and the simulation sets it.
  public internal(set) var arrival: [Double]
  /// Prompt lengths, at least 1.
  public let input: [Int32]
  /// Answer lengths, at least 1.
  public let output: [Int32]
  /// Clients of a closed loop; nil = arrivals do not wait for answers.
  public let clients: Int?
  /// Requests/s of the process that they were drawn from; nil where there is none.
  public private(set) var offeredRate: Double?

  /// Number of requests.
  public var count: Int { input.count }
  /// True for arrivals that would go on for ever at the same rate, so that a steady state may exist.
  public var isStationary: Bool { offeredRate != nil }
  /// Mean prompt length in tokens.
  public var meanInput: Double { mean(input) }
  /// Mean answer length in tokens.
  public var meanOutput: Double { mean(output) }
  /// Mean arrival rate in requests/s; nil in a closed loop or where all come at once.
  public var rate: Double? {
    guard clients == nil, let first = arrival.first, let last = arrival.last, last > first else { return nil }
    return Double(count - 1) / (last - first)
  }

  private func mean(_ lengths: [Int32]) -> Double {
    lengths.reduce(0) { $0 + Double($1) } / Double(max(1, lengths.count))
  }

  init(arrival: [Double], input: [Int32], output: [Int32], clients: Int?) {
    self.arrival = arrival
    self.input = input
    self.output = output
    self.clients = clients
  }

  /// Draws requests; the same seed gives the same requests on every machine, and the same lengths and the same
  /// sequence of gaps at every rate.
  ///
  /// - Returns: a gap where a count, rate, length or spread is outside what can be simulated.
  public static func drawn(
    _ count: Int, inputTokens: Double, outputTokens: Double, spread: LengthSpread, arrivals: ArrivalProcess,
    seed: UInt64
  ) -> Known<RequestList> {
    func refuse(_ missing: String) -> Known<RequestList> {
      .failure(Gap("simulated requests", missing: missing, remedy: "change that input"))
    }
    guard (1...10_000_000).contains(count) else {
      return refuse("a count from 1 to 10,000,000, not \(count)")
    }
    for (name, tokens) in [("a prompt", inputTokens), ("an answer", outputTokens)] {
      guard tokens >= 1, tokens <= 1e7 else {
        return refuse("\(name) of 1 to 10,000,000 tokens, not \(tokens)")
      }
    }
    switch spread {
    case .uniform(let share) where !(share > 0 && share <= 1):
      return refuse("a share above 0 and up to 1, not \(share)")
    case .lognormal(let cv) where !(cv >= 0 && cv <= 10): return refuse("a spread from 0 to 10, not \(cv)")
    default: break
    }
    switch arrivals {
    case .closedLoop(let clients) where clients < 1: return refuse("at least 1 client, not \(clients)")
    case .poisson(let rate) where !(rate > 0 && rate <= 1e9),
      .gamma(let rate, _) where !(rate > 0 && rate <= 1e9):
      return refuse("an arrival rate above 0 and up to 1e9 a second, not \(rate)")
    case .gamma(_, let cv) where !(cv >= 0 && cv <= 100):
      return refuse("a burstiness from 0 to 100, not \(cv)")
    default: break
    }

    var lengths = SeededRandom(seed: seed, stream: 1)
    var gaps = SeededRandom(seed: seed, stream: 2)
    func length(_ nominal: Double) -> Int32 {
      let factor: Double =
        switch spread {
        case .fixed: 1
        case .uniform(let share): share + (1 - share) * lengths.unit()
        case .lognormal(let cv): lengths.lognormal(cv: cv)
        }
      return Int32(min(max(1, (nominal * factor).rounded()), 1e8))
    }
    var input: [Int32] = []
    var output: [Int32] = []
    var arrival: [Double] = []
    input.reserveCapacity(count)
    output.reserveCapacity(count)
    arrival.reserveCapacity(count)
    var time = 0.0
    var clients: Int?
    for _ in 0..<count {
      input.append(length(inputTokens))
      output.append(length(outputTokens))
      switch arrivals {
      case .closedLoop(let number): clients = number
      case .atOnce: break
      case .poisson(let rate): time += gaps.exponential() / rate
      case .gamma(let rate, let cv): time += gaps.gamma(cv: cv) / rate
      }
      arrival.append(time)
    }
    var list = RequestList(arrival: arrival, input: input, output: output, clients: clients)
    switch arrivals {
    case .poisson(let rate), .gamma(let rate, _): list.offeredRate = rate
    case .closedLoop, .atOnce: break
    }
    return .success(list)
  }
}
