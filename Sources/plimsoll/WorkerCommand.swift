// plimsoll worker: the inside of a measurement, started by `plimsoll run` and by nobody else.

import ArgumentParser
import Foundation
import Measurement
import Quantities
import Results
import Suites
import Tables

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Measures one job from standard input (used by 'plimsoll run').",
    shouldDisplay: false)

  @Flag(help: "Only measure what timing an empty kernel costs.")
  var overhead = false

  @Option(help: "The library of a peer, to be called in place of OpenBLAS.")
  var library: String?

  @OptionGroup var output: OutputOptions

  func run() throws {
    guard !overhead else { return try showOverhead() }
    // A parent that is gone cannot be told; the broken pipe ends this process.
    func say(_ message: WorkerMessage) {
      var message = message
      if case .facts(var facts) = message {
        facts.build = Build.facts
        message = .facts(facts)
      }
      if let line = try? message.line() { try? FileHandle.standardOutput.write(contentsOf: Data(line)) }
    }
    say(.hello(protocolVersion: WorkerProtocol.version))
    guard let job = readLine().flatMap({ WorkerJob(line: $0.utf8) }) else {
      throw CommandFailure(.usage, "worker takes a job on standard input; 'plimsoll run' starts it")
    }
    guard job.protocolVersion == WorkerProtocol.version else {
      throw CommandFailure(
        .usage,
        "the job is in version \(job.protocolVersion) of the worker protocol, this program speaks version "
          + "\(WorkerProtocol.version)")
    }
    // Its threads inherit the mask of this process, which is that of the placement; later the caller has one CPU.
    if let library { Peer.load(library) }
    let text = ProcessInfo.processInfo.environment[PlantedSlowdown.variable] ?? ""
    guard let planted = PlantedSlowdown(text) else {
      throw CommandFailure(.usage, "\(PlantedSlowdown.variable) takes shape_id=factor,… with factors from 1")
    }
    let worker = try Worker(
      job, time: MonotonicTime(), planted: planted, mayGoOn: { readLine() == WorkerProtocol.goOn }, say: say)
    worker.run()
  }

  private func showOverhead() throws {
    let found = HarnessOverhead()
    let nanoseconds = Unit.nanosecond.fromBase
    var table = ReportTable(
      "An empty kernel in the loop that times kernels",
      [
        .init("what"), .init("nanoseconds", "ns"),
        .init("pct_of_shortest_sample", "% of the shortest sample"),
      ])
    for (name, seconds) in [
      ("a sample of one execution", found.perSample), ("an execution", found.perExecution),
    ] {
      table.append([
        .text(name), .number(nanoseconds(seconds), decimals: 1),
        .number(Unit.percent.fromBase(seconds / found.shortestSample), decimals: 6),
      ])
    }
    let shortest = Unit.microsecond.fromBase(100 * found.perExecution)
    table.notes = [
      "Kernels of \(fixed(shortest, decimals: 2)) us and more are timed with an error below 1 %."
    ]
    try output.show([table])
  }
}
