// How long and how often: processes, samples, caps, and what is done about noise.

import ArgumentParser
import Measurement
import Quantities
import Tables

/// How much evidence a run gathers.
enum Rigor: String, ExpressibleByArgument, CaseIterable {
  case quick
  case normal = "default"
  case compare

  /// Processes of each placement and samples of each process. A verdict rests on processes: ten of them see what
  /// thirty samples of one never will.
  var defaults: (processes: Int, samples: Int) {
    switch self {
    case .quick: (3, 6)
    case .normal: (5, 6)
    case .compare: (10, 3)
    }
  }
}

/// The options that choose how rows are sampled.
struct SamplingOptions: ParsableArguments {
  @Option(
    help:
      "Evidence: quick 3 processes x 6 samples, default 5 to 10 x 6, compare 10 to 20 x 3 (to 40 with --pair)."
  )
  var rigor: Rigor?

  @Option(help: "Worker processes for each placement; 8 or more for a verdict of compare.")
  var processes: Int?

  @Option(help: "Samples of each process.")
  var samples: Int?

  @Option(help: "Shortest sample, e.g. 10ms.")
  var minSampleTime: TimeSpan?

  @Option(
    help:
      "Half width of the interval, relative to the median, at which a row is settled, e.g. 0.01; rows get up to four times --processes."
  )
  var maxNoise: Double?

  @Option(help: "Time that a row may take in all processes together, e.g. 5 or 200ms.")
  var rowTimeCap: TimeSpan?

  @Option(help: "Time that the run may take, e.g. 150 or 2h; rows that do not fit are marked skipped.")
  var timeBudget: TimeSpan?

  @Option(help: "Seed of operands and of the order of cases.")
  var seed: UInt64 = 1

  @Flag(help: "Do not compare results with the oracle; rows are marked unverified.")
  var noVerify = false

  @Flag(help: "End the run at the first row that fails or gives a wrong result.")
  var failFast = false

  func validate() throws {
    guard processes.map({ (1...1_000).contains($0) }) ?? true else {
      throw ValidationError("--processes takes 1 to 1000")
    }
    guard samples.map({ (1...1_000).contains($0) }) ?? true else {
      throw ValidationError("--samples takes 1 to 1000")
    }
    guard timeBudget.map({ $0.seconds >= 1 && $0.seconds <= Unit.day.toBase(30) }) ?? true else {
      throw ValidationError("--time-budget takes 1 second to 30 days")
    }
    guard minSampleTime.map({ $0.seconds <= 10 }) ?? true else {
      throw ValidationError("--min-sample-time takes at most 10 seconds")
    }
    guard maxNoise.map({ $0 >= 1e-4 && $0 <= 1 }) ?? true else {
      throw ValidationError("--max-noise takes 0.0001 to 1")
    }
    guard
      rowTimeCap.map({ $0.seconds >= Unit.millisecond.toBase(1) && $0.seconds <= Unit.hour.toBase(1) })
        ?? true
    else {
      throw ValidationError("--row-time-cap takes 1 millisecond to one hour")
    }
  }

  /// The options that were given, by name.
  var settings: [String: String] {
    var all = ["seed": String(seed)]
    all["rigor"] = rigor?.rawValue
    all["processes"] = processes.map(String.init)
    all["samples"] = samples.map(String.init)
    all["min-sample-time"] = minSampleTime?.text
    all["max-noise"] = maxNoise.map(decimalText)
    all["row-time-cap"] = rowTimeCap?.text
    all["time-budget"] = timeBudget?.text
    all["no-verify"] = noVerify ? "1" : nil
    all["fail-fast"] = failFast ? "1" : nil
    return all
  }
}
