// What time is it? One call, so that tests can answer for the clock.

import Glibc
import Quantities

/// A clock that never runs backwards.
public protocol TimeSource {
  /// Seconds since some fixed moment.
  func now() -> Double
}

/// The system's monotonic clock.
public struct MonotonicTime: TimeSource, Sendable {
  /// Name of the clock in result rows.
  public static let name = "CLOCK_MONOTONIC"
  /// The clock.
  public init() {}

  /// Seconds since boot.
  public func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Unit.nanosecond.toBase(Double(time.tv_nsec))
  }
}

/// What a clock can tell apart, measured here and now.
public struct ClockQuality: Hashable, Sendable, Codable {
  /// Smallest step seen between two different readings, in seconds.
  public let resolution: Double
  /// Median time of one reading, in seconds.
  public let overhead: Double

  /// A clock of known quality.
  public init(resolution: Double, overhead: Double) {
    self.resolution = resolution
    self.overhead = overhead
  }

  /// Reads the clock a few thousand times.
  public init(of time: some TimeSource, readings: Int = 2_000) {
    var steps: [Double] = []
    let start = time.now()
    var last = start
    for _ in 0..<max(1, readings) {
      let next = time.now()
      steps.append(next - last)
      last = next
    }
    resolution = steps.filter { $0 > 0 }.min() ?? 0
    overhead = (last - start) / Double(steps.count)
  }
}
