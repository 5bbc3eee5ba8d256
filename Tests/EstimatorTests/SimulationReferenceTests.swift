// The simulator against a plain loop: one decode step after the other, blocks counted sequence by sequence, no heap,
// no jump. Slow and obvious, it is the oracle of the event jump.

import Quantities
import Testing

import Estimator

/// The same scheduler, step by step.
private struct PlainLoop {
  struct Sequence {
    let request: Int
    var stored: Int
    var made: Int
  }

  let times: StepTimes
  let scheduler: Scheduler
  let list: RequestList
  var arrival: [Double] = []
  var first: [Double]
  var end: [Double]
  var made: [Int]
  var queue: [Int] = []
  var running: [Sequence] = []
  var partial: (request: Int, done: Int)?
  var now = 0.0
  var sent = 0
  var ended = 0
  var preemptions = 0

  init(_ times: StepTimes, _ scheduler: Scheduler, _ list: RequestList) {
    self.times = times
    self.scheduler = scheduler
    self.list = list
    first = Array(repeating: -1, count: list.count)
    end = first
    made = Array(repeating: 0, count: list.count)
    arrival = Array(list.arrival[0..<min(list.count, list.clients ?? list.count)])
  }

  func blocks(_ tokens: Int) -> Int {
    var blocks = 0
    while blocks * scheduler.blockTokens < tokens { blocks += 1 }
    var own = 0
    while Double(own * scheduler.blockTokens) < times.kvTokensPerSequence { own += 1 }
    return blocks + own
  }

  var free: Int {
    let all = times.kvTokens.isFinite ? Int(times.kvTokens) / scheduler.blockTokens : Int.max / 8
    let used = running.reduce(0) { $0 + blocks($1.stored) }
    return all - used - (partial.map { blocks(prompt($0.request)) } ?? 0)
  }

  func prompt(_ request: Int) -> Int { Int(list.input[request]) + made[request] }

  func decodeTime() -> Double {
    let read = running.reduce(0) { $0 + $1.stored + 1 }
    return times.decode[running.count] + times.perContextToken[running.count] * Double(read)
  }

  mutating func finish(_ request: Int) {
    end[request] = now
    ended += 1
    if list.clients != nil, arrival.count < list.count { arrival.append(now) }
  }

  /// Throws out the newest until every sequence can store one token more; true where it had to.
  mutating func makeRoom() -> Bool {
    var had = false
    while running.reduce(0, { $0 + blocks($1.stored + 1) - blocks($1.stored) }) > free {
      had = true
      preemptions += 1
      if let old = partial {
        queue.insert(old.request, at: 0)
        partial = nil
      } else {
        let old = running.removeLast()
        made[old.request] = old.made
        queue.insert(old.request, at: 0)
      }
    }
    return had
  }

  mutating func run() {
    while ended < list.count {
      while sent < arrival.count, arrival[sent] <= now {
        queue.append(sent)
        sent += 1
      }
      let mixes = !scheduler.isPrefillFirst && !running.isEmpty
      var left = scheduler.tokenBudget - (mixes ? running.count : 0)
      let mayStart =
        partial != nil
        || !queue.isEmpty && running.count < scheduler.maxRunning && blocks(prompt(queue[0])) <= free
      let prefills = left > 0 && mayStart
      let decodes = !running.isEmpty && (mixes || !prefills)
      if !prefills, !decodes {
        now = arrival[sent]
        continue
      }
      let short = decodes && makeRoom()
      // A sequence that decodes in this step holds the block of its token from the start of the step.
      if decodes { for index in running.indices { running[index].stored += 1 } }
      var tokens = 0
      var attention = 0.0
      var done: [Int] = []
      while prefills, left > 0 {
        if partial == nil {
          let held = done.reduce(0) { $0 + blocks(prompt($1)) }
          guard !short, let next = queue.first, running.count + done.count < scheduler.maxRunning,
            blocks(prompt(next)) <= free - held
          else { break }
          queue.removeFirst()
          partial = (next, 0)
        }
        guard let (request, already) = partial else { break }
        let cached = min(
          Int(list.input[request]) - 1, Int(Double(list.input[request]) * scheduler.cachedShare))
        let from = cached + already
        let chunk = min(left, prompt(request) - from)
        attention += times.attention(from: Double(from), to: Double(from + chunk))
        tokens += chunk
        left -= chunk
        partial = (request, already + chunk)
        guard from + chunk == prompt(request) else { break }
        done.append(request)
        partial = nil
      }
      if decodes {
        for index in running.indices { running[index].stored -= 1 }
        now += decodeTime() + (tokens > 0 ? Double(tokens) * times.promptToken + attention : 0)
        for index in running.indices {
          running[index].stored += 1
          running[index].made += 1
        }
      } else {
        now += times.alone.value(at: Double(tokens)) + attention
      }
      let isDone = { (sequence: Sequence) in sequence.made == Int(list.output[sequence.request]) }
      for request in running.filter(isDone).map(\.request).sorted() { finish(request) }
      running.removeAll(where: isDone)
      for request in done {
        if first[request] < 0 { first[request] = now }
        let stored = prompt(request)
        made[request] += 1
        if made[request] == Int(list.output[request]) {
          finish(request)
        } else {
          running.append(Sequence(request: request, stored: stored, made: made[request]))
        }
      }
    }
  }
}

