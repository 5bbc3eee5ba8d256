// What a crash may leave of a journal, and what a resumed run makes of it.

import Foundation
import Machines
import Measurement
import Results
import Tables
import Testing

@Suite struct ResumingTests {
  private let place = Placement(name: "core0", kind: "core", cpus: CPUSet([0]), threads: 1)
  private let subject = Case(.gemm, .gemm(m: 1, n: 2, k: 3), id: "a", phase: .square, by: .swift)
  private var key: String { ResultRow.key(subject, place) }

  private func stem() throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "plimsoll-\(UUID().uuidString)")
      .path()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder + "/run"
  }

  private func remove(_ stem: String) {
    try? FileManager.default.removeItem(atPath: (stem as NSString).deletingLastPathComponent)
  }

  private func run() -> RunInfo {
    RunInfo(
      suite: "quick", suiteVersion: 1, machine: Machine(), host: HostState(), programVersion: "1",
      hwlocVersion: "", seed: 1, isCoreTypeForced: false, id: "abcd1234", environment: [:])
  }

  private func report(_ process: Int, _ status: CaseStatus = .ok, samples: Int = 3) -> CaseReport {
    var report = CaseReport(index: 0, status: status, detail: status == .ok ? "" : "because")
    report.process = process
    report.iterations = 7
    report.elapsed = 0.5
    report.samples = (0..<samples).map { Sample(start: Double($0), seconds: 0.1 + Double(process)) }
    return report
  }

  @Test("a journal gives back every report as it was, wrong results with infinite errors among them")
  func restored() throws {
    let stem = try stem()
    defer { remove(stem) }
    var wrong = report(2, .mismatch, samples: 0)
    wrong.verification = Verification(
      reference: "oracle", maxAbsError: .infinity, maxRelError: .infinity, tolerance: 1, passed: false)
    let reports = [report(0), report(1, .failed, samples: 0), wrong]
    do {
      let journal = try Journal(stem + ".samples.csv")
      for report in reports { try journal.append(report, rowKey: key, runID: run().id) }
      try journal.append(report(0), rowKey: key, runID: "another")
      try RunMeta(run()).write(to: stem + ".meta.json")
    }
    let outcome = try StoppedRun(resultFile: stem + ".csv").restored(
      Outcome(subject, at: place, processesWanted: 3))
    #expect(outcome.reports == reports)
  }

  @Test(
    "a record that is not whole counts as never written, and its samples go to the log",
    arguments: [1, 2, 3, 4])
  func torn(lines: Int) throws {
    let stem = try stem()
    defer { remove(stem) }
    let path = stem + ".samples.csv"
    try RunMeta(run()).write(to: stem + ".meta.json")
    do {
      let journal = try Journal(path)
      try journal.append(report(0), rowKey: key, runID: run().id)
      try journal.append(report(1, samples: 4), rowKey: key, runID: run().id)
    }
    // The last `lines` of four samples are lost; a torn piece of the next stays.
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let kept = text.split(separator: "\n").dropLast(lines).joined(separator: "\n") + "\n2,abcd1234,k"
    try kept.write(toFile: path, atomically: false, encoding: .utf8)
    let before = try StoppedRun(resultFile: stem + ".csv").restored(
      Outcome(subject, at: place, processesWanted: 2))
    #expect(before.reports == [report(0)])
    let journal = try Journal(path)
    #expect(journal.tornBytes > 0)
    #expect(try Journal.read(path).count == 3)
    #expect(try String(contentsOfFile: stem + ".log", encoding: .utf8).contains("2,abcd1234,k"))
    try journal.append(report(1, samples: 4), rowKey: key, runID: run().id)
    let after = try StoppedRun(resultFile: stem + ".csv").restored(
      Outcome(subject, at: place, processesWanted: 2))
    #expect(after.reports == [report(0), report(1, samples: 4)])
    #expect(try Journal.read(path).count == 7)
  }

  @Test("a torn announcement is cut too, and the journal goes on")
  func tornAnnouncement() throws {
    let stem = try stem()
    defer { remove(stem) }
    let path = stem + ".samples.csv"
    do { try Journal(path).append(report(0), rowKey: key, runID: run().id) }
    let reports = stem + ".reports.jsonl"
    let text = try String(contentsOfFile: reports, encoding: .utf8)
    try (text + String(text.dropLast(20))).write(toFile: reports, atomically: false, encoding: .utf8)
    do { try Journal(path).append(report(1), rowKey: key, runID: run().id) }
    try RunMeta(run()).write(to: stem + ".meta.json")
    let outcome = try StoppedRun(resultFile: stem + ".csv").restored(
      Outcome(subject, at: place, processesWanted: 2))
    #expect(outcome.reports == [report(0), report(1)])
  }

  @Test("a resumed run has the control rows of the processes before it; journals without any have none")
  func controls() throws {
    let stem = try stem()
    defer { remove(stem) }
    let path = stem + ".samples.csv"
    try RunMeta(run()).write(to: stem + ".meta.json")
    let reports = (0..<3).map { ControlReport(first: [1, 1.1], last: [1.5 + Double($0), 1.6]) }
    do { try Journal(path).append(report(0), rowKey: key, runID: run().id) }
    let outcome = Outcome(subject, at: place, processesWanted: 3)
    let before = try StoppedRun(resultFile: stem + ".csv").restored(outcome)
    #expect(before.control == ControlRow() && before.aaFloor == nil)
    do {
      let journal = try Journal(path)
      // Written as the processes ended, which is their order in an unbroken run; read by number.
      for process in [0, 2, 1] {
        try journal.append(reports[process], placement: "core0", process: process, runID: run().id)
      }
      try journal.append(reports[0], placement: "machine", process: 0, runID: run().id)
      try journal.append(reports[0], placement: "core0", process: 0, runID: "another")
    }
    // A crash in the middle of the next one costs that one.
    let lines = stem + ".reports.jsonl"
    let text = try String(contentsOfFile: lines, encoding: .utf8)
    try (text + #"{"control":{"first":[1"#).write(toFile: lines, atomically: false, encoding: .utf8)
    let after = try StoppedRun(resultFile: stem + ".csv").restored(outcome)
    #expect(after.control.reports == reports)
    #expect(after.aaFloor == ControlRow(reports).floor && after.aaFloor != nil)
    #expect(after.reports == [report(0)])
  }

  @Test("samples without their reports are an error and not measured again")
  func lostReports() throws {
    let stem = try stem()
    defer { remove(stem) }
    try RunMeta(run()).write(to: stem + ".meta.json")
    do { try Journal(stem + ".samples.csv").append(report(0), rowKey: key, runID: run().id) }
    try "garbage".write(toFile: stem + ".reports.jsonl", atomically: false, encoding: .utf8)
    let error = #expect(throws: InputError.self) { try StoppedRun(resultFile: stem + ".csv") }
    #expect(error?.fault == "samples of 1 row have no report here")
  }

  @Test("the witness hears of a record only once it is whole")
  func witness() throws {
    let stem = try stem()
    defer { remove(stem) }
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    try Journal(stem + ".samples.csv", witness: ends[1]).append(report(4), rowKey: "k1", runID: "r")
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = read(ends[0], &bytes, bytes.count)
    #expect(String(decoding: bytes[..<max(0, count)], as: UTF8.self) == "k1 4\n")
  }

  @Test("a held lock names its holder; one whose holder died is taken over; a released one leaves nothing")
  func lock() throws {
    let stem = try stem()
    defer { remove(stem) }
    let path = stem + ".lock"
    do {
      let first = try RunLock(path)
      #expect(!first.wasStale)
      let held = #expect(throws: RunLock.Held.self) { try RunLock(path) }
      #expect(held?.holder.hasPrefix("process \(getpid()) since ") == true)
    }
    let second = try RunLock(path)
    #expect(second.wasStale)
    second.release()
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
