// The table of training runs: faults are named by cell.

import Catalog
import Tables
import Testing

@Suite("The table of training runs")
struct TrainingRunTests {
  @Test(
    "names the cell that is wrong",
    arguments: [
      ("accelerator", "H1O0", "did you mean H100"), ("mfu", "0.8", "of the peak"),
      ("mfu", "41", "below 1"), ("format", "fp4", "use"), ("kind", "rumour", "use"),
      ("as_of", "", "published"), ("source", "", "where the number was read"),
    ])
  func faults(column: String, value: String, says: String) throws {
    let table = try TextTable("training_runs.csv")
    let line = try #require(table.index(startingWith: "Llama 3 405B,production,Llama-3.1-405B,H100,8192"))
    let edited = try table.setting(column, of: line, to: value)
    let report = try Catalog.check(file: "training_runs.csv", bytes: Array(edited.text.utf8))
    let words = report.errors.map(\.description)
    #expect(words.contains { $0.contains(says) && $0.contains("\(line + 2)") }, "\(words)")
  }

  @Test("keeps the facts that training rests on, each with source and date")
  func complete() throws {
    let runs = try Catalog.embedded().trainingRuns
    #expect(runs.count == 22 && Set(runs.map(\.format)) == ["bf16", "fp8"])
    #expect(runs.allSatisfy { !$0.source.isEmpty && !$0.asOf.isEmpty && ($0.mfu ?? 0) > 0 })
  }
}
