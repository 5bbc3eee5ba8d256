// Workers that wait for each other: the rule by itself, and shell scripts that keep to it.

import Foundation
import Machines
import Measurement
import Suites
import Testing

@Suite struct TurnTakingTests {
  private func turn(_ group: Int, _ round: Int, _ slot: Int = 0) -> Turn {
    Turn(group: group, round: round, slot: slot)
  }

  @Test("nobody goes on while another is at work")
  func waiting() {
    var turns = TurnTaking(members: 2, policy: .alternating)
    turns.waits(0, for: turn(0, 0))
    #expect(turns.next() == [])
    turns.waits(1, for: turn(0, 0))
    #expect(turns.next() == [0])
    #expect(turns.next() == [])
  }

  @Test("who goes first changes with the round, and the one who is behind catches up")
  func alternating() {
    var turns = TurnTaking(members: 2, policy: .alternating)
    var order: [Int] = []
    var rounds = [0, 0]
    turns.waits(0, for: turn(0, 0))
    turns.waits(1, for: turn(0, 0))
    while order.count < 8, let member = turns.next().first {
      order.append(member)
      rounds[member] += 1
      turns.waits(member, for: turn(0, rounds[member]))
    }
    #expect(order == [0, 1, 1, 0, 0, 1, 1, 0])
  }

  @Test("replicas that have come to the same turn are released at once, those ahead wait")
  func together() {
    var turns = TurnTaking(members: 3, policy: .together)
    turns.waits(0, for: turn(1, 1))
    turns.waits(1, for: turn(1, 2))
    turns.waits(2, for: turn(1, 1))
    #expect(turns.isWaiting(1))
    #expect(turns.next() == [0, 2])
    turns.waits(0, for: turn(1, 2))
    turns.ended(2)
    #expect(turns.next() == [0, 1])
    #expect(!turns.isWaiting(1))
  }

  @Test("turns are ordered by group, round and slot")
  func order() {
    let sorted = [turn(-1, 0), turn(0, 0), turn(0, 1), turn(0, 1, 1), turn(0, 2), turn(1, 0)]
    #expect(sorted.shuffled().sorted() == sorted)
  }
}

@Suite struct WorkerGroupTests {
  private func text(_ message: WorkerMessage) throws -> String {
    String(decoding: try message.line().dropLast(), as: UTF8.self)
  }

  private func member(_ name: String, log: String, script: String, version: Int = WorkerProtocol.version)
    throws -> WorkerGroup.Member
  {
    let place = Placement(
      name: "machine", kind: "machine", cpus: ProcessBinding.current() ?? CPUSet([0]), threads: 1)
    var job = WorkerJob(
      process: 0, placement: place, cases: [], groups: [], plan: SamplingPlan(), seed: 1, isa: .baseline,
      lastLevelCacheBytes: 0, memoryLimit: nil, settleSeconds: 0)
    job.isStepped = true
    var environment = ["PATH": "/usr/bin:/bin", "LOG": log, "NAME": name]
    environment["HELLO"] = try text(.hello(protocolVersion: version))
    environment["BEGAN"] = try text(.began(0))
    for round in 0...3 {
      environment["READY\(round)"] = try text(.ready(Turn(group: 0, round: round, slot: 0)))
    }
    let helpers = #"""
      read -r JOB; say() { printf '%s\n' "$@"; }; say "$HELLO"
      turn() { say "$1"; read -r WORD; test "$WORD" = go || exit 7; printf "$NAME " >> "$LOG"; }

      """#
    return WorkerGroup.Member(
      executable: "/bin/sh", arguments: ["-c", helpers + script], environment: environment, job: job)
  }

  private func log() -> String {
    FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString).log").path()
  }

  private let fourTurns = #"turn "$READY0"; turn "$READY1"; turn "$READY2"; turn "$READY3""#

  @Test("two workers take turns round by round")
  func turns() throws {
    let log = log()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let group = WorkerGroup([
      try member("a", log: log, script: fourTurns), try member("b", log: log, script: fourTurns),
    ])
    var ready = 0
    let ends = group.follow(silence: { _ in 20 }, shouldStop: { false }) { _, message in
      if case .ready = message { ready += 1 }
    }
    #expect(ends == [.finished, .finished])
    #expect(ready == 8)
    let order = FileManager.default.contents(atPath: log).map { String(decoding: $0, as: UTF8.self) }
    #expect(order == "a b b a a b b a ")
  }

  @Test("a worker that dies leaves the turns to the others, and waiting is not silence")
  func death() throws {
    let log = log()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let group = WorkerGroup([
      try member(
        "a", log: log,
        script: #"turn "$READY0"; for i in 1 2 3; do sleep 0.5; say "$BEGAN"; done; kill -ILL $$"#),
      try member("b", log: log, script: fourTurns),
    ])
    let ends = group.follow(silence: { _ in 1 }, shouldStop: { false }) { _, _ in }
    #expect(ends[1] == .finished)
    guard case .died(let words) = ends[0] else {
      Issue.record("it ended with \(ends[0])")
      return
    }
    #expect(words.contains("signal 4"))
  }

  @Test("a worker of another age is refused with a sentence", arguments: [1, 99])
  func version(of other: Int) throws {
    let log = log()
    defer { try? FileManager.default.removeItem(atPath: log) }
    let greets = try member("a", log: log, script: "sleep 20", version: other)
    // The first version had no greeting: its first words were others.
    var silent = greets
    silent.environment["HELLO"] = silent.environment["BEGAN"]
    let ends = WorkerGroup([other == 1 ? silent : greets]).follow(
      silence: { _ in 10 }, shouldStop: { false }, receive: { _, _ in })
    guard case .died(let words) = try #require(ends.first) else {
      Issue.record("it was let in")
      return
    }
    #expect(words.contains("speaks version \(other) of the worker protocol"))
  }

  @Test("a stop ends all workers, and a program that is not there has died")
  func stop() throws {
    let log = log()
    var missing = try member("a", log: log, script: "")
    missing.executable = "/nonexistent/plimsoll"
    let ends = WorkerGroup([try member("b", log: log, script: "sleep 20"), missing]).follow(
      silence: { _ in 10 }, shouldStop: { true }, receive: { _, _ in })
    #expect(ends.first == .stopped)
    guard case .died(let words) = try #require(ends.last) else {
      Issue.record("it was started")
      return
    }
    #expect(words.contains("could not be started"))
  }
}
