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

/// A probe with its record; one for each worker process.
public final class SpeedProbe {
  private let measure: () -> Double
  private var watch = SpeedWatch()

  /// - Parameter measure: runs the arithmetic and returns its seconds.
  public init(_ measure: @escaping () -> Double) { self.measure = measure }

  /// Runs the probe once.
  public func seconds() -> Double { measure() }

  /// As `SpeedWatch.shift`.
  public func shift(_ before: Double, _ after: Double) -> Double { watch.shift(before, after) }
}
