// What a simulation is fed with: random draws that do not depend on the machine, traces, step times, limits, and the
// step model's times.

import Catalog
import Foundation
import Quantities
import Tables
import Testing

import Estimator

@Suite("Inputs of the simulation")
struct SimulationInputTests {
  @Test("logarithm and exponential are those of the C library to 4e-16")
  func elementary() {
    var random = SeededRandom(seed: 5)
    for _ in 0..<20_000 {
      let x = exp((random.unit() - 0.5) * 1200)
      #expect(abs(naturalLogarithm(x) - log(x)) <= 4e-16 * max(1e-3, abs(log(x))))
      let y = (random.unit() - 0.5) * 1400
      #expect(abs(naturalExponential(y) / exp(y) - 1) < 1e-15)
    }
    #expect(naturalLogarithm(1) == 0)
    #expect(naturalExponential(0) == 1)
    #expect(naturalExponential(-1000) == 0)
    #expect(naturalExponential(1000) == .infinity)
  }

  @Test("the same seed draws the same requests on every machine, another seed others")
  func determinism() throws {
    // Sums of whole numbers and exact binary fractions, so that any changed draw shows.
    let list = try requests(1000, 900, 300, .gamma(rate: 2, cv: 2), .lognormal(cv: 0.7), seed: 42)
    let again = try requests(1000, 900, 300, .gamma(rate: 2, cv: 2), .lognormal(cv: 0.7), seed: 42)
    #expect(list.arrival == again.arrival && list.input == again.input && list.output == again.output)
    #expect(list.input.reduce(0) { $0 + Int($1) } == 882_423)
    #expect(list.arrival.last?.bitPattern == 4_647_749_970_515_803_960)
    let other = try requests(1000, 900, 300, .gamma(rate: 2, cv: 2), .lognormal(cv: 0.7), seed: 43)
    #expect(other.input != list.input)
    let slower = try requests(1000, 900, 300, .gamma(rate: 1, cv: 2), .lognormal(cv: 0.7), seed: 42)
    #expect(slower.input == list.input)
    #expect(slower.arrival[7] == 2 * list.arrival[7])
  }

