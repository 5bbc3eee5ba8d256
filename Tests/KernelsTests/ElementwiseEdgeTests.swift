// Single calls of the element-wise kernels: strides, unaligned rows, rows in place, and what is no number.

import Kernels
import KernelsReference
import Machines
import Testing

/// A generator whose seed a failure prints.
private struct Draw: RandomNumberGenerator {
  var state: UInt64
  init(_ seed: Int) { state = UInt64(seed) }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func numbers(_ count: Int, _ magnitude: Float = 2) -> [Float] {
    (0..<count).map { _ in Float.random(in: -magnitude...magnitude, using: &self) }
  }
}

private let nan = Float.nan
private let inf = Float.infinity

@Suite("Element-wise rows") struct ElementwiseRowTests {
  @Test("random sizes, strides and alignments agree with the oracles", arguments: elementwiseISAs)
  func random(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    for seed in 0..<150 {
      var draw = Draw(seed)
      let (rows, columns) = (Int.random(in: 0...4, using: &draw), Int.random(in: 0...200, using: &draw))
      let (stride, other) = (
        columns + Int.random(in: 0...9, using: &draw), columns + Int.random(in: 0...5, using: &draw)
      )
      let (first, second) = (Int.random(in: 0...7, using: &draw), Int.random(in: 0...7, using: &draw))
      let x = draw.numbers(first + rows * stride + 1)
      let y = draw.numbers(second + rows * other + 1)
      let (weight, bias) = (draw.numbers(columns + 1), draw.numbers(columns + 1))
      let streamed = Bool.random(using: &draw)
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          guard let x = x.baseAddress, let y = y.baseAddress else { return }
          let (a, b) = (x + first, y + second)
          func expect(
            _ name: String, tolerance: Double, _ run: (UnsafeMutablePointer<Float>, Int) -> Void,
            _ oracle: (Int) -> OracleRow
          ) {
            // A guard of sevens around every row shows stores beyond its end.
            var out = [Float](repeating: 7, count: second + rows * other + 8)
            out.withUnsafeMutableBufferPointer { buffer in
              if let base = buffer.baseAddress { run(base + second, other) }
            }
            for row in 0..<rows {
              let expected = oracle(row)
              for i in 0..<columns {
                let found = Double(out[second + row * other + i])
                #expect(
                  abs(found - expected.values[i]) <= tolerance * 0x1p-24 * expected.scales[i] + 1e-36,
                  "\(name) seed \(seed) row \(row) column \(i)")
              }
              #expect(
                out[(second + row * other + columns)..<(second + (row + 1) * other)].allSatisfy { $0 == 7 })
            }
            #expect(
              out.prefix(second).allSatisfy { $0 == 7 } && out.suffix(8).allSatisfy { $0 == 7 }, "\(name)")
          }
          expect("rmsnorm", tolerance: 12) {
            module.rmsnorm(rows, columns, a, stride, weight, 1e-5, $0, $1, streamed)
          } _: {
            oracleRMSNorm(columns: columns, x: a + $0 * stride, weight: weight, epsilon: 1e-5)
          }
          expect("layernorm", tolerance: 16) {
            module.layernorm(rows, columns, a, stride, weight, bias, 1e-5, $0, $1, streamed)
          } _: {
            oracleLayerNorm(columns: columns, x: a + $0 * stride, weight: weight, bias: bias, epsilon: 1e-5)
          }
          expect("residual", tolerance: 1) {
            module.residualAdd(rows, columns, a, stride, b, other, $0, $1, streamed)
          } _: {
            oracleSum(columns: columns, a: a + $0 * stride, b: b + $0 * other)
          }
          expect("silu", tolerance: 10) {
            module.siluMul(rows, columns, a, stride, b, other, $0, $1, streamed)
          } _: {
            oracleSiLUMul(columns: columns, gate: a + $0 * stride, up: b + $0 * other)
          }
          expect("softmax", tolerance: 10) {
            module.softmaxRows(rows, columns, columns / 2, 3, 1.5, a, stride, $0, $1)
          } _: {
            oracleSoftmax(
              columns: columns, visible: min(columns, columns / 2 + 3 * $0), scale: 1.5, x: a + $0 * stride)
          }
          guard columns.isMultiple(of: 2) else { return }
          for interleaved in [false, true] {
            expect("rope", tolerance: 3) {
              (interleaved ? module.ropeInterleaved : module.ropeHalf)(
                rows, 1, columns, a, stride, y, y, $0, $1, streamed)
            } _: {
              let table = y + $0 * columns / 2
              return oracleRope(
                headDim: columns, x: a + $0 * stride, cos: table, sin: table, interleaved: interleaved)
            }
          }
        }
      }
    }
  }

  @Test("a result may take the place of its operand", arguments: elementwiseISAs)
  func inPlace(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    for columns in [1, 31, 64, 200] {
      var draw = Draw(columns)
      let (x, weight) = (draw.numbers(3 * columns), draw.numbers(columns))
      var (apart, same) = (x, x)
      module.rmsnorm(3, columns, x, columns, weight, 1e-5, &apart, columns, false)
      same.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress else { return }
        module.rmsnorm(3, columns, base, columns, weight, 1e-5, base, columns, true)
      }
      #expect(apart == same)
      (apart, same) = (x, x)
      module.softmaxRows(3, columns, columns, 0, 1, x, columns, &apart, columns)
      same.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress else { return }
        module.softmaxRows(3, columns, columns, 0, 1, base, columns, base, columns)
      }
      #expect(apart == same)
    }
  }

  @Test(
    "a softmax row survives any size, and a NaN or +infinity takes its row alone", arguments: elementwiseISAs)
  func softmaxLimits(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    func softmax(_ rows: [[Float]], scale: Float = 1) -> [[Float]] {
      let n = rows[0].count
      var out = [Float](repeating: 7, count: rows.count * n)
      module.softmaxRows(rows.count, n, n, 0, scale, rows.flatMap { $0 }, n, &out, n)
      return (0..<rows.count).map { Array(out[$0 * n..<($0 + 1) * n]) }
    }
    for columns in [2, 3, 17, 64, 100] {
      let big = [Float](repeating: 1e30, count: columns)
      #expect(softmax([big])[0].allSatisfy { abs($0 * Float(columns) - 1) < 1e-6 })
      var row = [Float](repeating: 0, count: columns)
      row[columns - 1] = 3e38
      row[0] = -3e38
      #expect(softmax([row])[0].last == 1 && softmax([row])[0].first == 0)
      var (bad, masked, hot) = (row, row, row)
      (bad[columns - 1], masked[0], hot[0]) = (nan, -inf, inf)
      let found = softmax([row, bad, row, hot, masked])
      #expect(found[0] == found[2] && found[0].allSatisfy(\.isFinite))
      #expect(found[1].allSatisfy(\.isNaN) && found[3].allSatisfy(\.isNaN))
      #expect(found[4][0] == 0 && found[4].allSatisfy(\.isFinite))
    }
    var out: [Float] = [7, 7]
    module.softmaxRows(2, 1, 0, 0, 1, [3, 4], 1, &out, 1)
    #expect(out == [0, 0], "a row that sees nothing has no weights")
  }

  @Test("norms of zeros, of denormals and far from 0", arguments: elementwiseISAs)
  func norms(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    let n = 100
    let ones = [Float](repeating: 1, count: n)
    let zeros = [Float](repeating: 0, count: n)
    var out = ones
    module.rmsnorm(1, n, zeros, n, ones, 1e-5, &out, n, false)
    #expect(out == zeros)
    module.rmsnorm(1, n, [Float](repeating: 0x1p-133, count: n), n, ones, 1e-5, &out, n, false)
    #expect(out.allSatisfy { abs($0 - 2.904e-38) < 0x1p-131 })
    let far = (0..<n).map { 1e6 + Float($0 % 2) }
    module.layernorm(1, n, far, n, ones, zeros, 1e-5, &out, n, false)
    #expect(out.enumerated().allSatisfy { abs($1 - ($0 % 2 == 0 ? -1 : 1)) < 1e-3 })
    var bad = far
    bad[77] = nan
    module.rmsnorm(1, n, bad, n, ones, 1e-5, &out, n, false)
    #expect(out.allSatisfy { $0.isNaN })
  }

  @Test(
    "int8 rows: zeros, one column, halves to even, denormals, and rows that hold no numbers",
    arguments: elementwiseISAs)
  func quantise(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    func quantised(_ x: [Float]) -> (q: [Int8], scale: Float) {
      var (q, scale) = ([Int8](repeating: 9, count: x.count), Float(9))
      module.quantiseRows(1, x.count, x, x.count, &q, x.count, &scale)
      return (q, scale)
    }
    #expect(quantised([0, 0, 0]) == ([0, 0, 0], 0))
    #expect(quantised([-3]) == ([-127], 3 / 127))
    #expect(quantised([127, 0.5, 1.5, -2.5, -126.5]).q == [127, 0, 2, -2, -126])
    let tiny = quantised([0x1p-139, -0x1p-139, 0x1p-141])
    #expect(tiny.q[0] == 127 && tiny.q[1] == -127)
    #expect(quantised([.greatestFiniteMagnitude, -.greatestFiniteMagnitude]).q == [127, -127])
    for bad in [nan, inf, -inf] {
      for place in [0, 20, 70, 99] {
        var x = [Float](repeating: 1, count: 100)
        x[place] = bad
        let found = quantised(x)
        #expect(found.scale.isNaN && found.q.allSatisfy { $0 == 0 }, "\(bad) at \(place)")
        var back = x
        module.dequantiseRows(1, 100, found.q, 100, [found.scale], &back, 100, false)
        #expect(back.allSatisfy { $0.isNaN })
      }
    }
  }
}

