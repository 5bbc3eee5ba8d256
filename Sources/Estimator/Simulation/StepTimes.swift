// What a simulation needs to know of a deployment: how long a step takes and how many tokens the memory holds.
// Either computed from a step model or given, for instance from a trace's own measurements.

import Quantities

/// Step times of one replica; every time is in seconds, every length in tokens.
///
/// A step that decodes b sequences which hold S tokens together takes `decode[b] + perContextToken[b]·S`. Prompt
/// tokens that it carries add `promptToken` each and their attention; a step of prompt tokens alone takes `alone`.
public struct StepTimes: Sendable {
  /// Decode step of b sequences without its reading of the context, b = index; entry 0 is 0.
  public private(set) var decode: [Double]
  /// What one token of context adds to a decode step of b sequences.
  public private(set) var perContextToken: [Double]
  /// What one prompt token adds to a step that decodes as well.
  public var promptToken: Double
  /// A step of prompt tokens only, without their attention, by their number.
  public var alone: Curve
  /// Attention of a prompt's first x tokens, as A(x)/x by x: a straight line where it grows by the square.
  public var attentionPerToken: Curve
  /// Time of a request outside the engine: tokeniser, network, launches of its prefill. It never blocks the engine.
  public var requestDelay: Double
  /// Tokens that the KV cache of the replica holds; infinity = no limit.
  public var kvTokens: Double
  /// Memory that a sequence takes whatever its length (windows, recurrent state), as tokens of context.
  public var kvTokensPerSequence: Double
  /// Largest batch with a time of its own; beyond it times go on along the last straight line.
  public let lastBatch: Int

  /// Times on grids of batches, linear between them, held below the first and continued beyond the last.
  ///
  /// - Parameters:
  ///   - decode: seconds of a step without context, by batch.
  ///   - perContextToken: seconds of one token of context, by batch.
  ///   - batches: the largest batch that a simulation may run.
  public init(
    decode: Curve, perContextToken: Curve, promptToken: Double, alone: Curve, attentionPerToken: Curve,
    requestDelay: Double = 0, kvTokens: Double = .infinity, kvTokensPerSequence: Double = 0, batches: Int
  ) {
    func table(_ curve: Curve) -> [Double] {
      (0...max(1, batches)).map { $0 == 0 ? 0 : max(0, curve.value(at: Double($0))) }
    }
    self.decode = table(decode)
    self.perContextToken = table(perContextToken)
    self.promptToken = promptToken
    self.alone = alone
    self.attentionPerToken = attentionPerToken
    self.requestDelay = requestDelay
    self.kvTokens = kvTokens
    self.kvTokensPerSequence = kvTokensPerSequence
    lastBatch = Int(decode.x.last ?? 1)
  }

  /// Largest batch that these times cover.
  public var batches: Int { decode.count - 1 }

  /// Attention of the tokens from `start` to `end` of a prompt.
  package func attention(from start: Double, to end: Double) -> Double {
    end * attentionPerToken.value(at: end) - start * attentionPerToken.value(at: start)
  }
}

/// A function given at points: straight lines between them, held before the first, continued beyond the last.
public struct Curve: Sendable, Hashable {
  /// Arguments in ascending order, at least one.
  public let x: [Double]
  /// Values, as many as arguments.
  public let y: [Double]

  /// A curve through points with ascending arguments; without any it is 0.
  public init(_ points: [(x: Double, y: Double)]) {
    x = points.isEmpty ? [0] : points.map(\.x)
    y = points.isEmpty ? [0] : points.map(\.y)
  }

  /// The value at an argument. - Complexity: O(log points).
  public func value(at argument: Double) -> Double {
    guard x.count > 1, argument > x[0] else { return y[0] }
    var low = 0
    var high = x.count - 1
    while high - low > 1 {
      let middle = (low + high) / 2
      if x[middle] <= argument { low = middle } else { high = middle }
    }
    return y[low] + (y[high] - y[low]) * ((argument - x[low]) / (x[high] - x[low]))
  }
}

extension StepTimes {
  /// The times of a step model for a workload's mean lengths.
  ///
  /// Ranks of attention-DP and pipeline stages share prompts, so that a prompt takes its share of the replica's
  /// time; what it takes longer on its own rank delays the request but not the others.
  /// - Parameter batches: the largest batch that a simulation may run.
  /// - Complexity: O(batches); some 200 evaluations of the model.
  public init(_ step: StepModel, workload: Workload, batches: Int) {
    let whole = workload.inputTokens + workload.outputTokens
    let contexts = (start: workload.inputTokens, end: whole)
    var base: [(x: Double, y: Double)] = []
    var slope: [(x: Double, y: Double)] = []
    for batch in StepTimes.grid(upTo: batches) {
      let low = step.decode(batch: batch, context: contexts.start).total.value
      let high = step.decode(batch: batch, context: contexts.end).total.value
      let perToken = (high - low) / (batch * (contexts.end - contexts.start))
      slope.append((batch, perToken))
      base.append((batch, low - perToken * batch * contexts.start))
    }

    let shares = Double(step.deployment.dataParallel * step.deployment.pipelineParallel)
    let fresh = max(1, workload.freshTokens)
    let prompt = step.prefill(tokens: fresh, prefix: workload.cachedTokens)
    var alone: [(x: Double, y: Double)] = []
    for tokens in (StepTimes.grid(upTo: 65536) + [fresh.rounded()]).sorted() where tokens != alone.last?.x {
      let part = step.prefill(tokens: tokens)
      alone.append((tokens, part.latency.value + (part.products + part.transfer).value / shares))
    }
    // Windows bend the curve; as many points as make each straight piece a hundredth of the longest prompt.
    let longest = max(4 * whole, 4096)
    let attention = (1...128).map { index in
      let x = longest * Double(index) / 128
      return (x: x, y: step.prefill(tokens: x).attention.value / x / shares)
    }

    // Far beyond any window the memory of a sequence grows by its full-context layers alone.
    let far = 1_000_000.0
    let kvBytes =
      (step.bytesPerSequence(context: 2 * far) - step.bytesPerSequence(context: far)).value / far
    let mean = step.bytesPerSequence(context: workload.meanContext).value
    let server = step.constants.server(step.deployment.engine)
    let memory = max(0, step.servingMemory.value) * Double(step.deployment.dataParallel)
    self.init(
      decode: Curve(base), perContextToken: Curve(slope),
      promptToken: (prompt.productArithmetic + prompt.transfer).value / fresh / shares, alone: Curve(alone),
      attentionPerToken: Curve([(0, 0)] + attention),
      requestDelay: (server.admission + server.prefillLaunch * step.kernelCount).value
        + (prompt.total - prompt.latency).value * (1 - 1 / shares),
      kvTokens: kvBytes > 0 ? memory / kvBytes : .infinity,
      kvTokensPerSequence: kvBytes > 0 ? max(0, mean / kvBytes - workload.meanContext) : 0,
      batches: batches)
  }

  /// 1 to 16 one by one, then eight points to a doubling, and the end itself.
  static func grid(upTo end: Int) -> [Double] {
    var points: [Double] = []
    var batch = 1
    while batch < end {
      points.append(Double(batch))
      var octave = 1
      while octave * 16 <= batch { octave *= 2 }
      batch += octave
    }
    return points + [Double(max(1, end))]
  }
}
