// A finished simulation as tables: for people what clients see and what the replica does, for programs one line a
// figure; and the times of every request as CSV.

import Catalog
import Estimator
import Quantities
import Tables

/// What `simulate` prints.
struct SimulationReport {
  let title: String
  let result: SimulationResult
  let simulation: Simulation
  let limits: ServiceLimits?
  let highestRate: Double?
  let notes: [String]

  /// Quantities over requests, in the order in which people ask, in seconds.
  private var seen: [(name: String, key: String, values: Distribution?)] {
    [
      ("time to first token", "ttft", result.ttft), ("time per output token", "tpot", result.tpot),
      ("whole answer", "latency", result.latency), ("wait in the queue", "wait", result.wait),
    ]
  }

  /// Single figures: name, key, value, unit.
  private var figures: [(name: String, key: String, value: Double, unit: String)] {
    let rates = result.rates
    let tally = result.tally
    var list: [(String, String, Double, String)] = [
      ("requests ended", "requests", Double(tally.ended), "count"),
      ("request rate", "request_rate", rates.requests, "requests/s"),
      ("output rate", "output_rate", rates.outputTokens, TokensPerSecond.symbol),
      ("time at work", "utilisation", Unit.percent.fromBase(result.utilisation), "%"),
      ("mean batch", "mean_batch", result.meanBatch, "sequences"),
      ("largest batch", "peak_batch", Double(tally.peakBatch), "sequences"),
      ("preemptions", "preemptions", Double(tally.preemptions), "count"),
      ("most KV in use", "peak_kv", Double(tally.peakBlocks * simulation.scheduler.blockTokens), "tokens"),
    ]
    if simulation.times.kvTokens.isFinite {
      list.append(("KV capacity", "kv_capacity", simulation.times.kvTokens, "tokens"))
    }
    if let rate = result.arrivalRate { list.append(("arrivals", "arrival_rate", rate, "requests/s")) }
    if let capacity = result.capacity { list.append(("capacity", "capacity", capacity, "requests/s")) }
    if let highestRate {
      list.append(("highest rate in the limits", "highest_rate", highestRate, "requests/s"))
    }
    if let limits {
      list.append(
        ("requests in the limits", "attainment", Unit.percent.fromBase(result.attainment(limits)), "%"))
    }
    return list
  }

  /// For people.
  var tables: [ReportTable] {
    var seenTable = ReportTable(
      title, [.init("ms"), .init("mean"), .init("p50"), .init("p90"), .init("p99")])
    for (name, _, values) in seen {
      guard let values else {
        seenTable.append([.text(name)] + Array(repeating: .text("-"), count: 4))
        continue
      }
      seenTable.append(
        [.text(name)]
          + [values.mean, values.p50, values.p90, values.p99].map { number(Unit.millisecond.fromBase($0)) })
    }
    if let saturation = result.saturation {
      let load = fixed(saturation.arrivalRate / saturation.capacity, decimals: 2)
      seenTable.notes.append(
        "SATURATED: \(fixed(saturation.arrivalRate, decimals: 2)) requests/s arrive, the replica ends at most "
          + "\(fixed(saturation.capacity, decimals: 2)) (\(load) times its capacity). The queue grows without bound"
          + (result.isStationary
            ? ": waits have no steady value."
            : "; the waits are those of this trace, and longer ones of a longer."))
    }
    if let clients = result.clients, clients > result.tally.peakBatch, result.requests.count >= clients {
      seenTable.notes.append(
        "At most \(result.tally.peakBatch) of the \(clients) clients' requests run at once; the others wait.")
    }
    if result.isStationary {
      seenTable.notes.append("The first tenth of the requests does not count.")
    }
    var replica = ReportTable("The replica", [.init("figure"), .init("value"), .init("unit")])
    for (name, _, value, unit) in figures { replica.append([.text(name), number(value), .text(unit)]) }
    replica.notes = notes
    return [seenTable, replica]
  }

