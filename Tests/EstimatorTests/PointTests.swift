// Rows of any source as questions: what is read out of a row, what is abstained from, and what a score says.

import Catalog
import Estimator
import Quantities
import Testing

/// A row that says everything.
private func row(_ change: (inout ServingPoint) -> Void = { _ in }) -> ServingPoint {
  var point = ServingPoint()
  point.id = "row-1"
  point.source = "a table"
  point.date = "2026-01-01"
  point.model = "Llama-3.1-70B"
  point.precision = "fp8"
  point.accelerator = "H100 SXM5 80GB"
  point.count = 4
  point.parallelism = "TP4"
  point.scenario = "mixed"
  point.isl = "1024"
  point.osl = 512
  point.batchOrConcurrency = "32"
  point.metric = "output_tok_s"
  point.value = 1000
  point.valueBasis = "system"
  point.notes = "vllm"
  point.split = "held_out"
  change(&point)
  return point
}

@Suite("Rows of serving points")
struct PointTests {
  let catalog: Catalog
  let estimator: Estimator

  init() throws {
    (catalog, estimator) = (try Bundled.shared.get().catalog, try Bundled.shared.get().estimator)
  }

  private func score(_ rows: [ServingPoint]) -> [ScoredPoint] {
    estimator.scoredPoints(rows, catalog: catalog)
  }

  private func predicted(_ change: (inout ServingPoint) -> Void = { _ in }) throws -> Double {
    let scored = score([row(change)])[0]
    return try #require(scored.predicted, "\(scored.reason)")
  }

  private func deployment(_ change: (inout ServingPoint) -> Void) throws -> String {
    let names = PublishedNameTable(catalog)
    return try ServingCase.parse(row(change), names: names).flatMap { estimator.predict($0) }.get()
      .deployment.summary
  }

  @Test("all bundled rows are scored, flagged or abstained from, and every abstention says why")
  func whole() throws {
    let rows = try Catalog.servingPoints()
    let scored = score(rows)
    #expect(scored.map(\.point.id) == rows.map(\.id))
    for point in scored {
      switch point.status {
      case .abstained: #expect(point.predicted == nil && !point.reason.isEmpty)
      case .flagged: #expect(point.predicted != nil && !point.reason.isEmpty)
      case .scored: break
      }
      guard let value = point.predicted, let wide = point.range80, let narrow = point.range50 else {
        continue
      }
      #expect(value > 0 && value.isFinite, "\(point.point.id)")
      #expect(wide.low <= narrow.low && narrow.high <= wide.high && wide.low < value && value < wide.high)
    }
    // Only runs whose worker counts nobody states, and a handful more, are abstained from.
    let others = scored.filter { $0.status == .abstained && !$0.reason.contains("workers is not stated") }
    #expect(others.count < 40)
  }

  @Test("the intervals cover 70 to 90 % of the cells of both splits")
  func coverage() throws {
    let scored = score(try Catalog.servingPoints())
    for split in ["calibration", "public_test"] {
      let found = PointStatistics(scored.filter { $0.point.split == split })
      let share = try #require(found.coverage80)
      #expect(share > 0.7 && share < 0.9, "\(split): \(share)")
    }
  }

  @Test("a rate is given for the system, an accelerator or a server of eight, as the row divides")
  func bases() throws {
    let system = try predicted()
    let each = try predicted { $0.valueBasis = "per_accelerator (all GPUs)" }
    #expect(abs(each * 4 / system - 1) < 1e-12)
    #expect(abs(try predicted { $0.valueBasis = "per_8gpu_node" } / each / 8 - 1) < 1e-12)
    // Prompt tokens beside the answer's: 1,024 and 512.
    #expect(abs(try predicted { $0.metric = "total_tok_s" } / system - 3) < 1e-12)
    #expect(abs(try predicted { $0.metric = "input_tok_s" } / system - 2) < 1e-12)
    #expect(abs(system / (try predicted { $0.metric = "samples_s" }) - 512) < 1e-9)
  }

  @Test("times agree with rates: an answer takes its first token and the steps after it")
  func times() throws {
    // A model that no measured row anchors: anchors shift each kind of figure by its own error.
    func of(_ metric: String) throws -> Double {
      try predicted {
        $0.metric = metric
        $0.model = "Mistral-Large-2407"
        $0.parallelism = "TP4"
      }
    }
    let (ttft, tpot, whole) = (try of("ttft_ms"), try of("tpot_ms"), try of("e2e_ms"))
    #expect(abs(whole / (ttft + 511 * tpot) - 1) < 1e-12)
    let rate = try of("output_tok_s")
    #expect(abs(rate / (32 * 512 / Unit.millisecond.toBase(whole)) - 1) < 1e-9)
  }

