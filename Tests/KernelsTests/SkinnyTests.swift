// Products with few rows on weights of every storage type and instruction set, by one to three threads, against the
// Double oracle.

import Kernels
import KernelsReference
import Machines
import Measurement
import Testing

/// A drawn product: sizes 0, 1 and around panels and steps are as likely as any other.
struct SkinnyCase: CustomStringConvertible {
  let m: Int, n: Int, k: Int
  /// Elements between rows beyond their length.
  let gap: Int
  let threads: Int
  /// NaN, infinities and denormals are among the elements.
  let isSpecial: Bool

  init(_ generator: inout SeededGenerator) {
    func size(_ most: Int) -> Int {
      let edges = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129]
      return Bool.random(using: &generator)
        ? Int.random(in: 0...most, using: &generator) : min(most, edges.randomElement(using: &generator) ?? 1)
    }
    (m, n, k) = (size(16), size(200), size(300))
    gap = Int.random(in: 0...2, using: &generator)
    threads = Int.random(in: 1...3, using: &generator)
    isSpecial = Int.random(in: 0..<4, using: &generator) == 0
  }

  var description: String {
    "\(m)x\(n)x\(k) +\(gap), \(threads) threads\(isSpecial ? ", special values" : "")"
  }

  /// `rows` rows of `columns` floats, the first at index 1, NaN between and around them.
  func matrix(
    _ rows: Int, _ columns: Int, special: Bool, _ generator: inout SeededGenerator
  ) -> [Float] {
    let rare: [Float] = [.infinity, -.infinity, .nan, 0x1p-140, -0x1p-149, 0, -0.0, 0x1p-30]
    var elements = [Float](repeating: .nan, count: rows * (columns + gap) + 2)
    for i in 0..<rows {
      for j in 0..<columns {
        elements[1 + i * (columns + gap) + j] =
          special && Int.random(in: 0..<50, using: &generator) == 0
          ? rare.randomElement(using: &generator) ?? 0 : Float.random(in: -1...1, using: &generator)
      }
    }
    return elements
  }

  /// C of all threads' shares, added up where they split k, and whether nothing but C and the workspace was written.
  /// `multiply` takes the columns, the rows of B, C and its stride, and the workspace.
  func product(
    _ module: SkinnyModule, depthStep: Int, workspace: Int,
    _ multiply: (Range<Int>, Range<Int>, UnsafeMutablePointer<Float>, Int, UnsafeMutablePointer<Float>) ->
      Void
  ) -> (values: [Float], isContained: Bool) {
    let poison: Float = -777.25
    let stride = n + gap
    var c = [Float](repeating: poison, count: m * stride + 2)
    var partials = [Float](repeating: poison, count: threads * m * n + 1)
    var scratch = [Float](repeating: poison, count: workspace + 1)
    let splits = SkinnyShare.splitsDepth(n: n, panel: module.panelColumns, threads: threads)
    c.withUnsafeMutableBufferPointer { c in
      partials.withUnsafeMutableBufferPointer { partials in
        scratch.withUnsafeMutableBufferPointer { scratch in
          guard let c = c.baseAddress, let partials = partials.baseAddress, let scratch = scratch.baseAddress
          else { return }
          for thread in 0..<threads {
            let share = SkinnyShare(
              n: n, k: k, panel: module.panelColumns, depthStep: depthStep, thread: thread, threads: threads)
            if splits {
              multiply(share.columns, share.depth, partials + thread * m * n, n, scratch)
            } else {
              multiply(share.columns, share.depth, c + 1 + share.columns.lowerBound, stride, scratch)
            }
          }
          if splits { module.reduce(m, n, threads, partials, c + 1, stride) }
        }
      }
    }
    var isContained =
      c[0] == poison && c[m * stride + 1] == poison && scratch[workspace] == poison
      && partials[threads * m * n] == poison
    for i in 0..<m {
      for j in n..<stride where c[1 + i * stride + j] != poison { isContained = false }
    }
    return ((0..<m * n).map { c[1 + $0 / n * stride + $0 % n] }, isContained)
  }

  /// Elements of C beyond what k rounded sums may be off by, each of which may also underflow.
  func misses(
    _ c: (values: [Float], isContained: Bool), a: (Int, Int) -> Double, b: (Int, Int) -> Double
  ) -> Int {
    let tolerance = productTolerance(k: k + 2, unitRoundoff: UnitRoundoff.float)
    var misses = c.isContained ? 0 : 1
    for row in 0..<m {
      let expected = oracleProductRow(row, n: n, k: k, a: a, b: b)
      for j in 0..<n {
        let (value, wanted) = (Double(c.values[row * n + j]), expected.values[j])
        let allowed = tolerance * expected.scales[j] + Double(k) * 0x1p-149
        let isMiss =
          wanted.isFinite
          ? !(abs(value - wanted) <= allowed) : !(value == wanted || value.isNaN && wanted.isNaN)
        if isMiss { misses += 1 }
      }
    }
    return misses
  }
}

