// What a run says of the device that it measured.

/// A device as its driver describes it: no serial number, no identifier of the single card.
public struct DeviceFacts: Hashable, Sendable, Codable {
  /// Product name, e.g. `NVIDIA H200`.
  public var name: String
  /// Instruction set that kernels are compiled for, e.g. `sm_90`.
  public var architecture: String
  /// Multiprocessors.
  public var multiprocessors: Int
  /// Memory in bytes that the driver shows.
  public var memoryBytes: Int
  /// Level 2 cache in bytes.
  public var l2Bytes: Int
  /// Version of the driver's interface, e.g. `12.8`.
  public var driverVersion: String
  /// Version of the compiler of the kernels; nil = there is none.
  public var compilerVersion: String?
  /// Version of the vendor's library of products; nil = there is none.
  public var libraryVersion: String?
  /// Highest clock of the multiprocessors in hertz; nil = not told.
  public var maximumClock: Double?
  /// Limit of the card's power in watts; nil = not told.
  public var powerLimit: Double?
  /// Generation and lanes of its PCIe link as they are now, e.g. `gen5 x16`; nil = not told.
  public var link: String?
  /// A device from its parts.
  public init(
    name: String, architecture: String, multiprocessors: Int, memoryBytes: Int, l2Bytes: Int,
    driverVersion: String
  ) {
    self.name = name
    self.architecture = architecture
    self.multiprocessors = multiprocessors
    self.memoryBytes = memoryBytes
    self.l2Bytes = l2Bytes
    self.driverVersion = driverVersion
  }
}
