// Operands of other types than f32: random numbers as they are stored, copied from one table a type.

import KernelsReference
import Measurement
import Quantities

/// As many random values of a type as `Buffer` has floats; any stretch of an operand is a stretch of the table.
final class EncodedTable<Element: BitwiseCopyable & Sendable>: Sendable {
  /// Tells operands of two tables apart.
  let name: String
  private let values: [Element]
  private let decode: @Sendable (Element) -> Double

  /// `encode` takes a counter; `decode` gives the stored value.
  init(
    _ name: String, _ encode: (UInt64) -> Element, decode: @escaping @Sendable (Element) -> Double
  ) {
    self.name = name
    self.decode = decode
    values = (0..<Buffer.period).map { encode(UInt64($0)) }
  }

  /// Bytes of `count` elements in whole floats.
  static func floats(_ count: Int) -> Int {
    (count * MemoryLayout<Element>.size + MemoryLayout<Float>.size - 1) / MemoryLayout<Float>.size
  }

  /// `count` values that depend on the seed and the place only.
  func operand(_ count: Int, seed: UInt64, team: WorkerTeam) throws(KernelError) -> Buffer {
    // Of floats there are operands already, which other operations share.
    if Element.self == Float.self { return try OperandStore.random(count, seed: seed, team: team) }
    let size = MemoryLayout<Element>.size
    return try OperandStore.encoded(EncodedTable.floats(count), name, seed: seed, team: team) {
      buffer, places in
      let target = UnsafeMutableRawPointer(buffer.start).assumingMemoryBound(to: Element.self)
      let bytes = places.lowerBound * 4..<places.upperBound * 4
      self.copy((bytes.lowerBound / size)..<(bytes.upperBound / size), seed, target, team)
    }
  }

  private func copy(
    _ places: Range<Int>, _ seed: UInt64, _ target: UnsafeMutablePointer<Element>, _ team: WorkerTeam
  ) {
    let offset = Int(mix(seed) % UInt64(Buffer.period))
    values.withUnsafeBufferPointer { table in
      guard let base = table.baseAddress else { return }
      team.run { thread, threads in
        let part = share(of: places, thread, threads)
        var i = part.lowerBound
        while i < part.upperBound {
          let place = (offset + i) % Buffer.period
          let length = min(Buffer.period - place, part.upperBound - i)
          (target + i).update(from: base + place, count: length)
          i += length
        }
      }
    }
  }

  /// The stored value at a place.
  func value(_ operand: Buffer, _ place: Int) -> Double {
    decode(UnsafeRawPointer(operand.start).assumingMemoryBound(to: Element.self)[place])
  }

  /// The stored values of (rows, columns) row by row, each made a `Value`; exact for types no wider than that.
  func decoded<Value: BitwiseCopyable>(
    _ source: UnsafePointer<Element>, _ rows: Int, _ columns: Int, transposed: Bool, team: WorkerTeam,
    _ make: (_ value: Double, _ row: Int, _ column: Int) -> Value
  ) -> [Value] {
    [Value](unsafeUninitializedCapacity: rows * columns) { values, filled in
      guard let target = values.baseAddress else { return }
      team.run { thread, threads in
        for row in share(of: rows, thread, threads) {
          for column in 0..<columns {
            let place = transposed ? column * rows + row : row * columns + column
            (target + row * columns + column).initialize(to: make(decode(source[place]), row, column))
          }
        }
      }
      filled = rows * columns
    }
  }
}

/// A number in ±1 of a counter: the top 24 bits.
private func uniform(_ counter: UInt64) -> Float { Float(mix(counter) >> 40) * 0x1p-23 - 1 }

/// The tables; each is made when it is first asked for.
enum EncodedTables {
  static let single = EncodedTable<Float>("f32", { uniform($0) }, decode: { Double($0) })
  /// ±1 with 53 bits.
  static let double = EncodedTable<Double>("f64", { Double(mix($0) >> 11) * 0x1p-52 - 1 }, decode: { $0 })
  static let brain = EncodedTable<UInt16>(
    "bf16", { storedBrain(uniform($0)) }, decode: { brainValue($0) })
  static let half = EncodedTable<UInt16>("f16", { storedHalf(uniform($0)) }, decode: { halfValue($0) })
  /// 0 to 127 by -64 to 63: two products fit in 16 signed bits, where instructions older than VNNI saturate.
  static let octets = EncodedTable<UInt8>("u7", { UInt8(mix($0) >> 57) }, decode: { Double($0) })
  /// Quantised weights: all whole numbers of 8 bits, or of 4; and scales between 1/256 and 1/128.
  static let levels8 = EncodedTable<Int8>(
    "q8", { Int8(truncatingIfNeeded: Int(mix($0) >> 56) - 128) }, decode: { Double($0) })
  static let levels4 = EncodedTable<Int8>(
    "q4", { Int8(truncatingIfNeeded: Int(mix($0) >> 60) - 8) }, decode: { Double($0) })
  static let scales = EncodedTable<UInt16>(
    "scales", { storedHalf((uniform($0) + 3) / 512) }, decode: { halfValue($0) })
  static let signed = EncodedTable<UInt8>(
    "i7", { UInt8(bitPattern: Int8(truncatingIfNeeded: Int(mix($0) >> 57) - 64)) },
    decode: { Double(Int8(bitPattern: $0)) })
}
