// Turns a closure into samples: warm-up, executions per sample, rounds under a time cap.
// Goals: (1) clock error below 0.1 % of a sample; (2) short total time; (3) implementations of one shape
// can take turns round by round, so that a slow second of the machine hits all of them.

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
  /// The defaults.
  public init() {}
}

/// Why a row has no more samples.
public enum StopReason: String, Hashable, Sendable, Codable {
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
  /// Untimed seconds before the first sample.
  public private(set) var warmup = 0.0
  /// Samples so far.
  public private(set) var samples: [Sample] = []
  /// `timeCap` as soon as a sample was left out for want of time.
  public private(set) var stopReason = StopReason.maxSamples

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
    var best = time.now() - begin
    if best < plan.rowCap {
      var count = 1
      while true {
        let start = time.now()
        for _ in 0..<count { execute() }
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

  /// One turn: an untimed execution to take the caches back (short kernels), then this turn's samples.
  public mutating func round(_ execute: () -> Void) {
    // A kernel that fills a sample alone streams its operands anyway, and one execution is dear.
    if iterations > 1 {
      let start = time.now()
      execute()
      spent += time.now() - start
    }
    for _ in 0..<plan.samplesPerRound {
      if !samples.isEmpty, spent >= plan.rowCap {
        stopReason = .timeCap
        return
      }
      let start = time.now()
      for _ in 0..<iterations { execute() }
      let elapsed = time.now() - start
      spent += elapsed
      samples.append(Sample(start: start - origin, seconds: elapsed / Double(iterations)))
    }
  }

  /// Seconds spent on this kernel, warm-up included.
  public var elapsed: Double { spent }
}
