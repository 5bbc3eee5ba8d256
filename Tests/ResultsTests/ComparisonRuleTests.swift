// The comparison's rules one by one: what makes a verdict, what forbids it, and that nothing depends on units
// or on who is called A.

import Measurement
import Results
import Testing

@Suite struct ComparisonRuleTests {
  // Ten tables of 300 rows for each noise and number of processes: at the nominal 5 % of tables with a false row,
  // four or more of ten come about once in a thousand.
  @Test(
    "no noise makes false verdicts in more tables than the level allows", arguments: ProcessNoise.allCases)
  func falseVerdicts(noise: ProcessNoise) {
    for processes in [5, 8] {
      let wrong = (0..<10).count { (trial: UInt64) in
        let comparison = Comparison(
          run("a", keys: 300, processes: processes, seed: 2 * trial + 1, noise: noise),
          run("b", keys: 300, processes: processes, seed: 2 * trial + 2, noise: noise))
        return comparison.rows.contains { $0.verdict == .faster || $0.verdict == .slower }
      }
      #expect(wrong <= 3, "\(processes) processes")
    }
  }

  @Test("swapping the files turns ratios, intervals and verdicts round", arguments: ProcessNoise.allCases)
  func swapped(noise: ProcessNoise) {
    let a = run("a", seed: 3, noise: noise)
    let b = run("b", seed: 4, noise: noise, factor: { $0.isMultiple(of: 3) ? 1.2 : 1 })
    let (there, back) = (Comparison(a, b), Comparison(b, a))
    for (one, other) in zip(there.rows, back.rows) {
      #expect(abs(one.ratio * other.ratio - 1) < 1e-12)
      #expect(abs((one.low ?? 0) * (other.high ?? 0) - 1) < 1e-9)
      #expect(one.p.map { abs($0 - (other.p ?? 2)) < 1e-12 } == true)
      let turned: [Verdict: Verdict] = [.faster: .slower, .slower: .faster]
      #expect(other.verdict == turned[one.verdict] ?? one.verdict)
    }
    #expect(there.rows.contains { $0.verdict == .slower })
  }

  @Test("times in another unit give the same comparison")
  func scaled() {
    let plain = Comparison(run("a", seed: 3), run("b", seed: 4))
    let longer = Comparison(
      run("a", seed: 3, factor: { _ in 1_024 }), run("b", seed: 4, factor: { _ in 1_024 }))
    for (one, other) in zip(plain.rows, longer.rows) {
      #expect(abs(one.ratio / other.ratio - 1) < 1e-12)
      #expect(one.verdict == other.verdict)
    }
  }

  // Table of the rule: interval, corrected p, threshold 1 %.
  @Test(
    "a verdict needs an interval outside the band and a significant test; same needs one inside",
    arguments: [
      (1.02, 1.05, 0.01, .slower), (1.02, 1.05, 0.06, .inconclusive), (1.005, 1.05, 0.001, .inconclusive),
      (0.95, 0.98, 0.01, .faster), (0.95, 0.995, 0.001, .inconclusive), (0.995, 1.005, 0.9, .same),
      (0.995, 1.005, 0.001, .same), (0.98, 1.02, 0.9, .inconclusive),
    ] as [(Double, Double, Double, Verdict)])
  func rule(low: Double, high: Double, p: Double, verdict: Verdict) {
    #expect(VerdictRule.verdict(low: low, high: high, adjustedP: p, threshold: 0.01, band: 0.01) == verdict)
  }

