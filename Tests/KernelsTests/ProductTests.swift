// The matrix products of every element type and instruction set against Double oracles, on shapes around the
// edges of tiles, groups and blocks.

import Kernels
import KernelsReference
import Machines
import Measurement
import Testing

private let runnable = InstructionSet.allCases.filter { Kernels.supports($0) }

/// A matrix as stored: rows `stride` apart, one element off any alignment, poison between the rows.
private struct Stored<Element> {
  var elements: [Element]
  let stride: Int, transposed: Bool

  init(_ rows: Int, _ columns: Int, stride extra: Int, transposed: Bool, poison: Element, draw: () -> Element)
  {
    let (outer, inner) = transposed ? (columns, rows) : (rows, columns)
    stride = inner + extra
    self.transposed = transposed
    elements = Array(repeating: poison, count: outer * stride + 1)
    for i in 0..<outer {
      for j in 0..<inner { elements[1 + i * stride + j] = draw() }
    }
  }

  func callAsFunction(_ row: Int, _ column: Int) -> Element {
    elements[1 + (transposed ? column * stride + row : row * stride + column)]
  }
}

/// A shape with its layout, drawn or given.
private struct Case: CustomStringConvertible {
  var m: Int, n: Int, k: Int
  var aTransposed: Bool, bTransposed: Bool, gap: Int, packed: Bool

  init(m: Int, n: Int, k: Int, variant: Int) {
    (self.m, self.n, self.k) = (m, n, k)
    (aTransposed, bTransposed, packed) = (variant & 1 != 0, variant & 2 != 0, variant & 4 != 0)
    gap = variant % 3
  }

  var description: String { "\(m)x\(n)x\(k) \(aTransposed) \(bTransposed) +\(gap) packed: \(packed)" }
}

/// Sizes 0, 1 and around tiles are as likely as any other.
private func drawnCases(_ count: Int, _ generator: inout SeededGenerator) -> [Case] {
  func size(_ most: Int) -> Int {
    let edges = [0, 1, 2, 5, 6, 7, 12, 13, 15, 16, 17, 31, 33, 47, 48, 49, 63, 64, 65, 96, 128, 129]
    return Bool.random(using: &generator)
      ? Int.random(in: 0...most, using: &generator) : min(most, edges.randomElement(using: &generator) ?? 1)
  }
  return (0..<count).map { _ in
    Case(m: size(55), n: size(150), k: size(80), variant: Int.random(in: 0..<24, using: &generator))
  }
}

/// Shapes that need more than one block along each dimension.
private let largeCases = [
  Case(m: 50, n: 70, k: 4100, variant: 0), Case(m: 13, n: 530, k: 1030, variant: 2),
  Case(m: 100, n: 1100, k: 517, variant: 5), Case(m: 7, n: 33, k: 4099, variant: 3),
  Case(m: 49, n: 65, k: 2063, variant: 6), Case(m: 9, n: 129, k: 259, variant: 7),
]

extension ProductEntries {
  /// C as the kernel writes it, of m rows `n + gap` apart, and whether anything else was written.
  fileprivate func run(
    _ shape: Case, _ a: Stored<Element>, _ b: Stored<Element>, poison: Scalar, isPoison: (Scalar) -> Bool
  ) -> (c: [Scalar], stride: Int, isContained: Bool) {
    let stride = shape.n + shape.gap
    var c = [Scalar](repeating: poison, count: shape.m * stride + 2)
    let workspace = UnsafeMutableRawPointer.allocate(byteCount: workspaceBytes, alignment: 64)
    defer { workspace.deallocate() }
    a.elements.withUnsafeBufferPointer { a0 in
      b.elements.withUnsafeBufferPointer { b0 in
        c.withUnsafeMutableBufferPointer { c0 in
          guard let a1 = a0.baseAddress, let b1 = b0.baseAddress, let c1 = c0.baseAddress else { return }
          let (m, n, k) = (shape.m, shape.n, shape.k)
          if shape.packed {
            let panels = UnsafeMutableRawPointer.allocate(byteCount: packedBytes(n, k) + 1, alignment: 64)
            defer { panels.deallocate() }
            pack(n, k, b1 + 1, b.stride, b.transposed, panels)
            multiplyPacked(m, n, k, a1 + 1, a.stride, a.transposed, panels, c1 + 1, stride, workspace)
          } else {
            multiply(
              m, n, k, a1 + 1, a.stride, a.transposed, b1 + 1, b.stride, b.transposed, c1 + 1, stride,
              workspace)
          }
        }
      }
    }
    var isContained = isPoison(c[0]) && isPoison(c[shape.m * stride + 1])
    for i in 0..<shape.m {
      for j in shape.n..<stride where !isPoison(c[1 + i * stride + j]) { isContained = false }
    }
    return (c, stride, isContained)
  }
}

