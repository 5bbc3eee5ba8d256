// The simulator against real engine runs: the queue, the end-to-end time and the rate must follow from the measured
// time per token alone. A queue of 7 to 37 s is a hard test of the scheduler and none of the step model.

import Catalog
import Quantities
import Testing

import Estimator

@Suite("The simulation against real vLLM runs")
struct SimulationTraceTests {
  /// One run: 300 sessions at 10 a second on one RTX PRO 6000 or two; times in seconds.
  struct RealRun {
    let name: String
    let input: Double
    let output: Double
    let ranks: Int
    let measured: [String: Double]
  }

  static func runs() throws -> [RealRun] {
    let points = try Catalog.servingPoints().filter {
      $0.source.hasPrefix("LLMServingSim bench") && $0.accelerator.hasPrefix("RTX PRO 6000")
    }
    return Dictionary(grouping: points, by: \.sourceUrlOrRepoPath).sorted { $0.key < $1.key }.compactMap {
      path, rows in
      guard let first = rows.first, let input = Double(first.isl), let output = first.osl else { return nil }
      var measured: [String: Double] = [:]
      for row in rows {
        measured[row.metric] =
          row.metric.hasSuffix("_ms") ? row.value.map(Unit.millisecond.toBase) : row.value
      }
      let ranks = first.parallelism.split(separator: " ").first { $0.hasPrefix("DP") }
        .flatMap { Int($0.dropFirst(2)) }
      return RealRun(name: path, input: input, output: output, ranks: ranks ?? 1, measured: measured)
    }
  }

  @Test("queue, end-to-end time and rate follow from the measured time per token and 128 sequences a rank")
  func saturatedRuns() throws {
    let runs = try SimulationTraceTests.runs()
    #expect(runs.count == 3)
    for run in runs {
      let (ttft, tpot) = (try #require(run.measured["ttft_ms"]), try #require(run.measured["tpot_ms"]))
      let (latency, rate) = (try #require(run.measured["e2e_ms"]), try #require(run.measured["output_tok_s"]))
      // Rate times time per token says that about 100 sequences ran at once: 128 slots, less the tail.
      let times = StepTimes(
        decode: Curve([(1, tpot)]), perContextToken: Curve([]), promptToken: 0, alone: Curve([(0, tpot)]),
        attentionPerToken: Curve([]), requestDelay: 0.05, batches: 128 * run.ranks)
      var sums = (ttft: 0.0, latency: 0.0, rate: 0.0)
      let seeds = 1...10 as ClosedRange<UInt64>
      for seed in seeds {
        let list = try requests(300, run.input, run.output, .poisson(rate: 10), seed: seed)
        var result = try Simulation(times, scheduler: Scheduler()).run(list).get()
        result.warmUp = 0
        sums.ttft += try #require(result.ttft).mean / 10
        sums.latency += try #require(result.latency).mean / 10
        sums.rate += Double(result.tally.outputTokens) / (result.tally.end - list.arrival[0]) / 10
      }
      // Lengths are their means here, which real ones were not, and the step time is that of every batch.
      #expect(abs(sums.ttft / ttft - 1) < 0.25, "\(run.name)")
      #expect(abs(sums.latency / latency - 1) < 0.1, "\(run.name)")
      #expect(abs(sums.rate / rate - 1) < 0.06, "\(run.name)")
    }
  }
}
