// The oracles against values worked out by hand.

import Foundation
import KernelsReference
import Testing

@Suite("Oracles") struct OracleTests {
  @Test("a row of a product and the sum of its absolute products")
  func gemm() {
    let a: [Float] = [9, 9, 9, 1, -2, 3]
    let row = oracleGEMMRows([1], n: 2, k: 3, a: a, b: [1, 2, 3, 4, 5, 6])[0]
    #expect(row.values == [10, 12])
    #expect(row.scales == [22, 28])
  }
}
