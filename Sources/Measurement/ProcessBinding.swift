// The CPU mask of this process: set before anything else in a worker, read back to prove it.

import CProbe
public import Machines

/// The CPU mask of the calling thread, which children inherit.
public enum ProcessBinding {
  /// The units that the scheduler may use, or nil when the kernel does not tell.
  public static func current() -> CPUSet? {
    var mask = [UInt8](repeating: 0, count: Int(PROBE_MASK_BYTES))
    guard probe_get_mask(&mask) == 0 else { return nil }
    return CPUSet(
      (0..<mask.count * UInt8.bitWidth).filter { mask[$0 / UInt8.bitWidth] >> ($0 % UInt8.bitWidth) & 1 == 1 }
    )
  }

  /// Restricts the calling thread and all it starts; false when the kernel refuses.
  public static func bind(to set: CPUSet) -> Bool {
    var mask = [UInt8](repeating: 0, count: Int(PROBE_MASK_BYTES))
    for cpu in set.cpus {
      guard mask.indices.contains(cpu / UInt8.bitWidth) else { return false }
      mask[cpu / UInt8.bitWidth] |= 1 << (cpu % UInt8.bitWidth)
    }
    return !set.isEmpty && probe_set_mask(mask) == 0
  }
}
