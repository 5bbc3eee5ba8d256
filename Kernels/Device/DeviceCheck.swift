// A device's result against its oracle, less what storing it in few bits may cost.

import Devices
import Kernels
import Measurement

/// Errors of stored results: half a step of the stored type is no error of the kernel.
struct DeviceCheck {
  private var scan: ErrorScan
  private let stored: StoredResult
  private(set) var elements = 0

  init(tolerance: Double, stored: StoredResult) {
    scan = ErrorScan(tolerance: tolerance)
    self.stored = stored
  }

  mutating func add(_ found: Double, _ expected: Double, scale: Double) {
    elements += 1
    let off = abs(found - expected)
    guard off.isFinite else { return scan.add(.nan, expected, scale: scale) }
    scan.add(expected + max(0, off - stored.rounding * abs(expected)), expected, scale: scale)
  }

  /// Notes that an element outside the sample was never written.
  mutating func addPoison() { scan.add(.nan, 0, scale: 1) }

  func verification(_ what: String) -> Verification {
    let storing = stored.rounding > 0 ? ", less the rounding of the result" : ""
    return scan.verification("double oracle, \(what)\(storing)")
  }
}

extension DeviceKernels {
  /// Sets every byte of the buffers to 0xFF, a NaN of every type of floats.
  func poison(_ buffers: [DeviceBuffer]) throws(DeviceError) {
    for buffer in buffers { try context.fill(buffer, byte: 0xFF) }
  }

  /// True where an element of a float type is a NaN: poison that nobody wrote over. Whole numbers have no such mark.
  func hasPoison(_ buffer: DeviceBuffer, _ type: StoredResult, count: Int) throws(DeviceError) -> Bool {
    guard type != .i32 else { return false }
    let step = 1 << 24
    var first = 0
    while first < count {
      let part = min(step, count - first)
      let bytes = try bytes(of: buffer, at: first * type.bytes, count: part * type.bytes)
      let isFound = bytes.withUnsafeBytes { raw -> Bool in
        switch type {
        case .bf16: raw.bindMemory(to: UInt16.self).contains { $0 & 0x7FFF > 0x7F80 }
        case .f16: raw.bindMemory(to: UInt16.self).contains { $0 & 0x7FFF > 0x7C00 }
        case .f32: raw.bindMemory(to: UInt32.self).contains { $0 & 0x7FFF_FFFF > 0x7F80_0000 }
        default: raw.bindMemory(to: UInt64.self).contains { $0 & (~0 >> 1) > 0x7FF0_0000_0000_0000 }
        }
      }
      if isFound { return true }
      first += part
    }
    return false
  }
}
