// The workbook that the program writes, against the CSV files that the program writes: as written, recalculated
// by another spreadsheet program, and with an input cell changed against a fresh run with that input.

import Catalog
import Estimator
import Export
import Foundation
import Planner
import Testing

@Suite("The program's workbook")
struct ProgramWorkbookTests {
  /// A change of a cell, and the option of a fresh run that says the same.
  private static let changes: [(cell: String, value: Double, setting: String)] = [
    ("budget_usd", 41e9, "budget_usd=41e9"),
    ("rate_aws_gb300_contracted_latest", 3.456, "rate.aws-gb300.contracted.latest=3.456"),
    ("cpu_share", 0.12, "cpu_share=0.12"),
    ("ramp_months", 9, "ramp_months=9"),
    ("training_mfu", 0.31, "training_mfu=0.31"),
    ("requests_per_user_day", 5, "requests_per_user_day=5"),
  ]

  @Test(
    "recalculated it equals the CSV files, and a changed cell equals a fresh run with that input",
    .enabled(if: LibreOffice.program != nil, "\(LibreOffice.isMissing)"))
  func program() throws {
    let folder = try TemporaryFolder()
    let first = "\(folder.path)/base"
    try run(["plan", "openai-aws-38b", "-o", first], in: folder.path)
    let catalog = try Catalog.embedded()
    let evidence = PlanEvidence(
      catalog: catalog, throughput: .estimator(try Estimator(catalog: catalog), catalog: catalog))
    let base = PlanWorkbook.make(try Plan(try Scenario.load("openai-aws-38b"), evidence: evidence))
    var files = [first + "/plan.xlsx"]
    var figures = [try PlanFigures(csvFolder: first)]
    #expect(figures[0].count > 1000)
    for (index, change) in ProgramWorkbookTests.changes.enumerated() {
      let book = try #require(base.setting(change.cell, to: change.value), "no cell \(change.cell)")
      files.append("\(folder.path)/changed\(index).xlsx")
      try XLSXFormat.write(book, values: WorkbookValues(base), to: files[index + 1])
      let fresh = "\(folder.path)/fresh\(index)"
      try run(["plan", "openai-aws-38b", "-o", fresh, "--set", change.setting], in: folder.path)
      figures.append(try PlanFigures(csvFolder: fresh))
      #expect(!figures[index + 1].differences(from: base.evaluated).isEmpty, "\(change.cell) changes nothing")
    }
    for (index, read) in try LibreOffice.read(files, recalculating: true).enumerated() {
      let name = index == 0 ? "as written" : ProgramWorkbookTests.changes[index - 1].cell
      #expect(figures[index].differences(from: read) == [], "\(name)")
      #expect(!read.values.contains { $0.values.contains(.error) })
    }
  }

  @Test("a folder that cannot be made is an input/output error, 74, and names the folder")
  func unwritable() throws {
    let folder = try TemporaryFolder()
    try "x".write(toFile: folder.path + "/file", atomically: true, encoding: .utf8)
    #expect(try status(["plan", "openai-aws-38b", "-o", folder.path + "/file/plan"], in: folder.path) == 74)
  }

  private func run(_ arguments: [String], in directory: String) throws {
    #expect(try status(arguments, in: directory) == 0, "\(arguments.joined(separator: " "))")
  }

  /// The exit status of the program, which lies beside the test bundle.
  private func status(_ arguments: [String], in directory: String) throws -> Int32 {
    let bundle = URL(fileURLWithPath: CommandLine.arguments[0])
    let process = Process()
    process.executableURL = bundle.deletingLastPathComponent().appendingPathComponent("plimsoll")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }
}
