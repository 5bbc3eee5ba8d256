// The estimate of a run's rest, by rows that differ.

import Suites
import Testing

@Suite struct TimeLeftTests {
  @Test("a row that was measured costs what it cost, others the mean, and what lies between grows with them")
  func estimate() {
    var left = TimeLeft(open: ["small": 3, "large": 3, "new": 1])
    #expect(left.reports == 7 && left.estimate(elapsed: 5) == nil)
    left.take("small", seconds: 1)
    left.take("large", seconds: 9)
    // 2 x 1 + 2 x 9 + 1 x 5 seconds of rows; 20 seconds went by for 10 of them.
    #expect(left.estimate(elapsed: 20) == 50)
    #expect(left.reports == 5)
  }

  @Test("a row that gets more reports than were foreseen leaves nothing open")
  func more() {
    var left = TimeLeft(open: ["a": 1])
    left.take("a", seconds: 1)
    left.take("a", seconds: 1)
    #expect(left.reports == 0 && left.estimate(elapsed: 2) == 0)
  }
}
