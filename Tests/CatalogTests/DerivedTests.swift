// Columns as quantities and shapes as counts, against numbers worked out by hand.

import Catalog
import Quantities
import Testing

@Suite("What follows from a row")
struct DerivedTests {
  let catalog: Catalog
  init() throws { catalog = try Catalog.embedded() }

  @Test("carries the unit of its column: H100 by hand")
  func h100() throws {
    let chip = try #require(catalog.accelerator("H100"))
    #expect(chip.memoryBandwidth == BytesPerSecond(3.35e12))
    #expect(chip.visibleMemory == Bytes(85_899_345_920))  // 81,920 MiB
    #expect(chip.marketingMemory == Bytes(80e9))
    #expect(chip.scaleUpOneWay == BytesPerSecond(450e9))
    #expect(chip.scaleOutOneWay == BytesPerSecond(50e9))  // 400 Gbit/s
    #expect(chip.thermalDesignPower == Watts(700))
    #expect(chip.allInITPower == Watts(1370))
    #expect(chip.allInFacilityPower == Watts(1575))
    #expect(chip.peak(.bf16) == FLOPPerSecond(989.4e12))
    #expect(chip.peak(.fp8) == FLOPPerSecond(1979e12))
    #expect(chip.peak(.fp4) == nil)
  }

  @Test(
    "is a dense peak of each format",
    arguments: [
      (PeakFormat.fp64, 81.7), (.fp32, 163.4), (.tf32, 653.7), (.bf16, 1307.4), (.fp16, 1307.4),
      (.fp8, 2614.9),
      (.int8, 2614.9),
    ])
  func peaks(format: PeakFormat, teraflops: Double) throws {
    let chip = try #require(catalog.accelerator("MI300X"))
    #expect(chip.peak(format) == FLOPPerSecond(Unit.teraflops.toBase(teraflops)))
  }

  @Test("is no peak where the density is not stated")
  func unstated() throws {
    let unstated = catalog.accelerators.filter { $0.density == "unstated" }
    #expect(!unstated.isEmpty)
    for chip in unstated {
      #expect(PeakFormat.allCases.allSatisfy { chip.peak($0) == nil })
    }
    #expect(unstated.contains { $0.unstatedDensityTflops == "fp4=12000" })
  }

  @Test("is nil, not zero, where nothing is known")
  func unknown() {
    let chip = Accelerator()
    #expect(chip.memoryBandwidth == nil && chip.visibleMemory == nil && chip.scaleUpOneWay == nil)
    #expect(chip.allInITPower == nil && chip.thermalDesignPower == nil)
  }

  @Test("finds chips and models by name, whatever the case, and offers the nearest otherwise")
  func lookups() {
    #expect(catalog.accelerator("gb200")?.id == "GB200")
    #expect(catalog.accelerator("GB2000") == nil)
    #expect(catalog.nearestAccelerators(to: "GB2000").first == "GB200")
    #expect(catalog.model("meta-llama/meta-llama-3.1-70b") == catalog.model("llama-3.1-70b"))
    #expect(catalog.nearestModels(to: "Llama-3.1-70").first == "Llama-3.1-70B")
  }

  @Test("Llama-3.1-8B counts to 8.03e9 parameters and 65,536 cached elements by hand")
  func llama() throws {
    let count = try #require(catalog.model("Llama-3.1-8B")?.shapeCount)
    // A layer: 2·4096·(32 + 8)·128 + 3·4096·14336 + 2·4096 = 218,112,000. All: 32 layers, two
    // embeddings of 128,256 x 4096 and the last norm.
    #expect(count.total == 8_030_261_248)
    #expect(count.active == count.total)
    #expect(count.cacheElementsPerToken == 65_536)
  }

  @Test("DeepSeek-V3 counts to its published 671e9 and 37e9 parameters; its cache is the latent")
  func deepSeek() throws {
    let count = try #require(catalog.model("DeepSeek-V3")?.shapeCount)
    #expect(abs(count.total / 671e9 - 1) < 0.001)
    #expect(abs(count.active / 37.55e9 - 1) < 0.001)
    #expect(count.cacheElementsPerToken == 61 * (512 + 64))
  }

  @Test("agrees with the published number of parameters within 1 %")
  func published() {
    // One or two significant digits ("1T", "1.6T"), and a total that counts a vision tower (its row's note says so).
    let loose: Set<String> = ["Kimi-K2-Instruct", "Kimi-K2.5", "DeepSeek-V4-Pro", "Llama-4-Scout-17B-16E"]
    var compared = 0
    for model in catalog.models {
      guard let count = model.shapeCount, let published = model.publishedTotalB else { continue }
      let error = abs(count.total / Unit.billion.toBase(published) - 1)
      #expect(error <= (loose.contains(model.model) ? 0.03 : 0.01), "\(model.model): \(error)")
      compared += 1
    }
    #expect(compared >= 60)
  }

  @Test("keeps the mark of what no opened source confirms")
  func unverified() throws {
    let marked = catalog.facts.filter { $0.source.contains("unverified (from memory)") }
    #expect(!marked.isEmpty)
    #expect(marked.allSatisfy { $0.confidence == "unverified" })
    let chip = try #require(marked.first?.accelerator)
    let lines = try #require(catalog.dossier(chip))
    #expect(lines.contains { $0.confidence == "unverified" })
  }
}

@Suite("A dossier")
struct DossierTests {
  @Test("holds every fact, rate and price of a chip, each with its source")
  func chip() throws {
    let catalog = try Catalog.embedded()
    let lines = try #require(catalog.dossier("GB200"))
    for (table, count) in [
      ("accelerator_facts", catalog.facts.count { $0.accelerator == "GB200" }),
      ("accelerator_rates", catalog.rates.count { $0.accelerator == "GB200" }),
      ("cloud_prices", catalog.prices.count { $0.accelerator == "GB200" }),
    ] {
      #expect(lines.count { $0.table == table } == count)
      #expect(count > 5)
    }
    #expect(lines.allSatisfy { !$0.source.isEmpty })
    let rates = lines.filter { $0.table == "accelerator_rates" }.map(\.date)
    #expect(rates == rates.sorted())
  }

  @Test(
    "knows chips, models, instances and deals",
    arguments: [
      "H100", "Llama-3.1-70B", "p5.48xlarge", "openai-aws-38",
    ])
  func subjects(name: String) throws {
    #expect(try Catalog.embedded().dossier(name)?.isEmpty == false)
  }

  @Test("of an unknown name is nil, with the nearest names beside it")
  func unknown() throws {
    let catalog = try Catalog.embedded()
    #expect(catalog.dossier("openai-aws-83") == nil)
    #expect(catalog.nearestSubjects(to: "openai-aws-83").contains("openai-aws-38"))
  }
}

@Suite("A calendar day")
struct CalendarDayTests {
  @Test(
    "counts from 1970 and back",
    arguments: [
      ("1970-01-01", 0), ("2000-02-29", 11_016), ("2024-03-01", 19_783), ("2026-11-24", 20_781),
    ])
  func days(text: String, days: Int) throws {
    let day = try #require(CalendarDay(firstOf: text))
    #expect(day.daysSinceEpoch == days)
    #expect(CalendarDay(daysSinceEpoch: days)?.description == text)
  }

  @Test(
    "is not made of anything else", arguments: ["", "26", "2026-13", "2025-02-29", "2026-1-1", "2026-01-01x"])
  func malformed(text: String) {
    #expect(CalendarDay(firstOf: text) == nil)
  }
}
