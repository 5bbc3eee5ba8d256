// What a key or value is stored as, and how a register of them becomes floats. Arithmetic is in float always.

#if ISA_AVX512
/// A register's worth of 16-bit numbers.
private typealias Shorts = SIMD16<UInt16>
/// A register's worth of bytes.
private typealias SignedOctets = SIMD16<Int8>
#elseif ISA_AVX2
private typealias Shorts = SIMD8<UInt16>
private typealias SignedOctets = SIMD8<Int8>
#else
private typealias Shorts = SIMD4<UInt16>
private typealias SignedOctets = SIMD4<Int8>
#endif

/// An element type of a cache of keys and values.
protocol CacheElement {
  /// How it lies in memory.
  associatedtype Stored
  /// `lanes` elements as floats.
  static func load(_ address: UnsafePointer<Stored>) -> Vector
}

/// IEEE single precision.
enum SingleElement: CacheElement {
  @inline(__always) static func load(_ address: UnsafePointer<Float>) -> Vector {
    UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
  }
}

/// bfloat16: the upper half of a single.
enum BrainElement: CacheElement {
  @inline(__always) static func load(_ address: UnsafePointer<UInt16>) -> Vector {
    unsafeBitCast(widen(address) &<< VectorBits(repeating: 16), to: Vector.self)
  }
}

/// IEEE half precision.
enum HalfElement: CacheElement {
  @inline(__always) static func load(_ address: UnsafePointer<UInt16>) -> Vector {
    #if ISA_BASELINE
    // No instruction: the exponent's bias changes by a product, which denormals survive; an exponent of all
    // ones (infinity, NaN) is put back.
    let bits = widen(address)
    let magnitude = (bits & VectorBits(repeating: 0x7FFF)) &<< VectorBits(repeating: 13)
    let product = unsafeBitCast(magnitude, to: Vector.self) * Vector(repeating: 0x1p112)
    let special = magnitude .>= VectorBits(repeating: 0x7C00 << 13)
    let exponent = VectorBits().replacing(with: VectorBits(repeating: 0x7F80_0000), where: special)
    let sign = (bits & VectorBits(repeating: 0x8000)) &<< VectorBits(repeating: 16)
    return unsafeBitCast(unsafeBitCast(product, to: VectorBits.self) | exponent | sign, to: Vector.self)
    #else
    let halves = UnsafeRawPointer(address).loadUnaligned(as: Shorts.self)
    var result = Vector()
    for i in 0..<lanes { result[i] = Float(Float16(bitPattern: halves[i])) }
    return result
    #endif
  }
}

/// A signed byte; each key and head has a factor of its own.
enum ByteElement: CacheElement {
  @inline(__always) static func load(_ address: UnsafePointer<Int8>) -> Vector {
    let octets = UnsafeRawPointer(address).loadUnaligned(as: SignedOctets.self)
    var result = Vector()
    for i in 0..<lanes { result[i] = Float(octets[i]) }
    return result
  }
}

@inline(__always) private func widen(_ address: UnsafePointer<UInt16>) -> VectorBits {
  let shorts = UnsafeRawPointer(address).loadUnaligned(as: Shorts.self)
  var bits = VectorBits()
  for i in 0..<lanes { bits[i] = Int32(shorts[i]) }
  return bits
}
