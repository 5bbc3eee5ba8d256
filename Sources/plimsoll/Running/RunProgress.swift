// How far a run is: one line on standard error that rewrites itself. Results never pass through here.

import Foundation
import Measurement
import Quantities
import Suites
import Tables

/// Progress of a run.
final class RunProgress {
  private let total: Int
  private var left: TimeLeft
  private let isShown: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let time = MonotonicTime()
  private let start: Double
  private var lastShown: Double
  private var done = 0
  /// Samples by row and process, for the running median.
  private var seen: [String: [[Double]]] = [:]

  /// Progress towards the reports that each row is to give, by its key.
  init(open: [String: Int], isShown: Bool) {
    left = TimeLeft(open: open)
    total = left.reports
    self.isShown = isShown
    start = time.now()
    lastShown = start
  }

  /// Seconds since the run began.
  var elapsed: Double { time.now() - start }

  /// Counts one report and shows where the run is, not more often than a person reads.
  func count(_ what: String, key: String, _ report: CaseReport) {
    done += 1
    left.take(key, seconds: report.elapsed ?? 0)
    if report.status == .ok { seen[key, default: []].append(report.samples.map(\.seconds)) }
    let now = time.now()
    guard isShown, now - lastShown >= (isTerminal ? 0.2 : 5) else { return }
    lastShown = now
    show(what + timing(key), now)
  }

  /// ` 1.24 ms ± 0.8 %`: median so far and half its interval.
  private func timing(_ key: String) -> String {
    let processes = seen[key] ?? []
    let all = processes.flatMap { $0 }
    guard let median = Statistics.median(all), median > 0 else { return "" }
    let interval =
      Statistics.hierarchicalInterval(processes, resamples: 200) ?? Statistics.medianInterval(all)
    let half = interval.map { " ± \(fixed(100 * ($0.high - $0.low) / 2 / median, decimals: 1)) %" } ?? ""
    return " " + shortTime(median) + half
  }

  private func show(_ what: String, _ now: Double) {
    let rest = left.estimate(elapsed: now - start).map { ", about \(clock($0)) left" } ?? ""
    let text = "\(done)/\(total) \(clock(now - start))\(rest)  \(what)"
    guard isTerminal else {
      StandardError.write(text)
      return
    }
    try? FileHandle.standardError.write(contentsOf: Data("\r\(text.prefix(78))\u{1B}[K".utf8))
  }

  /// Clears the line and says how long it took.
  func finish() {
    guard isShown else { return }
    if isTerminal { try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8)) }
    StandardError.write("\(done) of \(total) measurements in \(clock(time.now() - start))")
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    let rest = whole % 60
    return "\(whole / 60):\(rest < 10 ? "0" : "")\(rest)"
  }
}

/// A time of one execution with a unit that people read.
private func shortTime(_ seconds: Double) -> String {
  for (unit, name) in [(Unit.millisecond, "ms"), (Unit.microsecond, "µs")] where seconds < unit.toBase(1_000)
  {
    if name == "ms", seconds < unit.toBase(1) { continue }
    return "\(fixed(unit.fromBase(seconds), decimals: 2)) \(name)"
  }
  return "\(fixed(seconds, decimals: 2)) s"
}
