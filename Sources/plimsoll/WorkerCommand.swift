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
    let input = FileHandle.standardInput.readDataToEndOfFile()
    guard let job = try? JSONDecoder().decode(WorkerJob.self, from: input) else {
      throw CommandFailure(.usage, "worker takes a job on standard input; 'plimsoll run' starts it")
    }
    let worker = try Worker(job, time: MonotonicTime()) { message in
      // A parent that is gone cannot be told; the broken pipe ends this process.
      if let line = try? message.line() { try? FileHandle.standardOutput.write(contentsOf: Data(line)) }
    }
    worker.run()
  }
}
