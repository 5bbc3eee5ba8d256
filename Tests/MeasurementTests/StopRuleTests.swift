import Measurement
import Testing

@Suite struct StopRuleTests {
  private var rule: StopRule {
    var rule = StopRule()
    (rule.minimumProcesses, rule.maximumProcesses) = (3, 20)
    return rule
  }

  @Test("a narrow interval settles a row, but not before the minimum")
  func narrow() {
    #expect(rule.verdict([[1, 1], [1, 1]], elapsed: 1) == nil)
    #expect(rule.verdict([[1, 1], [1, 1.001], [1, 1]], elapsed: 1) == .ci)
    #expect(rule.verdict([[1, 1], [1.1, 1.1], [0.9, 0.9]], elapsed: 1) == nil)
  }

  @Test("processes without samples do not count")
  func empty() {
    #expect(rule.verdict([], elapsed: 0) == nil)
    #expect(rule.verdict([[1, 1], [], [1, 1]], elapsed: 1) == nil)
  }

  @Test("the cap looks ahead: a process that would not fit is not asked for")
  func cap() {
    var rule = rule
    rule.rowTimeCap = 10
    let noisy = [[1.0, 1.0], [1.2, 1.2]]
    #expect(rule.verdict(noisy, elapsed: 6) == nil)  // 6 + 3
    #expect(rule.verdict(noisy, elapsed: 7) == .timeCap)  // 7 + 3.5
  }

  @Test("the maximum ends a noisy row")
  func maximum() {
    var rule = rule
    rule.maximumProcesses = 4
    #expect(rule.verdict([[1], [1.2], [0.9], [1.1]], elapsed: 1) == .maxSamples)
    #expect(StopRule(processes: 2).verdict([[1], [2]], elapsed: 1) == .maxSamples)
  }

  @Test("a spread that no longer changes ends a row, one that still grows does not")
  func stable() {
    let steady = [[1.0], [1.1], [0.9], [1.1], [0.9], [1.1], [0.9], [1.1], [0.9], [1.05]]
    #expect(rule.verdict(steady, elapsed: 1) == .noiseStable)
    let growing = [[1.0], [1.05], [0.95], [1.1], [0.8], [1.4], [0.5], [2]]
    #expect(rule.verdict(growing, elapsed: 1) == nil)
  }

  @Test("samples of a process are taken in rounds of two where they can be", arguments: [1, 3, 6, 10, 7])
  func rounds(samples: Int) {
    var plan = SamplingPlan()
    plan.samplesPerProcess = samples
    #expect(plan.samplesPerProcess == samples)
  }
}

@Suite struct ControlRowTests {
  @Test("the floor holds the ratio of last to first, and is wider where processes disagree")
  func floor() throws {
    var row = ControlRow()
    #expect(row.floor == nil)
    row.add(ControlReport(first: [1, 1, 1], last: [1.02, 1.02, 1.02]))
    #expect(abs(try #require(row.floor) - 0.02) < 1e-12)
    row.add(ControlReport(first: [], last: [9]))
    #expect(row.reports.count == 1)
    row.add(ControlReport(first: [1, 1, 1], last: [1.02, 1.02, 1.02]))
    #expect(abs(try #require(row.floor) - 0.02) < 1e-9)
    #expect(abs(try #require(row.drift) - 0.02) < 1e-12)
    row.add(ControlReport(first: [1.3, 1.3, 1.3], last: [0.9, 0.9, 0.9]))
    #expect(try #require(row.floor) > 0.1)
  }
}
