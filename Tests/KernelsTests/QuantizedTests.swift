// Weights of 8 and 4 bits: what quantising costs, and products with them against the oracle of what is stored, with
// activations in floats and in 8 bits.

import Kernels
import KernelsReference
import Machines
import Measurement
import Testing

/// The entries of 8 or 4 bits.
private func entries(_ module: SkinnyModule, _ bits: Int) -> SkinnyQuantizedEntries {
  bits == 8 ? module.q8 : module.q4
}

/// Weights with levels over their whole range and scales that may be zero, negative or subnormal.
private func drawnWeights(
  n: Int, k: Int, group: Int, bits: Int, _ generator: inout SeededGenerator
) -> QuantizedWeights {
  var weights = QuantizedWeights(n: n, k: k, group: group, bits: bits) { _, _ in 0 }
  let range: ClosedRange<Int8> = bits == 8 ? -128...127 : -8...7
  for i in weights.q.indices { weights.q[i] = Int8.random(in: range, using: &generator) }
  for i in weights.scales.indices {
    weights.scales[i] = storedHalf(Float.random(in: -1...1, using: &generator))
    if Int.random(in: 0..<9, using: &generator) == 0 {
      weights.scales[i] = UInt16.random(in: 0...0x3FF, using: &generator)
    }
  }
  return weights
}

/// C on packed weights, with activations as they are or in 8 bits.
private func product(
  _ shape: SkinnyCase, _ module: SkinnyModule, _ bits: Int, a: [Float], weights: QuantizedWeights,
  quantizes: Bool
) -> (values: [Float], isContained: Bool) {
  let (m, n, k, group) = (shape.m, shape.n, shape.k, weights.group)
  let entries = entries(module, bits)
  var scales = [Float](repeating: 0, count: module.levelGroups(m, k, group) + 1)
  var sums = [Int32](repeating: 0, count: module.levelGroups(m, k, group) + 1)
  let (result, isContained) = withPanels(entries.packedBytes(n, k, group)) { panels in
    withPanels(module.levelBytes(m, k, group)) { levels in
      entries.pack(n, k, group, weights.q, weights.scales, panels)
      return a.withUnsafeBufferPointer { a in
        guard let a = a.baseAddress else { return (values: [Float](), isContained: false) }
        module.quantize(m, k, group, a + 1, k + shape.gap, levels, &scales, &sums)
        return shape.product(
          module, depthStep: group, workspace: module.quantizedWorkspace(m, group)
        ) { columns, depth, c, cStride, workspace in
          let source =
            panels + entries.packedBytes(columns.lowerBound, k, group)
            + entries.packedBytes(min(module.panelColumns, n), depth.lowerBound, group)
          if quantizes {
            let number = depth.lowerBound / group
            scales.withUnsafeBufferPointer { scales in
              sums.withUnsafeBufferPointer { sums in
                guard let scales = scales.baseAddress, let sums = sums.baseAddress else { return }
                entries.multiplyLevels(
                  m, columns.count, depth.count, group,
                  levels + module.levelBytes(1, depth.lowerBound, group),
                  scales + number, sums + number, source, k, c, cStride, workspace)
              }
            }
          } else {
            entries.multiply(
              m, columns.count, depth.count, group, a + 1 + depth.lowerBound, k + shape.gap, source, k, c,
              cStride, workspace)
          }
        }
      }
    }
  }
  return (result.0.0, result.0.1 && result.1 && isContained)
}

@Suite("Quantised weights") struct QuantizedTests {
  private static let runnable = InstructionSet.allCases.filter { Kernels.supports($0) }

  @Test("are half a step off at most", arguments: [8, 4], [32, 128])
  func roundTrip(bits: Int, group: Int) {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    let (n, k) = (9, 300)
    let top = Double(1 << (bits - 1) - 1)
    // Column j is of magnitude 2^-j, and the last one of zeros.
    let weights = (0..<k * n).map { place -> Float in
      let column = place % n
      return column == n - 1 ? 0 : Float.random(in: -1...1, using: &generator) / Float(1 << column)
    }
    let stored = QuantizedWeights(n: n, k: k, group: group, bits: bits) { weights[$0 * n + $1] }
    for j in 0..<n {
      for p in 0..<k {
        let step = halfValue(stored.scales[p / group * n + j])
        let error = abs(stored.value(p, j) - Double(weights[p * n + j]))
        // A subnormal scale is itself off by up to 2^-25.
        #expect(error <= step / 2 + top * 0x1p-25, "seed \(seed), row \(p), column \(j)")
      }
    }
    #expect((0..<k).allSatisfy { stored.value($0, n - 1) == 0 })
  }

  @Test("take up bits / 8 bytes each, and two bytes a group and column", arguments: runnable)
  func size(isa: InstructionSet) throws {
    let module = try SkinnyModule.of(isa)
    for (bits, group) in [(8, 32), (8, 128), (4, 32), (4, 128)] {
      let bytes = entries(module, bits).packedBytes(2 * module.panelColumns - 1, 3 * group - 1, group)
      #expect(bytes == 2 * module.panelColumns * 3 * (group * bits / 8 + 2))
    }
  }

  @Test("multiply as the oracle does with what is stored", arguments: runnable)
  func products(isa: InstructionSet) throws {
    let module = try SkinnyModule.of(isa)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for number in 0..<300 {
      let shape = SkinnyCase(&generator)
      let (bits, group) = (number % 2 == 0 ? 8 : 4, number / 2 % 2 == 0 ? 32 : 128)
      let a = shape.matrix(shape.m, shape.k, special: shape.isSpecial, &generator)
      let weights = drawnWeights(n: shape.n, k: shape.k, group: group, bits: bits, &generator)
      let c = product(shape, module, bits, a: a, weights: weights, quantizes: false)
      let misses = shape.misses(
        c, a: { Double(a[1 + $0 * (shape.k + shape.gap) + $1]) }, b: { weights.value($0, $1) })
      #expect(misses == 0, "\(bits) bits in groups of \(group), seed \(seed), \(isa), \(shape)")
    }
  }

  @Test("multiply activations in 8 bits exactly but for the scales' rounding", arguments: runnable)
  func levels(isa: InstructionSet) throws {
    let module = try SkinnyModule.of(isa)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for number in 0..<300 {
      let shape = SkinnyCase(&generator)
      let (bits, group) = (number % 2 == 0 ? 8 : 4, number / 2 % 2 == 0 ? 32 : 128)
      let a = shape.matrix(shape.m, shape.k, special: shape.isSpecial, &generator)
      let weights = drawnWeights(n: shape.n, k: shape.k, group: group, bits: bits, &generator)
      let c = product(shape, module, bits, a: a, weights: weights, quantizes: true)
      let rows = (0..<shape.m).map { row in
        let start = 1 + row * (shape.k + shape.gap)
        return oracleLevels(Array(a[start..<start + shape.k]), group: group)
      }
      let misses = shape.misses(
        c,
        a: { row, p in Double(rows[row][p / group].scale) * Double(rows[row][p / group].levels[p % group]) },
        b: { weights.value($0, $1) })
      #expect(misses == 0, "\(bits) bits in groups of \(group), seed \(seed), \(isa), \(shape)")
    }
  }
}
