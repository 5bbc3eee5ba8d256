import Results
import Tables
import Testing

/// A valid row of a GEMM at 100 GFLOP/s; tests change what they look at.
func sampleRow(key: String = "0123456789abcdef", run: String = "run1", seconds: Double = 0.01) -> ResultRow {
  var row = ResultRow()
  row.schemaVersion = ResultRow.schemaVersion
  row.rowKey = key
  row.runId = run
  row.kernel = "gemm"
  row.impl = "swift"
  row.placement = "core0"
  row.placementKind = "core"
  row.machineId = "m1"
  row.cacheMode = "hot"
  row.shapeId = "gemm_1024"
  row.threads = 1
  row.status = .ok
  row.flop = 1e9
  row.minBytes = 1e7
  row.arithmeticIntensityFlopPerByte = 100
  row.timeMedianSeconds = seconds
  row.timeMedianCiLowSeconds = seconds * 0.99
  row.timeMedianCiHighSeconds = seconds * 1.01
  row.gflopsMedian = 1 / seconds
  return row
}

@Suite struct ResultFileTests {
  @Test("every column of a row survives writing and reading")
  func roundTrip() throws {
    // Each column takes a value of its own type, so that two columns which share a field would differ.
    let schema = ResultRow.schema
    var row = ResultRow()
    var expected: [String] = []
    for (index, column) in schema.columns.enumerated() {
      let tries = ["text \(index), with \"comma\"", "\(index).5", "\(index)", "1", "ok"]
      let cell = tries.first { cell in
        do {
          var trial = row
          try column.decode(&trial, cell)
          return column.encode(trial) == cell
        } catch { return false }
      }
      let kept = try #require(cell, "\(column.name) takes none of the values")
      try column.decode(&row, kept)
      expected.append(kept)
    }
    #expect(schema.cells(row) == expected)
    let document = try CSVDocument(Array(schema.csv([row]).utf8))
    #expect(try schema.rows(document, empty: ResultRow()) == [row])
  }

