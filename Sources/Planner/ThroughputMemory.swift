// Remembers answers: a plan asks for the same model, chip and service level at every price.

import Quantities
import Synchronization

/// Answers by key and service level; safe to share between threads.
final class ThroughputMemory: Sendable {
  private struct Key: Hashable {
    let name: String
    let service: ServiceLevel
  }
  private let answers = Mutex<[Key: Known<Throughput>]>([:])

  /// The remembered answer, or that of `compute`.
  func answer(_ name: String, _ service: ServiceLevel, _ compute: () -> Known<Throughput>) -> Known<
    Throughput
  > {
    let key = Key(name: name, service: service)
    if let known = answers.withLock({ $0[key] }) { return known }
    let fresh = compute()
    answers.withLock { $0[key] = fresh }
    return fresh
  }
}