  @Test(
    "layouts are read as their sources write them",
    arguments: [
      ("TP4", "Llama-3.1-70B", 4, "TP4"), ("TP8 EP8", "DeepSeek-R1", 8, "TP8 EP8"),
      ("DEP8", "DeepSeek-R1", 8, "TP1 EP8 DP8"),
      ("TP8 PP1 EP8 attention-DP", "DeepSeek-R1", 8, "TP1 EP8 DP8"),
      ("TP4 PP1 DP1 moeTP1 moeEP4", "MiniMax-M2.5", 4, "TP4 EP4"), ("TP2 PP2", "Llama-3.1-70B", 4, "TP2 PP2"),
      ("world size 8", "Llama-3.1-70B", 8, "TP8"),
      ("disagg P40 (TP8 EP8 DPA x5) D32 (TP32 EP32 DPA x1)", "DeepSeek-R1", 72, "TP1 EP32 DP32"),
      ("disagg P 1x(TP1 DP4 EP4) D 4x(TP8 DP1 EP8)", "DeepSeek-V3", 36, "TP8 EP8"),
      ("disagg prefill 4 GPU TP=4 / decode 32 GPU EP=8", "DeepSeek-R1", 36, "TP8 EP8"),
    ])
  func layouts(text: String, model: String, count: Int, expected: String) throws {
    let found = try deployment {
      $0.parallelism = text
      $0.model = model
      $0.count = count
      $0.accelerator = "B200 SXM (HGX)"
    }
    #expect(found.hasPrefix(expected + " fp8"), "\(found)")
  }

  @Test("more ranks than accelerators are cores of one chip: the accelerators count")
  func cores() throws {
    let found = try deployment {
      $0.parallelism = "TP24"
      $0.count = 12
      $0.accelerator = "Inferentia2"
      $0.precision = ""
    }
    #expect(found.hasPrefix("TP12 bf16"), "\(found)")
  }

  @Test(
    "measured rows of the same model and chip shift and narrow what is said of unseen ones, never of themselves"
  )
  func anchors() throws {
    func scored(_ split: String) -> ScoredPoint {
      score([
        row {
          $0.split = split
          $0.metric = "tpot_ms"
        }
      ])[0]
    }
    let (unseen, own) = (scored("held_out"), scored("calibration"))
    #expect(
      unseen.reason.contains("measured rows of the same model") && !own.reason.contains("measured rows"))
    let (wide, narrow) = (try #require(own.range80), try #require(unseen.range80))
    #expect(narrow.high / narrow.low < wide.high / wide.low)
    #expect(own.predicted != unseen.predicted)
  }

  @Test("nominal lengths of a client-driven sweep are shortened to their mean")
  func nominal() throws {
    let exact = try predicted { $0.metric = "tpot_ms" }
    let nominal = try predicted {
      $0.metric = "tpot_ms"
      $0.source = "InferenceX blog tables"
    }
    #expect(nominal < exact)
    let asMean = try predicted {
      $0.metric = "tpot_ms"
      $0.isl = "921.6"
      $0.osl = 460.8
    }
    #expect(abs(nominal / asMean - 1) < 1e-12)
  }

  @Test("a benchmark's rows take lengths and limits from the catalogue, and a tail is above its mean")
  func benchmark() throws {
    func limited(_ metric: String, _ notes: String) throws -> Double {
      try predicted {
        $0.source = "MLPerf Inference v5.1"
        $0.model = "llama2-70b-99.9"
        $0.scenario = "server"
        $0.isl = ""
        $0.osl = 294
        $0.batchOrConcurrency = ""
        $0.parallelism = ""
        $0.count = 8
        $0.metric = metric
        $0.notes = notes
        $0.valueBasis = metric.hasSuffix("ms") ? "per_request" : "system"
      }
    }
    let tail = try limited("tpot_ms", "p99; submitter")
    #expect(try limited("tpot_ms", "mean; submitter") < tail && tail <= 200)
    #expect(try limited("ttft_ms", "p99; submitter") <= 2000)
    let offline = try predicted {
      $0.source = "MLPerf Inference v5.1"
      $0.model = "llama2-70b-99.9"
      $0.scenario = "offline"
      $0.isl = ""
      $0.osl = 294
      $0.batchOrConcurrency = ""
      $0.parallelism = ""
      $0.count = 8
    }
    #expect(try limited("output_tok_s", "submitter") < offline)
  }

