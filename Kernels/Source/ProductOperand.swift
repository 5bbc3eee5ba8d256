// How stored elements become the groups that a step multiplies: as they are, widened, or with their neighbours
// along k. The storage's rounding is the caller's; nothing here rounds.

/// Elements along k make a group; `along` takes a register of groups from elements that follow each other along
/// k, `across` one from `depth` rows, a row per k.
protocol ProductOperand {
  associatedtype Element
  associatedtype Factor: SIMD
  /// Elements along k in a group.
  static var depth: Int { get }
  /// Whether elements that follow each other along k are groups as they stand.
  static var inPlace: Bool { get }
  static func along(_ elements: UnsafePointer<Element>) -> Factor
  static func across(_ elements: UnsafePointer<Element>, _ stride: Int) -> Factor
  /// One group of `count` elements, `step` apart, filled up with zeros.
  static func one(_ elements: UnsafePointer<Element>, _ step: Int, _ count: Int) -> Factor.Scalar
  /// Lanes 0, 2 … of a and then of b; lanes 1, 3 ….
  static func evens(_ a: Factor, _ b: Factor) -> Factor
  static func odds(_ a: Factor, _ b: Factor) -> Factor
}

extension ProductOperand {
  @inline(__always) static func read<V>(_ elements: UnsafePointer<Element>, as type: V.Type) -> V {
    UnsafeRawPointer(elements).loadUnaligned(as: type)
  }
}

extension ProductOperand where Factor == VectorBits {
  @inline(__always) static func evens(_ a: VectorBits, _ b: VectorBits) -> VectorBits {
    VectorBits(lowHalf: a.evenHalf, highHalf: b.evenHalf)
  }
  @inline(__always) static func odds(_ a: VectorBits, _ b: VectorBits) -> VectorBits {
    VectorBits(lowHalf: a.oddHalf, highHalf: b.oddHalf)
  }
}

/// One element of four bytes.
enum Floats: ProductOperand {
  @inline(__always) static var depth: Int { 1 }
  @inline(__always) static var inPlace: Bool { true }
  @inline(__always) static func along(_ elements: UnsafePointer<Float>) -> VectorBits {
    read(elements, as: VectorBits.self)
  }
  @inline(__always) static func across(_ elements: UnsafePointer<Float>, _ stride: Int) -> VectorBits {
    read(elements, as: VectorBits.self)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<Float>, _ step: Int, _ count: Int) -> Int32 {
    Int32(bitPattern: elements[0].bitPattern)
  }
}

enum DoubleElements: ProductOperand {
  @inline(__always) static var depth: Int { 1 }
  @inline(__always) static var inPlace: Bool { true }
  @inline(__always) static func along(_ elements: UnsafePointer<Double>) -> Doubles {
    read(elements, as: Doubles.self)
  }
  @inline(__always) static func across(_ elements: UnsafePointer<Double>, _ stride: Int) -> Doubles {
    read(elements, as: Doubles.self)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<Double>, _ step: Int, _ count: Int) -> Double {
    elements[0]
  }
  @inline(__always) static func evens(_ a: Doubles, _ b: Doubles) -> Doubles {
    evenLanes(a, b)
  }
  @inline(__always) static func odds(_ a: Doubles, _ b: Doubles) -> Doubles {
    oddLanes(a, b)
  }
}

/// bfloat16 widened to fp32: the upper half of the float.
enum WideBrains: ProductOperand {
  @inline(__always) static var depth: Int { 1 }
  @inline(__always) static var inPlace: Bool { false }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt16>) -> VectorBits {
    words(read(elements, as: Halves.self)) &<< 16
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt16>, _ stride: Int) -> VectorBits {
    along(elements)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt16>, _ step: Int, _ count: Int) -> Int32 {
    Int32(elements[0]) &<< 16
  }
}

