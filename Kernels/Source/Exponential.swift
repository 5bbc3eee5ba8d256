// Functions of one register that activations and softmax need. Their errors are measured against Double over
// all arguments that matter (Tests/KernelsTests/ElementwiseFunctionTests.swift).

import CInstructions

/// A number in every lane.
@inline(always) private func all(_ x: Float) -> Vector { Vector(repeating: x) }

/// Adding 1.5·2^23 rounds to an integer and leaves it in the low bits.
@inline(always) private var shifter: Vector { Vector(repeating: 12_582_912) }

/// p·2^n, where n stands in the low bits of `shifted`.
@inline(always) private func scaled(_ p: Vector, _ shifted: Vector) -> Vector {
  let exponent = unsafeBitCast(shifted, to: VectorBits.self) &<< VectorBits(repeating: 23)
  return unsafeBitCast(unsafeBitCast(p, to: VectorBits.self) &+ exponent, to: Vector.self)
}

/// x, or the limit where x is above; NaN where x is.
@inline(always) private func atMost(_ x: Vector, _ limit: Float) -> Vector {
  x.replacing(with: all(limit), where: x .> all(limit))
}

/// e^x: within 2 ulp for every result that is no denormal (1.01 were found), 0 below those, infinity above the
/// largest float.
///
/// x = n·ln 2 + r with |r| <= ln 2 / 2, e^x = 2^n·e^r. ln 2 is split in two: n times the first part is exact.
@inline(always) func exponential(_ x: Vector) -> Vector {
  let shifted = multiplyAdd(x, all(1.442_695_04), shifter)
  let n = shifted - shifter
  let r = multiplyAdd(n, all(2.121_944_40e-4), multiplyAdd(n, all(-0.693_359_375), x))
  // (e^r - 1 - r) / r² on ±ln 2 / 2: minimax for the relative error of e^r, 3.1e-9.
  var q = multiplyAdd(all(0.001_381_453_24), r, all(0.008_368_745_4))
  q = multiplyAdd(q, r, all(0.041_668_393))
  q = multiplyAdd(q, r, all(0.166_665_21))
  q = multiplyAdd(q, r, all(0.499_999_94))
  let power = scaled(multiplyAdd(r * r, q, r) + all(1), shifted)
  // Beyond the floats x·infinity is infinity, and NaN where x is: a comparison with NaN is false.
  let high = (x * all(.infinity)).replacing(with: power, where: x .<= all(88.722_83))
  return high.replacing(with: Vector(), where: x .< all(-87.336_54))
}

/// x·σ(x) = x / (1 + e^-x), also known as swish: relative error below 5·2^-24, and (5 + 1.3·|x|)·2^-24 where x < 0.
/// Below -88 it is -88·σ(-88) = -5e-37.
@inline(always) func silu(_ x: Vector) -> Vector {
  let x = larger(x, all(-88))
  return x * sigmoid(x)
}

/// x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))), which is x·σ(2·√(2/π)·(x + …)): no tanh is evaluated.
/// The error is below 6·2^-24·|x|. Below -12 it is -12·σ(-88) = -7e-38.
@inline(always) func geluTanh(_ x: Vector) -> Vector {
  let x = larger(x, all(-12))
  let slope = multiplyAdd(x * x, all(0.071_354_816_3), all(1.595_769_12))
  return x * sigmoid(larger(x * slope, all(-88)))
}

/// x·Φ(x) with Φ the normal distribution, x/2·(1 + erf(x/√2)). Without a choice by sign, for which the compiler
/// would take the lanes apart: x/2 + |x|·(Φ(|x|) - 1/2). The error is below 6·2^-24·|x|. Below -13 it is 0.
@inline(always) func geluErf(_ x: Vector) -> Vector {
  let x = larger(x, all(-13))
  let size = magnitude(x)
  return multiplyAdd(size, all(0.5) - normalTail(size), x * all(0.5))
}

/// 1 / (1 + e^-x) for x >= -88, else wrong. NaN where x is.
///
/// Where 1 is added to e^-x its error counts half at most, and the exponent's rounding shrinks with the result:
/// unlike `exponential`, -x·log2 e in one piece and a polynomial of degree 5 do. With the instructions of AVX-512
/// that take 2^floor apart and put it back, x·σ(x) takes 15 steps and not 18 (L3, Zen 5: 83 to 92 GB/s).
@inline(always) private func sigmoid(_ x: Vector) -> Vector {
  #if ISA_AVX512
  let t = x * all(-1.442_695_04)
  let f = instruction_fraction(t)
  #else
  // 2^-126 no longer changes 1. Nearest to t - 1/2 is the floor of t, or t - 1 where f = 1 does as well.
  let t = larger(x * all(-1.442_695_04), all(-126))
  let shifted = (t - all(0.5)) + shifter
  let f = t - (shifted - shifter)
  #endif
  // -2^f on [0, 1], minimax: relative error 9.1e-8. Negative, so that what follows needs no change of sign.
  var p = multiplyAdd(all(-0.001_877_574_6), f, all(-0.008_989_344_35))
  p = multiplyAdd(p, f, all(-0.055_826_313_8))
  p = multiplyAdd(p, f, all(-0.240_153_626))
  p = multiplyAdd(p, f, all(-0.693_153_083))
  p = multiplyAdd(p, f, all(-0.999_999_94))
  #if ISA_AVX512
  return negativeReciprocal(instruction_scale(p, t) - all(1))
  #else
  return negativeReciprocal(scaled(p, shifted) - all(1))
  #endif
}

/// 1 - Φ(x) = erfc(x/√2)/2 for x >= 0, by e^(-x²/2)·t·Q(t) with t = 1/(1 + 0.3·x): one polynomial serves all x.
@inline(always) private func normalTail(_ x: Vector) -> Vector {
  // Beyond 13 nothing is left.
  let x = atMost(x, 13)
  let t = negativeReciprocal(multiplyAdd(x, all(-0.3), all(-1)))
  // Found by weighted least squares driven to the minimax: relative error 1.3e-7.
  var q = multiplyAdd(all(0.036_194_837), t, all(-0.159_378_19))
  q = multiplyAdd(q, t, all(0.210_118_09))
  q = multiplyAdd(q, t, all(-0.057_166_982))
  q = multiplyAdd(q, t, all(0.130_416_2))
  q = multiplyAdd(q, t, all(0.099_347_219))
  q = multiplyAdd(q, t, all(0.120_845_51))
  q = multiplyAdd(q, t, all(0.119_623_266))
  return exponential(x * x * all(-0.5)) * (q * t)
}

/// -1/x for -2^127 < x <= -1. On AVX-512 an approximation g of 14 bits and one step of Newton, g·(x·g - 2), within
/// 2 ulp: the division keeps a multiplier busy for longer.
@inline(always) private func negativeReciprocal(_ x: Vector) -> Vector {
  #if ISA_AVX512
  let guess = instruction_reciprocal(x)
  return guess * multiplyAdd(x, guess, all(-2))
  #else
  return all(-1) / x
  #endif
}

/// e^x of an array, for measuring the error.
@inline(never)
public func exponentials(count: Int, x: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>) {
  map(count, x, out, false, Exponential())
}

private struct Exponential: Unary {
  @inline(always) func of(_ x: Vector) -> Vector { exponential(x) }
}
