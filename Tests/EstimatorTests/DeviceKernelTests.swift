// From a device's result rows to kernel rows of its chip, and from those to what the estimator takes.

import Catalog
import Estimator
import Quantities
import Results
import Tables
import Testing

@Suite("A device's result rows as evidence about its chip")
struct DeviceKernelTests {
  let catalog: Catalog
  let published: [MeasuredKernel]
  let run = InventedRun()

  init() throws {
    catalog = try Bundled.shared.get().catalog
    published = try Catalog.measuredKernels()
  }

  private func measured(_ run: InventedRun = InventedRun()) throws -> MeasuredCatalog {
    try MeasuredCatalog(run.rows, file: "results/invented.csv", published: published, catalog: catalog)
  }
  private func chip(_ id: String) throws -> Accelerator { try #require(catalog.accelerator(id)) }
  private func model(_ name: String) throws -> ModelArchitecture { try #require(catalog.model(name)) }

  @Test(
    "a driver's name means the chip whose words it holds and no other",
    arguments: [
      ("NVIDIA H200", "H200"), ("NVIDIA H200 NVL", "H200 NVL"), ("NVIDIA H100 80GB HBM3", "H100"),
      ("NVIDIA H100 PCIe", "H100 PCIe"), ("NVIDIA A100-SXM4-80GB", "A100-80GB"),
      ("NVIDIA A100-SXM4-40GB", "A100-40GB"), ("NVIDIA A100 80GB PCIe", "A100 PCIe"), ("NVIDIA L40S", "L40S"),
      ("NVIDIA GH200 480GB", "GH200"), ("NVIDIA GeForce RTX 4090", "RTX 4090"), ("NVIDIA B200", "B200"),
      ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000"),
      ("NVIDIA RTX PRO 6000 Blackwell Workstation Edition", "RTX PRO 6000 Blackwell Workstation"),
    ])
  func driverNames(name: String, id: String) throws {
    #expect(try acceleratorMeant(byDriver: name, among: catalog.accelerators).get().id == id)
  }

  @Test(
    "a card that is surely no chip of the catalogue is a gap, with the nearest names",
    arguments: [
      ("NVIDIA H200 MIG 1g.18gb", "slice"), ("NVIDIA A100-PCIE-40GB", "surely"), ("NVIDIA L40", "L40S"),
      ("NVIDIA H20-3e", "H20"), ("", "surely"), ("NVIDIA GB10", "GB200"),
    ])
  func unknownNames(name: String, word: String) {
    guard case .failure(let gap) = acceleratorMeant(byDriver: name, among: catalog.accelerators) else {
      Issue.record("\(name) is taken for a chip")
      return
    }
    #expect("\(gap.missing) \(gap.remedy)".contains(word), "\(gap)")
    #expect(gap.remedy.contains("accelerators.csv"))
  }

  @Test("rows of an unknown card alone are an error that names it; beside known ones a gap")
  func unknownDevice() throws {
    var other = InventedRun()
    other.device = "NVIDIA Z9"
    let error = #expect(throws: InputError.self) { try measured(other) }
    #expect(error.map { "\($0)" }?.contains("NVIDIA Z9") == true)
    let both = try MeasuredCatalog(
      run.rows + other.rows, file: "f.csv", published: published, catalog: catalog)
    #expect(both.run.gaps.map(\.subject) == ["the device 'NVIDIA Z9'"])
    #expect(both.run.devices.map(\.accelerator) == ["H200"])
    #expect(both.run.kernels.allSatisfy { $0.accelerator == "H200" })
  }

  @Test("a row becomes a kernel row with run, day, sizes and time, in the split of its own")
  func conversion() throws {
    let found = try measured().run
    let row = try #require(found.kernels.first { $0.kernelName == "gemm" && $0.m == 8192 })
    #expect(row.split == "measured" && row.isMeasured)
    #expect(row.source == "run invented1" && row.date == "2026-11-30" && row.accelerator == "H200")
    #expect(row.sourceUrlOrRepoPath == "invented.csv")
    #expect(row.id == "invented1/k|gemm|m8192_n8192_k8192_hot|bf16|cublaslt")
    #expect((row.n, row.k, row.dtype, row.unit) == (8192, 8192, "bf16", "us"))
    guard case .reading(let reading) = row.row else {
      Issue.record("no reading")
      return
    }
    #expect(reading.isMeasured && !reading.isCalibration && reading.level == .library)
    #expect(abs(reading.work.flop / reading.time / FLOPPerSecond(989.4e12) - 0.8) < 1e-9)
    let decode = try #require(found.kernels.first { $0.kernelName == "attention decode" && $0.batch == 64 })
    #expect((decode.seqlen, decode.heads, decode.kvHeads, decode.headDim) == (8192, 32, 8, "128"))
    let fp8 = try #require(found.kernels.first { $0.dtype == "fp8" && $0.kernelName == "gemm" })
    #expect(fp8.m == 4096)
    // The small array tells of a cache; the large one is the memory.
    let reads = found.kernels.filter { $0.kernelName == "hbm stream read" }
    #expect(reads.map(\.bytes) == [1 << 33])
    #expect(found.left.contains { $0.reason.contains("smaller array") && $0.rows == 1 })
  }

  @Test("of one problem the colder row stands, and of equally cold ones the faster implementation")
  func choice() {
    let hot = run.product(8, 8192, 8192, cache: "hot", slower: 0.95)
    let cold = run.product(8, 8192, 8192, cache: "weights_cold")
    let slower = run.product(8, 8192, 8192, by: "torch", cache: "weights_cold", slower: 1.1)
    for rows in [[hot, cold, slower], [slower, cold, hot], [cold, hot, slower]] {
      let found = DeviceKernels(rows, file: "f", catalog: catalog)
      #expect(found.kernels.map(\.engineName) == ["cublaslt"])
      #expect(found.kernels.first?.notes.contains("cold") == true)
    }
  }

  @Test("what was not verified, what is faster than the data sheet and what a host measured is no kernel row")
  func refused() {
    var bad = run.product(4096, 4096, 4096)
    bad.status = .mismatch
    let impossible = run.product(2048, 4096, 4096, slower: 0.5)
    var host = run.product(1024, 4096, 4096)
    (host.deviceKind, host.deviceName) = ("cpu", "CPU")
    let found = DeviceKernels([bad, impossible, host], file: "f", catalog: catalog)
    #expect(found.kernels.isEmpty)
    #expect(found.left.map(\.reason).contains { $0.contains("mismatch") })
    #expect(found.left.map(\.reason).contains { $0.contains("faster than the data sheet") })
    #expect(found.left.reduce(0) { $0 + $1.rows } == 2)
  }

  @Test("a chip's tables are made of the run alone, with the trust of a measurement; other chips keep theirs")
  func tables() throws {
    let found = try measured()
    let tables = KernelTables(found.kernels, catalog: found.catalog)
    let before = KernelTables(published, catalog: catalog)
    let key = OperatorKey(.product)
    let own = try #require(tables.table(key, chip: "H200"))
    #expect(own.trust == .measured && own.rows.allSatisfy { $0.hasPrefix("invented1/") })
    #expect(before.table(key, chip: "H200")?.trust == .published)
    #expect(tables.table(key, chip: "H100")?.rows == before.table(key, chip: "H100")?.rows)
    // A measured call answers with its own time.
    let work = KernelWork.product(m: 8192, n: 8192, k: 8192, format: .bf16, quantises: false)
    let estimate = own.estimate(work, x: 8192, y: 8192 * 8192)
    #expect(estimate.basis == .measured)
    #expect(abs(estimate.time.value / (work.flop.value / 989.4e12 / 0.8) - 1) < 1e-9)
  }

  @Test("no score and no class curve of published rows moves by a run")
  func apart() throws {
    let with = KernelTables(try measured().kernels, catalog: catalog)
    let before = KernelTables(published, catalog: catalog)
    #expect(with.classes == before.classes)
    for key in before.scores().map(\.key) {
      for way in [OperatorScore.Way.calibrationChip] {
        #expect(
          with.scores().first { $0.key == key && $0.way == way }
            == before.scores().first { $0.key == key && $0.way == way })
      }
    }
    let fitted = catalog.engineConstants
    #expect(try measured().catalog.withoutMeasured.engineConstants == fitted)
    let other = try measured(InventedRun(products: 0.3)).kernels
    #expect(
      largeGEMMShares(other, catalog: catalog)["H100"] == largeGEMMShares(published, catalog: catalog)["H100"]
    )
  }

