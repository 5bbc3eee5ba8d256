// Training capacity: work by hand, goodput by hand, MFU through published runs, and what a fleet carries at once.

import Catalog
import Estimator
import Quantities
import Testing

private func near(_ value: Double, _ expected: Double, _ tolerance: Double) -> Bool {
  abs(value - expected) <= tolerance * abs(expected)
}

@Suite("Training")
struct TrainingTests {
  let catalog: Catalog

  init() throws { catalog = try Catalog.embedded() }

  private func shape(_ name: String) throws -> ModelShape {
    let row = catalog.model(name)
    return try ModelShape.from(#require(row)).get()
  }

  private func capacity(
    _ name: String, _ id: String, _ query: TrainingQuery
  ) throws -> Known<TrainingCapacity> {
    let (model, chip) = (catalog.model(name), catalog.accelerator(id))
    return try trainingCapacity(of: #require(model), on: #require(chip), query, catalog: catalog)
  }

  // MARK: Work

  @Test("of Llama 3 405B over 15.6 T tokens is 3.8e25 FLOP, as its authors count it")
  func llama() throws {
    let work = TrainingWork(activeParameters: 405e9, model: try shape("Llama-3.1-405B"), sequence: 8192)
    #expect(near(work.linear * 15.6e12, 3.8e25, 0.01))
    // 12 layers' worth of score and sum for each of 126 layers, 128 heads of 128, halved by causality.
    #expect(near(work.attention, 12 * 126 * 128 * 128 * 8192 / 2, 1e-12))
    #expect(work.total == work.linear + work.attention)
  }

  @Test("counts latent attention uncompressed, windows only as far as they see, and no context no attention")
  func attention() throws {
    let latent = TrainingWork(activeParameters: 37e9, model: try shape("DeepSeek-V3"), sequence: 4096)
    #expect(near(latent.attention, 3 * 2 * 128 * (192 + 128) * 4096 / 2 * 61, 1e-12))
    var windowed = ModelShape()
    windowed.layers = 10
    windowed.windowLayers = 10
    windowed.window = 100
    windowed.queryHeads = 4
    windowed.attentionLayers = 10
    (windowed.windowHeadDim, windowed.windowValueHeadDim) = (8, 8)
    // 1,000 tokens see 100 x 1,000 - 100²/2 pairs: the first hundred see fewer.
    let work = TrainingWork(activeParameters: 0, model: windowed, sequence: 1000)
    #expect(near(work.attention, 3 * 4 * 4 * 8 * 95_000 / 1000 * 10, 1e-12))
    #expect(TrainingWork(activeParameters: 1, model: windowed, sequence: 0).attention == 0)
  }

  @Test("the derived row of DeepSeek-V3 follows from its hours, tokens and work")
  func derived() throws {
    let row = try #require(catalog.trainingRuns.first { $0.model == "DeepSeek-V3" })
    let work = TrainingWork(activeParameters: 37e9, model: try shape("DeepSeek-V3"), sequence: 4096)
    let seconds = Unit.hour.toBase(2.664e6)
    #expect(try near(work.total * 14.8e12 / seconds / 1979e12, #require(row.mfu), 0.005))
  }

  // MARK: Goodput

  @Test("checkpoints at the interval of Young and Daly and loses half of it, by hand")
  func youngDaly() {
    let goodput = Goodput(
      acceleratorTimeBetweenFailures: Seconds(1_000_000), stall: Seconds(2), save: .zero, restart: .zero)
    // 100 accelerators fail every 10,000 s: sqrt(2 · 2 · 10,000) = 200 s between checkpoints.
    #expect(goodput.timeBetweenFailures(accelerators: 100) == Seconds(10_000))
    #expect(near(goodput.checkpointInterval(accelerators: 100).value, 200, 1e-12))
    #expect(near(goodput.usefulShare(accelerators: 100), (1 - 100 / 10_000.0) / (1 + 2 / 200.0), 1e-12))
    var slow = goodput
    slow.restart = Seconds(400)
    slow.save = Seconds(300)
    // A checkpoint that takes 300 s to be usable cannot be made every 200 s, and each failure costs 150 + 300 + 400.
    #expect(slow.checkpointInterval(accelerators: 100) == Seconds(300))
    #expect(near(slow.usefulShare(accelerators: 100), (1 - 850 / 10_000.0) / (1 + 2 / 300.0), 1e-12))
    #expect(slow.usefulShare(accelerators: 10_000) == 0)
  }

  @Test("with published times comes within three points of the published useful shares")
  func published() throws {
    let goodput = try Goodput(catalog.fleet)
    #expect(near(goodput.timeBetweenFailures(accelerators: 16_384).value, Unit.day.toBase(54) / 419, 0.01))
    #expect(goodput.usefulShare(accelerators: 16_384) >= 0.90)
    #expect(abs(goodput.usefulShare(accelerators: 9_600) - 0.97) <= 0.03)
  }

  @Test("names the row of the fleet's facts that is missing")
  func missing() {
    #expect(throws: (any Error).self) {
      try Goodput(catalog.fleet.filter { !$0.metric.hasPrefix("checkpoint") })
    }
  }

  // MARK: Share of the peak

  private func run(_ name: String, _ accelerators: Double, _ mfu: Double) -> TrainingRun {
    var row = TrainingRun()
    row.run = name
    row.format = "bf16"
    row.accelerators = accelerators
    row.mfu = mfu
    return row
  }

  @Test("lies on the line through runs, each run as heavy as any other")
  func line() throws {
    let exact = [run("a", 100, 0.5), run("b", 1_000, 0.4), run("c", 10_000, 0.32)]
    let line = try #require(UtilisationByScale(exact, format: "bf16"))
    #expect(near(line.mfu(accelerators: 1_000).value, 0.4, 1e-12))
    let (value, interval) = line.mfu(accelerators: 100)
    #expect(near(value, 0.5, 1e-12) && near(interval.low, 0.5, 1e-6) && near(interval.high, 0.5, 1e-6))
    #expect(near(line.mfu(accelerators: 100_000).value, 0.256, 1e-12))
    // Nine more rows of one run change nothing: it is still one run.
    let rows = [run("a", 100, 0.5), run("b", 1_000, 0.3), run("c", 10_000, 0.4)]
    let many = rows + (0..<9).map { _ in run("b", 1_000, 0.3) }
    let once = try #require(UtilisationByScale(rows, format: "bf16"))
    let often = try #require(UtilisationByScale(many, format: "bf16"))
    #expect(near(often.mfu(accelerators: 5_000).value, once.mfu(accelerators: 5_000).value, 1e-12))
    #expect(UtilisationByScale(rows, format: "fp8") == nil)
    #expect(UtilisationByScale(Array(rows.dropLast()), format: "bf16") == nil)
  }

  @Test("has an interval that holds most published runs and widens away from them")
  func spread() throws {
    let line = try #require(UtilisationByScale(catalog.trainingRuns, format: "bf16"))
    func width(_ accelerators: Double) -> Double {
      let range = line.mfu(accelerators: accelerators).interval
      return range.high / range.low
    }
    #expect(width(1e5) > width(5_000) && width(10) > width(1_000))
    let rows = catalog.trainingRuns.filter { $0.format == "bf16" }
    let inside = try rows.filter { row in
      let range = line.mfu(accelerators: try #require(row.accelerators)).interval
      return try range.low <= #require(row.mfu) && #require(row.mfu) <= range.high
    }
    #expect(inside.count * 10 >= rows.count * 7)
    #expect(line.mfu(accelerators: 16_384).value < line.mfu(accelerators: 128).value)
  }

  // MARK: Capacity

  @Test("gives a run the fewest accelerators that make it in time, and the fleet as many runs as fit")
  func capacity() throws {
    let tokens = 15.6e12
    let many = try capacity(
      "Llama-3.1-405B", "H100", TrainingQuery(accelerators: 100_000, tokens: tokens, days: 60)
    ).get()
    let ranks = many.acceleratorsPerRun.value
    #expect(many.days.value <= 60 && many.runsAtOnce.value == (100_000 / ranks).rounded(.down))
    func days(_ accelerators: Double) throws -> Double {
      try capacity(
        "Llama-3.1-405B", "H100", TrainingQuery(accelerators: accelerators, tokens: tokens)
      ).get().days.value
    }
    #expect(try days(ranks) == many.days.value)
    #expect(try days(ranks - 1) > 60)
    // work = accelerators · time · peak · MFU · useful share, every factor as printed
    let peak = Unit.teraflops.toBase(989.4)
    let done = ranks * Unit.day.toBase(many.days.value) * peak * many.mfu.value * many.usefulShare.value
    #expect(near(done, many.work.value, 1e-9))
    #expect(near(many.effectiveShare.value, many.mfu.value * many.usefulShare.value, 1e-12))
    let range = try #require(many.days.interval)
    #expect(range.low < many.days.value && many.days.value < range.high)
    for (name, figure) in many.figures { #expect(!figure.sources.isEmpty, "\(name)") }
  }

  @Test("trusts chips with published runs more than others, and says which share of the peak it took")
  func trust() throws {
    let query = TrainingQuery(accelerators: 8192, tokens: 1e12)
    #expect(try capacity("Llama-3.1-70B", "H100", query).get().mfu.trust == .published)
    let other = try capacity("Llama-3.1-70B", "MI300X", query).get().mfu
    #expect(other.trust == .datasheet && other.sources.contains { $0.contains("no published run") })
  }

  @Test(
    "says what is missing: memory, peak, time, or a fleet that fails faster than it comes back",
    arguments: [
      ("H100", TrainingQuery(accelerators: 64, tokens: 1e12), "needs at least 76 H100"),
      ("A100-80GB", TrainingQuery(accelerators: 8192, tokens: 1e12, format: .fp8), "no dense fp8 peak"),
      ("H100", TrainingQuery(accelerators: 1000, tokens: 15.6e12, days: 10), "within 10.0 days"),
      ("H100", TrainingQuery(accelerators: 5e6, tokens: 15.6e12), "fails faster"),
    ])
  func gaps(id: String, query: TrainingQuery, says: String) throws {
    guard case .failure(let gap) = try capacity("Llama-3.1-405B", id, query) else {
      Issue.record("there is an answer")
      return
    }
    #expect(gap.missing.contains(says) && !gap.remedy.isEmpty, "\(gap.missing)")
  }
}
