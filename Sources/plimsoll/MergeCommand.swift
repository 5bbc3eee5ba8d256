// plimsoll merge: the result files of many runs and hosts become one, and the hosts are counted.

import ArgumentParser
import Foundation
import Quantities
import Results
import Tables

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Joins result files of many runs and hosts, and names missing and unlike hosts.",
    discussion: """
      Folders are searched through; journals and files that are not ours are left out. A row that occurs \
      twice is kept once, also where FILE itself lies in a folder and has it; of a run that was published twice the more complete rows are kept; rows that \
      contradict each other are an error. A torn last line costs only itself. Hosts are told by host_label.
      Exit status: 1 when hosts of --expect-hosts are missing.
      Example: plimsoll merge results -o fleet.csv --expect-hosts hosts.txt
      Example: plimsoll merge results --expect-hosts hosts.txt --missing --as-nodelist
      """)

  @Argument(help: "Result files, and folders that hold some.") var inputs: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("Result file to write.", valueName: "file"))
  var output: String?

  @Flag(help: "Also join the journals beside the inputs, into FILE.samples.csv.") var samples = false

  @Option(
    help: ArgumentHelp(
      "Hosts that must be there, one a line; --missing alone looks for expect.txt in the input folders.",
      valueName: "file"))
  var expectHosts: String?

  @Option(
    name: [.long, .customLong("host-salt")],
    help: ArgumentHelp("Secret of the fleet's pseudonyms, where hosts are so labelled.", valueName: "file"))
  var salt: String?

  @Flag(help: "Print the missing hosts, and nothing else.") var missing = false
  @Flag(help: "Print hosts in the compressed form of Slurm: n[1-3,7].") var asNodelist = false

  @Option(help: ArgumentHelp("Write the spread between nodes for each row.", valueName: "file"))
  var nodesCSV: String?

  @Option(help: "Percent within which two times count as the same; outliers differ by twice that.")
  var threshold = 1.0

  @OptionGroup var format: OutputOptions

  func validate() throws {
    guard output != nil || missing || nodesCSV != nil else {
      throw ValidationError("name the file to write with -o, or ask for --missing")
    }
    if let output, output.hasSuffix(".samples.csv") {
      throw ValidationError("-o takes the name of a result file; --samples adds the journal beside it")
    }
    if let nodesCSV, let clash = (inputs + (output.map { [$0] } ?? [])).first(where: { isOne($0, nodesCSV) })
    {
      throw ValidationError("--nodes-csv would replace \(clash)")
    }
    guard output != nil || !samples else { throw ValidationError("--samples needs -o") }
    guard threshold > 0, threshold < 100 else { throw ValidationError("--threshold takes 0 to 100 percent") }
  }

  func run() throws {
    let expected = try expectedHosts()
    let found = try MergeInputs(RowOptions.results(inputs), output: output)
    if let nodesCSV, let clash = found.files.first(where: { isOne($0, nodesCSV) }) {
      throw CommandFailure(.usage, "--nodes-csv would replace \(clash)")
    }
    let merge = try Merge(found)
    warn(merge, found)
    if let output {
      try merge.write(to: output)
      if samples { try writeSamples(merge, output) }
    }
    let spread = NodeSpread(merge.times, delta: Unit.percent.toBase(threshold))
    if let nodesCSV { try WholeFile.write(spread.table(merge).render(.csv), to: nodesCSV) }
    let absent = expected.map { $0.missing(among: merge.nodes) }
    if missing {
      try show(missing: absent ?? [])
    } else {
      try MergeReport(merge, spread, output: output).show(format)
    }
    if let absent, !absent.isEmpty {
      if !missing { StandardError.write(list(absent)) }
      throw CommandFailure(
        .hostsMissing,
        "\(absent.count) of \(expected?.names.count ?? 0) hosts are missing; run them again and merge")
    }
  }

  private func isOne(_ a: String, _ b: String) -> Bool { a == b || WholeFile.isSame(a, b) }

  private func show(missing hosts: [String]) throws {
    guard format.format != .table else {
      if !hosts.isEmpty { try StandardOutput.write(list(hosts) + "\n") }
      return
    }
    var table = ReportTable("", [.init("host")])
    for host in asNodelist && !hosts.isEmpty ? [NodeList.compress(hosts)] : hosts {
      table.append([.text(host)])
    }
    try format.show([table])
  }

  private func list(_ hosts: [String]) -> String {
    asNodelist ? NodeList.compress(hosts) : hosts.joined(separator: "\n")
  }

  private func expectedHosts() throws -> ExpectedHosts? {
    if let expectHosts { return try ExpectedHosts(file: expectHosts, salt: salt) }
    guard missing else { return nil }
    for folder in inputs {
      let path = folder + "/expect.txt"
      if FileManager.default.fileExists(atPath: path) { return try ExpectedHosts(file: path, salt: salt) }
    }
    throw CommandFailure(.usage, "--missing needs --expect-hosts FILE, or expect.txt in an input folder")
  }

  private func warn(_ merge: Merge, _ inputs: MergeInputs) {
    for torn in merge.torn {
      StandardError.write(
        "warning: \(torn.file): the last line is torn; its \(torn.bytes) bytes were left out")
    }
    for run in merge.republished {
      let others = run.others.isEmpty ? run.winner : run.others.joined(separator: ", ")
      StandardError.write(
        "warning: run \(run.runId): \(run.replaced) rows of \(others) gave way to more complete ones of"
          + " \(run.winner)")
    }
    if let earlier = inputs.earlier {
      StandardError.write("\(earlier) was there before: its rows are merged too")
    }
    if !inputs.skipped.isEmpty {
      StandardError.write("\(inputs.skipped.count) CSV files that are no result files were left out")
    }
  }

  private func writeSamples(_ merge: Merge, _ output: String) throws {
    let path = Journal.path(besides: output)
    let written = try merge.writeSamples(to: path)
    if written.rowsWithout > 0 {
      StandardError.write("warning: \(written.rowsWithout) rows have times but no samples beside their file")
    }
    StandardError.write("\(path): \(written.samples) samples")
  }
}