@Suite("Selection") struct SelectionTests {
  @Test("the largest is found at every place of every length, first of equals", arguments: elementwiseISAs)
  func argmax(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    func argmax(_ x: [Float]) -> Int {
      var value: Float = 0
      return module.argmax(x.count, x, &value)
    }
    #expect(argmax([]) == -1)
    for count in [1, 2, 15, 16, 17, 63, 64, 65, 1023, 1024, 1025, 2100] {
      for place in Set([0, count / 3, count - 1]) {
        var draw = Draw(count + place)
        var x = draw.numbers(count)
        x[place] = 5
        #expect(argmax(x) == place)
        x[count - 1] = 5
        #expect(argmax(x) == min(place, count - 1))
        #expect(argmax(x.map { $0 == 5 ? nan : $0 }) == place, "the first NaN")
        x[0] = inf
        #expect(argmax(x.map { $0 == 5 ? -nan : $0 }) == (place == 0 ? (count == 1 ? 0 : count - 1) : place))
      }
      #expect(argmax([Float](repeating: -inf, count: count)) == 0)
      #expect(argmax([Float](repeating: 0, count: count - 1) + [-0.0]) == 0)
    }
  }

  @Test(
    "a router takes the lowest of equal experts first, and weights add up to 1", arguments: elementwiseISAs)
  func router(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    func route(_ logits: [Float], _ top: Int) -> (places: [Int32], weights: [Float]) {
      var weights = [Float](repeating: 7, count: top)
      var places = [Int32](repeating: 7, count: top)
      var room = [Float](repeating: 0, count: module.selectionWorkspace(logits.count))
      module.routerTopK(1, logits.count, top, logits, logits.count, &weights, &places, &room)
      return (places, weights)
    }
    for experts in [8, 16, 60, 64, 128, 256] {
      let equal = route([Float](repeating: 1, count: experts), 8)
      #expect(equal.places == Array(0..<8))
      #expect(equal.weights.allSatisfy { abs($0 - 0.125) < 1e-7 })
      #expect(route([Float](repeating: -inf, count: experts), 3).places == [0, 1, 2])
      var draw = Draw(experts)
      // Few different values: ties among them.
      let logits = (0..<experts).map { _ in Float(Int.random(in: -4...4, using: &draw)) }
      let found = route(logits, min(8, experts))
      let expected = oracleRouter(experts: experts, top: min(8, experts), logits: logits)
      #expect(found.places.map { Int($0) } == expected.places)
      #expect(zip(found.weights, expected.weights).allSatisfy { abs(Double($0) - $1) < 1e-6 })
    }
    let bad = route([1, 5, nan, 7], 2)
    #expect(bad.places == [2, 3] && bad.weights.allSatisfy(\.isNaN))
    #expect(route([200, -200, 0], 3).weights == [1, 0, 0])
  }