  @Test("files of older versions are read, and their rows fit under the present header", arguments: [1, 2])
  func olderVersion(version: Int) throws {
    var row = sampleRow()
    row.schemaVersion = version
    let old = try #require(ResultRow.schema(version: version))
    #expect(old.columns.count < ResultRow.schema.columns.count)
    #expect(try ResultFile.rows(of: Array(old.csv([row]).utf8), file: "x") == [row])
    #expect(
      try ResultFile.rows(of: Array(ResultRow.schema.csv([row, sampleRow(key: "b")]).utf8), file: "x").count
        == 2)
    // The header of version 2 over rows of version 1, as merging them wrote it.
    let second = try #require(ResultRow.schema(version: 2))
    #expect(try ResultFile.rows(of: Array(second.csv([row]).utf8), file: "x") == [row])
  }

  @Test(
    "the reader refuses what is no whole result file and says where",
    arguments: [
      ("torn", "torn"), ("foreign", "not a result file"), ("version", "schema version"),
      ("time", "needs a positive time"), ("status", "is not a status"), ("formula", "formula"),
      ("reason", "needs its reason"), ("key", "every row has one"), ("negative", "n_samples: -3 is negative"),
      ("order", "time_q3_seconds: below time_median"), ("wrong", "verify_max_rel_error: above"),
      ("rate", "gflops_median: 50.0 where"), ("processes", "0 processes"), ("samples", "1 samples of 2"),
      ("drifting", "needs a positive time"),
    ])
  func refusals(kind: String, words: String) throws {
    var row = sampleRow()
    if kind == "version" { row.schemaVersion = 99 }
    if kind == "time" { row.timeMedianSeconds = nil }
    if kind == "formula" { row.machineLabel = "=1+1" }
    if kind == "key" { row.rowKey = "" }
    if kind == "negative" { row.nSamples = -3 }
    if kind == "order" { row.timeQ3Seconds = 0.009 }
    if kind == "rate" { row.gflopsMedian = 50 }
    if kind == "processes" { row.nProcesses = 0 }
    if kind == "samples" { (row.nProcesses, row.nSamples) = (2, 1) }
    if kind == "wrong" { (row.verifyMaxRelError, row.verifyTolerance) = (2e-6, 1e-6) }
    if kind == "drifting" {
      // A negative drift is no fault: the next rule speaks.
      row.driftRelPerMinute = -1
      row.timeMedianSeconds = nil
      row.gflopsMedian = nil
    }
    if kind == "reason" {
      row.status = .failed
      row.timeMedianSeconds = nil
    }
    var text = ResultRow.schema.csv([row])
    if kind == "torn" { text.removeLast(5) }
    if kind == "foreign" { text = "a,b\n1,2\n" }
    if kind == "status" { text = text.replacing(",ok,", with: ",okay,") }
    #expect {
      try ResultFile.rows(of: Array(text.utf8), file: "x.csv")
    } throws: { error in
      let message = "\(error)"
      return error is InputError && message.contains(words) && message.hasPrefix("x.csv:")
    }
  }

  @Test(
    "numbers that no host and no sample can give are refused",
    arguments: [
      "low", "high", "below", "above", "threads", "many", "cores", "calls", "floor", "spread", "clock",
      "outside", "denormal",
    ])
  func unbelievable(kind: String) throws {
    var row = sampleRow()
    if kind == "low" { row.timeMedianCiLowSeconds = 1e-300 }
    if kind == "high" { row.timeMedianCiHighSeconds = 1e300 }
    if kind == "below" { row.timeMedianCiHighSeconds = 0.0099 }
    if kind == "above" { (row.timeMedianCiLowSeconds, row.timeMedianCiHighSeconds) = (0.0101, nil) }
    if kind == "threads" { row.threads = 0 }
    if kind == "many" { row.threads = 9_000_000_000_000_000_000 }
    if kind == "cores" { row.cores = 0 }
    if kind == "calls" { row.callsPerPass = 1e308 }
    if kind == "floor" { row.aaFloor = 1e300 }
    if kind == "spread" { row.betweenProcessRelStddev = 1e40 }
    if kind == "clock" { row.cpuMhzMean = 1e308 }
    if kind == "outside" { (row.timeMinSeconds, row.timeMaxSeconds) = (0.00995, 0.02) }
    if kind == "denormal" { (row.timeMinSeconds, row.timeMedianCiLowSeconds) = (0.009, 0.0089) }
    #expect(throws: InputError.self) {
      try ResultFile.rows(of: Array(ResultRow.schema.csv([row]).utf8), file: "x")
    }
  }

  @Test(
    "control characters and hidden formulas are refused; what a worker said is written so that it reads back")
  func texts() throws {
    for text in [
      "a\u{1B}[31mb", "a\nb", "a\tb", "a\u{7F}", " =1", "\r\n=1", "＝1", "\u{200B}+1", "\u{FEFF}@x",
    ] {
      var row = sampleRow()
      row.shapeId = text
      #expect(throws: InputError.self, "\(text.debugDescription)") {
        try ResultFile.rows(of: Array(ResultRow.schema.csv([row]).utf8), file: "x")
      }
    }
    var row = sampleRow()
    (row.machineLabel, row.shapeId) = ("Zürich ½", "形 = 1")
    #expect(try ResultFile.rows(of: Array(ResultRow.schema.csv([row]).utf8), file: "x") == [row])
    row.status = .failed
    row.statusDetail = "=signal 4\n\u{1B}[0m"
    (row.timeMedianSeconds, row.gflopsMedian) = (nil, nil)
    (row.timeMedianCiLowSeconds, row.timeMedianCiHighSeconds) = (nil, nil)
    let scratch = try Scratch()
    try ResultFile.write([row], to: scratch.path + "/x.csv")
    #expect(try ResultFile.read(scratch.path + "/x.csv").map(\.statusDetail) == ["'=signal 4 \u{FFFD}[0m"])
  }

  @Test(
    "a median that is not its samples' is refused with its line", arguments: [1.0, 1 + 1e-12, 1 + 2e-9, 2])
  func journal(factor: Double) throws {
    let rows = [sampleRow(key: "a"), sampleRow(key: "b")]
    let samples = [0.009, 0.010, 0.011].map { seconds in
      var sample = SampleRow()
      (sample.runId, sample.rowKey, sample.seconds) = ("run1", "b", seconds * factor)
      return sample
    }
    let bytes = Array(ResultRow.schema.csv(rows).utf8)
    if factor < 1 + 1e-9 {
      #expect(try ResultFile.rows(of: bytes, file: "x.csv", samples: samples) == rows)
    } else {
      let error = #expect(throws: InputError.self) {
        try ResultFile.rows(of: bytes, file: "x.csv", samples: samples)
      }
      #expect("\(error.map { "\($0)" } ?? "")".hasPrefix("x.csv:3:"))
    }
  }

  @Test(
    "the journal of a run that goes on is ahead of the file: a row is judged by the processes that it counts",
    arguments: [
      (1, 3, true), (2, 6, true), (3, 9, true), (1, 6, false), (2, 5, false), (nil, nil, false),
    ])
  func journalAhead(processes: Int?, samples: Int?, isSound: Bool) throws {
    let scratch = try Scratch()
    let journal = (0..<3).flatMap { process in
      [0.9, 1, 1.1].enumerated().map { index, share in
        var sample = SampleRow()
        (sample.schemaVersion, sample.runId, sample.rowKey) = (2, "run1", "a")
        (sample.processIndex, sample.sampleIndex) = (process, index)
        // Each process is slower than the last, so that every count has a median of its own.
        sample.seconds = 0.01 * Double(process + 1) * share
        return sample
      }
    }
    let counted = journal.prefix(3 * (processes ?? 1)).compactMap(\.seconds).sorted()
    let middle = counted.count / 2
    var row = sampleRow(
      key: "a",
      seconds: counted.count % 2 == 1 ? counted[middle] : (counted[middle - 1] + counted[middle]) / 2)
    (row.nProcesses, row.nSamples) = (processes, samples)
    let path = try scratch.write("r.csv", ResultRow.schema.csv([row]))
    _ = try scratch.write("r.samples.csv", SampleRow.schema.csv(journal))
    guard isSound else {
      let error = #expect(throws: InputError.self) { try ResultFile.readBesideJournal(path) }
      #expect(samples == nil || "\(error.map { "\($0)" } ?? "")".contains("run --resume \(path)"))
      #expect(ResultAudit(path).faults.count == 1)
      return
    }
    let read = try ResultFile.readBesideJournal(path)
    #expect(read.rows == [row] && ResultAudit(path).faults.isEmpty)
    #expect(try ResultFile.read(path, checkedBy: journal) == [row])
    let input = ComparisonInput(name: "r", rows: read.rows, samples: read.samples)
    #expect(input.processes(of: row).count == processes)
  }

  @Test("a good file reads back whole")
  func good() throws {
    let rows = [sampleRow(), sampleRow(key: "b")]
    #expect(try ResultFile.rows(of: Array(ResultRow.schema.csv(rows).utf8), file: "x") == rows)
  }
}

