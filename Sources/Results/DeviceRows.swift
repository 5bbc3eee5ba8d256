// Rows of an accelerator beside those of its host: what tells them apart, and what their columns are read as.

import Measurement

extension ResultRow {
  /// True for a row that an accelerator computed.
  public var isOnDevice: Bool { deviceKind == "gpu" }

  /// Name of what computed: the device, or the machine.
  public var computerName: String { isOnDevice && !deviceName.isEmpty ? deviceName : machineLabel }

  /// True where the operands were not in a cache when the kernel began.
  public var isCold: Bool { cacheMode == CacheMode.weightsCold.rawValue || cacheMode == "cold" }

  /// True where the implementation is this program's on a device: its own kernels, or the vendor's library of
  /// products that it calls.
  public var isDevicesOwn: Bool { isOnDevice && ResultRow.devicesOwn.contains(impl) }

  /// Names of those implementations.
  public static let devicesOwn = ["cublaslt", "cuda"]

  /// The arithmetic peak that a probe measured and the element type that it is of; nil for other rows.
  ///
  /// On a host `fma_peak` is that of f32; on a device every type has a probe, named by the type of the operands.
  var probedType: String? {
    switch kernel {
    case Operation.fmaPeak.rawValue: DataType.f32.rawValue
    case Operation.typePeak.rawValue: isOnDevice ? (dtypeA.isEmpty ? nil : dtypeA) : dataType?.rawValue
    default: nil
    }
  }
}
