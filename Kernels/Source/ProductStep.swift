// What one step of a register tile multiplies: a group of A, broadcast, by a register of groups of B, into a
// register of sums. A group is the one element or the few neighbours along k that an instruction multiplies by
// as many of B and adds to one sum: 1 float, 1 double, 2 bfloat16, 4 bytes. The tile, the blocking and the
// packing are written once, for any step.

import CInstructions

protocol ProductStep {
  /// A register of groups.
  associatedtype Factor: SIMD
  /// A register of sums.
  associatedtype Sum: SIMD
  /// An element of C.
  associatedtype Scalar: AdditiveArithmetic
  /// Columns of C behind a register.
  static var columns: Int { get }
  static func broadcast(_ group: UnsafeRawPointer) -> Factor
  /// Sums + a·b.
  static func step(_ a: Factor, _ b: Factor, _ sums: Sum) -> Sum
  /// C = sums, or C += sums.
  static func write(_ sums: Sum, _ c: UnsafeMutablePointer<Scalar>, _ accumulate: Bool)
  /// The same of what `write` left: sums narrower than C fill two of its registers. In a loop of its own, because
  /// the compiler unrolls a body of twice the size no more and would keep the sums in memory.
  static func writeRest(_ sums: Sum, _ c: UnsafeMutablePointer<Scalar>, _ accumulate: Bool)
}

extension ProductStep {
  @inline(__always)
  static func writeRest(_ sums: Sum, _ c: UnsafeMutablePointer<Scalar>, _ accumulate: Bool) {}
}

/// fp32: one fused multiply-add, two instructions on the baseline.
enum FloatStep: ProductStep {
  @inline(__always) static var columns: Int { lanes }
  @inline(__always) static func broadcast(_ group: UnsafeRawPointer) -> Vector {
    Vector(repeating: group.loadUnaligned(as: Float.self))
  }
  @inline(__always) static func step(_ a: Vector, _ b: Vector, _ sums: Vector) -> Vector {
    multiplyAdd(a, b, sums)
  }
  @inline(__always) static func write(_ sums: Vector, _ c: UnsafeMutablePointer<Float>, _ accumulate: Bool) {
    store(accumulate ? load(c) + sums : sums, c)
  }
}

/// fp64.
enum DoubleStep: ProductStep {
  @inline(__always) static var columns: Int { lanes / 2 }
  @inline(__always) static func broadcast(_ group: UnsafeRawPointer) -> Doubles {
    Doubles(repeating: group.loadUnaligned(as: Double.self))
  }
  @inline(__always) static func step(_ a: Doubles, _ b: Doubles, _ sums: Doubles) -> Doubles {
    multiplyAdd(a, b, sums)
  }
  @inline(__always)
  static func write(_ sums: Doubles, _ c: UnsafeMutablePointer<Double>, _ accumulate: Bool) {
    let place = UnsafeMutableRawPointer(c)
    let value = accumulate ? place.loadUnaligned(as: Doubles.self) + sums : sums
    place.storeBytes(of: value, as: Doubles.self)
  }
}

/// Two signed 16-bit integers a group, on NEON one of 32 bits: what every instruction set multiplies and adds
/// exactly. Bytes are widened to it while packing where no instruction multiplies bytes.
enum ShortStep: ProductStep {
  @inline(__always) static var columns: Int { lanes }
  @inline(__always) static func broadcast(_ group: UnsafeRawPointer) -> VectorBits { broadcastBits(group) }
  @inline(__always) static func step(_ a: VectorBits, _ b: VectorBits, _ sums: VectorBits) -> VectorBits {
    #if ISA_AVX512
    return sums &+ instruction_multiply_shorts_512(a, b)
    #elseif ISA_AVX2
    return sums &+ instruction_multiply_shorts_256(a, b)
    #elseif ISA_NEON
    return sums &+ a &* b
    #else
    return sums &+ instruction_multiply_shorts_128(a, b)
    #endif
  }
  @inline(__always)
  static func write(_ sums: VectorBits, _ c: UnsafeMutablePointer<Int32>, _ accumulate: Bool) {
    writeBits(sums, c, accumulate)
  }
}

#if ISA_BF16
/// Four bytes a group, A's unsigned and B's signed: `vpdpbusd`, which does not saturate.
enum ByteStep: ProductStep {
  @inline(__always) static var columns: Int { lanes }
  @inline(__always) static func broadcast(_ group: UnsafeRawPointer) -> VectorBits { broadcastBits(group) }
  @inline(__always) static func step(_ a: VectorBits, _ b: VectorBits, _ sums: VectorBits) -> VectorBits {
    instruction_multiply_bytes(sums, a, b)
  }
  @inline(__always)
  static func write(_ sums: VectorBits, _ c: UnsafeMutablePointer<Int32>, _ accumulate: Bool) {
    writeBits(sums, c, accumulate)
  }
}

/// Two bfloat16 a group, sums in fp32: `vdpbf16ps`, which takes denormals as 0.
enum BrainStep: ProductStep {
  @inline(__always) static var columns: Int { lanes }
  @inline(__always) static func broadcast(_ group: UnsafeRawPointer) -> VectorBits { broadcastBits(group) }
  @inline(__always) static func step(_ a: VectorBits, _ b: VectorBits, _ sums: Vector) -> Vector {
    instruction_multiply_brains(sums, a, b)
  }
  @inline(__always) static func write(_ sums: Vector, _ c: UnsafeMutablePointer<Float>, _ accumulate: Bool) {
    FloatStep.write(sums, c, accumulate)
  }
}
#endif

#if ISA_FP16
/// fp16 sums: A's group is one half twice and B's is two neighbouring columns, so that a register holds 32 sums
/// and the broadcast stays on the load port. C is fp32.
enum HalfStep: ProductStep {
  @inline(__always) static var columns: Int { 2 * lanes }
  @inline(__always) static func broadcast(_ group: UnsafeRawPointer) -> VectorBits { broadcastBits(group) }
  @inline(__always) static func step(_ a: VectorBits, _ b: VectorBits, _ sums: VectorBits) -> VectorBits {
    instruction_multiply_halves(sums, a, b)
  }
  @inline(__always)
  static func write(_ sums: VectorBits, _ c: UnsafeMutablePointer<Float>, _ accumulate: Bool) {
    FloatStep.write(instruction_widen_halves(sums.lowHalf), c, accumulate)
  }
  @inline(__always)
  static func writeRest(_ sums: VectorBits, _ c: UnsafeMutablePointer<Float>, _ accumulate: Bool) {
    FloatStep.write(instruction_widen_halves(sums.highHalf), c + lanes, accumulate)
  }
}
#endif

@inline(__always) private func broadcastBits(_ group: UnsafeRawPointer) -> VectorBits {
  VectorBits(repeating: group.loadUnaligned(as: Int32.self))
}

@inline(__always)
private func writeBits(_ sums: VectorBits, _ c: UnsafeMutablePointer<Int32>, _ accumulate: Bool) {
  let place = UnsafeMutableRawPointer(c)
  let value = accumulate ? place.loadUnaligned(as: VectorBits.self) &+ sums : sums
  place.storeBytes(of: value, as: VectorBits.self)
}