/// fp16 widened to fp32.
enum WideHalves: ProductOperand {
  @inline(__always) static var depth: Int { 1 }
  @inline(__always) static var inPlace: Bool { false }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt16>) -> VectorBits {
    unsafeBitCast(widenHalves(read(elements, as: Halves.self)), to: VectorBits.self)
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt16>, _ stride: Int) -> VectorBits {
    along(elements)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt16>, _ step: Int, _ count: Int) -> Int32 {
    var half = Halves()
    half[0] = elements[0]
    return unsafeBitCast(widenHalves(half), to: VectorBits.self)[0]
  }
}

/// One element of 16 bits twice: what a step with two columns a lane broadcasts.
enum TwiceHalves: ProductOperand {
  @inline(__always) static var depth: Int { 1 }
  @inline(__always) static var inPlace: Bool { false }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt16>) -> VectorBits {
    let halves = words(read(elements, as: Halves.self))
    return halves | halves &<< 16
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt16>, _ stride: Int) -> VectorBits {
    along(elements)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt16>, _ step: Int, _ count: Int) -> Int32 {
    Int32(elements[0]) | Int32(elements[0]) &<< 16
  }
}

/// Two neighbours of 16 bits: the pairs of `vdpbf16ps`.
enum Pairs: ProductOperand {
  @inline(__always) static var depth: Int { 2 }
  @inline(__always) static var inPlace: Bool { true }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt16>) -> VectorBits {
    read(elements, as: VectorBits.self)
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt16>, _ stride: Int) -> VectorBits {
    words(read(elements, as: Halves.self)) | words(read(elements + stride, as: Halves.self)) &<< 16
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt16>, _ step: Int, _ count: Int) -> Int32 {
    Int32(elements[0]) | (count > 1 ? Int32(truncatingIfNeeded: elements[step]) &<< 16 : 0)
  }
}

/// Four neighbouring bytes: the quads of `vpdpbusd`.
enum Quads: ProductOperand {
  @inline(__always) static var depth: Int { 4 }
  @inline(__always) static var inPlace: Bool { true }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt8>) -> VectorBits {
    read(elements, as: VectorBits.self)
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt8>, _ stride: Int) -> VectorBits {
    let low = words(read(elements, as: Octets.self)) | words(read(elements + stride, as: Octets.self)) &<< 8
    let rest = elements + 2 * stride
    let high = words(read(rest, as: Octets.self)) | words(read(rest + stride, as: Octets.self)) &<< 8
    return low | high &<< 16
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt8>, _ step: Int, _ count: Int) -> Int32 {
    var group: Int32 = 0
    for i in 0..<count { group |= Int32(elements[i * step]) &<< Int32(8 * i) }
    return group
  }
}

/// Quads of signed bytes as unsigned ones, 128 more each: for the left side of a product that subtracts
/// 128 x the column sums of B again.
enum RaisedQuads: ProductOperand {
  @inline(__always) static var depth: Int { 4 }
  @inline(__always) static var inPlace: Bool { false }
  @inline(__always) static var raise: Int32 { Int32(bitPattern: 0x8080_8080) }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt8>) -> VectorBits {
    Quads.along(elements) ^ VectorBits(repeating: raise)
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt8>, _ stride: Int) -> VectorBits {
    Quads.across(elements, stride) ^ VectorBits(repeating: raise)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt8>, _ step: Int, _ count: Int) -> Int32 {
    Quads.one(elements, step, count) ^ raise
  }
}

#if ISA_NEON
/// An unsigned byte widened to 32 bits.
enum WideOctets: ProductOperand {
  @inline(__always) static var depth: Int { 1 }
  @inline(__always) static var inPlace: Bool { false }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt8>) -> VectorBits {
    words(read(elements, as: Octets.self))
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt8>, _ stride: Int) -> VectorBits {
    along(elements)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt8>, _ step: Int, _ count: Int) -> Int32 {
    Int32(elements[0])
  }
}

