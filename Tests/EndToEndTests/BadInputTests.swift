// Bad input at the street: one sentence on standard error, nothing on standard output, the agreed status.

import Foundation
import Testing

@Suite struct BadInputTests {
  /// One wrong command line and what the program must say.
  struct Wrong: CustomTestStringConvertible {
    let arguments: [String]
    let status: Int32
    let says: String
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ line: String, _ status: Int32, _ says: String) {
      arguments = line.split(separator: " ").map(String.init)
      self.status = status
      self.says = says
    }
  }

  static let wrong = [
    Wrong("plan openai-aws-38", 64, "did you mean openai-aws-38b?"),
    Wrong("plan openai-aws-38b --without awz", 64, "did you mean aws"),
    Wrong("plan openai-aws-38b --case middle", 64, "write base, low or high"),
    Wrong("plan openai-aws-38b --table regert", 64, "did you mean regret"),
    Wrong("plan openai-aws-38b --mps model.mps", 65, "has no places"),
    Wrong("plan diff openai-aws-38b azure-exclusiv", 64, "did you mean azure-exclusive?"),
    Wrong("plan multi-cloud-scarce --table uncertainty", 65, "nothing was sampled"),
    Wrong("plan openai-aws-38b --set bugdet_usd=3", 64, "did you mean budget_usd?"),
    Wrong("plan openai-aws-38b --set budget_usd=-3", 65, "--set budget_usd: -3 is outside"),
    Wrong("plan openai-aws-38b --set budget_usd=1e999", 65, "is not a finite number"),
    Wrong("plan openai-aws-38b --set budget_usd=nan", 65, "is not a finite number"),
    Wrong("run --suite quik", 64, "did you mean quick?"),
    Wrong("run --kernel gem", 64, "did you mean gemm?"),
    Wrong("run --filter foo:bar", 64, "unknown filter key 'foo'"),
    Wrong("run --impl mkl", 64, "unknown impl 'mkl'"),
    Wrong("run -o /proc/nowhere", 74, "/proc/nowhere cannot be written"),
    Wrong("catalog show GB20", 64, "GB200"),
  ]

  @Test("a wrong argument gets one sentence and its status", arguments: wrong)
  func arguments(wrong: Wrong) throws {
    let run = try Program.run(wrong.arguments)
    #expect(run.status == wrong.status)
    #expect(run.out.isEmpty)
    #expect(run.err.contains(wrong.says), "said: \(run.err)")
    #expect(run.err.split(separator: "\n").count == 1, "said: \(run.err)")
  }

  @Test("a scenario's fault is told with file, line and column")
  func scenario() throws {
    let folder = try Program.temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let head = folder + "/scenario.toml"
    for (text, says) in [
      (
        "based_on = \"openai-aws-38b\"\nbudgt_usd = 4\n",
        "scenario.toml:2:1: unknown key 'budgt_usd'; did you mean budget_usd?"
      ),
      ("based_on = \"openai-aws-38b\n", "scenario.toml:1:27:"),
      ("based_on = \"openai-aws-38b\"\nbudget_usd = -1\n", "scenario.toml:2:"),
    ] {
      try text.write(toFile: head, atomically: true, encoding: .utf8)
      let run = try Program.run(["plan", folder])
      #expect(run.status == 65)
      #expect(run.out.isEmpty)
      #expect(run.err.contains(says), "said: \(run.err)")
    }
  }

  @Test("a full disk behind standard output is status 74, never a quiet cut")
  func fullDisk() throws {
    let run = try Program.run(
      ["-c", "\"\(Program.path)\" catalog list > /dev/full"], executable: "/bin/sh")
    #expect(run.status == 74)
    #expect(run.err.contains("standard output cannot be written"))
  }
}

@Suite struct PlanTests {
  @Test(
    "the plan prints within 80 characters a line, without control codes",
    arguments: ["openai-aws-38b", "google-tpu"])
  func width(scenario: String) throws {
    let run = try Program.run(["plan", scenario], environment: ["COLUMNS": "80"])
    #expect(run.status == 0)
    for line in run.out.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    #expect(!run.out.contains("\u{1B}"))
  }

  @Test("JSON and CSV are whole documents that parse")
  func formats() throws {
    let json = try Program.run(["plan", "openai-aws-38b", "--format", "json"])
    #expect(json.status == 0)
    let parsed = try JSONSerialization.jsonObject(with: Data(json.out.utf8)) as? [[String: Any]]
    #expect((parsed?.count ?? 0) > 20)
    let csv = try Program.run(["plan", "openai-aws-38b", "--format", "csv"])
    #expect(csv.status == 0)
    #expect(csv.out.hasPrefix("option,role,provider,accelerator,basis,date,usd_per_accelerator_hour"))
  }
}
