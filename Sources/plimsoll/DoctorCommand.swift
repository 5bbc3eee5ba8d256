// plimsoll doctor: is this host fit to be measured? Reads only; what could be mended is printed, never done.

import ArgumentParser
import Foundation
import Machines
import Measurement
import Tables
import Topology

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Says what on this host would spoil timings, and which command mends it.",
    discussion: """
      Each check answers ok, warn or unknown; what the host does not tell is unknown, never ok. \
      Nothing is changed. It takes a few seconds; --quick leaves out what is timed.
      Example: plimsoll doctor
      Example: plimsoll doctor --quick --fail-on warn
      Example: plimsoll doctor --format csv -o results
      """)

  /// Which answer fails the command.
  enum Failing: String, ExpressibleByArgument, CaseIterable {
    case warn, never
  }

  @Flag(help: "Leave out what is timed: the kernels of OpenBLAS and stolen time.")
  var quick = false

  @Option(help: "Exit with status 1 when a check answers so: warn or never.")
  var failOn = Failing.never

  @Option(name: [.customShort("o"), .customLong("output")], help: "Folder meant for the result files.")
  var folder = "results"

  @OptionGroup var output: OutputOptions

  func run() throws {
    let machine = try Topology.live().machine()
    let checks = Doctor.examine(HostExamination(isQuick: quick).facts(machine, folder: folder))
    try output.show([DoctorReport.table(checks, output.format)])
    if output.format == .table {
      try StandardOutput.write(DoctorReport.advice(checks, width: output.width))
    }
    let warned = checks.filter { $0.answer == .warn }.map(\.name)
    guard failOn == .warn, !warned.isEmpty else { return }
    throw CommandFailure(.internalError, "the doctor warns of \(warned.joined(separator: ", "))")
  }
}

/// The doctor's answers on paper.
enum DoctorReport {
  /// Three columns for people, the reasons and commands too for programs.
  static func table(_ checks: [DoctorCheck], _ format: TableFormat) -> ReportTable {
    let columns: [ReportTable.Column] = [.init("check"), .init("answer"), .init("found")]
    guard format == .table else {
      var table = ReportTable("", columns + [.init("why"), .init("command")])
      for check in checks {
        table.append([
          .text(check.name), .text(check.answer.rawValue), .text(check.found), .text(check.why),
          check.command.map { .text($0) } ?? .empty,
        ])
      }
      return table
    }
    var table = ReportTable("", columns)
    for check in checks {
      table.append([.text(check.name), .text(check.answer.rawValue), .text(check.found)])
    }
    return table
  }

  /// Reason and command of each warning; a command is broken only after a pipe, where a shell reads on.
  static func advice(_ checks: [DoctorCheck], width: Int) -> String {
    let warnings = checks.filter { $0.answer == .warn }
    let unknown = checks.count { $0.answer == .unknown }
    var lines = [
      "", "\(warnings.count) warn, \(unknown) unknown of \(checks.count) checks; nothing was changed.",
    ]
    for check in warnings {
      lines += wrapped("\(check.short): \(check.why).", width: width)
      guard let command = check.command else { continue }
      let isLong = command.count + 4 > width
      lines.append("    " + (isLong ? command.split(separator: "|").joined(separator: "|\n   ") : command))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