/// Compares a product of real numbers with its oracle; the number of elements beyond the tolerance.
private func misses<Element, Scalar: BinaryFloatingPoint>(
  _ entries: ProductEntries<Element, Scalar>, _ shape: Case, unitRoundoff: Double, poison: Element,
  decode: (Element) -> Double, draw: () -> Element
) -> Int {
  let a = Stored(
    shape.m, shape.k, stride: shape.gap, transposed: shape.aTransposed, poison: poison, draw: draw)
  let b = Stored(
    shape.k, shape.n, stride: shape.gap, transposed: shape.bTransposed, poison: poison, draw: draw)
  let (c, stride, isContained) = entries.run(shape, a, b, poison: -777.25, isPoison: { $0 == -777.25 })
  let tolerance = productTolerance(k: shape.k, unitRoundoff: unitRoundoff)
  var misses = isContained ? 0 : 1
  for row in 0..<shape.m {
    let expected = oracleProductRow(
      row, n: shape.n, k: shape.k, a: { decode(a($0, $1)) }, b: { decode(b($0, $1)) })
    for j in 0..<shape.n {
      let value = Double(c[1 + row * stride + j])
      let (wanted, scale) = (expected.values[j], expected.scales[j])
      // Infinities and NaN must come out as such; all else within the error of k rounded sums, each of which may
      // also underflow to a multiple of 2^-149.
      let allowed = tolerance * scale + Double(shape.k) * 0x1p-149
      let isMiss = wanted.isFinite ? !(abs(value - wanted) <= allowed) : !isSame(value, wanted)
      if isMiss { misses += 1 }
    }
  }
  return misses
}

private func isSame(_ a: Double, _ b: Double) -> Bool { a == b || (a.isNaN && b.isNaN) }

@Suite("Products") struct ProductTests {
  @Test("of fp32 and fp64 agree with the oracle", arguments: runnable)
  func floats(isa: InstructionSet) throws {
    let module = try ProductModule.of(isa)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for shape in drawnCases(400, &generator) + largeCases {
      let single = misses(
        module.float, shape, unitRoundoff: UnitRoundoff.float, poison: .nan, decode: Double.init,
        draw: { Float.random(in: -1...1, using: &generator) })
      let double = misses(
        module.double, shape, unitRoundoff: UnitRoundoff.double, poison: .nan, decode: { $0 },
        draw: { Double.random(in: -1...1, using: &generator) })
      #expect(single == 0 && double == 0, "seed \(seed), \(isa), \(shape)")
    }
  }

  @Test("of bfloat16 and fp16 agree with the oracle of what is stored", arguments: runnable)
  func halves(isa: InstructionSet) throws {
    let module = try ProductModule.of(isa)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for shape in drawnCases(400, &generator) + largeCases {
      func value() -> Float { Float.random(in: -1...1, using: &generator) }
      let brain = misses(
        module.brain, shape, unitRoundoff: UnitRoundoff.float, poison: 0x7fc0, decode: brainValue,
        draw: { storedBrain(value()) })
      let half = misses(
        module.half, shape, unitRoundoff: UnitRoundoff.float, poison: 0x7e00, decode: halfValue,
        draw: { storedHalf(value()) })
      #expect(brain == 0 && half == 0, "seed \(seed), \(isa), \(shape)")
      if let dot = module.brainDot {
        let paired = misses(
          dot, shape, unitRoundoff: UnitRoundoff.float, poison: 0x7fc0, decode: brainValue,
          draw: { storedBrain(value()) })
        #expect(paired == 0, "dot, seed \(seed), \(isa), \(shape)")
      }
      if let sums = module.halfSums {
        let narrow = misses(
          sums, shape, unitRoundoff: UnitRoundoff.half, poison: 0x7e00, decode: halfValue,
          draw: { storedHalf(value()) })
        #expect(narrow == 0, "fp16 sums, seed \(seed), \(isa), \(shape)")
      }
    }
  }

