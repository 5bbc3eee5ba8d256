// The register of each instruction set and how it multiplies and adds: the only file with #if.
// Everything else in this folder is one text, compiled once per instruction set.

#if ISA_AVX512
/// One 512-bit register.
typealias Vector = SIMD16<Float>
/// The register's lanes as integers.
typealias VectorBits = SIMD16<Int32>
/// One 512-bit register of doubles.
typealias Doubles = SIMD8<Double>
/// As many halves, or bytes, as a register has floats.
typealias Halves = SIMD16<UInt16>
typealias HalfFloats = SIMD16<Float16>
typealias Octets = SIMD16<UInt8>
#elseif ISA_AVX2
/// One 256-bit register.
typealias Vector = SIMD8<Float>
/// The register's lanes as integers.
typealias VectorBits = SIMD8<Int32>
/// One 256-bit register of doubles.
typealias Doubles = SIMD4<Double>
/// As many halves, or bytes, as a register has floats.
typealias Halves = SIMD8<UInt16>
typealias HalfFloats = SIMD8<Float16>
typealias Octets = SIMD8<UInt8>
#else
/// One 128-bit register.
typealias Vector = SIMD4<Float>
/// The register's lanes as integers.
typealias VectorBits = SIMD4<Int32>
/// One 128-bit register of doubles.
typealias Doubles = SIMD2<Double>
/// As many halves, or bytes, as a register has floats.
typealias Halves = SIMD4<UInt16>
typealias HalfFloats = SIMD4<Float16>
typealias Octets = SIMD4<UInt8>
#endif

/// Floats in a register.
@inline(__always) var lanes: Int { Vector.scalarCount }

/// Rows of the register tile.
@inline(__always) var tileRows: Int { 6 }

#if ISA_AVX512 || ISA_NEON
/// Registers across the tile: 6 x 4 sums, 4 of B and 1 of A fit in 32 registers.
@inline(__always) var tileVectors: Int { 4 }
/// Heads of a tile of dot products: 4 x 4 sums, 4 keys, 1 query.
@inline(__always) var dotHeads: Int { 4 }
#else
/// Registers across the tile: 6 x 2 sums, 2 of B and 1 of A fit in 16 registers.
@inline(__always) var tileVectors: Int { 2 }
/// Heads of a tile of dot products: 2 x 4 sums, 4 keys, 1 query.
@inline(__always) var dotHeads: Int { 2 }
#endif

/// Keys of a tile of dot products.
@inline(__always) var dotKeys: Int { 4 }

/// Columns of the register tile; the width of a packed panel.
@inline(__always) var tileColumns: Int { tileVectors * lanes }

/// a·b + c, in one instruction where there is one. The baseline of x86 has none: `addingProduct` would call
/// the C library once per lane there.
@inline(__always) func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
  #if ISA_BASELINE
  return a * b + c
  #else
  return c.addingProduct(a, b)
  #endif
}

@inline(__always) func multiplyAdd(_ a: Doubles, _ b: Doubles, _ c: Doubles) -> Doubles {
  #if ISA_BASELINE
  return a * b + c
  #else
  return c.addingProduct(a, b)
  #endif
}

@inline(__always) func load(_ address: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

@inline(__always) func load(_ address: UnsafeMutablePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
}

/// Larger of each lane; `pointwiseMax` compiles to branches per lane.
@inline(__always) func larger(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: b .> a) }

/// Sums of neighbours: a's in the low half, b's in the high half. Merging `lanes` vectors pairwise, then the
/// results, and so on, leaves the sum of each vector in the lane of its number.
@inline(__always) func merge(_ a: Vector, _ b: Vector) -> Vector {
  Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf) + Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)
}

/// Lanes 0, 2 … of a and then of b.
@inline(__always) func evenLanes(_ a: Doubles, _ b: Doubles) -> Doubles {
  #if ISA_AVX512 || ISA_AVX2
  return Doubles(lowHalf: a.evenHalf, highHalf: b.evenHalf)
  #else
  return Doubles(a[0], b[0])
  #endif
}

/// Lanes 1, 3 … of a and then of b.
@inline(__always) func oddLanes(_ a: Doubles, _ b: Doubles) -> Doubles {
  #if ISA_AVX512 || ISA_AVX2
  return Doubles(lowHalf: a.oddHalf, highHalf: b.oddHalf)
  #else
  return Doubles(a[1], b[1])
  #endif
}

@inline(__always) func sum(_ vector: Vector) -> Float {
  let quarter = halve(vector) { $0 + $1 }
  let pair = quarter.lowHalf + quarter.highHalf
  return pair[0] + pair[1]
}

@inline(__always) func largest(_ vector: Vector) -> Float {
  let quarter = halve(vector) { $0.replacing(with: $1, where: $1 .> $0) }
  let pair = quarter.lowHalf.replacing(with: quarter.highHalf, where: quarter.highHalf .> quarter.lowHalf)
  return pair[0] > pair[1] ? pair[0] : pair[1]
}

/// Folds a register onto its last four lanes.
@inline(__always)
private func halve(_ vector: Vector, _ fold: (SIMD4<Float>, SIMD4<Float>) -> SIMD4<Float>) -> SIMD4<Float> {
  #if ISA_AVX512
  let low = fold(vector.lowHalf.lowHalf, vector.lowHalf.highHalf)
  return fold(low, fold(vector.highHalf.lowHalf, vector.highHalf.highHalf))
  #elseif ISA_AVX2
  return fold(vector.lowHalf, vector.highHalf)
  #else
  return vector
  #endif
}

@inline(__always) func ceilDivide(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }
@inline(__always) func smaller(_ a: Int, _ b: Int) -> Int { a < b ? a : b }
