// `plimsoll verify DIR` as a user runs it.

import Foundation
import Testing

@Suite("plimsoll verify of a plan folder")
struct PlanVerifyTests {
  private let folder: String
  init() throws { folder = try Program.temporaryFolder() }

  private func plan(_ arguments: [String] = []) throws {
    let run = try Program.run(
      ["plan", "azure-exclusive", "--no-host-results", "--samples", "0", "-o", "out"] + arguments, in: folder)
    #expect(run.status == 0, "\(run.err)")
  }

  @Test("is silent but for a line where all is as written, and a fresh run gives the same bytes")
  func whole() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try plan(["--set", "ramp_months=20", "--excel-locale"])
    for verb in [["verify"], ["plan", "verify"]] {
      let run = try Program.run(verb + ["out"], in: folder)
      #expect(run.status == 0 && run.err.isEmpty, "\(run.err)")
      #expect(run.out.hasPrefix("out: ") && run.out.contains("files as written, plan azure-exclusive-"))
      #expect(run.out.split(separator: "\n").count == 1)
    }
    let again = try Program.run(["verify", "out", "--again"], in: folder)
    #expect(again.status == 0 && again.err.isEmpty, "\(again.err)")
    #expect(again.out.contains("gives the same bytes") && again.out.contains("--set ramp_months=20"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["out"])
  }

  @Test("names what was changed, with 65; a run that gives other bytes, with 5")
  func changed() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try plan()
    let manifest = folder + "/out/manifest.csv"
    let text = try String(contentsOfFile: manifest, encoding: .utf8)
    try text.replacing(
      "plimsoll plan azure-exclusive ", with: "plimsoll plan azure-exclusive --set ramp_months=20 "
    )
    .write(toFile: manifest, atomically: true, encoding: .utf8)
    let other = try Program.run(["verify", "--again", "out"], in: folder)
    #expect(other.status == 5 && other.err.contains("plan_monthly.csv"), "\(other.err)")
    try FileManager.default.removeItem(atPath: folder + "/out/gaps.csv")
    let run = try Program.run(["verify", "out"], in: folder)
    #expect(run.status == 65 && run.out.isEmpty && run.err.contains("missing: gaps.csv"), "\(run.err)")
    #expect(run.err.split(separator: "\n").count == 1)
    let none = try Program.run(["verify", "nowhere"], in: folder)
    #expect(none.status == 64 && none.err.contains("nowhere is no folder"))
  }

  @Test("an absolute path and a private file leave no trace in the manifest; other inputs are told")
  func own() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let mine = folder + "/mine"
    try FileManager.default.createDirectory(atPath: mine, withIntermediateDirectories: true)
    try "based_on = \"azure-exclusive\"\nramp_months = 9\n".write(
      toFile: mine + "/scenario.toml", atomically: true, encoding: .utf8)
    try "ramp_months = 8\n".write(toFile: folder + "/secret.toml", atomically: true, encoding: .utf8)
    let run = try Program.run(
      [
        "plan", mine, "--private", folder + "/secret.toml", "--set", "ramp_months=7", "--no-host-results",
        "--samples", "0", "-o", "out",
      ], in: folder)
    #expect(run.status == 0, "\(run.err)")
    let text = try String(contentsOfFile: folder + "/out/manifest.csv", encoding: .utf8)
    #expect(!text.contains(folder) && !text.contains("secret") && text.contains("mine/scenario.toml"))
    #expect(try Program.run(["verify", "out", "--again"], in: folder).status == 0)
    try "based_on = \"azure-exclusive\"\nramp_months = 9\ncpu_share = 0.2\n".write(
      toFile: mine + "/scenario.toml", atomically: true, encoding: .utf8)
    let changed = try Program.run(["verify", "out", "--again"], in: folder)
    #expect(
      changed.status == 5 && changed.err.contains("input mine/scenario.toml is not what"), "\(changed.err)")
  }
}