  /// For programs: one line a figure and statistic; empty where there is no steady state.
  var longTable: ReportTable {
    var table = ReportTable(
      title, [.init("figure"), .init("statistic"), .init("value"), .init("unit")])
    for (_, key, values) in seen {
      for (statistic, value) in [
        ("mean", values?.mean), ("p50", values?.p50), ("p90", values?.p90), ("p99", values?.p99),
      ] {
        table.append(
          [.text(key), .text(statistic), .optional(value, decimals: 6), .text(Seconds.symbol)])
      }
    }
    for (_, key, value, unit) in figures {
      table.append([.text(key), .empty, .number(value, decimals: 4), .text(unit)])
    }
    table.append([.text("saturated"), .empty, .integer(result.saturation == nil ? 0 : 1), .text("count")])
    return table
  }

  private func number(_ value: Double) -> Cell {
    .number(value, decimals: value == value.rounded() || abs(value) >= 1000 ? 0 : abs(value) >= 10 ? 1 : 2)
  }
}

extension SimulationResult {
  /// The times of every request in seconds, in order of arrival.
  var requestsCSV: String {
    var writer = CSVWriter()
    writer.append([
      "arrival_s", "input_tokens", "output_tokens", "wait_s", "ttft_s", "tpot_s", "latency_s", "counts",
    ])
    for index in 0..<requests.count {
      writer.append([
        decimalText(requests.arrival[index]), String(requests.input[index]), String(requests.output[index]),
        decimalText(requests.wait(index)), decimalText(requests.ttft(index)),
        requests.tpot(index).map(decimalText) ?? "", decimalText(requests.latency(index)),
        index < warmUp ? "0" : "1",
      ])
    }
    return writer.text
  }
}

/// How fast the simulator is on this host, on one core.
struct SimulationBenchmark {
  private let estimator: Estimator
  private let tables: Catalog

  init(_ tables: Catalog) throws {
    estimator = try Estimator(catalog: tables)
    self.tables = tables
  }

  /// Small and large batches, short and long answers; requests drawn, simulated and summed up.
  func table() throws -> ReportTable {
    var table = ReportTable(
      "Simulated requests a second: Llama-3.1-70B fp8 on 4 x H100, one core",
      [
        .init("concurrency"), .init("input_tokens", "prompt"), .init("output_tokens", "answer"),
        .init("requests"), .init("seconds"), .init("requests_per_second", "requests/s"),
      ])
    guard let model = tables.model("Llama-3.1-70B"), let chip = tables.accelerator("H100") else {
      throw Gap(
        "benchmark of the simulation", missing: "Llama-3.1-70B and H100 in the catalogue",
        remedy: "leave --catalog out")
    }
    let deployment = Deployment(tensorParallel: 4, precision: .fp8)
    let count = 400_000
    let clock = ContinuousClock()
    for (clients, answer) in [(64, 256.0), (64, 1024), (512, 256), (512, 1024)] {
      let workload = Workload(inputTokens: 0.9 * 1024, outputTokens: 0.9 * answer)
      let start = clock.now
      let simulation = try estimator.simulation(
        model: model, on: chip, deployment: deployment, workload: workload, batches: clients
      ).get()
      let list = try RequestList.drawn(
        count, inputTokens: 1024, outputTokens: answer, spread: .uniform(from: 0.8),
        arrivals: .closedLoop(clients: clients), seed: 1
      ).get()
      let result = try simulation.run(list).get()
      // The sums belong to it: a result nobody reads is not one.
      guard result.ttft != nil, result.tpot != nil, result.latency != nil, result.wait != nil else {
        continue
      }
      let seconds = (clock.now - start) / .seconds(1)
      table.append([
        .integer(clients), .integer(1024), .integer(Int(answer)), .integer(count),
        .number(seconds, decimals: 3), .number(Double(count) / seconds, decimals: 0),
      ])
    }
    return table
  }
}
