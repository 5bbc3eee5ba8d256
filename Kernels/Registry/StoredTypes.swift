// How each element type of a product is stored, what its result is, and how exact it must be.

import KernelsReference
import Measurement
import Quantities

/// Operands of one storage type, and the result of their product.
struct Stored<Left: BitwiseCopyable & Sendable, Right: BitwiseCopyable & Sendable>: Sendable {
  enum Result {
    case single, double, half, integer

    /// Bytes of an element of C.
    var bytes: Int {
      switch self {
      case .double: 8
      case .half: 2
      case .single, .integer: 4
      }
    }
  }

  let a: EncodedTable<Left>, b: EncodedTable<Right>
  /// Rows of B that share a scale; 0 = none.
  var group = 0
  let result: Result
  /// Largest error relative to the sum of absolute products, by k; storage errors are not counted, the oracle reads
  /// what is stored.
  let tolerance: @Sendable (Int) -> Double
  /// What the stored number at a row and column of B is multiplied by; nil = 1.
  var scaleOfB: (@Sendable (_ row: Int, _ column: Int) -> Double)?

  /// What C of each group should be, in the order of groups; an empty group has none.
  func expectation(
    _ size: Problem.GEMM, _ a: Buffer, _ b: Buffer, _ seed: UInt64, _ team: WorkerTeam
  ) -> [GEMMExpectation] {
    let (n, k) = (size.n, size.k)
    let left = UnsafeRawPointer(a.start).assumingMemoryBound(to: Left.self)
    let right = UnsafeRawPointer(b.start).assumingMemoryBound(to: Right.self)
    let firstRows = size.firstRows
    return size.rows.indices.filter { size.rows[$0] > 0 }.map { group in
      let m = size.rows[group]
      let (a, b) = (left + firstRows[group] * k, right + group * k * n)
      let isPlain = !size.transposesA && !size.transposesB && scaleOfB == nil
      if isPlain, let a = a as? UnsafePointer<Float>, let b = b as? UnsafePointer<Float> {
        return GEMMExpectation(m: m, n: n, k: k, a: a, b: b, seed: seed, team: team)
      }
      if result == .double {
        let a = self.a.decoded(a, m, k, transposed: size.transposesA, team: team) { value, _, _ in value }
        let b = self.b.decoded(b, k, n, transposed: size.transposesB, team: team) { value, _, _ in value }
        return GEMMExpectation(m: m, n: n, k: k, a: a, b: b, seed: seed, team: team)
      }
      let a32 = self.a.decoded(a, m, k, transposed: size.transposesA, team: team) { value, _, _ in
        Float(value)
      }
      let b32 = self.b.decoded(b, k, n, transposed: size.transposesB, team: team) { value, row, column in
        Float(value * (scaleOfB?(row, column) ?? 1))
      }
      return GEMMExpectation(
        m: m, n: n, k: k, a: a32, b: b32, seed: seed, tolerance: tolerance(k), team: team)
    }
  }

  func check(
    _ expectations: [GEMMExpectation], _ c: Buffer, _ size: Problem.GEMM, _ team: WorkerTeam
  ) -> Verification {
    let n = size.n
    let firstRows = size.firstRows
    let busy = size.rows.indices.filter { size.rows[$0] > 0 }
    let checks = zip(busy, expectations).map { group, expectation in
      let place = firstRows[group] * n
      let memory = UnsafeRawPointer(c.start) + place * result.bytes
      switch result {
      case .single: return expectation.check(memory.assumingMemoryBound(to: Float.self), team: team)
      case .double: return expectation.check(memory.assumingMemoryBound(to: Double.self), team: team)
      case .integer: return expectation.check(memory.assumingMemoryBound(to: Int32.self), team: team)
      case .half:
        let floats = EncodedTables.half.decoded(
          memory.assumingMemoryBound(to: UInt16.self), size.rows[group], n, transposed: false, team: team
        ) { value, _, _ in Float(value) }
        return expectation.check(floats, team: team)
      }
    }
    return Verification(worstOf: checks)
  }

