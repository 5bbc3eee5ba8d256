// Two builds in turn: what the host does to both must not count, what one of them does must.

import Measurement
import Results
import Testing

@Suite struct ComparisonPairingTests {
  /// Two sides on a host whose speed jumps by up to 20 % between neighbouring turns; row `index` of B takes
  /// `factor(index)` times as long.
  private func sides(
    seed: UInt64, processes: Int = 10, factor: (Int) -> Double = { _ in 1 }
  ) -> (a: ComparisonInput, b: ComparisonInput) {
    var generator = SeededGenerator(seed: seed)
    var rows: (a: [ResultRow], b: [ResultRow]) = ([], [])
    var measured: (a: [[ProcessSamples]], b: [[ProcessSamples]]) = ([], [])
    for index in 0..<20 {
      var taken: (a: [ProcessSamples], b: [ProcessSamples]) = ([], [])
      for process in 0..<processes {
        let host = (0..<3).map { _ in 0.01 * Double.random(in: 0.9...1.1, using: &generator) }
        func side(_ factor: Double) -> ProcessSamples {
          let level = factor * (1 + 0.005 * standardNormal(&generator))
          return ProcessSamples(process: process, seconds: host.map { $0 * level })
        }
        taken.a.append(side(1))
        taken.b.append(side(factor(index)))
      }
      func row(_ run: String, _ taken: [ProcessSamples]) -> ResultRow {
        var row = sampleRow(
          key: "k\(index)", run: run, seconds: Statistics.median(taken.flatMap(\.seconds)) ?? 0)
        row.machineId = "m"
        row.nProcesses = processes
        row.aaFloor = 0.15
        return row
      }
      rows.a.append(row("a", taken.a))
      rows.b.append(row("b", taken.b))
      measured.a.append(taken.a)
      measured.b.append(taken.b)
    }
    var a = ComparisonInput(name: "a", rows: rows.a, processes: measured.a)
    var b = ComparisonInput(name: "b", rows: rows.b, processes: measured.b)
    (a.partner, b.partner) = ("b", "a")
    return (a, b)
  }

  @Test(
    "3 % are found where the host moves by 20 %, and nothing else is",
    arguments: 1...20 as ClosedRange<UInt64>)
  func found(seed: UInt64) {
    let (a, b) = sides(seed: seed) { $0 < 5 ? 1.03 : 1 }
    let comparison = Comparison(a, b)
    #expect(comparison.isPaired)
    #expect(comparison.rows.prefix(5).allSatisfy { $0.verdict == .slower && $0.test == "paired_t" })
    #expect(comparison.rows.dropFirst(5).allSatisfy { $0.verdict == .same || $0.verdict == .inconclusive })
    #expect(comparison.rows.allSatisfy { $0.threshold == 0.01 })  // drift hits both sides: no A/A floor
    var alone = a
    alone.partner = nil
    let unpaired = Comparison(alone, b)
    #expect(!unpaired.isPaired)
    #expect(unpaired.rows.allSatisfy { $0.verdict != .slower && $0.test == "mwu" })
  }

  @Test("swapping the sides turns the ratio and its interval round")
  func swapped() throws {
    let (a, b) = sides(seed: 3) { $0 == 0 ? 1.05 : 1 }
    let (there, back) = (Comparison(a, b).rows[0], Comparison(b, a).rows[0])
    #expect(abs(there.ratio * back.ratio - 1) < 1e-9)
    #expect(abs(try #require(there.low) * (try #require(back.high)) - 1) < 1e-9)
    #expect(there.verdict == .slower && back.verdict == .faster)
    #expect(abs((there.p ?? 0) - (back.p ?? 1)) < 1e-12)
  }

  @Test(
    "samples are paired by process and place; a process with fewer samples on a side counts by its median")
  func pairing() {
    let a = [
      ProcessSamples(process: 0, seconds: [1, 2, 4]), ProcessSamples(process: 1, seconds: [1, 3]),
      ProcessSamples(process: 2, seconds: [9]),
    ]
    let b = [
      ProcessSamples(process: 1, seconds: [4]), ProcessSamples(process: 0, seconds: [2, 4, 4]),
      ProcessSamples(process: 7, seconds: [9]),
    ]
    #expect(TurnRatios(a, b).byProcess == [[2, 2, 1], [2]])
    #expect(TurnRatios(a, b, scale: 0.5).byProcess == [[1, 1, 0.5], [1]])
    #expect(TurnRatios(a, b).ratio.map { abs($0 - 2) < 1e-12 } == true)
    #expect(TurnRatios(a, []).ratio == nil)
  }

  @Test("ranks need more processes for many rows, and the comparison says how many")
  func ranks() {
    let (a, b) = sides(seed: 5, processes: 8) { $0 < 5 ? 1.2 : 1 }
    let comparison = Comparison(a, b, options: options { $0.test = .mwu })
    #expect(comparison.rows.allSatisfy { $0.verdict != .slower && $0.test == "signed_rank" })
    // 2 / 2^n x 20 rows below 5 % from n = 10 on.
    #expect(comparison.rankLimit?.processes == 10)
    #expect(comparison.rankLimit?.smallestP == 2.0 / 256)
  }

  @Test("a third run, or rows of several runs, are no partners")
  func strangers() {
    let (a, b) = sides(seed: 1)
    var other = b
    other.partner = "c"
    #expect(!Comparison(a, other).isPaired)
    #expect(!Comparison(a, run("c", seed: 1)).isPaired)
  }
}
