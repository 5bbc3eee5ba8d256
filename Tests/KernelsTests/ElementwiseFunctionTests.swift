// Functions of one number against Double over all arguments that matter, and what becomes of numbers that are
// none.

import Foundation
import Kernels
import Machines
import Testing

/// Every `step`-th float from `low` to `high`, both of one sign, the ends among them.
private func floats(_ low: Float, _ high: Float, step: UInt32) -> [Float] {
  let (a, b) = (low.magnitude.bitPattern, high.magnitude.bitPattern)
  let sign: Float = low < 0 || high < 0 ? -1 : 1
  return stride(from: min(a, b), to: max(a, b), by: Int(step)).map { sign * Float(bitPattern: $0) } + [
    low, high,
  ]
}

/// The distance in units of the last place of the value as a float.
private func ulps(_ found: Float, _ expected: Double) -> Double {
  abs(Double(found) - expected) / Double(Float(expected).ulp)
}

extension ElementwiseModule {
  fileprivate func exponentials(_ x: [Float]) -> [Float] {
    var out = [Float](repeating: .nan, count: x.count)
    exponentials(x.count, x, &out)
    return out
  }

  fileprivate func map(_ function: Unary, _ x: [Float]) -> [Float] {
    var out = [Float](repeating: .nan, count: x.count)
    function(1, x.count, x, x.count, &out, x.count, false)
    return out
  }

  fileprivate func silu(_ x: [Float]) -> [Float] {
    let ones = [Float](repeating: 1, count: x.count)
    var out = [Float](repeating: .nan, count: x.count)
    siluMul(1, x.count, x, x.count, ones, x.count, &out, x.count, false)
    return out
  }
}

@Suite("Element-wise functions") struct ElementwiseFunctionTests {
  @Test("e^x is within 2 ulp of every normal result", arguments: elementwiseISAs)
  func exponential(isa: InstructionSet) throws {
    let x = floats(1e-8, 88.722_83, step: 61) + floats(-1e-8, -87.336_54, step: 61) + [0]
    let found = try ElementwiseModule(isa).exponentials(x)
    let worst = zip(x, found).map { ulps($1, exp(Double($0))) }.max() ?? .infinity
    #expect(worst <= 2, "\(worst)")
  }

  @Test(
    "e^x beyond the floats is infinity, below the normal ones 0, and NaN stays", arguments: elementwiseISAs)
  func limits(isa: InstructionSet) throws {
    let x: [Float] = [
      88.722_85, 100, 1e10, .greatestFiniteMagnitude, .infinity, -87.336_56, -103, -1e10, -.infinity, .nan,
      Float(nan: 1, signaling: false), -.nan, 0, -0.0, 0x1p-149, -0x1p-149,
    ]
    let found = try ElementwiseModule(isa).exponentials(x)
    #expect(found[0..<5].allSatisfy { $0 == .infinity })
    #expect(found[5..<9].allSatisfy { $0 == 0 })
    #expect(found[9..<12].allSatisfy { $0.isNaN })
    #expect(found[12...].allSatisfy { $0 == 1 })
  }

  @Test("x·σ(x) is within (5 + 1.3·|x|)·2^-24 of itself, or within 1e-36", arguments: elementwiseISAs)
  func silu(isa: InstructionSet) throws {
    let x = floats(1e-30, 1e30, step: 997) + floats(-1e-30, -1e30, step: 997) + [0, -0.0, 0x1p-139]
    let found = try ElementwiseModule(isa).silu(x)
    for (x, found) in zip(x, found) {
      let expected = Double(x) / (1 + exp(-Double(x)))
      // The exponent's rounding is relative to x, and e^-x rules below 0 only.
      let bound = (5 + 1.3 * max(0, -Double(x))) * 0x1p-24 * abs(expected) + 1e-36
      #expect(abs(Double(found) - expected) <= bound, "\(x) \(found) \(expected)")
    }
  }

  @Test("gelu is within 6·2^-24 of |x| in both forms", arguments: elementwiseISAs)
  func gelu(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    let x = floats(1e-30, 1e30, step: 997) + floats(-1e-30, -1e30, step: 997) + [0, -0.0, 0x1p-139]
    for (x, found) in zip(x, module.map(module.geluTanh, x)) {
      let d = Double(x)
      let expected = d / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (d + 0.044715 * d * d * d)))
      #expect(abs(Double(found) - expected) <= 6 * 0x1p-24 * abs(d) + 1e-36, "tanh \(x) \(found) \(expected)")
    }
    for (x, found) in zip(x, module.map(module.geluErf, x)) {
      let expected = Double(x) / 2 * erfc(-Double(x) / 2.0.squareRoot())
      #expect(
        abs(Double(found) - expected) <= 6 * 0x1p-24 * abs(Double(x)) + 1e-36, "erf \(x) \(found) \(expected)"
      )
    }
  }

  @Test("activations pass NaN on, infinity too, and -infinity as nothing", arguments: elementwiseISAs)
  func activationLimits(isa: InstructionSet) throws {
    let module = try ElementwiseModule(isa)
    for values in [
      module.silu([.nan, .infinity, -.infinity]), module.map(module.geluTanh, [.nan, .infinity, -.infinity]),
      module.map(module.geluErf, [.nan, .infinity, -.infinity]),
    ] {
      #expect(values[0].isNaN)
      #expect(values[1] == .infinity)
      #expect(abs(values[2]) < 1e-35)
    }
  }
}
