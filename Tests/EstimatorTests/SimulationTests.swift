// The simulator against what is known exactly: queueing theory, Little's law, conservation, an empty replica.

import Foundation
import Quantities
import Testing

import Estimator

/// A replica of round numbers: 10 ms a step and 1 ms a sequence, 0.1 ms a prompt token, 20 ms a prompt step.
func roundTimes(
  perContextToken: Double = 0, delay: Double = 0, kvTokens: Double = .infinity, batches: Int = 64
) -> StepTimes {
  StepTimes(
    decode: Curve([(1, 0.011), (2, 0.012)]), perContextToken: Curve([(1, perContextToken)]),
    promptToken: 1e-4,
    alone: Curve([(0, 0.02), (1, 0.0201)]), attentionPerToken: Curve([]), requestDelay: delay,
    kvTokens: kvTokens, batches: batches)
}

func requests(
  _ count: Int, _ input: Double, _ output: Double, _ arrivals: ArrivalProcess,
  _ spread: LengthSpread = .fixed,
  seed: UInt64 = 1
) throws -> RequestList {
  try RequestList.drawn(
    count, inputTokens: input, outputTokens: output, spread: spread, arrivals: arrivals, seed: seed
  ).get()
}

@Suite("The simulation")
struct SimulationTests {
  @Test(
    "waits as Pollaczek and Khinchine say where one prompt at a time is all it does",
    arguments: [0.3, 0.6, 0.8])
  func singleServer(load: Double) throws {
    // 100 tokens fill the budget: one prompt a step, 30 ms each, and one token is all that is asked for.
    var scheduler = Scheduler()
    scheduler.tokenBudget = 100
    let service = 0.03
    let list = try requests(600_000, 100, 1, .poisson(rate: load / service))
    let result = try Simulation(roundTimes(), scheduler: scheduler).run(list).get()
    let wait = try #require(result.wait).mean
    let expected = load * service / (2 * (1 - load))
    // Half a million waits that depend on each other: a standard error is about 1.3 % at the highest load.
    #expect(abs(wait / expected - 1) < 0.04)
    #expect(abs(result.utilisation / load - 1) < 0.01)
    #expect(result.tpot == nil)
  }

  @Test("keeps Little's law to 1e-9, ends every request once, and never runs more than it may")
  func conservation() throws {
    for seed in 1...60 as ClosedRange<UInt64> {
      var random = SeededRandom(seed: seed, stream: 7)
      let input = 1 + (random.unit() * 400).rounded()
      let output = 1 + (random.unit() * 200).rounded()
      let limit = 1 + Int(random.unit() * 40)
      let memory = seed % 2 == 0 ? Double.infinity : (input + output) * (1.3 + 20 * random.unit()) + 32
      var scheduler = Scheduler()
      scheduler.isPrefillFirst = seed % 3 == 0
      scheduler.maxRunning = limit
      scheduler.tokenBudget = 32 + Int(random.unit() * 2000)
      let arrivals: ArrivalProcess =
        seed % 4 < 2 ? .gamma(rate: 20 * random.unit(), cv: 1.5) : .closedLoop(clients: 2 * limit)
      let list = try requests(500, input, output, arrivals, .uniform(from: 0.5), seed: seed)
      let times = roundTimes(perContextToken: 1e-6, delay: 0.01, kvTokens: memory)
      let result = try Simulation(times, scheduler: scheduler).run(list).get()
      let sojourn = (0..<500).reduce(0) { $0 + result.requests.end[$1] - result.requests.arrival[$1] }
      #expect(abs(result.tally.inSystem / sojourn - 1) < 1e-9)
      #expect(result.tally.ended == 500)
      #expect(result.tally.outputTokens == list.output.reduce(0) { $0 + Int($1) })
      #expect(result.tally.peakBatch <= limit)
      #expect(Double(result.tally.peakBlocks * 16) <= memory)
      for index in 0..<500 {
        let (arrival, admitted) = (result.requests.arrival[index], result.requests.admitted[index])
        let (first, end) = (result.requests.first[index], result.requests.end[index])
        #expect(arrival <= admitted && admitted < first && first <= end)
        #expect(list.output[index] == 1 || first < end)
      }
    }
  }

  @Test("gives a request alone the sum of its steps")
  func alone() throws {
    let times = roundTimes(perContextToken: 1e-6, delay: 0.05)
    let result = try Simulation(times, scheduler: Scheduler()).run(
      requests(1, 1000, 11, .closedLoop(clients: 1))
    ).get()
    // 20 ms and 1000 tokens of 0.1 ms; then ten steps of 11 ms over 1001 to 1010 tokens of context.
    #expect(abs(result.requests.ttft(0) - 0.17) < 1e-12)
    let step = 0.011 + 1e-6 * 1005.5
    #expect(abs(try #require(result.requests.tpot(0)) - step) < 1e-12)
    #expect(abs(result.requests.latency(0) - 0.17 - 10 * step) < 1e-12)
  }

  @Test("never waits less on average when twice as many come")
  func load() throws {
    // Where a prompt's own step were dearer than a place in a decode step, company would help.
    var times = roundTimes(perContextToken: 1e-7)
    times.alone = Curve([(0, 0.011), (1, 0.0111)])
    let simulation = Simulation(times, scheduler: Scheduler())
    for seed in 1...8 as ClosedRange<UInt64> {
      var last = 0.0
      for rate in [0.5, 1, 2, 4, 8, 16] {
        let list = try requests(4000, 200, 60, .gamma(rate: rate, cv: 1), .lognormal(cv: 0.8), seed: seed)
        let mean = try #require(Distribution((try simulation.run(list).get()).ttfts)).mean
        #expect(mean >= last)
        last = mean
      }
    }
  }

