import Foundation
import Machines
import Measurement
import enum Measurement.Operation
import Quantities
import Results
import Tables
import Testing

private let core = Placement(name: "core0", kind: "core", cpus: CPUSet([0]), threads: 1)

private func runInfo() -> RunInfo {
  var machine = Machine()
  machine.vendor = "AuthenticAMD"
  machine.modelName = "AMD EPYC"
  machine.cores = 2
  machine.packages = 1
  return RunInfo(
    suite: "quick", suiteVersion: 1, machine: machine, host: HostState(), programVersion: "1",
    hwlocVersion: "", seed: 1, isCoreTypeForced: true, id: "abcd1234", environment: [:])
}

private func outcome(
  _ operation: Operation, _ shape: Shape, seconds: [[Double]], work: Work, resident: Double = 0,
  wanted: Int? = nil
) -> Outcome {
  let isCeiling = operation != .gemm
  let subject = Case(operation, shape, id: "s", phase: isCeiling ? .ceiling : .square, by: .swift)
  var outcome = Outcome(subject, at: core, processesWanted: wanted ?? seconds.count)
  for (process, times) in seconds.enumerated() {
    var report = CaseReport(index: 0, status: .ok)
    report.process = process
    report.work = work
    report.residentBytes = Bytes(resident)
    report.samples = times.enumerated().map { Sample(start: Double($0.offset), seconds: $0.element) }
    outcome.reports.append(report)
  }
  return outcome
}

@Suite struct RowTests {
  let gemm = Shape.gemm(m: 100, n: 100, k: 100)
  let work = Work(flop: FLOP(2e9), bytes: Bytes(1e8))

  @Test("medians of all samples, rates from them, and an interval that brackets them")
  func times() throws {
    let row = ResultRow(
      outcome(.gemm, gemm, seconds: [[0.010, 0.011], [0.012, 0.013], [0.014, 0.015]], work: work),
      run: runInfo())
    #expect(row.status == .ok)
    #expect(row.nSamples == 6 && row.nProcesses == 3)
    #expect(row.timeMedianSeconds == 0.0125)
    #expect(row.gflopsMedian == 160)
    #expect(row.gbytesPerSecondMedian == 8)
    #expect(row.ciMethod == "hierarchical_bootstrap")
    #expect(try #require(row.timeMedianCiLowSeconds) < 0.0125)
    #expect(try #require(row.timeMedianCiHighSeconds) > 0.0125)
    #expect(row.warnings.contains("processes differ"))
    #expect(try ResultFile.rows(of: Array(ResultRow.schema.csv([row]).utf8), file: "x") == [row])
  }

  @Test("what happened while sampling stands in the row")
  func sampling() throws {
    var result = outcome(.gemm, gemm, seconds: [[0.01, 0.01], [0.01, 0.01]], work: work)
    for index in result.reports.indices {
      result.reports[index].roundsDropped = 2
      result.reports[index].roundsMoved = index
      result.reports[index].sampled = 0.5
      result.reports[index].interference.clock = 2e9
      result.reports[index].interference.cycles = 7
      result.reports[index].hugePageShare = 0.5
      result.reports[index].isMemoryWhereAsked = index == 0
    }
    result.control = ControlRow([ControlReport(first: [1], last: [1.5])])
    result.stopReason = .noiseStable
    let row = ResultRow(result, run: runInfo())
    #expect(row.roundsDropped == 4 && row.sampledSeconds == 1 && row.aaFloor == 0.5)
    #expect(row.stopReason == "noise_stable")
    #expect(row.warnings == "the speed of the host moved during 1 round")
    #expect(row.cpuMhzMean == 2_000 && row.cycles == 14)
    #expect(row.hugePageBackingFraction == 0.5 && row.memoryLocationVerified == false)
    // Files of programs that did not count say nothing, not 0.
    let silent = ResultRow(outcome(.gemm, gemm, seconds: [[0.01], [0.01]], work: work), run: runInfo())
    #expect(silent.roundsDropped == nil && silent.sampledSeconds == 0.02)
  }

