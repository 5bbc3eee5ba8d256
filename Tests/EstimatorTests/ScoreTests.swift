// The score on published runs: which rows the rules drop, and how far the estimates are off.

import Catalog
import Estimator
import Quantities
import Testing

/// The bundled runs, cleaned once for all tests.
struct Bundled: Sendable {
  let catalog: Catalog
  let estimator: Estimator
  let published: PublishedRuns

  private init() throws {
    catalog = try Catalog.embedded()
    estimator = try Estimator(catalog: catalog)
    published = PublishedRuns(try Catalog.servingPoints(), catalog: catalog, estimator: estimator)
  }
  static let shared = Result { try Bundled() }
}

@Suite("Published runs")
struct PublishedRunTests {
  let catalog: Catalog
  let estimator: Estimator
  let published: PublishedRuns

  init() throws {
    let bundled = try Bundled.shared.get()
    (catalog, estimator, published) = (bundled.catalog, bundled.estimator, bundled.published)
  }

  @Test("are cleaned as the reference cleans them")
  func cleaning() {
    let kept = published.runs.count { $0.split == "calibration" }
    #expect(kept == 1431 && published.runs.count - kept == 678)
    let dropped = published.dropped.map { [$0.calibration, $0.publicTest] }
    // Best of a sweep; too many ranks; grid; jump; memory; concurrency; repeats; speculation; peak; range.
    #expect(
      dropped == [
        [12, 0], [56, 0], [19, 0], [15, 0], [2, 0], [10, 0], [315, 227], [125, 0], [21, 0], [0, 0],
      ])
    #expect([published.warmUp.calibration, published.warmUp.publicTest] == [67, 7])
  }

  @Test(
    "have feasible ranks: a product written as TP or DP becomes its factor",
    arguments: [
      ("TP16 PP1 DP1 moeTP4 moeEP4", "vllm", 4, 1, 4), ("TP1 PP1 DP16 moeTP4 moeEP4", "sglang", 1, 4, 4),
      ("TP4 PP1 DP4 moeTP1 moeEP16", "vllm", 1, 4, 4), ("TP8 PP1 DP1 moeTP8 moeEP1", "vllm", 8, 1, 1),
    ])
  func repaired(parallelism: String, engine: String, tensor: Int, data: Int, expert: Int) throws {
    func point(_ metric: String, _ value: Double) -> ServingPoint {
      var point = ServingPoint()
      point.source = "aiconfigurator silicon_sample"
      point.sourceUrlOrRepoPath = "silicon_sample.csv#run_c32"
      point.model = "Qwen/Qwen3-30B-A3B-FP8"
      point.precision = "fp8"
      point.accelerator = "H200 SXM 141GB"
      point.parallelism = parallelism
      point.isl = "1024"
      point.osl = 1024
      point.batchOrConcurrency = "32"
      point.metric = metric
      point.value = value
      point.notes = "mean over requests; \(engine) 0.1; fp8/fp8; batch_size; concurrency 32"
      point.split = "calibration"
      return point
    }
    let points = [point("tpot_ms", 20), point("ttft_ms", 500)]
    let runs = PublishedRuns(points, catalog: catalog, estimator: estimator).runs
    let run = try #require(runs.first)
    #expect([run.tensor, run.data, run.expert] == [tensor, data, expert])
    #expect(run.concurrency == 32 && run.tpot == 0.02 && run.ttft == 0.5)
  }

  @Test("are met with errors as small as the reference implementation's")
  func errors() throws {
    let lines = estimator.scores(on: published, catalog: catalog)
    func line(_ split: String, _ measure: Score.Measure) throws -> Score {
      try #require(lines.first { $0.split == split && $0.score.measure == measure }).score
    }
    // Percent: median and 90 % quantile; chip facts of the catalogue move them by some tenths.
    for (split, measure, median, p90) in [
      ("calibration", Score.Measure.tpot, 9.9, 27.1), ("calibration", .throughput, 8.1, 25.9),
      ("calibration", .ttft, 27.5, 84.2), ("public_test", .tpot, 10.9, 32.3),
      ("public_test", .throughput, 10.5, 35.7), ("public_test", .ttft, 23.5, 65.7),
    ] {
      let score = try line(split, measure)
      #expect(abs(Unit.percent.fromBase(score.median) - median) < 0.5, "\(split) \(measure) median")
      #expect(abs(Unit.percent.fromBase(score.p90) - p90) < 1.5, "\(split) \(measure) p90")
    }
    for measure in [Score.Measure.tpot, .throughput] {
      let coverage = try #require(try line("public_test", measure).coverage)
      #expect(coverage > 0.7 && coverage < 0.9)
    }
  }
}