  @Test(
    "throws out the newest and computes it again where memory is short, and names a request that never fits")
  func preemption() throws {
    let list = try requests(6, 100, 100, .atOnce)
    let times = roundTimes(kvTokens: 640)
    let result = try Simulation(times, scheduler: Scheduler()).run(list).get()
    // 40 blocks hold five prompts of 7, but three whole requests of 13: the oldest is never thrown out.
    #expect(result.tally.preemptions > 0)
    #expect(result.requests.end[0] == result.requests.end.min())
    #expect(result.tally.peakBlocks <= 40)
    let long = try requests(2, 600, 100, .atOnce)
    #expect(throws: Gap.self) { try Simulation(times, scheduler: Scheduler()).run(long).get() }
    var missing = times
    missing.promptToken = .nan
    #expect(throws: Gap.self) { try Simulation(missing, scheduler: Scheduler()).run(list).get() }
  }

  @Test("calls a replica saturated, with its capacity, instead of printing a long wait")
  func saturation() throws {
    let simulation = Simulation(roundTimes(batches: 8), scheduler: Scheduler())
    let capacity = try simulation.capacity(requests(100, 100, 50, .poisson(rate: 1))).get()
    // Eight sequences make 50 tokens each in steps of 18 ms that eight prompts of 10 ms interrupt: 49 steps.
    let expected = 8 / (49 * 0.018 + 8 * 0.01)
    #expect(abs(capacity / expected - 1) < 0.03)
    // 150 sequences in steps of 160 ms and 1 ms more for each prompt: X·499·0.16/(1 − 0.001·X) = 150. All start at
    // once and would end together, which must not show.
    let wide = Simulation(roundTimes(batches: 150), scheduler: Scheduler())
    let most = try wide.capacity(requests(100, 10, 500, .atOnce)).get()
    #expect(abs(most / 1.8753 - 1) < 0.02)
    func run(_ share: Double) throws -> SimulationResult {
      let list = try requests(4000, 100, 50, .poisson(rate: share * capacity))
      return try simulation.run(list).get().measured(against: capacity)
    }
    let busy = try run(0.8)
    #expect(busy.saturation == nil)
    #expect(busy.ttft != nil && busy.wait != nil)
    let beyond = try run(1.2)
    #expect(beyond.saturation == Saturation(arrivalRate: 1.2 * capacity, capacity: capacity))
    #expect(beyond.ttft == nil && beyond.latency == nil && beyond.wait == nil)
    #expect(beyond.tpot != nil)
    #expect(abs(beyond.rates.requests / capacity - 1) < 0.05)
    #expect(!beyond.keeps(ServiceLimits(name: "any", ttft: Seconds(1e9), tpot: nil)))
  }

  @Test("calls a trace saturated where its end waits, not for three requests at once")
  func saturatedTrace() throws {
    func run(_ count: Int) throws -> SimulationResult {
      let rows = (0..<count).map { "\(Double($0) / 100),100,50\n" }.joined()
      let trace = try RequestList.recorded(
        Array(("arrival_s,input_tokens,output_tokens\n" + rows).utf8), file: nil)
      let simulation = Simulation(roundTimes(batches: 8), scheduler: Scheduler())
      return try simulation.run(trace).get().measured(against: simulation.capacity(trace).get())
    }
    let long = try run(400)
    #expect(long.saturation != nil && !long.hasNoSteadyState)
    #expect(try #require(long.wait).mean > 10)
    #expect(try run(3).saturation == nil)
  }

  @Test("finds the highest rate that keeps the limits, and says where none does")
  func highestRate() throws {
    let simulation = Simulation(roundTimes(batches: 32), scheduler: Scheduler())
    let limits = ServiceLimits(name: "half a second, 20 ms", ttft: Seconds(0.5), tpot: Seconds(0.02))
    func draw(_ rate: Double) -> Known<RequestList> {
      RequestList.drawn(
        3000, inputTokens: 100, outputTokens: 50, spread: .fixed, arrivals: .poisson(rate: rate), seed: 3)
    }
    let (rate, result) = try simulation.highestRate(keeping: limits, draw).get()
    #expect(result.keeps(limits))
    #expect(result.attainment(limits) >= 0.98)
    let above = try draw(1.03 * rate).flatMap { simulation.run($0) }.get()
    #expect(!above.keeps(limits))
    let impossible = ServiceLimits(name: "1 ms", ttft: Seconds(0.001), tpot: nil)
    #expect(throws: Gap.self) { try simulation.highestRate(keeping: impossible, draw).get() }
  }

  @Test("leaves cached prompt tokens uncomputed but stored")
  func prefixCache() throws {
    var scheduler = Scheduler()
    scheduler.cachedShare = 0.75
    let list = try requests(1, 1000, 2, .atOnce)
    let result = try Simulation(roundTimes(), scheduler: scheduler).run(list).get()
    #expect(abs(result.requests.first[0] - 0.045) < 1e-12)
    #expect(result.tally.peakBlocks == 63)
  }
}

extension SimulationResult {
  fileprivate var ttfts: [Double] { (0..<requests.count).map(requests.ttft) }
}
