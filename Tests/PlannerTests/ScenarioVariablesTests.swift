// From the ranges and distributions of assumptions.csv to uncertain inputs.

import Foundation
import Planner
import Tables
import Testing

@Suite struct ScenarioVariablesTests {
  private static let header = "key,value,low,high,unit,source,as_of,distribution\n"

  /// A bundled scenario with a table of assumptions over it.
  private func scenario(_ rows: String, header: String = header) throws -> Scenario {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("variables-\(UUID().uuidString)")
      .path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    try "based_on = \"openai-aws-38b\"\n".write(
      toFile: "\(path)/scenario.toml", atomically: true, encoding: .utf8)
    try (header + rows).write(toFile: "\(path)/assumptions.csv", atomically: true, encoding: .utf8)
    return try Scenario.load(path)
  }

  private func variable(_ name: String, _ scenario: Scenario) -> Variable? {
    Planner.variables(of: scenario).first { $0.name == name }
  }

  @Test("shares and ratios take PERT, wide positive ranges the lognormal, others PERT; no range, no variable")
  func rule() throws {
    let scenario = try Scenario.load("openai-aws-38b")
    // A share from 0; a ratio of 2.95/1.2; a count from 6 to 96; a rate from 0.06 to 0.14; no range at all.
    #expect(variable("cpu_share", scenario)?.distribution.text == "pert(low=0;mode=0.03;high=0.08)")
    #expect(
      variable("minute_peak_over_mean", scenario)?.distribution.text == "pert(low=1.2;mode=1.51;high=2.95)")
    #expect(variable("pools", scenario)?.distribution.text == "lognormal(p10=6;p90=96)")
    #expect(variable("discount_rate", scenario)?.distribution.text == "pert(low=0.06;mode=0.1;high=0.14)")
    #expect(variable("spare_confidence", scenario) == nil)
    #expect(variable("start_month", scenario) == nil)
    let names = Planner.variables(of: scenario).map(\.name)
    #expect(names == InputKey.all.map(\.name).filter(names.contains))
    // A wide share stays a PERT: a lognormal would pass 1.
    let wide = try self.scenario("cached_share,0.5,0.1,0.9,share,x,2026,\n")
    #expect(variable("cached_share", wide)?.distribution.text == "pert(low=0.1;mode=0.5;high=0.9)")
  }

  @Test("whole inputs are drawn whole and inside what they accept")
  func whole() throws {
    let pools = try #require(variable("pools", Scenario.load("openai-aws-38b")))
    #expect(pools.quantile(0.9) == 96)
    #expect(pools.quantile(0.63) == pools.quantile(0.63).rounded())
    #expect(pools.quantile(1e-9) >= 1)
    #expect(pools.unit == "count")
  }

  @Test("a stated distribution wins over the range, and a setting of a later layer without range is certain")
  func stated() throws {
    let rows = "repair_days,2,1,4,days,x,2026,triangular(low=1;mode=2;high=6)\n"
    let scenario = try scenario(rows)
    #expect(variable("repair_days", scenario)?.distribution.text == "triangular(low=1;mode=2;high=6)")
    #expect(scenario.input("repair_days")?.active?.low == 1)
    let fixed = try self.scenario("repair_days,2,1,4,days,x,2026,fixed(value=2)\n")
    #expect(variable("repair_days", fixed) == nil)
    #expect(variable("repair_days", try Scenario.load("openai-aws-38b", set: ["repair_days=3"])) == nil)
  }

  @Test("the column may be left out, and a table of it reads as before")
  func optional() throws {
    let short = try scenario(
      "repair_days,2,1,5,days,x,2026\n", header: "key,value,low,high,unit,source,as_of\n")
    #expect(variable("repair_days", short)?.distribution.text == "lognormal(p10=1;p90=5)")
  }

  @Test(
    "a cell that cannot be is refused with its place",
    arguments: [
      ("repair_days,2,1,4,days,x,2026,pert(low=1;mode=2)\n", 31, "character 18: pert lacks 'high'"),
      ("cpu_share,0.1,,,share,x,2026,normal(mean=0.5;sd=0.4)\n", 30, "outside 0 to 1 share"),
      ("start_month,2026-01,,,month,x,2026,fixed(value=1)\n", 36, "a month has no distribution"),
      ("repair_days,5,1,4,days,x,2026,\n", 17, "its value 5 is outside its range"),
      ("repair_days,0.5,1,4,days,x,2026,\n", 17, "its value 0.5 is outside its range"),
    ])
  func refused(rows: String, column: Int, says: String) throws {
    let error = try #require(#expect(throws: InputError.self) { try scenario(rows) })
    #expect(error.line == 2)
    #expect(error.column == column, "\(error)")
    #expect(error.fault.contains(says), "\(error)")
  }

  @Test("another column in its place is refused")
  func otherColumn() throws {
    let error = try #require(
      #expect(throws: InputError.self) {
        try scenario("", header: "key,value,low,high,unit,source,as_of,spread\n")
      })
    #expect(error.fault.contains("'spread' where this table has 'distribution'"), "\(error)")
  }
}
