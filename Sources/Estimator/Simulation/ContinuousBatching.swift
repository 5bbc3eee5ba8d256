// One replica that batches continuously: first come, first served; prompts in chunks under a token budget; paged KV;
// the newest sequence is thrown out and recomputed when blocks run out.
//
// Time goes from event to event: while nobody comes, ends or lacks a block, any number of decode steps is one jump,
// whose time is the sum of a straight line in the growing context. Per request that is about one step with a prompt
// and one jump. Rejected: a loop over decode steps, which costs an answer's length more and differs by rounding only.

/// The simulation's state; `run` takes it to the end of the last request.
struct ContinuousBatching {
  private let times: StepTimes
  private let scheduler: Scheduler
  /// Clients of a closed loop send the next request when they have their answer.
  private let isClosedLoop: Bool

  // Requests in order of arrival, one entry each.
  private(set) var requests: SimulatedRequests
  /// Tokens made before the last preemption.
  private var made: [Int32]
  /// Stored tokens less the step counter while a sequence runs, and the step at which it ends; -1 = not running.
  private var origin: [Int]
  private var finish: [Int]
  /// Requests with a known arrival, those that have arrived, and the next of them to be admitted.
  private var known: Int
  private var arrived = 0
  private var head = 0
  /// Preempted requests, the next one last: they go before all others.
  private var returned: [Int32] = []
  /// The prompt that is partly computed, and how many of its tokens are; -1 = none.
  private var partial: Int32 = -1
  private var partialDone = 0
  private var joined: [Int32] = []

  private var now = 0.0
  private var step = 0
  private var running = 0
  /// Tokens that the next decode step reads, all sequences together.
  private var context = 0
  private var memory: KVBlocks
  private var heap = FinishHeap()
  /// Running sequences in order of admission, with ended ones among them.
  private var newest: [Int32] = []
  private(set) var tally = SimulationTally()

  /// A replica in front of its requests.
  ///
  /// - Precondition: each request fits into the memory alone, `maxRunning` is at most the batches of `times`.
  init(_ times: StepTimes, scheduler: Scheduler, requests list: RequestList) {
    self.times = times
    self.scheduler = scheduler
    isClosedLoop = list.clients != nil
    requests = SimulatedRequests(list, delay: times.requestDelay)
    known = min(list.clients ?? list.count, list.count)
    made = Array(repeating: 0, count: list.count)
    origin = Array(repeating: 0, count: list.count)
    finish = Array(repeating: -1, count: list.count)
    memory = KVBlocks(times, tokens: scheduler.blockTokens)
    heap.reserve(min(scheduler.maxRunning, list.count) + 1)
  }

  /// Runs every request to its end.
  /// - Complexity: O((requests + preemptions + prompt tokens / budget)·log batch).
  mutating func run() {
    let count = requests.count
    while tally.ended < count {
      while arrived < known, requests.arrival[arrived] <= now {
        tally.inSystem += now - requests.arrival[arrived]
        arrived += 1
      }
      if canPrefill {
        prefillStep()
      } else if running > 0 {
        decodeJump()
      } else {
        now = requests.arrival[arrived]
      }
    }
    tally.steps = step
    tally.end = now
    tally.peakBlocks = memory.peak
  }

  // MARK: Admission

  private var decodesWithPrompts: Bool { !scheduler.isPrefillFirst && running > 0 }
  private var budget: Int { scheduler.tokenBudget - (decodesWithPrompts ? running : 0) }

  private var waiting: Int32? {
    returned.last ?? (head < arrived ? Int32(truncatingIfNeeded: head) : nil)
  }

  /// Tokens that must be in the cache before the next token of a waiting request: prompt and what it had made.
  private func promptTokens(_ request: Int32) -> Int {
    Int(requests.input[Int(request)]) + Int(made[Int(request)])
  }

  private func cachedTokens(_ request: Int32) -> Int {
    let input = Int(requests.input[Int(request)])
    return min(input - 1, Int(Double(input) * scheduler.cachedShare))
  }

  private var canPrefill: Bool {
    guard budget > 0 else { return false }
    return partial >= 0 || admissible != nil
  }

  /// The waiting request whose turn it is, if a slot and its blocks are free.
  private var admissible: Int32? {
    guard running + joined.count < scheduler.maxRunning, let request = waiting,
      memory.count(storing: promptTokens(request)) <= memory.free
    else { return nil }
    return request
  }

  private mutating func admit(_ request: Int32) {
    if returned.last == request {
      returned.removeLast()
    } else {
      head += 1
      requests.admitted[Int(request)] = now
    }
    memory.take(memory.count(storing: promptTokens(request)))
    partial = request
    partialDone = 0
  }

  // MARK: Steps