  /// Compares some elements of C with the dot products that they should be.
  func checkElements(
    _ places: [Int], _ size: Problem.GEMM, _ a: Buffer, _ b: Buffer, _ c: Buffer
  ) -> Verification {
    let (n, k) = (size.n, size.k)
    let firstRows = size.firstRows
    let groups = places.map { place in
      size.rows.indices.last { firstRows[$0] <= place / n && size.rows[$0] > 0 }
    }
    var next = 0
    return checkGEMM(
      elements: places, n: n, k: k, tolerance: tolerance(k), c: { value(c, $0) }
    ) { row, column in
      let group = groups[next] ?? 0
      next += 1
      let (rows, first) = (size.rows[group], firstRows[group])
      return { p in
        let left = size.transposesA ? first * k + p * rows + (row - first) : row * k + p
        let right = size.transposesB ? column * k + p : p * n + column
        let weight = self.b.value(b, group * k * n + right) * (scaleOfB?(p, column) ?? 1)
        return (self.a.value(a, left), weight)
      }
    }
  }

  /// Makes an element of C one that no product comes to: not a number, or in whole numbers the smallest.
  func spoil(_ c: Buffer, _ place: Int) {
    let memory = UnsafeMutableRawPointer(c.start)
    switch result {
    case .single: c.start[place] = .nan
    case .double: memory.storeBytes(of: Double.nan, toByteOffset: 8 * place, as: Double.self)
    case .integer: memory.storeBytes(of: Int32.min, toByteOffset: 4 * place, as: Int32.self)
    case .half: memory.storeBytes(of: 0x7e00, toByteOffset: 2 * place, as: UInt16.self)
    }
  }

  /// The stored value of C.
  func value(_ c: Buffer, _ place: Int) -> Double {
    let memory = UnsafeRawPointer(c.start)
    return switch result {
    case .single: Double(c.start[place])
    case .double: memory.load(fromByteOffset: 8 * place, as: Double.self)
    case .integer: Double(memory.load(fromByteOffset: 4 * place, as: Int32.self))
    case .half: halfValue(memory.load(fromByteOffset: 2 * place, as: UInt16.self))
    }
  }
}

/// Sums in f32: 4·√k·2^-23, which is the room of k rounded products, and a little for small k.
private let singleSums: @Sendable (Int) -> Double = { (8 * Double($0).squareRoot() + 8) * 0x1p-24 }

/// One step of 1/127 of the largest of a group.
private let roundedToBytes: @Sendable (Int) -> Double = { _ in 1 / 127.0 }

enum StoredTypes {
  static let single = Stored(
    a: EncodedTables.single, b: EncodedTables.single, result: .single, tolerance: gemmTolerance)
  static let double = Stored(
    a: EncodedTables.double, b: EncodedTables.double, result: .double,
    tolerance: { (8 * Double($0).squareRoot() + 8) * 0x1p-53 })
  static let brain = Stored(
    a: EncodedTables.brain, b: EncodedTables.brain, result: .single, tolerance: singleSums)
  static let half = Stored(
    a: EncodedTables.half, b: EncodedTables.half, result: .single, tolerance: singleSums)
  /// Sums in half precision over up to 256 products, then in f32.
  static let halfSums = Stored(
    a: EncodedTables.half, b: EncodedTables.half, result: .single,
    tolerance: { 8 * Double(min($0, 256)).squareRoot() * 0x1p-11 })
  /// Sums in half precision over all of k, and a result in it.
  static let halfThroughout = Stored(
    a: EncodedTables.half, b: EncodedTables.half, result: .half,
    tolerance: { (8 * Double($0).squareRoot() + 8) * 0x1p-11 })
  static let octets = Stored(
    a: EncodedTables.octets, b: EncodedTables.signed, result: .integer, tolerance: { _ in 0 })
  static let signed = Stored(
    a: EncodedTables.signed, b: EncodedTables.signed, result: .integer, tolerance: { _ in 0 })
  /// Floats by weights in two bytes.
  static let brainWeights = Stored(
    a: EncodedTables.single, b: EncodedTables.brain, result: .single, tolerance: singleSums)
  static let halfWeights = Stored(
    a: EncodedTables.single, b: EncodedTables.half, result: .single, tolerance: singleSums)

  /// Floats by whole numbers of 8 or 4 bits with scales. Activations that are rounded to 8 bits, too, are off by up to
  /// 1/254 of the largest of their group, which is at most 1/127 of the mean magnitude of numbers in ±1.
  static func quantised(
    bits: Int, group: Int, roundsA: Bool, scale: @escaping @Sendable (_ row: Int, _ column: Int) -> Double
  ) -> Stored<Float, Int8> {
    Stored<Float, Int8>(
      a: EncodedTables.single, b: bits == 8 ? EncodedTables.levels8 : EncodedTables.levels4, group: group,
      result: .single,
      tolerance: roundsA ? roundedToBytes : singleSums, scaleOfB: scale)
  }
}
