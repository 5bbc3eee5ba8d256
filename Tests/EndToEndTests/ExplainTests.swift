// `plimsoll explain` as a user runs it.

import Testing

@Suite("plimsoll explain")
struct ExplainTests {
  private func explain(_ arguments: [String]) throws -> Run {
    try Program.run(["explain"] + arguments + ["--no-host-results"])
  }

  @Test("walks a time back to operators, constants with rows and day, facts with source, and assumptions")
  func walk() throws {
    let run = try explain(["tpot_s", "--model", "DeepSeek-V3"])
    #expect(run.status == 0 && run.err.isEmpty, "\(run.err)")
    for part in [
      "tpot_s of aws-", "One prompt alone by operator", "One decode step by operator", "expert product",
      "Constants (engine_constants.csv)", "Facts of GB", "Assumed: every request",
    ] { #expect(run.out.contains(part), "\(part)") }
    for line in run.out.split(separator: "\n") where line.contains(" ") {
      #expect(line.count <= 80, "\(line)")
    }
    let csv = try explain(["tpot_s", "--format", "csv"])
    #expect(csv.status == 0 && csv.out.hasPrefix("line\n") && csv.out.contains("One decode step"))
    #expect(csv.out.contains("memory_bandwidth"))
    // Another figure stops at its formula and sources.
    #expect(try !explain(["accelerators"]).out.contains("by operator"))
  }

  @Test("an unknown figure names the nearest and how to list all; none at all names an example")
  func unknown() throws {
    let wrong = try explain(["tpot"])
    #expect(wrong.status == 64 && wrong.out.isEmpty)
    #expect(wrong.err.contains("'tpot'") && wrong.err.contains("tpot_s"))
    #expect(wrong.err.contains("plimsoll explain --list"))
    let none = try explain([])
    #expect(none.status == 64 && none.err.contains("--list shows all"))
    let list = try explain(["--list"])
    for name in ["tpot_s", "ttft_s", "decode_tokens_s_per_accelerator"] {
      #expect(list.out.contains(name), "\(name)")
    }
    let option = try explain(["tpot_s", "--option", "aws-gb200/own/del"])
    #expect(option.status == 64 && option.err.contains("aws-gb200/own/deal"))
  }
}

@Suite struct PlanDiffProgramTests {
  @Test("plan diff prints what changed and adds up, by name and with settings of one side")
  func diff() throws {
    let run = try Program.run([
      "plan", "diff", "openai-aws-38b", "openai-aws-38b", "--set-b", "ramp_months=20", "--no-host-results",
      "--format", "csv",
    ])
    #expect(run.status == 0, "\(run.err)")
    #expect(run.out.contains("ramp_months,14,20"))
    let same = try Program.run(["plan", "diff", "openai-aws-38b", "openai-aws-38b", "--no-host-results"])
    #expect(same.status == 0 && same.out.contains("No input differs"))
    let other = try Program.run(["plan", "diff", "openai-aws-38b", "azure-exclusive", "--no-host-results"])
    #expect(other.status == 0 && other.out.contains("budget_usd"))
    for line in (same.out + other.out).split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
  }
}
