import Tables
import Testing

@Suite struct CSVTests {
  @Test("what is written is read back, quotes, commas and line ends included")
  func roundTrip() throws {
    let rows = [["a", "b"], ["1,5", "say \"hi\""], ["two\nlines", ""]]
    var writer = CSVWriter()
    for row in rows { writer.append(row) }
    let document = try CSVDocument(Array(writer.text.utf8))
    #expect([document.header] + document.records.map(\.fields) == rows)
  }

  @Test(
    "a broken file is refused with its place",
    arguments: [
      ("a,b\n1\n", 2, 1), ("a,b\n1,2,3\n", 2, 3), ("a,b\n\"1,2\n", 2, 1), ("a,b\n1\"x,2\n", 2, 2),
      ("a,a\n", 1, 3), ("a,\n", 1, 3), ("a,b\n\"x\"y,2\n", 2, 4), ("a,b\rc,d\n", 1, 4),
    ])
  func broken(text: String, line: Int, column: Int) {
    #expect {
      try CSVDocument(Array(text.utf8), file: "f.csv")
    } throws: { error in
      guard let error = error as? InputError else { return false }
      return error.line == line && error.column == column && error.file == "f.csv"
    }
  }

  @Test("bytes that are not UTF-8, and NUL, are refused")
  func notText() {
    #expect(throws: InputError.self) { try CSVDocument([0x61, 0x0A, 0xFF, 0x0A]) }
    #expect(throws: InputError.self) { try CSVDocument([0x61, 0x0A, 0x00, 0x0A]) }
    #expect(throws: InputError.self) { try CSVDocument([]) }
  }

  @Test("a torn last line is seen where the file promises whole lines")
  func torn() {
    #expect(throws: InputError.self) {
      try CSVDocument(Array("a\n1\n2".utf8), requireFinalNewline: true)
    }
  }

  @Test("numbers: 1e999, nan and words are refused, an empty cell is unknown")
  func numbers() throws {
    #expect(try parseNumber("") == nil)
    #expect(try parseNumber("-2.5e3") == -2500)
    for bad in ["1e999", "nan", "inf", "two", " 1", "1 ", "0x10", "0x1p4"] {
      #expect(throws: CellFault.self) { try parseNumber(bad) }
    }
  }
}

@Suite struct ReportTableTests {
  @Test("numbers are grouped and rounded, negatives keep their sign, minus zero does not")
  func numbers() {
    #expect(grouped(1234567.891, decimals: 2) == "1,234,567.89")
    #expect(grouped(-999.5, decimals: 0) == "-1,000")
    #expect(grouped(-0.001, decimals: 1) == "0.0")
    #expect(fixed(0.05, decimals: 3) == "0.050")
  }

  @Test("the three formats hold the same cells; unknown is empty, null or a dash")
  func formats() {
    var table = ReportTable("T", [.init("name"), .init("rate_gbs", "GB/s")])
    table.append([.text("x\"y"), .number(1.5, decimals: 0)])
    table.append([.text("z"), .empty])
    #expect(table.render(.csv) == "name,rate_gbs\n\"x\"\"y\",1.5\nz,\n")
    #expect(
      table.render(.json)
        == "[\n  {\"name\": \"x\\\"y\", \"rate_gbs\": 1.5},\n  {\"name\": \"z\", \"rate_gbs\": null}\n]\n")
    #expect(table.render(.table).contains("z        -"))
  }

  @Test("a table never exceeds its width while text can be cut")
  func width() {
    var table = ReportTable("", [.init("long"), .init("n")])
    table.append([.text(String(repeating: "w", count: 200)), .integer(7)])
    #expect(table.render(.table, width: 40).split(separator: "\n").allSatisfy { $0.count <= 40 })
    #expect(table.render(.table, width: 40, isCut: false).contains(String(repeating: "w", count: 200)))
  }

  @Test("what finds no room stands under its row: no line is longer than asked, no cell is lost")
  func stacked() {
    let names = (0..<9).map { "heading_\($0)" }
    var table = ReportTable("", names.map { .init($0) })
    table.append((0..<9).map { $0 == 7 ? .empty : .number(1000.5 + Double($0), decimals: 3) })
    table.notes = [String(repeating: "n", count: 100)]
    let lines = table.render(.table, width: 60).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 60 })
    let text = lines.joined(separator: "\n")
    for index in 0..<9 where index != 7 { #expect(text.contains("1,00\(index).500")) }
    #expect(text.contains("    heading_5 1,005.500; heading_6 1,006.500") && !text.contains("heading_7 "))
  }

  @Test("wide characters take two columns, and the middle of a long name is cut, not its end")
  func displayedWidth() {
    #expect(displayWidth("abc") == 3 && displayWidth("日本語") == 6 && displayWidth("e\u{301}") == 1)
    var table = ReportTable("", [.init("shape"), .init("n")])
    table.append([.text("llm_linear_llama_3_1_8b_gate"), .integer(1)])
    table.append([.text("llm_linear_llama_3_1_8b_down"), .integer(2)])
    table.append([.text(String(repeating: "語", count: 30)), .integer(3)])
    let lines = table.render(.table, width: 20).split(separator: "\n").map(String.init)
    #expect(lines.allSatisfy { displayWidth($0) <= 20 })
    #expect(lines[2].contains("…_8b_gate"))
    #expect(Set(lines.dropFirst(2)).count == 3)
  }

  @Test("long words are broken, but no path, which must survive copying")
  func words() {
    #expect(
      wrapped(String(repeating: "x", count: 25) + " end", width: 10) == [
        "xxxxxxxxxx", "xxxxxxxxxx", "xxxxx end",
      ])
    #expect(wrapped("see /a/long/path/to/a/file", width: 10) == ["see", "/a/long/path/to/a/file"])
  }

  @Test("people never see a control character, and programs no formula")
  func controls() {
    var table = ReportTable("t\u{1B}", [.init("a")])
    table.append([.text("x\u{1B}[31m\ny\u{202E}")])
    table.append([.text("=1")])
    for format in [TableFormat.table, .md, .html] {
      let text = table.render(format)
      #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0.value == 0x202E })
      #expect(text.contains("31m") && text.contains(" y"))
    }
    #expect(table.render(.csv).hasSuffix("\n'=1\n"))
    #expect(printable("plain ü") == "plain ü")
    #expect(InputError("bad \u{1B}[2J").description == "bad \u{FFFD}[2J")
  }
}
