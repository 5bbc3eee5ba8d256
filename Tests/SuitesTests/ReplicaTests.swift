// Replicas: several workers at one placement, one report.

import Measurement
import Quantities
import Suites
import Testing

@Suite struct ReplicaTests {
  private func report(_ seconds: [Double], error: Double = 0, status: CaseStatus = .ok) -> CaseReport {
    var report = CaseReport(index: 3, status: status)
    report.work = Work(flop: FLOP(100), bytes: Bytes(10))
    report.samples = seconds.map { Sample(start: 1, seconds: $0) }
    report.roundsDropped = 1
    report.elapsed = seconds.reduce(0, +)
    report.verification = Verification(
      reference: "r", maxAbsError: error, maxRelError: error, tolerance: 1, passed: true)
    report.interference.involuntarySwitches = 2
    report.interference.packageEnergy = 5
    return report
  }

  @Test("rates add up: the work of all in the time that gives the sum of their rates")
  func rates() throws {
    let whole = CaseReport.together([report([1, 2], error: 0.1), report([3, 2, 9], error: 0.3)])
    #expect(whole.index == 3 && whole.status == .ok)
    #expect(whole.work?.flop == FLOP(200) && whole.work?.bytes == Bytes(20))
    // 100 in 1 s and 100 in 3 s are 133.3 a second: 200 in 1.5 s.
    #expect(whole.samples.map(\.seconds) == [1.5, 2])
    #expect(whole.roundsDropped == 2 && whole.elapsed == 14)
    #expect(whole.verification?.maxRelError == 0.3)
    #expect(whole.interference.involuntarySwitches == 4)
    #expect(whole.interference.packageEnergy == 5)  // the machine's, not the replica's
  }

  @Test("one that came out wrong speaks for all")
  func wrong() {
    let whole = CaseReport.together([report([1]), report([], status: .mismatch), report([1])])
    #expect(whole.status == .mismatch && whole.samples.isEmpty)
  }

  @Test("a single worker's report is its own")
  func single() { #expect(CaseReport.together([report([1, 2])]) == report([1, 2])) }
}