  @Test(
    "the share of large products is the run's median times what engines reach of cuBLASLt, at most all of it")
  func largeShares() throws {
    func share(_ products: Double) throws -> LargeProductShares {
      try #require(
        largeGEMMShares(try measured(InventedRun(products: products)).kernels, catalog: catalog)["H200"])
    }
    let (low, high) = (try share(0.4), try share(0.8))
    #expect(abs(try #require(high.measured[.bf16]).median - 0.8) < 1e-9)
    // In bf16 an engine calls the library as it is; in FP8 it quantises first.
    #expect(abs(try #require(high.bf16) - 0.8) < 1e-9)
    #expect(abs(try #require(low.bf16) - 0.4) < 1e-9)
    let ratio = try #require(high.fp8) / 0.8
    #expect(ratio > 0.7 && ratio < 0.95)
    #expect(high.source.contains("bf16: median of 2 measured products x 1.0"))
    // What the run did not measure stays as it was published.
    #expect(high.fp4 == largeGEMMShares(published, catalog: catalog)["H200"]?.fp4)
  }

  @Test(
    "an estimate of the chip says measured, names the run, and follows its rates; other chips do not move")
  func estimates() throws {
    let chat = Workload(inputTokens: 2048, outputTokens: 512)
    let one = Deployment(precision: .bf16)
    func serve(_ catalog: Catalog, _ id: String) throws -> ServingEstimate {
      try Estimator(catalog: catalog).serve(
        model: model("Llama-3.1-8B"), on: chip(id), workload: chat, deployment: one
      ).get()
    }
    let (slow, fast) = (
      try measured(InventedRun(products: 0.4, reads: 0.6)), try measured(InventedRun(products: 0.85))
    )
    let estimate = try serve(fast.catalog, "H200")
    #expect(try serve(catalog, "H200").tpot.trust == .calibrated)
    for (_, figure) in estimate.figures {
      #expect(figure.trust == .measured)
      #expect(figure.sources.contains("device rows of run invented1 on H200"))
    }
    #expect(estimate.hostDependentFigures.isEmpty)
    #expect(try serve(slow.catalog, "H200").tpot.value > estimate.tpot.value)
    #expect(try serve(slow.catalog, "H200").ttft.value > estimate.ttft.value)
    #expect(try serve(fast.catalog, "H100") == serve(catalog, "H100"))
  }

  @Test("a chip of which no kernel was published is measured once a run has measured it, and it alone")
  func leavesItsClass() throws {
    var run = InventedRun()
    run.device = "NVIDIA H200 NVL"
    let measured = try MeasuredCatalog(run.rows, file: "f", published: published, catalog: catalog)
    let (before, after) = (try Estimator(catalog: catalog), try Estimator(catalog: measured.catalog))
    #expect(before.trust(in: try chip("H200 NVL")) == .datasheet)
    #expect(after.trust(in: try chip("H200 NVL")) == .measured)
    for other in catalog.accelerators where other.id != "H200 NVL" {
      #expect(after.trust(in: other) == before.trust(in: other))
    }
  }

  @Test(
    "reading weights and the cache take the run's medians; own kernels below the fitted share are left out")
  func operators() throws {
    let found = try #require(try measured(InventedRun(reads: 0.9)).chips.first)
    func share(_ name: String, _ chip: MeasuredChip) -> Double? {
      chip.shares.first { $0.constant == name }?.value
    }
    #expect(abs(try #require(share("em", found)) - 0.9) < 1e-9)
    #expect(abs(try #require(share("ekv", found)) - 0.9) < 1e-9)
    // 0.41 of the peak is below what engines reach, and our own kernel is no engine's.
    #expect(share("efa", found) == nil)
    #expect(found.notTaken.contains { $0.contains("efa") && $0.contains("0.41") })
    let slow = try #require(try measured(InventedRun(reads: 0.6)).chips.first)
    // The library's products are what engines call, so their share stands however low.
    #expect(abs(try #require(share("em", slow)) - 0.6) < 1e-9)
    #expect(share("ekv", slow) == nil)
    let constant = try #require(found.constants.first { $0.constant == "em" })
    #expect(
      (constant.engineOrChip, constant.how, constant.source) == ("H200 (measured)", "measured", "invented1"))
    #expect((constant.rows, constant.asOf) == (2, "2026-11-30"))
  }

  @Test("a catalogue folder written from a run reads back to the same estimate and passes its checks")
  func folder() throws {
    let found = try measured()
    let kernels = MeasuredKernel.schema.csv(found.kernels)
    let back = try MeasuredKernel.schema.rows(CSVDocument(Array(kernels.utf8)), empty: MeasuredKernel())
    #expect(back == found.kernels)
    let text = EngineConstant.schema.csv(found.catalog.engineConstants)
    let read = try EngineConstant.schema.rows(
      CSVDocument(Array(text.utf8)), empty: EngineConstant())
    #expect(read.count == found.catalog.engineConstants.count)
  }

  @Test("the walk names the run's rows behind each constant that it took")
  func explained() throws {
    let found = try measured()
    let estimator = try Estimator(catalog: found.catalog)
    let (network, chip) = (try model("Llama-3.1-8B"), try chip("H200"))
    let workload = Workload(inputTokens: 2048, outputTokens: 512)
    let estimate = try estimator.serve(
      model: network, on: chip, workload: workload, deployment: Deployment(precision: .bf16)
    ).get()
    let walk = try estimator.walk(model: network, on: chip, workload: workload, estimate: estimate).get()
    let constants = walk.constants(of: estimate.deployment, workload: workload, on: "H200", in: found.catalog)
    let em = constants.filter { $0.constant == "em" }
    #expect(em.map(\.how) == ["measured"])
    #expect(constants.filter { $0.constant == "einf_bf16" }.map(\.engineOrChip) == ["H200 (measured)"])
    // What the run did not measure keeps its fitted constant.
    #expect(constants.filter { $0.constant == "efa" }.map(\.how) == ["fitted"])
    let text = walk.evidence(
      of: estimate.deployment, workload: workload, model: network, on: chip, in: found.catalog,
      kernels: found.kernels
    ).flatMap(\.notes).joined(separator: "\n")
    #expect(text.contains("einf_bf16: rows invented1/k|gemm|m4096_n8192_k8192_hot|bf16|cublaslt"))
    #expect(text.contains("em: rows invented1/k|gemm|m8_n28672"))
    #expect(text.contains("measured: device rows of run invented1, on this chip."))
  }
}
