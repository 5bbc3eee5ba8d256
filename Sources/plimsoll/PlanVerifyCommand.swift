// plimsoll verify DIR: is a plan folder as it was written, and does the program write it so again?

import ArgumentParser
import Export
import Foundation
import Planner
import Results
import Tables

struct PlanVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan-verify",
    abstract: "Compares a plan folder with its manifest; --again also makes it anew and compares the bytes.",
    discussion: """
      Example: plimsoll verify my-plan
               plimsoll verify my-plan --again
      'plimsoll plan verify DIR' is the same; 'plimsoll verify' without a folder verifies kernels.
      Exit status: 0 all as written, 5 a fresh run gives other bytes, 65 changed, missing or extra files.
      """)

  /// `plan verify …` and `verify FOLDER` as the verb that the parser knows; kernels are verified by options alone.
  static func joined(_ arguments: [String]) -> [String] {
    if arguments.starts(with: ["plan", "verify"]) { return ["plan-verify"] + arguments.dropFirst(2) }
    guard arguments.first == "verify", let second = arguments.dropFirst().first,
      !second.hasPrefix("-") || second == "--again"
    else { return arguments }
    return ["plan-verify"] + arguments.dropFirst()
  }

  @Argument(help: "A folder that 'plimsoll plan NAME -o DIR' wrote.")
  var folder: String

  @Flag(help: "Runs the recorded command again, in the current folder, and compares every file.")
  var again = false

  func run() throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw CommandFailure(.usage, "\(folder) is no folder; name one that 'plimsoll plan NAME -o DIR' wrote")
    }
    let found = try PlanFolder(folder)
    let faults = found.faults()
    guard faults.isEmpty else {
      let shown = faults.prefix(20).map(\.description) + (faults.count > 20 ? ["and more"] : [])
      throw CommandFailure(
        .badData,
        "\(folder): \(faults.count) of \(found.files.count) files are not as written: "
          + shown.joined(separator: ", "))
    }
    try StandardOutput.write(
      "\(folder): \(found.files.count) files as written, plan \(found.planID), manifest SHA-256 \(found.digest)\n"
    )
    if again { try repeated(found) }
  }

  /// Makes the folder again beside nothing that is there, and compares.
  private func repeated(_ first: PlanFolder) throws {
    guard let command = first.command, command.first == "plan", command.count > 1 else {
      throw CommandFailure(.badData, "\(folder): its manifest tells no command to run again")
    }
    try compareInputs(first, scenario: command[1])
    let scratch = NSTemporaryDirectory() + "plimsoll-again-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: scratch) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: ownExecutable)
    process.arguments = command + ["-o", scratch]
    process.standardOutput = FileHandle.nullDevice
    let said = Pipe()
    process.standardError = said
    try process.run()
    let words = String(decoding: said.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard let second = try? PlanFolder(scratch) else {
      let reason = words.split(separator: "\n").first ?? "it wrote nothing"
      throw CommandFailure(.badData, "the recorded command gives no plan here: \(reason)")
    }
    let others = second.differences(from: first)
    guard others.isEmpty else {
      throw CommandFailure(
        .verificationMismatch,
        "a fresh run gives other bytes in \(others.joined(separator: ", "))" + builds(first, second))
    }
    try StandardOutput.write(
      "a fresh run of 'plimsoll \(command.joined(separator: " "))' gives the same bytes\(builds(first, second))\n"
    )
  }

  /// Inputs of the layers that are here and not what was read then.
  private func compareInputs(_ first: PlanFolder, scenario: String) throws {
    let layers = first.inputs.filter { Layer(rawValue: $0.layer) != nil }
    guard !layers.isEmpty else { return }
    let sources: [ScenarioSource]
    do { sources = try Scenario.sources(of: scenario) } catch is UnknownName {
      throw CommandFailure(
        .badData, "no scenario '\(scenario)' here: run it in the folder from which the plan was made")
    }
    let now = Dictionary(sources.map { ($0.name, $0.bytes) }, uniquingKeysWith: { first, _ in first })
    let then = Set(layers.map(\.name))
    let changed =
      layers.filter { entry in now[entry.name].map { !entry.matches($0) } ?? true }.map(\.name)
      + sources.map(\.name).filter { !then.contains($0) }
    for name in changed { StandardError.write("plimsoll: input \(name) is not what the plan was made from") }
  }

  /// A remark where the two runs are of different builds.
  private func builds(_ first: PlanFolder, _ second: PlanFolder) -> String {
    func build(_ folder: PlanFolder) -> String {
      [folder.fact("version"), folder.fact("commit")].filter { !$0.isEmpty }.joined(separator: " at ")
    }
    return build(first) == build(second)
      ? "" : " (written by \(build(first)), this program is \(build(second)))"
  }
}

extension PlanCommand {
  /// What made this plan, as its manifest tells it: every option that changes a byte of the folder. The private file,
  /// the folder itself and what is printed are left out; an absolute path is told by its last component.
  func recorded(_ name: String, _ plan: Plan) throws -> PlanRun {
    var run = PlanRun()
    run.version = Plimsoll.configuration.version
    let revision = SourceRevision.ofThisBuild
    run.commit = revision.commit + (revision.isDirty == true ? "+" : "")
    var words = ["plan", told(name)]
    for setting in plans.settings { words += ["--set", setting] }
    if plans.end != "base" { words += ["--case", plans.end] }
    for provider in plans.without { words += ["--without", provider] }
    if let directory = plans.catalog.directory { words += ["--catalog", told(directory)] }
    words += plan.host.map { ["--host-results", told($0.file)] } ?? ["--no-host-results"]
    if let type = plans.hostInstance { words += ["--host-instance", type] }
    if let samples { words += ["--samples", String(samples)] }
    if let compareWith { words += ["--compare-with", told(compareWith)] }
    if excelLocale { words += ["--excel-locale"] }
    run.command = words
    run.inputs = try Scenario.sources(of: name).map { source in
      PlanRun.Input(layer: source.layer.rawValue, name: source.name, source.bytes)
    }
    if let directory = plans.catalog.directory {
      run.inputs += try FileManager.default.contentsOfDirectory(atPath: directory).sorted().compactMap {
        file in
        guard file.hasSuffix(".csv"), let bytes = WholeFile.bytes(of: "\(directory)/\(file)") else {
          return nil
        }
        return PlanRun.Input(layer: "catalogue", name: file, bytes)
      }
    }
    if let host = plan.host, let bytes = WholeFile.bytes(of: host.file) {
      run.inputs.append(PlanRun.Input(layer: "host", name: lastComponent(host.file), bytes))
    }
    return run
  }

  private func told(_ path: String) -> String { path.hasPrefix("/") ? lastComponent(path) : path }

  private func lastComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}
