// plimsoll simulate: what clients of one replica see, request by request: quantiles, open loops, traces, saturation.

import ArgumentParser
import Catalog
import Estimator
import Quantities
import Tables

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Simulates continuous batching on one replica.",
    discussion: """
      Requests come from --concurrency clients that wait for their answers, at a --rate, or from a --trace \
      (CSV: arrival_s,input_tokens,output_tokens). Step times come from the catalogue, or from a table of your \
      own (--step-times; CSV: quantity,batch,value,unit). The same seed gives the same result everywhere.
      Limits hold for 99 % of the requests.
      Example: plimsoll simulate --model Llama-3.1-70B --accelerator H100 --tp 4 --rate 4
               plimsoll simulate --model Llama-3.1-8B --accelerator H100 --limits mlperf:llama3.1-8b-server --max-rate
      """)

  @Option(help: "Model of the catalogue, or its identifier at the model hub.") var model: String?
  @Option(help: "Accelerator of the catalogue.") var accelerator: String?
  @Option(help: "Step times as CSV, in place of a model and an accelerator.") var stepTimes: String?
  @Option(help: "Format of the weights; left out, the usual one.") var precision: Precision?
  @Option(help: "Serving engine; left out, the best of those that run on the chip.") var engine: Engine?
  @Option(help: "Tensor-parallel degree.") var tp: Int?
  @Option(help: "Expert groups.") var ep: Int?
  @Option(help: "Attention-data-parallel degree.") var dp: Int?
  @Option(help: "Pipeline stages.") var pp: Int?

  @Option(help: "Arrivals in requests/s.") var rate: Double?
  @Option(help: "Coefficient of variation of the gaps between arrivals: 1 is Poisson, more comes in bursts.")
  var burstiness = 1.0
  @Option(help: "Clients that keep one request each in flight.") var concurrency: Int?
  @Option(help: "A recorded trace as CSV.") var trace: String?
  @Option(help: "Prompt length in tokens.") var inputTokens = 1024.0
  @Option(help: "Answer length in tokens.") var outputTokens = 1024.0
  @Option(help: "Spread of lengths: fixed, uniform (0.8 to 1 of the length) or lognormal around it.")
  var lengths = LengthOption.uniform
  @Option(help: "Coefficient of variation of lognormal lengths.") var lengthSpread = 1.0
  @Option(help: "Share of the prompt that a prefix cache supplies, 0 to below 1.") var cachedShare = 0.0
  @Option(help: "Requests to simulate; left out, ten a client, or 50,000.") var requests: Int?
  @Option(help: "Seed of the draws.") var seed: UInt64 = 1

  @Option(help: "Tokens of one step; left out, 4096 where steps are mixed, 8192 for sglang.") var tokenBudget:
    Int?
  @Option(help: "Most sequences that run at once; left out, 2048 a rank.") var maxRunning: Int?
  @Option(help: "Tokens that the KV cache holds; left out, what the memory leaves.") var kvTokens: Double?
  @Option(help: "Limit on the time to first token, e.g. 500ms or 2s.") var ttft: Duration?
  @Option(help: "Limit on the mean time per output token of a request, e.g. 50ms.") var tpot: Duration?
  @Option(help: "Limits by name, e.g. mlperf:llama2-70b-server.") var limits: String?
  @Flag(help: "Find the highest rate that keeps the limits.") var maxRate = false
  @Option(name: .customLong("requests-csv"), help: "Write the times of every request to this CSV file.")
  var requestsFile: String?
  @Flag(help: "Print how many requests a second are simulated, in place of a result.") var benchmark = false
  @OptionGroup var catalog: CatalogOptions
  @OptionGroup var output: OutputOptions

  /// Spreads of lengths by name.
  enum LengthOption: String, ExpressibleByArgument, CaseIterable { case fixed, uniform, lognormal }

  func validate() throws {
    guard stepTimes != nil || model != nil && accelerator != nil || benchmark else {
      throw ValidationError("give --model and --accelerator, or --step-times")
    }
    let loads = [rate != nil, concurrency != nil, trace != nil, maxRate].count { $0 }
    guard loads == 1 || benchmark else {
      throw ValidationError("give one of --rate, --concurrency, --trace and --max-rate")
    }
    guard limits == nil || ttft == nil && tpot == nil else {
      throw ValidationError("give --limits, or --ttft and --tpot")
    }
    guard !maxRate || limits != nil || ttft != nil || tpot != nil else {
      throw ValidationError("--max-rate needs limits: --ttft, --tpot or --limits")
    }
    for (name, value) in [("--input-tokens", inputTokens), ("--output-tokens", outputTokens)] {
      guard value >= 1, value <= 1e7 else { throw ValidationError("\(name) must be from 1 to 1e7 tokens") }
    }
    guard cachedShare >= 0, cachedShare < 1 else {
      throw ValidationError("--cached-share must be from 0 to below 1")
    }
    let counts = [
      ("--tp", tp), ("--ep", ep), ("--dp", dp), ("--pp", pp), ("--concurrency", concurrency),
      ("--token-budget", tokenBudget), ("--max-running", maxRunning),
    ]
    for (name, value) in counts {
      if let value, !(1...1_000_000).contains(value) {
        throw ValidationError("\(name) must be from 1 to 1,000,000")
      }
    }
    if let kvTokens, !(kvTokens >= 1) { throw ValidationError("--kv-tokens must be at least 1") }
  }

  func run() throws {
    if benchmark { return try output.show([try SimulationBenchmark(catalog.load()).table()]) }
    let limits = try serviceLimits()
    let recorded = try trace.map { try RequestList.recorded(bytes(of: $0), file: $0) }
    let replica = try replica(recorded, limits)
    let simulation = replica.simulation
    var highest: Double?
    let result: SimulationResult
    if maxRate, let limits {
      let found = try possible(simulation.highestRate(keeping: limits, draw))
      highest = found.rate
      result = found.result
    } else {
      let list = try recorded ?? drawn()
      let run = try possible(simulation.run(list))
      // In a closed loop nothing can arrive faster than it leaves.
      result = list.clients == nil ? run.measured(against: try possible(simulation.capacity(list))) : run
    }
    if let requestsFile { try WholeFile.write(result.requestsCSV, to: requestsFile) }
    let report = SimulationReport(
      title: replica.title, result: result, simulation: simulation, limits: limits, highestRate: highest,
      notes: replica.notes)
    try output.show(output.format.isForPeople ? report.tables : [report.longTable])
  }

  // MARK: Inputs

  private func serviceLimits() throws -> ServiceLimits? {
    if let limits {
      guard let preset = ServiceLimits(preset: limits) else {
        let names = ServiceLimits.presets.map(\.name)
        throw CommandFailure(.usage, "unknown limits '\(limits)'; known are \(names.joined(separator: ", "))")
      }
      return preset
    }
    guard ttft != nil || tpot != nil else { return nil }
    return ServiceLimits(name: "the limits", ttft: ttft?.value, tpot: tpot?.value)
  }

  private var spread: LengthSpread {
    switch lengths {
    case .fixed: .fixed
    case .uniform: .uniform(from: 0.8)
    case .lognormal: .lognormal(cv: lengthSpread)
    }
  }

  /// Mean of a length: of uniform ones the middle between 0.8 and 1.
  private func mean(_ nominal: Double) -> Double { lengths == .uniform ? 0.9 * nominal : nominal }

  private func drawn() throws -> RequestList {
    if let concurrency {
      return try RequestList.drawn(
        requests ?? max(40, 10 * concurrency), inputTokens: inputTokens, outputTokens: outputTokens,
        spread: spread, arrivals: .closedLoop(clients: concurrency), seed: seed
      ).get()
    }
    return try draw(rate ?? 1).get()
  }

  private func draw(_ rate: Double) -> Known<RequestList> {
    RequestList.drawn(
      requests ?? 50_000, inputTokens: inputTokens, outputTokens: outputTokens, spread: spread,
      arrivals: burstiness == 1 ? .poisson(rate: rate) : .gamma(rate: rate, cv: burstiness), seed: seed)
  }

  private func bytes(of path: String) throws -> [UInt8] {
    guard let bytes = WholeFile.bytes(of: path) else {
      throw InputError(file: path, "the file cannot be read", advice: "check the path and its permissions")
    }
    return bytes
  }

  // MARK: The replica

  private struct Replica {
    let title: String
    let simulation: Simulation
    let notes: [String]
  }

  private func replica(_ recorded: RequestList?, _ limits: ServiceLimits?) throws -> Replica {
    if let stepTimes {
      let batches = min(maxRunning ?? 2048, concurrency ?? .max)
      var times = try StepTimes(table: bytes(of: stepTimes), file: stepTimes, batches: batches)
      if let kvTokens { times.kvTokens = kvTokens }
      var notes = ["Step times: \(stepTimes)."]
      if batches > times.lastBatch {
        notes.append("Steps of more than \(times.lastBatch) sequences go on along the last two rows.")
      }
      var scheduler = Scheduler()
      scheduler.isPrefillFirst = engine == .sglang
      if engine == .sglang { scheduler.tokenBudget = Scheduler.prefillFirstBudget }
      scheduler.cachedShare = cachedShare
      return Replica(
        title: "Simulated with given step times", simulation: simulation(times, scheduler), notes: notes)
    }
    let tables = try catalog.load()
    let chip = try plimsoll.accelerator(named: accelerator ?? "", in: tables)
    let network = try plimsoll.network(named: model ?? "", in: tables)
    let estimator = try Estimator(catalog: tables)
    let workload = Workload(
      inputTokens: recorded?.meanInput ?? mean(inputTokens),
      outputTokens: recorded?.meanOutput ?? mean(outputTokens), cachedShare: cachedShare,
      ttftLimit: limits?.ttft, tpotLimit: limits?.tpot)
    let estimate = try chosen(estimator, network, chip, workload)
    let ranks = estimate.deployment.dataParallel * estimate.deployment.pipelineParallel
    let batches = min(maxRunning ?? 2048 * ranks, concurrency ?? .max)
    let base = try estimator.simulation(
      model: network, on: chip, deployment: estimate.deployment, workload: workload, batches: batches
    ).get()
    var times = base.times
    if let kvTokens { times.kvTokens = kvTokens }
    var notes = estimate.tpot.sources.map { "Source: \($0)" }
    if let range = estimate.tpot.interval {
      let value = estimate.tpot.value
      notes.insert(
        "Step times are \(estimate.tpot.trust.rawValue): 80 % of published mean times per token lie at "
          + "\(fixed(range.low / value, decimals: 2)) to \(fixed(range.high / value, decimals: 2)) of the estimate.",
        at: 0)
    }
    return Replica(
      title: "\(network.model) on \(estimate.deployment.accelerators) x \(chip.id) "
        + "(\(estimate.deployment.summary)), simulated",
      simulation: simulation(times, base.scheduler), notes: notes)
  }

  private func simulation(_ times: StepTimes, _ scheduler: Scheduler) -> Simulation {
    var scheduler = scheduler
    if let tokenBudget { scheduler.tokenBudget = tokenBudget }
    if let maxRunning { scheduler.maxRunning = maxRunning }
    return Simulation(times, scheduler: scheduler)
  }

  /// The deployment that was asked for, or the one with most output tokens/s per accelerator.
  ///
  /// The limits are on 99 % of the requests; a deployment that breaks them on average is not the one to take, but one
  /// that was asked for is simulated all the same.
  private func chosen(
    _ estimator: Estimator, _ network: ModelArchitecture, _ chip: Accelerator, _ workload: Workload
  ) throws -> ServingEstimate {
    let rates = try estimator.rates(of: chip).get()
    let format = precision ?? .usual(for: network, on: rates)
    let isGiven = tp != nil || ep != nil || dp != nil || pp != nil
    var workload = workload
    if isGiven { (workload.ttftLimit, workload.tpotLimit) = (nil, nil) }
    let answers = (engine.map { [$0] } ?? estimator.engines(on: chip)).map { engine in
      estimator.serve(
        model: network, on: chip, workload: workload, precision: format,
        deployment: isGiven
          ? Deployment(
            tensorParallel: tp ?? 1, expertParallel: ep ?? 1, dataParallel: dp ?? 1,
            pipelineParallel: pp ?? 1, engine: engine, precision: format) : nil, engine: engine)
    }
    let rate = { (estimate: ServingEstimate) in estimate.outputTokensPerSecondPerAccelerator.value }
    let best = answers.compactMap { try? $0.get() }.max { rate($0) < rate($1) }
    if let best { return best }
    return try possible(
      answers.first ?? .failure(Gap("\(network.model) on \(chip.id)", missing: "no engine for this chip")))
  }
}
