import Foundation
import Results
import Tables
import Testing

@Suite struct ResultTableTests {
  private func file(_ rows: [ResultRow]) throws -> (Scratch, String) {
    let scratch = try Scratch()
    return (scratch, try scratch.write("r.csv", ResultRow.schema.csv(rows)))
  }

  @Test("cells of chosen columns come as they stand in the file; a filter sees every column")
  func columns() throws {
    var rows = (0..<5).map { sampleRow(key: "k\($0)", seconds: 0.01 * Double($0 + 1) / 3) }
    rows[1].machineLabel = "a, \"b\""
    rows[2].threads = 8
    let (scratch, path) = try file(rows)
    defer { withExtendedLifetime(scratch) {} }
    let names = ["row_key", "time_median_seconds", "machine_label", "threads"]
    let table = try ResultTable([path], columns: names)
    let places = names.compactMap { ResultRow.schema.header.firstIndex(of: $0) }
    #expect(table.rows == rows.map { row in places.map { ResultRow.schema.cells(row)[$0] } })
    #expect(table.isNumeric == [false, true, false, true])
    let some = try ResultTable([path], columns: ["row_key"], filter: RowFilter("threads:>1 OR key:k0"))
    #expect(some.rows == [["k0"], ["k2"]] && some.heldBack == 3)
  }

  @Test("rows are exported as they are read, cell for cell as from a table")
  func export() throws {
    var rows = (0..<5).map { sampleRow(key: "k\($0)", seconds: 0.01 * Double($0 + 1) / 3) }
    rows[1].machineLabel = "a, \"b\" \\ ü"
    rows[2].driftRelPerMinute = -0.25
    rows[3].threads = nil
    let (scratch, path) = try file(rows)
    defer { withExtendedLifetime(scratch) {} }
    let names = ["row_key", "time_median_seconds", "machine_label", "threads", "drift_rel_per_minute"]
    func text(_ encoding: RowEncoding, isStreamed: Bool, _ filter: String = "") throws -> String {
      var bytes: [UInt8] = []
      var export = RowExport(names, isNumeric: ResultTable.isNumeric(names), as: encoding) { bytes += $0 }
      let filter = try filter.isEmpty ? RowFilter.everything : RowFilter(filter)
      if isStreamed {
        try ResultTable.stream([path], columns: names, filter: filter, to: &export)
      } else {
        try ResultTable([path], columns: names, filter: filter).send(to: &export)
      }
      try export.finish()
      return String(decoding: bytes, as: UTF8.self)
    }
    for encoding in [RowEncoding.csv, .json, .jsonl] {
      #expect(try text(encoding, isStreamed: true) == text(encoding, isStreamed: false))
    }
    let csv = try CSVDocument(Array(try text(.csv, isStreamed: true).utf8))
    let table = try ResultTable([path], columns: names)
    #expect(csv.header == names && csv.records.map(\.fields) == table.rows)
    let json = try JSONSerialization.jsonObject(with: Data(try text(.json, isStreamed: true).utf8))
    let objects = try #require(json as? [[String: Any]])
    #expect(objects.map { $0["row_key"] as? String } == rows.map(\.rowKey))
    // Foundation reads some numbers a last digit off; the text is exact.
    let times = zip(objects, rows).map {
      ($0["time_median_seconds"] as? Double ?? 0) - ($1.timeMedianSeconds ?? 0)
    }
    #expect(times.allSatisfy { abs($0) < 1e-15 })
    #expect(objects[1]["machine_label"] as? String == rows[1].machineLabel)
    #expect(objects[3]["threads"] is NSNull && objects[2]["drift_rel_per_minute"] as? Double == -0.25)
    #expect(try text(.json, isStreamed: true, "key:none") == "[]\n")
    #expect(try text(.jsonl, isStreamed: true, "key:k3").split(separator: "\n").count == 1)
  }

  @Test("numbers sort by value, texts by name, unknown cells last either way")
  func sorting() throws {
    var rows = [0.2, 0.03, 0.1].enumerated().map { sampleRow(key: "k\($0.offset)", seconds: $0.element) }
    rows[2].m = 10
    rows[0].m = 9
    let (scratch, path) = try file(rows)
    defer { withExtendedLifetime(scratch) {} }
    var table = try ResultTable([path], columns: ["row_key", "m", "time_median_seconds"])
    func keys() -> [String] { table.rows.map { $0[0] } }
    table.sort(by: "time_median_seconds", descending: false)
    #expect(keys() == ["k1", "k2", "k0"])
    table.sort(by: "m", descending: true)
    #expect(keys() == ["k2", "k0", "k1"])
    table.sort(by: "m", descending: false)
    #expect(keys() == ["k0", "k2", "k1"])
    table.sort(by: "row_key", descending: true)
    #expect(keys() == ["k2", "k1", "k0"])
  }