  @Test("no interval and no test give no verdict")
  func unknown() {
    #expect(
      VerdictRule.verdict(low: nil, high: nil, adjustedP: 0, threshold: 0.01, band: 0.01) == .inconclusive)
    #expect(
      VerdictRule.verdict(low: 1.1, high: 1.2, adjustedP: nil, threshold: 0.01, band: 0.01) == .inconclusive)
  }

  @Test("a host that disturbs itself raises the bar for differences and makes nothing the same")
  func noisyHost() {
    func verdict(_ low: Double, _ high: Double, floor: Double) -> Verdict {
      VerdictRule.verdict(low: low, high: high, adjustedP: 1e-6, threshold: floor, band: 0.01)
    }
    #expect(verdict(1.97, 2.03, floor: 2.9) == .inconclusive)
    #expect(verdict(1.97, 2.03, floor: 0.5) == .slower)
    #expect(verdict(0.995, 1.005, floor: 2.9) == .same)
  }

  // (1.96 + 0.84)²·(0.01² + 0.01²) / (ln 1.03 - ln 1.01)² = 4.1; for 1.02: 16.2; of 20 tests (3.02 + 0.84)²: 7.8.
  @Test(
    "the processes that are missing follow from the spread and the distance to the band",
    arguments: [
      (1.03, 1, 1), (1.02, 1, 12), (1.0, 1, 11), (1.01, 1, nil), (1.0101, 1, nil), (1.03, 20, 3),
    ] as [(Double, Int, Int?)])
  func more(ratio: Double, tests: Int, expected: Int?) {
    #expect(
      VerdictRule.more(ratio: ratio, threshold: 0.01, variance: 2e-4, units: 5, atLeast: 4, tests: tests)
        == expected)
  }

  @Test("the A/A floor of either run widens the band, and the row says so")
  func floor() {
    let a = run("a", processes: 8, seed: 1)
    let slow = run("b", processes: 8, seed: 2, factor: { _ in 1.04 })
    #expect(Comparison(a, slow).rows.count { $0.verdict == .slower } > 20)
    var rows = slow.rows
    rows[0].aaFloor = 0.06
    let noisy = ComparisonInput(name: "b", rows: rows, processes: slow.rows.map(slow.processes))
    let comparison = Comparison(a, noisy)
    #expect(comparison.rows.allSatisfy { $0.threshold == 0.06 && $0.verdict != .slower })
    #expect(comparison.rows.allSatisfy { $0.note.contains("A/A floor 6.0 %") })
  }

  @Test("a difference that the cycles do not show is the clock's, not the code's", arguments: [1.0, 1.1])
  func cycles(work: Double) {
    func clocked(_ input: ComparisonInput, cycles: Double) -> ComparisonInput {
      let processes = input.rows.map { row in
        input.processes(of: row).map {
          ProcessSamples(process: $0.process, seconds: $0.seconds, cycles: $0.seconds.map { _ in cycles })
        }
      }
      return ComparisonInput(name: input.name, rows: input.rows, processes: processes)
    }
    let a = clocked(run("a", processes: 8, seed: 1), cycles: 1e6)
    let b = clocked(run("b", processes: 8, seed: 2, factor: { _ in 1.1 }), cycles: 1e6 * work)
    let comparison = Comparison(a, b)
    #expect(comparison.rows.allSatisfy { $0.verdict == (work > 1 ? .slower : .inconclusive) })
    #expect(comparison.rows.allSatisfy { $0.note.contains("the clock changed") == (work == 1) })
  }

  @Test("auto takes the rank test from eight processes a side; both takes the worse of the two")
  func tests() {
    func rows(_ processes: Int, _ test: TestChoice) -> [ComparedRow] {
      Comparison(
        run("a", processes: processes, seed: 1), run("b", processes: processes, seed: 2),
        options: options { $0.test = test }
      ).rows
    }
    #expect(rows(7, .auto).allSatisfy { $0.test == "welch" && $0.p == $0.pWelch })
    #expect(rows(8, .auto).allSatisfy { $0.test == "mwu" && $0.p == $0.pRank && $0.isRankExact })
    #expect(rows(8, .both).allSatisfy { $0.p == max($0.pWelch ?? 1, $0.pRank ?? 1) })
    #expect(rows(21, .mwu).allSatisfy { !$0.isRankExact })
    #expect(rows(3, .auto).allSatisfy { $0.p == nil && $0.verdict == .inconclusive })
  }

  // 2 / C(10, 5) = 0.0079, times 300 is far above 0.05; 2 / C(16, 8)·300 = 0.047.
  @Test("a rank test that cannot find anything is named, with the processes that it takes")
  func rankLimit() throws {
    let a = run("a", keys: 300, processes: 5, samples: 2, seed: 1)
    let limit = try #require(Comparison(a, a, options: options { $0.test = .mwu }).rankLimit)
    #expect(limit.rows == 300 && limit.processes == 8 && abs(limit.smallestP - 2.0 / 252) < 1e-12)
    #expect(Comparison(a, a).rankLimit == nil)  // Welch can
    let more = run("a", keys: 300, processes: 8, samples: 2, seed: 1)
    #expect(Comparison(more, more).rankLimit == nil)
  }

  @Test("the rows of a model's pass add up by calls, and the pass has a verdict of its own")
  func models() throws {
    func pass(_ input: ComparisonInput, dropping: Int? = nil) -> ComparisonInput {
      var rows = input.rows
      for index in rows.indices {
        rows[index].model = "llama"
        rows[index].pass = "decode b1"
        rows[index].callsPerPass = Double(index + 1)
      }
      let processes = rows.map(input.processes)
      guard let dropping else { return ComparisonInput(name: input.name, rows: rows, processes: processes) }
      rows[dropping].rowKey = "other"
      return ComparisonInput(name: input.name, rows: rows, processes: processes)
    }
    let a = pass(run("a", keys: 3, processes: 8, seed: 1))
    let slow = run("b", keys: 3, processes: 8, seed: 2, factor: { $0 == 2 ? 1.2 : 1 })
    let model = try #require(Comparison(a, pass(slow)).models.first)
    let expected = a.rows.enumerated().reduce(0.0) {
      $0 + Double($1.offset + 1) * ($1.element.timeMedianSeconds ?? 0)
    }
    #expect(abs(model.secondsA - expected) < 1e-15)
    #expect(abs(model.ratio - (1 + 2 + 3.6) / 6) < 0.01)
    #expect(model.verdict == .slower && model.count == 3 && model.missing == 0)
    #expect(model.low.map { $0 < model.ratio } == true && model.high.map { $0 > model.ratio } == true)
    // A pass of which a row is missing has no verdict.
    let torn = try #require(Comparison(a, pass(slow, dropping: 0)).models.first)
    #expect(torn.count == 2 && torn.missing == 2 && torn.verdict == .inconclusive)
  }

  @Test("a pass whose rows have a cache mode each is one sum; a pass in two modes is two")
  func modesOfModels() {
    func pass(_ modes: [String], shapes: [String]) -> [ComparedModel] {
      let input = run("a", keys: modes.count, processes: 8, seed: 1)
      var rows = input.rows
      for index in rows.indices {
        (rows[index].model, rows[index].pass, rows[index].callsPerPass) = ("llama", "decode b1", 10)
        (rows[index].cacheMode, rows[index].shapeId) = (modes[index], shapes[index])
      }
      let side = ComparisonInput(name: "a", rows: rows, processes: rows.map(input.processes))
      return Comparison(side, side).models
    }
    let suite = pass(["weights_cold", "hot", "cold"], shapes: ["a", "b", "c"])
    #expect(suite.map(\.count) == [3] && suite.map(\.cacheMode) == ["cold+hot+weights_cold"])
    let both = pass(["hot", "cold", "hot", "cold"], shapes: ["a", "a", "b", "b"])
    #expect(both.map(\.count) == [2, 2] && Set(both.map(\.cacheMode)) == ["hot", "cold"])
  }

  @Test("rows that B alone has, or calls another number of times, keep a pass from a verdict on any host")
  func incompleteModels() throws {
    func pass(_ input: ComparisonInput, host: String, _ change: (inout [ResultRow]) -> Void = { _ in })
      -> ComparisonInput
    {
      var rows = input.rows
      for index in rows.indices {
        (rows[index].model, rows[index].pass, rows[index].callsPerPass) = ("llama", "decode b1", 10)
        rows[index].hostLabel = host
      }
      change(&rows)
      return ComparisonInput(name: input.name, rows: rows, processes: input.rows.map(input.processes))
    }
    let a = run("a", keys: 4, processes: 8, seed: 1)
    let b = run("b", keys: 4, processes: 8, seed: 2, factor: { $0 == 3 ? 2 : 1 })
    func model(_ left: ComparisonInput, _ right: ComparisonInput) throws -> ComparedModel {
      let models = Comparison(left, right).models
      #expect(models.count == 1)
      return try #require(models.first)
    }
    let whole = try model(pass(a, host: "n1"), pass(b, host: "n2"))
    #expect(whole.missing == 0 && whole.count == 4 && whole.verdict == .slower)
    let other = try model(pass(a, host: "n1"), pass(b, host: "n2") { $0[3].callsPerPass = 11 })
    #expect(other.missing == 1 && other.count == 3 && other.verdict == .inconclusive)
    let unknown = try model(pass(a, host: "n1") { $0[3].callsPerPass = nil }, pass(b, host: "n2"))
    #expect(unknown.missing == 1 && unknown.verdict == .inconclusive)
    // A row that only B has belongs to the pass of its neighbours, whatever B calls its host.
    let more = run("b", keys: 5, processes: 8, seed: 2)
    let ofB = try model(pass(a, host: "n1"), pass(more, host: "n2"))
    #expect(ofB.missing == 1 && ofB.count == 4 && ofB.verdict == .inconclusive)
    let ofA = try model(pass(more, host: "n2"), pass(a, host: "n1"))
    #expect(ofA.missing == 1 && ofA.count == 4 && ofA.verdict == .inconclusive)
  }

  @Test("without samples the p-value is that of the normalised ratio")
  func approximateP() throws {
    func bare(_ name: String, threads: Int, factor: Double) -> ComparisonInput {
      let input = run(name, keys: 3, processes: 8, seed: 3, factor: { _ in factor })
      var rows = input.rows
      for index in rows.indices { rows[index].threads = threads }
      return ComparisonInput(name: name, rows: rows)
    }
    let perThread = options { $0.normalisation = .perThread }
    // Half the time on twice the threads is the same time a thread, and the same time is twice of it.
    let same = Comparison(
      bare("a", threads: 2, factor: 1), bare("b", threads: 4, factor: 0.5), options: perThread)
    #expect(same.rows.allSatisfy { ($0.p ?? 0) > 0.5 && abs($0.ratio - 1) < 1e-9 })
    let twice = Comparison(
      bare("a", threads: 2, factor: 1), bare("b", threads: 4, factor: 1), options: perThread)
    #expect(twice.rows.count == 3 && twice.rows.allSatisfy { ($0.p ?? 1) < 0.001 })
  }

  @Test("groups summarise what the columns name, and count every verdict")
  func groups() {
    let a = run("a", keys: 6, processes: 8, seed: 1)
    var rows = run("b", keys: 6, processes: 8, seed: 2, factor: { $0 < 3 ? 1.1 : 1 }).rows
    var left = a.rows
    for index in 0..<3 {
      left[index].kernel = "attention"
      rows[index].kernel = "attention"
    }
    let b = run("b", keys: 6, processes: 8, seed: 2, factor: { $0 < 3 ? 1.1 : 1 })
    let comparison = Comparison(
      ComparisonInput(name: "a", rows: left, processes: a.rows.map(a.processes)),
      ComparisonInput(name: "b", rows: rows, processes: b.rows.map(b.processes)),
      options: options { $0.groupBy = ["kernel"] })
    #expect(comparison.groups.map(\.group) == [["attention"], ["gemm"]])
    #expect(comparison.groups.map(\.count) == [3, 3])
    #expect(comparison.groups[0].verdicts == [.slower: 3])
    #expect(comparison.groups[0].geomean.map { abs($0 - 1.1) < 0.01 } == true)
    let ends = comparison.extremes(2)
    #expect(ends.worst.allSatisfy { $0.ratio > 1.05 } && ends.best.allSatisfy { $0.ratio < 1.05 })
  }
}