  /// One step with prompt tokens, and a decode step with it where the engine mixes them.
  private mutating func prefillStep() {
    let decodes = decodesWithPrompts
    var left = budget
    if decodes { makeRoom() }
    var tokens = 0
    var attention = 0.0
    while left > 0 {
      if partial < 0 {
        guard let request = admissible else { break }
        admit(request)
      }
      let start = cachedTokens(partial) + partialDone
      let chunk = min(left, promptTokens(partial) - start)
      attention += times.attention(from: Double(start), to: Double(start + chunk))
      partialDone += chunk
      tokens += chunk
      left -= chunk
      guard start + chunk == promptTokens(partial) else { break }
      joined.append(partial)
      partial = -1
    }
    if decodes {
      spend(decodeTime(steps: 1) + Double(tokens) * times.promptToken + attention, decoding: running)
      advance(1)
    } else {
      spend(times.alone.value(at: Double(tokens)) + attention, decoding: 0)
    }
    for request in joined { join(request) }
    joined.removeAll(keepingCapacity: true)
  }

  /// Decode steps until a sequence ends, blocks run out, or a request comes that can start.
  private mutating func decodeJump() {
    while let first = heap.first, finish[Int(first.request)] != first.step { heap.removeFirst() }
    guard let first = heap.first else { return }
    var steps = first.step - step
    let free = memory.steps(from: step, atMost: steps, running: running)
    if free == 0 {
      makeRoom()
      steps = 1
    } else {
      steps = min(steps, free)
      if waiting == nil, arrived < known, running < scheduler.maxRunning, budget > 0 {
        steps = min(steps, stepsToReach(requests.arrival[arrived] - now, atMost: steps))
      }
      memory.take(memory.needed(from: step, steps: steps, running: running))
    }
    spend(decodeTime(steps: steps), decoding: running)
    advance(steps)
  }

  private func decodeTime(steps: Int) -> Double {
    let k = Double(steps)
    let tokens = k * Double(context) + Double(running) * (k * (k - 1) / 2)
    return k * times.decode[running] + times.perContextToken[running] * tokens
  }

  /// The fewest steps that take at least `time`, but at most `limit`.
  private func stepsToReach(_ time: Double, atMost limit: Int) -> Int {
    let square = times.perContextToken[running] * Double(running) / 2
    let linear = decodeTime(steps: 1) - square
    let root = (linear * linear + 4 * square * time).squareRoot()
    let exact = 2 * time / (linear + root)
    guard exact < Double(limit) else { return limit }
    var steps = max(1, Int(exact.rounded(.up)))
    // The root may be off by one step where it falls on a whole number.
    while steps > 1, decodeTime(steps: steps - 1) >= time { steps -= 1 }
    while steps < limit, decodeTime(steps: steps) < time { steps += 1 }
    return steps
  }

  private mutating func spend(_ time: Double, decoding: Int) {
    now += time
    tally.busy += time
    tally.inSystem += time * Double(arrived - tally.ended)
    tally.sequenceSeconds += time * Double(decoding)
    if decoding > 0 { tally.decodeSeconds += time }
  }

  /// Counts decode steps that have been made, and ends the sequences that are done.
  private mutating func advance(_ steps: Int) {
    step += steps
    context += running * steps
    while let first = heap.first, first.step <= step {
      heap.removeFirst()
      guard finish[Int(first.request)] == first.step else { continue }
      leave(first.request)
      end(first.request)
    }
  }

  // MARK: Sequences

  /// A prompt is in the cache and its next token made.
  private mutating func join(_ request: Int32) {
    let index = Int(request)
    let stored = promptTokens(request)
    if made[index] == 0 { requests.first[index] = now }
    made[index] += 1
    let rest = Int(requests.output[index] - made[index])
    guard rest > 0 else {
      memory.give(memory.count(storing: stored))
      return end(request)
    }
    origin[index] = stored - step
    finish[index] = step + rest
    running += 1
    if running > tally.peakBatch { tally.peakBatch = running }
    context += stored + 1
    memory.follow(origin: origin[index], by: 1)
    heap.insert(FinishHeap.Entry(step: finish[index], request: request))
    newest.append(request)
  }

  /// Takes a running sequence out of the batch and frees its blocks.
  private mutating func leave(_ request: Int32) {
    let index = Int(request)
    let stored = origin[index] + step
    memory.follow(origin: origin[index], by: -1)
    running -= 1
    context -= stored + 1
    memory.give(memory.count(storing: stored))
    finish[index] = -1
  }

  private mutating func end(_ request: Int32) {
    requests.end[Int(request)] = now
    tally.ended += 1
    tally.outputTokens += Int(requests.output[Int(request)])
    if isClosedLoop, known < requests.count {
      requests.arrival[known] = now
      known += 1
    }
  }

  // MARK: Memory

  /// Takes the blocks of one decode step, throwing out sequences for them, the newest first.
  ///
  /// None of them fits again in the same step: what the others take is more than was free before.
  private mutating func makeRoom() {
    while memory.needed(at: step) > memory.free { preempt() }
    memory.take(memory.needed(at: step))
  }

  private mutating func preempt() {
    tally.preemptions += 1
    if partial >= 0 {
      memory.give(memory.count(storing: promptTokens(partial)))
      returned.append(partial)
      partial = -1
      return
    }
    while let request = newest.popLast() {
      let index = Int(request)
      guard finish[index] >= 0 else { continue }
      made[index] = requests.output[index] - Int32(truncatingIfNeeded: finish[index] - step)
      leave(request)
      returned.append(request)
      return
    }
  }
}