  @Test("gaps and lengths have the mean and the spread that were asked for", arguments: [0, 0.4, 1, 2.5])
  func moments(cv: Double) throws {
    let list = try requests(200_000, 4000, 300, .gamma(rate: 0.5, cv: cv), .lognormal(cv: cv / 2), seed: 9)
    let gaps = zip(list.arrival, [0] + list.arrival).map { $0 - $1 }
    func spread(_ values: [Double], _ mean: Double) -> Double {
      (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot() / mean
    }
    let gap = gaps.reduce(0, +) / 200_000
    #expect(abs(gap / 2 - 1) < 0.02)
    #expect(abs(spread(gaps, 2) - cv) < 0.03 * max(1, cv))
    #expect(abs(list.meanInput / 4000 - 1) < 0.02)
    #expect(abs(spread(list.input.map { Double($0) }, 4000) - cv / 2) < 0.04)
  }

  @Test("impossible requests are gaps, not traps")
  func refusals() {
    func refused(
      _ count: Int = 10, _ input: Double = 10, _ spread: LengthSpread = .fixed,
      _ arrivals: ArrivalProcess = .atOnce
    ) -> Bool {
      let drawn = RequestList.drawn(
        count, inputTokens: input, outputTokens: 10, spread: spread, arrivals: arrivals, seed: 1)
      guard case .failure = drawn else { return false }
      return true
    }
    #expect(!refused())
    #expect(refused(0) && refused(1_000_000_000))
    #expect(refused(10, 0) && refused(10, .nan) && refused(10, .infinity))
    #expect(refused(10, 10, .uniform(from: 0)) && refused(10, 10, .lognormal(cv: -1)))
    for rate in [0, -1, Double.nan, .infinity] { #expect(refused(10, 10, .fixed, .poisson(rate: rate))) }
    #expect(refused(10, 10, .fixed, .gamma(rate: 1, cv: .nan)))
    #expect(refused(10, 10, .fixed, .closedLoop(clients: 0)))
  }

  @Test("a trace is read from its first arrival on, and a wrong cell is named by line and column")
  func trace() throws {
    let header = "arrival_s,input_tokens,output_tokens\n"
    func read(_ text: String) throws -> RequestList {
      try RequestList.recorded(Array((header + text).utf8), file: "trace.csv")
    }
    let list = try read("5,100,20\n5.5,1,1\n7,300,2\n")
    #expect(list.arrival == [0, 0.5, 2] && list.input == [100, 1, 300] && list.output == [20, 1, 2])
    #expect(list.rate == 1 && !list.isStationary)
    for (text, place) in [
      ("5,100,20\n4,100,20\n", "trace.csv:3:1"), ("5,0,20\n", "trace.csv:2:3"), ("5,100,\n", "trace.csv:2:7"),
      ("-1,100,20\n", "trace.csv:2:1"), ("5,1.5,20\n", "trace.csv:2:3"), ("", "trace.csv:2"),
    ] {
      let error = #expect(throws: InputError.self) { try read(text) }
      #expect(error?.description.hasPrefix(place + ":") == true, "\(error?.description ?? "")")
    }
    #expect(throws: InputError.self) { try RequestList.recorded(Array("time,in,out\n".utf8), file: nil) }
  }

  @Test("step times are read from a table, and a wrong cell is named by line and column")
  func stepTimes() throws {
    let header = "quantity,batch,value,unit\n"
    func read(_ text: String) throws -> StepTimes {
      try StepTimes(table: Array((header + text).utf8), file: "steps.csv", batches: 8)
    }
    let times = try read(
      "decode,1,10,ms\ndecode,4,16,ms\ncontext,,2,us\nprompt,,100,us\nprompt_step,,20,ms\nprompt_pair,,1,us\n"
        + "request,,30,ms\nkv_capacity,,5000,tokens\n")
    #expect(times.batches == 8 && times.lastBatch == 4)
    #expect(abs(times.decode[3] - 0.014) < 1e-15 && abs(times.decode[8] - 0.024) < 1e-15)
    #expect(times.perContextToken[5] == 2e-6 && times.kvTokens == 5000 && times.requestDelay == 0.03)
    let list = try requests(1, 100, 2, .atOnce)
    let result = try Simulation(times, scheduler: Scheduler()).run(list).get()
    // 20 ms, 100 tokens of 0.1 ms, 100²/2 pairs of 1 us; then a step of 10 ms over 101 tokens of 2 us.
    #expect(abs(result.requests.ttft(0) - 0.065) < 1e-12)
    #expect(abs(result.requests.end[0] - result.requests.first[0] - 0.010202) < 1e-12)
    for (text, place) in [
      ("decode,1,10,ms\n", "steps.csv:"), ("prompt,,1,ms\n", "steps.csv:"),
      ("dekode,1,10,ms\n", "steps.csv:2:1"),
      ("decode,,10,ms\n", "steps.csv:2:8"), ("decode,1,0,ms\n", "steps.csv:2:10"),
      ("decode,1,10,GB\n", "steps.csv:2:13"), ("decode,4,10,ms\ndecode,2,9,ms\n", "steps.csv:3:8"),
      ("prompt,3,10,ms\n", "steps.csv:2:8"), ("kv_capacity,,3,s\n", "steps.csv:2:16"),
    ] {
      let error = #expect(throws: InputError.self) { try read(text) }
      #expect(error?.description.hasPrefix(place) == true, "\(error?.description ?? "")")
    }
  }

  @Test("MLPerf's limits are found by name")
  func limits() throws {
    let server = try #require(ServiceLimits(preset: "mlperf:llama2-70b-server"))
    #expect(server.ttft == Seconds(2) && server.tpot == Seconds(0.2) && server.share == 0.99)
    #expect(ServiceLimits(preset: "mlperf:deepseek-r1-interactive")?.tpot == Seconds(0.015))
    #expect(ServiceLimits(preset: "llama2-70b-server") == nil)
    #expect(ServiceLimits.presets.count == 10)
  }
}

@Suite("The simulation beside the formulas")
struct SimulationFormulaTests {
  @Test("a request alone takes what the step model says")
  func alone() throws {
    let catalog = try Catalog.embedded()
    let estimator = try Estimator(catalog: catalog)
    let chip = try estimator.rates(of: try #require(catalog.accelerator("H100"))).get()
    let shape = try ModelShape.from(try #require(catalog.model("Llama-3.1-70B"))).get()
    for engine in Engine.allCases {
      let step = StepModel(
        model: shape, chip: chip, deployment: Deployment(tensorParallel: 4, engine: engine, precision: .fp8),
        constants: estimator.constants)
      let workload = Workload(inputTokens: 3000, outputTokens: 500, cachedShare: 0.25)
      let times = StepTimes(step, workload: workload, batches: 4)
      let result = try Simulation(times, scheduler: Scheduler(step.deployment, cachedShare: 0.25)).run(
        requests(1, 3000, 500, .closedLoop(clients: 1))
      ).get()
      let server = estimator.constants.server(engine)
      let prompt = step.prefill(tokens: 2250, prefix: 750).total
      let ttft = (server.admission + server.prefillLaunch * step.kernelCount + prompt).value
      #expect(abs(result.requests.ttft(0) / ttft - 1) < 1e-3)
      let tpot = step.decode(batch: 1, context: 3250).total.value
      #expect(abs(try #require(result.requests.tpot(0)) / tpot - 1) < 1e-6)
      #expect(abs(times.kvTokens / (step.batchLimit(context: 1000) * 1000) - 1) < 1e-9)
    }
  }

  @Test("published runs: TPOT within 5 % of the formula, TTFT within 20 % below saturation, medians")
  func closedLoop() throws {
    let catalog = try Catalog.embedded()
    let estimator = try Estimator(catalog: catalog)
    let published = PublishedRuns(try Catalog.servingPoints(), catalog: catalog, estimator: estimator)
    let chips = estimator.chipRates(catalog)
    var tpot: [Double] = []
    var ttft: [Double] = []
    for run in published.runs.enumerated().filter({ $0.offset % 12 == 0 }).map(\.element) {
      guard let chip = chips[run.accelerator], let step = estimator.stepModel(of: run, on: chip),
        let formula = estimator.predict(run, on: chip)
      else { continue }
      let limit = estimator.batchLimit(of: run, step)
      guard run.concurrency <= limit else { continue }
      let clients = Int(run.concurrency)
      var times = StepTimes(step, workload: run.workload, batches: clients)
      // The run happened: what it needed at most was there.
      times.kvTokens = max(times.kvTokens, 1.2 * Double(run.data) * (run.inputTokens + run.outputTokens) + 64)
      let list = try requests(
        max(40, 10 * clients), run.inputTokens, run.outputTokens, .closedLoop(clients: clients),
        run.hasFixedLengths ? .fixed : .uniform(from: 0.8))
      let result = try Simulation(times, scheduler: Scheduler(step.deployment)).run(list).get()
      tpot.append(abs(try #require(result.tpot).mean / formula.tpot - 1))
      ttft.append(abs(try #require(result.ttft).mean / formula.ttft - 1))
    }
    #expect(tpot.count > 150)
    #expect(tpot.sorted()[tpot.count / 2] < 0.05)
    #expect(ttft.sorted()[ttft.count / 2] < 0.2)
  }
}
