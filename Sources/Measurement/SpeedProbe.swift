// Does the host run at the same speed as a moment ago? A guest's clock can jump by a quarter for seconds at a
// time. A short piece of arithmetic before and after each round tells; a round between unequal probes is
// taken again.

/// What the last probes of a process say about the speed of the host.
public struct SpeedWatch: Sendable {
  private var recent: [Double] = []
  /// Probes that make the running median: after a lasting change the median follows within half of them.
  private let window = 15
  /// Probes below which there is no median to speak of.
  private let fewest = 5

  /// Nothing seen yet.
  public init() {}

  /// Takes two probes into the record.
  ///
  /// - Returns: the largest relative difference of the two from each other and from the median of those before.
  public mutating func shift(_ before: Double, _ after: Double) -> Double {
    var largest = abs(max(before, after) / min(before, after) - 1)
    if recent.count >= fewest, let usual = Statistics.median(recent) {
      for probe in [before, after] { largest = max(largest, abs(probe / usual - 1)) }
    }
    recent = (recent + [before, after]).suffix(window)
    return largest
  }
}

/// Whether a clock has come to rest: single probes of a restless host never agree, but their medians do once
/// nothing drifts any more.
public struct Settling: Sendable {
  private var recent: [Double] = []
  private let window = 9

  /// Nothing seen yet.
  public init() {}

  /// Takes the next probe in.
  public mutating func add(_ seconds: Double) { recent = (recent + [seconds]).suffix(2 * window) }

  /// True where the medians of the last nine probes and of the nine before them differ by at most this share.
  public func isSteady(within tolerance: Double) -> Bool {
    guard recent.count == 2 * window, let earlier = Statistics.median(Array(recent.prefix(window))),
      let later = Statistics.median(Array(recent.suffix(window)))
    else { return false }
    return abs(later / earlier - 1) <= tolerance
  }
}

/// A probe with its record; one for each worker process.
public final class SpeedProbe {
  private let measure: () -> Double
  private var watch = SpeedWatch()
  private var last: (at: Double, seconds: Double)?
  /// Seconds for which a probe speaks for the present: the one after a round is the one before the next.
  private let freshness = 0.003

  /// - Parameter measure: runs the arithmetic and returns its seconds.
  public init(_ measure: @escaping () -> Double) { self.measure = measure }

  /// Runs the probe once.
  public func seconds() -> Double { measure() }

  /// The probe before a round: the last one after a round where that has just ended, else a new one.
  public func before(_ time: some TimeSource) -> Double {
    if let last, time.now() - last.at <= freshness { return last.seconds }
    return measure()
  }

  /// The probe after a round, kept for the next.
  public func after(_ time: some TimeSource) -> Double {
    let seconds = measure()
    last = (time.now(), seconds)
    return seconds
  }

  /// As `SpeedWatch.shift`.
  public func shift(_ before: Double, _ after: Double) -> Double { watch.shift(before, after) }
}