  @Test("SQL quotes names and texts, so that nothing ends a statement early; unknown is NULL")
  func sql() throws {
    var row = sampleRow()
    row.machineLabel = "x'); DROP TABLE results; --"
    let (scratch, path) = try file([row])
    defer { withExtendedLifetime(scratch) {} }
    let text = SQLText.dump(
      try ResultTable([path], columns: ["machine_label", "time_median_seconds", "threads", "m"]), name: "a\"b"
    )
    #expect(text.contains("CREATE TABLE \"a\"\"b\""))
    #expect(text.contains("('x''); DROP TABLE results; --',0.01,1,NULL)"))
    #expect(text.hasPrefix("BEGIN;\n") && text.hasSuffix("COMMIT;\n"))
  }

  @Test(
    "a text that a spreadsheet would evaluate gets an apostrophe, others none",
    arguments: [
      ("=1+1", "'=1+1"), ("+x", "'+x"), ("-x", "'-x"), ("@S", "'@S"), ("\tx", "'\tx"), ("x=1", "x=1"),
      ("", ""), (" =1", "' =1"), ("\r\n=1", "'\r\n=1"), ("＝1", "'＝1"), ("＋x", "'＋x"), ("ü", "ü"),
      ("(a)", "(a)"),
      ("\u{200B}=1", "'\u{200B}=1"), ("日本", "日本"),
    ])
  func formulas(text: String, safe: String) {
    #expect(neutralised(text) == safe)
  }

  @Test("what is shared is a list: a column that the schema gains stays private until it is named")
  func shareable() {
    let shared = Set(ResultTable.shareableColumns)
    #expect(shared.isSubset(of: ResultTable.allColumns))
    #expect(shared.isDisjoint(with: ["host_label", "job_id", "tags", "cpuset_list", "warnings", "suite"]))
    #expect(ResultTable.coreColumns.allSatisfy { ResultTable.allColumns.contains($0) })
    #expect(ResultTable.aliases.values.allSatisfy { ResultTable.allColumns.contains($0) })
  }
}

@Suite struct RowAnatomyTests {
  private func journal(_ processes: [(number: Int, seconds: [Double])]) throws -> SampleColumns {
    var rows: [SampleRow] = []
    for process in processes {
      for (index, seconds) in process.seconds.enumerated() {
        var row = SampleRow()
        (row.schemaVersion, row.runId, row.rowKey) = (2, "r", "k")
        (row.processIndex, row.sampleIndex, row.seconds) = (process.number, index, seconds)
        row.startedOffsetSeconds = 60 * Double(index)
        rows.append(row)
      }
    }
    return try SampleColumns(Array(SampleRow.schema.csv(rows).utf8), file: "j")
  }

  @Test("processes stand in the order in which they ran, with their own medians and spreads")
  func processes() throws {
    let samples = try journal([(2, [1, 1, 1, 1]), (0, [1.02, 1.02, 1.02]), (1, [0.98, 0.98, 5])])
    let anatomy = try #require(RowAnatomy(samples, row: RowIdentity(runId: "r", rowKey: "k")))
    #expect(anatomy.processes.map(\.number) == [2, 0, 1])
    #expect(anatomy.processes.map(\.medianSeconds) == [1, 1.02, 0.98])
    #expect(anatomy.median == 1 && anatomy.sorted.count == 10)
    #expect(anatomy.betweenRelStddev.map { abs($0 - 0.02) < 1e-12 } == true)
    // (1.96 · 2 % / 1 %)² = 15.4
    #expect(anatomy.processesNeeded() == 16)
    #expect(anatomy.outliersSevere == 1 && anatomy.outliersMild == 1)
    #expect(anatomy.histogram().map(\.count).reduce(0, +) == 10)
    #expect(RowAnatomy(samples, row: RowIdentity(runId: "r", rowKey: "other")) == nil)
  }

  @Test("a time that grows by 1 % a minute has that drift; equal samples fill one bin")
  func drift() throws {
    let anatomy = try #require(
      RowAnatomy(try journal([(0, [1, 1.01, 1.02])]), row: RowIdentity(runId: "r", rowKey: "k")))
    #expect(anatomy.driftPerMinute.map { abs($0 - 0.01 / 1.01) < 1e-12 } == true)
    #expect(anatomy.processesNeeded() == nil)
    let equal = try #require(
      RowAnatomy(try journal([(0, [2, 2, 2])]), row: RowIdentity(runId: "r", rowKey: "k")))
    #expect(equal.histogram().map(\.count) == [3])
  }
}
