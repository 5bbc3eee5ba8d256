// `plimsoll simulate` as a user runs it: loads of every kind, limits, saturation, and files that are none.

import Foundation
import Testing

@Suite("plimsoll simulate")
struct SimulationProgramTests {
  private let llama = [
    "simulate", "--model", "Llama-3.1-8B", "--accelerator", "H100", "--tp", "1", "--engine", "vllm",
    "--output-tokens", "128", "--requests", "2000", "--format", "csv",
  ]

  @Test(
    "shows quantiles at a rate, the same for a seed, and calls too high a rate saturated with the capacity")
  func rate() throws {
    try inFolder { folder in
      let run = try plimsoll(llama + ["--rate", "5"], in: folder)
      #expect(run.status == 0, "\(run.err)")
      let (p50, p99) = (try #require(run.value("ttft", "p50")), try #require(run.value("ttft", "p99")))
      #expect(p50 > 0 && p50 < p99 && p99 < 10)
      #expect(run.value("saturated") == 0)
      let again = try plimsoll(llama + ["--rate", "5"], in: folder)
      #expect(again.out == run.out)
      let other = try plimsoll(llama + ["--rate", "5", "--seed", "2"], in: folder)
      #expect(other.status == 0 && other.out != run.out)

      let capacity = try #require(run.value("capacity"))
      let beyond = try plimsoll(llama + ["--rate", "\(2 * capacity)"], in: folder)
      #expect(beyond.status == 0 && beyond.value("saturated") == 1)
      #expect(beyond.value("ttft", "mean") == nil && beyond.value("tpot", "mean") != nil)
    }
  }

  @Test("finds the highest rate of MLPerf's limits by name, and knows other names to be none")
  func limits() throws {
    try inFolder { folder in
      let run = try plimsoll(llama + ["--max-rate", "--limits", "mlperf:llama3.1-8b-server"], in: folder)
      #expect(run.status == 0, "\(run.err)")
      let (rate, capacity) = (try #require(run.value("highest_rate")), try #require(run.value("capacity")))
      #expect(rate > 0 && rate <= capacity)
      #expect(try #require(run.value("tpot", "p99")) <= 0.1)
      #expect(try #require(run.value("attainment")) >= 98)
      let unknown = try plimsoll(llama + ["--max-rate", "--limits", "mlperf:none"], in: folder)
      #expect(unknown.status == 64 && unknown.err.contains("mlperf:llama2-70b-server"))
    }
  }

  @Test("runs a trace with given step times and writes every request; a wrong cell stops it with its place")
  func trace() throws {
    try inFolder { folder in
      func file(_ name: String, _ text: String) throws -> String {
        let url = folder.appendingPathComponent(name)
        try Data(text.utf8).write(to: url)
        return url.path
      }
      let steps = try file("steps.csv", "quantity,batch,value,unit\ndecode,1,10,ms\nprompt,,100,us\n")
      let trace = try file("trace.csv", "arrival_s,input_tokens,output_tokens\n0,100,11\n9,100,1\n")
      let requests = folder.appendingPathComponent("requests.csv").path
      let run = try plimsoll(
        ["simulate", "--step-times", steps, "--trace", trace, "--requests-csv", requests, "--format", "csv"],
        in: folder)
      #expect(run.status == 0, "\(run.err)")
      // 100 prompt tokens of 0.1 ms, then ten steps of 10 ms.
      #expect(abs(try #require(run.value("ttft", "mean")) - 0.01) < 1e-9)
      #expect(abs(try #require(run.value("latency", "p99")) - 0.11) < 1e-9)
      let rows = try String(contentsOfFile: requests, encoding: .utf8).split(separator: "\n")
      #expect(rows.count == 3 && rows[1].hasPrefix("0,100,11,"))

      let torn = try file("torn.csv", "arrival_s,input_tokens,output_tokens\n0,100,eleven\n")
      let refused = try plimsoll(["simulate", "--step-times", steps, "--trace", torn], in: folder)
      #expect(refused.status == 65 && refused.err.contains("torn.csv:2:7") && refused.out.isEmpty)
      let missing = try plimsoll(["simulate", "--step-times", steps, "--trace", torn + "x"], in: folder)
      #expect(missing.status == 65 && missing.out.isEmpty)
    }
  }

  @Test("stands beside the formulas in an estimate")
  func estimate() throws {
    try inFolder { folder in
      let run = try plimsoll(
        [
          "estimate", "--model", "Llama-3.1-8B", "--accelerator", "H100", "--tp", "1", "--batch", "16",
          "--simulate",
          "--format", "csv",
        ], in: folder)
      #expect(run.status == 0, "\(run.err)")
      let lines = run.out.split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      let header = try #require(lines.first)
      let mean = try #require(header.firstIndex { $0 == "simulated_mean" })
      let tpot = try #require(lines.first { $0[0] == "time per output token" })
      let (formula, simulated) = (try #require(Double(tpot[1])), try #require(Double(tpot[mean])))
      #expect(abs(simulated / formula - 1) < 0.05)
      #expect(lines.count == 9)
    }
  }
}

extension ProgramRun {
  /// A figure of the CSV output; nil where its cell is empty.
  func value(_ figure: String, _ statistic: String = "") -> Double? {
    for line in out.split(separator: "\n") {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      if cells.count == 4, cells[0] == figure, cells[1] == statistic { return Double(cells[2]) }
    }
    return nil
  }
}