/// Bytes for packed panels, aligned to a cache line, and whether nothing was written beyond them.
func withPanels<Result>(_ bytes: Int, _ body: (UnsafeMutableRawPointer) -> Result) -> (Result, Bool) {
  let panels = UnsafeMutableRawPointer.allocate(byteCount: bytes + 1, alignment: 64)
  defer { panels.deallocate() }
  panels.storeBytes(of: 99, toByteOffset: bytes, as: UInt8.self)
  let result = body(panels)
  return (result, panels.load(fromByteOffset: bytes, as: UInt8.self) == 99)
}

/// C on panels of weights packed from `b`, whose first element has index 1.
private func packedProduct<Element>(
  _ shape: SkinnyCase, _ module: SkinnyModule, _ entries: SkinnyPanelEntries<Element>, a: [Float],
  b: [Element],
  transposed: Bool
) -> (values: [Float], isContained: Bool) {
  let (m, n, k, gap) = (shape.m, shape.n, shape.k, shape.gap)
  let (result, isContained) = withPanels(entries.packedBytes(n, k)) { panels in
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let a = a.baseAddress, let b = b.baseAddress else {
          return (values: [Float](), isContained: false)
        }
        entries.pack(n, k, b + 1, (transposed ? k : n) + gap, transposed, panels)
        return shape.product(
          module, depthStep: entries.depthStep, workspace: module.panelWorkspace(m)
        ) { columns, depth, c, cStride, workspace in
          let offset =
            entries.packedBytes(columns.lowerBound, k)
            + entries.packedBytes(min(module.panelColumns, n), depth.lowerBound)
          entries.multiply(
            m, columns.count, depth.count, a + 1 + depth.lowerBound, k + gap, panels + offset, k, c, cStride,
            workspace)
        }
      }
    }
  }
  return (result.0, result.1 && isContained)
}

@Suite("Skinny products") struct SkinnyTests {
  private static let runnable = InstructionSet.allCases.filter { Kernels.supports($0) }

