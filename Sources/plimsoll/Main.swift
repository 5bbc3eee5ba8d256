// The verbs; reads like a table of contents.

import ArgumentParser
import Foundation

@main
struct Plimsoll: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plimsoll",
    abstract: "Measures a host's matmul and attention, and plans fleets of accelerators from it.",
    discussion: """
      Example: plimsoll run --suite quick && plimsoll plan openai-aws-38b
      Exit status: 0 done, 1 internal or hosts missing, 3 slower, 4 nothing comparable, 5 verification mismatch, \
      6 inconclusive, 7 infeasible, 8 plan checks failed, 64 usage, 65 bad data, 74 input/output.
      """,
    version: "0.1.0",
    subcommands: [
      TopologyCommand.self, PlacementsCommand.self,
      DoctorCommand.self,
      RunCommand.self, ListCommand.self, VerifyCommand.self,
      CompareCommand.self,
      ReportCommand.self, RooflineCommand.self,
      ShowCommand.self, StatsCommand.self, MergeCommand.self, ExportCommand.self,
      ValidateCommand.self,
      WorkerCommand.self,
      CatalogCommand.self,
      PlanCommand.self, PlanDiffCommand.self, PlanVerifyCommand.self, ExplainCommand.self,
      EstimateCommand.self, ScoreCommand.self, CalibrateCommand.self,
      SearchCommand.self, TrainCommand.self, SimulateCommand.self,
      CompletionsCommand.self,
    ])

  static func main() {
    do {
      let resolved = try ResolvedArguments(
        PlanVerifyCommand.joined(PlanDiffCommand.joined(Array(CommandLine.arguments.dropFirst()))),
        environment: ProcessInfo.processInfo.environment)
      for stranger in ResolvedArguments.strangers(ProcessInfo.processInfo.environment) {
        StandardError.write("WARNING: \(stranger)")
      }
      var command = try parseAsRoot(resolved.arguments)
      try command.run()
    } catch {
      if exitCode(for: error) != .failure {
        let remark = ResolvedArguments.current?.remark(on: fullMessage(for: error)) ?? ""
        if !remark.isEmpty { StandardError.write("plimsoll:\(remark)") }
        exit(withError: error)
      }
      let failure = explain(error)
      StandardError.write("plimsoll: \(failure.message)")
      Foundation.exit(failure.status.rawValue)
    }
  }
}
