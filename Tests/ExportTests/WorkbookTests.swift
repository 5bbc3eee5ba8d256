// The sheet model and its XLSX writer: formulas print and evaluate alike, words stay words, equal workbooks
// are equal bytes, and a file is there whole or not at all.

import Export
import Foundation
import Tables
import Testing

/// Two inputs, words that look like formulas, and one formula of every function.
func sampleWorkbook() -> Workbook {
  var book = Workbook(title: "Sample")
  var inputs = Sheet("Inputs")
  let budget = inputs.put(.number(38e9), row: 0, column: 1, style: .input, rule: .atLeast(0))
  let price = inputs.put(.number(2.25), row: 1, column: 1, style: .input, rule: .between(0.01, 100))
  for (row, text) in hostileLabels.enumerated() { inputs.put(.text(text), row: 4 + row, column: 0) }
  for (row, value) in [3.0, 1.5, 2.25].enumerated() {
    inputs.put(.number(value), row: 4 + row, column: 2)
    inputs.put(.text(["a", "b", "a"][row]), row: 4 + row, column: 3)
  }
  var calculations = Sheet("Calculations")
  let numbers = inputs.range(rows: 4...6, columns: 2...2)
  let labels = inputs.range(rows: 4...6, columns: 3...3)
  for (row, formula) in sampleFormulas(budget: budget, price: price, numbers: numbers, labels: labels)
    .enumerated()
  {
    calculations.put(.text("row \(row)"), row: row, column: 0)
    calculations.put(.formula(formula), row: row, column: 1, format: .with(unit: "USD", decimals: 2))
  }
  calculations.charts.append(
    Chart(
      .column, title: "Numbers", categoryAxis: "label", valueAxis: "USD",
      series: [.init("numbers", categories: labels, values: numbers)], row: 20, column: 3))
  book.sheets = [inputs, calculations]
  book.define("budget_usd", as: budget)
  book.define("price_usd_per_hour", as: price)
  return book
}

let hostileLabels = ["=1+1", "+1+1", "-2+3", "@SUM(1)", "\t=1+1", "=cmd|' /C calc'!A0", "plain"]

private func sampleFormulas(
  budget: CellAddress, price: CellAddress, numbers: CellRange, labels: CellRange
) -> [Formula] {
  let b = Formula.name("budget_usd")
  let p = Formula.cell(price)
  let list = Formula.range(numbers)
  return [
    b / p, b - (p - .number(1)), b / (p * .number(3)), (b + p) * .number(2), .floor(b / p / .number(72)),
    .ceil(b / p / .number(72)), .power(.number(1) + p, .number(0) - p), .sum(numbers),
    .sumProduct(numbers, numbers), .call(.min, [list]), .call(.max, [list, b]), .call(.abs, [p - b]),
    .call(.exp, [p]), .call(.ln, [p]), .call(.index, [list, .number(2)]),
    .call(.match, [.text("b"), .range(labels), .number(0)]),
    .call(.sumIfs, [list, .range(labels), .text("a")]),
    .when(.binary(.greater, b, p), .number(1), .number(0)),
    .when(.call(.and, [.binary(.less, b, p), .binary(.equal, p, p)]), .number(1), .number(0)),
    .when(.call(.or, [.binary(.less, b, p), .binary(.equal, p, p)]), .number(1), .number(0)),
    .number(-2) * p, .power(.number(-2), .number(2)), b / (b / p), b - p - .number(1),
  ]
}

@Suite("Formulas")
struct FormulaTests {
  @Test(
    "a formula prints with the parentheses that its tree needs, and no more",
    arguments: [
      (Formula.number(1) - (.number(2) - .number(3)), "=1-(2-3)"),
      (Formula.number(1) - .number(2) - .number(3), "=1-2-3"),
      ((Formula.number(1) + .number(2)) * .number(3), "=(1+2)*3"),
      (Formula.number(1) / (.number(2) * .number(3)), "=1/(2*3)"),
      (.power(.number(-2), .number(2)), "=(-2)^2"),
      (.text("say \"no\""), "=\"say \"\"no\"\"\""),
      (.cell(CellAddress("Other", row: 4, column: 27)) + .name("a_b"), "=Other!$AB$5+a_b"),
      (.cell(CellAddress("Here", row: 2, column: 1)), "=B3"),
      (.cell(CellAddress("Here", row: 0, column: 2)), "=C$1"),
    ])
  func prints(formula: Formula, text: String) {
    #expect(formula.text(at: CellAddress("Here", row: 2, column: 2)) == text)
  }

  @Test("a cell that depends on itself, words in arithmetic and a division by zero have no value")
  func faults() {
    var sheet = Sheet("S")
    let own = sheet.address(row: 0, column: 0)
    sheet.put(.formula(.cell(own) + .number(1)), row: 0, column: 0)
    let words = sheet.put(.text("x"), row: 1, column: 0)
    var book = Workbook(title: "")
    book.sheets = [sheet]
    var values = WorkbookValues(book)
    #expect(values.value(at: own) == .fault("S!$A$1 depends on itself"))
    #expect(values.evaluate(.cell(words) * .number(2)) == .fault("words in arithmetic"))
    #expect(values.evaluate(.number(1) / .number(0)) == .fault("division by zero"))
    #expect(values.evaluate(.name("no_such")) == .fault("no name no_such"))
  }

