// plimsoll worker: the inside of a measurement, started by `plimsoll run` and by nobody else.

import ArgumentParser
import Foundation
import Measurement
import Suites

struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Measures one job from standard input (used by 'plimsoll run').",
    shouldDisplay: false)

  func run() throws {
    // A parent that is gone cannot be told; the broken pipe ends this process.
    func say(_ message: WorkerMessage) {
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
    let text = ProcessInfo.processInfo.environment[PlantedSlowdown.variable] ?? ""
    guard let planted = PlantedSlowdown(text) else {
      throw CommandFailure(.usage, "\(PlantedSlowdown.variable) takes shape_id=factor,… with factors from 1")
    }
    let worker = try Worker(
      job, time: MonotonicTime(), planted: planted, mayGoOn: { readLine() == WorkerProtocol.goOn }, say: say)
    worker.run()
  }
}
