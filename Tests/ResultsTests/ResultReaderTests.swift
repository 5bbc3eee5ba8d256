import Foundation
import Results
import Tables
import Testing

@Suite struct ResultReaderTests {
  /// A text with every kind of row, quoted cells and repeated texts.
  private static let sound: String = {
    var rows = (0..<6).map { sampleRow(key: "k\($0)", seconds: 0.01 + Double($0) / 777) }
    rows[1].cpuModelName = "A, \"quoted\" CPU"
    rows[2].driftRelPerMinute = -0.25
    rows[2].timeQ1Seconds = rows[2].timeMedianSeconds
    (rows[3].verifyMaxRelError, rows[3].verifyTolerance) = (1e-7, 1e-6)
    (rows[3].nProcesses, rows[3].nSamples) = (5, 30)
    rows[4].status = .failed
    rows[4].statusDetail = "signal 4"
    (rows[4].timeMedianSeconds, rows[4].gflopsMedian) = (nil, nil)
    (rows[4].timeMedianCiLowSeconds, rows[4].timeMedianCiHighSeconds) = (nil, nil)
    return ResultRow.schema.csv(rows)
  }()

  @Test("rows that the fast reader takes are those of the strict one, however the text was changed")
  func mutated() {
    var generator = Generator(state: 5)
    var accepted = 0
    var refused = 0
    for _ in 0..<2_000 {
      var bytes = Array(ResultReaderTests.sound.utf8)
      let body = bytes.firstIndex(of: 0x0A) ?? 0
      for _ in 0...generator.below(2) {
        let place = body + 1 + generator.below(bytes.count - body - 1)
        switch generator.below(4) {
        case 0: bytes[place] = Array("0123456789-+=@.e,\"\nx".utf8)[generator.below(20)]
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[place], at: place)
        default: bytes.insert(Array("09-=e,".utf8)[generator.below(6)], at: place)
        }
      }
      let strict = try? ResultRow.schema.rows(
        CSVDocument(bytes, requireFinalNewline: true), empty: ResultRow())
      if let fast = try? ResultFile.rows(of: bytes, file: "f") {
        accepted += 1
        #expect(fast == strict)
      } else {
        refused += 1
      }
    }
    #expect(accepted > 200 && refused > 200)
  }

  @Test("a row that only the full rules can judge is taken when they agree")
  func unusualSpelling() throws {
    // 1E9 with a plus sign in the exponent is a number, though no plain one; a hexadecimal one is none of ours.
    let plain = ResultRow.schema.csv([sampleRow()])
    for spelling in ["1e+009", "1000000000.000"] {
      let text = plain.replacing(",1000000000,", with: ",\(spelling),")
      #expect(text != plain)
      #expect(try ResultFile.rows(of: Array(text.utf8), file: "f") == [sampleRow()])
    }
    let hexadecimal = plain.replacing(",1000000000,", with: ",0x3B9ACA00,")
    #expect(throws: InputError.self) { try ResultFile.rows(of: Array(hexadecimal.utf8), file: "f") }
  }

  @Test(
    "a journal is refused with its own place where a sample cannot have been measured",
    arguments: [
      ("seconds", "-1", "not a positive time"), ("seconds", "", "not a positive time"),
      ("seconds", "1e300", "not a positive time"),
      ("process_index", "99999999", "not the number of a process"),
      ("process_index", "", "not the number of a process"), ("sample_index", "0", "the same sample"),
      ("sample_index", "-1", "not the number of a sample"),
    ])
  func wrongSamples(column: String, cell: String, says: String) throws {
    let place = try #require(SampleRow.schema.header.firstIndex(of: column))
    var lines = [SampleRow.schema.header.joined(separator: ",")]
    for index in 0..<3 {
      var cells = ["2", "r", "k", "0", String(index), "0", "1", "0.5", "", "", ""]
      if index == 2 { cells[place] = cell }
      lines.append(cells.joined(separator: ","))
    }
    let scratch = try Scratch()
    let journal = try scratch.write("x.samples.csv", lines.joined(separator: "\n") + "\n")
    let error = #expect(throws: InputError.self) { try SampleColumns(journal: journal) }
    #expect(error?.file == journal && error?.line == 4 && error?.fault.contains(says) == true)
    // A comparison says so of the journal, not of the rows beside it.
    let rows = try scratch.write("x.csv", ResultRow.schema.csv([sampleRow(key: "k", run: "r", seconds: 0.5)]))
    #expect {
      try ResultFile.readBesideJournal(rows)
    } throws: { ($0 as? InputError)?.file == journal }
    #expect(ResultAudit(rows).faults.map(\.file) == [journal])
  }

  @Test("samples may stand in any order, each once; a torn end of the journal is told")
  func sampleOrder() throws {
    let order = [(0, 1), (1, 0), (0, 0), (1, 1), (0, 2)]
    func text(_ order: [(Int, Int)]) -> String {
      SampleRow.schema.csv(
        order.map { process, index in
          var row = SampleRow()
          (row.schemaVersion, row.runId, row.rowKey) = (2, "r", "k")
          (row.processIndex, row.sampleIndex, row.seconds) = (process, index, 0.5)
          return row
        })
    }
    #expect(try SampleColumns(Array(text(order).utf8), file: "j").count == 5)
    #expect(throws: InputError.self) { try SampleColumns(Array(text(order + [(1, 0)]).utf8), file: "j") }
    let scratch = try Scratch()
    _ = try scratch.write("x.samples.csv", text(order) + "2,r,k,0")
    let rows = try scratch.write("x.csv", ResultRow.schema.csv([sampleRow(key: "k", run: "r", seconds: 0.5)]))
    let audit = ResultAudit(rows)
    #expect(audit.faults.isEmpty && audit.warnings.count == 1)
    #expect(audit.warnings.first?.fault.contains("its 7 bytes") == true)
  }

  @Test("CRLF, a byte-order mark and needless quotes change nothing")
  func spelling() throws {
    let rows = try ResultFile.rows(of: Array(ResultReaderTests.sound.utf8), file: "f")
    let windows =
      "\u{FEFF}"
      + ResultReaderTests.sound.replacing("\n", with: "\r\n")
      .replacing(",gemm,", with: ",\"gemm\",")
    #expect(try ResultFile.rows(of: Array(windows.utf8), file: "f") == rows)
  }

  @Test("samples come as columns: equal to the journal's rows, torn line left out, faults with their place")
  func samples() throws {
    var rows: [SampleRow] = []
    for index in 0..<40 {
      var row = SampleRow()
      row.schemaVersion = 2
      row.runId = index < 20 ? "r1" : "r2"
      row.rowKey = "k\(index % 4)"
      row.processIndex = index % 3
      row.sampleIndex = index
      row.seconds = 0.001 * Double(index + 1) / 3
      row.startedOffsetSeconds = Double(index)
      rows.append(row)
    }
    let text = SampleRow.schema.csv(rows)
    let columns = try SampleColumns(Array((text + "2,r2,k1,0").utf8), file: "j")
    #expect(columns.count == 40 && columns.tornBytes == 9)
    #expect(columns.seconds == rows.compactMap(\.seconds))
    #expect(columns.started == rows.compactMap(\.startedOffsetSeconds))
    #expect(columns.process.map(Int.init) == rows.compactMap(\.processIndex))
    #expect(columns.row.map { columns.rows[Int($0)].rowKey } == rows.map(\.rowKey))
    let key = RowIdentity(runId: "r2", rowKey: "k1")
    let expected = (0..<3).map { process in
      rows.filter { $0.runId == "r2" && $0.rowKey == "k1" && $0.processIndex == process }.compactMap(
        \.seconds)
    }
    #expect(columns.byRow()[key] == expected)
    #expect {
      try SampleColumns(Array(text.replacing("\n2,r2,k1,0,", with: "\n2,r2,k1,zero,").utf8), file: "j")
    } throws: { "\($0)".contains("process_index: 'zero' is not a whole number") }
    #expect(throws: InputError.self) { try SampleColumns(Array("a,b\n".utf8), file: "j") }
  }
}

/// A small seeded generator for texts.
struct Generator {
  var state: UInt64
  mutating func below(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }
}
