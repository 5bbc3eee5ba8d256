// Benchmark workloads: which one a published row means, and what the table must hold.

import Catalog
import Tables
import Testing

@Suite("A benchmark workload")
struct WorkloadTests {
  private let catalog: Catalog

  init() throws { catalog = try Catalog.embedded() }

  @Test("is found by benchmark and round, model without accuracy target, and scenario")
  func isFound() throws {
    let server = try #require(
      catalog.workload(source: "MLPerf Inference v5.1", model: "llama2-70b-99.9", scenario: "server"))
    #expect(server.ttftP99Ms == 2000 && server.tpotP99Ms == 200)
    #expect(server.outputMean == 294.45)
    let summaries = try #require(
      catalog.workload(source: "MLPerf Inference v4.1", model: "gptj-99", scenario: "offline"))
    #expect(summaries.beams == 4 && !summaries.hasLimits)
    let edge = try #require(
      catalog.workload(source: "MLPerf Inference v5.1", model: "llama3.1-8b-edge", scenario: "offline"))
    #expect(edge.samples == 5000)
    #expect(
      catalog.workload(source: "MLPerf Inference v6.0", model: "deepseek-r1", scenario: "interactive")?
        .tpotP99Ms == 15)
  }

  @Test("is none before its first round, nor of another benchmark, scenario or model")
  func isNotGuessed() {
    func find(_ source: String, _ model: String, _ scenario: String) -> BenchmarkWorkload? {
      catalog.workload(source: source, model: model, scenario: scenario)
    }
    #expect(find("MLPerf Inference v5.1", "deepseek-r1", "interactive") == nil)
    #expect(find("MLPerf Inference v4.1", "llama2-70b-99", "interactive") == nil)
    #expect(find("MLPerf Inference v10.0", "llama2-70b-99", "interactive") != nil)
    #expect(find("MLPerf Inference", "llama2-70b-99", "server") == nil)
    #expect(find("MLPerf Inferences v5.1", "llama2-70b-99", "server") == nil)
    #expect(find("MLPerf Inference v5.1", "llama2-70", "server") == nil)
    #expect(find("MLPerf Inference v5.1", "llama2-70b-99", "mixed") == nil)
    #expect(find("InferenceX blog tables", "any", "mixed") == nil)
  }

  @Test("of random requests has a mean of 0.9 of the nominal length")
  func nominalLengths() throws {
    for source in ["InferenceX blog tables", "InferenceX (SemiAnalysis) API capture"] {
      let share = try #require(catalog.meanShareOfNominalLength(source: source))
      #expect(abs(share - 0.9) < 0.001)
    }
    #expect(catalog.meanShareOfNominalLength(source: "MLPerf Inference v5.1") == nil)
    #expect(catalog.meanShareOfNominalLength(source: "SGLang Xeon 6 blog") == nil)
  }

  @Test("with both lengths stands behind every MLPerf row")
  func coversPublishedRows() throws {
    let points = try Catalog.servingPoints().filter { $0.source.hasPrefix("MLPerf Inference") }
    #expect(points.count > 1800)
    for point in points {
      let workload = catalog.workload(source: point.source, model: point.model, scenario: point.scenario)
      #expect(workload?.inputMean != nil, "\(point.source) \(point.model) \(point.scenario)")
      #expect(workload?.outputMean != nil, "\(point.source) \(point.model) \(point.scenario)")
      #expect(workload?.hasLimits == (point.scenario != "offline"))
    }
  }

  @Test("keeps its faults out of the catalogue", arguments: badWorkloads)
  func faults(bad: BadWorkload) throws {
    let table = try TextTable("benchmark_workloads.csv")
    let index = try #require(table.index(startingWith: bad.line))
    let text = try table.setting(bad.column, of: index, to: bad.value).text
    let report = try Catalog.check(file: "benchmark_workloads.csv", bytes: Array(text.utf8))
    let first = try #require(report.errors.first?.fault)
    #expect(first.line == index + 2)
    #expect(first.description.contains(bad.says), "\(first.description)")
  }
}

/// One edit of a workload's row and what the rule must say about it.
struct BadWorkload: Sendable, CustomTestStringConvertible {
  let line: String
  let column: String
  let value: String
  let says: String
  var testDescription: String { "\(column) = '\(value)'" }
}

private let server = "MLPerf Inference,llama2-70b,server"
private let onlyServer = "MLPerf Inference,gptj,server"
private let onlyOffline = "MLPerf Inference,llama3.1-8b-edge,offline"

private let badWorkloads = [
  BadWorkload(line: server, column: "input_mean", value: "1200", says: "above the maximum of 1021"),
  BadWorkload(line: server, column: "output_mean", value: "1025", says: "above the maximum of 1024"),
  BadWorkload(line: server, column: "tpot_p99_ms", value: "", says: "bounded together"),
  BadWorkload(line: server, column: "limits_source", value: "", says: "stand together"),
  BadWorkload(line: server, column: "valid_from", value: "round 4", says: "is not a round"),
  BadWorkload(line: server, column: "beams", value: "0", says: "not positive"),
  BadWorkload(
    line: onlyServer, column: "scenario", value: "mixed", says: "a limit on a scenario without one"),
  BadWorkload(
    line: onlyOffline, column: "scenario", value: "interactive", says: "a bounded scenario without a limit"),
  BadWorkload(line: "InferenceX,any", column: "input_mean", value: "", says: "without its lengths"),
]
