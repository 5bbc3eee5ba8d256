// Turns a closure into samples: warm-up, executions per sample, rounds under a time cap.
// Goals: (1) clock error below 0.1 % of a sample; (2) short total time; (3) implementations of one shape
// can take turns round by round, so that a slow second of the machine hits all of them; (4) a round during
// which the host's speed moved is taken again.

/// How a row is sampled.
public struct SamplingPlan: Hashable, Sendable, Codable {
  /// Shortest sample in seconds.
  public var minimumSample = 0.010
  /// A sample also lasts at least this many steps of the clock.
  public var clockSteps = 1_000.0
  /// Times that the implementations of a shape take turns.
  public var rounds = 3
  /// Samples of each turn.
  public var samplesPerRound = 2
  /// Seconds after which a row takes no further sample once it has one.
  public var rowCap = 0.5
  /// Relative change of the speed probe above which a round is taken again …
  public var probeTolerance = 0.03
  /// … this many times at most.
  public var retries = 3
  /// False = no comparison with the oracle: rows are `unverified`.
  public var verifies = true
  /// False = only the comparison, no samples.
  public var times = true
  /// The defaults.
  public init() {}

  /// Samples of each row in one process.
  public var samplesPerProcess: Int {
    get { rounds * samplesPerRound }
    set {
      samplesPerRound = newValue > 3 && newValue.isMultiple(of: 2) ? 2 : 1
      rounds = max(1, newValue / samplesPerRound)
    }
  }
}

/// Why a row has no more samples.
public enum StopReason: String, Hashable, Sendable, Codable {
  /// The interval of the median is narrow enough.
  case ci
  /// The spread has stopped changing, and so would the interval but for the number of samples.
  case noiseStable = "noise_stable"
  case maxSamples = "max_samples"
  case timeCap = "time_cap"
}

/// One timed sample.
public struct Sample: Hashable, Sendable, Codable {
  /// Start, in seconds since the sampler's beginning.
  public let start: Double
  /// Seconds of one execution.
  public let seconds: Double
  /// A sample from its parts.
  public init(start: Double, seconds: Double) {
    self.start = start
    self.seconds = seconds
  }
}

/// The samples of one kernel in one process.
public struct Sampler<Time: TimeSource> {
  private let time: Time
  private let plan: SamplingPlan
  private let shortest: Double
  private let origin: Double
  private var spent = 0.0

  /// Executions in each sample; fixed by the warm-up.
  public private(set) var iterations = 1
  /// Untimed seconds before samples.
  public private(set) var warmup = 0.0
  /// Samples so far.
  public private(set) var samples: [Sample] = []
  /// `timeCap` as soon as a sample was left out for want of time.
  public private(set) var stopReason = StopReason.maxSamples
  /// Seconds inside samples, dropped ones among them.
  public private(set) var sampled = 0.0
  /// Rounds that were thrown away because the host's speed moved meanwhile.
  public private(set) var roundsDropped = 0
  /// Rounds that were kept although it moved: the least bad of several.
  public private(set) var roundsMoved = 0
  /// Seconds that the kernel has timed itself, where only a part of an execution counts; nil = all of it does.
  public var timedByKernel: (() -> Double)?
  /// What the processor counted inside kept samples; nil where it may not be asked.
  public private(set) var counted: CounterReading?

  /// A sampler whose sample starts count from `origin`, a reading of `time`.
  public init(time: Time, plan: SamplingPlan, clock: ClockQuality, origin: Double) {
    self.time = time
    self.plan = plan
    self.origin = origin
    shortest = max(plan.minimumSample, plan.clockSteps * clock.resolution)
  }

  /// Runs the kernel untimed until a batch of executions fills one sample, and so fixes their number.
  ///
  /// At least two executions, unless the first alone takes the row's whole time.
  public mutating func warmUp(_ execute: () -> Void) {
    let begin = time.now()
    execute()
    settle()
    var best = time.now() - begin
    if best < plan.rowCap {
      var count = 1
      while true {
        let start = time.now()
        for _ in 0..<count { execute() }
        settle()
        let batch = time.now() - start
        best = batch / Double(count)
        if batch >= shortest || count >= 1 << 24 { break }
        count *= 2
      }
    }
    iterations = best > 0 ? max(1, Int((shortest / best).rounded(.up))) : 1 << 24
    warmup = time.now() - begin
    spent = warmup
  }

  /// Waits for what is still under way: a device takes executions faster than it ends them, and is done when it tells
  /// their time.
  private func settle() { _ = timedByKernel?() }

  /// One turn: an untimed execution to take the caches back (short kernels), then this turn's samples.
  ///
  /// - Parameters:
  ///   - probe: tells whether the host's speed moved meanwhile; nil = nobody asks.
  ///   - counters: read before and after the samples.
  public mutating func round(
    _ execute: () -> Void, probe: SpeedProbe? = nil, counters: Counters? = nil
  ) {
    var best: (taken: Round, shift: Double)?
    var before = probe?.before(time)
    for attempt in 0...max(0, plan.retries) {
      if attempt > 0, spent >= plan.rowCap { break }
      let taken = take(execute, counters)
      guard !taken.samples.isEmpty else { break }
      guard let probe, let earlier = before else {
        best = (taken, 0)
        break
      }
      let after = probe.after(time)
      let shift = probe.shift(earlier, after)
      before = after
      if best != nil { roundsDropped += 1 }
      if shift < best?.shift ?? .infinity { best = (taken, shift) }
      if shift <= plan.probeTolerance { break }
    }
    guard let best else { return }
    if best.shift > plan.probeTolerance { roundsMoved += 1 }
    samples += best.taken.samples
    if let more = best.taken.counted { counted = counted.map { $0 + more } ?? more }
  }

  private struct Round {
    var samples: [Sample] = []
    var counted: CounterReading?
  }

  private mutating func take(_ execute: () -> Void, _ counters: Counters?) -> Round {
    // A kernel that fills a sample alone streams its operands anyway, and one execution is dear.
    if iterations > 1 {
      let start = time.now()
      execute()
      warmup += time.now() - start
      spent += time.now() - start
    }
    var round = Round()
    let before = counters?.read()
    for _ in 0..<plan.samplesPerRound {
      if !(samples.isEmpty && round.samples.isEmpty), spent >= plan.rowCap {
        stopReason = .timeCap
        break
      }
      let (start, before) = (time.now(), timedByKernel?())
      for _ in 0..<iterations { execute() }
      let timed = before.flatMap { before in timedByKernel.map { $0() - before } }
      let elapsed = time.now() - start
      let counting = timed ?? elapsed
      spent += elapsed
      sampled += elapsed
      round.samples.append(Sample(start: start - origin, seconds: counting / Double(iterations)))
    }
    if let before, let after = counters?.read() { round.counted = after - before }
    return round
  }

  /// Seconds spent on this kernel, warm-up included.
  public var elapsed: Double { spent }
}
