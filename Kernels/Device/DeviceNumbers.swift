// The numbers of an operand, made on the device and made again here, and stored numbers read back.

import Devices
import KernelsReference
import Measurement

/// The random operand of a type and a seed; element by element what `fill.cu` writes.
struct DeviceNumbers {
  let type: DataType
  let seed: UInt64

  /// Element i.
  subscript(i: Int) -> Double {
    let random = UInt32(truncatingIfNeeded: mixed(seed &+ UInt64(truncatingIfNeeded: i)) >> 32)
    if type == .i8 {
      let byte = Int8(truncatingIfNeeded: random >> 24)
      return byte == .min ? 0 : Double(byte)
    }
    let number = Double(random >> 8) * 0x1p-23 - 1
    switch type {
    // The upper half of a float is the number cut to 7 bits; none here is below the normal floats.
    case .bf16: return Double(Float(bitPattern: Float(number).bitPattern & 0xFFFF_0000))
    case .f16: return cut(number, bits: 10, least: -14, most: 65_504)
    case .f8: return cut(number, bits: 3, least: -6, most: 448)
    default: return number
    }
  }

  /// Elements in order.
  func row(_ places: some Sequence<Int>) -> [Double] { places.map { self[$0] } }

  /// Elements in order, as floats: exact, for every type here has fewer bits.
  func floats(_ places: some Sequence<Int>) -> [Float] { places.map { Float(self[$0]) } }

  /// A number cut towards 0 to so many bits of fraction.
  private func cut(_ x: Double, bits: Int, least: Int, most: Double) -> Double {
    guard x != 0 else { return 0 }
    let step = Double(sign: .plus, exponent: max(Int(x.exponent), least) - bits, significand: 1)
    return max(-most, min(most, (x / step).rounded(.towardZero) * step))
  }

  /// The kernel that writes the type, and whether it takes a magnitude.
  private static func filler(_ type: DataType) -> String {
    switch type {
    case .f64: "fill_f64"
    case .bf16: "fill_bf16"
    case .f16: "fill_f16"
    case .f8: "fill_e4m3"
    case .i8: "fill_i8"
    default: "fill_f32"
    }
  }

  /// Writes the first `count` elements to a buffer.
  func fill(_ buffer: DeviceBuffer, count: Int, on device: DeviceKernels) throws(DeviceError) {
    let magnitude: [LaunchArgument] = type == .i8 ? [] : [.float(1)]
    let blocks = max(1, min((count + 255) / 256, 32 * max(1, device.facts.multiprocessors)))
    try device.context.launch(
      try device.function(DeviceNumbers.filler(type), of: .fill), grid: LaunchExtent(blocks),
      block: LaunchExtent(256),
      arguments: [.pointer(buffer), .int64(Int64(count)), .int64(Int64(bitPattern: seed))] + magnitude)
  }
}

extension DeviceKernels {
  /// A buffer of `count` random elements.
  func random(
    _ count: Int, _ type: DataType, seed: UInt64
  ) throws(DeviceError) -> (buffer: DeviceBuffer, numbers: DeviceNumbers) {
    let buffer = try context.allocate(max(1, count) * Int(type.bytesOfA))
    let numbers = DeviceNumbers(type: type, seed: seed)
    try numbers.fill(buffer, count: count, on: self)
    return (buffer, numbers)
  }

  /// Bytes of a buffer.
  func bytes(of buffer: DeviceBuffer, at offset: Int, count: Int) throws(DeviceError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var refusal: DeviceError?
    bytes.withUnsafeMutableBytes { target in
      do throws(DeviceError) {
        try context.copyOut(buffer, at: offset, to: target)
      } catch { refusal = error }
    }
    if let refusal { throw refusal }
    return bytes
  }

  /// Stored results from element `first` on.
  func results(
    _ buffer: DeviceBuffer, _ type: StoredResult, first: Int, count: Int
  ) throws(DeviceError) -> [Double] {
    let bytes = try bytes(of: buffer, at: first * type.bytes, count: count * type.bytes)
    return bytes.withUnsafeBytes { raw in (0..<count).map { type.value(raw, at: $0) } }
  }

  /// Host values on the device.
  func upload<Element>(_ values: [Element]) throws(DeviceError) -> DeviceBuffer {
    let buffer = try context.allocate(max(1, values.count) * MemoryLayout<Element>.stride)
    var refusal: DeviceError?
    values.withUnsafeBytes { bytes in
      do throws(DeviceError) { try context.copyIn(bytes, to: buffer) } catch { refusal = error }
    }
    if let refusal { throw refusal }
    return buffer
  }
}

/// How results lie.
enum StoredResult {
  case f32, f64, bf16, f16, i32

  var bytes: Int {
    switch self {
    case .f64: 8
    case .f32, .i32: 4
    case .bf16, .f16: 2
    }
  }

  /// Half the distance to the next number, as a share of the value: what storing may cost.
  var rounding: Double {
    switch self {
    case .f64, .f32, .i32: 0
    case .bf16: 0x1p-8
    case .f16: 0x1p-11
    }
  }

  func value(_ raw: UnsafeRawBufferPointer, at i: Int) -> Double {
    switch self {
    case .f32: Double(raw.loadUnaligned(fromByteOffset: 4 * i, as: Float.self))
    case .f64: raw.loadUnaligned(fromByteOffset: 8 * i, as: Double.self)
    case .bf16: brainValue(raw.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
    case .f16: halfValue(raw.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
    case .i32: Double(raw.loadUnaligned(fromByteOffset: 4 * i, as: Int32.self))
    }
  }
}
