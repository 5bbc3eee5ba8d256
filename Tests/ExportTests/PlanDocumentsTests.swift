// The folder of a plan: complete, readable, the same twice, and safe to open in a spreadsheet program.

import Export
import Foundation
import Planner
import Tables
import Testing

@Suite("The documents of a plan")
struct PlanDocumentsTests {
  private func files(_ folder: String) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      files[name] = FileManager.default.contents(atPath: "\(folder)/\(name)")
    }
    return files
  }

  @Test("a new folder appears whole, a second write gives the same bytes, and every CSV file reads back")
  func written() throws {
    let folder = try TemporaryFolder()
    let plan = try makePlan("multi-cloud-scarce")
    let names = try PlanDocuments.write(plan, to: folder.path + "/deep/er/plan/")
    let first = try files(folder.path + "/deep/er/plan")
    #expect(Set(names) == Set(first.keys))
    #expect(names.first == "plan.xlsx" && names.count == PlanTables(plan).files.count + 3)
    try PlanDocuments.write(plan, to: folder.path + "/deep/er/plan")
    #expect(try files(folder.path + "/deep/er/plan") == first)
    try PlanDocuments.write(plan, to: folder.path + "/again")
    #expect(try files(folder.path + "/again") == first)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["again", "deep"])
    for (name, data) in first where name.hasSuffix(".csv") {
      let document = try CSVDocument(Array(data), file: name, requireFinalNewline: true)
      // FOCUS has columns of its own, and ours at their end.
      if name != "focus_forecast.csv" {
        #expect(Array(document.header.prefix(3)) == ["schema_version", "plan_id", "scenario"])
        #expect(Set(document.records.map { $0.fields[1] }).count <= 1)
      }
      for record in document.records {
        #expect(!record.fields.contains { looksLikeFormula($0) && Double($0) == nil })
      }
    }
  }

  @Test("the spreadsheet form of other countries holds the same values")
  func excelLocale() throws {
    let folder = try TemporaryFolder()
    let plan = try makePlan("openai-aws-38b")
    try PlanDocuments.write(plan, to: folder.path + "/plain")
    try PlanDocuments.write(plan, to: folder.path + "/excel", isExcelLocale: true)
    for name in ["plan_summary.csv", "gaps.csv", "focus_forecast.csv"] {
      let plain = try #require(FileManager.default.contents(atPath: folder.path + "/plain/" + name))
      let excel = try #require(FileManager.default.contents(atPath: folder.path + "/excel/" + name))
      #expect(Array(excel.prefix(3)) == [0xEF, 0xBB, 0xBF])
      let document = try CSVDocument(Array(plain), file: name)
      // Lines without quotes are compared cell by cell; quoted ones hold commas or semicolons of their own.
      let lines = String(decoding: excel.dropFirst(3), as: UTF8.self).split(separator: "\n").map(String.init)
      #expect(lines.count == document.records.count + 1)
      #expect(lines[0] == document.header.joined(separator: ";"))
      var compared = 0
      for (line, record) in zip(lines.dropFirst(), document.records) where !line.contains("\"") {
        let fields = line.split(separator: ";", omittingEmptySubsequences: false).map(String.init)
        #expect(fields.count == record.fields.count)
        for (field, plain) in zip(fields, record.fields) {
          if let value = Double(plain) {
            #expect(Double(field.replacing(",", with: ".")) == value && !field.contains("."))
          } else {
            #expect(field == plain)
          }
        }
        compared += 1
      }
      #expect(compared > 0, "\(name)")
    }
  }

  @Test("the streams of a month add up to its spend, and the months to the cost")
  func sums() throws {
    let tables = PlanTables(try makePlan("openai-aws-38b"))
    let streams = try column("usd", of: tables.costStreams).reduce(0, +)
    let months = try column("spend_usd", of: tables.monthly).reduce(0, +)
    let share = tables.plan.acceleratorShare
    let options = try column("accelerator_cost_usd", of: tables.summary).reduce(0, +) / share
    #expect(abs(streams - months) < 1e-9 * months)
    #expect(abs(options - months) < 1e-9 * months)
  }

  private func column(_ name: String, of table: ReportTable) throws -> [Double] {
    let document = try CSVDocument(Array(table.render(.csv).utf8))
    let index = try #require(document.index(of: name))
    return document.records.compactMap { Double($0.fields[index]) }
  }

  @Test("another input is another plan id, the same inputs the same")
  func identity() throws {
    let ids = try [[], [], ["ramp_months=15"], ["rate.aws-gb200.own.deal=1.9"]].map {
      PlanTables(try makePlan("openai-aws-38b", $0)).planID
    }
    #expect(ids[0] == ids[1])
    #expect(Set(ids).count == 3)
    #expect(ids.allSatisfy { $0.hasPrefix("openai-aws-38b-") })
  }

  @Test("a path that cannot be a folder is an error that names it, and leaves nothing")
  func unwritable() throws {
    let folder = try TemporaryFolder()
    let plan = try makePlan("openai-aws-38b")
    try "x".write(toFile: folder.path + "/file", atomically: true, encoding: .utf8)
    for (path, reason) in [("/file", "it is not a folder"), ("/file/plan", "Not a directory")] {
      #expect(throws: FileError(path: folder.path + path, reason: reason)) {
        try PlanDocuments.write(plan, to: folder.path + path)
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["file"])
  }
}