  @Test("of row-major and packed fp32 weights agree with the oracle", arguments: runnable)
  func floats(isa: InstructionSet) throws {
    let module = try SkinnyModule.of(isa)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let shape = SkinnyCase(&generator)
      let (m, n, k, gap) = (shape.m, shape.n, shape.k, shape.gap)
      let a = shape.matrix(m, k, special: shape.isSpecial, &generator)
      let b = shape.matrix(k, n, special: shape.isSpecial, &generator)
      let rowMajor = shape.product(module, depthStep: 1, workspace: module.workspace(m)) {
        columns, depth, c, cStride, workspace in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            guard let a = a.baseAddress, let b = b.baseAddress else { return }
            module.multiply(
              m, columns.count, depth.count, a + 1 + depth.lowerBound, k + gap,
              b + 1 + depth.lowerBound * (n + gap) + columns.lowerBound, n + gap, c, cStride, workspace)
          }
        }
      }
      let packed = packedProduct(shape, module, module.float, a: a, b: b, transposed: false)
      let left = { Double(a[1 + $0 * (k + gap) + $1]) }
      let right = { Double(b[1 + $0 * (n + gap) + $1]) }
      #expect(
        shape.misses(rowMajor, a: left, b: right) == 0, "row-major, seed \(seed), \(isa), \(shape)")
      #expect(shape.misses(packed, a: left, b: right) == 0, "packed, seed \(seed), \(isa), \(shape)")
    }
  }

  @Test("of packed bfloat16 and fp16 weights agree with the oracle of what is stored", arguments: runnable)
  func halves(isa: InstructionSet) throws {
    let module = try SkinnyModule.of(isa)
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let shape = SkinnyCase(&generator)
      let (m, n, k, gap) = (shape.m, shape.n, shape.k, shape.gap)
      let transposed = Bool.random(using: &generator)
      let a = shape.matrix(m, k, special: shape.isSpecial, &generator)
      let b = shape.matrix(transposed ? n : k, transposed ? k : n, special: shape.isSpecial, &generator)
      func place(_ row: Int, _ column: Int) -> Int {
        1 + (transposed ? column * (k + gap) + row : row * (n + gap) + column)
      }
      let left = { Double(a[1 + $0 * (k + gap) + $1]) }
      let brains = b.map(storedBrain)
      let halves = b.map(storedHalf)
      let brain = packedProduct(shape, module, module.brain, a: a, b: brains, transposed: transposed)
      let half = packedProduct(shape, module, module.half, a: a, b: halves, transposed: transposed)
      #expect(
        shape.misses(brain, a: left, b: { brainValue(brains[place($0, $1)]) }) == 0,
        "bfloat16, seed \(seed), \(isa), \(shape)")
      #expect(
        shape.misses(half, a: left, b: { halfValue(halves[place($0, $1)]) }) == 0,
        "fp16, seed \(seed), \(isa), \(shape)")
    }
  }

  @Test("on more columns and rows of B than a block agree with the oracle", arguments: runnable)
  func blocks(isa: InstructionSet) throws {
    let module = try SkinnyModule.of(isa)
    for m in [1, 2, 8, 9] {
      let (n, k) = (16384 + 150, 41)
      let a = (0..<m * k).map { Float($0 % 17) - 8 }
      let b = (0..<n * k).map { Float($0 % 29) - 14 }
      var c = [Float](repeating: .nan, count: m * n)
      var workspace = [Float](repeating: .nan, count: module.workspace(m))
      module.multiply(m, n, k, a, k, b, n, &c, n, &workspace)
      // Small integers: every sum is exact.
      for row in 0..<m {
        let expected = oracleProductRow(
          row, n: n, k: k, a: { Double(a[$0 * k + $1]) }, b: { Double(b[$0 * n + $1]) })
        #expect(
          c[row * n..<(row + 1) * n].elementsEqual(expected.values.map { Float($0) }), "\(isa), m = \(m)")
      }
    }
  }

  @Test("are shared by panels of columns, or by k where there are fewer panels than threads")
  func shares() {
    let columns = (0..<3).map { SkinnyShare(n: 200, k: 9, panel: 64, depthStep: 2, thread: $0, threads: 3) }
    #expect(columns.map(\.columns) == [0..<128, 128..<192, 192..<200])
    #expect(columns.allSatisfy { $0.depth == 0..<9 })
    let depth = (0..<3).map { SkinnyShare(n: 128, k: 9, panel: 64, depthStep: 2, thread: $0, threads: 3) }
    #expect(depth.allSatisfy { $0.columns == 0..<128 })
    #expect(depth.map(\.depth.count).reduce(0, +) == 9)
    #expect(depth.allSatisfy { $0.depth.lowerBound % 2 == 0 })
  }
}
