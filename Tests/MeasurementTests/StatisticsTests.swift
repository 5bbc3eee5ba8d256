import Measurement
import Testing

@Suite struct StatisticsTests {
  @Test("quartiles interpolate between order statistics")
  func quantiles() {
    #expect(Statistics.median([3, 1, 2]) == 2)
    #expect(Statistics.median([4, 1, 2, 3]) == 2.5)
    #expect(Statistics.quantile([1, 2, 3, 4, 5], 0.25) == 2)
    #expect(Statistics.medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9]) == 1)
    #expect(Statistics.median([]) == nil)
    #expect(Statistics.standardDeviation([1, 3]) == 2.0.squareRoot())
  }

  // Ranks from the binomial distribution; below six samples no pair encloses the median with 95 %.
  @Test(
    "the median's interval takes the published ranks",
    arguments: [
      (5, nil), (6, 1), (8, 1), (9, 2), (10, 2), (12, 3), (15, 4), (20, 6), (25, 8), (30, 10), (50, 18),
      (100, 40),
    ] as [(Int, Int?)])
  func ranks(n: Int, k: Int?) {
    #expect(Statistics.medianIntervalRank(n) == k)
  }

  @Test(
    "Student's tail has its textbook quantiles",
    arguments: [
      (12.706, 1.0, 0.05), (4.303, 2.0, 0.05), (2.776, 4.0, 0.05), (2.228, 10.0, 0.05), (3.169, 10.0, 0.01),
      (1.984, 100.0, 0.05), (0.0, 3.0, 1.0),
    ] as [(Double, Double, Double)])
  func student(t: Double, freedom: Double, p: Double) {
    #expect(abs(Statistics.studentTail(t, freedom: freedom) - p) < 0.0005 * max(p, 0.1))
  }

  // Two separated groups of n: 2 of the C(2n, n) splits are as extreme.
  @Test(
    "the exact rank test's smallest p is 2 / C(2n, n)",
    arguments: [
      (4, 2.0 / 70), (5, 2.0 / 252), (6, 2.0 / 924), (8, 2.0 / 12870), (10, 2.0 / 184756),
    ] as [(Int, Double)])
  func mannWhitney(n: Int, p: Double) throws {
    let a = (0..<n).map(Double.init)
    let got = try #require(Statistics.mannWhitneyExact(a, a.map { $0 + 1000 }))
    #expect(abs(got - p) < 1e-12)
    #expect(Statistics.mannWhitneyExact(a, a) == 1)
  }

  @Test("Holm multiplies the smallest by all, and never lets a larger one fall below it")
  func holm() {
    #expect(Statistics.holm([0.01, 0.04, 0.03]) == [0.03, 0.06, 0.06])
    #expect(Statistics.holm([0.6, 0.7]) == [1, 1])
  }

  @Test("Benjamini and Hochberg divide by the rank, and no smaller one exceeds a larger")
  func benjaminiHochberg() {
    #expect(Statistics.benjaminiHochberg([0.01, 0.04, 0.03]) == [0.03, 0.04, 0.04])
    #expect(Statistics.benjaminiHochberg([0.5]) == [0.5])
  }

  @Test("Welch on logs sees a shift of 10 % between steady processes and none between equal ones")
  func welch() throws {
    let a = [1.00, 1.01, 0.99, 1.005, 0.995]
    #expect(try #require(Statistics.welchOnLogs(a, a.map { $0 * 1.1 })) < 1e-4)
    #expect(try #require(Statistics.welchOnLogs(a, a)) == 1)
    #expect(Statistics.welchOnLogs([1], a) == nil)
  }

  @Test("resampling processes gives a wider interval than pooling their samples would")
  func hierarchical() throws {
    // Three processes far apart, quiet inside: the interval must reach from process to process.
    let processes = [[1.0, 1.001, 1.002], [1.1, 1.101, 1.102], [1.2, 1.201, 1.202]]
    let interval = try #require(Statistics.hierarchicalInterval(processes))
    #expect(interval.low < 1.01 && interval.high > 1.19)
    #expect(try #require(Statistics.hierarchicalInterval(processes)) == interval)
    #expect(Statistics.hierarchicalInterval([[1, 2, 3]]) == nil)
    let ratio = try #require(Statistics.ratioInterval(processes, processes.map { $0.map { $0 * 2 } }))
    #expect(ratio.low < 2 && ratio.high > 2 && ratio.low > 1.5 && ratio.high < 2.5)
  }
}
