// What a simulation leaves behind: the times of every request, and what was counted on the way.

/// The times of simulated requests in seconds, one entry a request in order of arrival.
///
/// `arrival`, `admitted`, `first` and `end` are as the engine sees them; the delay of a request outside the engine
/// comes before its arrival there.
public struct SimulatedRequests: Sendable {
  /// Prompt lengths in tokens.
  public let input: [Int32]
  /// Answer lengths in tokens.
  public let output: [Int32]
  /// When a request reaches the engine.
  public internal(set) var arrival: [Double]
  /// When its prompt is first taken up.
  public internal(set) var admitted: [Double]
  /// When its first token is made.
  public internal(set) var first: [Double]
  /// When its last token is made.
  public internal(set) var end: [Double]
  /// Time outside the engine, the same for all.
  public let delay: Double

  init(_ list: RequestList, delay: Double) {
    input = list.input
    output = list.output
    arrival = list.arrival
    admitted = Array(repeating: 0, count: list.count)
    first = admitted
    end = admitted
    self.delay = delay
  }

  /// Number of requests.
  public var count: Int { input.count }

  /// Time to first token of a request, in seconds.
  public func ttft(_ index: Int) -> Double { first[index] - arrival[index] + delay }
  /// Mean time of its later tokens, in seconds; nil where there is only one.
  public func tpot(_ index: Int) -> Double? {
    output[index] > 1 ? (end[index] - first[index]) / Double(output[index] - 1) : nil
  }
  /// Time from sending to the last token, in seconds.
  public func latency(_ index: Int) -> Double { end[index] - arrival[index] + delay }
  /// Time in the queue of the engine, in seconds.
  public func wait(_ index: Int) -> Double { admitted[index] - arrival[index] }
}

/// Sums over a simulation; times in seconds.
public struct SimulationTally: Sendable, Hashable {
  /// Requests that ended.
  public internal(set) var ended = 0
  /// Tokens that they asked for and got.
  public internal(set) var outputTokens = 0
  /// Decode steps.
  public internal(set) var steps = 0
  /// When the last request ended.
  public internal(set) var end = 0.0
  /// Time in which the engine worked.
  public internal(set) var busy = 0.0
  /// The part of it in steps that decode.
  public internal(set) var decodeSeconds = 0.0
  /// Decoding sequences, integrated over those steps.
  public internal(set) var sequenceSeconds = 0.0
  /// Requests in the engine, waiting or running, integrated over time.
  public internal(set) var inSystem = 0.0
  /// Sequences that were thrown out and computed again.
  public internal(set) var preemptions = 0
  /// Most sequences that decoded at once.
  public internal(set) var peakBatch = 0
  /// Most KV blocks in use.
  public internal(set) var peakBlocks = 0
}