  @Test("of bytes are exact, at the greatest magnitudes too", arguments: runnable)
  func bytes(isa: InstructionSet) throws {
    let module = try ProductModule.of(isa)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for (index, shape) in (drawnCases(400, &generator) + largeCases).enumerated() {
      // Every third case is of extremes only: 0, 127, 128 and 255 as unsigned, 0, 127, -128 and -1 as signed.
      func draw() -> UInt8 {
        index % 3 == 0
          ? [0, 127, 128, 255].randomElement(using: &generator) ?? 0
          : UInt8.random(in: 0...255, using: &generator)
      }
      for (name, entries) in [("u8", module.octets), ("s8", module.signed)] {
        let a = Stored(
          shape.m, shape.k, stride: shape.gap, transposed: shape.aTransposed, poison: 99, draw: draw)
        let b = Stored(
          shape.k, shape.n, stride: shape.gap, transposed: shape.bTransposed, poison: 99, draw: draw)
        let (c, stride, isContained) = entries.run(shape, a, b, poison: -777, isPoison: { $0 == -777 })
        var misses = isContained ? 0 : 1
        for row in 0..<shape.m {
          let expected = oracleIntegerProductRow(
            row, n: shape.n, k: shape.k,
            a: { name == "u8" ? Int64(a($0, $1)) : Int64(Int8(bitPattern: a($0, $1))) },
            b: { Int64(Int8(bitPattern: b($0, $1))) })
          for j in 0..<shape.n where Int64(c[1 + row * stride + j]) != expected[j] { misses += 1 }
        }
        #expect(misses == 0, "\(name), seed \(seed), \(isa), \(shape)")
      }
    }
  }

  @Test("carry infinities, NaN and denormals through, and no further than their row", arguments: runnable)
  func specials(isa: InstructionSet) throws {
    let module = try ProductModule.of(isa)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    let singles: [Float] = [.infinity, -.infinity, .nan, 0x1p-140, -0x1p-149, 0, -0.0]
    for shape in drawnCases(200, &generator) {
      func value() -> Float {
        Int.random(in: 0..<40, using: &generator) == 0
          ? singles.randomElement(using: &generator) ?? 0 : Float.random(in: -1...1, using: &generator)
      }
      let single = misses(
        module.float, shape, unitRoundoff: UnitRoundoff.float, poison: 7, decode: Double.init, draw: value)
      let double = misses(
        module.double, shape, unitRoundoff: UnitRoundoff.double, poison: 7, decode: { $0 },
        draw: { Double(value()) })
      let brain = misses(
        module.brain, shape, unitRoundoff: UnitRoundoff.float, poison: 7, decode: brainValue,
        draw: { storedBrain(value()) })
      let half = misses(
        module.half, shape, unitRoundoff: UnitRoundoff.float, poison: 7, decode: halfValue,
        draw: { storedHalf(value() * (Bool.random(using: &generator) ? 1 : 0x1p-20)) })
      #expect(single + double + brain + half == 0, "seed \(seed), \(isa), \(shape)")
    }
  }

  @Test("on panels hold column c of panel p at p·width·k + row·width + c, zero padded", arguments: runnable)
  func panels(isa: InstructionSet) throws {
    let module = try ProductModule.of(isa)
    let (n, k) = (131, 37)
    let b = (0..<n * k).map { Float($0 + 1) }
    let bytes = module.float.packedBytes(n, k)
    var packed = [Float](repeating: .nan, count: bytes / 4)
    packed.withUnsafeMutableBytes { target in
      b.withUnsafeBufferPointer { source in
        guard let target = target.baseAddress, let source = source.baseAddress else { return }
        module.float.pack(n, k, source, n, false, target)
      }
    }
    // Padding tells the width: the panels hold k rows of a whole number of them.
    let width = try #require([64, 32, 16, 8].first { (bytes / 4) == (n + $0 - 1) / $0 * $0 * k })
    for column in 0..<bytes / 4 / k {
      for row in 0..<k {
        let found = packed[column / width * width * k + row * width + column % width]
        #expect(found == (column < n ? b[row * n + column] : 0))
      }
    }
  }
}
