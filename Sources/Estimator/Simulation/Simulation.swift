// The door of the simulator: checks what it is asked to run, runs it, and knows what the replica does at most.

public import Quantities

/// A discrete-event simulation of one replica.
public struct Simulation: Sendable {
  /// Times of its steps.
  public let times: StepTimes
  /// Its scheduler.
  public let scheduler: Scheduler

  /// A replica; the scheduler's limit on running sequences is cut to the batches that have a time.
  public init(_ times: StepTimes, scheduler: Scheduler) {
    var scheduler = scheduler
    scheduler.maxRunning = max(1, min(scheduler.maxRunning, times.batches))
    scheduler.tokenBudget = max(1, scheduler.tokenBudget)
    scheduler.blockTokens = max(1, scheduler.blockTokens)
    self.times = times
    self.scheduler = scheduler
  }

  /// Runs every request to its end.
  ///
  /// - Returns: a gap where a step time is missing or a request does not fit into the KV cache alone.
  /// - Complexity: O(requests·log batch) without preemption; about a microsecond a request.
  public func run(_ list: RequestList) -> Known<SimulationResult> {
    if let gap = gap(list) { return .failure(gap) }
    var batching = ContinuousBatching(times, scheduler: scheduler, requests: list)
    batching.run()
    return .success(SimulationResult(requests: batching.requests, tally: batching.tally, list: list))
  }

  private func gap(_ list: RequestList) -> Gap? {
    let known = times.decode.dropFirst()
    guard known.allSatisfy({ $0 > 0 && $0.isFinite }), times.promptToken >= 0, times.promptToken.isFinite,
      times.perContextToken.allSatisfy({ $0 >= 0 && $0.isFinite }), times.requestDelay >= 0,
      times.alone.y.allSatisfy({ $0 >= 0 && $0.isFinite }),
      times.attentionPerToken.y.allSatisfy({ $0 >= 0 && $0.isFinite })
    else {
      return Gap(
        "simulation", missing: "step times that are finite and above 0",
        remedy: "check the rows of the model, the accelerator and the step times")
    }
    guard (0..<1).contains(scheduler.cachedShare) else {
      return Gap("simulation", missing: "a cached share from 0 to below 1, not \(scheduler.cachedShare)")
    }
    let block = Double(scheduler.blockTokens)
    let own = (times.kvTokensPerSequence / block).rounded(.up)
    let blocks = (times.kvTokens / block).rounded(.down) - own
    var longest: Double = 0
    for index in 0..<list.count {
      longest = max(longest, Double(list.input[index]) + Double(list.output[index]))
    }
    guard (longest / block).rounded(.up) <= blocks else {
      return Gap(
        "simulation",
        missing: "KV cache for one request of \(Int(longest)) tokens: the replica holds "
          + "\(Int(max(0, blocks * block)))",
        remedy: "use shorter requests, more accelerators or a smaller format")
    }
    return nil
  }

  /// Requests/s that the replica ends while its queue is never empty: no arrival rate above it has a steady state.
  ///
  /// The first sequences get a random rest of their answer, so that they do not end together.
  /// - Parameter list: lengths to repeat; arrivals do not matter.
  public func capacity(_ list: RequestList) -> Known<Double> {
    let each = list.meanInput + list.meanOutput / 2 + times.kvTokensPerSequence
    let batch = min(Double(scheduler.maxRunning), times.kvTokens / each)
    let first = Int(batch.rounded(.up))
    let count = min(max(2_000, 12 * first), 400_000)
    var random = SeededRandom(seed: 1, stream: 3)
    var input: [Int32] = []
    var output: [Int32] = []
    for index in 0..<count {
      input.append(list.input[index % list.count])
      let whole = list.output[index % list.count]
      output.append(index < first ? max(1, Int32((Double(whole) * random.unit()).rounded(.up))) : whole)
    }
    let flood = RequestList(
      arrival: Array(repeating: 0, count: count), input: input, output: output, clients: nil)
    return run(flood).map { result in
      let ends = result.requests.end.sorted()
      let (low, high) = (count / 4, 3 * count / 4)
      return Double(high - low) / (ends[high] - ends[low])
    }
  }

  /// The highest rate of a drawn process at which limits are kept, to a hundredth, with its result.
  ///
  /// Every rate sees the same lengths and the same gaps, stretched.
  /// - Parameter draw: requests at a rate in requests/s.
  /// - Returns: a gap where not even a hundredth of the capacity keeps the limits.
  public func highestRate(
    keeping limits: ServiceLimits, _ draw: (Double) -> Known<RequestList>
  ) -> Known<(rate: Double, result: SimulationResult)> {
    draw(1).flatMap { capacity($0) }.flatMap { capacity in
      var low = 0.0
      var high = capacity
      var best: SimulationResult?
      func keeps(_ rate: Double) -> Known<SimulationResult?> {
        draw(rate).flatMap { run($0) }.map { $0.keeps(limits) ? $0.measured(against: capacity) : nil }
      }
      while high - low > capacity / 400, high - low > low / 100 {
        let middle = low == 0 && best == nil && high == capacity ? 0.98 * capacity : (low + high) / 2
        switch keeps(middle) {
        case .failure(let gap): return .failure(gap)
        case .success(let kept?):
          low = middle
          best = kept
        case .success(nil): high = middle
        }
      }
      guard let best else {
        return .failure(
          Gap(
            "rate that keeps \(limits.name)",
            missing: "it is not kept at a hundredth of the capacity of "
              + "\(tenths(capacity)) requests/s either",
            remedy: "raise the limits or use a faster deployment"))
      }
      return .success((low, best))
    }
  }
}
