// What the comparison says of two files, and what it refuses to say.

import Measurement
import Results
import Testing

@Suite struct ComparisonTests {
  @Test("two runs of the same thing give no false verdict", arguments: 1...20 as ClosedRange<UInt64>)
  func same(seed: UInt64) {
    let comparison = Comparison(run("a", seed: seed), run("b", seed: seed + 1_000))
    #expect(comparison.rows.count == 30)
    #expect(comparison.rows.allSatisfy { $0.verdict == .same || $0.verdict == .inconclusive })
    #expect(comparison.summary.geomean.map { abs($0 - 1) < 0.01 } == true)
  }

  @Test("a row that is 10 % slower is found among 30, and one that is 10 % faster too")
  func shift() {
    let slow = run("b", seed: 7) { $0 == 3 ? 1.1 : $0 == 5 ? 0.9 : 1 }
    let comparison = Comparison(run("a", seed: 6), slow)
    let verdicts = comparison.rows.map(\.verdict)
    #expect(verdicts[3] == .slower)
    #expect(verdicts[5] == .faster)
    #expect(verdicts.count { $0 == .slower || $0 == .faster } == 2)
    #expect(comparison.rows[3].isApproximate == false)
  }

  @Test("five processes find a shift of 4 % in half of the rows under bh, and fewer under holm")
  func adjustments() {
    let a = run("a", processes: 5, seed: 11)
    let b = run("b", processes: 5, seed: 12) { $0.isMultiple(of: 2) ? 1.04 : 1 }
    let found = Adjustment.allCases.map { adjustment in
      Comparison(a, b, options: options { $0.adjustment = adjustment }).rows.filter { $0.verdict == .slower }
        .map(\.a.rowKey)
    }
    let (holm, bh) = (found[0], found[1])
    #expect(bh.count > holm.count)
    #expect(bh.count >= 10)
    // A false verdict among ten is what this correction accepts; Holm accepts none.
    let isFalse = { (key: String) in Int(key.dropFirst()).map { !$0.isMultiple(of: 2) } ?? true }
    #expect(bh.count(where: isFalse) <= 1)
    #expect(holm.count(where: isFalse) == 0)
  }

  @Test("without samples the rows' own intervals judge, and the row says so")
  func approximate() {
    func file(_ seconds: Double, processes: Int?) -> ComparisonInput {
      var row = sampleRow(seconds: seconds)
      row.nProcesses = processes
      return ComparisonInput(name: "x", rows: [row])
    }
    let comparison = Comparison(file(0.010, processes: 5), file(0.012, processes: 5))
    #expect(comparison.rows.map(\.verdict) == [.slower])
    #expect(comparison.rows.allSatisfy { $0.isApproximate && $0.note.hasPrefix("approx") })
    let same = file(0.010, processes: 5)
    #expect(Comparison(same, same).rows.map(\.verdict) == [.inconclusive])  // ±2 % does not fit into ±1 %
    // Nothing is known of processes, or they are too few: no verdict, however narrow the intervals.
    for processes in [nil, 1, 3] {
      let open = Comparison(file(0.010, processes: processes), file(0.012, processes: processes))
      #expect(open.rows.map(\.verdict) == [.inconclusive])
    }
  }

  @Test("rows on one side only, untimed rows and mismatches are listed and leave the geomean alone")
  func unmatched() {
    var a = run("a", keys: 3, seed: 1)
    var bad = sampleRow(key: "bad")
    bad.status = .mismatch
    bad.timeMedianSeconds = nil
    a = ComparisonInput(name: "a", rows: a.rows + [sampleRow(key: "alone"), bad])
    let b = ComparisonInput(name: "b", rows: run("b", keys: 3, seed: 2).rows + [bad, sampleRow(key: "new")])
    let comparison = Comparison(a, b)
    #expect(comparison.rows.count == 3)
    #expect(comparison.onlyA.map(\.rowKey) == ["alone"])
    #expect(comparison.onlyB.map(\.rowKey) == ["new"])
    #expect(comparison.untimed.count == 1)
    #expect(comparison.mismatches.count == 2)
    #expect(comparison.repeated.isEmpty)
    let doubled = ComparisonInput(name: "b", rows: b.rows + run("c", keys: 2, seed: 3).rows)
    #expect(Comparison(a, doubled).repeated.map(\.runId) == ["c", "c"])
    let expected = Statistics.geometricMean(comparison.rows.map(\.ratio))
    #expect(comparison.summary.geomean.map { abs($0 - (expected ?? 0)) < 1e-12 } == true)
    #expect(comparison.summary.count == 3)
  }

  @Test("a slower host explains compute rows that are slower by as much, and no others")
  func hostSpeed() {
    func host(_ name: String, seed: UInt64, factor: @escaping (Int) -> Double) -> ComparisonInput {
      let plain = run(name, keys: 4, processes: 8, seed: seed, factor: factor)
      var rows = plain.rows
      rows[0].kernel = "fma_peak"
      rows[1].boundBy = "compute"
      rows[2].boundBy = "compute"
      rows[3].boundBy = "memory"
      return ComparisonInput(name: name, rows: rows, processes: plain.rows.map(plain.processes))
    }
    let a = host("a", seed: 21) { _ in 1 }
    let b = host("b", seed: 22) { [1.2, 1.2, 1.6, 1.2][$0] }
    let comparison = Comparison(a, b)
    #expect(comparison.hostSpeeds.map(\.placement) == ["core0"])
    #expect(comparison.rows.map(\.verdict) == [.inconclusive, .inconclusive, .slower, .slower])
    #expect(Comparison(a, a).hostSpeeds.isEmpty)
  }

  @Test("a ratio that is no number is not compared")
  func infinite() {
    let a = ComparisonInput(name: "a", rows: [sampleRow(seconds: 1e-300)])
    let b = ComparisonInput(name: "b", rows: [sampleRow(seconds: 1e300)])
    #expect(Comparison(a, b).rows.isEmpty && Comparison(a, b).untimed.count == 1)
    #expect(Comparison(b, a).rows.isEmpty)
  }

  @Test("two machines match by placement kind and shape, not by key, and the header says what differs")
  func crossMachine() {
    let a = run("a", keys: 2, seed: 1)
    var other = run("b", keys: 2, seed: 2, machine: "m2").rows
    for index in other.indices {
      other[index].rowKey = "x\(index)"
      other[index].placement = "core1"
      other[index].cpuModelName = "Other CPU"
    }
    let comparison = Comparison(a, ComparisonInput(name: "b", rows: other))
    #expect(!comparison.isSameMachine)
    #expect(comparison.rows.count == 2)
    #expect(comparison.differences.contains { $0.column == "cpu_model_name" && $0.b == "Other CPU" })
    #expect(Comparison(a, a).isSameMachine)
  }
}
