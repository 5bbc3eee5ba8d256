// Judges a host's facts: can timings taken here be trusted? Pure functions, so that any host can be described in a
// test. Three answers: what the host does not tell is unknown, never ok. Checks stand in the order of the harm they
// do, so that the first warnings are the ones to heed.

import Machines

/// What the doctor says of one thing.
public struct DoctorCheck: Hashable, Sendable {
  /// The three answers.
  public enum Answer: String, Hashable, Sendable, CaseIterable {
    case ok, warn, unknown
  }

  /// What was looked at, e.g. `governor`.
  public let name: String
  /// The answer.
  public let answer: Answer
  /// What was found.
  public let found: String
  /// Why it matters, in a few words.
  public let why: String
  /// What an administrator or the caller could run; nil where no command mends it.
  public let command: String?

  init(_ name: String, _ answer: Answer, _ found: String, why: String, command: String? = nil) {
    self.name = name
    self.answer = answer
    self.found = found
    self.why = why
    self.command = answer == .warn ? command : nil
  }

  /// The warning on one line: `governor: powersave on 8 CPUs`.
  public var short: String { "\(name): \(found)" }
}

/// The judgement of a host.
public enum Doctor {
  /// Every check, the most harmful first.
  public static func examine(_ facts: HostFacts) -> [DoctorCheck] {
    [
      blas(facts), mask(facts), quota(facts), load(facts), steal(facts), memory(facts), swap(facts),
      governor(facts), heat(facts), clockSource(facts), hugePages(facts), numaBalancing(facts), smt(facts),
      isolated(facts), folder(facts), timeLimit(facts), layout(facts), counters(facts), energy(facts),
      turbo(facts), guest(facts), container(facts),
    ]
  }
}

/// `1 CPU`, `2 CPUs`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// A number with one decimal, without a trailing `.0`.
func brief(_ value: Double) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "?" }
  let tenths = Int((value * 10).rounded())
  return tenths % 10 == 0
    ? "\(tenths / 10)" : "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
}