  @Test(
    "a drift is the trend of the processes over the run, a warning only where it stands out from the scatter",
    arguments: [true, false])
  func drift(isReal: Bool) throws {
    let seconds = isReal ? [1.0, 1.02, 1.04, 1.06, 1.08, 1.1] : [1.0, 1.05, 1.02, 1.0, 1.05, 1.02]
    // Inside each process the first sample is the slowest: no drift of the run.
    var result = outcome(.gemm, gemm, seconds: seconds.map { [2 * $0, $0, $0] }, work: work)
    for index in result.reports.indices { result.reports[index].finished = "2026-11-24T01:0\(index):30Z" }
    let row = ResultRow(result, run: runInfo())
    #expect(row.warnings.contains("times drift by 2 % a minute") == isReal)
    let drift = try #require(row.driftRelPerMinute)
    if isReal { #expect(abs(drift - 0.02 / (row.timeMedianSeconds ?? 0)) < 1e-6) }
    // Processes that do not say when they were there have no trend.
    for index in result.reports.indices { result.reports[index].finished = "" }
    #expect(ResultRow(result, run: runInfo()).driftRelPerMinute == nil)
  }

  @Test("a thread outside its placement is a warning, and the binding is not verified")
  func binding() {
    var result = outcome(.gemm, gemm, seconds: [[0.01], [0.01]], work: work)
    let blas = BLASFacts(name: "none", version: "", corename: "", config: "", threads: 1)
    let clock = ClockQuality(of: MonotonicTime(), readings: 10)
    result.worker = WorkerFacts(process: 0, blas: blas, mask: CPUSet([0]), clock: clock)
    #expect(ResultRow(result, run: runInfo()).bindingVerified == true)
    result.worker?.threadCPUs = [0, -1]
    #expect(ResultRow(result, run: runInfo()).bindingVerified == true)
    result.worker?.threadCPUs = [0, 5]
    let row = ResultRow(result, run: runInfo())
    #expect(row.bindingVerified == false)
    #expect(row.warnings == "threads ran on CPUs 5, outside the placement")
  }

  @Test("a wrong result has a status and no time, however many processes were right")
  func mismatch() {
    var result = outcome(.gemm, gemm, seconds: [[0.01], [0.01]], work: work)
    result.reports[1].status = .mismatch
    result.reports[1].detail = "off by 3"
    let row = ResultRow(result, run: runInfo())
    #expect(row.status == .mismatch && row.statusDetail == "off by 3")
    #expect(row.timeMedianSeconds == nil && row.gflopsMedian == nil)
  }

  @Test("missing processes make a row partial; none make it interrupted")
  func partial() {
    #expect(
      ResultRow(outcome(.gemm, gemm, seconds: [[0.01]], work: work, wanted: 3), run: runInfo()).status
        == .partial)
    #expect(
      ResultRow(outcome(.gemm, gemm, seconds: [], work: work, wanted: 3), run: runInfo()).status
        == .interrupted)
  }

  @Test(
    "the roofline takes the bandwidth of the cache that holds the working set",
    arguments: [
      (500.0, 100.0, "cache"), (5_000, 10, "memory"), (50_000, 10, "memory"),
    ])
  func roofline(resident: Double, bandwidth: Double, bound: String) throws {
    let peak = outcome(.fmaPeak, Shape(), seconds: [[0.01]], work: Work(flop: FLOP(2e9), bytes: .zero))
    let small = outcome(
      .memoryRead, .memory(bytes: 1_000), seconds: [[0.01]], work: Work(flop: .zero, bytes: Bytes(1e9)))
    let large = outcome(
      .memoryRead, .memory(bytes: 10_000), seconds: [[0.01]], work: Work(flop: .zero, bytes: Bytes(1e8)))
    let kernel = outcome(
      .gemm, gemm, seconds: [[0.1]], work: Work(flop: FLOP(1e9), bytes: Bytes(2e9)), resident: resident)
    let rows = rowsWithCeilings([peak, small, large, kernel], run: runInfo())
    let row = try #require(rows.last)
    #expect(row.computeCeilingGflops == 200)
    #expect(row.bandwidthCeilingGbytesPerSecond == bandwidth)
    #expect(row.boundBy == bound)
    let expected = 100 * (2 / bandwidth) / 0.1
    #expect(row.pctOfRoofline.map { abs($0 - expected) < 1e-9 } ?? (expected > 105))
    #expect(row.warnings.contains("no share of the roofline") == (expected > 105))
    #expect(rows[0].pctOfRoofline == nil)
  }

  @Test("a ceiling whose processes differ by more than 10 % gives no share", arguments: [1.05, 1.3])
  func looseCeiling(factor: Double) throws {
    let peak = outcome(
      .fmaPeak, Shape(), seconds: [[0.01], [0.01 * factor], [0.01]],
      work: Work(flop: FLOP(2e9), bytes: .zero))
    let read = outcome(
      .memoryRead, .memory(bytes: 1_000), seconds: [[0.01]], work: Work(flop: .zero, bytes: Bytes(1e9)))
    let kernel = outcome(
      .gemm, gemm, seconds: [[0.1]], work: Work(flop: FLOP(1e10), bytes: Bytes(1e3)), resident: 500)
    let row = try #require(rowsWithCeilings([peak, read, kernel], run: runInfo()).last)
    #expect(row.boundBy == "compute" && (row.pctOfRoofline == nil) == (factor > 1.1))
    #expect(row.warnings.contains("no share of the roofline") == (factor > 1.1))
  }

  @Test("keys tell problems, implementations and placements apart, and nothing else")
  func keys() {
    let subject = Case(.gemm, gemm, id: "a", phase: .square, by: .swift)
    let renamed = Case(.gemm, gemm, id: "b", phase: .prefill, by: .swift)
    let other = Case(.gemm, gemm, id: "a", phase: .square, by: .openblas)
    let cold = Case(.gemm, gemm, id: "a", phase: .square, by: .swift, cacheMode: .weightsCold)
    let machine = Placement(name: "machine", kind: "machine", cpus: CPUSet([0, 1]), threads: 2)
    var huge = subject
    huge.pageMode = .huge
    let key = ResultRow.key(subject, core)
    #expect(key != ResultRow.key(huge, core))
    #expect(key == ResultRow.key(renamed, core))
    #expect(
      Set([key, ResultRow.key(other, core), ResultRow.key(cold, core), ResultRow.key(subject, machine)]).count
        == 4)
  }

  @Test("a row names the form of its attention, and forms have keys of their own")
  func attentionForms() {
    var shape = Shape.attention(
      batch: 2, headsQ: 8, headsKV: 1, headDim: 64, seqQ: 1, seqKV: 100, causal: true)
    func row(_ change: (inout Shape) -> Void) -> ResultRow {
      var form = shape
      change(&form)
      return ResultRow(
        outcome(.attentionDecode, form, seconds: [[0.01], [0.01]], work: work), run: runInfo())
    }
    let rows = [
      row { _ in }, row { $0.window = 7 }, row { $0.cacheType = .bf16 },
      row { ($0.cacheType, $0.blockKeys) = (.i8, 32) }, row { ($0.blockKeys, $0.keysTurned) = (32, true) },
      row { ($0.headDimV, $0.latent) = (48, true) },
      row { ($0.headDimV, $0.latent, $0.blockKeys) = (48, true, 16) },
    ]
    #expect(rows.map(\.window) == [nil, 7, nil, nil, nil, nil, nil])
    #expect(rows.map(\.blockKeys) == [nil, nil, nil, 32, 32, nil, 16])
    #expect(rows.map(\.headDimV) == [64, 64, 64, 64, 64, 48, 48])
    #expect(rows.map(\.dtypeB) == ["f32", "f32", "bf16", "i8", "f32", "f32", "f32"])
    #expect(
      rows.map(\.layout) == [
        "batch_heads_positions_dim", "batch_heads_positions_dim", "batch_heads_positions_dim",
        "blocks_heads_keys_dim", "blocks_heads_dim_keys", "batch_positions_latent", "blocks_keys_latent",
      ])
    #expect(Set(rows.map(\.rowKey)).count == rows.count)
    // The key of a plain shape is the one that stands in files from before there were forms.
    shape = .attention(
      batch: 1, headsQ: 32, headsKV: 8, headDim: 128, seqQ: 256, seqKV: 256, causal: true)
    let plain = Case(.attentionPrefill, shape, id: "prefill_s256", phase: .prefill, by: .swift)
    #expect(ResultRow.key(plain, core) == "ke27c8a3d9fdadc3d")
  }

  @Test("the file's name holds time, machine, suite and run")
  func stem() {
    var run = runInfo()
    run.started = "2026-11-24T01:02:03Z"
    #expect(run.stem == "20261124T010203Z_amd-epyc-1x2c_quick_abcd1234")
  }
}

