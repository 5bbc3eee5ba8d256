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

  // Two processes of one sample each: both drawn medians are 1 (1/4), 2 (1/4), or one of the two by a fair coin.
  @Test("the bootstrap's distribution is the hand-computed one")
  func bootstrapByHand() throws {
    let two = try #require(Statistics.bootstrapMedian([[1], [2]]))
    #expect(two.values == [1, 2])
    #expect(zip(two.weights, [0.5, 0.5]).allSatisfy { abs($0 - $1) < 1e-12 })
    // Three of one sample each: P(median = 1) = P(at least two draws of 1) = 3·(1/9)·(2/3) + 1/27 = 7/27.
    let three = try #require(Statistics.bootstrapMedian([[3], [1], [2]]))
    #expect(three.values == [1, 2, 3])
    #expect(zip(three.weights, [7.0 / 27, 13.0 / 27, 7.0 / 27]).allSatisfy { abs($0 - $1) < 1e-12 })
    // Unequal: {1} and {2, 3}. Drawn twice, with total sizes 2, 3 or 4.
    // Balance at x = 1: {1}{1} +2; {1}{2,3} -1; twice {2,3} -4: P(median <= 1) = 1/4.
    // At x = 2: {1}{1} +2; {1}{2,3}: +3, +1, -1 with 1/4, 1/2, 1/4; twice {2,3}: sum of two from {2, 0, -2}.
    let unequal = try #require(Statistics.bootstrapMedian([[1], [2, 3]]))
    let atTwo = 1.0 / 4 + 1.0 / 2 * 3 / 4 + 1.0 / 4 * (5.0 / 16 + 6.0 / 32)
    #expect(zip(unequal.weights, [0.25, atTwo - 0.25, 1 - atTwo]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(Statistics.bootstrapMedian([[1, 2, 3]]) == nil)
    #expect(Statistics.bootstrapMedian([[], [1], []]) == nil)
  }

  @Test(
    "the exact bootstrap is the limit of the drawn one", arguments: [(5, 6), (10, 3), (4, 7), (70, 2)])
  func bootstrapByDrawing(count: Int, size: Int) throws {
    var generator = SeededGenerator(seed: 5)
    let processes = (0..<count).map { process in
      (0..<size + process % 2).map { _ in
        1 + 0.02 * Double.random(in: 0..<1, using: &generator) + 0.01 * Double(process % 3)
      }
    }
    let exact = try #require(Statistics.bootstrapMedian(processes))
    let draws = 20_000
    var medians: [Double] = []
    for _ in 0..<draws {
      var pool: [Double] = []
      for _ in processes.indices {
        let process = processes.randomElement(using: &generator) ?? []
        for _ in process { pool.append(process.randomElement(using: &generator) ?? 0) }
      }
      pool.sort()
      let upper = pool.count / 2
      let isLower = pool.count.isMultiple(of: 2) && Bool.random(using: &generator)
      medians.append(pool[isLower ? upper - 1 : upper])
    }
    var below = 0.0
    for (value, weight) in zip(exact.values, exact.weights) {
      below += weight
      let drawn = Double(medians.count { $0 <= value }) / Double(draws)
      // Four standard errors of the drawing, and 2 % for the normal form above 60 processes.
      #expect(abs(drawn - below) < 4 * (0.25 / Double(draws)).squareRoot() + (count > 60 ? 0.02 : 0))
    }
  }

  @Test("swapping the sides of a ratio gives the reciprocal interval")
  func ratioSwapped() throws {
    let a = [[1.0, 1.02], [1.1, 1.13], [0.9, 0.95], [1.0, 1.01]]
    let b = [[1.3, 1.32], [1.2, 1.23], [1.25, 1.24], [1.4, 1.41]]
    let there = try #require(Statistics.ratioInterval(a, b))
    let back = try #require(Statistics.ratioInterval(b, a))
    #expect(abs(there.low * back.high - 1) < 1e-10 && abs(there.high * back.low - 1) < 1e-10)
    #expect(there.low > 1 && there.low < there.high)
  }

  // Exact p of {1...5} against {6...10} is 2/252; the normal form takes over above 20 a side.
  @Test("the rank test says which form it used; ties and order do not trouble it")
  func rankForms() throws {
    let exact = try #require(Statistics.mannWhitney([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]))
    #expect(exact.isExact && abs(exact.p - 2.0 / 252) < 1e-12)
    let many = (0..<25).map(Double.init)
    let normal = try #require(Statistics.mannWhitney(many, many.map { $0 + 5 }))
    // U = 200 of 625 pairs, mean 312.5; variance 625/12·(51 - 20·6/2450) for 20 ties: z = 112/51.5 = 2.174.
    #expect(!normal.isExact && abs(normal.p - 0.0297) < 2e-4)
    #expect(try #require(Statistics.mannWhitney(many, many)).p > 0.99)
    #expect(try #require(Statistics.mannWhitney(many, many.map { _ in 7 })).p < 0.1)
    #expect(Statistics.mannWhitney([], many) == nil)
    #expect(abs(Statistics.smallestRankP(5, 5) - 2.0 / 252) < 1e-15)
  }

  // t = mean / (sd/sqrt n): {1, 2, 3} has 2 / (1/sqrt 3) = 3.464, two degrees of freedom: p = 0.0742.
  @Test("paired tests have their hand-computed values")
  func paired() throws {
    #expect(abs(try #require(Statistics.pairedT([1, 2, 3])) - 0.0742) < 1e-4)
    #expect(Statistics.pairedT([1]) == nil)
    #expect(Statistics.pairedT([0, 0]) == 1)
    // All six of one sign: 2 of 64 sign patterns.
    #expect(abs(try #require(Statistics.signedRank([1, 2, 3, 4, 5, 6])) - 2.0 / 64) < 1e-12)
    // Ranks 1 and 2 negative of 4: sums at most 3 or at least 7: {}, 1, 2, 3, 1+2 and mirrored: 10 of 16.
    #expect(abs(try #require(Statistics.signedRank([-1, -2, 3, 4])) - 10.0 / 16) < 1e-12)
    #expect(Statistics.signedRank([0, 0]) == nil)
  }

  // 1 - 0.05^(1/n) for no hit; 3/n roughly.
  @Test("the upper bound of a share that was never seen is the rule of three's")
  func shares() {
    #expect(abs(Statistics.shareUpperBound(0, of: 100) - 0.029513) < 1e-6)
    #expect(abs(Statistics.shareUpperBound(5, of: 100) - 0.102253) < 1e-5)
    #expect(Statistics.shareUpperBound(3, of: 3) == 1 && Statistics.shareUpperBound(0, of: 0) == 1)
  }
}
