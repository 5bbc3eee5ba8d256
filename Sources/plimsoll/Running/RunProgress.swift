// How far the run is: one line that rewrites itself on a terminal, a plain line every ten seconds elsewhere.

import Foundation
import Measurement

/// Progress of a run on standard error.
final class RunProgress {
  private let total: Int
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let time = MonotonicTime()
  private let start: Double
  private var lastShown: Double
  private var done = 0

  /// Progress towards `total` reports.
  init(total: Int) {
    self.total = total
    start = time.now()
    lastShown = start
  }

  /// Counts one report and shows where the run is, not more often than a person reads.
  func count(_ what: String) {
    done += 1
    let now = time.now()
    guard now - lastShown >= (isTerminal ? 0.2 : 10) else { return }
    lastShown = now
    show(what, now)
  }

  private func show(_ what: String, _ now: Double) {
    let share = Double(done) / Double(max(1, total))
    let left = share > 0 ? (now - start) * (1 - share) / share : 0
    let text = "\(Int(share * 100)) %  \(clock(now - start)) gone, about \(clock(left)) left  \(what)"
    guard isTerminal else {
      StandardError.write(text)
      return
    }
    try? FileHandle.standardError.write(contentsOf: Data("\r\(text.prefix(78))\u{1B}[K".utf8))
  }

  /// Clears the line and says how long it took.
  func finish() {
    if isTerminal { try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[K".utf8)) }
    StandardError.write("\(done) of \(total) measurements in \(clock(time.now() - start))")
  }

  private func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    let rest = whole % 60
    return "\(whole / 60):\(rest < 10 ? "0" : "")\(rest)"
  }
}