  @Test("a draw falls where the random number says", arguments: elementwiseISAs)
  func sample(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    func draw(_ x: [Float], t: Float = 1, top: Int, p: Float = 1, _ random: Float) -> Int {
      var values = [Float](repeating: 0, count: 256)
      var places = [Int32](repeating: 0, count: 256)
      return module.sampleRow(x.count, x, t, top, p, random, &values, &places)
    }
    // Probabilities 1/2, 1/4, 1/8, 1/8, in the order 2, 0, 1, 3.
    let x: [Float] = [-0.693_147_2, -1.386_294_4, 0, -1.386_294_4]
    #expect([0, 0.4, 0.6, 0.7, 0.8, 0.99].map { draw(x, top: 4, Float($0)) } == [2, 2, 0, 0, 1, 3])
    // Of three: 4/7, 2/7, 1/7; three quarters of the whole keep two.
    #expect([0.5, 0.6, 0.9].map { draw(x, top: 3, Float($0)) } == [2, 0, 1])
    #expect([0.6, 0.7, 0.99].map { draw(x, top: 4, p: 0.74, Float($0)) } == [2, 0, 0])
    #expect(
      draw(x, top: 1, 0.99) == 2 && draw(x, t: 0, top: 4, 0.99) == 2 && draw(x, top: 4, p: 0, 0.99) == 2)
    // Half the temperature squares the weights: 16 of 22 fall on the largest.
    #expect([0.7, 0.74].map { draw(x, t: 0.5, top: 4, Float($0)) } == [2, 0])
    #expect(draw([], top: 4, 0.5) == -1 && draw([3], top: 1, 0.5) == 0)
    #expect(draw([1, nan, 3], top: 3, 0.9) == 1 && draw([1, inf, 3], top: 3, 0.9) == 1)
    #expect(draw([-inf, -inf], top: 2, 0.9) == 0)
    #expect(draw([Float](repeating: 2, count: 1000), top: 10, 0.55) == 5, "equal ones in order of place")
  }
}