@Suite struct HostSummaryTests {
  @Test("a summary takes the widest placement's ceilings and places each kernel on the roofline")
  func summary() throws {
    var peak = sampleRow(key: "p")
    peak.kernel = "fma_peak"
    peak.phase = "ceiling"
    peak.gflopsMedian = 200
    var small = sampleRow(key: "s")
    small.kernel = "memory_read"
    small.phase = "ceiling"
    small.arrayBytes = 1000
    small.gbytesPerSecondMedian = 300
    var large = small
    large.arrayBytes = 1_000_000
    large.gbytesPerSecondMedian = 20
    var narrow = sampleRow(key: "n")
    narrow.threads = 0
    let kernel = sampleRow(key: "k")
    let host = try #require(HostSummary([narrow, peak, small, large, kernel]))
    #expect(host.peakGflops == 200)
    #expect(host.readGbytesPerSecond == 20)
    #expect(host.ridgeFlopPerByte == 10)
    let point = try #require(host.points.last)
    #expect(point.rowKey == "k")
    #expect(abs(point.intensityOverRidge - 10) < 1e-12)
    #expect(abs(point.shareOfRoofline - 0.5) < 1e-12)
  }

  @Test("rows of two machines are not summarised as one")
  func mixed() {
    var other = sampleRow(key: "o")
    other.machineId = "m2"
    #expect(HostSummary([sampleRow(), other]) == nil)
  }
}
