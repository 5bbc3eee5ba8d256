// What the driver tells of a device before any work is given to it. No serial number and no UUID is asked
// for.

import CCUDA
import Quantities

/// A device as the driver describes it.
public struct CUDADeviceFacts: Hashable, Sendable, Codable {
  /// Place in the driver's list; the N of `cuda:N`.
  public let ordinal: Int
  /// Marketing name, e.g. `NVIDIA H200`.
  public let name: String
  /// Place on the PCI bus as the kernel writes it, e.g. `0000:1b:00.0`; nil where the driver does not say.
  public let pciBusID: String?
  /// Compute capability, e.g. 9 of 9.0.
  public let capabilityMajor: Int
  /// Compute capability, e.g. 0 of 9.0.
  public let capabilityMinor: Int
  /// Streaming multiprocessors.
  public let multiprocessors: Int
  /// Memory in bytes that the driver gives out, all of it.
  public let memoryBytes: Int
  /// Level 2 cache in bytes.
  public let l2Bytes: Int
  /// Shared memory in bytes that one block can have, where it asks.
  public let sharedBytesPerBlock: Int
  /// Shared memory in bytes of a multiprocessor.
  public let sharedBytesPerMultiprocessor: Int
  /// Threads of a warp.
  public let warpSize: Int
  /// Highest clock of the multiprocessors in Hz; nil = not told.
  public let clock: Double?
  /// Highest clock of the memory in Hz; nil = not told.
  public let memoryClock: Double?
  /// Width of the memory's bus in bits; nil = not told.
  public let busWidthBits: Int?
  /// True where the device shares the host's memory.
  public let isIntegrated: Bool
  /// True where errors of the memory are corrected.
  public let hasECC: Bool
  /// True for an instance of a device that MIG divides.
  public let isInstance: Bool

  /// `sm_90`, the target that NVRTC compiles for.
  public var architecture: String { "sm_\(capabilityMajor)\(capabilityMinor)" }
}

extension CUDADriver {
  /// Asks for the facts of one device.
  func facts(_ ordinal: Int32) throws(DeviceError) -> CUDADeviceFacts {
    var device: ccuda_device = 0
    try check(calls.cuDeviceGet(&device, ordinal), "cuDeviceGet")
    let name = try name(device)
    var bytes = 0
    try check(calls.cuDeviceTotalMem_v2(&bytes, device), "cuDeviceTotalMem_v2")
    return CUDADeviceFacts(
      ordinal: Int(ordinal), name: name, pciBusID: busID(device),
      capabilityMajor: try attribute(CCUDA_DEVICE_CAPABILITY_MAJOR, device),
      capabilityMinor: try attribute(CCUDA_DEVICE_CAPABILITY_MINOR, device),
      multiprocessors: try attribute(CCUDA_DEVICE_MULTIPROCESSORS, device), memoryBytes: bytes,
      l2Bytes: try attribute(CCUDA_DEVICE_L2_BYTES, device),
      sharedBytesPerBlock: try attribute(CCUDA_DEVICE_SHARED_BYTES_BLOCK_OPTIN, device),
      sharedBytesPerMultiprocessor: try attribute(CCUDA_DEVICE_SHARED_BYTES_MULTIPROCESSOR, device),
      warpSize: try attribute(CCUDA_DEVICE_WARP_SIZE, device),
      clock: clock(CCUDA_DEVICE_CLOCK_KHZ, device), memoryClock: clock(CCUDA_DEVICE_MEMORY_CLOCK_KHZ, device),
      busWidthBits: told(CCUDA_DEVICE_MEMORY_BUS_BITS, device),
      isIntegrated: try attribute(CCUDA_DEVICE_INTEGRATED, device) != 0,
      hasECC: (told(CCUDA_DEVICE_ECC, device) ?? 0) != 0,
      // The driver's name of an instance is that of the device and its profile: `NVIDIA H200 MIG 1g.18gb`.
      isInstance: name.contains(" MIG "))
  }

  private func name(_ device: ccuda_device) throws(DeviceError) -> String {
    var characters = [CChar](repeating: 0, count: 256)
    try check(calls.cuDeviceGetName(&characters, Int32(characters.count), device), "cuDeviceGetName")
    return string(characters)
  }

  private func busID(_ device: ccuda_device) -> String? {
    var characters = [CChar](repeating: 0, count: 32)
    guard calls.cuDeviceGetPCIBusId(&characters, Int32(characters.count), device) == 0 else { return nil }
    let id = string(characters).lowercased()
    return id.isEmpty ? nil : id
  }

  private func attribute(_ number: Int, _ device: ccuda_device) throws(DeviceError) -> Int {
    var value: Int32 = 0
    try check(calls.cuDeviceGetAttribute(&value, Int32(number), device), "cuDeviceGetAttribute")
    return Int(value)
  }

  /// An attribute that some devices do not have; nil where it is 0 or refused.
  private func told(_ number: Int, _ device: ccuda_device) -> Int? {
    var value: Int32 = 0
    guard calls.cuDeviceGetAttribute(&value, Int32(number), device) == 0, value > 0 else { return nil }
    return Int(value)
  }

  private func clock(_ number: Int, _ device: ccuda_device) -> Double? {
    told(number, device).map { Unit.kilohertz.toBase(Double($0)) }
  }
}

/// Text of characters that end with a zero.
func string(_ characters: [CChar]) -> String {
  String(decoding: characters.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