  @Test("every beam of a search decodes a sequence of its own, behind one stored and once computed prompt")
  func beams() throws {
    let found = try predicted {
      $0.source = "MLPerf Inference v4.1"
      $0.model = "gptj-99"
      $0.scenario = "offline"
      $0.isl = ""
      $0.osl = nil
      $0.batchOrConcurrency = ""
      $0.parallelism = "TP1"
      $0.count = 1
      $0.metric = "samples_s"
      $0.notes = "submitter"
      $0.split = "calibration"
    }
    // Offline constants of a submission: 8 us a request and kernels 1.12 times nearer to the peak.
    var constants = try EngineConstants(catalog.engineConstants)
    constants.requestOverhead = Seconds(Unit.microsecond.toBase(8))
    constants.gemmShareFactor = ChipRates.GEMMShare(bf16: 1.12, fp8: 1.12, fp4: 1.12)
    let step = StepModel(
      model: try ModelShape.from(try #require(catalog.model("GPT-J-6B"))).get(),
      chip: try estimator.rates(of: try #require(catalog.accelerator("H100"))).get(),
      deployment: Deployment(tensorParallel: 1, engine: .tensorRTLLM, precision: .fp8), constants: constants)
    // 866.14 tokens of prompt, four answers of 69.
    let work = Workload(inputTokens: 866.14, outputTokens: 69)
    let limit = min(4096 / 4, step.reservedBatchLimit(tokens: 866.14 + 4 * 69)).rounded(.down)
    let rates = ([1, 2, 4, 8, 16, 32, 64, 128, 256, 512].filter { $0 < limit } + [limit]).map { batch in
      batch / (69 * step.mixedStep(batch: 4 * batch, prompts: batch / 69, workload: work).value)
    }
    #expect(abs(found / (try #require(rates.max())) - 1) < 1e-9)
  }

  @Test("a run of one batch pays the launches of its first pass, except on engines compiled ahead")
  func launches() throws {
    func seconds(_ date: String) throws -> Double {
      let rate = try predicted {
        $0.scenario = "offline"
        $0.isl = "128"
        $0.osl = 8
        $0.batchOrConcurrency = "16"
        $0.notes = ""
        $0.date = date
        $0.split = "calibration"
      }
      return 16 * 8 / rate
    }
    let server = try EngineConstants(catalog.engineConstants).server(.tensorRTLLM)
    // 80 layers of 9 kernels and three more.
    let launches = server.prefillLaunch.value * 723
    #expect(abs((try seconds("2025-06") - seconds("2024-11")) / launches - 1) < 1e-6)
  }

  @Test("an offline interval of a mixture is half as wide again as that of a dense model")
  func mixtures() throws {
    func width(_ model: String) throws -> Double {
      let scored = score([
        row {
          $0.model = model
          $0.scenario = "offline"
          $0.batchOrConcurrency = ""
          $0.count = 8
          $0.parallelism = "TP8"
          $0.split = "calibration"
        }
      ])[0]
      let range = try #require(scored.range80, "\(scored.reason)")
      return range.high / range.low
    }
    // high / low of the one squared is that of the other cubed.
    let (mixture, dense) = (try width("Qwen3-235B-A22B"), try width("Llama-3.1-70B"))
    #expect(dense > 1 && abs(mixture * mixture / (dense * dense * dense) - 1) < 1e-9)
  }

  @Test(
    "what is not catalogued is abstained from by name",
    arguments: [
      ("model", "Unheard-Of-9B"), ("accelerator", "Abacus 3000"), ("precision", "fp3"),
      ("metric", "smiles_s"),
    ])
  func unknown(column: String, value: String) throws {
    let scored = score([
      row {
        switch column {
        case "model": $0.model = value
        case "accelerator": $0.accelerator = value
        case "precision": $0.precision = value
        default: $0.metric = value
        }
      }
    ])[0]
    #expect(scored.status == .abstained && scored.reason.contains(value), "\(scored.reason)")
  }

  @Test(
    "cells without sense are abstained from or flagged, and never stop the program",
    arguments: [
      ("parallelism", "TP4000000000 PP4000000000"), ("parallelism", "TP9223372036854775807 DP2"),
      ("parallelism", "disagg P 0x(TP1) D 0x(TP8)"), ("parallelism", "TP8 PP8"), ("batch", "nan"),
      ("batch", "inf"), ("batch", "-1"), ("batch", "trace, 10 sessions/s, nan requests"),
      ("batch", "trace, 1e30 sessions/s, 99999999999999999999 requests"), ("isl", "nan"), ("isl", "-5"),
      ("isl", "1e30"), ("isl", "-10 cached + 5"), ("osl", "0"), ("basis", "per_moon"),
      ("model", "Llama-3.1-405B"),
    ])
  func nonsense(column: String, value: String) {
    let scored = score([
      row {
        $0.split = "held_out"
        switch column {
        case "parallelism": $0.parallelism = value
        case "batch": $0.batchOrConcurrency = value
        case "isl": $0.isl = value
        case "osl": $0.osl = Double(value)
        case "basis": $0.valueBasis = value
        default: $0.model = value
        }
      }
    ])[0]
    // The 405B model in FP8 does not fit 4 ranks of 80 GB; 64 ranks are not 4 accelerators.
    #expect(scored.status != .scored && !scored.reason.isEmpty, "\(column) \(value): \(scored.reason)")
  }

  @Test("a file may have columns in any order, others beside them, and cells that cannot be read")
  func file() throws {
    let text = """
      extra,value,metric,count,osl,isl,batch_or_concurrency,scenario,parallelism,accelerator,precision,model,id,split
      "a, b",20,tpot_ms,4.0,512,1024,32,mixed,TP4,H200 SXM 141GB,fp8,Llama-3.1-70B,one,anything
      ,n/a,tpot_ms,4,512,1024,32,mixed,TP4,H200 SXM 141GB,fp8,Llama-3.1-70B,two,anything
      """
    let rows = try Catalog.servingPoints(Array(text.utf8), file: "mine.csv")
    let scored = score(rows)
    #expect(rows.map(\.split) == ["anything", "anything"] && rows[0].count == 4)
    #expect(scored[0].status == .scored && scored[1].status == .abstained)
    #expect(scored[1].reason.contains("no positive value"))
    #expect {
      _ = try Catalog.servingPoints(Array("id,model,metric,value\n1,a,b,2\n".utf8), file: "mine.csv")
    } throws: { error in
      "\(error)".contains("mine.csv") && "\(error)".contains("'accelerator' is missing")
    }
  }

  @Test("a rate that its clients cannot have made is flagged, predicted and not counted")
  func littlesLaw() throws {
    let time = row {
      $0.metric = "tpot_ms"
      $0.value = 20
      $0.valueBasis = "per_request"
    }
    let rate = row {
      $0.id = "row-2"
      $0.valueBasis = "per_accelerator (all GPUs)"
      // 32 clients at 20 ms make 1,600 tokens/s, 400 an accelerator.
      $0.value = 900
    }
    let scored = score([time, rate])
    #expect(scored[1].status == .flagged && scored[1].predicted != nil)
    #expect(scored[1].reason.hasPrefix("Little's law"))
    #expect(PointStatistics(scored).scored == 1 && PointStatistics(scored).flagged == 1)
    var possible = rate
    possible.value = 350
    #expect(score([time, possible])[1].status == .scored)
  }

  @Test("a perfect estimator would have no error, full coverage and rank every chip right")
  func statistics() throws {
    var rows: [ServingPoint] = []
    for (index, chip) in ["H100 SXM5 80GB", "H200 SXM 141GB", "B200 SXM (HGX)"].enumerated() {
      var point = row { $0.accelerator = chip }
      point.id = "row-\(index)"
      point.value = score([point])[0].predicted
      rows.append(point)
    }
    let perfect = score(rows)
    let found = PointStatistics(perfect)
    #expect(try #require(found.p90) < 1e-12 && found.coverage80 == 1 && found.cells == 3)
    #expect(
      ChipRanking(perfect).tau == 1 && ChipRanking(perfect).regret == 0 && ChipRanking(perfect).pairs == 3)
    // Two chips that swap their measured values are one pair of three in the wrong order.
    (rows[0].value, rows[1].value) = (rows[1].value, rows[0].value)
    let swapped = ChipRanking(score(rows))
    #expect(abs(try #require(swapped.tau) - 1.0 / 3) < 1e-12 && swapped.regret == 0)
    rows[2].value = (rows[2].value ?? 0) / 10
    #expect(try #require(ChipRanking(score(rows)).regret) > 0)
  }
}
