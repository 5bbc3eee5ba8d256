// Cycles and instructions of the timed work, where the system lets a user count them. Many guests and
// containers do not: then there is nothing, and that is no error.

import CProbe
import Glibc
import Quantities

/// What the processor counted between two moments, all threads together.
public struct CounterReading: Hashable, Sendable {
  /// Core cycles in user mode.
  public var cycles: Double
  /// Instructions in user mode.
  public var instructions: Double
  /// Seconds of CPU time.
  public var cpuSeconds: Double

  /// What two stretches of work counted together.
  public static func + (a: CounterReading, b: CounterReading) -> CounterReading {
    CounterReading(
      cycles: a.cycles + b.cycles, instructions: a.instructions + b.instructions,
      cpuSeconds: a.cpuSeconds + b.cpuSeconds)
  }

  /// What was counted since `b`.
  public static func - (a: CounterReading, b: CounterReading) -> CounterReading {
    CounterReading(
      cycles: a.cycles - b.cycles, instructions: a.instructions - b.instructions,
      cpuSeconds: a.cpuSeconds - b.cpuSeconds)
  }

  /// Mean clock in hertz; nil where no time has passed.
  public var clock: Double? { cpuSeconds > 0 ? cycles / cpuSeconds : nil }
}

/// Open counters of the calling thread and of the threads that it starts afterwards.
public final class Counters {
  /// Name of the source in result rows.
  public static let source = "perf_event_open user"

  private var descriptors: [Int32] = []

  /// Opens them; nil where the system refuses or the processor shows none.
  public init?() {
    for kind in [PROBE_COUNTER_CYCLES, PROBE_COUNTER_INSTRUCTIONS, PROBE_COUNTER_TASK_NANOSECONDS] {
      let descriptor = probe_counter_open(kind)
      guard descriptor >= 0 else {
        for open in descriptors { close(open) }
        descriptors = []
        return nil
      }
      descriptors.append(descriptor)
    }
  }

  deinit { for descriptor in descriptors { close(descriptor) } }

  /// The counts since they were opened; nil where a counter was never scheduled.
  public func read() -> CounterReading? {
    var counts: [Double] = []
    for descriptor in descriptors {
      var values: [UInt64] = [0, 0, 0]
      guard probe_counter_read(descriptor, &values) == 0, values[2] > 0 else { return nil }
      // Other users' counters may take turns with ours: the share of the time that ours ran scales them up.
      counts.append(Double(values[0]) * Double(values[1]) / Double(values[2]))
    }
    guard counts.count == 3 else { return nil }
    return CounterReading(
      cycles: counts[0], instructions: counts[1], cpuSeconds: Unit.nanosecond.toBase(counts[2]))
  }
}
