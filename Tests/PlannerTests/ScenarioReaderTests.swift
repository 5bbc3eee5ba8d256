// Strict reading of scenario folders: what is wrong, where, and what to do.

import Planner
import Tables
import Testing

@Suite struct ScenarioReaderTests {
  private func fault(_ files: [String: String]) throws -> InputError {
    let folder = try ScenarioFolder(files)
    return try #require(throws: InputError.self) { try Scenario.load(folder.path) }
  }

  @Test(
    "a bad scenario.toml is refused with line and column",
    arguments: [
      ("title = \"t\"\n  budjet_usd = 1\n", 2, 3, "unknown key 'budjet_usd'; did you mean budget_usd"),
      ("budget_usd = -5\n", 1, 1, "budget_usd: -5 is outside"),
      ("\nbudget_usd = nan\n", 2, 1, "neither a finite number nor text"),
      ("budget_usd = 1e999\n", 1, nil, ""),
      ("budget_usd = \"much\"\n", 1, 1, "'much' is not a number"),
      ("term_months = 12.5\n", 1, 1, "not a whole number from 1 to 600"),
      ("start_month = \"2025-13\"\n", 1, 1, "is not a month"),
      ("hours_basis = \"lunar\"\n", 1, 1, "write average or calendar"),
      ("[budget_usd]\nx = 1\n", 1, 1, "neither a finite number nor text"),
      ("title = 5\n", 1, 1, "title is not text"),
      ("budget_usd = 1\nbudget_usd = 2\n", 2, nil, ""),
      ("title = \"open\n", 1, nil, ""),
    ] as [(String, Int, Int?, String)])
  func head(text: String, line: Int, column: Int?, says: String) throws {
    let error = try fault(["scenario.toml": text])
    #expect(error.line == line, "\(error)")
    if let column { #expect(error.column == column) }
    #expect(error.description.contains(says), "\(error)")
    #expect(error.file?.hasSuffix("scenario.toml") == true)
  }

  private static let header = "key,value,low,high,unit,source,as_of\n"

  @Test(
    "a bad assumptions.csv is refused with its place",
    arguments: [
      ("cpu_shares,0.1,,,share,x,2026\n", 2, "did you mean cpu_share"),
      ("cpu_share,0.1,,,percent,x,2026\n", 2, "its unit is 'share'"),
      ("cpu_share,0.1,,,share,,2026\n", 2, "has no source"),
      ("cpu_share,1.5,,,share,x,2026\n", 2, "outside 0 to 1"),
      ("cpu_share,nan,,,share,x,2026\n", 2, "not a finite number"),
      ("cpu_share,0.1,0.3,0.2,share,x,2026\n", 2, "low is above high"),
      ("cpu_share,0.1,,,share,x,2026\ncpu_share,0.2,,,share,x,2026\n", 3, "is set twice"),
      ("budget_usd,2e9,,,USD,x,2026\n", 2, "is set twice"),
      ("cpu_share,0.1,1e999,,share,x,2026\n", 2, "not a finite number"),
    ])
  func assumptions(rows: String, line: Int, says: String) throws {
    let error = try fault(["scenario.toml": "budget_usd = 1e9\n", "assumptions.csv": Self.header + rows])
    #expect(error.line == line)
    #expect(error.column != nil)
    #expect(error.description.contains(says), "\(error)")
  }

  @Test("what is missing is named: offers, money, a kind of model, a share for accelerators")
  func missing() throws {
    #expect(try fault(["scenario.toml": "budget_usd = 1e9\n"]).fault.contains("no offers"))
    #expect(
      try fault(["scenario.toml": "title = \"t\"\n"]).fault.contains("neither budget_usd nor demand_users"))
    #expect(
      try fault(["scenario.toml": "budget_usd = 1e9\n", "models.csv": "model,kind\nQwen3-8B,dense\n"]).fault
        .contains("no model of kind moe"))
    #expect(
      try fault(["scenario.toml": "based_on = \"openai-aws-38b\"\ncpu_share = 0.99\n"]).fault
        .contains("of the money"))
    #expect(
      try fault(["scenario.toml": "based_on = \"openai-aws\"\n"]).description.contains(
        "did you mean openai-aws-38b"))
    #expect(
      try fault(["scenario.toml": "based_on = \"google-tpu\"\nbudget_usd = 1e9\ndemand_users = 1e6\n"]).fault
        .contains("are both set"))
    let empty = try ScenarioFolder([:])
    #expect(throws: InputError.self) { try Scenario.load(empty.path) }
  }

  @Test("a file above 1 MiB is refused")
  func large() throws {
    let text = "title = \"t\"\n" + String(repeating: "# comment\n", count: 120_000)
    #expect(try fault(["scenario.toml": text]).fault.contains("larger than 1 MiB"))
  }

  @Test("the later layer wins: bundled, folder, private, command line; the chain keeps them all")
  func layers() throws {
    let folder = try ScenarioFolder([
      "scenario.toml": "based_on = \"openai-aws-38b\"\nramp_months = 10\n",
      "private.toml": "ramp_months = 11\n",
    ])
    let scenario = try Scenario.load(folder.path, set: ["ramp_months=12"])
    #expect(scenario.number("ramp_months") == 12)
    let chain = try #require(scenario.input("ramp_months")).chain
    #expect(chain.map(\.layer) == [.defaults, .bundled, .folder, .private, .commandLine])
    #expect(chain.map(\.text) == ["14", "14", "10", "11", "12"])
    #expect(scenario.number("budget_usd") == 38e9)
    #expect(!scenario.offers.isEmpty)
  }

  @Test("unknown names on the command line come with their neighbours")
  func names() {
    let scenario = #expect(throws: UnknownName.self) { try Scenario.load("openai-aws-38") }
    #expect(scenario?.nearest.first == "openai-aws-38b")
    let key = #expect(throws: UnknownName.self) { try Scenario.load("google-tpu", set: ["ramp_month=3"]) }
    #expect(key?.nearest.first == "ramp_months")
    let offer = #expect(throws: UnknownName.self) {
      try Scenario.load("google-tpu", set: ["rate.google-tpu7.own.deal=3"])
    }
    #expect(offer?.nearest.first == "google-tpu7x")
  }

  @Test(
    "a bad value on the command line is refused",
    arguments: [
      "ramp_months=-1", "ramp_months=nan", "budget_usd=1e999", "budget_usd", "rate.google-tpu7x.own.deal=0",
    ])
  func settings(text: String) {
    #expect(throws: InputError.self) { try Scenario.load("google-tpu", set: [text]) }
  }

  @Test("a stated price needs an offer, a date and a source")
  func rates() throws {
    let header = "offer,basis,date,usd_per_accelerator_hour,as_of,source,note\n"
    for (row, says) in [
      ("nobody,list,both,1,2026-01,x,\n", "no offer 'nobody'"),
      ("google-tpu7x,list,both,0,2026-01,x,\n", "not positive"),
      ("google-tpu7x,list,both,1,,x,\n", "without source or date"),
      ("google-tpu7x,retail,both,1,2026-01,x,\n", "basis 'retail'"),
    ] {
      let error = try fault(["scenario.toml": "based_on = \"google-tpu\"\n", "rates.csv": header + row])
      #expect(error.line == 2)
      #expect(error.description.contains(says), "\(error)")
    }
    let folder = try ScenarioFolder([
      "scenario.toml": "based_on = \"google-tpu\"\n",
      "rates.csv": header + "google-tpu7x,list,both,4.5,2026-01,my contract,\n",
    ])
    let scenario = try Scenario.load(folder.path)
    #expect(scenario.statedRates["google-tpu7x/list/deal"]?.usdPerHour == 4.5)
  }

  @Test("every bundled scenario loads and has the three kinds of stand-ins", arguments: Scenario.bundledNames)
  func bundled(name: String) throws {
    let scenario = try Scenario.load(name)
    #expect(Set(scenario.standIns.map(\.kind)) == ["dense", "moe", "mla"])
    for input in scenario.inputs { #expect(input.active?.place.isEmpty == false) }
  }
}
