// What the sensors of a device say while it works. Only reading: no clock, limit or mode of a card is set.

import CCUDA
import Quantities

/// Why a device runs below its highest clock.
public enum ClockLimit: String, Hashable, Sendable, Codable, CaseIterable {
  /// Nothing to do.
  case idle
  /// A clock that the administrator set.
  case setClocks = "set_clocks"
  /// The power limit.
  case power
  /// Hardware: heat, power or the board.
  case hardware
  /// Another device of the same group.
  case group
  /// Heat, slowed by the driver.
  case heat
  /// Heat, slowed by the hardware.
  case hardwareHeat = "hardware_heat"
  /// The host's power supply asks for less.
  case powerBrake = "power_brake"
  /// A display's clock.
  case display

  /// The bit of NVML's answer (nvmlClocksEventReasons).
  var bit: UInt64 {
    switch self {
    case .idle: 0x1
    case .setClocks: 0x2
    case .power: 0x4
    case .hardware: 0x8
    case .group: 0x10
    case .heat: 0x20
    case .hardwareHeat: 0x40
    case .powerBrake: 0x80
    case .display: 0x100
    }
  }
}

/// One look at the sensors; nil where a device has none or keeps it to itself.
public struct DeviceReadings: Hashable, Sendable, Codable {
  /// Clock of the multiprocessors in Hz.
  public var clock: Double?
  /// Highest clock of the multiprocessors in Hz.
  public var highestClock: Double?
  /// Clock of the memory in Hz.
  public var memoryClock: Double?
  /// Power of the board in W; NVML averages it over a second on Ampere (but GA100) and later, so it says little of
  /// short work.
  public var power: Double?
  /// Power limit in W.
  public var powerLimit: Double?
  /// Temperature of the chip in °C.
  public var temperature: Double?
  /// Energy since the driver was loaded, in J; a difference is the energy of what ran between.
  public var energy: Double?
  /// Why the clock is not higher; empty = nothing holds it.
  public var limits: [ClockLimit]?
  /// PCIe generation now; drops when idle.
  public var pcieGeneration: Int?
  /// PCIe lanes now.
  public var pcieLanes: Int?
  /// PCIe generation of device and slot.
  public var highestPCIeGeneration: Int?
  /// PCIe lanes of device and slot.
  public var mostPCIeLanes: Int?
  /// True where MIG divides the device; nil where it cannot be divided.
  public var isDivided: Bool?

  /// No reading.
  public init() {}
}

/// The management library.
public final class NVML: @unchecked Sendable {
  /// Version of the driver, e.g. `570.86.15`; empty where it does not say.
  public let driverVersion: String
  let calls: ccuda_management

  /// Opens and starts the library.
  ///
  /// - Parameter path: the library; nil = PLIMSOLL_CUDA_NVML, else libnvidia-ml.so.1 of the loader.
  /// - Throws: `isAbsence` where there is none. A measurement can do without: its rows then lack clock and power.
  public static func open(_ path: String? = nil) throws(DeviceError) -> NVML {
    var table = ccuda_management()
    var opening = ccuda_opening()
    ccuda_open_management(path, &table, &opening)
    try opened(opening, "NVML, the management library", "it comes with NVIDIA's driver", "PLIMSOLL_CUDA_NVML")
    return try NVML(table)
  }

  private init(_ table: ccuda_management) throws(DeviceError) {
    calls = table
    let code = table.nvmlInit_v2()
    var characters = [CChar](repeating: 0, count: 80)
    let isTold = code == 0 && table.nvmlSystemGetDriverVersion(&characters, UInt32(characters.count)) == 0
    driverVersion = isTold ? string(characters) : ""
    hasStarted = code == 0
    try check(code, "nvmlInit_v2")
  }

  private let hasStarted: Bool

  deinit { if hasStarted { _ = calls.nvmlShutdown() } }