@Suite struct JournalTests {
  private func scratch() -> String {
    FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString).samples.csv").path()
  }

  private var report: CaseReport {
    var report = CaseReport(index: 0, status: .ok)
    report.process = 2
    report.iterations = 4
    report.samples = [Sample(start: 0.5, seconds: 0.25), Sample(start: 1.5, seconds: 0.125)]
    return report
  }

  @Test("samples come back, and a torn last line costs only itself")
  func torn() throws {
    let path = scratch()
    defer { try? FileManager.default.removeItem(atPath: path) }
    do {
      let journal = try Journal(path)
      try journal.append(report, rowKey: "k1", runID: "r")
      #expect(journal.tornBytes == 0)
    }
    let rows = try Journal.read(path)
    #expect(rows.map(\.seconds) == [0.25, 0.125])
    #expect(rows.map(\.sampleIndex) == [0, 1])
    #expect(rows.allSatisfy { $0.rowKey == "k1" && $0.processIndex == 2 && $0.iterations == 4 })
    let sound = try #require(FileManager.default.contents(atPath: path))
    try (sound + Data("1,r,k1,2,2,9".utf8)).write(to: URL(filePath: path))
    #expect(try Journal.read(path) == rows)
    let reopened = try Journal(path)
    #expect(reopened.tornBytes == 12)
    try reopened.append(report, rowKey: "k2", runID: "r")
    #expect(try Journal.read(path).count == 4)
  }

  @Test("the summary is replaced whole, and a folder that is not there is an error")
  func replaced() throws {
    let path = scratch()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try ResultFile.write([sampleRow()], to: path)
    try ResultFile.write([sampleRow(), sampleRow(key: "b")], to: path)
    #expect(try ResultFile.read(path).count == 2)
    #expect(throws: FileError.self) { try ResultFile.write([], to: "/nonexistent/x.csv") }
  }
}
