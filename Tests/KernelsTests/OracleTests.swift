// The oracles against values worked out by hand.

import Foundation
import KernelsReference
import Testing

@Suite("Oracles") struct OracleTests {
  @Test("a row of a product and the sum of its absolute products")
  func gemm() {
    let row = oracleGEMMRows([1], n: 2, k: 3, a: [9, 9, 9, 1, -2, 3], b: [1, 2, 3, 4, 5, 6])[0]
    #expect(row.values == [10, 12])
    #expect(row.scales == [22, 28])
  }

  @Test("attention weighs values by e to the score and ignores what is not visible")
  func attention() {
    // Scores 0 and ln 3 (scale 1): weights 1/4 and 3/4; the third key is not visible.
    let row = oracleAttentionRow(
      q: [1, 0], k: [0, 5, Float(log(3.0)), 7, 100, 0], v: [4, -8, 8, 0, 1000, 1000], headDim: 2, visible: 2,
      scale: 1)
    #expect(abs(row.values[0] - 7) < 1e-6)
    #expect(abs(row.values[1] + 2) < 1e-6)
    #expect(abs(row.scales[1] - 2) < 1e-6)
  }
}
