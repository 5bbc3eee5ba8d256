import Measurement
import Results
import Testing

/// A synthetic run: `keys` rows of 10 ms, processes with 1 % spread between and 0.5 % inside.
private func run(
  _ name: String, keys: Int = 30, processes: Int = 5, seed: UInt64,
  factor: @escaping (Int) -> Double = { _ in 1 },
  machine: String = "m1"
) -> ComparisonInput {
  var generator = SeededGenerator(seed: seed)
  func noise(_ scale: Double) -> Double {
    // Sum of twelve uniforms: close to normal with standard deviation 1.
    let sum = (0..<12).reduce(0.0) { total, _ in total + Double.random(in: 0..<1, using: &generator) }
    return 1 + scale * (sum - 6)
  }
  var rows: [ResultRow] = []
  var samples: [SampleRow] = []
  for index in 0..<keys {
    var all: [Double] = []
    for process in 0..<processes {
      let level = 0.01 * factor(index) * noise(0.01)
      for position in 0..<6 {
        var sample = SampleRow()
        sample.runId = name
        sample.rowKey = "k\(index)"
        sample.processIndex = process
        sample.sampleIndex = position
        let seconds = level * noise(0.005)
        sample.seconds = seconds
        samples.append(sample)
        all.append(seconds)
      }
    }
    var row = sampleRow(key: "k\(index)", run: name, seconds: Statistics.median(all) ?? 0)
    row.shapeId = "shape\(index)"
    row.machineId = machine
    row.nProcesses = processes
    rows.append(row)
  }
  return ComparisonInput(name: name, rows: rows, samples: samples)
}

@Suite struct ComparisonTests {
  @Test("two runs of the same thing give no false verdict", arguments: 1...20 as ClosedRange<UInt64>)
  func same(seed: UInt64) {
    let comparison = Comparison(run("a", seed: seed), run("b", seed: seed + 1_000))
    #expect(comparison.rows.count == 30)
    #expect(comparison.rows.allSatisfy { $0.verdict == .same || $0.verdict == .inconclusive })
    #expect(comparison.geomean.map { abs($0 - 1) < 0.01 } == true)
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

  @Test("three processes find a shift of 10 % in half of the rows under bh, and fewer under holm")
  func adjustments() {
    let a = run("a", processes: 3, seed: 11)
    let b = run("b", processes: 3, seed: 12) { $0.isMultiple(of: 2) ? 1.1 : 1 }
    let found = Adjustment.allCases.map { adjustment in
      Comparison(a, b, adjustment: adjustment).rows.filter { $0.verdict == .slower }.map(\.a.rowKey)
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
    let a = ComparisonInput(name: "a", rows: [sampleRow(seconds: 0.010)])
    let b = ComparisonInput(name: "b", rows: [sampleRow(seconds: 0.012)])
    let comparison = Comparison(a, b)
    #expect(comparison.rows.map(\.verdict) == [.slower])
    #expect(comparison.rows.allSatisfy { $0.isApproximate && $0.note.hasPrefix("approx") })
    #expect(Comparison(a, a).rows.map(\.verdict) == [.inconclusive])  // ±2 % does not fit into ±1 %
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
    #expect(comparison.geomean == expected)
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
      var samples: [SampleRow] = []
      for row in rows {
        for (process, times) in (plain.samples[name + "|" + row.rowKey] ?? []).enumerated() {
          for time in times {
            var sample = SampleRow()
            (sample.runId, sample.rowKey) = (name, row.rowKey)
            (sample.processIndex, sample.seconds) = (process, time)
            samples.append(sample)
          }
        }
      }
      return ComparisonInput(name: name, rows: rows, samples: samples)
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