/// A signed byte widened to 32 bits.
enum WideSigned: ProductOperand {
  @inline(__always) static var depth: Int { 1 }
  @inline(__always) static var inPlace: Bool { false }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt8>) -> VectorBits {
    (words(read(elements, as: Octets.self)) &<< 24) &>> 24
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt8>, _ stride: Int) -> VectorBits {
    along(elements)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt8>, _ step: Int, _ count: Int) -> Int32 {
    Int32(Int8(bitPattern: elements[0]))
  }
}
#else
/// Two unsigned bytes widened to 16 bits each.
enum WideOctets: ProductOperand {
  @inline(__always) static var depth: Int { 2 }
  @inline(__always) static var inPlace: Bool { false }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt8>) -> VectorBits {
    let pairs = words(read(elements, as: Halves.self))
    return (pairs & 0xff) | (pairs &>> 8) &<< 16
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt8>, _ stride: Int) -> VectorBits {
    words(read(elements, as: Octets.self)) | words(read(elements + stride, as: Octets.self)) &<< 16
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt8>, _ step: Int, _ count: Int) -> Int32 {
    Int32(elements[0]) | (count > 1 ? Int32(elements[step]) &<< 16 : 0)
  }
}

/// Two signed bytes widened to 16 bits each.
enum WideSigned: ProductOperand {
  @inline(__always) static var depth: Int { 2 }
  @inline(__always) static var inPlace: Bool { false }
  @inline(__always) static func along(_ elements: UnsafePointer<UInt8>) -> VectorBits {
    let pairs = words(read(elements, as: Halves.self))
    return join((pairs &<< 24) &>> 24, (pairs &<< 16) &>> 24)
  }
  @inline(__always) static func across(_ elements: UnsafePointer<UInt8>, _ stride: Int) -> VectorBits {
    join(
      (words(read(elements, as: Octets.self)) &<< 24) &>> 24,
      (words(read(elements + stride, as: Octets.self)) &<< 24) &>> 24)
  }
  @inline(__always) static func one(_ elements: UnsafePointer<UInt8>, _ step: Int, _ count: Int) -> Int32 {
    let low = Int32(Int8(bitPattern: elements[0])) & 0xffff
    return low | (count > 1 ? Int32(Int8(bitPattern: elements[step])) &<< 16 : 0)
  }
  @inline(__always) private static func join(_ low: VectorBits, _ high: VectorBits) -> VectorBits {
    (low & 0xffff) | high &<< 16
  }
}
#endif

/// Zero-extends; a loop over the lanes is one instruction, the standard library's conversion a call.
@inline(__always) func words(_ halves: Halves) -> VectorBits {
  var result = VectorBits()
  for i in 0..<lanes { result[i] = Int32(halves[i]) }
  return result
}

@inline(__always) func words(_ octets: Octets) -> VectorBits {
  var result = VectorBits()
  for i in 0..<lanes { result[i] = Int32(octets[i]) }
  return result
}

/// fp16 to fp32, exactly. The baseline of x86 has no instruction for it: the exponent is moved by 2^112 in a
/// multiplication, which also makes denormals normal; infinity and NaN get their exponent back.
@inline(__always) func widenHalves(_ halves: Halves) -> Vector {
  #if ISA_BASELINE
  let bits = words(halves)
  let magnitude = (bits & 0x7fff) &<< 13
  let scaled = unsafeBitCast(magnitude, to: Vector.self) * Vector(repeating: 0x1p112)
  // All ones where the exponent is the greatest.
  let special = ~(((bits & 0x7c00) &- 0x7c00) &>> 31)
  let result = unsafeBitCast(scaled, to: VectorBits.self) | (special & (magnitude | 0x7f80_0000))
  return unsafeBitCast(result | (bits & 0x8000) &<< 16, to: Vector.self)
  #else
  let values = unsafeBitCast(halves, to: HalfFloats.self)
  var result = Vector()
  for i in 0..<lanes { result[i] = Float(values[i]) }
  return result
  #endif
}