  /// A device by its place on the PCI bus.
  ///
  /// - Parameter pciBusID: `CUDADeviceFacts.pciBusID`.
  public func device(_ pciBusID: String) throws(DeviceError) -> NVMLDevice {
    var handle: ccuda_management_device?
    try check(
      calls.nvmlDeviceGetHandleByPciBusId_v2(pciBusID, &handle), "nvmlDeviceGetHandleByPciBusId_v2")
    guard let handle else { throw nothing("nvmlDeviceGetHandleByPciBusId_v2") }
    return NVMLDevice(library: self, handle: handle)
  }

  private func check(_ code: Int32, _ call: String) throws(DeviceError) {
    guard code != 0 else { return }
    let words = calls.nvmlErrorString(code).map { String(cString: $0) } ?? "error"
    // 15, 16: the device is gone or wants a reset (nvmlReturn_t).
    throw DeviceError(
      library: "NVML", call: call, code: Int(code), words: words, advice: "does 'nvidia-smi' work here?",
      isLost: code == 15 || code == 16)
  }
}

/// The sensors of one device.
public final class NVMLDevice: @unchecked Sendable {
  private let library: NVML
  private let handle: ccuda_management_device

  init(library: NVML, handle: ccuda_management_device) {
    self.library = library
    self.handle = handle
  }

  /// What changes while the device works: clocks, power, heat, what holds the clock. Takes about a
  /// millisecond.
  public func sample() -> DeviceReadings {
    let calls = library.calls
    let megahertz = { (value: UInt32) in Unit.megahertz.toBase(Double(value)) }
    let thousandth = { (value: UInt32) in Unit.thousandth.toBase(Double(value)) }
    var readings = DeviceReadings()
    readings.clock = read { calls.nvmlDeviceGetClockInfo(handle, Int32(CCUDA_CLOCK_SM), $0) }.map(megahertz)
    readings.memoryClock =
      read { calls.nvmlDeviceGetClockInfo(handle, Int32(CCUDA_CLOCK_MEMORY), $0) }.map(megahertz)
    readings.power = read { calls.nvmlDeviceGetPowerUsage(handle, $0) }.map(thousandth)
    readings.temperature =
      read { calls.nvmlDeviceGetTemperature(handle, Int32(CCUDA_SENSOR_GPU), $0) }.map { Double($0) }
    var bits: UInt64 = 0
    if calls.nvmlDeviceGetCurrentClocksThrottleReasons(handle, &bits) == 0 {
      readings.limits = ClockLimit.allCases.filter { bits & $0.bit != 0 }
    }
    var millijoules: UInt64 = 0
    if calls.nvmlDeviceGetTotalEnergyConsumption(handle, &millijoules) == 0 {
      readings.energy = Unit.thousandth.toBase(Double(millijoules))
    }
    return readings
  }

  /// All readings: `sample()`, limits and the PCIe link.
  public func readings() -> DeviceReadings {
    let calls = library.calls
    var readings = sample()
    readings.highestClock =
      read { calls.nvmlDeviceGetMaxClockInfo(handle, Int32(CCUDA_CLOCK_SM), $0) }
      .map { Unit.megahertz.toBase(Double($0)) }
    readings.powerLimit =
      read { calls.nvmlDeviceGetEnforcedPowerLimit(handle, $0) }.map { Unit.thousandth.toBase(Double($0)) }
    readings.pcieGeneration = read { calls.nvmlDeviceGetCurrPcieLinkGeneration(handle, $0) }.map(Int.init)
    readings.pcieLanes = read { calls.nvmlDeviceGetCurrPcieLinkWidth(handle, $0) }.map(Int.init)
    readings.highestPCIeGeneration = read { calls.nvmlDeviceGetMaxPcieLinkGeneration(handle, $0) }.map(
      Int.init)
    readings.mostPCIeLanes = read { calls.nvmlDeviceGetMaxPcieLinkWidth(handle, $0) }.map(Int.init)
    var pending: UInt32 = 0
    readings.isDivided = read { calls.nvmlDeviceGetMigMode(handle, $0, &pending) }.map { $0 != 0 }
    return readings
  }

  private func read(_ call: (UnsafeMutablePointer<UInt32>) -> Int32) -> UInt32? {
    var value: UInt32 = 0
    return call(&value) == 0 ? value : nil
  }
}
