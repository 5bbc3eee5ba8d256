// Numbers that break careless attention: powers to the last place, NaN, infinity, denormals, sharp rows.

import Glibc
import Kernels
import KernelsReference
import Machines
import Measurement
import Testing

private let runnable = InstructionSet.allCases.filter { Kernels.supports($0) }

@Suite("Powers of two of attention") struct PowersOfTwoTests {
  @Test("lie within 2 ulp wherever they are normal numbers", arguments: runnable)
  func accuracy(isa: InstructionSet) throws {
    // Every 61st float from -0 down to -126, and the end.
    let numbers =
      stride(from: UInt32(0), to: Float(126).bitPattern, by: 61).map { -Float(bitPattern: $0) } + [-126]
    var worst = 0.0
    for (x, value) in zip(numbers, try powersOfTwo(numbers, isa: isa)) {
      let exact = exp2(Double(x))
      let error = abs(Double(value) - exact) / Double(Float(exact).ulp)
      if !(error <= worst) { worst = error }
    }
    #expect(worst <= 2, "\(worst) ulp")
  }

  @Test("0 gives exactly 1, what would be denormal and -infinity exactly 0, NaN NaN", arguments: runnable)
  func exactness(isa: InstructionSet) throws {
    let payload = Float(bitPattern: 0xFFC1_2345)
    let values = try powersOfTwo(
      [0, -0.0, -126.1, -1000, -.greatestFiniteMagnitude, -.infinity, .nan, payload, 1, 10], isa: isa)
    #expect(values[0] == 1 && values[1] == 1)
    #expect(values[2...5].allSatisfy { $0 == 0 })
    #expect(values[6].isNaN && values[7].isNaN)
    #expect(values[8] == 2 && values[9] == 1024)
  }
}

@Suite("Attention of unusual numbers") struct AttentionValuesTests {
  private let keys = 70
  private let headDim = 32
  private var shape: Shape {
    .attention(batch: 1, headsQ: 2, headsKV: 1, headDim: headDim, seqQ: 7, seqKV: keys, causal: true)
  }
  private func numbers(_ count: Int, _ seed: Int) -> [Float] {
    (0..<count).map { Float(($0 &* 7919 &+ seed) % 257) / 128 - 1 }
  }

  private func output(
    _ operation: Measurement.Operation, _ shape: Shape, isa: InstructionSet, q: [Float], k: [Float],
    v: [Float]
  ) throws -> [Float] {
    let team = try WorkerTeam(cpus: Array(CPUs.allowed.prefix(1)))
    return try attentionOutput(operation, shape, isa: isa, team: team, q: q, k: k, v: v)
  }

  @Test("a NaN in a query poisons its own row and no other", arguments: runnable)
  func poisonedQuery(isa: InstructionSet) throws {
    var q = numbers(2 * 7 * headDim, 1)
    q[3 * headDim + 5] = .nan
    let out = try output(
      .attentionPrefill, shape, isa: isa, q: q, k: numbers(keys * headDim, 2), v: numbers(keys * headDim, 3))
    for row in 0..<14 {
      #expect(out[row * headDim..<(row + 1) * headDim].allSatisfy { $0.isNaN == (row == 3) }, "row \(row)")
    }
  }

  @Test("a NaN key poisons the rows that see it", arguments: runnable)
  func poisonedKey(isa: InstructionSet) throws {
    var k = numbers(keys * headDim, 2)
    // Seen by the last three of seven positions.
    k[(keys - 3) * headDim] = .nan
    let out = try output(
      .attentionPrefill, shape, isa: isa, q: numbers(2 * 7 * headDim, 1), k: k, v: numbers(keys * headDim, 3))
    for row in 0..<14 { #expect(out[row * headDim].isNaN == (row % 7 >= 4), "row \(row)") }
    var one = shape
    one.seqQ = 1
    let decoded = try output(
      .attentionDecode, one, isa: isa, q: numbers(2 * headDim, 1), k: k, v: numbers(keys * headDim, 3))
    #expect(decoded.allSatisfy { $0.isNaN })
  }

  @Test("denormal and huge operands, and rows of equal scores, stay finite and right", arguments: runnable)
  func extremes(isa: InstructionSet) throws {
    let v = numbers(keys * headDim, 3)
    for (magnitude, isUniform) in [(Float(1e-40), true), (0, true), (1e18, false)] {
      let q = numbers(2 * 7 * headDim, 1).map { $0 * magnitude }
      let out = try output(
        .attentionPrefill, shape, isa: isa, q: q, k: numbers(keys * headDim, 2), v: v)
      #expect(out.allSatisfy { $0.isFinite && abs($0) <= 1.0001 })
      guard isUniform else { continue }
      let row = oracleAttentionRow(
        q: Array(q[6 * headDim..<7 * headDim]), headDim: headDim, valueDim: headDim, visible: 0..<keys,
        scale: 1,
        key: { _, numbers in for i in 0..<headDim { numbers[i] = 0 } },
        value: { key, numbers in for i in 0..<headDim { numbers[i] = Double(v[key * headDim + i]) } })
      for i in 0..<headDim { #expect(abs(Double(out[6 * headDim + i]) - row.values[i]) < 1e-6) }
    }
  }

  @Test("a key that is far ahead of all others gives its values exactly", arguments: runnable)
  func sharp(isa: InstructionSet) throws {
    var k = [Float](repeating: 0, count: keys * headDim)
    for i in 0..<headDim { k[40 * headDim + i] = 100 }
    let v = numbers(keys * headDim, 3)
    let out = try output(
      .attentionPrefill, shape, isa: isa, q: [Float](repeating: 1, count: 14 * headDim), k: k, v: v)
    for i in out.indices { #expect(out[i] == v[40 * headDim + i % headDim]) }
  }
}

@Suite("The oracle of attention") struct AttentionOracleTests {
  @Test("weighs values by e to the score and ignores what is not visible")
  func row() {
    // Scores 0 and ln 3 (scale 1): weights 1/4 and 3/4; the third key is not visible.
    let keys: [[Double]] = [[0, 5], [log(3.0), 7], [100, 0]]
    let values: [[Double]] = [[4, -8, 1], [8, 0, 1], [1000, 1000, 1000]]
    let row = oracleAttentionRow(
      q: [1, 0], headDim: 2, valueDim: 3, visible: 0..<2, scale: 1,
      key: { key, numbers in for i in 0..<2 { numbers[i] = keys[key][i] } },
      value: { key, numbers in for i in 0..<3 { numbers[i] = values[key][i] } })
    let expected: [Double] = [7, -2, 1, 7, 2, 1]
    for (found, expected) in zip(row.values + row.scales, expected) { #expect(abs(found - expected) < 1e-12) }
  }

  @Test("masks leave the keys that they should")
  func visible() {
    func seen(_ position: Int, causal: Bool = true, window: Int? = nil) -> Range<Int> {
      oracleVisibleKeys(position: position, keys: 9, offset: 4, causal: causal, window: window)
    }
    #expect(seen(0) == 0..<5)
    #expect(seen(4) == 0..<9)
    #expect(seen(2, window: 3) == 4..<7)
    #expect(seen(0, window: 50) == 0..<5)
    #expect(seen(0, causal: false) == 0..<9)
  }
}