  @Test(
    "a label becomes a name that no cell address can be",
    arguments: [
      ("aws-gb200/list/deal", "aws_gb200_list_deal"), ("gb200", "gb200_"), ("300i price", "x_300i_price"),
    ])
  func names(label: String, name: String) {
    #expect(Workbook.nameText(label) == name)
    #expect(Workbook.isName(name))
  }
}

@Suite("XLSX")
struct XLSXTests {
  @Test("equal workbooks are equal bytes")
  func deterministic() throws {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] { try XLSXFormat.write(sampleWorkbook(), to: "\(folder.path)/\(name).xlsx") }
    let a = FileManager.default.contents(atPath: folder.path + "/a.xlsx")
    #expect(a != nil && a == FileManager.default.contents(atPath: folder.path + "/b.xlsx"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["a.xlsx", "b.xlsx"])
  }

  @Test("a folder that is not there is an error with its path, and nothing is left behind")
  func unwritable() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/none/a.xlsx"
    #expect(throws: FileError(path: path, reason: "No such file or directory")) {
      try XLSXFormat.write(sampleWorkbook(), to: path)
    }
  }

  @Test("a formula without a value is refused, and the earlier file stays")
  func refused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/a.xlsx"
    try XLSXFormat.write(sampleWorkbook(), to: path)
    let before = FileManager.default.contents(atPath: path)
    var book = sampleWorkbook()
    book.sheets[1].put(.formula(.number(1) / .number(0)), row: 40, column: 0)
    #expect(throws: WorkbookFault.self) { try XLSXFormat.write(book, to: path) }
    #expect(FileManager.default.contents(atPath: path) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.xlsx"])
  }

  @Test(
    "LibreOffice computes what Swift computes, shows it without recalculation, and keeps words as words",
    .enabled(if: LibreOffice.program != nil, "\(LibreOffice.isMissing)"))
  func recalculated() throws {
    let folder = try TemporaryFolder()
    let book = sampleWorkbook()
    let path = folder.path + "/sample.xlsx"
    try XLSXFormat.write(book, to: path)
    for recalculating in [true, false] {
      let read = try #require(try LibreOffice.read([path], recalculating: recalculating).first)
      let comparison = Agreement(of: book, with: read)
      #expect(comparison.differences == [])
      #expect(comparison.formulas == 24)
      #expect(read["Inputs"]?["A5"] == .text("=1+1"))
    }
  }

  @Test(
    "a changed input under old stored values is recalculated to what Swift computes from it",
    .enabled(if: LibreOffice.program != nil, "\(LibreOffice.isMissing)"))
  func changed() throws {
    let folder = try TemporaryFolder()
    let book = sampleWorkbook()
    let changed = try #require(book.setting("budget_usd", to: 40e9))
    let path = folder.path + "/changed.xlsx"
    try XLSXFormat.write(changed, values: WorkbookValues(book), to: path)
    let stored = try #require(try LibreOffice.read([path], recalculating: false).first)
    #expect(!Agreement(of: changed, with: stored).differences.isEmpty)
    let fresh = try #require(try LibreOffice.read([path], recalculating: true).first)
    #expect(Agreement(of: changed, with: fresh).differences == [])
  }
}

/// Every number of a workbook against what another program shows.
struct Agreement {
  /// `Sheet!B5: ours, theirs`.
  private(set) var differences: [String] = []
  /// Formulas compared.
  private(set) var formulas = 0

  init(of book: Workbook, with other: ForeignWorkbook, tolerance: Double = 1e-9) {
    var values = WorkbookValues(book)
    for sheet in book.sheets {
      for (position, cell) in sheet.cells {
        let place = sheet.address(row: position.row, column: position.column)
        let name = CellAddress.letters(position.column) + String(position.row + 1)
        if case .formula = cell.content { formulas += 1 }
        switch (values.value(at: place), other[sheet.name]?[name]) {
        case (.number(let ours), .number(let theirs)):
          // A difference of two equal sums is a rounding error of the sums: below 1e-12 both are zero.
          let relative = abs(ours - theirs) / max(abs(ours), 1e-12 / tolerance)
          if !(relative <= tolerance) {
            differences.append("\(sheet.name)!\(name): \(ours), \(theirs)")
          }
        case (.text(let ours), .text(let theirs)):
          if ours.filter({ !$0.isWhitespace }) != theirs.filter({ !$0.isWhitespace }) {
            differences.append("\(sheet.name)!\(name): \(ours), \(theirs)")
          }
        case (let ours, let theirs):
          differences.append("\(sheet.name)!\(name): \(ours), \(String(describing: theirs))")
        }
      }
    }
    differences.sort()
  }
}
