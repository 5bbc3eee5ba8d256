// How products are shared among threads, and how bfloat16's way is chosen.

import Kernels
import Machines
import Measurement
import Testing

@Suite("Shares of products") struct ProductSharesTests {
  @Test("cover each element of each group once")
  func cover() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<200 {
      let rows = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
        Int.random(in: 0...40, using: &generator)
      }
      let columns = Int.random(in: 0...300, using: &generator)
      let threads = Int.random(in: 1...7, using: &generator)
      var seen = rows.map { [Int](repeating: 0, count: $0 * columns) }
      let shares = productShares(rows: rows, columns: columns, threads: threads, rowStep: 6, columnStep: 64)
      #expect(shares.count == threads)
      for share in shares.joined() {
        for i in share.rows { for j in share.columns { seen[share.group][i * columns + j] += 1 } }
      }
      #expect(seen.joined().allSatisfy { $0 == 1 }, "\(rows) x \(columns) by \(threads)")
    }
  }

  @Test("give each thread its own panels of every expert where there are enough")
  func experts() {
    let shares = productShares(rows: [5, 0, 90], columns: 256, threads: 2, rowStep: 6, columnStep: 64)
    #expect(
      shares == [
        [
          ProductShare(group: 0, rows: 0..<5, columns: 0..<128),
          ProductShare(group: 2, rows: 0..<90, columns: 0..<128),
        ],
        [
          ProductShare(group: 0, rows: 0..<5, columns: 128..<256),
          ProductShare(group: 2, rows: 0..<90, columns: 128..<256),
        ],
      ])
  }
}

@Suite("The way of bfloat16") struct BrainChoiceTests {
  @Test("is the faster of the two rates, and widening without a dot instruction")
  func faster() {
    #expect(BrainChoice(widenedRate: 2, dotRate: 3).path == .dot)
    #expect(BrainChoice(widenedRate: 3, dotRate: 2).path == .widened)
    #expect(BrainChoice(widenedRate: nil, dotRate: nil).path == .widened)
  }

  @Test(
    "times both where the CPU has both", arguments: InstructionSet.allCases.filter { Kernels.supports($0) })
  func measured(isa: InstructionSet) throws {
    // A clock that ticks by itself: every reading is a second later.
    var seconds = 0.0
    let choice = try BrainChoice.measure(isa) {
      seconds += 1
      return seconds
    }
    let hasDot = isa == .avx512BF16 || isa == .avx512FP16
    #expect((choice.dotRate != nil) == hasDot && (choice.widenedRate != nil) == hasDot)
  }
}
