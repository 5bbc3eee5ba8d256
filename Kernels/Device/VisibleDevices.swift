// The devices of this host before any of them is given work.

import Devices
public import Measurement

/// A device that the driver shows.
public struct VisibleDevice: Sendable {
  /// Its number: the N of `cuda:N`.
  public let ordinal: Int
  /// Place on the PCI bus, e.g. `0000:1b:00.0`; nil = not told.
  public let pciBusID: String?
  /// What the driver says of it.
  public let facts: DeviceFacts

  /// All devices, in the driver's order.
  ///
  /// - Throws: `KernelFault`, one sentence, where there is no driver or no device, or the driver is too old.
  public static func all() throws(KernelFault) -> [VisibleDevice] {
    do throws(DeviceError) {
      let driver = try CUDADriver.open()
      return try driver.devices().map { device in
        VisibleDevice(ordinal: device.ordinal, pciBusID: device.pciBusID, facts: DeviceFacts(device, driver))
      }
    } catch {
      throw KernelFault(error.reason, isAbsence: error.isAbsence, isFatal: error.isLost)
    }
  }
}

extension DeviceFacts {
  /// The facts of a device by the driver alone.
  init(_ device: CUDADeviceFacts, _ driver: CUDADriver) {
    self.init(
      name: device.name, architecture: device.architecture, multiprocessors: device.multiprocessors,
      memoryBytes: device.memoryBytes, l2Bytes: device.l2Bytes,
      driverVersion: "\(driver.version.major).\(driver.version.minor)")
    maximumClock = device.clock
  }
}