/// Random small replicas and requests, drawn so that queues, full memory and long prompts all happen.
private func randomCase(_ seed: UInt64) throws -> (StepTimes, Scheduler, RequestList) {
  var random = SeededRandom(seed: seed, stream: 9)
  func pick(_ values: [Double]) -> Double { values[Int(random.next() % UInt64(values.count))] }
  let input = pick([3, 40, 200])
  let output = pick([1, 2, 30, 90])
  let longest = 3.5 * (input + output) + 32
  let kv = pick([longest, 2 * longest, 6 * longest, .infinity])
  let times = StepTimes(
    decode: Curve([(1, 0.01), (4, 0.012), (16, 0.03)]), perContextToken: Curve([(1, pick([0, 1e-6, 2e-5]))]),
    promptToken: 1e-4, alone: Curve([(1, 0.02), (100, 0.02), (200, 0.04)]),
    attentionPerToken: Curve([(0, 0), (100, 1e-5), (1000, 5e-5)]), requestDelay: pick([0, 0.037]),
    kvTokens: kv, kvTokensPerSequence: pick([0, 0, 5]), batches: 16)
  var scheduler = Scheduler()
  scheduler.isPrefillFirst = random.unit() < 0.4
  scheduler.tokenBudget = Int(pick([8, 24, 64, 8192]))
  scheduler.maxRunning = Int(pick([1, 3, 16]))
  scheduler.blockTokens = Int(pick([1, 3, 16]))
  scheduler.cachedShare = pick([0, 0, 0.5])
  let rate = pick([0.2, 1, 5, 50])
  let arrivals: ArrivalProcess =
    random.unit() < 0.4
    ? .closedLoop(clients: Int(pick([1, 4, 20]))) : .gamma(rate: rate, cv: pick([0, 1, 3]))
  let drawn = try RequestList.drawn(
    60, inputTokens: input, outputTokens: output,
    spread: random.unit() < 0.5 ? .fixed : .uniform(from: 0.2), arrivals: arrivals, seed: seed
  ).get()
  return (times, scheduler, drawn)
}

@Suite("The simulation against a plain loop")
struct SimulationReferenceTests {
  @Test("gives every request the times of a loop over single steps, to 1e-9, preempted or not")
  func eventJump() throws {
    var preemptions = 0
    var queued = 0
    for seed in 0..<400 as Range<UInt64> {
      let (times, scheduler, list) = try randomCase(seed)
      var plain = PlainLoop(times, scheduler, list)
      plain.run()
      let result = try Simulation(times, scheduler: scheduler).run(list).get()
      var worst = 0.0
      for index in 0..<list.count {
        worst = max(worst, abs(result.requests.first[index] - plain.first[index]) / plain.first[index])
        worst = max(worst, abs(result.requests.end[index] - plain.end[index]) / plain.end[index])
        queued += result.requests.wait(index) > 0.1 ? 1 : 0
      }
      #expect(worst < 1e-9, "seed \(seed)")
      #expect(result.tally.preemptions == plain.preemptions, "seed \(seed)")
      preemptions += plain.preemptions
    }
    // The cases are worth nothing if memory never runs out or nobody waits.
    #expect(preemptions > 300)
    #expect(queued > 2_000)
  }
}
